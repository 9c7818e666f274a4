"""Keras objects in a recipe: `- Name: {args}` is `Name(**args)`, checked against the catalogue."""

from __future__ import annotations

import math
import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

from cnncli.messages import described, did_you_mean, listed, nearest, shortened
from cnncli.recipe.growth import LARGEST_INTEGER, LARGEST_SEED
from cnncli.recipe.keras_objects import catalogue
from cnncli.recipe.keras_objects.catalogue import Argument, Entry
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
    "crossentropy": "sparse_categorical_crossentropy",
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
    "GroupNormalization.groups": Limit(low=-1),  # -1: a group a channel
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
    "MinMaxNorm.rate": _SHARE,
    "SGD.momentum": _SHARE,
    "RMSprop.momentum": _SHARE,
    "ReduceLROnPlateau.factor": Limit(low=0, high=1, low_excluded=True, high_excluded=True),
    "SparseTopKCategoricalAccuracy.k": _COUNT,
    "TopKCategoricalAccuracy.k": _COUNT,
}
_ADAPTED = "a recipe says what Keras would find with `adapt`"
_BY_CLASS = "left out, it gives a number for every class, and the history holds one: `average: macro`"
# What Keras does not require and a recipe does, and why.
_REQUIRED: dict[str, tuple[tuple[str, ...], str]] = {
    "Normalization": (("mean", "variance"), _ADAPTED),
    "Discretization": (("bin_boundaries",), _ADAPTED),
    "StringLookup": (("vocabulary",), _ADAPTED),
    "IntegerLookup": (("vocabulary",), _ADAPTED),
    "TextVectorization": (("vocabulary",), _ADAPTED),
    "F1Score": (("average",), _BY_CLASS),
    "FBetaScore": (("average",), _BY_CLASS),
}
# Keras reads a text as the name of a file.
_LISTS = ("vocabulary",)
# Of layers over one dimension Keras takes the one number as a list too.
_WINDOWS = ("kernel_size", "pool_size", "strides", "dilation_rate")
# The arguments without a kind of their own that are mappings; in all others Keras would read one as a serialized object.
_MAPPINGS = ("renorm_clipping",)
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


def needed_of(entry: Entry) -> list[str]:
    """The arguments that a recipe has to give: those that Keras requires, and those that a recipe does."""
    more, _ = _REQUIRED.get(entry.canonical, ((), ""))
    return [
        argument.name for argument in (entry.arguments or {}).values() if argument.required or argument.name in more
    ]


def takes_list_of_one(argument: Argument) -> bool:
    """Whether `[3]` is 3, as for the windows of layers over one dimension."""
    return argument.type == "integer" and argument.name in _WINDOWS


def takes_mapping(argument: Argument) -> bool:
    """Whether a mapping may stand for an argument that takes no Keras object."""
    return argument.name in _MAPPINGS


def takes_only_list(argument: Argument) -> bool:
    """Whether an argument that Keras gives no type must not be a text."""
    return argument.name in _LISTS


def places_of(kind: str) -> tuple[str, ...]:
    """The kinds of the catalogue in which the names of a kind are looked up: a layer may be an application."""
    return ("layers", "applications") if kind == "layers" else (kind,)


def wanted_of(entry: Entry, argument: Argument) -> str:
    """What an argument takes, in words: `an integer ≥ 1`."""
    limit = limit_of(entry, argument)
    wanted = "a list" if takes_only_list(argument) else _WANTED.get(argument.type, "a value")
    if limit and argument.type:
        wanted += f" {limit}" if str(limit)[0] in "≥>" else f", {str(limit).replace('x', argument.name)}"
    return wanted


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
# The kinds that take `from`; it is no argument.
_FROM = ("layers", "applications", "structure")
_MOST_FAULTS = 20  # of one object
_DECIMAL_COMMA = re.compile(r"([-+]?\d+),(\d+)")
_COMPUTATION = re.compile(r"[\d.\s]+([-+*/]{1,2}[\d.\s]+)+")
_EPOCHS = re.compile(r"^(\d+(?:\.\d+)?)\s*epochs?$")


class Deferred:
    """A value that is computed from what is not known yet, such as `$classes` before the data is read.

    What it is equal to only stands in for its type.

    Attributes:
        written: what a recipe has to say to mean it: `$classes`, `$(2 * classes)`, `5 epochs`.
        expression: the same for use within an expression; empty where none can say it.
    """

    written: str
    expression: str

    @property
    def stand_in(self) -> Any:
        """What it is equal to, as a plain value."""
        raise NotImplementedError

    def __repr__(self) -> str:
        return self.written

    __str__ = __repr__


class Unknown(Deferred, int):
    """A whole number that is not known yet; by itself the number of classes."""

    def __new__(cls, value: int, expression: str = "classes", written: str = "") -> Unknown:
        return _deferred(int.__new__(cls, value), expression, written)

    @property
    def stand_in(self) -> int:
        return int(self)


