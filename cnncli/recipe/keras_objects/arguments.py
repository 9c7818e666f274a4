"""What an argument of a Keras object may be in a recipe, and how a message says so."""

from __future__ import annotations

import math
from dataclasses import dataclass

from cnncli.recipe.keras_objects.catalogue import Argument, Entry


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


# Keras accepts some of these without a word (a NaN learning rate, a dropout of 50) and fails later, or trains nonsense.
# By argument, or by `Class.argument` where the name alone says too little.
_LIMITS = {
    name: limit
    for limit, names in {
        Limit(
            low=1
        ): "filters units kernel_size pool_size strides dilation_rate groups depth_multiplier num_heads key_dim "
        "decay_steps learned.shape SparseTopKCategoricalAccuracy.k TopKCategoricalAccuracy.k",
        Limit(low=-1): "GroupNormalization.groups",  # -1: a group a channel
        Limit(low=0): "patience cooldown min_lr l1 l2 epsilon",
        Limit(low=0, low_excluded=True): "learning_rate clipnorm clipvalue global_clipnorm",
        Limit(low=0, high=1): "label_smoothing MinMaxNorm.rate SGD.momentum RMSprop.momentum",
        Limit(low=0, high=1, high_excluded=True): "rate dropout recurrent_dropout beta_1 beta_2",
        Limit(low=0, high=1, low_excluded=True, high_excluded=True): "ReduceLROnPlateau.factor",
    }.items()
    for name in names.split()
}
# The arguments that Keras' `adapt` computes from data: in `prepare` they are learned from the training examples.
LEARNED: dict[str, tuple[str, ...]] = {
    "Normalization": ("mean", "variance"),
    "Discretization": ("bin_boundaries",),
    "StringLookup": ("vocabulary",),
    "IntegerLookup": ("vocabulary",),
    "TextVectorization": ("vocabulary",),
}
_ADAPTED = "give the values, or put the layer into `prepare`, where it learns them from the training examples"
_BY_CLASS = "without it there is one number for each class, but the history has one value: `average: macro`"
# What Keras does not require and a recipe does, and why.
REQUIRED: dict[str, tuple[tuple[str, ...], str]] = {
    **{name: (arguments, _ADAPTED) for name, arguments in LEARNED.items()},
    "F1Score": (("average",), _BY_CLASS),
    "FBetaScore": (("average",), _BY_CLASS),
}
# Keras reads a text as the name of a file.
_LISTS = ("vocabulary",)
# Of layers over one dimension Keras takes the one number as a list too.
WINDOWS = ("kernel_size", "pool_size", "strides", "dilation_rate")
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


def needed_of(entry: Entry, *, learns: bool = False) -> list[str]:
    """The arguments that a recipe has to give: those that Keras requires, and those that a recipe does.

    Args:
        learns: the layer stands in `prepare`, which learns some of them.
    """
    more, _ = REQUIRED.get(entry.canonical, ((), ""))
    more = () if learns and entry.canonical in LEARNED else more
    return [
        argument.name for argument in (entry.arguments or {}).values() if argument.required or argument.name in more
    ]


def takes_list_of_one(argument: Argument) -> bool:
    """Whether `[3]` is 3, as for the windows of layers over one dimension."""
    return argument.type == "integer" and argument.name in WINDOWS


def takes_mapping(argument: Argument) -> bool:
    """Whether a mapping may stand for an argument that takes no Keras object."""
    return argument.name in _MAPPINGS


def takes_only_list(argument: Argument) -> bool:
    """Whether an argument that Keras gives no type must not be a text."""
    return argument.name in _LISTS


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
