"""`cnncli summary`: a recipe's network, layer by layer, as a table, as JSON, or as a picture."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cnncli.cli import console, native, options
from cnncli.errors import Place, Problem, UsageError
from cnncli.wording import shortened

if TYPE_CHECKING:
    from cnncli.network.outline import Row
    from cnncli.network.receptive_field import Field
    from cnncli.network.summary import GroupSummary, LayerSummary, Summary

_ENDINGS = (".svg", ".png")
_CONVENTIONS = """\
multiply-adds: for one example; one multiplication and the addition after it count as one. Counted are convolutions, dense
    and recurrent layers and attention; not biases, activations, normalisation, pooling, merging and resizing.
field: the receptive field, how many pixels of the input one number depends on, beyond the border too; `all` after global
    pooling or a Dense layer. Where branches meet the widest counts. stride: how far apart the fields of two neighbours are.
memory: the layer's outputs for one batch in float32; mixed precision keeps them in half of it."""


def add_to(app: typer.Typer) -> None:
    app.command(
        epilog="Example: cnncli summary lenet5 --diagram lenet5.svg",
        short_help="Show a recipe's network: shapes, parameters, multiply-adds, memory.",
    )(summary)


def summary(
    recipe: Annotated[str, typer.Argument(help="A recipe's file, or the name of a shipped recipe.")],
    settings: options.Set = None,
    batch_size: Annotated[
        int | None,
        typer.Option("--batch-size", metavar="N", min=1, help="Count the memory for it; left out: the recipe's."),
    ] = None,
    depth: Annotated[
        int, typer.Option("--depth", metavar="N", min=0, help="Open blocks and applications N levels deep.")
    ] = 0,
    every_layer: Annotated[bool, typer.Option("--all", help="Show every layer.")] = False,
    diagram: Annotated[
        Path | None, typer.Option("--diagram", metavar="FILE.svg|png", help="Draw the network as well.")
    ] = None,
    as_json: options.Json = False,
    quiet: options.Quiet = False,
    verbose: options.Verbose = False,
) -> None:
    """Show a recipe's network layer by layer, without its data and without training: output shapes, parameters,
    multiply-adds, receptive fields, memory of the activations, and the totals.
    """
    if depth and every_layer:
        raise UsageError(Problem("--all opens every block already", "leave one of them out", Place("--depth")))
    if diagram is not None and diagram.suffix.lower() not in _ENDINGS:
        message = f"`{shortened(str(diagram))}` does not end in .svg or .png"
        raise UsageError(Problem(message, "the ending says how it is drawn", Place("--diagram")))
    from cnncli.recipe.load import load

    loaded = load(recipe, settings or [])
    if not (quiet or as_json):
        for warning in loaded.warnings:
            console.show_note(warning)
    with native.captured():
        from cnncli.cli.summary_table import show
        from cnncli.network.outline import ALL, rows
        from cnncli.network.summary import summarise

        found = summarise(loaded, batch_size=batch_size)
        shown = rows(found, ALL if every_layer else depth)
        drawn = _draw(found, shown, diagram) if diagram else None
    if as_json:
        warnings = [warning.as_json() for warning in loaded.warnings]
        console.print_json({**as_data(found), "diagram": drawn and str(drawn), "warnings": warnings})
        return
    show(found, shown, verbose=verbose)
    if drawn:
        console.stdout().print(f"\n{drawn}")
    if verbose:
        console.say(f"\n{_CONVENTIONS}")
    if not quiet:
        console.say()
        console.say_pairs(_next(recipe, found, shown, drawn))


def as_data(found: Summary) -> dict[str, Any]:
    """The form that `--json` prints: every layer and group, and the totals."""
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


def _draw(found: Summary, shown: Sequence[Row], path: Path) -> Path:
    from cnncli.figures.diagram import draw_diagram
    from cnncli.figures.save import save

    [file] = save(draw_diagram(found, shown), path, formats=[path.suffix.lower()[1:]])
    return file


def _next(recipe: str, found: Summary, shown: Sequence[Row], drawn: Path | None) -> list[tuple[str, str]]:
    """What one may want to do after this."""
    lines = [] if drawn else [f"cnncli summary {recipe} --diagram {found.name}.svg"]
    lines += [f"cnncli summary {recipe} --all"] if any(row.is_group for row in shown) else []
    lines += [f"cnncli train {recipe}"]
    return [("Next" if number == 0 else "", line) for number, line in enumerate(lines)]
