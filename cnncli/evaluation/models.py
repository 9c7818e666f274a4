"""A run or a `.keras` file -> its model and what has to be known beside it."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import keras

from cnncli import runs
from cnncli.data.numbers import Numbers
from cnncli.errors import ModelFileError, OutputError, RecipeError
from cnncli.evaluation import model_file, run_model
from cnncli.recipe.load import LoadedRecipe, load_bytes
from cnncli.recipe.objects import KerasObject, read
from cnncli.runs.record import MODEL
from cnncli.screening.archive import HDF5_HINT
from cnncli.wording import printable


@dataclass(frozen=True)
class TrainedModel:
    """A trained model.

    Attributes:
        model: raw examples -> outputs.
        name: how messages and pictures call it: the run's folder or the file.
        run: the run's folder; None for a file from elsewhere.
        class_names: None for a file from elsewhere; empty where the run's labels are quantities.
        recipe: the run's resolved recipe; None for a file from elsewhere.
        numbers: of the training targets, where the run's labels are quantities.
    """

    model: keras.Model
    name: str
    run: Path | None = None
    class_names: tuple[str, ...] | None = None
    recipe: LoadedRecipe | None = None
    numbers: Numbers | None = None

    @property
    def input_shape(self) -> tuple[int | None, ...]:
        return tuple(self.model.input_shape[1:])


def open_model(run_or_file: str | None, *, outputs: Path) -> TrainedModel:
    """Open what RUN or MODEL on the command line means.

    Args:
        run_or_file: a run's folder or name, a `.keras` file, or None for the newest run.
        outputs: the folder of all runs.

    Raises:
        OutputError: no such run.
        ModelFileError: the model's file is missing, cut short, no model, holds more than a network, or does not fit the
            run's recipe.
        ResourceError: it does not fit into memory.
    """
    if run_or_file is not None and _is_model_file(run_or_file):
        path = Path(run_or_file)
        # A run's own model.keras, named by its file, is still that run's.
        if path.name == MODEL and os.path.isfile(path.parent / runs.RECORD):
            return _open_run(path.parent)
        return TrainedModel(model_file.open_file(path), str(path))
    return _open_run(runs.find(outputs, run_or_file, require_model=True))


def _is_model_file(text: str) -> bool:
    path = Path(text)
    if "://" in text:
        raise ModelFileError(f"a model is a local .keras file, got {printable(text)}", hint="download it first")
    if path.suffix.lower() in (".h5", ".hdf5"):
        raise ModelFileError(f"{printable(text)} is an HDF5 model, which can hold code", hint=HDF5_HINT)
    if path.suffix.lower() in _DATA_SUFFIXES and os.path.isfile(path):
        hint = f"score a run on it with: cnncli evaluate --data {printable(text)}"
        raise ModelFileError(f"{printable(text)} is data, not a trained model", hint=hint)
    if os.path.isfile(path) and os.path.isfile(path.parent / runs.RECORD) and path.suffix != ".keras":
        hint = f"name the run: {printable(str(path.parent))}"
        raise ModelFileError(f"{printable(text)} is a file of a run, not a trained model", hint=hint)
    return path.suffix == ".keras" or os.path.isfile(path)


_DATA_SUFFIXES = (".npz", ".npy", ".csv", ".png", ".jpg", ".jpeg", ".bmp", ".gif", ".webp", ".zip")


def _open_run(path: Path) -> TrainedModel:
    record = runs.read_record(path)
    resolved = path / "resolved.yaml"
    try:
        recipe = load_bytes(resolved.read_bytes(), str(resolved))
        class_names = tuple(str(name) for name in record["class_names"])
        has_numbers = recipe.recipe.data.targets == "numbers"
        numbers = Numbers.from_json(record["data"]["numbers"]) if has_numbers else None
    except FileNotFoundError as error:
        raise OutputError(f"{path} is not complete: {resolved.name} is missing", hint=_TRAIN_AGAIN) from error
    except RecipeError as error:
        raise _damaged(resolved, error) from error
    except (OSError, KeyError, TypeError, ValueError) as error:
        raise OutputError(f"{path} is not complete: {error}", hint=_TRAIN_AGAIN) from error
    try:
        model = run_model.open_run(path, recipe.recipe, record)
    except RecipeError as error:
        raise _damaged(resolved, error) from error
    return TrainedModel(model, str(path), path, class_names, recipe, numbers)


def _damaged(resolved: Path, error: RecipeError) -> OutputError:
    return OutputError(f"{resolved} is damaged: {error.problems[0].message}", hint=_TRAIN_AGAIN)


_TRAIN_AGAIN = "train it again"


def default_loss(model: keras.Model) -> KerasObject:
    """The loss of a model of which nothing else is known, by its last activation."""
    last = model.layers[-1]
    activation: Any = getattr(last, "activation", None)
    name = "softmax" if isinstance(last, keras.layers.Softmax) else getattr(activation, "__name__", "")
    if name == "sigmoid":
        return KerasObject("losses", "binary_crossentropy")
    if name == "softmax":
        return KerasObject("losses", "sparse_categorical_crossentropy")
    found, _ = read({"SparseCategoricalCrossentropy": {"from_logits": True}}, "losses")
    assert found is not None
    return found
