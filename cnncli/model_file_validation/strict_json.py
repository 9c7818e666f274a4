"""Parse JSON of a model file strictly: finite numbers, no duplicate keys, bounded nesting."""

from __future__ import annotations

import json
import math
from typing import Any

from cnncli.errors import ModelFileError
from cnncli.messages import shortened
from cnncli.model_file_validation.refusal import damaged, refused

_DEEPEST = 100  # levels; ten networks within each other have 60
_LONGEST_NUMBER = 20  # digits


def parse(content: bytes, shown: str, *, member: str) -> Any:
    """Parse a member of a model file.

    Args:
        content: JSON in UTF-8.
        shown: the file's name in messages.
        member: the member's name in messages.

    Raises:
        ModelFileError: it is not JSON, is nested too deeply, repeats a key, or holds NaN, infinity or a huge number.
    """
    try:
        value = json.loads(
            content.decode(),
            parse_constant=_refuse,
            parse_float=_finite,
            parse_int=_short,
            object_pairs_hook=_with_distinct_keys,
        )
    except RecursionError as error:
        raise _too_deep(shown, member) from error
    except _NoNumber as error:
        raise refused(shown, f"the number {shortened(str(error), 30)}, which no network has") from error
    except _RepeatedKey as error:
        raise damaged(shown, f"its {member} has the key `{shortened(str(error), 30)}` twice") from error
    except ValueError as error:
        raise damaged(shown, f"its {member} is not JSON") from error
    _check_depth(value, shown, member)
    return value


class _NoNumber(ValueError):
    """A number that JSON does not know, or that is out of all proportion."""


class _RepeatedKey(ValueError):
    """A key that stands twice in one object."""


def _refuse(text: str) -> float:
    raise _NoNumber(text)


def _finite(text: str) -> float:
    number = float(text)
    return number if math.isfinite(number) else _refuse(text)


def _short(text: str) -> int:
    return int(text) if len(text) <= _LONGEST_NUMBER else int(_refuse(text))


def _with_distinct_keys(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in pairs:
        if key in found:
            raise _RepeatedKey(key)
        found[key] = value
    return found


def _check_depth(value: Any, shown: str, member: str) -> None:
    waiting = [(value, 1)]
    while waiting:
        item, depth = waiting.pop()
        if depth > _DEEPEST:
            raise _too_deep(shown, member)
        if isinstance(item, dict | list):
            inner = item.values() if isinstance(item, dict) else item
            waiting += [(each, depth + 1) for each in inner if isinstance(each, dict | list)]


def _too_deep(shown: str, member: str) -> ModelFileError:
    return damaged(shown, f"its {member} is nested more than {_DEEPEST} levels deep")
