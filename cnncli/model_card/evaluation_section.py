"""The section of a model card about the evaluation: scores with intervals, and those of each class."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from cnncli import task_registry
from cnncli.messages import counted
from cnncli.model_card import markdown
from cnncli.model_card.about_run import AboutRun
from cnncli.model_card.parts import ClassTable
from cnncli.report import facts, values
from cnncli.tasks.result import Result


def evaluation(run: AboutRun, pictures: Sequence[tuple[str, str]] = ()) -> Iterator[str]:
    """The scores, or that there are none.

    Args:
        pictures: relative links and what they show.
    """
    result = run.result
    if result is None:
        yield from ("This run has no evaluation that can be read: nothing is known about the quality of its model.", "")
        return
    own = "" if result.split == "test" else ", on which the best epoch was chosen"
    yield from (f"On the {markdown.escaped(result.split)} split, {counted(result.count, 'example')}{own}.", "")
    yield from markdown.table(["score", "value", f"{result.intervals.level:.0%} interval"], _rows(result))
    yield from (markdown.escaped(_method(result)), "")
    table: ClassTable | None = run.part.class_table(result, run.counts)
    if table:
        yield from markdown.table(table.titles, table.rows)
        if table.note:
            yield from (markdown.escaped(table.note), "")
    for link, about in pictures:
        yield from (f"![{markdown.escaped(about)}]({link})", "")


def _method(result: Result) -> str:
    """How the intervals were made; of some scores in another way."""
    intervals = result.intervals
    usual = f"Intervals: {intervals.method}, {intervals.samples:,} resamples"
    fields = type(intervals).model_fields
    own = {name.removesuffix("_method"): getattr(intervals, name) for name in fields if name.endswith("_method")}
    others = [f"of {score} {method}" for score, method in own.items() if method != intervals.method]
    return f"{'; '.join([usual, *others])}."


def _rows(result: Result) -> list[Sequence[str]]:
    part = task_registry.part(result.task, "report")
    main, level = facts.headline(result), f"{result.intervals.level:.0%} interval "
    rows: list[Sequence[str]] = [(main.name, main.score, main.interval)]
    for tile in part.tiles(result):
        interval = tile.beside.removeprefix(level) if tile.beside.startswith(level) else ""
        about = f" ({tile.beside})" if tile.beside and not interval else ""
        rows.append((f"{tile.name}{about}", tile.value, interval))
    rows += part.numbers(result)
    if result.loss is not None:
        rows.append(("loss", values.decimal(result.loss), ""))
    return rows
