"""`cnncli show`: print a recipe as it is, or with every default filled in."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cnncli.cli import console, options, tensorflow_log
from cnncli.errors import Problem, RecipeError
from cnncli.messages import printable

if TYPE_CHECKING:
    from cnncli.recipe.load import LoadedRecipe


def add_to(app: typer.Typer) -> None:
    app.command(epilog="Example: cnncli show resnet20-cifar10 --resolved --set vars.n=9")(show)


def show(
    recipe: options.RecipeFile,
    resolved: Annotated[
        bool,
        typer.Option(
            "--resolved",
            help="Check the recipe and fill in all defaults, variables, blocks and repetitions.",
            rich_help_panel=options.RECIPE,
        ),
    ] = False,
    settings: options.Set = None,
    as_json: options.Json = False,
    quiet: options.Quiet = False,
    verbose: options.Verbose = False,
) -> None:
    """Print a recipe as it is; with --set, with the changes and without comments; with --resolved, written out in full.

    Values that depend on the data stay as they are: $classes, and steps given in epochs.
    """
    from cnncli.recipe import write

    if resolved:
        data = write.as_written(_resolved(recipe, settings or []).recipe)
    elif settings or as_json:
        data = _written(recipe, settings or [])
    else:
        _copy(recipe)
        return
    if as_json:
        console.print_json(data)
    else:
        sys.stdout.write(write.as_yaml(data))


def _copy(recipe: str) -> None:
    """The file itself, comments and all."""
    from cnncli.recipe import shipped
    from cnncli.recipe.yaml import recipe_file

    path, name = shipped.locate(recipe)
    content = recipe_file.read_bytes(path, shown_as=name).decode("utf-8", "replace")
    if sys.stdout.isatty():  # escape sequences would reach the terminal
        content = "\n".join(printable(line) for line in content.expandtabs().split("\n"))
    sys.stdout.write(content if content.endswith("\n") else f"{content}\n")


def _written(recipe: str, settings: list[str]) -> Any:
    """The tree as written, after `extends` and `--set`."""
    from cnncli.recipe import load
    from cnncli.recipe.yaml.nodes import plain

    return plain(load.read(recipe, settings))


def _resolved(recipe: str, settings: list[str]) -> LoadedRecipe:
    """The recipe with everything filled in that can be known without its data.

    Raises:
        RecipeError: it is wrong, or its layers depend on the number of classes, which only the data will tell.
    """
    from cnncli.recipe.known_data import declared_classes
    from cnncli.recipe.load import load

    loaded = load(recipe, settings)
    classes = declared_classes(loaded.recipe)
    if loaded.uses_sizes:
        with tensorflow_log.captured():
            loaded = _with_sizes(loaded, classes)
    elif classes is not None:
        loaded = loaded.resolve(classes=classes)
    hint = "set the number of classes: --set data.classes=10"
    message = "this depends on `$classes`, which is known only after the data is read"
    if problems := [Problem(message, hint, place) for place in loaded.open_places]:
        raise RecipeError(problems)
    return loaded


def _with_sizes(loaded: LoadedRecipe, classes: int | None) -> LoadedRecipe:
    """The recipe with the sizes of `$here`.

    Raises:
        RecipeError: only the data will tell the shape of an example.
    """
    from cnncli.network import symbolic_shapes
    from cnncli.recipe.known_data import declared_shape

    if (shape := declared_shape(loaded.recipe)) is None:
        message, hint = (
            "the sizes of `$here` depend on the data",
            "set the shape of an example: --set 'model.input=[…]'",
        )
        raise RecipeError(Problem(message, hint, loaded.place(("model",))))
    return symbolic_shapes.resolve(loaded, shape, classes=classes)
