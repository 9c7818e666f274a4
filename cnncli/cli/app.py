"""The Typer app: all commands by name; only the one that runs is imported."""

from __future__ import annotations

from importlib import import_module
from typing import Annotated, Any

import typer
from typer.core import TyperCommand

from cnncli import __version__
from cnncli.cli.boundary import Boundary
from cnncli.errors import EXIT_CODES

# Name -> its module here, and what `cnncli --help` says of it.
COMMANDS = {
    "train": ("train", "Train a recipe's network, evaluate it, draw what it learned."),
    "evaluate": ("evaluate", "Score a trained model on its test split, or on other data."),
    "predict": ("predict", "Say which classes a trained model finds in images, arrays or rows."),
    "visualize-filters": ("visualize_filters", "Draw what the filters of a convolution look like."),
    "feature-maps": ("feature_maps", "Draw what a layer makes of examples or images."),
    "maximize": ("maximize", "Draw what a filter or a class likes most."),
    "grad-cam": ("grad_cam", "Draw where in examples or images a class is seen."),
    "report": ("report", "Write a run's one-file offline page, or that of several runs."),
    "runs": ("runs", "List the runs, newest first."),
    "compare": ("compare", "Compare runs on the same test data: which is better, and is it chance?"),
    "reproduce": ("reproduce", "Repeat a finished run and check whether the result is identical."),
    "validate": ("validate", "Check a recipe: every mistake at once."),
    "summary": ("summary", "Show a recipe's network: shapes, parameters, multiply-adds, memory."),
    "show": ("show", "Show a recipe as it is, or with everything filled in."),
    "recipes": ("recipes", "List, show and copy the recipes that come with cnncli."),
    "layers": ("layers", "Show what Keras offers, and the arguments of each."),
    "schema": ("schema", "Print the JSON Schema of a recipe, for editors."),
    "doctor": ("doctor", "Show what this machine can do, and what is missing."),
}
_EXIT_STATUSES = "Exit statuses: " + " · ".join(f"{code} {meaning}" for code, meaning in EXIT_CODES.items())


class _Commands(Boundary):
    """Knows all commands by name, and makes one when it is called: to make all of them takes longer than most of them run."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        self.commands = {name: TyperCommand(name, short_help=line) for name, (_, line) in COMMANDS.items()}

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        if args and args[0] in COMMANDS:
            self.commands[args[0]] = _made(args[0])
        return super().resolve_command(ctx, args)


def _made(name: str) -> Any:
    """A command with its arguments, or a group of commands."""
    part = typer.Typer(pretty_exceptions_enable=False, rich_markup_mode="rich")
    import_module(f"cnncli.cli.{COMMANDS[name][0]}").add_to(part)
    return typer.main.get_group(part).commands[name]


app = typer.Typer(
    name="cnncli",
    cls=_Commands,
    help="Turn a YAML recipe into a trained convolutional network.",
    epilog=_EXIT_STATUSES,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
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
