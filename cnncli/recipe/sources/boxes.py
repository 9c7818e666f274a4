"""The settings of sources of images with boxes: YOLO, COCO and Pascal VOC."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from pydantic import Field

from cnncli.recipe.sources.base import ImageSettings, Located, SourceSettings

OUTLINES_PACKAGE = "faster_coco_eval"  # decodes the outlines of COCO


class BoxSettings(ImageSettings):
    """The settings of a source whose labels are boxes in images."""

    TARGETS: ClassVar[tuple[str, ...]] = ("boxes",)
    ARE_PIXELS: ClassVar[bool] = True
    HAS_COLUMNS: ClassVar[bool] = False
    HAS_FILES: ClassVar[bool] = True


class Yolo(BoxSettings, Located):
    """Images and label files as YOLO has them: `data.yaml` names the images of each part and the classes."""

    MODULE: ClassVar[str] = "yolo"
    PLACEHOLDER: ClassVar[str] = "YOUR_FOLDER/data.yaml"
    RECOGNIZED: ClassVar[str] = "a data.yaml of YOLO, or its folder"

    path: str = Field(min_length=1, description="`data.yaml` or its folder, relative to the working directory")

    @property
    def described(self) -> str:
        return "a YOLO data set"

    def of_other_data(self, trained: SourceSettings | None) -> SourceSettings:
        return trained.model_copy(update={"path": self.path}) if isinstance(trained, Yolo) else self


class Voc(BoxSettings, Located):
    """A Pascal VOC folder: `JPEGImages` and `Annotations`, or `images` and `annotations`; difficult objects are ignored."""

    MODULE: ClassVar[str] = "voc"
    RECOGNIZED: ClassVar[str] = "a folder with `Annotations` and `JPEGImages`"

    path: str = Field(min_length=1, description="the folder, relative to the working directory")

    @property
    def described(self) -> str:
        return "a Pascal VOC folder"

    def of_other_data(self, trained: SourceSettings | None) -> SourceSettings:
        return trained.model_copy(update={"path": self.path}) if isinstance(trained, Voc) else self


class Coco(BoxSettings):
    """Images and annotations as COCO has them: a JSON file with the boxes of all images of a folder; crowds are ignored.

    `targets: masks` draws masks of the outlines; class 0 is the background.
    """

    MODULE: ClassVar[str] = "coco"
    TARGETS: ClassVar[tuple[str, ...]] = ("boxes", "masks")
    RECOGNIZED: ClassVar[str] = "a JSON file of COCO annotations near its images, or its folder"

    images: str = Field(min_length=1, description="the folder of the images, relative to the working directory")
    annotations: str = Field(min_length=1, description="the JSON file with their boxes or outlines")
    validation_images: str | None = Field(None, min_length=1, description="images to validate; default: `images`")
    validation_annotations: str | None = Field(None, min_length=1, description="the JSON file of the validation part")
    test_images: str | None = Field(None, min_length=1, description="images to test; default: `images`")
    test_annotations: str | None = Field(None, min_length=1, description="the JSON file of the test part")

    @property
    def described(self) -> str:
        return "a COCO data set"

    def of_other_data(self, trained: SourceSettings | None) -> SourceSettings:
        if not isinstance(trained, Coco):
            return self
        parts = {key: getattr(self, key) for key in Coco.model_fields if key.endswith(("images", "annotations"))}
        return trained.model_copy(update=parts)

    def paths(self) -> dict[str, str]:
        keys = (
            "images",
            "annotations",
            "validation_images",
            "validation_annotations",
            "test_images",
            "test_annotations",
        )
        return {key: value for key in keys if (value := getattr(self, key))}

    def parts(self) -> Iterator[tuple[str, str, str]]:
        """Each part that there is, its file of annotations and its folder of images."""
        yield "train", self.annotations, self.images
        if self.validation_annotations:
            yield "validation", self.validation_annotations, self.validation_images or self.images
        if self.test_annotations:
            yield "test", self.test_annotations, self.test_images or self.images
