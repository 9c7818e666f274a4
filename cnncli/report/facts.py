"""Facts about a run: what was trained, on what, how, and its main scores."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from typing import Any

from cnncli import task_registry
from cnncli.data.targets import read_targets
from cnncli.messages import FEW_EXAMPLES, counted, few_examples_text
from cnncli.recipe.keras_objects.objects import KerasObject, as_data
from cnncli.report import values
from cnncli.report.headline import Headline, Tile
from cnncli.report.material import Material
from cnncli.runs.record import Data, Record
from cnncli.tasks.result import Result


def state(material: Material) -> str:
    """What became of the run, with the way to go on."""
    summary, run = material.run.summary, material.run
    ended = f" on {summary.ended:%Y-%m-%d at %H:%M} UTC" if summary.ended else ""
    path = shlex.quote(str(summary.path))
    resume = f"continue with: cnncli train --resume {path}"
    if summary.status == "completed":
        return f"Completed{ended}."
    if summary.status == "running":
        return "Still running: the page shows the results so far."
    if summary.status == "interrupted":
        return f"Interrupted{ended}, {resume}"
    if summary.status == "diverged":
        return f"Diverged{ended}: {run.problem or 'the loss was no longer finite'}"
    if summary.status == "failed":
        return f"Failed{ended}: {run.problem}" if run.problem else f"Failed{ended}."
    return f"The record of this run cannot be read: {run.problem}"


def headline(result: Result) -> Headline:
    """The main score of an evaluation."""
    found: Headline = task_registry.part(result.task, "report").headline(result)
    return found


def tiles(material: Material) -> list[Tile]:
    """The numbers at the top of the page."""
    result, run = material.evaluation, material.run
    found: list[Tile] = []
    if result:
        main, level = headline(result), f"{result.intervals.level:.0%} interval"
        told = "; ".join([f"{level} {main.interval}"] * bool(main.interval) + [main.baseline] * bool(main.baseline))
        found.append(Tile(values.capitalised(f"{result.split} {main.name}"), main.score, told))
        if result.loss is not None:
            examples = f"of {result.count:,} examples"
            found.append(Tile(values.capitalised(f"{result.split} loss"), values.decimal(result.loss), examples))
        found += task_registry.part(result.task, "report").tiles(result)
    if not found and run.decided:
        name, value = run.decided
        found.append(
            Tile(
                f"Best {values.readable(name)}",
                values.score(name, value),
                "best epoch so far" if material.status != "completed" else "",
            )
        )
    if run.params is not None:
        multiply_adds = material.network.multiply_adds if material.network else 0
        beside = f"{multiply_adds:,} multiply-adds per example" if multiply_adds else ""
        found.append(Tile("Parameters", f"{run.params:,}", beside))
    if run.total_seconds is not None:
        rate = material.record.images_per_second
        told = f"{rate:,.0f} training examples per second" if rate else ""
        found.append(Tile("Time", values.duration(run.total_seconds), told))
    return found


def facts(material: Material) -> list[tuple[str, list[str]]]:
    """What was trained, on what and how: a word, and the lines behind it."""
    record, run, recipe = material.record, material.run, material.recipe
    found: list[tuple[str, list[str]]] = [("Note", run.note.splitlines()), ("Data", _data(material))]
    if targets := _targets(record.data):
        found.append(targets)
    if isinstance(record.input_shape, dict):
        found.append(("Inputs", [f"{name} {values.shape(shape)}" for name, shape in record.input_shape.items()]))
    elif record.input_shape is not None:
        found.append(("Input", [values.shape(record.input_shape)]))
    if record.trainable_params not in (None, run.params):
        found.append(("Trainable parameters", [f"{record.trainable_params:,}"]))
    if recipe is not None:
        optimizer = f"optimizer {_described(as_data(recipe.train.optimizer))}, batch size {recipe.train.batch_size:,}"
        found.append(("Training", [optimizer]))
    found.append(("Epochs", _epochs(material)))
    device, precision = record.device, record.precision
    found.append(("Device", [f"{device.kind}: {device.name}" if device.name else "", device.reason]))
    found.append(("Precision", [precision.policy, precision.reason]))
    found.append(("Seed", [str(record.seed)] if record.seed is not None else []))
    found.append(("Time", _time(material)))
    versions = record.environment.versions.items()
    found.append(("Versions", [", ".join(f"{name} {version}" for name, version in versions)]))
    found.append(("Changed by --set", record.settings))
    found.append(("Command", [shlex.join(["cnncli", *record.command_line[1:]])] if record.command_line else []))
    known = [(word, [line for line in lines if line]) for word, lines in found]
    return [(word, lines) for word, lines in known if lines]


def _targets(data: Data) -> tuple[str, list[str]] | None:
    """The targets of the training, as their task describes them; None where the record does not say."""
    try:
        targets = read_targets(data.model_dump())
    except ValueError:
        return None
    found: tuple[str, list[str]] = task_registry.part(targets.task, "report").targets_fact(targets)
    return found


def _data(material: Material) -> list[str]:
    data = material.record.data
    words = {"train": "training"}
    counts = [f"{sum(per_class):,} for {words.get(split, split)}" for split, per_class in data.counts.items()]
    skipped = f"{len(data.skipped):,} files were skipped" if data.skipped else ""
    return [data.source, ", ".join(counts), skipped]


def described_all(objects: Sequence[KerasObject]) -> str:
    """Objects of Keras with their arguments, `RandomFlip, Rescaling (scale 0.00392)`."""
    return ", ".join(_described(as_data(each)) for each in objects)


def _described(data: Any) -> str:
    """`Adam (learning_rate 0.001)`, of an object as a recipe writes it; the same of objects among its arguments."""
    if isinstance(data, list):
        return f"[{', '.join(map(_described, data))}]"
    if not isinstance(data, dict):
        return str(data)
    [(name, arguments)] = data.items()
    if not isinstance(arguments, dict) or not arguments:
        return str(name)
    return f"{name} ({', '.join(f'{key} {_described(value)}' for key, value in arguments.items())})"


def _epochs(material: Material) -> list[str]:
    run, recipe = material.run, material.recipe
    if run.epochs is None:
        return []
    planned = run.epochs_planned
    if planned is None and recipe and not recipe.train.phases:
        planned = recipe.train.epochs
    lines = [f"{run.epochs:,} of {planned:,}" if planned is not None else f"{run.epochs:,}"]
    if run.best_epoch is not None and run.decided:
        name, value = run.decided
        lines.append(f"the best is epoch {run.best_epoch:,}, by {values.readable(name)} {values.score(name, value)}")
    return [*lines, *_stops(material.record)]


def _stops(record: Record) -> list[str]:
    """Why the training, or some of its phases, ended early."""
    named = [
        f"phase {phase.name} stopped early: {phase.stopped}" for phase in record.phases if phase.name and phase.stopped
    ]
    return named or ([f"stopped early: {record.stopped}"] if record.stopped else [])


def _time(material: Material) -> list[str]:
    run = material.run
    lines = []
    record = material.record
    parts = [
        f"{word} {values.duration(record.seconds[name])}"
        for name, word in (("fit", "training"), ("evaluate", "evaluation"), ("figures", "pictures"))
        if record.seconds and name in record.seconds
    ]
    lines += [", ".join(parts)] if parts else []
    if run.summary.started:
        lines.append(f"started on {run.summary.started:%Y-%m-%d at %H:%M} UTC")
    extended = [
        f"extended after {each.epochs_before:,} epochs to {each.epochs_wanted:,}"
        for each in record.resumes
        if each.extends
    ]
    if left := len(record.resumes) - len(extended):
        lines.append("resumed once" if left == 1 else f"resumed {left:,} times")
    return [*lines, *extended]


def notes(material: Material) -> list[list[str]]:
    """Expectations that are not met, and notes of the training, each in its lines.

    What the page says of few test examples stands with the evaluation.
    """
    result = material.evaluation
    said = few_examples_text(result.split, result.count) if result and few_examples(result) else None
    unmet = [each.text for each in material.record.expectations if each.met is False]
    kept = [note for note in [*unmet, *material.record.notes] if note.strip() and not (said and said in note)]
    return [note.splitlines() for note in kept]


def few_examples(result: Result) -> str:
    """A warning where the scores rest on few examples; empty elsewhere."""
    if result.count >= FEW_EXAMPLES:
        return ""
    return (
        f"The {result.split} split has only {counted(result.count, 'example')}: its scores are uncertain. Read their "
        f"{result.intervals.level:.0%} intervals rather than single values. More examples make the intervals narrower."
    )
