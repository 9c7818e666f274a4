"""`cnncli report`: write the offline HTML page of a run, or of several runs."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cnncli.cli import browser, console, data_files, options
from cnncli.errors import Problem
from cnncli.messages import counted, printable, size_text

if TYPE_CHECKING:
    from cnncli.runs.output_files import OutputFile


def add_to(app: typer.Typer) -> None:
    app.command(epilog="Example: cnncli report mnist/first mnist/second --to compared.html")(report)


def report(
    run: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="RUN",
            help="One run or several: folders or names; or a set of folds.",
            show_default=options.NEWEST_RUN,
        ),
    ] = None,
    to: Annotated[
        Path | None,
        typer.Option(
            "--to",
            metavar="FILE.html",
            help="Write the page to this file.",
            show_default="report.html of the run; for several runs a file in the output folder with their names",
            rich_help_panel=options.OUTPUT,
        ),
    ] = None,
    force: options.Force = False,
    open_page: options.Open = False,
    output: options.Outputs = options.DEFAULT_OUTPUTS,
    as_json: options.Json = False,
    quiet: options.Quiet = False,
    verbose: options.Verbose = False,
) -> None:
    """Write the report of a run as one HTML file: scores, curves, pictures, network, recipe and record.

    The file loads nothing from elsewhere and can be sent by e-mail. Several runs become one page that begins with a
    comparison. Unfinished runs have a report too.
    """
    from cnncli import report as reports

    options.check_html("--to", to)
    names: list[str | None] = [*run] if run else [None]
    paths = list(dict.fromkeys(path for name in names for path in _paths(output, name)))
    file = _page_file(to, paths, output, force=force)
    made = reports.page([reports.read(path) for path in paths])
    file.write(made.html)
    size = len(made.html.encode())
    if as_json:
        told = {
            "report": str(file.path),
            "bytes": size,
            "runs": [str(path) for path in paths],
            "left_out": made.left_out,
        }
        console.print_json(told)
    else:
        _tell(file.path, made.left_out, len(paths), size, quiet=quiet)
    if open_page:
        browser.show_page(file.path)


def _tell(page: Path, left_out: Sequence[str], run_count: int, size: int, *, quiet: bool) -> None:
    console.stdout().print(printable(str(page)))
    if quiet:
        return
    for what in left_out:
        console.show_note(Problem(f"not in the page: {what}"))
    console.say(f"{counted(run_count, 'run')}, {size_text(size)}")


def _paths(outputs: Path, name: str | None) -> list[Path]:
    """The folder of a run, or those of all folds of a set.

    Raises:
        OutputError: there is no such run.
    """
    from cnncli import runs
    from cnncli.runs.folds import find_set, is_set_name

    if name is not None and is_set_name(outputs, name) and (found := find_set(outputs, name)):
        return found.paths
    return [runs.find(outputs, name)]


def _page_file(to: Path | None, paths: Sequence[Path], output: Path, *, force: bool) -> OutputFile:
    """Where the page goes: the run's report.html, or a file in the output folder that is named by the runs.

    An earlier page of the same runs in its own place is replaced.

    Raises:
        OutputError: it cannot or must not be written.
    """
    from cnncli.plots import naming
    from cnncli.report import REPORT, is_page
    from cnncli.runs.output_files import OutputFile

    is_alone = len(paths) == 1
    place = paths[0] / REPORT if is_alone else output / f"{naming.runs('report', paths, output)}.html"
    own = [place] if is_alone or (to is None and is_page(place)) else []
    reads = [data for path in paths for data in data_files.data_of_run(str(path), output)] if to else []
    file = OutputFile(to or place, "--to" if to else "", reads, own, force)
    file.check()
    return file
