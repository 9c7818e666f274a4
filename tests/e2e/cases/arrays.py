"""Arrays: scales, constant or unscaled inputs, leakage, large files."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from commands import Result
from numpy.typing import NDArray
from PIL import Image

from cases.making import ANY, U8, U8_RUN, Case, digits

U8_PATH = "--set data.source.npz.path="
CHECK = "train u8.yaml --dry-run"


def npz(name: str, change: Callable[[dict[str, NDArray[Any]]], object]) -> Callable[[Path], object]:
    """Makes an archive of the digits after a change."""

    def make(folder: Path) -> None:
        arrays = digits()
        change(arrays)
        np.savez(folder / name, **arrays)

    return make


def scaled(*names: str, by: float = 1 / 255, offset: float = 0.0) -> Callable[[dict[str, NDArray[Any]]], object]:
    def change(arrays: dict[str, NDArray[Any]]) -> None:
        for name in names:
            arrays[name] = (arrays[name].astype(np.float64) * by + offset).astype(np.float32)

    return change


def leaked(by: float, dtype: Any, offset: float = 0.0) -> Callable[[dict[str, NDArray[Any]]], object]:
    """Six training digits in the test part, in another scale or type."""

    def change(arrays: dict[str, NDArray[Any]]) -> None:
        arrays["x_test"] = (
            np.concatenate([arrays["x_train"][:6], arrays["x_test"]]).astype(np.float64) * by + offset
        ).astype(dtype)
        arrays["y_test"] = np.concatenate([arrays["y_train"][:6], arrays["y_test"]])

    return change


def typed(dtype: Any) -> Callable[[dict[str, NDArray[Any]]], object]:
    def change(arrays: dict[str, NDArray[Any]]) -> None:
        for name in ("x_train", "x_test"):
            arrays[name] = arrays[name].astype(dtype)

    return change


def outlier(arrays: dict[str, NDArray[Any]]) -> None:
    """Standardised values with one outlier in the training part."""
    scaled("x_train", "x_test", offset=-0.13)(arrays)
    arrays["x_train"][0, 0, 0] = 5000.0


def dark_test(arrays: dict[str, NDArray[Any]]) -> None:
    """Test images that are dark, with one bright pixel somewhere."""
    arrays["x_test"] = (arrays["x_test"] // 30).astype(np.uint8)
    arrays["x_test"][0, 0, 0] = 255


def half(*names: str, by: float = 1 / 255, offset: float = 0.0) -> Callable[[dict[str, NDArray[Any]]], object]:
    """Every second example in another scale."""

    def change(arrays: dict[str, NDArray[Any]]) -> None:
        for name in names:
            arrays[name] = arrays[name].astype(np.float32)
            arrays[name][::2] = arrays[name][::2] * by + offset

    return change


def hidden(arrays: dict[str, NDArray[Any]]) -> None:
    """Values from 0 to 1 with one outlier, which fills the range of the training data."""
    scaled("x_train", "x_test")(arrays)
    arrays["x_test"][5, 0, 0] = 255.0


def half_array(folder: Path) -> None:
    arrays = digits()
    half("x_test")(arrays)
    np.save(folder / "half.npy", arrays["x_test"])


def half_known(by: float, dtype: Any) -> Callable[[Path], object]:
    """300 training digits in another order, and the 200 test digits."""

    def make(folder: Path) -> None:
        arrays = digits()
        order = np.random.default_rng(0).permutation(500)
        x = np.concatenate([arrays["x_train"][:300], arrays["x_test"]])[order]
        y = np.concatenate([arrays["y_train"][:300], arrays["y_test"]])[order]
        np.savez(folder / "known.npz", x=(x.astype(np.float64) * by).astype(dtype), y=y)

    return make


def odd_array(folder: Path) -> None:
    """Eight digits; the third has a value that the others do not reach."""
    arrays = digits()
    x = arrays["x_test"][:8].astype(np.int32)
    x[2, 14, 14] = 300
    np.save(folder / "odd.npy", x)
    np.savez(folder / "odd.npz", x=x, y=arrays["y_test"][:8])


def all_others_predicted(folder: Path, _: Result) -> None:
    lines = (folder / "found.csv").read_text(encoding="utf-8").splitlines()
    assert [line.split(",")[1] for line in lines[1:] if ",,," not in line] == ["0", "1", "3", "4", "5", "6", "7"], lines


def one_class_validates(folder: Path) -> None:
    """Two classes to train and test, and one to validate."""
    arrays = digits()
    labels = {name: (arrays[name] > 4).astype(np.int64) for name in ("y_train", "y_test")}
    zeros = np.flatnonzero(labels["y_train"] == 0)[:40]
    arrays |= {**labels, "x_val": arrays["x_train"][zeros], "y_val": labels["y_train"][zeros]}
    others = np.setdiff1d(np.arange(600), zeros)
    arrays |= {"x_train": arrays["x_train"][others], "y_train": labels["y_train"][others]}
    np.savez(folder / "binary.npz", **arrays)


def history_has_gaps(folder: Path, done: Result) -> None:
    run = folder / "outputs/binary/first"
    rows = json.loads((run / "history.json").read_text(encoding="utf-8"))
    assert [row["val_auc"] for row in rows] == [None, None]
    assert all(row["auc"] > 0 and row["val_accuracy"] is not None for row in rows)
    assert [row["val_precision"] for row in rows] == [None, None]
    with (run / "history.csv").open(encoding="utf-8") as file:
        assert [row["val_auc"] for row in csv.DictReader(file)] == ["", ""]
    record = json.loads((run / "run.json").read_text(encoding="utf-8"))
    assert record["best"]["val_auc"] is None
    assert sum("`val_auc` has no value" in note for note in record["notes"]) == 1
    assert done.stderr.count("`val_auc` has no value") == 1


def several_labels(arrays: dict[str, NDArray[Any]]) -> None:
    labels = np.random.default_rng(0).random((600, 5)) < 0.4
    arrays["y_train"] = labels.astype(np.int64)
    del arrays["x_test"], arrays["y_test"]


def one_hot(arrays: dict[str, NDArray[Any]]) -> None:
    arrays["y_train"] = np.eye(10, dtype=np.int64)[arrays["y_train"]]


def all_in_one(folder: Path) -> None:
    arrays = digits()
    np.savez(folder / "one.npz", x=arrays["x_train"], y=arrays["y_train"])


def saved(name: str, by: float, dtype: Any) -> Callable[[Path], object]:
    return lambda folder: np.save(folder / name, (digits()["x_test"][:8].astype(np.float64) * by).astype(dtype))


def picture(folder: Path) -> None:
    Image.fromarray(digits()["x_test"][0]).save(folder / "digit.png")


def has_note(part: str) -> Callable[[Path, Result], object]:
    def check(_: Path, done: Result) -> None:
        assert any(part in note["message"] for note in json.loads(done.stdout)["notes"]), done.stdout

    return check


EMBEDDING = """\
name: embedding
data: {source: {npz: {path: u8.npz}}}
model: {input: [28, 28, 1], layers: [Flatten, Embedding: {input_dim: 256, output_dim: 2}, GlobalAveragePooling1D,
        Dense: {units: $classes, activation: softmax}]}
