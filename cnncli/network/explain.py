"""Explain the network of a recipe layer by layer: purpose, formulas with numbers, and a conclusion."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator, Sequence
from typing import Any

import keras

from cnncli.errors import Problem, UsageError
from cnncli.messages import counted, did_you_mean, listed, shortened
from cnncli.network import formulas
from cnncli.network.build import Network
from cnncli.network.explanation import MULTIPLY_ADDS, OUTPUT, PARAMETERS, Explanation, LayerExplanation, shape_text
from cnncli.network.graph import Graph
from cnncli.network.layer_purposes import (
    activation_of,
    conclusion_of_activation,
    has_numbers,
    learned_of_batch_normalization,
    purpose_of,
    purpose_of_kind,
    purpose_of_structure,
)
from cnncli.network.outline import Row, rows, rows_with_closed
from cnncli.network.summary import BYTES, LayerSummary, Summary
from cnncli.recipe.keras_objects import catalogue, structure_entries
from cnncli.recipe.named_inputs import inputs_of
from cnncli.recipe.outputs import Output, loss_class, outputs_of
from cnncli.recipe.schema import Recipe

# What the losses measure; `p` is the probability that the network gives to the right class.
_CROSSENTROPY = "-ln(p), where p is the probability that the network gives to the right class"
_LOSSES = {
    "SparseCategoricalCrossentropy": _CROSSENTROPY,
    "CategoricalCrossentropy": _CROSSENTROPY,
    "BinaryCrossentropy": "-ln(p) if the answer is yes, and -ln(1 - p) if it is no, where p is the output",
    "MeanSquaredError": "the mean of (output - target)^2: a large error counts far more than a small one",
    "MeanAbsoluteError": "the mean of |output - target|: all errors count by their size",
    "Huber": "squared for small errors and linear for large ones, so that outliers count less",
}


def explain(
    summary: Summary, network: Network, recipe: Recipe, *, depth: int | None = None, only: Sequence[str] = ()
) -> Explanation:
    """Explain a network.

    Args:
        summary: the numbers of the network; every formula gives one of them.
        depth: how deep blocks are opened, as in the outline; left out: a block is opened where its layers occur for the
            first time, and an application stays closed.
        only: names of layers and blocks; the explanation holds these alone, opened.

    Raises:
        UsageError: one of `only` is not there.
    """
    about = " ".join(recipe.about.split())
    if only:
        wanted = _named(summary, only)
        shown = [row for row in rows_with_closed(summary, ()) if row.name in wanted]
        layers = [_layer(row, summary, network) for row in shown]
        return Explanation(summary.name, about, (), tuple(layers), ())
    known = _first_of_each_block(summary)
    outline = rows_with_closed(summary, known) if depth is None else rows(summary, depth)
    augmenting = [item.entry.canonical for own in inputs_of(recipe.data) for item in own.augment]
    augmentation = tuple((kind, purpose_of_kind(kind)) for kind in augmenting)
    layers = []
    for row in outline:
        if row.is_group:
            layers.append(_group(row, outline, summary, known.get(row.name, "")))
        else:
            layers.append(_layer(row, summary, network))
    conclusion = tuple(_conclusion(summary, network, recipe))
    return Explanation(summary.name, about, augmentation, tuple(layers), conclusion)


def _named(summary: Summary, names: Sequence[str]) -> set[str]:
    """The layers that names of layers and blocks mean.

    Raises:
        UsageError: for all names that are not there.
    """
    groups = {group.name: group.layers for group in summary.groups}
    layers = {layer.name: (layer.name,) for layer in summary.layers}
    known = groups | layers
    problems = [
        Problem(
            f"no layer is named `{shortened(name)}`",
            did_you_mean(name, known) or f"there are: {listed(layers, 12)}",
        )
        for name in names
        if name not in known
    ]
    if problems:
        raise UsageError(problems)
    return {layer for name in names for layer in known[name]}


def _first_of_each_block(summary: Summary) -> dict[str, str]:
    """The groups that stay closed: applications, `learned` and `slice`, and blocks whose layers were seen before.

    Returns:
        Their names, with the name of the block that has the same layers.
    """
    layers = {layer.name: layer for layer in summary.layers}
    place = {layer.name: index for index, layer in enumerate(summary.layers)}
    first: dict[tuple[str, ...], str] = {}
    closed = {}
    for group in sorted(summary.groups, key=lambda group: (place[group.layers[0]], -len(group.layers))):
        if len(group.layers) == 1 or not group.kind:
            continue
        if catalogue.find("applications", group.kind) or group.kind in structure_entries.WRITTEN:
            closed[group.name] = ""
            continue
        seen = first.setdefault((group.kind, *(layers[name].kind for name in group.layers)), group.name)
        if seen != group.name:
            closed[group.name] = seen
    return closed


# ---- one layer, one block ----------------------------------------------------------------------------------------------


def _layer(row: Row, summary: Summary, network: Network) -> LayerExplanation:
    found = _summary_of(row, summary)
    graph = Graph(network.full_model, network.tensors)
    part, tensors = graph.parts[found.name].operation, graph.parts[found.name].inputs
    known = {layer.name: layer.field for layer in summary.layers}
    shapes = [tuple(tensor.shape) for tensor in tensors]
    fields = [graph.field(tensor, known) for tensor in tensors]
    made = formulas.formulas_of(part, found, shapes, fields)
    came_in = tuple(shape[1:] for shape in shapes)
    notes = [
        activation_of(part),
        *formulas.notes_of(part, shapes),
        f"Its weights are those of {found.shares}, and are counted there." if found.shares and part.weights else "",
        _learning(found, part),
        _without_formula(found, came_in, [each.quantity for each in made if each.expression]),
    ]
    return LayerExplanation(
        name=row.name,
        kind=found.kind,
        detail=found.detail,
        layer_count=1,
        within=row.within,
        purpose=purpose_of(part, came_in, found.output_shape),
        inputs=found.inputs,
        input_shapes=came_in,
        output_shape=found.output_shape,
        formulas=made,
        notes=tuple(filter(None, notes)),
    )


def _summary_of(row: Row, summary: Summary) -> LayerSummary:
    """The layer that a row stands for; a group of a single layer has the group's name."""
    by_name = {layer.name: layer for layer in summary.layers}
    only = {group.name: group.layers[0] for group in summary.groups if len(group.layers) == 1}
    return by_name.get(row.name) or by_name[only[row.name]]


