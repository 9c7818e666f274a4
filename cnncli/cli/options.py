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

# The panels of a help screen.
RECIPE = "Recipe"
TABLE = "Table"
RUNS = "Runs"
TRAINING = "Training"
SEVERAL = "Several devices and processes"
DATA = "Data"
PICTURES = "Pictures"
CARD = "Model card"
OUTPUT = "Output"
SERVER = "Server"
TRACKER = "Tracker"
COMMON = "Common options"
PANELS = (RECIPE, TRAINING, SEVERAL, DATA, PICTURES, TABLE, RUNS, CARD, TRACKER, OUTPUT, SERVER, COMMON)

NEWEST_RUN = "the newest run"
RecipeFile = Annotated[str, typer.Argument(metavar="RECIPE", help="A recipe file or the name of a shipped recipe.")]
Set = Annotated[
    list[str] | None,
    typer.Option(
        "--set",
        metavar="KEY=VALUE",
        help="Change a value of the recipe, for example train.epochs=3. Can be repeated.",
        rich_help_panel=RECIPE,
    ),
]
Json = Annotated[
    bool, typer.Option("--json", help="Print one JSON document on stdout, also on failure.", rich_help_panel=COMMON)
]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Show only results and errors.", rich_help_panel=COMMON)]
Verbose = Annotated[bool, typer.Option("--verbose", "-v", help="Show more details.", rich_help_panel=COMMON)]
Outputs = Annotated[
    Path, typer.Option("--output", metavar="DIR", help="The folder that holds all runs.", rich_help_panel=OUTPUT)
]
Device = Annotated[
    str | None,
    typer.Option(
        "--device",
        metavar="DEVICE",
        help="Device to compute on: auto, cpu or gpu.",
        show_default="auto",
        rich_help_panel=COMMON,
    ),
]
RunOrModel = Annotated[
    str | None,
    typer.Argument(metavar="RUN", help="A run folder, the name of a run, or a .keras file.", show_default=NEWEST_RUN),
]
Layers = Annotated[
    list[str] | None,
    typer.Option(
        "--layer",
        metavar="NAME",
        help="Draw this layer. Can be repeated.",
        show_default="the first convolution",
        rich_help_panel=PICTURES,
    ),
]
Images = Annotated[
    list[Path] | None,
    typer.Option(
        "--image",
        metavar="FILE",
        help="Use this image instead of test examples. Can be repeated.",
        rich_help_panel=DATA,
    ),
]
Texts = Annotated[
    list[str] | None,
    typer.Option(
        "--text",
        metavar="TEXT",
        help="Use this text instead of test examples, for a network for text. Can be repeated.",
        rich_help_panel=DATA,
    ),
]
Samples = Annotated[
    str | None,
    typer.Option(
        "--samples",
        metavar="N",
        help="Draw N examples of the test split, or choose them with one_per_class, most_wrong or most_confused.",
        rich_help_panel=DATA,
    ),
]
Input = Annotated[
    str | None,
    typer.Option(
        "--input",
        metavar="NAME",
        help="Choose one of several inputs.",
        show_default="the first image, signal or volume",
        rich_help_panel=PICTURES,
    ),
]
ListLayers = Annotated[
    bool, typer.Option("--list-layers", help="List the layers that can be drawn, and exit.", rich_help_panel=PICTURES)
]
PicturesTo = Annotated[
    Path | None,
    typer.Option(
        "--to",
        metavar="DIR",
        help="Write the pictures to this folder.",
        show_default="figures/ of the run",
        rich_help_panel=OUTPUT,
    ),
]
Svg = Annotated[
    bool, typer.Option("--svg/--no-svg", help="Write an SVG file beside each PNG file.", rich_help_panel=OUTPUT)
]
Force = Annotated[
    bool,
    typer.Option(
        "--force",
        help="Overwrite existing files. Inputs, models, recipes and files of a run are never overwritten.",
        rich_help_panel=OUTPUT,
    ),
]
Open = Annotated[bool, typer.Option("--open", help="Open the report in a browser at the end.", rich_help_panel=OUTPUT)]
Invert = Annotated[bool, typer.Option("--invert", help="Swap dark and light in image files.", rich_help_panel=DATA)]
Strict = Annotated[
    bool,
    typer.Option("--strict", help="Treat warnings about the data as errors (exit code 4).", rich_help_panel=DATA),
]

