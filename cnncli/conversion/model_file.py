"""Open a `.keras` file for conversion: screened, without its weights; everything that a recipe cannot hold is named."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

import keras

from cnncli.conversion.refused_layers import refused_layers
from cnncli.data.targets import TargetInfo
from cnncli.errors import ModelFileError
from cnncli.inference.keras_file import open_network
from cnncli.messages import printable
from cnncli.model_file_validation import archive
from cnncli.model_file_validation.strict_json import parse


@dataclass(frozen=True)
class OpenedModel:
    """A model to convert.

    Attributes:
        model: its weights have no values.
        name: for the recipe: that of the run's recipe, else of the file.
        targets: of the training, where the file says them.
    """

    model: keras.Model
    name: str
    targets: TargetInfo | None


def open_for_recipe(path: Path) -> OpenedModel:
    """Open a model.

    Raises:
        ModelFileError: it is missing, damaged or no model, or holds layers or functions that no recipe can hold.
    """
    shown = printable(str(path))
    if problems := refused_layers(parse(archive.read(path).config, shown, member="config.json")):
        raise ModelFileError(problems)
    model, about = open_network(path)
    stem = re.sub(r"[^A-Za-z0-9._-]", "-", path.stem).lstrip("._-")[:64]
    return OpenedModel(model, about.recipe if about else stem or "model", about.targets if about else None)
