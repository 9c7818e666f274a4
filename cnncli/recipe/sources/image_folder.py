"""The settings of a folder of images."""

from __future__ import annotations

from typing import ClassVar

from pydantic import Field

from cnncli.recipe.sources.base import ImageSettings, Located


class ImageFolder(ImageSettings, Located):
    """A folder with one folder of images for each class, or `train/`, `val/` or `validation/`, and `test/` with class folders."""

    MODULE: ClassVar[str] = "image_folder"
    ARE_PIXELS: ClassVar[bool] = True
    HAS_COLUMNS: ClassVar[bool] = False
    HAS_FILES: ClassVar[bool] = True
    RECOGNIZED: ClassVar[str] = "a folder with a folder of images for each class"

    path: str = Field(min_length=1, description="the folder, relative to the working directory")

    @property
    def described(self) -> str:
        return "a folder of images"
