"""The fields of a recipe's sections: types that check and convert what a recipe says."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Annotated, Any, Literal

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Discriminator,
    Field,
    PlainSerializer,
    Tag,
    model_validator,
)
from pydantic_core import PydanticCustomError, core_schema

from cnncli.messages import described
from cnncli.recipe.deferred import Deferred
from cnncli.recipe.growth import LARGEST_INTEGER, MOST_PROBLEMS
from cnncli.recipe.growth import LARGEST_SEED as LARGEST_SEED
from cnncli.recipe.keras_objects import catalogue
from cnncli.recipe.keras_objects.integer_values import as_integers
from cnncli.recipe.keras_objects.objects import Fault, KerasObject, as_data, read

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


def sections_below(section: type[Section]) -> Iterator[type[Section]]:
    """All sections that are made of this one."""
    for each in section.__subclasses__():
        yield each
        yield from sections_below(each)


def _with_deferred(value: Any, given: Any) -> Any:
    if isinstance(given, Deferred) and isinstance(value, (int, float, str)):
        return given
    if isinstance(value, list) and isinstance(given, list):
        return [_with_deferred(*pair) for pair in zip(value, given, strict=True)]
    if isinstance(value, dict) and isinstance(given, dict):
        return {key: _with_deferred(item, given.get(key)) for key, item in value.items()}
    return value


def exactly_one(schema: dict[str, Any]) -> None:
    """In the JSON Schema of a section that is one of its keys."""
    schema |= {"minProperties": 1, "maxProperties": 1}


def one_or_its_key(schema: dict[str, Any]) -> None:
    """The same where the key alone will do: `- filters` is `- filters: {}`."""
    exactly_one(schema)
    schema["type"] = ["object", "string"]
    schema |= {"if": {"type": "string"}, "then": {"enum": list(schema["properties"])}}


class _OfKind:
    """Marks a field that takes a Keras object of one kind."""

    def __init__(self, kind: str, *, learns: bool = False) -> None:
        self.kind = kind
        self.learns = learns

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
        found, faults = read(value, self.kind, steps_per_epoch=context.get("steps_per_epoch"), learns=self.learns)
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
        if found.shares:
            fault = Fault((found.name, "is"), "`is` is for the layers of `model`", on_key=True)
            raise PydanticCustomError("keras_object", "not usable", {"faults": [fault]})
        return found


Layer = Annotated[KerasObject, _OfKind("layers")]
PrepareStep = Annotated[KerasObject, _InChain("layers", learns=True)]
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


def read_integer(value: Any) -> Any:
    """A number without a fraction as the integer that it is."""
    value = as_integers(value) if isinstance(value, float) else value
    if isinstance(value, int) and abs(value) > LARGEST_INTEGER:
        raise PydanticCustomError("integer_too_large", "expected an integer of at most 2,147,483,647")
    return value


Count = Annotated[int, Field(ge=1), BeforeValidator(read_integer)]
ClassCount = Annotated[int, Field(ge=2), BeforeValidator(read_integer)]
FoldCount = Annotated[int, Field(ge=2), BeforeValidator(read_integer)]
Size = Annotated[list[Count], Field(min_length=2, max_length=2)]
_Rgb = Annotated[list[Annotated[int, Field(ge=0, le=255)]], Field(min_length=3, max_length=3)]


INPUT_NAME = r"^[A-Za-z][A-Za-z0-9_]{0,63}$"  # a name of a layer in Keras, and of a part of an array's name
_Shape = Annotated[list[Count], Field(max_length=4)]  # [] is that of a text
# The tags are parts of the places that pydantic tells, and of no recipe.
ONE, SEVERAL = "<shape>", "<shapes>"
ShapeOrShapes = Annotated[
    Annotated[_Shape, Tag(ONE)] | Annotated[dict[str, _Shape], Field(min_length=1), Tag(SEVERAL)],
    Discriminator(lambda value: SEVERAL if isinstance(value, dict) else ONE),
]


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


def _read_words(value: Any) -> Any:
    """Words of data, one or several; numbers, true and false are some, too."""
    if value is None:
        return value
    words = value if isinstance(value, list) else [value]
    if words and all(is_word(word) for word in words):
        return words
    raise PydanticCustomError("words", "expected a word or a number of the data, or a list of them")


def is_word(value: Any) -> bool:
    """Whether a value can be that of a cell: a text, a number, true or false."""
    return isinstance(value, (str, int)) or (isinstance(value, float) and math.isfinite(value))


Word = str | float | bool
_SeveralWords = Annotated[list[Word], Field(min_length=1)]
Words = Annotated[Any, BeforeValidator(_read_words, json_schema_input_type=Word | _SeveralWords | None)]


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


def _read_balance(value: Any) -> Any:
    if value is None or value == "oversample":
        return value
    of_each = read_integer(value.get("per_identity")) if isinstance(value, dict) and len(value) == 1 else None
    if isinstance(of_each, bool) or not isinstance(of_each, int) or of_each < 2:
        told = "expected `oversample`, or for identities `{per_identity: 4}` with an integer of at least 2"
        raise PydanticCustomError("balance", told)
    return {"per_identity": of_each}


_OfEach = Annotated[int, Field(ge=2)]
_PerIdentity = Annotated[dict[Literal["per_identity"], _OfEach], Field(min_length=1, max_length=1)]
Balance = Annotated[
    Any, BeforeValidator(_read_balance, json_schema_input_type=Literal["oversample"] | _PerIdentity | None)
]
