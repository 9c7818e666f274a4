"""List runs: their data, size, results and times, as far as they are known."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from statistics import fmean, stdev
from typing import Any

from cnncli.errors import OutputError
from cnncli.runs.finding import list_runs
from cnncli.runs.folds import fold_sets
from cnncli.runs.notes import read_note
from cnncli.runs.record import MODEL, STATUSES, Monitor, Record, Row, RunSummary, read_history, summarise

LISTED_STATUSES = (*STATUSES, "broken")

_LONGEST = 2**63  # seconds
# Keras' own words, by which it tells whether more is better.
RISING = ("acc", "auc", "precision", "recall", "f1", "iou", "r2")
_KILLED = "its process ended unexpectedly: it was killed, or the machine stopped"


@dataclass(frozen=True, slots=True)
class ListedRun:
    """One run of a list; None is what is not known.

    Attributes:
        summary: its place, state and times.
        source: what its data was, `mnist-sample, packaged: 8,000 + 2,000 digits`.
        params: of the network.
        epochs: how many are done.
        epochs_planned: how many the recipe asks for.
        best: the best epoch's row of the history, with `monitor`, the name of what decided; of a run that has not been
            trained to its end, the best so far.
        test: the scores on the test split, by name.
        validation: those on the validation split, when the recipe evaluates on it.
        total_seconds: so far, when it is running; with the pauses, when it did not end by itself.
        problem: why it is broken, failed, diverged or was interrupted; empty when nothing is known to be wrong.
        remarks: what else happened: training stopped early, it was extended, expectations were not met.
        note: what the user wrote about it.
    """

    summary: RunSummary
    source: str | None
    params: int | None
    epochs: int | None
    best: Row | None
    test: Row | None
    validation: Row | None
    total_seconds: float | None
    problem: str
    remarks: tuple[str, ...] = ()
    epochs_planned: int | None = None
    note: str = ""

    @property
    def label(self) -> str:
        """`mnist/first`, by which every command knows it."""
        return f"{self.summary.recipe}/{self.summary.name}"

    @property
    def epochs_text(self) -> str | None:
        """The epochs that are done, `6`, and beside them those of the recipe where there are more or less: `2/6`."""
        if self.epochs is None:
            return None
        planned = self.epochs_planned
        return f"{self.epochs:,}" if planned in (None, self.epochs) else f"{self.epochs:,}/{planned:,}"

    @property
    def short_source(self) -> str | None:
        """The data's name alone: `mnist-sample`, `photos`."""
        if self.source is None:
            return None
        what = self.source.rpartition(": ")[0] or self.source
        named = re.match(r"([\w-]+), ", what)
        return named[1] if named else re.split(r"[/\\]", what.rstrip("/\\"))[-1].removeprefix("image folder ")

    @property
    def best_epoch(self) -> int | None:
        epoch = (self.best or {}).get("epoch")
        return epoch if isinstance(epoch, int) else None

    @property
    def decided(self) -> tuple[str, float] | None:
        """What decided which epoch is the best, and its value there: `("val_loss", 0.0363)`."""
        best = self.best or {}
        monitor = best.get("monitor")
        value = best.get(monitor) if isinstance(monitor, str) else None
        return (str(monitor), value) if isinstance(value, int | float) else None

    @property
    def score(self) -> tuple[str, float] | None:
        """The accuracy on the test split, or else the first metric; of the validation split as `validation …`."""
        for split, scores in (("", self.test), ("validation ", self.validation)):
            known = {name: value for name, value in (scores or {}).items() if isinstance(value, int | float)}
            if known:
                name = min(known, key=lambda name: (name != "accuracy", "accuracy" not in name, name == "loss"))
                return f"{split}{name}", known[name]
        return None

    def as_json(self) -> dict[str, Any]:
        """The form that `--json` prints; the names are those of `train --json`."""
        run = self.summary
        return {
            "run": str(run.path),
            "recipe": run.recipe,
            "name": run.name,
            "status": run.status,
            "started": run.started,
            "ended": run.ended,
            "data": self.source,
            "params": self.params,
            "epochs": self.epochs,
            "epochs_planned": self.epochs_planned,
            "best": self.best,
            "test": self.test,
            "validation": self.validation,
            "total_seconds": self.total_seconds,
            "model": str(run.path / MODEL) if run.has_model else None,
            "problem": self.problem or None,
            "remarks": list(self.remarks) or None,
            "note": self.note or None,
            "fold": run.record.fold.model_dump() if run.record.fold else None,
        }


def listing(outputs: Path) -> list[ListedRun]:
    """List every run in the output folder, the newest first; a folder that is not there has none.

    Raises:
        OutputError: the output folder is something else than a folder.
    """
    if os.path.lexists(outputs) and not os.path.isdir(outputs):
        raise OutputError(f"{outputs} is not a folder", hint="give the folder of all runs with --output DIR")
    return [listed(summary) for summary in list_runs(outputs)]


