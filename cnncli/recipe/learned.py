"""Preprocessing that is learned from the training examples: which layers learn, and what they have learned."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from cnncli.messages import counted, shortened
from cnncli.recipe.keras_objects.arguments import LEARNED
from cnncli.recipe.keras_objects.objects import KerasObject
from cnncli.recipe.named_inputs import Input, inputs_of
from cnncli.recipe.schema import Recipe

_MOST_WORDS, _LONGEST_WORD = 8, 20
_STAND_INS: dict[str, Any] = {"mean": 0.0, "variance": 1.0, "vocabulary": ["a"], "idf_weights": [1.0]}


class LearnedLayer(BaseModel):
    """What a layer of `prepare` has learned.

    Attributes:
        input: the name of the input that the layer is for.
        index: the layer's place in `prepare`, from 0.
        layer: its name in Keras, `TextVectorization`.
        arguments: of its constructor, as plain lists and numbers: `vocabulary`, or `mean` and `variance`.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False, defer_build=True)

    input: str
    index: int = Field(ge=0)
    layer: str
    arguments: dict[str, Any]

    @property
    def summary(self) -> str:
        """`3,412 values, the most frequent: the, a, of`; `mean and variance of 3 columns or channels`."""
        if (words := self.arguments.get("vocabulary")) is not None:
            most = ", ".join(shortened(str(word), _LONGEST_WORD) for word in words[:_MOST_WORDS])
            return f"{counted(len(words), 'value')}, the most frequent: {most}"
        if (bins := self.arguments.get("bin_boundaries")) is not None:
            return f"{len(bins) + 1} bins, divided at {', '.join(f'{bound:.4g}' for bound in bins[:_MOST_WORDS])}"
        mean, variance = self.arguments["mean"], self.arguments["variance"]
        if isinstance(mean, float) or (len(mean) == 1 and isinstance(mean[0], float)):
            one, other = (value if isinstance(value, float) else value[0] for value in (mean, variance))
            return f"mean {one:.4g}, standard deviation {other**0.5:.4g}"
        return f"mean and variance of {len(mean):,} columns or channels"


class Learned(BaseModel):
    """What the layers of `prepare` have learned; learned.json of a run holds it."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False, defer_build=True)

    format: int = Field(1, ge=1, le=1)
    layers: tuple[LearnedLayer, ...] = ()

    @property
    def fingerprint(self) -> str:
        """SHA-256 (hex) over everything that was learned."""
        text = json.dumps(self.model_dump(), ensure_ascii=True, sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(text.encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class LearningStep:
    """A layer of `prepare` that learns.

    Attributes:
        own: the input that it is for.
        index: its place in `prepare`.
        layer: as the recipe has it.
    """

    own: Input
    index: int
    layer: KerasObject


def learns(layer: KerasObject) -> bool:
    """Whether a layer of `prepare` lacks what Keras' `adapt` computes from data."""
    arguments = LEARNED.get(layer.entry.canonical, ()) if layer.kind == "layers" else ()
    return bool(arguments) and all(layer.args.get(name) is None for name in arguments)


def learning_steps(recipe: Recipe) -> list[LearningStep]:
    """The layers of `prepare` that learn, input by input, in their order."""
    return [
        LearningStep(own, index, layer)
        for own in inputs_of(recipe.data)
        for index, layer in enumerate(own.prepare)
        if learns(layer)
    ]


def with_learned(recipe: Recipe, learned: Learned) -> Recipe:
    """The recipe whose layers of `prepare` have what they have learned as arguments."""
    if not learned.layers:
        return recipe
    values = {(each.input, each.index): each.arguments for each in learned.layers}
    data = recipe.data

    def filled(name: str, steps: list[KerasObject]) -> list[KerasObject]:
        return [with_arguments(step, values.get((name, index), {})) for index, step in enumerate(steps)]

    if data.inputs is None:
        [alone] = inputs_of(data)
        update: dict[str, Any] = {"prepare": filled(alone.name, data.prepare)}
    else:
        inputs = {n: own.model_copy(update={"prepare": filled(n, own.prepare)}) for n, own in data.inputs.items()}
        update = {"inputs": inputs}
    return recipe.model_copy(update={"data": data.model_copy(update=update)})


def with_arguments(layer: KerasObject, arguments: Mapping[str, Any]) -> KerasObject:
    """A layer with what it has learned. Keras takes `num_bins` or the bins themselves."""
    args = {**layer.args, **arguments}
    if "bin_boundaries" in arguments:
        args.pop("num_bins", None)
    return replace(layer, args=args) if arguments else layer


def with_stand_ins(layer: KerasObject) -> KerasObject:
    """A layer that has learned nothing yet with values in the form of those that it will learn: the shapes are the same."""
    if not learns(layer):
        return layer
    count = layer.args.get("num_bins")
    bins = [float(number) for number in range(1, count)] if isinstance(count, int) else None
    values = {"bin_boundaries": bins, **_STAND_INS}
    if layer.entry.canonical == "IntegerLookup":
        values["vocabulary"] = [1]
    names = [*LEARNED[layer.entry.canonical]]
    if layer.args.get("output_mode") == "tf_idf":
        names.append("idf_weights")
    return with_arguments(layer, {name: values[name] for name in names if values[name] is not None})
