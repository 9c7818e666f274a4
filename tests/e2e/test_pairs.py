"""A network with two inputs and shared weights, from its arrays to every command: whether two stripes are alike."""

from __future__ import annotations

import csv
import hashlib
import json
import signal
import zipfile

import numpy as np
import pytest
from commands import call, draw_nothing, stop_after_the_first_epoch
from PIL import Image

RECIPE = """\
name: pairs
data:
  source: {npz: {path: pairs.npz}}
  class_weight: balanced
  limit: 300
  inputs:
    left: {prepare: [Rescaling: {scale: $(1 / 255)}], augment: [RandomTranslation: {height_factor: 0, width_factor: 0.1}]}
    right: {prepare: [Rescaling: {scale: $(1 / 255)}], augment: [RandomFlip: horizontal]}
blocks:
  encoder:
    layers:
      - Conv2D: {name: first, filters: 4, kernel_size: 3, activation: relu}
      - Flatten
      - Dense: {name: code, units: 8}
model:
  layers:
    - encoder: {name: a, from: left}
    - encoder: {name: b, from: right, is: a}
    - Subtract: {name: minus, from: [a, b]}
    - Multiply: {name: square, from: [minus, minus]}
    - Dropout: 0.1
    - Dense: {name: out, units: $classes, activation: softmax}
train:
  seed: 1
  batch_size: 16
  precision: float32
  steps_per_execution: 2
  checkpoint: {every_steps: 4}
  phases:
    - {name: head, epochs: 1, freeze: [b_first]}
    - {name: all, epochs: 2}
visualize:
  - feature_maps: {layers: [a_first, b_first], samples: 1}
  - grad_cam: {input: right, samples: 2}
  - maximize: {layer: b_first, filters: [0], steps: 2, input: right}
expect: {shapes: {a: [8], b: [8], b_first: [8, 8, 4]}}
"""


