"""Hints for files whose data format is not read as images."""

from __future__ import annotations

from collections.abc import Iterable

_TO_PNG = "export them as PNG or JPEG"
_ARRAYS = "use `source: {npz: {path: …}}` with the arrays x_train and y_train"
# Ending -> what the files are, and what to do; the longest ending that fits counts.
_KINDS = {
    ".dcm": (
        "DICOM",
        f"`source: {{volume_folder: {{path: …}}}}` reads volumes; or {_TO_PNG}: 16-bit PNG keeps more than 8 bits",
    ),
    ".nii": ("NIfTI", "use `source: {volume_folder: {path: …}}`"),
    ".nii.gz": ("NIfTI", "use `source: {volume_folder: {path: …}}`"),
    ".npy": ("NumPy array", f"{_ARRAYS}: numpy.savez writes it"),
    ".npz": ("NumPy archive", _ARRAYS),
    ".mat": ("MATLAB", f"{_ARRAYS}: scipy.io.loadmat reads them"),
    ".h5": ("HDF5", f"{_ARRAYS}: h5py reads them"),
    ".hdf5": ("HDF5", f"{_ARRAYS}: h5py reads them"),
    ".csv": ("CSV", f"{_ARRAYS}, if they hold pixels or signals"),
    ".zip": ("zip", "unpack them"),
    ".tar": ("tar", "unpack them"),
    ".tar.gz": ("tar", "unpack them"),
    ".tgz": ("tar", "unpack them"),
}


def advice_for(names: Iterable[str]) -> list[str]:
    """What to do about files, by their names: a line for each format that occurs, the format of most files first.

    Example:
        >>> advice_for(["a/1.tar", "a/notes.txt"])
        ['1 tar file: unpack them']
    """
    counts: dict[tuple[str, str], int] = {}
    for name in names:
        lower = name.lower()
        ending = max((ending for ending in _KINDS if lower.endswith(ending)), key=len, default=None)
        if ending is not None:
            counts[_KINDS[ending]] = counts.get(_KINDS[ending], 0) + 1
    ordered = sorted(counts.items(), key=lambda item: -item[1])
    return [f"{count:,} {kind} {'file' if count == 1 else 'files'}: {what}" for (kind, what), count in ordered]
