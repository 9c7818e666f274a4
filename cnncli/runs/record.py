"""The record of a run (run.json): its model, and how it is read in any state."""

from __future__ import annotations

import hashlib
import json
import os
import re
import stat
import sys
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, FiniteFloat, PlainValidator, TypeAdapter, ValidationError

from cnncli.errors import OutputError
from cnncli.runs.lock import LOCK_FILES, holder_of
from cnncli.runs.storage import TEMPORARY, storage_error

RECORD = "run.json"
RESOLVED = "resolved.yaml"  # the recipe with everything filled in
HISTORY = "history.json"
NOTE = "note.txt"
SCHEMA_VERSION = 1
STATUSES = ("running", "completed", "interrupted", "diverged", "failed")
MODEL = "model.keras"

# Which number stands for all results of a record: the first that is there.
_HEADLINES = ("val_accuracy", "accuracy", "val_loss", "loss")
_LARGEST_RECORD = 64 * 1024 * 1024
_STAMP = re.compile(r"(\d{8}-\d{6})-[0-9a-f]{6}(-fold\d+)?")
_NO_ARTEFACTS = {RECORD, NOTE, "run.log", *LOCK_FILES}
_OF_TRACKERS = ("tensorboard/", "wandb/")  # they change after the record is complete


def _scalar(value: Any) -> Any:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if value is None or isinstance(value, str) or (is_number and abs(value) <= sys.float_info.max):
        return value
    raise ValueError("no finite number, text or null")


Count = Annotated[int, Field(ge=0, lt=2**63)]
# Numbers by name: scores, or an epoch of the history.
Row = dict[str, Annotated[int | float | str | None, PlainValidator(_scalar)]]
Rows = TypeAdapter(list[Row], config=ConfigDict(strict=True))


class _Part(BaseModel):
    # Strict: lone surrogates, as which a file name that is not UTF-8 arrives, are text.
    model_config = ConfigDict(strict=True, frozen=True)


class Data(_Part):
    """What a run was trained on. What it says of the targets are further fields, which the run's task reads."""

    model_config = ConfigDict(strict=True, frozen=True, extra="allow")

    source: str = ""
    counts: dict[str, list[Count]] = {}
    skipped: list[Any] = []


class Device(_Part):
    """Where a run was computed, and why there."""

    kind: str = ""
    name: str = ""
    reason: str = ""


class Precision(_Part):
    """Keras' dtype policy, and why it was taken."""

    policy: str = ""
    reason: str = ""


class Phase(_Part):
    """A phase of the training; `stopped` says why it ended early."""

    name: str = ""
    stopped: str = ""


class Resume(_Part):
    """One time that a run was gone on with."""

    epochs_before: Count
    epochs_wanted: Count
    extends: bool = False


class Expectation(_Part):
    """What a recipe expects, in words, and whether it is so."""

    text: str = ""
    met: bool | None = None


class Artefact(_Part):
    """A file of the run as it was when the run ended; `path` counts from the run's folder."""

    path: str
    bytes: Count
    sha256: str


class Monitor(_Part):
    """What decides which epoch is the best, and whether its smallest (`min`) or largest (`max`) value is the best."""

    name: str = ""
    mode: str = "min"


class Fold(_Part):
    """The fold that is a run's test split, or the repetition with another seed.

    The set is that of `--fold all` or `--repeat`; None for one fold alone.
    """

    set: str | None = None
    number: Count
    count: Count
    kind: Literal["fold", "repeat"] = "fold"


class Processor(_Part):
    """The model of the processor."""

    model: str | None = None


class Gpu(_Part):
    """A graphics processor and its driver."""

    name: str = ""
    driver: str = ""


class Environment(_Part):
    """The program and the machine, as `runs.environment` describes them."""

    versions: dict[str, str | None] = {}
    os: str | None = None
    cpu: Processor = Processor()
    memory_bytes: Count | None = None
    gpus: list[Gpu] = []


