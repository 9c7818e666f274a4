"""The sources `tfrecord` and `webdataset`, and the shards that are written of a recipe's data."""

from __future__ import annotations

import io
import json
import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from cnncli.data.columns import as_array
from cnncli.data.dataset import Splits
from cnncli.data.load import load, load_for_model, parse_source
from cnncli.data.shards import shard_table
from cnncli.data.shards.example_proto import write_example
from cnncli.data.shards.record_file import write_records
from cnncli.data.shards.shard_files import shards_of
from cnncli.data.shards.shard_writer import write_shards
from cnncli.data.shards.span_column import SpanColumn
from cnncli.errors import DataError, OutputError
from cnncli.recipe.schema_data import Data, Source
from cnncli.runs.output_files import OutputFolder

RANDOM = np.random.default_rng(0)
PHOTOS = RANDOM.integers(0, 256, (24, 6, 5, 3), dtype=np.uint8)
SIGNALS = RANDOM.normal(size=(24, 7)).astype(np.float32)
NAMES = ("ant", "bee", "cat")
SPLIT = {"validation": 3, "test": 3}


@pytest.fixture(autouse=True)
def _own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("CNNCLI_CACHE", str(tmp_path / "cache"))
    return


def png(pixels: np.ndarray) -> bytes:
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "PNG")
    return file.getvalue()


def record(number: int, **more: Any) -> dict[str, Any]:
    return {
        "image/encoded": png(PHOTOS[number]),
        "image/class/label": np.array([number % 3]),
        "image/class/text": NAMES[number % 3],
        "signal": SIGNALS[number],
        "tags": "a|b" if number % 2 else "b",
        **more,
    }


def write(path: Path, examples: list[dict[str, Any]]) -> None:
    with path.open("wb") as file:
        write_records(file, map(write_example, examples))


@pytest.fixture
def records(tmp_path: Path) -> Path:
    folder = tmp_path / "records"
    folder.mkdir()
    for shard in range(3):
        write(folder / f"train-{shard}.tfrecord", [record(number) for number in range(8 * shard, 8 * shard + 8)])
    return folder


def tar(path: Path, samples: list[dict[str, bytes]], first: int = 0) -> None:
    with tarfile.open(path, "w") as archive:
        for number, members in enumerate(samples, first):
            for ending, content in members.items():
                member = tarfile.TarInfo(f"photos/{number:04d}.{ending}")
                member.size = len(content)
                archive.addfile(member, io.BytesIO(content))


def sample(number: int, **more: bytes) -> dict[str, bytes]:
    about = {"label": {"name": NAMES[number % 3]}, "tags": ["a", "b"] if number % 2 else ["b"], "age": number / 2}
    return {
        "png": png(PHOTOS[number]),
        "cls": str(number % 3).encode(),
        "json": json.dumps(about).encode(),
        **more,
    }


@pytest.fixture
def archives(tmp_path: Path) -> Path:
    folder = tmp_path / "archives"
    folder.mkdir()
    for shard in range(3):
        tar(folder / f"{shard:03d}.tar", [sample(number) for number in range(8 * shard, 8 * shard + 8)], 8 * shard)
    return folder


def loaded(word: str, path: Path | str, targets: str = "classes", **settings: Any) -> Splits:
    source = {word: {"path": str(path), **settings}}
    return load(Data.model_validate({"source": source, "targets": targets, "split": SPLIT}))


def problems(word: str, path: Path | str, targets: str = "classes", **settings: Any) -> list[str]:
    with pytest.raises(DataError) as caught:
        loaded(word, path, targets, **settings)
    folder = str(Path(path).parent)
    return [f"{each.place or ''} {each.message}".strip().replace(f"{folder}/", "") for each in caught.value.problems]


IMAGES = {"image_size": [6, 5]}

# ---- tfrecord


