"""The verdict of `cnncli compare` for the runs of a page: which is better, or why they cannot be compared."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from cnncli.errors import CnncliError, Problem
from cnncli.report.material import Material
from cnncli.tasks.comparison import compare

_OTHER_EXAMPLES = "These runs were not scored on the same examples: their scores cannot be compared."
_CANNOT = "These runs cannot be compared."
_SOME = "Some of the runs are not compared."


@dataclass(frozen=True)
class Verdict:
    """The comparison in words.

    Attributes:
        sentences: of the others against the first, without a full stop.
        caution: what the problems mean.
        problems: why runs are not compared, each in its lines.
    """

    sentences: tuple[str, ...] = ()
    caution: str = ""
    problems: tuple[tuple[str, ...], ...] = ()


def verdict(runs: Sequence[Material]) -> Verdict:
    """Compare the runs that have an evaluation, as `cnncli compare` does."""
    scored = [material for material in runs if material.evaluation]
    left = [_unscored(material) for material in runs if not material.evaluation]
    if len(scored) < 2:
        return Verdict(caution=_CANNOT, problems=tuple(left))
    try:
        compared = compare([material.run.summary.path for material in scored], anyway=True)
    except CnncliError as error:
        return Verdict(caution=_CANNOT, problems=(*left, *map(_lines, error.problems)))
    if compared.mismatches:
        return Verdict(caution=_OTHER_EXAMPLES, problems=(*left, *map(_lines, compared.mismatches)))
    sentences = tuple(pair.sentence for pair in compared.pairs)
    return Verdict(sentences, _SOME if left else "", tuple(left))


def _unscored(material: Material) -> tuple[str, ...]:
    return (f"{material.run.label} has no evaluation: its status is {material.status}",)


def _lines(problem: Problem) -> tuple[str, ...]:
    return (problem.message, *problem.hint.splitlines())
