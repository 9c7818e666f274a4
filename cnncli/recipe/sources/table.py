"""The settings of tables: CSV, TSV and Parquet files, and their columns."""

from __future__ import annotations

import re
from typing import Annotated, Any, ClassVar, Literal

from pydantic import BeforeValidator, Field, SerializerFunctionWrapHandler, model_serializer
from pydantic_core import PydanticCustomError

from cnncli.recipe.schema_fields import Count, Section, Word, is_word
from cnncli.recipe.sources.base import ImageKeys, Located, SourceSettings


def _read_columns(value: Any) -> Any:
    """Names of columns; a number is one, too."""
    names = [str(name) if type(name) is int else name for name in (value if isinstance(value, list) else [value])]
    if value is None:
        return value
    if not names or not all(isinstance(name, str) and name for name in names):
        raise PydanticCustomError("columns", "expected the name of a column, a glob, a range, or a list of them")
    return names if isinstance(value, list) else names[0]


def _read_label_values(value: Any) -> Any:
    if value is None or (isinstance(value, dict) and value and all(map(is_word, value.values()))):
        return value
    raise PydanticCustomError("label_values", 'expected words of the labels and what each means, `{"-1": 0}`')


LabelValues = Annotated[Any, BeforeValidator(_read_label_values, json_schema_input_type=dict[str, Word] | None)]
Encoding = Literal["utf-8", "windows-1252", "latin-1", "utf-16"]
_Name = Annotated[str, Field(min_length=1)]
_Names = _Name | Annotated[list[_Name], Field(min_length=1)]
Columns = Annotated[Any, BeforeValidator(_read_columns, json_schema_input_type=_Names | None)]

INPUT_COLUMNS = ("image", "text", "numbers", "volume")
"""The keys that say what an input is made of; each input has one of them."""


