"""Read files of volumes: NIfTI and DICOM with nibabel and pydicom, and single NumPy arrays.

Every volume is turned to one orientation: depth from the feet to the head, height from front to back, width from the right of
the patient to the left, as radiologists look at slices. NumPy arrays and DICOM files with several frames stay as they are.
"""

from __future__ import annotations

import gzip
import logging
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cnncli.data.sources import npz
from cnncli.errors import DataError, Problem
from cnncli.messages import listed, printable, shortened

INSTALL = 'pip install "cnncli[medical]"'
NIFTI = (".nii", ".nii.gz")
SUFFIXES = (*NIFTI, ".npy", ".dcm")
_ORIENTATION = "LPS"  # towards which width, height and depth grow: left, back (posterior), head (superior)
_TOLERANCE = 0.01  # of the spacing, by which distances between slices may differ
_BIGGEST = 1 << 31  # voxels


@dataclass(frozen=True, slots=True, eq=False)
class Volume:
    """A volume as its file has it, turned to the common orientation.

    Attributes:
        values: (depth, height, width), in the units of the file: Hounsfield units of a CT.
        spacing: millimetres between voxels along these axes; 1 where the file does not say it, 0 where it says 0.
        attributes: what DICOM says of the patient and the examination, by keyword, such as `PatientID`.
        affine: float64 (4, 4) of a NIfTI file, voxels of the file to millimetres; None of others.
    """

    values: NDArray[Any]
    spacing: tuple[float, float, float] = (1.0, 1.0, 1.0)
    attributes: dict[str, str] = field(default_factory=dict)
    affine: NDArray[np.float64] | None = None


def suffix_of(name: str) -> str:
    """`.nii.gz` of `ct.nii.gz`; in small letters."""
    lower = name.lower()
    return ".nii.gz" if lower.endswith(".nii.gz") else os.path.splitext(lower)[1]


def is_volume(path: str) -> bool:
    """Whether a path is a file of a volume by its name, or a folder with the slices of a DICOM series."""
    return bool(series_in(path)) if os.path.isdir(path) else suffix_of(path) in SUFFIXES


def series_in(folder: str) -> list[str]:
    """The DICOM files of a folder, by their names: those that end in .dcm, or have no ending and DICOM's mark."""
    try:
        names = sorted(os.listdir(folder))
    except OSError:
        return []
    paths = [os.path.join(folder, name) for name in names if not name.startswith(".") and name != "DICOMDIR"]
    return [path for path in paths if _is_dicom(path)]


def read_volume(path: str) -> Volume:
    """Read a volume.

    Args:
        path: a NIfTI, DICOM or `.npy` file, or a folder with the slices of one DICOM series.

    Raises:
        DataError: it cannot be read, or is no single volume; the package that reads it is not installed.
    """
    if os.path.isdir(path):
        return _read_dicom(series_in(path), path)
    suffix = suffix_of(path)
    if suffix in NIFTI:
        return _read_nifti(path)
    if suffix == ".dcm":
        return _read_dicom([path], path)
    values = npz.read_single(Path(path))
    if values.ndim == 4 and values.shape[-1] == 1:
        values = values[..., 0]
    return Volume(_checked(values, path))


def nifti_like(labels: NDArray[Any], volume: Volume) -> bytes:
    """Class numbers as the content of a `.nii.gz` file that lies where a volume lies.

    Args:
        labels: (depth, height, width), as the volume's values.
        volume: read from a NIfTI file.
    """
    nibabel = _package("nibabel", "a mask")
    assert volume.affine is not None
    turned = nibabel.orientations.ornt_transform(
        nibabel.orientations.axcodes2ornt(_ORIENTATION), nibabel.orientations.io_orientation(volume.affine)
    )
    stored = nibabel.orientations.apply_orientation(labels.transpose(2, 1, 0), turned).astype(np.uint8)
    return gzip.compress(nibabel.Nifti1Image(stored, volume.affine).to_bytes(), mtime=0)


