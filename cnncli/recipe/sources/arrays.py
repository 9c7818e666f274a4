"""The settings of sources that are arrays: NumPy archives and IDX files."""

from __future__ import annotations

from collections.abc import Collection
from typing import ClassVar, Literal

from pydantic import Field

from cnncli.recipe.schema_fields import Count
from cnncli.recipe.sources.base import Located, SourceSettings

# How four numbers say where a box is, by Keras' words: corners, or a corner or the centre with the width and the height, in
# pixels from 0, or with `rel_` in shares of the image.
BoxFormat = Literal["xyxy", "yxyx", "xywh", "center_xywh", "rel_xyxy", "rel_yxyx", "rel_xywh", "rel_center_xywh"]
_KERAS_NAMES, _MEDMNIST_NAMES = ("x_{}", "y_{}"), ("{}_images", "{}_labels")


def array_names(names: Collection[str]) -> tuple[str, str]:
    """How an archive names the inputs and the labels of a part: `x_train` and `y_train`, or as MedMNIST does.

    Example:
        >>> array_names(["train_images", "train_labels"])
        ('{}_images', '{}_labels')
    """
    parts = ("train", "val", "test")
    has_theirs, has_ours = (
        any(name.format(part) in names for name in pair for part in parts) for pair in (_MEDMNIST_NAMES, _KERAS_NAMES)
    )
    return _MEDMNIST_NAMES if has_theirs and not has_ours else _KERAS_NAMES


class Npz(Located):
    """A NumPy archive with `x_train`, `y_train` and optionally `x_val`, …, `y_test`; with `x`, `y`; or with MedMNIST's names."""

    MODULE: ClassVar[str] = "npz_archive"
    PLACEHOLDER: ClassVar[str] = "YOUR_FILE.npz"
    RECOGNIZED: ClassVar[str] = "an .npz file"
    TARGETS: ClassVar[tuple[str, ...]] = ("classes", "multilabel", "numbers", "identities", "masks", "boxes")
    HAS_SEVERAL_INPUTS: ClassVar[bool] = True
    KEYS_OF_INPUTS: ClassVar[tuple[str, ...]] = ("length",)

    weight: str | None = Field(
        None,
        min_length=1,
        description="an array with the weight of each example in the loss: `w` beside x, `w_train` beside x_train",
    )
    length: Count | None = Field(
        None,
        description="of signals: shorter ones, which NaN fills up in the file, are padded with 0, longer ones are cut",
    )
    box_format: BoxFormat = Field(
        "xyxy",
        description="of `targets: boxes`: what the four numbers of a box are, in pixels, or with `rel_` in shares of the image",
    )

    @property
    def described(self) -> str:
        return "a NumPy archive"

    def signal_length(self) -> int | None:
        return self.length

    def of_other_data(self, trained: SourceSettings | None) -> SourceSettings:
        update: dict[str, object] = {"length": trained.signal_length()} if trained else {}
        if isinstance(trained, Npz):
            update["box_format"] = trained.box_format
        return self.model_copy(update=update)


class Idx(Located):
    """A folder with the four files of MNIST, `train-images-idx3-ubyte` and so on, gzipped or not."""

    MODULE: ClassVar[str] = "idx_folder"
    RECOGNIZED: ClassVar[str] = "a folder with MNIST's four files"
    TARGETS: ClassVar[tuple[str, ...]] = ("classes", "numbers")
    ARE_PIXELS: ClassVar[bool] = True
    HAS_COLUMNS: ClassVar[bool] = False

    path: str = Field(min_length=1, description="the folder, relative to the working directory")

    @property
    def described(self) -> str:
        return "a folder of IDX files"


class Cifar(Located):
    """A folder with the files of CIFAR-10 or CIFAR-100, as the archive unpacks, in the Python version or the binary version."""

    MODULE: ClassVar[str] = "cifar"
    RECOGNIZED: ClassVar[str] = "a folder with CIFAR's files"
    ARE_PIXELS: ClassVar[bool] = True

    path: str = Field(min_length=1, description="the folder, relative to the working directory")

    @property
    def described(self) -> str:
        return "a folder of CIFAR's files"

    def example_shape(self) -> tuple[int, ...] | None:
        return 32, 32, 3