def stripes(count, seed):
    """Images (count, 10, 10) of a bright row, and which row."""
    random = np.random.default_rng(seed)
    images = random.integers(0, 80, (count, 10, 10), dtype=np.uint8)
    rows = random.integers(0, 3, count) * 3
    for image, row in zip(images, rows, strict=True):
        image[row : row + 2] += 150
    return images, rows


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Arrays of pairs, and outputs/pairs/first, trained on them."""
    folder = tmp_path_factory.mktemp("pairs")
    (left, one), (right, other) = stripes(500, seed=0), stripes(500, seed=1)
    alike = (one == other).astype(int)
    np.savez(folder / "pairs.npz", x_left=left, x_right=right, y=alike)
    np.savez(folder / "others.npz", x_left=left[:20], x_right=right[:20], y=alike[:20])
    (folder / "pairs.yaml").write_text(RECIPE)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        done = call("train", "pairs.yaml", "--run", "first")
    assert "300 training, 50 validation, 50 test; 2 classes; left 10x10x1, right 10x10x1" in done.stderr
    assert "Keras" not in done.stderr
    return folder


@pytest.fixture(autouse=True)
def _here(folder, monkeypatch):
    monkeypatch.chdir(folder)
    monkeypatch.delenv("COLUMNS", raising=False)


def weights(run):
    with zipfile.ZipFile(f"outputs/pairs/{run}/model.keras") as archive:
        return hashlib.sha256(archive.read("model.weights.h5")).hexdigest()


def test_run_records_its_inputs_by_name(folder):
    run = json.loads((folder / "outputs/pairs/first/run.json").read_text())

    assert run["input_shape"] == run["data"]["input_shape"] == {"left": [10, 10, 1], "right": [10, 10, 1]}
    assert run["data"]["input_range"]["right"]["high"] > 200
    # Conv2D 3 * 3 * 4 + 4, code 8 * 8 * 4 * 8 + 8, out 8 * 2 + 2: those of the encoder once
    assert run["params"] == 40 + 2056 + 18


def test_report_shows_inputs_side_by_side_and_the_pictures(folder):
    page = (folder / "outputs/pairs/first/report.html").read_text()
    figures = {path.name for path in (folder / "outputs/pairs/first/figures").iterdir()}

    assert "left 10×10×1" in page
    assert "shared with a" in page
    assert {"grad-cam-b_first--input-right--2-examples.png", "maximize-b_first--filters-0--steps-2.png"} <= figures
    with Image.open("outputs/pairs/first/figures/wrong.png") as picture:
        assert picture.width > picture.height / 3


def test_summary_and_explanation_of_the_run():
    found = call("summary", "pairs.yaml", "--set", "model.input={left: [10, 10, 1], right: [10, 10, 1]}", "--set",
        "data.classes=2", "--all").stdout  # fmt: skip

    assert "Conv2D 3×3, relu, shared with a_first" in found
    explained = " ".join(call("explain", "pairs/first").stdout.split())
    assert "Its weights are those of a_first, and are counted there." in explained


def test_dry_run_writes_nothing(folder):
    before = sorted(folder.rglob("*"))

    call("train", "pairs.yaml", "--dry-run")
    assert sorted(folder.rglob("*")) == before


def test_evaluation_is_that_of_the_run(folder):
    recorded = json.loads((folder / "outputs/pairs/first/evaluation.json").read_text())

    assert call("evaluate", "pairs/first", "--json").json["loss"] == recorded["loss"]
    other = call("evaluate", "pairs/first", "--data", "others.npz", "--json")
    assert other.json["count"] == 20
    assert "were used to train the network" in str(other.json["notes"])


def test_model_file_alone_is_evaluated_and_predicts_as_the_run(folder):
    (folder / "alone.keras").write_bytes((folder / "outputs/pairs/first/model.keras").read_bytes())

    scored = [
        call("evaluate", model, "--data", "others.npz", "--json").json["loss"]
        for model in ("pairs/first", "alone.keras")
    ]
    said = [
        call("predict", model, "others.npz", "--json").json["predictions"] for model in ("pairs/first", "alone.keras")
    ]
    assert scored[0] == scored[1]
    assert said[0] == said[1]


def test_predictions_are_the_same_from_an_archive_files_and_a_table(folder):
    with np.load("others.npz") as arrays:
        left, right = arrays["x_left"], arrays["x_right"]
    np.save("l.npy", left)
    np.save("r.npy", right)
    rows = []
    for index in range(3):
        Image.fromarray(left[index]).save(f"l{index}.png")
        np.save(f"r{index}.npy", right[index])
        rows.append(f"l{index}.png,r{index}.npy")
    (folder / "t.csv").write_text("\n".join(["left,right", *rows, "l0.png,nothing.npy"]))

    def shares(*arguments, exit_code=0):
        found = call("predict", "pairs/first", *arguments, "--json", exit_code=exit_code).json["predictions"]
        return [(each["class"], each["probability"]) for each in found]

    archive = shares("others.npz")
    assert len(archive) == 20
    assert shares("--input", "left=l.npy", "--input", "right=r.npy") == archive
    np.testing.assert_allclose(
        [share for _, share in shares("t.csv", exit_code=4)], [s for _, s in archive[:3]], rtol=1e-5
    )
    call("predict", "pairs/first", "others.npz", "--csv", "p.csv")
    assert len(list(csv.DictReader((folder / "p.csv").open()))) == 20


@pytest.mark.parametrize(
    ("arguments", "exit_code", "message"),
    [
        (["predict", "pairs/first", "l0.png"], 4, "takes several inputs (left, right)"),
        (["predict", "pairs/first", "--input", "left=l.npy"], 4, "no file is given for right"),
        (["grad-cam", "pairs/first", "--layer", "b_first"], 3, "layer `b_first` does not depend on the input `left`"),
        (["grad-cam", "pairs/first", "--input", "middle"], 3, "no input is named `middle`"),
        (["maximize", "pairs/first", "--class", "1"], 3, "the output depends on left, right, and one input is maximized"),
        (["grad-cam", "pairs/first", "--image", "l0.png"], 4, "several inputs (left, right), and an image is one"),
        (["evaluate", "pairs/first", "--data", "mnist-sample"], 4, "the model takes several inputs (left, right)"),
        (["evaluate", "pairs/first", "--data", "."], 4, "the model takes several inputs (left, right)"),
    ],
)  # fmt: skip
def test_what_cannot_work_is_a_clear_error(folder, arguments, exit_code, message):
    Image.fromarray(np.zeros((10, 10), np.uint8)).save("l0.png")
    np.save("l.npy", np.zeros((2, 10, 10), np.uint8))

    done = call(*arguments, exit_code=exit_code)
    assert message in done.stderr


def test_heat_and_maps_of_either_input_are_drawn(folder):
    left = call("grad-cam", "pairs/first", "--method", "occlusion", "--samples", "1").stdout
    right = call("grad-cam", "pairs/first", "--input", "right", "--method", "smoothgrad", "--samples", "1").stdout

    assert "occlusion--input-left--1-examples.png" in left
    assert "smoothgrad--input-right--1-examples.png" in right
    listed = call("feature-maps", "pairs/first", "--list-layers").stdout
    assert "a_first" in listed
    assert "b_first" in listed
    assert "filters-a_first.png" in call("visualize-filters", "pairs/first").stdout


def test_stopped_run_goes_on_to_the_same_bits(folder, monkeypatch):
    draw_nothing(monkeypatch)
    draw_nothing(monkeypatch, "draw_picture")  # of `visualize`
    with pytest.MonkeyPatch.context() as patch:
        stop_after_the_first_epoch(patch, signal.SIGTERM)
        call("train", "pairs.yaml", "--run", "cut", exit_code=143)

    call("train", "--resume", "pairs/cut", "-q")
    assert weights("cut") == weights("first")
    predictions = [(folder / f"outputs/pairs/{run}/predictions.csv").read_bytes() for run in ("first", "cut")]
    assert predictions[0] == predictions[1]
    assert call("reproduce", "pairs/first", "--json").json["verdict"] == "bit-identical"


def test_frozen_part_is_computed_once(folder):
    changes = ["data.inputs.left.augment=[]", "data.inputs.right.augment=[]", "train.phases=[]", "train.epochs=2",
        "train.freeze=[a_first]", "visualize=[]"]  # fmt: skip
    done = call("train", "pairs.yaml", "--run", "frozen", *(f"--set={change}" for change in changes))

    assert "are computed once" in done.stderr
