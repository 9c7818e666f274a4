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
from pydantic import BaseModel, ConfigDict, Discriminator, Field, Tag, ValidationError, model_validator

import cnncli
from cnncli import task_registry
from cnncli.data.images import Form
from cnncli.data.scales import Scale
from cnncli.data.sketch import Sketch
from cnncli.data.sources.image_form import form_of
from cnncli.data.targets import TargetInfo, read_targets
from cnncli.errors import DataError, ModelFileError
from cnncli.messages import shortened
from cnncli.model_file_validation.archive import ABOUT
from cnncli.model_file_validation.refusal import SAVE_AGAIN
from cnncli.model_file_validation.strict_json import parse
from cnncli.network.model_outputs import output_shapes
from cnncli.recipe.example_windows import Windows
from cnncli.recipe.keras_objects.objects import KerasObject, as_data, read
from cnncli.recipe.named_inputs import by_name, without_names
from cnncli.recipe.outputs import outputs_of
from cnncli.recipe.schema import Recipe
from cnncli.recipe.schema_fields import INPUT_NAME
from cnncli.recipe.sources.base import ImageSettings
from cnncli.runs.json_text import to_json
from cnncli.tasks.decoder import Decoder

_FORMAT: Literal[1] = 1

_LONGEST_TEXT = 200
_LARGEST_SIDE = 1 << 16  # pixels of an image's side
_LARGEST_ARGUMENT = 100_000  # of a loss or metric: AUC keeps so many thresholds
_LARGEST_SQUARED = 1000  # MeanIoU keeps the square of its `num_classes`
_LARGEST_BATCH = 1 << 16
_WITHOUT = "or save it again with plain Keras, which drops that part: classes are then shown as numbers"


_Text = Annotated[str, Field(max_length=_LONGEST_TEXT)]
_Object = str | dict[str, Any]


_Digest = Annotated[str, Field(pattern="^[0-9a-f]{64}$")]


