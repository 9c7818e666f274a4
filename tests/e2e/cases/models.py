"""Model files: what a copied model.keras knows, and what a model from elsewhere may take."""

from __future__ import annotations

from cases.making import Case

CASES: list[Case] = []
