from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pictures import noise, save
from PIL import Image

from cnncli.data import cache, columns
from cnncli.data.columns import RowFile
from cnncli.data.dataset import INPUT, Examples, ImageFiles, Splits
from cnncli.data.fingerprint import of_examples
from cnncli.data.images import Form
from cnncli.data.load import load, load_for_model, parse_source
from cnncli.data.sources import image_scan
from cnncli.errors import DataError, NetworkError
from cnncli.recipe.schema_data import Data, Source
from cnncli.tasks.classification.targets import ClassTargets

MakeFolder = Callable[[Path, Mapping[str, int]], Path]


def splits_of(source: Any, *, input_shape: Any = None, progress: Any = None, **keys: Any) -> Splits:
    return load(Data.model_validate({"source": source, **keys}), input_shape=input_shape, progress=progress)


def npz(tmp_path: Path, **arrays: Any) -> dict[str, Any]:
    np.savez(tmp_path / "data.npz", **arrays)
    return {"npz": {"path": str(tmp_path / "data.npz")}}


def examples(count: int, classes: int = 2) -> tuple[np.ndarray, np.ndarray]:
    """Images of which number k is all k, and its class k % classes."""
    images = np.repeat(np.arange(count, dtype=np.uint8), 16).reshape(count, 4, 4)
    return images, np.arange(count) % classes


def folder(path: Path, **keys: Any) -> dict[str, Any]:
    return {"image_folder": {"path": str(path), "image_size": [6, 8], **keys}}


def error(call: Callable[..., Any], *args: Any, **options: Any) -> str:
    with pytest.raises(DataError) as caught:
        call(*args, **options)
    return str(caught.value)


def sizes(splits: Splits) -> tuple[int, int, int]:
    return len(splits.train), len(splits.validation), len(splits.test)


# Parts.


def test_one_part_becomes_three(tmp_path: Path) -> None:
    x, y = examples(50)

    splits = splits_of(npz(tmp_path, x=x, y=y), split={"validation": 0.2, "test": 5, "seed": 1})

    assert sizes(splits) == (35, 10, 5)
    seen = np.concatenate([part.examples.input[:, 0, 0, 0] for part in splits.parts])
    assert sorted(seen.tolist()) == list(range(50))
    for part in splits.parts:
        assert np.array_equal(part.examples.input[:, 0, 0, 0] % 2, part.examples.labels)


def test_test_part_of_the_data_is_used_as_it_is(tmp_path: Path) -> None:
    x, y = examples(50)

    splits = splits_of(npz(tmp_path, x_train=x, y_train=y, x_test=x[:7], y_test=y[:7]), split={"validation": 0.1})

    assert sizes(splits) == (45, 5, 7)


def test_validation_part_of_the_data_is_used_and_test_set_aside(tmp_path: Path) -> None:
    x, y = examples(50)

    splits = splits_of(npz(tmp_path, x_train=x, y_train=y, x_val=x[:7], y_val=y[:7]), split={"test": 0.2})

    assert sizes(splits) == (40, 7, 10)


def test_three_parts_are_used_as_they_are(tmp_path: Path) -> None:
    x, y = examples(50)
    parts = {"x_train": x, "y_train": y, "x_val": x[:4], "y_val": y[:4], "x_test": x[:6], "y_test": y[:6]}

    splits = splits_of(npz(tmp_path, **parts))

    assert sizes(splits) == (50, 4, 6)
    assert np.array_equal(splits.test.input[..., 0], x[:6])


def test_seed_decides_which_examples(tmp_path: Path) -> None:
    x, y = examples(50)
    source = npz(tmp_path, x=x, y=y)

    first, same, other = (splits_of(source, split={"seed": seed}).test.input.tolist() for seed in (1, 1, 2))

    assert first == same != other


def test_split_that_is_impossible_names_the_class(tmp_path: Path) -> None:
    x, _ = examples(20)

    said = error(splits_of, npz(tmp_path, x=x, y=np.array([0] * 18 + [1] * 2)))

    assert said.splitlines()[0] == "class `1` has 2 examples; train, validation and test need one each"


def test_limit_counts_training_examples_with_their_shares(tmp_path: Path) -> None:
    x, _ = examples(200)

    splits = splits_of(
        npz(tmp_path, x=x, y=np.repeat([0, 1], [150, 50])), limit=40, split={"validation": 20, "test": 20}
    )

    assert sizes(splits) == (40, 20, 20)
    assert np.bincount(splits.train.labels).tolist() == [30, 10]


