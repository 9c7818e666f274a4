"""The catalogue of Keras' objects: names, arguments, defaults, first lines of documentation.

`catalogue.json` is generated from the installed Keras by `python -m cnncli.recipe.keras_objects.generate_catalogue`.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

CATALOGUE_FILE = Path(__file__).with_name("catalogue.json")
REQUIRED = object()

# What Keras exports and a recipe must not name, with the reason that the user is reported.
_CODE = "it runs code, and a recipe holds none"
_PATHS = "it writes files of its own choosing"
_ABSTRACT = "it is a base class and does nothing by itself"
_LABELS = "it mixes the labels too, and a recipe's layers see the images alone"
_NO_SCORE = "it takes one series of numbers, not labels and predictions"
_RUN = "cnncli does this in every run"
REFUSED: dict[str, dict[str, str]] = {
    "layers": {
        "Lambda": _CODE,
        "TFSMLayer": "it loads a program from a file",
        "JaxLayer": _CODE,
        "FlaxLayer": _CODE,
        "TorchModuleWrapper": _CODE,
        "Input": "the network's input is `model.input`",
        "InputLayer": "the network's input is `model.input`",
        "InputSpec": "it is not a layer",
        "MixUp": _LABELS,
        "CutMix": _LABELS,
        "MaxNumBoundingBoxes": "it takes bounding boxes, and an example of a recipe has none",
    },
    "optimizers": {
        "OptimizerMap": "it takes Python functions",
        "MultiOptimizer": "it takes Python objects",
        "LossScaleOptimizer": "`train.precision: mixed_float16` uses it by itself",
    },
    "callbacks": {
        "LambdaCallback": _CODE,
        "LearningRateScheduler": "it takes a Python function; give the optimizer a schedule as its `learning_rate`",
        "RemoteMonitor": "it sends data over the network",
        "TensorBoard": _PATHS,
        "CSVLogger": "every run writes history.csv",
        "ModelCheckpoint": "every run keeps its best model as model.keras",
        "OrbaxCheckpoint": "every run keeps its best model as model.keras",
        "BackupAndRestore": "every run keeps its own state",
        "CallbackList": _RUN,
        "History": "every run writes history.csv and history.json",
        "ProgbarLogger": "every run shows its progress",
    },
    "metrics": {
        "MeanMetricWrapper": "it takes a Python function",
        "Mean": _NO_SCORE,
        "Sum": _NO_SCORE,
        "f1_score": "it gives a number for every class; `F1Score: {average: macro}` gives one",
        "f_beta_score": "it gives a number for every class; `FBetaScore: {average: macro}` gives one",
    },
}


@dataclass(frozen=True, slots=True)
class Argument:
    """One argument of a Keras object.

    Attributes:
        default: its default, or `REQUIRED`.
        kind: the kind of Keras object that it takes (`initializers`), if it takes one.
        type: `integer`, `integers` (one, or a list), `number` or `boolean` where Keras' documentation says so, else empty.
        choices: the texts that it accepts, where Keras' documentation lists them.
        doc: the first sentence of its documentation.
    """

    name: str
    default: Any = REQUIRED
    kind: str = ""
    type: str = ""
    choices: tuple[str, ...] = ()
    doc: str = ""

    @property
    def required(self) -> bool:
        return self.default is REQUIRED


@dataclass(frozen=True, slots=True)
class Entry:
    """One name of the catalogue.

    Attributes:
        kind: `layers`, `optimizers`, ….
        name: the name as a recipe writes it.
        canonical: the name of the class; differs for an alias (`MaxPool2D` is `MaxPooling2D`).
        arguments: by name, in the order of the signature; the first is the one that a bare value gives.
        identifier: a text such as `adam` or `relu` that takes no arguments.
        refused: why a recipe must not name it; empty when it may.
    """

    kind: str
    name: str
    canonical: str
    doc: str = ""
    arguments: dict[str, Argument] | None = None
    identifier: bool = False
    refused: str = ""


@lru_cache(maxsize=1)
def _read() -> dict[str, Any]:
    content: dict[str, Any] = json.loads(CATALOGUE_FILE.read_text(encoding="utf-8"))
    return content


def keras_version() -> str:
    """The Keras that the catalogue was generated from."""
    return str(_read()["keras"])


def kinds() -> tuple[str, ...]:
    return tuple(_read()["kinds"])


def names(kind: str, *, refused: bool = False) -> list[str]:
    """Every name of a kind, sorted; without those that a recipe must not use unless asked."""
    return [name for name in _read()["kinds"][kind] if refused or not _reason(kind, name)]


@cache
def find(kind: str, name: str) -> Entry | None:
    """The entry of a name, or None."""
    row = _read()["kinds"][kind].get(name)
    if row is None:
        return None
    canonical = row.get("alias_of", name)
    row = _read()["kinds"][kind][canonical]
    arguments = {
        key: Argument(
            key,
            default=value.get("default", REQUIRED),
            kind=value.get("kind", ""),
            type=value.get("type", ""),
            choices=tuple(value.get("choices", ())),
            doc=value.get("doc", ""),
        )
        for key, value in row.get("args", {}).items()
    }
    return Entry(
        kind=kind,
        name=name,
        canonical=canonical,
        doc=row.get("doc", ""),
        arguments=arguments,
        identifier=row.get("identifier", False),
        refused=_reason(kind, canonical),
    )


def _reason(kind: str, name: str) -> str:
    if reason := REFUSED.get(kind, {}).get(name):
        return reason
    return _ABSTRACT if _read()["kinds"][kind].get(name, {}).get("abstract") else ""


def places_of(kind: str) -> tuple[str, ...]:
    """The kinds of the catalogue in which the names of a kind are looked up: a layer may be an application."""
    return ("layers", "applications") if kind == "layers" else (kind,)


def names_in_places(kind: str) -> list[str]:
    return [name for place in places_of(kind) for name in names(place)]


def find_in_places(kind: str, name: str) -> Entry | None:
    return next((entry for place in places_of(kind) if (entry := find(place, name))), None)
