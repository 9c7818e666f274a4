from __future__ import annotations

import gzip
import hashlib
import io
import struct
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cnncli.data import fingerprint
from cnncli.data.sources import arrays, idx, npz
from cnncli.data.sources.arrays import read_inputs
from cnncli.data.sources.idx_folder import read_idx
from cnncli.data.sources.loaded_data import LoadedData
from cnncli.data.sources.npz_archive import read_npz
from cnncli.errors import DataError, ResourceError
from cnncli.recipe.sources.arrays import Idx, Npz
from cnncli.tasks.classification.targets import ClassTargets

IMAGES = np.arange(6 * 4 * 4, dtype=np.uint8).reshape(6, 4, 4)
TEST_IMAGES, VAL_IMAGES = IMAGES + np.uint8(100), 255 - IMAGES
LABELS = np.array([0, 1, 0, 1, 0, 1])


def archive(write: Callable[..., None]) -> bytes:
    file = io.BytesIO()
    write(file, x_train=IMAGES, y_train=LABELS)
    return file.getvalue()


PLAIN, PACKED = archive(np.savez), archive(np.savez_compressed)


def saved(tmp_path: Path, **content: Any) -> Path:
    np.savez(tmp_path / "digits.npz", **content)
    return tmp_path / "digits.npz"


def read(path: Path, **options: Any) -> LoadedData:
    return read_npz(Npz(path=str(path)), **{"targets": ClassTargets, **options})


def problems(call: Any, *args: Any, **options: Any) -> list[str]:
    with pytest.raises(DataError) as caught:
        call(*args, **options)
    return [problem.message for problem in caught.value.problems]


def told(call: Any, *args: Any) -> Any:
    """What a call returns, or the words of its DataError; anything else is a bug."""
    try:
        return call(*args)
    except DataError as error:
        return str(error)


def error(path: Path, **options: Any) -> str:
    with pytest.raises(DataError) as caught:
        read(path, **options)
    assert {problem.path for problem in caught.value.problems} == {("data", "source", "npz", "path")}
    return str(caught.value)


# Archives.


def test_train_and_test_are_read(tmp_path: Path) -> None:
    path = saved(tmp_path, x_train=IMAGES, y_train=LABELS, x_test=TEST_IMAGES[:2], y_test=LABELS[:2])

    found = read(path)

    assert list(found.parts) == ["train", "test"]
    assert found.targets.class_names == ("0", "1")
    assert found.parts["train"].input.shape == (6, 4, 4, 1)
    assert np.array_equal(found.parts["train"].input[..., 0], IMAGES)
    assert found.parts["train"].input.dtype == np.uint8
    assert found.parts["test"].labels.tolist() == [0, 1]
    assert found.parts["test"].labels.dtype == np.int32
    assert found.source == f"{path}: 6 + 2 examples"
    assert found.notes == ()


def test_validation_is_read(tmp_path: Path) -> None:
    parts = {"x_test": TEST_IMAGES, "y_test": LABELS, "x_val": VAL_IMAGES, "y_val": LABELS}
    path = saved(tmp_path, **parts, x_train=IMAGES, y_train=LABELS)

    assert list(read(path).parts) == ["train", "validation", "test"]


def test_x_and_y_alone_are_one_part(tmp_path: Path) -> None:
    assert list(read(saved(tmp_path, x=IMAGES, y=LABELS)).parts) == ["train"]


def test_names_of_medmnist_are_read(tmp_path: Path) -> None:
    theirs = {"train_images": IMAGES, "train_labels": LABELS[:, None], "test_images": TEST_IMAGES}
    path = saved(tmp_path, **theirs, test_labels=LABELS[:, None], val_images=VAL_IMAGES, val_labels=LABELS[:, None])

    found = read(path)

    assert list(found.parts) == ["train", "validation", "test"]
    assert np.array_equal(found.parts["test"].input[..., 0], TEST_IMAGES)
    assert found.parts["validation"].labels.tolist() == LABELS.tolist()
    assert found.notes == ()


def test_labels_missing_beside_images_of_medmnist_are_named(tmp_path: Path) -> None:
    assert problems(read, saved(tmp_path, train_images=IMAGES)) == ["digits.npz has no train_labels"]


def test_compressed_and_fortran_ordered_arrays_are_read(tmp_path: Path) -> None:
    images = np.asfortranarray(np.arange(48, dtype=np.float32).reshape(2, 4, 3, 2))
    np.savez_compressed(tmp_path / "a.npz", x=images, y=np.array([0, 1]))

    inputs = read(tmp_path / "a.npz").parts["train"].input

    assert isinstance(inputs, np.ndarray)
    assert np.array_equal(inputs, images)
    assert inputs.flags.c_contiguous


