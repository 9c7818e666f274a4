"""Formats of predictions: a table, one JSON document, a CSV file."""

from __future__ import annotations

import csv
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from heapq import nlargest
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from rich.cells import cell_len
from rich.text import Text

from cnncli.cli import console, wrapping
from cnncli.errors import DataError
from cnncli.messages import cell, printable, quantity, visible
from cnncli.runs.json_text import to_json_line

if TYPE_CHECKING:
    from cnncli.inference.inputs import Bad, File, Given, Name
    from cnncli.inference.predict import Predictions, Predictor
    from cnncli.runs.output_files import OutputFile

STDOUT = Path("-")

_BETWEEN = "  "
_MEASURED = 20  # of the longest file names
_WIDEST = 72  # of a column
_NUMBER = 10  # letters of a column of numbers


class View(Protocol):
    def show(self, predictions: Predictions) -> None:
        """Some more."""

    def end(self, bad: Sequence[Bad]) -> None:
        """These were all."""


@contextmanager
def view_for(
    as_json: bool, to_csv: OutputFile | None, predictor: Predictor, head: dict[str, Any], given: Given
) -> Iterator[View]:
    has_numbers = bool(predictor.number_count)
    if to_csv is not None:
        make = _NumberCsv if has_numbers else _Csv
        if to_csv.path == STDOUT:
            yield make(sys.stdout, predictor, int(head["top"]))
            return
        from cnncli.runs.output_files import NothingToWrite, as_text

        with to_csv.writing() as file:
            text = as_text(file)
            view = make(text, predictor, int(head["top"]))
            yield view
            text.flush()
            text.detach()
            if not view.has_predictions:
                raise NothingToWrite
    elif as_json:
        yield (_NumberJson if has_numbers else _Json)(predictor, head)
    else:
        yield (_NumberTable if has_numbers else _Table)(predictor, map(_about, given.files))


def _about(file: File) -> str:
    """About what the examples of a file will be called."""
    return file.path if file.kind == "image" else f"{file.path}[0000]"


class _Table:
    """Lines for people, batch by batch as they come: a row an example, or two lines where the terminal is narrow."""

    def __init__(self, predictor: Predictor, files: Iterable[str]) -> None:
        self._names = [printable(name) for name in predictor.class_names]
        self._titles = self._columns(predictor)
        # Wide enough from the first row on for nearly all that come; what is wider moves the rest of its row alone.
        longest = nlargest(_MEASURED, (file for file in files if len(file) <= _WIDEST), key=len)
        self._widths = [
            max((cell_len(printable(file)) for file in longest), default=0),
            min(_WIDEST, max(cell_len(name) for name in [self._titles[1], *self._names])),
            *map(cell_len, self._titles[2:]),
        ]
        self._room = console.stdout_columns()
        self._has_begun = False
        self._is_stacked = False

    def show(self, predictions: Predictions) -> None:
        rows = [self._row(*each) for each in _each(predictions)]
        if not rows:
            return
        texts = [self._aligned(row) for row in rows]
        self._is_stacked |= self._room is not None and any(cell_len(text) > self._room for text in texts)
        if not (self._has_begun or self._is_stacked):
            wrapping.show([Text(self._aligned(self._titles), style="bold")])
        self._has_begun = True
        # A batch in one go: Rich takes its time for each thing that it prints.
        wrapping.show([Text("\n".join(map(self._stacked, rows) if self._is_stacked else texts))])

    def end(self, bad: Sequence[Bad]) -> None:
        sys.stdout.flush()

    def _columns(self, predictor: Predictor) -> list[str]:
        return ["", "class", "probability" if predictor.gives_probabilities else "output", "then"]

    def _row(self, name: Name, classes: Sequence[int], outputs: Sequence[float]) -> list[str]:
        first, *others = zip(classes, outputs, strict=True)
        then = ", ".join(f"{self._names[index]} {cell(value)}" for index, value in others)
        return [str(name), self._names[first[0]], cell(first[1]), then]

    def _aligned(self, row: Sequence[str]) -> str:
        cells = [
            " " * (width - cell_len(cell)) + cell if column == 2 else cell + " " * (width - cell_len(cell))
            for column, (cell, width) in enumerate(zip(row, self._widths, strict=True))
        ]
        return _BETWEEN.join(cells).rstrip()

    def _stacked(self, row: Sequence[str]) -> str:
        name, found, value, then = row
        return f"{name}\n  {found} {value}{f', {then}' if then else ''}"


