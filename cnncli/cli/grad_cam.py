"""`cnncli grad-cam`: draw where in an example a network sees a class."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cnncli.cli import figure_output, options, tensorflow_log

_METHODS = ("grad-cam", "grad-cam++", "smoothgrad", "occlusion")


def add_to(app: typer.Typer) -> None:
    app.command(
        "grad-cam", epilog="Example: cnncli grad-cam vgg16-transfer --image bee.jpg --method grad-cam++ --class bees"
    )(grad_cam)


def grad_cam(
    run_or_model: options.RunOrModel = None,
    layer: Annotated[
        str | None,
        typer.Option(
            "--layer",
            metavar="NAME",
            help="Compute Grad-CAM from the feature maps of this layer.",
            show_default="the last layer with feature maps, before pooling",
            rich_help_panel=options.PICTURES,
        ),
    ] = None,
    method: Annotated[
        str,
        typer.Option(
            "--method",
            metavar="METHOD",
            help="Use grad-cam, grad-cam++, smoothgrad or occlusion. The last two do not depend on a layer.",
            rich_help_panel=options.PICTURES,
        ),
    ] = "grad-cam",
    class_: Annotated[
        str,
        typer.Option(
            "--class",
            metavar="NAME",
            help="Explain this class: a name, or predicted or true for the class of each example.",
            rich_help_panel=options.PICTURES,
        ),
    ] = "predicted",
    input_: options.Input = None,
    image: options.Images = None,
    texts: options.Texts = None,
    invert: options.Invert = False,
    samples: options.Samples = None,
    network_input: Annotated[
        bool,
        typer.Option(
            "--network-input",
            help="Draw the input of the network instead of the original photo.",
            rich_help_panel=options.PICTURES,
        ),
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
    """Draw which parts of an image, signal or text support a class: each example beside its heat map, on one sheet.

    Image files are drawn as the original photos, in their own resolution up to 1,000 pixels a side. Of texts the words are
    marked; with --method occlusion also those that speak against the class.

    Without --image and --samples, examples of different classes are drawn from the test split: 12, with smoothgrad 6, with
    occlusion 4.
    """
    options.check_choice("--method", method, _METHODS)
    options.check_no_image(run_or_model)
    figure_output.check_invert(invert, image or [])
    figure_output.check_folder(to, image or [], force=force)
    with tensorflow_log.captured():
        from cnncli.inference.model_loading import open_model
        from cnncli.interpretability.attribution import METHODS, layer_for
        from cnncli.interpretability.layer_selection import map_layers
        from cnncli.interpretability.sample_selection import examples_for
        from cnncli.plots.heat_sheets import draw_heat_of

        wanted = options.read_samples(samples, image or [], default=METHODS[method][1], texts=texts)
        trained = open_model(run_or_model, outputs=Path(output))
        subject = figure_output.subject_of(trained, input_)
        if not list_layers:
            subject.check_explains(trained.name)
            layer = layer_for(subject.network, method, layer)
            if class_ not in ("predicted", "true"):
                subject.number_of(class_)
            chosen, notes = examples_for(trained, subject, image or [], wanted, texts=texts or [], invert=invert)
            drawn = draw_heat_of(
                subject,
                chosen,
                figure_output.folder_for(trained, to, image or [], force=force),
                method=method,
                layer=layer,
                class_name=class_,
                network_input=network_input,
                formats=figure_output.formats(svg),
            )
    if list_layers:
        figure_output.show_layers(trained.name, subject.network, map_layers(subject.network), as_json=as_json)
        return
    figure_output.show_drawn(
        trained, drawn, word="examples", notes=[*notes, *drawn.notes], as_json=as_json, quiet=quiet
    )
