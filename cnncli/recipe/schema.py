"""The schema of a recipe: its sections as pydantic models, with limits, defaults and descriptions."""

from __future__ import annotations

import math
import re
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated, Any, Literal, get_args

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    SerializerFunctionWrapHandler,
    model_serializer,
    model_validator,
)
from pydantic.json_schema import SkipJsonSchema
from pydantic_core import PydanticCustomError, core_schema

from cnncli.messages import described
from cnncli.names import NAME_PATTERN
from cnncli.recipe import targets
from cnncli.recipe.deferred import Deferred
from cnncli.recipe.growth import LARGEST_INTEGER, MOST_PROBLEMS
from cnncli.recipe.growth import LARGEST_SEED as LARGEST_SEED
from cnncli.recipe.keras_objects import catalogue
from cnncli.recipe.keras_objects.integer_values import as_integers
from cnncli.recipe.keras_objects.objects import Fault, KerasObject, as_data, read
from cnncli.recipe.layers import Group, nested

BuiltinDataSet = Literal["mnist", "fashion_mnist", "cifar10", "cifar100", "mnist-sample"]
BUILTIN_DATA_SETS: tuple[str, ...] = get_args(BuiltinDataSet)
if TYPE_CHECKING:
    TargetsWord = str
else:
    TargetsWord = Literal[tuple(targets.TASKS)]
KIND_OF_OBJECT = "x-keras"  # in a section's JSON Schema: here stands a Keras object of this kind


class Section(BaseModel):
    """A mapping of the recipe: strict types, no keys but its own."""

    # `defer_build`: only the whole recipe is validated, so only its validator is built.
    model_config = ConfigDict(
        strict=True, extra="forbid", frozen=True, allow_inf_nan=False, arbitrary_types_allowed=True, defer_build=True
    )

    @model_validator(mode="wrap")
    @classmethod
    def _keep_deferred(cls, data: Any, handler: Any) -> Any:
        """pydantic makes plain numbers and texts of values that are not known yet; keep what they stand for."""
        section = handler(data)
        for name in cls.model_fields.keys() & (data.keys() if isinstance(data, dict) else ()):
            section.__dict__[name] = _with_deferred(section.__dict__[name], data[name])
        return section


def _with_deferred(value: Any, given: Any) -> Any:
    if isinstance(given, Deferred) and isinstance(value, (int, float, str)):
        return given
    if isinstance(value, list) and isinstance(given, list):
        return [_with_deferred(*pair) for pair in zip(value, given, strict=True)]
    if isinstance(value, dict) and isinstance(given, dict):
        return {key: _with_deferred(item, given.get(key)) for key, item in value.items()}
    return value


def _exactly_one(schema: dict[str, Any]) -> None:
    """In the JSON Schema of a section that is one of its keys."""
    schema |= {"minProperties": 1, "maxProperties": 1}


def _one_or_its_key(schema: dict[str, Any]) -> None:
    """The same where the key alone will do: `- filters` is `- filters: {}`."""
    _exactly_one(schema)
    schema["type"] = ["object", "string"]
    schema |= {"if": {"type": "string"}, "then": {"enum": list(schema["properties"])}}


class _OfKind:
    """Marks a field that takes a Keras object of one kind."""

    def __init__(self, kind: str) -> None:
        self.kind = kind

    def __get_pydantic_core_schema__(self, source: Any, handler: Any) -> core_schema.CoreSchema:
        written = core_schema.plain_serializer_function_ser_schema(as_data)
        return core_schema.with_info_plain_validator_function(self._validate, serialization=written)

    def __get_pydantic_json_schema__(self, core: Any, handler: Any) -> dict[str, Any]:
        return {KIND_OF_OBJECT: self.kind}  # recipe_schema.py puts what the catalogue has in its place

    def _validate(self, value: Any, info: core_schema.ValidationInfo) -> KerasObject:
        if isinstance(value, KerasObject):
            return value
        context = info.context if info.context is not None else {}
        if context.get("faulty", 0) >= MOST_PROBLEMS:
            return KerasObject(self.kind, "")  # the recipe is refused already, and there is enough to read
        found, faults = read(value, self.kind, steps_per_epoch=context.get("steps_per_epoch"))
        if found is None:
            context["faulty"] = context.get("faulty", 0) + 1
            raise PydanticCustomError("keras_object", "not usable", {"faults": faults})
        return found


