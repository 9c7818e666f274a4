"""Facts about a run: what was trained, on what, how, and its main scores."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from typing import Any

from cnncli import task_registry
from cnncli.recipe.keras_objects.objects import KerasObject, as_data
from cnncli.report import values
from cnncli.report.headline import Headline, Tile
from cnncli.report.material import Material
from cnncli.tasks.result import Result

_MOST_TARGETS = 20  # of more numbers an example, the first four


def state(material: Material) -> str:
    """What became of the run, with the way to go on."""
    summary, run = material.run.summary, material.run
    ended = f" on {summary.ended:%Y-%m-%d at %H:%M} UTC" if summary.ended else ""
    path = shlex.quote(str(summary.path))
    resume = f"go on with: cnncli train --resume {path}"
    if summary.status == "completed":
        return f"Completed{ended}."
    if summary.status == "running":
        return "Still running: this is how far it has come."
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
        found.append(Tile(f"Best {values.readable(name)}", values.score(name, value), "of all epochs"))
    if run.params is not None:
        multiply_adds = values.count(material.network.get("multiply_adds"))
        beside = [f"{multiply_adds:,} multiply-adds an example"] if multiply_adds else []
        found.append(Tile("Parameters", f"{run.params:,}", "".join(beside)))
    if run.total_seconds is not None:
        told = f"{run.epochs:,} epochs" if run.epochs and run.epochs > 1 else "1 epoch" if run.epochs else ""
        found.append(Tile("Time", values.duration(run.total_seconds), told))
    return found


def facts(material: Material) -> list[tuple[str, list[str]]]:
    """What was trained, on what and how: a word, and the lines behind it."""
    record, run, recipe = material.record, material.run, material.recipe
    found: list[tuple[str, list[str]]] = [("Data", _data(material))]
    names = values.texts(record.get("class_names"))
    if names:
        shown = names if len(names) <= 12 else [*names[:10], f"and {len(names) - 10:,} more"]
        found.append(("Classes", [f"{len(names):,}: {', '.join(shown)}"]))
    if targets := _targets(record):
        found.append(("Targets", targets))
    if shape := values.shape(record.get("input_shape")):
        found.append(("Input", [shape]))
    if run.params is not None:
        trainable = values.count(record.get("trainable_params"))
        of_them = f", of which {trainable:,} learn" if trainable not in (None, run.params) else ""
        found.append(("Parameters", [f"{run.params:,}{of_them}"]))
    if recipe is not None:
        optimizer = f"optimizer {_described(recipe.train.optimizer)}, {recipe.train.batch_size:,} examples a step"
        found.append(("Training", [optimizer]))
    found.append(("Epochs", _epochs(material)))
    found.append(("Device", _chosen(record, "device")))
    found.append(("Precision", _chosen(record, "precision")))
    found.append(("Seed", [str(record["seed"])] if values.count(record.get("seed")) is not None else []))
    found.append(("Time", _time(material)))
    versions = values.mapping(values.mapping(record.get("environment")).get("versions"))
    found.append(
        ("Versions", [", ".join(f"{name} {version}" for name, version in versions.items())] if versions else [])
    )
    found.append(("Changed by --set", values.texts(record.get("settings"))))
    command = values.texts(record.get("command_line"))
    found.append(("Command", [shlex.join(["cnncli", *command[1:]])] if command else []))
    return [(word, lines) for word, lines in found if lines]


def _targets(record: Mapping[str, Any]) -> list[str]:
    """`2.002 to 12, mean 7.190`: what a run's record says of the training targets, a line a number."""
    found = values.mapping(values.mapping(record.get("data")).get("numbers"))
    columns = [values.numbers(found.get(name)) for name in ("low", "high", "mean")]
    if len({len(column) for column in columns}) != 1:
        return []
    lines = [
        f"{values.decimal(low)} to {values.decimal(high)}, mean {values.decimal(mean)}"
        for low, high, mean in zip(*columns, strict=True)
    ]
    return lines if len(lines) <= _MOST_TARGETS else [*lines[:4], f"and {len(lines) - 4:,} more numbers"]


