"""The table of the scores of a set, which `cnncli train --fold all` and `--repeat` print and write."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cnncli.cli import console
from cnncli.errors import ExpectationError, Problem
from cnncli.messages import cell, counted

if TYPE_CHECKING:
    from cnncli.runs.folds import FoldSet
    from cnncli.tasks.fold_scores import FoldedScore, FoldScores


def report(
    done: FoldSet,
    paths: Sequence[Path],
    notes: Sequence[Problem],
    broken: Sequence[Problem],
    *,
    as_json: bool,
    quiet: bool,
) -> None:
    """Print the scores of all folds, and write them to a file beside the runs."""
    import typer

    from cnncli import runs
    from cnncli.tasks.fold_scores import read_fold_scores

    scores = read_fold_scores(paths, done.kind)
    told: dict[str, Any] = {"set": str(done.folder / done.name), **scores.as_json()}
    runs.write_atomically(done.file, runs.to_json({**console.SCHEMA, **told}))
    error = ExpectationError(broken) if broken else None
    if as_json:
        said = {"status": "completed", **told, "file": str(done.file), "notes": [note.as_json() for note in notes]}
        console.print_json({**console.SCHEMA, **said, **(console.error_as_json(error) if error else {})})
        raise typer.Exit(error.exit_code if error else 0)
    console.show_table(["", *(score.name for score in scores.scores)], list(_rows(scores)))
    if not quiet:
        console.say()
        console.say(_about(scores))
        console.say_pairs(
            [
                ("Scores", str(done.file)),
                ("Runs", str(done.folder / f"{done.name}-{done.kind.word}…")),
                ("Next", f"cnncli report {done.quoted} --open"),
                ("", f"cnncli compare {done.quoted} ANOTHER_SET"),
            ]
        )
    if error:
        raise error


def _about(scores: FoldScores) -> str:
    """What the table says."""
    split, word = scores.sides[0].run.result.split, scores.kind.word
    examples = counted(scores.example_count, "example")
    if word == "fold":
        return f"Each of {examples} is in the {split} split of one fold. The interval is a t interval over the folds."
    return (
        f"Every repeat has another seed and is tested on the same {examples} of the {split} split. "
        "The interval is a t interval over the repeats."
    )


def _rows(scores: FoldScores) -> Iterator[list[str]]:
    texts = [scores.sides[0].text] * (len(scores.scores) - 1) + [cell]
    columns = list(zip(scores.scores, texts, strict=True))
    for number, side in enumerate(scores.sides):
        yield [
            f"{scores.kind.word} {number + 1} ({side.run.result.count:,})",
            *(text(score.values[number]) for score, text in columns),
        ]
    yield ["mean", *(text(score.mean) for score, text in columns)]
    yield ["standard deviation", *(text(score.deviation) for score, text in columns)]
    yield ["95% interval", *(_interval(score, text) for score, text in columns)]


def _interval(score: FoldedScore, text: Any) -> str:
    return " to ".join(map(text, score.interval)) if score.interval else cell(None)
