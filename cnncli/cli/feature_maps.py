"""`cnncli feature-maps`: draw the feature maps of layers for chosen examples."""

from __future__ import annotations

from pathlib import Path

import typer

from cnncli.cli import figure_output, options, tensorflow_log


def add_to(app: typer.Typer) -> None:
    app.command(
        "feature-maps", epilog="Example: cnncli feature-maps lenet5 --layer C1 --layer C3 --samples most_wrong"
    )(feature_maps)


def feature_maps(
    run_or_model: options.RunOrModel = None,
    layer: options.Layers = None,
    image: options.Images = None,
    texts: options.Texts = None,
    invert: options.Invert = False,
    samples: options.Samples = None,
    list_layers: options.ListLayers = False,
    to: options.PicturesTo = None,
    svg: options.Svg = True,
    force: options.Force = False,
    output: options.Outputs = options.DEFAULT_OUTPUTS,
    as_json: options.Json = False,
    quiet: options.Quiet = False,
    verbose: options.Verbose = False,
) -> None:
    """Draw the feature maps of layers for some examples: one sheet for each example.

    Layers that do not fit on a sheet continue on further sheets. At most 24 sheets are drawn at a time. Without --image and
    --samples, four examples of different classes are drawn from the test split.
    """
    options.check_no_image(run_or_model)
    figure_output.check_invert(invert, image or [])
    wanted = options.read_samples(samples, image or [], default=4, texts=texts)
    figure_output.check_folder(to, image or [], force=force)
    with tensorflow_log.captured():
        from cnncli.inference.model_loading import open_model
        from cnncli.interpretability.layer_selection import drawn_layers, layers_to_show
        from cnncli.interpretability.sample_selection import examples_for
        from cnncli.plots.feature_map_sheets import draw_feature_maps_of

        trained = open_model(run_or_model, outputs=Path(output))
        subject = figure_output.subject_of(trained)
        if not list_layers:
            names = layers_to_show(subject.network, layer)
            chosen, notes = examples_for(trained, subject, image or [], wanted, texts=texts or [], invert=invert)
            folder = figure_output.folder_for(trained, to, image or [], force=force)
            # A network that ends in maps, or in several parts, says neither classes nor numbers.
            says = subject.said(chosen.inputs) if len(trained.model.outputs[0].shape) == 2 else None
            drawn = draw_feature_maps_of(
                subject, names, chosen, folder, shares=says, formats=figure_output.formats(svg)
            )
    if list_layers:
        figure_output.show_layers(trained.name, subject.network, drawn_layers(subject.network), as_json=as_json)
        return
    figure_output.show_drawn(
        trained, drawn, word="examples", notes=[*notes, *drawn.notes], as_json=as_json, quiet=quiet
    )
