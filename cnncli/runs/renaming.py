"""Rename runs: the folder, the record, and the records of other runs that name it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

from cnncli.errors import OutputError
from cnncli.names import check_name
from cnncli.runs.finding import list_runs
from cnncli.runs.record import read_record
from cnncli.runs.run_folder import reopen
from cnncli.runs.storage import storage_error, sync_folder


def rename(run: Path, name: str) -> Path:
    """Give a run another name, and return its folder.

    Raises:
        RecipeError: the name is not allowed.
        OutputError: the name is taken, the record cannot be read, or another process holds the run. The run is as it was.
    """
    check_name(name)
    new = run.with_name(name)
    if os.path.lexists(new):
        raise OutputError(f"{new} exists already", hint="give another NAME")
    with reopen(run) as folder:
        before = folder.record.get("run")
        folder.update_record(run=name)
        if os.name == "nt":  # which moves no folder with an open file
            folder.close()
        try:
            os.rename(run, new)
            sync_folder(new.parent)
        except OSError as error:
            if os.path.lexists(run):
                folder.update_record(run=before)
            raise storage_error("rename", run, error) from error
    return new


def rename_references(outputs: Path, old: Path, new: Path) -> list[Path]:
    """Change the name of a renamed run in the records of the runs that reproduce it.

    A run that another process holds keeps the old name.

    Returns:
        The runs whose records were changed.
    """
    changed = []
    for run, reproduced in _references(outputs):
        named = Path(str(reproduced.get("run")))
        if named.parts[-2:] != (old.parent.name, old.name):
            continue
        with suppress(OutputError), reopen(run) as folder:
            folder.update_record(reproduces={**reproduced, "run": str(named.with_name(new.name))})
            changed.append(run)
    return changed


def _references(outputs: Path) -> Iterator[tuple[Path, dict[str, Any]]]:
    for summary in list_runs(outputs):
        with suppress(OutputError):
            reproduced = read_record(summary.path).get("reproduces")
            if isinstance(reproduced, dict):
                yield summary.path, reproduced
