"""The Typer app: all commands by name; only the one that runs is imported."""

from __future__ import annotations

from importlib import import_module
from typing import Annotated, Any, ClassVar

import typer
from typer.core import TyperCommand

from cnncli import __version__
from cnncli.cli import help_screen
from cnncli.cli.boundary import Boundary
from cnncli.errors import EXIT_CODES

_TRAIN, _INSPECT, _RUNS, _RECIPES = "Train and use a network", "Look inside a network", "Manage runs", "Write recipes"
# Name -> its module here, its one-line description, and its panel in `cnncli --help`.
COMMANDS = {
    "train": ("train", "Train a network from a recipe, evaluate it and draw what it learned.", _TRAIN),
    "tune": ("tune", "Search hyperparameters of a recipe with many short trainings.", _TRAIN),
    "evaluate": ("evaluate", "Score a trained model on its test split or on other data.", _TRAIN),
    "predict": ("predict", "Predict images, arrays or rows of a table with a trained model.", _TRAIN),
    "demo": ("demo", "Try a trained model on a local web page: draw, upload or photograph an image.", _TRAIN),
    "export": ("export", "Write a trained model as SavedModel, ONNX or LiteRT, checked against Keras.", _TRAIN),
    "visualize-filters": ("visualize_filters", "Draw the filters of a convolution.", _INSPECT),
    "feature-maps": ("feature_maps", "Draw the feature maps of a layer for some examples.", _INSPECT),
    "grad-cam": ("grad_cam", "Draw which parts of an image support a class.", _INSPECT),
    "maximize": ("maximize", "Draw the input that a filter or a class responds to most.", _INSPECT),
    "runs": ("runs", "List, rename, annotate and delete runs.", _RUNS),
    "report": ("report", "Write the HTML report of one run or several runs.", _RUNS),
    "card": ("card", "Write the model card of a run, or a folder for the Hugging Face Hub.", _RUNS),
    "compare": ("compare", "Compare runs on the same test data, with a significance test.", _RUNS),
    "track": ("track", "Send runs to TensorBoard, MLflow or Weights & Biases.", _RUNS),
    "reproduce": ("reproduce", "Repeat a finished run and check whether the result is identical.", _RUNS),
    "pack": ("pack", "Pack a finished run as one zip file, from which it can be reproduced.", _RUNS),
    "recipes": ("recipes", "List, show and copy the shipped recipes.", _RECIPES),
    "init": ("init", "Write a recipe that fits a folder or a file of data.", _RECIPES),
    "validate": ("validate", "Check a recipe and report all mistakes at once.", _RECIPES),
    "summary": ("summary", "Show the layers of a network: shapes, parameters, multiply-adds, memory.", _RECIPES),
    "explain": ("explain", "Explain a network layer by layer, with formulas and numbers.", _RECIPES),
    "show": ("show", "Print a recipe as it is, or with every default filled in.", _RECIPES),
    "to-python": ("to_python", "Write a recipe or a run as Keras code.", _RECIPES),
    "from-keras": ("from_keras", "Write a Keras model as a recipe.", _RECIPES),
    "layers": ("layers", "List the layers, optimizers, losses and metrics of Keras with their arguments.", _RECIPES),
    "schema": ("schema", "Print the JSON Schema of recipes, for editors.", _RECIPES),
    "data": ("data", "Examine the data of a recipe: duplicates, leakage, broken files, classes.", _RECIPES),
    "doctor": ("doctor", "Show versions, devices, precision, folders and cached data.", "Check this machine"),
}


class _Commands(help_screen.CommandGroup, Boundary):
    """Knows all commands by name, and imports one when it is called: importing all takes longer than most of them run."""

    more_panels: ClassVar = {"Exit codes": {str(code): meaning for code, meaning in EXIT_CODES.items()}}

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        self.commands = {
            name: TyperCommand(name, short_help=line, rich_help_panel=panel)
            for name, (_, line, panel) in COMMANDS.items()
        }

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        if args and args[0] in COMMANDS:
            self.commands[args[0]] = _made(args[0])
        return super().resolve_command(ctx, args)


def _made(name: str) -> Any:
    """A command with its arguments, or a group of commands."""
    part = help_screen.App()
    import_module(f"cnncli.cli.{COMMANDS[name][0]}").add_to(part)
    return typer.main.get_group(part).commands[name]


app = help_screen.App(
    name="cnncli",
    cls=_Commands,
    help="Turn a YAML recipe into a trained convolutional network.",
    no_args_is_help=True,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _show_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"cnncli {__version__}")
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version and exit.")
    ] = False,
) -> None:
    pass
