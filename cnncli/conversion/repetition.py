"""Find repetition in a flat list of layers: consecutive runs that are equal, or differ in numbers only."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from cnncli.recipe.keras_objects import catalogue
from cnncli.recipe.language.flat_layers import HERE, INPUT

_LONGEST = 24  # layers of a round
_LEAST_SAVED = 3  # layers
_MOST_VARIABLES = 4
_INDEX = "i"
_COUNTER = re.compile(r"(0|[1-9][0-9]*|(?<=[0-9])[a-z](?=_|$))")  # 1 and a of block1a_bn


@dataclass(frozen=True)
class Item:
    """A layer of a recipe.

    Attributes:
        kind: its class.
        args: its arguments, without its name.
        name: in the flat list.
        is_counted: the name is what a recipe counts anyway.
        inputs: the layers that it takes.
        shares: the name of the layer that it calls once more; empty where it has weights of its own.
    """

    kind: str
    args: dict[str, Any]
    name: str
    is_counted: bool
    inputs: tuple[str, ...]
    shares: str = ""


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
    chosen = _chosen(items) if with_repeats else {}
    while at < len(items):
        if at in chosen:
            length, times = chosen[at]
            repeated = _round(items, at, length, times)
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
    for at in range(len(items) - 1, -1, -1):
        best[at] = (best[at + 1][0], None)
        for length, times in _candidates(items, at):
            repeated = _round(items, at, length, times)
            # A variable costs as much as two layers: rounds that are equal are read more easily.
            saved = length * (times - 1) - 1 - 2 * len(repeated.over if repeated else ())
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


def _candidates(items: Sequence[Item], at: int) -> Iterator[tuple[int, int]]:
    """The longest repetition for each length of a round."""
    for length in range(1, min(_LONGEST, (len(items) - at) // 2) + 1):
        times = 1
        while at + length * (times + 1) <= len(items) and all(
            _are_alike(items[at + index], items[at + length * times + index]) for index in range(length)
        ):
            times += 1
        while times > 1 and _round(items, at, length, times) is None:
            times -= 1
        if times > 1:
            yield length, times


def _are_alike(one: Item, other: Item) -> bool:
    if one.kind != other.kind or one.args.keys() != other.args.keys() or len(one.inputs) != len(other.inputs):
        return False
    if one.is_counted != other.is_counted or one.shares or other.shares:
        return False
    if not one.is_counted and _parts(one.name)[0] != _parts(other.name)[0]:
        return False
    return all(
        value == other.args[key] or (_is_number(value) and _is_number(other.args[key]))
        for key, value in one.args.items()
    )


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _parts(name: str) -> tuple[tuple[str, ...], list[int | str]]:
    """The texts of a name, and what counts between them: numbers, and letters after a number."""
    pieces = _COUNTER.split(name)
    return tuple(pieces[::2]), [int(piece) if piece.isdecimal() else piece for piece in pieces[1::2]]


def _round(items: Sequence[Item], begin: int, length: int, times: int) -> Round | None:
    """The `repeat` of some rounds; None where they differ in more than numbers."""
    found = Round(times)
    for index in range(length):
        places = [begin + turn * length + index for turn in range(times)]
        name = "" if items[places[0]].is_counted else _name([items[place].name for place in places], found)
        if name is None:
            return None
        args = {}
        for key in items[places[0]].args:
            values = [items[place].args[key] for place in places]
            args[key] = values[0] if all(value == values[0] for value in values) else _variable(found, key, values)
        inputs = _sources(items, places, begin, length, found)
        if inputs is None or len(found.over) > _MOST_VARIABLES:
            return None
        found.items.append(_item(items, places[0], inputs, args, name))
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
    texts, _ = _parts(names[0])
    rows = [_parts(name)[1] for name in names]
    if any(_parts(name)[0] != texts for name in names) or any(len(row) != len(rows[0]) for row in rows):
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


def _sources(items: Sequence[Item], places: list[int], begin: int, length: int, rounds: Round) -> list[str] | None:
    """What `from` says in every round; None where it cannot be the same."""
    if all(not _inputs(items, place) for place in places):
        return []
    found = []
    indexes = {item.name: index for index, item in enumerate(items)}
    for position in range(len(items[places[0]].inputs)):
        texts = set()
        for turn, place in enumerate(places):
            name = items[place].inputs[position]
            index = indexes.get(name, -1)
            start = begin + turn * length
            if index == start - 1:
                texts.add(HERE)
            elif start <= index < place:
                same = [items[begin + each * length + index - start] for each in range(len(places))]
                text = None if same[0].is_counted else _name([item.name for item in same], rounds)
                if text is None:
                    return None
                texts.add(text)
            else:
                texts.add(escaped(name))
        if len(texts) > 1:
            return None
        found.append(texts.pop())
    return found
