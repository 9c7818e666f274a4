"""The folder of a run while it is written: created or reopened, locked, filled, finished."""

from __future__ import annotations

import csv
import errno
import io
import os
import secrets
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Any

from cnncli.errors import OutputError
from cnncli.names import check_name
from cnncli.runs.json_text import plain, to_json
from cnncli.runs.lock import LOCK_FILES, Lock, holder_of, in_use, take_lock
from cnncli.runs.record import (
    HISTORY,
    RECORD,
    SCHEMA_VERSION,
    STATUSES,
    Record,
    artefacts,
    read_record,
    size_and_hash,
    summarise,
)
from cnncli.runs.storage import remove_leftovers, storage_error, sync_folder, write_atomically


class Run:
    """A run's folder, held by this process until `close` (or the end of the `with` block).

    Attributes:
        path: the folder, as the user named the output folder.
        record: what `run.json` says now; change it with `update_record`.
    """

    def __init__(self, path: Path, lock: Lock, record: Mapping[str, Any]) -> None:
        self.path = path
        self.record: dict[str, Any] = dict(record)
        self._lock = lock

    def file(self, name: str) -> Path:
        """Give the path of a file inside the folder, `figures/curves.png`, and make its subfolder.

        Raises:
            OutputError: the path would leave the run's folder, also by way of a link, or cannot be made.
        """
        path = self.path / name
        base = self.path.resolve()
        outside = path.name in ("", "..") or not Path(os.path.normpath(base / name)).is_relative_to(base)
        if outside or not path.parent.resolve().is_relative_to(base):
            raise OutputError(f"{name!r} would be written outside the run's folder {self.path}")
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise storage_error("make", path.parent, error) from error
        return path

    def write(self, name: str, content: bytes | str | Iterable[str]) -> Path:
        """Write a file inside the folder, of bytes, a text or lines, wholly or not at all, and return its path."""
        path = self.file(name)
        write_atomically(path, content)
        return path

    def write_json(self, name: str, value: Any) -> Path:
        """Write a value as JSON; NaN and infinity become `null`."""
        return self.write(name, to_json(value))

    def update_record(self, **fields: Any) -> None:
        """Set fields of the record and write it; a field that is there is replaced."""
        if fields.get("status", STATUSES[0]) not in STATUSES:
            raise ValueError(f"a run's status is one of {', '.join(STATUSES)}; got {fields['status']!r}")
        record = plain({**self.record, **fields})
        Record.model_validate(record)
        self.write(RECORD, to_json(record))
        self.record = record

    def replace_artefact(self, name: str, content: bytes | str) -> None:
        """Write a file anew after the run has ended, and describe it in the record where the record lists it."""
        path = self.write(name, content)
        listed = self.record.get("artefacts") or []
        if any(artefact["path"] == name for artefact in listed):
            now = {"path": name, **size_and_hash(path)}
            self.update_record(artefacts=[now if artefact["path"] == name else artefact for artefact in listed])

    def finish(self, status: str, **fields: Any) -> None:
        """Complete the record: status, end, the files with their SHA-256, and what else is given.

        Call it last: a file written later is missing from the record. The lock stays until `close`.
        """
        self.update_record(**{"ended": _utc_now(), **fields}, status=status, artefacts=artefacts(self.path))

    def write_history(self, rows: Sequence[Mapping[str, Any]]) -> None:
        """Write `history.csv` and `history.json` from all rows so far, a row an epoch.

        Always the whole: an interrupted append would leave half a row, and a resumed run would repeat rows.

        Args:
            rows: `{"epoch": 1, "loss": 0.3, …}`; rows may have different columns, what is missing stays empty.
        """
        columns = list(dict.fromkeys(["epoch", *(name for row in rows for name in row)]))
        text = io.StringIO()
        table = csv.DictWriter(text, columns, restval="", lineterminator="\n")
        table.writeheader()
        table.writerows({name: _cell(value) for name, value in row.items()} for row in rows)
        self.write("history.csv", text.getvalue())
        self.write_json(HISTORY, rows)

    def close(self) -> None:
        """Free the lock; a second call does nothing."""
        self._lock.release()

    def __enter__(self) -> Run:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def create(
    outputs: Path,
    recipe_name: str,
    *,
    run_name: str | None = None,
    files: Mapping[str, bytes | str] | None = None,
    fields: Mapping[str, Any] | None = None,
) -> Run:
    """Make `outputs/<recipe name>/<run name>/`, lock it and start its record with the status `running`.

    Args:
        outputs: the output folder, made when missing.
        recipe_name: becomes the folder above the run.
        run_name: by default the UTC time and a random id, `20261121-230511-3fa9c1`.
        files: name -> content. They are written before the record: whoever finds a record finds them too.
        fields: more of the record.

    Raises:
        RecipeError: a name is not allowed.
        OutputError: the run exists or is in use (nothing is touched), or the folder cannot be made or written.
    """
    check_name(recipe_name, "recipe")
    if run_name is not None:
        check_name(run_name)
    started = datetime.now(UTC)
    folder = _make_run_folder(_make_recipe_folder(outputs, recipe_name), run_name, started)
    lock = None
    try:
        _sync_parent(folder)
        lock = take_lock(folder)
        run = Run(folder, lock, {})
        for name, content in (files or {}).items():
            run.write(name, content)
        run.update_record(
            schema_version=SCHEMA_VERSION,
            status="running",
            recipe=recipe_name,
            run=folder.name,
            started=started.isoformat(timespec="milliseconds"),
            ended=None,
            **(fields or {}),
        )
    except BaseException:
        _remove_new(folder, lock, files or ())
        raise
    return run