def test_array_larger_than_a_chunk_is_read_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(npz, "_CHUNK", 7)

    inputs = read(saved(tmp_path, x=IMAGES, y=LABELS)).parts["train"].input

    assert np.array_equal(np.asarray(inputs)[..., 0], IMAGES)


def test_missing_arrays_are_named_with_those_that_there_are(tmp_path: Path) -> None:
    path = saved(tmp_path, images=IMAGES, y_train=LABELS)

    assert error(path) == (
        "digits.npz has no x_train\n"
        "    it holds: images, y_train\n"
        "    the names are x_train, y_train, x_val, y_val, x_test, y_test; or x, y alone"
    )


def test_arrays_with_other_names_come_with_the_line_that_renames_them(tmp_path: Path) -> None:
    path = saved(tmp_path, categories=LABELS, images=IMAGES)

    assert error(path).splitlines()[-1] == (
        "    write it with these names: a = np.load('digits.npz'); np.savez('named.npz', x=a['images'], y=a['categories'])"
    )


def test_labels_missing_beside_inputs_are_named(tmp_path: Path) -> None:
    path = saved(tmp_path, x_train=IMAGES, y_train=LABELS, x_val=IMAGES, x_test=IMAGES)

    assert error(path).splitlines()[0] == "digits.npz has no y_val and no y_test"


def test_python_objects_are_refused(tmp_path: Path) -> None:
    path = saved(tmp_path, x_train=np.array([IMAGES, "a"], object), y_train=LABELS)

    assert error(path) == (
        "x_train holds Python objects, not numbers\n"
        "    reading them would run code from the file; store plain numbers: `x.astype(np.float32)`"
    )


def test_records_are_refused(tmp_path: Path) -> None:
    path = saved(tmp_path, x_train=np.zeros(6, [("a", "i4")]), y_train=LABELS)

    assert error(path) == "x_train holds records, not numbers ([('a', '<i4')])"


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"", "a.npz is empty (0 bytes)"),
        (b"hello", "a.npz is no NumPy archive (.npz)"),
        (b"PK\3\4and then nothing", "a.npz is cut off or damaged: the list of its arrays cannot be read"),
        (b"\x93NUMPY\1\0", "a.npz is a single array (.npy), not an archive of several (.npz)"),
    ],
)
def test_file_that_is_no_archive_is_named_for_what_it_is(tmp_path: Path, content: bytes, expected: str) -> None:
    (tmp_path / "a.npz").write_bytes(content)

    assert error(tmp_path / "a.npz").splitlines()[0] == expected


def test_missing_archive_tells_where_it_was_looked_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    saved(tmp_path, x=IMAGES, y=LABELS)
    monkeypatch.chdir(tmp_path)

    assert error(Path("digit.npz")) == (
        f"no such file: digit.npz\n    looked for {tmp_path}/digit.npz, from {tmp_path}\n    did you mean `digits.npz`?"
    )


def test_folder_instead_of_an_archive_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.npz").mkdir()

    assert error(tmp_path / "a.npz").splitlines()[0] == f"{tmp_path}/a.npz is a folder, not a file; it holds nothing"


def archive_of(tmp_path: Path, header: bytes, values: bytes, *, magic: bytes = b"\x93NUMPY\1\0") -> Path:
    """An archive whose x_train has this header before these values; y_train is in order."""
    labels = io.BytesIO()
    np.save(labels, LABELS)
    with zipfile.ZipFile(tmp_path / "a.npz", "w") as archive:
        archive.writestr("x_train.npy", magic + struct.pack("<H", len(header)) + header + values)
        archive.writestr("y_train.npy", labels.getvalue())
    return tmp_path / "a.npz"


def header_of(shape: object, descr: object = "|u1") -> bytes:
    return repr({"descr": descr, "fortran_order": False, "shape": shape}).encode()


def test_header_that_says_more_than_there_is_is_refused(tmp_path: Path) -> None:
    path = archive_of(tmp_path, header_of((6, 4000, 4000)), bytes(96))

    assert error(path) == (
        "x_train does not match its header: uint8 (6, 4000, 4000) takes 96,000,000 bytes, it holds 96\n"
        "    the file is damaged, or was never whole"
    )


