"""A network with several labels for each example, from its arrays to every command: squares, rows and columns in noise."""

from __future__ import annotations

import csv
import json
import shutil

import numpy as np
import pytest
from commands import call, draw_nothing

from cnncli.inference.model_loading import open_model
from cnncli.interpretability.attribution import heat_of
from cnncli.interpretability.class_scores import of_class
from cnncli.network.flatten_submodels import opened

RECIPE = """\
name: shapes
data: {source: {npz: {path: shapes.npz}}, targets: multilabel}
model:
  layers:
    - Conv2D: {filters: 8, kernel_size: 3, activation: relu}
    - MaxPooling2D
    - Flatten
    - Dense: {units: $classes, activation: sigmoid}
train: {seed: 1, epochs: 4, batch_size: 16, precision: float32, optimizer: {Adam: {learning_rate: 5e-3}}}
visualize: [grad_cam: {method: occlusion, class_name: "0", samples: 2}]
"""


def shapes(count):
    random = np.random.default_rng(0)
    labels = (random.random((count, 3)) < [0.5, 0.3, 0.3]).astype(np.uint8)
    images = random.uniform(0, 0.3, (count, 16, 16)).astype(np.float32)
    images[labels[:, 0] == 1, 2:6, 2:6] += 0.6
    images[labels[:, 1] == 1, 9:11, :] += 0.5
    images[labels[:, 2] == 1, :, 12:14] += 0.5
    return images, labels


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Arrays of shapes, and outputs/shapes/first, trained on them."""
    folder = tmp_path_factory.mktemp("shapes")
    images, labels = shapes(400)
    np.savez(folder / "shapes.npz", x=images, y=labels)
    (folder / "shapes.yaml").write_text(RECIPE)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        done = call("train", "shapes.yaml", "--run", "first")
    assert "3 labels" in done.stderr
    return folder


@pytest.fixture(autouse=True)
def _here(folder, monkeypatch):
    monkeypatch.chdir(folder)
    monkeypatch.setenv("COLUMNS", "100")


def recorded(folder, name="evaluation.json"):
    return json.loads((folder / "outputs/shapes/first" / name).read_text())


def test_it_learns_and_its_record_agrees_with_its_predictions(folder):
    result = recorded(folder)
    rows = list(csv.DictReader((folder / "outputs/shapes/first/predictions.csv").open()))

    assert result["task"] == "multilabel"
    assert result["macro_f1"] > 0.9 > result["baseline"]["macro_f1"]
    exact = np.mean([all(row[f"true_{index}"] == row[f"predicted_{index}"] for index in range(3)) for row in rows])
    assert result["exact_match"] == pytest.approx(exact)
    data = recorded(folder, "run.json")["data"]
    assert data["class_names"] == ["0", "1", "2"]
    assert data["counts"] == {
        "train": [320],
        "validation": [40],
        "test": [40],
    }  # examples, however many labels they have


def test_heat_of_a_label_lies_on_its_shape(folder):
    trained = open_model("outputs/shapes/first", outputs=folder)
    images, labels = shapes(400)
    image = images[labels[:, 0] == 1][:1, ..., None]

    heat = heat_of(opened(trained.model), "occlusion", None, image, np.array([0]), score=of_class)[0]

    assert heat[2:6, 2:6].mean() > 3 * heat[8:, 8:].mean()
    assert (folder / "outputs/shapes/first/figures/occlusion--label-0--2-examples.png").is_file()


def test_scored_again_it_is_the_same(folder):
    again = call("evaluate", "outputs/shapes/first", "--json").json

    assert {key: again[key] for key in ("macro_f1", "micro_f1", "exact_match", "loss")} == {
        key: pytest.approx(recorded(folder)[key], rel=1e-5) for key in ("macro_f1", "micro_f1", "exact_match", "loss")
    }


def test_predict_gives_the_labels_above_the_threshold(folder):
    found = call("predict", "outputs/shapes/first", "shapes.npz", "--json").json["predictions"]
    rows = list(csv.DictReader(call("predict", "outputs/shapes/first", "shapes.npz", "--csv", "-").stdout.splitlines()))

    assert len(found) == len(rows) == 400
    for row, each in zip(rows, found, strict=True):
        assert sorted(filter(None, row["labels"].split("|"))) == sorted(each["labels"])
        assert {name: float(row[name]) for name in "012"} == pytest.approx(each["probabilities"], abs=1e-5)
    correct = np.mean(
        [
            [name in each["labels"] for name in "012"] == row.tolist()
            for each, row in zip(found, shapes(400)[1], strict=True)
        ]
    )
    assert correct > 0.8


def test_a_run_is_compared_reported_and_goes_on(folder, monkeypatch):
    draw_nothing(monkeypatch)
    draw_nothing(monkeypatch, "draw_picture")  # of `visualize`
    call("train", "shapes.yaml", "--run", "second", "--set", "train.epochs=1")
    sentence = call("compare", "outputs/shapes/first", "outputs/shapes/second").stdout
    page = folder / "page.html"
    call("report", "outputs/shapes/first", "--to", page)

    assert "first is better than shapes/second by" in " ".join(sentence.split())
    assert "Scores by label" in page.read_text()
    assert "5 epochs" not in call("train", "--resume", "outputs/shapes/second", "--epochs", "2").stderr


def test_labels_of_one_class_are_refused_with_the_right_way(folder):
    np.savez(folder / "classes.npz", x=shapes(40)[0], y=np.arange(40) % 3)

    done = call("train", "shapes.yaml", "--set", "data.source.npz.path=classes.npz", "--dry-run", exit_code=4)

    assert "y has the type int64 and the shape (40,); expected 0 and 1, shape (count, labels)" in " ".join(
        done.stderr.split()
    )


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (
            lambda record: record["data"].update(class_names=["a", "b"]),
            "describes 2 labels, and the network has 3 outputs",
        ),
        (lambda record: record.update(artefacts=None), "`artefacts`"),
        (lambda record: record.update(artefacts=[{"path": "model.keras"}]), "`artefacts.0.bytes`"),
    ],
    ids=["too few labels", "no artefacts", "an artefact without its hash"],
)
def test_record_that_was_changed_is_damaged(folder, change, said):
    shutil.copytree(folder / "outputs/shapes/first", folder / "outputs/shapes/changed", dirs_exist_ok=True)
    record = recorded(folder, "run.json")
    change(record)
    (folder / "outputs/shapes/changed/run.json").write_text(json.dumps(record))

    done = call("predict", "outputs/shapes/changed", "shapes.npz", exit_code=6)

    assert said in " ".join(done.stderr.split())
    shutil.rmtree(folder / "outputs/shapes/changed")
