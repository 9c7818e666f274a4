"""What every source of data provides, and what it is asked for."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, TypeVar

from cnncli.data.dataset import InputShape
from cnncli.data.images import Form
from cnncli.data.shapes import Shape
from cnncli.data.sources.loaded_data import LoadedData, Progress
from cnncli.data.targets import TargetInfo, targets_of
from cnncli.errors import DataError
from cnncli.recipe.schema_data import Data
from cnncli.recipe.sources.base import SourceSettings

AnyShape = Shape | Mapping[str, Shape]  # of one example; of several inputs by name

_Settings = TypeVar("_Settings", bound=SourceSettings)


@dataclass(frozen=True, slots=True)
class Request:
    """What training asks a source for: all parts that it brings.

    Attributes:
        data: the recipe's section.
        input_shape: `model.input`, where the recipe says it.
        progress: called with what is being done, how much of it is done, how much there is.
    """

    data: Data
    input_shape: InputShape | None = None
    progress: Progress | None = None

    @property
    def targets(self) -> type[TargetInfo]:
        """What the labels are."""
        return targets_of(self.data.targets)

    def check_targets(self, targets: TargetInfo) -> None:
        """Raise DataError where the recipe says of the targets what is not so."""
        if problems := targets.check_settings(self.data):
            raise DataError(problems)


@dataclass(frozen=True, slots=True)
class ModelRequest:
    """What a trained model asks a source for: its test part, or all of it where it has none.

    Attributes:
        input_shape: of one example, as the model takes it; of several inputs by name.
        targets: the model's. Classes with names are matched by name, labels in arrays by number.
        form: what image files become; None: the size and colours that the model takes, stretched.
        progress: as in `Request`.
        data: of the model's recipe; None where that is not known.
    """

    input_shape: AnyShape
    targets: TargetInfo
    form: Form | None = None
    progress: Progress | None = None
    data: Data | None = None


class Source(ABC, Generic[_Settings]):
    """A source of data; the module that `SourceSettings.MODULE` names has one, `SOURCE`."""

    @abstractmethod
    def read(self, settings: _Settings, request: Request) -> LoadedData:
        """Read the data of a recipe.

        Raises:
            DataError: it is missing or broken, or does not fit the recipe; with every problem found.
            NetworkError: a download is needed and not possible.
            ResourceError: it does not fit into memory.
        """

    @abstractmethod
    def read_for_model(self, settings: _Settings, request: ModelRequest) -> LoadedData:
        """Read other data for a trained model.

        Raises:
            DataError, NetworkError, ResourceError: as `read`; also for classes that the model does not know.
        """

    def looks_like(self, path: Path) -> bool:
        """Whether an existing file or folder is such data, where the command line names it alone."""
        return False

    def settings_at(self, path: str) -> dict[str, str]:
        """The settings for a file or folder of which `looks_like` is true."""
        return {"path": path}