def test_header_that_says_less_than_there_is_is_refused(tmp_path: Path) -> None:
    path = archive_of(tmp_path, header_of((6, 4, 3)), bytes(96))

    assert (
        error(path).splitlines()[0] == "x_train does not match its header: uint8 (6, 4, 3) takes 72 bytes, it holds 96"
    )


@pytest.mark.parametrize(
    "header",
    [
        b"not a dictionary",
        b"{'descr': '|u1'}",
        b"{'descr': '|u1', 'fortran_order': 0, 'shape': (96,)}",
        b"{'descr': '|u1', 'fortran_order': False, 'shape': (-96,)}",
        b"{'descr': '|u1', 'fortran_order': False, 'shape': (True,)}",
        b"{'descr': '|u1', 'fortran_order': False, 'shape': [96]}",
        b"(" * 500,
        b"__import__('os').abort()",
        b"\xff\xfe",
    ],
)
def test_header_that_cannot_be_read_is_refused(tmp_path: Path, header: bytes) -> None:
    assert error(archive_of(tmp_path, header, bytes(96))).splitlines()[0] == (
        "x_train does not match its header: it cannot be read"
    )


@pytest.mark.parametrize(
    ("header", "magic", "expected"),
    [
        (header_of((96,), "|u7"), b"\x93NUMPY\1\0", "x_train does not match its header: it cannot be read"),
        (header_of((96,), "<U0"), b"\x93NUMPY\1\0", "x_train holds values of no size (<U0)"),
        (header_of((96,)), b"\x93NUMPY\7\0", "x_train is no NumPy array"),
        (header_of((96,)), b"something else", "x_train is no NumPy array"),
        (header_of((0, *[2] * 70)), b"\x93NUMPY\1\0", None),
    ],
)
def test_strange_headers_are_refused(tmp_path: Path, header: bytes, magic: bytes, expected: str | None) -> None:
    said = error(archive_of(tmp_path, header, b"" if expected is None else bytes(96), magic=magic)).splitlines()[0]

    assert (
        said == expected
        if expected
        else said.startswith("x_train does not match its header: no array has the shape (0, 2,")
    )


def test_values_that_do_not_fit_their_checksum_are_refused(tmp_path: Path) -> None:
    path = saved(tmp_path, x_train=IMAGES, y_train=LABELS)
    content = bytearray(path.read_bytes())
    content[content.index(bytes(range(90, 96)))] ^= 0xFF
    path.write_bytes(content)

    assert error(path) == "x_train is damaged: Bad CRC-32 for file 'x_train.npy'\n    copy or make the file again"


def test_archive_cut_off_is_refused(tmp_path: Path) -> None:
    path = saved(tmp_path, x_train=IMAGES, y_train=LABELS)
    path.write_bytes(path.read_bytes()[:-40])

    assert error(path).splitlines()[0] == ("digits.npz is cut off or damaged: the list of its arrays cannot be read")


def test_arrays_that_do_not_fit_into_memory_are_refused_before_they_are_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = saved(tmp_path, x_train=IMAGES, y_train=LABELS)
    monkeypatch.setattr(npz, "available_bytes", lambda: 96 + 6 * 8 - 1)
    monkeypatch.setattr(npz, "_values", lambda *_: pytest.fail("it was read"))

    with pytest.raises(ResourceError) as caught:
        read(path)

    assert str(caught.value).splitlines()[0] == "its arrays need 0.0 GB of memory, and 0.0 GB are free"
    assert caught.value.problems[0].path == ("data", "source", "npz", "path")


def test_array_that_cannot_come_out_of_so_few_bytes_is_refused(tmp_path: Path) -> None:
    path = saved(tmp_path, x_train=IMAGES, y_train=LABELS)
    content = bytearray(path.read_bytes())
    entry = content.index(b"PK\1\2")
    content[entry + 24 : entry + 28] = struct.pack("<I", 10**9)  # the size of x_train in the list of contents
    path.write_bytes(content)

    assert (
        error(path)
        .splitlines()[0]
        .startswith("x_train does not match its header: 1,000,000,000 bytes cannot be unpacked from")
    )


def test_encrypted_array_is_refused(tmp_path: Path) -> None:
    path = saved(tmp_path, x_train=IMAGES, y_train=LABELS)
    content = bytearray(path.read_bytes())
    content[content.index(b"PK\1\2") + 8] |= 1
    path.write_bytes(content)

    assert error(path) == "x_train is encrypted"


