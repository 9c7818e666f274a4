"""Definitions that several Keras objects share, so that the schema stays small."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

from cnncli.recipe.json_schema.schema_parts import ANNOTATIONS, Schema, line, ref

_SHORTEST_SHARED = 60  # characters of JSON; a reference takes about as many


def share(definitions: Schema) -> None:
    """Give what is the same in several classes one definition, to which they refer: arguments, then values alone."""
    taken: Counter[str] = Counter()
    tables = [definition["properties"] for name, definition in definitions.items() if "." in name]
    arguments = _shared(tables, lambda argument: argument, taken)
    values = _shared([arguments, *tables], _without_annotations, taken)
    definitions |= arguments | values


def _without_annotations(argument: Schema) -> Schema:
    """What an argument may be, without what is said about it."""
    return {key: value for key, value in argument.items() if key not in ANNOTATIONS}


def _shared(tables: list[dict[str, Schema]], part: Callable[[Schema], Schema], taken: Counter[str]) -> Schema:
    """Put references where a part of an argument comes again.

    Returns:
        What they refer to, by names that are counted in `taken`: `filters.1`, `filters.2`, ….
    """
    counts = Counter(line(part(argument)) for table in tables for argument in table.values())
    names: dict[str, str] = {}
    shared: Schema = {}
    for table in tables:
        for key, argument in table.items():
            text = line(part(argument))
            if counts[text] < 2 or len(text) < _SHORTEST_SHARED:
                continue
            if text not in names:
                base = key.split(".")[0]
                taken[base] += 1
                names[text] = f"{base}.{taken[base]}"
                shared[names[text]] = part(argument)
            table[key] = {**ref(names[text]), **{k: v for k, v in argument.items() if k not in part(argument)}}
    return shared
