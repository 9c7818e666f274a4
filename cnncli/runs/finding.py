"""Find the run that a user names."""

from __future__ import annotations

import os
from collections.abc import Iterable
from datetime import UTC, datetime
from difflib import get_close_matches
from pathlib import Path

from cnncli.errors import OutputError, Problem
from cnncli.messages import counted, listed
from cnncli.runs.lock import LOCK_FILES
from cnncli.runs.record import MODEL, RECORD, RunSummary, is_closed, summarise
from cnncli.runs.storage import storage_error

_LISTED = 8
_FIRST_RUN = "train one with: cnncli train mnist"
_LONG_AGO = datetime.min.replace(tzinfo=UTC)


def find(outputs: Path, run: str | None = None, *, require_model: bool = False) -> Path:
    """Find a run's folder.

    Of several runs the newest by its record's start is taken, and of those the newest with a model, if any has one.

    Args:
        outputs: the output folder.
        run: a run's folder; a recipe's folder or name (`outputs/mnist`, `mnist`); a run's name (`first`,
            `mnist/first`); None for the newest run of all.
        require_model: refuse when the run has no `model.keras`, and say so rather than take an older run.

    Raises:
        OutputError: nothing is there, the name is unknown (with the nearest one that is) or means several runs.
    """
    if run is None:
        candidates, what = list_runs(outputs), f"the newest run in {outputs}/"
        if not candidates and os.path.lexists(outputs) and not os.path.isdir(outputs):
            raise OutputError(
                f"{outputs} is a file, not a folder", hint="give the folder of all runs with --output DIR"
            )
        if not candidates:
            raise OutputError(f"no runs in {outputs}/ yet", hint=_FIRST_RUN)
    else:
        candidates, what = _named(outputs, run), f"the newest run of {run!r}"
    newest = candidates[0]
    if require_model and not newest.has_model:
        raise _no_model(candidates, what)
    return next((summary for summary in candidates if summary.has_model), newest).path


def find_exactly(outputs: Path, run: str) -> Path:
    """Find the folder of the one run that a text names; a recipe's name, which elsewhere means its newest run, is refused.

    Args:
        run: a run's folder or name (`first`, `mnist/first`).

    Raises:
        OutputError: it names no run, or several.
    """
    for place in _places(outputs, run):
        if _is_run(place):
            return place
        if found := _runs_below(place):
            names = [f"{path.parent.name}/{path.name}" for path in found]
            hint = f"name its runs: {listed(names)}"
            raise OutputError(f"{run} is a folder of {counted(len(found), 'run')}, not a run", hint=hint)
    [found_by_name] = _by_name(outputs, run)
    return found_by_name.path


def list_runs(outputs: Path) -> list[RunSummary]:
    """Summarise every run in the output folder, the newest first, broken ones too; nothing there is an empty list.

    A run that links lead to as well (`latest`) is there once, under its own name.
    """
    places: dict[str, list[Path]] = {}
    for run in (run for recipe in _folders(outputs) for run in _runs_in(recipe)):
        places.setdefault(os.path.realpath(run), []).append(run)
    return _newest_first(min(same, key=_link_count) for same in places.values())


def holds_runs(folder: Path) -> bool:
    """Whether a folder is that of a recipe: runs stand directly in it."""
    return bool(_runs_in(folder))


def holds_other_runs(run: Path) -> bool:
    """Whether other runs lie in a run's folder, or in the folders in it."""
    return holds_runs(run) or any(map(holds_runs, _folders(run)))


def unreadable(outputs: Path) -> list[Problem]:
    """Tell which folders, the output folder or a recipe's, cannot be listed, so that their runs are not seen."""
    problems: list[Problem] = []
    for folder in (outputs, *_folders(outputs)):
        try:
            os.scandir(folder).close()
        except FileNotFoundError:
            continue
        except OSError as error:
            problems += storage_error("read", folder, error).problems
    return problems


def _link_count(run: Path) -> tuple[int, str]:
    return os.path.islink(run) + os.path.islink(run.parent), str(run)


def _named(outputs: Path, run: str) -> list[RunSummary]:
    """The runs that a text means, the newest first: as a path, else below the output folder, else by run name."""
    for place in _places(outputs, run):
        if _is_run(place):
            return [summarise(place)]
        if runs := _runs_below(place):
            return _newest_first(runs)
    return _by_name(outputs, run)