class UnknownNumber(Deferred, float):
    """A number that is not known yet."""

    def __new__(cls, value: float, expression: str = "", written: str = "") -> UnknownNumber:
        return _deferred(float.__new__(cls, value), expression, written)

    @property
    def stand_in(self) -> float:
        return float(self)


class UnknownText(Deferred, str):
    """A text that is not known yet."""

    def __new__(cls, value: str, expression: str = "", written: str = "") -> UnknownText:
        return _deferred(str.__new__(cls, str.__str__(value)), expression, written)

    @property
    def stand_in(self) -> str:
        return str.__str__(self)


_Made = TypeVar("_Made", bound=Deferred)


def _deferred(made: _Made, expression: str, written: str) -> _Made:
    made.expression = expression
    made.written = written or (f"${expression}" if expression.isidentifier() else f"$({expression})")
    return made


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
        hint = _one_of(value, kind) or f"write `{first}: {{{others[0]}: …}}`, or indent the arguments below `{first}`"
        return None, [Fault((others[0],), f"one {noun} an item, got {listed(value)}", hint, on_key=True)]
    else:
        return None, [Fault((), f"expected {article(noun)}, got {described(value)}")]
    # The catalogue keeps what it was asked for: a text that only stands in must not get there.
    entry, fault = _find(str.__str__(name), kind, path)
    if entry is None:
        return None, [fault] if fault else []
    found, faults = _Reader(entry, path, steps_per_epoch).read(given)
    return (replace(found, name=name) if found and isinstance(name, Deferred) else found), faults


NAMING_KEYS = ("type", "name", "class_name", "class", "kind", "layer")  # where other languages have an object's name


def _one_of(value: dict[str, Any], kind: str) -> str:
    """A hint for a mapping of several keys, where it says the name as another language would, or several names."""
    options = [option for place in places_of(kind) for option in catalogue.names(place)]
    for key in NAMING_KEYS:
        written = value.get(key)
        if isinstance(written, str) and (meant := nearest(written, options)):
            # With arguments the class, not the text identifier: `adam` takes none.
            meant = next((o for o in options if o[:1].isupper() and o.lower() == meant.replace("_", "").lower()), meant)
            other = next(other for other in value if other != key)
            return f"the name is the key: `{meant}: {{{_FOREIGN_ARGUMENTS.get(other, other)}: …}}`"
    if all(name in options for name in value):
        return f"choose one of them, as in `{next(iter(value))}: {{…}}`"
    return ""


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
    hint = suggestion(name, options)
    called = re.match(r"\s*(\w+)\s*\(", name)
    if called and (meant := nearest(called.group(1), options)):
        hint = f"write `{meant}: {{argument: value}}`; a recipe holds no code"
        if re.fullmatch(r"\s*\w+\s*\(\s*\)\s*", name):
            hint = f"write `{meant}`, without brackets"
    if not hint:
        hint = (
            f"`cnncli layers --kind {kind}` lists what there is" if kind != "layers" else "`cnncli layers` lists them"
        )
    return None, Fault(path, f"unknown {noun} `{shortened(name)}`", hint, on_key=on_key)


def suggestion(name: str, options: Collection[str]) -> str:
    """A hint for an unknown name: what it is called in Keras, or what is spelt alike."""
    foreign = _FOREIGN_NAMES.get(name)
    return f"did you mean `{foreign}`?" if foreign in options else did_you_mean(name, options)


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
        misspelt |= {_FOREIGN_ARGUMENTS.get(name) for name in args}
        misspelt |= {first.name for first in list(self.arguments.values())[:1] if any(_is_for(first, n) for n in args)}
        missing = [
            a.name for a in self.arguments.values() if a.required and a.name not in args and a.name not in misspelt
        ]
        wanted, why = _REQUIRED.get(self.entry.canonical, ((), ""))
        more = [name for name in wanted if args.get(name) is None and name not in misspelt]
        if missing or more:
            needs = " and ".join(f"`{name}`" for name in [*missing, *more])
            hint = why if more else ""
            self.faults.append(Fault(self.path, f"{self.entry.name} needs {needs}", hint, on_key=bool(self.path)))
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
            if "from" not in given or self.entry.kind not in _FROM:
                return given, (), True
            return {key: value for key, value in given.items() if key != "from"}, self._inputs(given["from"]), True
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
        if argument.type in ("integer", "integers") or (self.entry.canonical, argument.name) in _NESTING:
            value = as_integers(value)
        if argument.type in ("integer", "number") and isinstance(value, str) and (epochs := _EPOCHS.match(value)):
            return self._epochs(argument, float(epochs.group(1)), value, where)
        if (wrong := _wrong_integer(argument, value)) is not None:
            message = f"{self._label(argument)}: an integer is at most {wrong[1]:,}, got {described(wrong[0])}"
            self.faults.append(Fault(where, message))
        elif nesting := _nesting_problem(self.entry, argument, value):
            self.faults.append(Fault(where, f"{self._label(argument)}: {nesting[0]}", nesting[1]))
        elif argument.type:
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
        numbers = list(_numbers(value))
        limit = limit_of(self.entry, argument)
        fits = {
            "boolean": isinstance(value, bool),
            "integer": _is_integer(value) or (takes_list_of_one(argument) and _is_one_integer(value)),
            "integers": bool(numbers) and all(map(_is_integer, numbers)),
            "number": bool(numbers) and all(isinstance(n, (int, float)) and not isinstance(n, bool) for n in numbers),
        }[argument.type]
        if not fits or (limit and not all(isinstance(n, Deferred) or limit.holds(n) for n in numbers)):
            self._expected(argument, value, where)

    def _expected(self, argument: Argument, value: Any, where: Path) -> None:
        wanted = wanted_of(self.entry, argument)
        hint = ""
        if isinstance(value, str) and (decimal := _DECIMAL_COMMA.fullmatch(value)):
            hint = f"a decimal number has a point: {decimal[1]}.{decimal[2]}"
        if isinstance(value, str) and _COMPUTATION.fullmatch(value):
            hint = f"write `$({value.strip()})`: a value that is computed stands in `$(…)`"
        self.faults.append(Fault(where, f"{self._label(argument)}: expected {wanted}, got {described(value)}", hint))


