"""`cnncli visualize-filters`: the kernels of a trained model's convolutions as pictures."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cnncli.cli import console, native, options


def add_to(app: typer.Typer) -> None:
    app.command(
        "visualize-filters",
        epilog="Example: cnncli visualize-filters lenet5 --layer C1 --layer C3",
        short_help="Draw what the filters of a convolution look like.",
    )(visualize_filters)


def visualize_filters(
    run_or_model: options.RunOrModel = None,
    layer: Annotated[
        list[str] | None,
        typer.Option("--layer", metavar="NAME", help="A convolution; left out: the first. May be repeated."),
    ] = None,
    per_filter: Annotated[
        bool,
        typer.Option("--per-filter", help="Stretch each filter's own values from black to white, not the layer's."),
    ] = False,
    list_layers: Annotated[
        bool, typer.Option("--list-layers", help="Show the convolutions there are, and draw nothing.")
    ] = False,
    to: Annotated[
        Path | None, typer.Option("--to", metavar="DIR", help="Where the pictures go; left out: the run's figures.")
    ] = None,
    svg: Annotated[bool, typer.Option("--svg/--no-svg", help="Write an SVG beside each PNG.")] = True,
    output: options.Outputs = options.DEFAULT_OUTPUTS,
    as_json: options.Json = False,
    quiet: options.Quiet = False,
    verbose: options.Verbose = False,
) -> None:
    """Draw every filter of a convolution: PNG and SVG, each filter with its number."""
    with native.captured():
        from cnncli.evaluation.models import open_model
        from cnncli.figures.kernels import draw_layers
        from cnncli.network import kernels

        trained = open_model(run_or_model, outputs=Path(output))
        if list_layers:
            found = [
                (name, kernels.describe(trained.model.get_layer(name))) for name in kernels.convolutions(trained.model)
            ]
        else:
            folder = to or (trained.run / "figures" if trained.run else Path(trained.name).parent)
            formats = ("png", "svg") if svg else ("png",)
            drawn = draw_layers(trained.model, layer, folder, per_filter=per_filter, formats=formats)
    if list_layers:
        if as_json:
            console.print_json({"model": trained.name, "layers": dict(found)})
        else:
            console.stdout().print(console.table(["layer", "filters"], found, left=2))
        return
    if as_json:
        console.print_json({"model": trained.name, "figures": [str(path) for path in drawn]})
        return
    for path in drawn:
        console.stdout().print(str(path))
