"""Arrays: scales, constant or unscaled inputs, leakage, large files."""

from __future__ import annotations

from cases.making import Case

CASES: list[Case] = []
