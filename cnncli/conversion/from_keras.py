"""A Keras model as a recipe: the layers with their non-default arguments, repeats, and a placeholder for the data."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import keras

from cnncli.conversion.keras_graph import Graph, Layer, read_graph
from cnncli.conversion.layer_items import LayerItems, NotInRecipe, plain_config
from cnncli.conversion.recipe_item import Item
from cnncli.conversion.repetition import as_item, escaped, written
from cnncli.data.targets import TargetInfo
from cnncli.errors import CnncliError, ModelFileError, Problem
from cnncli.network.build import build_symbolically
from cnncli.network.instantiate import names_counted_anew, shapes_alone
from cnncli.recipe.keras_objects import catalogue
from cnncli.recipe.language.flat_layers import INPUT
from cnncli.recipe.layers import name_of, snake_case
from cnncli.recipe.load import load_bytes
from cnncli.recipe.named_inputs import without_names
from cnncli.recipe.schema import Recipe
from cnncli.recipe.sources.builtin import BUILTIN_CLASSES, BUILTIN_SHAPES
from cnncli.recipe.write import as_flow

_PREPARING = ("Rescaling", "Normalization", "Resizing", "CenterCrop")
_WIDTH = 120
_STRUCTURES = ("repeat", "branches", "residual")


def from_keras(model: keras.Model, *, name: str, shown: str, targets: TargetInfo | None = None) -> str:
    """Write a Keras model as a recipe that builds the same network.

    Args:
        model: Functional or Sequential; its weights may have no values.
        name: of the recipe.
        shown: the file's name in messages.
        targets: of the training, where they are known.

    Raises:
        ModelFileError: it holds what a recipe cannot; all of it is named.
    """
    with shapes_alone(), names_counted_anew([]):
        return _recipe(read_graph(model, shown=shown), name, shown, targets)


def _recipe(graph: Graph, name: str, shown: str, targets: TargetInfo | None) -> str:
    policy = graph.policy
    items = _items(graph, policy, shown)
    prepare = _prepare(items, graph)
    rest = items[len(prepare) :]
    counted = _with_counted_names(rest, prepare)
    for with_repeats in (True, False):
        for data in _data(graph, targets):
            text = _text(graph, name, prepare, written(counted, with_repeats=with_repeats), data, policy, shown)
            if _is_same(text, graph, counted, prepare, policy):
                return text
    raise ModelFileError(f"{shown} cannot be written as a recipe that builds the same network")


def _items(graph: Graph, policy: str, shown: str) -> list[Item]:
    """The layers as items of a recipe.

    Raises:
        ModelFileError: for all layers that a recipe cannot describe.
    """
    arguments, problems, items = LayerItems(policy), [], []
    before = INPUT
    is_prepared = len(graph.input_shapes) == 1
    for each in graph.layers:
        if each.application:
            items.append(Item(each.kind, each.application.args, each.name, True, each.inputs))
            is_prepared, before = False, each.name
            continue
        is_prepared &= each.kind in _PREPARING and each.inputs == (before,)
        own = "float32" if each.name in graph.outputs or is_prepared else policy
        before = each.name
        try:
            args = arguments.arguments(each.layer, policy=own)
        except NotInRecipe as error:
            if not each.shares:
                why = f": {'; '.join(error.reasons)}" if error.reasons else ""
                message = f"a recipe cannot describe the layer `{each.name}` ({each.kind}) of {shown}{why}"
                problems.append(Problem(message, "its arguments are not those that a recipe checks"))
            continue
        items.append(Item(each.kind, args, each.name, False, each.inputs, each.shares))
    if problems:
        raise ModelFileError(problems)
    return items


def _prepare(items: list[Item], graph: Graph) -> list[Item]:
    """The layers at the beginning that prepare examples; they become `data.prepare`."""
    found: list[Item] = []
    for item in items[:-1]:
        is_next = item.inputs == (found[-1].name if found else INPUT,)
        if item.kind not in _PREPARING or not is_next or graph.users(item.name) != 1 or item.name in graph.outputs:
            break
        found.append(item)
    return found if graph.users(INPUT) == 1 and not any(item.shares for item in items) else []


def _with_counted_names(items: list[Item], prepare: list[Item]) -> list[Item]:
    """The items, with those names left out that a recipe would count, and `input` for what leaves `data.prepare`."""
    start = prepare[-1].name if prepare else INPUT
    inputs = [tuple(INPUT if name == start else name for name in item.inputs) for item in items]
    explicit: set[str] = set()
    while True:
        counts: Counter[str] = Counter()
        known = {INPUT}
        more = set()
        for item in items:
            base = snake_case(item.kind)
            if item.is_counted or item.name in explicit:
                known.add(item.name)
                continue
            while True:
                name = f"{base}_{counts[base]}" if counts[base] else base
                counts[base] += 1
                if name not in explicit and name not in known:
                    break
            if name != item.name:
                more.add(item.name)
                counts[base] -= 1
            known.add(item.name)
        if not more:
            break
        explicit |= more
    return [
        replace(item, is_counted=item.is_counted or item.name not in explicit, inputs=taken)
        for item, taken in zip(items, inputs, strict=True)
    ]


# ---- data --------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Data:
    """A data section that could fit the network.

    Attributes:
        source: of the data.
        more: further keys.
        comment: what the reader has to do.
        loss: of the training; empty for the default.
    """

    source: Any
    more: dict[str, Any]
    comment: str
    loss: str = ""


def _data(graph: Graph, targets: TargetInfo | None) -> Iterator[_Data]:
    """The data sections that could fit, the likeliest first."""
    last = next(each.layer for each in graph.layers if each.name == graph.outputs[0])
    units = int(last.output.shape[-1] or 0)
    activation = "softmax" if isinstance(last, keras.layers.Softmax) else getattr(last, "activation", None)
    activation = getattr(activation, "__name__", activation)
    classes = units if activation == "softmax" else 2 if activation == "sigmoid" and units == 1 else 0
    comment = "the file does not say what data trained the network: name your data"
    source = {"npz": {"path": "data.npz"}}
    if targets is not None and not targets.class_names:
        yield _Data(source, {"targets": "numbers"}, comment)
    for builtin in ("mnist", "cifar10", "cifar100"):
        if graph.input_shapes == {INPUT: BUILTIN_SHAPES[builtin]} and classes == BUILTIN_CLASSES[builtin]:
            yield _Data(builtin, {}, f"a guess from the shapes; {comment}")
    if classes > 1:
        yield _Data(source, {"classes": classes}, comment)
    if activation == "sigmoid":
        yield _Data(source, {"targets": "multilabel"}, comment)
    yield _Data(source, {"targets": "numbers"}, comment)
    yield _Data(source, {"classes": max(units, 2)}, comment, "sparse_categorical_crossentropy")
    yield _Data(source, {"targets": "numbers"}, comment, "mean_squared_error")


# ---- text --------------------------------------------------------------------------------------------------------------


def _text(graph: Graph, name: str, prepare: list[Item], layers: list[Any], data: _Data, policy: str, shown: str) -> str:
    lines = [f"# The network of {shown}, written by `cnncli from-keras`.", "version: 1", f"name: {as_flow(name)}", ""]
    lines += ["data:", f"  source: {as_flow(data.source)}  # {data.comment}"]
    lines += [f"  {key}: {as_flow(value)}" for key, value in data.more.items()]
    if INPUT not in graph.input_shapes:
        lines.append(f"  inputs: {as_flow({name: {} for name in graph.input_shapes})}")
    if prepare:
        lines += ["  prepare:", *_listed([_prepared(item, graph) for item in prepare], 4)]
    shapes = {name: list(shape) for name, shape in graph.input_shapes.items()}
    lines += ["", "model:", f"  input: {as_flow(without_names(shapes))}", "  layers:", *_listed(layers, 4)]
    if len(graph.outputs) > 1 or graph.outputs[0] != graph.layers[-1].name:
        lines.append(f"  outputs: {as_flow([escaped(each) for each in graph.outputs])}")
    train = {**({"loss": data.loss} if data.loss else {}), **({"precision": policy} if policy != "float32" else {})}
    if train:
        lines += ["", "train:", *(f"  {key}: {as_flow(value)}" for key, value in train.items())]
    return "".join(f"{line}\n" for line in lines)


def _prepared(item: Item, graph: Graph) -> Any:
    """A layer of `data.prepare`; Keras counts the names of those that have none."""
    is_counted = item.name == snake_case(item.kind) and not any(
        each.name.startswith(item.name) for each in graph.layers if each.name != item.name
    )
    args = {**({} if is_counted else {"name": escaped(item.name)}), **_with_fractions(item.args)}
    entry = catalogue.find("layers", item.kind)
    return as_item(item.kind, args, next(iter(entry.arguments or {}), "") if entry else "")


def _with_fractions(args: dict[str, Any]) -> dict[str, Any]:
    """`$(1 / 255)` for 0.00392156862745098."""

    def written_number(value: Any) -> Any:
        if isinstance(value, float) and 0 < abs(value) < 0.1:
            whole = round(2 / value) / 2
            whole = int(whole) if whole.is_integer() else whole
            return f"$(1 / {whole})" if 1 / whole == value and len(repr(value)) > 10 else value
        return value

    return {key: written_number(value) for key, value in args.items()}


def _listed(items: Sequence[Any], indent: int) -> Iterator[str]:
    """Items of a list, each on a line where it fits."""
    margin = " " * indent
    for item in items:
        line = f"{margin}- {as_flow(item, within=False)}"
        kind: str = next(iter(item)) if isinstance(item, dict) else ""
        args: Any = item[kind] if kind else None
        if isinstance(args, dict) and kind in _STRUCTURES and (kind == "repeat" or len(line) > _WIDTH):
            yield f"{margin}- {kind}:"
            for key, value in args.items():
                yield from _keyed(key, value, indent + 4)
        elif isinstance(args, dict) and len(line) > _WIDTH:
            yield from _wrapped(f"{margin}- {kind}: {{", [f"{key}: {as_flow(args[key])}" for key in args])
        else:
            yield line


def _wrapped(start: str, arguments: Sequence[str]) -> Iterator[str]:
    """A layer on several lines, as many arguments on each as fit."""
    line, margin = start, " " * len(start)
    for number, argument in enumerate(arguments, start=1):
        text = f"{argument}}}" if number == len(arguments) else f"{argument},"
        if line not in (start, margin) and len(line) + 1 + len(text) > _WIDTH:
            yield line
            line = margin
        line = f"{line}{text}" if line in (start, margin) else f"{line} {text}"
    yield line


def _keyed(key: str, value: Any, indent: int) -> Iterator[str]:
    """A key with its value; the lists of layers that structures have, layer by layer."""
    margin = " " * indent
    if key not in ("layers", "body", "paths"):
        yield f"{margin}{key}: {as_flow(value)}"
        return
    yield f"{margin}{key}:"
    if key != "paths":
        yield from _listed(value, indent + 2)
        return
    for path in value:
        line = f"{margin}  - [{', '.join(as_flow(item, within=False) for item in path)}]"
        if len(line) <= _WIDTH and not any(structure in line for structure in _STRUCTURES):
            yield line
            continue
        first, *rest = _listed(path, indent + 4)
        yield f"{margin}  - {first.lstrip()}"
        yield from rest


# ---- the same network --------------------------------------------------------------------------------------------------


def _is_same(text: str, graph: Graph, items: list[Item], prepare: list[Item], policy: str) -> bool:
    """Whether a recipe is right and builds the network."""
    try:
        recipe: Recipe = load_bytes(text.encode(), "model.yaml").recipe
        layers = recipe.model.layers
        if [name_of(layer) for layer in layers] != [item.name for item in items]:
            return False
        network = build_symbolically(recipe, input_shape=without_names(graph.input_shapes), policy=policy)
    except CnncliError:
        return False
    try:
        again = read_graph(network.full_model, shown="")
    except ModelFileError:
        return False
    own, same = ({each.name: _comparable(each) for each in one.layers} for one in (graph, again))
    return own == same and again.outputs == graph.outputs


def _comparable(layer: Layer) -> tuple[Any, ...]:
    """What has to be equal in two networks."""
    if layer.application:
        return layer.application, layer.inputs
    return layer.kind, layer.inputs, layer.shares, plain_config(layer.layer.get_config())
