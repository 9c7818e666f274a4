"""Names of runs and recipes, which become names of folders."""

from __future__ import annotations

import re

from cnncli.errors import RecipeError

NAME_PATTERN = r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$"

_NAME = re.compile(NAME_PATTERN.strip("^$"))
_DEVICES = {"CON", "PRN", "AUX", "NUL"} | {f"{port}{number}" for port in ("COM", "LPT") for number in range(1, 10)}
_QUOTED_LENGTH = 40


def check_name(name: str, kind: str = "run") -> None:
    """Refuse a name that could leave its folder or that some file system does not take.

    Args:
        name: of a run or a recipe; it becomes the name of one folder.
        kind: what is named, for the message.

    Raises:
        RecipeError: the pattern is not matched, or Windows keeps the name for a device (`CON`, `nul.txt`).
    """
    if not _NAME.fullmatch(name):
        raise RecipeError(
            f"a {kind} cannot be named {_quoted(name)}",
            hint="use 1 to 64 letters (A-Z, a-z), digits, '.', '_' or '-', beginning with a letter or digit",
        )
    if name.split(".")[0].upper() in _DEVICES:
        raise RecipeError(
            f"a {kind} cannot be named {_quoted(name)}: Windows keeps that name for a device",
            hint=f"use another name, for example {kind}-{name} ({NAME_PATTERN})",
        )


def _quoted(name: str) -> str:
    if len(name) <= _QUOTED_LENGTH:
        return repr(name)
    return f"{name[:_QUOTED_LENGTH]!r}… ({len(name)} characters)"
