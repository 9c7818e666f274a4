"""Folders of images with boxes as YOLO, COCO and Pascal VOC have them, with the same pictures and objects."""

import json
from pathlib import Path

import numpy as np
from PIL import Image

HEIGHT, WIDTH = 32, 48  # of a picture
NAMES = ("red", "green")
BOX_SOURCES = {
    "yolo": "{yolo: {path: photos, image_size: [32, 32]}}",
    "coco": "{coco: {images: photos, annotations: boxes.json, image_size: [32, 32]}}",
    "voc": "{voc: {path: photos, image_size: [32, 32]}}",
}


def boxed_folder(word: str, count: int, *, seed: int = 0, root: str = "photos") -> str:
    """Write pictures with one red or green rectangle each, every tenth without one, into the working directory.

    Args:
        word: of the source: `yolo`, `coco` or `voc`.

    Returns:
        The folder with the pictures.
    """
    return _WRITERS[word](Path(root), pictures_of(count, seed=seed))


def pictures_of(count: int, *, seed: int = 0) -> list:
    """Of each picture its pixels, and the name and the left, top, right and bottom of each object."""
    return [_picture(np.random.default_rng([seed, number]), number) for number in range(count)]


def coco_of(pictures) -> dict:
    """The objects of pictures as COCO's JSON."""
    images, annotations = [], []
    for number, (_, objects) in enumerate(pictures):
        images.append({"id": number, "file_name": f"{number:03}.png", "width": WIDTH, "height": HEIGHT})
        for name, (left, top, right, bottom) in objects:
            about = {"id": len(annotations) + 1, "image_id": number, "category_id": NAMES.index(name) + 1, "iscrowd": 0}
            box = [left, top, right - left, bottom - top]
            outline = [left, top, right, top, right, bottom, left, bottom]
            annotations.append({**about, "bbox": box, "area": box[2] * box[3], "segmentation": [outline]})
    categories = [{"id": number, "name": name} for number, name in enumerate(NAMES, start=1)]
    return {"images": images, "annotations": annotations, "categories": categories}


def _picture(random: np.random.Generator, number: int):
    pixels = random.integers(0, 60, (HEIGHT, WIDTH, 3), np.uint8)
    if number % 10 == 9:
        return pixels, []
    height, width = random.integers(10, 18, 2).tolist()
    top, left = int(random.integers(0, HEIGHT - height)), int(random.integers(0, WIDTH - width))
    pixels[top : top + height, left : left + width, number % 2] += 180
    return pixels, [(NAMES[number % 2], (left, top, left + width, top + height))]


def _images(folder: Path, pictures) -> str:
    folder.mkdir(parents=True, exist_ok=True)
    for number, (pixels, _) in enumerate(pictures):
        Image.fromarray(pixels).save(folder / f"{number:03}.png")
    return str(folder)


def _yolo(root: Path, pictures) -> str:
    folder = _images(root / "images", pictures)
    (root / "labels").mkdir(exist_ok=True)
    for number, (_, objects) in enumerate(pictures):
        lines = [
            f"{NAMES.index(name)} {(x0 + x1) / 2 / WIDTH} {(y0 + y1) / 2 / HEIGHT} {(x1 - x0) / WIDTH} {(y1 - y0) / HEIGHT}\n"
            for name, (x0, y0, x1, y1) in objects
        ]
        (root / "labels" / f"{number:03}.txt").write_text("".join(lines))
    (root / "data.yaml").write_text(f"train: images\nnames: [{', '.join(NAMES)}]\n")
    return folder


def _coco(root: Path, pictures) -> str:
    folder = _images(root, pictures)
    root.with_name("boxes.json").write_text(json.dumps(coco_of(pictures)))
    return folder


def _voc(root: Path, pictures) -> str:
    folder = _images(root / "JPEGImages", pictures)
    (root / "Annotations").mkdir(exist_ok=True)
    for number, (_, objects) in enumerate(pictures):
        size = f"<size><width>{WIDTH}</width><height>{HEIGHT}</height><depth>3</depth></size>"
        written = [
            f"<object><name>{name}</name><bndbox><xmin>{x0 + 1}</xmin><ymin>{y0 + 1}</ymin><xmax>{x1}</xmax>"
            f"<ymax>{y1}</ymax></bndbox></object>"
            for name, (x0, y0, x1, y1) in objects
        ]
        (root / "Annotations" / f"{number:03}.xml").write_text(f"<annotation>{size}{''.join(written)}</annotation>")
    return folder


_WRITERS = {"yolo": _yolo, "coco": _coco, "voc": _voc}
