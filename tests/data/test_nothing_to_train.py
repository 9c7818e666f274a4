"""Images of which no training example is left are an error, whatever the other parts hold."""

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from cnncli.data.load import load
from cnncli.errors import DataError
from cnncli.recipe.schema_data import Data

SQUARE = [2, 1, 6, 1, 6, 4, 2, 4]


def write_part(part, is_broken):
    """Four images of a part with masks and COCO's annotations."""
    about = {"images": [], "annotations": [], "categories": [{"id": 1, "name": "cat"}]}
    for number in range(4):
        image, mask = Path(part, f"{number}.png"), Path(f"{part}_masks", f"{number}.png")
        for path in (image, mask):
            path.parent.mkdir(exist_ok=True)
        pixels = np.random.default_rng([number, len(part)]).integers(0, 255, (8, 8, 3), np.uint8)
        Image.fromarray(pixels).save(image)
        Image.fromarray(pixels[..., 0] // 128).save(mask)
        if is_broken:
            image.write_bytes(b"not an image")
        about["images"].append({"id": number, "file_name": image.name, "width": 8, "height": 8})
        about["annotations"].append(
            {"id": number, "image_id": number, "category_id": 1, "bbox": [2, 1, 4, 3], "segmentation": [SQUARE]}
        )
    Path(f"{part}.json").write_text(json.dumps(about))


SOURCES = {
    "masks of coco": (
        "masks",
        {"coco": {"images": "train", "annotations": "train.json"}},
        {"validation_images": "val", "validation_annotations": "val.json"},
    ),
    "boxes of coco": (
        "boxes",
        {"coco": {"images": "train", "annotations": "train.json"}},
        {"validation_images": "val", "validation_annotations": "val.json"},
    ),
    "mask_folder": (
        "masks",
        {"mask_folder": {"images": "train", "masks": "train_masks"}},
        {"validation_images": "val", "validation_masks": "val_masks"},
    ),
}


@pytest.mark.parametrize("name", SOURCES)
@pytest.mark.parametrize("has_validation", [True, False])
def test_no_image_is_left_to_train(name, has_validation, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write_part("train", is_broken=True)
    write_part("val", is_broken=False)
    targets, source, validation = SOURCES[name]
    [(word, settings)] = source.items()
    settings = {**settings, **(validation if has_validation else {}), "image_size": [8, 8]}
    with pytest.raises(DataError) as raised:
        load(Data.model_validate({"source": {word: settings}, "targets": targets, "on_bad_image": "skip"}))
    assert raised.value.exit_code == 4
    if has_validation:
        [problem] = raised.value.problems
        assert problem.message.startswith("no example is left to train; ")
        assert problem.hint == "repair the files that `on_bad_image: skip` leaves out"
