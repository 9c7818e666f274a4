"""The section `visualize` of a recipe: the pictures that a run draws."""

from __future__ import annotations

from typing import Annotated, Any, Literal, get_args

from pydantic import (
    BeforeValidator,
    ConfigDict,
    Field,
    model_validator,
)
from pydantic_core import PydanticCustomError

from cnncli.recipe.growth import LARGEST_SEED as LARGEST_SEED
from cnncli.recipe.schema_fields import Count, Section, one_or_its_key, read_integer

ByPrediction = Literal["most_confused", "most_wrong"]
ByWord = Literal["most_confused", "most_wrong", "one_per_class"]
BY_PREDICTION: tuple[str, ...] = get_args(ByPrediction)
SAMPLES: tuple[str, ...] = get_args(ByWord)
MOST_PICTURES = 100  # of a run: its report shows no more
MOST_SHEETS = 24  # of feature maps at a time
MOST_SAMPLES = 100  # that are drawn at a time: on one sheet more could not be looked at


def _read_samples(value: Any) -> Any:
    if value in SAMPLES or (isinstance(value, int) and not isinstance(value, bool) and 1 <= value <= MOST_SAMPLES):
        return value
    told = {"most": str(MOST_SAMPLES), "words": ", ".join(SAMPLES)}
    raise PydanticCustomError("samples", "expected 1 to {most} examples, or one of {words}", told)


_SampleCount = Annotated[int, Field(ge=1, le=MOST_SAMPLES)]
Samples = Annotated[Any, BeforeValidator(_read_samples, json_schema_input_type=_SampleCount | ByWord)]
_Index = Annotated[int, Field(ge=0), BeforeValidator(read_integer)]
# `true` without quotes is a truth value.
_ClassName = Annotated[
    str,
    BeforeValidator(lambda value: "true" if value is True else value, json_schema_input_type=str | Literal[True]),
]
FilterScale = Literal["diverging", "min-max", "rgb"]
HeatMethod = Literal["grad-cam", "grad-cam++", "smoothgrad", "occlusion"]


_INPUT = "which of several inputs; default: the first one that is an image, a signal or a volume"


class Filters(Section):
    """The kernels of convolutions as pictures."""

    layers: list[str] | None = Field(None, description="names of layers; default: the first convolution")
    scale: FilterScale = Field(
        "diverging",
        description="colors: blue, white for 0, red; gray from the smallest to the largest weight; or three channels as RGB",
    )
    per_filter: bool = Field(False, description="give each filter a color scale of its own, not one to the whole layer")
    strongest: Count | None = Field(None, description="number of filters of each layer, those with the largest norms")
    change: bool = Field(False, description="draw each filter before and after training")


class FeatureMaps(Section):
    """The feature maps of layers for test examples."""

    layers: list[str] | None = Field(None, description="names of layers; default: the first convolution")
    samples: Samples = Field(
        4, description="number of test examples, or a rule to choose them; at most 24 sheets are drawn"
    )


class Maximize(Section):
    """The input that a filter or a class responds to most, found by gradient ascent."""

    layer: str | None = Field(None, description="maximize filters or units of this layer; default: maximize classes")
    filters: Annotated[list[_Index], Field(min_length=1)] | None = Field(
        None, description="numbers of filters, from 0; default: the first 16"
    )
    classes: Annotated[list[str], Field(min_length=1)] | None = Field(
        None, description="names of classes; default: the first 16"
    )
    steps: Count = Field(128, description="number of gradient-ascent steps")
    seed: int = Field(0, ge=0, le=LARGEST_SEED, description="seed of the starting noise")
    input: str | None = Field(None, description=_INPUT)

    @model_validator(mode="after")
    def _filters_or_classes(self) -> Maximize:
        if self.classes is not None and (self.layer is not None or self.filters is not None):
            raise PydanticCustomError("one_target", "--class excludes --layer and --filter")
        return self


class GradCam(Section):
    """Heat maps: which parts of test examples support a class."""

    layer: str | None = Field(
        None, description="layer of the feature maps; default: the last one with feature maps, before pooling"
    )
    method: HeatMethod = Field(
        "grad-cam",
        description="Selvaraju 2017, Chattopadhay 2018, Smilkov 2017 or Zeiler 2014; the last two have no layer",
    )
    class_name: _ClassName = Field("predicted", description="`predicted`, `true`, or the name of a class")
    samples: Samples = Field(
        None, description="number of test examples, or a rule to choose them; default: 12, 6 or 4, by method"
    )
    network_input: bool = Field(
        False, description="draw image files as the network receives them, not as original photos"
    )
    input: str | None = Field(None, description=_INPUT)


class Picture(Section):
    """One item of `visualize`: exactly one of these."""

    model_config = ConfigDict(json_schema_extra=one_or_its_key)

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
    def input(self) -> str | None:
        """The name of the input that it is about; None where it does not say it."""
        one = self.grad_cam or self.maximize
        return one.input if one else None

    @property
    def least_pictures(self) -> int:
        """How many files it draws at the least: one, and of filters one a layer."""
        return len(self.filters.layers or [""]) if self.filters else 1

    @property
    def layers(self) -> list[tuple[str, tuple[str | int, ...]]]:
        """The layers that it names, each with where it stands within the item."""
        one = self.grad_cam or self.maximize
        if one:
            return [(one.layer, (self.kind, "layer"))] if one.layer else []
        named = getattr(self, self.kind).layers or []
        return [(name, (self.kind, "layers", index)) for index, name in enumerate(named)]


def read_picture(value: Any) -> Any:
    if isinstance(value, str):
        return {value: {}}
    if isinstance(value, dict):
        return {key: {} if item is None else item for key, item in value.items()}
    return value
