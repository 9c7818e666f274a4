"""One check everywhere: validate, a dry run and training refuse the same."""

from __future__ import annotations

from cases.making import Case

CASES: list[Case] = []
