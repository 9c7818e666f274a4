"""`cnncli compare` of sets of runs, which `train --fold all` and `train --repeat` made."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from rich.text import Text

from cnncli.cli import console, wrapping
from cnncli.cli.report_lines import differing, told
from cnncli.errors import Place, Problem, UsageError
from cnncli.messages import cell, counted, shortened

if TYPE_CHECKING:
    from cnncli.runs.folds import FoldSet
    from cnncli.tasks.fold_comparison import FoldComparison
    from cnncli.tasks.fold_scores import FoldScores


def find_sets(names: Sequence[str], outputs: Path) -> list[FoldSet]:
    """The sets of folds that the names mean; none where they mean runs.

    Raises:
        UsageError: some mean sets and others runs, one alone is named, or one twice.
        OutputError: a name means several sets.
    """
    from cnncli.runs.folds import find_set, is_set_name

    are_sets = [is_set_name(outputs, name) for name in names]
    if not any(are_sets):
        return []
    if not all(are_sets):
        runs = [shortened(name) for name, is_set in zip(names, are_sets, strict=True) if not is_set]
        sets = [shortened(name) for name, is_set in zip(names, are_sets, strict=True) if is_set]
        message = f"{', '.join(sets)} {'is a set' if len(sets) == 1 else 'are sets'} of folds, {', '.join(runs)} not"
        raise UsageError(Problem(message, "compare sets with sets, and runs with runs"))
    found = [each for each in (find_set(outputs, name) for name in names) if each is not None]
    places = [each.file.absolute() for each in found]
    if len(set(places)) < len(places) or len(found) < 2:
        raise UsageError(Problem("a set of folds is compared with another one", "name two sets"))
    return found


def compare_sets(
    sets: Sequence[FoldSet], *, anyway: bool, as_json: bool, quiet: bool, verbose: bool, to: Path | None
) -> None:
    """Compare sets of folds and print the result.

    Raises:
        UsageError: a picture is asked for; there is none of sets.
    """
    from cnncli.tasks.fold_comparison import compare_folds

    if to is not None:
        message = "no picture is drawn of sets of folds"
        raise UsageError(Problem(message, "leave it out, or compare two of their runs", Place("--to")))
    compared = compare_folds(sets, anyway=anyway)
    if as_json:
        console.print_json({**compared.as_json(), "picture": None})
        return
    if not quiet:
        for note in compared.mismatches:
            console.show_note(note)
    wrapping.show(_report(compared, verbose=verbose))


def _report(compared: FoldComparison, *, verbose: bool) -> Iterator[Text]:
    first = compared.scores[0]
    run = first.sides[0].run
    if not compared.mismatches:
        what = f"{counted(len(first.sides), first.kind.word)}, {counted(first.example_count, 'example')} in all"
        yield from told(f"{what}: {run.listed.source}" if run.listed.source else what)
        yield Text()
    for label, scores in zip(compared.labels, compared.scores, strict=True):
        yield from wrapping.wrapped(label, style="bold")
        yield from _lines(scores)
    for pair in compared.pairs:
        yield Text()
        yield from told(pair.sentence_by_fold)
        if pair.pooled is not None:
            yield from told(f"over the examples of all folds: {pair.pooled.sentence}")
    for label, scores, found in zip(compared.labels[1:], compared.scores[1:], compared.recipe_differences, strict=True):
        yield Text()
        yield from differing(compared.labels[0], replace(scores.sides[0], label=label), found, verbose=verbose)


def _lines(scores: FoldScores) -> Iterator[Text]:
    """Each score in a line: the mean, the standard deviation, the interval."""
    width = max(len(score.name) for score in scores.scores)
    for number, score in enumerate(scores.scores):
        text = scores.sides[0].text if number + 1 < len(scores.scores) else cell
        interval = " to ".join(map(text, score.interval)) if score.interval else cell(None)
        line = f"{score.name:<{width}}  mean {text(score.mean)}, standard deviation {text(score.deviation)}, "
        yield from told(f"{line}95% interval {interval}", indent=2)
