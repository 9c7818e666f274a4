"""`cnncli reproduce`: repeat a finished run and check whether the result is identical."""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import Annotated, Any

import typer

from cnncli.cli import console, options, tensorflow_log
from cnncli.errors import ExpectationError, OutputError, Place, Problem, UsageError
from cnncli.messages import printable


def add_to(app: typer.Typer) -> None:
    app.command(epilog="Example: cnncli reproduce mnist/first")(reproduce)


def reproduce(
    run: Annotated[
        str | None,
        typer.Argument(metavar="RUN", help="A finished run: its folder or its name.", show_default=options.NEWEST_RUN),
    ] = None,
    run_name: Annotated[
        str | None,
        typer.Option(
            "--run",
            metavar="NAME",
            help="Name of the new run.",
            show_default="the date and time",
            rich_help_panel=options.OUTPUT,
        ),
    ] = None,
    tolerance: Annotated[
        float,
        typer.Option(
            "--tolerance",
            metavar="X",
            help="Largest difference of a loss or metric that counts as equal; relative for values above 1.",
            rich_help_panel=options.TRAINING,
        ),
    ] = 0.01,
    output: options.Outputs = options.DEFAULT_OUTPUTS,
    device: options.Device = None,
    as_json: options.Json = False,
    quiet: options.Quiet = False,
    verbose: options.Verbose = False,
) -> None:
    """Repeat a finished run and check whether the result is identical.

    The new run uses the recipe, seed, data, precision and number of threads that the record of the first run holds. On the
    same machine the weights must be identical bit for bit. On another machine, with other versions or on a GPU, the results
    must agree within --tolerance. If they do not, the exit code is 1.
    """
    started = time.monotonic()
    options.check_device(device)
    if not 0 <= tolerance < 1:
        raise UsageError(Problem(f"expected 0 ≤ X < 1, got {tolerance:g}", place=Place("--tolerance")))
    from cnncli import runs
    from cnncli.cli.live import make_listener
    from cnncli.recipe.load import load_resolved

    path = runs.find(Path(output), run)
    record = runs.read_record(path)
    if record["status"] != "completed":
        hint = f"finish it with: cnncli train --resume {path}"
        raise OutputError(f"{path} is not finished (its status is {record['status']})", hint=hint)
    if run_name is not None:
        runs.check_name(run_name)
    loaded = load_resolved(path / runs.RESOLVED)
    runs.refuse_taken(Path(output), loaded.recipe.name, run_name)
    listener = make_listener(quiet=quiet, verbose=verbose)
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
        broken = ExpectationError(Problem(f"{path}: {equality}", hint))
    if as_json:
        console.print_json({**result, **(console.error_as_json(broken) if broken else {})})
        raise typer.Exit(broken.exit_code if broken else 0)
    if broken:
        raise broken
    console.stdout().print(f"{printable(str(path))}: {equality}", markup=False, highlight=False, soft_wrap=True)
    if not quiet:
        console.say_pairs([("Run", str(finished.path))])
