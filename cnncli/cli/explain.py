"""`cnncli explain`: explain a network layer by layer, with every formula and its numbers."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cnncli.cli import console, data_files, options, tensorflow_log, wrapping
from cnncli.cli.recipe_or_run import run_meant
from cnncli.errors import Place, Problem, UsageError
from cnncli.messages import printable, shortened

if TYPE_CHECKING:
    from cnncli.network.explanation import Explanation
    from cnncli.recipe.load import LoadedRecipe
    from cnncli.runs.output_files import OutputFile

_FORMATS = ("text", "markdown", "html")
_FORMAT_OF_ENDING = {".txt": "text", ".md": "markdown", ".markdown": "markdown", ".html": "html", ".htm": "html"}
_FILE_WIDTH = 80  # columns of a text file


def add_to(app: typer.Typer) -> None:
    app.command(epilog="Example: cnncli explain lenet5 --to lenet5.html")(explain)


def explain(
    recipe: Annotated[
        str, typer.Argument(metavar="RECIPE", help="A recipe file, the name of a shipped recipe, or a run.")
    ],
    settings: options.Set = None,
    layer: Annotated[
        list[str] | None,
        typer.Option(
            "--layer",
            metavar="NAME",
            help="Explain only this layer or block. Can be repeated.",
            rich_help_panel=options.TABLE,
        ),
    ] = None,
    depth: Annotated[
        int | None,
        typer.Option(
            "--depth",
            metavar="N",
            min=0,
            help="Explain the layers inside blocks and applications, N levels deep.",
            show_default="each kind of block once",
            rich_help_panel=options.TABLE,
        ),
    ] = None,
    every_layer: Annotated[
        bool, typer.Option("--all", help="Explain every layer.", rich_help_panel=options.TABLE)
    ] = False,
    form: Annotated[
        str | None,
        typer.Option(
            "--format",
            metavar="FORMAT",
            help="Format: text, markdown or html.",
            show_default="by the ending of --to, else text",
            rich_help_panel=options.OUTPUT,
        ),
    ] = None,
    to: Annotated[
        Path | None,
        typer.Option(
            "--to",
            metavar="FILE",
            help="Write the explanation to this file.",
            show_default="stdout",
            rich_help_panel=options.OUTPUT,
        ),
    ] = None,
    output: options.Outputs = options.DEFAULT_OUTPUTS,
    force: options.Force = False,
    as_json: options.Json = False,
    quiet: options.Quiet = False,
    verbose: options.Verbose = False,
) -> None:
    """Explain the network of a recipe or a run layer by layer, for students and teachers.

    For each layer: what it is for, and the formulas of its output size, parameters, multiply-adds and receptive field with
    the numbers filled in. The numbers are those of summary. Neither data nor training is needed.
    """
    form = _format(form, to)
    if [depth is not None, every_layer, bool(layer)].count(True) > 1:
        raise UsageError(Problem("--layer, --depth and --all exclude each other", "use one of them", Place("--depth")))
    file = _file(to, recipe, force=force) if to else None
    loaded = _load(recipe, output, settings or [])
    if file:
        file = replace(file, reads=[loaded.file, *file.reads, *data_files.data_of(loaded.recipe)])
        file.check()
    if not (quiet or as_json):
        for warning in loaded.warnings:
            console.show_note(warning)
    with tensorflow_log.captured():
        from cnncli.network.explain import explain as explained
        from cnncli.network.outline import ALL
        from cnncli.network.summary import summarise_with_network

        summary, network, loaded = summarise_with_network(loaded)
        found = explained(summary, network, loaded.recipe, depth=ALL if every_layer else depth, only=layer or ())
    if file:
        file.write(_written(found, form))
    if as_json:
        notes = [warning.as_json() for warning in (*loaded.warnings, *summary.notes)]
        console.print_json({**found.to_json(), "file": to and str(to), "notes": notes})
        return
    if not quiet:
        for note in summary.notes:
            console.show_note(note)
    if to:
        console.stdout().print(printable(str(to)))
    elif form == "text":
        from cnncli.cli.explanation_text import lines

        wrapping.show(lines(found, wrapping.width()))
    else:
        sys.stdout.write(_written(found, form))


def _format(form: str | None, to: Path | None) -> str:
    """The format that is asked for, or that the ending of the file says.

    Raises:
        UsageError: there is no such format.
    """
    if form is None and to is not None and to.suffix.lower() not in _FORMAT_OF_ENDING:
        endings = ", ".join(_FORMAT_OF_ENDING)
        hint = f"use one of the endings {endings}, or add --format"
        raise UsageError(Problem(f"`{shortened(str(to))}` has no ending of a known format", hint, Place("--to")))
    if form is None:
        return _FORMAT_OF_ENDING[to.suffix.lower()] if to else "text"
    options.check_choice("--format", form, _FORMATS)
    return form


def _file(to: Path, recipe: str, *, force: bool) -> OutputFile:
    """The file of `--to`.

    Raises:
        OutputError: it cannot or must not be written.
    """
    from cnncli.runs.output_files import OutputFile

    file = OutputFile(to, "--to", [recipe], force=force)
    file.check()
    return file


def _load(recipe: str, output: Path, settings: list[str]) -> LoadedRecipe:
    """The recipe of a file, a name or a run; a recipe goes before a run of the same name.

    Raises:
        RecipeError: it is wrong, or there is neither a recipe nor a run.
        OutputError: it is a folder without a run.
    """
    from cnncli import runs
    from cnncli.recipe.load import load, load_resolved

    run = run_meant(recipe, output)
    return load_resolved(run / runs.RESOLVED, settings) if run else load(recipe, settings)


def _written(found: Explanation, form: str) -> str:
    """The explanation as the content of a file."""
    if form == "html":
        from cnncli.report.explanation_page import explanation_page

        return explanation_page(found)
    if form == "markdown":
        from cnncli.report.explanation_markdown import explanation_markdown

        return explanation_markdown(found)
    from cnncli.cli.explanation_text import lines

    return "".join(f"{line.plain.rstrip()}\n" for line in lines(found, _FILE_WIDTH))
