"""The base of the sources of images with boxes: each parses labels, and all are read alike."""

from __future__ import annotations

import importlib
from abc import abstractmethod
from typing import TypeVar

from cnncli.data.sources.base import ModelRequest, Request, Source
from cnncli.data.sources.boxed_images import BoxedImages, read_boxed, read_boxed_for_model
from cnncli.data.sources.loaded_data import LoadedData, problems_at
from cnncli.recipe.sources.boxes import BoxSettings
from cnncli.recipe.yaml.nodes import Path

_Settings = TypeVar("_Settings", bound=BoxSettings)


class BoxSource(Source[_Settings]):
    """A source of images with boxes."""

    @abstractmethod
    def labels(self, settings: _Settings) -> BoxedImages:
        """The images and their labels, as they are written.

        Raises:
            DataError: files are missing, or are not what they should be.
        """

    def read(self, settings: _Settings, request: Request) -> LoadedData:
        with problems_at(*_path(settings)):
            found = self.labels(settings)
        return read_boxed(found, settings, request, _path(settings))

    def read_for_model(self, settings: _Settings, request: ModelRequest) -> LoadedData:
        return read_boxed_for_model(self.labels(settings), settings, request, _path(settings))


def labels_of(settings: BoxSettings) -> BoxedImages:
    """The images of a source and their labels, as they are written.

    Raises:
        DataError: as `BoxSource.labels`.
    """
    source: BoxSource[BoxSettings] = importlib.import_module(f"cnncli.data.sources.{settings.MODULE}").SOURCE
    return source.labels(settings)


def _path(settings: BoxSettings) -> Path:
    return ("data", "source", settings.MODULE)
