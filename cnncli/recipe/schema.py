"""The schema of a recipe: its sections as pydantic models, with limits, defaults and descriptions."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Annotated, Any, Literal, get_args

from pydantic import (
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    SerializerFunctionWrapHandler,
    model_serializer,
    model_validator,
)
from pydantic.json_schema import SkipJsonSchema
from pydantic_core import PydanticCustomError

from cnncli.names import NAME_PATTERN
from cnncli.recipe import targets
from cnncli.recipe.growth import LARGEST_SEED as LARGEST_SEED
from cnncli.recipe.keras_objects.objects import KerasObject
from cnncli.recipe.layers import Group, nested
from cnncli.recipe.schema_fields import (
    Background,
    Callback,
    ClassCount,
    ClassWeight,
    Count,
    Depth,
    Duration,
    Layer,
    Losses,
    Metric,
    Optimizer,
    Part,
    Range,
    Section,
    Size,
    Step,
    exactly_one,
)
from cnncli.recipe.schema_pictures import Picture, read_picture

BuiltinDataSet = Literal["mnist", "fashion_mnist", "cifar10", "cifar100", "mnist-sample"]
BUILTIN_DATA_SETS: tuple[str, ...] = get_args(BuiltinDataSet)
if TYPE_CHECKING:
    TargetsWord = str
else:
    TargetsWord = Literal[tuple(targets.TASKS)]


# ---- data --------------------------------------------------------------------------------------------------------------


class ImageFolder(Section):
    """A folder with one folder of images a class, or with `train/`, `val/` or `validation/`, and `test/` that hold such."""

    path: str = Field(min_length=1, description="the folder, counted from where the command is run")
    image_size: Size | None = Field(
        None, description="[height, width] that every image gets; left out: `model.input`'s"
    )
    resize: Literal["pad", "crop", "stretch"] = Field(
        "stretch", description="how another shape of image gets there: black borders, cut centrally, or distorted"
    )
    color: Literal["rgb", "grayscale"] | None = Field(None, description="left out: what `model.input` says, else rgb")
    exif: Literal["apply", "ignore"] = Field("apply", description="turn photos as their camera says")
    background: Background = Field(
        "auto",
        description="behind transparent images: black, white or [r, g, b]; auto: white where most drawings are dark",
    )
    depth: Depth = Field(
        "auto",
        description="bits of grey that are kept; auto: 16, as floats from 0 to 255, where an image has more than 8",
    )
    range: Range = Field(
        None, description="[low, high]: grey values of the files that become 0 and 255, as [0, 4095] of 12 bits"
    )


class Npz(Section):
    """A NumPy archive with `x_train`, `y_train` and, if there are, `x_val`, `y_val`, `x_test`, `y_test`; or with `x`, `y`."""

    path: str = Field(min_length=1, description="the file, counted from where the command is run")


class Idx(Section):
    """A folder with MNIST's own four files, `train-images-idx3-ubyte` and so on, gzipped or not."""

    path: str = Field(min_length=1, description="the folder, counted from where the command is run")


class Source(Section):
    """Where the data comes from: exactly one of these."""

    model_config = ConfigDict(json_schema_extra=exactly_one)

    builtin: BuiltinDataSet | None = Field(None, description="a data set by name; `source: mnist` says the same")
    image_folder: ImageFolder | None = None
    npz: Npz | None = None
    idx: Idx | None = None

    @model_validator(mode="after")
    def _one(self) -> Source:
        given = [name for name in type(self).model_fields if getattr(self, name) is not None]
        if len(given) != 1:
            got = " and ".join(given) or "none"
            raise PydanticCustomError("one_source", f"one source of data, got {got}")
        return self

    @property
    def kind(self) -> str:
        return next(name for name in type(self).model_fields if getattr(self, name) is not None)


def _source_as_data(source: Source) -> Any:
    if source.builtin:
        return source.builtin
    return {source.kind: getattr(source, source.kind).model_dump(exclude_none=True)}


class Split(Section):
    """How examples are set aside where the data does not bring its own parts."""

    validation: Part = Field(0.1, description="a share of the training examples, or a number of them")
    test: Part = Field(0.1, description="the same, where the data has no test part")
    stratify: bool = Field(True, description="keep every class's share in each part")
    seed: int = Field(0, ge=0, le=LARGEST_SEED, description="which examples: the same seed, the same parts")


