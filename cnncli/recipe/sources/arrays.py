"""The settings of sources that are arrays: NumPy archives and IDX files."""

from __future__ import annotations

from typing import ClassVar

from pydantic import Field

from cnncli.recipe.sources.base import Located


class Npz(Located):
    """A NumPy archive with `x_train`, `y_train` and optionally `x_val`, `y_val`, `x_test`, `y_test`; or with `x`, `y`."""

    MODULE: ClassVar[str] = "npz_archive"
    TARGETS: ClassVar[tuple[str, ...]] = ("classes", "multilabel", "numbers")
    HAS_SEVERAL_INPUTS: ClassVar[bool] = True

    @property
    def described(self) -> str:
        return "a NumPy archive"


class Idx(Located):
    """A folder with the four files of MNIST, `train-images-idx3-ubyte` and so on, gzipped or not."""

    MODULE: ClassVar[str] = "idx_folder"
    TARGETS: ClassVar[tuple[str, ...]] = ("classes", "numbers")
    ARE_PIXELS: ClassVar[bool] = True

    path: str = Field(min_length=1, description="the folder, relative to the working directory")

    @property
    def described(self) -> str:
        return "a folder of IDX files"