def _learning(found: LayerSummary, part: Any) -> str:
    if not found.params or found.trainable_params == found.params:
        return ""
    learned = learned_of_batch_normalization(part) if isinstance(part, keras.layers.BatchNormalization) else None
    if learned == "":
        return "Its parameters are not trained: they are running averages of mean and variance, which a trained network uses."
    if not found.trainable_params:
        return "The layer is frozen: its parameters are not trained."
    if learned:
        return (
            f"{found.trainable_params:,} of its parameters learn ({learned}); the others are running averages of mean "
            "and variance, which a trained network uses."
        )
    return f"{found.trainable_params:,} of its {found.params:,} parameters learn."


def _without_formula(found: LayerSummary, came_in: Sequence[Sequence[int | None]], known: Collection[str]) -> str:
    """Which numbers have no formula here."""
    is_changed = bool(came_in) and all(tuple(shape) != found.output_shape for shape in came_in)
    missing = ["output shape"] if is_changed and OUTPUT not in known and not has_numbers(found.kind) else []
    missing += ["parameters"] if found.params and PARAMETERS not in known else []
    notes = []
    if missing:
        notes.append(f"Keras computes the {' and the '.join(missing)}; there is no formula for {found.kind} here.")
    if found.multiply_adds is None:
        notes.append("There is no agreed way to count its multiply-adds.")
    elif found.multiply_adds and MULTIPLY_ADDS not in known and not missing:
        notes.append(f"There is no short formula for the multiply-adds of {found.kind}.")
    return " ".join(notes)


def _group(row: Row, outline: Sequence[Row], summary: Summary, first: str) -> LayerExplanation:
    inside = next(group.layers for group in summary.groups if group.name == row.name)
    layers = [layer for layer in summary.layers if layer.name in set(inside)]
    entry = catalogue.find("applications", row.kind)
    kinds = {
        kind: sum(layer.kind == kind for layer in layers) for kind in dict.fromkeys(layer.kind for layer in layers)
    }
    consists = listed([f"{count} {kind}" for kind, count in kinds.items()], 8)
    if row.shares:
        purpose = f"The layers of {row.shares}, called once more with the same weights."
    elif first:
        purpose = f"The same layers as in {first}, with other numbers."
    elif structure := purpose_of_structure(
        row.kind,
        [(layer.kind, layer.output_shape) for layer in layers],
        learns=any(layer.trainable_params for layer in layers),
    ):
        purpose = structure
    elif entry:
        purpose = f"{entry.canonical}, a published network, used as a part: {consists}."
    else:
        purpose = f"A block of {counted(len(layers), 'layer')}: {consists}."
    notes = []
    if row.params and row.trainable_params < row.params:
        notes.append(
            f"{row.trainable_params:,} of its {row.params:,} parameters learn."
            if row.trainable_params
            else "It is frozen: its parameters are not trained."
        )
    elsewhere = [layer for layer in summary.layers if layer.name in {name for each in layers for name in each.inputs}]
    before = next((layer.field for layer in elsewhere if layer not in layers), None)
    return LayerExplanation(
        name=row.name,
        kind=row.kind,
        detail=row.detail,
        layer_count=row.layer_count,
        within=row.within,
        purpose=purpose,
        inputs=tuple(outline[index].name for index in row.inputs),
        input_shapes=tuple(outline[index].output_shape for index in row.inputs),
        output_shape=row.output_shape,
        formulas=(
            *formulas.sum_of(PARAMETERS, [layer.params for layer in layers]),
            *formulas.sum_of(MULTIPLY_ADDS, [layer.multiply_adds for layer in layers]),
            *formulas.field_alone(row.field, before),
        ),
        notes=tuple(notes),
    )


