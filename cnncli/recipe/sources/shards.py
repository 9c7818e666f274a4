"""The settings of shards: TFRecord files, and tar archives of samples."""

from __future__ import annotations

from typing import ClassVar

from pydantic import Field

from cnncli.recipe.sources.base import ImageKeys
from cnncli.recipe.sources.table import Columns, TableSettings

_PATH = "a file, a folder of shards, or a glob such as `shards/train-*.{}`; `{{000..009}}` counts"


class FoundColumns(TableSettings):
    """Rows whose columns the data itself names: what the settings leave out is found there."""

    FINDS_COLUMNS: ClassVar[bool] = True

    @property
    def of_images(self) -> ImageKeys | None:
        """What the image files become; None where the input is said to be something else."""
        return self if not self.given or self.image is not None else None

    @property
    def image_keys(self) -> ImageKeys | None:
        """The same, where the settings tell that they are images."""
        are_set = any(getattr(self, key) != field.default for key, field in ImageKeys.model_fields.items())
        return self.of_images if self.given or are_set else None


class TfRecord(FoundColumns):
    """TFRecord files of `tf.train.Example` messages; default: the image in each, with the label `image/class/label`."""

    MODULE: ClassVar[str] = "tfrecord"
    NOUN: ClassVar[str] = "TFRecord files"
    RECOGNIZED: ClassVar[str] = "a .tfrecord file, or a folder of them"

    path: str = Field(min_length=1, description=_PATH.format("tfrecord"))
    validation: str | None = Field(None, min_length=1, description="shards with the validation examples")
    test: str | None = Field(None, min_length=1, description="shards with the test examples")
    image: str | None = Field(None, min_length=1, description="feature: encoded image files")
    text: str | None = Field(None, min_length=1, description="feature: sentences")
    numbers: Columns = Field(None, description="feature of numbers; or the features of single numbers, as for a table")
    label: Columns = Field(None, description="feature of the labels: class numbers, class names, or numbers")

    @property
    def described(self) -> str:
        return "a set of TFRecord files"


class WebDataset(FoundColumns):
    """Tar archives in which `cats/1.jpg` and `cats/1.cls` are one sample; default: the image, with the label `cls`."""

    MODULE: ClassVar[str] = "webdataset"
    NOUN: ClassVar[str] = "tar archives"
    RECOGNIZED: ClassVar[str] = "a .tar archive of samples, or a folder of them"

    path: str = Field(min_length=1, description=_PATH.format("tar"))
    validation: str | None = Field(None, min_length=1, description="archives with the validation examples")
    test: str | None = Field(None, min_length=1, description="archives with the test examples")
    image: str | None = Field(None, min_length=1, description="ending of image files; `jpg;png` is either")
    text: str | None = Field(None, min_length=1, description="ending of text files, or `json:field`")
    numbers: Columns = Field(None, description="ending of files of one number, or `json:field`; a list of them")
    label: Columns = Field(
        None, description="ending of the label's file, `cls`; `json:label` is a field of a JSON file"
    )

    @property
    def described(self) -> str:
        return "a set of tar archives"
