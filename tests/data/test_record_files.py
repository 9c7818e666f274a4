"""TFRecord files and `tf.train.Example` messages, read and written without TensorFlow."""

from __future__ import annotations

import os
import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from cnncli.data.shards.crc32c import crc32c
from cnncli.data.shards.example_proto import BadExample, features_of, values_of, write_example
from cnncli.data.shards.record_file import read_records, write_records
from cnncli.data.shards.record_index import index_records
from cnncli.data.shards.span_column import SpanColumn
from cnncli.data.shards.span_index import MISSING, indexed
from cnncli.errors import DataError


def problem_of(path: Path) -> str:
    with pytest.raises(DataError) as caught:
        list(read_records(str(path)))
    [problem] = caught.value.problems
    return problem.message.replace(str(path), "x.tfrecord")


@pytest.fixture
def records(tmp_path: Path) -> Path:
    path = tmp_path / "x.tfrecord"
    with path.open("wb") as file:
        write_records(file, [b"first", b"", b"third" * 1000])
    return path


# ---- checksums


def test_checksums_of_the_standard() -> None:
    found = crc32c([b"123456789", b"", b"a", bytes(32), b"\xff" * 32])  # RFC 3720, appendix B.4, and the check value

    assert [f"{each:08x}" for each in found] == ["e3069283", "00000000", "c1d04330", "8a9136aa", "62a8ab43"]


def test_checksum_of_a_record_does_not_depend_on_the_others() -> None:
    random = np.random.default_rng(0)
    contents = [random.bytes(length) for length in (0, 1, 3, 4, 255, 256, 257, 512, 513, 1025, 70_000)]

    def one_by_one(content: bytes) -> int:
        state = 0xFFFFFFFF
        for byte in content:
            state ^= byte
            for _ in range(8):
                state = state >> 1 ^ (0x82F63B78 if state & 1 else 0)
        return state ^ 0xFFFFFFFF

    assert crc32c(contents).tolist() == [one_by_one(content) for content in contents]


# ---- records


def test_records_are_read_with_their_places(records: Path) -> None:
    content = records.read_bytes()

    found = list(read_records(str(records)))

    assert [each.content for each in found] == [b"first", b"", b"third" * 1000]
    assert [each.number for each in found] == [1, 2, 3]
    assert all(content[each.begin : each.begin + len(each.content)] == each.content for each in found)


@pytest.mark.parametrize("place", [12, 40])
def test_damaged_record_is_named(records: Path, place: int) -> None:
    content = bytearray(records.read_bytes())
    content[place] ^= 1

    records.write_bytes(content)

    number, begin = (1, 0) if place == 12 else (3, 37)
    assert problem_of(records) == f"x.tfrecord: record {number}, which begins at byte {begin}, is damaged"


@pytest.mark.parametrize("length", [5, 20, 30, 36, 40, 5000])
def test_record_that_is_cut_off_is_named(records: Path, length: int) -> None:
    records.write_bytes(records.read_bytes()[:length])

    number, begin = (1, 0) if length < 21 else (2, 21) if length < 37 else (3, 37)
    assert problem_of(records) == f"x.tfrecord: record {number}, which begins at byte {begin}, is cut off"


def test_damaged_length_is_no_cut_off_record(records: Path) -> None:
    content = bytearray(records.read_bytes())
    content[37 + 6] = 1  # a length beyond the end of the file

    records.write_bytes(content)

    assert problem_of(records) == "x.tfrecord: record 3, which begins at byte 37, is damaged"


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"\x1f\x8b" + bytes(100), "x.tfrecord is compressed with gzip"),
        (b"just a text of some length", "x.tfrecord is no TFRecord file: it does not begin with a record"),
    ],
)
def test_file_of_another_kind_is_named(tmp_path: Path, content: bytes, expected: str) -> None:
    (tmp_path / "x.tfrecord").write_bytes(content)

    assert problem_of(tmp_path / "x.tfrecord") == expected


# ---- messages

EXAMPLE: dict[str, Any] = {
    "image/encoded": b"\x89PNG\0",
    "name": "Füchse",
    "signal": np.array([0.5, -1.25, 3e8], np.float32),
    "label": np.array([0, 127, 128, 300, -1, 2**62, -(2**63)]),
}


