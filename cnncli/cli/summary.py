"""`cnncli summary`: show a recipe's network layer by layer, as a table, as JSON or as a picture."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cnncli.cli import console, data_files, options, tensorflow_log
from cnncli.errors import Place, Problem, UsageError
from cnncli.messages import printable, shortened

if TYPE_CHECKING:
    from cnncli.network.outline import Row
    from cnncli.network.summary import Summary
    from cnncli.recipe.load import LoadedRecipe
    from cnncli.runs.output_files import OutputFile

_ENDINGS = (".svg", ".png")
_CONVENTIONS = """\
multiply-adds: for one example; a multiplication and the addition after it count as one. Convolutions, dense and recurrent
    layers and attention are counted; biases, activations, normalization, pooling, merging and resizing are not.
field: the receptive field: the number of input pixels, also beyond the border, on which one output value depends; `all` after
    global pooling or a Dense layer. Where branches meet, the largest one counts. stride: the distance between the fields of
    neighbouring outputs.
memory: the outputs of the layer for one batch in float32; mixed precision needs half of it."""


def add_to(app: typer.Typer) -> None:
    app.command(epilog="Example: cnncli summary lenet5 --diagram lenet5.svg")(summary)


def summary(
    recipe: options.RecipeFile,
    settings: options.Set = None,
    batch_size: Annotated[
        int | None,
        typer.Option(
            "--batch-size",
            metavar="N",
            min=1,
            help="Compute the memory for this batch size.",
            show_default="that of the recipe",
            rich_help_panel=options.TABLE,
        ),
    ] = None,
    depth: Annotated[
        int,
        typer.Option(
            "--depth",
            metavar="N",
            min=0,
            help="Show the layers inside blocks and applications, N levels deep.",
            rich_help_panel=options.TABLE,
        ),
    ] = 0,
    every_layer: Annotated[
        bool, typer.Option("--all", help="Show every layer, and every repetition.", rich_help_panel=options.TABLE)
    ] = False,
    diagram: Annotated[
        Path | None,
        typer.Option(
            "--diagram",
            metavar="FILE",
            help="Draw the network as an .svg or .png file.",
            rich_help_panel=options.OUTPUT,
        ),
    ] = None,
    force: options.Force = False,
    as_json: options.Json = False,
    quiet: options.Quiet = False,
    verbose: options.Verbose = False,
) -> None:
    """Show the network of a recipe layer by layer: output shape, parameters, multiply-adds, receptive field and memory.

    Neither data nor training is needed.
    """
    if depth and every_layer:
        raise UsageError(Problem("--all opens every block already", "leave one of them out", Place("--depth")))
    if diagram is not None and diagram.suffix.lower() not in _ENDINGS:
        message = f"`{shortened(str(diagram))}` does not end in .svg or .png"
        raise UsageError(Problem(message, "write a file name that ends in .svg or .png", Place("--diagram")))
    from cnncli.recipe.load import load

    picture = _picture_file(diagram, recipe, force=force) if diagram else None
    loaded = load(recipe, settings or [])
    if picture:
        picture = replace(picture, reads=[*picture.reads, *data_files.data_of(loaded.recipe)])
        picture.check()
    if not (quiet or as_json):
        for warning in loaded.warnings:
            console.show_note(warning)
    with tensorflow_log.captured():
        from cnncli.cli.summary_table import show
        from cnncli.network.outline import ALL, rows
        from cnncli.network.repeats import folded
        from cnncli.network.summary import summarise
        from cnncli.network.summary_json import summarised

        found = summarise(loaded, batch_size=batch_size)
        shown = rows(found, ALL if every_layer else depth)
        boxes = shown if every_layer else folded(found, shown)
        shown = shown if every_layer else folded(found, shown, only_many=True)
        drawn = _draw(found, boxes, picture) if picture else None
    if as_json:
        notes = [warning.as_json() for warning in (*loaded.warnings, *found.notes)]
        console.print_json({**summarised(found).to_json(), "diagram": drawn and str(drawn), "notes": notes})
        return
    if not quiet:
        for note in found.notes:
            console.show_note(note)
    show(found, shown, verbose=verbose)
    if drawn:
        console.stdout().print(f"\n{printable(str(drawn))}")
    if verbose:
        console.say(f"\n{_CONVENTIONS}")
    if not quiet:
        console.say()
        console.say_pairs(_next(recipe, loaded, found, shown, drawn))


def _picture_file(path: Path, recipe: str, *, force: bool) -> OutputFile:
    """The file of `--diagram`.

    Raises:
        OutputError: it cannot or must not be written.
    """
    from cnncli.runs.output_files import OutputFile

    file = OutputFile(path, "--diagram", [recipe], force=force)
    file.check()
    return file


def _draw(found: Summary, shown: Sequence[Row], file: OutputFile) -> Path:
    from cnncli.plots.network_diagram.diagram import draw_diagram
    from cnncli.plots.save import write

    with file.writing() as stream:
        write(draw_diagram(found, shown), stream, file.path.suffix.lower()[1:])
    return file.path


def _next(
    name: str, loaded: LoadedRecipe, found: Summary, shown: Sequence[Row], drawn: Path | None
) -> list[tuple[str, str]]:
    from cnncli.cli.next_steps import train_command, with_settings

    again = with_settings("summary", name, loaded.settings)
    lines = [] if drawn else [f"{again} --diagram {found.name}.svg"]
    lines += [f"{again} --all"] if any(row.is_group or row.repeat for row in shown) else []
    lines += [train_command(name, loaded.recipe, loaded.settings)]
    return [("Next" if number == 0 else "", line) for number, line in enumerate(lines)]
