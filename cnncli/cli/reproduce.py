"""`cnncli reproduce`: repeat a finished run and check whether the result is identical."""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cnncli.cli import console, options, tensorflow_log
from cnncli.errors import ExpectationError, OutputError, Place, Problem, UsageError
from cnncli.messages import printable

if TYPE_CHECKING:
    from cnncli.cli.reproduced_run import Reproduced
    from cnncli.workflow.reproduce import Equality


def add_to(app: typer.Typer) -> None:
    app.command(epilog="Example: cnncli reproduce mnist/first")(reproduce)


def reproduce(
    run: Annotated[
        str | None,
        typer.Argument(
            metavar="RUN",
            help="A finished run: its folder, its name, or a file of pack.",
            show_default=options.NEWEST_RUN,
        ),
    ] = None,
    settings: Annotated[
        list[str] | None,
        typer.Option(
            "--set",
            metavar="KEY=VALUE",
            help="Name another place of the same data, for example data.source.npz.path=mine.npz. Can be repeated.",
            rich_help_panel=options.DATA,
        ),
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

    A file that `cnncli pack` wrote is checked first: its names, sizes and digests. Nothing in it is executed. The data must
    be here, with the same fingerprint.
    """
    started = time.monotonic()
    options.check_device(device)
    if not 0 <= tolerance < 1:
        raise UsageError(Problem(f"expected 0 ≤ X < 1, got {tolerance:g}", place=Place("--tolerance")))
    from cnncli import runs
    from cnncli.cli import reproduced_run

    reproduced_run.check_settings(settings or ())
    if run_name is not None:
        runs.check_name(run_name)
    with reproduced_run.opened(run, Path(output)) as source:
        said = _repeat(source, settings or [], run_name, tolerance, Path(output), device, started, quiet, verbose)
    _tell(*said, source, as_json=as_json, quiet=quiet)


def _repeat(
    source: Reproduced,
    settings: list[str],
    run_name: str | None,
    tolerance: float,
    output: Path,
    device: str | None,
    started: float,
    quiet: bool,
    verbose: bool,
) -> tuple[Path, Equality]:
    """Train again and compare. Returns the folder of the new run and the comparison."""
    from cnncli import runs
    from cnncli.cli import reproduced_run
    from cnncli.cli.live import make_listener
    from cnncli.recipe.load import load_resolved

    path = source.path
    record = runs.read_record(path)
    if record["status"] != "completed":
        hint = f"finish it with: cnncli train --resume {source.shown}"
        raise OutputError(f"{source.shown} is not finished (its status is {record['status']})", hint=hint)
    shown = f"{source.shown}/{runs.RESOLVED}" if source.is_pack else ""
    loaded = load_resolved(path / runs.RESOLVED, settings, shown_as=shown)
    runs.refuse_taken(output, loaded.recipe.name, run_name)
    if source.is_pack:
        reproduced_run.check_data(loaded, record, source.shown)
    listener = make_listener(quiet=quiet, verbose=verbose)
    for note in source.notes():
        listener.note(note)
    with tensorflow_log.captured(path) as log:
        listener.starting(loaded, log)
        from cnncli import workflow
        from cnncli.workflow.reproduce import compare

        choices = workflow.Options(output, run_name, device, tuple(sys.argv), started, again=path)
        with listener:
            planned = workflow.make_plan(loaded, choices, listener)
            finished = workflow.run(planned, choices, listener)
        equality = compare(path, finished.path, tolerance=tolerance)
        with runs.reopen(finished.path) as folder:
            folder.update_record(reproduces={"run": source.shown, **equality.as_json()})
    return finished.path, equality


def _tell(path: Path, equality: Equality, source: Reproduced, *, as_json: bool, quiet: bool) -> None:
    """Print the comparison of the two runs.

    Raises:
        ExpectationError: they are different.
    """
    from cnncli.workflow.reproduce import DIFFERENT

    result: dict[str, Any] = {"run": str(path), "of": source.shown, **equality.as_json()}
    if source.packages is not None:
        result["packages"] = {name: {"pack": then, "here": now} for name, (then, now) in source.packages.items()}
    broken = None
    if equality.verdict == DIFFERENT:
        hint = f"the two runs: {source.shown} and {path}"
        broken = ExpectationError(Problem(f"{source.shown}: {equality}", hint))
    if as_json:
        console.print_json({**result, **(console.error_as_json(broken) if broken else {})})
        raise typer.Exit(broken.exit_code if broken else 0)
    if broken:
        raise broken
    console.stdout().print(f"{printable(source.shown)}: {equality}", markup=False, highlight=False, soft_wrap=True)
    if not quiet:
        console.say_pairs([("Run", str(path))])
