"""The storage of a study: a journal file, or a database with heartbeats."""

from __future__ import annotations

import os
import re
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

from optuna import Study
from optuna.exceptions import ExperimentalWarning
from optuna.storages import BaseStorage, JournalStorage, RDBStorage
from optuna.storages.journal import JournalFileBackend
from optuna.trial import FrozenTrial

from cnncli.errors import OutputError, Place, Problem, UsageError
from cnncli.messages import printable

JOURNAL = "journal.log"  # in the folder of a sweep
_HEARTBEAT, _GRACE = 30, 120  # seconds
_URL = re.compile(r"[a-z][a-z0-9+]*://", re.IGNORECASE)
_TRIES, _BETWEEN_TRIES = 5, 0.5  # seconds: two hosts may make the tables of a new database at the same time

Callback = Callable[[Study, FrozenTrial], None]


def is_database(text: str) -> bool:
    """Whether a text names a database by its URL, and not a journal by its path."""
    return _URL.match(text) is not None


def shown(text: str) -> str:
    """A storage as it can be shown and recorded: without a password."""
    return printable(re.sub(r"(://[^/@:]*):[^@]*@", r"\1:***@", text))


def open_storage(text: str, on_stale: Callback) -> BaseStorage:
    """Open a storage, made where it is missing.

    Args:
        text: a URL of SQLAlchemy, or the path of a journal file.
        on_stale: called with a trial whose process has given no heartbeat for two minutes.

    Raises:
        UsageError: the URL is wrong, or the package for its database is missing.
        OutputError: it cannot be opened.
    """
    if not is_database(text):
        return _journal(Path(text))
    error: Exception | None = None
    for attempt in range(_TRIES):
        if attempt:
            time.sleep(_BETWEEN_TRIES)
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", ExperimentalWarning)
                return RDBStorage(
                    text,
                    engine_kwargs=_engine_options(text),
                    heartbeat_interval=_HEARTBEAT,
                    grace_period=_GRACE,
                    heartbeat_stale_trial_callback=on_stale,
                )
        except ImportError as missing:
            raise _missing_driver(text) from missing
        except Exception as failure:
            if _is_wrong_url(failure):
                raise _wrong_url(text) from failure
            error = failure
    assert error is not None
    reason = " ".join(str(getattr(error, "orig", None) or error).split())
    raise OutputError(
        Problem(f"cannot open the storage {shown(text)}: {printable(reason)[:300]}", place=Place("--storage"))
    ) from error


def _engine_options(text: str) -> dict[str, Any]:
    if text.startswith("sqlite"):
        return {"connect_args": {"timeout": 60}}  # another process writes
    return {"pool_pre_ping": True}


def _is_wrong_url(error: Exception) -> bool:
    return type(error).__name__ in ("ArgumentError", "NoSuchModuleError", "ValueError")


def _wrong_url(text: str) -> UsageError:
    hint = "for example sqlite:///sweep.db or postgresql+psycopg://user@host/database; a path is a journal file"
    return UsageError(Problem(f"`{shown(text)}` is no URL of a database", hint, Place("--storage")))


def _missing_driver(text: str) -> UsageError:
    scheme = text.partition("://")[0].lower()
    package = _PACKAGES.get(scheme, f"the driver of {scheme.partition('+')[2] or scheme}")
    hint = f'install it with: pip install "{package}"' if scheme in _PACKAGES else "see the documentation of SQLAlchemy"
    return UsageError(Problem(f"{shown(text)} needs {package}, which is not installed", hint, Place("--storage")))


# Driver of a URL -> the package that brings it.
_PACKAGES = {
    "postgresql": "psycopg2-binary",
    "postgresql+psycopg2": "psycopg2-binary",
    "postgresql+psycopg": "psycopg[binary]",
    "mysql": "mysqlclient",
    "mysql+pymysql": "PyMySQL",
}


def _journal(path: Path) -> BaseStorage:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        return JournalStorage(JournalFileBackend(str(path)))
    except OSError as error:
        message = f"cannot open the journal {printable(str(path))}: {os.strerror(error.errno or 0).lower()}"
        raise OutputError(Problem(message, "use another --storage", Place("--storage"))) from error


def mend_journal(path: Path) -> bool:
    """Remove the unfinished last line that a crash of the machine can leave; whether there was one.

    Call it only while no other process writes: Optuna reads no journal with a broken line, and appends behind it.
    """
    try:
        with open(path, "r+b") as file:
            content = file.read()
            end = content.rfind(b"\n") + 1
            if end == len(content):
                return False
            file.truncate(end)
            file.flush()
            os.fsync(file.fileno())
            return True
    except FileNotFoundError:
        return False
