"""`cnncli card`: write the model card of a run, or a folder that can be uploaded to the Hugging Face Hub."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cnncli.cli import console, data_files, options
from cnncli.errors import OutputError, Place, Problem, UsageError
from cnncli.messages import counted, printable, shortened

if TYPE_CHECKING:
    from cnncli.model_card import Card, Wishes
    from cnncli.report import Material
    from cnncli.runs.output_files import OutputFile

_LONGEST_TEXT = 500  # characters of a name, an author, a license, an identifier


def add_to(app: typer.Typer) -> None:
    app.command(epilog="Example: cnncli card mnist/first --hub mnist-for-the-hub --license apache-2.0")(card)


def card(
    run: Annotated[
        str | None,
        typer.Argument(metavar="RUN", help="A finished run: its folder or its name.", show_default=options.NEWEST_RUN),
    ] = None,
    to: Annotated[
        Path | None,
        typer.Option(
            "--to",
            metavar="FILE.md",
            help="Write the card to this file; - is stdout.",
            show_default="README.md of the run",
            rich_help_panel=options.OUTPUT,
        ),
    ] = None,
    hub: Annotated[
        Path | None,
        typer.Option(
            "--hub",
            metavar="DIR",
            help="Write a new folder with the card, the model, recipe, record, evaluation and pictures, to be uploaded.",
            rich_help_panel=options.OUTPUT,
        ),
    ] = None,
    with_examples: Annotated[
        bool,
        typer.Option(
            "--with-examples",
            help="Put pictures that show examples of the data into the folder too.",
            rich_help_panel=options.OUTPUT,
        ),
    ] = False,
    name: Annotated[
        str | None,
        typer.Option(
            "--name",
            metavar="NAME",
            help="Name of the model.",
            show_default="that of the recipe",
            rich_help_panel=options.CARD,
        ),
    ] = None,
    license_name: Annotated[
        str | None,
        typer.Option(
            "--license", metavar="ID", help="License of the model, such as apache-2.0.", rich_help_panel=options.CARD
        ),
    ] = None,
    author: Annotated[
        str | None,
        typer.Option(
            "--author",
            metavar="NAME",
            help="Author of the model; the card then has a citation.",
            rich_help_panel=options.CARD,
        ),
    ] = None,
    dataset: Annotated[
        list[str] | None,
        typer.Option(
            "--dataset",
            metavar="ID",
            help="Identifier of the data on the Hub, such as ylecun/mnist. Can be repeated.",
            rich_help_panel=options.CARD,
        ),
    ] = None,
    force: options.Force = False,
    output: options.Outputs = options.DEFAULT_OUTPUTS,
    as_json: options.Json = False,
    quiet: options.Quiet = False,
    verbose: options.Verbose = False,
) -> None:
    """Write the model card of a finished run: a README.md in the format of the Hugging Face Hub.

    The card says what the network is and does, on which data and how it was trained, how good it is with confidence
    intervals, what its limits are, and how to use and reproduce it. Everything comes from the run's record and evaluation.

    With --hub, a folder is written that can be uploaded as it is. It contains no private paths.
    """
    from cnncli import model_card, report, runs

    _check_options(to, hub, with_examples=with_examples)
    wishes = model_card.Wishes(
        _text("--name", name), _text("--license", license_name), _text("--author", author), _texts(dataset)
    )
    path = runs.find(output, run)
    file = _file(to, path, output, force=force) if hub is None and to != Path("-") else None
    if hub is not None:
        from cnncli.runs.new_folder import NewFolder

        NewFolder(hub, "--hub").check()
    notes = _license_notes(wishes)
    material = report.read(path)
    if hub is not None:
        _write_folder(material, wishes, hub, notes, with_examples=with_examples, as_json=as_json, quiet=quiet)
        return
    written = model_card.write(material, wishes)
    if file:
        file.write(written.text)
    _tell(written, file, path, notes, as_json=as_json, quiet=quiet)


def _check_options(to: Path | None, hub: Path | None, *, with_examples: bool) -> None:
    if to is not None and hub is not None:
        raise UsageError(Problem("--to and --hub exclude each other", "--hub writes README.md too", Place("--to")))
    if with_examples and hub is None:
        raise UsageError(Problem("--with-examples needs --hub", "add --hub DIR", Place("--with-examples")))
    if to is not None and str(to) != "-" and to.suffix.lower() not in (".md", ".markdown"):
        message = f"`{shortened(str(to))}` does not end in .md"
        raise UsageError(Problem(message, "write a file name that ends in .md", Place("--to")))


def _texts(values: list[str] | None) -> list[str]:
    return [text for value in values or () if (text := _text("--dataset", value))]


def _text(option: str, value: str | None) -> str | None:
    """A text of the command line in one line.

    Raises:
        UsageError: it is empty or too long.
    """
    if value is None:
        return None
    text = " ".join(printable(value).split())
    if not text or len(text) > _LONGEST_TEXT:
        message = f"expected 1 to {_LONGEST_TEXT} characters, got {len(text):,}"
        raise UsageError(Problem(message, place=Place(option)))
    return text


def _license_notes(wishes: Wishes) -> list[Problem]:
    """A note where the Hub does not know the license."""
    from cnncli.model_card import licenses

    if not wishes.license or licenses.identifier(wishes.license):
        return []
    near = licenses.suggestion(wishes.license)
    hint = f"did you mean `{near}`?" if near else "add the file LICENSE, or `license_link` in the header"
    message = f"the Hub has no license `{shortened(wishes.license)}`: the card names it as `other`"
    return [Problem(message, hint, Place("--license"))]


def _file(to: Path | None, run: Path, output: Path, *, force: bool) -> OutputFile:
    """Where the card goes: `--to`, or README.md of the run, where an unedited card of cnncli is replaced.

    Raises:
        OutputError: it cannot or must not be written.
    """
    import os

    from cnncli.model_card import README, is_unedited
    from cnncli.runs.output_files import OutputFile

    place = run / README
    if to is None and os.path.lexists(place) and not is_unedited(place):
        message = f"{place} was not written by cnncli, or was changed since, and is never overwritten"
        raise OutputError(message, hint="name another file: --to FILE.md")
    reads = data_files.data_of_run(str(run), output) if to else []
    file = OutputFile(to or place, "--to" if to else "", reads, [] if to else [place], force)
    file.check()
    return file


def _write_folder(
    material: Material,
    wishes: Wishes,
    folder: Path,
    notes: list[Problem],
    *,
    with_examples: bool,
    as_json: bool,
    quiet: bool,
) -> None:
    from cnncli.model_card import write_hub_folder

    written = write_hub_folder(material, wishes, folder, with_examples=with_examples, option="--hub")
    if written.pictures_left_out:
        left = f"{counted(written.pictures_left_out, 'picture')} of examples of the data left out"
        notes = [*notes, Problem(left, "--with-examples includes them; they show the data to everyone")]
    if as_json:
        folder_as_json = {"folder": str(folder), "files": written.files}
        console.print_json({**_as_json(written.card, material.run.summary.path, notes), **folder_as_json})
        return
    console.stdout().print(printable(str(folder)))
    if quiet:
        return
    for note in notes:
        console.show_note(note)
    shown = shlex.quote(printable(str(folder)))
    console.say_pairs(
        [
            ("Files", ", ".join(written.files)),
            ("Check", f"read {folder / 'README.md'} before you publish it"),
            ("Next", f"hf upload YOUR_NAME/YOUR_MODEL {shown}"),
        ]
    )


def _tell(
    written: Card, file: OutputFile | None, run: Path, notes: list[Problem], *, as_json: bool, quiet: bool
) -> None:
    if as_json:
        console.print_json({**_as_json(written, run, notes), "file": str(file.path) if file else None})
        return
    if file is None:
        sys.stdout.write(written.text)
    else:
        console.stdout().print(printable(str(file.path)))
    if quiet:
        return
    for note in notes:
        console.show_note(note)
    if file is not None:
        console.say_pairs([("Next", f"cnncli card {shlex.quote(printable(str(run)))} --hub NEW_FOLDER")])


def _as_json(written: Card, run: Path, notes: list[Problem]) -> dict[str, Any]:
    told = [note.as_json() for note in notes]
    return {"run": str(run), "metadata": written.metadata, "card": written.text, "notes": told}
