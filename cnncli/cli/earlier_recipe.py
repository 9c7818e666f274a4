"""The recipe of an earlier run, for resuming and reproducing it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cnncli.recipe.load import LoadedRecipe


def load_again(run: Path, changes: Sequence[str] = ()) -> LoadedRecipe:
    """Load what a run resolved.

    Args:
        run: its folder.
        changes: as `--set` gives them.

    Raises:
        RecipeError: the file was changed to something that is no recipe.
    """
    from cnncli.recipe.load import load

    return load(str(run / "resolved.yaml"), list(changes))