def test_archive_packed_in_another_way_is_refused(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.npz", "w", zipfile.ZIP_BZIP2) as packed:
        packed.writestr("x.npy", b"1" * 1000)
        packed.writestr("y.npy", b"1" * 1000)

    assert error(tmp_path / "a.npz") == (
        "x is compressed in a way that NumPy does not use\ny is compressed in a way that NumPy does not use"
    )


def test_archive_of_very_many_files_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(npz, "_MOST_MEMBERS", 1)

    assert error(saved(tmp_path, x=IMAGES, y=LABELS)) == "digits.npz holds more than 1 arrays"


@settings(max_examples=100, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture])
@given(damage=st.lists(st.tuples(st.floats(0, 1), st.integers(0, 255)), min_size=1, max_size=6), packed=st.booleans())
def test_any_damage_to_an_archive_is_data_or_a_data_error(
    tmp_path: Path, damage: list[tuple[float, int]], packed: bool
) -> None:
    content = bytearray(PACKED if packed else PLAIN)
    for where, value in damage:
        content[int(where * (len(content) - 1))] = value
    (tmp_path / "a.npz").write_bytes(content)

    outcome = told(read, tmp_path / "a.npz")

    assert outcome if isinstance(outcome, str) else len(outcome.parts["train"]) == 6


@settings(max_examples=100, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture])
@given(beginning=st.sampled_from([b"", b"PK\3\4", b"\x93NUMPY\1\0", b"PK\5\6"]), rest=st.binary(max_size=100))
def test_any_bytes_are_an_archive_or_a_data_error(tmp_path: Path, beginning: bytes, rest: bytes) -> None:
    (tmp_path / "a.npz").write_bytes(beginning + rest)

    assert problems(read, tmp_path / "a.npz")


@settings(max_examples=100, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture])
@given(header=st.one_of(st.binary(max_size=80), st.text("{}()[]',: 0123456789descrshapu<|", max_size=80)))
def test_any_header_is_an_array_or_a_data_error(tmp_path: Path, header: bytes | str) -> None:
    header = header.encode() if isinstance(header, str) else header

    assert problems(read, archive_of(tmp_path, header, bytes(96)))


# Inputs.


@pytest.mark.parametrize(
    ("shape", "input_shape", "expected"),
    [
        ((2, 28, 28), None, (2, 28, 28, 1)),
        ((2, 28, 28), [28, 28, 1], (2, 28, 28, 1)),
        ((2, 28, 28), [28, 28], (2, 28, 28)),
        ((2, 28, 28), [32, 32, 3], (2, 28, 28, 1)),
        ((2, 28, 28, 3), None, (2, 28, 28, 3)),
        ((2, 9, 9, 9), [9, 9, 9, 1], (2, 9, 9, 9, 1)),
        ((2, 9, 9, 9, 2), None, (2, 9, 9, 9, 2)),
        ((2, 100), None, (2, 100)),
        ((2, 100), [100, 1], (2, 100, 1)),
    ],
)
def test_channel_axis_is_added_where_it_lacks(shape: Any, input_shape: Any, expected: Any) -> None:
    assert read_inputs("x", np.zeros(shape, np.uint8), input_shape).shape == expected


@pytest.mark.parametrize("dtype", [bool, np.int8, np.int64, np.uint16, np.float16, np.float64, ">f4", ">i2"])
def test_numbers_of_other_types_become_float32(dtype: Any) -> None:
    values = np.array([[[0, 1], [1, 0]]]).astype(dtype)

    inputs = read_inputs("x", values)

    assert inputs.dtype == np.dtype(np.float32)
    assert inputs[..., 0].tolist() == [[[0.0, 1.0], [1.0, 0.0]]]


def test_float32_is_not_copied() -> None:
    values = np.zeros((2, 3, 3, 1), np.float32)

    assert read_inputs("x", values) is values


def test_nan_and_infinity_are_counted_with_the_first_of_each() -> None:
    values = np.zeros((100, 4, 4, 1), np.float64)
    values[37, 0, :3] = np.nan
    values[80] = np.nan
    values[12, 1, 1] = -np.inf

    assert problems(read_inputs, "x_train", values) == [
        "x_train has 19 NaN, first at index 37",
        "x_train has 1 infinite value, first at index 12",
    ]


def test_nan_beyond_the_first_chunk_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(arrays, "_CHUNK_VALUES", 32)  # two examples
    values = np.zeros((7, 4, 4, 1), np.float32)
    values[6, 3, 3] = np.nan

    assert problems(read_inputs, "x_train", values) == ["x_train has 1 NaN, first at index 6"]