def test_copies_of_an_image_stay_in_one_part(tmp_path: Path, make_folder: MakeFolder) -> None:
    make_folder(tmp_path, {"ants": 8, "bees": 8})
    for kind in ("ants", "bees"):
        for number in range(8):
            shutil.copy(tmp_path / kind / f"{number}.png", tmp_path / kind / f"copy{number}.png")

    splits = splits_of(folder(tmp_path), split={"validation": 0.25, "test": 0.25})

    assert sizes(splits) == (16, 8, 8)
    images = [{image.tobytes() for image in np.asarray(part.examples.input)} for part in splits.parts]
    assert [len(part) for part in images] == [8, 4, 4]
    assert not images[0] & images[1] | images[0] & images[2] | images[1] & images[2]


def test_copies_in_an_archive_stay_in_one_part(tmp_path: Path) -> None:
    images = np.random.default_rng(0).integers(0, 255, (16, 4, 4, 1)).astype(np.uint8)
    source = npz(tmp_path, x=np.concatenate([images, images]), y=np.tile(np.arange(16) % 2, 2))

    splits = splits_of(source, split={"validation": 0.25, "test": 0.25})

    assert sizes(splits) == (16, 8, 8)
    parts = [{image.tobytes() for image in np.asarray(part.examples.input)} for part in splits.parts]
    assert not parts[0] & parts[1] | parts[0] & parts[2] | parts[1] & parts[2]
    assert [note.message for note in splits.notes] == ["16 images of x are there more than once"]


def test_leak_between_arrays_can_be_allowed(tmp_path: Path) -> None:
    images = np.random.default_rng(0).integers(0, 255, (16, 4, 4, 1)).astype(np.uint8)
    labels = np.arange(16) % 2
    source = npz(tmp_path, x_train=images, y_train=labels, x_test=images[:4], y_test=labels[:4])

    with pytest.raises(DataError, match="4 images of x_test are also in x_train"):
        splits_of(source)
    assert sizes(splits_of(source, allow_leakage=True))[2] == 4


def out_of_memory(patch: pytest.MonkeyPatch, place: type) -> None:
    """Images do not fit into memory; and where they shall stay in their files, not into the cache either."""
    patch.setattr(image_scan, "available_bytes", lambda: 0)
    if place is ImageFiles:
        patch.setattr(cache, "start_writing", lambda *_: None)


@pytest.mark.parametrize("place", [ImageFiles, RowFile], ids=["in their files", "in the cache"])
def test_folder_that_does_not_fit_into_memory_is_split_as_one_that_does(
    tmp_path: Path, make_folder: MakeFolder, monkeypatch: pytest.MonkeyPatch, place: type
) -> None:
    make_folder(tmp_path, {"ants": 10, "bees": 10})
    in_memory = splits_of(folder(tmp_path), limit=8)
    out_of_memory(monkeypatch, place)

    in_files = splits_of(folder(tmp_path), limit=8)

    assert isinstance(in_files.train.input, place)
    assert in_files.train.input.read(range(8)).tolist() == in_memory.train.input.tolist()
    assert in_files.fingerprint == in_memory.fingerprint
    assert in_files.input_shape == (6, 8, 3)


# What is reported.


def test_test_images_do_not_keep_all_images_in_memory(tmp_path: Path, make_folder: MakeFolder) -> None:
    make_folder(tmp_path, {"train/ants": 8, "train/bees": 8, "test/ants": 2, "test/bees": 2})

    splits = splits_of(folder(tmp_path), allow_leakage=True)

    assert sizes(splits) == (14, 2, 4)
    held = [part.input for part in (splits.train, splits.validation, splits.test)]
    assert [isinstance(each, np.ndarray) and each.base is None for each in held] == [True] * 3