def refuse_taken(outputs: Path, recipe_name: str, run_name: str | None = None) -> None:
    """Tell before the work begins what `create` would refuse after it; nothing is made.

    Raises:
        OutputError: the run exists or is in use, or its folder could not be made or written.
    """
    folder = outputs / recipe_name
    try:
        os.lstat(folder)
    except (FileNotFoundError, NotADirectoryError):
        pass
    except OSError as error:  # a name is too long
        raise storage_error("make", folder, error) from error
    for place in (outputs, folder):
        if os.path.lexists(place) and not os.path.isdir(place):
            raise _not_a_folder(place)
    if run_name is not None and os.path.lexists(folder / run_name):
        raise _exists(folder / run_name)
    existing = next(place for place in (folder, outputs, *outputs.absolute().parents) if os.path.lexists(place))
    if not os.path.isdir(existing):
        raise storage_error("make", outputs, OSError(errno.ENOTDIR, ""))
    as_effective_user = os.access in os.supports_effective_ids
    if not os.access(existing, os.W_OK | os.X_OK, effective_ids=as_effective_user):
        reason = errno.EROFS if _is_read_only(existing) else errno.EACCES
        raise storage_error("make", folder / (run_name or ""), OSError(reason, ""))


def _is_read_only(folder: Path) -> bool:
    return hasattr(os, "statvfs") and bool(os.statvfs(folder).f_flag & os.ST_RDONLY)


def reopen(path: Path) -> Run:
    """Lock the folder of an earlier run to go on with it; its record stays as it is until `update_record`.

    Temporary files that a killed process left are deleted.

    Raises:
        OutputError: no run, a damaged record, another process holds it, or it cannot be written.
    """
    read_record(path)  # before a lock file is made in a folder that is no run
    lock = take_lock(path)
    try:
        record = read_record(path)  # again: whoever held the lock until now may have written
        remove_leftovers(path)
    except BaseException:
        lock.release()
        raise
    return Run(path, lock, record)


def _cell(value: Any) -> Any:
    """The number as in JSON, except that CSV has a word for NaN and infinity."""
    number = plain(value)
    return str(float(value)) if number is None and value is not None else number


def _make_recipe_folder(outputs: Path, recipe_name: str) -> Path:
    folder = outputs / recipe_name
    for place in (outputs, folder):
        try:
            place.mkdir(parents=True, exist_ok=True)
        except FileExistsError as error:
            raise _not_a_folder(place) from error
        except OSError as error:
            raise storage_error("make", place, error) from error
    if folder.resolve().parent != outputs.resolve():
        raise OutputError(
            f"{folder} is a link to {folder.resolve()}, outside the output folder",
            hint="remove the link, or give another folder with --output DIR",
        )
    return folder


def _not_a_folder(place: Path) -> OutputError:
    kind = "a link that leads nowhere" if place.is_symlink() else "a file, not a folder"
    return OutputError(f"{place} is {kind}", hint="give another folder with --output DIR")


def _make_run_folder(recipe_folder: Path, run_name: str | None, started: datetime) -> Path:
    while True:
        folder = recipe_folder / (run_name or f"{started:%Y%m%d-%H%M%S}-{secrets.token_hex(3)}")
        try:
            folder.mkdir()
        except FileExistsError as error:
            if run_name is not None:
                raise _exists(folder) from error
        except OSError as error:
            raise storage_error("make", folder, error) from error
        else:
            return folder


def _sync_parent(folder: Path) -> None:
    try:
        sync_folder(folder.parent)
    except OSError as error:
        raise storage_error("make", folder, error) from error


def _exists(folder: Path) -> OutputError:
    holder = holder_of(folder)
    if holder is not None:
        return in_use(folder, holder)
    if not os.path.isfile(folder / RECORD):
        return OutputError(f"{folder} exists and is not a run", hint="use another --run NAME")
    return OutputError(f"run exists ({summarise(folder)}): {folder}", hint="use another --run NAME")


def _remove_new(folder: Path, lock: Lock | None, files: Iterable[str]) -> None:
    with suppress(OSError):
        for name in (RECORD, *files, *LOCK_FILES):
            (folder / name).unlink(missing_ok=True)
        if lock is not None:
            lock.release()
        folder.rmdir()


def _utc_now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds")