def _places(outputs: Path, run: str) -> tuple[Path, ...]:
    """Where a run may lie that is named by a path, or by its path below the output folder."""
    return (Path(run), outputs / run) if run.strip() else ()


def _runs_below(folder: Path) -> list[Path]:
    """The runs of a recipe's folder, or of all recipes of an output folder."""
    return _runs_in(folder) or [found for recipe in _folders(folder) for found in _runs_in(recipe)]


def _by_name(outputs: Path, run: str) -> list[RunSummary]:
    """The one run of that name."""
    everything = list_runs(outputs)
    same_name = [summary for summary in everything if summary.name == run]
    if len(same_name) > 1:
        names = [f"{summary.recipe}/{summary.name}" for summary in same_name]
        raise OutputError(f"{run!r} is the name of {len(names)} runs", hint=f"say which: {' or '.join(names)}")
    if same_name:
        return same_name
    raise _unknown(outputs, run, everything)


def _unknown(outputs: Path, run: str, everything: list[RunSummary]) -> OutputError:
    file = Path(run)
    if run and os.path.isfile(file):
        meant = file.parent if _is_run(file.parent) else next((n for n in _names(everything) if n == file.stem), None)
        hint = f"did you mean {meant}?" if meant else "a run is a folder"
        return OutputError(f"{run} is a file, not a run's folder", hint=hint)
    if run and os.path.isdir(file):
        return OutputError(f"{run} is not a run's folder: it has no {RECORD}", hint=_listing(everything) or _FIRST_RUN)
    if not everything:
        return OutputError(f"no run {run!r}: there are no runs in {outputs}/ yet", hint=_FIRST_RUN)
    return OutputError(
        f"no run or recipe {run!r} in {outputs}/", hint=_nearest(outputs, run, everything) or _listing(everything)
    )


def _nearest(outputs: Path, run: str, everything: list[RunSummary]) -> str:
    names = _names(everything)
    names += [summary.name for summary in everything]
    asked = run.removeprefix(f"{outputs}{os.sep}").strip("/").lower()
    known = {name.lower(): name for name in names}
    nearest = get_close_matches(asked, known, n=1)
    return f"did you mean {known[nearest[0]]}?" if nearest else ""


def _listing(everything: list[RunSummary]) -> str:
    names = _names(everything)
    more = f" and {len(names) - _LISTED} more (cnncli runs)" if len(names) > _LISTED else ""
    return f"there are: {', '.join(names[:_LISTED])}{more}" if names else ""


def _names(everything: list[RunSummary]) -> list[str]:
    recipes = dict.fromkeys(summary.recipe for summary in everything)
    return [*recipes, *(f"{summary.recipe}/{summary.name}" for summary in everything)]


_TRAIN_AGAIN = "train it again, or name another run of: cnncli runs"


def _no_model(candidates: list[RunSummary], what: str) -> OutputError:
    newest = candidates[0]
    subject = f"{what}, {newest.path}," if len(candidates) > 1 else str(newest.path)
    why = newest.problem if newest.status == "broken" else f"its status is {newest.status}"
    other = next((summary.path for summary in candidates if summary.has_model), None)
    again = f"finish it with: cnncli train --resume {newest.path}" if newest.status == "interrupted" else _TRAIN_AGAIN
    hint = f"the newest one with a model: {other}" if other else again
    return OutputError(f"{subject} has no {MODEL} ({why})", hint=hint)


def _newest_first(runs: Iterable[Path]) -> list[RunSummary]:
    return sorted(map(summarise, runs), key=lambda summary: (summary.started or _LONG_AGO, summary.name), reverse=True)


def _runs_in(folder: Path) -> list[Path]:
    return [place for place in _folders(folder) if _is_run(place)]


def _is_run(folder: Path) -> bool:
    """A record, or a lock: the process was killed before its record stood."""
    return any(os.path.isfile(folder / name) for name in (RECORD, LOCK_FILES[0])) or is_closed(folder / RECORD)


def _folders(folder: Path) -> list[Path]:
    try:
        with os.scandir(folder) as entries:
            return [folder / entry.name for entry in entries if not entry.name.startswith(".") and _is_folder(entry)]
    except (OSError, ValueError):
        return []


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:  # a link to itself
        return False