class _InChain(_OfKind):
    """Marks a layer of a chain: it takes the one before it, and cannot say otherwise."""

    def _validate(self, value: Any, info: core_schema.ValidationInfo) -> Any:
        found = super()._validate(value, info)
        if not found.name:
            return found
        if found.kind != "layers":
            fault = Fault((), f"{found.name} cannot stand here", "make it an item of `model.layers`")
            raise PydanticCustomError("keras_object", "not usable", {"faults": [fault]})
        if found.inputs:
            hint = "`from` is for the layers of `model`"
            fault = Fault((found.name, "from"), f"{found.name} takes what is before it here", hint, on_key=True)
            raise PydanticCustomError("keras_object", "not usable", {"faults": [fault]})
        return found


Layer = Annotated[KerasObject, _OfKind("layers")]
Step = Annotated[KerasObject, _InChain("layers")]
Optimizer = Annotated[KerasObject, _OfKind("optimizers")]
Loss = Annotated[KerasObject, _OfKind("losses")]
Metric = Annotated[KerasObject, _OfKind("metrics")]
Callback = Annotated[KerasObject, _OfKind("callbacks")]


class _LossOrLosses(_OfKind):
    """Marks the field that takes one loss, or a mapping of the outputs' names to theirs."""

    def __get_pydantic_json_schema__(self, core: Any, handler: Any) -> dict[str, Any]:
        loss = {KIND_OF_OBJECT: self.kind}
        # An output may have any name but a loss's own; one in CapWords alone is read as a misspelt loss.
        by_output = {"type": "object", "minProperties": 1, "additionalProperties": loss}
        no_losses = {"propertyNames": {"not": {"enum": catalogue.names(self.kind)}}}
        return {"anyOf": [loss, {**by_output, **no_losses}]}

    def _validate(self, value: Any, info: core_schema.ValidationInfo) -> Any:
        if not isinstance(value, dict) or any(catalogue.find("losses", str(name)) for name in value):
            return super()._validate(value, info)
        if len(value) == 1 and all(name[:1].isupper() for name in value):
            return super()._validate(value, info)  # a misspelt loss, not an output
        faults: list[Fault] = []
        losses: dict[str, KerasObject] = {}
        for name, item in value.items():
            found, wrong = read(item, self.kind) if not isinstance(item, KerasObject) else (item, [])
            faults += [replace(fault, path=(name, *fault.path)) for fault in wrong]
            if found is not None:
                losses[name] = found
        if faults:
            raise PydanticCustomError("keras_object", "not usable", {"faults": faults})
        return losses


Losses = Annotated[KerasObject | dict[str, KerasObject], _LossOrLosses("losses")]

UNITS = {"s": 1, "sec": 1, "second": 1, "min": 60, "minute": 60, "h": 3600, "hour": 3600}
_DURATION = re.compile(r"^(\d+(?:\.\d+)?)\s*([a-z]+?)s?$")


def _read_duration(value: Any) -> Any:
    """`20 min` as seconds."""
    match = _DURATION.match(value) if isinstance(value, str) else None
    if match and (unit := UNITS.get(match.group(2))):
        return float(match.group(1)) * unit
    raise PydanticCustomError("duration", "expected a time with its unit, such as 90 s, 20 min or 2 h")


Duration = Annotated[
    float, BeforeValidator(
        lambda value: value if isinstance(value, float) else _read_duration(value),
        json_schema_input_type=Annotated[
            str, Field(pattern=rf"^\d+(\.\d+)?\s*({'|'.join(UNITS)})s?$", examples=["90 s", "20 min", "2 h"])
        ],
    ),
    PlainSerializer(lambda seconds: f"{seconds:g} s"), Field(gt=0),
]  # fmt: skip


def _read_integer(value: Any) -> Any:
    """A number without a fraction as the integer that it is."""
    value = as_integers(value) if isinstance(value, float) else value
    if isinstance(value, int) and abs(value) > LARGEST_INTEGER:
        raise PydanticCustomError("integer_too_large", "expected an integer of at most 2,147,483,647")
    return value


