"""`cnncli reproduce`: repeat a finished run and check whether the result is identical."""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import Annotated, Any

import typer

from cnncli.cli import console, options, tensorflow_log
from cnncli.cli.earlier_recipe import load_again
from cnncli.errors import ExpectationError, OutputError, Place, Problem, UsageError
from cnncli.messages import printable


def add_to(app: typer.Typer) -> None:
    app.command(epilog="Example: cnncli reproduce mnist/first")(reproduce)


def reproduce(
    run: Annotated[
        str | None, typer.Argument(metavar="[RUN]", help="A finished run; left out: the newest run.")
    ] = None,
    run_name: Annotated[
        str | None, typer.Option("--run", metavar="NAME", help="The new run's name; left out: the time.")
    ] = None,
    tolerance: Annotated[
        float,
        typer.Option(
            "--tolerance",
            metavar="X",
            help="How far a loss or a metric may be apart, relative where it is above 1, and still count as equal.",
        ),
    ] = 0.01,
    output: options.Outputs = options.DEFAULT_OUTPUTS,
    device: options.Device = None,
    as_json: options.Json = False,
    quiet: options.Quiet = False,
    verbose: options.Verbose = False,
) -> None:
    """Train again what a run trained, from its record: recipe, seed, data, precision, threads.

    The new run is a run like any other. On the same machine it is to come out bit for bit the same; elsewhere, with other
    versions or on a GPU, within a tolerance. When it comes out different the exit status is 1.
    """
    started = time.monotonic()
    options.check_device(device)
    if not 0 <= tolerance < 1:
        raise UsageError(Problem(f"expected 0 ≤ X < 1, got {tolerance:g}", place=Place("--tolerance")))
    from cnncli import runs
    from cnncli.cli.live import make_spectator

    path = runs.find(Path(output), run)
    record = runs.read_record(path)
    if record["status"] != "completed":
        hint = f"end it with: cnncli train --resume {path}"
        raise OutputError(f"{path} is not finished (its status is {record['status']})", hint=hint)
    if run_name is not None:
        runs.check_name(run_name)
    loaded = load_again(path, record)
    runs.refuse_taken(Path(output), loaded.recipe.name, run_name)
    listener = make_spectator(quiet=quiet or as_json, verbose=verbose)
    with tensorflow_log.captured() as log:
        listener.starting(loaded, log)
        from cnncli import workflow
        from cnncli.workflow.reproduce import DIFFERENT, compare

        choices = workflow.Options(Path(output), run_name, device, tuple(sys.argv), started, again=path)
        with listener:
            planned = workflow.make_plan(loaded, choices, listener)
            finished = workflow.run(planned, choices, listener)
        equality = compare(path, finished.path, tolerance=tolerance)
        with runs.reopen(finished.path) as folder:
            folder.update_record(reproduces={"run": str(path), **equality.as_json()})
    result: dict[str, Any] = {"run": str(finished.path), "of": str(path), **equality.as_json()}
    broken = None
    if equality.verdict == DIFFERENT:
        hint = f"the two runs: {path} and {finished.path}"
        broken = ExpectationError(Problem(f"{path} came out {equality}", hint))
    if as_json:
        console.print_json({**result, **(console.error_as_json(broken) if broken else {})})
        raise typer.Exit(broken.exit_code if broken else 0)
    if broken:
        raise broken
    console.stdout().print(f"{printable(str(path))} came out {equality}", markup=False, highlight=False, soft_wrap=True)
    if not quiet:
        console.say_pairs([("Run", str(finished.path))])
