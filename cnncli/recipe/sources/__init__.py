"""The settings of each source of data, and what rules need to know of it.

`schema.Source` has a field for each word; `data.sources` has the module that reads it, which `MODULE` names.
"""

from __future__ import annotations

from typing import Any

from cnncli.recipe.sources.arrays import Cifar, Idx, Npz
from cnncli.recipe.sources.base import SourceSettings
from cnncli.recipe.sources.boxes import Coco, Voc, Yolo
from cnncli.recipe.sources.builtin import BUILTIN_TARGETS, Builtin
from cnncli.recipe.sources.hubs import HuggingFace, Tfds
from cnncli.recipe.sources.image_folder import ImageFolder
from cnncli.recipe.sources.mask_folder import MaskFolder
from cnncli.recipe.sources.shards import TfRecord, WebDataset
from cnncli.recipe.sources.table import Table
from cnncli.recipe.sources.text_folder import TextFolder
from cnncli.recipe.sources.volumes import VolumeFolder

DEFAULT_TARGETS = "classes"

SOURCES: dict[str, type[SourceSettings]] = {
    "builtin": Builtin,
    "image_folder": ImageFolder,
    "mask_folder": MaskFolder,
    "text_folder": TextFolder,
    "volume_folder": VolumeFolder,
    "yolo": Yolo,
    "coco": Coco,
    "voc": Voc,
    "npz": Npz,
    "idx": Idx,
    "cifar": Cifar,
    "tfds": Tfds,
    "huggingface": HuggingFace,
    "webdataset": WebDataset,
    "tfrecord": TfRecord,
    "parquet": Table,
    "tsv": Table,
    "csv": Table,
}
"""The settings of a source by its word in a recipe. The last that recognizes a file or folder takes it."""


def usual_targets(source: Any) -> str:
    """The word of `data.targets` that a source, as a recipe writes it, means where the recipe names none."""
    if isinstance(source, str):
        return BUILTIN_TARGETS.get(source, DEFAULT_TARGETS)
    word = next(iter(source), None) if isinstance(source, dict) else None
    if word == "builtin":
        return usual_targets(source[word])
    return SOURCES[word].TARGETS[0] if isinstance(word, str) and word in SOURCES else DEFAULT_TARGETS


def that_bring(targets: str) -> list[str]:
    """The words of the sources whose labels can be these targets."""
    return [word for word, settings in SOURCES.items() if targets in settings.TARGETS]
