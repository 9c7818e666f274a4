"""The settings of a folder of volumes: NIfTI, DICOM and NumPy files."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar

from pydantic import Field

from cnncli.recipe.schema_fields import Count, Range
from cnncli.recipe.sources.base import Located, SourceSettings
from cnncli.recipe.sources.mask_folder import MOST_CLASSES

_Name = Annotated[str, Field(min_length=1)]
_Spacing = Annotated[float, Field(gt=0, le=1000)]


class VolumeFolder(Located):
    """A folder of volumes, NIfTI, DICOM or .npy: a folder for each class, or masks with the names of the volumes beside them."""

    MODULE: ClassVar[str] = "volume_folder"
    TARGETS: ClassVar[tuple[str, ...]] = ("classes", "masks")
    HAS_FILES: ClassVar[bool] = True
    RECOGNIZED: ClassVar[str] = "a folder of NIfTI or DICOM volumes"

    path: str = Field(min_length=1, description="the folder, relative to the working directory")
    masks: str | None = Field(
        None, min_length=1, description="the folder of the masks; default: labels/ or masks/ beside images/ in `path`"
    )
    classes: Annotated[list[_Name], Field(min_length=2, max_length=MOST_CLASSES)] | None = Field(
        None, description="names of the numbers that masks hold, from 0: `[background, liver]`; default: the numbers"
    )
    shape: Annotated[list[Count], Field(min_length=3, max_length=3)] | None = Field(
        None, description="[depth, height, width] of all volumes, cut or filled up; default: that of `model.input`"
    )
    spacing: Annotated[list[_Spacing], Field(min_length=3, max_length=3)] | None = Field(
        None,
        description="[depth, height, width] of a voxel in millimetres, to which volumes are resampled; default: none",
    )
    window: Range = Field(
        None,
        description="[low, high]: values that become 0 and 255, such as [-160, 240] Hounsfield units; default: none",
    )

    @property
    def described(self) -> str:
        return "a folder of volumes"

    @property
    def are_pixels(self) -> bool:
        return self.window is not None

    def paths(self) -> dict[str, str]:
        return {"path": self.path, **({"masks": self.masks} if self.masks else {})}

    def class_count(self) -> int | None:
        return len(self.classes) if self.classes else None

    def example_shape(self) -> tuple[int, ...] | None:
        return (*self.shape, 1) if self.shape else None

    def of_other_data(self, trained: SourceSettings | None) -> SourceSettings:
        if not isinstance(trained, VolumeFolder):
            return self
        kept: Mapping[str, Any] = {"shape": trained.shape, "spacing": trained.spacing, "window": trained.window}
        return self.model_copy(update={name: value for name, value in kept.items() if getattr(self, name) is None})
