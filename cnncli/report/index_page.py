"""The page of all runs: a table that sorts, with links to their reports."""

from __future__ import annotations

import os
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.parse import quote_from_bytes

from cnncli.errors import OutputError
from cnncli.messages import counted, shortened
from cnncli.report import values
from cnncli.report.page import REPORT
from cnncli.report.rendering import is_made_as, render
from cnncli.report.sparklines import Sparkline, sparklines
from cnncli.runs.listing import ListedRun
from cnncli.runs.record import read_history

INDEX = "index.html"  # in the output folder
_LONGEST_PROBLEM = 200


def index(runs: Sequence[ListedRun], file: Path) -> str:
    """Make the page of some runs, in their order.

    Args:
        file: where the page will be: links to the reports are relative to it.
    """
    rows = [_row(run, file) for run in runs]
    return render("index.html", title=counted(len(runs), "run"), rows=rows, has_notes=any(run.note for run in runs))


def is_index(path: Path) -> bool:
    """Whether a file is a page that this module made, in this version or another."""
    return is_made_as("index.html", path)


def _row(run: ListedRun, file: Path) -> dict[str, Any]:
    summary = run.summary
    return {
        "name": run.label,
        "link": _link(summary.path / REPORT, file),
        "status": summary.status,
        "problem": shortened(run.problem, _LONGEST_PROBLEM),
        "date": f"{summary.started:%Y-%m-%d %H:%M}" if summary.started else values.MISSING,
        "data": run.short_source or values.MISSING,
        "params": run.params,
        "epochs": run.epochs_text or values.MISSING,
        "results": [_result(run.decided), _result(run.score)],
        "seconds": run.total_seconds,
        "note": run.note.splitlines(),
        "sparklines": _sparklines(summary.path),
    }


def _result(result: tuple[str, float] | None) -> tuple[str, str, str]:
    """A result: as a number to sort by, as text, and what it is."""
    if result is None:
        return "", values.MISSING, ""
    name, value = result
    return repr(value), values.score(name, value), values.readable(name)


def _sparklines(run: Path) -> list[Sparkline]:
    with suppress(OutputError):
        return sparklines(read_history(run))
    return []


def _link(report: Path, file: Path) -> str:
    """A relative link to a report; empty where there is none."""
    if not os.path.isfile(report):
        return ""
    try:
        return quote_from_bytes(os.fsencode(Path(os.path.relpath(report, file.parent)).as_posix()))
    except ValueError:  # on another drive of Windows
        return Path(os.path.abspath(report)).as_uri()
