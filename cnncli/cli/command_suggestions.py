"""Messages and suggestions for a command line that cannot be parsed."""

from __future__ import annotations

import os
import re
import shlex
from collections.abc import Collection, Sequence
from itertools import pairwise
from typing import Any

import typer

from cnncli.messages import shortened

_RECIPE_ENDINGS = (".yaml", ".yml")


# What Typer says of a number -> what was expected.
_EXPECTED = (
    (r"Input should be a valid integer.*", "an integer"),
    (r"Input should be greater than or equal to (\d+)", "an integer ≥ {}"),
    (r"Input should be less than or equal to (\d+)", "an integer ≤ {}"),
)


def message(error: Any, arguments: Sequence[str]) -> str:
    """What is wrong with a command line.

    Args:
        error: Typer's.
        arguments: of the command line, without the program's name.
    """
    if type(error) is not typer.BadParameter or error.param is None:
        return str(error.format_message()).strip().rstrip(".")
    where, said = error.param_hint or "/".join(error.param.opts), str(error.message).rstrip(".")
    for pattern, expected in _EXPECTED:
        if found := re.fullmatch(pattern, said):
            return f"{where}: expected {expected.format(*found.groups())}{_got(error.param.opts, arguments)}"
    return f"{where}: {said[:1].lower()}{said[1:]}"


def _got(options: Sequence[str], arguments: Sequence[str]) -> str:
    """`, got x`, where an option of the command line has a value."""
    for index, argument in enumerate(arguments):
        name, equals, value = argument.partition("=")
        if name in options:
            given = value if equals else next(iter(arguments[index + 1 :]), "")
            return f", got {shortened(given)}"
    return ""


def hint(arguments: Sequence[str], commands: Collection[str]) -> str:
    """What to write instead; empty where nothing can be told.

    Args:
        arguments: of the command line, without the program's name.
        commands: the names that there are.
    """
    return _command(arguments, commands) or _setting(arguments) or _spaces(arguments)


def _command(arguments: Sequence[str], commands: Collection[str]) -> str:
    """No command, where it should stand."""
    if not arguments or arguments[0] in commands:
        return ""
    first = arguments[0]
    if later := next((word for word in arguments if word in commands), None):
        return f"the command comes first: cnncli {later} …" if first.startswith("-") else ""
    if _is_recipe(first):
        return f"train it with: cnncli train {_quoted(first)}"
    if first.endswith(".keras"):
        return f"score it with: cnncli evaluate {_quoted(first)} --data …"
    return ""


def _setting(arguments: Sequence[str]) -> str:
    """`--set train.epochs 5`."""
    for place, (option, path) in enumerate(pairwise(arguments)):
        value = next(iter(arguments[place + 2 :]), "-")
        if option == "--set" and "=" not in path and not value.startswith("-"):
            return f"write it without a space: --set {_quoted(f'{path}={value}')}"
    return ""


def _spaces(arguments: Sequence[str]) -> str:
    """A file whose name has a space."""
    for begin, _ in enumerate(arguments):
        for end in range(begin + 2, len(arguments) + 1):
            name = " ".join(arguments[begin:end])
            if os.path.exists(name):
                return f"quote a name with spaces: {_quoted(name)}"
    return ""


def _is_recipe(word: str) -> bool:
    from cnncli.recipe import shipped

    return word.endswith(_RECIPE_ENDINGS) or word in shipped.names()


def _quoted(word: str) -> str:
    return shlex.quote(shortened(word, 200))
