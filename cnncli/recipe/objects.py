"""`- Name: {args}` is `Name(**args)` of Keras: reads such an item and checks it against the catalogue."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from cnncli.recipe import catalogue
from cnncli.recipe.catalogue import Argument, Entry
from cnncli.recipe.nodes import Path
from cnncli.wording import described, did_you_mean, listed, nearest, shortened

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
# Names that people bring from elsewhere and that spelling alone would not lead to Keras' own.
_FOREIGN_NAMES = {
    "Linear": "Dense",
    "FullyConnected": "Dense",
    "BatchNorm": "BatchNormalization",
    "BatchNorm1d": "BatchNormalization",
    "BatchNorm2d": "BatchNormalization",
    "BatchNorm3d": "BatchNormalization",
    "LayerNorm": "LayerNormalization",
    "GroupNorm": "GroupNormalization",
    "MaxPool1d": "MaxPooling1D",
    "MaxPool2d": "MaxPooling2D",
    "MaxPool3d": "MaxPooling3D",
    "AvgPool2d": "AveragePooling2D",
    "AdaptiveAvgPool2d": "GlobalAveragePooling2D",
    "ConvTranspose2d": "Conv2DTranspose",
    "Upsample": "UpSampling2D",
    "Concat": "Concatenate",
    "BCELoss": "BinaryCrossentropy",
    "BCEWithLogitsLoss": "BinaryCrossentropy",
    "CrossEntropyLoss": "SparseCategoricalCrossentropy",
    "cross_entropy": "sparse_categorical_crossentropy",
    "MSELoss": "MeanSquaredError",
    "CosineAnnealingLR": "CosineDecay",
}
_FOREIGN_ARGUMENTS = {
    "lr": "learning_rate",
    "nb_filter": "filters",
    "out_channels": "filters",
    "channels": "filters",
    "border_mode": "padding",
    "subsample": "strides",
    "stride": "strides",
    "dilation": "dilation_rate",
    "bias": "use_bias",
    "out_features": "units",
    "output_dim": "units",
    "p": "rate",
    "init": "kernel_initializer",
    "W_regularizer": "kernel_regularizer",
    "eps": "epsilon",
    "decay": "weight_decay",
}


@dataclass(frozen=True, slots=True)
class Limit:
    """The numbers that an argument may take, and how a message says so."""

    low: float = -math.inf
    high: float = math.inf
    low_excluded: bool = False
    high_excluded: bool = False

    def holds(self, value: float) -> bool:
        above = value > self.low if self.low_excluded else value >= self.low
        below = value < self.high if self.high_excluded else value <= self.high
        return above and below and math.isfinite(value)

    def __str__(self) -> str:
        low = f"{self.low:g} {'<' if self.low_excluded else '≤'} " if math.isfinite(self.low) else ""
        high = f" {'<' if self.high_excluded else '≤'} {self.high:g}" if math.isfinite(self.high) else ""
        if low and not high:
            return f"{'>' if self.low_excluded else '≥'} {self.low:g}"
        return f"{low}x{high}"


_COUNT = Limit(low=1)
_SHARE = Limit(low=0, high=1)
_DROPPED_SHARE = Limit(low=0, high=1, high_excluded=True)
_POSITIVE = Limit(low=0, low_excluded=True)
# Keras accepts some of these without a word (a NaN learning rate, a dropout of 50) and fails later, or trains nonsense.
# By argument, or by `Class.argument` where the name alone says too little.
_LIMITS = {
    "filters": _COUNT,
    "units": _COUNT,
    "kernel_size": _COUNT,
    "pool_size": _COUNT,
    "strides": _COUNT,
    "dilation_rate": _COUNT,
    "groups": _COUNT,
    "depth_multiplier": _COUNT,
    "num_heads": _COUNT,
    "key_dim": _COUNT,
    "rate": _DROPPED_SHARE,
    "dropout": _DROPPED_SHARE,
    "recurrent_dropout": _DROPPED_SHARE,
    "label_smoothing": _SHARE,
    "learning_rate": _POSITIVE,
    "decay_steps": _COUNT,
    "patience": Limit(low=0),
    "cooldown": Limit(low=0),
    "min_lr": Limit(low=0),
    "beta_1": _DROPPED_SHARE,
    "beta_2": _DROPPED_SHARE,
    "clipnorm": _POSITIVE,
    "clipvalue": _POSITIVE,
    "global_clipnorm": _POSITIVE,
    "l1": Limit(low=0),
    "l2": Limit(low=0),
    "epsilon": Limit(low=0),
    "SGD.momentum": _SHARE,
    "RMSprop.momentum": _SHARE,
    "ReduceLROnPlateau.factor": Limit(low=0, high=1, low_excluded=True, high_excluded=True),
    "SparseTopKCategoricalAccuracy.k": _COUNT,
    "TopKCategoricalAccuracy.k": _COUNT,
}
_WANTED = {
    "integer": "an integer",
    "integers": "an integer or a list of integers",
    "number": "a number",
    "boolean": "true or false",
}


def limit_of(entry: Entry, argument: Argument) -> Limit | None:
    """The numbers that an argument may take, where not every number of its type will do."""
    return _LIMITS.get(f"{entry.canonical}.{argument.name}") or _LIMITS.get(argument.name)


def may_be_null(argument: Argument) -> bool:
    """Whether `null` may stand for an argument: it has a default, and a typed one's default is nothing itself."""
    return not argument.required and (argument.default in (None, "", [], "None") or not argument.type)


