"""Text without private paths: of absolute paths the last part alone is left."""

from __future__ import annotations

import re
from typing import Any

_BEGIN = r"(?<![\w/\\.~:-])"  # neither within a relative path nor behind the colon of an address
_PART = r"[^\s/\\'\"`<>|:;,(){}\[\]]+"
_PATH = re.compile(
    rf"{_BEGIN}(?:~|[A-Za-z]:(?=[/\\]))?(?:[/\\]{_PART})+[/\\]?|{_BEGIN}[A-Za-z]:(?:[/\\]{_PART})+[/\\]?"
)
_QUOTED = re.compile(r"(?P<quote>['\"`])(?P<path>(?:~|[A-Za-z]:)?[/\\][^'\"`\n]*)(?P=quote)")
_FEWEST_PARTS = 2  # `/data` tells nothing of a person, `/home/anna` does


def without_paths(text: str, known: tuple[str, ...] = ()) -> str:
    """Replace absolute paths by their last part.

    Args:
        known: paths that may stand in the text, which may have spaces.

    Example:
        without_paths("image folder /home/anna/photos: 20 images") == "image folder photos: 20 images"
    """
    for path in sorted(known, key=len, reverse=True):
        if _is_absolute(path):
            text = text.replace(path, _last(path))
    text = _QUOTED.sub(lambda found: f"{found['quote']}{_public(found['path'])}{found['quote']}", text)
    return _PATH.sub(lambda found: _public(found[0]), text)


def public(value: Any, known: tuple[str, ...] = ()) -> Any:
    """The same for every text of plain data, keys too."""
    if isinstance(value, str):
        return without_paths(value, known)
    if isinstance(value, dict):
        return {public(key, known): public(item, known) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [public(item, known) for item in value]
    return value


def _public(path: str) -> str:
    parts = [part for part in re.split(r"[/\\]", path) if part and not re.fullmatch(r"~|[A-Za-z]:", part)]
    return _last(path) if len(parts) >= _FEWEST_PARTS or path[:1] == "~" else path


def _last(path: str) -> str:
    parts = [part for part in re.split(r"[/\\]", path) if part]
    return parts[-1] if parts else path


def _is_absolute(path: str) -> bool:
    return path.startswith(("/", "\\", "~")) or re.match(r"[A-Za-z]:[/\\]", path) is not None