class Data(Section):
    """The examples, and what is done to them before they reach the network."""

    source: Annotated[
        Source,
        BeforeValidator(
            lambda value: {"builtin": value} if isinstance(value, str) else value,
            json_schema_input_type=BuiltinDataSet | Source,
        ),
        PlainSerializer(_source_as_data),
    ]
    offline: Literal["mnist-sample"] | None = Field(None, description="what to use when a download is not possible")
    targets: TargetsWord = Field("classes", description=targets.DESCRIPTION)
    split: Split = Field(default_factory=lambda: Split())
    prepare: list[Step] = Field([], description="layers for every split; they are saved inside the model")
    augment: list[Step] = Field([], description="layers for the training split alone; they are not saved")
    augment_copies: Count | None = Field(
        None,
        description="where a part of the network is frozen: compute it for so many augmented passes, not every epoch",
    )
    class_weight: ClassWeight = Field(None, description="how much an example of each class counts in the loss")
    classes: ClassCount | None = Field(None, description="their number; checked against the data")
    limit: Count | None = Field(None, description="use that many training examples, with every class's share kept")
    on_bad_image: Literal["error", "skip"] = Field("error", description="what to do with a file that cannot be decoded")
    allow_leakage: bool = Field(False, description="go on when the same image stands in two splits")

    @model_validator(mode="before")
    @classmethod
    def _defaults_of_the_targets(cls, data: Any) -> Any:
        """Whether a split is stratified, where the recipe does not say."""
        if (known := _target_rules(data)) and isinstance(data.get("split", {}), dict):
            return {**data, "split": {"stratify": known.STRATIFY, **data.get("split", {})}}
        return data


def _target_rules(data: Any) -> targets.TargetRules | None:
    """Those of `data.targets`; None where it is left out or wrong."""
    word = data.get("targets") if isinstance(data, dict) else None
    return targets.of(word) if isinstance(word, str) and word in targets.TASKS else None


# ---- model -------------------------------------------------------------------------------------------------------------


class Model(Section):
    """The network, layer by layer."""

    input: Annotated[list[Count], Field(min_length=1, max_length=4)] | None = Field(
        None, description="the shape of one example, [height, width, channels]; left out: the data's"
    )
    layers: Annotated[
        list[Layer], Field(min_length=1, description="in order, each a Keras layer, structure, or a block")
    ]
    outputs: Annotated[list[str], Field(description="layers whose outputs are trained; the first is the main one")] = []  # noqa: RUF012  # pydantic copies it
    groups: Annotated[list[Group], SkipJsonSchema()] = []  # noqa: RUF012

    @model_serializer(mode="wrap")
    def _with_groups(self, handler: SerializerFunctionWrapHandler) -> dict[str, Any]:
        data: dict[str, Any] = handler(self)
        data["layers"] = nested(self.layers, self.groups)
        del data["groups"]
        return data


# ---- train -------------------------------------------------------------------------------------------------------------


class Checkpoint(Section):
    """When the state of the training is kept, beside the end of every epoch."""

    keep: bool = Field(True, description="false: nothing is kept, and a run that is stopped cannot go on")
    every_seconds: Annotated[float, Field(gt=0)] = Field(60.0, description="within an epoch, by time")
    every_steps: Count | None = Field(None, description="within an epoch, by steps of the optimizer")


class Phase(Section):
    """A stage of the training; what it does not say is as in `train`."""

    name: str = Field("", description="for people: `head`, `finetune`")
    epochs: Count | None = Field(None, description="how often every training example is seen in this phase")
    freeze: list[str] | None = Field(
        None, description="layers that do not learn: of a layer, a block or an application"
    )
    unfreeze: list[str] | None = Field(None, description="exceptions from `freeze`")
    optimizer: Optimizer | None = Field(None, description="with a learning rate of its own")
    callbacks: list[Callback] | None = Field(None, description="they begin anew in every phase")


