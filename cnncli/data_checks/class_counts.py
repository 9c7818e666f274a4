"""Check the classes of each part: which have no examples; and which identities have one only."""

from __future__ import annotations

from collections import Counter

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


def check_lone(splits: Splits) -> list[Finding]:
    """Identities with one example: nothing in a part can be compared with it."""
    found = []
    for part in splits.parts:
        names = splits.targets.groups_of(splits.targets.whole(part.examples.targets))
        counts = Counter(() if names is None else names.tolist())
        if alone := [name for name, count in counts.items() if count == 1]:
            noun = counted(len(alone), splits.targets.GROUP, splits.targets.PLURAL)
            message = (
                f"{noun} of {len(counts):,} in {part.name} {'has' if len(alone) == 1 else 'have'} one example only: "
            )
            message += listed((f"`{name}`" for name in alone), _MOST_NAMED)
            learned = "nothing can be learned about what their examples have in common"
            hint = learned if part.name == "train" else "no pair of them can be scored there"
            found.append(Finding(kind="missing", message=message, hint=hint, count=len(alone)))
    return found
