"""Look up what Keras offers: lists by group, and one name with its arguments and an example."""

from __future__ import annotations

import re
from typing import Any

from cnncli.errors import Problem, UsageError
from cnncli.messages import did_you_mean, listed, shortened
from cnncli.recipe.keras_objects import catalogue
from cnncli.recipe.keras_objects.arguments import limit_of, needed_of, takes_epochs, wanted_of
from cnncli.recipe.keras_objects.catalogue import Argument, Entry
from cnncli.recipe.keras_objects.foreign_names import suggestion
from cnncli.recipe.keras_objects.objects import NOUNS

# Layers in the order in which people look for them. A name goes where it fits first; what fits nowhere comes last.
_GROUPS = (
    ("Convolution", r"^(?!ConvLSTM).*Conv"),
    ("Pooling", r"Pool"),
    ("Dense and embedding", r"Dense|Embedding"),
    ("Activation", r"^Activation$|ELU$|ReLU$|^ReLU|^Softmax$"),
    ("Normalization", r"Norm"),
    ("Dropout and noise", r"Dropout|Noise|^ActivityRegularization$"),
    ("Merging", r"^(Add|Average|Concatenate|Dot|Maximum|Minimum|Multiply|Subtract)$"),
    ("Shape", r"^(Flatten|Identity|Permute|Reshape|RepeatVector|(Cropping|ZeroPadding|UpSampling)\dD)$"),
    ("Attention", r"Attention"),
    ("Recurrent", r"RNN|LSTM|GRU|Bidirectional|TimeDistributed|Masking"),
    (
        "Values",
        r"^(Rescaling|Resizing|CenterCrop|Discretization|Category|Hash|.*Lookup|TextVectorization|.*Spectrogram)",
    ),
    ("Augmentation", r"^Rand|Mix$|Equalization|^AutoContrast$|^Solarization$|^Pipeline$"),
)
_ELSE = "Else"
# Where a name of each kind may stand; `…` is the object.
_PLACES = {
    "layers": ("- {}", "`model.layers`, `data.prepare`, `data.augment` and the layers of a block"),
    "applications": ("- {}", "`model.layers`, like a layer; its own layers are inlined under their names"),
    "optimizers": ("optimizer: {}", "`train.optimizer`, and in that of a phase"),
    "schedules": ("optimizer: {{Adam: {{learning_rate: {}}}}}", "the `learning_rate` of an optimizer"),
    "losses": ("loss: {}", "`train.loss`"),
    "metrics": ("metrics: [{}]", "`train.metrics`"),
    "callbacks": ("callbacks: [{}]", "`train.callbacks`, and in those of a phase"),
    "initializers": (
        "- Dense: {{units: 10, kernel_initializer: {}}}",
        "a layer's arguments that end in `_initializer`",
    ),
    "regularizers": (
        "- Dense: {{units: 10, kernel_regularizer: {}}}",
        "a layer's arguments that end in `_regularizer`",
    ),
    "constraints": ("- Dense: {{units: 10, kernel_constraint: {}}}", "a layer's arguments that end in `_constraint`"),
    "activations": ("- Dense: {{units: 10, activation: {}}}", "a layer's `activation`"),
}
# What people look up first; of other kinds the first name.
_FIRST = {
    "layers": "Conv2D",
    "optimizers": "Adam",
    "schedules": "CosineDecay",
    "losses": "sparse_categorical_crossentropy",
    "metrics": "accuracy",
    "callbacks": "EarlyStopping",
    "initializers": "he_normal",
    "regularizers": "L2",
    "constraints": "MaxNorm",
    "applications": "VGG16",
    "activations": "relu",
}
# A value for each argument that a recipe has to give, as an example gives it; by `Class.argument` where the name says too little.
_SAMPLES: dict[str, Any] = {
    "activation": "relu",
    "average": "macro",
    "axes": 1,
    "bin_boundaries": [0.0, 0.5, 1.0],
    "boundaries": [1000, 2000],
    "cell": {"LSTMCell": 32},
    "cells": [{"LSTMCell": 32}, {"LSTMCell": 32}],
    "decay_rate": 0.9,
    "decay_steps": 1000,
    "dims": [2, 1],
    "equation": "ab,bc->ac",
    "factor": 0.1,
    "RandomPosterization.factor": 4,
    "filters": 32,
    "first_decay_steps": 1000,
    "head_dim": 16,
    "height": 24,
    "height_factor": 0.1,
    "initial_learning_rate": 0.01,
    "input_dim": 1000,
    "kernel_size": 3,
    "key_dim": 16,
    "layer": {"LSTM": 32},
    "SpectralNormalization.layer": {"Conv2D": {"filters": 32, "kernel_size": 3}},
    "TimeDistributed.layer": {"Dense": 32},
    "layers": [{"RandomFlip": "horizontal"}, {"RandomRotation": 0.1}],
    "mean": 0.13,
    "n": 4,
    "num_bins": 100,
    "num_classes": "$classes",
    "num_heads": 4,
    "num_key_value_heads": 2,
    "num_query_heads": 4,
    "output_dim": 32,
    "output_shape": 64,
    "output_size": 4,
    "pool_size": 2,
    "precision": 0.9,
    "rate": 0.5,
    "recall": 0.9,
    "scale": "$(1 / 255)",
    "sensitivity": 0.9,
    "specificity": 0.9,
    "stddev": 0.1,
    "target_class_ids": [0],
    "target_shape": [7, 7, 64],
    "units": 128,
    "variance": 0.095,
    "vocabulary": ["cat", "dog"],
    "IntegerLookup.vocabulary": [1, 2, 3],
    "values": [0.01, 0.001, 0.0001],
    "width": 24,
    "width_factor": 0.1,
}
# What an example says beside what it has to.
_USEFUL: dict[str, dict[str, Any]] = {
    "Conv2D": {"activation": "relu"},
    "Adam": {"learning_rate": 0.001},
    "AdamW": {"learning_rate": 0.001, "weight_decay": 0.004},
    "SGD": {"learning_rate": 0.01, "momentum": 0.9},
    "EarlyStopping": {"monitor": "val_loss", "patience": 3},
    "ReduceLROnPlateau": {"monitor": "val_loss", "patience": 2},
    "MaxPooling2D": {"pool_size": 2},
    "RandomFlip": {"mode": "horizontal"},
    "Concatenate": {"from": ["left", "right"]},
    "L1": {"l1": 0.01},
    "L2": {"l2": 0.01},
    "L1L2": {"l1": 0.01, "l2": 0.01},
    "F1Score": {"average": "macro"},
    "FBetaScore": {"average": "macro"},
}