def as_integers(value: Any) -> Any:
    """Floats without a fraction as integers, also those in lists; other values as they are."""
    if isinstance(value, list):
        return [as_integers(item) for item in value]
    if isinstance(value, UnknownNumber):  # whether it is whole shows once it is known
        return Unknown(max(1, int(value)), value.expression, value.written)
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _wrong_integer(argument: Argument, value: Any) -> tuple[int, int] | None:
    """An integer that is too large, and the largest one; numbers with a fraction may be any."""
    if argument.type == "number" or argument.kind:
        return None
    most = LARGEST_SEED if argument.name == "seed" else LARGEST_INTEGER
    found = next((n for n in _numbers(value) if isinstance(n, int) and abs(n) > most), None)
    return None if found is None else (found, most)


# How many levels of lists an argument has at most, where its type or its documentation does not say.
_NESTING = {
    ("Reshape", "target_shape"): 1,
    ("Permute", "dims"): 1,
    **{(f"{name}{rank}D", argument): 2 if rank > 1 else 1
       for name, argument in (("Cropping", "cropping"), ("ZeroPadding", "padding")) for rank in (1, 2, 3)},
}  # fmt: skip
_RANK = re.compile(r"([123])D(?:Transpose)?$")
_OF_RANK = (*_WINDOWS, "size", "output_size", "output_padding")  # an integer, or one for every dimension


def _nesting_problem(entry: Entry, argument: Argument, value: Any) -> tuple[str, str] | None:
    """What is wrong with the brackets of a value, and how it is written; None where nothing is."""
    rank = _RANK.search(entry.canonical) if argument.name in _OF_RANK else None
    most = _NESTING.get((entry.canonical, argument.name)) or (1 if rank or argument.type == "integers" else 0)
    if not most or not isinstance(value, list) or not value:
        return None
    levels = 0
    inner: list[Any] | None = value
    while inner is not None:
        levels, inner = levels + 1, next((item for item in inner if isinstance(item, list)), None)
    if levels > most:
        flat = [number for number in _numbers(value) if _is_integer(number)]
        wanted = "one level of brackets" if most == 1 else f"{most} levels of brackets"
        hint = f"write `{argument.name}: {flat}`" if most == 1 and 0 < len(flat) <= 8 else ""
        return f"expected {wanted}, got {levels}", hint
    wanted_count = int(rank[1]) if rank else 0
    if rank and len(value) != wanted_count and not (len(value) == 1 and takes_list_of_one(argument)):
        count = "1 integer" if wanted_count == 1 else f"1 or {wanted_count} integers"
        return f"expected {count}, got {described(value)}", ""
    return None


def _is_for(argument: Argument, name: str) -> bool:
    """Whether a name is that of an object which an argument takes, as in `TimeDistributed: {Dense: 10}`."""
    return bool(argument.kind) and name[:1].isupper() and catalogue.find(argument.kind, name) is not None


def _not_within(item: KerasObject) -> tuple[str, str] | None:
    """Why an item cannot be an argument of another: a message and a hint."""
    if item.inputs:
        return (
            f"{item.name} stands within another layer, and takes nothing by `from`",
            "write `from` in the outer layer",
        )
    if item.kind in ("applications", "structure"):
        return f"{item.name} cannot stand within another layer", "make it an item of `layers`"
    return None


def _is_integer(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _is_one_integer(value: Any) -> bool:
    return isinstance(value, list) and len(value) == 1 and _is_integer(value[0])


def _numbers(value: Any) -> Iterator[Any]:
    """The leaves of a value that may be one number or nested lists of them."""
    if isinstance(value, list):
        for item in value:
            yield from _numbers(item)
    else:
        yield value


def article(noun: str) -> str:
    return f"an {noun}" if noun[0] in "aeiou" else f"a {noun}"
