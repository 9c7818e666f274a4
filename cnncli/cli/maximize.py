"""`cnncli maximize`: draw the input that a filter or a class responds to most (activation maximization)."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cnncli.cli import figure_output, options, tensorflow_log
from cnncli.errors import Problem, UsageError


def add_to(app: typer.Typer) -> None:
    app.command(epilog="Example: cnncli maximize lenet5 --layer C3 --filter 0 --filter 5")(maximize)


def maximize(
    run_or_model: options.RunOrModel = None,
    layer: Annotated[
        str | None,
        typer.Option(
            "--layer",
            metavar="NAME",
            help="Maximize the filters or units of this layer.",
            show_default="the last convolution with --filter, else maximize classes",
            rich_help_panel=options.PICTURES,
        ),
    ] = None,
    filter_: Annotated[
        list[int] | None,
        typer.Option(
            "--filter",
            metavar="N",
            min=0,
            help="Maximize this filter or unit, counted from 0. Can be repeated.",
            show_default="the first 16",
            rich_help_panel=options.PICTURES,
        ),
    ] = None,
    class_: Annotated[
        list[str] | None,
        typer.Option(
            "--class",
            metavar="NAME",
            help="Maximize this class. Can be repeated.",
            show_default="the first 16",
            rich_help_panel=options.PICTURES,
        ),
    ] = None,
    steps: Annotated[
        int,
        typer.Option(
            "--steps", metavar="N", min=1, help="Number of gradient-ascent steps.", rich_help_panel=options.PICTURES
        ),
    ] = 128,
    seed: Annotated[
        int,
        typer.Option(
            "--seed",
            metavar="N",
            min=0,
            max=2**32 - 1,
            help="Seed of the starting noise.",
            rich_help_panel=options.PICTURES,
        ),
    ] = 0,
    input_: options.Input = None,
    list_layers: options.ListLayers = False,
    to: options.PicturesTo = None,
    svg: options.Svg = True,
    force: options.Force = False,
    output: options.Outputs = options.DEFAULT_OUTPUTS,
    as_json: options.Json = False,
    quiet: options.Quiet = False,
    verbose: options.Verbose = False,
) -> None:
    """Draw the input that a filter or a class responds to most, found by gradient ascent from gray noise.

    Each picture shows the activation that it reaches and, for comparison, that of plain noise.
    """
    if class_ and (layer or filter_):
        hint = "--layer and --filter for filters, --class for classes"
        raise UsageError(Problem("--class excludes --layer and --filter", hint))
    filters = list(dict.fromkeys(filter_)) if filter_ else None
    classes = list(dict.fromkeys(class_)) if class_ else None
    figure_output.check_folder(to, (), force=force)
    with tensorflow_log.captured():
        from cnncli.inference.model_loading import open_model
        from cnncli.interpretability.layer_selection import check_no_tokens, maximized_layers
        from cnncli.interpretability.sample_selection import value_range_of
        from cnncli.plots.maximized_sheets import draw_maximized_of, targets_of

        trained = open_model(run_or_model, outputs=Path(output))
        subject = figure_output.subject_of(trained, input_)
        if not list_layers:
            check_no_tokens(subject.network, "activation maximization", "see what it responds to: cnncli feature-maps")
            shows_classes = targets_of(subject, layer, filters, classes)[0] is None
            if shows_classes:
                subject.check_explains(trained.name)
            drawn = draw_maximized_of(
                subject,
                figure_output.folder_for(trained, to, force=force),
                layer=layer,
                filters=filters,
                classes=classes,
                steps=steps,
                seed=seed,
                value_range=value_range_of(trained, subject.network.about),
                formats=figure_output.formats(svg),
            )
    if list_layers:
        figure_output.show_layers(trained.name, subject.network, maximized_layers(subject.network), as_json=as_json)
        return
    notes = trained.notes if shows_classes else ()
    figure_output.show_drawn(trained, drawn, word="targets", notes=notes, as_json=as_json, quiet=quiet)