def check_kind(kind: str) -> str:
    """A kind as the catalogue names it.

    Raises:
        UsageError: there is no such kind.
    """
    kinds = catalogue.kinds()
    if kind not in kinds:
        hint = did_you_mean(kind, kinds)
        raise UsageError(f"no kind of Keras object is named `{shortened(kind)}`", hint=hint)
    return kind


def grouped(kind: str) -> list[tuple[str, list[Entry]]]:
    """The classes and functions of a kind under headings; the only one of a kind without groups has no heading.

    Left out are aliases, names that are refused, and text identifiers (see `identifiers`).
    """
    entries = [entry for entry in _entries(kind) if not entry.identifier and entry.name == entry.canonical]
    if kind != "layers":
        return [("", entries)] if entries else []
    groups: dict[str, list[Entry]] = {title: [] for title in [*(title for title, _ in _GROUPS), _ELSE]}
    for entry in entries:
        title = next((title for title, pattern in _GROUPS if re.search(pattern, entry.name)), _ELSE)
        groups[title].append(entry)
    return [(title, found) for title, found in groups.items() if found]


def identifiers(kind: str) -> list[str]:
    """The texts of a kind that stand for an object without arguments: `adam`, `relu`."""
    return [entry.name for entry in _entries(kind) if entry.identifier]


def _entries(kind: str) -> list[Entry]:
    return [entry for name in catalogue.names(kind) if (entry := catalogue.find(kind, name))]


def look_up(name: str, kind: str | None = None) -> list[Entry]:
    """Every meaning of a name; several kinds may have it, and it may be refused.

    Raises:
        UsageError: there is none; with the nearest.
    """
    kinds = catalogue.kinds() if kind is None else (check_kind(kind),)
    found = [entry for each in kinds if (entry := catalogue.find(each, name))]
    if found:
        return found
    options = [option for each in kinds for option in catalogue.names(each)]
    where = f"no {NOUNS[kind]}" if kind else "nothing"
    hint = suggestion(name, options) or f"`cnncli layers{f' --kind {kind}' if kind else ''}` lists what there is"
    raise UsageError(Problem(f"{where} in Keras is named `{shortened(name)}`", hint))


def aliases(entry: Entry) -> list[str]:
    """The other names of a class."""
    return [
        other.name for other in _entries(entry.kind) if other.canonical == entry.canonical and other.name != entry.name
    ]


def place_of_kind(kind: str) -> str:
    """Where a recipe may name an object of a kind."""
    return _PLACES[kind][1]