def test_features_are_read_as_they_were_written() -> None:
    message = write_example(EXAMPLE)

    found = {name: values_of(message, feature) for name, feature in features_of(message).items()}

    assert found["image/encoded"] == [b"\x89PNG\0"]
    assert found["name"] == ["Füchse".encode()]
    assert np.array_equal(found["signal"], EXAMPLE["signal"])
    assert np.array_equal(found["label"], EXAMPLE["label"])


def test_protobuf_reads_and_writes_the_same_messages() -> None:
    example = protobuf_example()
    message = write_example(EXAMPLE)

    theirs = example.FromString(message)
    ours = theirs.SerializeToString()

    features = theirs.features.feature
    assert list(features["label"].int64_list.value) == EXAMPLE["label"].tolist()
    assert features["name"].bytes_list.value[0].decode() == "Füchse"
    assert list(features["signal"].float_list.value) == EXAMPLE["signal"].tolist()
    found = features_of(ours)
    assert np.array_equal(values_of(ours, found["label"]), EXAMPLE["label"])
    assert np.array_equal(values_of(ours, found["signal"]), EXAMPLE["signal"])


def protobuf_example() -> Any:
    """The class `tf.train.Example`, from its description alone."""
    from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

    file = descriptor_pb2.FileDescriptorProto(name="example.proto", package="test", syntax="proto3")
    kinds = {"BytesList": 12, "FloatList": 2, "Int64List": 3}
    for name, kind in kinds.items():
        file.message_type.add(name=name).field.add(name="value", number=1, label=3, type=kind)
    feature = file.message_type.add(name="Feature")
    feature.oneof_decl.add(name="kind")
    for number, (name, field) in enumerate(zip(kinds, ("bytes_list", "float_list", "int64_list"), strict=True), 1):
        feature.field.add(name=field, number=number, label=1, type=11, type_name=f".test.{name}", oneof_index=0)
    features = file.message_type.add(name="Features")
    entry = features.nested_type.add(name="FeatureEntry")
    entry.options.map_entry = True
    entry.field.add(name="key", number=1, label=1, type=9)
    entry.field.add(name="value", number=2, label=1, type=11, type_name=".test.Feature")
    features.field.add(name="feature", number=1, label=3, type=11, type_name=".test.Features.FeatureEntry")
    file.message_type.add(name="Example").field.add(
        name="features", number=1, label=1, type=11, type_name=".test.Features"
    )
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    return message_factory.GetMessageClass(pool.FindMessageTypeByName("test.Example"))


@pytest.mark.parametrize("cut", range(1, 40, 3))
def test_damaged_message_is_refused_or_read_but_never_breaks(cut: int) -> None:
    message = write_example(EXAMPLE)
    for broken in (message[:-cut], bytes([255]) * cut + message, message[cut:]):
        try:
            for feature in features_of(broken).values():
                values_of(broken, feature)
        except BadExample:
            pass


# ---- the index


def shard(path: Path, examples: list[dict[str, Any]]) -> Path:
    with path.open("wb") as file:
        write_records(file, map(write_example, examples))
    return path


def test_index_says_where_each_value_lies(tmp_path: Path) -> None:
    path = shard(tmp_path / "x.tfrecord", [{"a": b"one", "b": np.array([7])}, {"a": b"three"}])
    content = path.read_bytes()

    index = index_records(str(path))

    a, b = index.columns["a"], index.columns["b"]
    places = list(zip(a.begins.tolist(), a.lengths.tolist(), strict=True))
    assert [content[begin : begin + length] for begin, length in places] == [b"one", b"three"]
    assert (index.count, a.kind, b.kind, b.begins[1], b.first_missing()) == (2, "bytes", "int64", MISSING, 2)


def test_feature_of_two_kinds_is_named(tmp_path: Path) -> None:
    path = shard(tmp_path / "x.tfrecord", [{"label": np.array([1])}, {"label": b"ant"}])

    with pytest.raises(DataError) as caught:
        index_records(str(path))

    assert caught.value.problems[0].message == f"{path}: `label` of record 2 is bytes"