class Record(_Part):
    """What run.json says: it is written only as this, and read back by it. Empty fields are not known yet.

    Attributes:
        started, ended: ISO 8601.
        epochs, epochs_planned: those that are done, and all that the recipe asks for.
        best: the best epoch's row of the history, with `monitor`, the name of what decided.
        test, validation: the scores on the split that the recipe evaluates on.
    """

    schema_version: int = SCHEMA_VERSION
    status: str = ""
    started: str | None = None
    ended: str | None = None
    command_line: list[str] = []
    settings: list[str] = []
    seed: int | None = None
    data: Data = Data()
    notes: list[str] = []
    input_shape: list[Count] | dict[str, list[Count]] | None = None
    device: Device = Device()
    precision: Precision = Precision()
    params: Count | None = None
    trainable_params: Count | None = None
    environment: Environment = Environment()
    resumes: list[Resume] = []
    epochs: Count | None = None
    epochs_planned: Count | None = None
    monitor: Monitor = Monitor()
    fold: Fold | None = None
    stopped: str | None = None
    phases: list[Phase] = []
    test: Row | None = None
    validation: Row | None = None
    best: Row | None = None
    seconds: dict[str, FiniteFloat] | None = None
    images_per_second: FiniteFloat | None = None
    expectations: list[Expectation] = []
    error: str = ""
    artefacts: list[Artefact] = []


class ForeignRecord(OutputError):
    """A run.json that cnncli did not write."""


@dataclass(frozen=True, slots=True)
class RunSummary:
    """One run as a list shows it, complete or not.

    Attributes:
        path: the run's folder.
        recipe: the recipe's name.
        name: the run's name.
        status: one of `STATUSES`, or `broken` when the record cannot be read. A run whose process is gone without a
            word is `interrupted`, although its record still says `running`.
        started: UTC; from the run's name when the record does not tell, else None.
        ended: UTC, None while it runs and when it was killed.
        record: what the record says; empty when broken.
        problem: why it is broken, else empty.
        has_model: `model.keras` is there.
    """

    path: Path
    recipe: str
    name: str
    status: str
    started: datetime | None = None
    ended: datetime | None = None
    record: Record = field(default_factory=Record)
    problem: str = ""
    has_model: bool = False

    @property
    def headline(self) -> str:
        """The number that stands for the run, `val_accuracy 0.91`; empty when it has none."""
        for name in _HEADLINES:
            for results in (self.record.best, self.record.test):
                value = (results or {}).get(name)
                if isinstance(value, int | float):
                    return f"{name} {value:.4g}"
        return ""

    def __str__(self) -> str:
        """State, time and result in a few words: `finished 2026-11-21 23:05 UTC, val_accuracy 0.91`."""
        state = "finished" if self.status == "completed" else self.status
        if self.ended:
            state += f" {_minute(self.ended)}"
        elif self.started:
            state += f", started {_minute(self.started)}"
        return f"{state}, {self.headline}" if self.headline else state


def read_record(path: Path) -> dict[str, Any]:
    """Read the record of a run's folder.

    Raises:
        OutputError: it is missing, cut short, written by something else, or by a newer cnncli.
    """
    file = path / RECORD
    if not os.path.isdir(path) and not is_closed(file):
        raise OutputError(f"no such run: {path}", hint="list the runs with: cnncli runs")
    try:
        record = json.loads(regular_content(file).decode(), parse_constant=lambda _: None)
    except json.JSONDecodeError as error:
        raise _damaged(file, f"its JSON breaks at line {error.lineno}") from error
    except (ValueError, RecursionError) as error:  # not UTF-8, a 5000-digit number, nested a thousand deep
        raise _damaged(file, "not JSON text") from error
    if not isinstance(record, dict) or not isinstance(record.get("schema_version"), int) or "status" not in record:
        raise ForeignRecord(f"{file} is not the record of a run", hint="cnncli did not write it; move it away")
    if record["schema_version"] > SCHEMA_VERSION:
        raise OutputError(
            f"{file} is from a newer cnncli (schema {record['schema_version']}, this one reads up to {SCHEMA_VERSION})",
            hint="update with: pip install --upgrade cnncli",
        )
    if record["status"] not in STATUSES:
        raise _damaged(file, f"unknown status {record['status']!r}")
    try:
        Record.model_validate(record)
    except ValidationError as error:
        raise _damaged(file, first_problem(error)) from error
    return record


def read_history(path: Path) -> list[Row]:
    """Read the history of a run's folder, a row an epoch.

    Raises:
        OutputError: it is missing or damaged.
    """
    file = path / HISTORY
    try:
        return Rows.validate_json(regular_content(file))
    except ValidationError as error:
        raise _damaged(file, first_problem(error)) from error


