"""Goals of segmentation: an object on a ground, three classes of varied brightness, volumes."""

from __future__ import annotations

from pathlib import Path

from benchmarks.task_goals.goal import Goal

_SIDE, _COUNT = 64, 300
_DEPTH, _VOLUMES = 32, 80


def _write_foreground(folder: Path) -> None:
    """300 pictures of 64x64 with one to three discs and rectangles, brighter or darker than the ground; masks hold 0 and 255."""
    import numpy as np
    from PIL import Image

    from cnncli.data.samples import drawn_shapes

    pictures, masks = drawn_shapes.draw(_COUNT, seed=7, side=_SIDE)
    for name in ("images", "masks"):
        (folder / name).mkdir()
    for number, (picture, mask) in enumerate(zip(pictures, masks, strict=True)):
        Image.fromarray(picture).save(folder / f"images/{number:03}.png")
        Image.fromarray(np.where(mask > 0, 255, 0).astype(np.uint8)).save(folder / f"masks/{number:03}.png")


def _write_volumes(folder: Path) -> None:
    """80 CTs of 32x32x32 voxels of 2 mm: noise of 40 HU, ellipsoids of 100 to 160 HU, which are class 1, and cubes of 300 HU."""
    import nibabel
    import numpy as np

    for name in ("images", "labels"):
        (folder / "scans" / name).mkdir(parents=True)
    places = np.stack(np.meshgrid(*[np.arange(_DEPTH)] * 3, indexing="ij"), axis=-1)
    for number in range(_VOLUMES):
        random = np.random.default_rng([5, number])
        values = random.normal(0, 40, (_DEPTH,) * 3)
        mask = np.zeros((_DEPTH,) * 3, np.uint8)
        for _ in range(random.integers(1, 4)):
            middle, radii = random.integers(6, _DEPTH - 6, 3), random.uniform(3, 8, 3)
            inside = (((places - middle) / radii) ** 2).sum(axis=-1) < 1
            values[inside] += random.uniform(100, 160) * (mask[inside] == 0)
            mask[inside] = 1
        for _ in range(2):
            begin = random.integers(0, _DEPTH - 4, 3)
            cube = tuple(slice(each, each + 4) for each in begin)
            values[cube], mask[cube] = random.normal(300, 40, (4, 4, 4)), 0
        affine = np.diag([2.0, 2.0, 2.0, 1.0])
        for name, array in (("images", values.astype(np.int16)), ("labels", mask)):
            nibabel.save(nibabel.Nifti1Image(array, affine), folder / f"scans/{name}/{number:02}.nii.gz")


GOALS = (
    Goal(
        name="foreground",
        recipe="unet-small",
        settings=(
            "data.source={mask_folder: {images: images, masks: masks, classes: {ground: 0, object: 255}}}",
            "train.epochs=8",
        ),
        measured="mean IoU",
        score=lambda scores: float(scores["mean_iou"]),
        least=0.90,
        seconds=60,
        write_data=_write_foreground,
    ),
    Goal(
        name="three classes",
        recipe="unet-small",
        settings=(),
        measured="mean IoU",
        score=lambda scores: float(scores["mean_iou"]),
        least=0.85,
        seconds=300,
    ),
    Goal(
        name="scans",
        recipe="scan-segmentation",
        settings=("data.source.volume_folder.path=scans",),
        measured="Dice of the class",
        score=lambda scores: float(scores["per_class"][1]["dice"]),
        least=0.85,
        write_data=_write_volumes,
    ),
)
