"""The findings that `train` shows: what takes little time, or was found before."""

from __future__ import annotations

import numpy as np

from cnncli.data.dataset import Splits
from cnncli.data.groups import PATH as GROUP
from cnncli.data_checks import copies, examination_cache
from cnncli.data_checks.example_groups import check_groups
from cnncli.data_checks.examples_by_index import AllExamples
from cnncli.data_checks.findings import Finding
from cnncli.data_checks.measurements import measure
from cnncli.errors import Problem
from cnncli.recipe.named_inputs import by_name
from cnncli.recipe.schema_data import Data

_KINDS = ("leakage", "labels", "shortcut")
_CHEAP_VALUES = 100_000_000  # of all examples together that are measured
_CHEAP_PAIRS = 10_000_000  # of examples that are compared


def data_problems(data: Data, splits: Splits) -> list[Problem]:
    """Warnings about the data of a training; the source has told of equal examples already, the split of groups in two parts.

    Where an examination of this data with this split is in the cache, its findings.
    """
    known = examination_cache.find(data, splits)
    findings = known.of(_KINDS) if known else quick_findings(splits)
    if any(note.path == GROUP and note.kind for note in splits.notes):
        findings = [finding for finding in findings if finding.kind != "leakage" or finding.pairs]
    return [finding.as_problem() for finding in findings if not finding.is_exact]


def quick_findings(splits: Splits) -> list[Finding]:
    """Groups in two parts; and near duplicates in two parts, if examples are in memory and few."""
    findings = check_groups(splits)
    every = AllExamples.of(splits)
    values = len(every) * sum(int(np.prod(shape)) for shape in by_name(splits.input_shape).values())
    pairs = len(every) * (len(every) - len(splits.train))
    in_memory = all(isinstance(column, np.ndarray) for column in splits.train.inputs.values())
    if in_memory and values <= _CHEAP_VALUES and pairs <= _CHEAP_PAIRS:
        found = copies.find_all(every, measure(splits.parts), held_out=True)
        near = copies.Copies((), found.near, found.compared)
        findings += copies.findings_of(near, every, only_leakage=True)
    return findings
