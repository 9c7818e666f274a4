"""The summary of a network as pydantic models, for `summary --json` and network.json; imports no TensorFlow."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

if TYPE_CHECKING:
    from cnncli.network.outline import Row
    from cnncli.network.summary import GroupSummary, LayerSummary, Summary

Shape = tuple[int | None, ...]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, validate_by_name=True, validate_by_alias=True, from_attributes=True)

    def to_json(self) -> dict[str, Any]:
        """Return plain data for JSON."""
        return self.model_dump(mode="json", by_alias=True)


class Size(_Part):
    """A receptive field in positions of the input, and how far apart two neighbours are."""

    size: tuple[int, ...]
    stride: list[float]


class _Counted(_Part):
    name: str
    kind: Annotated[str | None, AfterValidator(lambda kind: kind or None)] = Field(alias="class")
    output_shape: Shape
    params: int
    multiply_adds: int | None


class Repeated(_Part):
    """Boxes that are folded into one: how many times it is there, its last name, and the argument that differs."""

    times: int
    rows: int
    last: str
    varied: str


class Box(_Counted):
    """A box of the network's diagram: a layer, or a closed group; `inputs` are the numbers of the boxes that it takes."""

    detail: str
    layer_count: int
    inputs: tuple[int, ...]
    repeat: Repeated | None = None


class Layer(_Counted):
    """One Keras layer, as `cnncli.network.summary.LayerSummary` has it."""

    detail: str
    trainable_params: int
    receptive_field: Size | Literal["all"] | None
    activation_bytes: int
    inputs: tuple[str, ...]
    groups: tuple[str, ...]


class Group(_Counted):
    """Several layers under one name, with the sums of theirs."""

    trainable_params: int
    activation_bytes: int
    layers: tuple[str, ...]


class Phase(_Part):
    """How much learns in a phase of the training."""

    name: str | None
    trainable_params: int


class NetworkSummary(_Part):
    """Every layer and group, and the totals."""

    recipe: str
    input_shape: Shape | dict[str, Shape]
    batch_size: int
    params: int
    trainable_params: int
    phases: list[Phase]
    multiply_adds: int
    not_counted: list[str]
    weight_bytes: int
    activation_bytes: int
    training_bytes: int
    placeholders: list[str]
    outputs: list[str]
    layers: list[Layer]
    groups: list[Group]


class DrawnNetwork(NetworkSummary):
    """What network.json holds: the boxes of the diagram too."""

    boxes: list[Box]


def summarised(found: Summary) -> NetworkSummary:
    """A network's summary."""
    return NetworkSummary.model_validate(_fields(found))


def drawn(found: Summary, rows: Sequence[Row]) -> DrawnNetwork:
    """A network's summary with the boxes of its diagram."""
    return DrawnNetwork.model_validate({**_fields(found), "boxes": rows})


def _fields(found: Summary) -> dict[str, Any]:
    fields = {name: getattr(found, name) for name in NetworkSummary.model_fields if hasattr(found, name)}
    layers = [_layer(layer, found) for layer in found.layers]
    phases = [Phase(name=phase.name or None, trainable_params=phase.trainable_params) for phase in found.phases]
    groups = [_group(group, found) for group in found.groups]
    return {**fields, "recipe": found.name, "phases": phases, "layers": layers, "groups": groups}


def _layer(layer: LayerSummary, found: Summary) -> Layer:
    field = layer.field
    seen: Any = field and ("all" if field.whole else Size(size=field.pixels, stride=list(map(float, field.stride))))
    return Layer.model_validate(
        {**asdict(layer), "receptive_field": seen, "activation_bytes": found.bytes_of(layer.activations)}
    )


def _group(group: GroupSummary, found: Summary) -> Group:
    layers = [layer for layer in found.layers if layer.name in set(group.layers)]
    counts = [layer.multiply_adds for layer in layers]
    return Group(
        name=group.name,
        kind=group.kind,
        output_shape=next(layer.output_shape for layer in layers if layer.name == group.last),
        params=sum(layer.params for layer in layers),
        trainable_params=sum(layer.trainable_params for layer in layers),
        multiply_adds=None if None in counts else sum(count or 0 for count in counts),
        activation_bytes=found.bytes_of(sum(layer.activations for layer in layers)),
        layers=group.layers,
    )
