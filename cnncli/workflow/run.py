"""Execute a plan: train, evaluate, draw and record."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import keras
import numpy as np

from cnncli import runs
from cnncli.data.columns import as_column
from cnncli.data.dataset import Examples, InputShape
from cnncli.data.fingerprint import of_examples
from cnncli.data.windowed_examples import in_windows
from cnncli.distribute.watching import watching
from cnncli.errors import DivergedError, OutputError, Problem, ResourceError, Stopped, WorkerError
from cnncli.inference.model_description import About, describe, save
from cnncli.messages import counted
from cnncli.network.build import Network, build
from cnncli.network.whole_images import over_whole_images
from cnncli.recipe.named_inputs import without_names
from cnncli.runs import checkpoints as commits
from cnncli.system_memory import give_back_freed
from cnncli.tasks.evaluation import evaluate, settle
from cnncli.tasks.result import Result, Scored
from cnncli.training.augmentation import of_task
from cnncli.training.checkpointing import Checkpoints
from cnncli.training.fit import Fitted, fit
from cnncli.training.out_of_memory import reraise_out_of_memory
from cnncli.training.state import State
from cnncli.workflow.expectations import broken as broken_of
from cnncli.workflow.expectations import expectations
from cnncli.workflow.first_loss import Batch, check_first_loss
from cnncli.workflow.lead_workers import in_one_replica, lead_workers, lost_worker, resume_command
from cnncli.workflow.open_run import open_folder
from cnncli.workflow.plan import Options, Plan
from cnncli.workflow.problem_places import placed_in
from cnncli.workflow.profile import Profile, profile
from cnncli.workflow.progress_listener import ProgressListener, timed
from cnncli.workflow.report_files import write_network, write_report
from cnncli.workflow.results_preparation import Preparation
from cnncli.workflow.tracking import Tracking, tracked

_RECORDED_BEFORE = (
    "run",
    "status",
    "precision",
    "device",
    "params",
    "trainable_params",
)  # with more than a summary says
_FIRST_EXAMPLES = 4  # whose loss is computed before anything is trained
_SHARE = 0.03  # of the time, for writing the history where epochs are short


@dataclass(frozen=True)
class Finished:
    """A finished run.

    Attributes:
        path: its folder.
        summary: what `train --json` prints.
        figures: the pictures, in the order in which they were drawn.
        broken: the recipe's expectations that do not hold.
        profile: where the time went.
        notes: notes about the training.
        input_shape: of an example; of several inputs by name.
    """

    path: Path
    summary: dict[str, Any]
    figures: tuple[Path, ...]
    broken: tuple[Problem, ...]
    profile: Profile
    notes: tuple[Problem, ...] = ()
    input_shape: InputShape = ()


def run(planned: Plan, options: Options, listener: ProgressListener) -> Finished:
    """Train, evaluate and draw, and leave all of it in a run's folder.

    Of several processes the chief does so; the others `train_with_chief`.

    Raises:
        DivergedError: the run's record says so too.
        WorkerError: one of the processes was lost.
    """
    started = time.monotonic()
    listener.ready(planned)
    with watching(options.meeting, lambda lost: lost_worker(lost, options)):
        network = build_network(planned, listener)
    with (
        open_folder(planned, options, listener) as (folder, checkpoints),
        tracked(planned.recipe.track, folder, _rows_of(checkpoints.resume), listener) as tracking,
        Preparation(planned.splits.targets.task, lambda: _draw_examples(folder, planned)) as preparation,
    ):
        try:
            with placed_in(planned.loaded), reraise_out_of_memory(planned.batch_size):
                finished = _train(
                    planned, network, folder, listener, options, checkpoints, started, tracking, preparation
                )
        except DivergedError as error:
            if "history" in error.details:  # not of outputs that the evaluation refuses
                folder.write_history(error.details.pop("history"))
            _finish(folder, "diverged", listener, error=str(error))
            raise
        except Stopped as stop:
            folder.finish("interrupted")
            if planned.recipe.train.checkpoint.keep:
                stop.hint = f"continue with: cnncli train --resume {folder.path}"
            raise
        except KeyboardInterrupt:
            folder.finish("interrupted")
            raise
        except BaseException as error:
            with suppress(OutputError):  # a full disk is what may have ended the run
                folder.finish("failed", error=f"{type(error).__name__}: {error}"[:1000])
            if isinstance(error, (OutputError, ResourceError, WorkerError)) and commits.exist(
                folder.path / commits.FOLDER
            ):
                way_on = f"the training so far is saved; continue with: {resume_command(folder.path, options)}"
                *others, last = error.problems
                told = replace(last, hint="\n".join(filter(None, [last.hint, way_on])))
                raise type(error)([*others, told]) from error
            raise
    return replace(
        finished,
        summary={**finished.summary, "trackers": tracking.as_json()},
        notes=(*finished.notes, *tracking.notes),
    )


def build_network(planned: Plan, listener: ProgressListener, *, download: bool = True) -> Network:
    """Build the network with its first weights, and compute the loss of a few examples; nothing is written.

    Args:
        download: weights that are not on this machine; without it applications whose weights are not here are as initialised.

    Raises:
        ModelFileError, NetworkError: the weights of an application cannot be had.
        DivergedError: the first loss is not finite.
        ResourceError: it does not fit into memory.
    """
    recipe, splits = planned.recipe, planned.splits
    assert recipe.train.seed is not None
    with (
        timed(planned.seconds, "build", listener),
        placed_in(planned.loaded),
        reraise_out_of_memory(planned.batch_size),
        planned.replicas.scope(),
    ):
        keras.utils.set_random_seed(recipe.train.seed)
        load = download or not planned.downloads
        network = build(
            planned.network_recipe,
            input_shape=splits.input_shape,
            policy=planned.precision.policy,
            load_weights=load,
        )
        check_first_loss(recipe, network, planned.outputs, _first_batch(planned, network))
    return network


def _train(
    planned: Plan,
    network: Network,
    folder: runs.Run,
    listener: ProgressListener,
    options: Options,
    checkpoints: Checkpoints,
    started: float,
    tracking: Tracking,
    preparation: Preparation,
) -> Finished:
    recipe, splits, seconds = planned.recipe, planned.splits, planned.seconds
    write_network(folder, planned, network, listener.note)
    with timed(seconds, "fit", listener):
        train, validation = planned.training_batches(network), planned.validation_batches(network)
        recording = _Recording(listener, folder, _rows_of(checkpoints.resume), tracking, preparation)
        with watching(options.meeting, lambda lost: lost_worker(lost, options, folder.path)):
            lead_workers(planned, options, folder.path, folder.record["trained_on"]["train"], checkpoints.resume)
            try:
                fitted = fit(
                    network,
                    recipe,
                    train,
                    validation,
                    observer=recording,
                    checkpoints=checkpoints,
                    augment=of_task(splits.targets.task, network),
                    replicas=planned.replicas,
                )
            finally:
                recording.write()
        if options.meeting:
            options.meeting.finish_together()
        network = in_one_replica(planned, network)
        planned = _settled(planned, network, folder)
        splits = planned.splits
        with runs.replacing(folder.file("model.keras")) as temporary:
            save(network.model, temporary, _about(planned, folder))
    give_back_freed()
    with timed(seconds, "evaluate", listener):
        examples = getattr(splits, recipe.evaluate.split)
        scored = _evaluate(planned, network, examples)
        result = scored.result
        folder.write_json("evaluation.json", result.to_json())
        folder.write("predictions.csv", scored.csv_lines(examples, splits.targets))
    notes = (*_metrics_without_value(fitted), *result.remarks())
    for note in notes:
        listener.note(note)
    if notes:
        folder.update_record(notes=[*folder.record.get("notes", ()), *map(str, notes)])
    with timed(seconds, "figures", listener):
        samples = preparation.pictures()
        from cnncli.plots import run_figures

        figures_folder = folder.file("figures/all").parent
        figures = run_figures.draw_results(figures_folder, recipe, network, fitted, scored, splits, samples)
    give_back_freed()
    seconds["total"] = sum(seconds.values())
    summary = _summary(planned, folder, fitted, result, seconds)
    profiled = profile(seconds, fitted, train, measure_input=options.profile)
    measured = {f"{recipe.evaluate.split}_{name}": value for name, value in result.metrics.items()}
    measured |= {f"{recipe.evaluate.split}_{name}": value for name, value in result.scores.items()}
    measured |= {**fitted.history[fitted.best_epoch - 1], f"{recipe.evaluate.split}_loss": result.loss}
    why = str(folder.record.get("expectations_not_enforced") or "")
    expected = expectations(recipe.expect, measured, time.monotonic() - started, not_enforced=why)
    broken = planned.loaded.locate(broken_of(expected))
    summary["expectations"] = [each.as_json() for each in expected]
    record = {key: value for key, value in summary.items() if key not in _RECORDED_BEFORE}
    record["profile"] = profiled.as_json()
    _finish(folder, "completed", listener, **record)
    return Finished(folder.path, summary, tuple(figures), tuple(broken), profiled, notes, splits.input_shape)


def _draw_examples(folder: runs.Run, planned: Plan) -> list[Path]:
    from cnncli.plots import run_figures

    return run_figures.draw_training_examples(folder.file("figures/all").parent, planned.recipe, planned.splits)


def _settled(planned: Plan, network: Network, folder: runs.Run) -> Plan:
    """The plan with what the validation examples tell of the trained network, which the record gets too."""
    splits, validation = planned.splits, planned.validation_batches(network, in_order=True)
    with validation.failing_as_itself():
        targets = settle(splits.targets, network.model, validation)
    if targets is splits.targets:
        return planned
    folder.update_record(data={**folder.record["data"], **targets.to_json()})
    return replace(planned, splits=replace(splits, targets=targets))


def _metrics_without_value(fitted: Fitted) -> Iterator[Problem]:
    names = dict.fromkeys(name for row in fitted.history for name, value in row.items() if value is None)
    for name in names:
        epochs = [row["epoch"] for row in fitted.history if row.get(name, 0) is None]
        when = "in any epoch" if len(epochs) == len(fitted.history) else f"in {counted(len(epochs), 'epoch')}"
        part = "validation" if name.startswith("val_") else "training"
        hint = f"it is undefined for the {part} examples: a class has no examples or is never predicted"
        yield Problem(f"`{name}` has no value {when}", hint)


def _about(planned: Plan, folder: runs.Run) -> About:
    """What a copy of the model has to know."""
    splits = planned.splits
    return describe(
        planned.recipe,
        targets=splits.targets.of_model(),
        input_shape=splits.input_shape,
        input_range=without_names(splits.train.scales),
        trained_on=folder.record.get("trained_on"),
    )


def _finish(folder: runs.Run, status: str, listener: ProgressListener, **fields: Any) -> None:
    """Write the page with what the record is about to say, and then the record, which lists the page too."""
    fields["ended"] = datetime.now(UTC).isoformat(timespec="milliseconds")
    write_report(folder, status, fields, listener.note)
    folder.finish(status, **fields)


class _Recording:
    """Passes on what happens to the listener and the trackers, and keeps the history on disk, for at most 3% of the time."""

    def __init__(
        self,
        listener: ProgressListener,
        folder: runs.Run,
        rows: Sequence[Mapping[str, Any]],
        tracking: Tracking,
        preparation: Preparation,
    ) -> None:
        self.listener = listener
        self.folder = folder
        self.tracking = tracking
        self.rows = list(rows)
        self.epoch_begins = listener.epoch_begins
        self.preparation = preparation
        self.written, self.cost = 0.0, 0.0
        self.loading, self.stopping = listener.loading, listener.stopping
        self.waiting, self.checkpoint_written = listener.waiting, listener.checkpoint_written

    def step_done(self, epoch: int, step: int, logs: Mapping[str, float]) -> None:
        self.preparation.begin()  # not earlier: before the first step Keras traces the network, which is Python's work too
        self.listener.step_done(epoch, step, logs)

    def epoch_ended(self, epoch: int, row: Mapping[str, Any]) -> None:
        self.rows.append(row)
        if time.monotonic() - self.written >= self.cost / _SHARE:
            self.write()
        self.listener.epoch_ended(epoch, row)
        self.tracking.epoch_ended(row)

    def write(self) -> None:
        """Write the history as far as it goes."""
        started = time.monotonic()
        self.folder.write_history(self.rows)
        self.written = time.monotonic()
        self.cost = self.written - started


def _rows_of(resume: State | None) -> Sequence[Mapping[str, Any]]:
    """The history that a run continues."""
    rows: Sequence[Mapping[str, Any]] = resume.values["watcher"]["rows"] if resume else ()
    return rows


def _first_batch(planned: Plan, network: Network) -> Batch:
    examples, encodings = in_windows(planned.splits.train, planned.splits.windows), planned.encodings_of(network)
    rows = np.arange(min(_FIRST_EXAMPLES, len(examples)))
    targets = as_column(next(iter(encodings.values())).column(examples))
    return Batch(examples.read(rows), targets.read(rows), encodings)


def _evaluate(planned: Plan, network: Network, examples: Examples) -> Scored:
    """Score the main output, or all where the targets need all, on the split that the recipe names."""
    recipe, targets = planned.recipe, planned.splits.targets
    losses = {output.name: output.loss for output in planned.outputs if output.loss}
    several = targets.HAS_SEVERAL_OUTPUTS and len(losses) > 1
    return evaluate(
        over_whole_images(network.model, planned.splits.windows),
        examples,
        targets=targets,
        batch_size=recipe.scoring_batch_size,
        loss=losses if several else next(iter(losses.values())),
        loss_weights={output.name: output.weight for output in planned.outputs} if several else None,
        metrics=recipe.train.metrics,
        split=recipe.evaluate.split,
        examples_sha256=of_examples(examples, targets),
    )


def _summary(
    planned: Plan, folder: runs.Run, fitted: Fitted, result: Result, seconds: Mapping[str, Any]
) -> dict[str, Any]:
    """What `train --json` prints."""
    best = fitted.history[fitted.best_epoch - 1]
    return {
        "run": str(folder.path),
        "status": "completed",
        "epochs": len(fitted.history),
        "epochs_planned": planned.epochs,
        "stopped": fitted.stopped or None,
        "phases": [phase.to_json() for phase in fitted.phases],
        planned.recipe.evaluate.split: {"loss": result.loss, **result.metrics},
        "examples": result.count,
        "intervals": result.intervals.to_json(),
        "best": {**best, "monitor": fitted.monitor},
        "seconds": {name: round(value, 3) for name, value in seconds.items()},
        "images_per_second": round(fitted.images_per_second, 1),
        "precision": planned.precision.policy,
        "device": f"{planned.device.kind}: {planned.device.name}",
        "params": planned.budget.params,
        "trainable_params": planned.budget.trainable_params,
    }
