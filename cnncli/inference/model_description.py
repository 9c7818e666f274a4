"""The description of a model in its file: task, class names, form of images, loss and metrics.

Of a run it follows from the record and the recipe. A copy of `model.keras` carries it in the archive member `cnncli.json`,
which Keras ignores.
"""

from __future__ import annotations

import zipfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any, Literal

import keras
from pydantic import BaseModel, ConfigDict, Field, PlainValidator, ValidationError, model_validator

import cnncli
from cnncli.data.images import Form
from cnncli.data.regression_targets import Numbers
from cnncli.data.scales import Scale
from cnncli.data.sketch import Sketch
from cnncli.data.sources.image_folder import form_of
from cnncli.errors import DataError, ModelFileError
from cnncli.messages import shortened
from cnncli.model_file_validation.archive import ABOUT
from cnncli.model_file_validation.refusal import SAVE_AGAIN
from cnncli.model_file_validation.strict_json import parse
from cnncli.recipe.keras_objects.objects import KerasObject, as_data, read
from cnncli.recipe.layers import output_activation
from cnncli.recipe.outputs import outputs_of
from cnncli.recipe.schema import ImageFolder, Recipe
from cnncli.runs.json_text import to_json

PROBABILITIES = ("softmax", "sigmoid", "hard_sigmoid")
_FORMAT: Literal[1] = 1

_LONGEST_NAME = 1000  # characters of a class name; a folder's name has 255 at most
_LONGEST_TEXT = 200
_LARGEST_SIDE = 1 << 16  # pixels of an image's side
_LARGEST_ARGUMENT = 100_000  # of a loss or metric: AUC keeps so many thresholds
_LARGEST_SQUARED = 1000  # MeanIoU keeps the square of its `num_classes`
_LARGEST_BATCH = 1 << 16
_WITHOUT = "or save it again with plain Keras, which drops that part: classes are then shown as numbers"


def _class_names(value: Any) -> tuple[str, ...]:
    if not isinstance(value, list | tuple) or not all(isinstance(name, str) for name in value):
        raise ValueError("expected a list of texts")
    if long := next((name for name in value if len(name) > _LONGEST_NAME), None):
        raise ValueError(f"a name has {len(long):,} characters")
    if len(set(value)) < len(value):
        raise ValueError("a name stands there twice")
    return tuple(value)


_Outputs = Literal["probabilities", "logits", "scores", "numbers"]
_Text = Annotated[str, Field(max_length=_LONGEST_TEXT)]
_ClassNames = Annotated[tuple[str, ...], PlainValidator(_class_names)]
_Object = str | dict[str, Any]


_Digest = Annotated[str, Field(pattern="^[0-9a-f]{64}$")]


