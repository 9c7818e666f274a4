"""Decoded images on disk: found again, never half, never in the way of another run, and never too much."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from cnncli.data import cache, columns, images
from cnncli.data.columns import ArrayRows, RowFile, make_row_file, write_rows
from cnncli.data.dataset import INPUT, Examples
from cnncli.data.pipeline import Batches
from cnncli.data.sources import image_scan
from cnncli.data.sources.folder_tree import ClassFile
from cnncli.tasks.classification.targets import INTEGERS

FORM = images.Form(6, 8)


@pytest.fixture(autouse=True)
def _small_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(image_scan, "available_bytes", lambda: 0)


def files_of(folder: Path) -> list[ClassFile]:
    return [ClassFile(str(path), path.name, "train", "a") for path in sorted(folder.rglob("*.png"))]


def decoded(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Grows by one with every image that is decoded."""
    seen: list[int] = []
    decode = images.decode
    monkeypatch.setattr(images, "decode", lambda *args: (seen.append(1), decode(*args))[1])
    return seen


def test_second_scan_decodes_nothing_and_gives_the_same(tmp_path, make_folder, monkeypatch):
    make_folder(tmp_path, {"a": 40})
    (tmp_path / "a/7.png").write_bytes(b"no image")
    first = image_scan.scan(files_of(tmp_path), FORM)
    count = decoded(monkeypatch)

    second = image_scan.scan(files_of(tmp_path), FORM)

    assert not count
    assert (second.usable, second.bad) == (first.usable, first.bad)
    assert [bad.file.relative for bad in second.bad] == ["7.png"]
    every = np.arange(39)
    np.testing.assert_array_equal(second.pixels.read(every), first.pixels.read(every))
    expected = np.stack([images.decode(Path(seen.file.path).read_bytes(), FORM).pixels for seen in second.usable])
    np.testing.assert_array_equal(second.pixels.read(every), expected)


def test_images_of_16_bits_are_kept_with_their_levels(tmp_path, monkeypatch):
    values = np.random.default_rng(0).integers(0, 65536, (5, 6, 8), dtype=np.uint16)
    for number, each in enumerate(values):
        Image.fromarray(each).save(tmp_path / f"{number}.png")
    form = images.Form(6, 8, color="grayscale", depth=16)
    image_scan.scan(files_of(tmp_path), form)
    count = decoded(monkeypatch)

    second = image_scan.scan(files_of(tmp_path), form)

    assert not count
    np.testing.assert_allclose(second.pixels.read(np.arange(5))[..., 0], values / 257, rtol=1e-6)
    assert [seen.top for seen in second.usable] == values.max(axis=(1, 2)).tolist()


@pytest.mark.parametrize("change", ["content", "form"])
def test_another_content_or_form_is_decoded_anew(tmp_path, make_folder, monkeypatch, change):
    make_folder(tmp_path, {"a": 3, "other": 1})
    files = files_of(tmp_path / "a")
    image_scan.scan(files, FORM)
    count = decoded(monkeypatch)
    if change == "content":
        shutil.copyfile(tmp_path / "other/0.png", tmp_path / "a/0.png")

    image_scan.scan(files, FORM if change == "content" else images.Form(6, 8, exif="ignore"))

    assert len(count) == 3


def test_file_that_is_cut_off_is_not_used(tmp_path, make_folder, monkeypatch):
    make_folder(tmp_path, {"a": 3})
    image_scan.scan(files_of(tmp_path), FORM)
    [kept] = cache.folder().iterdir()
    os.truncate(kept, kept.stat().st_size - 20)
    count = decoded(monkeypatch)

    assert image_scan.scan(files_of(tmp_path), FORM).usable
    assert len(count) == 3


def test_what_is_not_kept_goes_away(tmp_path):
    writing = cache.start_writing(2, (6, 8, 3))
    assert len(list(cache.folder().iterdir())) == 1
    del writing

    assert list(cache.folder().iterdir()) == []


