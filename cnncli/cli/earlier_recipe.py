"""The recipe of an earlier run, for resuming and reproducing it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from cnncli.recipe.load import LoadedRecipe


def load_again(run: Path, record: Mapping[str, Any], changes: Sequence[str] = ()) -> LoadedRecipe:
    """Load what a run resolved, with the precision that it took: `auto` may take another one here.

    Args:
        run: its folder.
        record: its `run.json`.
        changes: as `--set` gives them.

    Raises:
        RecipeError: the file was changed to something that is no recipe.
    """
    from cnncli.recipe.load import load

    said = record.get("precision")
    policy = said.get("policy") if isinstance(said, Mapping) else said
    return load(str(run / "resolved.yaml"), [*([f"train.precision={policy}"] if policy else []), *changes])