train: {epochs: 1, seed: 1}
"""
ZERO_SCALE = U8.replace("$(1 / 255)", "0.0")
BINARY = """\
name: binary
data: {source: {npz: {path: binary.npz}}, prepare: [Rescaling: {scale: $(1 / 255)}]}
model: {input: [28, 28, 1], layers: [Flatten, Dense: {units: 1, activation: sigmoid}]}
train:
  epochs: 2
  seed: 1
  loss: binary_crossentropy
  metrics: [accuracy, AUC: {name: auc}, Precision: {name: precision, thresholds: 0.999999}]
"""
TWICE = "the data goes from 0 to 1 before this layer"
TRAINED_ON = "the network was trained on values from 0 to 255"

CASES: list[Case] = [
    Case(
        "a test part from 0 to 1 beside a training part from 0 to 255",
        (f"{CHECK} {U8_PATH}mixed.npz",),
        4,
        ("x_train holds values from 0 to 255, x_test from 0 to 1: they are in two scales",),
        files=(npz("mixed.npz", scaled("x_test")),),
        writes_nothing=True,
    ),
    Case(
        "a test part from -1 to 1 beside a training part from 0 to 1",
        (f"{CHECK} {U8_PATH}shifted.npz",),
        4,
        ("x_train holds values from 0 to 1, x_test from -1 to 1: they are in two scales",),
        files=(npz("shifted.npz", lambda a: (scaled("x_train")(a), scaled("x_test", by=2 / 255, offset=-1.0)(a))),),
    ),
    *(
        Case(
            f"every second training example from {what} beside others from 0 to 255",
            (f"{CHECK} {U8_PATH}half.npz",),
            4,
            (
                f"300 of 600 examples of x_train hold values from {what}, the others from 0 to 255",
                "x_train[0], x_train[2]",
            ),
            files=(npz("half.npz", half("x_train", by=by, offset=offset)),),
            writes_nothing=True,
        )
        for what, by, offset in (("0 to 1", 1 / 255, 0.0), ("-1 to 1", 2 / 255, -1.0))
    ),
    Case(
        "every second example to score from 0 to 1",
        (f"evaluate {U8_RUN} --data half.npz --json",),
        check=has_note("100 of 200 examples of half.npz hold values from 0 to 1, the others from 0 to 255"),
        files=(npz("half.npz", half("x_test")),),
    ),
    Case(
        "every second example to predict from 0 to 1",
        (f"predict {U8_RUN} half.npy --strict",),
        4,
        ("100 of 200 examples of half.npy hold values from 0 to 1, the others from 0 to 255",),
        files=(half_array,),
    ),
    *(
        Case(
            f"other data {what} is scored with a warning",
            (f"evaluate {U8_RUN} --data other.npz --strict",),
            4,
            (f"other.npz holds values from {values}, and {TRAINED_ON}",),
            files=(npz("other.npz", scaled("x_train", "x_test", by=by, offset=offset)),),
        )
        for what, values, by, offset in (
            ("of 16 bits", "0 to 6.554e+04", 257, 0.0),
            ("of 12 bits", "0 to 4095", 4095 / 255, 0.0),
            ("minus 128", "-128 to 127", 1, -128.0),
            ("from -1 to 1", "-1 to 1", 2 / 255, -1.0),
            ("standardised", "-0.4242 to 2.821", 1 / 255 / 0.3081, -0.4242),
        )
    ),
    Case(
        "an outlier does not hide another scale",
        (f"evaluate {U8_RUN} --data hidden.npz",),
        says=(f"hidden.npz holds values from 0 to 1, and {TRAINED_ON}",),
        files=(npz("hidden.npz", hidden),),
    ),
    Case(
        "grad-cam after the data was scaled in its file",
        (f"grad-cam {U8_RUN} --method occlusion --samples 1",),
        says=("the data has changed", f"the test split holds values from 0 to 1, and {TRAINED_ON}"),
        files=(npz("u8.npz", scaled("x_train", "x_test")),),
    ),
    Case(
        "one outlier is no other scale",
        (f"{CHECK} {U8_PATH}outlier.npz",),
        unsaid=("scales",),
        files=(npz("outlier.npz", outlier),),
    ),
    Case(
        "dark test images are no other scale",
        (f"{CHECK} {U8_PATH}dark.npz",),
        unsaid=("scales",),
        files=(npz("dark.npz", dark_test),),
    ),
    *(
        Case(
            f"training digits in the test part as {what}",
            (f"{CHECK} {U8_PATH}leak.npz",),
            4,
            ("6 images of x_test are also in x_train", "x_train[0] = x_test[0]"),
            files=(npz("leak.npz", leaked(by, dtype, offset)),),
        )
        for what, by, dtype, offset in (
            ("floats from 0 to 1", 1 / 255, np.float32, 0.0),
            ("doubles from 0 to 255", 1, np.float64, 0.0),
            ("integers", 1, np.int32, 0.0),
            ("values from -1 to 1", 2 / 255, np.float32, -1.0),
        )
    ),
    Case(
        "data from 0 to 1 that is divided by 255 again",
        (f"{CHECK} {U8_PATH}f01.npz",),
        says=("u8.yaml:4:13: values from 0 to 0.0039 enter `dense`", TWICE),
        files=(npz("f01.npz", scaled("x_train", "x_test")),),
    ),
    Case(
        "a scale of 0 makes all examples equal",
        ("train zero.yaml --dry-run",),
        says=("the same values enter `dense` for every example: 0 to 0",),
        files=(("zero.yaml", ZERO_SCALE),),
    ),
    Case(
        "values up to 4,000 that nothing scales",
        (f"train raw.yaml --dry-run {U8_PATH}large.npz",),
        says=("the inputs are numbers from 0 to 4080, and no layer scales them", "scale: $(1 / 4080)"),
        files=(
            ("raw.yaml", U8.replace("  prepare: [Rescaling: {scale: $(1 / 255)}]\n", "")),
            npz("large.npz", scaled("x_train", "x_test", by=16)),
        ),
    ),
    *(
        Case(
            f"{np.dtype(dtype).name} from 0 to 255 is as good as uint8",
            (f"{CHECK} {U8_PATH}typed.npz",),
            unsaid=("enter", "scale"),
            files=(npz("typed.npz", typed(dtype)),),
        )
        for dtype in (np.int32, np.uint16, np.float64)
    ),
    Case(
        "other data in another scale is scored with a warning",
        (f"evaluate {U8_RUN} --data f01.npz",),
        says=(f"f01.npz holds values from 0 to 1, and {TRAINED_ON}",),
        files=(npz("f01.npz", scaled("x_train", "x_test")),),
    ),
    Case(
        "the warning stands in the document",
        (f"evaluate {U8_RUN} --data f01.npz --json",),
        check=has_note("f01.npz holds values from 0 to 1"),
        files=(npz("f01.npz", scaled("x_train", "x_test")),),
    ),
    Case(
        "--strict refuses to score data in another scale",
        (f"evaluate {U8_RUN} --data f01.npz --strict",),
        4,
        ("f01.npz holds values from 0 to 1",),
        files=(npz("f01.npz", scaled("x_train", "x_test")),),
    ),
    Case(
        "predictions for an array in another scale come with a warning",
        (f"predict {U8_RUN} f01.npy u8.npy",),
        says=(f"f01.npy holds values from 0 to 1, and {TRAINED_ON}",),
        unsaid=("u8.npy holds",),
        files=(saved("f01.npy", 1 / 255, np.float32), saved("u8.npy", 1, np.uint8)),
    ),
    Case(
        "--strict predicts nothing for an array in another scale",
        (f"predict {U8_RUN} f01.npy --csv found.csv --strict",),
        4,
        ("f01.npy holds values from 0 to 1",),
        files=(saved("f01.npy", 1 / 255, np.float32),),
        writes_nothing=True,
    ),
    Case(
        "an image file for a network that was trained on values from 0 to 1",
        (f"train scaled.yaml {U8_PATH}f01.npz --run f01", "predict outputs/u8/f01 digit.png"),
        says=("an image file holds values from 0 to 255, and the network was trained on values from 0 to 1",),
        files=(
            npz("f01.npz", scaled("x_train", "x_test")),
            (
                "scaled.yaml",
                U8.replace("  prepare: [Rescaling: {scale: $(1 / 255)}]\n", "").replace("epochs: 2", "epochs: 1"),
            ),
            picture,
        ),
    ),
    Case(
        "an image file for a network that was trained on such values",
        (f"predict {U8_RUN} digit.png",),
        unsaid=("values from",),
        files=(picture,),
    ),
    Case(
        "numbers beyond an Embedding",
        ("train embedding.yaml --dry-run",),
        4,
        (
            f"embedding.yaml:3:{ANY}: numbers from 0 to 255 enter `embedding`, which has rows for 0 to 99",
            "input_dim: 256",
        ),
        files=(("embedding.yaml", EMBEDDING.replace("input_dim: 256", "input_dim: 100")),),
        writes_nothing=True,
    ),
    Case(
        "decimals into an Embedding",
        (f"train embedding.yaml --dry-run {U8_PATH}f01.npz",),
        4,
        ("numbers with decimals enter `embedding`",),
        files=(("embedding.yaml", EMBEDDING), npz("f01.npz", scaled("x_train", "x_test"))),
    ),
    Case(
        "other data beyond an Embedding",
        ("train embedding.yaml --run first", "predict outputs/embedding/first large.npy"),
        4,
        ("large.npy[0]: numbers from 0 to", "which has rows for 0 to 255"),
        files=(("embedding.yaml", EMBEDDING), saved("large.npy", 3, np.int32)),
    ),
    Case(
        "one example beyond an Embedding among others",
        ("train embedding.yaml --run first", "predict outputs/embedding/first odd.npy --csv found.csv"),
        4,
        ("odd.npy[2]: numbers from 0 to 300 enter `embedding`, which has rows for 0 to 255", "leave the example out"),
        files=(("embedding.yaml", EMBEDDING), odd_array),
        check=all_others_predicted,
    ),
    Case(
        "one example to score beyond an Embedding",
        ("train embedding.yaml --run first", "evaluate outputs/embedding/first --data odd.npz"),
        4,
        ("example 2 of odd.npz: numbers from 0 to 300 enter `embedding`, which has rows for 0 to 255",),
        files=(("embedding.yaml", EMBEDDING), odd_array),
    ),
    Case(
        "the split that the network was trained on",
        (f"evaluate {U8_RUN} --split train",),
        says=("the train split holds the examples that the network was trained on",),
    ),
    Case(
        "the split that it was not trained on",
        (f"evaluate {U8_RUN}",),
        unsaid=("trained on",),
    ),
    Case(
        "the very file from which the training examples were taken",
        (f"train u8.yaml --run one {U8_PATH}one.npz --epochs 1", "evaluate outputs/u8/one --data one.npz"),
        says=("one.npz includes the examples that the network was trained on",),
        files=(all_in_one,),
    ),
    *(
        Case(
            f"other data of which half trained the network, as {np.dtype(dtype).name}",
            (f"evaluate {U8_RUN} --data known.npz{more}",),
            code,
            (f"{ANY} of 500 examples of known.npz were used to train the network",),
            files=(half_known(by, dtype),),
        )
        for by, dtype, more, code in (
            (1, np.uint8, "", 0),
            (1, np.float64, "", 0),
            (1 / 255, np.float32, " --strict", 4),
        )
    ),
    Case(
        "blank examples are no training examples",
        (f"evaluate {U8_RUN} --data blank.npz",),
        unsaid=("used to train",),
        files=(lambda folder: np.savez(folder / "blank.npz", x=np.zeros((9, 28, 28), np.uint8), y=np.arange(9)),),
    ),
    Case(
        "a validation part of one class has no AUC, and nothing predicted no precision",
        ("train binary.yaml --run first",),
        says=(
            "epoch 1/2",
            "val_auc –",
            "`val_auc` has no value in any epoch",
            "a class has no examples or is never predicted",
        ),
        files=(("binary.yaml", BINARY), one_class_validates),
        check=history_has_gaps,
    ),
    Case(
        "the note about metrics without a value stands in the document",
        ("train binary.yaml --run first --json",),
        check=has_note("`val_auc` has no value in any epoch"),
        files=(("binary.yaml", BINARY), one_class_validates),
    ),
    Case(
        "such a run is resumed, reported and compared",
        (
            "train binary.yaml --run first",
            "train --resume outputs/binary/first --epochs 3",
            "report outputs/binary/first",
            "train binary.yaml --run second",
            "compare outputs/binary/first outputs/binary/second --anyway",
        ),
        files=(("binary.yaml", BINARY), one_class_validates),
    ),
    Case(
        "several labels an example",
        (f"{CHECK} {U8_PATH}multi.npz",),
        4,
        ("that is multi-label classification", "targets: multilabel"),
        unsaid=("targets: numbers",),
        files=(npz("multi.npz", several_labels),),
    ),
    Case(
        "one-hot labels",
        (f"{CHECK} {U8_PATH}onehot.npz",),
        4,
        ("y_train is one-hot", "np.argmax(y_train, axis=1)"),
        files=(npz("onehot.npz", one_hot),),
    ),
]
