"""`cnncli evaluate`: what a trained model scores on a split, or on other data."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from cnncli.cli import console, native, options


def add_to(app: typer.Typer) -> None:
    app.command(
        epilog="Example: cnncli evaluate mnist --data photos/test",
        short_help="Score a trained model on its test split, or on other data.",
    )(evaluate)


def evaluate(
    run_or_model: options.RunOrModel = None,
    split: Annotated[
        str, typer.Option("--split", metavar="test|validation|train", help="Which part of the run's own data.")
    ] = "test",
    data: Annotated[
        str | None,
        typer.Option("--data", metavar="SOURCE", help="Other data: a built-in name, an image folder, or an .npz file."),
    ] = None,
    output: options.Outputs = options.DEFAULT_OUTPUTS,
    device: options.Device = None,
    as_json: options.Json = False,
    quiet: options.Quiet = False,
    verbose: options.Verbose = False,
) -> None:
    """Score a trained model: loss, every metric, and precision, recall and F1 of every class."""
    options.check_choice("--split", split, ("test", "validation", "train"))
    options.check_device(device)
    with native.captured():
        from cnncli.evaluation.again import evaluate_again

        done = evaluate_again(run_or_model, outputs=Path(output), split=split, data=data, device=device)
    if not (as_json or quiet):
        for note in done.notes:
            console.show_note(note)
    if as_json:
        console.print_json({**done.result, "notes": [note.as_json() for note in done.notes]})
    else:
        _show(done.result, done.what, quiet=quiet)


def _show(result: dict[str, Any], what: str, *, quiet: bool) -> None:
    out = console.stdout()
    numbers = {"loss": result["loss"], **result["metrics"]}
    if not quiet:
        out.print(f"{what}: {result['count']:,} examples\n")
    out.print(console.table([*numbers], [[*numbers.values()]], left=0))
    if quiet:
        return
    out.print()
    rows = [[row["class"], row["precision"], row["recall"], row["f1"], row["support"]] for row in result["per_class"]]
    out.print(console.table(["class", "precision", "recall", "F1", "support"], rows))
    if len(result["per_class"]) <= 20:
        out.print("\nconfusion: a row a true class, a column a predicted one")
        names = [row["class"] for row in result["per_class"]]
        rows = [[name, *counts] for name, counts in zip(names, result["confusion"], strict=True)]
        out.print(console.table(["", *names], rows))
