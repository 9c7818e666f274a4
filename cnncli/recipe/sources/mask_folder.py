"""The settings of a folder of images with a folder of masks."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Annotated, Any, ClassVar

from pydantic import BeforeValidator, Field
from pydantic_core import PydanticCustomError

from cnncli.recipe.sources.base import ImageSettings, SourceSettings

MOST_CLASSES = 255
_LARGEST = 65535  # a number in a mask: of 16 bits
_HEX = re.compile(r"#[0-9a-fA-F]{6}")
_EXPECTED = 'expected an integer from 0 to 65535, [red, green, blue], or "#8040ff" in quotes'

Value = int | list[int]  # what a pixel of a class holds: a number, or red, green and blue


def _read_value(value: Any) -> Value:
    if type(value) is int and 0 <= value <= _LARGEST:
        return value
    if isinstance(value, str) and _HEX.fullmatch(value):
        return [int(value[place : place + 2], 16) for place in (1, 3, 5)]
    if isinstance(value, list) and len(value) == 3 and all(type(each) is int and 0 <= each <= 255 for each in value):
        return value
    raise PydanticCustomError("mask_value", _EXPECTED)


def _read_ignore(value: Any) -> Value | None:
    return None if value is None else _read_value(value)


def _read_classes(value: Any) -> list[str] | dict[str, Value] | None:
    if value is None:
        return None
    if not isinstance(value, list | dict) or not all(isinstance(name, str) and name for name in value):
        told = "expected a list of names for the numbers from 0, or a mapping of names to numbers or to colors"
        raise PydanticCustomError("mask_classes", told)
    if not 2 <= len(value) <= MOST_CLASSES:
        told = "expected 2 to {most} classes, the background is one"
        raise PydanticCustomError("mask_class_count", told, {"most": MOST_CLASSES})
    if len(set(value)) < len(value):
        raise PydanticCustomError("mask_class_names", "expected each name once")
    if isinstance(value, list):
        return value
    values = {name: _read_value(each) for name, each in value.items()}
    if len({isinstance(each, list) for each in values.values()}) > 1:
        raise PydanticCustomError("mask_class_kinds", "expected numbers alone, or colors alone")
    if len(set(map(str, values.values()))) < len(values):
        raise PydanticCustomError("mask_class_values", "expected another number or color for each class")
    return values


_Byte = Annotated[int, Field(ge=0, le=255)]
_Color = Annotated[list[_Byte], Field(min_length=3, max_length=3)] | Annotated[str, Field(pattern=f"^{_HEX.pattern}$")]
_AnyValue = Annotated[int, Field(ge=0, le=_LARGEST)] | _Color
Classes = Annotated[Any, BeforeValidator(_read_classes, json_schema_input_type=list[str] | dict[str, _AnyValue] | None)]
Ignore = Annotated[Any, BeforeValidator(_read_ignore, json_schema_input_type=_AnyValue | None)]
Folder = Annotated[str, Field(min_length=1)]


class MaskFolder(ImageSettings):
    """Images and their masks in two folders; a mask has the name of its image, and a pixel of it the number of its class."""

    MODULE: ClassVar[str] = "mask_folder"
    TARGETS: ClassVar[tuple[str, ...]] = ("masks",)
    ARE_PIXELS: ClassVar[bool] = True
    HAS_COLUMNS: ClassVar[bool] = False
    HAS_FILES: ClassVar[bool] = True
    RECOGNIZED: ClassVar[str] = "a folder with a folder `images` and a folder `masks`"

    images: Folder = Field(
        description="the folder of the images, relative to the working directory; `train`, `val` and `test` in it are parts"
    )
    masks: Folder = Field(
        description="the folder of their masks: PNG and other image files, in the same folders as the images"
    )
    validation_images: Folder | None = Field(None, description="the folder of the validation images")
    validation_masks: Folder | None = Field(None, description="the folder of their masks")
    test_images: Folder | None = Field(None, description="the folder of the test images")
    test_masks: Folder | None = Field(None, description="the folder of their masks")
    classes: Classes = Field(
        None,
        description="names of the numbers from 0, `[ground, liver]`, or names with their numbers, `{ground: 0, liver: 255}`, or "
        'with their colors, `{road: [128, 64, 128], car: "#00008e"}`; default: the numbers that the masks hold',
    )
    ignore: Ignore = Field(
        None, description="number or color of pixels that count neither in the loss nor in the scores"
    )

    @property
    def described(self) -> str:
        return "a folder of masks"

    def class_count(self) -> int | None:
        return len(self.classes) if self.classes else None

    def class_values(self) -> dict[str, Value] | None:
        """What the pixels of each class hold, by name, in the order of the classes: numbers ascend, colors stand as written."""
        if self.classes is None:
            return None
        if isinstance(self.classes, list):
            return {name: number for number, name in enumerate(self.classes)}
        values: dict[str, Value] = self.classes
        numbers = {name: value for name, value in values.items() if isinstance(value, int)}
        return {**dict(sorted(numbers.items(), key=lambda item: item[1])), **values}

    def paths(self) -> dict[str, str]:
        keys = (f"{part}{kind}" for part in ("", "validation_", "test_") for kind in ("images", "masks"))
        return {key: value for key in keys if (value := getattr(self, key))}

    def parts(self) -> Iterator[tuple[str, str, str]]:
        """Each part that has folders of its own, with its images and its masks; the first may have further parts in it."""
        yield "train", self.images, self.masks
        if self.validation_images and self.validation_masks:
            yield "validation", self.validation_images, self.validation_masks
        if self.test_images and self.test_masks:
            yield "test", self.test_images, self.test_masks

    def of_other_data(self, trained: SourceSettings | None) -> SourceSettings:
        if not isinstance(trained, MaskFolder):
            return self
        return trained.model_copy(
            update={name: getattr(self, name) for name in type(self).model_fields if name.endswith(("images", "masks"))}
        )
