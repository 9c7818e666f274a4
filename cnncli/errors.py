"""Errors: each kind with its exit code, and problems with place, message and hint."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar


@dataclass(frozen=True, slots=True)
class Place:
    """Where something was written.

    Attributes:
        file: the file as the user named it, or the option of the command line (`--set train.epochs=0`).
        line: from 1; 0 where the file has no lines (the command line).
        column: from 1; 0 likewise, and where the line alone counts (a row of a table).
        called_from: for something inside a block, the place of the call that led there.
    """

    file: str
    line: int = 0
    column: int = 0
    called_from: Place | None = None

    def __str__(self) -> str:
        return ":".join([self.file, *(str(number) for number in (self.line, self.column) if number)])


@dataclass(frozen=True, slots=True)
class Problem:
    """One mistake, reported once: what, where, and what to do.

    Attributes:
        message: what is wrong and what was got, without a full stop.
        hint: what to do about it; may have several lines; empty when there is nothing useful to say.
        place: where it stands, if it stands in a file.
        path: the key in the recipe, `("train", "epochs")`; a place can be found from it later.
        kind: of a note about data the word of `data_checks.findings.KINDS` for it; empty for everything else.
    """

    message: str
    hint: str = ""
    place: Place | None = None
    path: tuple[str | int, ...] = ()
    kind: str = field(default="", compare=False)

    def __str__(self) -> str:
        """The problem as a person reads it: `file:line:col: message`, the hint indented below."""
        lines = [f"{self.place}: {self.message}" if self.place else self.message]
        lines += [f"    {line}" for line in self.hint.splitlines()]
        caller = self.place.called_from if self.place else None
        while caller is not None:
            lines.append(f"    called from {caller}")
            caller = caller.called_from
        return "\n".join(lines)

    def at(self, place: Place | None) -> Problem:
        """The same problem with a place, unless it has one already."""
        return self if self.place is not None or place is None else replace(self, place=place)

    def as_json(self) -> dict[str, Any]:
        """The form that `--json` prints."""
        return {
            "file": self.place.file if self.place else None,
            "line": (self.place.line or None) if self.place else None,
            "column": (self.place.column or None) if self.place else None,
            "path": dotted(self.path) or None,
            "message": self.message,
            "hint": self.hint or None,
        }


def dotted(path: Iterable[str | int]) -> str:
    """Write a path as `--set` takes it: `("model", "layers", 0)` is `model.layers.0`."""
    return ".".join(str(part) for part in path)


class CnncliError(Exception):
    """A mistake that the user can mend; it is reported without a traceback.

    Args:
        problems: one message, or problems with their places.
        hint: what to do, when `problems` is one message.
        details: further fields for the JSON form of the error, such as the epoch of a divergence.
    """

    exit_code: ClassVar[int] = 70
    code: ClassVar[str] = "internal"

    def __init__(
        self, problems: str | Problem | Iterable[Problem], *, hint: str = "", details: Mapping[str, Any] | None = None
    ) -> None:
        if isinstance(problems, str):
            problems = Problem(problems, hint)
        self.problems = (problems,) if isinstance(problems, Problem) else tuple(problems)
        self.details = dict(details or {})
        super().__init__("\n".join(str(problem) for problem in self.problems))


class ExpectationError(CnncliError):
    """The recipe's `expect` does not hold."""

    exit_code, code = 1, "expectation"


class FindingsError(CnncliError):
    """The data has what `--fail-on` names."""

    exit_code, code = 1, "findings"


class UsageError(CnncliError):
    """The command line itself is wrong."""

    exit_code, code = 2, "usage"


class RecipeError(CnncliError):
    """The recipe is wrong."""

    exit_code, code = 3, "recipe"


class DataError(CnncliError):
    """The data is missing, broken, or does not fit the recipe."""

    exit_code, code = 4, "data"


class ModelFileError(CnncliError):
    """A model or weights file is missing, broken, not safe, or does not fit."""

    exit_code, code = 5, "model_file"


class OutputError(CnncliError):
    """A run's folder cannot be made, locked, found or written."""

    exit_code, code = 6, "output"


class DivergedError(CnncliError):
    """The loss is no longer finite."""

    exit_code, code = 7, "diverged"


class ResourceError(CnncliError):
    """Memory or a device is missing."""

    exit_code, code = 8, "resources"


class WorkerError(CnncliError):
    """A process of a distributed training is missing, was lost, or does not fit the others."""

    exit_code, code = 8, "worker"


class NetworkError(CnncliError):
    """A download is needed and not possible."""

    exit_code, code = 9, "network"


class Stopped(BaseException):
    """The process was asked to stop: by Ctrl-C, or by another signal.

    Args:
        number: of the signal; the exit code is 128 more.
        together: all processes of a training stop, after the same step.

    Attributes:
        hint: what to do to go on; empty where there is nothing to go on with.
    """

    def __init__(self, number: int, *, together: bool = False) -> None:
        super().__init__(number)
        self.number, self.together = number, together
        self.hint = ""


EXIT_CODES: dict[int, str] = {
    0: "success",
    1: "an expectation of the recipe was not met, or --fail-on found something",
    2: "wrong command line",
    3: "wrong recipe",
    4: "wrong data",
    5: "wrong model or checkpoint file",
    6: "output, storage or lock",
    7: "training diverged",
    8: "not enough memory, the device is missing, or a worker was lost",
    9: "a required download failed, or no answer from a server",
    70: "a bug in cnncli",
    129: "stopped by SIGHUP",
    130: "stopped by Ctrl-C",
    143: "stopped by SIGTERM",
}
