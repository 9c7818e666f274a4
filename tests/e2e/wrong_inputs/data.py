"""Wrong data."""

from __future__ import annotations

import os
import struct
from pathlib import Path
from typing import Any

import numpy as np
from commands import cut_off

from cnncli.recipe.sources import SOURCES
from wrong_inputs.making import (
    ANY,
    FOLDER_RECIPE,
    HALF_JPEG,
    NPZ_RECIPE,
    PLAN,
    Make,
    Row,
    both,
    broken_png,
    cats,
    copied,
    encoded,
    linked,
    npz,
    odd_images,
    parts,
    photos,
    picture,
    recipe,
    without_gpu,
)

NOT_FOUND = f"    looked for {ANY}, from {ANY}"
BAD_IMAGES = "    repair or remove them, or skip them: `on_bad_image: skip` in `data`"
LABELS = "labels are whole numbers 0, 1, 2, …, one for each example"
NPZ_NAMES = "    the names are x_train, y_train, x_val, y_val, x_test, y_test; or x, y alone"
NPZ_MADE_BY = "    `np.savez_compressed('data.npz', x_train=…, y_train=…, x_test=…, y_test=…)` makes one"
UNSCALED = (
    "recipe.yaml:2:3: the inputs are numbers from 0 to 255, and no layer scales them\n"
    "    networks learn from small numbers: `prepare: [Rescaling: {scale: $(1 / 255)}]` in `data`"
)
NO_RESCALING = ("  prepare: [Rescaling: {scale: $(1 / 255)}]\n", "")
DATA_KINDS = "\n      ".join(
    ["    data can be one of", *dict.fromkeys(each.RECOGNIZED for each in SOURCES.values() if each.RECOGNIZED)]
)


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
    Row("fewer outputs than the data has classes", npz(("$classes", "2")), PLAN, 4,
        "recipe.yaml:8:7: the labels need 3 outputs, and layer `dense` has 2\n    use `units: $classes` in the last layer"),
    Row("labels that are one-hot already", labels(np.eye(3)[np.arange(60) % 3]), PLAN, 4,
        f"recipe.yaml:2:24: y_train is one-hot, shape (60, 3); {LABELS}\n"
        "    store `np.argmax(y_train, axis=1)`; the recipe's loss decides the encoding"),
    Row("one output for five classes of photos",
        photos(("$classes, activation: softmax", "1, activation: sigmoid"), classes=tuple("abcde"), count=12), PLAN, 4,
        "recipe.yaml:8:7: binary_crossentropy with one output is for 2 classes, and the data has 5\n"
        "    use `units: $classes`, softmax and sparse_categorical_crossentropy"),
    Row("an input that the data is not", npz(("model:", "model:\n  input: [8, 8, 2]")), PLAN, 4,
        "recipe.yaml:5:10: `model.input` is 8x8x2, the data is 8x8x1\n    the data: data.npz: 60 examples"),
    Row("images of 10,000 x 10,000", photos(("[8, 8]", "[10000, 10000]")), PLAN, 8,
        f"recipe.yaml:10:3: training needs about 208.0 GB, and this machine has {ANY}\n"
        f"    the largest layers: input (76.8 GB), rescaling (76.8 GB), c1 (25.6 GB)\n    {ANY}"),
    Row("classes too small for three parts", photos(count=2), PLAN, 4,
        "recipe.yaml:2:3: 2 classes have too few examples: `cat` 2, `dog` 2; train, validation and test need one each\n"
        "    add examples of it, leave the class out, or bring the parts ready made"),
    Row("a part smaller than the number of classes",
        photos(("  prepare", "  split: {validation: 1}\n  prepare")), PLAN, 4,
        "recipe.yaml:3:23: validation gets 1 example of 16, fewer than the 2 classes\n"
        "    `validation: 2` or more: each class needs one example in it"),
    Row("a class's name misspelt in class_weight", class_weight("{cta: 2, dog: 1}"), PLAN, 4,
        "recipe.yaml:3:23: there is no class `cta`\n    did you mean `cat`?"),
    Row("a class without a weight", class_weight("{cat: 2}"), PLAN, 4,
        "recipe.yaml:3:17: no weight is given for `dog`\n    1 is the weight that changes nothing"),
    Row("float16 on a processor", recipe(more="  precision: mixed_float16\n"), PLAN, 0,
        "recipe.yaml:12:14: mixed_float16 is made for GPUs, and slow on a processor\n"
        f"    `precision: auto` takes {ANY} here: {ANY}", patch=without_gpu),
    Row("no such folder", recipe(base=FOLDER_RECIPE), PLAN, 4,
        f"recipe.yaml:2:33: no such folder: photos\n{NOT_FOUND}"),
    Row("a folder misspelt", both(recipe(base=FOLDER_RECIPE), lambda f: (f / "photo").mkdir()), PLAN, 4,
        f"recipe.yaml:2:33: no such folder: photos\n{NOT_FOUND}\n    did you mean `photo`?"),
    Row("no such archive", recipe(base=NPZ_RECIPE), PLAN, 4,
        f"recipe.yaml:2:24: no such file: data.npz\n{NOT_FOUND}"),
    Row("an empty folder", both(recipe(base=FOLDER_RECIPE), lambda f: (f / "photos").mkdir()), PLAN, 4,
        f"recipe.yaml:2:33: no class folders in {ANY}/photos\n    it holds nothing\n"
        f"    each class needs a folder of its own: {ANY}/photos/cats/1.jpg"),
    Row("class folders without images", photos(count=0), PLAN, 4,
        f"recipe.yaml:2:33: no images in {ANY}/photos\n    it holds 2 folders (cat, dog)"),
    Row("one class", photos(classes=("cat",)), PLAN, 4,
        "recipe.yaml:2:33: one class only: `cat`\n    `cat` holds 8 files (8 .png)"),
    Row("one class in an archive", labels(np.zeros(60, int)), PLAN, 4,
        "recipe.yaml:2:24: y_train holds one class only: every label is 0\n"
        "    classification needs at least two classes"),
    Row("val/ has a class more", parts(("cat", "dog", "cow")), PLAN, 4,
        "recipe.yaml:2:33: val/ has a class that train/ lacks: `cow`\n    one of: cat, dog"),
    Row("val/ has a class misspelt", parts(("cat", "dogs")), PLAN, 4,
        "recipe.yaml:2:33: val/ has a class that train/ lacks: `dogs`\n    did you mean `dog`?"),
    Row("y_val has a class more", npz(x_val=np.zeros((3, 8, 8, 1), np.uint8), y_val=np.array([0, 1, 3])), PLAN, 4,
        "recipe.yaml:2:24: y_val holds label 3 at index 2; y_train has 3 classes, 0 to 2"),
    Row("half a JPEG", photos(more=cats(half_jpg=HALF_JPEG)), PLAN, 4,
        "recipe.yaml:2:33: 1 of 17 images cannot be used\n"
        f"    cat/half.jpg: damaged or cut off: {ANY}\n{BAD_IMAGES}"),
    Row("half a JPEG, to be skipped",
        photos(("  prepare", "  on_bad_image: skip\n  prepare"), more=cats(half_jpg=HALF_JPEG)), PLAN, 0,
        f"note: 1 image left out\n    cat/half.jpg: damaged or cut off: {ANY}"),
    Row("files that are no images",
        photos(more=cats(a_jpg=b"", b_jpg=b"hello", c_jpg=b"<!DOCTYPE html><title>404</title>")), PLAN, 4,
        "recipe.yaml:2:33: 3 of 19 images cannot be used\n    cat/a.jpg: empty (0 bytes)\n"
        f"    cat/b.jpg: text, not an image\n    cat/c.jpg: an HTML page, not an image\n{BAD_IMAGES}"),
    Row("damaged PNGs", photos(more=cats(a_png=broken_png("crc"), b_png=broken_png("cut"))), PLAN, 4,
        "recipe.yaml:2:33: 2 of 18 images cannot be used\n"
        "    cat/a.png: damaged: the checksum of its IDAT chunk does not fit\n"
        f"    cat/b.png: damaged or cut off: {ANY}\n{BAD_IMAGES}"),
    Row("a PNG called .jpg", photos(more=cats(a_jpg=encoded(picture(8), "PNG"))), PLAN, 0,
        "note: 1 image has the ending of another format: cat/a.jpg (PNG)\n    they are read by their content"),
    Row("colours of other kinds", photos(more=cats(**odd_images())), PLAN, 0,
        "note: converted to rgb: 1 1-bit, 1 CMYK, 1 palette\nnote: 2 transparent images: laid on black"),
    Row("an animation", photos(more=cats(**odd_images())), PLAN, 0,
        "note: 1 animated image: the first frame is used"),
    Row("images of another shape", photos(size=(8, 40)), PLAN, 0,
        "note: 16 of 16 images are stretched to more than twice their shape\n"
        "    width x height: from 40x8 over 40x8 (median) to 40x8\n"
        "    `resize: pad` or `resize: crop` keeps their shape"),
    Row("a decompression bomb", photos(more=cats(a_png=broken_png("bomb"))), PLAN, 4,
        "recipe.yaml:2:33: 1 of 17 images cannot be used\n"
        f"    cat/a.png: 2,500 megapixels (50,000x50,000); the limit is 64\n{BAD_IMAGES}"),
    Row("NaN in the examples",
        npz(x_train=np.where(np.arange(60 * 64).reshape(60, 8, 8, 1) % 700 == 650, np.nan, 0.5).astype(np.float32)), PLAN, 4,
        "recipe.yaml:2:24: x_train has 5 NaN, first at index 10\n"
        "    one of them makes the whole loss NaN: leave those examples out, or put numbers there"),
    Row("floats from 0 to 255, not scaled",
        npz(NO_RESCALING, x_train=RANDOM.uniform(0, 255, (60, 8, 8, 1)).astype(np.float32)), PLAN, 0, UNSCALED),
    Row("photos, not scaled", photos(NO_RESCALING), PLAN, 0, UNSCALED),
    Row("a negative label", labels(np.arange(60) - 1), PLAN, 4,
        f"recipe.yaml:2:24: y_train holds -1 at index 0; {LABELS}"),
    Row("half a label", labels(np.arange(60) % 3 + 0.5), PLAN, 4,
        f"recipe.yaml:2:24: y_train holds 0.5 at index 0; {LABELS}\n"
        "    if they are quantities, not classes, write `targets: numbers` in `data`"),
    Row("labels of letters", labels(list("abc") * 20), PLAN, 4,
        f"recipe.yaml:2:24: y_train holds text ('a' at index 0); {LABELS}\n"
        "    number the classes: `classes, y_train = np.unique(y_train, return_inverse=True)`"),
    Row("labels from 1", labels(np.arange(60) % 3 + 1), PLAN, 4,
        "recipe.yaml:2:24: y_train goes up to 3, with no example of class 0\n    labels count from 0: `y_train - 1`"),
    Row("more labels than examples", labels(np.arange(61) % 3), PLAN, 4,
        "recipe.yaml:2:24: x_train has 60 examples, y_train has 61 labels\n"
        "    one label for each example, in the same order"),
    Row("arrays of other names", npz(x_train=None, y_train=None, images=np.zeros(3)), PLAN, 4,
        f"recipe.yaml:2:24: data.npz has no x_train and no y_train\n    it holds: images\n{NPZ_NAMES}"),
    Row("Python objects", npz(x_train=np.array([object()] * 60)), PLAN, 4,
        "recipe.yaml:2:24: x_train holds Python objects, not numbers\n"
        "    reading them would run code from the file; store plain numbers: `x.astype(np.float32)`"),
    Row("text instead of images", npz(x_train=np.array(["a"] * 60)), PLAN, 3,
        "recipe.yaml:3:13: Rescaling takes numbers, and text came in\n"
        "    numbers for words: `prepare: [TextVectorization: {max_tokens: 20000, output_sequence_length: 60}]` in `data`"),
    Row("a row of numbers instead of images", npz(x_train=np.zeros(60)), PLAN, 4,
        "recipe.yaml:2:24: x_train has the shape (60,); expected (count, height, width, channels)"),
    Row("an archive cut off", both(npz(), lambda f: os.truncate(f / "data.npz", 500)), PLAN, 4,
        "recipe.yaml:2:24: data.npz is cut off or damaged: the list of its arrays cannot be read\n" + NPZ_MADE_BY),
    Row("an IDX file cut off", idx, PLAN, 4,
        "recipe.yaml:2:24: train-images-idx3-ubyte says 100x28x28 (78,400 bytes) and holds less\n"
        "    the file is damaged, or was never whole"),
    Row("an image in train/ and val/", parts(more=copied("photos/train/cat/0.png", "photos/val/cat/x.png")), PLAN, 4,
        "recipe.yaml:2:33: 1 image lies in two of train/ and val/\n    train/cat/0.png = val/cat/x.png\n"
        "    remove them from one of the two, or allow them: `allow_leakage: true` in `data`"),
    Row("an image in two classes", photos(more=copied("photos/cat/0.png", "photos/dog/x.png")), PLAN, 0,
        "note: 1 image lies in two classes: one of the two is wrong\n    cat/0.png = dog/x.png"),
    Row("32 examples of one class for one of the other",
        npz(x_train=RANDOM.integers(0, 255, (200, 8, 8, 1)).astype(np.uint8), y_train=np.array([0] * 194 + [1] * 6)),
        PLAN, 0,
        "recipe.yaml:2:3: class `0` has 156 training examples, `1` has 4\n"
        "    `class_weight: balanced` in `data` lets every class count the same"),
    Row("a link out of the folder", photos(more=linked), PLAN, 0,
        f"note: 1 link leads out of the folder: cat/link.png -> {ANY}/elsewhere.png\n"
        "    the files behind the link are used and can change without notice"),
    Row("Cat and cat", photos(classes=("Cat", "cat")), PLAN, 0,
        "note: classes `Cat` and `cat` differ only in upper and lower case\n"
        "    on many disks they are one folder; rename one of them"),
    Row("a data set that cannot be downloaded", recipe(("mnist-sample", "cifar10")), PLAN, 9,
        "recipe.yaml:2:11: offline: cifar10 is not cached and the download failed\n    no answer from the network\n"
        "    put https://www.cs.toronto.edu/~kriz/cifar-10-python.tar.gz at "
        "~/.keras/datasets/cifar-10-batches-py-target_archive "
        "(sha256 6d958be074577803d12ecdefd02955f39262c83c16fe9348329d7fe0b5c001ce)", patch=cut_off),
    Row("a data set downloaded in part", half_downloaded, PLAN, 9,
        f"recipe.yaml:2:11: offline: ~/.keras/datasets/mnist.npz is incomplete or another file (sha256 {ANY}…, not "
        f"731c5ac60275…), and mnist cannot be downloaded\n    no answer from the network\n    put {ANY}", patch=cut_off),
    Row("a stand-in that is said", recipe(("mnist-sample", "mnist\n  offline: mnist-sample")), PLAN, 0,
        "recipe.yaml:3:12: mnist is not cached and the download failed (no network). "
        "Using mnist-sample: 10,000 digits of MNIST, packaged with cnncli\n    no answer from the network", patch=cut_off),
    Row("--device gpu without one", recipe(), f"{PLAN} --device gpu", 8,
        f"error: --device gpu: no GPU can be used: {ANY}\n    {ANY}, or train with --device cpu", patch=without_gpu),
    Row("device: gpu without one", recipe(more="  device: gpu\n"), PLAN, 8,
        f"recipe.yaml:12:11: no GPU can be used: {ANY}\n    {ANY}, or train with --device cpu", patch=without_gpu),
]  # fmt: skip
