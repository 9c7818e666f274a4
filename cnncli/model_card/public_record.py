"""The record and the evaluation of a run without what is private: paths, command lines, names of files and of persons."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from cnncli.model_card.about_run import AboutRun
from cnncli.model_card.public_text import public

# Of run.json: how the command was called, where, and digests of single examples.
_LEFT_OUT = ("command_line", "artefacts", "reproduces", "error", "class_names")
_OF_GIT = ("commit", "dirty")
_OF_RESUMES = ("at", "epochs_before", "epochs_wanted", "extends")


def public_record(run: AboutRun, artefacts: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """run.json for others.

    Args:
        artefacts: the files that go with it: path, bytes, SHA-256.
    """
    record = {name: value for name, value in run.material.record_json.items() if name not in _LEFT_OUT}
    record["data"] = _data(run, record.get("data") or {})
    record["notes"] = [run.note(note) for note in run.material.record.notes]
    record["git"] = _only(record.get("git"), _OF_GIT)
    record["resumes"] = [_only(each, _OF_RESUMES) for each in record.get("resumes") or ()]
    trained_on = record.get("trained_on")
    if isinstance(trained_on, Mapping):
        record["trained_on"] = {name: value for name, value in trained_on.items() if name != "sketch"}
    return {**public(record, run.paths), "artefacts": list(artefacts)}


def _data(run: AboutRun, data: Mapping[str, Any]) -> dict[str, Any]:
    """What it says of the data; the targets as a model file holds them, and no names of files."""
    targets = type(run.targets).model_fields
    kept = {name: value for name, value in data.items() if name not in targets}
    return {**kept, **run.targets.of_model().to_json(), "skipped": [], "skipped_count": len(data.get("skipped") or ())}


def _only(value: Any, names: Sequence[str]) -> dict[str, Any] | None:
    return {name: value.get(name) for name in names} if isinstance(value, Mapping) else None


def public_evaluation(run: AboutRun) -> dict[str, Any] | None:
    """evaluation.json without single examples; None where there is none."""
    if run.result is None:
        return None
    return run.result.model_copy(update=dict.fromkeys(run.part.EXAMPLES, ())).to_json()