def test_images_and_labels_are_found_by_their_usual_names(records: Path) -> None:
    splits = loaded("tfrecord", records / "train-*.tfrecord", **IMAGES)

    part = splits.train
    assert splits.source.endswith("train-*.tfrecord: 24 rows, 3 classes")
    assert splits.targets.class_names == ("0", "1", "2")
    numbers = [8 * int(name[6]) + int(name.partition("[")[2][:-1]) for name in part.files or ()]
    assert np.array_equal(as_array(part.input), PHOTOS[numbers])
    assert part.labels.tolist() == [number % 3 for number in numbers]


def test_image_is_found_by_its_content_where_its_name_is_unusual(tmp_path: Path) -> None:
    write(tmp_path / "x.tfrecord", [{"foo": png(PHOTOS[i]), "label": NAMES[i % 3]} for i in range(24)])

    splits = loaded("tfrecord", tmp_path / "x.tfrecord", **IMAGES)

    assert splits.targets.class_names == NAMES
    assert splits.input_shape == (6, 5, 3)


def test_arrays_of_a_feature_take_the_shape_of_the_recipe(records: Path) -> None:
    splits = loaded("tfrecord", records, numbers="signal", shape=[7, 1], label="image/class/text")

    assert splits.input_shape == (7, 1)
    assert splits.targets.class_names == NAMES
    found = np.concatenate([as_array(part.examples.input) for part in splits.parts])
    assert np.array_equal(np.sort(found.ravel()), np.sort(SIGNALS.ravel()))


def test_large_arrays_stay_in_their_shards(records: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    few = loaded("tfrecord", records, numbers="signal", label="image/class/text")
    monkeypatch.setattr(shard_table, "LARGE", 10)
    many = loaded("tfrecord", records, numbers="signal", label="image/class/text")

    assert isinstance(many.train.input, SpanColumn)
    assert np.array_equal(as_array(many.train.input), as_array(few.train.input))
    assert many.fingerprint == few.fingerprint


@pytest.mark.parametrize("large", [True, False])
def test_values_that_are_not_finite_are_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, large: bool) -> None:
    monkeypatch.setattr(shard_table, "LARGE", 10 if large else 1 << 20)
    wrong = np.where(np.arange(7) == 3, np.nan, 0).astype(np.float32)
    write(tmp_path / "x.tfrecord", [record(i, **({"signal": wrong} if i == 16 else {})) for i in range(24)])

    found = problems("tfrecord", tmp_path / "x.tfrecord", numbers="signal")

    assert found == ["x.tfrecord:17 signal holds NaN or infinite values"]


def test_several_labels_in_a_text_and_numbers_of_a_feature_are_targets(records: Path) -> None:
    tags = loaded("tfrecord", records, "multilabel", label="tags", separator="|", numbers="signal")
    numbers = loaded("tfrecord", records, "numbers", label=["signal.0", "signal.2"], **IMAGES)

    assert tags.targets.class_names == ("a", "b")
    assert numbers.train.labels.shape == (18, 2)
    assert np.isin(numbers.train.labels[:, 1], SIGNALS[:, 2]).all()


def test_features_that_are_not_there_are_named_at_once(records: Path) -> None:
    found = problems("tfrecord", records / "train-0.tfrecord", image="image/encode", label="lable", weight="w")

    assert sorted(found) == [
        "train-0.tfrecord has no feature `image/encode`",
        "train-0.tfrecord has no feature `lable`",
        "train-0.tfrecord has no feature `w`",
    ]


def test_record_without_a_needed_feature_is_named(tmp_path: Path) -> None:
    examples = [record(number) for number in range(24)]
    del examples[4]["image/class/label"]
    write(tmp_path / "x.tfrecord", examples)

    assert problems("tfrecord", tmp_path / "x.tfrecord", **IMAGES) == [
        "x.tfrecord:5 the record has no feature `image/class/label`"
    ]


def test_arrays_of_other_lengths_are_named(tmp_path: Path) -> None:
    write(tmp_path / "x.tfrecord", [record(i, **({"signal": SIGNALS[i, :3]} if i == 4 else {})) for i in range(24)])

    assert problems("tfrecord", tmp_path / "x.tfrecord", numbers="signal") == [
        "x.tfrecord:5 signal has 3 values, and the shape (7,) takes 7"
    ]