def test_number_beyond_float32_counts_as_infinite() -> None:
    assert problems(read_inputs, "x", np.full((1, 2, 2, 1), 1e300)) == ["x has 4 infinite values, first at index 0"]


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (np.array([["a", "b"]]), "x holds text and has the shape (1, 2); expected (count,)"),
        (np.array(["a", "b\0c"]), "x[1] holds a NUL character, which is no text"),
        (np.array(["a", "b\ud800"]), "x[1] holds '\\ud800', half of a character"),
        (np.array([b"a"]), "x holds bytes; expected numbers or text"),
        (np.zeros((2, 2), complex), "x holds the type complex128; expected numbers or text"),
        (np.zeros(5), "x has the shape (5,); expected (count, height, width, channels)"),
        (np.zeros((1, 1, 1, 1, 1, 1)), "x has the shape (1, 1, 1, 1, 1, 1); expected (count, height, width, channels)"),
        (np.zeros((0, 28, 28)), "x is empty: its shape is (0, 28, 28)"),
        (np.zeros((5, 0, 28)), "x is empty: its shape is (5, 0, 28)"),
    ],
)
def test_inputs_that_are_none_are_refused(values: np.ndarray, expected: str) -> None:
    assert problems(read_inputs, "x", values) == [expected]


def test_everything_wrong_is_reported_at_once(tmp_path: Path) -> None:
    bad = IMAGES.astype(np.float32)
    bad[3, 0, 0] = np.nan
    path = saved(tmp_path, x_train=bad, y_train=LABELS - 1, x_test=IMAGES, y_test=LABELS[:5])

    assert problems(read, path) == [
        "x_train has 1 NaN, first at index 3",
        "y_train holds -1 at index 0; labels are whole numbers 0, 1, 2, …, one for each example",
        "x_test has 6 examples, y_test has 5 labels",
    ]


def test_parts_of_different_shapes_are_refused(tmp_path: Path) -> None:
    path = saved(tmp_path, x_train=IMAGES, y_train=LABELS, x_test=np.zeros((6, 5, 5, 3), np.uint8), y_test=LABELS)

    assert problems(read, path) == ["x_test is 5x5x3, x_train is 4x4x1"]


# Labels.


@pytest.mark.parametrize(
    "labels",
    [
        LABELS.astype(np.uint8),
        LABELS[:, None],
        LABELS.astype(np.float32),
        LABELS.astype(bool),
        LABELS.astype(">i8"),
    ],
)
def test_labels_of_any_whole_type_are_read(tmp_path: Path, labels: np.ndarray) -> None:
    read_labels = read(saved(tmp_path, x=IMAGES, y=labels)).parts["train"].labels

    assert (read_labels.tolist(), read_labels.dtype) == (LABELS.tolist(), np.int32)


EXPECTED = "labels are whole numbers 0, 1, 2, …, one for each example"


@pytest.mark.parametrize(
    ("labels", "expected"),
    [
        (np.array([0, 1, 0, -3, 0, 1]), f"y holds -3 at index 3; {EXPECTED}"),
        (np.array([0, 1, 0.5, 1, 0, 1]), f"y holds 0.5 at index 2; {EXPECTED}"),
        (np.array([0, np.nan, 0, 1, 0, 1]), f"y holds nan at index 1; {EXPECTED}"),
        (np.array([0, np.inf, 0, 1, 0, 1]), f"y holds inf at index 1; {EXPECTED}"),
        (np.array([0, 1, 0, 1, 0, 2**40]), f"y holds 1099511627776 at index 5; {EXPECTED}"),
        (np.array([0, 1, 0, 1, 0, 2**63], np.uint64), f"y holds 9223372036854775808 at index 5; {EXPECTED}"),
        (np.array(["ant", "bee"] * 3), f"y holds text ('ant' at index 0); {EXPECTED}"),
        (np.zeros(6, complex), f"y has the type complex128; {EXPECTED}"),
        (np.eye(6)[:, :2][[0, 1, 0, 1, 0, 1]], f"y is one-hot, shape (6, 2); {EXPECTED}"),
        (np.full((6, 2), 0.5), f"y has the shape (6, 2); {EXPECTED}: shape (count,)"),
        (np.zeros((6, 1, 1)), f"y has the shape (6, 1, 1); {EXPECTED}: shape (count,)"),
        (np.zeros(6), "y holds one class only: every label is 0"),
        (np.array([0, 1, 3, 0, 1, 3]), "y goes up to 3, with no example of class 2"),
        (np.array([0, 1, 50, 0, 1, 50]), "y goes up to 50, with no example of class 2, 3, 4, 5, 6 and 43 more"),
    ],
)
def test_other_labels_are_refused(tmp_path: Path, labels: np.ndarray, expected: str) -> None:
    assert problems(read, saved(tmp_path, x=IMAGES, y=labels)) == [expected]


