"""The source `tfds`: data sets of TensorFlow Datasets, whose prepared files are TFRecord shards."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from cnncli.data.sources.loaded_data import PARTS
from cnncli.data.sources.shards import ShardSource
from cnncli.data.sources.table import Wanted
from cnncli.data.sources.tfrecord import KIND
from cnncli.errors import DataError, NetworkError, Problem
from cnncli.messages import listed, printable, shortened
from cnncli.recipe.sources.hubs import Tfds

_INSTALL = 'pip install "cnncli[tfds]"'


class _Tfds(ShardSource):
    def settled(self, wanted: Wanted) -> Wanted:
        settings = wanted.settings
        assert isinstance(settings, Tfds)
        builder = _prepared(settings, wanted)
        info = builder.info
        files: dict[str, list[str]] = {}
        for part in PARTS:
            said = getattr(settings, part)
            name = said or part
            if name in info.splits:
                files[part] = [os.fspath(path) for path in info.splits[name].filepaths]
            elif said:
                hint = f"its splits: {listed(info.splits)}"
                raise DataError(Problem(f"there is no split `{shortened(said)}`", hint, path=(*wanted.path, part)))
        if "train" not in files:
            hint = f"its splits: {listed(info.splits)}; `train: …` names one"
            raise DataError(Problem(f"{printable(settings.name)} has no split `train`", hint, path=wanted.path))
        names = {name: feature.names for name, feature in info.features.items() if getattr(feature, "names", None)}
        return self.with_shards(wanted, files, names=names)

    def looks_like(self, path: Path) -> bool:
        return False


SOURCE = _Tfds(KIND)


def _prepared(settings: Tfds, wanted: Wanted) -> Any:
    """The builder of the data set, downloaded and prepared where that is necessary."""
    try:
        import tensorflow_datasets as tfds
    except ImportError as error:
        message = "`tfds` needs the package tensorflow-datasets"
        raise DataError(Problem(message, f"install it: {_INSTALL}", path=wanted.path)) from error
    tfds.disable_progress_bar()
    path = (*wanted.path, "name") if wanted.path else ()
    try:
        builder = tfds.builder(settings.name, data_dir=settings.path or None, try_gcs=False)
    except Exception as error:  # the library raises about anything on names that it does not know
        said = printable(shortened(" ".join(str(error).split()), 200))
        raise DataError(
            Problem(f"{printable(settings.name)} is no data set of TensorFlow Datasets", said, path=path)
        ) from error
    if not builder.is_prepared():
        try:
            builder.download_and_prepare(file_format="tfrecord")
        except Exception as error:
            said = printable(shortened(" ".join(str(error).split()), 200))
            message = f"{printable(settings.name)} is not prepared in {printable(str(builder.data_dir))} and cannot be downloaded"
            raise NetworkError(Problem(message, said, path=path)) from error
    if builder.info.file_format.value != "tfrecord":
        message = f"{printable(settings.name)} is stored as {builder.info.file_format.value}"
        raise DataError(Problem(message, "prepare it with `download_and_prepare(file_format='tfrecord')`", path=path))
    return builder
