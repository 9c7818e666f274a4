"""Refuse to delete or rename what is no run, what lies behind a link, and what another process is training."""

from __future__ import annotations

import os
from pathlib import Path

from cnncli.errors import OutputError
from cnncli.messages import printable
from cnncli.runs.finding import find_exactly, holds_other_runs
from cnncli.runs.lock import holder_of
from cnncli.runs.output_files import looks_like_run
from cnncli.runs.record import RECORD, ForeignRecord, read_record


def changeable(outputs: Path, run: str) -> Path:
    """Find a run that is to be deleted or renamed.

    Args:
        run: a run's folder or name; not that of a recipe.

    Raises:
        OutputError: it must not be changed.
    """
    found = find_exactly(outputs, run)
    folder = found if found.name not in ("", "..") else Path(os.path.abspath(found))
    refuse_unchangeable(folder, outputs)
    return folder


def refuse_unchangeable(folder: Path, outputs: Path) -> None:
    """Refuse what is no run of cnncli, what lies behind a link that leaves the output folder, and what is being trained.

    Raises:
        OutputError: with the reason.
    """
    real = Path(os.path.realpath(folder))
    is_in_outputs = real.parent.parent == Path(os.path.realpath(outputs))
    shown = printable(str(folder))
    if folder.is_symlink() or (folder.parent.is_symlink() and not is_in_outputs):
        raise OutputError(f"{shown} is a link to {real}", hint="name the run that it leads to")
    if not is_in_outputs and not looks_like_run(folder):
        raise OutputError(f"{shown} is not the folder of a run", hint="list the runs with: cnncli runs")
    if _is_foreign(folder):
        raise OutputError(f"{shown} is not the folder of a run: cnncli did not write its {RECORD}")
    if holds_other_runs(folder):
        raise OutputError(f"there are other runs in {shown}", hint="move them away first")
    if holder := holder_of(folder):
        raise OutputError(f"{shown} is in use by {holder}", hint="wait until it ends, or stop it")


def _is_foreign(folder: Path) -> bool:
    try:
        read_record(folder)
    except ForeignRecord:
        return True
    except OutputError:  # a broken run
        return False
    return False
