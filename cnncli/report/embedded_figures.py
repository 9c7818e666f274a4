"""Pictures embedded in a report, within a size limit."""

from __future__ import annotations

import base64
import io
import re
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from markupsafe import Markup
from PIL import Image
from pydantic import ValidationError

from cnncli.errors import OutputError
from cnncli.plots import naming
from cnncli.plots.sentence_sheet import CONTENT, SentenceSheet
from cnncli.recipe.schema_pictures import MOST_PICTURES
from cnncli.runs.record import regular_content

_LARGE = 150_000  # bytes from which a picture is stored as WebP
_LARGEST = 500_000  # bytes of one picture in the page
_WIDEST, _TALLEST = 1600, 3200  # pixels of a picture that is stored anew
_NARROWEST = 500
_QUALITIES = (85, 65)  # of WebP
_NARROWEST_OF_MANY = 320  # where the page has little room
_PREFIX = len("data:image/webp;base64,")
_SHOWN = 96 / 150  # pixels of the page for one of a picture
_MOST_PIXELS = 64_000_000  # that are decoded

_METHODS = {"grad-cam++": "Grad-CAM++", "grad-cam": "Grad-CAM", "smoothgrad": "SmoothGrad", "occlusion": "occlusion"}
_METHOD = rf"(?P<method>{'|'.join(map(re.escape, _METHODS))})"
# What a file shows, by its name: the pattern, its kind, and the words for it.
_KINDS = (
    (r"search-history", "search-history", "The metric of each trial, and the best so far"),
    (r"search-importance", "search-importance", "Importance of each parameter"),
    (r"search-slices", "search-slices", "The metric over each parameter"),
    (r"search-coordinates", "search-coordinates", "Parallel coordinates: the values of each trial and its metric"),
    (r"samples", "samples", "Training examples of each class"),
    (r"pipeline", "pipeline", "Examples as they are read, after augment, and after prepare"),
    (r"copies", "copies", "Equal and nearly equal examples side by side"),
    (r"blank", "blank", "Examples of one value, or nearly so"),
    (r"curves", "curves", "Loss and metrics by epoch"),
    (r"confusion", "confusion", "Confusion matrix: true and predicted classes"),
    (r"roc|precision-recall", "roc", "ROC and precision-recall curves"),
    (r"calibration", "calibration", "Calibration: accuracy by the probability of the predicted class"),
    (r"thresholds", "thresholds", "Precision, recall and F1 by threshold"),
    (r"verification", "verification", "Similarities of pairs, and the ROC curve"),
    (r"neighbours", "neighbours", "Examples with their nearest neighbours"),
    (r"reconstructions", "reconstructions", "Examples with their reconstructions and errors"),
    (r"wrong", "wrong", "Wrong predictions with the highest probabilities"),
    (r"box-curves", "box-curves", "Precision over recall of each class"),
    (r"boxes", "boxes", "Examples with true and predicted boxes"),
    (r"costly", "wrong", "Mistakes about which the network was most certain"),
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
        file: the PNG file.
        kind: `curves`, `filters`, …; `other` where the name says nothing.
        about: what it shows, for who cannot see it.
        source: a `data:` URI, which needs no escaping.
        width, height: of the page, for 150 pixels to the inch as the pictures are drawn.
        sentences: what a picture of sentences shows: the page writes them out; None for any other picture.
    """

    file: Path
    kind: str
    about: str
    source: Markup
    width: int
    height: int
    sentences: SentenceSheet | None = None

    @property
    def size(self) -> int:
        """The bytes that it takes in the page."""
        return len(self.sentences.model_dump_json()) if self.sentences else len(self.source)


@dataclass(frozen=True)
class Album:
    """The pictures of a run.

    Attributes:
        pictures: those that are shown, in the order of `_KINDS`, of their layers in the network, and of their names.
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


def gather(files: Sequence[Path], *, without: Sequence[str] = (), layers: Sequence[str] = ()) -> Album:
    """Read pictures; large ones are stored smaller.

    Args:
        files: PNG.
        without: kinds that the page draws itself.
        layers: of the network, in their order.
    """
    order = [kind for _, kind, _ in _KINDS]
    found = [(file, *kind_of(file)) for file in files]
    wanted = [each for each in found if each[1] not in without]
    places = {naming.part(name): place for place, name in enumerate(layers)}
    wanted.sort(
        key=lambda each: (
            order.index(each[1]) if each[1] in order else len(order),
            _layer_place(each[0].stem, each[1], places),
            _natural(each[0].stem),
        )
    )
    left_out: list[str] = []
    if len(wanted) > MOST_PICTURES:
        left_out.append(f"{len(wanted) - MOST_PICTURES:,} more pictures: a page shows {MOST_PICTURES}")
        wanted = wanted[:MOST_PICTURES]
    shown: list[Picture] = []
    for file, kind, about in wanted:
        try:
            shown.append(_picture(file, kind, about, _content(file, _LARGEST, _NARROWEST)))
        except (OutputError, OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
            left_out.append(f"{file.name}: {_reason(error)}")
    return Album(tuple(shown), tuple(left_out))


def _picture(file: Path, kind: str, about: str, stored: _Stored) -> Picture:
    source = Markup(f"data:image/{stored.form};base64,{base64.b64encode(stored.content).decode()}")  # A-Z, 0-9, +/=
    width, height = (max(1, round(length * _SHOWN)) for length in stored.size)
    return Picture(file, kind, about, source, width, height, stored.sentences)


def within(albums: Sequence[Album], most_bytes: int) -> list[Album]:
    """Store pictures smaller until all have room in a page, and leave out those that have none even so.

    Each run has an equal share of the room; what some do not need is shared by the others.

    Args:
        most_bytes: for the pictures of all albums together.
    """
    needs = [sum(picture.size for picture in album.pictures) for album in albums]
    return [_fitted(album, room) for album, room in zip(albums, _shares(needs, most_bytes), strict=True)]


def _shares(needs: Sequence[int], total: int) -> list[int]:
    """The share of each in a total: its need, or an equal part of what those with smaller needs leave."""
    shares = [0] * len(needs)
    left = total
    for rank, place in enumerate(sorted(range(len(needs)), key=lambda place: needs[place])):
        shares[place] = min(needs[place], left // (len(needs) - rank))
        left -= shares[place]
    return shares


def _fitted(album: Album, room: int) -> Album:
    largest = max(_shares([picture.size for picture in album.pictures], room), default=0)
    shown: list[Picture] = []
    left_out = list(album.left_out)
    for picture in album.pictures:
        if picture.size > largest:
            stored = _content(picture.file, (largest - _PREFIX) * 3 // 4, _NARROWEST_OF_MANY)
            picture = _picture(picture.file, picture.kind, picture.about, stored)
        if picture.size > room:
            left_out.append(f"{picture.file.name}: the page has no room left for its {picture.size / 1000:,.0f} KB")
            continue
        room -= picture.size
        shown.append(picture)
    return Album(tuple(shown), tuple(left_out))


def _layer_place(stem: str, kind: str, places: Mapping[str, int]) -> int:
    """Where the first layer of a picture's name stands in the network; -1 where none is named."""
    base, *options = stem.split("--")
    named = "".join(options[:1]) if kind == "feature_maps" else re.sub(rf"^({_METHOD}|filters|maximize)-", "", base)
    parts = named.split("-")
    starts = ("-".join(parts[:count]) for count in range(len(parts), 0, -1))
    return next((places[start] for start in starts if start in places), -1)


def _natural(text: str) -> list[tuple[str, int]]:
    """A key that sorts numbers in names by their value: 2 before 10."""
    return [(word, int(number or -1)) for word, number in re.findall(r"([^0-9]*)([0-9]*)", text)]


@dataclass(frozen=True)
class _Stored:
    """The bytes of a picture, what they are, and the (width, height) that it is shown in; it may be stored in fewer pixels.

    Attributes:
        sentences: that it shows, by its own account.
    """

    content: bytes
    form: str
    size: tuple[int, int]
    sentences: SentenceSheet | None = None


def _content(file: Path, largest: int, narrowest: int) -> _Stored:
    """A picture as it is stored in the page: as it is, or where it has many bytes in fewer.

    Args:
        largest: bytes that it should have at most.
        narrowest: pixels of its width, from which it is not made smaller still.
    """
    content = regular_content(file)
    with warnings.catch_warnings():
        warnings.simplefilter("error", Image.DecompressionBombWarning)
        with Image.open(io.BytesIO(content), formats=["PNG"]) as image:
            if image.width * image.height > _MOST_PIXELS:
                raise Image.DecompressionBombError
            if sentences := _sentences(image):
                image.verify()
                return _Stored(b"", "png", image.size, sentences)
            if len(content) > min(_LARGE, largest):
                return _smaller(image, content, largest, narrowest)
            image.verify()  # the checksums of its parts; much faster than decoding it
            return _Stored(content, "png", image.size)


def _sentences(image: Image.Image) -> SentenceSheet | None:
    """The sentences of a picture that cnncli drew; None for any other picture."""
    content = image.info.get(CONTENT)
    if content is None:
        return None
    try:
        return SentenceSheet.model_validate_json(str(content))
    except ValidationError:
        return None


def _smaller(image: Image.Image, content: bytes, largest: int, narrowest: int) -> _Stored:
    """A picture as WebP, and as much smaller as it takes."""
    shown = Image.new("RGB", image.size, "white")
    shown.paste(image, mask=image.getchannel("A") if "A" in image.getbands() else None)
    factor = min(1.0, _WIDEST / image.width, _TALLEST / image.height)
    full = (max(1, round(image.width * factor)), max(1, round(image.height * factor)))
    while True:
        size = (max(1, round(image.width * factor)), max(1, round(image.height * factor)))
        part = shown if size == shown.size else shown.resize(size, Image.Resampling.LANCZOS)
        for quality in _QUALITIES:
            stream = io.BytesIO()
            part.save(stream, "WEBP", quality=quality, method=2)  # the methods above 2 take longer and save little
            if len(stream.getvalue()) <= largest:
                break
        if len(stream.getvalue()) <= largest or size[0] <= narrowest:
            break
        factor *= 0.8
    if len(stream.getvalue()) >= len(content):
        return _Stored(content, "png", image.size)
    return _Stored(stream.getvalue(), "webp", full)


def _reason(error: Exception) -> str:
    if isinstance(error, OutputError):
        return error.problems[0].message
    if isinstance(error, Image.DecompressionBombWarning | Image.DecompressionBombError):
        return "it has too many pixels"
    return "it is not a PNG picture, or damaged"