class TrainedOn(BaseModel):
    """Fingerprints of the examples of the training split, and of all splits together; see `fingerprint.of_set`.

    `sketch` records some of the training examples, see `sketch.sketch_of`; None where that tells nothing.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    train: _Digest
    all: _Digest
    sketch: Sketch | None = None


class About(BaseModel):
    """What a model file says about its model.

    Attributes:
        format: of this description.
        cnncli, keras: the versions that wrote it.
        recipe: the recipe's name.
        task: what the network was trained for.
        class_names: by output; with one output the names of classes 0 and 1. Empty where the network gives numbers.
        numbers: of the training targets; None where the network tells classes apart.
        outputs: what the network gives: `probabilities`, `logits` (softmax or sigmoid makes probabilities of them), `scores`
            that cannot be read as probabilities, or `numbers`.
        input_shape: of one raw example, such as [28, 28, 1].
        input_range: the scale of the raw training examples; None where it is not known.
        trained_on: fingerprints of the examples that trained; None where they are not known.
        images: what an image file becomes before it enters the network; None where the network takes no images.
        loss, metrics: as a recipe writes them.
        batch_size: in which the run scored its examples; another one may change the last bits.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    format: Literal[1] = _FORMAT
    cnncli: _Text
    keras: _Text
    recipe: _Text
    task: Literal["classes", "numbers"]
    class_names: _ClassNames
    numbers: Numbers | None = None
    outputs: _Outputs
    input_shape: Annotated[tuple[Annotated[int, Field(ge=1)], ...], Field(min_length=1, max_length=4)]
    input_range: Scale | None = None
    trained_on: TrainedOn | None = None
    images: Form | None = None
    loss: _Object
    metrics: Annotated[tuple[_Object, ...], Field(max_length=50)] = ()
    batch_size: Annotated[int, Field(ge=1, le=_LARGEST_BATCH)]

    @model_validator(mode="after")
    def _consistent(self) -> About:
        if problem := next(self._contradictions(), None):
            raise ValueError(problem)
        return self

    def _contradictions(self) -> Iterator[str]:
        gives_numbers = self.task == "numbers"
        if gives_numbers != (self.numbers is not None) or gives_numbers == bool(self.class_names):
            yield "`task`, `class_names` and `numbers` contradict each other"
        if gives_numbers != (self.outputs == "numbers"):
            yield "`task` and `outputs` contradict each other"
        if self.numbers and not len(self.numbers.low) == len(self.numbers.mean) == len(self.numbers.high):
            yield "`numbers` has other counts of `low`, `mean` and `high`"
        if self.input_range and self.input_range.low > self.input_range.high:
            yield "the `low` of `input_range` is above its `high`"
        if self.images and not all(1 <= side <= _LARGEST_SIDE for side in self.images.shape):
            yield f"an image of `images` has a side that is not between 1 and {_LARGEST_SIDE:,}"
        for kind, item in (("losses", self.loss), *(("metrics", metric) for metric in self.metrics)):
            found, faults = read(item, kind)
            if found is None or faults:
                yield f"`{shortened(str(item))}` is none of Keras' {kind}"
            yield from _large_arguments(item, len(self.class_names))

    @property
    def loss_object(self) -> KerasObject:
        return _object(self.loss, "losses")

    @property
    def metric_objects(self) -> list[KerasObject]:
        return [_object(metric, "metrics") for metric in self.metrics]

    def to_bytes(self) -> bytes:
        """JSON text, the same for the same values."""
        values = {name: getattr(self, name) for name in type(self).model_fields}
        values |= {"numbers": self.numbers and self.numbers.as_json(), "images": self.images and asdict(self.images)}
        values |= {"trained_on": self.trained_on and self.trained_on.model_dump()}
        values |= {"input_range": self.input_range and self.input_range.as_json()}
        return to_json(values).encode()


def _large_arguments(item: Any, class_count: int) -> Iterator[str]:
    """What would take far more memory in a loss or metric than anybody needs."""
    waiting: list[tuple[Any, Any]] = [("", item)]
    while waiting:
        name, value = waiting.pop()
        if isinstance(value, dict):
            waiting += value.items()
        elif isinstance(value, list):
            waiting += ((name, each) for each in value)
        elif isinstance(value, int | float):
            most = max(_LARGEST_SQUARED, class_count) if name == "num_classes" else _LARGEST_ARGUMENT
            if isinstance(value, int) and abs(value) > most:
                yield f"`{shortened(str(name))}` of a loss or metric is {value:,}, and at most {most:,} is read"


def _object(item: Any, kind: str) -> KerasObject:
    found, _ = read(item, kind)
    assert found is not None  # `About` has seen to it
    return found


def describe(
    recipe: Recipe,
    *,
    class_names: Sequence[str],
    numbers: Numbers | None,
    input_shape: Sequence[int],
    input_range: Scale | None = None,
    trained_on: Mapping[str, Any] | None = None,
) -> About:
    """Collect what has to be known about a run's model.

    Args:
        recipe: with its loss known.
        class_names, numbers: of the training data; one of them is empty or None.
        input_shape: of one raw example.
        input_range: the scale of the raw training examples, where it is known.
        trained_on: fingerprints as `TrainedOn` has them, where they are known.
    """
    [main, *_] = outputs_of(recipe)
    assert main.loss is not None
    return About.model_construct(
        cnncli=cnncli.__version__,
        keras=keras.__version__,
        recipe=recipe.name,
        task="classes" if numbers is None else "numbers",
        class_names=tuple(class_names) if numbers is None else (),
        numbers=numbers,
        outputs=_outputs(recipe, has_numbers=numbers is not None),
        input_shape=tuple(input_shape),
        input_range=input_range,
        trained_on=TrainedOn(**trained_on) if trained_on else None,
        images=_form(recipe, input_shape),
        loss=as_data(main.loss),
        metrics=tuple(as_data(metric) for metric in recipe.train.metrics),
        batch_size=recipe.evaluate.batch_size or recipe.train.batch_size,
    )


