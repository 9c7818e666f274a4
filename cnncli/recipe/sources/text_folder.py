"""The settings of a folder of texts."""

from __future__ import annotations

from typing import ClassVar

from pydantic import Field

from cnncli.recipe.sources.base import Located


class TextFolder(Located):
    """A folder with one folder of .txt files for each class, or `train/`, `val/` and `test/` with class folders; UTF-8."""

    MODULE: ClassVar[str] = "text_folder"
    HAS_COLUMNS: ClassVar[bool] = False
    HAS_FILES: ClassVar[bool] = True
    RECOGNIZED: ClassVar[str] = "a folder with a folder of .txt files for each class"

    path: str = Field(min_length=1, description="the folder, relative to the working directory")

    @property
    def described(self) -> str:
        return "a folder of texts"

    def example_shape(self) -> tuple[int, ...] | None:
        return ()