Count = Annotated[int, Field(ge=1), BeforeValidator(_read_integer)]
_ClassCount = Annotated[int, Field(ge=2), BeforeValidator(_read_integer)]
Size = Annotated[list[Count], Field(min_length=2, max_length=2)]
_Rgb = Annotated[list[Annotated[int, Field(ge=0, le=255)]], Field(min_length=3, max_length=3)]


def _read_background(value: Any) -> Any:
    is_rgb = isinstance(value, list) and len(value) == 3 and all(type(v) is int and 0 <= v <= 255 for v in value)
    if is_rgb or value in ("auto", "black", "white"):
        return value
    raise PydanticCustomError("background", "expected auto, black, white or [r, g, b] with integers from 0 to 255")


def _read_depth(value: Any) -> Any:
    if value == "auto" or (type(value) is int and value in (8, 16)):
        return value
    raise PydanticCustomError("depth", "expected auto, 8 or 16")


def _read_range(value: Any) -> Any:
    if value is None:
        return value
    are_numbers = isinstance(value, list) and len(value) == 2 and all(type(v) in (int, float) for v in value)
    if are_numbers and math.isfinite(value[0]) and math.isfinite(value[1]) and value[0] < value[1]:
        return [float(v) for v in value]
    raise PydanticCustomError("range", "expected [low, high], two numbers with low < high")


Background = Annotated[
    Any, BeforeValidator(_read_background, json_schema_input_type=Literal["auto", "black", "white"] | _Rgb)
]
Depth = Annotated[Any, BeforeValidator(_read_depth, json_schema_input_type=Literal["auto", 8, 16])]
_TwoNumbers = Annotated[list[float], Field(min_length=2, max_length=2)]
Range = Annotated[Any, BeforeValidator(_read_range, json_schema_input_type=_TwoNumbers | None)]


def _read_part(value: Any) -> Any:
    if (
        isinstance(value, (int, float))
        and not isinstance(value, bool)
        and (value >= 1) == isinstance(value, int)
        and value > 0
    ):
        return value
    raise PydanticCustomError("part", "expected a share between 0 and 1, or a number of examples ≥ 1")


_Share = Annotated[float, Field(gt=0, lt=1)]
Part = Annotated[Any, BeforeValidator(_read_part, json_schema_input_type=Count | _Share)]


def _read_class_weight(value: Any) -> Any:
    if value is None or value == "balanced":
        return value
    if not isinstance(value, dict) or not value:
        raise PydanticCustomError("class_weight", "expected `balanced`, or a mapping of class names to weights > 0")
    wrong = {name: weight for name, weight in value.items() if not _is_weight(weight)}
    if wrong:
        faults = [Fault((name,), f"expected a weight > 0, got {described(weight)}") for name, weight in wrong.items()]
        raise PydanticCustomError("keras_object", "not usable", {"faults": faults})
    return {name: float(weight) for name, weight in value.items()}


def _is_weight(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value) and value > 0


_Weights = Annotated[dict[str, Annotated[float, Field(gt=0)]], Field(min_length=1)]
ClassWeight = Annotated[
    Any, BeforeValidator(_read_class_weight, json_schema_input_type=Literal["balanced"] | _Weights | None)
]

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

    model_config = ConfigDict(json_schema_extra=_exactly_one)

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
    classes: _ClassCount | None = Field(None, description="their number; checked against the data")
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
    outputs: Annotated[list[str], Field(description="layers whose outputs are trained; the first is the main one")] = []
    groups: Annotated[list[Group], SkipJsonSchema()] = []

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


ByPrediction = Literal["most_confused", "most_wrong"]
ByWord = Literal["most_confused", "most_wrong", "one_per_class"]
BY_PREDICTION: tuple[str, ...] = get_args(ByPrediction)
SAMPLES: tuple[str, ...] = get_args(ByWord)
MOST_SAMPLES = 100  # that are drawn at a time: on one sheet more could not be looked at


def _read_samples(value: Any) -> Any:
    if value in SAMPLES or (isinstance(value, int) and not isinstance(value, bool) and 1 <= value <= MOST_SAMPLES):
        return value
    told = {"most": str(MOST_SAMPLES), "words": ", ".join(SAMPLES)}
    raise PydanticCustomError("samples", "expected 1 to {most} examples, or one of {words}", told)


