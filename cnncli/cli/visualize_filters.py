"""`cnncli visualize-filters`: draw the filters of a trained model's convolutions."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, cast

import typer

from cnncli.cli import console, figure_output, options, tensorflow_log
from cnncli.messages import printable

_SCALES = ("diverging", "min-max", "rgb")


def add_to(app: typer.Typer) -> None:
    app.command("visualize-filters", epilog="Example: cnncli visualize-filters lenet5 --layer C1 --layer C3")(
        visualize_filters
    )


def visualize_filters(
    run_or_model: options.RunOrModel = None,
    layer: Annotated[
        list[str] | None,
        typer.Option(
            "--layer",
            metavar="NAME",
            help="Draw the filters of this convolution. Can be repeated.",
            show_default="the first convolution",
            rich_help_panel=options.PICTURES,
        ),
    ] = None,
    scale: Annotated[
        str,
        typer.Option(
            "--scale",
            metavar="SCALE",
            help="Color scale: diverging (blue, white for 0, red), min-max (gray from the smallest to the largest weight), or "
            "rgb (three input channels as one color).",
            rich_help_panel=options.PICTURES,
        ),
    ] = "diverging",
    per_filter: Annotated[
        bool,
        typer.Option("--per-filter", help="Give each filter its own color scale.", rich_help_panel=options.PICTURES),
    ] = False,
    strongest: Annotated[
        int | None,
        typer.Option(
            "--strongest",
            metavar="N",
            min=1,
            help="Draw only the N filters with the largest norms.",
            rich_help_panel=options.PICTURES,
        ),
    ] = None,
    change: Annotated[
        bool,
        typer.Option("--change", help="Draw each filter before and after training.", rich_help_panel=options.PICTURES),
    ] = False,
    list_layers: options.ListLayers = False,
    to: options.PicturesTo = None,
    svg: options.Svg = True,
    force: options.Force = False,
    output: options.Outputs = options.DEFAULT_OUTPUTS,
    as_json: options.Json = False,
    quiet: options.Quiet = False,
    verbose: options.Verbose = False,
) -> None:
    """Draw the filters of a convolution, each with its number.

    Also reports dead filters (the same output everywhere), near-duplicates (cosine similarity above 0.99) and filters that
    training has not changed.
    """
    options.check_choice("--scale", scale, _SCALES)
    figure_output.check_folder(to, (), force=force)
    with tensorflow_log.captured():
        from cnncli.inference.model_loading import open_model
        from cnncli.interpretability.layer_selection import check_finite
        from cnncli.interpretability.sample_selection import health_for, initial_of
        from cnncli.network import kernels
        from cnncli.plots.drawn import Drawn
        from cnncli.plots.filter_scale import Scale
        from cnncli.plots.kernels import draw_layers, named_or_first

        trained = open_model(run_or_model, outputs=Path(output))
        if list_layers:
            found = [(one.name, str(one)) for one in kernels.convolutions(trained.model)]
        else:
            check_finite(trained.model, trained.name)
            names = [one.name for one in named_or_first(trained.model, layer)]
            initial = initial_of(trained) if change else None
            drawn = draw_layers(
                trained.model,
                names,
                figure_output.folder_for(trained, to, force=force),
                scale=cast(Scale, scale),
                per_filter=per_filter,
                strongest=strongest,
                initial=initial,
                formats=figure_output.formats(svg),
            )
            health, notes = health_for(trained, names, initial=initial)
    if list_layers:
        if as_json:
            console.print_json({"model": trained.name, "layers": dict(found)})
        else:
            console.stdout().print(console.table(["layer", "filters"], found, left=2))
        return
    details = tuple(one.as_json() for one in health)
    figure_output.show_drawn(
        trained, Drawn(tuple(drawn), details), word="health", notes=notes, as_json=as_json, quiet=quiet
    )
    if not as_json:
        for one in health:
            console.stdout().print(printable(str(one)))
