"""`cnncli to-python`: write a recipe or a run as Keras code."""

from __future__ import annotations

import sys
from contextlib import nullcontext
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cnncli.cli import console, data_files, options, tensorflow_log
from cnncli.cli.recipe_or_run import run_meant
from cnncli.errors import OutputError, Place, Problem, RecipeError
from cnncli.messages import printable

if TYPE_CHECKING:
    from cnncli.recipe.load import LoadedRecipe


def add_to(app: typer.Typer) -> None:
    app.command("to-python", epilog="Example: cnncli to-python resnet20-cifar10 --to resnet20.py")(to_python)


def to_python(
    recipe: Annotated[
        str, typer.Argument(metavar="RECIPE", help="A recipe file, the name of a shipped recipe, or a run.")
    ],
    settings: options.Set = None,
    network: Annotated[
        bool,
        typer.Option(
            "--network", help="Write only the network, without data and training.", rich_help_panel=options.OUTPUT
        ),
    ] = False,
    to: Annotated[
        Path | None,
        typer.Option(
            "--to",
            metavar="FILE",
            help="Write the code to this file.",
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
    """Write a recipe as Keras code that depends on Keras and NumPy only.

    Blocks become functions, repetitions become loops, variables become constants. The layers have the same names as in
    cnncli, so the weights of a run fit. The code for data, augmentation and training follows the network.
    """
    from cnncli.conversion.to_python import to_python as converted
    from cnncli.runs.output_files import OutputFile

    file = OutputFile(to, "--to", [recipe], force=force) if to else None
    if file:
        file.check()
        _check_script_name(file.path)
    source = _source(recipe, output, settings or [])
    if file:
        file = replace(file, reads=[source.loaded.file, *file.reads, *data_files.data_of(source.loaded.recipe)])
        file.check()
    if not (quiet or as_json):
        for warning in source.loaded.warnings:
            console.show_note(warning)
    with tensorflow_log.captured() if source.loaded.uses_sizes else nullcontext():  # sizes come from Keras
        try:
            code = converted(
                source.loaded,
                network_only=network,
                input_shape=source.input_shape,
                training=source.training.recipe if source.training else None,
                weights=source.weights,
            )
        except RecipeError:
            if not source.loaded.uses_sizes:
                raise
            from cnncli.workflow import check_without_data

            check_without_data(source.loaded)  # a network that Keras cannot build has no Python either: it says why
            raise
    if file:
        file.write(code)
    if as_json:
        notes = [warning.as_json() for warning in source.loaded.warnings]
        console.print_json({"file": to and str(to), "code": code, "notes": notes})
    elif to:
        console.stdout().print(printable(str(to)))
    else:
        sys.stdout.write(code)


def _check_script_name(path: Path) -> None:
    """Refuse the name of a module that Keras imports: Python would import the script instead of the module.

    Raises:
        OutputError: it is the name of a module of Python or of an installed package.
    """
    from cnncli.conversion.script_names import hidden_module

    if module := hidden_module(path):
        message = f"`{printable(str(path))}` would hide {module} from the script, so that Keras cannot be imported"
        raise OutputError(Problem(message, "name another file", Place("--to")))


@dataclass(frozen=True)
class _Source:
    """What is converted.

    Attributes:
        loaded: the recipe, with its structure.
        training: the resolved recipe of a run.
        input_shape: of one example of a run; of several inputs by name.
        weights: the model file of a run.
    """

    loaded: LoadedRecipe
    training: LoadedRecipe | None = None
    input_shape: Any = None
    weights: str = ""


def _source(recipe: str, output: Path, settings: list[str]) -> _Source:
    """The recipe of a file, a name or a run; a recipe goes before a run of the same name.

    Raises:
        RecipeError: it is wrong, or there is neither a recipe nor a run.
        OutputError: it is a folder without a run.
    """
    from cnncli.recipe.load import load

    run = run_meant(recipe, output)
    return _of_run(run, settings) if run else _Source(load(recipe, settings))


def _of_run(run: Path, settings: list[str]) -> _Source:
    """The recipe as it was written, where it gives what the run recorded; else the resolved one."""
    from cnncli import runs
    from cnncli.recipe.load import load, load_bytes
    from cnncli.runs.record import MODEL

    resolved = load(str(run / runs.RESOLVED), settings)
    record = runs.read_record(run)
    shape = record.get("input_shape")
    model = run / MODEL
    found = _Source(
        resolved,
        resolved,
        shape,
        str(model) if model.is_file() and not settings else "",
    )
    try:
        content = (run / "recipe.yaml").read_bytes()
        written = load_bytes(content, str(run / "recipe.yaml"), [*map(str, record.get("settings", [])), *settings])
        classes = len(record.get("class_names") or ()) or None
        if written.resolve(classes=classes).recipe.model == resolved.recipe.model:
            return replace(found, loaded=written)
    except (OSError, RecipeError):
        pass
    return found
