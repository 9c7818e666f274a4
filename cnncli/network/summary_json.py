"""The summary of a network as plain data, for `summary --json` and network.json."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from cnncli.network.outline import Row
from cnncli.network.receptive_field import Field
from cnncli.network.summary import GroupSummary, LayerSummary, Summary


def as_data(found: Summary) -> dict[str, Any]:
    """Every layer and group, and the totals."""
    return {
        "recipe": found.name,
        "input_shape": found.input_shape,
        "batch_size": found.batch_size,
        "params": found.params,
        "trainable_params": found.trainable_params,
        "phases": [{"name": phase.name or None, "trainable_params": phase.trainable_params} for phase in found.phases],
        "multiply_adds": found.multiply_adds,
        "not_counted": found.not_counted,
        "weight_bytes": found.weight_bytes,
        "activation_bytes": found.activation_bytes,
        "training_bytes": found.training_bytes,
        "placeholders": found.placeholders,
        "outputs": found.outputs,
        "layers": [_layer_as_data(layer, found) for layer in found.layers],
        "groups": [_group_as_data(group, found) for group in found.groups],
    }


def rows_as_data(rows: Sequence[Row]) -> list[dict[str, Any]]:
    """The boxes of the network's diagram, each with the numbers of the boxes that it takes."""
    return [
        {
            "name": row.name,
            "class": row.kind or None,
            "detail": row.detail,
            "layer_count": row.layer_count,
            "output_shape": row.output_shape,
            "params": row.params,
            "multiply_adds": row.multiply_adds,
            "inputs": row.inputs,
        }
        for row in rows
    ]


def _layer_as_data(layer: LayerSummary, found: Summary) -> dict[str, Any]:
    return {
        "name": layer.name,
        "class": layer.kind,
        "detail": layer.detail,
        "output_shape": layer.output_shape,
        "params": layer.params,
        "trainable_params": layer.trainable_params,
        "multiply_adds": layer.multiply_adds,
        "receptive_field": _field_as_data(layer.field),
        "activation_bytes": found.bytes_of(layer.activations),
        "inputs": layer.inputs,
        "groups": layer.groups,
    }


def _field_as_data(field: Field | None) -> Any:
    if field is None or field.whole:
        return field and "all"
    return {"size": field.pixels, "stride": [float(step) for step in field.stride]}


def _group_as_data(group: GroupSummary, found: Summary) -> dict[str, Any]:
    layers = [layer for layer in found.layers if layer.name in set(group.layers)]
    counts = [layer.multiply_adds for layer in layers]
    return {
        "name": group.name,
        "class": group.kind or None,
        "output_shape": next(layer.output_shape for layer in layers if layer.name == group.last),
        "params": sum(layer.params for layer in layers),
        "trainable_params": sum(layer.trainable_params for layer in layers),
        "multiply_adds": None if None in counts else sum(count or 0 for count in counts),
        "activation_bytes": found.bytes_of(sum(layer.activations for layer in layers)),
        "layers": group.layers,
    }
