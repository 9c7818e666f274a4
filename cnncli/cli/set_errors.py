"""The errors of `cnncli train --fold all` and `--repeat`: the run that failed, and the command that continues the set."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from cnncli.errors import CnncliError, DivergedError, ExpectationError, Problem
from cnncli.messages import printable

if TYPE_CHECKING:
    from cnncli.runs.folds import FoldSet


def ends_set(error: CnncliError, done: FoldSet, number: int) -> bool:
    """Whether the error of one run is one of the set: all but a training that diverges after it began.

    A first loss that is not finite leaves no run: the data or the recipe is wrong, for all of them.
    """
    from cnncli.runs import RECORD
    from cnncli.runs.folds import run_name

    if not isinstance(error, DivergedError):
        return True
    run = done.runs[number].path if number in done.runs else done.folder / run_name(done.name, number, done.kind)
    return not (run / RECORD).is_file()


def of_set(error: CnncliError, done: FoldSet, number: int | None = None) -> CnncliError:
    """The error of one run that ends a set, with the command that continues the set; as it is where no run has begun.

    Args:
        number: of the run; None: the error names it.
    """
    hint = way_on(done)
    if not hint:
        return error
    if isinstance(error, DivergedError):
        hint = _new_set(done)
    return _with_hint(error if number is None else named(error, f"{done.kind.word} {number}"), hint)


def of_diverged(diverged: Mapping[int, CnncliError], broken: Sequence[Problem], done: FoldSet) -> CnncliError | None:
    """The error of a set whose runs have all ended; None where all is well.

    Args:
        diverged: the errors of runs, by number.
        broken: the expectations that the others do not meet.
    """
    if not diverged:
        return ExpectationError(broken) if broken else None
    errors = [named(error, f"{done.kind.word} {number}") for number, error in sorted(diverged.items())]
    told: CnncliError = DivergedError([problem for error in errors for problem in error.problems])
    if way_on(done):
        told = _with_hint(told, _new_set(done))
    return DivergedError([*told.problems, *broken])


def named(error: CnncliError, run: str) -> CnncliError:
    """The error with the name of the run, `fold 2`, before its first problem; without the traceback."""
    first, *others = error.problems
    return type(error)([replace(first, message=f"{run}: {first.message}"), *others], details=error.details)


def _with_hint(error: CnncliError, hint: str) -> CnncliError:
    *others, last = error.problems
    told = replace(last, hint="\n".join(filter(None, [last.hint, hint])))
    return type(error)([*others, told], details=error.details)


def _new_set(done: FoldSet) -> str:
    """What helps where trainings diverge, as they would again."""
    return f"a new set needs another --run than {printable(done.name)}"


def way_on(done: FoldSet) -> str:
    """The command that continues a set; empty where none of its runs has begun."""
    from cnncli.runs.folds import find_set

    if find_set(done.folder.parent, f"{done.folder.name}/{done.name}", done.kind) is None:
        return ""
    return f"continue with: {done.resume_command}"
