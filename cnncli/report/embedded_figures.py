"""Pictures embedded in a report, within a size limit."""

from __future__ import annotations

import base64
import io
import re
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from markupsafe import Markup
from PIL import Image

from cnncli.errors import OutputError
from cnncli.runs.record import regular_content

_LARGE = 150_000  # bytes from which a picture is stored as WebP
_LARGEST = 500_000  # bytes of one picture in the page
_WIDEST, _TALLEST = 1600, 3200  # pixels of a picture that is stored anew
_NARROWEST = 500
_SHOWN = 96 / 150  # pixels of the page for one of a picture
_MOST = 100  # pictures of a run
_MOST_PIXELS = 64_000_000  # that are decoded

_METHODS = {"grad-cam++": "Grad-CAM++", "grad-cam": "Grad-CAM", "smoothgrad": "SmoothGrad", "occlusion": "occlusion"}
_METHOD = rf"(?P<method>{'|'.join(map(re.escape, _METHODS))})"
# What a file shows, by its name: the pattern, its kind, and the words for it.
_KINDS = (
    (r"curves", "curves", "Loss and metrics by epoch"),
    (r"confusion", "confusion", "Confusion matrix: true and predicted classes"),
    (r"roc|precision-recall", "roc", "ROC and precision-recall curves"),
    (r"calibration", "calibration", "Calibration: accuracy by the probability of the predicted class"),
    (r"thresholds", "thresholds", "Precision, recall and F1 by threshold"),
    (r"wrong", "wrong", "Wrong predictions with the highest probabilities"),
    (r"predicted", "predicted", "Predicted values over true values"),
    (r"residuals", "predicted", "Errors over true values"),
    (r"worst", "wrong", "Examples with the largest errors"),
    (rf"{_METHOD}-(?P<layer>.+)", "heat", "Heat maps: {method} at layer {layer}"),
    (_METHOD, "heat", "Heat maps: {method}"),
    (r"filters-(?P<layer>.+)", "filters", "Filters of layer {layer}"),
    (r"feature_maps\d*_(?P<image>.+)", "feature_maps", "Feature maps of image {image}"),
    (r"maximize-numbers", "maximize", "Inputs that make the outputs small or large"),
    (r"maximize-classes", "maximize", "Inputs that maximize each class"),
    (r"maximize-labels", "maximize", "Inputs that maximize each label"),
    (r"maximize-(?P<layer>.+)", "maximize", "Inputs that maximize layer {layer}"),
)


@dataclass(frozen=True)
class Picture:
    """One picture of the page.

    Attributes:
        file: its name.
        kind: `curves`, `filters`, …; `other` where the name says nothing.
        about: what it shows, for who cannot see it.
        source: a `data:` URI, which needs no escaping.
        width, height: of the page, for 150 pixels to the inch as the pictures are drawn.
    """

    file: str
    kind: str
    about: str
    source: Markup
    width: int
    height: int

    @property
    def size(self) -> int:
        """The bytes that it takes in the page."""
        return len(self.source)


@dataclass(frozen=True)
class Album:
    """The pictures of a run.

    Attributes:
        pictures: those that are shown, in the order of `_KINDS` and their names.
        left_out: what is not shown, and why, in words.
    """

    pictures: tuple[Picture, ...]
    left_out: tuple[str, ...]

    def of(self, *kinds: str) -> list[Picture]:
        """The pictures of some kinds."""
        return [picture for picture in self.pictures if picture.kind in kinds]


def kind_of(file: Path) -> tuple[str, str]:
    """What a picture shows, by its file's name: a kind, and words. What follows `--` says how it was drawn."""
    base, *options = file.stem.split("--")
    said = f" ({', '.join(map(_words, options))})" if options else ""
    for pattern, kind, about in _KINDS:
        if found := re.fullmatch(pattern, base):
            words = found.groupdict()
            return kind, about.format(**{**words, "method": _METHODS.get(words.get("method", ""), "")}) + said
    return "other", file.stem


def _words(option: str) -> str:
    """An option of a name in words, without the digest that tells files of one name apart."""
    return re.sub(r"-[0-9a-f]{8}$", "", option).replace("-", " ")


