"""The sources `huggingface` and `tfds`: local data sets, and what is said without the libraries or a network."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from cnncli.data.columns import as_array
from cnncli.data.dataset import Splits
from cnncli.data.load import load
from cnncli.errors import DataError, NetworkError
from cnncli.recipe.schema_data import Data

PHOTOS = np.random.default_rng(0).integers(0, 256, (24, 6, 5, 3), dtype=np.uint8)
NAMES = ("ant", "bee", "cat")
IMAGES = {"image_size": [6, 5]}
SPLIT = {"validation": 3, "test": 3}


def loaded(word: str, targets: str = "classes", **settings: Any) -> Splits:
    return load(Data.model_validate({"source": {word: settings}, "targets": targets, "split": SPLIT}))


def problem(kind: type[DataError] | type[NetworkError], word: str, **settings: Any) -> str:
    with pytest.raises(kind) as caught:
        loaded(word, **settings)
    [found] = caught.value.problems
    return " | ".join([found.message, *found.hint.splitlines()])


@pytest.mark.parametrize(
    ("word", "module", "settings", "expected"),
    [
        (
            "huggingface",
            "datasets",
            {"name": "ylecun/mnist"},
            '`huggingface` needs the package datasets | install it: pip install "cnncli[huggingface]"',
        ),
        (
            "tfds",
            "tensorflow_datasets",
            {"name": "mnist"},
            '`tfds` needs the package tensorflow-datasets | install it: pip install "cnncli[tfds]"',
        ),
    ],
)
def test_missing_library_is_named_with_the_command_that_installs_it(
    monkeypatch: pytest.MonkeyPatch, word: str, module: str, settings: dict[str, Any], expected: str
) -> None:
    monkeypatch.setitem(sys.modules, module, None)

    assert problem(DataError, word, **settings) == expected


# ---- Hugging Face


@pytest.fixture
def hugging_face(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    datasets = pytest.importorskip("datasets", reason='pip install "cnncli[huggingface]"')
    monkeypatch.setattr(datasets.config, "HF_DATASETS_CACHE", tmp_path / "hf")
    return datasets


def image_folder(folder: Path, count: int = 24) -> Path:
    for number in range(count):
        (folder / NAMES[number % 3]).mkdir(parents=True, exist_ok=True)
        Image.fromarray(PHOTOS[number]).save(folder / NAMES[number % 3] / f"{number}.png")
    return folder


@pytest.mark.usefixtures("hugging_face")
def test_folder_of_images_is_read_with_its_classes(tmp_path: Path) -> None:
    splits = loaded("huggingface", path=str(image_folder(tmp_path / "photos")), **IMAGES)

    assert splits.targets.class_names == NAMES
    assert [len(part.examples) for part in splits.parts] == [18, 3, 3]
    found = np.concatenate([as_array(part.examples.input) for part in splits.parts])
    assert sorted(map(bytes, found)) == sorted(map(bytes, PHOTOS))


def test_saved_data_set_is_read_with_its_splits(tmp_path: Path, hugging_face: Any) -> None:
    features = hugging_face.Features(
        {
            "scan": hugging_face.Image(),
            "kind": hugging_face.ClassLabel(names=list(NAMES)),
            "part": hugging_face.Value("string"),
        }
    )

    def rows(numbers: range) -> Any:
        scans = [Image.fromarray(PHOTOS[number]) for number in numbers]
        return hugging_face.Dataset.from_dict(
            {"scan": scans, "kind": [number % 3 for number in numbers], "part": ["x" for _ in numbers]},
            features=features,
        )

    whole = {"train": rows(range(12)), "val": rows(range(12, 18)), "test": rows(range(18, 24))}
    hugging_face.DatasetDict(whole).save_to_disk(str(tmp_path / "saved"))

    splits = loaded("huggingface", path=str(tmp_path / "saved"), **IMAGES)

    assert [len(part.examples) for part in splits.parts] == [12, 6, 6]
    assert np.array_equal(as_array(splits.test.input), PHOTOS[18:])
    assert splits.targets.class_names == NAMES
    assert splits.train.labels.tolist() == [number % 3 for number in range(12)]


def test_arrays_and_numbers_of_a_data_set_are_read(tmp_path: Path, hugging_face: Any) -> None:
    signals = np.random.default_rng(0).normal(size=(24, 7)).astype(np.float32)
    table = {"signal": signals.tolist(), "age": [number / 2 for number in range(24)]}
    hugging_face.Dataset.from_dict(table).save_to_disk(str(tmp_path / "saved"))

    splits = loaded("huggingface", "numbers", path=str(tmp_path / "saved"), numbers="signal", shape=[7, 1], label="age")

    assert splits.input_shape == (7, 1)
    found = np.concatenate([as_array(part.examples.input) for part in splits.parts])
    assert np.allclose(np.sort(found.ravel()), np.sort(signals.ravel()))


@pytest.mark.usefixtures("hugging_face")
def test_columns_and_splits_that_are_not_there_are_named(tmp_path: Path) -> None:
    folder = str(image_folder(tmp_path / "photos"))

    assert problem(DataError, "huggingface", path=folder, test="tset") == "there is no split `tset` | its splits: train"
    assert problem(DataError, "huggingface", path=folder, label="lable").startswith(
        "photos (train) has no column `lable`"
    )


def test_data_set_of_the_hub_without_a_network_is_a_network_error(
    monkeypatch: pytest.MonkeyPatch, hugging_face: Any
) -> None:
    def refuse(*_: Any, **__: Any) -> None:
        raise ConnectionError("Couldn't reach the Hub")

    monkeypatch.setattr(hugging_face, "load_dataset", refuse)

    assert problem(NetworkError, "huggingface", name="ylecun/mnist") == (
        "ylecun/mnist is not on this machine and cannot be downloaded | "
        "once downloaded, it is read without a network; a local folder is `path: …`"
    )


# ---- TensorFlow Datasets


@pytest.fixture
def prepared(tmp_path: Path) -> Path:
    tfds = pytest.importorskip("tensorflow_datasets", reason='pip install "cnncli[tfds]"')

    class TinyPhotos(tfds.core.GeneratorBasedBuilder, skip_registration=True):
        VERSION = tfds.core.Version("1.0.0")
        pkg_dir_path = tmp_path
        name = "tiny_photos"

        def _info(self) -> Any:
            features = {
                "image": tfds.features.Image(shape=(6, 5, 3)),
                "label": tfds.features.ClassLabel(names=list(NAMES)),
            }
            return self.dataset_info_from_configs(features=tfds.features.FeaturesDict(features))

        def _split_generators(self, dl_manager: Any) -> Any:
            return {"train": self._generate_examples(range(18)), "test": self._generate_examples(range(18, 24))}

        def _generate_examples(self, numbers: range) -> Any:
            for number in numbers:
                yield number, {"image": PHOTOS[number], "label": number % 3}

    TinyPhotos(data_dir=str(tmp_path / "tfds")).download_and_prepare()
    return tmp_path / "tfds"


def test_prepared_data_set_is_read_with_its_splits_and_classes(prepared: Path) -> None:
    splits = loaded("tfds", name="tiny_photos", path=str(prepared), **IMAGES)

    assert [len(part.examples) for part in splits.parts] == [15, 3, 6]
    assert splits.targets.class_names == NAMES
    assert sorted(map(bytes, as_array(splits.test.input))) == sorted(map(bytes, PHOTOS[18:]))


def test_unknown_name_is_no_data_set(prepared: Path) -> None:
    found = problem(DataError, "tfds", name="no_such_set", path=str(prepared))

    assert found.startswith("no_such_set is no data set of TensorFlow Datasets | ")
