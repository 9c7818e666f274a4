"""Trackers by name: missing packages, settings of the environment."""

import importlib.util
import sys

import pytest

from cnncli.recipe.schema_trackers import NAMES, tracker
from cnncli.trackers import registry


@pytest.fixture
def without(monkeypatch):
    """Packages that are not installed: `without("mlflow")`."""
    find = importlib.util.find_spec

    def hide(*names):
        monkeypatch.setattr(registry, "find_spec", lambda name: None if name in names else find("json"))

    return hide


def test_every_tracker_has_a_class():
    for name in NAMES:
        made = registry.make(tracker(name))
        assert all(hasattr(made, method) for method in ("start", "log_epochs", "finish"))


@pytest.mark.parametrize(
    ("hidden", "settings", "expected"),
    [
        ("mlflow", tracker("mlflow"), "MLflow needs the package mlflow, which is not installed"),
        ("sqlalchemy", tracker("mlflow"), "MLflow needs the package sqlalchemy, which is not installed"),
        ("wandb", tracker("wandb"), "Weights & Biases needs the package wandb, which is not installed"),
    ],
)
def test_missing_package_is_told_with_its_installation(without, hidden, settings, expected):
    without(hidden)

    problem = registry.missing_package(settings)

    assert (problem.message, problem.hint) == (expected, f'pip install "cnncli[{settings.name}]"')


def test_server_needs_no_package_of_a_database(without):
    without("sqlalchemy", "alembic")

    assert registry.missing_package(tracker("mlflow", uri="http://localhost:5000")) is None
    assert registry.missing_package(tracker("tensorboard")) is None


def test_folder_named_like_a_package_is_none(tmp_path, monkeypatch):
    (tmp_path / "wandb").mkdir()
    monkeypatch.setattr("sys.path", [str(tmp_path)])
    monkeypatch.delitem(sys.modules, "wandb", raising=False)
    importlib.invalidate_caches()

    assert registry.missing_package(tracker("wandb")) is not None


def test_environment_fills_in_what_the_recipe_does_not_say():
    environment = {
        "MLFLOW_TRACKING_URI": "https://ann:secret@mlflow.example.org",
        "MLFLOW_EXPERIMENT_NAME": "theirs",
        "WANDB_MODE": "offline",
        "WANDB_ENTITY": "team",
    }
    own = [tracker("tensorboard"), tracker("mlflow", experiment="mine", model=False), tracker("wandb", timeout=5.0)]

    found = [each.model_dump(exclude_none=True) for each in registry.settled(own, "digits", environment)]

    assert found == [
        {"tensorboard": {}},
        {"mlflow": {"uri": "https://mlflow.example.org", "experiment": "mine", "model": False}},
        {"wandb": {"project": "digits", "entity": "team", "mode": "offline", "model": True, "timeout": "5 s"}},
    ]


def test_settled_settings_stay_whatever_the_environment_says_later():
    first = registry.settled([tracker("mlflow"), tracker("wandb")], "digits", {})

    later = registry.settled(first, "digits", {"MLFLOW_EXPERIMENT_NAME": "x", "WANDB_PROJECT": "y"})

    assert later == first