def listed(run: RunSummary | Path) -> ListedRun:
    """Tell what is known of a run; never raises for what is in its folder."""
    summary = summarise(run) if isinstance(run, Path) else run
    record = summary.record
    is_open = bool(record.status) and (record.epochs is None or record.best is None)
    history = _history(summary.path) if is_open else None
    return ListedRun(
        summary,
        source=record.data.source or None,
        params=record.params,
        epochs=record.epochs if record.epochs is not None or history is None else len(history),
        best=_known(record.best) or _best_so_far(history or [], record.monitor),
        test=_known(record.test),
        validation=_known(record.validation),
        total_seconds=_total_seconds(summary),
        problem=_problem(summary),
        remarks=tuple(_remarks(record)),
        epochs_planned=record.epochs_planned,
        note=read_note(summary.path),
    )


def fold_lines(runs: Iterable[ListedRun]) -> list[str]:
    """What the sets of folds among runs reached: `mnist/first: 5 folds, accuracy 0.9520 (standard deviation 0.0110)`.

    Runs that diverged have no score: the mean is over the others, `4 of 5 folds`.
    """
    runs = list(runs)
    scores = {run.summary.path: run.score for run in runs}
    found = []
    for each in fold_sets(run.summary for run in runs):
        ended = [run.path for run in each.runs.values() if run.status == "completed"]
        diverged = sum(run.status == "diverged" for run in each.runs.values())
        values = [score for path in ended if (score := scores[path]) is not None]
        names = {name for name, _ in values}
        noun = f"{each.kind.word}s"
        text = f"{each.label}: {len(each.runs)} of {each.count} {noun}"
        if len(ended) + diverged == each.count and len(values) == len(ended) > 1 and len(names) == 1:
            mean, deviation = fmean(value for _, value in values), stdev(value for _, value in values)
            of = f"{len(ended)} of {each.count}" if diverged else f"{each.count}"
            text = f"{each.label}: {of} {noun}, {names.pop()} {mean:.4f} (standard deviation {deviation:.4f})"
        found.append(text)
    return found


def _remarks(record: Record) -> Iterator[str]:
    if record.fold is not None:
        yield f"{record.fold.kind} {record.fold.number} of {record.fold.count}"
    for phase in record.phases:
        if phase.stopped:
            yield f"stopped early{f' (phase {phase.name})' if phase.name else ''}: {phase.stopped}"
    for resumed in record.resumes:
        if resumed.extends:
            yield f"extended after {resumed.epochs_before} epochs to {resumed.epochs_wanted}"
    for expectation in record.expectations:
        if expectation.met is False:
            yield expectation.text


def _by_date(_: ListedRun) -> Any:
    return 0  # they are listed so, and sorting keeps the order of equals


def _best_first(result: tuple[str, float] | None) -> Any:
    """Results of one name beside each other, the best of them first."""
    if result is None:
        return None
    name, value = result
    return name, -value if any(word in name.lower() for word in RISING) else value


def _largest_first(value: float | None) -> Any:
    return None if value is None else -value


# Key -> what is compared; the smallest is first, None is last.
SORT_KEYS: dict[str, Callable[[ListedRun], Any]] = {
    "date": _by_date,
    "run": lambda run: (run.summary.recipe.lower(), run.summary.name.lower()),
    "recipe": lambda run: run.summary.recipe.lower(),
    "status": lambda run: LISTED_STATUSES.index(run.summary.status),
    "data": lambda run: run.short_source.lower() if run.short_source is not None else None,
    "parameters": lambda run: _largest_first(run.params),
    "epochs": lambda run: _largest_first(run.epochs),
    "best": lambda run: _best_first(run.decided),
    "test": lambda run: _best_first(run.score),
    "time": lambda run: _largest_first(run.total_seconds),
}


def sort(runs: Iterable[ListedRun], key: str) -> list[ListedRun]:
    """Sort a list of runs: dates newest first, texts from A to Z, counts and times largest first, results best first.

    Args:
        key: of `SORT_KEYS`. What is not known comes last; equals stay in their order.
    """
    measure = SORT_KEYS[key]

    def place(run: ListedRun) -> tuple[bool, Any]:
        measured = measure(run)
        return measured is None, measured

    return sorted(runs, key=place)


def _known(row: Row | None) -> Row | None:
    return {name: value for name, value in (row or {}).items() if value is not None} or None


def _history(run: Path) -> list[Row] | None:
    """The epochs so far: a run that has not ended by itself tells of them only here."""
    with suppress(OutputError):
        return read_history(run)
    return None


def _best_so_far(history: Sequence[Row], monitor: Monitor) -> Row | None:
    """The row of the epoch whose weights a run keeps as its best."""
    rows = [(value, row) for row in history if isinstance(value := row.get(monitor.name), int | float)]
    if not rows:
        return None
    choose = max if monitor.mode == "max" else min
    _, best = choose(rows, key=lambda each: each[0])
    return {**(_known(best) or {}), "monitor": monitor.name}


def _total_seconds(summary: RunSummary) -> float | None:
    total = (summary.record.seconds or {}).get("total")
    if summary.status == "running" and summary.started:
        total = (datetime.now(UTC) - summary.started).total_seconds()
    elif total is None and summary.started and summary.ended:
        total = (summary.ended - summary.started).total_seconds()
    return total if total is not None and 0 <= total < _LONGEST else None  # clocks are set back too


def _problem(summary: RunSummary) -> str:
    if summary.status == "broken":
        return summary.problem.replace(f"{summary.path}{os.sep}", "")
    if summary.status == "interrupted" and summary.record.status == "running":
        return _KILLED
    return summary.record.error if summary.status != "completed" else ""
