"""The first line of a recipe that leads an editor to the schema, and the file of the schema."""

from __future__ import annotations

import os
from pathlib import Path

FILE_NAME = "recipe.schema.json"
MODELINE = "# yaml-language-server: $schema="
TITLE = "A recipe of cnncli"
DRAFT = "http://json-schema.org/draft-07/schema#"


def is_one(path: Path) -> bool:
    """Whether a file holds a schema that this module wrote, today or once."""
    try:
        beginning = path.read_bytes()[:500] if os.path.isfile(path) else b""
    except (OSError, ValueError):
        return False
    return DRAFT.encode() in beginning and TITLE.encode() in beginning


def modeline(path: str) -> str:
    """The first line of a recipe that leads an editor to the schema.

    Args:
        path: of the schema, counted from the recipe.
    """
    return f"{MODELINE}{path}"


def led_to(recipe: bytes, path: str | None) -> bytes:
    """A shipped recipe with its first line leading an editor to a schema elsewhere.

    A shipped recipe names the schema of its checkout. In a copy that path leads nowhere, and one into an installed package
    would tell of its user's folders and break with the next environment; so a copy names a schema that lies beside it, or
    none.

    Args:
        recipe: the file.
        path: of the schema, counted from the copy; None where there is none.
    """
    first, newline, rest = recipe.partition(b"\n")
    if not first.startswith(MODELINE.encode()):
        return recipe
    return (modeline(path).encode() + newline if path else b"") + rest
