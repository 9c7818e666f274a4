"""The options that several commands share."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from cnncli.errors import Place, Problem, UsageError
from cnncli.wording import did_you_mean, shortened

Set = Annotated[
    list[str] | None,
    typer.Option(
        "--set", metavar="KEY=VALUE", help="Change a value of the recipe: --set train.epochs=3. May be repeated."
    ),
]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON document on stdout, on failure too.")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Show results and errors alone.")]
Verbose = Annotated[bool, typer.Option("--verbose", "-v", help="Show more.")]
Outputs = Annotated[Path, typer.Option("--output", metavar="DIR", help="The folder of all runs.")]
Device = Annotated[str | None, typer.Option("--device", metavar="auto|cpu|gpu", help="Where to compute.")]
RunOrModel = Annotated[
    str | None,
    typer.Argument(metavar="[RUN|MODEL]", help="A run's folder or name, or a .keras file; left out: the newest run."),
]

DEFAULT_OUTPUTS = Path("outputs")


def check_device(device: str | None) -> None:
    """Refuse a device that there is no word for."""
    if device is not None:
        check_choice("--device", device, ("auto", "cpu", "gpu"))


def check_choice(option: str, value: str, choices: Sequence[str]) -> None:
    """Refuse what an option does not take.

    Raises:
        UsageError: with the nearest choice, and all of them.
    """
    if value in choices:
        return
    hints = [did_you_mean(value, choices), f"one of: {', '.join(choices)}"]
    hint = "\n".join(dict.fromkeys(hints))
    raise UsageError(Problem(f"unknown choice `{shortened(value)}`", hint, Place(option)))