def test_labels_that_count_from_one_are_reported_how_to_mend(tmp_path: Path) -> None:
    assert error(saved(tmp_path, x=IMAGES, y=LABELS + 1)) == (
        "y goes up to 2, with no example of class 0\n    labels count from 0: `y - 1`"
    )


def test_one_hot_labels_are_reported_how_to_mend(tmp_path: Path) -> None:
    path = saved(tmp_path, x=IMAGES, y=np.eye(2)[LABELS])

    assert error(path).splitlines()[1] == "    store `np.argmax(y, axis=1)`; the recipe's loss decides the encoding"


def test_label_in_test_that_training_does_not_know_is_refused(tmp_path: Path) -> None:
    path = saved(tmp_path, x_train=IMAGES, y_train=LABELS, x_test=TEST_IMAGES, y_test=LABELS * 7)

    assert problems(read, path) == ["y_test holds label 7 at index 1; y_train has 2 classes, 0 to 1"]


def test_class_without_a_test_example_is_reported(tmp_path: Path) -> None:
    path = saved(tmp_path, x_train=IMAGES, y_train=LABELS, x_test=TEST_IMAGES, y_test=LABELS * 0)

    assert [str(note) for note in read(path).notes] == [
        "y_test has no example of class 1\n    no score is computed for them there"
    ]


def test_arrays_that_are_not_used_are_reported(tmp_path: Path) -> None:
    path = saved(tmp_path, x_train=IMAGES, y_train=LABELS, x_valid=TEST_IMAGES, y_valid=LABELS)

    assert [str(note) for note in read(path).notes] == [
        "2 arrays are not used: x_valid, y_valid\n    the names are x_train, y_train, x_val, y_val, x_test, y_test"
    ]


@pytest.mark.parametrize("channels", [1, 3])
def test_channels_before_height_and_width_are_refused(tmp_path: Path, channels: int) -> None:
    images = np.random.default_rng(0).integers(0, 255, (6, channels, 8, 8)).astype(np.uint8)
    path = saved(tmp_path, x=images, y=LABELS)

    assert error(path) == (
        f"x has the shape (6, {channels}, 8, 8): its channels stand before height and width\n"
        "    `np.moveaxis(x, 1, -1)` puts them last\n"
        f"    if this is intended, write it in `model`: `input: [{channels}, 8, 8]`"
    )
    assert read(path, input_shape=[channels, 8, 8]).parts["train"].input.shape == (6, channels, 8, 8)


@pytest.mark.parametrize("shape", [(3, 8, 3), (3, 8, 12), (2, 8, 8), (1, 3, 3)])
def test_other_shapes_may_begin_with_a_small_number(tmp_path: Path, shape: tuple[int, ...]) -> None:
    images = np.random.default_rng(0).integers(0, 255, (6, *shape)).astype(np.uint8)

    assert read(saved(tmp_path, x=images, y=LABELS)).parts["train"].input.shape == (6, *shape)


# For a trained model.


def test_test_part_alone_is_read_for_a_model(tmp_path: Path) -> None:
    path = saved(tmp_path, x_train=IMAGES * np.nan, y_train=LABELS, x_test=IMAGES, y_test=LABELS * 2)

    found = read(path, input_shape=[4, 4, 1], targets=ClassTargets(class_names=["a", "b", "c"]))

    assert list(found.parts) == ["test"]
    assert found.targets.class_names == ("a", "b", "c")
    assert found.parts["test"].labels.tolist() == [0, 2, 0, 2, 0, 2]


def test_test_part_is_enough_for_a_model(tmp_path: Path) -> None:
    found = read(saved(tmp_path, x_test=IMAGES, y_test=LABELS * 0), targets=ClassTargets(class_names=["a", "b"]))

    assert found.parts["test"].labels.tolist() == [0] * 6


def test_label_that_the_model_does_not_know_is_refused(tmp_path: Path) -> None:
    path = saved(tmp_path, x=IMAGES, y=LABELS * 2)

    assert problems(read, path, targets=ClassTargets(class_names=["a", "b"])) == [
        "y holds label 2 at index 1; the model has 2 classes, 0 to 1"
    ]


# Fingerprint.