_SampleCount = Annotated[int, Field(ge=1, le=MOST_SAMPLES)]
Samples = Annotated[Any, BeforeValidator(_read_samples, json_schema_input_type=_SampleCount | ByWord)]
_Index = Annotated[int, Field(ge=0), BeforeValidator(_read_integer)]
# `true` without quotes is a truth value.
_ClassName = Annotated[
    str,
    BeforeValidator(lambda value: "true" if value is True else value, json_schema_input_type=str | Literal[True]),
]
HeatMethod = Literal["grad-cam", "grad-cam++", "smoothgrad", "occlusion"]


class Filters(Section):
    """The kernels of convolutions as pictures."""

    layers: list[str] | None = Field(None, description="names; left out: the first convolution")
    per_filter: bool = Field(False, description="stretch each filter's own values from black to white, not the layer's")
    strongest: Count | None = Field(None, description="only so many filters a layer, those with the largest norms")
    change: bool = Field(False, description="draw each filter as it was initialised, and beside it as it is")


class FeatureMaps(Section):
    """What each filter of chosen layers gives for test examples."""

    layers: list[str] | None = Field(None, description="names; left out: the first convolution")
    samples: Samples = Field(4, description="how many test examples, or which")


class Maximize(Section):
    """The example that a filter or a class likes most, found by gradient ascent: of a layer's filters, or of classes."""

    layer: str | None = Field(None, description="whose filters or units; left out: classes are shown")
    filters: Annotated[list[_Index], Field(min_length=1)] | None = Field(
        None, description="their numbers, from 0; left out: the first 16"
    )
    classes: Annotated[list[str], Field(min_length=1)] | None = Field(None, description="names; left out: the first 16")
    steps: Count = Field(128, description="of the ascent")
    seed: int = Field(0, ge=0, le=LARGEST_SEED, description="of the noise that it begins with")

    @model_validator(mode="after")
    def _filters_or_classes(self) -> Maximize:
        if self.classes is not None and (self.layer is not None or self.filters is not None):
            raise PydanticCustomError("one_target", "either the filters of a layer or classes, got both")
        return self


class GradCam(Section):
    """Where in test examples the network sees what speaks for a class."""

    layer: str | None = Field(None, description="whose maps; left out: the last that gives maps, before pooling")
    method: HeatMethod = Field(
        "grad-cam",
        description="Selvaraju 2017, Chattopadhay 2018, Smilkov 2017 or Zeiler 2014; the last two take no layer",
    )
    class_name: _ClassName = Field("predicted", description="`predicted`, `true`, or the name of a class")
    samples: Samples = Field(None, description="how many test examples, or which; left out: 12, 6 or 4, by method")


class Picture(Section):
    """One item of `visualize`: exactly one of these."""

    model_config = ConfigDict(json_schema_extra=_one_or_its_key)

    filters: Filters | None = None
    feature_maps: FeatureMaps | None = None
    maximize: Maximize | None = None
    grad_cam: GradCam | None = None

    @model_validator(mode="after")
    def _one(self) -> Picture:
        if sum(getattr(self, name) is not None for name in type(self).model_fields) != 1:
            kinds = ", ".join(type(self).model_fields)
            raise PydanticCustomError("one_picture", "one kind of picture an item: {kinds}", {"kinds": kinds})
        return self

    @property
    def kind(self) -> str:
        return next(name for name in type(self).model_fields if getattr(self, name) is not None)

    @property
    def layers(self) -> list[tuple[str, tuple[str | int, ...]]]:
        """The layers that it names, each with where it stands within the item."""
        one = self.grad_cam or self.maximize
        if one:
            return [(one.layer, (self.kind, "layer"))] if one.layer else []
        named = getattr(self, self.kind).layers or []
        return [(name, (self.kind, "layers", index)) for index, name in enumerate(named)]


def _read_picture(value: Any) -> Any:
    if isinstance(value, str):
        return {value: {}}
    if isinstance(value, dict):
        return {key: {} if item is None else item for key, item in value.items()}
    return value


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
    visualize: list[Annotated[Picture, BeforeValidator(_read_picture)]] = Field(
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
