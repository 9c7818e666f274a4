"""The schema of a recipe: its sections as pydantic models, with limits, defaults and descriptions."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any, Literal

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
from cnncli.recipe.example_windows import Windows
from cnncli.recipe.growth import LARGEST_SEED as LARGEST_SEED
from cnncli.recipe.keras_objects.objects import KerasObject
from cnncli.recipe.layers import Group, nested
from cnncli.recipe.schema_fields import (
    INPUT_NAME,
    Balance,
    Callback,
    ClassCount,
    ClassWeight,
    Count,
    Duration,
    FoldCount,
    Layer,
    Losses,
    Metric,
    Optimizer,
    Part,
    PrepareStep,
    Section,
    ShapeOrShapes,
    Step,
    Words,
    exactly_one,
)
from cnncli.recipe.schema_pictures import Picture, read_picture
from cnncli.recipe.sources import DEFAULT_TARGETS, usual_targets
from cnncli.recipe.sources.arrays import Cifar, Idx, Npz
from cnncli.recipe.sources.base import SourceSettings
from cnncli.recipe.sources.boxes import Coco, Voc, Yolo
from cnncli.recipe.sources.builtin import Builtin, BuiltinDataSet
from cnncli.recipe.sources.hubs import HuggingFace, Tfds
from cnncli.recipe.sources.image_folder import ImageFolder
from cnncli.recipe.sources.mask_folder import MaskFolder
from cnncli.recipe.sources.shards import TfRecord, WebDataset
from cnncli.recipe.sources.table import InputColumns, Table
from cnncli.recipe.sources.text_folder import TextFolder
from cnncli.recipe.sources.volumes import VolumeFolder

if TYPE_CHECKING:
    TargetsWord = str
else:
    TargetsWord = Literal[tuple(targets.TASKS)]


# ---- data --------------------------------------------------------------------------------------------------------------


class Source(Section):
    """The source of the data: exactly one of these."""

    model_config = ConfigDict(json_schema_extra=exactly_one)

    builtin: BuiltinDataSet | None = Field(None, description="a data set by name; `source: mnist` means the same")
    image_folder: ImageFolder | None = None
    mask_folder: MaskFolder | None = None
    text_folder: TextFolder | None = None
    volume_folder: VolumeFolder | None = None
    yolo: Yolo | None = None
    coco: Coco | None = None
    voc: Voc | None = None
    npz: Npz | None = None
    idx: Idx | None = None
    cifar: Cifar | None = None
    csv: Table | None = Field(None, description="a table of text with a row for each example ([Table](#table))")
    tsv: Table | None = Field(None, description="a table with tabs between the columns")
    parquet: Table | None = Field(None, description="a table in a Parquet file; needs `pip install cnncli[parquet]`")
    tfrecord: TfRecord | None = Field(None, description="TFRecord files of `tf.train.Example` messages")
    webdataset: WebDataset | None = Field(None, description="tar archives of samples, as WebDataset has them")
    huggingface: HuggingFace | None = Field(
        None, description="a data set of Hugging Face; needs `pip install cnncli[huggingface]`"
    )
    tfds: Tfds | None = Field(None, description="a data set of TensorFlow Datasets; needs `pip install cnncli[tfds]`")

    @model_validator(mode="after")
    def _one(self) -> Source:
        given = [name for name in type(self).model_fields if getattr(self, name) is not None]
        if len(given) != 1:
            got = " and ".join(given) or "none"
            raise PydanticCustomError("one_source", f"one source of data, got {got}")
        return self

    @property
    def word(self) -> str:
        """Which source it is, as the recipe calls it."""
        return next(name for name in type(self).model_fields if getattr(self, name) is not None)

    @property
    def settings(self) -> SourceSettings:
        """The settings of the one that is given."""
        if self.builtin is not None:
            return Builtin(name=self.builtin)
        found: SourceSettings = getattr(self, self.word)
        return found

    def settled(self, found: Mapping[str, Any]) -> Source:
        """This source with the values that reading the data decided."""
        if self.builtin is not None:
            return self
        return self.model_copy(update={self.word: self.settings.settled(found)})


def _source_as_data(source: Source) -> Any:
    if source.builtin is not None:
        return source.builtin
    return {source.word: source.settings.model_dump(exclude_none=True)}


class PartsOfWords(Section):
    """What the words of `column` mean. Without `train` all other words mean it."""

    train: Words = Field(None, description="the words of training examples; default: all others")
    validation: Words = Field(None, description="the words of validation examples")
    test: Words = Field(None, description="the words of test examples")


class Split(Section):
    """How the data is split, if it has no validation or test part."""

    validation: Part = Field(0.1, description="a share of the training examples, or a number of them")
    test: Part = Field(0.1, description="a share or a number of all examples, if the data has no test part")
    group: str | None = Field(
        None,
        min_length=1,
        description="keeps examples of one group, such as a patient, in one split: a column or an array with the group of "
        "each example, or a pattern with one group for file names, `(p[0-9]+)_`",
    )
    column: str | None = Field(
        None, min_length=1, description="a column or an array that says train, validation or test for each example"
    )
    parts: PartsOfWords | None = Field(
        None, description="what other words of `column` mean: `{validation: 9, test: 10}`, and all others train"
    )
    folds: FoldCount | None = Field(
        None, description="number of folds of a cross-validation; each fold is the test split once: `train --fold 2`"
    )
    fold: Count | None = Field(None, description="the fold that is the test split, from 1; `train --fold` sets it")
    stratify: bool = Field(True, description="keep the share of each class in each split")
    seed: int = Field(0, ge=0, le=LARGEST_SEED, description="seed of the split: the same seed gives the same splits")

    def words_of_parts(self) -> dict[str, list[Any]] | None:
        """The words of each part that `parts` names; None where nothing is said."""
        return None if self.parts is None else self.parts.model_dump(exclude_none=True)


class Input(InputColumns):
    """One of several inputs of an example, and its preprocessing; of a table also its columns."""

    prepare: list[PrepareStep] = Field(
        [], description="preprocessing layers for this input; they are saved inside the model"
    )
    augment: list[Step] = Field([], description="augmentation layers for this input, for the training split only")


def _read_input(value: Any) -> Any:
    """An input of which nothing is said: `left:` is `left: {}`."""
    return {} if value is None else value


InputsByName = (
    Annotated[
        dict[
            str,
            Annotated[Input, BeforeValidator(_read_input, json_schema_input_type=Input | None)],
        ],
        Field(min_length=1, json_schema_extra={"propertyNames": {"pattern": INPUT_NAME}}),
    ]
    | None
)


class Data(Section):
    """The examples and their preprocessing."""

    source: Annotated[
        Source,
        BeforeValidator(
            lambda value: {"builtin": value} if isinstance(value, str) else value,
            json_schema_input_type=BuiltinDataSet | Source,
        ),
        PlainSerializer(_source_as_data),
    ]
    offline: Literal["mnist-sample"] | None = Field(None, description="data to use if a download is not possible")
    targets: TargetsWord = Field("classes", description=targets.DESCRIPTION)
    windows: Windows | None = Field(
        None, description="for masks: the network sees windows of the images, and what it gives for them is joined"
    )
    split: Split = Field(default_factory=lambda: Split())
    inputs: InputsByName = Field(None, description="several inputs of an example, by name; `from` uses the names")
    prepare: list[PrepareStep] = Field(
        [],
        description="preprocessing layers for all splits, saved inside the model; what they lack is learned from the training "
        "examples",
    )
    augment: list[Step] = Field([], description="augmentation layers for the training split only; they are not saved")
    augment_copies: Count | None = Field(
        None,
        description="for a frozen part of the network: compute it once for this number of augmented passes",
    )
    class_weight: ClassWeight = Field(
        None, description="weight of each class in the loss; balanced: inversely proportional to its frequency"
    )
    classes: ClassCount | None = Field(None, description="number of classes; checked against the data")
    balance: Balance = Field(
        None,
        description="oversample: each epoch draws examples of rare classes more often, so that all classes are equal; "
        "for identities `{per_identity: 4}`, the number of examples of each identity of a batch",
    )
    limit: Count | None = Field(None, description="number of training examples to use; the share of each class is kept")
    per_class: Count | None = Field(None, description="number of training examples of each class to use")
    on_bad_image: Literal["error", "skip"] = Field("error", description="what to do with a file that cannot be decoded")
    allow_leakage: bool = Field(False, description="allow the same image in two splits")

    @model_validator(mode="before")
    @classmethod
    def _defaults_of_the_targets(cls, data: Any) -> Any:
        """What the source has, and whether a split is stratified, where the recipe does not say."""
        if isinstance(data, dict) and (word := _targets_word(data)) != DEFAULT_TARGETS:
            data = {**data, "targets": word}
        if (known := _target_rules(data)) and isinstance(data.get("split", {}), dict):
            balance = targets.balance_of(data["targets"])
            own = {"balance": balance} if balance is not None and data.get("balance") is None else {}
            return {**data, **own, "split": {"stratify": known.STRATIFY, **data.get("split", {})}}
        return data

    @model_validator(mode="before")
    @classmethod
    def _group_of_the_source(cls, data: Any) -> Any:
        """`group` beside the columns of a table is that of the split."""
        source = data.get("source") if isinstance(data, dict) else None
        settings = next(iter(source.values()), None) if isinstance(source, dict) else None
        group = settings.get("group") if isinstance(settings, dict) else None
        if isinstance(group, str) and isinstance(data.get("split", {}), dict):
            return {**data, "split": {"group": group, **data.get("split", {})}}
        return data


def _targets_word(data: Mapping[str, Any]) -> Any:
    """The word of `data.targets`, or the one that the source means."""
    return data.get("targets", usual_targets(data.get("source")))


def _target_rules(data: Any) -> targets.TargetRules | None:
    """Those of the targets; None where the recipe names none and they are the default, and where they are wrong."""
    word = _targets_word(data) if isinstance(data, dict) else None
    if not isinstance(data, dict) or (word == DEFAULT_TARGETS and "targets" not in data):
        return None
    return targets.of(word) if isinstance(word, str) and word in targets.TASKS else None


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
    expect: Expect = Field(default_factory=lambda: Expect())

    @model_validator(mode="before")
    @classmethod
    def _defaults_of_the_targets(cls, recipe: Any) -> Any:
        """The metrics, where the recipe names none."""
        data, train = (recipe.get("data"), recipe.get("train", {})) if isinstance(recipe, dict) else (None, None)
        if (known := _target_rules(data)) and isinstance(train, dict):
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
