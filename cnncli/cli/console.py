"""Console output: results on stdout, everything else on stderr, text from users never as markup."""

from __future__ import annotations

import os
import re
import sys
import textwrap
from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from typing import Any, TextIO

from rich.cells import cell_len
from rich.console import Console
from rich.table import Table
from rich.text import Text

from cnncli.errors import CnncliError, Problem
from cnncli.messages import cell, printable

SCHEMA = {"schema": 1}  # the version of the JSON documents of train, evaluate and predict; see docs/json.md
_MOST_SHOWN = 30  # problems: more would push the first ones, which often cause the others, out of sight


def stderr() -> Console:
    return Console(stderr=True, soft_wrap=True, markup=False, highlight=False, emoji=False)


def redrawing() -> Console:
    """stderr for a view that redraws itself: it has to know where lines end."""
    return Console(stderr=True, markup=False, highlight=False, emoji=False)


class _Stdout(Console):
    def on_broken_pipe(self) -> None:
        """Whoever reads has had enough: the boundary ends the program quietly, Rich would make it a failure."""
        raise BrokenPipeError


def stdout(columns: int | None = None) -> Console:
    return _Stdout(soft_wrap=True, markup=False, highlight=False, emoji=False, width=columns)


def stdout_columns() -> int | None:
    """The columns that stdout is limited to; None where it is a pipe or a file, which takes lines of any length."""
    return stdout().width if _is_limited(sys.stdout) else None


def _stderr_columns() -> int | None:
    return stderr().width if _is_limited(sys.stderr) else None


def _is_limited(stream: TextIO) -> bool:
    return stream.isatty() or os.environ.get("COLUMNS", "").isdigit()


