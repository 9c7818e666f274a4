"""Every source and every task all the way: trained, killed and continued, evaluated, compared, predicted, reported."""

from __future__ import annotations

import csv
import io
import json
import shutil
import tarfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from boxed_folders import BOX_SOURCES, NAMES, boxed_folder, pictures_of
from commands import call, draw_nothing
from PIL import Image

from cnncli.cli import live
from cnncli.recipe import targets
from cnncli.recipe.sources import SOURCES

pytestmark = pytest.mark.usefixtures("without_graphs")
COUNT = 60
PIXELS = "[Rescaling: {scale: $(1 / 255)}]"
WORDS = "[TextVectorization: {max_tokens: 50, output_sequence_length: 6}]"
CLASSES = "Dense: {units: $classes, activation: softmax}"
LABELS = "Dense: {units: $classes, activation: sigmoid}"
FLAT = f"[Flatten, {CLASSES}]"
MAPS = (
    "[Conv2D: {filters: 8, kernel_size: 3, strides: 2, padding: same, activation: relu}, "
    "Conv2D: {name: neck, filters: 8, kernel_size: 3, strides: 2, padding: same, activation: relu}, "
    "Conv2D: {name: centres, filters: $classes, kernel_size: 1, activation: sigmoid, from: neck}, "
    "Conv2D: {name: sides, filters: 4, kernel_size: 1, activation: softplus, from: neck}]\n  outputs: [centres, sides]"
)
SENTENCE = f"[Embedding: {{input_dim: 50, output_dim: 4}}, GlobalAveragePooling1D, {CLASSES}]"


@dataclass(frozen=True)
class Row:
    """A source with a task.

    Attributes:
        source: as a recipe writes it.
        data: further keys of `data`.
        layers: of the network.
        make: writes the data into the working directory, and returns a file or a folder to predict.
        batch_size: of the training, for four steps in an epoch.
    """

    source: str
    data: str
    layers: str
    make: Callable[[], str]
    batch_size: int = 16


def labels() -> list[int]:
    return [number % 2 for number in range(COUNT)]


def pixels(number: int, size: int = 6) -> np.ndarray:
    found = np.random.default_rng(number).integers(0, 100, (size, size, 3))
    found[..., number % 2] += 120
    return found.astype(np.uint8)


def image_files() -> str:
    for number, label in enumerate(labels()):
        path = Path("photos") / "ab"[label] / f"{number}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(pixels(number)).save(path)
    return "photos/a"


def sentence(number: int) -> str:
    words = np.random.default_rng(number).choice([f"w{each}" for each in range(20)], 4)
    return " ".join([*words, ("bad", "good")[number % 2]])


def text_files() -> str:
    for number, label in enumerate(labels()):
        path = Path("reviews") / "ab"[label] / f"{number}.txt"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(sentence(number))
    return "reviews/a/0.txt"


def signal_of(number: int) -> np.ndarray:
    return np.random.default_rng(number).normal(number % 2, 0.5, 5).round(3)


def table(row_of: Callable[[int, int], dict[str, Any]], name: str = "rows.csv", delimiter: str = ",") -> str:
    rows = [row_of(number, label) for number, label in enumerate(labels())]
    with Path(name).open("w", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]), delimiter=delimiter)
        writer.writeheader()
        writer.writerows(rows)
    return name


def archive(**arrays: np.ndarray) -> str:
    np.savez("data.npz", **arrays)
    return "data.npz"


def image_array() -> np.ndarray:
    return np.stack([pixels(number) for number in range(COUNT)])


def boxed_archive() -> str:
    pictures = pictures_of(COUNT)
    boxes = np.concatenate([np.array([box for _, box in own], float).reshape(-1, 4) for _, own in pictures])
    return archive(
        x=np.stack([image for image, _ in pictures]),
        boxes=boxes,
        classes=np.array([NAMES.index(name) for _, own in pictures for name, _ in own]),
        box_counts=np.array([len(own) for _, own in pictures]),
        class_names=np.array(NAMES),
    )


def signal_table() -> str:
    return table(
        lambda number, label: {"who": f"p{number // 3}", "y": "ab"[label], **dict(enumerate(signal_of(number)))}
    )


