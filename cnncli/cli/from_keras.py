"""`cnncli from-keras`: write a Keras model as a recipe."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from cnncli.cli import console, options, tensorflow_log
from cnncli.errors import ModelFileError
from cnncli.messages import printable


def add_to(app: typer.Typer) -> None:
    app.command("from-keras", epilog="Example: cnncli from-keras model.keras --to model.yaml")(from_keras)


def from_keras(
    model: Annotated[str, typer.Argument(metavar="MODEL", help="A .keras file: a Functional or Sequential model.")],
    to: Annotated[
        Path | None,
        typer.Option(
            "--to",
            metavar="FILE",
            help="Write the recipe to this file.",
            show_default="stdout",
            rich_help_panel=options.OUTPUT,
        ),
    ] = None,
    force: options.Force = False,
    as_json: options.Json = False,
    quiet: options.Quiet = False,
    verbose: options.Verbose = False,
) -> None:
    """Write a Keras model as a recipe that builds the same network.

    The recipe has the arguments of layers that differ from their defaults, and repetition as repeat. It does not contain the
    weights. The data section is a placeholder.
    """
    from cnncli.runs.output_files import OutputFile

    file = OutputFile(to, "--to", [model], force=force) if to else None
    if file:
        file.check()
    path = _model_file(model)
    with tensorflow_log.captured():
        from cnncli.conversion.from_keras import from_keras as converted
        from cnncli.conversion.model_file import open_for_recipe

        opened = open_for_recipe(path)
        text = converted(opened.model, name=opened.name, shown=printable(path.name), targets=opened.targets)
    if file:
        file.write(text)
    if as_json:
        console.print_json({"file": to and str(to), "recipe": text})
    elif to:
        console.stdout().print(printable(str(to)))
    else:
        sys.stdout.write(text)


def _model_file(model: str) -> Path:
    """The file that is named; a run's folder means its model.

    Raises:
        ModelFileError: it is an HDF5 file or an address.
    """
    from cnncli.model_file_validation.archive import HDF5_HINT

    if "://" in model:
        raise ModelFileError(f"a model is a local .keras file, got {printable(model)}", hint="download it first")
    if Path(model).suffix.lower() in (".h5", ".hdf5"):
        raise ModelFileError(f"{printable(model)} is an HDF5 model, which can contain code", hint=HDF5_HINT)
    inside = Path(model) / "model.keras"
    return inside if os.path.isdir(model) and os.path.isfile(inside) else Path(model)
