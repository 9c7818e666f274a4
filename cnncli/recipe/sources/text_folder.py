"""The settings of a folder of texts."""

from __future__ import annotations

from typing import ClassVar

from pydantic import Field

from cnncli.recipe.sources.base import Located, SourceSettings
from cnncli.recipe.sources.table import Encoding


class TextFolder(Located):
    """A folder with one folder of .txt files for each class, or with one file of lines for each class.

    Both may lie in `train/`, `val/` and `test/`.
    """

    MODULE: ClassVar[str] = "text_folder"
    HAS_COLUMNS: ClassVar[bool] = False
    HAS_FILES: ClassVar[bool] = True
    RECOGNIZED: ClassVar[str] = "a folder with a folder of .txt files for each class"

    path: str = Field(min_length=1, description="the folder, relative to the working directory")
    lines: bool = Field(
        False, description="true: a file for each class, with a text in each line, such as `pos.txt` and `neg.txt`"
    )
    encoding: Encoding = Field("utf-8", description="of files with a text in each line")

    def of_other_data(self, trained: SourceSettings | None) -> SourceSettings:
        return trained.model_copy(update={"path": self.path}) if isinstance(trained, TextFolder) else self

    @property
    def described(self) -> str:
        return "a folder of texts"

    def example_shape(self) -> tuple[int, ...] | None:
        return ()