def test_record_says_what_was_used(tmp_path: Path, make_folder: MakeFolder) -> None:
    make_folder(
        tmp_path,
        {"train/ants": 3, "train/[red]\x1b": 2, "val/ants": 1, "val/[red]\x1b": 1, "test/ants": 1, "test/[red]\x1b": 2},
    )
    (tmp_path / "train/ants/bad.png").write_bytes(b"")

    record = splits_of(folder(tmp_path), on_bad_image="skip").as_json()

    assert json.loads(json.dumps(record)) == {
        "input_range": {
            "low": 0.0,
            "high": 255.0,
            "typical": 128.0,
            "negative": 0.0,
            "count": 1000,
            "ground": None,
            "rank": 3,
            "is_whole": True,
            "usual": None,
            "channels": [],
        },
        "source": f"image folder {tmp_path}: 5 + 2 + 3 images, 2 classes",
        "fingerprint": record["fingerprint"],
        "task": "classification",
        "class_names": ["[red]\x1b", "ants"],
        "input_shape": [6, 8, 3],
        "counts": {"train": [2, 3], "validation": [1, 1], "test": [2, 1]},
        "skipped": ["train/ants/bad.png"],
    }


def test_fingerprint_is_of_the_data_and_not_of_the_split(tmp_path: Path) -> None:
    x, y = examples(50)
    source = npz(tmp_path, x=x, y=y)

    assert splits_of(source, split={"seed": 1}).fingerprint == splits_of(source, split={"seed": 2}).fingerprint


def scored_on(splits: Splits) -> str:
    return of_examples(splits.test, splits.targets)


