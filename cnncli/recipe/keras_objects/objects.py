"""Keras objects in a recipe: `- Name: {args}` is `Name(**args)`, checked against the catalogue."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from typing import Any

from cnncli.messages import described, did_you_mean, listed, nearest, shortened
from cnncli.recipe.deferred import Broken, Deferred, Unknown
from cnncli.recipe.keras_objects import catalogue, foreign_layers, structure_entries
from cnncli.recipe.keras_objects.arguments import (
    LEARNED,
    REQUIRED,
    limit_of,
    may_be_null,
    takes_epochs,
    takes_list_of_one,
    takes_mapping,
    takes_only_list,
    wanted_of,
)
from cnncli.recipe.keras_objects.catalogue import Argument, Entry
from cnncli.recipe.keras_objects.foreign_names import FOREIGN_ARGUMENTS, FOREIGN_NAMES, name_hint, suggestion
from cnncli.recipe.keras_objects.integer_values import (
    NESTING,
    as_integers,
    is_integer,
    is_one_integer,
    nesting_problem,
    numbers,
    wrong_integer,
)
from cnncli.recipe.yaml.nodes import Path

# What a kind's members are called in a message.
NOUNS = {
    "layers": "layer",
    "optimizers": "optimizer",
    "schedules": "learning-rate schedule",
    "losses": "loss",
    "metrics": "metric",
    "callbacks": "callback",
    "initializers": "initializer",
    "regularizers": "regularizer",
    "constraints": "constraint",
    "applications": "application",
    "activations": "activation",
}


# The kinds that take `from`; it is no argument.
_FROM = ("layers", "applications", structure_entries.KIND)
_MOST_FAULTS = 20  # of one object
_DECIMAL_COMMA = re.compile(r"([-+]?\d+),(\d+)")
_COMPUTATION = re.compile(r"[\d.\s]+([-+*/]{1,2}[\d.\s]+)+")
_EPOCHS = re.compile(r"^(\d+(?:\.\d+)?)\s*epochs?$")


@dataclass(frozen=True, slots=True)
class KerasObject:
    """A Keras layer, optimizer, loss, … as a recipe names it.

    Attributes:
        kind: where to look it up: `layers`, `optimizers`, …; for a layer also `applications`, or `structure`.
        name: its name in Keras: a class (`Conv2D`), a function (`VGG16`) or a text identifier (`adam`).
        args: its arguments by name, as written; values that are Keras objects are `KerasObject` too.
        inputs: for a layer, the names in `from`; empty when it takes the layer before it.
        shares: for a layer, the name in `is`: it is that layer once more, with the same weights; empty otherwise.
    """

    kind: str
    name: str
    args: dict[str, Any] = field(default_factory=dict)
    inputs: tuple[str, ...] = ()
    shares: str = ""

    @property
    def entry(self) -> Entry:
        if self.kind == structure_entries.KIND:
            return structure_entries.ENTRIES[str.__str__(self.name)]
        entry = catalogue.find(self.kind, str.__str__(self.name))
        assert entry is not None, self.name
        return entry

    @property
    def is_identifier(self) -> bool:
        return self.entry.identifier

    def as_data(self) -> Any:
        """The item as YAML would hold it; it reads back equal."""
        args = {key: as_data(value) for key, value in self.args.items()}
        if self.inputs:
            args["from"] = self.inputs[0] if len(self.inputs) == 1 else list(self.inputs)
        if self.shares:
            args["is"] = self.shares
        return {self.name: args} if args else self.name


def as_data(value: Any) -> Any:
    """A value of an argument as plain data."""
    if isinstance(value, KerasObject):
        return value.as_data()
    if isinstance(value, (list, tuple)):
        return [as_data(item) for item in value]
    if isinstance(value, dict):
        return {key: as_data(item) for key, item in value.items()}
    return value


@dataclass(frozen=True, slots=True)
class Fault:
    """A mistake inside an item: where, counted from the item, and what.

    Attributes:
        path: from the item down to the mistake.
        on_key: it is the key at the end of `path` that is wrong, not its value.
    """

    path: Path
    message: str
    hint: str = ""
    on_key: bool = False


def read(
    value: Any, kind: str, *, steps_per_epoch: int | None = None, learns: bool = False
) -> tuple[KerasObject | None, list[Fault]]:
    """Read one item.

    Args:
        value: plain data: `Flatten`, `{Dense: 10}`, `{Conv2D: {filters: 3}}`.
        kind: which namespace its place in the recipe decides.
        steps_per_epoch: turns `5 epochs` into steps; while it is None such a text is left as an `Unknown` number.
        learns: the layer may leave out what it learns from the training examples.

    Returns:
        The object, or None when it cannot be used, and everything that is wrong with it.
    """
    noun = NOUNS[kind]
    path: Path = ()
    if isinstance(value, Broken):
        return None, []
    if isinstance(value, str):
        name, given = value, None
    elif isinstance(value, dict) and len(value) == 1:
        [(name, given)] = value.items()
        path = (name,)
    elif isinstance(value, dict) and value:
        first, *others = value
        hint = name_hint(value, kind) or f"write `{first}: {{{others[0]}: …}}`, or indent the arguments below `{first}`"
        return None, [Fault((others[0],), f"one {noun} an item, got {listed(value)}", hint, on_key=True)]
    else:
        return None, [Fault((), f"expected {article(noun)}, got {described(value)}")]
    # The catalogue keeps what it was asked for: a text that only stands in must not get there.
    entry, fault = _find(str.__str__(name), kind, path)
    if entry is None:
        return None, [*([fault] if fault else []), *_argument_faults(str.__str__(name), kind, path, given)]
    found, faults = _Reader(entry, path, steps_per_epoch, learns).read(given)
    return (replace(found, name=name) if found and isinstance(name, Deferred) else found), faults


def _argument_faults(name: str, kind: str, path: Path, given: Any) -> list[Fault]:
    """What is wrong with the arguments of `Conv2d`, which can only be `Conv2D`: all mistakes are reported at once."""
    meant = next((each for each in catalogue.names_in_places(kind) if each.lower() == name.lower()), None)
    entry = catalogue.find_in_places(kind, meant) if meant and meant != name else None
    if entry is None or entry.refused or given is None:
        return []
    return _Reader(entry, path, None).read(given)[1]


def _find(name: str, kind: str, path: Path) -> tuple[Entry | None, Fault | None]:
    """The entry that a name means; a layer may be an application."""
    noun, on_key = NOUNS[kind], bool(path)
    if kind == "layers" and name in structure_entries.ENTRIES:
        return structure_entries.ENTRIES[name], None
    entry = catalogue.find_in_places(kind, name)
    if entry and entry.refused:
        return None, Fault(path, f"{noun} `{name}` cannot be used in a recipe: {entry.refused}", on_key=on_key)
    if entry:
        return entry, None
    options = catalogue.names_in_places(kind)
    hint = (foreign_layers.hint(name) if kind == "layers" else "") or suggestion(name, options)
    called = re.match(r"\s*(?:[\w.]+\.)?(\w+)\s*\(", name)
    meant = FOREIGN_NAMES.get(called[1]) or nearest(called[1], options) if called else None
    if meant in options:
        hint = f"write `{meant}: {{argument: value}}`; a recipe holds no code"
        if re.fullmatch(r"\s*\w+\s*\(\s*\)\s*", name):
            hint = f"write `{meant}`, without brackets"
    if not hint:
        hint = (
            f"`cnncli layers --kind {kind}` lists what there is" if kind != "layers" else "`cnncli layers` lists them"
        )
    return None, Fault(path, f"unknown {noun} `{shortened(name)}`", hint, on_key=on_key)


class _Reader:
    """Reads the arguments of one object and collects what is wrong with them."""

    def __init__(self, entry: Entry, path: Path, steps_per_epoch: int | None, learns: bool = False) -> None:
        self.entry = entry
        self.path = path
        self.steps_per_epoch = steps_per_epoch
        self.learns = learns
        self.arguments = entry.arguments or {}
        self.faults: list[Fault] = []

    def read(self, given: Any) -> tuple[KerasObject | None, list[Fault]]:
        args, inputs, prefix = self._by_name(given)
        values: dict[str, Any] = {}
        for name, value in args.items():
            if len(self.faults) >= _MOST_FAULTS:
                break
            argument = self.arguments.get(name)
            where = (*self.path, name) if prefix else self.path
            if argument is None:
                self._unknown(name, where)
            else:
                values[name] = self._value(argument, value, where)
        # A required argument under a near name (`kernal_size`) is one mistake, not two.
        misspelt = {nearest(name, self.arguments) for name in args if name not in self.arguments}
        misspelt |= {FOREIGN_ARGUMENTS.get(name) for name in args}
        misspelt |= {first.name for first in list(self.arguments.values())[:1] if any(_is_for(first, n) for n in args)}
        missing = [
            a.name for a in self.arguments.values() if a.required and a.name not in args and a.name not in misspelt
        ]
        wanted, why = REQUIRED.get(self.entry.canonical, ((), ""))
        more = [name for name in wanted if args.get(name) is None and name not in misspelt]
        if self.learns and more == [*LEARNED.get(self.entry.canonical, ())]:
            more = []
        if missing or more:
            needs = " and ".join(f"`{name}`" for name in [*missing, *more])
            hint = why if more else ""
            self.faults.append(Fault(self.path, f"{self.entry.name} needs {needs}", hint, on_key=bool(self.path)))
        if self.faults:
            return None, self.faults
        return KerasObject(self.entry.kind, self.entry.name, values, inputs, self._shares(given)), self.faults

    def _by_name(self, given: Any) -> tuple[dict[str, Any], tuple[str, ...], bool]:
        """The arguments by name; a bare value is the first positional one."""
        if given is None:
            return {}, (), True
        if self.entry.identifier:
            hint = f"`{self.entry.name}` is a text identifier; with arguments write the class by its own name"
            self.faults.append(Fault(self.path, f"`{self.entry.name}` takes no arguments", hint, on_key=True))
            return {}, (), True
        if isinstance(given, dict):
            if self.entry.kind not in _FROM:
                return given, (), True
            inputs = self._inputs(given["from"]) if "from" in given else ()
            return {key: value for key, value in given.items() if key not in ("from", "is")}, inputs, True
        first = next(iter(self.arguments), None)
        if first is None:
            self.faults.append(Fault(self.path, f"{self.entry.name} has no arguments, got {described(given)}"))
            return {}, (), True
        return {first: given}, (), False

    def _inputs(self, value: Any) -> tuple[str, ...]:
        names = [value] if isinstance(value, str) else value
        if isinstance(names, list) and names and all(isinstance(name, str) for name in names):
            return tuple(names)
        if isinstance(value, Broken) or (isinstance(value, list) and any(isinstance(name, Broken) for name in value)):
            return ()
        self.faults.append(
            Fault((*self.path, "from"), f"expected the name of a layer, or a list of names, got {described(value)}")
        )
        return ()

    def _shares(self, given: Any) -> str:
        """The name in `is`; the recipe's language has checked it."""
        name = given.get("is") if isinstance(given, dict) and self.entry.kind in _FROM else None
        return name if isinstance(name, str) else ""

    def _unknown(self, name: str, where: Path) -> None:
        meant = FOREIGN_ARGUMENTS.get(name)
        hint = f"did you mean `{meant}`?" if meant in self.arguments else did_you_mean(name, self.arguments)
        first = next(iter(self.arguments.values()), None)
        if first and _is_for(first, name):
            hint = f"write `{self.entry.name}: {{{first.name}: {{{name}: …}}}}`; a mapping holds arguments by name"
        if not hint:
            hint = f"its arguments: {listed(self.arguments, most=40)}"
        self.faults.append(Fault(where, f"{self.entry.name} has no argument `{shortened(name)}`", hint, on_key=True))

    def _value(self, argument: Argument, value: Any, where: Path) -> Any:
        if isinstance(value, Broken):
            return value
        if value is None:
            if not may_be_null(argument):
                self._expected(argument, value, where)
            return None
        if argument.kind:
            return self._nested(argument, value, where)
        if (isinstance(value, dict) and not takes_mapping(argument)) or (
            isinstance(value, str) and takes_only_list(argument)
        ):
            self._expected(argument, value, where)
            return value
        if argument.type in ("integer", "integers") or (self.entry.canonical, argument.name) in NESTING:
            value = as_integers(value)
        if argument.type in ("integer", "number") and isinstance(value, str) and (epochs := _EPOCHS.match(value)):
            return self._epochs(argument, float(epochs.group(1)), value, where)
        if (wrong := wrong_integer(argument, value)) is not None:
            message = f"{self._label(argument)}: an integer is at most {wrong[1]:,}, got {described(wrong[0])}"
            self.faults.append(Fault(where, message))
        elif nesting := nesting_problem(self.entry, argument, value):
            self.faults.append(Fault(where, f"{self._label(argument)}: {nesting[0]}", nesting[1]))
        elif argument.type:
            self._check_type(argument, value, where)
        elif argument.choices and isinstance(value, str) and not {value, value.lower()} & set(argument.choices):
            hint, choices = did_you_mean(value, argument.choices), f"one of: {', '.join(argument.choices)}"
            message = f"{self._label(argument)}: unknown choice `{shortened(value)}`"
            self.faults.append(
                Fault(where, message, f"{hint} ({choices})" if nearest(value, argument.choices) else choices)
            )
        return value

    def _label(self, argument: Argument) -> str:
        return f"{self.entry.name}: `{argument.name}`"

    def _nested(self, argument: Argument, value: Any, where: Path) -> Any:
        """An argument that takes a Keras object of its own."""
        if argument.kind == "schedules" and not isinstance(value, dict):
            number = Argument(argument.name, argument.default, type="number")
            self._check_type(number, value, where)
            return value
        if argument.kind == "layers" and isinstance(value, list):
            return [self._nested(argument, item, (*where, index)) for index, item in enumerate(value)]
        nested, faults = read(value, argument.kind, steps_per_epoch=self.steps_per_epoch)
        if nested and (problem := _not_within(nested)):
            faults = [
                Fault((nested.name,) if isinstance(value, dict) else (), *problem, on_key=isinstance(value, dict))
            ]
        self.faults += [Fault((*where, *fault.path), fault.message, fault.hint, fault.on_key) for fault in faults]
        return nested

    def _epochs(self, argument: Argument, epochs: float, value: str, where: Path) -> Any:
        """`5 epochs` as a number of steps."""
        if not takes_epochs(argument):
            self._expected(argument, value, where)
            return value
        if self.steps_per_epoch is None:
            return Unknown(1, expression="", written=value)
        return round(epochs * self.steps_per_epoch)

    def _check_type(self, argument: Argument, value: Any, where: Path) -> None:
        found = list(numbers(value))
        limit = limit_of(self.entry, argument)
        fits = {
            "boolean": isinstance(value, bool),
            "integer": is_integer(value) or (takes_list_of_one(argument) and is_one_integer(value)),
            "integers": bool(found) and all(map(is_integer, found)),
            "number": bool(found) and all(isinstance(n, (int, float)) and not isinstance(n, bool) for n in found),
        }[argument.type]
        if not fits or (limit and not all(isinstance(n, Deferred) or limit.holds(n) for n in found)):
            self._expected(argument, value, where)

    def _expected(self, argument: Argument, value: Any, where: Path) -> None:
        wanted = wanted_of(self.entry, argument)
        hint = ""
        if isinstance(value, str) and (decimal := _DECIMAL_COMMA.fullmatch(value)):
            hint = f"a decimal number has a point: {decimal[1]}.{decimal[2]}"
        if isinstance(value, str) and _COMPUTATION.fullmatch(value):
            hint = f"write `$({value.strip()})`: computed values are written as `$(…)`"
        self.faults.append(Fault(where, f"{self._label(argument)}: expected {wanted}, got {described(value)}", hint))


def _is_for(argument: Argument, name: str) -> bool:
    """Whether a name is that of an object which an argument takes, as in `TimeDistributed: {Dense: 10}`."""
    return bool(argument.kind) and name[:1].isupper() and catalogue.find(argument.kind, name) is not None


def _not_within(item: KerasObject) -> tuple[str, str] | None:
    """Why an item cannot be an argument of another: a message and a hint."""
    if item.inputs:
        return (
            f"{item.name} is an argument of another layer, so it cannot have `from`",
            "write `from` in the outer layer",
        )
    if item.shares:
        return f"{item.name} is an argument of another layer, so it cannot have `is`", "write `is` in the outer layer"
    if item.kind in ("applications", structure_entries.KIND):
        return f"{item.name} cannot be an argument of another layer", "make it an item of `layers`"
    return None


def article(noun: str) -> str:
    return f"an {noun}" if noun[0] in "aeiou" else f"a {noun}"