def _data(material: Material) -> list[str]:
    data = values.mapping(material.record.get("data"))
    lines = [material.run.source] if material.run.source else []
    counts = {
        split: sum(values.count(count) or 0 for count in per_class)
        for split, per_class in values.mapping(data.get("counts")).items()
        if isinstance(per_class, list)
    }
    if counts:
        words = {"train": "training"}
        lines.append(", ".join(f"{count:,} for {words.get(split, split)}" for split, count in counts.items()))
    skipped = data.get("skipped")
    if isinstance(skipped, list) and skipped:
        lines.append(f"{len(skipped):,} files were skipped")
    return lines


def _described(described: KerasObject) -> str:
    """`Adam (learning_rate 0.001)`."""
    data = as_data(described)
    if not isinstance(data, dict):
        return str(data)
    [(name, arguments)] = data.items()
    if not isinstance(arguments, dict) or not arguments:
        return str(name)
    return f"{name} ({', '.join(f'{key} {value}' for key, value in arguments.items())})"


def _epochs(material: Material) -> list[str]:
    run, recipe = material.run, material.recipe
    if run.epochs is None:
        return []
    phases = recipe.train.phases if recipe else []
    planned = recipe.train.epochs if recipe and not phases else None
    lines = [f"{run.epochs:,} of {planned:,}" if planned is not None else f"{run.epochs:,}"]
    epoch = values.count((run.best or {}).get("epoch"))
    if epoch is not None and run.decided:
        name, value = run.decided
        lines.append(f"the best is epoch {epoch:,}, by {values.readable(name)} {values.score(name, value)}")
    return [*lines, *_stops(material.record)]


def _stops(record: Mapping[str, Any]) -> list[str]:
    """Why the training, or some of its phases, ended early."""
    stopped = values.text(record.get("stopped"))
    found = [
        (values.text(row.get("name")), values.text(row.get("stopped"))) for row in values.rows(record.get("phases"))
    ]
    named = [f"phase {name} stopped early: {reason}" for name, reason in found if name and reason]
    return named or ([f"stopped early: {stopped}"] if stopped else [])


def _chosen(record: Mapping[str, Any], name: str) -> list[str]:
    """A device or a precision, and why it was taken: a record tells it in one of two forms."""
    said = record.get(name)
    chosen = values.mapping(said)
    reason = values.text(chosen.get("reason")) or values.text(values.mapping(record.get("reasons")).get(name))
    what = values.text(said) or values.text(chosen.get("policy"))
    if not what and chosen:
        what = f"{values.text(chosen.get('kind'))}: {values.text(chosen.get('name'))}"
    return [line for line in (what, reason) if line]


def _time(material: Material) -> list[str]:
    run = material.run
    lines = [f"{values.duration(run.total_seconds)} in all"] if run.total_seconds is not None else []
    seconds = values.mapping(material.record.get("seconds"))
    parts = [
        f"{word} {values.duration(values.number(seconds.get(name)))}"
        for name, word in (("fit", "training"), ("evaluate", "evaluation"), ("figures", "pictures"))
        if values.number(seconds.get(name)) is not None
    ]
    speed = values.number(material.record.get("images_per_second"))
    lines += [", ".join(parts)] if parts else []
    lines += [f"{speed:,.0f} examples a second"] if speed else []
    if run.summary.started:
        lines.append(f"begun on {run.summary.started:%Y-%m-%d at %H:%M} UTC")
    resumes = values.rows(material.record.get("resumes"))
    extended = [
        f"extended after {before:,} epochs to {wanted:,}"
        for row in resumes
        if row.get("extends") is True
        and (before := values.count(row.get("epochs_before"))) is not None
        and (wanted := values.count(row.get("epochs_wanted"))) is not None
    ]
    if left := len(resumes) - len(extended):
        lines.append("resumed once" if left == 1 else f"resumed {left:,} times")
    return [*lines, *extended]


def notes(material: Material) -> list[list[str]]:
    """What was worth a word, each in its lines."""
    return [
        note.splitlines()
        for note in [*_unmet(material.record), *values.texts(material.record.get("notes"))]
        if note.strip()
    ]


def _unmet(record: Mapping[str, Any]) -> list[str]:
    """The recipe's expectations that are not met, and why one does not count."""
    rows = values.rows(record.get("expectations"))
    if rows:
        return [values.text(row.get("text")) for row in rows if row.get("met") is False]
    broken = values.texts(record.get("broken_expectations"))  # of records of earlier versions
    return [f"not as the recipe expects: {problem}" for problem in broken]
