"""The answers of the demo: prediction, Grad-CAM and messages for one image, or a table for a file."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cnncli.data import images
from cnncli.demo.predicted_pictures import Pictures, titles_of
from cnncli.errors import CnncliError, DataError, ModelFileError, Problem
from cnncli.inference.image_checks import look_at
from cnncli.inference.input_warnings import warnings_for_files, warnings_for_images
from cnncli.inference.inputs import Given, look_up
from cnncli.inference.model_loading import TrainedModel
from cnncli.inference.predict import Predictor, takes_text
from cnncli.inference.text_inputs import look_up_texts
from cnncli.inputs import TEXT, kind_of
from cnncli.interpretability.attribution import heat_of, layer_for
from cnncli.interpretability.layer_selection import check_finite
from cnncli.interpretability.original_photos import read_photo
from cnncli.interpretability.subject import Subject, subject_for
from cnncli.interpretability.word_heat import word_heat
from cnncli.interpretability.words import words
from cnncli.messages import counted, printable
from cnncli.network.flatten_submodels import opened
from cnncli.plots.heat_maps import overlay

TOP = 5  # classes that are shown
MOST_ROWS = 100  # of a file's examples
_MOST_PROBLEMS = 10  # of a file
_LARGEST_CANVAS = 64  # pixels: larger images are photos, which nobody draws
_SHOWN = 336  # pixels: smaller images are enlarged
_METHOD = "grad-cam"
_PLACES = ("first", "second")  # of two images that are compared


@dataclass(frozen=True, eq=False)
class Answer:
    """What the page shows for an image.

    Attributes:
        shares: from 0 to 1 by name, the largest first; empty where the outputs are no probabilities.
        text: the prediction in one line; empty where there is none.
        heat: uint8 (height, width, 3), the image in its own resolution under its Grad-CAM; None where there is none.
        message: how the image became the network's input, and warnings, a line each.
        pictures: uint8 (height, width, 3), by title: what was found, drawn; see `Answerer.titles`.
    """

    shares: dict[str, float]
    text: str
    heat: NDArray[np.uint8] | None
    message: str
    pictures: dict[str, NDArray[np.uint8]] = field(default_factory=dict)


@dataclass(frozen=True)
class Table:
    """What the page shows for a file of examples: columns, rows of text, and messages, a line each."""

    columns: list[str]
    rows: list[list[str]]
    message: str


@dataclass(frozen=True)
class TextAnswer:
    """What the page shows for a text.

    Attributes:
        shares, text, message: as of `Answer`.
        words: of the text, each with how much it speaks for the prediction (up to 1) or against it (down to -1).
    """

    shares: dict[str, float]
    text: str
    words: list[tuple[str, float]]
    message: str


class Answerer:
    """A trained model that answers the page. Images are read as `cnncli predict` reads them.

    Args:
        trained: the model.

    Attributes:
        takes_images: whether image files become its input; else it takes texts, or files of arrays.
        takes_text: whether its input is text.
        takes_drawings: whether its input is small and gray, as a drawn digit.
        titles: of the pictures that it shows of an image; of some tasks none, and the Grad-CAM instead.
        compares: whether the page takes two images, which it compares.
        draws_light_on_dark: whether a drawing, black on white, has to be inverted to look like the training images.

    Raises:
        ModelFileError: the model gives no predictions, or its weights are not finite.
    """

    def __init__(self, trained: TrainedModel) -> None:
        if isinstance(trained.input_shape, dict):
            message = f"{trained.name} takes several inputs ({', '.join(trained.input_shape)}), and the page takes one"
            raise ModelFileError(message, hint=f"cnncli predict {trained.name} data.npz")
        check_finite(trained.model, trained.name)
        self._trained = trained
        self._predictor = Predictor(trained)
        form = _image_form(trained)
        self.takes_images = form is not None
        self.takes_text = takes_text(trained)
        self.takes_drawings = bool(
            form and form.color == "grayscale" and max(form.height, form.width) <= _LARGEST_CANVAS
        )
        ground = trained.scale.ground if trained.scale else None
        self.draws_light_on_dark = ground is not None and ground < 0.5
        self.titles = list(titles_of(self._predictor.decoder).values())
        self.compares = self._predictor.decoder.COMPARES and self.takes_images
        is_explained = form or self.takes_text
        self._subject = subject_for(opened(trained.network), trained.name, trained.targets) if is_explained else None

    @property
    def summary(self) -> str:
        """`10 classes · input 28x28, grayscale`."""
        if self.takes_text:
            taken = TEXT.WORD
        elif self.takes_images:
            form = self._trained.image_form
            taken = f"{form.width}x{form.height}, {'grayscale' if form.color == 'grayscale' else 'RGB'}"
        else:
            assert not isinstance(self._trained.input_shape, dict)
            shape = "x".join("?" if side is None else str(side) for side in self._trained.input_shape)
            taken = f"{kind_of(self._trained.input_shape).WORD} of shape {shape}"
        return f"{self._predictor.decoder.size} · input {taken}"

    def image(self, path: str, *, invert: bool) -> Answer:
        """Predict an image file; what is wrong with it is in the message."""
        try:
            return self._image(path, invert)
        except CnncliError as error:
            return Answer({}, "", None, _as_text(error.problems, path))

    def pair(self, first: str, second: str, *, invert: bool) -> Answer:
        """Compare two image files; what is wrong with them is in the message."""
        try:
            form = replace(self._trained.image_form, invert=invert)
            looked = look_at(self._trained, [first, second], form)
            found = list(self._predictor.predict(look_up([first, second]), form=form, decoded=looked.decoded))
            if bad := [each for batch in found for each in batch.bad]:
                raise DataError([each.problem for each in bad])
            outputs = [batch.outputs for batch in found if len(batch.names)]
            [(_, text), *_] = self._predictor.decoder.together(_PLACES, outputs).lines
            message = _as_text([*warnings_for_images(self._trained), *looked.warnings], first)
            return Answer({}, text, None, message)
        except CnncliError as error:
            return Answer({}, "", None, _as_text(error.problems, first))

    def text(self, text: str) -> TextAnswer:
        """Predict a text; what is wrong with it is in the message."""
        assert self._subject is not None
        subject: Subject = self._subject
        [found] = self._predictor.predict(look_up_texts([text], []), top=TOP)
        if found.bad:
            return TextAnswer({}, "", [], f"The text {found.bad[0].reason}.")
        decoder, (indices, values) = self._predictor.decoder, (found.classes[0].tolist(), found.outputs[0].tolist())
        inputs = np.array([text], object)
        wanted = subject.wanted("predicted", None, subject.said(inputs))
        [heat] = word_heat(subject.network, None, inputs, wanted, score=subject.score)
        said = decoder.sentence(indices, values)
        return TextAnswer(decoder.shares(indices, values), said, list(zip(words(text), heat.tolist(), strict=True)), "")

    def file(self, path: str) -> Table:
        """Predict the first examples of an .npy, .npz or .csv file; what is wrong with it is in the message."""
        try:
            return self._file(path)
        except CnncliError as error:
            return Table([], [], _as_text(error.problems, path))

    def _image(self, path: str, invert: bool) -> Answer:
        form = replace(self._trained.image_form, invert=invert)
        looked = look_at(self._trained, [path], form)
        decoder = self._predictor.decoder
        pictures = Pictures(decoder)
        indices, values = self._predicted(look_up([path]), form, looked.decoded, pictures)
        heat, problem = (None, None) if self.titles else self._heat(path, looked.decoded[path].pixels, form)
        notes = [*warnings_for_images(self._trained), *looked.warnings, *([problem] if problem else [])]
        message = "\n".join(filter(None, [f"Image: {looked.steps}", _as_text(notes, path)]))
        return Answer(decoder.shares(indices, values), decoder.sentence(indices, values), heat, message, pictures.found)

    def _predicted(
        self, given: Given, form: images.Form, decoded: Any, pictures: Pictures
    ) -> tuple[list[int], list[float]]:
        [found] = self._predictor.predict(given, top=TOP, form=form, decoded=decoded, sink=pictures.add)
        if found.bad:
            raise DataError(found.bad[0].problem)
        return found.classes[0].tolist(), found.outputs[0].tolist()

    def _heat(
        self, path: str, pixels: NDArray[Any], form: images.Form
    ) -> tuple[NDArray[np.uint8] | None, Problem | None]:
        """The image of the file under the Grad-CAM of the prediction, and a note; or why there is none.

        Args:
            pixels: what the network gets.
        """
        assert self._subject is not None
        subject: Subject = self._subject
        try:
            layer = layer_for(subject.network, _METHOD, None)
        except CnncliError as error:
            return None, Problem(f"no Grad-CAM: {error.problems[0].message}")
        inputs = pixels[None]
        wanted = subject.wanted("predicted", None, subject.said(inputs))
        [heat] = heat_of(subject.network, _METHOD, layer, inputs, wanted, score=subject.score)
        note = None if heat.any() else Problem(f"Grad-CAM at {layer}: nothing speaks for the prediction")
        photo = read_photo(path, form)
        photo = replace(photo, pixels=_enlarged(photo.pixels))
        return overlay(photo.pixels, photo.heat(heat)), note

    def _file(self, path: str) -> Table:
        given = look_up([path])
        if given.has_images:
            raise DataError(f"{path} is no .npy, .npz or .csv file")
        decoder = self._predictor.decoder
        rows: list[list[str]] = []
        problems = warnings_for_files(self._trained, given)
        total = 0
        for found in self._predictor.predict(given, top=TOP):
            total += len(found.names)
            problems += [bad.problem for bad in found.bad]
            for name, indices, values in zip(found.names, found.classes, found.outputs, strict=True):
                if len(rows) < MOST_ROWS:
                    row = decoder.row(indices.tolist(), values.tolist())
                    rows.append([str(name.index), *(cell.strip() for cell in row)])
        shown = f"{counted(total, 'example')}{f', the first {MOST_ROWS} are shown' * (total > MOST_ROWS)}"
        notes = [f"File: {shown}"] * (total > 0) + [_as_text(problems[:_MOST_PROBLEMS], path)]
        titles = ["example", *(title.strip() for title in decoder.titles)]
        used = [column for column, title in enumerate(titles) if title]
        rows = [[row[column] for column in used] for row in rows]
        return Table([titles[column] for column in used], rows, "\n".join(filter(None, notes)))


def _image_form(trained: TrainedModel) -> images.Form | None:
    """What an image file becomes; None where the network takes something else, or images of channels that no file has."""
    assert not isinstance(trained.input_shape, dict)
    if not kind_of(trained.input_shape).FROM_IMAGE_FILES:
        return None
    try:
        return trained.image_form
    except DataError:
        return None


def _enlarged(pixels: NDArray[Any]) -> NDArray[Any]:
    """Repeat the pixels (height, width, channels) of a small image, so that the heat over it is smooth."""
    times = max(1, _SHOWN // max(pixels.shape[:2]))
    return pixels.repeat(times, axis=0).repeat(times, axis=1)


def _as_text(problems: Iterable[Problem], path: str) -> str:
    """Problems as lines, in which a temporary file is called by its name alone."""
    lines = ["; ".join([problem.message, *problem.hint.splitlines()]) for problem in problems]
    return "\n".join(lines).replace(printable(path), printable(Path(path).name))