def test_images_that_cannot_be_decoded_are_named_or_left_out(tmp_path: Path) -> None:
    examples = [record(i, **({"image/encoded": b"\x89PNG\r\n\x1a\n"} if i == 4 else {})) for i in range(24)]
    write(tmp_path / "x.tfrecord", examples)

    found = problems("tfrecord", tmp_path / "x.tfrecord", **IMAGES)
    source = {"tfrecord": {"path": str(tmp_path / "x.tfrecord"), **IMAGES}}
    splits = load(Data.model_validate({"source": source, "on_bad_image": "skip", "split": SPLIT}))

    assert found[0] == "x.tfrecord:5 x.tfrecord[4]: damaged: it begins like PNG but cannot be read"
    assert sum(len(part.examples) for part in splits.parts) == 23


def test_damaged_shards_are_reported_together(records: Path) -> None:
    for shard, length in ((0, 100), (2, 40)):
        path = records / f"train-{shard}.tfrecord"
        path.write_bytes(path.read_bytes()[:length])

    assert problems("tfrecord", records / "train-*.tfrecord", **IMAGES) == [
        "train-0.tfrecord: record 1, which begins at byte 0, is cut off",
        "train-2.tfrecord: record 1, which begins at byte 0, is cut off",
    ]


# ---- webdataset


def test_samples_of_tar_archives_are_read(archives: Path) -> None:
    splits = loaded("webdataset", archives, **IMAGES)

    numbers = [int(name.partition("/photos/")[2][:4]) for name in splits.train.files or ()]
    assert (splits.train.files or ())[0] == f"{numbers[0] // 8:03d}.tar/photos/{numbers[0]:04d}.png"
    assert np.array_equal(as_array(splits.train.input), PHOTOS[numbers])
    assert splits.train.labels.tolist() == [number % 3 for number in numbers]


def test_fields_of_json_members_are_labels(archives: Path) -> None:
    path = archives / "{000..002}.tar"

    names = loaded("webdataset", path, label="json:label.name", **IMAGES)
    tags = loaded("webdataset", path, "multilabel", label="json:tags", separator="|", **IMAGES)
    ages = loaded("webdataset", path, "numbers", label="json:age", **IMAGES)

    assert names.targets.class_names == NAMES
    assert tags.targets.class_names == ("a", "b")
    assert sorted(np.concatenate([part.examples.labels[:, 0] for part in ages.parts]).tolist()) == [
        i / 2 for i in range(24)
    ]


def test_images_of_either_ending_are_found(tmp_path: Path) -> None:
    samples = [sample(number) for number in range(24)]
    samples[3]["webp"] = samples[3].pop("png")
    tar(tmp_path / "x.tar", samples)

    assert len(loaded("webdataset", tmp_path / "x.tar", **IMAGES).train) == 18
    assert problems("webdataset", tmp_path / "x.tar", image="png", **IMAGES) == [
        "x.tar:4 sample `photos/0003` has no `png`"
    ]


def test_json_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    tar(tmp_path / "x.tar", [sample(number, **({"json": b"{"} if number == 2 else {})) for number in range(24)])

    assert problems("webdataset", tmp_path / "x.tar", label="json:age", **IMAGES) == [
        "x.tar: `photos/0002.json` is no JSON"
    ]


# ---- which shards


def test_folder_of_parts_gives_the_parts(records: Path) -> None:
    (records / "train-2.tfrecord").rename(records / "test-0.tfrecord")
    (records / "train-1.tfrecord").rename(records / "val.tfrecord-00000-of-00001")

    splits = loaded("tfrecord", records, **IMAGES)

    assert [len(part.examples) for part in splits.parts] == [8, 8, 8]


def test_parts_may_be_named_one_by_one(records: Path) -> None:
    test = str(records / "train-2.tfrecord")

    splits = loaded("tfrecord", records / "train-{0..1}.tfrecord", test=test, **IMAGES)

    assert [len(part.examples) for part in splits.parts] == [13, 3, 8]


