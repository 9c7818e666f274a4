"""The table of the scores of a set, which `cnncli train --fold all` and `--repeat` print and write."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cnncli.cli import console, set_errors
from cnncli.errors import CnncliError, Problem
from cnncli.messages import cell, counted

if TYPE_CHECKING:
    from cnncli.runs.folds import FoldSet
    from cnncli.tasks.fold_scores import FoldedScore, FoldScores


@dataclass(frozen=True, eq=False)
class Ended:
    """A run of a set that has ended, or was checked.

    Attributes:
        path: None where it was only checked, or has diverged.
        broken: the expectations that it does not meet.
        error: why it has no scores.
    """

    number: int
    notes: Sequence[Problem] = ()
    path: Path | None = None
    broken: Sequence[Problem] = ()
    error: CnncliError | None = None


@dataclass(frozen=True, eq=False)
class Results:
    """What has become of the runs of a set, by their number.

    Attributes:
        paths: the runs that have scores.
        diverged: the errors of the others.
    """

    paths: dict[int, Path]
    diverged: dict[int, CnncliError] = field(default_factory=dict)
    notes: list[Problem] = field(default_factory=list)
    broken: dict[int, Sequence[Problem]] = field(default_factory=dict)

    def add(self, ended: Ended) -> None:
        self.notes.extend(note for note in ended.notes if note not in self.notes)
        if ended.error:
            self.paths.pop(ended.number, None)
            self.diverged[ended.number] = ended.error
        elif ended.path:
            self.paths[ended.number] = ended.path
            self.broken[ended.number] = ended.broken


def report(done: FoldSet, results: Results, *, as_json: bool, quiet: bool) -> None:
    """Print the scores of the runs, and write them to a file beside the runs.

    Raises:
        DivergedError: some have none, after the table of the others.
        ExpectationError: some do not meet the expectations of the recipe.
    """
    import typer

    from cnncli import runs
    from cnncli.tasks.fold_scores import read_fold_scores

    word, diverged = done.kind.word, results.diverged
    broken = [
        replace(each, message=f"{word} {number}: {each.message}")
        for number, problems in sorted(results.broken.items())
        for each in problems
    ]
    error = set_errors.of_diverged(diverged, broken, done)
    scores = read_fold_scores(results.paths, done.kind) if results.paths else None
    told: dict[str, Any] = {
        "set": str(done.folder / done.name),
        **(scores.as_json() if scores else {"runs": [], "scores": {}}),
        f"{word}s": done.count,
        "failed": [{word: number, **console.error_as_json(each)} for number, each in sorted(diverged.items())],
    }
    runs.write_atomically(done.file, runs.to_json({**console.SCHEMA, **told}))
    if as_json:
        status = "diverged" if diverged else "completed"
        said = {"status": status, **told, "file": str(done.file), "notes": [note.as_json() for note in results.notes]}
        console.print_json({**console.SCHEMA, **said, **(console.error_as_json(error) if error else {})})
        raise typer.Exit(error.exit_code if error else 0)
    if scores:
        _show(done, scores, results, quiet=quiet)
    if error:
        raise error


def _show(done: FoldSet, scores: FoldScores, results: Results, *, quiet: bool) -> None:
    word, diverged = done.kind.word, results.diverged
    console.show_table(["", *(score.name for score in scores.scores)], list(_rows(scores, diverged)))
    if not quiet:
        console.say()
        console.say(_about(scores))
        if diverged:
            of = f"{len(results.paths)} of {counted(done.count, word)}"
            console.say(f"Mean, standard deviation and interval are over {of}; the others failed.")
        console.say_pairs(
            [
                ("Scores", str(done.file)),
                ("Runs", str(done.folder / f"{done.name}-{word}…")),
                ("Next", f"cnncli report {done.quoted} --open"),
                *([] if diverged else [("", f"cnncli compare {done.quoted} ANOTHER_SET")]),
            ]
        )


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


def _rows(scores: FoldScores, diverged: Mapping[int, CnncliError]) -> Iterator[list[str]]:
    """The scores of each run, and over all runs that have some."""
    texts = [scores.sides[0].text] * (len(scores.scores) - 1) + [cell]
    columns = list(zip(scores.scores, texts, strict=True))
    word, known = scores.kind.word, dict(zip(scores.numbers, enumerate(scores.sides), strict=True))
    for number in sorted([*known, *diverged]):
        if number in diverged:
            yield [f"{word} {number} failed: {diverged[number].code}", *[cell(None)] * len(columns)]
            continue
        index, side = known[number]
        yield [
            f"{word} {number} ({side.run.result.count:,})",
            *(text(score.values[index]) for score, text in columns),
        ]
    over = f", {len(known)} of {len(known) + len(diverged)}" if diverged else ""
    yield [f"mean{over}", *(text(score.mean) for score, text in columns)]
    yield [f"standard deviation{over}", *(text(score.deviation) for score, text in columns)]
    yield [f"95% interval{over}", *(_interval(score, text) for score, text in columns)]


def _interval(score: FoldedScore, text: Any) -> str:
    return " to ".join(map(text, score.interval)) if score.interval else cell(None)