def image_table() -> str:
    image_files()
    return table(
        lambda number, label: {"file": f"photos/{'ab'[label]}/{number}.png", "tags": "red|warm" if label else "green"}
    )


def idx_files() -> str:
    for name, values in (("images-idx3", image_array()[..., 0]), ("labels-idx1", np.array(labels(), np.uint8))):
        header = bytes([0, 0, 8, values.ndim]) + b"".join(size.to_bytes(4, "big") for size in values.shape)
        Path("idx").mkdir(exist_ok=True)
        (Path("idx") / f"train-{name}-ubyte").write_bytes(header + values.tobytes())
    np.save("one.npy", image_array()[:2, ..., :1])
    return "one.npy"


def records() -> str:
    """Shards that `cnncli data --to-tfrecord` writes of a folder of images."""
    image_files()
    Path("folder.yaml").write_text(f"data: {{source: {ROWS['image_folder'].source}}}\nmodel: {{layers: {FLAT}}}\n")
    call("data", "folder.yaml", "--to-tfrecord", "shards", "--quiet")
    return "photos/a"


def tar_archive() -> str:
    image_files()
    with tarfile.open("all.tar", "w") as archive:
        for number, label in enumerate(labels()):
            for ending, content in (
                ("png", (Path("photos") / "ab"[label] / f"{number}.png").read_bytes()),
                ("cls", str(label).encode()),
            ):
                member = tarfile.TarInfo(f"{number:03}.{ending}")
                member.size = len(content)
                archive.addfile(member, io.BytesIO(content))
    return "photos/a"


def cifar_files() -> str:
    """The binary version of CIFAR-10: a class, and 32x32 red, then green, then blue values."""
    folder = Path("cifar-10-batches-bin")
    folder.mkdir()
    (folder / "batches.meta.txt").write_text("".join(f"class {number}\n" for number in range(10)))
    random = np.random.default_rng(0)
    for name in (*(f"data_batch_{number}" for number in range(1, 6)), "test_batch"):
        rows = random.integers(0, 256, (20, 3073), np.uint8)
        rows[:, 0] = np.arange(20) % 10
        (folder / f"{name}.bin").write_bytes(rows.tobytes())
    np.save("one.npy", np.zeros((2, 32, 32, 3), np.uint8))
    return "one.npy"


def masked_images() -> str:
    """Images with a bright square, and masks of it."""
    for number in range(COUNT):
        random = np.random.default_rng(number)
        image, mask = random.integers(0, 100, (8, 8, 3)), np.zeros((8, 8), np.uint8)
        top, left = random.integers(0, 5, 2)
        mask[top : top + 4, left : left + 4] = 255
        image[mask > 0] += 120
        for folder, values in (("photos", image.astype(np.uint8)), ("masks", mask)):
            Path(folder).mkdir(exist_ok=True)
            Image.fromarray(values).save(f"{folder}/{number}.png")
    return "photos/0.png"


def digits() -> str:
    np.save("digits.npy", np.zeros((2, 28, 28, 1), np.uint8))
    return "digits.npy"


def volumes() -> str:
    for number, label in enumerate(labels()):
        for kind in ("classes", "images", "labels"):
            path = Path("scans") / kind / ("ab"[label] if kind == "classes" else "") / f"{number}.npy"
            path.parent.mkdir(parents=True, exist_ok=True)
            values = np.random.default_rng(number).normal(label, 1, (4, 5, 6)).astype(np.float32)
            np.save(path, (values > 0.5).astype(np.uint8) if kind == "labels" else values)
    return "scans/images/0.npy"


VOLUMES = "shape: [4, 4, 4], window: [-3, 3]"

