"""Find repetition in a flat list of layers: consecutive runs that are equal, or differ in numbers only."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from cnncli.conversion.likeness import Likeness
from cnncli.conversion.parallel_paths import START, Paths
from cnncli.conversion.recipe_item import Item, name_parts
from cnncli.recipe.keras_objects import catalogue
from cnncli.recipe.language.flat_layers import HERE, INPUT

_LONGEST = 100  # layers of a round
_LEAST_SAVED = 3  # layers
_MOST_VARIABLES = 4
_INDEX = "i"


@dataclass
class Round:
    """What a `repeat` says.

    Attributes:
        times: how often.
        over: the numbers that differ, by name.
        items: the layers of a round, as a recipe has them, with variables.
    """

    times: int
    over: dict[str, list[Any]] = field(default_factory=dict)
    items: list[Any] = field(default_factory=list)

    def written(self) -> Any:
        """The item of a recipe."""
        rounds: dict[str, Any] = {"over": self.over} if self.over else {"times": self.times}
        uses_index = re.search(rf"\$\((\d+ \* )?{_INDEX}\b", repr(self.items))
        index = {"as": _INDEX} if uses_index else {}
        return {"repeat": {**rounds, **index, "layers": self.items}}


def written(items: Sequence[Item], *, with_repeats: bool = True) -> list[Any]:
    """A flat list of layers as a recipe has it.

    Args:
        items: in order.
        with_repeats: write runs that repeat as `repeat`.
    """
    found: list[Any] = []
    at = 0
    places = {item.name: place for place, item in enumerate(items)}
    chosen = _chosen(items) if with_repeats else {}
    while at < len(items):
        if at in chosen:
            length, times = chosen[at]
            repeated = _round(items, places, at, length, times)
            assert repeated is not None
            found.append(repeated.written())
            at += length * times
        else:
            found.append(_item(items, at, _inputs(items, at)))
            at += 1
    return found


def as_item(kind: str, args: dict[str, Any], first: str = "") -> Any:
    """An item of a recipe in its shortest form.

    Args:
        first: the argument that a bare value means.
    """
    if not args:
        return kind
    if list(args) == [first] and not isinstance(args[first], (dict, list)):
        return {kind: args[first]}
    return {kind: args}


def _item(items: Sequence[Item], at: int, inputs: list[str], args: dict[str, Any] | None = None, name: str = "") -> Any:
    item = items[at]
    written_name = name or ("" if item.is_counted else escaped(item.name))
    source = {"from": inputs[0] if len(inputs) == 1 else inputs} if inputs else {}
    own = {"is": escaped(item.shares)} if item.shares else item.args if args is None else args
    all_args = {**({"name": written_name} if written_name else {}), **own, **source}
    return as_item(item.kind, all_args, _first(item.kind))


def _first(kind: str) -> str:
    entry = catalogue.find("layers", kind)
    return next(iter(entry.arguments or {}), "") if entry else ""


def escaped(text: str) -> str:
    """A text in which a dollar sign is a dollar sign."""
    return text.replace("$", "$$")


def _inputs(items: Sequence[Item], at: int) -> list[str]:
    """What `from` says; empty where a layer takes the one before it."""
    before = items[at - 1].name if at else INPUT
    return [] if items[at].inputs == (before,) else [escaped(name) for name in items[at].inputs]


def _chosen(items: Sequence[Item]) -> dict[int, tuple[int, int]]:
    """Where repetition begins -> the layers of a round and the number of rounds; together they save the most lines."""
    best: list[tuple[int, tuple[int, int] | None]] = [(0, None)] * (len(items) + 1)
    likeness = Likeness(items)
    for at in range(len(items) - 1, -1, -1):
        best[at] = (best[at + 1][0], None)
        for length, times, variables in _candidates(items, likeness, at):
            # A variable costs as much as two layers: rounds that are equal are read more easily.
            saved = length * (times - 1) - 1 - 2 * variables
            if saved + 1 >= _LEAST_SAVED and saved + best[at + length * times][0] > best[at][0]:
                best[at] = (saved + best[at + length * times][0], (length, times))
    found = {}
    at = 0
    while at < len(items):
        choice = best[at][1]
        if choice:
            found[at] = choice
        at += choice[0] * choice[1] if choice else 1
    return found


def _candidates(items: Sequence[Item], likeness: Likeness, at: int) -> Iterator[tuple[int, int, int]]:
    """The longest repetition for each length of a round, with the number of its variables."""
    covered: list[int] = []  # lengths of equal rounds: a multiple of one saves less
    for length in range(1, min(_LONGEST, (len(items) - at) // 2) + 1):
        times, equal = likeness.rounds(at, length)
        if times < 2 or any(length % known == 0 for known in covered):
            continue
        if equal > 1 and _round(items, likeness.places, at, length, 2) is not None:
            covered.append(length)
            yield length, equal, 0
            if times == equal:
                continue
        while times > 1:
            if (found := _round(items, likeness.places, at, length, times)) is not None:
                yield length, times, len(found.over)
                break
            times -= 1


def _round(items: Sequence[Item], known: Mapping[str, int], begin: int, length: int, times: int) -> Round | None:
    """The `repeat` of some rounds; None where they differ in more than numbers.

    Args:
        known: the place of each item by its name.
    """
    found = Round(times)
    arguments: list[dict[str, Any]] = []
    names: list[str] = []
    taken: list[_Taken] = []
    for index in range(length):
        places = [begin + turn * length + index for turn in range(times)]
        name = "" if items[places[0]].is_counted else _name([items[place].name for place in places], found)
        if name is None:
            return None
        args = {}
        for key in items[places[0]].args:
            values = [items[place].args[key] for place in places]
            args[key] = values[0] if all(value == values[0] for value in values) else _variable(found, key, values)
        sources = _sources(items, known, places, begin, length, found)
        if sources is None or len(found.over) > _MOST_VARIABLES:
            return None
        arguments.append(args)
        names.append(name)
        taken.append(sources)

    def item(index: int, sources: list[str]) -> Any:
        return _item(items, begin + index, sources, arguments[index], names[index])

    if all(sources.texts is not None for sources in taken):
        found.items = [item(index, sources.texts or []) for index, sources in enumerate(taken)]
        return found
    # Names that are counted cannot be named in every round, but paths need no names.
    if any(sources.places is None for sources in taken):
        return None
    paths = Paths(
        [item.kind for item in items[begin : begin + length]],
        [sources.places or () for sources in taken],
        lambda index: item(index, []),
    )
    structured = paths.structured()
    if structured is None:
        return None
    found.items = structured
    return found


def _variable(found: Round, key: str, values: list[Any]) -> str:
    """The variable of `over` with these values."""
    name, number = key, 2
    while name in found.over and found.over[name] != values:
        name, number = f"{key}_{number}", number + 1
    found.over[name] = values
    return f"${name}"


def _name(names: list[str], found: Round) -> str | None:
    """Names that differ in what counts as one, with the number of the round or a letter of `over`; None where there is none."""
    texts, _ = name_parts(names[0])
    rows = [name_parts(name)[1] for name in names]
    if any(name_parts(name)[0] != texts for name in names) or any(len(row) != len(rows[0]) for row in rows):
        return None
    pieces = [escaped(texts[0])]
    is_told_apart = False
    for index, text in enumerate(texts[1:]):
        column = [row[index] for row in rows]
        numbers = [ord(value) if isinstance(value, str) else value for value in column]
        step = numbers[1] - numbers[0]
        if any(value != numbers[0] + turn * step for turn, value in enumerate(numbers)):
            return None
        if len({type(value) for value in column}) > 1:
            return None
        is_told_apart |= step != 0
        if not isinstance(column[0], str):
            pieces += [_number(numbers[0], step), escaped(text)]
        else:
            letter = f"$({_variable(found, 'letter', column).removeprefix('$')})" if step else column[0]
            pieces += [letter, escaped(text)]
    return "".join(pieces) if is_told_apart else None


def _number(first: int, step: int) -> str:
    if step == 0:
        return str(first)
    product = _INDEX if step == 1 else f"{step} * {_INDEX}"
    if first == 0:
        return f"$({product})"
    return f"$({product} {'+' if first > 0 else '-'} {abs(first)})"


class _Taken(NamedTuple):
    """What a layer of a round takes.

    Attributes:
        texts: as `from` says it in every round; empty for the layer before. None where `from` cannot say it.
        places: as places in the round, `START` for what comes in; None where it is none of these.
    """

    texts: list[str] | None
    places: tuple[int, ...] | None


def _sources(
    items: Sequence[Item], known: Mapping[str, int], places: list[int], begin: int, length: int, rounds: Round
) -> _Taken | None:
    """What a layer takes in every round; None where that differs."""
    if all(not _inputs(items, place) for place in places):
        return _Taken([], (places[0] - begin - 1,))
    texts: list[str] | None = []
    inside: list[int] | None = []
    for position in range(len(items[places[0]].inputs)):
        found = set()
        for turn, place in enumerate(places):
            name = items[place].inputs[position]
            index = known.get(name, -1)
            start = begin + turn * length
            found.add(index - start if start - 1 <= index < place else escaped(name))
        if len(found) > 1:
            return None
        source = found.pop()
        if isinstance(source, str):
            inside = None
        elif inside is not None:
            inside.append(source)
        text = source if isinstance(source, str) else HERE
        if isinstance(source, int) and source != START:
            same = [items[begin + turn * length + source] for turn in range(len(places))]
            named = None if same[0].is_counted else _name([item.name for item in same], rounds)
            texts = None if named is None else texts
            text = named or ""
        if texts is not None:
            texts.append(text)
    return _Taken(texts, None if inside is None else tuple(inside))