def gather(files: Sequence[Path], *, without: Sequence[str] = ()) -> Album:
    """Read pictures, and store large ones smaller.

    Args:
        files: PNG.
        without: kinds that the page draws itself.
    """
    order = [kind for _, kind, _ in _KINDS]
    found = [(file, *kind_of(file)) for file in files]
    wanted = [each for each in found if each[1] not in without]
    wanted.sort(key=lambda each: order.index(each[1]) if each[1] in order else len(order))
    shown: list[Picture] = []
    left_out: list[str] = []
    if len(wanted) > _MOST:
        left_out.append(f"{len(wanted) - _MOST:,} more pictures: a page shows {_MOST}")
        wanted = wanted[:_MOST]
    for file, kind, about in wanted:
        try:
            content, form, size = _content(file)
        except (OutputError, OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
            left_out.append(f"{file.name}: {_reason(error)}")
            continue
        source = Markup(f"data:image/{form};base64,{base64.b64encode(content).decode()}")  # letters, digits, +/=
        width, height = (max(1, round(length * _SHOWN)) for length in size)
        shown.append(Picture(file.name, kind, about, source, width, height))
    return Album(tuple(shown), tuple(left_out))


def within(albums: Sequence[Album], most_bytes: int) -> list[Album]:
    """Leave out the pictures that a page has no room for.

    Each run has an equal share of the room; what some do not need is shared by the others.

    Args:
        most_bytes: for the pictures of all albums together.
    """
    needs = [sum(picture.size for picture in album.pictures) for album in albums]
    return [_fitted(album, room) for album, room in zip(albums, _shares(needs, most_bytes), strict=True)]


def _shares(needs: Sequence[int], total: int) -> list[int]:
    """What each gets of a total: its need, or an equal part of what those with smaller needs leave."""
    shares = [0] * len(needs)
    left = total
    for rank, place in enumerate(sorted(range(len(needs)), key=lambda place: needs[place])):
        shares[place] = min(needs[place], left // (len(needs) - rank))
        left -= shares[place]
    return shares


def _fitted(album: Album, room: int) -> Album:
    shown: list[Picture] = []
    left_out = list(album.left_out)
    for picture in album.pictures:
        if picture.size > room:
            left_out.append(f"{picture.file}: the page has no room left for its {picture.size / 1000:,.0f} kB")
            continue
        room -= picture.size
        shown.append(picture)
    return Album(tuple(shown), tuple(left_out))


def _content(file: Path) -> tuple[bytes, str, tuple[int, int]]:
    """A picture's bytes, made fewer where they are many, what they are, and its width and height."""
    content = regular_content(file)
    with warnings.catch_warnings():
        warnings.simplefilter("error", Image.DecompressionBombWarning)
        with Image.open(io.BytesIO(content), formats=["PNG"]) as image:
            if image.width * image.height > _MOST_PIXELS:
                raise Image.DecompressionBombError
            if len(content) > _LARGE:
                return _smaller(image, content)
            image.verify()  # the checksums of its parts; much faster than decoding it
            return content, "png", image.size


def _smaller(image: Image.Image, content: bytes) -> tuple[bytes, str, tuple[int, int]]:
    """A picture as WebP, and as much smaller as it takes."""
    shown = Image.new("RGB", image.size, "white")
    shown.paste(image, mask=image.getchannel("A") if "A" in image.getbands() else None)
    factor = min(1.0, _WIDEST / image.width, _TALLEST / image.height)
    while True:
        size = (max(1, round(image.width * factor)), max(1, round(image.height * factor)))
        part = shown if size == shown.size else shown.resize(size, Image.Resampling.LANCZOS)
        stream = io.BytesIO()
        part.save(stream, "WEBP", quality=85, method=2)  # the methods above 2 take longer and save little
        if len(stream.getvalue()) <= _LARGEST or size[0] <= _NARROWEST:
            break
        factor *= 0.75
    if len(stream.getvalue()) >= len(content):
        return content, "png", image.size
    return stream.getvalue(), "webp", size


def _reason(error: Exception) -> str:
    if isinstance(error, OutputError):
        return error.problems[0].message
    if isinstance(error, Image.DecompressionBombWarning | Image.DecompressionBombError):
        return "it has too many pixels"
    return "it is not a PNG picture, or damaged"
