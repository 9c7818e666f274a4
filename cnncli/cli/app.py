"""The Typer app: its commands."""

from __future__ import annotations

from typing import Annotated

import typer

from cnncli import __version__
from cnncli.cli import (
    compare,
    doctor,
    evaluate,
    feature_maps,
    filters,
    grad_cam,
    layers,
    maximize,
    predict,
    recipes,
    report,
    reproduce,
    runs,
    schema,
    show,
    summary,
    train,
    validate,
)
from cnncli.cli.boundary import Boundary
from cnncli.errors import EXIT_CODES

_EXIT_STATUSES = "Exit statuses: " + " · ".join(f"{code} {meaning}" for code, meaning in EXIT_CODES.items())

app = typer.Typer(
    name="cnncli",
    cls=Boundary,
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


train.add_to(app)
evaluate.add_to(app)
predict.add_to(app)
filters.add_to(app)
feature_maps.add_to(app)
maximize.add_to(app)
grad_cam.add_to(app)
report.add_to(app)
runs.add_to(app)
compare.add_to(app)
reproduce.add_to(app)
validate.add_to(app)
summary.add_to(app)
show.add_to(app)
recipes.add_to(app)
layers.add_to(app)
schema.add_to(app)
doctor.add_to(app)
