"""learned.json of a run: the vocabularies, means and bins that its preprocessing learned before training."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from cnncli.errors import OutputError
from cnncli.recipe.learned import Learned, learning_steps
from cnncli.recipe.schema import Recipe
from cnncli.runs.json_text import to_json

LEARNED = "learned.json"
FINGERPRINT = "learned"  # in run.json: that of learned.json


def as_file(learned: Learned) -> dict[str, str]:
    """The file by its name; none where nothing was learned."""
    return {LEARNED: to_json(learned.model_dump())} if learned.layers else {}


def read_learned(run: Path, record: Mapping[str, Any], recipe: Recipe) -> Learned:
    """Read what the preprocessing of a run has learned.

    Args:
        recipe: its resolved recipe; nothing is read where no layer of it learns.

    Raises:
        OutputError: the file is missing, or is not what the run wrote.
    """
    steps = [(step.own.name, step.index) for step in learning_steps(recipe)]
    if not steps:
        return Learned()
    path = run / LEARNED
    try:
        learned = Learned.model_validate_json(path.read_bytes())
    except OSError as error:
        raise OutputError(f"cannot read {path}: {(error.strerror or str(error)).lower()}", hint=_TRAIN_AGAIN) from error
    except ValidationError as error:
        raise OutputError(f"{path} is damaged: it does not hold what a run has learned", hint=_TRAIN_AGAIN) from error
    if learned.fingerprint != record.get(FINGERPRINT) or [(one.input, one.index) for one in learned.layers] != steps:
        raise OutputError(f"{path} is not what the run wrote: its fingerprint differs", hint=_TRAIN_AGAIN)
    return learned


_TRAIN_AGAIN = "put it back, or train again"
