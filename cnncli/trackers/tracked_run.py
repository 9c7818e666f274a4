"""Read the values of a run that trackers get, from its folder in any state."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cnncli.errors import OutputError
from cnncli.runs.json_text import to_json_line
from cnncli.runs.notes import read_note
from cnncli.runs.record import MODEL, RESOLVED, Row, read_history, read_record, regular_content, summarise
from cnncli.trackers.parameters import Parameter, parameters

_FILES = ("recipe.yaml", RESOLVED, "run.json", "history.csv", "evaluation.json", "report.html")
_FIGURES = "figures"
_MOST_PICTURES = 200
_NO_NUMBERS = ("epoch", "phase")


@dataclass(frozen=True)
class TrackedRun:
    """All that a tracker gets of a run; what the folder does not have is empty.

    Attributes:
        id: the same before and after the run is resumed, renamed or moved; no other run has it.
        label: `mnist/first`.
        status: `running`, `completed`, `interrupted`, `diverged` or `failed`.
        started, ended: seconds since 1970; `ended` is None while the run trains and where it was killed.
        fold_set: the set of folds that the run belongs to, `mnist/first`; empty where it belongs to none.
        fold: its number; None likewise.
        about: the description of the recipe and the note of the run.
        parameters: of the recipe, with dotted keys, and of the network and the device.
        tags: who, what and where, as text.
        history: a row an epoch.
        results: the scores on the split of the evaluation, with their intervals, and of the best epoch.
        best_epoch: the epoch to which the results belong; 0 where there are none.
        recipe_text: recipe.yaml as it was written.
        pictures: PNG files, in the order of their names.
        files: other files, without the model.
        model: model.keras, where it is there.
    """

    path: Path
    id: str
    label: str
    status: str
    started: float
    ended: float | None
    fold_set: str
    fold: int | None
    about: str
    parameters: Mapping[str, Parameter]
    tags: Mapping[str, str]
    history: Sequence[Row]
    results: Mapping[str, float]
    best_epoch: int
    recipe_text: str
    pictures: tuple[Path, ...]
    files: tuple[Path, ...]
    model: Path | None

    @property
    def name(self) -> str:
        return self.path.name

    @property
    def outputs(self) -> Path:
        """The folder of all runs."""
        return self.path.absolute().parent.parent


def read(path: Path) -> TrackedRun:
    """Read a run's folder.

    Raises:
        OutputError: it has no record, or a damaged one.
    """
    record, summary = read_record(path), summarise(path)
    fold = record.get("fold") or {}
    label = f"{summary.recipe}/{summary.name}"
    recipe_text = _text(path / "recipe.yaml")
    resolved = _content(path / RESOLVED)
    best = summary.record.best or {}
    return TrackedRun(
        path=path,
        id=run_id(record),
        label=label,
        status=summary.status,
        started=summary.started.timestamp() if summary.started else 0.0,
        ended=summary.ended.timestamp() if summary.ended else None,
        fold_set=f"{summary.recipe}/{fold['set']}" if fold.get("set") else "",
        fold=fold.get("number"),
        about=read_note(path),
        parameters={**parameters(resolved), **_computed(record)},
        tags=_tags(record, label),
        history=_history(path),
        results=dict(_results(record)),
        best_epoch=int(best.get("epoch") or 0),
        recipe_text=recipe_text,
        pictures=_pictures(path / _FIGURES),
        files=tuple(path / name for name in _FILES if _is_own_file(path / name)),
        model=path / MODEL if _is_own_file(path / MODEL) else None,
    )


def run_id(record: Mapping[str, Any]) -> str:
    """16 hexadecimal digits by which a tracker finds a run again.

    They come from the time of its start, its first resolved recipe and its data, which never change.
    """
    resolved = (record.get("resolved_sha256") or [""])[0]
    own = [record.get("started"), resolved, (record.get("data") or {}).get("fingerprint"), record.get("seed")]
    return hashlib.sha256(to_json_line(own).encode()).hexdigest()[:16]


def numbers(row: Mapping[str, Any]) -> dict[str, float]:
    """The numbers of a row of the history by name; a metric without a value is left out."""
    return {
        name: float(value)
        for name, value in row.items()
        if name not in _NO_NUMBERS and isinstance(value, (int, float)) and not isinstance(value, bool)
    }


def times(run: TrackedRun, rows: Sequence[Mapping[str, Any]]) -> Iterator[float]:
    """When each epoch ended, in seconds since 1970, as far as the lengths of the epochs tell.

    So a value has the same time whether it is sent during the training or after it.
    """
    now = run.started
    for row in rows:
        now += float(row.get("seconds") or 0.0)
        yield now


def _computed(record: Mapping[str, Any]) -> dict[str, Parameter]:
    device, precision = record.get("device") or {}, record.get("precision") or {}
    found = {
        "params": record.get("params"),
        "trainable_params": record.get("trainable_params"),
        "device": device.get("name"),
        "precision": precision.get("policy"),
    }
    return {name: value for name, value in found.items() if value is not None}


def _tags(record: Mapping[str, Any], label: str) -> dict[str, str]:
    environment, data = record.get("environment") or {}, record.get("data") or {}
    fold = record.get("fold") or {}
    found = {
        "run_id": run_id(record),
        "run": label,
        "recipe": record.get("recipe"),
        "recipe_sha256": record.get("recipe_sha256"),
        "task": data.get("task"),
        "data": data.get("source"),
        "data_fingerprint": data.get("fingerprint"),
        "counts": to_json_line(data["counts"]) if data.get("counts") else None,
        "fold": f"{fold['number']} of {fold['count']}" if fold.get("number") else None,
        "stopped": record.get("stopped"),
        "error": record.get("error"),
        "device": (record.get("device") or {}).get("name"),
        "os": environment.get("os"),
        "cpu": (environment.get("cpu") or {}).get("model"),
        "git_commit": (record.get("git") or {}).get("commit"),
        **{f"version.{name}": version for name, version in (environment.get("versions") or {}).items()},
    }
    return {name: str(value) for name, value in found.items() if value}


def _results(record: Mapping[str, Any]) -> Iterator[tuple[str, float]]:
    """`test_accuracy`, with `test_accuracy_low` and `test_accuracy_high`; `best_epoch` and its values, `best_val_loss`."""
    intervals = record.get("intervals") or {}
    for split in ("test", "validation"):
        for name, value in numbers(record.get(split) or {}).items():
            yield f"{split}_{name}", value
        if record.get(split):
            for name, interval in intervals.items():
                if isinstance(interval, list) and len(interval) == 2:
                    yield from zip((f"{split}_{name}_low", f"{split}_{name}_high"), map(float, interval), strict=True)
    best = record.get("best") or {}
    if best.get("epoch"):
        yield "best_epoch", float(best["epoch"])
    for name, value in numbers(best).items():
        if name not in ("seconds", "learning_rate"):
            yield f"best_{name}", value


def _history(path: Path) -> list[Row]:
    with suppress(OutputError):
        return read_history(path)
    return []


def _content(file: Path) -> bytes:
    with suppress(OutputError):
        return regular_content(file)
    return b""


def _text(file: Path) -> str:
    return _content(file).decode(errors="replace")


def _pictures(folder: Path) -> tuple[Path, ...]:
    try:
        names = sorted(entry.name for entry in os.scandir(folder) if entry.name.lower().endswith(".png"))
    except OSError:
        return ()
    return tuple(folder / name for name in names if _is_own_file(folder / name))[:_MOST_PICTURES]


def _is_own_file(file: Path) -> bool:
    """A file of the run itself: what a link leads to is not sent away."""
    return file.is_file() and not file.is_symlink()
