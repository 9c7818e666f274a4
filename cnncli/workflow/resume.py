"""Resume an earlier run."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from cnncli.data.dataset import Splits
from cnncli.errors import DataError, ModelFileError, Problem, RecipeError, UsageError
from cnncli.messages import counted
from cnncli.runs import RESOLVED, checkpoints, onednn
from cnncli.training.state import State
from cnncli.workflow.plan import Plan

# Of a run's record: what a run that goes on will say anew.
RESULTS = (
    *("error", "artefacts", "best", "epochs_planned", "stopped", "phases", "seconds", "profile"),
    *("test", "validation", "examples", "intervals", "expectations"),
)

OTHER_BITS = "the last bits of the results may differ"


@dataclass(frozen=True)
class Beginning:
    """Where a run goes on.

    Attributes:
        state: the newest that is whole; None where the run was stopped before its first commit.
        number: of the newest commit.
        notes: what is not as it was.
    """

    state: State | None
    number: int
    notes: tuple[Problem, ...]


def sha256_of(content: bytes) -> str:
    """In hex."""
    return hashlib.sha256(content).hexdigest()


def read_beginning(folder: Path) -> Beginning:
    """Read the newest state of a run that is whole.

    Newer ones that are not whole are removed: the caller holds the run's lock.

    Raises:
        ModelFileError: there are commits, and none can be read.
    """
    place = folder / checkpoints.FOLDER
    found = checkpoints.newest(place)
    if found.commit is None:
        if found.bad:
            hint = "\n".join([*found.bad, "start a new run"])
            raise ModelFileError(f"no checkpoint in {place} is complete", hint=hint)
        return Beginning(None, 0, ())
    state = State.load(found.commit.state, found.commit.arrays)
    checkpoints.remove_newer(place, found.commit.number)
    notes = tuple(Problem(f"a checkpoint is incomplete, the one before it is used: {reason}") for reason in found.bad)
    return Beginning(state, found.number, notes)


def refuse_changed_recipe(folder: Path, record: Mapping[str, Any]) -> None:
    """Compare the resolved recipe with what the run wrote.

    Raises:
        RecipeError: it was changed since.
    """
    path = folder / RESOLVED
    if sha256_of(path.read_bytes()) not in record.get("resolved_sha256", ()):
        message = f"{path} is not what the run wrote, and a resumed run needs it unchanged"
        raise RecipeError(message, hint="put it back, or start a new run with the changed recipe")


def refuse_changed_data(splits: Splits, record: Mapping[str, Any]) -> None:
    """Compare the data with the run's.

    Raises:
        DataError: it is other data, with what is different.
    """
    was = record.get("data") or {}
    if was.get("fingerprint") == splits.fingerprint:
        return
    now = splits.as_json()
    different = [
        f"{name}: {was.get(name)} then, {now[name]} now"
        for name in ("source", "class_names", "input_shape", "counts")
        if was.get(name) != now[name]
    ] or ["the counts and names are the same, but the content has changed"]
    hint = "\n".join([*different, "put the data back, or start a new run"])
    raise DataError(Problem("the data has changed since the run started", hint, path=("data", "source")))


def refuse_other_replicas(state: State | None, replicas: int) -> list[Problem]:
    """Compare the replicas of the network with those of the state: within an epoch each has its own part of it.

    Returns:
        A note, where the training goes on at the end of an epoch with another number.

    Raises:
        UsageError: the training would go on within an epoch.
    """
    if state is None:
        return []
    before = state.values.get("replicas", 1)
    if before == replicas:
        return []
    change = f"{counted(before, 'replica')} of the network trained before, and {replicas} now"
    if not state.values["step"]:
        return [Problem(f"{change}; {OTHER_BITS}")]
    epoch, step = state.values["epoch"] + 1, state.values["step"]
    hint = "resume it with as many devices and workers as before; after the end of an epoch others may go on"
    raise UsageError(Problem(f"{change}: the run was stopped within epoch {epoch}, after step {step}", hint))


def changed_environment(record: Mapping[str, Any], now: Mapping[str, Any], planned: Plan) -> list[Problem]:
    """Notes on what may change the last bits: versions, the processor, the device, and threads that were not recorded.

    Args:
        record: of the earlier run.
        now: `runs.environment()`.
        planned: what is about to be trained, as the earlier run was.
    """
    was = record.get("environment") or {}
    notes = []
    began = record.get("device")
    began = f"{began.get('kind')}: {began.get('name')}" if isinstance(began, Mapping) else began
    device = f"{planned.device.kind}: {planned.device.name}"
    if began and began != device:
        notes.append(Problem(f"the device has changed since the run started: {began} -> {device}", OTHER_BITS))
    replicas = record.get("replicas") or {}
    workers, count = planned.replicas.workers, planned.replicas.count
    if replicas.get("workers", 1) != workers and replicas.get("count", 1) == count:
        processes = counted(replicas.get("workers", 1), "process", "processes")
        notes.append(Problem(f"the run trained in {processes}, and trains in {workers} now", OTHER_BITS))
    compared = [("versions", "versions"), ("processor", "cpu")]
    if record.get("threads") != asdict(planned.threads):
        compared.append(("cores", "cores"))
    before, now_enabled = record.get("onednn") or {}, onednn.choose().enabled
    if before.get("enabled") not in (None, now_enabled):
        change = "without -> with" if now_enabled else "with -> without"
        notes.append(Problem(f"TensorFlow computes {change} oneDNN", OTHER_BITS))
    for name, key in compared:
        then, today = was.get(key), now.get(key)
        if then == today:
            continue
        if isinstance(then, Mapping) and isinstance(today, Mapping):
            parts = [f"{part} {then.get(part)} -> {today[part]}" for part in today if then.get(part) != today[part]]
        else:
            parts = [f"{then} -> {today}"]
        notes.append(Problem(f"other {name} than the run began with: {', '.join(parts)}", OTHER_BITS))
    return notes
