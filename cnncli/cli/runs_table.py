"""The table that `cnncli runs` prints."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from rich.cells import cell_len
from rich.text import Text

from cnncli.cli import console, wrapping
from cnncli.messages import cell, clock, counted, printable, shortened

if TYPE_CHECKING:
    from cnncli.runs.listing import ListedRun

_TITLES = ("run", "status", "date (UTC)", "data", "parameters", "epochs", "best", "test", "time")
_RIGHT = {"parameters", "epochs", "time"}
_STYLES = {
    "running": "cyan",
    "completed": "green",
    "interrupted": "yellow",
    "diverged": "red",
    "failed": "red",
    "broken": "red",
}
_BETWEEN = "  "
_SOURCE_WIDTHS = (30, 14)  # columns of the data: where there is room, and where there is less
_LONGEST_RESULT = 40


def lines(shown: Sequence[ListedRun], *, verbose: bool) -> Iterator[Text]:
    """A table where there is room for it (a pipe has any), else a few lines a run."""
    room = console.stdout_columns()
    for source_width in _SOURCE_WIDTHS:
        rows = [_cells(run, source_width) for run in shown]
        widths = _widths(rows)
        if room is None or sum(widths) + len(_BETWEEN) * (len(widths) - 1) <= room:
            yield Text(_aligned(_TITLES, widths), style="bold")
            made = (_row(run, row, widths, room) for run, row in zip(shown, rows, strict=True))
            break
    else:
        made = (_stacked(run, widths[:3]) for run in shown)
    for run, told in zip(shown, made, strict=True):
        yield from told
        if verbose:
            yield from _details(run)


def _cells(run: ListedRun, source_width: int) -> list[str]:
    """The texts of a row. A broken run has its problem in the place of the data and the columns after it."""
    summary = run.summary
    first = [
        printable(run.label),
        summary.status,
        f"{summary.started:%Y-%m-%d %H:%M}" if summary.started else cell(None),
    ]
    if summary.status == "broken":
        return [*first, printable(run.problem)]
    return [
        *first,
        shortened(run.short_source, source_width) if run.short_source is not None else cell(None),
        cell(run.params),
        run.epochs_text or cell(None),
        _result(run.decided),
        _result(run.score),
        clock(run.total_seconds) if run.total_seconds is not None else cell(None),
    ]


def _result(result: tuple[str, float] | None) -> str:
    if result is None:
        return cell(None)
    name, value = result
    return f"{shortened(name, _LONGEST_RESULT)} {shortened(cell(value), _LONGEST_RESULT)}"


def _widths(rows: Iterable[Sequence[str]]) -> list[int]:
    """The columns' widths; a broken run's problem is in none of them."""
    widths = [cell_len(title) for title in _TITLES]
    for row in rows:
        whole = row if len(row) == len(_TITLES) else row[:3]
        widths[: len(whole)] = map(max, widths, map(cell_len, whole))
    return widths


def _aligned(cells: Iterable[str], widths: Sequence[int]) -> str:
    """Cells beside each other, as wide as their columns."""
    padded = []
    for text, width, title in zip(cells, widths, _TITLES, strict=False):  # a broken run has fewer
        space = " " * (width - cell_len(text))
        padded.append(space + text if title in _RIGHT else text + space)
    return _BETWEEN.join(padded).rstrip()


def _row(run: ListedRun, cells: Sequence[str], widths: Sequence[int], room: int | None) -> Iterator[Text]:
    """A line of the table."""
    text = _aligned(cells, widths)
    if room is not None and cell_len(text) > room:  # a problem's text
        text = shortened(text, room)
    yield _colored(Text(text), run.summary.status, _begin_of_status(cells[0], widths))


def _begin_of_status(label: str, widths: Sequence[int]) -> int:
    """The index of the first character of the second column."""
    return len(label) + widths[0] - cell_len(label) + len(_BETWEEN)


def _stacked(run: ListedRun, widths: Sequence[int]) -> Iterator[Text]:
    """A run on as many lines as it needs: its name, which is never broken, its state, and what is known."""
    label, status, date = _cells(run, _SOURCE_WIDTHS[0])[:3]
    facts = [printable(run.problem)] if status == "broken" else [wrapping.held(fact, indent=2) for fact in _facts(run)]
    if sum(widths) + len(_BETWEEN) * 2 <= wrapping.width():
        head = _colored(Text(_aligned([label, status, date], widths)), status, _begin_of_status(label, widths))
    else:
        head = Text(label)
        facts = [status, *([wrapping.held(date, indent=2)] if run.summary.started else []), *facts]
    head.stylize("bold", 0, len(label))
    yield head
    for number, line in enumerate(wrapping.wrapped(_BETWEEN.join(facts), indent=2)):
        yield _colored(line, status, 2) if facts[0] == status and not number else line


def _facts(run: ListedRun) -> Iterator[str]:
    """What is known of a run, each with its name."""
    if run.short_source is not None:
        yield shortened(run.short_source, _SOURCE_WIDTHS[0])
    if run.params is not None:
        yield counted(run.params, "parameter")
    if run.epochs is not None:
        yield f"{run.epochs_text} {'epoch' if run.epochs_text == '1' else 'epochs'}"
    if run.decided is not None:
        yield f"best {_result(run.decided)}"
    if run.score is not None:
        yield f"test {_result(run.score)}" if run.test else _result(run.score)
    if run.total_seconds is not None:
        yield clock(run.total_seconds)


def _colored(line: Text, status: str, begins: int) -> Text:
    line.stylize(_STYLES[status], begins, begins + len(status))
    return line


def _details(run: ListedRun) -> Iterator[Text]:
    yield Text(f"  {printable(str(run.summary.path))}", style="dim")
    if run.problem and run.summary.status != "broken":
        yield from wrapping.wrapped(run.problem, indent=2, style="dim")
    for remark in run.remarks:
        yield from wrapping.wrapped(remark, indent=2, style="dim")
    for line in run.note.splitlines():
        yield from wrapping.wrapped(line, indent=2, hanging=4)
