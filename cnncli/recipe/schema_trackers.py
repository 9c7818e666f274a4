"""The section `track` of a recipe: the experiment trackers that get the values of a run."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import BeforeValidator, ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError

from cnncli.recipe.schema_fields import Duration, Section, one_or_its_key

_Text = Annotated[str, Field(min_length=1)]
TIMEOUT = 60.0  # seconds
_TIMEOUT = f"longest wait for it at the end of the run; default: {TIMEOUT:g} s"
_MODEL = "send model.keras, too"


class TensorBoard(Section):
    """Event files for TensorBoard."""

    folder: _Text | None = Field(
        None,
        description="folder of the event files, with a folder for each run; default: tensorboard/ in the run's folder",
    )


class Mlflow(Section):
    """A run in MLflow; needs `pip install "cnncli[mlflow]"`."""

    uri: _Text | None = Field(
        None, description="a server or a database; default: MLFLOW_TRACKING_URI, or mlflow.db beside the runs"
    )
    experiment: _Text | None = Field(None, description="default: MLFLOW_EXPERIMENT_NAME, or the name of the recipe")
    model: bool = Field(True, description=_MODEL)
    timeout: Duration | None = Field(None, description=_TIMEOUT)


class Wandb(Section):
    """A run in Weights & Biases; needs `pip install "cnncli[wandb]"`."""

    project: _Text | None = Field(None, description="default: WANDB_PROJECT, or the name of the recipe")
    entity: _Text | None = Field(None, description="a user or a team; default: WANDB_ENTITY")
    mode: Literal["online", "offline"] | None = Field(
        None, description="offline: write files for `wandb sync`; default: WANDB_MODE, or online"
    )
    model: bool = Field(True, description=_MODEL)
    timeout: Duration | None = Field(None, description=_TIMEOUT)


class Tracker(Section):
    """One item of `track`: exactly one of these, by its name or with its settings."""

    model_config = ConfigDict(json_schema_extra=one_or_its_key)

    tensorboard: TensorBoard | None = None
    mlflow: Mlflow | None = None
    wandb: Wandb | None = None

    @model_validator(mode="after")
    def _one(self) -> Tracker:
        if sum(getattr(self, name) is not None for name in NAMES) != 1:
            raise PydanticCustomError("one_tracker", "one tracker an item: {names}", {"names": ", ".join(NAMES)})
        return self

    @property
    def name(self) -> str:
        """Which tracker it is, as the recipe calls it."""
        return next(name for name in NAMES if getattr(self, name) is not None)

    @property
    def settings(self) -> TensorBoard | Mlflow | Wandb:
        """The settings of the one that is given."""
        found: TensorBoard | Mlflow | Wandb = getattr(self, self.name)
        return found


NAMES = tuple(Tracker.model_fields)
if TYPE_CHECKING:
    _Name = str
else:
    _Name = Literal[NAMES]


def tracker(name: str, **settings: Any) -> Tracker:
    """A tracker with its settings; those that are None are left out."""
    return Tracker.model_validate({name: {key: value for key, value in settings.items() if value is not None}})


def _read_item(value: Any) -> Any:
    if isinstance(value, str):
        return {value: {}}
    if isinstance(value, dict):
        return {key: {} if item is None else item for key, item in value.items()}
    return value


def _read_list(value: Any) -> Any:
    """A single name is a list of one."""
    return [value] if isinstance(value, str) else value


_Item = Annotated[Tracker, BeforeValidator(_read_item)]
Trackers = Annotated[list[_Item], BeforeValidator(_read_list, json_schema_input_type=list[Tracker] | _Name)]
