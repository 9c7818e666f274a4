"""What happened is said: stopping, schedules, expectations, scores that do not exist."""

from __future__ import annotations

from cases.making import Case

CASES: list[Case] = []
