"""`cnncli predict`: predict classes or numbers for files."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cnncli.cli import console, data_files, options, tensorflow_log
from cnncli.cli.predicted_files import folder_of_predictions
from cnncli.cli.predictions import STDOUT, error_as_json, error_of, view_for
from cnncli.errors import DataError, OutputError, Place, Problem, UsageError
from cnncli.messages import counted, printable, shortened

if TYPE_CHECKING:
    from cnncli.inference.batch import Bad
    from cnncli.inference.inputs import Given
    from cnncli.inference.predict import Predictions, Predictor
    from cnncli.inference.several_inputs import SeveralGiven
    from cnncli.inference.text_inputs import TextsGiven
    from cnncli.runs.output_files import OutputFile, OutputFolder
    from cnncli.tasks.decoder import Decoder, Together

_FILES = "images, folders of images, .npz, .npy or .csv files; for a network for text --text or .txt files"


def add_to(app: typer.Typer) -> None:
    app.command(epilog="Example: cnncli predict mnist digit.png scans/")(predict)


def predict(
    arguments: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="RUN FILE",
            help="First a run or a .keras file (default: the newest run), then images, folders of images, .npz or .npy "
            "arrays, or .csv files with one example in each row. For a network for text: .txt files, folders of them, tables "
            "with a column of texts, or - for lines on stdin.",
            show_default=False,
        ),
    ] = None,
    input_: Annotated[
        list[str] | None,
        typer.Option(
            "--input",
            metavar="NAME=FILE",
            help="Read one of several inputs from this file: an .npy array, an image or a folder of images. "
            "Give one file for each input.",
            rich_help_panel=options.DATA,
        ),
    ] = None,
    texts: Annotated[
        list[str] | None,
        typer.Option(
            "--text",
            metavar="TEXT",
            help="Predict this text. Can be repeated.",
            rich_help_panel=options.DATA,
        ),
    ] = None,
    are_lines: Annotated[
        bool,
        typer.Option(
            "--lines",
            help="Take each line of a file as a text of its own, instead of the whole file.",
            rich_help_panel=options.DATA,
        ),
    ] = False,
    top: Annotated[
        int, typer.Option(metavar="N", min=1, help="Number of classes to show.", rich_help_panel=options.OUTPUT)
    ] = 3,
    to_csv: Annotated[
        Path | None,
        typer.Option(
            "--csv",
            metavar="FILE",
            help="Write the predictions to a CSV file instead of a table; - is stdout.",
            rich_help_panel=options.OUTPUT,
        ),
    ] = None,
    to: Annotated[
        Path | None,
        typer.Option(
            "--to",
            metavar="FOLDER",
            help="Write files of the predictions to this folder: masks, images with boxes, reconstructed images, vectors.",
            rich_help_panel=options.OUTPUT,
        ),
    ] = None,
    model: Annotated[
        str | None,
        typer.Option(
            "--model",
            metavar="RUN",
            help="Use this run or .keras file; then all arguments are files.",
            rich_help_panel=options.DATA,
        ),
    ] = None,
    batch_size: Annotated[
        int | None,
        typer.Option(
            "--batch-size",
            metavar="N",
            min=1,
            help="Number of examples in a batch.",
            show_default="that of the run",
            rich_help_panel=options.DATA,
        ),
    ] = None,
    invert: options.Invert = False,
    show: Annotated[
        Path | None,
        typer.Option(
            "--show",
            metavar="FILE.png",
            help="Draw the images as the network receives them.",
            rich_help_panel=options.OUTPUT,
        ),
    ] = None,
    strict: options.Strict = False,
    force: options.Force = False,
    device: options.Device = None,
    output: options.Outputs = options.DEFAULT_OUTPUTS,
    as_json: options.Json = False,
    quiet: options.Quiet = False,
    verbose: options.Verbose = False,
) -> None:
    """Predict images, texts, arrays or rows of a table with a trained model.

    Images are read in the same way as the training images. Unreadable files are reported and skipped; the exit code is then 4.

    If a file has the same name as a run, write ./NAME.
    """
    options.check_device(device)
    by_input, texts = input_ or [], texts or []
    if not arguments and not by_input and not texts:
        raise UsageError(Problem("Missing argument '[RUN] FILE'", f"name {_FILES}"))
    run_or_model, files = (
        (model, arguments or [])
        if model is not None
        else _split(arguments or [], output, is_named=bool(by_input or texts))
    )
    if as_json and to_csv == STDOUT:
        raise UsageError(Problem("--json and --csv - both write to stdout", "leave out one of them"))
    reads = [*([run_or_model] if run_or_model else []), *files, *(text.partition("=")[2] for text in by_input)]
    if any(path is not None for path in (to_csv, show, to)):
        reads += data_files.data_of_run(run_or_model, output)
    csv_file = None if to_csv is None else _output_file(to_csv, "--csv", reads, force)
    if show is not None and show.suffix.lower() != ".png":
        raise UsageError(
            Problem(
                f"`{shortened(str(show))}` does not end in .png", "write a file name that ends in .png", Place("--show")
            )
        )
    show_file = None if show is None else _output_file(show, "--show", reads, force)
    folder = None if to is None else _output_folder(to, reads, force)
    with tensorflow_log.captured():
        from cnncli.inference.image_checks import look_at
        from cnncli.inference.input_warnings import warnings_for_files
        from cnncli.inference.inputs import look_up
        from cnncli.inference.model_loading import open_model, table_columns
        from cnncli.inference.predict import Predictor, takes_text
        from cnncli.inference.several_inputs import inputs_of_recipe, look_up_several
        from cnncli.inference.text_inputs import TextsGiven, look_up_texts
        from cnncli.inference.volume_inputs import volume_form
        from cnncli.recipe.sources.table import text_format
        from cnncli.training import devices

        devices.choose(device or "auto", cpu_name="CPU")
        trained = open_model(run_or_model, outputs=output)
        predictor = Predictor(trained)
        files_of = None if folder is None else folder_of_predictions(folder, predictor.decoder)
        source = trained.recipe.recipe.data.source.settings if trained.recipe else None
        given: Given | SeveralGiven | TextsGiven
        if (texts or are_lines) and not takes_text(trained):
            message = f"{trained.name} takes no text"
            raise UsageError(Problem(message, "name files", Place("--text" if texts else "--lines")))
        if isinstance(trained.input_shape, dict):
            known = inputs_of_recipe(trained)
            given = look_up_several(files, by_input, trained.input_shape, model=trained.name, known=known)
        elif by_input:
            message = f"{trained.name} has one input, without a name"
            raise UsageError(Problem(message, "name the files without --input", Place("--input")))
        elif takes_text(trained):
            text_columns = source.text_columns if source else []
            given = look_up_texts(texts, files, are_lines=are_lines, columns=text_columns, form=text_format(source))
        else:
            length = source.signal_length() if source else None
            given = look_up(files, table_columns(trained, None), length=length, volumes=volume_form(trained))
        warnings = warnings_for_files(trained, given)
        form, looked = None, None
        if given.has_images:
            form = replace(trained.image_form, invert=invert)
            assert not isinstance(given, TextsGiven)
            images = [file.path for file in given.files if file.kind == "image"]
            looked = look_at(trained, images, form)
            warnings += looked.warnings
        elif invert or show:
            raise UsageError(Problem("no image files are named", place=Place("--invert" if invert else "--show")))
        if strict and warnings:
            raise DataError(warnings)
        notes = (*trained.notes, *given.notes, *warnings)
        steps = looked.steps if looked else ""
        if not (as_json or quiet):
            _introduce(predictor, trained.name, steps, is_newest=run_or_model is None, notes=notes)
        if show_file and looked and looked.decoded:
            from cnncli.plots.contact_sheet import to_png

            shown = [path for path in images if path in looked.decoded]
            show_file.write(to_png(shown, [looked.decoded[path].pixels for path in shown]))
        head = {**console.SCHEMA, "model": trained.name, "top": top, "notes": [note.as_json() for note in notes]}
        head["images"] = steps or None
        seen = _Seen(predictor.decoder)
        with view_for(as_json, csv_file, predictor, head, given) as view:
            for predictions in predictor.predict(
                given,
                top=top,
                batch_size=batch_size,
                form=form,
                decoded=looked.decoded if looked else {},
                sink=files_of.add if files_of else None,
            ):
                seen.add(predictions)
                view.show(predictions)
            together = seen.together()
            if files_of:
                files_of.end()
            view.end(seen.bad, together)
    if as_json and to_csv is not None:
        console.print_json(
            {**head, **error_as_json(seen.bad), "count": seen.count, "csv": str(to_csv) if seen.count else None}
        )
    if not (as_json or quiet):
        _conclude(seen, together, to_csv)
        if files_of and files_of.written:
            console.say_pairs([("Written", f"{counted(len(files_of.written), 'file')} in {to}")])
    if seen.bad and as_json:
        raise typer.Exit(DataError.exit_code)  # the document has told it
    if seen.bad:
        raise error_of(seen.bad)


def _output_file(path: Path, option: str, reads: Sequence[str], force: bool) -> OutputFile:
    """The file of `--csv` or `--show`.

    Raises:
        OutputError: it cannot or must not be written.
    """
    from cnncli.runs.output_files import OutputFile

    file = OutputFile(path, option, reads, force=force)
    if path != STDOUT:
        file.check()
    return file


def _output_folder(path: Path, reads: Sequence[str], force: bool) -> OutputFolder:
    """The folder of `--to`, not made yet.

    Raises:
        OutputError: it cannot or must not be written.
    """
    from cnncli.runs.output_files import OutputFolder

    folder = OutputFolder(path, "--to", reads, force=force)
    folder.check()
    return folder


def _split(arguments: Sequence[str], outputs: Path, *, is_named: bool) -> tuple[str | None, Sequence[str]]:
    """The run or model and the files.

    Args:
        is_named: files are given with `--input`, or texts with `--text`.

    Raises:
        UsageError: there are no files.
        DataError: the first argument is neither a run nor there.
    """
    if not arguments:
        return None, []
    first, *others = arguments
    if not _is_run_or_model(first, outputs):
        return None, arguments
    if not others and not is_named:
        hint = f"name {_FILES}: cnncli predict {printable(first)} photo.jpg"
        raise UsageError(Problem(f"`{shortened(first)}` is the model: no file to predict is named", hint))
    return first, others


def _is_run_or_model(text: str, outputs: Path) -> bool:
    from cnncli.runs import RECORD, find
    from cnncli.runs.finding import holds_runs

    if text == "-":
        return False
    path = Path(text)
    if "://" in text or path.suffix.lower() in (".keras", ".h5", ".hdf5"):
        return True
    if os.path.lexists(path):
        return os.path.isfile(path / RECORD) or holds_runs(path)
    try:
        find(outputs, text)
    except OutputError as error:
        raise DataError(_neither(text, error)) from error
    return True


def _neither(text: str, no_run: OutputError) -> Problem:
    """What to do about a first argument that is nothing: it may have been meant as a file or as a run."""
    from cnncli.data.sources.paths import existing_file

    hints = []
    try:
        existing_file(text)
    except DataError as no_file:
        hints = no_file.problems[0].hint.splitlines()
    hints += [*no_run.problems[0].hint.splitlines(), f"files can be {_FILES}"]
    return Problem(f"there is no file and no run of that name: {printable(text)}", "\n".join(hints))


class _Seen:
    """What has been predicted so far."""

    def __init__(self, decoder: Decoder) -> None:
        self.tally = decoder.tally()
        self.count = 0
        self.bad: list[Bad] = []
        self._decoder = decoder
        self._compared: list[Predictions] = []

    def add(self, predictions: Predictions) -> None:
        self.bad += predictions.bad
        self.count += len(predictions.names)
        if not predictions.names:
            return
        self.tally.add(predictions.classes, predictions.outputs)
        if self._decoder.COMPARES:
            self._compared.append(predictions)

    def together(self) -> Together:
        """What all examples say together."""
        from cnncli.tasks.decoder import Together

        if not self._compared:
            return Together((), {})
        names = [str(name) for each in self._compared for name in each.names]
        return self._decoder.together(names, [each.outputs for each in self._compared])


def _introduce(predictor: Predictor, name: str, steps: str, *, is_newest: bool, notes: Sequence[Problem]) -> None:
    for note in notes:
        console.show_note(note)
    images = [("Images", steps)] if steps else []
    console.say_pairs(
        [("Model", f"{name}{', the newest run' if is_newest else ''}: {predictor.decoder.size}"), *images]
    )


def _conclude(seen: _Seen, together: Together, to_csv: Path | None) -> None:
    """What was found in all, where the table does not show it at a glance."""
    if together.lines and to_csv is not None:
        console.say_pairs(together.lines)
    if seen.count > 1 and not together.lines:
        console.say_pairs([("Found", f"{counted(seen.count, 'example')}: {seen.tally}")])
    if to_csv not in (None, STDOUT) and seen.count:
        console.say_pairs([("Written", str(to_csv))])
