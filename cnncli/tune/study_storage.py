"""The storage of a study: a journal file, or a database with heartbeats."""

from __future__ import annotations

import json
import os
import re
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from optuna import Study
from optuna.exceptions import ExperimentalWarning, StorageInternalError
from optuna.storages import BaseStorage, JournalStorage, RDBStorage
from optuna.storages.journal import JournalFileBackend
from optuna.trial import FrozenTrial

from cnncli.errors import OutputError, Place, Problem, UsageError
from cnncli.messages import printable

JOURNAL = "journal.log"  # in the folder of a sweep
_HEARTBEAT, _GRACE = 30, 120  # seconds
_URL = re.compile(r"[a-z][a-z0-9+]*://", re.IGNORECASE)
_SQLITE_FILE = re.compile(
    r"(?P<begin>sqlite(\+\w+)?:///((?-i:file:)(?=.*[?&]uri=(t|y|on|1)))?)(?P<path>[^?]+)(?P<query>.*)", re.IGNORECASE
)  # without `uri=true` the name of the file begins with `file:`
_JOURNAL_START, _LONGEST_LINE = b'{"op_code":', 64
_TRIES, _BETWEEN_TRIES = 5, 0.5  # seconds: two hosts may make the tables of a new database at the same time

Callback = Callable[[Study, FrozenTrial], None]


def is_database(text: str) -> bool:
    """Whether a text names a database by its URL, and not a journal by its path."""
    return _URL.match(text) is not None


def shown(text: str) -> str:
    """A storage as it can be shown and recorded: without a password."""
    return printable(re.sub(r"(://[^/@:]*):[^@]*@", r"\1:***@", text))


def absolute(text: str) -> str:
    """A storage as it is found from any working directory: the file of a journal or of SQLite with its whole path."""
    if not is_database(text):
        return os.path.abspath(text)
    file = _SQLITE_FILE.fullmatch(text)
    if file is None or set("%#?") & set(os.getcwd()):  # SQLAlchemy and SQLite take them for parts of a URL
        return text
    return f"{file['begin']}{os.path.abspath(file['path'])}{file['query']}"


def check_storage(text: str) -> None:
    """Refuse a storage before anything is written to it or removed from it.

    Args:
        text: as of `open_storage`.

    Raises:
        UsageError: a database in memory, which the workers would not see, or a file that is not a journal.
        OutputError: the file cannot be read.
    """
    if is_database(text):
        if _is_in_memory(text):
            hint = "name a file: sqlite:///sweep.db"
            message = f"{shown(text)} is a database in memory, which other processes cannot see"
            raise UsageError(Problem(message, hint, Place("--storage")))
        return
    path = Path(text)
    try:
        if not path.exists():
            return
        if not path.is_file():
            raise UsageError(_not_a_journal(path))
        with open(path, "rb") as file:
            begin = file.readline(_LONGEST_LINE)
    except OSError as error:
        raise _unusable_journal(path, error) from error
    if not begin.startswith(_JOURNAL_START) and not _JOURNAL_START.startswith(begin):
        raise UsageError(_not_a_journal(path))


def _is_in_memory(text: str) -> bool:
    """Whether a URL is one of an SQLite database without a file."""
    if not text.lower().startswith("sqlite"):
        return False
    database = text.partition("://")[2].removeprefix("/")
    return database.partition("?")[0] in ("", ":memory:", "file::memory:") or "mode=memory" in database


def _not_a_journal(path: Path) -> Problem:
    hint = "name a file that does not exist yet, or the journal of a sweep"
    return Problem(f"{printable(str(path))} is not a journal of Optuna", hint, Place("--storage"))


def _unusable_journal(path: Path, error: OSError) -> OutputError:
    message = f"cannot open the journal {printable(str(path))}: {os.strerror(error.errno or 0).lower()}"
    return OutputError(Problem(message, "use another --storage", Place("--storage")))


@contextmanager
def storage_in_use(text: str) -> Iterator[None]:
    """Name the storage in errors of a block that reads and writes it.

    Raises:
        OutputError: the storage failed: a database that is gone or locked, a journal that cannot be read or written.
    """
    try:
        yield
    except json.JSONDecodeError as error:
        line = "" if is_database(text) else _broken_line(Path(text))
        if not line:
            raise
        message = f"the journal {printable(text)} has a line that cannot be read: line {line}"
        raise OutputError(Problem(message, "remove the line, or start a new sweep")) from error
    except OSError as error:
        if is_database(text) or not str(error.filename or "").startswith(text):
            raise
        message = f"the journal {printable(text)} failed: {os.strerror(error.errno or 0).lower()}"
        raise OutputError(Problem(message)) from error
    except Exception as error:
        cause = (isinstance(error, StorageInternalError) and error.__cause__) or error
        if cause is error and not type(error).__module__.startswith("sqlalchemy."):
            raise
        raise OutputError(Problem(f"the storage {shown(text)} failed: {_reason(cause)}")) from error


def _reason(error: BaseException) -> str:
    """What a database says, in one line."""
    return printable(" ".join(str(getattr(error, "orig", None) or error).split()))[:300]


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
    raise OutputError(
        Problem(f"cannot open the storage {shown(text)}: {_reason(error)}", place=Place("--storage"))
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
        raise _unusable_journal(path, error) from error


def _broken_line(path: Path) -> str:
    """The number of the first line of a journal that is not JSON, for a message; empty where there is none."""
    with suppress(OSError), open(path, "rb") as file:
        for number, line in enumerate(file, start=1):
            try:
                json.loads(line)
            except ValueError:
                return str(number)
    return ""


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
