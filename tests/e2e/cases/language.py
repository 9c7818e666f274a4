"""The recipe language: growth, numbers, names, depth."""

from __future__ import annotations

from cases.making import Case

CASES: list[Case] = [
    Case("the recipe of all cases has no mistakes", ("validate u8.yaml",), prints=("u8: no mistakes",)),
]
