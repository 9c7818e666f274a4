"""Data without labels, for `targets: input`: flat folders, archives of inputs alone, tables without a label column."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from cnncli.data.load import load
from cnncli.recipe.schema_data import Data

PIXELS = np.random.default_rng(0)


def images(folder, count):
    folder.mkdir(parents=True)
    for number in range(count):
        Image.fromarray(PIXELS.integers(0, 255, (16, 16), dtype=np.uint8)).save(folder / f"{number}.png")


def splits(source):
    return load(Data.model_validate({"source": source, "targets": "input"}))


def folder(path):
    return {"image_folder": {"path": str(path), "image_size": [16, 16], "color": "grayscale"}}


def sizes(found):
    return [len(part.examples) for part in found.parts]


def test_flat_folder_and_those_below_it(tmp_path):
    images(tmp_path / "photos", 16)
    images(tmp_path / "photos" / "more", 4)

    found = splits(folder(tmp_path / "photos"))

    assert sum(sizes(found)) == 20
    assert any(file.startswith("more/") for part in found.parts for file in part.examples.files)


def test_parts_without_class_folders(tmp_path):
    images(tmp_path / "photos" / "train", 20)
    images(tmp_path / "photos" / "test", 7)

    assert sizes(splits(folder(tmp_path / "photos"))) == [18, 2, 7]


def test_a_single_class_folder_is_enough(tmp_path):
    images(tmp_path / "photos" / "normal", 20)

    assert sizes(splits(folder(tmp_path / "photos"))) == [16, 2, 2]


def test_archive_of_inputs_alone(tmp_path):
    np.savez(tmp_path / "x.npz", x_train=PIXELS.random((20, 8, 8)), x_test=PIXELS.random((5, 8, 8)))

    found = splits({"npz": {"path": str(tmp_path / "x.npz")}})

    assert (found.input_shape, sizes(found)) == ((8, 8, 1), [18, 2, 5])


@pytest.mark.parametrize("columns", [{"numbers": "t*"}, {"numbers": "*", "label": "beat"}])
def test_label_of_a_table_is_not_needed_and_is_no_input(tmp_path, columns):
    rows = [",".join(f"{value:.4f}" for value in PIXELS.normal(size=4)) + ",normal" for _ in range(30)]
    (tmp_path / "t.csv").write_text("\n".join(["t0,t1,t2,t3,beat", *rows]) + "\n", encoding="utf-8")

    found = splits({"csv": {"path": str(tmp_path / "t.csv"), **columns}})

    assert (found.input_shape, sizes(found)) == ((4,), [24, 3, 3])
