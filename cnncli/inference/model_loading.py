"""Load a trained model from a run or a `.keras` file, with what is known about it."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import keras

from cnncli import runs
from cnncli.data import images
from cnncli.data.scales import Scale
from cnncli.data.shapes import written
from cnncli.data.sources.image_form import form_of
from cnncli.data.targets import TargetInfo, read_targets
from cnncli.errors import DataError, ModelFileError, OutputError, Problem, RecipeError
from cnncli.inference import keras_file, run_model
from cnncli.inference.activation_memory import Activations, measure
from cnncli.inference.model_description import About, describe
from cnncli.messages import printable
from cnncli.model_file_validation.archive import HDF5_HINT
from cnncli.network.model_outputs import output_shapes
from cnncli.network.whole_images import over_whole_images
from cnncli.recipe.example_windows import Windows
from cnncli.recipe.growth import WRITTEN_OUT
from cnncli.recipe.keras_objects.objects import KerasObject, read
from cnncli.recipe.learned import with_learned
from cnncli.recipe.load import LoadedRecipe, load_bytes
from cnncli.recipe.named_inputs import INPUT, by_name, shapes_of, without_names
from cnncli.recipe.schema import Recipe
from cnncli.recipe.sources.base import ImageSettings
from cnncli.recipe.sources.table import InputColumns
from cnncli.runs.learned_file import read_learned
from cnncli.runs.record import MODEL
from cnncli.tasks.classification.targets import ClassTargets

InputShape = tuple[int | None, ...] | dict[str, tuple[int | None, ...]]


@dataclass(frozen=True)
class TrainedModel:
    """A trained model.

    Attributes:
        model: raw examples -> outputs.
        name: how messages and pictures call it: the run's folder or the file.
        run: the run's folder; None for a file from elsewhere.
        targets: of the training; a file that does not tell them is taken for a classifier, with classes by number.
        recipe: the run's resolved recipe, with what its preprocessing learned; None for a file.
        told: what the file says about its model; None for a run, and for a file that another program saved.
        activations: what they take for one example; None for a run, and for a file whose network takes any size.
        trained_on: fingerprints and a sketch of the training examples; None where they are not known.
        tensors: name of a layer in the recipe -> what leaves it; empty for a file.
        windows: which parts of an image the network sees; None: the whole. `model` takes whole images in any case.
        of_window: the network that takes windows, where there are some.
        scales: of the raw training examples, by the name of the input; empty where they are not known.
    """

    model: keras.Model
    name: str
    targets: TargetInfo
    run: Path | None = None
    recipe: LoadedRecipe | None = None
    told: About | None = None
    scales: Mapping[str, Scale] = field(default_factory=dict)
    trained_on: Mapping[str, Any] | None = None
    activations: Activations | None = None
    tensors: Mapping[str, Any] = field(default_factory=dict)
    windows: Windows | None = None
    of_window: keras.Model | None = None

    @property
    def network(self) -> keras.Model:
        """What has the layers of the recipe: the model, or the network that it calls on windows."""
        return self.of_window or self.model

    @property
    def about(self) -> About | None:
        """What has to be known to use the model; None for a file that another program saved."""
        if self.recipe is None:
            return self.told
        return describe(self.recipe.recipe, targets=self.targets, input_shape=self._example_shape)

    @property
    def image_form(self) -> images.Form:
        """What an image file becomes: the same as the images of the training.

        Raises:
            DataError: the model takes no images.
        """
        if self.about and self.about.images:
            return self.about.images
        try:
            assert not isinstance(self.input_shape, Mapping)
            return form_of(ImageSettings(), self.input_shape)
        except DataError as error:  # no key of a recipe is to blame here
            raise DataError(replace(problem, path=(), hint="") for problem in error.problems) from error

    @property
    def input_forms(self) -> Mapping[str, images.Form]:
        """What image files become, of each of several inputs that has a form of its own."""
        return (self.about.input_images if self.about else None) or {}

    def activations_of(self, input_shape: InputShape) -> Activations | None:
        """What the activations of an example of this shape take; None for a run, which was checked before its training.

        Raises:
            ModelFileError: the network cannot be computed on examples of this shape.
        """
        if self.recipe is not None:
            return None
        return self.activations or measure(self.model, input_shape, shown=self.name)

    def check_memory(
        self, input_shape: InputShape, batch_size: int, *, keeps_all: bool = False, hint: str = ""
    ) -> None:
        """Refuse a batch that a model from elsewhere cannot compute in memory; see `Activations.check`.

        Raises:
            ResourceError: with the largest layers.
            ModelFileError: the network cannot be computed on examples of this shape.
        """
        if found := self.activations_of(input_shape):
            found.check(shown=self.name, batch_size=batch_size, keeps_all=keeps_all, hint=hint)

    @property
    def notes(self) -> tuple[Problem, ...]:
        """What is not known, and what is done instead."""
        if self.about is not None:
            return ()
        what = f"{printable(self.name)} does not contain class names or how images are read"
        return (Problem(f"{what}: classes are numbers, images are stretched"),)

    @property
    def scale(self) -> Scale | None:
        """Of the raw training examples of a model with one input; None where it is not known."""
        return self.scales.get(INPUT)

    @property
    def _example_shape(self) -> tuple[int, ...] | dict[str, tuple[int, ...]]:
        recorded = shapes_of(self.recipe.recipe.model) if self.recipe else None
        known = by_name(recorded or self.input_shape)
        return without_names({name: tuple(length or 0 for length in shape) for name, shape in known.items()})

    @property
    def input_shape(self) -> InputShape:
        """The shape of one example; of several inputs, and of one that has a name, by name."""
        shapes = {tensor.name: tuple(tensor.shape[1:]) for tensor in self.model.inputs}
        if isinstance(self._recorded_shape, Mapping):
            return {name: shapes[name] for name in self._recorded_shape}
        return shapes if len(shapes) > 1 else tuple(self.model.inputs[0].shape[1:])

    @property
    def names_its_inputs(self) -> bool:
        """Whether what is known of the model has names for its inputs."""
        return isinstance(self._recorded_shape, Mapping)

    @property
    def _recorded_shape(self) -> Any:
        return self.recipe.recipe.model.input if self.recipe else self.told.input_shape if self.told else None


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
        return _open_file(path)
    return _open_run(runs.find(outputs, run_or_file, require_model=True))


def _open_file(path: Path) -> TrainedModel:
    opened = keras_file.open_file(path)
    told = opened.about
    if told is None:
        return TrainedModel(opened.model, str(path), numbered_classes(opened.model), activations=opened.activations)
    return TrainedModel(
        over_whole_images(opened.model, told.windows),
        str(path),
        told.targets,
        told=told,
        scales=by_name(told.input_range) if told.input_range else {},
        trained_on=told.trained_on.model_dump() if told.trained_on else None,
        activations=opened.activations,
        windows=told.windows,
        of_window=opened.model if told.windows else None,
    )


def _is_model_file(text: str) -> bool:
    path = Path(text)
    if "://" in text:
        raise ModelFileError(f"a model is a local .keras file, got {printable(text)}", hint="download it first")
    if path.suffix.lower() in (".h5", ".hdf5"):
        raise ModelFileError(f"{printable(text)} is an HDF5 model, which can contain code", hint=HDF5_HINT)
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
    resolved = path / runs.RESOLVED
    try:
        recipe = load_bytes(resolved.read_bytes(), str(resolved), bounds=WRITTEN_OUT)
        targets = read_targets(record["data"])
    except FileNotFoundError as error:
        raise OutputError(f"{path} is not complete: {resolved.name} is missing", hint=_TRAIN_AGAIN) from error
    except RecipeError as error:
        raise _damaged(resolved, error) from error
    except (OSError, KeyError, TypeError, ValueError) as error:
        raise OutputError(f"{path} is not complete: {error}", hint=_TRAIN_AGAIN) from error
    recipe = replace(recipe, recipe=with_learned(recipe.recipe, read_learned(path, record, recipe.recipe)))
    try:
        network = run_model.open_run(path, recipe.recipe, record)
    except RecipeError as error:
        raise _damaged(resolved, error) from error
    model = network.model
    if not targets.fits_all(given := output_shapes(model)):
        has = " and ".join(map(written, given.values()))
        message = f"{path / runs.RECORD} is damaged: it describes {targets.size}, and the network has {has} outputs"
        raise OutputError(message, hint=_TRAIN_AGAIN)
    scales, trained_on = _scales(record, recipe.recipe), record.get("trained_on")
    windows = recipe.recipe.data.windows
    return TrainedModel(
        over_whole_images(model, windows),
        str(path),
        targets,
        path,
        recipe,
        scales=scales,
        trained_on=trained_on,
        tensors=network.tensors,
        windows=windows,
        of_window=model if windows else None,
    )


def _scales(record: Mapping[str, Any], recipe: Recipe) -> dict[str, Scale]:
    """The recorded scales of the training examples by input; empty in a record without them."""
    data = record.get("data")
    recorded = data.get("input_range") if isinstance(data, Mapping) else None
    ranges = recorded if recipe.data.inputs is not None and isinstance(recorded, Mapping) else {INPUT: recorded}
    found = {name: Scale.from_json(value) for name, value in ranges.items()}
    return {name: scale for name, scale in found.items() if scale}


def _damaged(resolved: Path, error: RecipeError) -> OutputError:
    return OutputError(f"{resolved} is damaged: {error.problems[0].message}", hint=_TRAIN_AGAIN)


_TRAIN_AGAIN = "train it again"


def numbered_classes(model: keras.Model) -> ClassTargets:
    """Classes by number, as many as a model has outputs; one output tells two classes apart."""
    count = model.outputs[0].shape[-1] if len(model.outputs[0].shape) > 1 else None
    return ClassTargets.numbered(max(int(count or 0), 2))


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


def table_columns(trained: TrainedModel, name: str | None) -> InputColumns | None:
    """The columns of a table that are an input, as the recipe of a run names them; None where it names none.

    Args:
        name: of one of several inputs; None of the only one.
    """
    if trained.recipe is None:
        return None
    data = trained.recipe.recipe.data
    own = (data.inputs or {}).get(name) if name is not None else data.source.settings
    return own if isinstance(own, InputColumns) and own.given else None
