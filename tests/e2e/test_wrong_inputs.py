"""Every wrong input of shared/design/reliability.md that today's features can meet: exit code, words, and nothing written.

One row an input, by its number in the design's table; `+` is what else a tired user does. Each row runs in this process
(TensorFlow is imported once), once plain and once with `--json`. What the table has and this file does not, and why:

    25, 101, 108, 109, 112, E9, E10, E12    belong to `--resume` and checkpoints, which do not exist yet
    89                                      csv, which does not exist yet
    105 (every call of a save)              tests/test_runs.py, by fault injection; here the whole command on a full disk
    107                                     signals: tests/e2e/test_train.py
    7, 9, 13, 17 and their kin              here one form of each; tests/recipe/test_source.py has the others
    72                                      cannot be detected
"""

from __future__ import annotations

import csv
import io
import json
import os
import re
import shlex
import shutil
import struct
import subprocess
import sys
import time
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

from cnncli.cli.app import app
from cnncli.errors import EXIT_CODES

ANY = "⋯"  # in an expected text: whatever stands here, on one line
MOST_SECONDS = 3.0  # of processor time, beyond TensorFlow's import

RECIPE = """\
data:
  source: mnist-sample
  prepare: [Rescaling: {scale: $(1 / 255)}]
model:
  layers:
    - Conv2D: {name: c1, filters: 4, kernel_size: 3, strides: 2, activation: relu}
    - Flatten
    - Dense: {units: $classes, activation: softmax}
train:
  seed: 1
  epochs: 1
"""
FLATTEN, POOLINGS = "    - Flatten", "    - MaxPooling2D: 2\n" * 4
CONVOLUTION = "    - Conv2D: {name: c1, filters: 4, kernel_size: 3, strides: 2, activation: relu}\n"
FOLDER_RECIPE = RECIPE.replace("mnist-sample", "{image_folder: {path: photos, image_size: [8, 8]}}")
NPZ_RECIPE = RECIPE.replace("mnist-sample", "{npz: {path: data.npz}}")

STATIC = "validate --static recipe.yaml"
SHAPES = "validate recipe.yaml"
PLAN = "train recipe.yaml --dry-run"
TRAIN = "train recipe.yaml"
EVALUATE = "evaluate outputs/small/first"
EVALUATE_FILE = "evaluate m.keras --data mnist-sample"
MODEL = "outputs/small/first/model.keras"

Make = Callable[[Path], object]


@dataclass(frozen=True)
class Row:
    """A wrong input and its answer.

    Attributes:
        number: in the design's table.
        what: the input, in a few words.
        make: makes the input in an empty folder, which is the working directory.
        command: what is called there.
        exit_code: 0 where a note is the answer.
        says: all that stderr holds; where the exit code is 0, a part of it.
        with_run: the folder holds a trained run, outputs/small/first, and its small.yaml.
        patch: what stands in for a machine that has no GPU, no network, ….
    """

    number: str
    what: str
    make: Make
    command: str
    exit_code: int
    says: str
    with_run: bool = False
    patch: Callable[[pytest.MonkeyPatch], object] | None = None


# How inputs are made.


def written(text: str | bytes, name: str = "recipe.yaml") -> Make:
    content = text.encode() if isinstance(text, str) else text
    return lambda folder: (folder / name).write_bytes(content)


def recipe(*changes: tuple[str, str], base: str = RECIPE, more: str = "", first: str = "") -> Make:
    """The good recipe with some of its texts replaced, and lines after or before it."""
    text = base
    for old, new in changes:
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    return written(first + text + more)


def nothing(folder: Path) -> None:
    pass


def both(*makes: Make) -> Make:
    def make(folder: Path) -> None:
        for each in makes:
            each(folder)

    return make


def npz(*changes: tuple[str, str], **arrays: Any) -> Make:
    """data.npz with 60 images of 3 classes, some of its arrays exchanged (None: left out), and its recipe."""

    def make(folder: Path) -> None:
        images = np.random.default_rng(0).integers(0, 255, (60, 8, 8, 1)).astype(np.uint8)
        every = {"x_train": images, "y_train": np.arange(60) % 3, **arrays}
        np.savez(folder / "data.npz", **{name: array for name, array in every.items() if array is not None})

    return both(recipe(*changes, base=NPZ_RECIPE), make)


def picture(seed: int, height: int = 8, width: int = 8) -> Image.Image:
    pixels = np.random.default_rng(seed).integers(0, 255, (height, width, 3)).astype(np.uint8)
    return Image.fromarray(pixels)


def photos(
    *changes: tuple[str, str], classes: tuple[str, ...] = ("cat", "dog"), count: int = 8, size: tuple[int, int] = (8, 8),
    more: Make = nothing,
) -> Make:  # fmt: skip
    """photos/ with a folder a class, all images different, and its recipe."""

    def make(folder: Path) -> None:
        for number, name in enumerate(classes):
            (folder / "photos" / name).mkdir(parents=True)
            for index in range(count):
                picture(100 * number + index, *size).save(folder / "photos" / name / f"{index}.png")

    return both(recipe(*changes, base=FOLDER_RECIPE), make, more)


def parts(val_classes: tuple[str, ...] = ("cat", "dog"), more: Make = nothing) -> Make:
    """photos/train and photos/val."""

    def make(folder: Path) -> None:
        for number, part in enumerate(("train", "val")):
            for name in ("cat", "dog") if part == "train" else val_classes:
                (folder / "photos" / part / name).mkdir(parents=True)
                for index in range(6):
                    picture(1000 * number + 100 * len(name) + index + ord(name[0])).save(
                        folder / "photos" / part / name / f"{index}.png"
                    )

    return both(recipe(base=FOLDER_RECIPE), make, more)


def cats(**files: bytes) -> Make:
    """Files among the cats: `half_jpg` is half.jpg."""

    def make(folder: Path) -> None:
        for name, content in files.items():
            (folder / "photos" / "cat" / name.replace("_", ".")).write_bytes(content)

    return make


def encoded(image: Image.Image, kind: str, **options: Any) -> bytes:
    content = io.BytesIO()
    image.save(content, kind, **options)
    return content.getvalue()


def odd_images() -> dict[str, bytes]:
    random = np.random.default_rng(9)

    def noise(channels: int) -> np.ndarray:
        return random.integers(0, 255, (8, 8, channels)).astype(np.uint8)

    frames = [picture(seed) for seed in (501, 502)]
    return {
        "rgba_png": encoded(Image.fromarray(noise(4), "RGBA"), "PNG"),
        "la_png": encoded(Image.fromarray(noise(2), "LA"), "PNG"),
        "cmyk_jpg": encoded(Image.fromarray(noise(4), "CMYK"), "JPEG"),
        "palette_png": encoded(picture(500).quantize(8), "PNG"),
        "bits_png": encoded(Image.fromarray(noise(1)[..., 0] > 128), "PNG"),
        "deep_png": encoded(Image.fromarray(noise(1)[..., 0].astype(np.uint16) * 200), "PNG"),
        "animated_gif": encoded(frames[0], "GIF", save_all=True, append_images=frames[1:]),
    }


def broken_png(kind: str) -> bytes:
    whole = encoded(picture(7), "PNG")
    if kind == "crc":
        index = whole.index(b"IDAT") + 6
        return whole[:index] + bytes([whole[index] ^ 0xFF]) + whole[index + 1 :]
    if kind == "bomb":  # a header of 50,000 x 50,000 pixels
        return whole[:16] + struct.pack(">II", 50_000, 50_000) + whole[24:]
    return whole[:50]


