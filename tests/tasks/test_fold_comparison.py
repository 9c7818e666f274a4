"""Sets of runs that cannot be compared."""

from __future__ import annotations

from pathlib import Path

import pytest

from cnncli.errors import OutputError
from cnncli.runs.folds import FoldSet
from cnncli.runs.record import RunSummary
from cnncli.tasks.fold_comparison import refuse_unfinished


@pytest.mark.parametrize(
    ("second", "hint"),
    [
        ("interrupted", "finish them with: cnncli train --resume --fold all outputs/mnist/first"),
        ("diverged", "2 diverged, and would again: train a new set with another --run"),
    ],
)
def test_a_set_that_is_not_finished_is_refused_with_what_helps(second: str, hint: str) -> None:
    folder = Path("outputs/mnist")
    runs = {
        number: RunSummary(folder / f"first-fold{number}", "mnist", f"first-fold{number}", status)
        for number, status in ((1, "completed"), (2, second))
    }

    with pytest.raises(OutputError) as refused:
        refuse_unfinished([FoldSet(folder, "first", 3, runs)])

    [problem] = refused.value.problems
    assert problem.message == "mnist/first: of 3 folds not all are finished, without 2, 3"
    assert problem.hint == hint