def _is_dicom(path: str) -> bool:
    suffix = os.path.splitext(path)[1].lower()
    if suffix == ".dcm":
        return os.path.isfile(path)
    if suffix or not os.path.isfile(path):
        return False
    try:
        with open(path, "rb") as file:
            return file.read(132)[128:] == b"DICM"
    except OSError:
        return False


def _package(name: str, path: str) -> ModuleType:
    import importlib

    try:
        return importlib.import_module(name)
    except ImportError as error:
        raise DataError(Problem(f"{printable(path)}: {name} reads it and is not installed", INSTALL)) from error


def _read_nifti(path: str) -> Volume:
    nibabel = _package("nibabel", path)
    try:
        # It writes to the console what it corrects. Its own way to prevent that is not for threads, nor is a level that returns.
        nibabel.imageglobals.logger.setLevel(logging.CRITICAL + 1)
        image = nibabel.load(path)
        shape = tuple(length for axis, length in enumerate(image.shape) if axis < 3 or length != 1)
        if len(shape) != 3:
            found = " x ".join(map(str, image.shape))
            raise _refused(path, f"it has the shape {found}; expected one volume", "write each volume of it to a file")
        affine = np.asarray(image.affine, np.float64)
        if not np.isfinite(affine).all() or np.linalg.det(affine[:3, :3]) == 0:
            raise _refused(path, "its orientation is not valid", "set its affine with nibabel")
        turned = nibabel.orientations.ornt_transform(
            nibabel.orientations.io_orientation(affine), nibabel.orientations.axcodes2ornt(_ORIENTATION)
        )
        stored = np.asanyarray(image.dataobj).reshape(shape)
        values = nibabel.orientations.apply_orientation(stored, turned).transpose(2, 1, 0)
        sides = np.linalg.norm(affine[:3, :3], axis=0) * _says_its_sides(image, path)  # of the file's axes
        order = [int(np.flatnonzero(turned[:, 0] == axis)[0]) for axis in range(3)]
        width, height, depth = (float(sides[axis]) for axis in order)
    except DataError:
        raise
    except Exception as error:  # nibabel raises many types for broken files
        raise _refused(path, f"not readable as NIfTI: {shortened(str(error))}") from error
    return Volume(_checked(values, path), (depth, height, width), {}, affine)


def _says_its_sides(image: Any, path: str) -> NDArray[np.bool_]:
    """Along which axes of a NIfTI file voxels have a side, bool (3,): nibabel takes 1 mm for one of 0."""
    nibabel = _package("nibabel", path)
    with nibabel.openers.ImageOpener(path) as file:
        header = type(image.header).from_fileobj(file, check=False)
    found: NDArray[np.bool_] = np.asarray(header["pixdim"][1:4] != 0) | (int(header["sform_code"]) > 0)
    return found


def _read_dicom(paths: Sequence[str], where: str) -> Volume:
    pydicom = _package("pydicom", where)
    if not paths:
        raise _refused(where, "it has no DICOM file")
    slices = []
    for path in paths:
        try:
            slices.append(pydicom.dcmread(path))
        except Exception as error:  # pydicom raises many types for broken files
            raise _refused(path, f"not readable as DICOM: {shortened(str(error))}") from error
    series = sorted({str(each.get("SeriesInstanceUID", "")) for each in slices})
    if len(series) > 1:
        hint = f"keep each series in a folder of its own: {listed(series, 3)}"
        raise _refused(where, f"it holds slices of {len(series)} series", hint)
    first = slices[0]
    try:
        frames = [_pixels(each) for each in slices]
    except Exception as error:  # a compression without its decoder, pixels cut off
        raise _refused(where, f"its pixels cannot be read: {shortened(str(error))}") from error
    rows = [float(side) for side in first.get("PixelSpacing", (1, 1))]
    if len(slices) == 1:
        values = frames[0] if frames[0].ndim == 3 else frames[0][None]
        said = [first.get(key) for key in ("SpacingBetweenSlices", "SliceThickness")]
        sides = [float(each) for each in said if each not in (None, "")]
        depth = next((side for side in sides if side > 0), sides[0] if sides else 1.0)
        return Volume(_checked(values, where), (depth, rows[0], rows[1]), _attributes(first))
    if len({frame.shape for frame in frames}) > 1 or frames[0].ndim != 2:
        raise _refused(where, "its slices differ in size")
    return _stacked(slices, frames, rows, where)


