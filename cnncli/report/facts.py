"""What a run was and what it reached, in words and numbers."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from cnncli.recipe.keras_objects.objects import KerasObject, as_data
from cnncli.report import regression, values
from cnncli.report.material import Material


@dataclass(frozen=True)
class Tile:
    """A number that one looks for first, and what belongs beside it."""

    name: str
    value: str
    beside: str = ""


@dataclass(frozen=True)
class Result:
    """The main number of a run, for the headline and for a comparison.

    Attributes:
        score: the accuracy in percent, the mean absolute error of numbers, or the first metric.
        interval: `89.00% to 91.60%`, or empty.
        baseline: what always saying the most frequent class reaches, or the mean of the numbers, in words, or empty.
    """

    name: str
    score: str
    interval: str
    baseline: str


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


def result(evaluation: Mapping[str, Any]) -> Result | None:
    """The main number of an evaluation, None where there is none."""
    if regression.are_in(evaluation):
        error = values.number(evaluation.get("mean_absolute_error"))
        interval = regression.interval(evaluation, "mean_absolute_error")
        return Result("mean absolute error", values.decimal(error), interval, regression.baseline(evaluation))
    accuracy = values.number(evaluation.get("accuracy"))
    metrics = {name: values.number(value) for name, value in values.mapping(evaluation.get("metrics")).items()}
    if accuracy is None:
        named = next(((name, value) for name, value in metrics.items() if value is not None), None)
        return Result(values.readable(named[0]), values.score(*named), "", "") if named else None
    intervals = values.mapping(evaluation.get("intervals"))
    return Result(
        "accuracy", values.percent(accuracy), _interval(intervals, "accuracy"), _baseline(evaluation.get("baseline"))
    )


def _interval(intervals: Mapping[str, Any], name: str) -> str:
    ends = values.numbers(intervals.get(name))
    if len(ends) != 2 or None in ends:
        return ""
    return " to ".join(values.percent(end) for end in ends)


def _level(evaluation: Mapping[str, Any]) -> str:
    level = values.number(values.mapping(evaluation.get("intervals")).get("level"))
    return f"{level:.0%} interval" if level is not None else "interval"


def _baseline(found: Any) -> str:
    baseline = values.mapping(found)
    reached, name = values.number(baseline.get("accuracy")), values.text(baseline.get("class"))
    return f"always saying {name} reaches {values.percent(reached)}" if reached is not None else ""


def tiles(material: Material) -> list[Tile]:
    """The numbers at the top of the page."""
    evaluation, run = material.evaluation, material.run
    found = []
    main = result(evaluation)
    split = values.text(evaluation.get("split")) or "test"
    if main:
        beside = [f"{_level(evaluation)} {main.interval}"] if main.interval else []
        beside += [main.baseline] if main.baseline else []
        found.append(Tile(values.capitalised(f"{split} {main.name}"), main.score, "; ".join(beside)))
    loss, examples = values.number(evaluation.get("loss")), values.count(evaluation.get("count"))
    if loss is not None:
        beside = [f"of {examples:,} examples"] if examples is not None else []
        found.append(Tile(values.capitalised(f"{split} loss"), values.decimal(loss), "".join(beside)))
    macro = values.number(evaluation.get("macro_f1"))
    if macro is not None:
        interval = _interval(values.mapping(evaluation.get("intervals")), "macro_f1")
        told = f"{_level(evaluation)} {interval}" if interval else "mean over the classes"
        found.append(Tile("Macro F1", values.percent(macro), told))
    r2 = values.number(evaluation.get("r2")) if regression.are_in(evaluation) else None
    if r2 is not None:
        interval = regression.interval(evaluation, "r2")
        found.append(Tile("R²", values.decimal(r2), f"{_level(evaluation)} {interval}" if interval else ""))
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


def numbers(evaluation: Mapping[str, Any]) -> list[tuple[str, str, str]]:
    """Every single number of the evaluation: its name, its value, its interval."""
    if regression.are_in(evaluation):
        return regression.numbers(evaluation)
    intervals = values.mapping(evaluation.get("intervals"))
    found = {"loss": values.number(evaluation.get("loss"))}
    found |= {name: values.number(value) for name, value in values.mapping(evaluation.get("metrics")).items()}
    for name in ("accuracy", "macro_precision", "macro_recall", "macro_f1"):
        if name in evaluation:
            found[name] = values.number(evaluation[name])
    rows = [
        (values.readable(name), values.score(name, value), _interval(intervals, name)) for name, value in found.items()
    ]
    for word, place, name in (
        ("mean AUC of the classes", "roc", "macro_auc"),
        ("mean average precision of the classes", "precision_recall", "macro_average_precision"),
        ("expected calibration error", "calibration", "expected_calibration_error"),
    ):
        value = values.number(values.mapping(evaluation.get(place)).get(name))
        if value is not None:
            rows.append((word, values.rate(value), ""))
    for k, share in values.mapping(evaluation.get("top_k")).items():
        rows.append((f"top-{k} accuracy", values.percent(values.number(share)), ""))
    return rows


def facts(material: Material) -> list[tuple[str, list[str]]]:
    """What was trained, on what and how: a word, and the lines behind it."""
    record, run, recipe = material.record, material.run, material.recipe
    found: list[tuple[str, list[str]]] = [("Data", _data(material))]
    names = values.texts(record.get("class_names"))
    if names:
        shown = names if len(names) <= 12 else [*names[:10], f"and {len(names) - 10:,} more"]
        found.append(("Classes", [f"{len(names):,}: {', '.join(shown)}"]))
    if targets := regression.about_targets(record):
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
