"""Check the classes of each part: which have no examples."""

from __future__ import annotations

from cnncli.data.dataset import Splits
from cnncli.data_checks.findings import Finding
from cnncli.messages import counted, listed

_MOST_NAMED = 5


def counts_by_part(splits: Splits) -> dict[str, dict[str, int]]:
    """How many examples each class or label has, by part and name; empty where there are none."""
    return {
        part.name: splits.targets.counts_by_name(splits.targets.whole(part.examples.targets)) for part in splits.parts
    }


def check_classes(splits: Splits) -> list[Finding]:
    """Classes or labels without an example in a part."""
    found = []
    for part, counts in counts_by_part(splits).items():
        if missing := [name for name, count in counts.items() if not count]:
            word = splits.targets.COUNTED or splits.targets.PLURAL
            message = f"{part} has no examples of {len(missing):,} of {counted(len(counts), word, word)}: "
            hint = "nothing can be learned about them" if part == "train" else "no score is computed for them there"
            message += listed((f"`{name}`" for name in missing), _MOST_NAMED)
            found.append(Finding(kind="missing", message=message, hint=hint, count=len(missing)))
    return found
