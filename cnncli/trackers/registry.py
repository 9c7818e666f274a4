"""The trackers by name: their classes, the packages that they need, and what the environment says of them."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

from cnncli.errors import Problem
from cnncli.recipe.schema_trackers import NAMES, Tracker, tracker
from cnncli.recipe.tracker_addresses import without_password
from cnncli.trackers import tracker as interface

_CLASSES = {"tensorboard": "TensorBoardTracker", "mlflow": "MlflowTracker", "wandb": "WandbTracker"}
_PACKAGES = {"tensorboard": (), "mlflow": ("mlflow",), "wandb": ("wandb",)}
_OF_A_DATABASE = ("sqlalchemy", "alembic")  # what mlflow-skinny needs to write one by itself
_SERVERS = ("http:", "https:", "databricks")
_TITLES = {"tensorboard": "TensorBoard", "mlflow": "MLflow", "wandb": "Weights & Biases"}
IN_THIS_PROCESS = ("tensorboard",)  # it needs TensorFlow, and nothing that could hang


def title(name: str) -> str:
    """The name of a tracker as people write it."""
    return _TITLES[name]


def make(settings: Tracker) -> interface.Tracker:
    """The tracker with its settings; its package is imported when it starts."""
    module = import_module(f"cnncli.trackers.{settings.name}")
    made: interface.Tracker = getattr(module, _CLASSES[settings.name])(settings.settings)
    return made


def missing_package(settings: Tracker) -> Problem | None:
    """What is to be installed for a tracker; None where nothing is."""
    name = settings.name
    packages = [*_PACKAGES[name]]
    if name == "mlflow" and not (settings.mlflow and (settings.mlflow.uri or "").startswith(_SERVERS)):
        packages += _OF_A_DATABASE
    missing = [package for package in packages if not _is_installed(package)]
    if not missing:
        return None
    message = f"{title(name)} needs the package {missing[0]}, which is not installed"
    return Problem(message, f'pip install "cnncli[{name}]"')


def settled(
    trackers: Sequence[Tracker], recipe_name: str, environment: Mapping[str, str] = os.environ
) -> list[Tracker]:
    """The trackers with what the environment says where the recipe says nothing, so that a resumed run goes on in its place.

    An address is taken without its password.
    """
    return [
        tracker(each.name, **{**_defaults(each.name, recipe_name, environment), **_given(each)}) for each in trackers
    ]


def viewing(name: str, place: str, outputs: Path) -> str:
    """The command that shows what a tracker has got; empty where the tracker's page does."""
    if name == "tensorboard":
        return f"tensorboard --logdir {outputs}"
    if name == "mlflow":
        uri = place.partition(", ")[0]
        return f"mlflow ui --backend-store-uri {uri}" if uri.startswith("sqlite") else ""
    return ""


def _given(settings: Tracker) -> dict[str, object]:
    return {
        key: value
        for key, value in settings.settings.model_dump(exclude_none=True).items()
        if key in settings.settings.model_fields_set
    }


def _defaults(name: str, recipe_name: str, environment: Mapping[str, str]) -> dict[str, str | None]:
    if name == "mlflow":
        return {
            "uri": without_password(environment.get("MLFLOW_TRACKING_URI", "")) or None,
            "experiment": environment.get("MLFLOW_EXPERIMENT_NAME") or recipe_name,
        }
    if name == "wandb":
        mode = environment.get("WANDB_MODE")
        return {
            "project": environment.get("WANDB_PROJECT") or recipe_name,
            "entity": environment.get("WANDB_ENTITY") or None,
            "mode": mode if mode in ("online", "offline") else None,
        }
    return {}


def _is_installed(package: str) -> bool:
    try:
        found = find_spec(package)
    except (ImportError, ValueError):
        return False
    return found is not None and found.origin is not None  # a folder of that name is no package


assert tuple(_CLASSES) == NAMES
