"""The data sets that have a name."""

from __future__ import annotations

from typing import ClassVar, Literal, get_args

from cnncli.recipe.sources.base import SourceSettings

BuiltinDataSet = Literal[
    "mnist",
    "fashion_mnist",
    "cifar10",
    "cifar100",
    "mnist-sample",
    "sentences-sample",
    "faces-sample",
    "shapes-sample",
    "scenes-sample",
]
BUILTIN_DATA_SETS: tuple[str, ...] = get_args(BuiltinDataSet)
# Of those that do not have classes.
BUILTIN_TARGETS = {"faces-sample": "identities", "shapes-sample": "masks", "scenes-sample": "boxes"}
BUILTIN_CLASSES = {
    **dict.fromkeys(("mnist", "mnist-sample", "fashion_mnist", "cifar10"), 10),
    "cifar100": 100,
    "sentences-sample": 3,
    "shapes-sample": 3,
    "scenes-sample": 3,
}
BUILTIN_SHAPES: dict[str, tuple[int, ...]] = {
    **dict.fromkeys(("mnist", "mnist-sample", "fashion_mnist"), (28, 28, 1)),
    **dict.fromkeys(("cifar10", "cifar100"), (32, 32, 3)),
    "sentences-sample": (),  # texts
    "shapes-sample": (64, 64, 3),
    "faces-sample": (48, 48, 1),
    "scenes-sample": (64, 64, 3),
}
# The same data on the Hugging Face Hub.
HUB_DATA_SETS = {
    "mnist": "ylecun/mnist",
    "fashion_mnist": "zalando-datasets/fashion_mnist",
    "cifar10": "uoft-cs/cifar10",
    "cifar100": "uoft-cs/cifar100",
}


class Builtin(SourceSettings):
    """A data set by name."""

    MODULE: ClassVar[str] = "builtin"
    RECOGNIZED: ClassVar[str] = f"a built-in data set: {', '.join(BUILTIN_DATA_SETS)}"
    ARE_PIXELS: ClassVar[bool] = True
    HAS_COLUMNS: ClassVar[bool] = False

    name: BuiltinDataSet

    def brings(self, targets: str) -> bool:
        return targets == self.usual_targets

    @property
    def usual_targets(self) -> str:
        return BUILTIN_TARGETS.get(self.name, self.TARGETS[0])

    @property
    def described(self) -> str:
        return self.name

    @property
    def are_pixels(self) -> bool:
        return self.example_shape() != ()

    def example_shape(self) -> tuple[int, ...] | None:
        return BUILTIN_SHAPES[self.name]

    @property
    def hub_data_set(self) -> str | None:
        return HUB_DATA_SETS.get(self.name)

    def class_count(self) -> int | None:
        return BUILTIN_CLASSES.get(self.name)
