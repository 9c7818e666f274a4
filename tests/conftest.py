"""Shared by all tests: the command line as a user calls it, and a run."""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from commands import CommandLine, without_graphs
from hypothesis import HealthCheck, settings

from cnncli.runs import onednn


def pytest_configure(config: pytest.Config) -> None:
    os.environ.pop("COLUMNS", None)  # of the terminal in which the tests run: output would be as wide as it
    os.unsetenv("COLUMNS")  # pytest imports readline, which sets it for new processes and not in os.environ
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)  # each process that a test starts would compile cnncli anew
    sys.dont_write_bytecode = False
    settings.register_profile("cnncli", deadline=None, suppress_health_check=[HealthCheck.too_slow])
    settings.load_profile("cnncli")  # how fast the machine is does not decide whether a test passes; a test that
    # suppresses other checks lists too_slow again, because its list replaces this one
    config.option.loadscopereorder = False  # by the number of tests, which says little of the time
    onednn.choose()  # as each command does before it imports TensorFlow
    gc.disable()  # what is imported stays; to look for garbage among it is a third of the collection of tests


def pytest_collection_finish() -> None:
    gc.freeze()
    gc.set_threshold(50_000)  # as in cnncli.__main__
    gc.enable()


@pytest.hookimpl(trylast=True)
def pytest_runtest_teardown(item: pytest.Item, nextitem: pytest.Item | None) -> None:
    """What is left behind a module stays: Keras and TensorFlow keep it. No collection goes through it again."""
    if nextitem is None or nextitem.path != item.path:
        gc.collect()
        gc.freeze()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """On several cores the longest files begin first, so that none is alone at the end."""
    if "PYTEST_XDIST_WORKER" in os.environ:
        items.sort(key=lambda item: not {"e2e", "training", "workflow"} & {*item.path.parts})


@pytest.fixture(name="without_graphs", scope="module")
def _without_graphs() -> Iterator[None]:
    """For modules whose tests are about what happens around the steps.

    Graphs are in tests/training, in e2e/test_shipped_recipes.py, test_train.py, test_resume.py, test_numbers.py and
    test_multilabel.py, and in all processes of their own.
    """
    with without_graphs():
        yield


@pytest.fixture
def cnncli(tmp_path: Path) -> CommandLine:
    return CommandLine(tmp_path)


@pytest.fixture(scope="session")
def trained(tmp_path_factory: pytest.TempPathFactory) -> CommandLine:
    """A folder in which a small network has been trained on the packaged digits, as `outputs/small/first`."""
    folder = tmp_path_factory.mktemp("trained")
    (folder / "small.yaml").write_text(SMALL_RECIPE, encoding="utf-8")
    command_line = CommandLine(folder)
    done = command_line("train", "small.yaml", "--run", "first")
    assert done.exit_code == 0, done.stderr
    return command_line


SMALL_RECIPE = """\
name: small
data:
  source: mnist-sample
  limit: 4000
  prepare: [Rescaling: {scale: $(1 / 255)}]
  augment: [RandomTranslation: {height_factor: 0.05, width_factor: 0.05}]
model:
  layers:
    - Conv2D: {name: first, filters: 8, kernel_size: 5, strides: 2, activation: relu}
    - Conv2D: {name: second, filters: 12, kernel_size: 3, strides: 2, activation: relu}
    - Flatten
    - Dropout: 0.1
    - Dense: {name: out, units: $classes, activation: softmax}
train:
  seed: 7
  epochs: 3
  batch_size: 64
  optimizer: {Adam: {learning_rate: 3e-3}}
visualize:
  - filters: {layers: [first, second]}
  - feature_maps: {samples: 1}
"""
