"""A look at a folder of volumes: classes or masks, and the size, spacing and range of some."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np

from cnncli.data.sources.volume_tree import VolumeFile, classified_files, has_masks, masked_files
from cnncli.data.volume_file import Volume, read_volume
from cnncli.errors import DataError
from cnncli.inputs.volume import VOLUME
from cnncli.messages import counted
from cnncli.recipe.sources.volumes import VolumeFolder
from cnncli.scaffold.data_summary import DataSummary, group_fact, group_in_names

_LOOKED_AT = 8  # volumes
_LARGEST_SIDE = 64  # voxels, for a network that is trained from the beginning
_STEP = 8  # sides that a U-Net can halve
_SHARES = (0.5, 99.5)  # percent of the values between which most lie
_AIR = -500  # Hounsfield units: a CT holds values below
_SOFT_TISSUE = [-160.0, 240.0]
_EQUAL = 0.01  # of the spacing


def look_at(path: str) -> DataSummary:
    """Look at all files, and into some.

    Raises:
        DataError: there are no volumes with labels, or they cannot be read.
    """
    settings = VolumeFolder(path=path)
    are_masked = has_masks(path)
    files = masked_files(settings) if are_masked else classified_files(path)
    train = [file for file in files if file.part == "train"]
    if not train:
        raise DataError(f"{path} has no volumes that train")
    volumes = [read_volume(file.path) for file in _some(train)]
    shape, spacing = _grid(volumes)
    window, about = _window(volumes)
    names = [file.relative for file in train]
    parts = Counter(file.part for file in files)
    patients = {volume.attributes.get("PatientID", "") for volume in volumes}
    group = None if len(parts) > 1 else "PatientID" if "" not in patients else group_in_names(names)
    source = {"path": path.replace("$", "$$"), "shape": shape}
    classes = {} if are_masked else dict(sorted(Counter(file.class_name for file in train).items()))
    return DataSummary(
        source={"volume_folder": {**source, **({"spacing": spacing} if spacing else {}), "window": window}},
        kind=VOLUME,
        shape=(*shape, 1),
        targets="masks" if are_masked else "classes",
        classes=classes,
        examples=len(train),
        parts=tuple(parts),
        group=group,
        facts=[
            f"{counted(len(train), 'volume')} {'with masks ' if are_masked else ''}that train"
            + "".join(f", {count:,} in the {part} part" for part, count in parts.items() if part != "train"),
            *([f"Classes: {', '.join(f'{name} {count:,}' for name, count in classes.items())}"] if classes else []),
            f"The first has {_times(volumes[0].values.shape)} voxels of {_times(volumes[0].spacing)} mm; {about}",
            *([_grouped(group, names)] if group else []),
        ],
        are_pixels=True,
    )


def _some(files: Sequence[VolumeFile]) -> list[VolumeFile]:
    step = max(1, len(files) // _LOOKED_AT)
    return list(files[::step][:_LOOKED_AT])


def _grid(volumes: Sequence[Volume]) -> tuple[list[int], list[float] | None]:
    """The shape of what the network gets, and the spacing at which most volumes fill it."""
    sizes = np.median([volume.values.shape for volume in volumes], axis=0)
    spacings = np.array([volume.spacing for volume in volumes])
    largest = np.median(spacings * [volume.values.shape for volume in volumes], axis=0)  # millimetres
    is_small = sizes.max() <= _LARGEST_SIDE and (np.ptp(spacings, axis=0) <= _EQUAL * spacings.mean(axis=0)).all()
    if is_small:
        return [_rounded(size) for size in sizes], None
    even = float(f"{largest.max() / _LARGEST_SIDE:.2g}")
    spacing = [max(even, float(f"{side:.2g}")) for side in np.median(spacings, axis=0)]
    return [_rounded(length / own) for length, own in zip(largest, spacing, strict=True)], spacing


def _rounded(size: float) -> int:
    return max(_STEP, _STEP * round(float(size) / _STEP))


def _window(volumes: Sequence[Volume]) -> tuple[list[float], str]:
    """The values that become 0 and 255, and why."""
    values = np.concatenate([volume.values.ravel()[:: max(1, volume.values.size // 100_000)] for volume in volumes])
    if values.min() < _AIR:
        return _SOFT_TISSUE, "values seem to be Hounsfield units, and the window is that of soft tissue"
    low, high = (float(f"{value:.3g}") for value in np.percentile(values.astype(np.float64), _SHARES))
    return [low, high if high > low else low + 1], f"most values lie between {low:g} and {high:g}"


def _times(numbers: Sequence[float]) -> str:
    return " x ".join(f"{number:.3g}" for number in numbers)


def _grouped(group: str, names: Sequence[str]) -> str:
    if group == "PatientID":
        return "DICOM names the patients: all volumes of one come into one part"
    return group_fact(group, names)