def test_no_shard_of_that_name_tells_what_is_there(records: Path) -> None:
    with pytest.raises(DataError) as caught:
        shards_of(str(records / "test-*.tfrecord"), (".tfrecord",))

    assert caught.value.problems[0].message == f"no file is named {records}/test-*.tfrecord"
    assert "records holds 3 files (3 .tfrecord)" in caught.value.problems[0].hint


def test_shards_are_known_on_the_command_line(records: Path, archives: Path) -> None:
    assert parse_source(str(records)) == Source.model_validate({"tfrecord": {"path": str(records)}})
    file = str(archives / "000.tar")
    assert parse_source(file) == Source.model_validate({"webdataset": {"path": file}})


def test_folder_of_classes_beside_its_archive_is_a_folder_of_images(archives: Path) -> None:
    (archives / "cats").mkdir()

    assert parse_source(str(archives)).word == "image_folder"


def test_trained_model_reads_shards_with_the_names_of_its_classes(records: Path) -> None:
    trained = loaded("tfrecord", records, label="image/class/text", **IMAGES)
    data = Data.model_validate({"source": {"tfrecord": {"path": str(records), "label": "image/class/text", **IMAGES}}})
    source = parse_source(str(records / "train-1.tfrecord"))

    examples, *_ = load_for_model(source, input_shape=(6, 5, 3), targets=trained.targets, form=trained.form, data=data)

    assert np.array_equal(as_array(examples.input), PHOTOS[8:16])
    assert examples.labels.tolist() == [number % 3 for number in range(8, 16)]


# ---- shards that are written


def rewritten(tmp_path: Path, source: dict[str, Any] | str, **more: Any) -> tuple[Splits, Splits]:
    """The splits of a recipe, and those of the shards that are made of them."""
    data = Data.model_validate({"source": source, "split": SPLIT, **more})
    splits = load(data)
    write_shards(splits, OutputFolder(tmp_path / "shards"), targets_word=data.targets, shard_count=2)
    size = {"image_size": list(splits.form.shape[:2])} if splits.form else {}
    shards = {"tfrecord": {"path": str(tmp_path / "shards"), **size}}
    return splits, load(Data.model_validate({"source": shards, **more}))


def assert_same(one: Splits, other: Splits) -> None:
    assert other.targets == one.targets
    for first, second in zip(one.parts, other.parts, strict=True):
        assert list(second.examples.inputs) == list(first.examples.inputs)
        for name, column in first.examples.inputs.items():
            found = as_array(second.examples.inputs[name])
            assert found.dtype == column.dtype
            assert np.array_equal(found, as_array(column))
        assert np.array_equal(second.examples.labels, first.examples.labels)


def archive(tmp_path: Path, **arrays: Any) -> dict[str, Any]:
    np.savez(tmp_path / "x.npz", **arrays)
    return {"npz": {"path": str(tmp_path / "x.npz")}}


def test_shards_of_images_hold_the_files_and_the_order_of_classes(tmp_path: Path, records: Path) -> None:
    for number in range(24):
        folder = tmp_path / "photos" / ("10", "9", "b")[number % 3]  # as bytes sort; people would count 9, 10
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"{number}.png").write_bytes(png(PHOTOS[number]))

    splits, again = rewritten(tmp_path, {"image_folder": {"path": str(tmp_path / "photos"), **IMAGES}})

    assert splits.targets.class_names == ("10", "9", "b")
    assert_same(splits, again)


def test_shards_of_arrays_are_read_as_they_were(tmp_path: Path) -> None:
    assert_same(*rewritten(tmp_path, archive(tmp_path, x=PHOTOS, y=np.arange(24) % 3)))


@pytest.mark.parametrize(
    ("targets", "labels"),
    [
        ("numbers", RANDOM.normal(size=(24, 3))),
        ("numbers", RANDOM.normal(size=24)),
        ("multilabel", np.arange(24 * 4).reshape(24, 4) % 5 < 2),
    ],
)
def test_shards_hold_targets_of_other_tasks(tmp_path: Path, targets: str, labels: Any) -> None:
    assert_same(*rewritten(tmp_path, archive(tmp_path, x=SIGNALS[..., None], y=labels), targets=targets))