def places_of(kind: str) -> tuple[str, ...]:
    """The kinds of the catalogue in which the names of a kind are looked up: a layer may be an application."""
    return ("layers", "applications") if kind == "layers" else (kind,)


def takes_epochs(argument: Argument) -> bool:
    """Whether an argument counts steps, so that it may be said in epochs."""
    return argument.type in ("integer", "number") and "steps" in argument.name


# What `residual: {shortcut: auto}` leaves in the flat list of layers until shapes are known.
SHORTCUT = "shortcut"
_SHORTCUT_ENTRY = Entry(
    kind="structure",
    name=SHORTCUT,
    canonical=SHORTCUT,
    doc="The layer in `from` itself where its shape is that of `like`, else a 1x1 Conv2D and BatchNormalization.",
    arguments={"like": Argument("like"), "name": Argument("name", default=None)},
)
_EPOCHS = re.compile(r"^(\d+(?:\.\d+)?)\s*epochs?$")


class Unknown(int):
    """A whole number that is not known yet, such as `$classes` before the data is read; only its type counts."""

    def __repr__(self) -> str:
        return "$classes"

    __str__ = __repr__


class Broken(Unknown):
    """What stands in the place of a value that could not be computed; its mistake is told already."""


@dataclass(frozen=True, slots=True)
class KerasObject:
    """A Keras layer, optimizer, loss, … as a recipe names it.

    Attributes:
        kind: where to look it up: `layers`, `optimizers`, …; for a layer also `applications`, or `structure`.
        name: its name in Keras: a class (`Conv2D`), a function (`VGG16`) or a text identifier (`adam`).
        args: its arguments by name, as written; values that are Keras objects are `KerasObject` too.
        inputs: for a layer, the names in `from`; empty when it takes the layer before it.
    """

    kind: str
    name: str
    args: dict[str, Any] = field(default_factory=dict)
    inputs: tuple[str, ...] = ()

    @property
    def entry(self) -> Entry:
        if self.kind == _SHORTCUT_ENTRY.kind:
            return _SHORTCUT_ENTRY
        entry = catalogue.find(self.kind, self.name)
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


