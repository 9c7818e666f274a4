"""Real runs of the real command on the packaged digits."""

import csv
import json
import re
from pathlib import Path

import keras
import numpy as np
import pytest
from commands import cut_off
from PIL import Image

from cnncli.data import samples
from cnncli.recipe.load import load_bytes

RUN = "outputs/small/first"


@pytest.fixture(scope="module")
def folder(trained):
    return trained.folder / RUN


@pytest.fixture(scope="module")
def record(folder):
    return json.loads((folder / "run.json").read_text())


def test_run_leaves_everything_in_its_folder(folder):
    files = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}

    commits = {name for name in files if name.startswith("checkpoints/")}
    assert {name.rpartition(".")[2] for name in commits} == {"json", "npz"}
    maps = {name for name in files if name.startswith("figures/feature_maps_")}  # one, of a test example's number
    assert len(maps) == 1
    assert files - commits - maps - {".lock"} == {
        "recipe.yaml",
        "resolved.yaml",
        "run.json",
        "run.log",
        "history.csv",
        "history.json",
        "model.keras",
        "evaluation.json",
        "predictions.csv",
        "network.json",
        "report.html",
        "figures/curves.png",
        "figures/samples.png",
        "figures/confusion.png",
        "figures/roc.png",
        "figures/calibration.png",
        "figures/wrong.png",
        "figures/filters-first.png",
        "figures/filters-first.svg",
        "figures/filters-second.png",
        "figures/filters-second.svg",
    }


def test_recipe_is_kept_byte_for_byte(folder, trained):
    assert (folder / "recipe.yaml").read_bytes() == (trained.folder / "small.yaml").read_bytes()


def test_resolved_recipe_holds_every_value_and_loads(folder):
    recipe = load_bytes((folder / "resolved.yaml").read_bytes(), "resolved.yaml").recipe

    assert recipe.model.layers[-1].args["units"] == 10
    assert recipe.model.input == [28, 28, 1]
    assert recipe.train.loss.name == "sparse_categorical_crossentropy"
    assert recipe.train.seed == 7


def test_record_says_who_what_and_where(record):
    assert record["status"] == "completed"
    assert record["seed"] == 7
    assert record["precision"]["policy"] in ("float32", "mixed_bfloat16")
    assert record["precision"]["reason"]
    assert record["device"]["reason"]
    assert record["threads"]["intra_op"] >= 1
    assert record["environment"]["versions"]["keras"]
    assert record["data"]["counts"]["train"][0] > 100
    assert [set(phase) for phase in record["phases"]] == [
        {"name", "epochs", "stopped", "features_after", "steps_per_execution", "fused_operations"}
    ]
    assert record["profile"]["seconds"]["total"] == pytest.approx(record["seconds"]["total"], abs=0.01)
    assert record["params"] == 208 + 876 + 3010  # 5x5x1x8+8, 3x3x8x12+12, 5x5x12x10+10
    names = {artefact["path"] for artefact in record["artefacts"]}
    assert {"model.keras", "history.csv", "figures/curves.png"} <= names
    assert "HOME" not in json.dumps(record)


def test_history_has_a_row_an_epoch(folder):
    with (folder / "history.csv").open() as file:
        rows = list(csv.DictReader(file))

    assert [row["epoch"] for row in rows] == ["1", "2", "3"]
    assert {"loss", "accuracy", "val_loss", "val_accuracy", "learning_rate", "seconds"} <= set(rows[0])
    assert float(rows[2]["loss"]) < float(rows[0]["loss"])


def test_network_learned_digits(folder):
    evaluation = json.loads((folder / "evaluation.json").read_text())

    assert evaluation["split"] == "test"
    assert evaluation["count"] == 2000
    assert evaluation["metrics"]["accuracy"] > 0.85
    assert sum(map(sum, evaluation["confusion"])) == 2000
    assert [row["class"] for row in evaluation["per_class"]] == [str(digit) for digit in range(10)]


def test_predictions_agree_with_the_evaluation(folder):
    with (folder / "predictions.csv").open() as file:
        rows = list(csv.DictReader(file))
    right = sum(row["true"] == row["predicted"] for row in rows)
    evaluation = json.loads((folder / "evaluation.json").read_text())

    assert len(rows) == 2000
    assert right / 2000 == pytest.approx(evaluation["metrics"]["accuracy"], abs=1e-6)
    assert sum(float(rows[0][f"output_{i}"]) for i in range(10)) == pytest.approx(1, abs=1e-3)
    surest = evaluation["most_wrong"][0]
    row = rows[surest["index"]]
    assert (row["true"], row["predicted"]) == (surest["true"], surest["predicted"])
    assert float(row["probability"]) == pytest.approx(surest["probability"], rel=1e-5)
    assert sum(each["count"] for each in evaluation["calibration"]["bins"]) == 2000
    assert evaluation["intervals"]["accuracy"][0] < right / 2000 < evaluation["intervals"]["accuracy"][1]


def test_pictures_are_pictures(folder):
    pictures = sorted((folder / "figures").glob("*.png"))

    assert len(pictures) == 9
    for path in pictures:
        with Image.open(path) as image:
            image.load()
            assert min(image.size) > 200


def test_saved_model_takes_raw_images_in_keras(folder):
    """In a process without cnncli: `test_plain_keras.py`."""
    with np.load(Path(samples.__path__[0]) / "mnist-sample.npz") as archive:
        images = archive["x_test"][..., None]
    model = keras.models.load_model(folder / "model.keras", compile=False)
    outputs = model.predict(images, batch_size=64, verbose=0)
    with (folder / "predictions.csv").open() as file:
        rows = list(csv.DictReader(file))
    expected = np.array([[float(row[f"output_{i}"]) for i in range(10)] for row in rows])

    np.testing.assert_allclose(outputs, expected, atol=2e-5)