def first_problem(error: ValidationError) -> str:
    """The first of the things that pydantic found wrong: `params: Input should be a valid integer`."""
    first, *_ = error.errors(include_url=False, include_context=False, include_input=False)
    place = ".".join(map(str, first["loc"]))
    return f"`{place}`: {first['msg']}" if place else first["msg"]


def summarise(path: Path) -> RunSummary:
    """Summarise a run's folder in any state; never raises for what is in it."""
    recipe, name = path.absolute().parent.name, path.name
    has_model = os.path.isfile(path / MODEL)
    from_name = _from_name(name)
    try:
        record = Record.model_validate(read_record(path))
    except OutputError as error:
        problem = error.problems[0].message
        if not os.path.lexists(path / RECORD) and os.path.isfile(path / LOCK_FILES[0]):
            if holder_of(path) is not None:  # its record is about to be written
                return RunSummary(path, recipe, name, "running", from_name, has_model=has_model)
            problem = f"{path / RECORD} is missing: the run ended before it was written, or it was deleted"
        return RunSummary(path, recipe, name, "broken", from_name, problem=problem, has_model=has_model)
    status = record.status
    if status == "running" and holder_of(path) is None:
        status = "interrupted"
    return RunSummary(
        path,
        recipe,
        name,
        status,
        _instant(record.started) or from_name,
        None if record.status == "running" else _instant(record.ended),
        record,
        has_model=has_model,
    )


def is_closed(file: Path) -> bool:
    """Whether a folder above a file may not be looked into, so that nothing is known of the file."""
    try:
        os.stat(file)
    except PermissionError:
        return True
    except (OSError, ValueError):
        return False
    return False


def artefacts(path: Path) -> list[dict[str, Any]]:
    """List the files of a run's folder: path within it, bytes, SHA-256; without its record, note, log, lock, links and
    what trackers write.

    Raises:
        OutputError: a file cannot be read.
    """
    found = []
    for folder, _, names in os.walk(path, onerror=_raise_unreadable):
        for file in (Path(folder, name) for name in names):
            inside = file.relative_to(path).as_posix()
            if (
                inside in _NO_ARTEFACTS
                or inside.startswith(_OF_TRACKERS)
                or TEMPORARY.search(inside)
                or file.is_symlink()
                or not file.is_file()
            ):
                continue
            found.append({"path": inside, **size_and_hash(file)})
    return sorted(found, key=lambda artefact: str(artefact["path"]))


def _raise_unreadable(error: OSError) -> None:
    raise storage_error("read", Path(error.filename), error) from error


def size_and_hash(file: Path) -> dict[str, Any]:
    """A file as `artefacts` describes it: bytes and SHA-256.

    Raises:
        OutputError: it cannot be read.
    """
    digest, size = hashlib.sha256(), 0
    try:
        with file.open("rb") as stream:
            while block := stream.read(1 << 20):
                digest.update(block)
                size += len(block)
    except OSError as error:
        raise storage_error("read", file, error) from error
    return {"bytes": size, "sha256": digest.hexdigest()}


def regular_content(file: Path) -> bytes:
    """Read a file of a run's folder; a FIFO or a device in its place is not waited for.

    Raises:
        OutputError: it is missing, cannot be read, or is no regular file.
    """
    try:
        descriptor = os.open(file, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
    except FileNotFoundError:
        raise OutputError(
            f"{file.parent} is not a run's folder: it has no {RECORD}", hint="list the runs with: cnncli runs"
        ) from None
    except OSError as error:
        raise storage_error("read", file, error) from error
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise _damaged(file, "it is not a regular file")
    try:
        with os.fdopen(descriptor, "rb") as stream:
            return stream.read(_LARGEST_RECORD)
    except OSError as error:
        raise storage_error("read", file, error) from error


def _damaged(file: Path, why: str) -> OutputError:
    return OutputError(
        f"{file} is damaged: {why}", hint="the run's other files may be good; train again for a whole record"
    )


def _from_name(name: str) -> datetime | None:
    stamp = _STAMP.fullmatch(name)
    try:
        return datetime.strptime(stamp[1], "%Y%m%d-%H%M%S").replace(tzinfo=UTC) if stamp else None
    except ValueError:
        return None


def _instant(text: str | None) -> datetime | None:
    try:
        instant = datetime.fromisoformat(text or "")
        return instant.replace(tzinfo=instant.tzinfo or UTC).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def _minute(instant: datetime) -> str:
    return f"{instant:%Y-%m-%d %H:%M} UTC"