def test_fingerprint_depends_on_content_alone(tmp_path: Path) -> None:
    first = read(saved(tmp_path, x=IMAGES, y=LABELS)).fingerprint
    (tmp_path / "other").mkdir()
    np.savez_compressed(tmp_path / "other/b.npz", x=np.asfortranarray(IMAGES), y=LABELS.astype(np.uint8))

    assert read(tmp_path / "other/b.npz").fingerprint == first
    assert len(first) == 64


def test_fingerprint_does_not_depend_on_how_much_is_hashed_at_a_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = saved(tmp_path, x=IMAGES, y=LABELS)
    before = read(path).fingerprint
    monkeypatch.setattr(fingerprint, "_CHUNK", 40)

    assert read(path).fingerprint == before


@pytest.mark.parametrize(
    "other",
    [
        {"x": IMAGES + np.uint8(1), "y": LABELS},
        {"x": IMAGES, "y": 1 - LABELS},
        {"x": IMAGES.astype(np.float32), "y": LABELS},
        {"x": IMAGES.reshape(6, 2, 8), "y": LABELS},
        {"x_train": IMAGES, "y_train": LABELS, "x_test": TEST_IMAGES, "y_test": LABELS},
    ],
)
def test_fingerprint_changes_with_the_content(tmp_path: Path, other: dict[str, np.ndarray]) -> None:
    before = read(saved(tmp_path, x=IMAGES, y=LABELS)).fingerprint

    assert read(saved(tmp_path, **other)).fingerprint != before


def test_fingerprint_stays_what_it_was_in_earlier_versions(tmp_path: Path) -> None:
    # A run can only be resumed when this stays: SHA-256 over a line of JSON and the values of each array.
    content = b'["arrays",["0","1"]]\n'
    content += b'["train","|u1",[6,4,4,1]]\n' + IMAGES.tobytes()
    content += b'["train","<i4",[6]]\n' + LABELS.astype("<i4").tobytes()

    assert read(saved(tmp_path, x=IMAGES, y=LABELS)).fingerprint == hashlib.sha256(content).hexdigest()


# IDX.


def idx_bytes(values: np.ndarray, code: int = 0x08) -> bytes:
    return bytes([0, 0, code, values.ndim]) + struct.pack(f">{values.ndim}I", *values.shape) + values.tobytes()


def mnist_folder(root: Path, *, packed: bool = False, names: str = "{}-{}-idx{}-ubyte") -> Path:
    root.mkdir(exist_ok=True)
    for part, images in (("train", IMAGES), ("t10k", TEST_IMAGES)):
        for kind, values in (("images", images), ("labels", LABELS.astype(np.uint8))):
            content = idx_bytes(values)
            name = names.format(part, kind, values.ndim)
            path = root / (f"{name}.gz" if packed else name)
            path.write_bytes(gzip.compress(content) if packed else content)
    return root


def read_folder(path: Path, **options: Any) -> LoadedData:
    return read_idx(Idx(path=str(path)), **{"targets": ClassTargets, **options})


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize("names", ["{}-{}-idx{}-ubyte", "{}-{}.idx{}-ubyte"])
def test_mnists_four_files_are_read(tmp_path: Path, packed: bool, names: str) -> None:
    found = read_folder(mnist_folder(tmp_path / "mnist", packed=packed, names=names))

    assert list(found.parts) == ["train", "test"]
    assert np.array_equal(found.parts["test"].input[..., 0], TEST_IMAGES)
    assert found.parts["train"].labels.tolist() == LABELS.tolist()
    assert found.source == f"{tmp_path}/mnist: 6 + 6 examples"


def test_test_files_alone_are_read_for_a_model(tmp_path: Path) -> None:
    mnist_folder(tmp_path)
    (tmp_path / "train-images-idx3-ubyte").write_bytes(b"")

    found = read_folder(tmp_path, targets=ClassTargets(class_names=["a", "b", "c"]))

    assert (list(found.parts), found.targets.class_names) == (["test"], ("a", "b", "c"))


def test_idx_file_larger_than_a_chunk_is_read_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(idx, "_CHUNK", 7)
    (tmp_path / "x").write_bytes(idx_bytes(IMAGES))

    assert np.array_equal(idx.read(tmp_path / "x"), IMAGES)


def test_idx_file_that_cannot_be_opened_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "x").write_bytes(b"")

    def denied(*_: Any, **__: Any) -> Any:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "open", denied)

    assert problems(idx.read, tmp_path / "x") == ["x cannot be read: permission denied"]