def takes(entry: Entry, argument: Argument) -> str:
    """The values of an argument in words: `an integer ≥ 1`, `one of valid, same`; empty where Keras does not say."""
    if argument.kind == "schedules":
        words = f"{wanted_of(entry, Argument(argument.name, type='number'))}, or a learning-rate schedule"
    elif argument.kind == "layers":
        words = "layers" if argument.name.endswith("s") else "a layer"
    elif argument.kind:
        words = f"a{'n' if argument.kind[0] in 'aeiou' else ''} {NOUNS[argument.kind]}"
    elif argument.choices:
        words = f"one of {listed(argument.choices, most=20)}"
    elif argument.type:
        words = wanted_of(entry, argument)
    else:
        return ""
    return f"{words}, or `5 epochs`" if takes_epochs(argument) else words


def example(entry: Entry) -> Any:
    """An item that works: plain data of the shape `{Conv2D: {filters: 32, kernel_size: 3}}`, or a bare name."""
    args = {name: _SAMPLES.get(f"{entry.canonical}.{name}", _SAMPLES.get(name)) for name in needed_of(entry)}
    if entry.kind == "applications":
        args |= {"weights": "imagenet", "include_top": False}
    args |= _USEFUL.get(entry.canonical, {})
    first = next(iter((entry.arguments or {}).values()), None)
    if not args:
        return entry.name
    if first and args.keys() == {first.name} and first.kind not in ("layers", "schedules"):
        return {entry.name: args[first.name]}
    return {entry.name: args}


def first(kind: str) -> str:
    """The name of a kind that people look up first."""
    return _FIRST.get(kind) or catalogue.names(kind)[0]


def first_line(kind: str) -> str:
    """The line of a recipe with that name in it."""
    [entry] = look_up(first(kind), kind)
    return example_line(entry)


def example_line(entry: Entry) -> str:
    """The line of a recipe with an example in its place: `optimizer: {Adam: {learning_rate: 0.001}}`."""
    item, template = example(entry), _PLACES[entry.kind][0]
    text = inline(item)
    if isinstance(item, dict) and re.search(r"^- \{\}|\[\{\}\]", template):  # an item of a list needs no braces
        text = text[1:-1]
    return template.format(text)


def inline(value: Any) -> str:
    """A value in YAML's flow style."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key}: {inline(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(inline(item) for item in value) + "]"
    if isinstance(value, bool) or value is None:
        return {True: "true", False: "false", None: "null"}[value]
    text = str(value)
    return f'"{text}"' if isinstance(value, str) and re.search(r"[,\[\]{}>]", text) else text


def as_json(entry: Entry) -> dict[str, Any]:
    """One meaning of a name as plain data."""
    found: dict[str, Any] = {"kind": entry.kind, "name": entry.name, "class": entry.canonical, "doc": entry.doc}
    if entry.refused:
        return {**found, "refused": entry.refused}
    arguments = [_argument_as_json(entry, argument) for argument in (entry.arguments or {}).values()]
    return {
        **found,
        "identifier": entry.identifier,
        "aliases": aliases(entry),
        "place": place_of_kind(entry.kind),
        "example": example_line(entry),
        "arguments": arguments,
    }


def _argument_as_json(entry: Entry, argument: Argument) -> dict[str, Any]:
    described: dict[str, Any] = {"name": argument.name, "required": argument.name in needed_of(entry)}
    if not argument.required:
        described["default"] = argument.default
    limit = limit_of(entry, argument)
    return described | {
        "takes": takes(entry, argument) or None,
        "type": argument.type or None,
        "limit": str(limit) if limit else None,
        "choices": list(argument.choices),
        "kind": argument.kind or None,
        "doc": argument.doc,
    }


def list_as_json(kind: str) -> dict[str, Any]:
    """The list of a kind as plain data."""
    names = [
        {"name": entry.name, "group": title or None, "doc": entry.doc, "aliases": aliases(entry)}
        for title, entries in grouped(kind)
        for entry in entries
    ]
    texts = identifiers(kind)
    return {"keras": catalogue.keras_version(), "kind": kind, "names": names, "texts": texts, "kinds": counts()}


def counts() -> dict[str, int]:
    """How many classes and functions each kind has, without refused names and aliases; of activations the texts."""
    return {kind: class_count(kind) or len(identifiers(kind)) for kind in catalogue.kinds()}


def class_count(kind: str) -> int:
    """How many classes and functions a kind has, without refused names and aliases."""
    return sum(len(entries) for _, entries in grouped(kind))