class _NumberTable(_Table):
    """The same with numbers in the place of classes: the first, and those after it."""

    def _columns(self, predictor: Predictor) -> list[str]:
        return ["", "", f"{'value':>{_NUMBER}}", "then" if predictor.number_count > 1 else ""]

    def _row(self, name: Name, classes: Sequence[int], outputs: Sequence[float]) -> list[str]:
        first, *others = map(quantity, outputs)
        return [str(name), "", first, ", ".join(others)]


class _Json:
    """One document; what is known of each example is kept small until then."""

    def __init__(self, predictor: Predictor, head: dict[str, Any]) -> None:
        self._names = predictor.class_names
        self._word = "probability" if predictor.gives_probabilities else "output"
        self._head = head
        self._seen: list[Predictions] = []

    def show(self, predictions: Predictions) -> None:
        self._seen.append(predictions)

    def end(self, bad: Sequence[Bad]) -> None:
        from cnncli.runs import to_json

        count = sum(len(predictions.names) for predictions in self._seen)
        before, after = to_json({**self._head, **error_as_json(bad), "count": count, "predictions": []}).rsplit("[]", 1)
        sys.stdout.write(f"{before}[")
        comma = ""
        for predictions in self._seen:
            for each in _each(predictions):
                sys.stdout.write(f"{comma}\n    {to_json_line(self._item(*each))}")
                comma = ","
        sys.stdout.write("\n  ]" if comma else "]")
        sys.stdout.write(after)

    def _item(self, name: Name, classes: Sequence[int], outputs: Sequence[float]) -> dict[str, Any]:
        top = [{"class": self._names[index], self._word: value} for index, value in zip(classes, outputs, strict=True)]
        return {"file": name.file, "index": name.index, **top[0], "top": top}


class _NumberJson(_Json):
    def _item(self, name: Name, classes: Sequence[int], outputs: Sequence[float]) -> dict[str, Any]:
        said = {"value": outputs[0]} if len(outputs) == 1 else {"values": list(outputs)}
        return {"file": name.file, "index": name.index, **said}


class _Csv:
    """A row an example; those that cannot be used have a problem in the place of classes."""

    def __init__(self, file: Any, predictor: Predictor, top: int) -> None:
        from cnncli.tasks.predictions_csv import cell_text

        self.has_predictions = False
        self._text: Callable[[str], str] = lambda text: cell_text(visible(text))
        self._names = [self._text(name) for name in predictor.class_names]
        self._titles = self._columns(predictor, min(top, len(self._names)))
        self._table = csv.writer(file, lineterminator="\n")
        self._table.writerow(["file", "index", *self._titles, "problem"])

    def show(self, predictions: Predictions) -> None:
        for name, classes, outputs in _each(predictions):
            self.has_predictions = True
            self._table.writerow([*self._name(name), *self._found(classes, outputs), ""])
        for bad in predictions.bad:
            self._table.writerow([*self._name(bad.name), *[""] * len(self._titles), self._text(bad.reason)])

    def _columns(self, predictor: Predictor, top: int) -> list[str]:
        word = "probability" if predictor.gives_probabilities else "output"
        numbered = [title for number in range(2, top + 1) for title in (f"class_{number}", f"{word}_{number}")]
        return ["class", word, *numbered]

    def _found(self, classes: Sequence[int], outputs: Sequence[float]) -> list[str]:
        pairs = zip(classes, outputs, strict=True)
        return [cell for index, value in pairs for cell in (self._names[index], f"{value:.6g}")]

    def end(self, bad: Sequence[Bad]) -> None:
        pass

    def _name(self, name: Name) -> list[Any]:
        return [self._text(name.file), "" if name.index is None else name.index]


class _NumberCsv(_Csv):
    """The same with a column for each number, with the digits that tell it from any other in float32."""

    def _columns(self, predictor: Predictor, top: int) -> list[str]:
        return (
            ["value"] if predictor.number_count == 1 else [f"value_{index}" for index in range(predictor.number_count)]
        )

    def _found(self, classes: Sequence[int], outputs: Sequence[float]) -> list[str]:
        return [f"{value:.9g}" for value in outputs]


def _each(predictions: Predictions) -> Iterator[tuple[Name, list[int], list[float]]]:
    """Every example: its name, its classes and what speaks for each."""
    return zip(predictions.names, predictions.classes.tolist(), predictions.outputs.tolist(), strict=True)


def error_of(bad: Sequence[Bad]) -> DataError:
    every = [{"file": each.name.file, "index": each.name.index, "reason": each.reason} for each in bad]
    return DataError((each.problem for each in bad), details={"bad_files": every})


def error_as_json(bad: Sequence[Bad]) -> dict[str, Any]:
    """What a document says of what could not be used; nothing where there is nothing."""
    return console.error_as_json(error_of(bad)) if bad else {}