def test_same_seed_gives_the_same_run(trained):
    again = trained("train", "small.yaml", "--run", "again")
    first, second = (trained.folder / "outputs/small" / name for name in ("first", "again"))

    assert again.exit_code == 0
    rows = [json.loads((run / "history.json").read_text()) for run in (first, second)]
    for row in (*rows[0], *rows[1]):
        del row["seconds"]
    assert rows[0] == rows[1]
    assert (first / "predictions.csv").read_bytes() == (second / "predictions.csv").read_bytes()


def test_train_json_is_one_document_and_progress_goes_to_stderr(trained):
    done = trained.process("train", "small.yaml", "--run", "json", "--epochs", "1", "--json", "--profile")

    assert done.exit_code == 0
    assert "Device     " in done.stderr
    assert re.search(r"^epoch 1/1  loss ", done.stderr, re.MULTILINE)
    summary = done.json
    assert summary["status"] == "completed"
    assert summary["epochs"] == 1
    assert set(summary["seconds"]) == {"total", "import", "data", "build", "fit", "evaluate", "figures"}
    assert summary["profile"]["seconds"]["first_step"] > 0
    assert summary["profile"]["input_ms"] > 0
    assert {"run", "test", "best", "images_per_second", "precision", "device", "params"} <= set(summary)


def test_train_json_with_quiet_says_nothing_else(trained):
    done = trained("train", "small.yaml", "--dry-run", "--json", "--quiet")

    assert done.json["status"] == "checked"
    assert done.stderr == ""


def test_plain_lines_say_what_is_used_and_one_line_an_epoch(trained):
    freeze = ("--set", "train.freeze=[first]", "--set", "data.augment_copies=2")
    done = trained("train", "small.yaml", "--run", "lines", "--epochs", "2", "--device", "cpu", "--profile", *freeze)

    text = done.stderr
    for word in (
        "Recipe     small",
        "Data       mnist-sample, packaged",
        "Device     CPU",
        "Precision  ",
        "Network    ",
        "Frozen     layers up to first are computed once, for 2 augmented passes",
        "  the frozen part, once",
        "One step takes ",
    ):
        assert word in text
    assert sum(line.startswith("epoch ") for line in text.splitlines()) == 2
    assert "cnncli predict outputs/small/lines YOUR.png" in text
    assert "cnncli evaluate" not in text
    assert "accuracy" in done.stdout
    assert "tensorflow" not in text.lower()


def test_dry_run_trains_and_writes_nothing(trained):
    done = trained("train", "small.yaml", "--run", "dry", "--dry-run")

    assert done.exit_code == 0
    assert not (trained.folder / "outputs/small/dry").exists()


def test_run_that_exists_is_not_touched(trained):
    record = trained.folder / RUN / "run.json"
    before = record.read_bytes()
    done = trained("train", "small.yaml", "--run", "first")

    assert done.exit_code == 6
    assert "run exists" in done.stderr
    assert record.read_bytes() == before


def test_offline_mnist_uses_the_packaged_sample_and_says_so(trained, monkeypatch):
    cut_off(monkeypatch)
    done = trained("train", "mnist", "--dry-run")

    assert done.exit_code == 0
    assert "mnist is not cached and the download failed (no network). Using mnist-sample" in done.stderr


def test_offline_without_a_stand_in_is_exit_9(trained, monkeypatch):
    cut_off(monkeypatch)
    done = trained("train", "mnist", "--set", "data.offline=null")

    assert done.exit_code == 9
    assert "offline" in done.stderr
    assert not (trained.folder / "outputs/mnist").exists()


def test_diverged_training_is_exit_7_and_says_where(trained):
    changes = ["train.optimizer={SGD: {learning_rate: 1e30}}", "data.prepare=[]", "train.precision=float32"]
    done = trained("train", "small.yaml", "--run", "diverged", *(f"--set={change}" for change in changes))

    assert done.exit_code == 7, done.stderr
    assert re.search(r"training diverged: the loss is (nan|inf) in epoch 1, step \d+ of 63", done.stderr)
    assert "at a learning rate of 1e+30" in done.stderr
    record = json.loads((trained.folder / "outputs/small/diverged/run.json").read_text())
    assert record["status"] == "diverged"
    page = (trained.folder / "outputs/small/diverged/report.html").read_text(encoding="utf-8")
    assert f"Diverged on {record['ended'][:10]}" in page


def test_expectation_that_is_not_met_is_exit_1_and_the_run_is_kept(trained):
    done = trained(
        "train",
        "small.yaml",
        "--run",
        "expecting",
        "--epochs",
        "1",
        "--set",
        "expect.metrics={test_accuracy: '>= 0.9999'}",
    )

    assert done.exit_code == 1
    assert "expected test_accuracy >= 0.9999, got 0." in done.stderr
    assert (trained.folder / "outputs/small/expecting/model.keras").is_file()


def test_gpu_without_one_is_exit_8_and_says_what_is_missing(trained):
    done = trained("train", "small.yaml", "--device", "gpu", "--run", "gpu")
    if done.exit_code == 0:
        pytest.skip("this machine has a GPU")

    assert done.exit_code == 8
    assert "no GPU can be used: " in done.stderr


def test_network_that_cannot_fit_is_exit_8_before_anything_is_allocated(trained):
    done = trained(
        "train",
        "small.yaml",
        "--run",
        "huge",
        "--set",
        "model.layers=[Flatten, Dense: 30000000, Dense: {units: 10, activation: softmax}]",
        "--set",
        "visualize=[]",
    )

    assert done.exit_code == 8, done.stderr
    assert "training needs about" in done.stderr
    assert not (trained.folder / "outputs/small/huge").exists()