def test_examples_have_one_fingerprint_wherever_and_however_they_are_read(
    tmp_path: Path, make_folder: MakeFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    classes = {f"{part}/{name}": 10 for part in ("train", "test") for name in ("ants", "bees")}
    one = make_folder(tmp_path / "one", classes)
    shutil.copytree(one, tmp_path / "two")
    next((tmp_path / "two/train/ants").iterdir()).unlink()

    first = scored_on(splits_of(folder(one)))
    assert scored_on(splits_of(folder(one, image_size=[5, 9]), split={"validation": 0.4, "seed": 3})) == first
    assert scored_on(splits_of(folder(tmp_path / "two"))) == first

    x, y = examples(60)
    in_memory = splits_of(npz(tmp_path, x_train=x[:40], y_train=y[:40], x_test=x[40:], y_test=y[40:]))
    monkeypatch.setattr(columns, "LARGE", 1)  # a part is rows of an array that is not copied
    rows = Examples({INPUT: x[..., None]}, y.astype(np.int32)).take(range(40, 60))
    assert not isinstance(rows.input, np.ndarray)
    assert of_examples(rows, in_memory.targets) == scored_on(in_memory)


def test_fingerprint_of_examples_changes_with_content_class_and_order() -> None:
    x, y = examples(6)
    known = Examples({INPUT: x}, y.astype(np.int32))
    names = ClassTargets(class_names=("ant", "bee", "fly"))
    changed = x.copy()
    changed[5] += 1
    others = [
        of_examples(Examples({INPUT: changed}, known.labels), names),
        of_examples(Examples({INPUT: x}, (known.labels + 1) % 2), names),
        of_examples(known, ClassTargets(class_names=("ant", "wasp", "fly"))),
        of_examples(known.take([1, 0, 2, 3, 4, 5]), names),
        of_examples(known.take(range(5)), names),
        of_examples(Examples({INPUT: x}, known.labels, sha256=tuple("abcdef")), names),
        of_examples(Examples({INPUT: x}, known.labels, sha256=tuple("abcdfe")), names),
    ]

    assert len({of_examples(known, names), *others}) == 8


def test_progress_reaches_the_caller(tmp_path: Path, make_folder: MakeFolder) -> None:
    told: list[tuple[str, int, int]] = []

    splits_of(folder(make_folder(tmp_path, {"ants": 10, "bees": 10})), progress=lambda *news: told.append(news))

    assert told == [("reading images", 20, 20)]


def test_uneven_classes_are_reported(tmp_path: Path) -> None:
    x, _ = examples(200)
    parts = {"x_train": x, "y_train": np.repeat([0, 1], [191, 9]), "x_test": x[188:194], "y_test": np.repeat([0, 1], 3)}

    splits = splits_of(npz(tmp_path, **parts), split={"validation": 10})

    # 191 and 9, less 9 and 1 for validation.
    assert [str(note) for note in splits.notes] == [
        "class `0` has 182 training examples, `1` has 8\n"
        "    `class_weight: balanced` in `data` lets every class count the same"
    ]
    assert splits_of(npz(tmp_path, **parts), class_weight="balanced").notes == ()


def test_classes_of_one_to_twenty_are_not_told(tmp_path: Path) -> None:
    x, _ = examples(210)
    y = np.repeat([0, 1], [200, 10])
    parts = {
        "x_train": x,
        "y_train": y,
        "x_val": x[195:205],
        "y_val": y[195:205],
        "x_test": x[195:205],
        "y_test": y[195:205],
    }

    assert splits_of(npz(tmp_path, **parts)).notes == ()


# What does not fit the recipe.


def test_other_number_of_classes_than_declared_is_refused(tmp_path: Path) -> None:
    x, y = examples(50, classes=3)

    with pytest.raises(DataError) as caught:
        splits_of(npz(tmp_path, x=x, y=y), classes=4)

    assert str(caught.value) == "`classes` is 4, the data has 3\n    they are 0, 1, 2"
    assert caught.value.problems[0].path == ("data", "classes")


def test_other_shape_than_the_networks_is_refused() -> None:
    with pytest.raises(DataError) as caught:
        splits_of("mnist-sample", input_shape=[32, 32, 3])

    assert str(caught.value) == (
        "`model.input` is 32x32x3, the data is 28x28x1\n    the data: mnist-sample, packaged: 8,000 + 2,000 digits"
    )
    assert caught.value.problems[0].path == ("model", "input")


@pytest.mark.parametrize(
    ("shape", "hint"),
    [
        ((50, 3, 4, 5), "    the data has its channels first: `np.moveaxis(x, 1, -1)` puts them last"),
        ((50, 60), "    the numbers are as many: `x.reshape(-1, 4, 5, 3)`, if they stand in that order"),
    ],
)
def test_shape_that_can_be_mended_is_reported_how(tmp_path: Path, shape: Any, hint: str) -> None:
    said = error(splits_of, npz(tmp_path, x=np.zeros(shape), y=np.arange(50) % 2), input_shape=[4, 5, 3])

    assert said.splitlines()[1] == hint


def test_weight_for_a_class_that_there_is_not_is_refused(tmp_path: Path, make_folder: MakeFolder) -> None:
    make_folder(tmp_path, {"ants": 10, "bees": 10})

    with pytest.raises(DataError) as caught:
        splits_of(folder(tmp_path), class_weight={"ants": 1.0, "bee": 2.0})

    assert str(caught.value) == "there is no class `bee`\n    did you mean `bees`?"
    assert caught.value.problems[0].path == ("data", "class_weight", "bee")


def test_class_without_a_weight_is_refused(tmp_path: Path, make_folder: MakeFolder) -> None:
    make_folder(tmp_path, {"ants": 10, "bees": 10})

    said = error(splits_of, folder(tmp_path), class_weight={"ants": 1.0})

    assert said == "no weight is given for `bees`\n    1 is the weight that changes nothing"


def test_weights_for_all_classes_are_fine(tmp_path: Path, make_folder: MakeFolder) -> None:
    make_folder(tmp_path, {"ants": 10, "bees": 10})

    assert splits_of(folder(tmp_path), class_weight={"ants": 1.0, "bees": 3.0}).notes == ()


def test_settings_for_images_and_leaks_reach_the_folder(tmp_path: Path, make_folder: MakeFolder) -> None:
    make_folder(tmp_path, {"train/a": 10, "train/b": 10, "val/a": 1, "val/b": 1})
    shutil.copy(tmp_path / "train/a/0.png", tmp_path / "val/a/0.png")
    source = {"image_folder": {"path": str(tmp_path)}}

    assert error(splits_of, source, input_shape=[5, 7, 1]).startswith("1 image lies in two of train/ and val/")
    assert splits_of(source, input_shape=[5, 7, 1], allow_leakage=True).input_shape == (5, 7, 1)


def test_data_that_is_not_here_and_not_replaced_is_a_network_error() -> None:
    with pytest.raises(NetworkError):
        splits_of("cifar100")


def test_sample_in_place_of_the_data_is_reported() -> None:
    splits = splits_of("mnist", offline="mnist-sample")

    assert sizes(splits) == (7200, 800, 2000)
    assert splits.notes[0].message.startswith(
        "mnist is not cached and the download failed (no network). Using mnist-sample"
    )


# A source on the command line.


@pytest.mark.parametrize("name", ["mnist", "fashion_mnist", "cifar10", "cifar100", "mnist-sample"])
def test_built_in_name_is_a_source(name: str) -> None:
    assert parse_source(name) == Source.model_validate({"builtin": name})


def test_archive_is_a_source(tmp_path: Path) -> None:
    x, y = examples(4)
    path = npz(tmp_path, x=x, y=y)["npz"]["path"]

    assert parse_source(path) == Source.model_validate({"npz": {"path": path}})


def test_folder_of_images_is_a_source(tmp_path: Path) -> None:
    assert parse_source(str(tmp_path)) == Source.model_validate({"image_folder": {"path": str(tmp_path)}})


def test_folder_with_mnists_files_is_a_source(tmp_path: Path) -> None:
    (tmp_path / "t10k-images-idx3-ubyte.gz").write_bytes(b"")

    assert parse_source(str(tmp_path)) == Source.model_validate({"idx": {"path": str(tmp_path)}})


def test_misspelt_source_suggests_the_built_in_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)

    assert error(parse_source, "fashion-mnst").splitlines()[:5] == [
        "no such file: fashion-mnst",
        "    did you mean `fashion_mnist`?",
        f"    looked for {tmp_path}/fashion-mnst, from {tmp_path}",
        "    data can be one of",
        "      a built-in data set: mnist, fashion_mnist, cifar10, cifar100, mnist-sample, sentences-sample, faces-sample, "
        "shapes-sample, scenes-sample",
    ]


