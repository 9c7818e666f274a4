"""The settings of data sets that another library finds: Hugging Face Datasets, TensorFlow Datasets."""

from __future__ import annotations

from typing import ClassVar

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from cnncli.recipe.sources.shards import FoundColumns
from cnncli.recipe.sources.table import Columns

_SPLIT = "name of the split with the {} examples; default: the one that is called so, if there is one"


class HuggingFace(FoundColumns):
    """A data set of the library `datasets`, by its name on the Hugging Face Hub or in a local folder."""

    MODULE: ClassVar[str] = "huggingface"
    NOUN: ClassVar[str] = "Hugging Face data set"

    path: str = Field("", description="a local folder: of `save_to_disk`, or with files that `load_dataset` reads")
    name: str | None = Field(None, min_length=1, description="name on the Hub, `ylecun/mnist`")
    config: str | None = Field(None, min_length=1, description="configuration of the data set, if it has several")
    revision: str | None = Field(None, min_length=1, description="commit or tag of the data set; default: the newest")
    train: str | None = Field(None, min_length=1, description=_SPLIT.format("training"))
    validation: str | None = Field(None, min_length=1, description=_SPLIT.format("validation"))
    test: str | None = Field(None, min_length=1, description=_SPLIT.format("test"))
    image: str | None = Field(None, min_length=1, description="column of images; default: the one that there is")
    text: str | None = Field(None, min_length=1, description="column of texts")
    numbers: Columns = Field(None, description="column of arrays, or columns of numbers")
    label: Columns = Field(None, description="column of labels; default: the only one with class names, or `label`")

    @model_validator(mode="after")
    def _path_or_name(self) -> HuggingFace:
        if bool(self.path) == (self.name is not None):
            raise PydanticCustomError(
                "path_or_name", "one of `path`, a local folder, and `name`, on the Hub, is needed"
            )
        return self

    @property
    def described(self) -> str:
        return f"a {self.NOUN}"

    @property
    def shown(self) -> str:
        return self.path or self.name or ""

    @property
    def hub_data_set(self) -> str | None:
        return self.name

    def paths(self) -> dict[str, str]:
        return {"path": self.path} if self.path else {}


class Tfds(FoundColumns):
    """A data set of the library `tensorflow-datasets` by its name."""

    MODULE: ClassVar[str] = "tfds"
    NOUN: ClassVar[str] = "TensorFlow data set"

    path: str = Field("", description="the folder of prepared data sets; default: ~/tensorflow_datasets")
    name: str = Field(min_length=1, description="`mnist`, `cats_vs_dogs:4.0.1`, or with a configuration `name/config`")
    train: str | None = Field(None, min_length=1, description=_SPLIT.format("training"))
    validation: str | None = Field(None, min_length=1, description=_SPLIT.format("validation"))
    test: str | None = Field(None, min_length=1, description=_SPLIT.format("test"))
    image: str | None = Field(None, min_length=1, description="feature of images; default: the one that there is")
    text: str | None = Field(None, min_length=1, description="feature of texts")
    numbers: Columns = Field(None, description="feature of arrays, or features of numbers")
    label: Columns = Field(None, description="feature of labels; default: `label`")

    @property
    def described(self) -> str:
        return f"a {self.NOUN}"

    @property
    def shown(self) -> str:
        return self.name

    def paths(self) -> dict[str, str]:
        return {"path": self.path} if self.path else {}