def test_shards_hold_texts(tmp_path: Path) -> None:
    texts = np.array([f"Füchse und {number} Bären" for number in range(24)])

    assert_same(*rewritten(tmp_path, archive(tmp_path, x=texts, y=np.arange(24) % 3)))


def test_shards_hold_several_inputs(tmp_path: Path) -> None:
    source = archive(tmp_path, x_a=PHOTOS, x_b=SIGNALS, y=np.arange(24) % 3)

    assert_same(*rewritten(tmp_path, source, inputs={"a": {}, "b": {}}))


def test_description_says_features_counts_and_fingerprint(tmp_path: Path) -> None:
    splits, _ = rewritten(tmp_path, archive(tmp_path, x=PHOTOS, y=np.arange(24) % 3))

    about = json.loads((tmp_path / "shards" / "dataset.json").read_text())

    assert about["fingerprint"] == splits.fingerprint
    assert about["inputs"] == {"input": {"feature": "input", "kind": "bytes", "shape": [6, 5, 3], "dtype": "uint8"}}
    assert about["targets"]["class_names"] == ["0", "1", "2"]
    assert {part: each["count"] for part, each in about["parts"].items()} == {"train": 18, "validation": 3, "test": 3}
    assert about["parts"]["test"]["shards"] == ["test-00000-of-00002.tfrecord", "test-00001-of-00002.tfrecord"]


def test_number_of_shards_follows_from_their_size(tmp_path: Path) -> None:
    splits = load(Data.model_validate({"source": archive(tmp_path, x=PHOTOS, y=np.arange(24) % 3), "split": SPLIT}))

    written = write_shards(splits, OutputFolder(tmp_path / "s"), targets_word="classes", shard_bytes=700)

    assert [name for name in written.names if name.startswith("train")] == [
        f"train-{number:05d}-of-00004.tfrecord" for number in range(4)
    ]


def test_shards_are_not_overwritten_unless_that_is_wished(tmp_path: Path) -> None:
    splits, _ = rewritten(tmp_path, archive(tmp_path, x=PHOTOS, y=np.arange(24) % 3))
    before = {path.name: path.read_bytes() for path in (tmp_path / "shards").iterdir()}

    with pytest.raises(OutputError, match="exists already"):
        write_shards(splits, OutputFolder(tmp_path / "shards"), targets_word="classes", shard_count=2)
    assert {path.name: path.read_bytes() for path in (tmp_path / "shards").iterdir()} == before

    write_shards(splits, OutputFolder(tmp_path / "shards", force=True), targets_word="classes", shard_count=1)
    again = load(Data.model_validate({"source": {"tfrecord": {"path": str(tmp_path / "shards")}}}))
    assert_same(splits, again)


def test_nothing_is_written_where_one_of_the_shards_exists(tmp_path: Path) -> None:
    splits = load(Data.model_validate({"source": archive(tmp_path, x=PHOTOS, y=np.arange(24) % 3), "split": SPLIT}))
    (tmp_path / "s").mkdir()
    (tmp_path / "s" / "test-00001-of-00002.tfrecord").write_bytes(b"mine")

    with pytest.raises(OutputError, match="exists already"):
        write_shards(splits, OutputFolder(tmp_path / "s"), targets_word="classes", shard_count=2)

    assert [path.name for path in (tmp_path / "s").iterdir()] == ["test-00001-of-00002.tfrecord"]


def test_damaged_description_is_named(tmp_path: Path) -> None:
    rewritten(tmp_path, archive(tmp_path, x=PHOTOS, y=np.arange(24) % 3))
    about = tmp_path / "shards" / "dataset.json"
    about.write_text(about.read_text()[:-20])

    [found] = problems("tfrecord", tmp_path / "shards")

    assert found.startswith("shards/dataset.json cannot be used: ")


def test_shard_of_two_parts_is_refused(records: Path) -> None:
    test = str(records / "train-2.tfrecord")

    assert problems("tfrecord", records / "train-*.tfrecord", test=test, **IMAGES) == [
        "1 shard of test is also of train: train-2.tfrecord"
    ]
