"""The schema of a recipe: its sections as pydantic models, with limits, defaults and descriptions."""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal

from pydantic import (
    BeforeValidator,
    Field,
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
from cnncli.recipe.schema_data import Data, target_rules
from cnncli.recipe.schema_fields import (
    Callback,
    Count,
    Duration,
    Layer,
    Losses,
    Metric,
    Optimizer,
    Section,
    ShapeOrShapes,
)
from cnncli.recipe.schema_pictures import Picture, read_picture
from cnncli.recipe.schema_trackers import Trackers
from cnncli.recipe.schema_tune import Tune

# ---- model -------------------------------------------------------------------------------------------------------------


class Model(Section):
    """The network, layer by layer."""

    input: ShapeOrShapes | None = Field(
        None,
        description="shape of one example, [height, width, channels], or of each input by name; default: that of the data",
    )
    layers: Annotated[
        list[Layer], Field(min_length=1, description="layers in order: Keras layers, structures or blocks")
    ]
    outputs: Annotated[
        list[str], Field(description="names of the output layers; the first one is the main output")
    ] = []  # noqa: RUF012  # pydantic copies it
    change: dict[str, Any] = Field(
        {}, description="changes of single layers by name: other arguments, another layer, or null for none"
    )  # what is written out has none: `expand` has made the changes
    groups: Annotated[list[Group], SkipJsonSchema()] = []  # noqa: RUF012

    @model_serializer(mode="wrap")
    def _with_groups(self, handler: SerializerFunctionWrapHandler) -> dict[str, Any]:
        data: dict[str, Any] = handler(self)
        data["layers"] = nested(self.layers, self.groups)
        del data["groups"], data["change"]
        return data


# ---- train -------------------------------------------------------------------------------------------------------------


class Checkpoint(Section):
    """When checkpoints are written, besides the end of each epoch."""

    keep: bool = Field(True, description="false: no checkpoints; a stopped run cannot be continued")
    every_seconds: Annotated[float, Field(gt=0)] = Field(60.0, description="also after this time within an epoch")
    every_steps: Count | None = Field(None, description="also after this number of steps within an epoch")


class Phase(Section):
    """A phase of the training; omitted keys have the values of `train`."""

    name: str = Field("", description="name of the phase, for example `head` or `finetune`")
    epochs: Count | None = Field(None, description="number of epochs of this phase")
    freeze: list[str] | None = Field(None, description="names of layers, blocks or applications that are not trained")
    unfreeze: list[str] | None = Field(None, description="exceptions from `freeze`")
    optimizer: Optimizer | None = Field(None, description="optimizer of this phase")
    callbacks: list[Callback] | None = Field(None, description="callbacks of this phase; each phase starts them again")


class Train(Section):
    """How the network is trained."""

    epochs: Count = Field(10, description="number of passes over the training examples")
    batch_size: Count = Field(32, description="number of examples in a step")
    optimizer: Optimizer = Field(
        default_factory=lambda: KerasObject("optimizers", "adam"),
        description="an optimizer by name or with its arguments",
    )
    loss: Losses | None = Field(None, description="default: the loss that fits the targets and the last layer")
    loss_weights: dict[str, Annotated[float, Field(ge=0)]] = Field(
        {}, description="weight of each output in the total loss; default: 1"
    )
    metrics: list[Metric] = Field(
        default_factory=lambda: [KerasObject("metrics", "accuracy")],
        description="metrics; default: accuracy, or the metrics that fit other targets",
    )
    callbacks: list[Callback] = Field([], description="callbacks: EarlyStopping, ReduceLROnPlateau, …")
    freeze: list[str] = Field([], description="names of layers or applications that are not trained; globs are allowed")
    unfreeze: list[str] = Field([], description="exceptions from `freeze`")
    phases: list[Phase] = Field([], description="training phases in sequence, each with its own optimizer")
    seed: int | None = Field(
        None,
        ge=0,
        le=LARGEST_SEED,
        description="seed of initial weights, order of examples, dropout and augmentation; default: chosen and recorded",
    )
    precision: Literal["auto", "float32", "mixed_bfloat16", "mixed_float16"] = Field(
        "auto",
        description="auto: bfloat16 if the hardware supports it and the network benefits, else float32",
    )
    reuse_features: bool = Field(
        True, description="compute the outputs of a frozen part once instead of in every epoch"
    )
    steps_per_execution: Count | None = Field(
        None, description="number of steps in each call of the training function; default: more for short steps"
    )
    device: Literal["auto", "cpu", "gpu"] = Field("auto", description="auto: the first GPU, if there is one")
    checkpoint: Checkpoint = Field(default_factory=lambda: Checkpoint())
    max_time: Duration | None = Field(None, description="stop after the epoch in which this time ends")


# ---- evaluate, visualize, expect ---------------------------------------------------------------------------------------


class Evaluate(Section):
    """How the trained network is evaluated."""

    split: Literal["test", "validation"] = Field("test", description="the split to evaluate on")
    batch_size: Count | None = Field(None, description="number of examples in a batch; default: `train.batch_size`")


_COMPARISON = r"^\s*(>=|<=|>|<|==)\s*-?\d+(\.\d+)?(e-?\d+)?\s*$"


def _read_comparison(value: Any) -> Any:
    if isinstance(value, str) and re.match(_COMPARISON, value):
        return value
    raise PydanticCustomError("comparison", 'expected a comparison such as ">= 0.98"')


_Comparison = Annotated[str, Field(pattern=_COMPARISON)]


def _without_null(conditions: dict[str, Any]) -> dict[str, Any]:
    values = ((key, _without_null(value) if isinstance(value, dict) else value) for key, value in conditions.items())
    return {key: value for key, value in values if value is not None}


class Expect(Section):
    """Conditions that must hold; if one does not, the exit code is 1. null takes back a condition of a parent recipe."""

    params: Annotated[int, Field(ge=0)] | None = Field(None, description="number of parameters of the network")
    trainable_params: Annotated[int, Field(ge=0)] | None = Field(None, description="number of trainable parameters")
    shapes: dict[str, list[int]] = Field({}, description="output shapes by layer, without the batch")
    metrics: dict[str, Annotated[str, BeforeValidator(_read_comparison, json_schema_input_type=_Comparison)]] = Field(
        {}, description='`{test_accuracy: ">= 0.98"}`; a metric with test_, val_ or no prefix (training)'
    )
    max_minutes: Annotated[float, Field(gt=0)] | None = Field(
        None, description="longest duration of the run in minutes"
    )

    @model_validator(mode="before")
    @classmethod
    def _without_conditions_taken_back(cls, expect: Any) -> Any:
        return _without_null(expect) if isinstance(expect, dict) else expect


class Recipe(Section):
    """One experiment: data, network, training, pictures and expectations."""

    version: Literal[1] = Field(1, description="version of the recipe language")
    name: str = Field(
        "recipe", pattern=NAME_PATTERN, description="name of the folder of its runs; default: the name of the file"
    )
    about: str = Field("", description="a short description")
    data: Data = Field(description="the data, for example `data: {source: mnist}`")
    model: Model = Field(description="the network, for example `model: {layers: [Flatten, Dense: 10]}`")
    train: Train = Field(default_factory=lambda: Train())
    evaluate: Evaluate = Field(default_factory=lambda: Evaluate())
    visualize: list[Annotated[Picture, BeforeValidator(read_picture)]] = Field(
        [], description="pictures to draw at the end of a run"
    )
    track: Trackers = Field(
        [], description="experiment trackers that get the values of each run: `[tensorboard, mlflow]`"
    )
    expect: Expect = Field(default_factory=lambda: Expect())
    tune: Tune | None = Field(None, description="a hyperparameter search with `cnncli tune`")

    @model_validator(mode="before")
    @classmethod
    def _defaults_of_the_targets(cls, recipe: Any) -> Any:
        """The metrics, where the recipe names none."""
        data, train = (recipe.get("data"), recipe.get("train", {})) if isinstance(recipe, dict) else (None, None)
        if (known := target_rules(data)) and isinstance(train, dict):
            return (
                {**recipe, "train": {"metrics": list(known.METRICS), **train}} if known.METRICS is not None else recipe
            )
        return recipe

    @model_validator(mode="after")
    def _metrics_of_the_rest(self) -> Recipe:
        """The metrics of targets for which they depend on the rest of the recipe, where it names none."""
        if "metrics" in self.train.model_fields_set:
            return self
        found = targets.default_metrics(self.data.targets, self)
        if found is None:
            return self
        return self.model_copy(update={"train": self.train.model_copy(update={"metrics": found})})

    @property
    def scoring_batch_size(self) -> int:
        """How many examples are scored together: those whose windows are about a batch of the training, where there are some."""
        windows, own = self.data.windows, self.train.batch_size
        return self.evaluate.batch_size or (windows.per_batch(own) if windows and windows.of else own)
