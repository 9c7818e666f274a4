"""The data files that a recipe or a run reads, so that no output overwrites them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from cnncli.errors import CnncliError

if TYPE_CHECKING:
    from cnncli.recipe.schema import Recipe


def data_of(recipe: Recipe) -> list[str]:
    """The paths of a recipe's data: files or folders; empty for a built-in data set."""
    return list(recipe.data.source.settings.paths().values())


def data_of_run(run_or_model: str | None, outputs: Path) -> list[str]:
    """The paths of a run's data; empty for a model file, and where the run cannot be read (opening it says why)."""
    from cnncli import runs
    from cnncli.recipe.load import load_resolved

    if run_or_model is not None and Path(run_or_model).suffix.lower() in (".keras", ".h5", ".hdf5"):
        return []
    try:
        return data_of(load_resolved(runs.find(outputs, run_or_model) / runs.RESOLVED).recipe)
    except CnncliError:
        return []