def test_record_of_another_message_is_named(tmp_path: Path) -> None:
    with (tmp_path / "x.tfrecord").open("wb") as file:
        write_records(file, [write_example(EXAMPLE), b"\xff\xff\xff"])

    with pytest.raises(DataError, match=r"record 2 is no `tf\.train\.Example`"):
        index_records(str(tmp_path / "x.tfrecord"))


def test_index_is_kept_until_the_file_changes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CNNCLI_CACHE", str(tmp_path / "cache"))
    path = shard(tmp_path / "x.tfrecord", [{"a": b"one"}])
    made: list[str] = []

    def make(text: str) -> Any:
        made.append(text)
        return index_records(text)

    first, again = indexed(str(path), "tfrecord", make), indexed(str(path), "tfrecord", make)
    shard(path, [{"a": b"one"}, {"a": b"two"}])
    changed = indexed(str(path), "tfrecord", make)

    assert len(made) == 2
    assert (first.count, again.count, changed.count) == (1, 1, 2)
    assert np.array_equal(first.columns["a"].begins, again.columns["a"].begins)


def test_other_content_of_the_same_size_and_time_is_indexed_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CNNCLI_CACHE", str(tmp_path / "cache"))
    path = shard(tmp_path / "x.tfrecord", [{"abc": b"one"}])
    before, size = path.stat(), path.stat().st_size
    indexed(str(path), "tfrecord", index_records)
    path.write_bytes(shard(tmp_path / "y.tfrecord", [{"xyz": b"one"}]).read_bytes())
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))

    assert (path.stat().st_size, path.stat().st_mtime_ns) == (size, before.st_mtime_ns)
    assert set(indexed(str(path), "tfrecord", index_records).columns) == {"xyz"}


def test_damaged_index_is_made_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CNNCLI_CACHE", str(tmp_path / "cache"))
    path = str(shard(tmp_path / "x.tfrecord", [{"a": b"one"}]))
    indexed(path, "tfrecord", index_records)
    [kept] = (tmp_path / "cache").iterdir()
    kept.write_bytes(kept.read_bytes()[:50])

    assert indexed(path, "tfrecord", index_records).count == 1


# ---- arrays in shards


@pytest.mark.parametrize(("kind", "dtype"), [("float", np.float32), ("int64", np.int64), ("bytes", np.uint8)])
def test_arrays_are_read_from_their_shards_in_any_order(tmp_path: Path, kind: str, dtype: Any) -> None:
    values = np.random.default_rng(0).integers(0, 200, (10, 2, 3)).astype(dtype)
    columns = []
    for number, some in enumerate((values[:6], values[6:])):
        examples = [{"x": each.tobytes() if kind == "bytes" else each} for each in some]
        path = shard(tmp_path / f"{number}.tfrecord", examples)
        spans = index_records(str(path)).columns["x"]
        out = np.dtype(np.uint8 if kind == "bytes" else np.float32)
        file_of = np.zeros(len(some), np.int32)
        columns.append(
            SpanColumn((str(path),), kind, (2, 3), out, np.dtype(dtype), file_of, spans.begins, spans.lengths)
        )

    column = columns[0].and_then(columns[1:])

    assert column.shape == (10, 2, 3)
    assert np.array_equal(column.read([9, 0, 5, 6]), values[[9, 0, 5, 6]])
    assert np.array_equal(column.take([8, 1]).read([1, 0]), values[[1, 8]])
    assert column.read([0]).dtype == (np.uint8 if kind == "bytes" else np.float32)


def test_shard_that_has_gone_is_named(tmp_path: Path) -> None:
    path = shard(tmp_path / "x.tfrecord", [{"x": np.array([1.0, 2.0])}])
    spans = index_records(str(path)).columns["x"]
    column = SpanColumn(
        (str(path),), "float", (2,), np.dtype(np.float32), np.dtype(np.float32), np.zeros(1, np.int32),
        spans.begins, spans.lengths,
    )  # fmt: skip
    path.write_bytes(struct.pack("<Q", 0))

    with pytest.raises(DataError, match="could be read when the data was loaded, but not any more"):
        column.read([0])