class InputColumns(ImageKeys):
    """The columns of a table that are an input."""

    image: str | None = Field(None, min_length=1, description="column of a table: names of image files")
    text: Columns = Field(
        None, description="column of a table: sentences; the columns of a list are joined, `[title, text]`"
    )
    numbers: Columns = Field(
        None,
        description="columns of a table: a name, a list, a glob such as `t*` in natural order, or a range `t0:t186`; or one "
        "column with several numbers in each cell",
    )
    volume: str | None = Field(None, min_length=1, description="column of a table: names of .npy files")
    folder: Annotated[Any, BeforeValidator(_read_columns, json_schema_input_type=_Names | None)] = Field(
        None,
        description="folder of the named files, relative to the table; a list or a glob for several",
    )
    shape: Annotated[list[Count], Field(min_length=1, max_length=4)] | None = Field(
        None, description="shape that `numbers` become, for example [187, 1] for a signal; default: a row"
    )

    length: Count | None = Field(
        None,
        description="of signals in `numbers`, or in an array of an archive: shorter ones, whose last cells are empty or NaN, "
        "are padded with 0, longer ones are cut",
    )

    @model_serializer(mode="wrap")
    def _without_image_keys(self, handler: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """Written out, an input without image files has no keys of images."""
        data: dict[str, Any] = handler(self)
        return (
            data if self.of_images else {key: value for key, value in data.items() if key not in ImageKeys.model_fields}
        )

    @property
    def given(self) -> list[str]:
        """Those of `INPUT_COLUMNS` that are there."""
        return [key for key in INPUT_COLUMNS if getattr(self, key) is not None]

    @property
    def of_images(self) -> ImageKeys | None:
        """What the image files become; None where the input is none."""
        return self if self.image is not None else None

    def input_shape(self) -> tuple[int, ...] | None:
        """The shape of one example, where the keys alone tell it."""
        if self.image is not None:
            return self.image_shape()
        if self.text is not None:
            return ()
        if self.length is not None:
            return self.length, self.channels
        return tuple(self.shape) if self.shape else None

    @property
    def channels(self) -> int:
        """Of signals with a `length`."""
        return self.shape[-1] if self.shape else 1


class TextFormat(Section):
    """How the text of a CSV or TSV file is read."""

    header: bool = Field(True, description="false: the first line is an example, columns are c0, c1, c2, …")
    encoding: Encoding = Field("utf-8", description="of the file")
    decimal: Literal[".", ","] = Field(".", description="the decimal sign of numbers")
    quotes: bool = Field(True, description="false: a quote is a character as any other")
    delimiter: Annotated[str, Field(pattern=r"^(.|\t|whitespace)$")] | None = Field(
        None,
        description="between two columns: a character, or `whitespace` for any number of spaces and tabs; default: found",
    )


def text_format(settings: Any) -> TextFormat | None:
    """How settings say that a table of text is read; None where they are of something else."""
    return settings if isinstance(settings, TextFormat) else None


class TableSettings(InputColumns, Located):
    """The settings of rows with columns."""

    MODULE: ClassVar[str] = "table"
    NOUN: ClassVar[str] = "table"  # in messages
    FINDS_COLUMNS: ClassVar[bool] = False  # columns that the settings leave out are found in the data
    PLACEHOLDER: ClassVar[str] = "YOUR_FILE.csv"
    RECOGNIZED: ClassVar[str] = "a table: .csv, .tsv or .parquet"
    TARGETS: ClassVar[tuple[str, ...]] = ("classes", "multilabel", "numbers", "identities")
    HAS_SEVERAL_INPUTS: ClassVar[bool] = True

    path: str = Field(min_length=1, description="the file; paths in it are relative to its folder")
    validation: str | None = Field(None, min_length=1, description="a file with the validation examples")
    test: str | None = Field(None, min_length=1, description="a file with the test examples")
    label: Columns = Field(
        None,
        description="column of the labels; several columns of 0 and 1 for `targets: multilabel` or one-hot classes, or of "
        "numbers",
    )
    separator: str | None = Field(
        None, min_length=1, description="for `targets: multilabel`: what stands between two labels in one cell"
    )
    label_values: LabelValues = Field(
        None,
        description='what cells of the labels mean: `{"-1": 0, "": 0}` takes uncertain and empty cells for 0, '
        '`{"1": world, "2": sports}` names classes',
    )
    weight: str | None = Field(None, min_length=1, description="column: weight of each example in the loss")
    group: str | None = Field(None, min_length=1, description="column of groups; the same as `split.group`")

    @property
    def described(self) -> str:
        return f"a {self.NOUN}"

    @property
    def shown(self) -> str:
        """Which data it is, for people."""
        return self.path

    @property
    def image_keys(self) -> ImageKeys | None:
        return self.of_images

    @property
    def text_columns(self) -> list[str]:
        return [self.text] if isinstance(self.text, str) else list(self.text or [])

    def signal_length(self) -> int | None:
        return self.length

    def example_shape(self) -> tuple[int, ...] | None:
        return self.input_shape()

    def paths(self) -> dict[str, str]:
        every = {"path": self.path, "validation": self.validation, "test": self.test}
        return {key: path for key, path in every.items() if path is not None}

    def of_other_data(self, trained: SourceSettings | None) -> SourceSettings:
        if not isinstance(trained, TableSettings) or type(trained) is not type(self):
            return self
        return trained.model_copy(update={"path": self.path, "validation": None, "test": None})


class Table(TextFormat, TableSettings):
    """A table; the ending of the file says how it is read."""


def is_range(columns: str | list[str]) -> bool:
    """Whether a key can be a range of columns, `first:last`; a column can also have such a name."""
    return isinstance(columns, str) and ":" in columns


def is_several(columns: str | list[str]) -> bool:
    """Whether a key names several columns: a list or a glob."""
    names = [columns] if isinstance(columns, str) else columns
    return len(names) > 1 or any(re.search(r"[*?]", name) for name in names)
