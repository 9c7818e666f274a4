"""The section `data` of a recipe: the source, its split, its inputs and its targets."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import (
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    model_validator,
)
from pydantic_core import PydanticCustomError

from cnncli.recipe import targets
from cnncli.recipe.example_windows import Windows
from cnncli.recipe.growth import LARGEST_SEED as LARGEST_SEED
from cnncli.recipe.schema_fields import (
    INPUT_NAME,
    Balance,
    ClassCount,
    ClassWeight,
    Count,
    FoldCount,
    Part,
    PrepareStep,
    Section,
    Step,
    Words,
    exactly_one,
)
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
        if (known := target_rules(data)) and isinstance(data.get("split", {}), dict):
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


def target_rules(data: Any) -> targets.TargetRules | None:
    """The rules of the targets of a section `data`; None where it names none and the default holds, and where they are wrong."""
    word = _targets_word(data) if isinstance(data, dict) else None
    if not isinstance(data, dict) or (word == DEFAULT_TARGETS and "targets" not in data):
        return None
    return targets.of(word) if isinstance(word, str) and word in targets.TASKS else None
