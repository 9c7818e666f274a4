"""Names that are one and the same on many disks and for many readers: upper and lower case, ways to write accents."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable

from cnncli.messages import shortened


def alike(names: Iterable[str]) -> list[list[str]]:
    """Names, for messages, that are one and the same where upper and lower case, or the way accents are written, do not count."""
    groups: dict[str, list[str]] = {}
    for name in names:
        groups.setdefault(unicodedata.normalize("NFC", name).casefold(), []).append(f"`{shortened(name)}`")
    return [group for group in groups.values() if len(group) > 1]
