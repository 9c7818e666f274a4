"""`cnncli evaluate`: what a trained model scores on a split, or on other data."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.text import Text

from cnncli.cli import console, data_files, evaluate_regression, few_examples, options, tensorflow_log
from cnncli.errors import Place, Problem, UsageError
from cnncli.messages import FEW_EXAMPLES, printable, shortened

if TYPE_CHECKING:
    from cnncli.runs.output_files import OutputFolder

_WORDS = 13  # letters of the first column
_FORMATS = ("png", "svg")
_PAIRS = 5  # of classes; --json has more


def add_to(app: typer.Typer) -> None:
    app.command(epilog="Example: cnncli evaluate mnist --data photos/test")(evaluate)


def evaluate(
    run_or_model: options.RunOrModel = None,
    split: Annotated[
        str | None,
        typer.Option("--split", metavar="test|validation|train", help="Which part of the run's own data; else test."),
    ] = None,
    data: Annotated[
        str | None,
        typer.Option("--data", metavar="SOURCE", help="Other data: a built-in name, an image folder, or an .npz file."),
    ] = None,
    figures: Annotated[
        Path | None, typer.Option("--figures", metavar="DIR", help="Draw the pictures of it there, as PNG and SVG.")
    ] = None,
    strict: options.Strict = False,
    force: options.Force = False,
    output: options.Outputs = options.DEFAULT_OUTPUTS,
    device: options.Device = None,
    as_json: options.Json = False,
    quiet: options.Quiet = False,
    verbose: options.Verbose = False,
) -> None:
    """Score a trained model: loss, every metric, how far to trust them, and precision, recall and F1 of every class.

    Nothing is written unless --figures names a folder: confusion matrix, ROC and precision-recall curves, calibration,
    the most confident wrong predictions and, for two classes, every threshold.

    A network that gives numbers has errors and R2 in their place, and is drawn over the true numbers.
    """
    if split is not None:
        options.check_choice("--split", split, ("test", "validation", "train"))
    if split is not None and data is not None:
        hint = "--split is of the run's own data; of other data its test part counts, or all of it"
        raise UsageError(Problem("either a part or other data, got both", hint, Place("--split")))
    options.check_device(device)
    folder = _folder_for(figures, run_or_model, split, data, Path(output), force=force) if figures else None
    with tensorflow_log.captured():
        from cnncli.inference.evaluate_saved_model import evaluate_again

        done = evaluate_again(
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
                done.class_names,
                title=done.what,
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
            {**console.SCHEMA, **done.result, "notes": [note.as_json() for note in done.notes], **pictures}
        )
        return
    _show(done.result, done.what, quiet=quiet)
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


def _option(split: str | None, data: str | None) -> str:
    """What other examples than those of the test split are called in the pictures' names."""
    from cnncli.plots import naming

    if data is None:
        return "" if split in (None, "test") else str(split)
    path = Path(data)
    return naming.image(path) if os.path.exists(path) else naming.part(data)


def _show(result: dict[str, Any], what: str, *, quiet: bool) -> None:
    out = console.stdout()
    numbers = {"loss": result["loss"], **result["metrics"]}
    if not quiet:
        out.print(f"{printable(what)}: {result['count']:,} examples\n")
    out.print(console.table([*numbers], [few_examples.cells(numbers, result["count"], result["intervals"])], left=0))
    if quiet:
        return
    out.print()
    if result.get("targets") == "numbers":
        evaluate_regression.show(result)
        return
    for word, text in _trust(result):
        out.print(Text(f"{word:<{_WORDS}}{printable(text)}"))
    out.print()
    cell = few_examples.rough if result["count"] < FEW_EXAMPLES else console.cell
    rows = [
        [row["class"], cell(row["precision"]), cell(row["recall"]), cell(row["f1"]), row["support"]]
        for row in result["per_class"]
    ]
    out.print(console.table(["class", "precision", "recall", "F1", "support"], rows))
    if len(result["per_class"]) <= 20:
        out.print("\nconfusion: a row a true class, a column a predicted one")
        names = [row["class"] for row in result["per_class"]]
        rows = [[name, *counts] for name, counts in zip(names, result["confusion"], strict=True)]
        out.print(console.table(["", *names], rows))
    if result["most_confused"]:
        out.print("\nmost confused")
        rows = [[pair["true"], pair["predicted"], pair["count"]] for pair in result["most_confused"][:_PAIRS]]
        out.print(console.table(["true", "taken for", "count"], rows, left=2))


def _trust(result: dict[str, Any]) -> list[tuple[str, str]]:
    """A line each: what stands beside the accuracy."""
    intervals, baseline, calibration = result["intervals"], result["baseline"], result["calibration"]
    level = f"{intervals['level']:.0%}"
    cell = few_examples.rough if result["count"] < FEW_EXAMPLES else console.cell
    lines = [
        ("accuracy", f"{cell(result['accuracy'])}, {level} interval {_interval(intervals['accuracy'], cell)}"),
        ("baseline", f"{cell(baseline['accuracy'])} by always saying {shortened(baseline['class'])}"),
        ("macro F1", f"{cell(result['macro_f1'])}, {level} interval {_interval(intervals['macro_f1'], cell)}"),
    ]
    if result["top_k"]:
        lines.append(("among first", ", ".join(f"{k}: {cell(share)}" for k, share in result["top_k"].items())))
    areas = f"{cell(result['roc']['macro_auc'])}"
    precision = f"average precision {cell(result['precision_recall']['macro_average_precision'])}"
    lines.append(("ROC AUC", f"{areas}, {precision}"))
    if calibration:
        largest = cell(calibration["maximum_calibration_error"])
        lines.append(
            ("calibration", f"expected error {cell(calibration['expected_calibration_error'])}, largest {largest}")
        )
    if best := result.get("best_threshold"):
        lines.append(("threshold", f"best F1 {cell(best['f1'])} at {best['threshold']:.2f}, on these examples"))
    return lines


def _interval(bounds: list[float], cell: Callable[[Any], str]) -> str:
    return " to ".join(cell(bound) for bound in bounds)
