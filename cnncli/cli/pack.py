"""`cnncli pack`: pack a finished run as one zip file, from which it can be reproduced."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Annotated

import typer

from cnncli.cli import console, data_files, options
from cnncli.errors import Place, Problem, UsageError
from cnncli.messages import counted, printable, shortened, size_text


def add_to(app: typer.Typer) -> None:
    app.command(epilog="Example: cnncli pack mnist/first --to mnist.zip")(pack)


def pack(
    run: Annotated[
        str | None,
        typer.Argument(metavar="RUN", help="A finished run: its folder or its name.", show_default=options.NEWEST_RUN),
    ] = None,
    to: Annotated[
        Path | None,
        typer.Option(
            "--to",
            metavar="FILE.zip",
            help="Write the pack to this file.",
            show_default="RECIPE-RUN.zip",
            rich_help_panel=options.OUTPUT,
        ),
    ] = None,
    force: options.Force = False,
    output: options.Outputs = options.DEFAULT_OUTPUTS,
    as_json: options.Json = False,
    quiet: options.Quiet = False,
    verbose: options.Verbose = False,
) -> None:
    """Pack a finished run as one zip file, which `cnncli reproduce FILE.zip` repeats and compares.

    The pack has the recipe, the record, history, evaluation, predictions, model, report, pictures, the versions of all
    packages, and a manifest with the SHA-256 of each file. It does not have the data.

    The same run gives the same bytes. The record contains the command line and paths as they were.
    """
    from cnncli import runs
    from cnncli.runs.output_files import OutputFile
    from cnncli.runs.packs import packing
    from cnncli.runs.packs.members import REQUIREMENTS

    if to is not None and to.suffix.lower() != ".zip":
        message = f"`{shortened(str(to))}` does not end in .zip"
        raise UsageError(Problem(message, "write a file name that ends in .zip", Place("--to")))
    path = runs.find(output, run)
    packing.refuse_unfinished(path)
    place = to or Path(f"{path.absolute().parent.name}-{path.name}.zip")
    file = OutputFile(place, "--to" if to else "", data_files.data_of_run(str(path), output), force=force)
    file.check()
    packed = packing.pack(path, file)
    notes = [
        Problem(f"{name} is {now} today, the run was trained with {then}: {REQUIREMENTS} lists {then}")
        for name, (then, now) in packed.changed.items()
    ]
    if as_json:
        told = {
            "file": str(place),
            "bytes": packed.bytes,
            "run": str(path),
            "files": [member.model_dump() for member in packed.manifest.files],
            "notes": [note.as_json() for note in notes],
        }
        console.print_json(told)
        return
    console.stdout().print(printable(str(place)))
    if quiet:
        return
    for note in notes:
        console.show_note(note)
    size = f"{counted(len(packed.manifest.files), 'file')}, {size_text(packed.bytes)}"
    again = f"cnncli reproduce {shlex.quote(printable(str(place)))}"
    console.say_pairs(
        [("Size", size), ("Data", "not in the pack: whoever reproduces the run needs it"), ("Next", again)]
    )
