"""The kinds of targets that a recipe can name in `data.targets`: rules and defaults of each."""

from __future__ import annotations

import importlib
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Protocol, cast

if TYPE_CHECKING:
    from cnncli.recipe.keras_objects.objects import KerasObject
    from cnncli.recipe.rules import Rules

# The word of `data.targets` -> the task, which names the module here and the package in `cnncli.tasks`.
TASKS = {
    "classes": "classification",
    "multilabel": "multilabel",
    "numbers": "regression",
    "masks": "segmentation",
    "identities": "identities",
    "input": "reconstruction",
    "boxes": "detection",
}
DESCRIPTION = (
    "what the network learns to give: one class for each example, any number of labels (0 and 1), quantities such as an age, "
    "masks with a class for each pixel, boxes around objects, identities, such as people, of which others come later, or the "
    "input itself, as before `augment`"
)
WITHOUT_LABELS = ("input",)  # words whose targets are made of the inputs: labels are not read


class TargetRules(Protocol):
    """What each module of this package has.

    Attributes:
        RULES: what is wrong with a recipe that has such targets.
        NO_CLASSES: why `$classes` is not known, and what to write; empty where there are classes.
        STRATIFY: whether a split keeps shares of the targets, where the recipe does not say.
        METRICS: where the recipe names none; None where they depend on the rest of the recipe: the module has a function
            `default_metrics(recipe)` then.
        HEAD: the last layer of a new recipe; `{outputs}` stands for the number of quantities.
        TRAINING: lines of the section `train` of a new recipe.

    A module may also have `IN_PYTHON`, see `in_python`, `BALANCE`, the default of `data.balance`, `SCORES`, see `scores_of`,
    `WINDOWS`, see `takes_windows`, and `NETWORK`, see `network_of`.
    """

    RULES: Rules
    NO_CLASSES: str
    STRATIFY: bool
    METRICS: tuple[Any, ...] | None
    HEAD: str
    TRAINING: tuple[str, ...]

    def default_loss(self, layers: Sequence[KerasObject]) -> KerasObject | None:
        """The loss after these layers where the recipe names none; None where none follows."""


def default_metrics(word: str, recipe: Any) -> list[KerasObject] | None:
    """The metrics of a recipe that names none, where they depend on the rest of it; None: they are `METRICS`."""
    found = getattr(of(word), "default_metrics", None)
    return None if found is None else list(found(recipe))


def of(word: str) -> TargetRules:
    """The rules and defaults of a word of `data.targets`."""
    return cast(TargetRules, importlib.import_module(f"{__name__}.{TASKS[word]}"))


def takes_windows(word: str) -> bool:
    """Whether `data.windows` may cut examples into windows, whose outputs can be joined: `WINDOWS` of the module."""
    return bool(getattr(of(word), "WINDOWS", False))


def scores_of(word: str) -> tuple[str, ...]:
    """What an evaluation measures besides the metrics, such as `psnr`, for `expect`: `SCORES` of the module, if it has any."""
    found: tuple[str, ...] = getattr(of(word), "SCORES", ())
    return found


def balance_of(word: str) -> Any:
    """The default of `data.balance`: `BALANCE` of the module, if it has one; else None."""
    return getattr(of(word), "BALANCE", None)


def in_python(word: str) -> bool:
    """Whether `to-python` writes a training with these targets: not where a part of it is none of Keras (`IN_PYTHON`)."""
    return bool(getattr(of(word), "IN_PYTHON", True))


def network_of(word: str) -> str:
    """The network of a new recipe: `classifier`, a row of numbers for each example, or the module's `NETWORK`: `u_net`."""
    return str(getattr(of(word), "NETWORK", "classifier"))
