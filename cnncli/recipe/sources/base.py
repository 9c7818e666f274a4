"""What the settings of every source have."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Literal

from pydantic import Field

from cnncli.recipe.schema_fields import Background, Depth, Range, Section, Size


class SourceSettings(Section):
    """The settings of a source. Nothing outside asks which source it is: what rules need to know is here.

    Attributes:
        MODULE: the module in `data.sources` that reads it.
        TARGETS: the words of `data.targets` that its labels can be; the first where a recipe names none.
        HAS_SEVERAL_INPUTS: whether `data.inputs` may name several inputs.
        KEYS_OF_INPUTS: keys of each of several inputs that mean something here, of a source without columns.
        ARE_PIXELS: whether its values are pixels, whatever the settings say.
        PLACEHOLDER: for a path in an example of a command.
        RECOGNIZED: what is recognized as this source on the command line; empty where a path alone does not tell it.
        HAS_COLUMNS: whether it has columns or arrays that `data.split.group` and `data.split.column` may name.
        HAS_FILES: whether `data.split.group` may be a pattern for the names of its files.
    """

    MODULE: ClassVar[str]
    PLACEHOLDER: ClassVar[str] = "YOUR_FOLDER"
    RECOGNIZED: ClassVar[str] = ""
    TARGETS: ClassVar[tuple[str, ...]] = ("classes",)
    HAS_SEVERAL_INPUTS: ClassVar[bool] = False
    KEYS_OF_INPUTS: ClassVar[tuple[str, ...]] = ()
    ARE_PIXELS: ClassVar[bool] = False
    HAS_COLUMNS: ClassVar[bool] = True
    HAS_FILES: ClassVar[bool] = False

    @property
    def described(self) -> str:
        """In messages, after which it `has` classes: `a folder of images`."""
        raise NotImplementedError

    def paths(self) -> dict[str, str]:
        """The files and folders that it names, by the key that names them."""
        return {}

    def example_shape(self) -> tuple[int, ...] | None:
        """The shape of one example, where the settings alone tell it."""
        return None

    def class_count(self) -> int | None:
        """The number of classes, where the settings alone tell it."""
        return None

    @property
    def image_keys(self) -> ImageKeys | None:
        """What its image files become; None where it has none."""
        return None

    @property
    def are_pixels(self) -> bool:
        """Whether its values are pixels, from 0 to 255."""
        return self.ARE_PIXELS or self.image_keys is not None

    @property
    def usual_targets(self) -> str:
        """The word of `data.targets` where a recipe names none."""
        return self.TARGETS[0]

    def brings(self, targets: str) -> bool:
        """Whether its labels can be these: a word of `data.targets`."""
        return targets in self.TARGETS

    @property
    def hub_data_set(self) -> str | None:
        """The identifier of this data set on the Hugging Face Hub, where it has one."""
        return None

    def of_other_data(self, trained: SourceSettings | None) -> SourceSettings:
        """These settings, of which the command line gave the path alone, with what those of the training say besides.

        Args:
            trained: of the model's recipe; None where it is not known.
        """
        return self

    def signal_length(self) -> int | None:
        """To which length signals are padded or cut; None where they have one length."""
        return None

    @property
    def text_columns(self) -> list[str]:
        """The columns of a table that hold the texts."""
        return []

    def settled(self, found: Mapping[str, Any]) -> SourceSettings:
        """These settings with the values that reading the data decided."""
        return self.model_copy(update={name: value for name, value in found.items() if name in type(self).model_fields})


class Located(SourceSettings):
    """The settings of a source that lies in one file or folder."""

    path: str = Field(min_length=1, description="the file, relative to the working directory")

    def paths(self) -> dict[str, str]:
        return {"path": self.path}


class ImageKeys(Section):
    """What image files become: the keys that every source of image files has, and every input of image files."""

    image_size: Size | None = Field(None, description="[height, width] of all images; default: that of `model.input`")
    resize: Literal["pad", "crop", "stretch", "keep"] = Field(
        "stretch",
        description="how images with another shape are resized: pad adds black borders, crop cuts the centre, stretch "
        "distorts, keep resizes nothing: smaller images get borders, of larger ones the centre is taken",
    )
    color: Literal["rgb", "grayscale"] | None = Field(None, description="default: as in `model.input`, else rgb")
    exif: Literal["apply", "ignore"] = Field("apply", description="rotate photos by their EXIF data")
    background: Background = Field(
        "auto",
        description="color behind transparent images: black, white or [r, g, b]; auto: white if most drawings are dark",
    )
    depth: Depth = Field(
        "auto",
        description="bits of gray levels; auto: 16, as floats from 0 to 255, if an image has more than 8",
    )
    range: Range = Field(
        None, description="[low, high]: gray values that become 0 and 255, for example [0, 4095] for 12 bits"
    )

    def image_shape(self) -> tuple[int, ...] | None:
        """(height, width, channels), where the keys alone tell it."""
        return (*self.image_size, 1 if self.color == "grayscale" else 3) if self.image_size else None


class ImageSettings(ImageKeys, SourceSettings):
    """The settings of a source whose examples are image files."""

    @property
    def image_keys(self) -> ImageKeys | None:
        return self

    def example_shape(self) -> tuple[int, ...] | None:
        return self.image_shape()
