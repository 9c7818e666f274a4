"""A finished run is done again, and compared bit by bit."""

import json
import os
import shutil

import pytest
from commands import CommandLine, draw_nothing

RECIPE = """\
name: again
data:
  source: mnist-sample
  limit: 1000
  prepare: [Rescaling: {scale: $(1 / 255)}]
  augment: [RandomTranslation: {height_factor: 0.05, width_factor: 0.05}]
model:
  layers:
    - Conv2D: {name: conv, filters: 8, kernel_size: 5, strides: 2, activation: relu}
    - Flatten
    - Dropout: 0.2
    - Dense: {name: wide, units: 512, activation: relu}
    - Dense: {name: out, units: $classes, activation: softmax}
train: {epochs: 2, batch_size: 64, precision: float32}
visualize: []
"""


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """A folder in which one core has trained `outputs/again/first`, from a seed that chance has given."""
    place = CommandLine(tmp_path_factory.mktemp("reproduce"))
    (place.folder / "again.yaml").write_text(RECIPE, encoding="utf-8")
    core = min(os.sched_getaffinity(0))
    done = place.process("train", "again.yaml", "--run", "first", preexec_fn=lambda: os.sched_setaffinity(0, {core}))
    assert done.exit_code == 0, done.stderr
    return place


@pytest.fixture
def folder(place, monkeypatch):
    draw_nothing(monkeypatch)
    return place.folder


def test_pack_of_a_deleted_run_comes_out_bit_for_bit_the_same_with_its_own_threads(place, folder):
    packed = place("pack", "again/first", "--to", "first.zip")
    assert packed.exit_code == 0, packed.stderr
    (folder / "outputs/again/first").rename(folder / "deleted")
    try:
        done = place.process("reproduce", "first.zip", "--json")
    finally:
        (folder / "deleted").rename(folder / "outputs/again/first")

    assert done.exit_code == 0, done.stderr
    said = done.json
    assert (said["of"], said["packages"]) == ("first.zip", {})
    assert said["verdict"] == "bit-identical"
    assert said["same_weights"]
    assert said["same_predictions"]
    assert said["first_epoch"] is None
    record = json.loads((folder / said["run"] / "run.json").read_text())
    assert record["reproduces"]["run"] == "first.zip"
    assert record["threads"] == {"intra_op": 1, "inter_op": 1}
    assert record["seed"] == json.loads((folder / "outputs/again/first/run.json").read_text())["seed"]


def test_other_results_are_reported_with_their_epoch_and_exit_1(place, folder):
    shutil.copytree(folder / "outputs/again/first", folder / "outputs/again/other")
    history = folder / "outputs/again/other/history.json"
    rows = json.loads(history.read_text())
    rows[1]["loss"] += 0.5
    history.write_text(json.dumps(rows))

    done = place("reproduce", "again/other")

    assert done.exit_code == 1
    expected = "outputs/again/other: different: outside a tolerance of 0.01 from epoch 2 on"
    assert expected in done.stderr


def test_run_whose_recipe_was_changed_since_is_refused_before_training(place, folder):
    shutil.copytree(folder / "outputs/again/first", folder / "outputs/again/changed")
    resolved = folder / "outputs/again/changed/resolved.yaml"
    resolved.write_text(resolved.read_text().replace("units: 512", "units: 511"))
    runs_before = sorted((folder / "outputs/again").iterdir())

    done = place("reproduce", "again/changed")

    assert done.exit_code == 3
    assert "resolved.yaml is not what the run wrote" in done.stderr
    assert sorted((folder / "outputs/again").iterdir()) == runs_before


def test_run_that_is_not_finished_is_to_be_ended_first(place, folder):
    shutil.copytree(folder / "outputs/again/first", folder / "outputs/again/stopped")
    record = folder / "outputs/again/stopped/run.json"
    record.write_text(record.read_text().replace('"completed"', '"interrupted"'))

    done = place("reproduce", "again/stopped")

    assert done.exit_code == 6
    assert "finish it with: cnncli train --resume" in done.stderr