ROWS = {
    "volume_folder": Row(f"{{volume_folder: {{path: scans/classes, {VOLUMES}}}}}", f"prepare: {PIXELS}", FLAT, volumes),
    "volume_folder, masks": Row(
        f"{{volume_folder: {{path: scans, classes: [air, body], {VOLUMES}}}}}",
        f"targets: masks\n  windows: {{size: [2, 4, 4], overlap: 0}}\n  prepare: {PIXELS}",
        "[Conv3D: {filters: $classes, kernel_size: 1, activation: softmax}]",
        volumes,
    ),
    "image_folder": Row("{image_folder: {path: photos, image_size: [6, 6]}}", f"prepare: {PIXELS}", FLAT, image_files),
    "text_folder": Row("{text_folder: {path: reviews}}", f"prepare: {WORDS}", SENTENCE, text_files),
    "npz": Row(
        "{npz: {path: data.npz}}",
        f"prepare: {PIXELS}",
        FLAT,
        lambda: archive(x=image_array(), y=np.array(labels())),
    ),
    "npz, multilabel": Row(
        "{npz: {path: data.npz}}",
        f"targets: multilabel\n  prepare: {PIXELS}",
        f"[Flatten, {LABELS}]",
        lambda: archive(x=image_array(), y=np.stack([labels(), np.arange(COUNT) % 3 == 0], 1).astype(int)),
    ),
    "npz, numbers": Row(
        "{npz: {path: data.npz}}",
        f"targets: numbers\n  prepare: {PIXELS}",
        "[Flatten, Dense: 1]",
        lambda: archive(x=image_array(), y=image_array().mean((1, 2, 3)).astype("f4")),
    ),
    "npz, identities": Row(
        "{npz: {path: data.npz}}",
        f"targets: identities\n  prepare: {PIXELS}",
        "[Flatten, Dense: 4, UnitNormalization]",
        lambda: archive(x=image_array(), y=np.arange(COUNT) // 3),
    ),
    "npz, input": Row(
        "{npz: {path: data.npz}}",
        f"targets: input\n  prepare: {PIXELS}\n  augment: [Rescaling: $(1 / 255), GaussianNoise: 0.1, Rescaling: 255]",
        "[Conv2D: {filters: 3, kernel_size: 3, padding: same}]",
        lambda: archive(x=image_array()),
    ),
    "npz, boxes": Row(
        "{npz: {path: data.npz}}",
        f"targets: boxes\n  prepare: {PIXELS}\n  augment: [RandomFlip: horizontal]",
        MAPS,
        boxed_archive,
    ),
    "mask_folder": Row(
        "{mask_folder: {images: photos, masks: masks, classes: {ground: 0, square: 255}, image_size: [8, 8]}}",
        f"targets: masks\n  prepare: {PIXELS}\n  augment: [RandomFlip]",
        "[Conv2D: {filters: $classes, kernel_size: 3, padding: same, activation: softmax}]",
        masked_images,
    ),
    "yolo": Row(BOX_SOURCES["yolo"], f"targets: boxes\n  prepare: {PIXELS}", MAPS, lambda: boxed_folder("yolo", COUNT)),
    "coco": Row(
        BOX_SOURCES["coco"],
        f"prepare: {PIXELS}\n  augment: [RandomFlip: horizontal]",
        MAPS,
        lambda: boxed_folder("coco", COUNT),
    ),
    "coco, masks in windows": Row(
        BOX_SOURCES["coco"],
        f"targets: masks\n  windows: {{size: [16, 16]}}\n  prepare: {PIXELS}\n  augment: [RandomFlip: horizontal]",
        "[Conv2D: {filters: $classes, kernel_size: 3, padding: same, activation: softmax}]",
        lambda: boxed_folder("coco", COUNT),
    ),
    "voc": Row(BOX_SOURCES["voc"], f"prepare: {PIXELS}", MAPS, lambda: boxed_folder("voc", COUNT)),
    "idx": Row("{idx: {path: idx}}", f"prepare: {PIXELS}", FLAT, idx_files),
    "builtin": Row("mnist-sample", f"limit: 900\n  prepare: {PIXELS}", FLAT, digits, batch_size=256),
    "tfrecord": Row("{tfrecord: {path: shards, image_size: [6, 6]}}", f"prepare: {PIXELS}", FLAT, records),
    "webdataset": Row(
        "{webdataset: {path: all.tar, image: png, label: cls, image_size: [6, 6]}}",
        f"prepare: {PIXELS}",
        FLAT,
        tar_archive,
    ),
    "cifar": Row("{cifar: {path: cifar-10-batches-bin}}", f"prepare: {PIXELS}", FLAT, cifar_files),
    "csv, signals in groups": Row(
        '{csv: {path: rows.csv, numbers: "[0-9]", shape: [5, 1], label: y}}',
        "split: {group: who}\n  prepare: [Normalization:]",
        FLAT,
        signal_table,
    ),
    "csv, sentences": Row(
        "{csv: {path: rows.csv, text: said, label: y}}",
        f"prepare: {WORDS}",
        SENTENCE,
        lambda: table(lambda number, label: {"said": sentence(number), "y": "ab"[label]}),
    ),
    "csv, images, multilabel": Row(
        '{csv: {path: rows.csv, image: file, label: tags, separator: "|", image_size: [6, 6]}}',
        f"targets: multilabel\n  prepare: {PIXELS}",
        f"[Flatten, {LABELS}]",
        image_table,
    ),
    "tsv": Row(
        "{tsv: {path: rows.tsv, numbers: [a, b], label: y}}",
        "balance: oversample",
        f"[{CLASSES}]",
        lambda: table(
            lambda number, label: {"a": number / 7, "b": label - number % 3, "y": "ab"[label]}, "rows.tsv", "\t"
        ),
    ),
}


def recipe(row: Row) -> str:
    return f"""\
name: whole
data:
  source: {row.source}
  {row.data}
model:
  layers: {row.layers}
train: {{seed: 1, epochs: 2, batch_size: {row.batch_size}, checkpoint: {{every_steps: 2}}}}
visualize: []
"""


def predictions(run: str) -> str:
    return (Path("outputs/whole") / run / "predictions.csv").read_text()


def history(run: str) -> list[str]:
    """The lines of the epochs."""
    return (Path("outputs/whole") / run / "history.csv").read_text().splitlines()[1:]


def copy_after_the_first_epoch(patch: pytest.MonkeyPatch, run: str, copied: str) -> None:
    """Copy a run's folder in the second epoch of its training, as a process that is killed there would leave it."""
    step_done = live.Lines.step_done

    def copying(lines: live.Lines, epoch: int, step: int, logs: Any) -> None:
        step_done(lines, epoch, step, logs)
        if epoch == 2 and not Path("outputs/whole", copied).exists():
            shutil.copytree(Path("outputs/whole", run), Path("outputs/whole", copied))

    patch.setattr(live.Lines, "step_done", copying)


@pytest.mark.parametrize("name", ROWS)
def test_all_the_way(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    draw_nothing(monkeypatch)
    row = ROWS[name]
    unseen = row.make()
    Path("whole.yaml").write_text(recipe(row))

    with pytest.MonkeyPatch.context() as patch:
        copy_after_the_first_epoch(patch, "first", "second")
        call("train", "whole.yaml", "--run", "first")
    assert len(history("second")) == 1
    call("train", "--resume", "outputs/whole/second")

    assert len(history("second")) == 2
    assert predictions("first") == predictions("second")
    recorded = json.loads(Path("outputs/whole/first/evaluation.json").read_text())
    again = call("evaluate", "outputs/whole/first", "--json").json
    assert again["loss"] == pytest.approx(recorded["loss"], rel=1e-5)
    assert again["metrics"] == pytest.approx(recorded["metrics"], rel=1e-4)
    assert call("compare", "outputs/whole/first", "outputs/whole/second", "--json").json
    assert call("predict", "outputs/whole/first", unseen, "--json").json["predictions"]
    assert call("report", "outputs/whole/first", "--to", "page.html")
    assert Path("page.html").stat().st_size > 10_000


def test_every_source_and_every_task_is_among_them():
    words = {row.source.strip("{").split(":")[0] for row in ROWS.values()} - {"mnist-sample"} | {"builtin"}
    tasks = {row.data.partition("targets: ")[2].split("\n")[0] for row in ROWS.values()} - {""} | {"classes"}

    assert words | {"parquet", "huggingface", "tfds"} == set(SOURCES)  # these need packages that are not always there
    assert tasks == set(targets.TASKS)