_Shape = Annotated[tuple[Annotated[int, Field(ge=1)], ...], Field(max_length=4)]  # () is that of a text
_Name = Annotated[str, Field(pattern=INPUT_NAME)]
_ONE, _SEVERAL = "<one>", "<several>"  # parts of the places that pydantic tells
_AnyShape = Annotated[
    Annotated[_Shape, Tag(_ONE)] | Annotated[dict[_Name, _Shape], Field(min_length=1, max_length=1000), Tag(_SEVERAL)],
    Discriminator(lambda value: _SEVERAL if isinstance(value, dict) else _ONE),
]
_Ranges = Annotated[
    Annotated[Scale | None, Tag(_ONE)] | Annotated[dict[_Name, Scale], Tag(_SEVERAL)],
    Discriminator(lambda value: _SEVERAL if isinstance(value, dict) and "low" not in value else _ONE),
]


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
        targets: of the training; in the file its fields stand beside the others, as `task` and `class_names`.
        outputs: the form of what the network gives: one of its task's `Decoder.FORMS`.
        input_shape: of one raw example, such as [28, 28, 1]; of several inputs by name.
        input_range: the scale of the raw training examples; None where it is not known; of several inputs by name.
        trained_on: fingerprints of the examples that trained; None where they are not known.
        images: what an image file becomes before it enters the network; None where the network takes no images.
        loss, metrics: as a recipe writes them.
        losses, loss_weights: of a task that needs several outputs, by output; `loss` is then that of the main one.
        batch_size: in which the run scored its examples; another one may change the last bits.
        windows: which parts of an image the network sees; `input_shape` is that of one, and `images` are whole.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    format: Literal[1] = _FORMAT
    cnncli: _Text
    keras: _Text
    recipe: _Text
    targets: TargetInfo
    outputs: str
    input_shape: _AnyShape
    input_range: _Ranges = None
    trained_on: TrainedOn | None = None
    images: Form | None = None
    input_images: dict[_Name, Form] | None = None
    loss: _Object
    losses: Annotated[dict[_Text, _Object], Field(min_length=1, max_length=1000)] | None = None
    loss_weights: Annotated[dict[_Text, float], Field(max_length=1000)] | None = None
    metrics: Annotated[tuple[_Object, ...], Field(max_length=50)] = ()
    batch_size: Annotated[int, Field(ge=1, le=_LARGEST_BATCH)]
    windows: Windows | None = None

    @model_validator(mode="before")
    @classmethod
    def _read_targets(cls, value: dict[str, Any]) -> dict[str, Any]:
        targets = read_targets(value)
        return {"targets": targets, **{name: value[name] for name in value if name not in type(targets).model_fields}}

    @model_validator(mode="after")
    def _consistent(self) -> About:
        if problem := next(self._contradictions(), None):
            raise ValueError(problem)
        return self

    def _contradictions(self) -> Iterator[str]:
        if self.outputs not in _decoder(self.targets).FORMS:
            yield "`task` and `outputs` contradict each other"
        ranges = by_name(self.input_range).values() if self.input_range else ()
        if any(known and known.low > known.high for known in ranges):
            yield "the `low` of `input_range` is above its `high`"
        forms = [*([self.images] if self.images else []), *(self.input_images or {}).values()]
        if not all(1 <= side <= _LARGEST_SIDE for form in forms for side in form.shape):
            yield f"an image of `images` has a side that is not between 1 and {_LARGEST_SIDE:,}"
        if self.windows is not None:
            of = self.windows.of
            if of is None or max(of) > _LARGEST_SIDE or self.windows.fault(of):
                yield "`windows` are no parts of an image"
            elif self.images and list(self.images.shape[:-1]) != of:
                yield "`windows` and `images` have different sizes"
        if unknown := (self.input_images or {}).keys() - by_name(self.input_shape).keys():
            yield f"`input_images` has `{shortened(min(unknown))}`, and `input_shape` does not"
        losses = [self.loss, *(self.losses or {}).values()]
        for kind, item in (*(("losses", loss) for loss in losses), *(("metrics", metric) for metric in self.metrics)):
            found, faults = read(item, kind)
            if found is None or faults:
                yield f"`{shortened(str(item))}` is not one of Keras' {kind}"
            yield from _large_arguments(item, self.targets.count)

    @property
    def loss_objects(self) -> KerasObject | dict[str, KerasObject]:
        """The loss, or that of each of several outputs by name."""
        if self.losses is None:
            return _object(self.loss, "losses")
        return {name: _object(loss, "losses") for name, loss in self.losses.items()}

    @property
    def metric_objects(self) -> list[KerasObject]:
        return [_object(metric, "metrics") for metric in self.metrics]

    def to_bytes(self) -> bytes:
        """JSON text, the same for the same values."""
        values = {name: getattr(self, name) for name in type(self).model_fields if name != "targets"}
        values |= {**self.targets.to_json(), "images": self.images and asdict(self.images)}
        values["windows"] = self.windows and self.windows.model_dump()
        for name in ("input_images", "losses", "loss_weights", "windows"):
            if values[name] is None:
                del values[name]
        if self.input_images is not None:
            values["input_images"] = {name: asdict(form) for name, form in self.input_images.items()}
        values |= {"trained_on": self.trained_on and self.trained_on.model_dump()}
        ranges = {name: known.as_json() for name, known in by_name(self.input_range).items() if known}
        values |= {"input_range": without_names(ranges) if ranges else None}
        return to_json(values).encode()


def _decoder(targets: TargetInfo) -> type[Decoder]:
    found: type[Decoder] = task_registry.part(targets.task, "decoding").DECODER
    return found


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
    targets: TargetInfo,
    input_shape: Sequence[int] | Mapping[str, Sequence[int]],
    input_range: Scale | Mapping[str, Scale] | None = None,
    trained_on: Mapping[str, Any] | None = None,
) -> About:
    """Collect what has to be known about a run's model.

    Args:
        recipe: with its loss known.
        targets: of the training data.
        input_shape: of one raw example; of several inputs by name.
        input_range: the scale of the raw training examples, where it is known; of several inputs by name.
        trained_on: fingerprints as `TrainedOn` has them, where they are known.
    """
    outputs = outputs_of(recipe)
    [main, *_] = outputs
    assert main.loss is not None
    several = targets.HAS_SEVERAL_OUTPUTS and len(outputs) > 1
    return About.model_construct(
        cnncli=cnncli.__version__,
        keras=keras.__version__,
        recipe=recipe.name,
        targets=targets,
        outputs=_decoder(targets).form_of(recipe),
        input_shape=without_names({name: tuple(shape) for name, shape in by_name(input_shape).items()}),
        input_range=without_names(by_name(input_range)) if input_range else None,
        trained_on=TrainedOn(**trained_on) if trained_on else None,
        images=_form(recipe, input_shape, recipe.data.windows),
        input_images=_forms(recipe, input_shape),
        loss=as_data(main.loss),
        losses={output.name: as_data(output.loss) for output in outputs if output.loss} if several else None,
        loss_weights={output.name: output.weight for output in outputs} if several else None,
        metrics=tuple(as_data(metric) for metric in recipe.train.metrics),
        batch_size=recipe.scoring_batch_size,
        windows=recipe.data.windows,
    )


