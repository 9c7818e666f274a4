"""The text of `cnncli data`: facts, counts of each class, findings."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from rich.text import Text

from cnncli.cli import console, wrapping
from cnncli.messages import counted, printable

if TYPE_CHECKING:
    from cnncli.data_checks.examination import Examination
    from cnncli.data_checks.findings import Finding

_COLUMN = 12
_MOST_CLASSES = 20
_MOST_LINES = 5


def show(found: Examination, *, page: Path | None, shards: Sequence[Path], verbose: bool, quiet: bool) -> None:
    """Print an examination on stdout.

    Args:
        page: where the page was written.
        shards: files that were written, all in one folder.
        verbose: every class, and more examples of each finding.
        quiet: the findings alone.
    """
    from cnncli.data_checks.examination_text import facts

    out = console.stdout()
    if not quiet:
        shown = ""
        for word, text in facts(found):
            wrapping.show(wrapping.beside("" if word == shown else word, text, _COLUMN))
            shown = word
        out.print()
        _show_counts(found, verbose=verbose)
        out.print()
    for finding in found.findings:
        wrapping.show(_lines(finding, 100 if verbose else _MOST_LINES))
    if not quiet:
        wrapping.show(wrapping.wrapped(summary(found)))
        if page:
            wrapping.show(wrapping.beside("Page", printable(str(page)), _COLUMN))
        if shards:
            folder = printable(str(shards[0].parent))
            wrapping.show(wrapping.beside("Shards", f"{folder}, {counted(len(shards), 'file')}", _COLUMN))
            wrapping.show(wrapping.beside("Source", f"{{tfrecord: {{path: {folder}}}}}", _COLUMN))


def summary(found: Examination) -> str:
    """`3 findings: 1 leakage, 2 broken`, without notes."""
    kinds = Counter(finding.kind for finding in found.findings if finding.kind != "note")
    if not kinds:
        return "No problems were found."
    return f"{counted(kinds.total(), 'finding')}: {', '.join(f'{count} {kind}' for kind, count in kinds.items())}"


def _show_counts(found: Examination, *, verbose: bool) -> None:
    parts = list(found.parts)
    rows = []
    if found.classes:
        names = list(next(iter(found.classes.values())))
        most = len(names) if verbose else _MOST_CLASSES
        rows = [[name, *(found.classes[part][name] for part in parts)] for name in names[:most]]
        if len(names) > most:
            rows.append([f"and {len(names) - most:,} more", *("" for _ in parts)])
    rows.append(["all examples", *found.parts.values()])
    console.show_table(["", *parts], rows)


def _lines(finding: Finding, most: int) -> list[Text]:
    style = "" if finding.kind == "note" else "yellow"
    head = list(wrapping.beside(finding.kind, finding.message, _COLUMN))
    for line in head:
        line.stylize(style)
    below: list[Text] = []
    for text in [*finding.lines(most), *finding.hint.splitlines()]:
        below += wrapping.beside("", text, _COLUMN)
    for line in below:
        line.stylize("dim")
    return [*head, *below]
