"""Files that commands write, streams, encodings, places."""

from __future__ import annotations

from cases.making import Case

CASES: list[Case] = []
