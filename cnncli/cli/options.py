"""Options that several commands share."""

from __future__ import annotations

import re
import shlex
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from cnncli.errors import Place, Problem, UsageError
from cnncli.messages import did_you_mean, nearest, printable, shortened

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
Layers = Annotated[
    list[str] | None, typer.Option("--layer", metavar="NAME", help="A layer by its name. May be repeated.")
]
Images = Annotated[
    list[Path] | None,
    typer.Option("--image", metavar="FILE", help="An image instead of examples of the run's data. May be repeated."),
]
Samples = Annotated[
    str | None,
    typer.Option(
        "--samples",
        metavar="N|most_confused|most_wrong|one_per_class",
        help="How many examples of the run's test split, or which.",
    ),
]
ListLayers = Annotated[bool, typer.Option("--list-layers", help="Show the layers there are, and draw nothing.")]
PicturesTo = Annotated[
    Path | None, typer.Option("--to", metavar="DIR", help="Where the pictures go; left out: the run's figures.")
]
Svg = Annotated[bool, typer.Option("--svg/--no-svg", help="Write an SVG beside each PNG.")]
Force = Annotated[
    bool,
    typer.Option(
        "--force",
        help="Overwrite a file that exists already; never one that the command reads, a model, a recipe, or a file of a run.",
    ),
]

DEFAULT_OUTPUTS = Path("outputs")


def check_device(device: str | None) -> None:
    """Refuse a device that there is no word for."""
    if device is not None:
        check_choice("--device", device, ("auto", "cpu", "gpu"))


Invert = Annotated[bool, typer.Option("--invert", help="Exchange dark and light in image files.")]
Strict = Annotated[bool, typer.Option("--strict", help="Treat warnings about the data as errors (exit status 4).")]


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


_IMAGE_ENDINGS = (".png", ".jpg", ".jpeg", ".bmp", ".gif", ".webp")


def check_no_image(run_or_model: str | None) -> None:
    """Refuse an image in the place of the run.

    Raises:
        UsageError: with where it belongs.
    """
    if run_or_model is not None and Path(run_or_model).suffix.lower() in _IMAGE_ENDINGS:
        message = f"{shortened(run_or_model)} is an image, and the first argument is a run or a .keras file"
        raise UsageError(
            Problem(message, f"images are named by --image: --image {shlex.quote(printable(run_or_model))}")
        )


def read_samples(text: str | None, images: Sequence[Path], *, default: int) -> int | str:
    """What `--samples` says, and whether it goes with `--image`.

    Raises:
        UsageError: it is neither a number up to 100 nor one of the words, or images are named as well, or too many.
    """
    from cnncli.recipe.schema_pictures import MOST_SAMPLES, SAMPLES  # which --help has no use for

    if len(images) > MOST_SAMPLES:
        message = f"{len(images):,} images are too many for one sheet"
        raise UsageError(Problem(message, f"at most {MOST_SAMPLES} at a time", Place("--image")))
    if text is None:
        return default
    if images:
        hint = "--image for files, --samples for examples of the run's data"
        raise UsageError(Problem("either files or samples, got both", hint, Place("--samples")))
    number = int(text) if re.fullmatch("-?[0-9]{1,18}", text) else None
    if text in SAMPLES or (number is not None and 1 <= number <= MOST_SAMPLES):
        return text if number is None else number
    near = nearest(text, SAMPLES)
    hints = [f"did you mean `{near}`?"] if near else []
    hints.append(f"a number from 1 to {MOST_SAMPLES}, or one of: {', '.join(SAMPLES)}")
    message = f"unknown choice `{shortened(text)}`" if number is None else f"{number:,} examples cannot be drawn"
    raise UsageError(Problem(message, "\n".join(hints), Place("--samples")))