def _outputs(recipe: Recipe, *, has_numbers: bool) -> _Outputs:
    [main, *_] = outputs_of(recipe)
    if has_numbers:
        return "numbers"
    if main.loss and main.loss.args.get("from_logits"):
        return "logits"
    return "probabilities" if output_activation(main.layers(recipe)) in PROBABILITIES else "scores"


def _form(recipe: Recipe, input_shape: Sequence[int]) -> Form | None:
    try:
        return form_of(recipe.data.source.image_folder or ImageFolder(path="."), tuple(input_shape))
    except DataError:  # signals, volumes, images of five bands
        return None


def save(model: keras.Model, path: Path, about: About) -> None:
    """Save a model as Keras does, with what is to be known about it in the archive.

    Args:
        path: ends in `.keras`; replaced when it is there.

    Raises:
        OSError: it cannot be written.
    """
    model.save(path)
    with zipfile.ZipFile(path, "a") as file:
        file.writestr(
            zipfile.ZipInfo(ABOUT), about.to_bytes()
        )  # without the time of day: the same bytes for the same model


def read_about(content: bytes, model: keras.Model, shown: str) -> About:
    """Read what a model file says about its model, and compare it with the model.

    Args:
        content: the member `cnncli.json`, which anyone may have written.
        model: the network of the same file.
        shown: the file's name in messages.

    Raises:
        ModelFileError: it is not such a description, is from a newer cnncli, or does not fit the network.
    """
    value = parse(content, shown, member=ABOUT)
    if not isinstance(value, dict):
        raise _wrong(shown, "it is not an object")
    if isinstance(value.get("format"), int) and value["format"] > _FORMAT:
        message = f"the {ABOUT} in {shown} is from a newer cnncli (format {value['format']}, this one reads {_FORMAT})"
        raise ModelFileError(message, hint="update with: pip install --upgrade cnncli")
    try:
        about = About.model_validate(value)
    except (ValidationError, RecursionError) as error:
        raise _wrong(shown, _reason(error)) from error
    if unfit := _misfit(about, model):
        raise _wrong(shown, unfit)
    return about


def _reason(error: ValidationError | RecursionError) -> str:
    if isinstance(error, RecursionError):
        return "it is nested too deeply"
    first, *_ = error.errors(include_url=False, include_context=False, include_input=False)
    place = ".".join(map(str, first["loc"]))
    said = first["msg"].removeprefix("Value error, ")
    if first["type"] in ("extra_forbidden", "unexpected_keyword_argument"):
        said = "it is not known to this version of cnncli"
    return f"`{shortened(place)}`: {shortened(said, 200)}" if place else shortened(said, 200)


def _misfit(about: About, model: keras.Model) -> str:
    """Why a description is not that of a network; empty when it is."""
    if len(model.inputs) != 1 or len(model.outputs) != 1:
        counts = f"{len(model.inputs)} and {len(model.outputs)}"
        return f"it describes one input and one output, and the network has {counts}"
    taken = tuple(model.inputs[0].shape[1:])
    if not _fits(about.input_shape, taken):
        return f"`input_shape` is {list(about.input_shape)}, and the network takes {list(taken)}"
    if about.images and not _fits(about.images.shape, taken):
        return f"`images` have the shape {list(about.images.shape)}, and the network takes {list(taken)}"
    given = tuple(model.outputs[0].shape[1:])
    if len(given) != 1 or given[0] is None:
        return f"it describes a network that gives a row of numbers, and this one gives {list(given)}"
    count = len(about.numbers) if about.numbers else len(about.class_names)
    what = "`numbers`" if about.numbers else "`class_names`"
    # As training allows it: classes may be fewer than outputs, and one output tells two classes apart.
    fits = count == given[0] if about.numbers else 1 <= count <= max(given[0], 2)
    return "" if fits else f"{what} has {count:,}, and the network has {given[0]:,} outputs"


def _fits(shape: Sequence[int], taken: Sequence[int | None]) -> bool:
    return len(shape) == len(taken) and all(b in (None, a) for a, b in zip(shape, taken, strict=True))


def _wrong(shown: str, why: str) -> ModelFileError:
    message = f"the {ABOUT} in {shown} is damaged: {why}"
    return ModelFileError(message, hint=f"{SAVE_AGAIN}\n{_WITHOUT}")
