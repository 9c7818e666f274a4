"""How equal two runs came out, from what is in their folders."""

import json
import math
import shutil
from pathlib import Path

import keras
import numpy as np
import pytest

from cnncli.errors import OutputError
from cnncli.workflow.reproduce import compare

ROWS = [
    {"epoch": 1, "loss": 2.0, "val_loss": 0.5, "seconds": 3.0},
    {"epoch": 2, "loss": 1.0, "val_loss": 0.4, "seconds": 2.0},
]


@pytest.fixture(scope="module")
def first(tmp_path_factory):
    """A run's folder with what is compared."""
    folder = tmp_path_factory.mktemp("runs") / "first"
    folder.mkdir()
    keras.Sequential([keras.Input((2,)), keras.layers.Dense(1, name="out")]).save(folder / "model.keras")
    write(folder, ROWS)
    (folder / "predictions.csv").write_text("example,true\n0,a\n")
    return folder


def write(folder: Path, rows: list[dict[str, object]]) -> None:
    (folder / "history.json").write_text(json.dumps(rows))


@pytest.fixture
def second(first, tmp_path):
    return Path(shutil.copytree(first, tmp_path / "second"))


def changed(index: int, **numbers: float) -> list[dict[str, object]]:
    return [{**row, **(numbers if place == index else {})} for place, row in enumerate(ROWS)]


def test_seconds_do_not_count(first, second):
    write(second, changed(0, seconds=99.0))
    found = compare(first, second, tolerance=0)
    assert found.verdict == "bit-identical"
    assert str(found) == "bit-identical: every number of the history, every weight and every prediction"


def test_small_differences_are_within_tolerance_relative_above_1(first, second):
    write(second, changed(1, val_loss=0.4 + 1e-3, loss=1.0 + 1e-3))
    found = compare(first, second, tolerance=0.01)
    assert (found.verdict, found.first_epoch, found.first_epoch_outside) == ("within tolerance", 2, None)
    assert found.largest == pytest.approx(1e-3, rel=1e-2)
    write(second, changed(0, loss=2.019))
    assert compare(first, second, tolerance=0.01).verdict == "within tolerance"


def test_first_epoch_outside_is_reported(first, second):
    write(second, changed(0, val_loss=0.501)[:1] + changed(1, val_loss=0.8)[1:])
    found = compare(first, second, tolerance=0.01)
    assert (found.verdict, found.first_epoch, found.first_epoch_outside) == ("different", 1, 2)
    assert found.largest_in == "val_loss in epoch 2"


@pytest.mark.parametrize("rows", [ROWS[:1], [*ROWS, ROWS[1]], changed(1, loss=math.nan), [ROWS[0], {"epoch": 2}]])
def test_epoch_or_number_that_only_one_has_is_different(first, second, rows):
    write(second, rows)
    assert compare(first, second, tolerance=0.5).verdict == "different"


def test_other_weights_behind_the_same_history_are_different(first, second):
    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1, name="out")])
    model.layers[0].kernel.assign(np.ones((2, 1)))
    model.save(second / "model.keras")
    found = compare(first, second, tolerance=0.5)
    assert (found.verdict, found.same_weights, found.same_predictions) == ("different", False, True)
    assert str(found) == "different: the history is the same to the last bit, the weights not"


@pytest.mark.parametrize("content", ["", "[1]", "{}"])
def test_damaged_history_is_reported(first, second, content):
    (second / "history.json").write_text(content)
    with pytest.raises(OutputError, match="is damaged"):
        compare(first, second, tolerance=0)
