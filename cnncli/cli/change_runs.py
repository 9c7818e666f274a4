"""`cnncli runs delete`, `rename`, `prune` and `note`: change the runs there are."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.cells import cell_len

from cnncli.cli import console, options
from cnncli.errors import CnncliError, OutputError, Place, Problem, UsageError
from cnncli.messages import counted, printable, size_text

if TYPE_CHECKING:
    from cnncli.runs.listing import ListedRun

Run = Annotated[str, typer.Argument(metavar="RUN", help="A run folder or the name of a run.")]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Delete without asking.", rich_help_panel=options.COMMON)]


def add_to(group: typer.Typer) -> None:
    group.command(epilog="Example: cnncli runs delete mnist/first mnist/second")(delete)
    group.command(epilog="Example: cnncli runs rename mnist/20261128-101500-3fa9c1 baseline")(rename)
    group.command(epilog="Example: cnncli runs prune --keep 5 --recipe mnist")(prune)
    group.command(epilog='Example: cnncli runs note mnist/baseline "twice the filters"')(note)


def delete(
    run: Annotated[list[str], typer.Argument(metavar="RUN", help="One run or several: folders or names.")],
    yes: Yes = False,
    output: options.Outputs = options.DEFAULT_OUTPUTS,
    as_json: options.Json = False,
    quiet: options.Quiet = False,
) -> None:
    """Delete runs with everything in their folders.

    cnncli asks first; outside of a terminal, --yes is needed. A run that another process is training is never deleted.
    Links in a folder are deleted, but not the files that they lead to.
    """
    from cnncli.runs import listing
    from cnncli.runs.changeable import changeable

    paths = _each(lambda name: changeable(output, name), run)
    unique = {path.resolve(): path for path in paths}
    _delete([listing.listed(path) for path in unique.values()], output, yes=yes, as_json=as_json, quiet=quiet)


def prune(
    keep: Annotated[
        int,
        typer.Option(
            "--keep", metavar="N", min=1, help="Keep the newest N runs of each recipe.", rich_help_panel=options.RUNS
        ),
    ],
    recipe: Annotated[
        str | None,
        typer.Option("--recipe", metavar="NAME", help="Delete only runs of this recipe.", rich_help_panel=options.RUNS),
    ] = None,
    keep_best: Annotated[
        bool,
        typer.Option(
            "--keep-best",
            help="Also keep the run of each recipe with the best test score.",
            rich_help_panel=options.RUNS,
        ),
    ] = False,
    yes: Yes = False,
    output: options.Outputs = options.DEFAULT_OUTPUTS,
    as_json: options.Json = False,
    quiet: options.Quiet = False,
) -> None:
    """Delete all but the newest runs of each recipe.

    cnncli asks first; outside of a terminal, --yes is needed. Runs in training, runs with a note and broken runs are never
    deleted.
    """
    from cnncli.messages import did_you_mean
    from cnncli.runs import listing
    from cnncli.runs.pruning import prunable

    everything = listing.listing(output)
    recipes = dict.fromkeys(run.summary.recipe for run in everything)
    if recipe is not None and recipe not in recipes:
        raise OutputError(Problem(f"no runs of {recipe} in {output}/", did_you_mean(recipe, recipes)))
    of_recipe = [run for run in everything if recipe in (None, run.summary.recipe)]
    chosen = [run for run in prunable(of_recipe, keep=keep, keep_best=keep_best) if _is_changeable(run, output)]
    if not chosen and not as_json:
        if not quiet:
            kept = f"all {counted(len(of_recipe), 'run')} are kept" if of_recipe else f"no runs in {output}/ yet"
            console.say(printable(f"nothing to delete: {kept}"))
        return
    _delete(chosen, output, yes=yes or not chosen, as_json=as_json, quiet=quiet)


def rename(
    run: Run,
    name: Annotated[
        str, typer.Argument(metavar="NAME", help="The new name of the run, without the name of the recipe.")
    ],
    output: options.Outputs = options.DEFAULT_OUTPUTS,
    as_json: options.Json = False,
    quiet: options.Quiet = False,
) -> None:
    """Rename a run: its folder, and its name in its record, its report and the page of all runs."""
    from cnncli.runs import renaming
    from cnncli.runs.changeable import changeable

    old = changeable(output, run)
    new = renaming.rename(old, name)
    others = renaming.rename_references(output, old, new)
    notes = _rewrite_pages([new, *others], output)
    if as_json:
        console.print_json({"run": str(new), "before": str(old), "notes": [each.as_json() for each in notes]})
        return
    console.stdout().print(printable(str(new)))
    _show_notes(notes, quiet=quiet)


def note(
    run: Run,
    text: Annotated[
        str | None,
        typer.Argument(metavar="TEXT", help='The text of the note; "" removes it. Without TEXT, show the note.'),
    ] = None,
    output: options.Outputs = options.DEFAULT_OUTPUTS,
    as_json: options.Json = False,
    quiet: options.Quiet = False,
) -> None:
    """Write, show or remove the note of a run.

    `cnncli runs --verbose`, the report and the page of all runs show the note. `cnncli runs prune` keeps runs with a note.
    """
    from cnncli.runs import finding, notes

    path = finding.find_exactly(output, run)
    if text is None:
        written = notes.read_note(path)
        if as_json:
            console.print_json({"run": str(path), "note": written or None})
        elif written:
            for line in written.splitlines():
                console.stdout().print(printable(line))
        elif not quiet:
            console.say(printable(f"{path} has no note"))
        return
    text = text.strip()
    if len(text) > notes.MOST_CHARACTERS:
        message = f"a note has at most {notes.MOST_CHARACTERS:,} characters, got {len(text):,}"
        raise UsageError(Problem(message, place=Place("TEXT")))
    notes.write_note(path, text)
    problems = _rewrite_pages([path], output)
    if as_json:
        console.print_json(
            {"run": str(path), "note": text or None, "notes": [problem.as_json() for problem in problems]}
        )
        return
    console.stdout().print(printable(str(path)))
    _show_notes(problems, quiet=quiet)


def _each(find: Callable[[str], Path], names: Sequence[str]) -> list[Path]:
    """The runs of all names.

    Raises:
        OutputError: with everything that is wrong with any of them.
    """
    paths: list[Path] = []
    problems: list[Problem] = []
    for name in names:
        try:
            paths.append(find(name))
        except OutputError as error:
            problems += error.problems
    if problems:
        raise OutputError(problems)
    return paths


def _is_changeable(run: ListedRun, output: Path) -> bool:
    from cnncli.runs.changeable import refuse_unchangeable

    try:
        refuse_unchangeable(run.summary.path, output)
    except OutputError:
        return False
    return True


def _delete(chosen: Sequence[ListedRun], output: Path, *, yes: bool, as_json: bool, quiet: bool) -> None:
    from cnncli.runs import deletion

    sizes = [deletion.bytes_in(run.summary.path) for run in chosen]
    what = f"{counted(len(chosen), 'run')}, {size_text(sum(sizes))}"
    if not yes:
        _show_chosen(chosen, sizes)
        if not _confirmed(what):
            console.say("nothing was deleted")
            return
    deleted: list[str] = []
    for run in chosen:
        try:
            deletion.delete(run.summary.path)
        except CnncliError as error:
            error.details["deleted"] = deleted
            raise
        deleted.append(str(run.summary.path))
        if not as_json:
            console.stdout().print(printable(deleted[-1]))
    notes = _rewrite_pages([], output) if deleted else []
    if as_json:
        console.print_json({"deleted": deleted, "bytes": sum(sizes), "notes": [each.as_json() for each in notes]})
        return
    _show_notes(notes, quiet=quiet)
    if not quiet:
        console.say(f"deleted {what}")


def _show_chosen(chosen: Sequence[ListedRun], sizes: Sequence[int]) -> None:
    """The runs that are about to be deleted, on stderr: the question stands there too."""
    rows = [
        (run.label, run.summary.status, size_text(size), "has a note" if run.note else "")
        for run, size in zip(chosen, sizes, strict=True)
    ]
    shown = [[printable(cell) for cell in row] for row in rows]
    widths = [max(map(cell_len, column)) for column in zip(*shown, strict=True)]
    for row in shown:
        padded = (cell + " " * (width - cell_len(cell)) for cell, width in zip(row, widths, strict=True))
        console.say(f"  {'  '.join(padded)}".rstrip())


def _confirmed(what: str) -> bool:
    """Ask on the terminal.

    Raises:
        UsageError: there is none.
    """
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        hint = "--yes deletes without asking"
        raise UsageError(Problem(f"cannot ask for confirmation without a terminal: delete {what}", hint))
    return typer.confirm(f"Delete {what}?", err=True)


def _rewrite_pages(runs: Iterable[Path], output: Path) -> list[Problem]:
    """Write the reports of runs and the page of all runs again, where there are any; return the problems."""
    from cnncli.report import rewriting

    problems: list[Problem] = []
    for write in (*(partial(rewriting.rewrite_report, run) for run in runs), partial(rewriting.rewrite_index, output)):
        try:
            write()
        except CnncliError as error:
            problems += error.problems
    return problems


def _show_notes(notes: Iterable[Problem], *, quiet: bool) -> None:
    for note in () if quiet else notes:
        console.show_note(note)
