"""`cnncli data --to-tfrecord`: the splits of a recipe as TFRecord shards."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from cnncli.cli import data_files

if TYPE_CHECKING:
    from cnncli.data.dataset import Splits
    from cnncli.data.sources.loaded_data import Progress
    from cnncli.recipe.load import LoadedRecipe
    from cnncli.runs.output_files import OutputFolder


def folder_of(loaded: LoadedRecipe, path: Path, *, force: bool) -> OutputFolder:
    """The folder for the shards.

    Raises:
        OutputError: it cannot or must not be written.
    """
    from cnncli.data.shards.description import FILE
    from cnncli.runs.output_files import OutputFolder

    folder = OutputFolder(path, "--to-tfrecord", [loaded.file, *data_files.data_of(loaded.recipe)], force=force)
    folder.check([FILE])
    return folder


def write(
    loaded: LoadedRecipe, splits: Splits, folder: OutputFolder, shard_count: int | None, progress: Progress
) -> list[Path]:
    """Write the shards; their paths, and that of what is said of them.

    Raises:
        OutputError: one cannot be written, or is there already.
    """
    from cnncli.data.shards.shard_writer import write_shards

    word = loaded.recipe.data.targets
    written = write_shards(splits, folder, targets_word=word, shard_count=shard_count, progress=progress)
    return [folder.path / name for name in written.names]