class Train(Section):
    """How the network is trained."""

    epochs: Count = Field(10, description="how often every training example is seen")
    batch_size: Count = Field(32, description="examples in one step")
    optimizer: Optimizer = Field(
        default_factory=lambda: KerasObject("optimizers", "adam"), description="by name, or with its arguments"
    )
    loss: Losses | None = Field(
        None, description="left out: the crossentropy that fits the last layer, or what fits other targets than classes"
    )
    loss_weights: dict[str, Annotated[float, Field(ge=0)]] = Field({}, description="by output; 1 where left out")
    metrics: list[Metric] = Field(
        default_factory=lambda: [KerasObject("metrics", "accuracy")],
        description="what is measured beside the loss; left out: accuracy, or what fits other targets than classes",
    )
    callbacks: list[Callback] = Field([], description="what watches the training: EarlyStopping, ReduceLROnPlateau, …")
    freeze: list[str] = Field([], description="layers that do not learn: of a layer or an application, globs allowed")
    unfreeze: list[str] = Field([], description="exceptions from `freeze`")
    phases: list[Phase] = Field([], description="stages, one after the other, each with its own optimizer")
    seed: int | None = Field(
        None,
        ge=0,
        le=LARGEST_SEED,
        description="of the first weights, order, dropout and augmentation; left out: one is chosen and kept",
    )
    precision: Literal["auto", "float32", "mixed_bfloat16", "mixed_float16"] = Field(
        "auto",
        description="auto: bfloat16 where the hardware multiplies it natively and the network gains by it, else float32",
    )
    reuse_features: bool = Field(
        True, description="compute what a frozen part of the network gives once, not every epoch"
    )
    steps_per_execution: Count | None = Field(
        None, description="steps before the progress is looked at; left out: more where a step is short"
    )
    device: Literal["auto", "cpu", "gpu"] = Field("auto", description="auto: the first GPU when there is one")
    checkpoint: Checkpoint = Field(default_factory=lambda: Checkpoint())
    max_time: Duration | None = Field(None, description="stop after the epoch in which this time is over")


# ---- evaluate, visualize, expect ---------------------------------------------------------------------------------------


class Evaluate(Section):
    """How the trained network is scored."""

    split: Literal["test", "validation"] = Field("test", description="on which part")
    batch_size: Count | None = Field(None, description="examples at a time; left out: `train.batch_size`")


_COMPARISON = r"^\s*(>=|<=|>|<|==)\s*-?\d+(\.\d+)?(e-?\d+)?\s*$"


def _read_comparison(value: Any) -> Any:
    if isinstance(value, str) and re.match(_COMPARISON, value):
        return value
    raise PydanticCustomError("comparison", 'expected a comparison such as ">= 0.98"')


_Comparison = Annotated[str, Field(pattern=_COMPARISON)]


class Expect(Section):
    """What must hold; a broken expectation ends with exit code 1."""

    params: Annotated[int, Field(ge=0)] | None = Field(None, description="parameters of the network")
    trainable_params: Annotated[int, Field(ge=0)] | None = Field(None, description="those that training changes")
    shapes: dict[str, list[int]] = Field({}, description="by layer: the shape that leaves it, without the batch")
    metrics: dict[str, Annotated[str, BeforeValidator(_read_comparison, json_schema_input_type=_Comparison)]] = Field(
        {}, description='`{test_accuracy: ">= 0.98"}`; a metric with test_, val_ or no prefix (training)'
    )
    max_minutes: Annotated[float, Field(gt=0)] | None = Field(None, description="the whole run takes at most so long")


class Recipe(Section):
    """One experiment: the data, the network, how it is trained, what is drawn, and what is expected of it."""

    version: Literal[1] = Field(1, description="of the language")
    name: str = Field(
        "recipe", pattern=NAME_PATTERN, description="names the folder of its runs; left out: the file's name"
    )
    about: str = Field("", description="a line or two for people")
    data: Data = Field(description="where the examples come from, as in `data: {source: mnist}`")
    model: Model = Field(description="the network, as in `model: {layers: [Flatten, Dense: 10]}`")
    train: Train = Field(default_factory=lambda: Train())
    evaluate: Evaluate = Field(default_factory=lambda: Evaluate())
    visualize: list[Annotated[Picture, BeforeValidator(read_picture)]] = Field(
        [], description="pictures that are drawn at the end of a run"
    )
    expect: Expect = Field(default_factory=lambda: Expect())

    @model_validator(mode="before")
    @classmethod
    def _defaults_of_the_targets(cls, recipe: Any) -> Any:
        """The metrics, where the recipe names none."""
        data, train = (recipe.get("data"), recipe.get("train", {})) if isinstance(recipe, dict) else (None, None)
        if (known := _target_rules(data)) and isinstance(train, dict):
            return {**recipe, "train": {"metrics": list(known.METRICS), **train}}
        return recipe
