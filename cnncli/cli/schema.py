"""`cnncli schema`: print the JSON Schema of a recipe, for completion and checks in editors."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from cnncli.cli import console, options, streams
from cnncli.messages import printable


def add_to(app: typer.Typer) -> None:
    app.command(epilog="Example: cnncli schema --output recipe.schema.json")(schema)


def schema(
    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            "-o",
            metavar="FILE",
            help="Write the schema to a file. An older schema is replaced.",
            rich_help_panel=options.OUTPUT,
        ),
    ] = None,
    force: options.Force = False,
    as_json: options.Json = False,
    quiet: options.Quiet = False,
    verbose: options.Verbose = False,
) -> None:
    """Print the JSON Schema of recipes, so that an editor completes and checks them.

    Editors with yaml-language-server (VS Code's YAML extension, Neovim, Emacs, …) find it by the first line of a recipe.
    """
    from cnncli.recipe.json_schema.modeline import is_one, modeline
    from cnncli.recipe.json_schema.recipe_schema import as_text, recipe_schema
    from cnncli.runs.output_files import STDOUT, OutputFile

    if output is None or output == STDOUT:
        streams.write_json_from_now_on()
        sys.stdout.write(as_text(recipe_schema()))
        return
    file = OutputFile(output, "--output", own=[output] if is_one(output) else [], force=force)
    file.check()
    file.write(as_text(recipe_schema()))
    if as_json:
        console.print_json({"schema": str(output)})
        return
    console.stdout().print(printable(str(output)))
    if not quiet:
        console.say_pairs(
            [("Next", "write this as the first line of recipes in the same folder:"), ("", modeline(output.name))]
        )
