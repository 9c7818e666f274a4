"""`cnncli schema`: the JSON Schema of a recipe, with which an editor completes and checks it."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from cnncli.cli import console, options
from cnncli.errors import OutputError


def add_to(app: typer.Typer) -> None:
    app.command(epilog="Example: cnncli schema --output recipe.schema.json")(schema)


def schema(
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", metavar="FILE", help="Write it to a file; an older one is replaced."),
    ] = None,
    as_json: options.Json = False,
    quiet: options.Quiet = False,
    verbose: options.Verbose = False,
) -> None:
    """Print the JSON Schema of a recipe, with which an editor completes and checks it.

    Editors with yaml-language-server (VS Code's YAML extension, Neovim, Emacs, …) find it by a recipe's first line.
    """
    from cnncli.recipe import json_schema

    text = json_schema.as_text(json_schema.recipe_schema())
    if output is None:
        sys.stdout.write(text)
        return
    _write(text, output)
    if as_json:
        console.print_json({"schema": str(output)})
        return
    console.stdout().print(str(output))
    if not quiet:
        console.say_pairs([("Next", f"begin a recipe beside it with: {json_schema.modeline(output.name)}")])


def _write(text: str, path: Path) -> None:
    """Write the schema where there is nothing or an older schema.

    Raises:
        OutputError: something else stands there, or the file cannot be written.
    """
    from cnncli.recipe import json_schema
    from cnncli.runs import write_atomically

    if path.exists() and not json_schema.is_one(path):
        raise OutputError(f"{path} is there already and is no schema of cnncli", hint="give another name")
    write_atomically(path, text)
