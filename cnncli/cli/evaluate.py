"""`cnncli evaluate`: score a trained model on a split or on other data."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cnncli.cli import console, data_files, few_examples, options, tensorflow_log, wrapping
from cnncli.errors import Problem, UsageError
from cnncli.messages import printable

if TYPE_CHECKING:
    from cnncli.plots.text_fitting import Title
    from cnncli.runs.output_files import OutputFolder
    from cnncli.tasks.result import Result

_LABEL = 13  # letters of the first column
_FORMATS = ("png", "svg")
_LONGEST_SOURCE = 24  # letters of the data in a title


def add_to(app: typer.Typer) -> None:
    app.command(epilog="Example: cnncli evaluate mnist --data digits.npz --figures scored")(evaluate)


def evaluate(
    run_or_model: options.RunOrModel = None,
    split: Annotated[
        str | None,
        typer.Option(
            "--split",
            metavar="SPLIT",
            help="Evaluate on this split of the run's data: test, validation or train.",
            show_default="test",
            rich_help_panel=options.DATA,
        ),
    ] = None,
    data: Annotated[
        str | None,
        typer.Option(
            "--data",
            metavar="SOURCE",
            help="Evaluate on other data: the name of a built-in data set, an image folder or an .npz file.",
            rich_help_panel=options.DATA,
        ),
    ] = None,
    figures: Annotated[
        Path | None,
        typer.Option(
            "--figures",
            metavar="DIR",
            help="Draw the evaluation as PNG and SVG files in this folder.",
            rich_help_panel=options.OUTPUT,
        ),
    ] = None,
    strict: options.Strict = False,
    force: options.Force = False,
    output: options.Outputs = options.DEFAULT_OUTPUTS,
    device: options.Device = None,
    as_json: options.Json = False,
    quiet: options.Quiet = False,
    verbose: options.Verbose = False,
) -> None:
    """Score a trained model on its test split or on other data.

    Classification: the loss, every metric with its 95% confidence interval, and precision, recall and F1 of every class.
    Regression: mean absolute error, root mean squared error and R².

    Nothing is written, unless --figures names a folder for the pictures: for classification the confusion matrix, ROC and
    precision-recall curves, calibration and the most confident wrong predictions.
    """
    if split is not None:
        options.check_choice("--split", split, ("test", "validation", "train"))
    if split is not None and data is not None:
        hint = "--split chooses a split of the run's own data; of other data the test split is used, or all of it"
        raise UsageError(Problem("--split and --data exclude each other", hint))
    options.check_device(device)
    folder = _folder_for(figures, run_or_model, split, data, Path(output), force=force) if figures else None
    with tensorflow_log.captured():
        from cnncli.inference.evaluate_saved_model import evaluate_saved_model

        done = evaluate_saved_model(
            run_or_model, outputs=Path(output), split=split or "test", data=data, device=device, strict=strict
        )
        drawn: list[str] = []
        if folder:
            from cnncli.plots.evaluation_figures import draw_evaluation
            from cnncli.plots.save import make_folder

            make_folder(folder)
            made = draw_evaluation(
                folder,
                done.scored,
                done.examples,
                title=figure_title(done.model, split, data),
                model=done.network,
                formats=_FORMATS,
                option=_option(split, data),
            )
            drawn = [str(path) for path in made]
    if not (as_json or quiet):
        for note in done.notes:
            console.show_note(note)
    if as_json:
        pictures = {"figures": drawn} if figures else {}
        console.print_json(
            {
                **console.SCHEMA,
                "run": done.model,
                **done.scored.result.to_json(),
                "notes": [note.as_json() for note in done.notes],
                **pictures,
            }
        )
        return
    _show(done.scored.result, done.what, quiet=quiet)
    for path in drawn:
        console.stdout().print(printable(path))


def _folder_for(
    path: Path, run_or_model: str | None, split: str | None, data: str | None, outputs: Path, *, force: bool
) -> OutputFolder:
    """The folder of `--figures`, not made yet.

    Raises:
        OutputError: it cannot or must not be written, or holds pictures of the same names.
    """
    from cnncli.runs.output_files import OutputFolder

    reads = [data] if data is not None else data_files.data_of_run(run_or_model, outputs)
    folder = OutputFolder(path, "--figures", reads, force=force)
    # Every evaluation draws one of them, and all the others beside it.
    stems = [f"{name}--{option}" if (option := _option(split, data)) else name for name in ("confusion", "predicted")]
    folder.check([f"{stem}.{ending}" for stem in stems for ending in _FORMATS])
    return folder


def figure_title(model: str, split: str | None, data: str | None) -> Title:
    """The heading of the pictures: the run as every command knows it, or the file, and what it is evaluated on."""
    from cnncli.plots.text_fitting import Title, plain_text, shorten

    path = Path(model).absolute()
    name = "/".join(path.parts[-2:]) if path.is_dir() else path.name
    if data is None:
        return Title(name, f": {split or 'test'} split")
    source = Path(data).absolute().name or data if os.path.exists(data) else data
    return Title(f"{name} on {shorten(plain_text(source), _LONGEST_SOURCE)}")


def _option(split: str | None, data: str | None) -> str:
    """What other examples than those of the test split are called in the pictures' names."""
    from cnncli.plots import naming

    if data is None:
        return "" if split in (None, "test") else str(split)
    path = Path(data)
    return naming.image(path) if os.path.exists(path) else naming.part(data)


def _show(result: Result, what: str, *, quiet: bool) -> None:
    from cnncli import task_registry
    from cnncli.tasks.text_report import Lines

    out = console.stdout()
    numbers = {"loss": result.loss, **result.metrics}
    if not quiet:
        wrapping.show(wrapping.wrapped(f"{what}: {result.count:,} examples"))
        out.print()
    cells = few_examples.cells(numbers, result.count, result.intervals.to_json())
    console.show_table([*numbers], [cells], left=0)
    if quiet:
        return
    for shown in task_registry.part(result.task, "console").show(result):
        out.print()
        if isinstance(shown, Lines):
            wrapping.show(wrapping.pairs(shown.rows, _LABEL, style=""))
            continue
        if shown.title:
            wrapping.show(wrapping.wrapped(shown.title))
        console.show_table(shown.columns, shown.rows, left=shown.text_columns)
