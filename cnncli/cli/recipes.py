"""`cnncli recipes`: list, show and copy the recipes that come with cnncli."""

from __future__ import annotations

import os
import shlex
import sys
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.text import Text

from cnncli.cli import console, help_screen, options, wrapping
from cnncli.errors import OutputError
from cnncli.messages import printable

Name = Annotated[str, typer.Argument(metavar="NAME", help="The name of a shipped recipe.")]


def add_to(app: typer.Typer) -> None:
    recipes = help_screen.App(invoke_without_command=True)
    recipes.callback(epilog="Example: cnncli recipes copy lenet5")(_recipes)
    recipes.command("list", epilog="Example: cnncli recipes list --json")(list_)
    recipes.command("show", epilog="Example: cnncli recipes show lenet5")(show)
    recipes.command("copy", epilog="Example: cnncli recipes copy lenet5 mine.yaml")(copy)
    app.add_typer(recipes, name="recipes")


def _recipes(
    context: typer.Context,
    as_json: options.Json = False,
    quiet: options.Quiet = False,
    verbose: options.Verbose = False,
) -> None:
    """List, show and copy the shipped recipes. Without a command, list them."""
    if context.invoked_subcommand is None:
        list_(as_json, quiet, verbose)


def list_(as_json: options.Json = False, quiet: options.Quiet = False, verbose: options.Verbose = False) -> None:
    """List the shipped recipes with their number of parameters."""
    from cnncli.recipe import shipped

    found = shipped.list_all()
    if as_json:
        console.print_json({"recipes": [asdict(recipe) for recipe in found]})
        return
    wrapping.show(_table([(r.name, _count(r.params), r.about) for r in found]))
    if not quiet:
        console.say()
        console.say_pairs([("Next", "cnncli recipes show NAME"), ("", "cnncli recipes copy NAME")])


def _count(params: Any) -> str:
    """Parameters as a table shows them; without a number they depend on the data or on variables."""
    return f"{params:,}" if isinstance(params, int) else "varies"


def _table(rows: list[tuple[str, str, str]]) -> Iterator[Text]:
    """Names, parameters, and what they are: beside them, or on lines of their own where the terminal is narrow."""
    names, counts = max(len(row[0]) for row in rows), max(len("parameters"), *(len(row[1]) for row in rows))
    beside = names + counts + 4
    is_narrow = wrapping.width() < beside + 30
    yield Text(f"{'recipe':<{names}}  {'parameters':>{counts}}{'' if is_narrow else '  what it is'}", style="bold")
    for name, count, about in rows:
        beginning = Text(f"{name:<{names}}  {count:>{counts}}")
        told = list(wrapping.wrapped(about, indent=2 if is_narrow else beside))
        if told and not is_narrow:
            beginning.append(told.pop(0).plain[len(beginning) :])
        yield from [beginning, *told]


def show(
    name: Name, as_json: options.Json = False, quiet: options.Quiet = False, verbose: options.Verbose = False
) -> None:
    """Print a shipped recipe."""
    from cnncli.recipe import shipped

    text = shipped.read(name).decode("utf-8")
    if as_json:
        console.print_json({"name": name, "text": text})
    else:
        sys.stdout.write(text)


def copy(
    name: Name,
    file: Annotated[
        Path | None,
        typer.Argument(metavar="FILE", help="Write the copy to this file or folder.", show_default="NAME.yaml"),
    ] = None,
    as_json: options.Json = False,
    quiet: options.Quiet = False,
    verbose: options.Verbose = False,
) -> None:
    """Copy a shipped recipe to a file that you can change. An existing file is not overwritten."""
    from cnncli.recipe import shipped
    from cnncli.recipe.json_schema.modeline import FILE_NAME, is_one, led_to, modeline

    content = shipped.read(name)
    to = file if file is not None else Path()
    to = to / f"{name}.yaml" if os.path.isdir(to) else to
    has_schema = is_one(to.with_name(FILE_NAME))
    _write_new(led_to(content, FILE_NAME if has_schema else None), to)
    if as_json:
        console.print_json({"name": name, "file": str(to)})
        return
    console.stdout().print(printable(str(to)))
    if quiet:
        return
    from cnncli.cli.next_steps import train_command
    from cnncli.recipe.load import load

    pairs = [("Next", f"cnncli validate {shlex.quote(str(to))}"), ("", train_command(str(to), load(name, []).recipe))]
    if not has_schema:
        schema = shlex.quote(str(to.with_name(FILE_NAME)))
        pairs += [
            ("In editors", f"cnncli schema --output {schema}"),
            ("", "then write as the first line of the recipe:"),
        ]
        pairs += [("", modeline(FILE_NAME))]
    console.say_pairs(pairs)


def _write_new(content: bytes, path: Path) -> None:
    """Write a file that is not there yet.

    Raises:
        OutputError: it is there, lies in the folder of a run, or cannot be written.
    """
    from cnncli.runs.output_files import refuse_run
    from cnncli.runs.storage import storage_error

    refuse_run(path)
    try:
        with path.open("xb") as file:
            file.write(content)
    except FileExistsError as error:
        raise OutputError(f"{path} exists already", hint="give another FILE") from error
    except OSError as error:
        told = storage_error("write", path, error).problems[0].message
        raise OutputError(told, hint="give another FILE") from error
