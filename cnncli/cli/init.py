"""`cnncli init`: write a recipe that fits a folder or a file."""

from __future__ import annotations

import os
import shlex
from pathlib import Path
from typing import Annotated

import typer

from cnncli.cli import console, options
from cnncli.errors import UsageError
from cnncli.messages import did_you_mean, printable


def add_to(app: typer.Typer) -> None:
    app.command("init", epilog="Example: cnncli init photos")(init)


def init(
    path: Annotated[
        str, typer.Argument(metavar="PATH", help="A folder or a file with data, or the name of a built-in data set.")
    ],
    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            metavar="FILE",
            help="Write the recipe to this file or into this folder.",
            show_default="the name of the data, .yaml",
            rich_help_panel=options.OUTPUT,
        ),
    ] = None,
    task: Annotated[
        str | None,
        typer.Option(
            "--task",
            metavar="TARGETS",
            help="What the labels are: classes, multilabel, numbers, boxes, masks or identities; input: none, an autoencoder.",
            show_default="as the labels suggest",
            rich_help_panel=options.RECIPE,
        ),
    ] = None,
    backbone: Annotated[
        str | None,
        typer.Option(
            "--backbone",
            metavar="NAME",
            help="The Keras application for photos, or none for a network that is trained from the beginning.",
            show_default="by the number of photos",
            rich_help_panel=options.RECIPE,
        ),
    ] = None,
    weights: Annotated[
        str | None,
        typer.Option(
            "--weights",
            metavar="FILE",
            help="A file with the weights of the backbone.",
            show_default="downloaded once by Keras",
            rich_help_panel=options.RECIPE,
        ),
    ] = None,
    force: options.Force = False,
    as_json: options.Json = False,
    quiet: options.Quiet = False,
    verbose: options.Verbose = False,
) -> None:
    """Look at data and write a commented recipe that fits it and trains as it is.

    The recipe has the source, a network or a pretrained backbone by the number of examples, preprocessing, loss and metrics.
    If names of files or columns suggest groups, such as patients, the split keeps each group on one side.
    """
    from cnncli.recipe import targets
    from cnncli.runs.output_files import OutputFile
    from cnncli.scaffold.write_recipe import write_recipe

    if task is not None and task not in targets.TASKS:
        raise UsageError(f"--task: unknown targets `{printable(task)}`", hint=did_you_mean(task, targets.TASKS))
    if weights is not None and backbone in (None, "none"):
        raise UsageError("--weights is for a backbone", hint="name it: --backbone VGG16")
    written = write_recipe(path, targets=task, backbone=backbone, weights=weights)
    to = output if output is not None else Path()
    to = to / f"{written.name}.yaml" if os.path.isdir(to) else to
    file = OutputFile(to, "--output", [path], force=force)
    file.check()
    file.write(written.text)
    if as_json:
        found = written.found
        console.print_json(
            {
                "file": str(to),
                "name": written.name,
                "source": found.source,
                "targets": found.targets,
                "classes": dict(found.classes),
                "examples": found.examples,
                "group": found.group,
                "recipe": written.text,
            }
        )
        return
    console.stdout().print(printable(str(to)))
    if not quiet:
        for fact in written.found.facts:
            console.say(printable(fact))
        shown = shlex.quote(str(to))
        console.say_pairs([("Next", f"cnncli train {shown}"), ("", f"cnncli summary {shown}")])
