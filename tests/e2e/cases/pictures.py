"""Pictures: polarity, transparency, depth, nothing in them, the same ones in two containers."""

from __future__ import annotations

from cases.making import Case

CASES: list[Case] = []
