"""`--set a.b=value`: override values of a recipe from the command line."""

from __future__ import annotations

import re
from collections.abc import Sequence as Settings
from dataclasses import replace

from cnncli.errors import Place, Problem, RecipeError
from cnncli.recipe.language.merge import takes_the_place
from cnncli.recipe.schema import Model
from cnncli.recipe.yaml.nodes import Entry, Mapping, Node, Scalar, Sequence
from cnncli.recipe.yaml.source import parse_value
from cnncli.recipe.yaml.text import shown
from cnncli.recipe.yaml.tree import MAX_DEPTH

Parts = tuple[str, ...]

_FORM_HINT = "write it like: --set train.epochs=5"
_QUOTED_FORM_HINT = "write it like: --set 'data.source={npz: {path: digits.npz}}'"
_INDEX = re.compile(r"[0-9]{1,6}")


def apply(root: Mapping, settings: Settings[str]) -> Mapping:
    """Change the tree as the settings say, in their order.

    A part of a path names a key, or counts the items of a list from 0. A missing key is added at the end; a single
    value that stands where the path goes on gives way to a mapping, so that `data.source.npz.path=x.npz` turns
    `source: mnist` into `source: {npz: {path: x.npz}}`. So does another kind of source, and a Keras object of another name.
    `model.C1.filters` means `model.change.C1.filters`, where `model` has no key `C1`.

    Args:
        settings: `path=value` each, the value in YAML.

    Returns:
        A new tree. What was set has the place `--set path=value`, without a line.

    Raises:
        RecipeError: with the problems of all settings, in their order.
    """
    problems: list[Problem] = []
    for setting in settings:
        place = Place(f"--set {shown(setting, limit=200)}")
        try:
            root = _apply(root, setting, place)
        except RecipeError as error:
            problems += error.problems
    if problems:
        raise RecipeError(problems)
    return root


def path_of(root: Mapping, key: str, place: Place) -> Parts:
    """The path in the tree that a key means: `model.C1.filters` is `model.change.C1.filters`.

    Raises:
        RecipeError: it is no key, told at `place`.
    """
    return _through_change(root, _parts(key, place), Mapping((), place))


def _apply(root: Mapping, setting: str, place: Place) -> Mapping:
    path, equals, written = setting.partition("=")
    if not equals:
        raise _refusal(place, "no `=` and value")
    parts = _parts(path, place)
    value = _value(written, parts, place)
    return _put_in_mapping(root, _through_change(root, parts, value), value, place, at=())


def _through_change(root: Mapping, parts: Parts, value: Node) -> Parts:
    """The path with `change` in it, where it begins with a layer's name instead of a key of `model`."""
    model = root.get("model")
    if parts[0] != "model" or len(parts) < 2 or parts[1] in Model.model_fields:
        return parts
    if isinstance(model, Mapping) and model.entry(parts[1]) is not None:
        return parts
    is_single_value = isinstance(value, Scalar) and value.value is not None
    return parts if len(parts) == 2 and is_single_value else ("model", "change", *parts[1:])


def _parts(path: str, place: Place) -> Parts:
    parts = tuple(part.strip() for part in path.split("."))
    if not any(parts):
        raise _refusal(place, "nothing before the `=`")
    if not all(parts):
        raise _refusal(place, f"an empty part in `{shown(path)}`")
    if not path.isprintable():
        raise _refusal(place, f"an unprintable character in `{shown(path)}`")
    if len(parts) > MAX_DEPTH:
        raise _refusal(place, f"nested too deeply (max {MAX_DEPTH})")
    return parts


def _value(written: str, parts: Parts, place: Place) -> Node:
    if re.search(r"[\r\n]", written):
        raise _refusal(place, "a value of more than one line", _QUOTED_FORM_HINT)
    try:
        return parse_value(written, place, depth=len(parts))
    except RecipeError as error:
        problems = [_with_form(problem) for problem in error.problems]
        raise RecipeError(problems) from error


def _with_form(problem: Problem) -> Problem:
    return replace(problem, hint="\n".join(filter(None, (problem.hint, _QUOTED_FORM_HINT))))


def _refusal(place: Place, message: str, hint: str = _FORM_HINT) -> RecipeError:
    return RecipeError(Problem(message, hint, place))


# Walking down. `at` is the path so far, for messages.


def _put(node: Node | None, parts: Parts, value: Node, place: Place, *, at: Parts) -> Node:
    """The node with `value` put at the path `parts` below it."""
    if not parts:
        return value
    if isinstance(node, Sequence):
        return _put_in_list(node, parts, value, place, at=at)
    mapping = node if isinstance(node, Mapping) else Mapping((), place)
    return _put_in_mapping(mapping, parts, value, place, at=at)


def _put_in_mapping(mapping: Mapping, parts: Parts, value: Node, place: Place, *, at: Parts) -> Mapping:
    key, rest = parts[0], parts[1:]
    old = mapping.entry(key)
    below = _put(old.value if old else None, rest, value, place, at=(*at, key))
    new = Entry(key, old.key_place if old else place, below)
    if old is None and takes_the_place(key, mapping, at):
        return replace(mapping, entries=(new,))
    if old is None:
        return replace(mapping, entries=(*mapping.entries, new))
    return replace(mapping, entries=tuple(new if entry is old else entry for entry in mapping.entries))


def _put_in_list(sequence: Sequence, parts: Parts, value: Node, place: Place, *, at: Parts) -> Sequence:
    items, name = sequence.items, shown(".".join(at))
    index = _index(parts[0], sequence, name, place)
    below = _put(items[index], parts[1:], value, place, at=(*at, parts[0]))
    return replace(sequence, items=(*items[:index], below, *items[index + 1 :]))


def _index(part: str, sequence: Sequence, name: str, place: Place) -> int:
    length = len(sequence.items)
    is_index = _INDEX.fullmatch(part) is not None
    if is_index and int(part) < length:
        return int(part)
    has = f"`{name}` has {length} item{'' if length == 1 else 's'}"
    message = f"{has}, and no item {int(part)}" if is_index else f"{has}, and `{shown(part)}` is not the number of one"
    raise _refusal(place, message, _items_hint(sequence, name))


def _items_hint(sequence: Sequence, name: str) -> str:
    """How to name an item, with what stands in the first and the last."""
    last = len(sequence.items) - 1
    if last < 0:
        return f"set the list as a whole: --set '{name}=[…]'"
    ends = [f"{name}.{index} is {_item(sequence.items[index])}" for index in dict.fromkeys((0, last))]
    return f"counted from 0: {', '.join(ends)}"


def _item(node: Node) -> str:
    if isinstance(node, Mapping):
        return f"`{shown(next(node.keys(), '{}'))}`"
    return f"`{shown(str(node.value))}`" if isinstance(node, Scalar) else "a list"
