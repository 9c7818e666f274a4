"""`cnncli evaluate` and `cnncli visualize-filters` on a real run."""

import json
import shutil

import numpy as np
import pytest
from PIL import Image

RUN = "outputs/small/first"
MODEL = f"{RUN}/model.keras"


@pytest.fixture(scope="module")
def digits(trained):
    from cnncli.data import samples

    return np.load(f"{next(iter(samples.__path__))}/mnist-sample.npz")


def test_evaluate_repeats_the_runs_own_numbers(trained):
    done = trained("evaluate", "small/first", "--json")
    own = json.loads((trained.folder / RUN / "evaluation.json").read_text())

    assert done.exit_code == 0
    assert done.json["confusion"] == own["confusion"]
    assert done.json["loss"] == pytest.approx(own["loss"], rel=1e-6)
    assert done.json["split"] == "test"
    assert set(own) - {"split", "examples_sha256"} <= set(done.json)
    assert done.json["intervals"] == own["intervals"]
    assert "figures" not in done.json


def test_evaluate_says_how_far_to_trust_the_accuracy(trained):
    done = trained("evaluate", "small/first")
    own = json.loads((trained.folder / RUN / "evaluation.json").read_text())
    low, high = own["intervals"]["accuracy"]

    assert f"accuracy     {own['accuracy']:.4f}, 95% interval {low:.4f} to {high:.4f}\n" in done.stdout
    assert (
        f"baseline     {own['baseline']['accuracy']:.4f} by always predicting {own['baseline']['class']}\n"
        in done.stdout
    )
    for words in (
        "top-k        top-3 accuracy 0.",
        "ROC AUC      0.",
        "calibration  expected error 0.",
        "most confused",
    ):
        assert words in done.stdout


def test_evaluate_draws_only_where_it_is_asked_to(trained, tmp_path):
    run = trained.folder / RUN
    before = {path: path.stat().st_mtime_ns for path in run.rglob("*") if path.is_file()}
    done = trained("evaluate", "small/first", "--split", "validation", "--figures", str(tmp_path / "new"), "--json")

    assert done.exit_code == 0, done.stderr
    names = ("confusion", "roc", "calibration", "wrong")
    assert done.json["figures"] == [
        str(tmp_path / f"new/{name}--validation.{kind}") for name in names for kind in ("png", "svg")
    ]
    assert {path.name for path in (tmp_path / "new").iterdir()} == {
        path.rpartition("/")[2] for path in done.json["figures"]
    }
    assert {path: path.stat().st_mtime_ns for path in run.rglob("*") if path.is_file()} == before


def test_figures_into_a_file_is_reported(trained, tmp_path):
    (tmp_path / "taken").write_text("")
    done = trained("evaluate", "small/first", "--figures", str(tmp_path / "taken"))

    assert done.exit_code == 6
    assert "taken is a file, not a folder" in done.stderr


def test_evaluate_without_argument_takes_the_newest_run(trained, cnncli):
    shutil.copytree(trained.folder / RUN, cnncli.folder / RUN)
    done = cnncli("evaluate", "--split", "validation")

    assert done.exit_code == 0, done.stderr
    assert "on validation split: 800 examples" in done.stdout
    for word in ("loss", "accuracy", "precision", "recall", "F1", "support", "confusion"):
        assert word in done.stdout


def test_evaluate_takes_other_data_of_each_kind(trained, digits, tmp_path):
    np.savez(tmp_path / "other.npz", x_test=digits["x_test"][:100], y_test=digits["y_test"][:100])
    for number, (image, label) in enumerate(zip(digits["x_test"][:60], digits["y_test"][:60], strict=True)):
        folder = tmp_path / "photos" / str(label)
        folder.mkdir(parents=True, exist_ok=True)
        Image.fromarray(image).save(folder / f"{number}.png")

    arrays = trained("evaluate", RUN, "--data", str(tmp_path / "other.npz"), "--json")
    folder = trained("evaluate", RUN, "--data", str(tmp_path / "photos"), "--json")
    builtin = trained("evaluate", MODEL, "--data", "mnist-sample", "--json")

    assert (arrays.exit_code, folder.exit_code, builtin.exit_code) == (0, 0, 0), folder.stderr + folder.stdout
    assert arrays.json["count"] == 100
    assert folder.json["count"] == 60
    assert builtin.json["count"] == 2000
    assert folder.json["metrics"]["accuracy"] > 0.7