def _form(
    recipe: Recipe, input_shape: Sequence[int] | Mapping[str, Sequence[int]], windows: Windows | None
) -> Form | None:
    if isinstance(input_shape, Mapping):
        return None  # images are brought to the shape of their input
    if windows is not None:
        input_shape = (*windows.whole, input_shape[-1])
    try:
        return form_of(recipe.data.source.settings.image_keys or ImageSettings(), tuple(input_shape))
    except DataError:  # signals, volumes, images of five bands
        return None


def _forms(recipe: Recipe, input_shape: Sequence[int] | Mapping[str, Sequence[int]]) -> dict[str, Form] | None:
    """What the images of each of several inputs become; None where none has a form of its own."""
    if not isinstance(input_shape, Mapping):
        return None
    inputs = {name: own for name, own in (recipe.data.inputs or {}).items() if own.image is not None}
    return {name: form_of(own, tuple(input_shape[name])) for name, own in inputs.items()} or None


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
    place = ".".join(str(part) for part in first["loc"] if part not in (_ONE, _SEVERAL))
    said = first["msg"].removeprefix("Value error, ")
    if first["type"] in ("extra_forbidden", "unexpected_keyword_argument"):
        said = "it is not known to this version of cnncli"
    return f"`{shortened(place)}`: {shortened(said, 200)}" if place else shortened(said, 200)


def _misfit(about: About, model: keras.Model) -> str:
    """Why a description is not that of a network; empty when it is."""
    shapes = by_name(about.input_shape)
    given = output_shapes(model)
    if len(model.inputs) != len(shapes) or (len(given) != 1 and not about.targets.HAS_SEVERAL_OUTPUTS):
        counts = f"{len(model.inputs)} and {len(model.outputs)}"
        described = "one input" if len(shapes) == 1 else f"{len(shapes)} inputs"
        return f"it describes {described} and one output, and the network has {counts}"
    for tensor in model.inputs:
        taken = tuple(tensor.shape[1:])
        shape = shapes.get(tensor.name, about.input_shape) if isinstance(about.input_shape, dict) else about.input_shape
        if isinstance(shape, dict):
            return f"`input_shape` has no `{shortened(tensor.name)}`, which the network takes"
        if not _fits(shape, taken):
            return f"`input_shape` is {list(shape)}, and the network takes {list(taken)}"
        if (form := (about.input_images or {}).get(tensor.name)) and not _fits(form.shape, taken):
            return f"`input_images` have the shape {list(form.shape)}, and the network takes {list(taken)}"
    if about.windows is not None:
        if list(taken[:-1]) != about.windows.size:
            return f"`windows` have the size {about.windows.size}, and the network takes {list(taken)}"
    elif about.images and not _fits(about.images.shape, taken):
        return f"`images` have the shape {list(about.images.shape)}, and the network takes {list(taken)}"
    if not about.targets.can_read(given):
        has = " and ".join(str(list(shape)) for shape in given.values())
        return f"it describes a network that gives {about.targets.OUTPUT_FORM}, and this one gives {has}"
    if about.targets.fits_all(given):
        return ""
    has = " and ".join(f"{shape[-1]:,}" for shape in given.values())
    return f"`{about.targets.LISTED_IN}` has {about.targets.count:,}, and the network has {has} outputs"


def _fits(shape: Sequence[int], taken: Sequence[int | None]) -> bool:
    return len(shape) == len(taken) and all(b in (None, a) for a, b in zip(shape, taken, strict=True))


def _wrong(shown: str, why: str) -> ModelFileError:
    message = f"the {ABOUT} in {shown} is damaged: {why}"
    return ModelFileError(message, hint=f"{SAVE_AGAIN}\n{_WITHOUT}")