def test_file_of_another_kind_is_no_source(tmp_path: Path) -> None:
    (tmp_path / "a.h5").write_bytes(b"\x89HDF")

    (tmp_path / "a.xyz").write_bytes(b"\x89HDF")

    assert error(parse_source, str(tmp_path / "a.h5")).splitlines() == [
        f"{tmp_path}/a.h5 is a file of the format HDF5, which is not read",
        "    use `source: {npz: {path: …}}` with the arrays x_train and y_train: h5py reads them",
    ]
    assert (
        error(parse_source, str(tmp_path / "a.xyz")).splitlines()[0] == f"{tmp_path}/a.xyz is no data that can be read"
    )


def test_pipe_is_no_source(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")

    assert error(parse_source, str(tmp_path / "pipe")).splitlines()[0] == f"{tmp_path}/pipe is not a regular file"


# Data for a trained model.


def for_model(source: Any, *, shape: Any = (4, 4, 1), names: Any = ("0", "1"), **options: Any) -> Examples:
    source = Source.model_validate({"builtin": source} if isinstance(source, str) else source)
    return load_for_model(source, input_shape=shape, targets=ClassTargets(class_names=names), **options)[0]


def test_all_of_the_data_is_used_where_it_has_no_test_part(tmp_path: Path) -> None:
    x, y = examples(10)

    found = for_model(npz(tmp_path, x_train=x, y_train=y, x_val=x[:3], y_val=y[:3]))

    assert found.input[:, 0, 0, 0].tolist() == [*range(10), 0, 1, 2]
    assert found.labels.tolist() == [*(y.tolist()), 0, 1, 0]


@pytest.mark.parametrize("place", [ImageFiles, RowFile], ids=["in their files", "in the cache"])
def test_all_of_a_folder_in_files_is_used(
    tmp_path: Path, make_folder: MakeFolder, monkeypatch: pytest.MonkeyPatch, place: type
) -> None:
    make_folder(tmp_path, {"train/0": 1, "train/1": 1, "val/1": 1})
    out_of_memory(monkeypatch, place)

    found = for_model(folder(tmp_path), shape=(6, 8, 3))

    assert isinstance(found.input, place)
    images = [np.asarray(Image.open(tmp_path / name)) for name in ("train/0/0.png", "train/1/0.png", "val/1/0.png")]
    assert found.input.read(range(3)).tolist() == np.stack(images).tolist()
    assert found.labels.tolist() == [0, 1, 1]


def test_test_part_of_a_built_in_set_is_used() -> None:
    assert len(for_model("mnist-sample", shape=(28, 28, 1), names=tuple("0123456789"))) == 2000


def test_other_shape_than_the_models_is_refused() -> None:
    said = error(for_model, "mnist-sample", shape=(32, 32, 3), names=tuple("0123456789"))

    assert said == "model expects 32x32x3, the data is 28x28x1"


def test_model_of_any_size_takes_any_size() -> None:
    assert len(for_model("mnist-sample", shape=(None, None, 1), names=tuple("0123456789"))) == 2000


def test_images_become_what_the_models_own_were(tmp_path: Path, make_folder: MakeFolder) -> None:
    save(tmp_path / "ants/0.png", noise(20, 10, seed=1))
    own = Form(10, 10, resize="crop", color="grayscale")

    found = for_model({"image_folder": {"path": str(tmp_path)}}, shape=(10, 10, 1), names=("ants", "bees"), form=own)

    whole = np.asarray(noise(20, 10, seed=1).convert("L"))
    assert found.input[0, ..., 0].tolist() == whole[:, 5:15].tolist()


def test_images_follow_the_models_shape_where_it_had_no_folder(tmp_path: Path, make_folder: MakeFolder) -> None:
    make_folder(tmp_path, {"0": 2})

    assert for_model({"image_folder": {"path": str(tmp_path)}}, shape=(9, 5, 1)).input.shape == (2, 9, 5, 1)


def test_what_is_missing_is_a_note(tmp_path: Path, make_folder: MakeFolder) -> None:
    source = Source.model_validate(folder(make_folder(tmp_path, {"ants": 1})))

    _, notes, _ = load_for_model(source, input_shape=(6, 8, 3), targets=ClassTargets(class_names=("ants", "bees")))

    assert [note.message for note in notes] == ["the data has no example of class `bees`"]


def test_errors_about_other_data_name_no_key_of_the_recipe(tmp_path: Path) -> None:
    with pytest.raises(DataError) as caught:
        for_model({"npz": {"path": str(tmp_path / "gone.npz")}})

    assert [problem.path for problem in caught.value.problems] == [()]


# Examples.


def test_image_that_changed_since_it_was_loaded_is_named(tmp_path: Path, make_folder: MakeFolder) -> None:
    make_folder(tmp_path, {"ants": 2})
    files = ImageFiles((str(tmp_path / "ants/0.png"), str(tmp_path / "ants/1.png")), Form(6, 8, "pad", "rgb"))
    (tmp_path / "ants/1.png").write_text("<html>")

    assert files.read([0]).shape == (1, 6, 8, 3)
    assert error(files.read, np.array([0, 1])) == (
        f"{tmp_path}/ants/1.png could be read when the data was loaded, but not any more: an HTML page, not an image\n"
        "    do not change the data while it is in use"
    )


def test_images_are_decoded_in_the_order_asked_for(tmp_path: Path, make_folder: MakeFolder) -> None:
    make_folder(tmp_path, {"ants": 5})
    files = ImageFiles(tuple(str(tmp_path / f"ants/{n}.png") for n in range(5)), Form(6, 8, "pad", "rgb"))

    some = files.read(np.array([3, 0, 3]))

    assert np.array_equal(some[0], some[2])
    assert np.array_equal(some[1], files.read([0])[0])
    assert files.take([3, 0]).read([0]).tolist() == some[:1].tolist()


def test_taken_examples_keep_their_labels() -> None:
    taken = Examples({INPUT: np.arange(4)[:, None]}, np.array([5, 6, 7, 8], np.int32)).take([2, 0])

    assert (taken.input.tolist(), taken.labels.tolist(), len(taken)) == ([[2], [0]], [7, 5], 2)


def test_loading_data_needs_neither_tensorflow_nor_keras() -> None:
    program = (
        "import sys\n"
        "from cnncli.data.load import load\n"
        "from cnncli.recipe.schema_data import Data\n"
        "load(Data.model_validate({'source': 'mnist-sample'}))\n"
        "print([name for name in ('tensorflow', 'keras') if name in sys.modules])\n"
    )

    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)

    assert (done.stdout, done.stderr) == ("[]\n", "")


def test_number_of_classes_is_compared_before_any_image_is_read(tmp_path: Path, make_folder: MakeFolder) -> None:
    make_folder(tmp_path, {"ants": 1, "bees": 1})
    (tmp_path / "ants/bad.png").write_bytes(b"")

    assert error(splits_of, folder(tmp_path), classes=3) == "`classes` is 3, the data has 2\n    they are ants, bees"


def test_file_that_cannot_be_opened_is_no_source(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a.npz").write_bytes(b"PK")

    def denied(*_: Any, **__: Any) -> Any:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "open", denied)

    assert error(parse_source, str(tmp_path / "a.npz")) == f"cannot read {tmp_path}/a.npz: permission denied"