def test_test_files_may_be_missing(tmp_path: Path) -> None:
    mnist_folder(tmp_path)
    (tmp_path / "t10k-images-idx3-ubyte").unlink()
    (tmp_path / "t10k-labels-idx1-ubyte").unlink()

    assert list(read_folder(tmp_path).parts) == ["train"]


def test_missing_idx_files_are_named_with_what_there_is(tmp_path: Path) -> None:
    mnist_folder(tmp_path)
    (tmp_path / "train-labels-idx1-ubyte").rename(tmp_path / "labels")

    with pytest.raises(DataError) as caught:
        read_folder(tmp_path)

    assert str(caught.value) == (
        f"{tmp_path} has no train-labels-idx1-ubyte\n"
        "    it holds 4 files (4 without an ending)\n"
        "    the names are MNIST's own, with or without .gz"
    )
    assert caught.value.problems[0].path == ("data", "source", "idx", "path")


@pytest.mark.parametrize(
    ("code", "dtype"), [(0x08, ">u1"), (0x09, ">i1"), (0x0B, ">i2"), (0x0C, ">i4"), (0x0D, ">f4"), (0x0E, ">f8")]
)
def test_every_idx_type_is_read(tmp_path: Path, code: int, dtype: str) -> None:
    values = np.array([[1, 2, 3], [100, 50, 25]], dtype)
    (tmp_path / "x").write_bytes(idx_bytes(values, code))

    read_values = idx.read(tmp_path / "x")

    assert read_values.tolist() == values.tolist()
    assert read_values.dtype == values.dtype.newbyteorder("=")


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"", "x is not an IDX file: it begins with nothing"),
        (b"hello", "x is not an IDX file: it begins with 68 65 6c 6c"),
        (b"\0\0\x07\1\0\0\0\1a", "x is not an IDX file: it begins with 00 00 07 01"),
        (b"\0\0\x08\x09" + bytes(36), "x is not an IDX file: it begins with 00 00 08 09"),
        (b"\0\0\x08\3\0\0\0\1", "x is cut off within its header"),
        (idx_bytes(IMAGES)[:-1], "x says 6x4x4 (96 bytes) and holds 95"),
        (idx_bytes(IMAGES) + b"a", "x says 6x4x4 (96 bytes) and holds more"),
        (
            b"\0\0\x08\3" + b"\xff" * 12,
            "x says 4,294,967,295x4,294,967,295x4,294,967,295 (79,228,162,458,924,105,385,300,197,375 bytes) and holds less",
        ),
        (gzip.compress(idx_bytes(IMAGES)[:-1]), "x says 6x4x4 (96 bytes) and holds 95"),
        (gzip.compress(idx_bytes(IMAGES) + b"a"), "x says 6x4x4 (96 bytes) and holds more"),
        (gzip.compress(idx_bytes(IMAGES))[:-9], "x is damaged or cut off"),
        (gzip.compress(idx_bytes(IMAGES))[:-8] + bytes(8), "x is damaged or cut off"),
    ],
)
def test_idx_file_that_lies_is_refused(tmp_path: Path, content: bytes, expected: str) -> None:
    (tmp_path / "x").write_bytes(content)

    assert problems(idx.read, tmp_path / "x") == [expected]


def test_broken_idx_files_are_reported_at_once(tmp_path: Path) -> None:
    mnist_folder(tmp_path)
    (tmp_path / "train-images-idx3-ubyte").write_bytes(b"")
    (tmp_path / "t10k-labels-idx1-ubyte").write_bytes(b"no")

    assert problems(read_folder, tmp_path) == [
        "train-images-idx3-ubyte is not an IDX file: it begins with nothing",
        "t10k-labels-idx1-ubyte is not an IDX file: it begins with 6e 6f",
    ]


def test_idx_that_does_not_fit_into_memory_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "x").write_bytes(idx_bytes(IMAGES))
    monkeypatch.setattr(idx, "available_bytes", lambda: 95)

    with pytest.raises(ResourceError, match=r"needs 0\.0 GB of memory"):
        idx.read(tmp_path / "x")


@settings(max_examples=100, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture])
@given(
    beginning=st.sampled_from([b"", b"\0\0\x08\3", b"\0\0\x0d\1\0\0\0\2", b"\x1f\x8b\x08\0"]),
    rest=st.binary(max_size=60),
)
def test_any_bytes_are_idx_or_a_data_error(tmp_path: Path, beginning: bytes, rest: bytes) -> None:
    (tmp_path / "x").write_bytes(beginning + rest)

    outcome = told(idx.read, tmp_path / "x")

    assert outcome.startswith("x ") if isinstance(outcome, str) else outcome.ndim >= 1