def test_data_of_another_shape_is_exit_4(trained, tmp_path):
    np.savez(tmp_path / "wide.npz", x_test=np.zeros((10, 32, 32, 3), np.uint8), y_test=np.arange(10))
    done = trained("evaluate", RUN, "--data", str(tmp_path / "wide.npz"))

    assert done.exit_code == 4
    assert "28x28x1" in done.stderr
    assert "32x32x3" in done.stderr


def test_classes_that_the_model_does_not_know_are_exit_4(trained, tmp_path):
    for name in ("cat", "dog"):
        (tmp_path / "pets" / name).mkdir(parents=True)
        Image.new("L", (28, 28)).save(tmp_path / "pets" / name / "1.png")
    done = trained("evaluate", RUN, "--data", str(tmp_path / "pets"))

    assert done.exit_code == 4
    assert "cat" in done.stderr


def test_model_file_alone_needs_data(trained, tmp_path):
    model = shutil.copy(trained.folder / MODEL, tmp_path / "alone.keras")
    done = trained("evaluate", str(model))

    assert done.exit_code == 4
    assert "--data" in done.stderr


@pytest.mark.parametrize(
    ("content", "message"),
    [(None, "model not found: "), (b"", "is empty (0 bytes)"), (b"PK\x03\x04half", "is cut short: 8 bytes")],
    ids=["missing", "empty", "cut short"],
)
def test_broken_model_file_is_exit_5(trained, tmp_path, content, message):
    path = tmp_path / "broken.keras"
    if content is not None:
        path.write_bytes(content)
    done = trained("evaluate", str(path), "--data", "mnist-sample")

    assert done.exit_code == 5
    assert message in done.stderr


@pytest.mark.parametrize("name", ["https://example.org/model.keras", "model.h5"])
def test_model_from_elsewhere_is_refused(trained, name):
    assert trained("evaluate", name, "--data", "mnist-sample").exit_code == 5


def test_unknown_run_is_exit_6_with_the_nearest(trained):
    done = trained("evaluate", "smal")

    assert done.exit_code == 6
    assert "small" in done.stderr


def test_filters_of_the_first_convolution_by_default(trained, tmp_path):
    done = trained("visualize-filters", RUN, "--to", str(tmp_path))

    assert done.exit_code == 0
    assert {path.name for path in tmp_path.iterdir()} == {"filters-first.png", "filters-first.svg"}
    assert str(tmp_path / "filters-first.png") in done.stdout


def test_filters_of_named_layers_of_a_model_file(trained, tmp_path):
    model = shutil.copy(trained.folder / MODEL, tmp_path / "alone.keras")
    done = trained("visualize-filters", str(model), "--layer", "second", "--per-filter", "--no-svg", "--json")

    assert done.json["figures"] == [str(tmp_path / "filters-second--per-filter.png")]
    assert (tmp_path / "filters-second--per-filter.png").is_file()


def test_filters_of_another_scale_are_another_file(trained, tmp_path):
    wanted = ("visualize-filters", RUN, "--no-svg", "--to", str(tmp_path))
    done = trained(*wanted, "--scale", "min-max", "--per-filter")
    assert done.exit_code == 0, done.stderr
    assert (tmp_path / "filters-first--min-max--per-filter.png").is_file()

    refused = trained(*wanted, "--scale", "rgb")
    assert refused.exit_code == 3
    assert "the filters of `first` cannot be drawn as RGB colors" in refused.stderr
    unknown = trained(*wanted, "--scale", "diverge")
    assert unknown.exit_code == 2
    assert "did you mean `diverging`?" in unknown.stderr


def test_filters_say_how_they_fare_and_how_they_changed(trained, tmp_path):
    done = trained("visualize-filters", RUN, "--change", "--strongest", "3", "--no-svg", "--to", str(tmp_path))

    assert done.exit_code == 0, done.stderr
    assert done.stdout.splitlines() == [
        str(tmp_path / "filters-first--strongest-3--change.png"),
        "first: 8 filters, none dead over 256 test examples, no near-duplicates, none untouched",
    ]


def test_unknown_layer_is_reported_with_the_nearest(trained, tmp_path):
    done = trained("visualize-filters", RUN, "--layer", "secnd", "--to", str(tmp_path))

    assert done.exit_code == 3
    assert "did you mean `second`?" in done.stderr
    assert not list(tmp_path.iterdir())


def test_list_layers_draws_nothing(trained):
    done = trained("visualize-filters", RUN, "--list-layers")

    assert [line.rstrip() for line in done.stdout.splitlines()[1:]] == [
        "first   Conv2D: 8 filters 5x5x1",
        "second  Conv2D: 12 filters 3x3x8",
    ]
