"""The settings of a folder of images."""

from __future__ import annotations

from typing import ClassVar

from pydantic import Field

from cnncli.recipe.sources.base import ImageSettings, Located, SourceSettings
from cnncli.recipe.sources.table import Columns


class ImageFolder(ImageSettings, Located):
    """A folder with one folder of images for each class, or `train/`, `val/` or `validation/`, and `test/` with class folders."""

    MODULE: ClassVar[str] = "image_folder"
    ARE_PIXELS: ClassVar[bool] = True
    HAS_COLUMNS: ClassVar[bool] = False
    HAS_FILES: ClassVar[bool] = True
    RECOGNIZED: ClassVar[str] = "a folder with a folder of images for each class"

    TARGETS: ClassVar[tuple[str, ...]] = ("classes", "multilabel", "identities")

    path: str = Field(min_length=1, description="the folder, relative to the working directory")
    label: Columns = Field(
        None,
        description="column of the labels in `metadata.csv`, or a pattern with the class in brackets for the names of files, "
        "such as `^([a-z]+)_`; default: the class is the folder of an image, or `label`",
    )
    separator: str | None = Field(
        None,
        min_length=1,
        description="for `targets: multilabel`: what stands between two labels in one cell of `label`",
    )

    def brings(self, targets: str) -> bool:
        return (self.label is not None and self.pattern is None) or super().brings(targets)

    @property
    def pattern(self) -> str | None:
        """The pattern that finds the class in the name of a file; None where `label` is none."""
        return self.label if isinstance(self.label, str) and "(" in self.label else None

    def of_other_data(self, trained: SourceSettings | None) -> SourceSettings:
        if not isinstance(trained, ImageFolder):
            return self
        return trained.model_copy(update={"path": self.path})

    @property
    def described(self) -> str:
        return "a folder of images"
