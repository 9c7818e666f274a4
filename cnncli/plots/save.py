"""Save a figure: whole or not at all, with equal bytes for equal numbers."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import IO, Any

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from PIL import Image, PngImagePlugin

from cnncli.errors import OutputError
from cnncli.plots.sentence_sheet import CONTENT
from cnncli.plots.style import look
from cnncli.runs.output_files import OutputFile, OutputFolder, StrPath
from cnncli.runs.storage import storage_error

FORMATS = ("png", "svg")
# What matplotlib would write beside an SVG, the time of day among it.
_METADATA: dict[str, Any] = {"Date": None, "Creator": None, "Format": None, "Type": None}


_MADE_BY = ("Software", "cnncli")  # in every PNG, so that our own pictures are known again

Folder = Path | OutputFolder


def save(figure: Figure, path: StrPath | OutputFile, *, formats: Sequence[str] = ("png",)) -> list[Path]:
    """Save a figure once per format and return the files.

    Each file is written under a temporary name in the same folder and then renamed, so that a full disk or a kill
    leaves the picture that was there.

    Args:
        path: where to, in a folder that exists; an ending `.png` or `.svg` is replaced by each format's own, any other
            dot belongs to the name (`filters-block1.conv1`). A path is replaced, an `OutputFile` follows its own rules.
        formats: "png" (150 dots per inch), "svg", or both.

    Raises:
        OutputError: a file cannot be written.
        ValueError: an unknown format.
    """
    unknown = [name for name in formats if name not in FORMATS]
    if unknown:
        raise ValueError(f"formats are among {', '.join(FORMATS)}; received: {', '.join(unknown)}")
    if isinstance(path, OutputFile):
        files = [replace(path, path=each) for each in _paths(path.path, formats)]
        return [_write_output(figure, file, name) for file, name in zip(files, formats, strict=True)]
    return [_write(figure, each, name) for each, name in zip(_paths(Path(path), formats), formats, strict=True)]


def claim(folder: Folder, stems: Iterable[str], formats: Sequence[str]) -> None:
    """Refuse, before anything is drawn, pictures that would replace files of the user.

    Raises:
        OutputError: with the first of them.
    """
    if isinstance(folder, OutputFolder):
        folder.check([f"{stem}.{name}" for stem in stems for name in formats])


def is_ours(path: Path) -> bool:
    """Whether a file is a PNG that `save` wrote, today or once; false for a picture that another program has changed."""
    name, program = _MADE_BY
    try:
        with Image.open(path) as image:
            return image.info.get(name) == program
    except (OSError, ValueError, SyntaxError):  # Pillow raises SyntaxError for a damaged PNG
        return False


def _paths(path: Path, formats: Sequence[str]) -> list[Path]:
    stem = path.stem if path.suffix.lower().lstrip(".") in FORMATS else path.name
    return [path.with_name(f"{stem}.{name}") for name in formats]


def _write_output(figure: Figure, file: OutputFile, kind: str) -> Path:
    with file.writing() as stream:
        write(figure, stream, kind)
    return file.path


def write(figure: Figure, file: IO[bytes], kind: str) -> None:
    """Write a figure to an open file.

    Args:
        kind: one of `FORMATS`.
    """
    with look():
        if kind == "png":
            # The default level takes twice the time for a tenth less.
            made_by = PngImagePlugin.PngInfo()
            made_by.add_text(*_MADE_BY)
            if content := figure.get_label():
                made_by.add_itxt(CONTENT, str(content), zip=True)
            _pixels(figure).save(file, "PNG", compress_level=1, dpi=(figure.dpi, figure.dpi), pnginfo=made_by)
        else:
            figure.savefig(file, format=kind, metadata=_METADATA)


def make_folder(folder: Folder) -> None:
    """Make a folder for pictures, and those above it.

    Raises:
        OutputError: it cannot be made.
    """
    folder = folder.path if isinstance(folder, OutputFolder) else folder
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
    canvas: Any = figure.canvas if isinstance(figure.canvas, FigureCanvasAgg) else FigureCanvasAgg(figure)
    canvas.draw()
    size, pixels = canvas.get_width_height(), canvas.buffer_rgba()
    drawn = Image.frombuffer("RGBA", size, pixels, "raw", "RGBA", 0, 1).convert("RGB")
    vars(canvas.renderer).clear()  # the pixels: all texts keep the renderer, in cycles that Python finds late
    FigureCanvasAgg(figure)  # where the figure is drawn again
    return drawn
