"""Open the folder of a run, new or resumed, and find where its training begins."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from cnncli import runs
from cnncli.data.dataset import Splits
from cnncli.data.fingerprint import of_set
from cnncli.data.sketch import sketch_of
from cnncli.errors import Problem
from cnncli.recipe import write
from cnncli.recipe.keras_objects.objects import as_data
from cnncli.runs import RESOLVED, checkpoints, onednn
from cnncli.runs.learned_file import FINGERPRINT, as_file
from cnncli.training.checkpointing import Checkpoints
from cnncli.training.fit import monitored
from cnncli.workflow.expectations import changed_data, why_not_enforced
from cnncli.workflow.plan import Options, Plan
from cnncli.workflow.problem_places import placed_in
from cnncli.workflow.progress_listener import ProgressListener
from cnncli.workflow.resume import (
    RESULTS,
    Beginning,
    changed_environment,
    read_beginning,
    refuse_changed_data,
    refuse_changed_recipe,
    refuse_other_replicas,
    sha256_of,
)


@contextmanager
def open_folder(planned: Plan, options: Options, listener: ProgressListener) -> Iterator[tuple[runs.Run, Checkpoints]]:
    """Hold a run's folder while a block runs.

    Yields:
        The folder, its record with the status `running`, and the state to begin from.

    Raises:
        OutputError: the folder is there already, is held by another process, or cannot be written.
        RecipeError, DataError: the recipe or the data is not what the earlier run had.
        UsageError: the earlier run has had more epochs.
        ModelFileError: none of its commits is whole.
    """
    recipe = planned.recipe
    resolved = write.to_yaml(recipe)
    digest = sha256_of(resolved.encode())
    wanted = recipe.train.checkpoint
    every = (wanted.every_seconds, wanted.every_steps)
    if options.resume is None:
        if options.again is not None:
            record = runs.read_record(options.again)
            refuse_changed_recipe(options.again, record)
            _compare_with_earlier(planned, record, listener)
        files: dict[str, bytes | str] = {"recipe.yaml": planned.loaded.content, RESOLVED: resolved}
        files |= as_file(planned.learned)
        fields = {**_identity(planned, options), "resolved_sha256": [digest]}
        with runs.create(options.outputs, recipe.name, run_name=options.run_name, files=files, fields=fields) as folder:
            listener.run_made(folder.path)
            yield folder, Checkpoints(folder.path / checkpoints.FOLDER if wanted.keep else None, *every)
        return
    with runs.reopen(options.resume) as folder:
        listener.run_made(folder.path)
        refuse_changed_recipe(folder.path, folder.record)
        beginning = read_beginning(folder.path)
        checkpoints.refuse_fewer_epochs(beginning.state.values if beginning.state else None, planned.epochs)
        if beginning.state:
            values = beginning.state.values
            has_ended = values["is_stopping"] and planned.epochs <= values["last"]
            epoch = (planned.epochs if has_ended else values["epoch"]) + 1
            listener.continuing(epoch, values["step"], values["watcher"]["rows"])
        others = refuse_other_replicas(beginning.state, planned.replicas.count)
        before = [*_killed(folder.record, beginning, planned.epochs), *beginning.notes, *others]
        for note in before:
            listener.note(note)
        notes = [*before, *_compare_with_earlier(planned, folder.record, listener)]
        was_completed = folder.record.get("status") == "completed"
        for name in RESULTS:
            folder.record.pop(name, None)
        resumed = {
            "at": datetime.now(UTC).isoformat(timespec="seconds"),
            "epochs_before": len(beginning.state.values["watcher"]["rows"]) if beginning.state else 0,
            "epochs_wanted": planned.epochs,
            "extends": was_completed,
            "command_line": list(options.command_line),
            "notes": [str(note) for note in [*notes, *planned.notes]],
        }
        folder.update_record(
            status="running",
            ended=None,
            epochs_planned=planned.epochs,
            replicas=_replicas(planned, options),
            resumes=[*folder.record.get("resumes", ()), resumed],
            resolved_sha256=list(dict.fromkeys([*folder.record["resolved_sha256"], digest])),
        )
        folder.write(RESOLVED, resolved)
        place = folder.path / checkpoints.FOLDER if wanted.keep else None
        yield folder, Checkpoints(place, *every, resume=beginning.state, number=beginning.number)


def _killed(record: Mapping[str, Any], beginning: Beginning, epochs: int) -> list[Problem]:
    """A note where the process before this one could not say how it ended."""
    if record.get("status") != "running":
        return []
    values = beginning.state.values if beginning.state else {"epoch": 0, "step": 0}
    where = f"epoch {values['epoch'] + 1}" + (f", after step {values['step']}" if values["step"] else "")
    where = where if values["epoch"] < epochs else "the evaluation"
    return [Problem(f"the previous process was killed; continuing with {where}")]


def _compare_with_earlier(planned: Plan, record: Mapping[str, Any], listener: ProgressListener) -> list[Problem]:
    """Refuse other data than that of an earlier run, and tell what else may change the last bits."""
    with placed_in(planned.loaded):
        refuse_changed_data(planned.splits, record)
    notes = changed_environment(record, runs.environment(), planned)
    for note in notes:
        listener.note(note)
    return notes


def _identity(planned: Plan, options: Options) -> dict[str, Any]:
    """Who, what and where, for run.json."""
    monitor, mode = monitored(planned.recipe)
    return {
        "command_line": list(options.command_line),
        "recipe_sha256": hashlib.sha256(planned.loaded.content).hexdigest(),
        "settings": list(planned.loaded.settings),
        "expectations_not_enforced": _not_enforced(planned, options),
        "seed": planned.recipe.train.seed,
        "data": planned.splits.as_json(),
        "trained_on": _trained_on(planned.splits),
        FINGERPRINT: planned.learned.fingerprint if planned.learned.layers else None,
        "notes": [str(note) for note in planned.notes],
        "class_names": list(planned.splits.targets.class_names),
        "input_shape": planned.splits.as_json()["input_shape"],
        "outputs": {output.name: as_data(output.loss) for output in planned.outputs},
        "device": {"kind": planned.device.kind, "name": planned.device.name, "reason": planned.device.reason},
        "precision": {"policy": planned.precision.policy, "reason": planned.precision.reason},
        "params": planned.budget.params,
        "trainable_params": planned.budget.trainable_params,
        "epochs_planned": planned.epochs,
        "monitor": {"name": monitor, "mode": mode},
        "fold": _fold(planned, options),
        "threads": asdict(planned.threads),
        "replicas": _replicas(planned, options),
        "onednn": asdict(onednn.choose()),
        "environment": runs.environment(),
        "git": runs.git_state(Path(planned.loaded.file).parent),
    }


def _replicas(planned: Plan, options: Options) -> dict[str, Any]:
    """How many replicas of the network train, and in how many processes."""
    cluster = options.meeting.cluster if options.meeting else None
    return {
        "count": planned.replicas.count,
        "workers": planned.replicas.workers,
        "devices": planned.device.count,
        "found_by": cluster.found_by if cluster else None,
    }


def _fold(planned: Plan, options: Options) -> dict[str, Any] | None:
    """Which fold is the test split, or which repetition the run is; None where it is neither."""
    split = planned.recipe.data.split
    if options.repeat is not None:
        number, count = options.repeat
        return {"set": options.fold_set, "number": number, "count": count, "kind": "repeat"}
    if not split.folds:
        return None
    return {"set": options.fold_set, "number": split.fold or 1, "count": split.folds, "kind": "fold"}


def _trained_on(splits: Splits) -> dict[str, Any]:
    """By what the training examples are known again."""
    sketch = sketch_of(splits.train.inputs)
    return {
        "train": of_set(splits.train),
        "all": of_set(*(part.examples for part in splits.parts)),
        "sketch": sketch.as_json() if sketch else None,
    }


def _not_enforced(planned: Plan, options: Options) -> str:
    """Why the recipe's expectations do not count; of a run that is done again, as its record has it."""
    if options.again is not None:
        return str(runs.read_record(options.again).get("expectations_not_enforced") or "")
    return why_not_enforced(planned.splits, changed_data(planned.loaded))
