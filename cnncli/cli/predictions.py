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
from cnncli.messages import printable, visible
from cnncli.runs.json_text import to_json_line

if TYPE_CHECKING:
    from cnncli.inference.batch import Bad, Name
    from cnncli.inference.inputs import Given
    from cnncli.inference.predict import Predictions, Predictor
    from cnncli.inference.several_inputs import SeveralGiven
    from cnncli.inference.text_inputs import TextsGiven
    from cnncli.runs.output_files import OutputFile
    from cnncli.tasks.decoder import Decoder, Together

STDOUT = Path("-")

_BETWEEN = "  "
_MEASURED = 20  # of the longest file names
_WIDEST = 72  # of a column


class View(Protocol):
    def show(self, predictions: Predictions) -> None:
        """Some more."""

    def end(self, bad: Sequence[Bad], together: Together) -> None:
        """These were all."""


@contextmanager
def view_for(
    as_json: bool,
    to_csv: OutputFile | None,
    predictor: Predictor,
    head: dict[str, Any],
    given: Given | SeveralGiven | TextsGiven,
) -> Iterator[View]:
    decoder, are_texts = predictor.decoder, predictor.takes_text
    if to_csv is not None:
        if to_csv.path == STDOUT:
            yield _Csv(sys.stdout, decoder, int(head["top"]), are_texts=are_texts)
            return
        from cnncli.runs.output_files import NothingToWrite, as_text

        with to_csv.writing() as file:
            text = as_text(file)
            view = _Csv(text, decoder, int(head["top"]), are_texts=are_texts)
            yield view
            text.flush()
            text.detach()
            if not view.has_predictions:
                raise NothingToWrite
    elif as_json:
        yield _Json(decoder, head)
    else:
        yield _Table(decoder, given.names)


class _Table:
    """Lines for people, batch by batch as they come: a row an example, or two lines where the terminal is narrow."""

    def __init__(self, decoder: Decoder, files: Iterable[str]) -> None:
        self._decoder = decoder
        self._titles = ["", *decoder.titles]
        words = [self._titles[1], *map(printable, decoder.words)]
        # Wide enough from the first row on for nearly all that come; what is wider moves the rest of its row alone.
        longest = nlargest(_MEASURED, (file for file in files if len(file) <= _WIDEST), key=len)
        self._widths = [
            max((cell_len(printable(file)) for file in longest), default=0),
            min(_WIDEST, max(map(cell_len, words))),
            *map(cell_len, self._titles[2:]),
        ]
        self._room = console.stdout_columns()
        self._has_begun = False
        self._is_stacked = False

    def show(self, predictions: Predictions) -> None:
        rows = [[str(name), *self._decoder.row(found, values)] for name, found, values in _each(predictions)]
        if not rows:
            return
        texts = [self._aligned(row) for row in rows]
        self._is_stacked |= self._room is not None and any(cell_len(text) > self._room for text in texts)
        if not (self._has_begun or self._is_stacked):
            wrapping.show([Text(self._aligned(self._titles), style="bold")])
        self._has_begun = True
        # A batch in one go: Rich takes its time for each thing that it prints.
        wrapping.show([Text("\n".join(map(self._stacked, rows) if self._is_stacked else texts))])

    def end(self, bad: Sequence[Bad], together: Together) -> None:
        for word, text in together.lines:
            wrapping.show(console.pair_lines(word, printable(text)))
        sys.stdout.flush()

    def _aligned(self, row: Sequence[str]) -> str:
        cells = [
            " " * (width - cell_len(cell)) + cell if column == 2 else cell + " " * (width - cell_len(cell))
            for column, (cell, width) in enumerate(zip(row, self._widths, strict=True))
        ]
        return _BETWEEN.join(cells).rstrip()

    def _stacked(self, row: Sequence[str]) -> str:
        name, found, value, then = row
        return f"{name}\n  {found} {value}{f', {then}' if then else ''}"


class _Json:
    """One document; what is known of each example is kept small until then."""

    def __init__(self, decoder: Decoder, head: dict[str, Any]) -> None:
        self._decoder = decoder
        self._head = head
        self._seen: list[Predictions] = []

    def show(self, predictions: Predictions) -> None:
        self._seen.append(predictions)

    def end(self, bad: Sequence[Bad], together: Together) -> None:
        from cnncli.runs import to_json

        count = sum(len(predictions.names) for predictions in self._seen)
        before, after = to_json(
            {**self._head, **error_as_json(bad), **together.fields, "count": count, "predictions": []}
        ).rsplit("[]", 1)
        sys.stdout.write(f"{before}[")
        comma = ""
        for predictions in self._seen:
            for each in _each(predictions):
                sys.stdout.write(f"{comma}\n    {to_json_line(self._item(*each))}")
                comma = ","
        sys.stdout.write("\n  ]" if comma else "]")
        sys.stdout.write(after)

    def _item(self, name: Name, indices: Sequence[int], values: Sequence[float]) -> dict[str, Any]:
        text = {} if name.text is None else {"text": name.text}
        return {"file": name.file or None, "index": name.index, **text, **self._decoder.item(indices, values)}


class _Csv:
    """A row for each example; an example that cannot be used has a problem instead of a prediction."""

    def __init__(self, file: Any, decoder: Decoder, top: int, *, are_texts: bool) -> None:
        from cnncli.tasks.predictions_csv import cell_text

        self.has_predictions = False
        self._text: Callable[[str], str] = lambda text: cell_text(visible(text))
        self._decoder = decoder
        self._titles = decoder.columns(top)
        self._are_texts = are_texts
        self._table = csv.writer(file, lineterminator="\n")
        example = ["file", "index", *(["text"] if are_texts else [])]
        self._table.writerow([*example, *map(self._text, self._titles), "problem"])

    def show(self, predictions: Predictions) -> None:
        for name, found, values in _each(predictions):
            self.has_predictions = True
            for cells in self._decoder.rows(found, values):
                self._table.writerow([*self._name(name), *map(self._text, cells), ""])
        for bad in predictions.bad:
            self._table.writerow([*self._name(bad.name), *[""] * len(self._titles), self._text(bad.reason)])

    def end(self, bad: Sequence[Bad], together: Together) -> None:
        pass

    def _name(self, name: Name) -> list[Any]:
        text = [self._text(name.text or "")] if self._are_texts else []
        return [self._text(name.file), "" if name.index is None else name.index, *text]


def _each(predictions: Predictions) -> Iterator[tuple[Name, list[int], list[float]]]:
    """Every example: its name and what was decoded."""
    return zip(predictions.names, predictions.classes.tolist(), predictions.outputs.tolist(), strict=True)


def error_of(bad: Sequence[Bad]) -> DataError:
    every = [{"file": each.name.file, "index": each.name.index, "reason": each.reason} for each in bad]
    return DataError((each.problem for each in bad), details={"bad_files": every})


def error_as_json(bad: Sequence[Bad]) -> dict[str, Any]:
    """What a document says of what could not be used; nothing where there is nothing."""
    return console.error_as_json(error_of(bad)) if bad else {}
