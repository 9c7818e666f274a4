"""Trained models, outputs and messages that are easily wrong in silence, each with the right answer from cases/."""

from __future__ import annotations

from pathlib import Path

import pytest
from cases import models, outputs, told
from cases.checking import check
from cases.making import Case

pytestmark = pytest.mark.usefixtures("without_graphs")

CASES = {
    f"{table.__name__.removeprefix('cases.')}: {case.what}": case
    for table in (models, outputs, told)
    for case in table.CASES
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_case_gets_its_right_answer(case: Case, case_folder: Path) -> None:
    check(case, case_folder)
