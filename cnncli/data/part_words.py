"""The words that stand for train, validation and test in names of folders, files, columns and arrays."""

from __future__ import annotations

from collections.abc import Mapping

WORDS: Mapping[str, tuple[str, ...]] = {
    "train": ("train", "training"),
    "validation": ("val", "validation", "valid", "dev"),
    "test": ("test", "testing"),
}
"""The words of each part, in the order in which they are looked for."""

PART_OF: Mapping[str, str] = {word: part for part, words in WORDS.items() for word in words}
"""The part of each word."""

MAY_BE_CLASSES = ("training", "testing", "dev")
"""Words that classes are called, too: a folder of this name is a part only if it holds folders."""