def test_leftovers_of_dead_processes_go_and_those_of_living_ones_stay(tmp_path):
    living = cache.start_writing(2, (6, 8, 3))
    dead = cache.folder() / "images-dead.part"
    dead.write_bytes(b"x")

    cache.make_room(10)

    assert not dead.exists()
    assert living is not None
    assert len(list(cache.folder().iterdir())) == 1


def test_least_recently_used_goes_first_and_half_of_the_room_is_left(tmp_path, monkeypatch):
    for number in range(3):
        writing = cache.start_writing(1, (10, 10, 1))
        writing.keep(cache.key_of([str(number)]), [["x", "y"]])
        path = next(path for path in cache.folder().iterdir() if path.name.startswith(cache.key_of([str(number)])))
        os.utime(path, (path.stat().st_mtime - 1000 + number,) * 2)
    size = path.stat().st_size
    usage = shutil.disk_usage(tmp_path)
    monkeypatch.setattr("shutil.disk_usage", lambda _: usage._replace(free=3 * size))  # with the cache's own: 6 files

    assert cache.make_room(size)

    left = {path.name[:64] for path in cache.folder().iterdir()}
    assert left == {cache.key_of(["1"]), cache.key_of(["2"])}
    assert not cache.make_room(4 * size)


def test_file_that_is_removed_while_it_is_read_can_be_read_to_its_end(tmp_path, make_folder):
    make_folder(tmp_path, {"a": 3})
    scan = image_scan.scan(files_of(tmp_path), FORM)
    shutil.rmtree(cache.folder())

    assert scan.pixels.read([0, 1, 2]).any()


def test_full_disk_leaves_the_images_in_their_files(tmp_path, make_folder, monkeypatch):
    make_folder(tmp_path, {"a": 3})

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(cache, "write_rows", full)
    scan = image_scan.scan(files_of(tmp_path), FORM)

    assert scan.pixels is None
    assert len(scan.usable) == 3
    assert list(cache.folder().iterdir()) == []


def test_batches_from_a_file_are_those_from_memory(tmp_path):
    values = np.random.default_rng(0).random((20, 5)).astype(np.float32)
    rows = make_row_file(tmp_path, 20, (5,), values.dtype)
    write_rows(rows, 0, values[:12])
    write_rows(rows, 12, values[12:])
    labels = np.arange(20, dtype=np.int32) % 2

    def batches(inputs: np.ndarray | RowFile) -> list[np.ndarray]:
        made = Batches(Examples({INPUT: inputs}, labels), batch_size=6, encodings={"": INTEGERS}, seed=1)
        return [batch.numpy() for batch, _ in made.dataset()]

    for one, other in zip(batches(values), batches(rows), strict=True):
        np.testing.assert_array_equal(one, other)
    assert list(tmp_path.iterdir()) == []


def test_large_array_is_shared_by_its_parts_and_batches_are_those_of_a_small_one(monkeypatch):
    values = np.random.default_rng(0).random((20, 5)).astype(np.float32)
    whole = Examples({INPUT: values}, np.arange(20, dtype=np.int32) % 2)
    order = np.random.default_rng(1).permutation(20)[:15]

    def batches(examples: Examples) -> list[np.ndarray]:
        made = Batches(examples, batch_size=6, encodings={"": INTEGERS}, seed=1)
        return [batch.numpy() for batch, _ in made.dataset()]

    copied = whole.take(order)
    monkeypatch.setattr(columns, "LARGE", values.nbytes - 1)
    shared = whole.take(order)

    assert isinstance(shared.input, ArrayRows)
    assert np.shares_memory(shared.input.array, values)
    assert not np.shares_memory(copied.input, values)
    np.testing.assert_array_equal(shared.take([3, 1]).input.read([0, 1]), copied.input[[3, 1]])
    for one, other in zip(batches(copied), batches(shared), strict=True):
        np.testing.assert_array_equal(one, other)
    for one, other in zip(batches(whole.take(np.arange(20))), batches(whole), strict=True):
        np.testing.assert_array_equal(one, other)
