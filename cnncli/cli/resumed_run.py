"""The run that `cnncli train --resume` continues, and what may be changed of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from cnncli.cli import console
from cnncli.errors import OutputError, Place, Problem, UsageError
from cnncli.messages import printable

if TYPE_CHECKING:
    from cnncli.recipe.load import LoadedRecipe


@dataclass(frozen=True)
class ResumedRun:
    """A run to go on with."""

    path: Path
    loaded: LoadedRecipe
    is_finished: bool
    stopped: str  # why its training ended before its last epoch; empty when it did not
    workers: int | None  # that `--workers` started; None: it was not given


def run_to_resume(outputs: Path, run: str | None, changes: Sequence[str], run_name: str | None) -> ResumedRun:
    """Find the run and its own recipe.

    Raises:
        UsageError: something else than the epochs is to be changed, or fewer are wanted than the run has trained.
        OutputError: there is no such run, or none that was stopped.
    """
    from cnncli import runs
    from cnncli.recipe.load import load_resolved

    refuse_changes(changes, run_name)
    if run is None:
        stopped = [each for each in runs.list_runs(outputs) if each.status in ("interrupted", "failed")]
        if not stopped:
            raise OutputError(f"no run in {outputs} was stopped", hint="name the run: cnncli train --resume RUN")
        path = stopped[0].path
    else:
        path = runs.find(outputs, run)
    record = runs.read_record(path)
    loaded = load_resolved(path / runs.RESOLVED, changes)
    if changes:
        refuse_fewer_epochs(path, loaded)
    reason, replicas = record.get("stopped"), record.get("replicas")
    started = replicas if isinstance(replicas, dict) and replicas.get("found_by") == "--workers" else {}
    workers = started.get("workers")
    return ResumedRun(
        path,
        loaded,
        record.get("status") == "completed",
        reason if isinstance(reason, str) else "",
        workers if isinstance(workers, int) else None,
    )


def refuse_fewer_epochs(path: Path, loaded: LoadedRecipe) -> None:
    """Refuse fewer epochs than a run has trained, before its data is read.

    Raises:
        UsageError: the recipe wants fewer.
    """
    from cnncli.recipe.phases import epochs_of
    from cnncli.runs import checkpoints

    commit = checkpoints.newest(path / checkpoints.FOLDER).commit
    checkpoints.refuse_fewer_epochs(commit.state if commit else None, epochs_of(loaded.recipe))


def refuse_changes(changes: Sequence[str], run_name: str | None) -> None:
    """Refuse to change what a resumed run keeps.

    Raises:
        UsageError: something else than the epochs is to be changed.
    """
    if run_name is not None:
        raise UsageError(Problem("a resumed run keeps its name", "leave out --run", Place("--run")))
    if other := [change for change in changes if not change.startswith("train.epochs=")]:
        place = Place(f"--set {other[0]}")
        raise UsageError(
            Problem("a resumed run keeps its recipe; only train.epochs can be changed", "start a new run", place)
        )


def say_finished(going_on: ResumedRun, *, as_json: bool, quiet: bool) -> None:
    if as_json:
        told = {"run": str(going_on.path), "status": "completed", "stopped": going_on.stopped or None}
        console.print_json({**console.SCHEMA, **told})
    elif not quiet:
        further = "" if _phases_have_epochs(going_on.loaded) else " --epochs N trains it further."
        console.say(f"{printable(str(going_on.path))} is already finished.{further}")
        if going_on.stopped:
            console.say_pairs([("Stopped", going_on.stopped)])


def _phases_have_epochs(loaded: LoadedRecipe) -> bool:
    """Whether the training has phases, and train.epochs counts for none of them."""
    phases = loaded.recipe.train.phases
    return bool(phases) and all(phase.epochs for phase in phases)


def check_epochs(epochs: int | None, loaded: LoadedRecipe | None = None, *, is_resumed: bool = False) -> None:
    """Refuse `--epochs` where it cannot mean anything.

    Raises:
        UsageError: there is no such number, or every phase of the recipe says its own.
    """
    if epochs is None:
        return
    if epochs < 1:
        raise UsageError(Problem(f"expected an integer ≥ 1, got {epochs}", place=Place("--epochs")))
    if loaded and _phases_have_epochs(loaded):
        hint = f"change one of them: --set train.phases.0.epochs={epochs}"
        if is_resumed:
            hint = "a resumed run keeps them: leave out --epochs, or start a new run"
        raise UsageError(Problem("every phase of the recipe sets its own epochs", hint, Place("--epochs")))
