"""Hints for files whose data format is not read: what they are, by their endings, and what to make of them."""

from __future__ import annotations

from collections.abc import Iterable

_TO_PNG = "export them as PNG or JPEG"
_ARRAYS = "use `source: {npz: {path: …}}` with the arrays x_train and y_train"
_UNPACK = "unpack them"
_TO_CSV = "save as CSV UTF-8 in Excel or LibreOffice"
_SOUNDS = "make arrays first: docs/public-data-sets.md has an example for sounds"
_SERIES = f"{_ARRAYS}: aeon reads them; the UCR archive also has .tsv files, which are read as they are"
_VOLUMES = "use `source: {volume_folder: {path: …}}`"
_BY_PANDAS = "save as CSV or Parquet with pandas"
# Ending -> what the files are, and what to do; the longest ending that fits counts.
_KINDS = {
    ".dcm": (
        "DICOM",
        f"`source: {{volume_folder: {{path: …}}}}` reads volumes; or {_TO_PNG}: 16-bit PNG keeps more than 8 bits",
    ),
    ".nii": ("NIfTI", _VOLUMES),
    ".nii.gz": ("NIfTI", _VOLUMES),
    ".npy": ("NumPy array", f"{_ARRAYS}: numpy.savez writes it"),
    ".npz": ("NumPy archive", _ARRAYS),
    ".mat": ("MATLAB", f"{_ARRAYS}: scipy.io.loadmat reads them, those of version 7.3 h5py"),
    ".h5": ("HDF5", f"{_ARRAYS}: h5py reads them"),
    ".hdf5": ("HDF5", f"{_ARRAYS}: h5py reads them"),
    ".pkl": ("pickle", f"{_ARRAYS}; to read a pickle runs code: open only your own"),
    ".pickle": ("pickle", f"{_ARRAYS}; to read a pickle runs code: open only your own"),
    ".pt": ("PyTorch", f"{_ARRAYS}: `tensor.numpy()` makes arrays"),
    ".csv": ("CSV", "`cnncli init FILE` writes a recipe for a table"),
    ".tsv": ("TSV", "`cnncli init FILE` writes a recipe for a table"),
    ".xlsx": ("Excel", _TO_CSV),
    ".xlsm": ("Excel", _TO_CSV),
    ".xls": ("Excel", _TO_CSV),
    ".ods": ("OpenDocument", _TO_CSV),
    ".jsonl": ("JSON lines", f"{_BY_PANDAS}: `pd.read_json(FILE, lines=True).to_csv('table.csv', index=False)`"),
    ".ndjson": ("JSON lines", f"{_BY_PANDAS}: `pd.read_json(FILE, lines=True).to_csv('table.csv', index=False)`"),
    ".feather": ("Feather", _BY_PANDAS),
    ".sqlite": ("SQLite", _BY_PANDAS),
    ".db": ("SQLite", _BY_PANDAS),
    ".arff": ("ARFF", f"{_BY_PANDAS}: scipy.io.arff.loadarff reads them"),
    ".ts": ("time series (.ts)", _SERIES),
    ".wav": ("WAV", _SOUNDS),
    ".mp3": ("MP3", _SOUNDS),
    ".flac": ("FLAC", _SOUNDS),
    ".ogg": ("Ogg", _SOUNDS),
    ".m4a": ("M4A", _SOUNDS),
    ".mp4": ("MP4", "export frames as images"),
    ".avi": ("AVI", "export frames as images"),
    ".mov": ("MOV", "export frames as images"),
    ".edf": ("EDF", f"{_ARRAYS}: pyedflib reads them"),
    ".zip": ("zip", _UNPACK),
    ".tar": ("tar", _UNPACK),
    ".tar.gz": ("tar", _UNPACK),
    ".tgz": ("tar", _UNPACK),
}


def kind_of_file(name: str) -> tuple[str, str] | None:
    """What a file is by its ending, and what to do; None where nothing is known about it.

    Example:
        >>> kind_of_file("photos.TAR")
        ('tar', 'unpack them')
    """
    lower = name.lower()
    ending = max((ending for ending in _KINDS if lower.endswith(ending)), key=len, default=None)
    return _KINDS[ending] if ending is not None else None


def advice_for(names: Iterable[str]) -> list[str]:
    """What to do about files, by their names: a line for each format that occurs, the format of most files first.

    Example:
        >>> advice_for(["a/1.tar", "a/notes.txt"])
        ['1 tar file: unpack them']
    """
    counts: dict[tuple[str, str], int] = {}
    for name in names:
        if (kind := kind_of_file(name)) is not None:
            counts[kind] = counts.get(kind, 0) + 1
    ordered = sorted(counts.items(), key=lambda item: -item[1])
    return [f"{count:,} {kind} {'file' if count == 1 else 'files'}: {what}" for (kind, what), count in ordered]
