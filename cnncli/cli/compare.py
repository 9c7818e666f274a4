"""`cnncli compare`: compare runs on the same test data, with a significance test."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.cells import cell_len
from rich.text import Text

from cnncli.cli import compare_folds, console, data_files, options, wrapping
from cnncli.cli.report_lines import differing, told
from cnncli.errors import Problem, UsageError
from cnncli.messages import cell, clock, counted, printable, shortened

if TYPE_CHECKING:
    from cnncli.runs.output_files import OutputFolder
    from cnncli.tasks.comparison import Comparison
    from cnncli.tasks.pairs import Side

_BETWEEN = "  "


def add_to(app: typer.Typer) -> None:
    app.command(epilog="Example: cnncli compare mnist/first mnist/wider")(compare)


def compare(
    runs: Annotated[
        list[str],
        typer.Argument(
            metavar="RUN",
            help="Two or more runs: folders, names, or recipe names (their newest runs); or sets of folds.",
        ),
    ],
    anyway: Annotated[
        bool,
        typer.Option(
            "--anyway",
            help="Also show runs that were scored on different examples, without a test.",
            rich_help_panel=options.DATA,
        ),
    ] = False,
    to: Annotated[
        Path | None,
        typer.Option(
            "--to",
            metavar="DIR",
            help="Write the picture of the curves to this folder.",
            show_default="the folder of --output",
            rich_help_panel=options.OUTPUT,
        ),
    ] = None,
    picture: Annotated[
        bool,
        typer.Option(
            "--picture/--no-picture", help="Draw the learning curves of all runs.", rich_help_panel=options.OUTPUT
        ),
    ] = True,
    force: options.Force = False,
    output: options.Outputs = options.DEFAULT_OUTPUTS,
    as_json: options.Json = False,
    quiet: options.Quiet = False,
    verbose: options.Verbose = False,
) -> None:
    """Compare runs that were scored on the same examples. Each run is compared with the first one.

    Classification: the difference in accuracy with its 95% bootstrap interval, and McNemar's test (exact below 25
    differing examples, with Edwards' correction above). Regression: the difference in mean absolute error, and a paired
    bootstrap. P-values of several comparisons are Holm-corrected.

    Sets of folds are compared by the difference of their scores in each fold, and by the test over the examples of all folds.

    The result holds for these trained networks. The same recipes with another seed can give another result.
    """
    from cnncli.tasks.comparison import compare as compare_runs

    if sets := compare_folds.find_sets(runs, output):
        compare_folds.compare_sets(sets, anyway=anyway, as_json=as_json, quiet=quiet, verbose=verbose, to=to)
        return
    paths = _find(runs, output)
    folder = _folder_for(to, paths, output, force=force) if picture else None
    compared = compare_runs(paths, anyway=anyway)
    drawn = _draw(compared, folder, paths, output) if folder else None
    if as_json:
        console.print_json({**compared.as_json(), "picture": str(drawn) if drawn else None})
        return
    if not quiet:
        for note in compared.mismatches:
            console.show_note(note)
    wrapping.show(_report(compared, verbose=verbose))
    if drawn and not quiet:
        console.say()
        console.say_pairs([("Curves", str(drawn))])


def _find(runs: Sequence[str], outputs: Path) -> list[Path]:
    from cnncli.runs import find

    if len(runs) < 2:
        hint = f"name another: cnncli compare {shlex.quote(runs[0])} RUN\nthe runs there are: cnncli runs"
        raise UsageError(Problem("one run alone cannot be compared", hint))
    paths = [find(outputs, run) for run in runs]
    folders = [path.resolve() for path in paths]
    for number, folder in enumerate(folders):
        if folder in folders[:number]:
            same = runs[folders.index(folder)]
            message = f"{shortened(same)} and {shortened(runs[number])} are the same run, {paths[number]}"
            raise UsageError(Problem(message, "a recipe's name is its newest run; cnncli runs lists them all"))
    return paths


# The picture.


def _folder_for(to: Path | None, paths: Sequence[Path], output: Path, *, force: bool) -> OutputFolder:
    """Where the picture goes.

    Raises:
        OutputError: it cannot or must not be written.
    """
    from cnncli.runs.output_files import OutputFolder

    reads = [data for path in paths for data in data_files.data_of_run(str(path), output)] if to else []
    folder = OutputFolder(to or output, "--to" if to else "", reads, force=force)
    folder.check()
    return folder


def _draw(compared: Comparison, folder: OutputFolder, paths: Sequence[Path], output: Path) -> Path | None:
    """The curves of all runs; None where no run has any."""
    if not any(side.run.history for side in compared.sides):
        return None
    from cnncli.plots import naming
    from cnncli.plots.compared import RunCurves, draw_compared_curves
    from cnncli.plots.save import claim, is_ours, make_folder, save

    stem = naming.runs("compare", paths, output)
    if not folder.option and is_ours(file := folder.path / f"{stem}.png"):  # an earlier answer to the same question
        folder = replace(folder, own=[file])
    claim(folder, [stem], ["png"])
    curves = [RunCurves(side.label, _detail(side), side.run.history, side.run.best_epoch) for side in compared.sides]
    try:
        figure = draw_compared_curves(curves, title=f"{counted(len(curves), 'run')} compared")
    except ValueError:  # histories without a metric
        return None
    make_folder(folder)
    [path] = save(figure, folder / f"{stem}.png")
    return path


def _detail(side: Side) -> str:
    [(name, value, interval), *_] = side.measures
    parts = [f"{side.run.result.split} {name} {_number(side, value)} ({_interval(side, interval)})"]
    if side.run.listed.params is not None:
        parts.append(f"{side.run.listed.params:,} parameters")
    if side.run.listed.total_seconds is not None:
        parts.append(clock(side.run.listed.total_seconds))
    return " · ".join(parts)


# The report.


def _report(compared: Comparison, *, verbose: bool) -> Iterator[Text]:
    first = compared.sides[0].run
    if not compared.mismatches:
        what = f"{counted(len(first.true), 'example')} of the {first.result.split} split"
        yield from told(f"{what}: {first.listed.source}" if first.listed.source else what)
        yield Text()
    yield from _table(compared.sides)
    for pair in compared.pairs:
        yield Text()
        yield from told(pair.sentence)
    for side, found in zip(compared.sides[1:], compared.recipe_differences, strict=True):
        yield Text()
        yield from differing(compared.sides[0].label, side, found, verbose=verbose)


def _table(sides: Sequence[Side]) -> Iterator[Text]:
    """A column a run where there is room for it (a pipe has any), else a block of lines a run."""
    facts = [_facts(side) for side in sides]
    names = [name for name, _ in facts[0]]
    room = console.stdout_columns()
    titles = [printable(side.label) for side in sides]
    first_width = max(map(len, names))
    widths = [
        max(cell_len(title), *(cell_len(text) for _, text in each)) for title, each in zip(titles, facts, strict=True)
    ]
    if room is None or first_width + sum(widths) + len(_BETWEEN) * len(widths) <= room:
        yield Text(_aligned("", titles, first_width, widths), style="bold")
        for row, name in enumerate(names):
            yield Text(_aligned(name, [each[row][1] for each in facts], first_width, widths))
        return
    for number, (title, each) in enumerate(zip(titles, facts, strict=True)):
        if number:
            yield Text()
        yield from wrapping.wrapped(title, style="bold")
        for name, text in each:
            yield from wrapping.wrapped(f"{name.strip():<{first_width}}{_BETWEEN}{text}", indent=2, hanging=4)


def _aligned(name: str, cells: Sequence[str], first_width: int, widths: Sequence[int]) -> str:
    padded = [" " * (width - cell_len(cell)) + cell for cell, width in zip(cells, widths, strict=True)]
    return _BETWEEN.join([f"{name:<{first_width}}", *padded])


def _facts(side: Side) -> list[tuple[str, str]]:
    run = side.run
    seconds = run.listed.total_seconds
    epochs = f"{run.best_epoch} of {run.listed.epochs}" if run.best_epoch and run.listed.epochs else cell(None)
    measured = [
        row
        for name, value, interval in side.measures
        for row in ((name, _number(side, value)), ("  95% interval", _interval(side, interval)))
    ]
    return [
        *measured,
        ("loss", cell(run.result.loss)),
        ("parameters", cell(run.listed.params)),
        ("time", clock(seconds) if seconds is not None else cell(None)),
        ("best epoch", epochs),
        ("precision", cell(run.precision)),
        ("device", shortened(run.device, 40) if run.device else cell(None)),
    ]


def _number(side: Side, value: float | None) -> str:
    return side.text(value)


def _interval(side: Side, interval: tuple[float, float] | None) -> str:
    return " to ".join(_number(side, bound) for bound in interval) if interval else cell(None)
