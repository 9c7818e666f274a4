"""Write a figure to disk: whole or not at all, and the same numbers give the same bytes."""

from __future__ import annotations

import os
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import IO, Any

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from PIL import Image

from cnncli.errors import OutputError
from cnncli.figures.style import look
from cnncli.runs.storage import storage_error

FORMATS = ("png", "svg")
# What matplotlib would write beside an SVG, the time of day among it.
_METADATA: dict[str, Any] = {"Date": None, "Creator": None, "Format": None, "Type": None}


def save(figure: Figure, path: str | os.PathLike[str], *, formats: Sequence[str] = ("png",)) -> list[Path]:
    """Save a figure once per format and return the files.

    Each file is written under a temporary name in the same folder and then renamed, so that a full disk or a kill
    leaves the picture that was there.

    Args:
        path: where to, in a folder that exists; an ending `.png` or `.svg` is replaced by each format's own, any other
            dot belongs to the name (`filters-block1.conv1`).
        formats: "png" (150 dots per inch), "svg", or both.

    Raises:
        OutputError: a file cannot be written.
        ValueError: an unknown format.
    """
    unknown = [name for name in formats if name not in FORMATS]
    if unknown:
        raise ValueError(f"formats are among {', '.join(FORMATS)}; received: {', '.join(unknown)}")
    path = Path(path)
    stem = path.stem if path.suffix.lower().lstrip(".") in FORMATS else path.name
    return [_write(figure, path.with_name(f"{stem}.{name}"), name) for name in formats]


def write(figure: Figure, file: IO[bytes], kind: str) -> None:
    """Write a figure to an open file.

    Args:
        kind: one of `FORMATS`.
    """
    with look():
        if kind == "png":
            # The default level takes twice the time for a tenth less.
            _pixels(figure).save(file, "PNG", compress_level=1, dpi=(figure.dpi, figure.dpi))
        else:
            figure.savefig(file, format=kind, metadata=_METADATA)


def make_folder(folder: Path) -> None:
    """Make a folder for pictures, and those above it.

    Raises:
        OutputError: it cannot be made.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except FileExistsError as error:
        raise OutputError(f"{folder} is a file, not a folder") from error
    except OSError as error:
        raise OutputError(storage_error("make", folder, error).problems[0].message) from error


def _write(figure: Figure, path: Path, kind: str) -> Path:
    temporary = path.with_name(f".{path.name}.tmp-{os.getpid()}")
    try:
        with temporary.open("wb") as file:
            write(figure, file, kind)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except OSError as error:
        raise OutputError(storage_error("write", path, error).problems[0].message) from error
    finally:
        with suppress(OSError):
            temporary.unlink()
    return path


def _pixels(figure: Figure) -> Image.Image:
    """A page drawn on opaque paper; matplotlib would write its transparency too."""
    canvas: Any = FigureCanvasAgg(figure)
    canvas.draw()
    return Image.frombuffer("RGBA", canvas.get_width_height(), canvas.buffer_rgba(), "raw", "RGBA", 0, 1).convert("RGB")
