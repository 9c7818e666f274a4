"""`cnncli runs`: list the runs, their results and their states, or write a page that does; the commands that change them."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cnncli.cli import browser, change_runs, console, help_screen, options, runs_table, wrapping
from cnncli.errors import OutputError, Place, Problem, UsageError
from cnncli.messages import counted, did_you_mean, printable, shortened, size_text

if TYPE_CHECKING:
    from cnncli.runs.listing import ListedRun


def add_to(app: typer.Typer) -> None:
    group = help_screen.App(invoke_without_command=True)
    group.callback(epilog="Example: cnncli runs --recipe mnist --sort test --limit 5")(runs)
    change_runs.add_to(group)
    app.add_typer(group, name="runs")


def runs(
    context: typer.Context,
    sort: Annotated[
        str,
        typer.Option(
            metavar="KEY",
            help="Sort by date, run, recipe, status, data, parameters, epochs, best, test or time. The newest, largest or "
            "best run comes first.",
            rich_help_panel=options.TABLE,
        ),
    ] = "date",
    status: Annotated[
        str | None,
        typer.Option(
            metavar="STATUS",
            help="Show only runs with this status: running, completed, interrupted, diverged, failed or broken.",
            rich_help_panel=options.TABLE,
        ),
    ] = None,
    recipe: Annotated[
        str | None, typer.Option(metavar="NAME", help="Show only runs of this recipe.", rich_help_panel=options.TABLE)
    ] = None,
    limit: Annotated[
        int | None, typer.Option(metavar="N", min=1, help="Show only the first N runs.", rich_help_panel=options.TABLE)
    ] = None,
    html: Annotated[
        bool,
        typer.Option(
            "--html",
            help="Write an HTML page of the runs with their learning curves.",
            rich_help_panel=options.OUTPUT,
        ),
    ] = False,
    to: Annotated[
        Path | None,
        typer.Option(
            "--to",
            metavar="FILE.html",
            help="Write the HTML page to this file.",
            show_default="index.html in the output folder",
            rich_help_panel=options.OUTPUT,
        ),
    ] = None,
    force: options.Force = False,
    open_page: Annotated[
        bool, typer.Option("--open", help="Open the HTML page in a browser.", rich_help_panel=options.OUTPUT)
    ] = False,
    output: options.Outputs = options.DEFAULT_OUTPUTS,
    as_json: options.Json = False,
    quiet: options.Quiet = False,
    verbose: options.Verbose = False,
) -> None:
    """List the runs with status, data, epochs and results, newest first. --verbose shows more details of each run.

    A run whose process has ended early is `interrupted`; a run whose record cannot be read is `broken`. For an unfinished
    run, the table shows its epochs as `2/6` and the best value so far.
    """
    if context.invoked_subcommand is not None:
        _refuse_options_before(context)
        return
    from cnncli.runs import finding, listing

    options.check_choice("--sort", sort, tuple(listing.SORT_KEYS))
    if status is not None:
        options.check_choice("--status", status, listing.LISTED_STATUSES)
    for option, given in (("--to", to is not None), ("--open", open_page)):
        if given and not html:
            raise UsageError(Problem("this option is for the HTML page", "add --html", Place(option)))
    everything = listing.listing(output)
    found = [run for run in everything if status in (None, run.summary.status) and recipe in (None, run.summary.recipe)]
    shown = listing.sort(found, sort)[:limit]
    notes = finding.unreadable(output)
    if html:
        page = _write_index(shown, to, output, force=force, as_json=as_json, quiet=quiet)
        if open_page:
            browser.show_page(page)
        return
    if as_json:
        console.print_json({"runs": [run.as_json() for run in shown], "notes": [note.as_json() for note in notes]})
        return
    if shown:
        wrapping.show(runs_table.lines(shown, verbose=verbose))
    if sets := listing.fold_lines(shown):
        wrapping.show(line for text in ["", *sets] for line in wrapping.wrapped(printable(text), hanging=2))
    if quiet:
        return
    for note in notes:
        console.show_note(note)
    if shown:
        _tell_next(shown, len(found))
    else:
        _tell_nothing(output, everything, status, recipe)


def _refuse_options_before(context: typer.Context) -> None:
    """Refuse options between `runs` and its command: they would go to the list, and not to the command."""
    given = [
        parameter.opts[0]
        for parameter in context.command.params
        if parameter.name and _is_given(context, parameter.name)
    ]
    if given:
        command = f"cnncli runs {context.invoked_subcommand}"
        raise UsageError(Problem(f"{', '.join(given)} must follow the command", f"write: {command} … {given[0]} …"))


def _is_given(context: typer.Context, name: str) -> bool:
    source = context.get_parameter_source(name)
    return source is not None and source.name == "COMMANDLINE"


def _write_index(
    shown: Sequence[ListedRun], to: Path | None, output: Path, *, force: bool, as_json: bool, quiet: bool
) -> Path:
    """Write the HTML page and return its path; an earlier page of runs is replaced."""
    from cnncli.report import index_page
    from cnncli.runs.output_files import OutputFile

    options.check_html("--to", to)
    path = to or output / index_page.INDEX
    if not shown:
        raise OutputError(f"no runs to show in {output}/", hint="list all of them with: cnncli runs")
    file = OutputFile(path, "--to" if to else "", own=[path] if index_page.is_index(path) else [], force=force)
    file.check()
    content = index_page.index(shown, path)
    file.write(content)
    size = len(content.encode())
    if as_json:
        console.print_json({"index": str(path), "bytes": size, "runs": [str(run.summary.path) for run in shown]})
        return path
    console.stdout().print(printable(str(path)))
    if not quiet:
        console.say(f"{counted(len(shown), 'run')}, {size_text(size)}")
    return path


def _tell_next(shown: Sequence[ListedRun], count: int) -> None:
    console.say()
    if len(shown) < count:
        console.say(f"{len(shown):,} of {counted(count, 'run')}")
    best = next((run for run in shown if run.summary.has_model), None)
    following = f"cnncli report {shlex.quote(str(best.summary.path))} --open" if best else "cnncli train mnist"
    console.say_pairs([("Next", following)])


def _tell_nothing(output: Path, everything: Sequence[ListedRun], status: str | None, recipe: str | None) -> None:
    """Why there is no row, and what to do."""
    from cnncli.runs import finding

    if not everything:
        console.say(printable(f"no runs in {output}/ yet"))
        place = output.absolute()
        whole = f"cnncli runs --output {shlex.quote(str(place.parent))} --recipe {shlex.quote(place.name)}"
        console.say_pairs([("Next", whole if finding.holds_runs(output) else "cnncli train mnist")])
        return
    of = f" of {shortened(recipe)}" if recipe is not None else ""
    console.say(
        printable(f"no {status or ''} runs{of} in {output}/, and {counted(len(everything), 'other')}").replace(
            "  ", " "
        )
    )
    recipes = dict.fromkeys(run.summary.recipe for run in everything)
    hint = did_you_mean(recipe, recipes) if recipe is not None and recipe not in recipes else ""
    console.say_pairs([("Next", hint or "cnncli runs")])
