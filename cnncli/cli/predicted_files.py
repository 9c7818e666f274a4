"""Files of `cnncli predict --to`: what a task writes of each example, in a folder."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cnncli import task_registry
from cnncli.errors import Place, Problem, UsageError

if TYPE_CHECKING:
    from cnncli.data.image_geometry import Geometry
    from cnncli.inference.batch import Batch
    from cnncli.runs.output_files import OutputFolder
    from cnncli.tasks.decoder import Decoder, Original, PredictionFiles

_MODULE = "prediction_files"


class FolderOfPredictions:
    """A folder that gets the files of each batch.

    Args:
        folder: checked already; it is made with the first file.
        files: of the task.

    Attributes:
        written: the files.
    """

    def __init__(self, folder: OutputFolder, files: PredictionFiles) -> None:
        self._folder, self._files = folder, files
        self._stems: Counter[str] = Counter()  # with a count of each, also of those without a file of their own
        self.written: list[Path] = []

    def add(self, batch: Batch, geometries: Sequence[Geometry], outputs: Any) -> None:
        """Write the files of a batch.

        Raises:
            OutputError: a file cannot be written, or is there already.
        """
        originals = [
            self._original(batch, row, geometries[row] if geometries else None) for row in range(len(batch.names))
        ]
        for name, content in self._files.of(originals, outputs):
            self._write(name, content)

    def end(self) -> None:
        """Write the files of all batches together; none where there was no example."""
        for name, content in self._files.end() if self._stems else ():
            self._write(name, content)

    def _write(self, name: str, content: bytes) -> None:
        self._folder.make()
        self._folder.file(name).write(content)
        self.written.append(self._folder.path / name)

    def _original(self, batch: Batch, row: int, geometry: Geometry | None) -> Original:
        from cnncli.interpretability.original_examples import original_of

        stem = stem_of(batch.names[row].file, batch.names[row].index)
        self._stems[stem] += 1
        if (count := self._stems[stem]) > 1:
            stem = f"{stem}--{count}"
        return original_of(batch, row, geometry, stem=stem)


def stem_of(file: str, index: int | None) -> str:
    """`photo` of photos/photo.jpg, `digits-00017` of the example 17 of digits.npz."""
    stem = os.path.splitext(os.path.basename(os.path.normpath(file)).removesuffix(".gz"))[0] or "example"
    return stem if index is None else f"{stem}-{index:05}"


def folder_of_predictions(folder: OutputFolder, decoder: Decoder) -> FolderOfPredictions:
    """What gets the files of a prediction.

    Raises:
        UsageError: the task writes no files.
    """
    task = decoder.targets.task
    if not task_registry.has(task, _MODULE):
        message = f"predictions of {decoder.targets.PLURAL} are not written as files"
        raise UsageError(Problem(message, "--csv writes them to a table, --json prints them", Place("--to")))
    made: PredictionFiles = task_registry.part(task, _MODULE).FILES(decoder)
    return FolderOfPredictions(folder, made)