DEFAULT_OUTPUTS = Path("outputs")


def check_device(device: str | None) -> None:
    """Refuse an unknown device."""
    if device is not None:
        check_choice("--device", device, ("auto", "cpu", "gpu"))


def check_choice(option: str, value: str, choices: Sequence[str]) -> None:
    """Refuse a value that is not one of an option's choices.

    Raises:
        UsageError: with the nearest choice and a list of all choices.
    """
    if value in choices:
        return
    hints = [did_you_mean(value, choices), f"one of: {', '.join(choices)}"]
    hint = "\n".join(dict.fromkeys(hints))
    raise UsageError(Problem(f"unknown choice `{shortened(value)}`", hint, Place(option)))


def check_html(option: str, file: Path | None) -> None:
    """Refuse a name for a page that does not end in .html.

    Raises:
        UsageError: it does not.
    """
    if file is not None and file.suffix.lower() not in (".html", ".htm"):
        raise UsageError(
            Problem(f"`{file}` does not end in .html", "write a file name that ends in .html", Place(option))
        )


_IMAGE_ENDINGS = (".png", ".jpg", ".jpeg", ".bmp", ".gif", ".webp")


def check_no_image(run_or_model: str | None) -> None:
    """Refuse an image where a run is expected.

    Raises:
        UsageError: with the option that takes images.
    """
    if run_or_model is not None and Path(run_or_model).suffix.lower() in _IMAGE_ENDINGS:
        message = f"{shortened(run_or_model)} is an image, but the first argument is a run or a .keras file"
        raise UsageError(Problem(message, f"use --image: --image {shlex.quote(printable(run_or_model))}"))


def read_samples(
    text: str | None, images: Sequence[Path], *, default: int, texts: Sequence[str] | None = None
) -> int | str:
    """Read `--samples`, and check that it agrees with `--image` and `--text`.

    Raises:
        UsageError: it is neither a number up to 100 nor one of the words, or there are images as well, or too many.
    """
    from cnncli.recipe.schema_pictures import MOST_SAMPLES, SAMPLES  # not needed by --help

    if images and texts:
        raise UsageError(Problem("--image and --text exclude each other", "--text is for networks for text"))
    if texts and text is not None:
        hint = "--text for texts, --samples for examples of the run's data"
        raise UsageError(Problem("--text and --samples exclude each other", hint))
    if texts and len(texts) > MOST_SAMPLES:
        message = f"{len(texts):,} texts are too many for one sheet"
        raise UsageError(Problem(message, f"at most {MOST_SAMPLES} at a time", Place("--text")))
    if len(images) > MOST_SAMPLES:
        message = f"{len(images):,} images are too many for one sheet"
        raise UsageError(Problem(message, f"at most {MOST_SAMPLES} at a time", Place("--image")))
    if text is None:
        return default
    if images:
        hint = "--image for files, --samples for examples of the run's data"
        raise UsageError(Problem("--image and --samples exclude each other", hint))
    number = int(text) if re.fullmatch("-?[0-9]{1,18}", text) else None
    if text in SAMPLES or (number is not None and 1 <= number <= MOST_SAMPLES):
        return text if number is None else number
    near = nearest(text, SAMPLES)
    hints = [f"did you mean `{near}`?"] if near else []
    hints.append(f"a number from 1 to {MOST_SAMPLES}, or one of: {', '.join(SAMPLES)}")
    message = f"unknown choice `{shortened(text)}`" if number is None else f"{number:,} examples cannot be drawn"
    raise UsageError(Problem(message, "\n".join(hints), Place("--samples")))