def fitted(text: Text, hanging: int, *, at_double_spaces: bool = False) -> list[Text]:
    """A line for stderr in as many lines as the terminal needs, broken between words.

    Args:
        hanging: spaces before the second line and those that follow.
        at_double_spaces: break only there, so that a name and its number stay together.
    """
    columns = _stderr_columns()
    if columns is None or text.cell_len <= columns:
        return [text]
    indent = " " * min(hanging, columns // 3)
    plain = re.sub("(?<! ) (?! )", "\u00a0", text.plain) if at_double_spaces else text.plain
    lines: list[Text] = []
    end = 0
    for part in _WRAPPER(width=columns, subsequent_indent=indent).wrap(plain):
        words = part[len(indent) :] if lines else part
        begin = plain.index(words, end)
        end = begin + len(words)
        lines.append(Text(indent if lines else "") + text[begin:end])
    return lines


# A word longer than a line, a path for example, stays whole: the terminal breaks it, and it can be copied.
_WRAPPER = partial(
    textwrap.TextWrapper,
    break_long_words=False,
    break_on_hyphens=False,
    expand_tabs=False,
    replace_whitespace=False,
)


def is_terminal() -> bool:
    """Whether stderr can redraw itself."""
    return stderr().is_terminal and not stderr().is_dumb_terminal


def print_json(value: Any) -> None:
    """One JSON document on stdout; NaN and infinity are null."""
    from cnncli.runs import to_json

    sys.stdout.write(to_json(value))


def say(text: str | Text = "") -> None:
    """A line on stderr."""
    stderr().print(text)


def say_pairs(pairs: Iterable[tuple[str, str]]) -> None:
    """Aligned lines on stderr: a word in bold, then what there is to say."""
    for word, text in pairs:
        for line in pair_lines(word, text):
            say(line)


def pair_lines(word: str, text: str) -> list[Text]:
    """A word in bold and a text; a command or a line of a recipe is not broken, so that it can be copied."""
    line = Text.assemble((f"{word:<10} ", "bold"), printable(text))
    is_command = text.startswith(("cnncli ", "# ", "tensorboard ", "mlflow "))
    return [line] if is_command else fitted(line, 11)


def show_note(problem: Problem) -> None:
    """A warning on stderr."""
    _show_problem(problem, "note", "yellow")


def show_error(error: CnncliError, *, as_json: bool) -> None:
    """Every problem of an error: on stderr, or as JSON on stdout."""
    if as_json:
        print_json(error_as_json(error))
        return
    for problem in error.problems[:_MOST_SHOWN]:
        _show_problem(problem, "error", "red")
    left = len(error.problems) - _MOST_SHOWN
    if len(error.problems) > 1:
        shown = f", of which {left:,} are not shown (--json has all)" if left > 0 else ""
        say(Text(f"{len(error.problems):,} problems{shown}", style="bold"))


def error_as_json(error: CnncliError) -> dict[str, Any]:
    """The form of an error that `--json` prints."""
    problems = [problem.as_json() for problem in error.problems]
    return {"error": {"code": error.code, "exit": error.exit_code, "problems": problems, **error.details}}


def show_usage(message: str, hint: str, *, as_json: bool) -> None:
    """A wrong command line."""
    problem = Problem(message, hint)
    if as_json:
        print_json({"error": {"code": "usage", "exit": 2, "problems": [problem.as_json()]}})
    else:
        _show_problem(problem, "error", "red")


def show_stop(signal_name: str, exit_code: int, hint: str = "", *, as_json: bool) -> None:
    """The user or the system stopped the program."""
    if as_json:
        problem = Problem(f"stopped by {signal_name}", hint)
        print_json({"error": {"code": "stopped", "exit": exit_code, "problems": [problem.as_json()]}})
    else:
        say(Text(f"stopped by {signal_name}", style="bold"))
        if hint:
            say(Text(printable(hint), style="dim"))


def show_bug(path: str, *, as_json: bool) -> None:
    """A mistake of ours."""
    problem = Problem("this is a bug in cnncli", f"what happened is in {path}: send it with your report")
    if as_json:
        print_json({"error": {"code": "internal", "exit": 70, "problems": [problem.as_json()]}})
    else:
        _show_problem(problem, "error", "red")


def _show_problem(problem: Problem, word: str, style: str) -> None:
    first = f"{problem.place}: {problem.message}" if problem.place else problem.message
    rest = str(problem)[len(first) :].splitlines()[1:]  # a name with a line break stays one line
    if problem.place is not None and problem.place.line:
        # file:line:col first, so that editors and terminals can jump there.
        line = Text(printable(first), style=f"bold {style}" if word == "error" else style)
    else:
        line = Text(f"{word}: ", style=f"bold {style}")
        line.append(printable(first), style=f"not bold {style}" if word == "error" else "default not bold")
    lines = fitted(line, 4)
    for row in rest:
        lines += fitted(Text(printable(row), style="dim"), 6)
    for line in lines:
        say(line)


def table(columns: Sequence[str], rows: Iterable[Sequence[Any]], *, left: int = 1) -> Table:
    """A table of results.

    Args:
        columns: their titles.
        rows: the cells; numbers are written with four digits.
        left: how many of the first columns are words.
    """
    made = Table(box=None, pad_edge=False, header_style="bold")
    for index, column in enumerate(columns):
        made.add_column(Text(printable(column)), justify="left" if index < left else "right", no_wrap=index >= left)
    for row in rows:
        made.add_row(*(Text(cell(value)) for value in row))
    return made


def show_table(columns: Sequence[str], rows: Iterable[Sequence[Any]], *, left: int = 1) -> None:
    """Print a table on stdout; where the terminal is too narrow for all numbers, as several tables below each other."""
    rows, room = list(rows), stdout_columns()
    widths = [max(cell_len(cell(text)) for text in column) for column in zip(columns, *rows, strict=True)]
    out = stdout(sum(widths) + 2 * len(widths) if room is None else None)  # Rich takes a pipe for 80 columns wide
    for number, shown in enumerate(_fitting(widths, left, room)):
        if number:
            out.print()
        out.print(
            table([columns[index] for index in shown], [[row[index] for index in shown] for row in rows], left=left)
        )


def _fitting(widths: Sequence[int], left: int, room: int | None) -> list[list[int]]:
    """The columns of each table: all words, and as many numbers as have room."""
    words = list(range(left))
    used = sum(widths[:left]) + 2 * left
    tables: list[list[int]] = []
    for index in range(left, len(widths)):
        width = used + sum(widths[column] + 2 for column in tables[-1][left:]) + widths[index] if tables else 0
        if not tables or (room is not None and width > room):
            tables.append([*words])
        tables[-1].append(index)
    return tables or [words]


def metrics_line(numbers: Mapping[str, Any]) -> str:
    """`loss 0.0312  accuracy 0.9912`: the loss first, whatever Keras' order."""
    names = sorted(numbers, key=lambda name: (name.startswith("val_"), not name.endswith("loss")))
    return "  ".join(f"{name} {cell(numbers[name])}" for name in names)
