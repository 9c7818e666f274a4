"""`cnncli validate`: report every mistake of a recipe, without training."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cnncli.cli import console, options, tensorflow_log

if TYPE_CHECKING:
    from cnncli.errors import Problem
    from cnncli.recipe.load import LoadedRecipe


def add_to(app: typer.Typer) -> None:
    app.command(epilog="Example: cnncli validate lenet5 --static")(validate)


def validate(
    recipe: options.RecipeFile,
    settings: options.Set = None,
    static: Annotated[
        bool,
        typer.Option(
            "--static", help="Check without TensorFlow: fast, but without shapes.", rich_help_panel=options.RECIPE
        ),
    ] = False,
    as_json: options.Json = False,
    quiet: options.Quiet = False,
    verbose: options.Verbose = False,
) -> None:
    """Check a recipe and report all mistakes at once, each with file, line and column.

    Checks names, arguments, types and references, the shapes of all layers and the memory that training needs. The data is
    not read; `cnncli train RECIPE --dry-run` also reads the data.
    """
    from cnncli.recipe.search_space import load_with_search_space

    loaded = load_with_search_space(recipe, settings or [])
    shows = not quiet and not as_json
    if shows:
        _show(loaded.warnings)
    result: dict[str, Any] = {"recipe": loaded.recipe.name, "valid": True, "stage": "static"}
    notes: tuple[Problem, ...] = ()
    if not static:
        with tensorflow_log.captured():
            shapes, notes = _shapes(loaded)
        result |= {"stage": "shapes", **shapes}
    if shows:
        _show(notes)
    result["notes"] = [note.as_json() for note in (*loaded.warnings, *notes)]
    if as_json:
        console.print_json(result)
    elif not quiet:
        console.stdout().print(_sentence(result))


def _show(notes: Iterable[Problem]) -> None:
    for note in notes:
        console.show_note(note)


def _shapes(loaded: LoadedRecipe) -> tuple[dict[str, Any], tuple[Problem, ...]]:
    """What the shapes tell, and notes about them."""
    from cnncli.recipe import targets
    from cnncli.recipe.known_data import declared_classes
    from cnncli.workflow import check_without_data

    checked = check_without_data(loaded)
    if checked is None:
        rules = targets.of(loaded.recipe.data.targets)
        knows_classes = rules.NO_CLASSES or declared_classes(loaded.recipe)
        missing = "`model.input`" if knows_classes else "`model.input` and `data.classes`"
        what = f"set {missing} to check the shapes without the data"
        return {"params": None, "trainable_params": None, "checked": what}, ()
    what = "all shapes fit"
    if not checked.is_complete:
        what += "; set `data.classes` to count the parameters"
    return {"params": checked.params, "trainable_params": checked.trainable_params, "checked": what}, checked.notes


def _sentence(result: dict[str, Any]) -> str:
    if result["stage"] == "static":
        return f"{result['recipe']}: no mistakes; shapes are not checked with --static"
    if result["params"] is None:
        return f"{result['recipe']}: no mistakes; {result['checked']}"
    return f"{result['recipe']}: no mistakes; {result['params']:,} parameters, {result['trainable_params']:,} trainable"
