"""The errors of `cnncli train --fold all` and `--repeat`: the run that failed, and the command that continues the set."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from cnncli.errors import CnncliError, DivergedError
from cnncli.messages import printable

if TYPE_CHECKING:
    from cnncli.runs.folds import FoldSet


def of_set(error: CnncliError, done: FoldSet, number: int | None = None) -> CnncliError:
    """The error of one run of a set, with the command that continues the set; as it is where no run has begun.

    Args:
        number: of the run; None: the error names it.
    """
    hint = way_on(done)
    if not hint:
        return error
    problems = list(error.problems)
    if number is not None:
        problems[0] = replace(problems[0], message=f"{done.kind.word} {number}: {problems[0].message}")
    if isinstance(error, DivergedError):  # it would diverge again
        hint = f"a new set needs another --run than {printable(done.name)}"
    problems[-1] = replace(problems[-1], hint="\n".join(filter(None, [problems[-1].hint, hint])))
    return type(error)(problems, details=error.details)


def way_on(done: FoldSet) -> str:
    """The command that continues a set; empty where none of its runs has begun."""
    from cnncli.runs.folds import find_set

    if find_set(done.folder.parent, f"{done.folder.name}/{done.name}", done.kind) is None:
        return ""
    return f"continue with: {done.resume_command}"
