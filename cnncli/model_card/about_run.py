"""What the sections of a model card read of a run: its targets, kind of input, task's part, text without private paths."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from types import ModuleType
from typing import Any

from cnncli import task_registry
from cnncli.data.load import as_used
from cnncli.data.targets import TargetInfo, read_targets
from cnncli.errors import OutputError
from cnncli.inputs import InputKind, kind_of
from cnncli.model_card.public_text import without_paths
from cnncli.recipe.keras_objects.objects import KerasObject, as_data
from cnncli.recipe.named_inputs import by_name
from cnncli.recipe.outputs import outputs_of
from cnncli.recipe.schema import Recipe
from cnncli.recipe.schema_data import Data
from cnncli.report import Material, values
from cnncli.tasks.result import Result

_LARGEST_PIXEL = 255
_PLACE = re.compile(r"^\S+\.ya?ml(:\d+){0,2}: ")


@dataclass(frozen=True)
class AboutRun:
    """A finished run.

    Attributes:
        material: what its folder has.
        recipe: with everything filled in.
        targets: of the training.
    """

    material: Material
    recipe: Recipe
    targets: TargetInfo

    @classmethod
    def of(cls, material: Material) -> AboutRun:
        """Check that a card can be written of a run.

        Raises:
            OutputError: it is not finished, or its recipe or record cannot be read.
        """
        path = material.run.summary.path
        if material.status == "broken":
            raise OutputError(f"{path} cannot be read: {material.run.problem}", hint=_TRAIN)
        if material.status != "completed":
            hint = f"finish it with: cnncli train --resume {path}" if material.status == "interrupted" else _TRAIN
            message = f"{path} is not finished (its status is {material.status}): there is no model to describe"
            raise OutputError(message, hint=hint)
        if material.recipe is None:
            raise OutputError(f"{path}: its resolved.yaml is missing or cannot be read", hint=_TRAIN)
        try:
            targets = read_targets(material.record.data.model_dump())
        except ValueError as error:
            message = f"{path}: its record does not say what the network was trained for"
            raise OutputError(message, hint=_TRAIN) from error
        return cls(material, material.recipe, targets)

    @property
    def result(self) -> Result | None:
        """The evaluation; None where it is missing or cannot be read."""
        return self.material.evaluation

    @property
    def part(self) -> ModuleType:
        """The module of the task that knows its cards."""
        return task_registry.part(self.targets.task, "card")

    @cached_property
    def data(self) -> Data:
        """The data that was used, also where a stand-in took the place of the recipe's."""
        return as_used(self.recipe.data, self.material.record_json)

    @cached_property
    def shapes(self) -> dict[str, tuple[int, ...]]:
        """The shape of an example, by input."""
        return {name: tuple(shape) for name, shape in by_name(self.material.record.input_shape or []).items()}

    @property
    def is_one_input(self) -> bool:
        return not isinstance(self.material.record.input_shape, dict)

    @cached_property
    def kinds(self) -> dict[str, InputKind]:
        """The kind of each input."""
        return {name: kind_of(shape) for name, shape in self.shapes.items()}

    @property
    def inputs_text(self) -> str:
        """`images of 28×28×1`, `texts`; of several inputs all of them."""
        found = [_examples(kind, self.shapes[name]) for name, kind in self.kinds.items()]
        return found[0] if len(found) == 1 else f"examples of {len(found):,} inputs ({', '.join(found)})"

    @property
    def material_targets(self) -> tuple[str, list[str]]:
        """The targets of the training, a word and the lines behind it, as the report has them."""
        found: tuple[str, list[str]] = task_registry.part(self.targets.task, "report").targets_fact(self.targets)
        return found

    @property
    def losses(self) -> list[KerasObject]:
        """Those of all outputs."""
        return [output.loss for output in outputs_of(self.recipe) if output.loss]

    @property
    def input_range(self) -> tuple[float, float] | None:
        """The smallest and the largest value of the training examples of the only input, where they are known."""
        found = (self.material.record.data.model_extra or {}).get("input_range") if self.is_one_input else None
        low, high = (found.get(name) if isinstance(found, dict) else None for name in ("low", "high"))
        return (low, high) if isinstance(low, int | float) and isinstance(high, int | float) else None

    @property
    def takes_image_files(self) -> bool:
        """Whether image files become examples: the only input is images, and its values in training were those of pixels."""
        if not self.is_one_input or self.recipe.data.windows is not None:
            return False
        [(name, shape)] = self.shapes.items()
        if not self.kinds[name].FROM_IMAGE_FILES or not self.kinds[name].is_gray_or_colour(shape):
            return False
        if self.data.source.settings.are_pixels:
            return True
        found = (self.material.record.data.model_extra or {}).get("input_range")
        span = self.input_range
        is_whole = isinstance(found, dict) and found.get("is_whole") is True
        return is_whole and span is not None and span[0] >= 0 and 1 < span[1] <= _LARGEST_PIXEL

    @property
    def counts(self) -> dict[str, list[int]]:
        """How many examples a split has; where each has one class, of each class."""
        return self.material.record.data.counts

    @cached_property
    def paths(self) -> tuple[str, ...]:
        """The files and folders of its data."""
        sources = (self.recipe.data.source, self.data.source)
        return tuple({path for source in sources for path in source.settings.paths().values()})

    def public(self, text: str) -> str:
        """A text of the record without private paths."""
        return without_paths(text, self.paths)

    def note(self, text: str) -> str:
        """The first line of a note, without the place in a file that it begins with."""
        first = text.strip().splitlines()[0] if text.strip() else ""
        return self.public(_PLACE.sub("", first))


def pretrained(recipe: Recipe) -> list[str]:
    """The parts of a network that begin with trained weights: `VGG16 (imagenet)`."""
    found: list[str] = []
    _find_weights([as_data(layer) for layer in recipe.model.layers], found)
    return list(dict.fromkeys(found))


def _find_weights(value: Any, found: list[str]) -> None:
    if isinstance(value, list):
        for item in value:
            _find_weights(item, found)
    elif isinstance(value, dict):
        for name, arguments in value.items():
            if isinstance(arguments, dict) and isinstance(arguments.get("weights"), str):
                found.append(f"{name} ({without_paths(arguments['weights'])})")
            _find_weights(arguments, found)


def _examples(kind: InputKind, shape: Sequence[int]) -> str:
    if not shape or not kind.has_places:
        return kind.PLURAL.format(*shape)
    return f"{kind.PLURAL} of {values.shape(shape)}"


_TRAIN = "cnncli runs --status completed lists the runs that have a card"