def _stacked(slices: Sequence[Any], frames: Sequence[NDArray[Any]], rows: Sequence[float], where: str) -> Volume:
    """Slices of a series in the order of their places, turned to the common orientation."""
    first = slices[0]
    turns = np.asarray(first.get("ImageOrientationPatient", (1, 0, 0, 0, 1, 0)), np.float64).reshape(2, 3)
    normal = np.cross(turns[0], turns[1])
    missing = [each for each in slices if "ImagePositionPatient" not in each]
    if missing:
        places = np.array([float(each.get("InstanceNumber", number)) for number, each in enumerate(slices)])
    else:
        places = np.array([np.asarray(each.ImagePositionPatient, np.float64) @ normal for each in slices])
    order = np.argsort(places, kind="stable")
    gaps = np.diff(places[order])
    if (gaps <= 0).any():
        raise _refused(where, "two of its slices have the same place", "keep one of each")
    if not missing and gaps.max() - gaps.min() > max(_TOLERANCE * gaps.mean(), 1e-3):
        message = f"its slices are {gaps.min():.4g} to {gaps.max():.4g} mm apart: some seem to be missing"
        raise _refused(where, message, "find them, or resample the series first")
    depth = float(gaps.mean()) if not missing else float(first.get("SliceThickness", 1) or 1)
    values = np.stack([frames[number] for number in order])  # (along the normal, rows, columns)
    axes = np.array(
        [normal, turns[1], turns[0]]
    )  # directions in which they grow: x to the left, y to the back, z to the head
    closest = np.abs(axes).argmax(axis=1)
    if sorted(closest.tolist()) == [0, 1, 2]:
        spacing = np.array([depth, rows[0], rows[1]])
        grows = np.array([axes[axis, closest[axis]] > 0 for axis in range(3)])
        to = [int(np.flatnonzero(closest == direction)[0]) for direction in (2, 1, 0)]  # depth, height, width
        values = values.transpose(to)[tuple(slice(None, None, 1 if grows[axis] else -1) for axis in to)]
        depth, *rows = spacing[to].tolist()
    return Volume(_checked(values, where), (depth, rows[0], rows[1]), _attributes(first))


def _pixels(part: Any) -> NDArray[Any]:
    """The pixels of a DICOM file in its units, such as Hounsfield units; float32 where it rescales them."""
    pixels: NDArray[Any] = part.pixel_array
    slope, intercept = float(part.get("RescaleSlope", 1) or 1), float(part.get("RescaleIntercept", 0) or 0)
    return pixels if (slope, intercept) == (1, 0) else (pixels * np.float32(slope) + np.float32(intercept))


def _attributes(part: Any) -> dict[str, str]:
    def found() -> Iterator[tuple[str, str]]:
        for element in part:
            if element.keyword and element.VR in ("LO", "SH", "PN", "CS", "UI", "IS", "DA", "AS"):
                yield element.keyword, str(element.value)

    return dict(found())


def _checked(values: NDArray[Any], path: str) -> NDArray[Any]:
    if values.dtype.kind not in "biuf" or values.ndim != 3 or not values.size:
        message = f"it has the type {values.dtype} and the shape {values.shape}; expected (depth, height, width)"
        raise _refused(path, message)
    if values.size > _BIGGEST:
        raise _refused(path, f"it has {values.size:,} voxels, more than {_BIGGEST:,}")
    if values.dtype.kind == "f" and not np.isfinite(values).all():
        raise _refused(path, "it holds NaN or infinite values", "put a number there: the value of air, or 0")
    return values


def _refused(path: str, message: str, hint: str = "") -> DataError:
    return DataError(Problem(f"{printable(path)}: {message}", hint))
