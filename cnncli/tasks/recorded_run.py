"""Read the evaluation of a finished run from its folder."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cnncli import task_registry
from cnncli.errors import CnncliError, OutputError
from cnncli.messages import shortened
from cnncli.recipe.growth import WRITTEN_OUT
from cnncli.recipe.yaml import source
from cnncli.recipe.yaml.nodes import plain
from cnncli.runs.listing import ListedRun, listed
from cnncli.runs.record import RESOLVED, Row, read_history, regular_content
from cnncli.runs.storage import storage_error
from cnncli.tasks.result import Result, read_result

_COLUMNS = ("true", "predicted")
_NUMBERED = re.compile(r"_\d+$")  # where an example has several numbers


@dataclass(frozen=True, slots=True, eq=False)
class Recorded:
    """A run that was scored.

    Attributes:
        listed: its place, size, times and results.
        result: evaluation.json.
        true, predicted: class names, one an example, in the order of predictions.csv; of numbers the texts of all of an
            example's, with spaces between them; of other tasks what `COLUMNS` of their `predictions` name.
        history: the rows of history.json, one an epoch; empty where it cannot be read.
        recipe: resolved.yaml as plain data; empty where it cannot be read.
    """

    listed: ListedRun
    result: Result
    true: tuple[str, ...]
    predicted: tuple[str, ...]
    history: tuple[Row, ...]
    recipe: Mapping[str, Any]

    @property
    def right(self) -> tuple[bool, ...]:
        """Which of the examples were predicted right."""
        return tuple(true == said for true, said in zip(self.true, self.predicted, strict=True))

    @property
    def best_epoch(self) -> int | None:
        return self.listed.best_epoch

    @property
    def precision(self) -> str | None:
        return self.listed.summary.record.precision.policy or None

    @property
    def device(self) -> str | None:
        return self.listed.summary.record.device.name or None


def read_run(path: Path) -> Recorded:
    """Read a run's results.

    Raises:
        OutputError: the run was not finished, or one of its files is missing or damaged.
    """
    run = listed(path)
    if run.summary.status == "broken":
        raise OutputError(f"{path} cannot be read: {run.problem}", hint="cnncli runs lists the others")
    result = _result(path, run.summary.status)
    columns = getattr(task_registry.part(result.task, "predictions"), "COLUMNS", _COLUMNS)
    true, predicted = _predictions(path / "predictions.csv", result.count, columns)
    return Recorded(
        listed=run,
        result=result,
        true=true,
        predicted=predicted,
        history=_history(path),
        recipe=_recipe(path / RESOLVED),
    )


def _result(path: Path, status: str) -> Result:
    file = path / "evaluation.json"
    if not file.is_file():
        raise OutputError(f"{path} has no evaluation.json (its status is {status})", hint=_UNFINISHED)
    try:
        return read_result(regular_content(file))
    except ValueError as error:
        raise _damaged(file, str(error)) from error


def _predictions(file: Path, count: int, columns: Sequence[str | None]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The true and the predicted class of every example, or its numbers."""
    rows = list(_rows(file, columns))
    if len(rows) != count:
        raise _damaged(file, f"evaluation.json counts {count:,} examples, it has {len(rows):,}")
    return tuple(true for true, _ in rows), tuple(said for _, said in rows)


def _rows(file: Path, columns: Sequence[str | None]) -> Iterator[tuple[str, str]]:
    """What is true and what is predicted.

    Args:
        columns: of the two; None: no column says it.
    """
    if not file.is_file():
        raise OutputError(f"{file.parent} has no {file.name}", hint=_UNFINISHED)
    names: dict[str, str] = {}  # one text object a class, however many examples there are
    try:
        with file.open(encoding="utf-8", newline="") as stream:
            table = csv.reader(stream)
            titles = next(table, [])
            places = [
                [place for place, title in enumerate(titles) if _NUMBERED.sub("", title) == name] if name else []
                for name in ("example", *columns)
            ]
            named = [name for name in ("example", *columns) if name]
            if sum(map(bool, places)) < len(named) or (all(columns) and len(places[1]) != len(places[2])):
                raise _damaged(file, f"its first line does not name the columns {', '.join(named)}")
            [example, *_], true, predicted = places
            for number, row in enumerate(table):
                if len(row) != len(titles) or row[example] != str(number):
                    raise _damaged(file, f"line {table.line_num} is not that of example {number}")
                actual, said = (" ".join([row[place] for place in some]) for some in (true, predicted))
                yield names.setdefault(actual, actual), names.setdefault(said, said)
    except OSError as error:
        raise storage_error("read", file, error) from error
    except (UnicodeDecodeError, csv.Error) as error:
        raise _damaged(file, shortened(str(error))) from error


def _history(path: Path) -> tuple[Row, ...]:
    with suppress(CnncliError):
        return tuple(read_history(path))
    return ()


def _recipe(file: Path) -> Mapping[str, Any]:
    with suppress(CnncliError):
        return dict(plain(source.parse(regular_content(file), str(file), bounds=WRITTEN_OUT)))
    return {}


def _damaged(file: Path, why: str) -> OutputError:
    return OutputError(f"{file} is damaged: {why}", hint="train the run again for a whole one")


_UNFINISHED = "only a run that was trained to its end was scored: cnncli runs --status completed lists them"
