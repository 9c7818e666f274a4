"""Write pages again that show a run which has changed: its report, and the page of all runs."""

from __future__ import annotations

from pathlib import Path

from cnncli import runs
from cnncli.report.index_page import INDEX, index, is_index
from cnncli.report.material import read
from cnncli.report.page import REPORT, is_page, page
from cnncli.runs.listing import listing
from cnncli.runs.storage import write_atomically


def rewrite_report(run: Path) -> None:
    """Write the report of a run again, if it has one and is not being trained.

    Raises:
        OutputError: it cannot be written.
    """
    if not is_page(run / REPORT) or runs.holder_of(run):
        return
    content = page([read(run)]).html
    with runs.reopen(run) as folder:
        folder.replace_artefact(REPORT, content)


def rewrite_index(outputs: Path) -> None:
    """Write the page of all runs again, if there is one.

    Raises:
        OutputError: it cannot be written.
    """
    file = outputs / INDEX
    if is_index(file):
        write_atomically(file, index(listing(outputs), file))