HALF_JPEG = encoded(picture(1, 64, 64), "JPEG")
HALF_JPEG = HALF_JPEG[: len(HALF_JPEG) // 2]


def model(change: Callable[[bytes], bytes | None] = lambda content: content, member: str = "") -> Make:
    """m.keras: the run's model; one member changed, or the whole file."""

    def make(folder: Path) -> None:
        whole = (folder / MODEL).read_bytes()
        if not member:
            content = change(whole)
            assert content is not None
            (folder / "m.keras").write_bytes(content)
            return
        with zipfile.ZipFile(io.BytesIO(whole)) as old, zipfile.ZipFile(folder / "m.keras", "w") as new:
            for name in old.namelist():
                content = change(old.read(name)) if name == member else old.read(name)
                if content is not None:
                    new.writestr(name, content)

    return make


def config(old: bytes, new: bytes) -> Make:
    """m.keras with a text in its config.json replaced."""

    def change(content: bytes) -> bytes:
        assert old in content
        return content.replace(old, new)

    return model(change, "config.json")


def with_extra_member(folder: Path) -> None:
    shutil.copy(folder / MODEL, folder / "m.keras")
    with zipfile.ZipFile(folder / "m.keras", "a") as archive:
        archive.writestr("../../evil.txt", "x")


def with_other_filters(folder: Path) -> None:
    resolved = folder / "outputs/small/first/resolved.yaml"
    text = resolved.read_text()
    assert "filters: 4" in text
    resolved.write_text(text.replace("filters: 4", "filters: 5"))


def with_nan_weights(folder: Path) -> None:
    import keras

    loaded = keras.models.load_model(folder / MODEL, compile=False)
    loaded.get_layer("dense").bias.assign(np.full(10, np.nan))
    loaded.save(folder / "m.keras")


def other_network(build: Callable[[Any], Any]) -> Make:
    """m.keras: a network that another program made."""

    def make(folder: Path) -> None:
        import keras

        build(keras).save(folder / "m.keras")

    return make


def two_inputs(keras: Any) -> Any:
    inputs = [keras.Input((4,)), keras.Input((4,))]
    return keras.Model(inputs, keras.layers.Dense(2)(keras.layers.Add()(inputs)))


def text_in(keras: Any) -> Any:
    inputs = keras.Input((1,), dtype="string")
    return keras.Model(inputs, keras.layers.StringLookup(vocabulary=["a", "b"], output_mode="one_hot")(inputs))


def map_out(keras: Any) -> Any:
    inputs = keras.Input((28, 28, 1))
    return keras.Model(inputs, keras.layers.Conv2D(1, 1)(inputs))


def no_convolution(keras: Any) -> Any:
    inputs = keras.Input((4,))
    return keras.Model(inputs, keras.layers.Dense(2)(inputs))


def removed(name: str) -> Make:
    return lambda folder: (folder / name).unlink()


def linked(folder: Path) -> None:
    picture(900).save(folder / "elsewhere.png")
    os.symlink(folder / "elsewhere.png", folder / "photos" / "cat" / "link.png")


def copied(source: str, target: str) -> Make:
    return lambda folder: shutil.copy(folder / source, folder / target)


def without_gpu(patch: pytest.MonkeyPatch) -> None:
    patch.setattr("cnncli.training.devices.tf.config.list_physical_devices", lambda *_: [])


def offline(patch: pytest.MonkeyPatch) -> None:
    from cnncli.data.sources import download

    def unreachable(url: str) -> None:
        raise download.DownloadFailed("no answer from the network", offline=True)

    patch.setattr(download, "_opened", unreachable)


def without_reading(patch: pytest.MonkeyPatch) -> None:
    """What is wrong in the recipe is told before the data, which may take minutes to read."""
    patch.setattr("cnncli.experiment.plan.load_data", None)


def full_disk(patch: pytest.MonkeyPatch) -> None:
    patch.setattr("shutil.disk_usage", lambda path: shutil._ntuple_diskusage(100_000, 90_000, 10_000))


# Recipes.

UNKNOWN_WAY = "for classes `activation: softmax` is the usual one, and the loss follows from it"
PATTERN = "^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$"
NAME_RULE = "`name`: expected letters, digits, `.`, `_` and `-`, at most 64, beginning with a letter or digit, got "
RUN_RULE = f"    1 to 64 of the letters A-Z and a-z, digits, '.', '_' and '-', the first a letter or a digit: {PATTERN}"
ANCHORS = "    `vars`, `blocks` and `extends` do what anchors would"
MODES = "    did you mean `same`? (one of: valid, same)"
SAYS_LOSS_FITS = "    write `loss: categorical_crossentropy`: it is the same loss, and its labels are one-hot vectors"


def optimizer(rate: str) -> Make:
    return recipe(more=f"  optimizer: {{Adam: {{learning_rate: {rate}}}}}\n")


def callbacks(text: str) -> Make:
    return recipe(more=f"  callbacks: [{text}]\n")


def rejected_rate(got: str) -> str:
    return f"recipe.yaml:12:37: Adam: `learning_rate`: expected a number > 0, got {got}"


def rejected_filters(got: str) -> str:
    return f"recipe.yaml:6:35: Conv2D: `filters`: expected an integer ≥ 1, got {got}"


def filters(value: str) -> Make:
    return recipe(("filters: 4", f"filters: {value}"))


def dropout(value: str) -> Make:
    return recipe(("    - Flatten", f"    - Flatten\n    - Dropout: {value}"))


def epochs(value: str) -> Make:
    return recipe(("epochs: 1", f"epochs: {value}"))


def seed(value: str) -> Make:
    return recipe(("seed: 1", f"seed: {value}"))


def validation(value: str, base: str = RECIPE) -> Make:
    return recipe(("  prepare", f"  split: {{validation: {value}}}\n  prepare"), base=base)


def loss(value: str, *changes: tuple[str, str]) -> Make:
    return recipe(*changes, more=f"  loss: {value}\n")


def metrics(value: str) -> Make:
    return recipe(more=f"  metrics: [{value}]\n")


def input_shape(value: str, base: str = RECIPE) -> Make:
    return recipe(("model:", f"model:\n  input: {value}"), base=base)


def bomb() -> str:
    return "a: &a [x,x]\n" + "".join(f"b{n}: &b{n} [*a,*a]\n" for n in range(400))


RECIPES = [
    Row("1", "no such file", nothing, STATIC, 3, "error: recipe not found: recipe.yaml"),
    Row("1", "it lies in recipes/", both(lambda f: (f / "recipes").mkdir(), written(RECIPE, "recipes/recipe.yaml")), STATIC, 3,
        "error: recipe not found: recipe.yaml\n    did you mean `recipes/recipe.yaml`?"),
    Row("1", "a shipped name misspelt", nothing, "train mnits", 3,
        "error: recipe not found: mnits\n    did you mean the shipped recipe `mnist`?"),
    Row("2", "a directory", lambda f: (f / "recipe.yaml").mkdir(), STATIC, 3,
        "error: cannot read recipe.yaml: it is not a regular file but a directory"),
    Row("2", "a pipe", lambda f: os.mkfifo(f / "recipe.yaml"), STATIC, 3,
        "error: cannot read recipe.yaml: it is not a regular file but a pipe"),
    Row("2", "a device", nothing, "validate --static /dev/zero", 3,
        "error: cannot read /dev/zero: it is not a regular file but a device"),
    Row("4", "empty", written(""), STATIC, 3, f"recipe.yaml:1:1: recipe is empty\n    {ANY}"),
    Row("4", "only comments", written("# later\n\n"), STATIC, 3, f"recipe.yaml:1:1: recipe is empty\n    {ANY}"),
    Row("6", "a tab", written("data:\n\tsource: mnist\n"), STATIC, 3,
        "recipe.yaml:2:1: a tab where only spaces may stand\n    use spaces, not tabs"),
    Row("7", "an open bracket", written("data: {source: mnist\nmodel: {layers: [Flatten]}\n"), STATIC, 3,
        "recipe.yaml:1:7: `{` is not closed\n    opened on line 1, and line 2 comes before its `}`"),
    Row("7", "an open quote", written('name: "abc\ndata: {source: mnist}\n'), STATIC, 3,
        'recipe.yaml:1:7: the quote `"` is not closed\n    opened on line 1, and still open on line 2'),
    Row("8", "a second colon", written("about: a: b\n"), STATIC, 3,
        'recipe.yaml:1:8: `: ` inside a value\n    quote the value: "a: b"'),
    Row("9", "bad indentation", written("data:\n  source: mnist\n split: {}\n"), STATIC, 3,
        "recipe.yaml:3:2: the indentation fits no line above\n"
        "    line 3 begins at column 2, line 2 at column 3, line 1 at column 1"),
    Row("9", "indented too deeply", written("data:\n  source: mnist\n    offline: mnist-sample\n"), STATIC, 3,
        "recipe.yaml:3:5: `offline` stands under a line that has its value already\n"
        "    line 3 begins at column 5, line 2 at column 3\n    check the indentation of both"),
    Row("10", "a key twice", recipe(more="  epochs: 3\n"), STATIC, 3,
        "recipe.yaml:12:3: `epochs` is given twice\n    first given on line 11"),
    Row("11", "two documents", recipe(more="---\nname: x\n"), STATIC, 3,
        "recipe.yaml:12:1: one document per recipe, and a second begins here\n    move it to a file of its own"),
    Row("12", "an anchor", recipe(first="vars: &a {x: 1}\n"), STATIC, 3,
        f"recipe.yaml:1:7: anchors are not allowed: `&a`\n{ANCHORS}"),
    Row("12", "an alias", recipe(first="vars: {x: *a}\n"), STATIC, 3,
        f"recipe.yaml:1:11: aliases are not allowed: `*a`\n{ANCHORS}\n    quote text that begins with `*`"),
    Row("12", "a merge key", recipe(first="vars: {<<: {x: 1}}\n"), STATIC, 3,
        f"recipe.yaml:1:8: merge keys are not allowed: `<<`\n{ANCHORS}"),
    Row("15", "1000 brackets", written("a: " + "[" * 1000 + "]" * 1000), STATIC, 3,
        "recipe.yaml:1:23: nested too deeply (max 20)"),
    Row("16", "50 MB", lambda f: os.truncate(os.open(f / "recipe.yaml", os.O_CREAT | os.O_WRONLY), 50 << 20), STATIC, 3,
        "error: recipe.yaml: recipe larger than 256 KB"),
    Row("17", "latin-1", written(RECIPE.encode() + "about: café\n".encode("latin-1")), STATIC, 3,
        "recipe.yaml:12:11: byte 0xE9 at line 12 is not UTF-8\n    save as UTF-8"),
    Row("17", "UTF-16", written(RECIPE.encode("utf-16")), STATIC, 3,
        "recipe.yaml:1:1: the file is UTF-16\n    save as UTF-8"),
    Row("20", "a NUL", recipe(first="about: a\0b\n"), STATIC, 3,
        "recipe.yaml:1:9: control character U+0000 is not allowed\n    delete it"),
    Row("21", "a tag that names code", recipe(first="about: !!python/object:os.system x\n"), STATIC, 3,
        "recipe.yaml:1:8: tags are not allowed: `!!python/object:os.system`\n"
        "    a recipe holds plain values; leave the tag out, or quote the text"),
    Row("23", "a Windows path in double quotes", recipe(first='about: "C:\\data"\n'), STATIC, 3,
        "recipe.yaml:1:11: `\\d` means nothing in double quotes\n    use single quotes, or `/` in a path"),
    Row("26", "an unknown section", recipe(more="epoch: 3\n"), STATIC, 3,
        "recipe.yaml:12:1: unknown section `epoch`\n    did you mean `train.epochs`?"),
    Row("26", "an unknown key", recipe(more="  epoch: 3\n"), STATIC, 3,
        "recipe.yaml:12:3: unknown key `epoch` in `train`\n    did you mean `epochs`?"),
    Row("27", "an unknown layer", recipe(("Conv2D", "Conv2d")), STATIC, 3,
        "recipe.yaml:6:7: unknown layer `Conv2d`\n    did you mean `Conv2D`?"),
    Row("28", "a misspelt argument", recipe(("filters", "filter")), STATIC, 3,
        "recipe.yaml:6:26: Conv2D has no argument `filter`\n    did you mean `filters`?"),
    Row("28", "an argument that nothing is near", recipe(("strides", "bananas")), STATIC, 3,
        f"recipe.yaml:6:54: Conv2D has no argument `bananas`\n    its arguments: filters, kernel_size, strides, {ANY}"),
    Row("29", "an unknown optimizer", recipe(more="  optimizer: adm\n"), STATIC, 3,
        "recipe.yaml:12:14: unknown optimizer `adm`\n    did you mean `adam`?"),
    Row("29", "an unknown loss", loss("crossentropy"), STATIC, 3,
        "recipe.yaml:12:9: unknown loss `crossentropy`\n    did you mean `sparse_categorical_crossentropy`?"),
    Row("29", "an unknown metric", metrics("acuracy"), STATIC, 3,
        "recipe.yaml:12:13: unknown metric `acuracy`\n    did you mean `accuracy`?"),
    Row("29", "an unknown activation", recipe(("softmax", "softmx")), STATIC, 3,
        "recipe.yaml:8:44: unknown activation `softmx`\n    did you mean `softmax`?"),
    Row("31", "a number in quotes", optimizer('"0.01"'), STATIC, 3, rejected_rate("'0.01' (text)")),
    Row("32", "a learning rate of 0", optimizer("0"), STATIC, 3, rejected_rate("0")),
    Row("32", "a negative learning rate", optimizer("-1"), STATIC, 3, rejected_rate("-1")),
    Row("32", "a learning rate that is no number", optimizer(".nan"), STATIC, 3, rejected_rate("nan")),
    Row("32", "an infinite learning rate", optimizer(".inf"), STATIC, 3, rejected_rate("inf")),
    Row("32", "a huge learning rate", optimizer("1e6"), STATIC, 0,
        "recipe.yaml:12:37: a learning rate of 1e+06 is very large\n    0.001 is a usual start for Adam, 0.1 for SGD"),
    Row("34", "no filters", filters("0"), STATIC, 3, rejected_filters("0")),
    Row("34", "negative filters", filters("-1"), STATIC, 3, rejected_filters("-1")),
    Row("34", "half a filter", filters("3.5"), STATIC, 3, rejected_filters("3.5")),
    Row("34", "filters in quotes", filters('"32"'), STATIC, 3, rejected_filters("'32' (text)")),
    Row("34", "filters in a list", filters("[32]"), STATIC, 3, rejected_filters("[32]")),
    Row("36", "a padding misspelt", recipe(("strides: 2", "padding: smae")), STATIC, 3,
        f"recipe.yaml:6:63: Conv2D: `padding`: unknown choice `smae`\n{MODES}"),
    Row("37", "a dropout of 1.5", dropout("1.5"), STATIC, 3,
        "recipe.yaml:8:16: Dropout: `rate`: expected a number, 0 ≤ rate < 1, got 1.5"),
    Row("37", "a dropout of 50", dropout("50"), STATIC, 3,
        "recipe.yaml:8:16: Dropout: `rate`: expected a number, 0 ≤ rate < 1, got 50"),
    Row("37", "a dropout in quotes", dropout('"0.5"'), STATIC, 3,
        "recipe.yaml:8:16: Dropout: `rate`: expected a number, 0 ≤ rate < 1, got '0.5' (text)"),
    Row("38", "pooling below one pixel", recipe((FLATTEN, POOLINGS + FLATTEN)), SHAPES, 3,
        "recipe.yaml:10:7: MaxPooling2D: a 2-wide window does not fit in an input of 1x1x4\n"
        "    use padding: same, a smaller pool_size, or one pooling layer less"),
    Row("39", "a kernel larger than the image", recipe(("kernel_size: 3", "kernel_size: 30")), SHAPES, 3,
        "recipe.yaml:6:7: Conv2D: a 30-wide window does not fit in an input of 28x28x1\n"
        "    use padding: same, a smaller kernel, or one pooling layer less"),
    Row("41", "too few outputs for a known data set", recipe(("units: $classes", "units: 3")), STATIC, 3,
        "recipe.yaml:8:7: the labels need 10 outputs, and layer `dense` has 3\n    use `units: $classes`"),
    Row("45", "one output for ten classes", recipe(("$classes, activation: softmax", "1, activation: sigmoid")), STATIC, 3,
        "recipe.yaml:10:3: binary_crossentropy with one output tells 2 classes apart, and the data has 10\n"
        "    use `units: $classes`, softmax and sparse_categorical_crossentropy"),
    Row("47", "a linear output and a loss of probabilities", loss("categorical_crossentropy", (", activation: softmax", "")),
        STATIC, 3,
        "recipe.yaml:8:7: categorical_crossentropy wants probabilities, and the last layer's activation is linear\n"
        "    add `activation: softmax`, or write `loss: {CategoricalCrossentropy: {from_logits: true}}`"),
    Row("47", "from_logits after softmax", loss("{SparseCategoricalCrossentropy: {from_logits: true}}"), STATIC, 3,
        "recipe.yaml:12:9: `from_logits: true` wants a last layer without activation, not softmax"),
    Row("47", "a linear output and no loss", recipe((", activation: softmax", "")), STATIC, 3,
        "recipe.yaml:10:3: `loss` is missing in `train`: none follows from the last layer, whose activation is linear\n"
        f"    {UNKNOWN_WAY}"),
    Row("48", "mse for classes", loss("mse"), STATIC, 0,
        "recipe.yaml:12:9: mse is a loss for quantities\n"
        "    for classes sparse_categorical_crossentropy after softmax is the usual one, and learns faster"),
    Row("49", "a layer's name twice", recipe(("units:", "name: c1, units:")), STATIC, 3,
        "recipe.yaml:8:21: two layers are named `c1`\n    first given on line 6"),
    Row("49", "a slash in a name", recipe(("name: c1", "name: a/b")), STATIC, 3,
        "recipe.yaml:6:22: a layer's name cannot contain `/`, got `a/b`\n    use `_`"),
    Row("50", "a size of 0", input_shape("[0, 28, 1]"), STATIC, 3,
        "recipe.yaml:5:11: `input`: expected an integer ≥ 1, got 0"),
    Row("50", "two channels for photos", input_shape("[8, 8, 2]", FOLDER_RECIPE), STATIC, 3,
        "recipe.yaml:5:10: `input`: images have three numbers, got [8, 8, 2]\n"
        "    [height, width, 3] for colour, [height, width, 1] for gray"),
    Row("50", "channels first, as PyTorch has them", input_shape("[1, 28, 28]"), STATIC, 3,
        "recipe.yaml:5:10: `input` is [1, 28, 28], and an image of mnist-sample is [28, 28, 1]\n"
        "    leave `input` out, or write [28, 28, 1]"),
    Row("50", "no size for photos", recipe((", image_size: [8, 8]", ""), base=FOLDER_RECIPE), STATIC, 3,
        "recipe.yaml:2:26: `image_size` is missing\n    `image_size: [224, 224]`, or `model.input: [224, 224, 3]`"),
    Row("53", "no epochs", epochs("0"), STATIC, 3, "recipe.yaml:11:11: `epochs`: expected an integer ≥ 1, got 0"),
    Row("53", "negative epochs", epochs("-1"), STATIC, 3, "recipe.yaml:11:11: `epochs`: expected an integer ≥ 1, got -1"),
    Row("53", "epochs in quotes", epochs('"5"'), STATIC, 3, "recipe.yaml:11:11: `epochs`: expected an integer, got '5' (text)"),
    Row("53", "half an epoch", epochs("1.5"), STATIC, 3, "recipe.yaml:11:11: `epochs`: expected an integer, got 1.5"),
    *(
        Row("55", f"validation: {value}", validation(value), STATIC, 3,
            f"recipe.yaml:3:23: `validation`: expected a share between 0 and 1, or a number of examples ≥ 1, got {got}")
        for value, got in (("0", "0"), ("1.0", "1.0"), ("1.5", "1.5"), ('"20%"', "'20%' (text)"))
    ),
    Row("56", "a monitor misspelt", callbacks("EarlyStopping: {monitor: val_los}"), STATIC, 3,
        "recipe.yaml:12:40: EarlyStopping: nothing called `val_los` is measured\n    did you mean `val_loss`?"),
    Row("58", "more patience than epochs", callbacks("EarlyStopping: {patience: 5}"), STATIC, 0,
        "recipe.yaml:12:41: EarlyStopping: a patience of 5 cannot run out in 1 epochs"),
    Row("58", "min_lr above the learning rate",
        recipe(more="  optimizer: {Adam: {learning_rate: 1e-3}}\n  callbacks: [ReduceLROnPlateau: {min_lr: 0.1, patience: 0}]\n"),
        STATIC, 0,
        "recipe.yaml:13:43: ReduceLROnPlateau: `min_lr` 0.1 is not below the learning rate 0.001, so nothing is reduced"),
    Row("58", "a factor of 1", callbacks("ReduceLROnPlateau: {factor: 1, patience: 0}"), STATIC, 3,
        "recipe.yaml:12:43: ReduceLROnPlateau: `factor`: expected a number, 0 < factor < 1, got 1"),
    Row("60", "a negative seed", seed("-1"), STATIC, 3, "recipe.yaml:10:9: `seed`: expected an integer ≥ 0, got -1"),
    Row("60", "a seed of 2^40", seed(str(2**40)), STATIC, 3,
        "recipe.yaml:10:9: `seed`: expected an integer ≤ 4294967295, got 1099511627776"),
    Row("60", "a seed of letters", seed("abc"), STATIC, 3,
        "recipe.yaml:10:9: `seed`: expected an integer, got 'abc' (text)"),
    *(
        Row("62", f"a recipe named {name[:10]}", recipe(first=f"name: {name}\n"), STATIC, 3,
            f"recipe.yaml:1:7: {NAME_RULE}'{got}' (text)\n    the pattern: {PATTERN}")
        for name, got in (("../../x", "../../x"), ("/etc/x", "/etc/x"), ("a/b", "a/b"), ("😀", "😀"), ('""', ""),
                          ("a" * 300, "a" * 59 + "…"))
    ),
    Row("62", "a recipe named as a device", recipe(first="name: CON\n"), STATIC, 3,
        "recipe.yaml:1:7: a recipe cannot be named 'CON': Windows keeps that name for a device\n"
        f"    use another name, for example recipe-CON ({PATTERN})"),
    *(
        Row("62", f"a run named {name}", recipe(), f"{TRAIN} --run '{name}'", 3,
            f"error: a run cannot be named '{name}'\n{RUN_RULE}")
        for name in ("../../x", "/etc/x", "a/b", "😀", "")
    ),
    Row("62", "a run named as a device", recipe(), f"{TRAIN} --run nul.txt", 3,
        "error: a run cannot be named 'nul.txt': Windows keeps that name for a device\n"
        f"    use another name, for example run-nul.txt ({PATTERN})"),
    Row("64", "a Lambda", recipe(("- Flatten", "- Lambda: 'lambda x: x'")), STATIC, 3,
        "recipe.yaml:7:7: layer `Lambda` cannot be used in a recipe: it runs code, and a recipe holds none"),
    Row("64", "an environment variable", recipe(("$classes", '"${HOME}"')), STATIC, 3,
        "recipe.yaml:8:22: `${HOME}` is not a name or an expression\n"
        "    write `$name` or `$(expression)`; a dollar sign itself is `$$`"),
    Row("64", "Python", recipe(("$classes", '"__import__(1)"')), STATIC, 3,
        "recipe.yaml:8:22: Dense: `units`: expected an integer ≥ 1, got '__import__(1)' (text)"),
    Row("64", "a call in an expression", recipe(("$classes", "$(open(1))")), STATIC, 3,
        "recipe.yaml:8:22: an expression has no calls\n    it has numbers, texts, names, lists and operators"),
    Row("+", "no Flatten", recipe(("    - Flatten\n", "")), PLAN, 3,
        "recipe.yaml:7:7: 13x13x10 leaves layer `dense`, and classes need one row of numbers\n"
        "    put `- Flatten` or `- GlobalAveragePooling2D` before the last Dense layer"),
    Row("+", "metrics that want one-hot labels", metrics("accuracy, AUC, F1Score: {average: macro}"), SHAPES, 3,
        "recipe.yaml:12:23: AUC does not fit sparse_categorical_crossentropy, whose labels are class numbers\n"
        f"{SAYS_LOSS_FITS}\n"
        "recipe.yaml:12:28: F1Score does not fit sparse_categorical_crossentropy, whose labels are class numbers\n"
        f"{SAYS_LOSS_FITS}\n2 problems"),
    Row("+", "a metric that Keras refuses", metrics("IoU: {num_classes: 2, target_class_ids: [5]}"), PLAN, 3,
        f"recipe.yaml:12:13: IoU: Target class id 5 is out of range, which is {ANY}"),
    Row("+", "a metric twice", metrics("Precision, Precision: {class_id: 1}"), STATIC, 3,
        "recipe.yaml:12:24: two metrics are named `precision`\n    a name tells them apart: `Precision: {name: …}`"),
    Row("+", "a loss for sequences", loss("ctc"), SHAPES, 3,
        f"recipe.yaml:12:9: ctc cannot be computed from 10 outputs and labels that are one-hot vectors: {ANY}\n"
        "    for 10 classes the usual one is sparse_categorical_crossentropy"),
    Row("+", "an optimizer that Keras refuses", recipe(more="  optimizer: {Adam: {clipnorm: 1, clipvalue: 1}}\n"), PLAN, 3,
        "recipe.yaml:12:15: Adam: Only one of `clipnorm`, `clipvalue` and `global_clipnorm` can be set"),
    Row("+", "filters of a network without any", recipe((CONVOLUTION, ""), more="visualize: [filters]\n"), PLAN, 3,
        "recipe.yaml:11:13: the network has no convolution, so there is nothing to draw\n    leave it out"),
    Row("+", "more classes than declared in the recipe", npz(("  prepare", "  classes: 4\n  prepare")), PLAN, 4,
        "recipe.yaml:3:12: `classes` is 4, the data has 3\n    they are 0, 1, 2"),
    Row("+", "a number of parameters that is not expected", recipe(more="expect: {params: 5}\n"), SHAPES, 1,
        "recipe.yaml:12:18: expected 5 params, the network has 6,810"),
    Row("38", "pooling below one pixel, for photos", photos((FLATTEN, POOLINGS + FLATTEN)), PLAN, 3,
        "recipe.yaml:8:7: MaxPooling2D: a 2-wide window does not fit in an input of 1x1x4\n"
        "    use padding: same, a smaller pool_size, or one pooling layer less", patch=without_reading),
    Row("+", "a model in the place of the recipe", model(), "train m.keras", 3,
        "error: m.keras is a trained model, not a recipe\n    score it with: cnncli evaluate m.keras", with_run=True),
    Row("+", "a run in the place of the recipe", nothing, "train outputs/small/first", 3,
        "error: outputs/small/first is a run's folder, not a recipe\n"
        "    train its recipe again with: cnncli train outputs/small/first/resolved.yaml", with_run=True),
    Row("+", "data in the place of the recipe", npz(), "train data.npz", 3, "error: data.npz is an archive, not a recipe"),
    Row("+", "--set without =", recipe(), f"{PLAN} --set train.epochs", 3,
        "error: --set train.epochs: no `=` and value\n    write it like: --set train.epochs=5"),
    Row("+", "--set of an unknown key", recipe(), f"{PLAN} --set train.epoch=3", 3,
        "error: --set train.epoch=3: unknown key `epoch` in `train`\n    did you mean `epochs`?"),
    Row("+", "--set to a wrong value", recipe(), f"{PLAN} --set train.epochs=three", 3,
        "error: --set train.epochs=three: `epochs`: expected an integer, got 'three' (text)"),
]  # fmt: skip

# Data.

NOT_FOUND = f"    looked for {ANY}, from {ANY}"
BAD_IMAGES = "    mend or remove them, or leave them out: `on_bad_image: skip` in `data`"
LABELS = "labels are whole numbers 0, 1, 2, …, one for each example"
NPZ_NAMES = "    the names are x_train, y_train, x_val, y_val, x_test, y_test; or x, y alone"
NPZ_MADE_BY = "    `np.savez_compressed('data.npz', x_train=…, y_train=…, x_test=…, y_test=…)` makes one"
UNSCALED = (
    "recipe.yaml:2:3: the inputs are numbers from 0 to 255, and no layer scales them\n"
    "    networks learn from small numbers: `prepare: [Rescaling: {scale: $(1 / 255)}]` in `data`"
)
NO_RESCALING = ("  prepare: [Rescaling: {scale: $(1 / 255)}]\n", "")
DATA_KINDS = """\
    data can be one of
      a built-in data set: mnist, fashion_mnist, cifar10, cifar100, mnist-sample
      an .npz file
      a folder with a folder of images for each class
      a folder with MNIST's four files"""


def class_weight(value: str) -> Make:
    return photos(("  prepare", f"  class_weight: {value}\n  prepare"))


def labels(values: Any) -> Make:
    return npz(y_train=np.asarray(values))


def idx(folder: Path) -> None:
    """data/ with two of MNIST's files, the images cut off."""
    recipe(("mnist-sample", "{idx: {path: data}}"))(folder)
    (folder / "data").mkdir()
    images = struct.pack(">IIII", 0x803, 100, 28, 28) + bytes(1000)
    (folder / "data" / "train-images-idx3-ubyte").write_bytes(images)
    (folder / "data" / "train-labels-idx1-ubyte").write_bytes(struct.pack(">II", 0x801, 100) + bytes(100))


def half_downloaded(folder: Path) -> None:
    """A part of mnist.npz in Keras' cache."""
    recipe(("mnist-sample", "mnist"))(folder)
    (folder / "home/.keras/datasets").mkdir(parents=True)
    (folder / "home/.keras/datasets/mnist.npz").write_bytes(b"PK\3\4 and no more")


RANDOM = np.random.default_rng(3)
DATA = [
    Row("41", "fewer outputs than the data has classes", npz(("$classes", "2")), PLAN, 4,
        "recipe.yaml:8:7: the labels need 3 outputs, and layer `dense` has 2\n    use `units: $classes` in the last layer"),
    Row("44", "labels that are one-hot already", labels(np.eye(3)[np.arange(60) % 3]), PLAN, 4,
        f"recipe.yaml:2:24: y_train is one-hot, shape (60, 3); {LABELS}\n"
        "    store `np.argmax(y_train, axis=1)`; the recipe's loss decides the encoding"),
    Row("45", "one output for five classes of photos",
        photos(("$classes, activation: softmax", "1, activation: sigmoid"), classes=tuple("abcde"), count=12), PLAN, 4,
        "recipe.yaml:8:7: binary_crossentropy with one output tells 2 classes apart, and the data has 5\n"
        "    use `units: $classes`, softmax and sparse_categorical_crossentropy"),
    Row("50", "an input that the data is not", npz(("model:", "model:\n  input: [8, 8, 2]")), PLAN, 4,
        "recipe.yaml:5:10: `model.input` is 8x8x2, the data is 8x8x1\n    the data: data.npz: 60 examples"),
    Row("51", "images of 10,000 x 10,000", photos(("[8, 8]", "[10000, 10000]")), PLAN, 8,
        f"recipe.yaml:10:3: training needs about 208.0 GB, and this machine has {ANY}\n"
        f"    the largest layers: input (76.8 GB), rescaling (76.8 GB), c1 (25.6 GB)\n    {ANY}"),
    Row("55", "classes too small for three parts", photos(count=2), PLAN, 4,
        "recipe.yaml:2:3: 2 classes have too few examples: `cat` 2, `dog` 2; train, validation and test need one each\n"
        "    add examples of it, leave the class out, or bring the parts ready made"),
    Row("55", "a part smaller than the number of classes",
        photos(("  prepare", "  split: {validation: 1}\n  prepare")), PLAN, 4,
        "recipe.yaml:3:23: validation gets 1 example of 16, fewer than the 2 classes\n"
        "    `validation: 2` or more: each class needs one example in it"),
    Row("59", "a class's name misspelt in class_weight", class_weight("{cta: 2, dog: 1}"), PLAN, 4,
        "recipe.yaml:3:23: no class is called `cta`\n    did you mean `cat`?"),
    Row("59", "a class without a weight", class_weight("{cat: 2}"), PLAN, 4,
        "recipe.yaml:3:17: no weight is given for `dog`\n    1 is the weight that changes nothing"),
    Row("61", "float16 on a processor", recipe(more="  precision: mixed_float16\n"), PLAN, 0,
        "recipe.yaml:12:14: mixed_float16 is made for GPUs, and slow on a processor\n"
        f"    `precision: auto` takes {ANY} here: {ANY}", patch=without_gpu),
    Row("65", "no such folder", recipe(base=FOLDER_RECIPE), PLAN, 4,
        f"recipe.yaml:2:33: no such folder: photos\n{NOT_FOUND}"),
    Row("65", "a folder misspelt", both(recipe(base=FOLDER_RECIPE), lambda f: (f / "photo").mkdir()), PLAN, 4,
        f"recipe.yaml:2:33: no such folder: photos\n{NOT_FOUND}\n    did you mean `photo`?"),
    Row("65", "no such archive", recipe(base=NPZ_RECIPE), PLAN, 4,
        f"recipe.yaml:2:24: no such file: data.npz\n{NOT_FOUND}"),
    Row("66", "an empty folder", both(recipe(base=FOLDER_RECIPE), lambda f: (f / "photos").mkdir()), PLAN, 4,
        f"recipe.yaml:2:33: no class folders in {ANY}/photos\n    it holds nothing\n"
        f"    each class needs a folder of its own: {ANY}/photos/cats/1.jpg"),
    Row("66", "class folders without images", photos(count=0), PLAN, 4,
        f"recipe.yaml:2:33: no images in {ANY}/photos\n    it holds 2 folders (cat, dog)"),
    Row("68", "one class", photos(classes=("cat",)), PLAN, 4,
        "recipe.yaml:2:33: one class only: `cat`\n    `cat` holds 8 files (8 .png)"),
    Row("68", "one class in an archive", labels(np.zeros(60, int)), PLAN, 4,
        "recipe.yaml:2:24: y_train holds one class only: every label is 0\n"
        "    a network that tells classes apart needs two"),
    Row("69", "val/ lacks a class", parts(("cat",)), PLAN, 4,
        "recipe.yaml:2:33: val/ lacks the class `dog`\n    every part needs images of every class"),
    Row("69", "val/ has a class more", parts(("cat", "dog", "cow")), PLAN, 4,
        "recipe.yaml:2:33: val/ has a class that train/ lacks: `cow`\n    one of: cat, dog"),
    Row("69", "val/ has a class misspelt", parts(("cat", "dogs")), PLAN, 4,
        "recipe.yaml:2:33: val/ has a class that train/ lacks: `dogs`\n    did you mean `dog`?"),
    Row("69", "y_val has a class more", npz(x_val=np.zeros((3, 8, 8, 1), np.uint8), y_val=np.array([0, 1, 3])), PLAN, 4,
        "recipe.yaml:2:24: y_val holds label 3 at index 2; y_train has 3 classes, 0 to 2"),
    Row("70", "half a JPEG", photos(more=cats(half_jpg=HALF_JPEG)), PLAN, 4,
        "recipe.yaml:2:33: 1 of 17 images cannot be used\n"
        f"    cat/half.jpg: damaged or cut off: {ANY}\n{BAD_IMAGES}"),
    Row("70", "half a JPEG, to be skipped",
        photos(("  prepare", "  on_bad_image: skip\n  prepare"), more=cats(half_jpg=HALF_JPEG)), PLAN, 0,
        f"note: 1 image left out\n    cat/half.jpg: damaged or cut off: {ANY}"),
    Row("73", "files that are no images",
        photos(more=cats(a_jpg=b"", b_jpg=b"hello", c_jpg=b"<!DOCTYPE html><title>404</title>")), PLAN, 4,
        "recipe.yaml:2:33: 3 of 19 images cannot be used\n    cat/a.jpg: empty (0 bytes)\n"
        f"    cat/b.jpg: text, not an image\n    cat/c.jpg: an HTML page, not an image\n{BAD_IMAGES}"),
    Row("74", "damaged PNGs", photos(more=cats(a_png=broken_png("crc"), b_png=broken_png("cut"))), PLAN, 4,
        "recipe.yaml:2:33: 2 of 18 images cannot be used\n"
        "    cat/a.png: damaged: the checksum of its IDAT chunk does not fit\n"
        f"    cat/b.png: damaged or cut off: {ANY}\n{BAD_IMAGES}"),
    Row("75", "a PNG called .jpg", photos(more=cats(a_jpg=encoded(picture(8), "PNG"))), PLAN, 0,
        "note: 1 image has the ending of another format: cat/a.jpg (PNG)\n    they are read by their content"),
    Row("77", "colours of other kinds", photos(more=cats(**odd_images())), PLAN, 0,
        "note: converted to rgb: 1 1-bit, 1 16-bit, 1 CMYK, 1 palette\nnote: 2 transparent images: laid on black"),
    Row("78", "an animation", photos(more=cats(**odd_images())), PLAN, 0,
        "note: 1 animated image: the first frame is used"),
    Row("80", "images of another shape", photos(size=(8, 40)), PLAN, 0,
        "note: 16 of 16 images are stretched to more than twice their shape\n"
        "    width x height: from 40x8 over 40x8 (median) to 40x8\n"
        "    `resize: pad` or `resize: crop` keeps their shape"),
    Row("82", "a decompression bomb", photos(more=cats(a_png=broken_png("bomb"))), PLAN, 4,
        "recipe.yaml:2:33: 1 of 17 images cannot be used\n"
        f"    cat/a.png: 2,500 megapixels (50,000x50,000); the limit is 64\n{BAD_IMAGES}"),
    Row("83", "NaN in the examples",
        npz(x_train=np.where(np.arange(60 * 64).reshape(60, 8, 8, 1) % 700 == 650, np.nan, 0.5).astype(np.float32)), PLAN, 4,
        "recipe.yaml:2:24: x_train has 5 NaN, first at index 10\n"
        "    one of them makes the whole loss NaN: leave those examples out, or put numbers there"),
    Row("84", "floats from 0 to 255, not scaled",
        npz(NO_RESCALING, x_train=RANDOM.uniform(0, 255, (60, 8, 8, 1)).astype(np.float32)), PLAN, 0, UNSCALED),
    Row("84", "photos, not scaled", photos(NO_RESCALING), PLAN, 0, UNSCALED),
    Row("86", "a negative label", labels(np.arange(60) - 1), PLAN, 4,
        f"recipe.yaml:2:24: y_train holds -1 at index 0; {LABELS}"),
    Row("86", "half a label", labels(np.arange(60) % 3 + 0.5), PLAN, 4,
        f"recipe.yaml:2:24: y_train holds 0.5 at index 0; {LABELS}"),
    Row("86", "labels of letters", labels(list("abc") * 20), PLAN, 4,
        f"recipe.yaml:2:24: y_train holds text ('a' at index 0); {LABELS}\n"
        "    number the classes: `classes, y_train = np.unique(y_train, return_inverse=True)`"),
    Row("86", "labels from 1", labels(np.arange(60) % 3 + 1), PLAN, 4,
        "recipe.yaml:2:24: y_train goes up to 3, with no example of class 0\n    labels count from 0: `y_train - 1`"),
    Row("86", "more labels than examples", labels(np.arange(61) % 3), PLAN, 4,
        "recipe.yaml:2:24: x_train has 60 examples, y_train has 61 labels\n"
        "    one label for each example, in the same order"),
    Row("88", "arrays of other names", npz(x_train=None, y_train=None, images=np.zeros(3)), PLAN, 4,
        f"recipe.yaml:2:24: data.npz has no x_train and no y_train\n    it holds: images\n{NPZ_NAMES}"),
    Row("88", "Python objects", npz(x_train=np.array([object()] * 60)), PLAN, 4,
        "recipe.yaml:2:24: x_train holds Python objects, not numbers\n"
        "    they can only be read by running what the file says; store plain numbers: `x.astype(np.float32)`"),
    Row("88", "text in the place of images", npz(x_train=np.array(["a"] * 60)), PLAN, 4,
        "recipe.yaml:2:24: x_train holds text; expected numbers"),
    Row("88", "a row of numbers in the place of images", npz(x_train=np.zeros(60)), PLAN, 4,
        "recipe.yaml:2:24: x_train has the shape (60,); expected (count, height, width, channels)"),
    Row("88", "an archive cut off", both(npz(), lambda f: os.truncate(f / "data.npz", 500)), PLAN, 4,
        "recipe.yaml:2:24: data.npz is cut off or damaged: the list of its arrays cannot be read\n" + NPZ_MADE_BY),
    Row("88", "an IDX file cut off", idx, PLAN, 4,
        "recipe.yaml:2:24: train-images-idx3-ubyte says 100x28x28 (78,400 bytes) and holds less\n"
        "    the file is damaged, or was never whole"),
    Row("90", "an image in train/ and val/", parts(more=copied("photos/train/cat/0.png", "photos/val/cat/x.png")), PLAN, 4,
        "recipe.yaml:2:33: 1 image lies in two of train/ and val/\n    train/cat/0.png = val/cat/x.png\n"
        "    remove them from one, or go on all the same: `allow_leakage: true` in `data`"),
    Row("91", "an image in two classes", photos(more=copied("photos/cat/0.png", "photos/dog/x.png")), PLAN, 0,
        "note: 1 image lies in two classes: one of the two is wrong\n    cat/0.png = dog/x.png"),
    Row("92", "32 examples of one class for one of the other",
        npz(x_train=RANDOM.integers(0, 255, (200, 8, 8, 1)).astype(np.uint8), y_train=np.array([0] * 194 + [1] * 6)),
        PLAN, 0,
        "recipe.yaml:2:3: class `0` has 156 training examples, `1` has 4\n"
        "    `class_weight: balanced` in `data` lets every class count the same"),
    Row("94", "a link out of the folder", photos(more=linked), PLAN, 0,
        f"note: 1 link leads out of the folder: cat/link.png -> {ANY}/elsewhere.png\n"
        "    what it leads to is used, and may change unseen"),
    Row("97", "Cat and cat", photos(classes=("Cat", "cat")), PLAN, 0,
        "note: classes `Cat` and `cat` differ only in upper and lower case\n"
        "    on many disks they are one folder; rename one of them"),
    Row("102", "a data set that cannot be downloaded", recipe(("mnist-sample", "cifar10")), PLAN, 9,
        "recipe.yaml:2:11: offline: cifar10 is not here and cannot be downloaded\n    no answer from the network\n"
        "    put https://www.cs.toronto.edu/~kriz/cifar-10-python.tar.gz at "
        "~/.keras/datasets/cifar-10-batches-py-target_archive "
        "(sha256 6d958be074577803d12ecdefd02955f39262c83c16fe9348329d7fe0b5c001ce)", patch=offline),
    Row("102", "a data set downloaded in part", half_downloaded, PLAN, 9,
        f"recipe.yaml:2:11: offline: ~/.keras/datasets/mnist.npz is incomplete or another file (sha256 {ANY}…, not "
        f"731c5ac60275…), and mnist cannot be downloaded\n    no answer from the network\n    put {ANY}", patch=offline),
    Row("102", "a stand-in that is said", recipe(("mnist-sample", "mnist\n  offline: mnist-sample")), PLAN, 0,
        "recipe.yaml:3:12: mnist could not be downloaded: using the packaged sample (10,000 of its digits)\n"
        "    offline: mnist is not here and cannot be downloaded\n    no answer from the network", patch=offline),
    Row("110", "--device gpu without one", recipe(), f"{PLAN} --device gpu", 8,
        f"error: --device gpu: no GPU can be used: {ANY}\n    {ANY}, or train with --device cpu", patch=without_gpu),
    Row("110", "device: gpu without one", recipe(more="  device: gpu\n"), PLAN, 8,
        f"recipe.yaml:12:11: no GPU can be used: {ANY}\n    {ANY}, or train with --device cpu", patch=without_gpu),
]  # fmt: skip

# Models and other data for them.

SAVE_AGAIN = "    save or copy it again"
ZEROS = b'"module": "keras.initializers", "class_name": "Zeros"'
GET_FILE = b'"module": "keras.utils", "class_name": "get_file"'
PYTHON_FUNCTION = b'{"module": "builtins", "class_name": "function", "config": "f", "registered_name": "function"}'
OWN_LAYERS = "    a model file may hold a network of Keras' own layers, and nothing else"


def arrays_of(**arrays: Any) -> Make:
    return lambda folder: np.savez(folder / "other.npz", **arrays)


MODELS = [
    Row("E1", "no such model", nothing, EVALUATE_FILE, 5, "error: model not found: m.keras"),
    Row("E1", "a model misspelt", copied(MODEL, "n.keras"), EVALUATE_FILE, 5,
        "error: model not found: m.keras\n    did you mean `n.keras`?"),
    Row("E1", "an empty model", model(lambda whole: b""), EVALUATE_FILE, 5,
        f"error: m.keras is empty (0 bytes)\n{SAVE_AGAIN}"),
    Row("E1", "half a model", model(lambda whole: whole[:10_000]), EVALUATE_FILE, 5,
        f"error: m.keras is cut short: 10,000 bytes\n{SAVE_AGAIN}"),
    Row("E1", "half of the run's own model", lambda f: os.truncate(f / MODEL, 10_000), EVALUATE, 5,
        f"error: {MODEL} is cut short: 10,000 of {ANY} bytes\n{SAVE_AGAIN}"),
    Row("E1", "text in the place of a model", model(lambda whole: b"hello"), EVALUATE_FILE, 5,
        "error: m.keras is not a .keras model"),
    Row("E1", "an archive without weights", model(lambda content: None, "model.weights.h5"), EVALUATE_FILE, 5,
        "error: m.keras is not a .keras model: model.weights.h5 is missing in it"),
    Row("E1", "a config that is no JSON", model(lambda content: b"{", "config.json"), EVALUATE_FILE, 5,
        f"error: m.keras is damaged: its config.json is not JSON\n{SAVE_AGAIN}"),
    Row("E1", "weights cut off", model(lambda content: content[:50_000], "model.weights.h5"), EVALUATE_FILE, 5,
        f"error: m.keras is damaged: its model.weights.h5 is not an HDF5 file, or cut short\n{SAVE_AGAIN}"),
    Row("E1", "a recipe in the place of the model", nothing, "evaluate small.yaml", 5,
        "error: small.yaml is a recipe, not a trained model\n    train it with: cnncli train small.yaml"),
    Row("E1", "a pipe in the place of the model", lambda f: os.mkfifo(f / "m.keras"), EVALUATE_FILE, 5,
        "error: m.keras is not a regular file"),
    Row("E3", "weights of another network than the run's recipe", with_other_filters, EVALUATE, 5,
        f"error: the weights in {MODEL} do not fit outputs/small/first/resolved.yaml\n"
        "    `c1` kernel: expected float32 3x3x1x5, found float32 3x3x1x4 (layers/conv2d/vars/0)\n"
        "    `c1` bias: expected float32 5, found float32 4 (layers/conv2d/vars/1)\n"
        "    `dense` kernel: expected float32 845x10, found float32 676x10 (layers/dense/vars/0)"),
    Row("E4", "a Lambda in a model", config(b'"Flatten"', b'"Lambda"'), EVALUATE_FILE, 5,
        f"error: m.keras holds the layer `Lambda`\n{OWN_LAYERS}"),
    Row("E4", "a layer that loads a program", config(b'"Flatten"', b'"TFSMLayer"'), EVALUATE_FILE, 5,
        f"error: m.keras holds the layer `TFSMLayer`\n{OWN_LAYERS}"),
    Row("E4", "a module that is not Keras'", config(b'"keras.initializers"', b'"os"'), EVALUATE_FILE, 5,
        f"error: m.keras holds a class that is not Keras' own, `os.{ANY}`\n{OWN_LAYERS}"),
    Row("E4", "a function of Keras' that does more than compute", config(ZEROS, GET_FILE), EVALUATE_FILE, 5,
        f"error: m.keras holds a class that is not Keras' own, `keras.utils.get_file`\n{OWN_LAYERS}"),
    Row("E4", "a Python function", config(b'"activation": "relu"', b'"activation": ' + PYTHON_FUNCTION), EVALUATE_FILE, 5,
        f"error: m.keras holds a Python function, `f`\n{OWN_LAYERS}"),
    Row("E4", "a file that no model has", with_extra_member, EVALUATE_FILE, 5,
        f"error: m.keras holds `../../evil.txt`, which no model has\n{OWN_LAYERS}"),
    Row("E4", "a network far larger than its weights", config(b'"units": 10', b'"units": 1000000000000'), EVALUATE_FILE, 5,
        "error: m.keras says that it has 677,000,000,000,040 parameters, and its weights are 105,076 bytes\n"
        "    it is damaged, or made up"),
    Row("E4", "an HDF5 model", written(b"\x89HDF\r\n\x1a\n", "m.h5"), "evaluate m.h5", 5,
        "error: m.h5 is an HDF5 model, which can hold code\n"
        "    open it in the Keras that you trust it in, and save it as .keras"),
    Row("E4", "a model from the network", nothing, "evaluate hf://someone/m.keras", 5,
        "error: a model is a local .keras file, got hf://someone/m.keras\n    download it first"),
    Row("E6", "data of another size", arrays_of(x_test=np.zeros((4, 32, 32, 3), np.uint8), y_test=np.arange(4)),
        f"{EVALUATE} --data other.npz", 4, "error: model expects 28x28x1, the data is 32x32x3"),
    Row("E6", "classes that the model does not know", photos(), f"{EVALUATE} --data photos", 4,
        "error: the data has a class that the model does not know: `cat`\n    one of: 0, 1, 2, 3, 4, 5, 6, 7, 8, 9\n"
        "error: the data has a class that the model does not know: `dog`\n    one of: 0, 1, 2, 3, 4, 5, 6, 7, 8, 9\n"
        "2 problems"),
    Row("E6", "labels that the model does not know",
        arrays_of(x_test=np.zeros((4, 28, 28, 1), np.uint8), y_test=np.arange(4) + 8), f"{EVALUATE} --data other.npz", 4,
        "error: y_test holds label 10 at index 2; the model has 10 classes, 0 to 9"),
    Row("E13", "a layer misspelt", nothing, "visualize-filters small --layer c2 --layer dense", 3,
        "error: no convolution is named `c2`\n    one of: c1\n"
        "error: no convolution is named `dense`\n    one of: c1\n2 problems"),
    Row("E13", "no convolution", other_network(no_convolution), "visualize-filters m.keras", 5,
        "error: the network has no convolution, so there is nothing to draw"),
    Row("+", "NaN in the weights", with_nan_weights, EVALUATE_FILE, 7,
        "error: the network's output is not a number for 2000 of 2000 examples, first 0\n"
        "    its weights or the data hold NaN or infinity: lower the learning_rate, or look at the data"),
    Row("+", "a network with two inputs", other_network(two_inputs), EVALUATE_FILE, 5,
        "error: m.keras takes 2 inputs, and data is one"),
    Row("+", "a network that takes text", other_network(text_in), EVALUATE_FILE, 5,
        "error: m.keras takes text, and data is numbers"),
    Row("+", "a network that does not classify", other_network(map_out), EVALUATE_FILE, 5,
        "error: m.keras does not classify: its output has the shape (None, 28, 28, 1)"),
    Row("+", "a model file without data", model(), "evaluate m.keras", 4,
        "error: m.keras is a file: what data to score it on is not known\n"
        "    name it: --data mnist, --data photos/test, --data digits.npz"),
    Row("+", "--data misspelt", nothing, f"{EVALUATE} --data mnits", 4,
        f"error: no such file: mnits\n    did you mean `mnist`?\n{NOT_FOUND}\n{DATA_KINDS}"),
    Row("+", "a recipe in the place of data", nothing, f"{EVALUATE} --data small.yaml", 4,
        f"error: small.yaml is no data that can be read\n{DATA_KINDS}"),
]  # fmt: skip

# The command line, runs and the disk.

OTHER_FOLDER = "    give another folder with --output DIR"


def a_file(name: str) -> Make:
    def make(folder: Path) -> None:
        shutil.rmtree(folder / "outputs")
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text("mine")

    return make


USAGE = [
    Row("+", "an unknown command", nothing, "trian x", 2,
        "error: No such command 'trian'. Did you mean 'train'?\n    see: cnncli --help"),
    Row("+", "no recipe", nothing, "train", 2,
        "error: no recipe is named\n    for example: cnncli train mnist; `cnncli recipes` lists what there is"),
    Row("+", "an unknown option", recipe(), f"{TRAIN} --epoch 3", 2,
        f"error: No such option: --epoch{ANY}--epochs{ANY}\n    see: cnncli train --help"),
    Row("+", "--epochs 0", recipe(), f"{TRAIN} --epochs 0", 2, "error: --epochs: expected an integer ≥ 1, got 0"),
    Row("+", "--epochs five", recipe(), f"{TRAIN} --epochs five", 2,
        f"error: --epochs: {ANY}integer{ANY}\n    see: cnncli train --help"),
    Row("+", "--epochs that no phase takes", recipe(("epochs: 1", "phases: [{epochs: 1}]")), f"{TRAIN} --epochs 3", 2,
        "error: --epochs: every phase of the recipe says its own epochs\n"
        "    change one of them: --set train.phases.0.epochs=3"),
    Row("+", "--device cuda", recipe(), f"{TRAIN} --device cuda", 2,
        "error: --device: unknown choice `cuda`\n    one of: auto, cpu, gpu"),
    Row("+", "--split tst", nothing, f"{EVALUATE} --split tst", 2,
        "error: --split: unknown choice `tst`\n    did you mean `test`?\n    one of: test, validation, train"),
]  # fmt: skip
STORAGE = [
    Row("103", "a run that exists", nothing, "train small.yaml --run first", 6,
        f"error: run exists (finished {ANY} UTC, val_accuracy {ANY}): outputs/small/first\n    use another --run NAME",
        with_run=True),
    Row("105", "a disk without room", recipe(), TRAIN, 6,
        f"error: outputs needs room for {ANY} MB, and 0 MB are free on /{ANY}\n"
        "    free some space there, or give another folder with --output DIR", patch=full_disk),
    Row("+", "outputs is a file", a_file("outputs"), "train small.yaml", 6,
        f"error: outputs is a file, not a folder\n{OTHER_FOLDER}", with_run=True),
    Row("+", "the recipe's folder is a file", a_file("outputs/small"), "train small.yaml", 6,
        f"error: outputs/small is a file, not a folder\n{OTHER_FOLDER}", with_run=True),
    Row("+", "no run yet", nothing, "evaluate", 6, "error: no runs in outputs/ yet\n    train one with: cnncli train mnist"),
    Row("+", "a run misspelt", nothing, "evaluate smal", 6,
        "error: no run or recipe 'smal' in outputs/\n    did you mean small?", with_run=True),
    Row("+", "a folder that is no run", lambda f: (f / "mine").mkdir(), "visualize-filters mine", 6,
        "error: mine is not a run's folder: it has no run.json\n    there are: small, small/first", with_run=True),
    Row("+", "a record cut off", written("{", "outputs/small/first/run.json"), EVALUATE, 6,
        f"error: outputs/small/first/run.json is damaged: its JSON breaks at line 1\n    {ANY}", with_run=True),
    Row("+", "a resolved recipe cut off", written("{", "outputs/small/first/resolved.yaml"), EVALUATE, 6,
        "error: outputs/small/first/resolved.yaml is damaged: `{` is not closed\n    train it again", with_run=True),
    Row("+", "no resolved recipe", removed("outputs/small/first/resolved.yaml"), EVALUATE, 6,
        "error: outputs/small/first is not complete: resolved.yaml is missing\n    train it again", with_run=True),
    Row("+", "a run without a model", removed(MODEL), EVALUATE, 6,
        f"error: outputs/small/first has no model.keras (its status is completed)\n    {ANY}", with_run=True),
    Row("+", "pictures into a file", nothing, "visualize-filters small --to small.yaml", 6,
        "error: small.yaml is a file, not a folder", with_run=True),
]  # fmt: skip

ROWS = [*RECIPES, *DATA, *MODELS, *USAGE, *STORAGE]


# How rows are run.


@dataclass(frozen=True)
class Done:
    exit_code: int
    stdout: str
    stderr: str
    seconds: float


def called(command: str, *more: str) -> Done:
    started = time.process_time()
    result = CliRunner().invoke(app, [*shlex.split(command), *more])
    return Done(result.exit_code, result.stdout, result.stderr, time.process_time() - started)


@pytest.fixture(scope="module")
def trained_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with small.yaml and the run outputs/small/first; TensorFlow is imported on the way."""
    folder = tmp_path_factory.mktemp("small")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        (folder / "small.yaml").write_text(RECIPE.replace("  prepare", "  limit: 200\n  prepare"))
        done = called("train small.yaml --run first")
    assert done.exit_code == 0, done.stderr
    return folder


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, trained_folder: Path) -> Path:
    """An empty folder to be in, and a home of its own."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "home" / ".keras"))
    return tmp_path


def contents(folder: Path) -> dict[str, bytes | None]:
    """Every path below a folder, with what files hold."""
    return {
        str(path.relative_to(folder)): path.read_bytes() if path.is_file() and os.access(path, os.R_OK) else None
        for path in sorted(folder.rglob("*"))
    }


def pattern(text: str) -> str:
    return re.escape(text).replace(re.escape(ANY), ".*")


def as_text(document: dict[str, Any]) -> str:
    """What stderr says for the same error, from its JSON form."""
    lines = []
    problems = document["problems"]
    for problem in problems:
        file, line, column, message = (problem[key] for key in ("file", "line", "column", "message"))
        where = f"{file}:{line}:{column}: " if line else f"error: {file}: " if file else "error: "
        lines += [where + message, *(f"    {row}" for row in (problem["hint"] or "").splitlines())]
    return "\n".join([*lines, f"{len(problems)} problems"] if len(problems) > 1 else lines)


def needs_run(row: Row) -> bool:
    return row.with_run or row in MODELS or "outputs/small" in row.command


def prepared(row: Row, folder: Path, trained_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    if needs_run(row):
        shutil.copytree(trained_folder, folder, dirs_exist_ok=True)
    row.make(folder)
    if row.patch:
        row.patch(monkeypatch)


def name_of(row: Row) -> str:
    return f"{row.number} {row.what}"


@pytest.mark.parametrize("row", ROWS, ids=name_of)
def test_wrong_input_gives_its_exit_code_and_message(
    row: Row, folder: Path, trained_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    prepared(row, folder, trained_folder, monkeypatch)
    before = contents(folder)

    plain = called(row.command)
    as_json = called(row.command, "--json")

    assert plain.exit_code == row.exit_code, plain.stderr
    assert as_json.exit_code == row.exit_code
    if row.exit_code:
        assert re.fullmatch(pattern(row.says), plain.stderr.rstrip("\n")), f"\n{plain.stderr}\n{row.says}"
        assert plain.stdout == ""
        error = json.loads(as_json.stdout)["error"]
        assert error["exit"] == row.exit_code
        assert re.fullmatch(pattern(row.says), as_text(error))
    else:
        assert re.search(rf"(?m)^{pattern(row.says)}$", plain.stderr), f"\n{plain.stderr}\n{row.says}"
        said = json.loads(as_json.stdout)
        notes = as_text({"problems": said.get("notes") or said["warnings"]}).replace("error: ", "note: ")
        assert re.search(rf"(?m)^{pattern(row.says)}$", notes)
    assert as_json.stderr == ""
    assert "Traceback" not in plain.stderr + plain.stdout + as_json.stdout
    assert contents(folder) == before
    assert plain.seconds < MOST_SECONDS


def test_table_is_complete() -> None:
    careful = (38, 41, 44, 45, 47, 48, 50, 51, 55, 59, 61, 62, 68, 69, 70, 73, 74, 77, 82, 84, 86, 88, 90, 92, 97, 102)

    assert len({name_of(row) for row in ROWS}) == len(ROWS) > 200
    assert {row.number for row in ROWS} >= {*map(str, careful), "103", "110", "E1", "E3", "E4", "E6", "E13"}
    assert {row.exit_code for row in ROWS} == set(range(10)) < set(EXIT_CODES)


# What is no row: inputs that are fine, other rights, a whole run, a second process.


@pytest.mark.parametrize(
    "content",
    [b"\xef\xbb\xbf" + RECIPE.encode(), RECIPE.replace("\n", "\r\n").encode(), (RECIPE + "  seed: null\n").encode()],
    ids=["18 byte order mark", "18 CRLF", "10 a key twice, which is not fine"],
)
def test_byte_order_mark_and_crlf_are_accepted_silently(folder: Path, content: bytes) -> None:
    written(content)(folder)
    done = called(STATIC)

    assert (done.exit_code == 0 and not done.stderr) == (b"null" not in content)


def test_learning_rate_in_scientific_notation_is_a_number(folder: Path) -> None:
    optimizer("1e-3")(folder)

    assert called(STATIC).exit_code == 0  # 30


def test_flood_of_problems_is_cut_on_the_terminal_and_whole_in_json(folder: Path) -> None:
    written(bomb())(folder)  # 13
    plain, as_json = called(STATIC), called(STATIC, "--json")

    assert plain.exit_code == 3
    assert plain.stderr.endswith("1,201 problems, of which 1,171 are not shown (--json has all)\n")
    assert len(plain.stderr.splitlines()) < 100
    assert len(json.loads(as_json.stdout)["error"]["problems"]) == 1201


@contextmanager
def as_somebody_else(folder: Path) -> Iterator[None]:
    """Root may read and write everything, so it is left for a while."""
    if not hasattr(os, "geteuid"):
        pytest.skip("this system knows no users")
    is_root = os.geteuid() == 0
    folder.chmod(0o755)
    if is_root:
        os.seteuid(65534)
    try:
        yield
    finally:
        if is_root:
            os.seteuid(0)


def test_recipe_that_may_not_be_read_is_exit_3(folder: Path, trained_folder: Path) -> None:
    recipe()(folder)  # 3
    (folder / "recipe.yaml").chmod(0)
    with as_somebody_else(folder):
        done = called(STATIC)

    assert (done.exit_code, done.stderr) == (3, "error: cannot read recipe.yaml: permission denied\n")


def test_outputs_that_may_not_be_written_are_exit_6(folder: Path, trained_folder: Path) -> None:
    recipe()(folder)
    (folder / "outputs").mkdir(mode=0o555)
    with as_somebody_else(folder):
        done = called(TRAIN)

    assert done.exit_code == 6
    assert done.stderr == (
        "error: cannot make outputs/recipe: permission denied\n"
        "    make it writable, or give another folder with --output DIR\n"
    )


def test_second_process_in_a_run_is_told_who_holds_it(folder: Path, trained_folder: Path) -> None:
    from cnncli import runs

    recipe(first="name: small\n")(folder)  # 106
    with runs.create(folder / "outputs", "small", run_name="first"):
        before = contents(folder)
        done = called(f"{TRAIN} --run first")

    assert done.exit_code == 6
    assert re.match(rf"error: outputs/small/first is in use by pid {os.getpid()} on host .+ since 20..-", done.stderr)
    assert contents(folder).keys() == before.keys()


def test_memory_that_runs_out_in_training_is_exit_8_with_a_batch_size_to_try(
    folder: Path, trained_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import tensorflow as tf

    def exhausted(*_: Any, **__: Any) -> None:
        raise tf.errors.ResourceExhaustedError(None, None, "OOM when allocating tensor")

    monkeypatch.setattr("keras.Model.fit", exhausted)
    recipe()(folder)  # 110
    done = called(f"{TRAIN} --run big --quiet")

    assert done.exit_code == 8
    assert done.stderr == (
        "recipe.yaml:10:3: a batch of 32 did not fit into memory\n    try 16: --set train.batch_size=16\n"
    )
    assert json.loads((folder / "outputs/recipe/big/run.json").read_text())["status"] == "failed"


ODD_CLASSES = ("[red]x", "naïve ümläut", "\x1b[31mred", "日本", "=cmd()", "a, b")


def test_odd_class_names_go_through_a_whole_run(folder: Path, trained_folder: Path) -> None:
    changes = [("  seed: 1\n", ""), ("  prepare", "  on_bad_image: skip\n  prepare")]
    photos(*changes, classes=ODD_CLASSES, count=12)(folder)  # 95, and 60, 70 and 79 on the way
    (folder / "photos" / ODD_CLASSES[0] / "half.jpg").write_bytes(HALF_JPEG)
    (folder / "recipe.yaml").write_text(
        (folder / "recipe.yaml").read_text() + "visualize: [feature_maps: {samples: 6}]\n"
    )

    trained = called(f"{TRAIN} --run odd")
    scored = called("evaluate recipe/odd")
    as_json = called("evaluate recipe/odd --json")

    assert (trained.exit_code, scored.exit_code, as_json.exit_code) == (0, 0, 0), trained.stderr
    assert "\x1b" not in trained.stdout + trained.stderr + scored.stdout
    names = sorted(ODD_CLASSES, key=str.encode)
    for name in names:
        assert name.replace("\x1b", "\\x1b") in scored.stdout
    assert [row["class"] for row in json.loads(as_json.stdout)["per_class"]] == names
    run = folder / "outputs/recipe/odd"
    record = json.loads((run / "run.json").read_text())
    assert record["class_names"] == names
    assert record["data"]["skipped"] == [f"{ODD_CLASSES[0]}/half.jpg"]
    assert any(note.startswith("1 image left out") for note in record["notes"])
    assert isinstance(record["seed"], int)
    assert "exif: apply" in (run / "resolved.yaml").read_text()
    with (run / "predictions.csv").open(newline="") as file:
        assert {row["true"] for row in csv.DictReader(file)} <= set(names)
    for figure in ("confusion.png", "feature-maps-c1-6.png"):
        Image.open(run / "figures" / figure).verify()


# The real command.


def real(folder: Path, command: str, **more: Any) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "cnncli", *shlex.split(command)],
        cwd=folder, capture_output=True, text=True, timeout=120, check=False, stdin=subprocess.DEVNULL, **more,
    )  # fmt: skip


REAL = [row for row in ROWS if row.what in ("no such file", "a misspelt argument", "an unknown command", "--epochs 0")]


@pytest.mark.parametrize("row", REAL, ids=name_of)
def test_real_command_says_the_same(row: Row, folder: Path) -> None:
    row.make(folder)
    done = real(folder, row.command)

    assert done.returncode == row.exit_code
    assert re.fullmatch(pattern(row.says), done.stderr.rstrip("\n"))
    assert done.stdout == ""


@pytest.mark.parametrize(
    ("setting", "file"),
    [("train.checkpoint.keep=false", "model.keras"), ("train.checkpoint.keep=true", "checkpoints/0000000001.npz")],
    ids=["the model", "a commit"],
)
def test_disk_that_takes_no_large_file_leaves_the_good_ones(
    folder: Path, trained_folder: Path, setting: str, file: str
) -> None:
    resource = pytest.importorskip("resource")
    shutil.copytree(trained_folder, folder, dirs_exist_ok=True)  # 105
    before = contents(folder)

    def limited() -> None:
        resource.setrlimit(
            resource.RLIMIT_FSIZE, (60_000, 60_000)
        )  # the model is larger, all that comes before smaller

    done = real(folder, f"train small.yaml --run second --quiet --set {setting}", preexec_fn=limited)

    assert done.returncode == 6, done.stderr
    assert done.stderr == (
        f"error: cannot write outputs/small/second/{file}: the file would be larger than this process may write\n"
        "    raise the limit: ulimit -f unlimited\n"
    )
    assert done.stdout == ""
    after = contents(folder)
    assert {name: after[name] for name in before} == before
    second = folder / "outputs/small/second"
    assert json.loads((second / "run.json").read_text())["status"] == "failed"
    assert len((second / "history.csv").read_text().splitlines()) == 2
    assert not [path for path in second.rglob("*") if ".tmp-" in path.name or path.name == "model.keras"]