# ---- the whole ---------------------------------------------------------------------------------------------------------


def _conclusion(summary: Summary, network: Network, recipe: Recipe) -> Iterator[str]:
    outputs = outputs_of(recipe)
    begin = f"The network takes {_inputs_text(summary)}. "
    for output, name in zip(outputs, summary.outputs, strict=True):
        layer, shape = network.layer_of(name), network.output_shape(name)
        where = f"The output {name}" if len(outputs) > 1 else f"Its last layer, {name},"
        loss = _loss(output, shape, weighted=len(outputs) > 1) if output.loss is not None else ""
        yield f"{begin}{where} gives {conclusion_of_activation(layer, shape)}. {loss}".strip()
        begin = ""
    yield _totals(summary)
    most = [
        _most(noun, [(layer.name, getattr(layer, key) or 0) for layer in summary.layers])
        for noun, key in (("parameters", "params"), ("multiply-adds", "multiply_adds"))
    ]
    if any(most):
        yield " ".join(filter(None, most))
    yield from _seen(summary)
    if summary.placeholders:
        yield (
            f"The number of classes is not known and counted as 2 ({listed(summary.placeholders)}). Give it with "
            "--set data.classes=N."
        )


def _inputs_text(summary: Summary) -> str:
    """`28×28×1 numbers`; of several inputs with their names."""
    if not isinstance(summary.input_shape, dict):
        return _input_text(summary.input_shape)
    return " and ".join(f"{_input_text(shape)} ({name})" for name, shape in summary.input_shape.items())


def _input_text(shape: tuple[int | None, ...]) -> str:
    return f"{shape_text(shape)} numbers" if shape else "a text"


def _totals(summary: Summary) -> str:
    megabytes = summary.params * BYTES / 1e6
    size = f"{megabytes:,.0f}" if megabytes >= 1000 else f"{megabytes:.3g}"
    learning = "all trainable"
    if summary.trainable_params < summary.params:
        learning = f"{summary.trainable_params:,} trainable"
    return (
        f"The network has {summary.params:,} parameters ({size} MB with {BYTES} bytes each), {learning}. One example takes "
        f"{summary.multiply_adds:,} multiply-adds."
    )


def _most(noun: str, counts: Sequence[tuple[str, int]]) -> str:
    """Which layer has most of a number."""
    total = sum(count for _, count in counts)
    if not total or sum(count > 0 for _, count in counts) < 2:
        return ""
    name, count = max(counts, key=lambda pair: pair[1])
    return f"The layer with the most {noun} is {name}: {count:,} of {total:,} ({count / total:.0%})."


def _seen(summary: Summary) -> Iterator[str]:
    """How far the receptive field grows, and where it becomes the whole input."""
    windows = [(layer.field.pixels, layer.name) for layer in summary.layers if layer.field and not layer.field.whole]
    if not windows:
        return
    largest, where = max(windows, key=lambda each: each[0])
    names = [layer.name for layer in summary.layers]
    after = summary.layers[names.index(where) :]
    whole = next((layer.name for layer in after if layer.field and layer.field.whole), "")
    text = f"The receptive field grows to {shape_text(largest)} at {where}"
    yield f"{text}; from {whole} on, each number depends on the whole input." if whole else f"{text}."


def _loss(output: Output, shape: Sequence[int | None], *, weighted: bool) -> str:
    assert output.loss is not None
    kind = loss_class(output.loss)
    entry = catalogue.find("losses", kind)
    meaning = _LOSSES.get(kind) or (entry.doc if entry else "")
    text = f"The loss is {output.loss.name}: {meaning}".rstrip(": .")
    classes = shape[-1] if shape else None
    if meaning == _CROSSENTROPY and classes and classes > 1:
        text += f". A network that guesses among {classes} classes has the loss ln({classes}) = {math.log(classes):.3f}"
    if kind == "BinaryCrossentropy":
        text += f". A network that guesses has the loss ln(2) = {math.log(2):.3f}"
    if output.loss.args.get("from_logits"):
        text += ". It computes the probabilities itself, from outputs without activation (from_logits)"
    if weighted:
        text += f". It counts with the weight {output.weight:g}"
    return f"{text}."
