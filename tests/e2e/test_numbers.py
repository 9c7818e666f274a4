"""A network that gives numbers, from its arrays to every command: the radius of a disc, learned from its image."""

from __future__ import annotations

import csv
import json

import numpy as np
import pytest
from commands import call, draw_nothing

RECIPE = """\
name: discs
data:
  source: {npz: {path: discs.npz}}
  targets: numbers
  prepare: [Rescaling: {scale: $(1 / 255)}]
model:
  layers:
    - Conv2D: {name: first, filters: 8, kernel_size: 5, strides: 2, activation: relu}
    - Flatten
    - Dense: {units: 16, activation: relu}
    - Dense: {name: radius, units: 1}
train: {seed: 1, epochs: 4, batch_size: 32, precision: float32, optimizer: {Adam: {learning_rate: 3e-3}}}
visualize:
  - grad_cam: {samples: most_wrong}
  - feature_maps: {samples: 2}
"""


def discs(count, seed):
    """Noisy images of a disc somewhere in the middle: uint8 (count, 24, 24), and the radius of each in pixels."""
    random = np.random.default_rng(seed)
    radius, centre = random.uniform(2, 8, count), random.uniform(10, 14, (count, 2))
    places = np.mgrid[:24, :24].transpose(1, 2, 0)
    distance = np.linalg.norm(places - centre[:, None, None], axis=-1)
    inside = np.clip(radius[:, None, None] - distance + 0.5, 0, 1)
    return (inside * 200 + random.uniform(0, 40, inside.shape)).astype(np.uint8), radius


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Arrays of discs, and outputs/discs/first, trained on them."""
    folder = tmp_path_factory.mktemp("discs")
    images, radius = discs(500, seed=0)
    np.savez(folder / "discs.npz", x=images, y=radius)
    np.savez(folder / "others.npz", x=images[:9], y=radius[:9])
    (folder / "discs.yaml").write_text(RECIPE)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        done = call("train", "discs.yaml", "--run", "first")
    assert "400 training, 50 validation, 50 test; numbers from 2.0" in done.stderr
    return folder


@pytest.fixture(autouse=True)
def _here(folder, monkeypatch):
    monkeypatch.chdir(folder)
    monkeypatch.delenv("COLUMNS", raising=False)


def recorded(folder, name="evaluation.json"):
    return json.loads((folder / "outputs/discs/first" / name).read_text())


def rows(folder):
    with open(folder / "outputs/discs/first/predictions.csv", newline="") as file:
        return list(csv.DictReader(file))


def test_radius_is_learned_and_scored_beside_the_mean(folder):
    scored, record = recorded(folder), recorded(folder, "run.json")

    assert scored["r2"] > 0.9
    assert scored["mean_absolute_error"] < scored["baseline"]["mean_absolute_error"] / 3
    assert scored["baseline"]["says"] == record["data"]["numbers"]["mean"]
    low, high = scored["intervals"]["mean_absolute_error"]
    assert low < scored["mean_absolute_error"] < high
    assert scored["metrics"]["mean_absolute_error"] == pytest.approx(scored["mean_absolute_error"], rel=1e-4)
    assert record["best"]["monitor"] == "val_loss"


def test_predictions_agree_with_the_scores(folder):
    table = rows(folder)
    true, said = (np.array([float(row[name]) for row in table]) for name in ("true", "predicted"))

    assert len(table) == 50
    assert np.abs(true - said).mean() == pytest.approx(recorded(folder)["mean_absolute_error"], rel=1e-5)


def test_run_has_the_pictures_of_numbers_and_none_of_classes(folder):
    names = {path.name for path in (folder / "outputs/discs/first/figures").glob("*.png")}

    assert {"curves.png", "predicted.png", "residuals.png", "worst.png"} <= names
    assert "grad-cam-first--most_wrong.png" in names
    assert len([name for name in names if name.startswith("feature_maps_")]) == 2
    assert not names & {"confusion.png", "roc.png", "calibration.png", "wrong.png", "thresholds.png"}


def test_evaluate_gives_the_same_again_and_scores_other_arrays(folder):
    again = call("evaluate", "--json").json
    others = call("evaluate", "discs", "--data", "others.npz", "--json").json

    assert again["mean_absolute_error"] == pytest.approx(recorded(folder)["mean_absolute_error"], rel=1e-5)
    assert others["count"] == 9
    assert others["baseline"]["says"] == again["baseline"]["says"]
    text = call("evaluate").stdout
    assert "by always predicting" in text
    assert "largest errors" in text
    assert "confusion" not in text


def test_predict_gives_the_numbers_of_the_run(folder):
    x = np.load(folder / "discs.npz")["x"]
    first = rows(folder)[0]
    index = next(i for i, y in enumerate(np.load("discs.npz")["y"].astype(np.float32)) if str(y) == first["true"])
    np.save("one.npy", x[index])

    found = call("predict", "discs", "one.npy", "--json").json["predictions"]
    table = call("predict", "discs", "one.npy", "--csv", "-").stdout.splitlines()

    assert [each["value"] for each in found] == [pytest.approx(float(first["predicted"]), rel=1e-5)]
    assert table[0] == "file,index,value,problem"
    assert float(table[1].split(",")[2]) == pytest.approx(float(first["predicted"]), rel=1e-5)
    assert "value" in call("predict", "discs", "one.npy").stdout


def test_another_run_is_compared_resumed_and_reproduced(folder):
    with pytest.MonkeyPatch.context() as patch:
        draw_nothing(patch)
        call("train", "discs.yaml", "--run", "short", "--set", "train.epochs=1", "--set", "visualize=[]", "-q")
        assert call("reproduce", "discs/short", "--json").json["verdict"] == "bit-identical"

    [pair] = call("compare", "discs/short", "discs/first", "--json", "--no-picture").json["comparisons"]
    assert pair["shown"] is True
    assert pair["difference"] < pair["interval"][1] < 0
    assert pair["sentence"].startswith("discs/first is better than discs/short by ")
    call("train", "--resume", "discs/short", "--epochs", "2", "-q")
    assert json.loads((folder / "outputs/discs/short/run.json").read_text())["epochs"] == 2
    assert "mean_absolute_error" in call("runs").stdout
    page = (folder / "outputs/discs/short/report.html").read_text()
    assert "Predicted and true values" in page


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ("model.layers.3.Dense.units=2", "the data has 1 number for each example, and layer `radius` gives 2"),
        ("model.layers.3.Dense.activation=sigmoid", "sigmoid gives numbers from 0 to 1, and the data's go from 2.0"),
        (
            "data.targets=classes",
            "for regression write `targets: numbers` in `data`; the loss is then mean_squared_error",
        ),
        ("train.metrics=[accuracy]", "accuracy measures classes, and `targets` are numbers"),
    ],
)
def test_what_cannot_work_is_reported_before_anything_is_written(folder, change, message):
    before = sorted(folder.rglob("*"))

    done = call("train", "discs.yaml", "--set", change, exit_code=4 if change.startswith("model") else 3)

    assert message in done.stderr
    assert sorted(folder.rglob("*")) == before


def test_data_and_runs_of_classes_are_refused(folder):
    assert (
        "the labels of this data are classes" in call("evaluate", "discs", "--data", "mnist-sample", exit_code=4).stderr
    )
    done = call("grad-cam", "discs/first", "--class", "cat", exit_code=3)
    assert "one of: small, large" in done.stderr