def read(value: Any, kind: str, *, steps_per_epoch: int | None = None) -> tuple[KerasObject | None, list[Fault]]:
    """Read one item.

    Args:
        value: plain data: `Flatten`, `{Dense: 10}`, `{Conv2D: {filters: 3}}`.
        kind: which namespace its place in the recipe decides.
        steps_per_epoch: turns `5 epochs` into steps; while it is None such a text is left as an `Unknown` number.

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
        hint = f"write `{first}: {{{others[0]}: …}}`, or indent the arguments below `{first}`"
        return None, [Fault((others[0],), f"one {noun} an item, got {listed(value)}", hint, on_key=True)]
    else:
        return None, [Fault((), f"expected {_article(noun)}, got {described(value)}")]
    entry, fault = _find(name, kind, path)
    if entry is None:
        return None, [fault] if fault else []
    return _Reader(entry, path, steps_per_epoch).read(given)


def _find(name: str, kind: str, path: Path) -> tuple[Entry | None, Fault | None]:
    """The entry that a name means; a layer may be an application."""
    noun, on_key = NOUNS[kind], bool(path)
    if kind == "layers" and name == SHORTCUT:
        return _SHORTCUT_ENTRY, None
    places = places_of(kind)
    entry = next((entry for place in places if (entry := catalogue.find(place, name))), None)
    if entry and entry.refused:
        return None, Fault(path, f"{noun} `{name}` cannot be used in a recipe: {entry.refused}", on_key=on_key)
    if entry:
        return entry, None
    options = [option for place in places for option in catalogue.names(place)]
    foreign = _FOREIGN_NAMES.get(name)
    hint = f"did you mean `{foreign}`?" if foreign in options else did_you_mean(name, options)
    called = re.match(r"\s*(\w+)\s*\(", name)
    if called and (meant := nearest(called.group(1), options)):
        hint = f"write `{meant}: {{argument: value}}`; a recipe holds no code"
    if not hint:
        hint = (
            f"`cnncli layers --kind {kind}` lists what there is" if kind != "layers" else "`cnncli layers` lists them"
        )
    return None, Fault(path, f"unknown {noun} `{shortened(name)}`", hint, on_key=on_key)


class _Reader:
    """Reads the arguments of one object and collects what is wrong with them."""

    def __init__(self, entry: Entry, path: Path, steps_per_epoch: int | None) -> None:
        self.entry = entry
        self.path = path
        self.steps_per_epoch = steps_per_epoch
        self.arguments = entry.arguments or {}
        self.faults: list[Fault] = []

    def read(self, given: Any) -> tuple[KerasObject | None, list[Fault]]:
        args, inputs, prefix = self._by_name(given)
        values: dict[str, Any] = {}
        for name, value in args.items():
            argument = self.arguments.get(name)
            where = (*self.path, name) if prefix else self.path
            if argument is None:
                self._unknown(name, where)
            else:
                values[name] = self._value(argument, value, where)
        # A required argument under a near name (`kernal_size`) is one mistake, not two.
        misspelt = {nearest(name, self.arguments) for name in args if name not in self.arguments}
        misspelt |= {_FOREIGN_ARGUMENTS.get(name) for name in args}
        missing = [
            a.name for a in self.arguments.values() if a.required and a.name not in args and a.name not in misspelt
        ]
        if missing:
            needs = " and ".join(f"`{name}`" for name in missing)
            self.faults.append(Fault(self.path, f"{self.entry.name} needs {needs}", on_key=bool(self.path)))
        if self.faults:
            return None, self.faults
        return KerasObject(self.entry.kind, self.entry.name, values, inputs), self.faults

    def _by_name(self, given: Any) -> tuple[dict[str, Any], tuple[str, ...], bool]:
        """The arguments by name; a bare value is the first positional one."""
        if given is None:
            return {}, (), True
        if self.entry.identifier:
            hint = f"`{self.entry.name}` is a text identifier; with arguments write the class by its own name"
            self.faults.append(Fault(self.path, f"`{self.entry.name}` takes no arguments", hint, on_key=True))
            return {}, (), True
        if isinstance(given, dict):
            inputs = self._inputs(given.get("from")) if "from" in given else ()
            return {key: value for key, value in given.items() if key != "from"}, inputs, True
        first = next(iter(self.arguments), None)
        if first is None:
            self.faults.append(Fault(self.path, f"{self.entry.name} has no arguments, got {described(given)}"))
            return {}, (), True
        return {first: given}, (), False

    def _inputs(self, value: Any) -> tuple[str, ...]:
        names = [value] if isinstance(value, str) else value
        if isinstance(names, list) and names and all(isinstance(name, str) for name in names):
            return tuple(names)
        self.faults.append(
            Fault((*self.path, "from"), f"expected the name of a layer, or a list of names, got {described(value)}")
        )
        return ()

    def _unknown(self, name: str, where: Path) -> None:
        meant = _FOREIGN_ARGUMENTS.get(name)
        hint = f"did you mean `{meant}`?" if meant in self.arguments else did_you_mean(name, self.arguments)
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
        if argument.type in ("integer", "number") and isinstance(value, str) and (epochs := _EPOCHS.match(value)):
            return self._epochs(argument, float(epochs.group(1)), value, where)
        if argument.type:
            self._check_type(argument, value, where)
        elif argument.choices and isinstance(value, str) and value.lower() not in argument.choices:
            self.faults.append(
                Fault(
                    where,
                    f"{self._label(argument)}: unknown choice `{shortened(value)}`",
                    did_you_mean(value, argument.choices) + f" (one of: {', '.join(argument.choices)})"
                    if nearest(value, argument.choices)
                    else "one of: " + ", ".join(argument.choices),
                )
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
        self.faults += [Fault((*where, *fault.path), fault.message, fault.hint, fault.on_key) for fault in faults]
        return nested

    def _epochs(self, argument: Argument, epochs: float, value: str, where: Path) -> Any:
        """`5 epochs` as a number of steps."""
        if not takes_epochs(argument):
            self._expected(argument, value, where)
            return value
        return Unknown(1) if self.steps_per_epoch is None else round(epochs * self.steps_per_epoch)

    def _check_type(self, argument: Argument, value: Any, where: Path) -> None:
        numbers = list(_numbers(value))
        limit = limit_of(self.entry, argument)
        fits = {
            "boolean": isinstance(value, bool),
            "integer": _is_integer(value) or (isinstance(value, list) and len(value) == 1 and _is_integer(value[0])),
            "integers": bool(numbers) and all(map(_is_integer, numbers)),
            "number": bool(numbers) and all(isinstance(n, (int, float)) and not isinstance(n, bool) for n in numbers),
        }[argument.type]
        if not fits or (limit and not all(isinstance(n, Unknown) or limit.holds(n) for n in numbers)):
            self._expected(argument, value, where)

    def _expected(self, argument: Argument, value: Any, where: Path) -> None:
        limit = limit_of(self.entry, argument)
        wanted = _WANTED[argument.type] if argument.type else "a value"
        if limit:
            wanted += f" {limit}" if str(limit)[0] in "≥>" else f", {str(limit).replace('x', argument.name)}"
        self.faults.append(Fault(where, f"{self._label(argument)}: expected {wanted}, got {described(value)}"))


def _is_integer(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _numbers(value: Any) -> Iterator[Any]:
    """The leaves of a value that may be one number or nested lists of them."""
    if isinstance(value, list):
        for item in value:
            yield from _numbers(item)
    else:
        yield value


def _article(noun: str) -> str:
    return f"an {noun}" if noun[0] in "aeiou" else f"a {noun}"
