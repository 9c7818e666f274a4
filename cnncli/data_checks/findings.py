"""Findings about data: their kinds, and the examples that each is about."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict

from cnncli.errors import Problem
from cnncli.messages import printable

# The worst first; `--fail-on` takes them.
KINDS: dict[str, str] = {
    "leakage": "the same or nearly the same example, or one group, in two parts",
    "labels": "one example with two labels",
    "broken": "files that cannot be read",
    "blank": "examples of one value, or nearly so",
    "missing": "classes without examples in a part",
    "shortcut": "size, format or brightness alone tells the class",
    "duplicates": "an example several times in one part",
    "imbalance": "classes of very different size",
    "values": "values in two scales, codes for missing values, columns of one value",
    "cut": "signals or sentences that are cut off",
    "ignored": "files that are not used",
}
NOTE = "note"  # anything else that is worth a sentence
_ORDER = (*KINDS, NOTE)


def _known(kind: str) -> str:
    if kind not in _ORDER:
        raise ValueError(f"{kind} is no kind of finding")
    return kind


Kind = Annotated[str, AfterValidator(_known)]


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Example(_Model):
    """One example of a split.

    Attributes:
        part: `train`, `validation` or `test`.
        index: in that part, from 0.
        file: inside the data's folder; None where examples are not files.
        label: of the example, in words.
    """

    part: str
    index: int
    file: str | None = None
    label: str = ""

    @property
    def name(self) -> str:
        """`train/ants/1.jpg`, `test[12]`."""
        return printable(self.file) if self.file is not None else f"{self.part}[{self.index}]"

    @property
    def place(self) -> str:
        """The same with its part, which the name of a file need not say."""
        return f"{self.name} ({self.part})" if self.file is not None else self.name


class Finding(_Model):
    """One thing that was found.

    Attributes:
        kind: one of `KINDS`, or `note`.
        message: what, without a full stop.
        hint: what to do about it; may have several lines.
        count: how many examples, pairs or files.
        examples: the first of them.
        pairs: of copies the first pairs.
        is_exact: whether these are equal; sources say so themselves.
    """

    kind: Kind
    message: str
    hint: str = ""
    count: int = 1
    examples: tuple[Example, ...] = ()
    pairs: tuple[tuple[Example, Example], ...] = ()
    is_exact: bool = False

    def as_problem(self) -> Problem:
        """The finding as a note, with its first examples."""
        return Problem(self.message, self.details)

    @property
    def details(self) -> str:
        """The lines below the message: the first examples, then what to do."""
        return "\n".join(filter(None, [*self.lines(), self.hint]))

    def lines(self, most: int = 5) -> list[str]:
        """The first pairs, or else the first examples, one a line."""
        sign = "=" if self.is_exact else "~"
        shown = [f"{one.place} {sign} {other.place}" for one, other in self.pairs[:most]]
        shown = shown or [each.place for each in self.examples[:most]]
        left = self.count - len(shown)
        return [*shown, f"and {left:,} more"] if shown and left > 0 else shown


def in_order(findings: list[Finding]) -> list[Finding]:
    """The worst first, as `KINDS` has them."""
    return sorted(findings, key=lambda finding: _ORDER.index(finding.kind))
