"""Check a recipe for several replicas: what Keras cannot combine with them, and whether batches can be divided."""

from __future__ import annotations

from collections.abc import Iterator

from cnncli.data.dataset import Splits
from cnncli.data.windowed_examples import in_windows
from cnncli.errors import DataError, Problem, RecipeError
from cnncli.messages import counted
from cnncli.recipe.phases import phases_of
from cnncli.recipe.schema import Recipe


def check_replicas(recipe: Recipe, count: int) -> None:
    """Refuse a recipe that several replicas cannot train.

    Raises:
        RecipeError: for all that is wrong, each at its line.
    """
    if problems := list(obstacles(recipe, count)):
        raise RecipeError(problems)


def usable_devices(recipe: Recipe, found: int, processes: int = 1) -> int:
    """How many of the GPUs of this machine can train a recipe that does not say how many.

    Args:
        found: GPUs that this process may use.
        processes: that train together, with as many GPUs each.
    """
    fitting = (count for count in range(found, 1, -1) if not any(obstacles(recipe, count * processes)))
    return next(fitting, 1)


def obstacles(recipe: Recipe, count: int) -> Iterator[Problem]:
    """What does not go with several replicas.

    Args:
        recipe: `batch_size` is that of all replicas together.
        count: of replicas, over all processes.
    """
    if count == 1:
        return
    train, several = recipe.train, f"with {count} replicas of the network"
    if rest := train.batch_size % count:
        smaller = train.batch_size - rest
        nearest = " or ".join(f"{size:,}" for size in (smaller, smaller + count) if size)
        message = f"a batch of {counted(train.batch_size, 'example')} cannot be divided into {count} equal parts"
        yield Problem(message, f"write {nearest}, or use fewer devices or workers", path=("train", "batch_size"))
    if (train.steps_per_execution or 1) > 1:
        message = f"steps_per_execution does not go {several}: Keras fails"
        yield Problem(message, "leave it out", path=("train", "steps_per_execution"))
    written = [phase.optimizer for phase in train.phases] or [train.optimizer]
    for phase, own in zip(phases_of(recipe), written, strict=True):
        if phase.optimizer.args.get("gradient_accumulation_steps"):
            place = phase.path if own is not None else ("train",)
            path = (*place, "optimizer", phase.optimizer.name, "gradient_accumulation_steps")
            hint = "leave it out: several replicas make a larger batch_size possible"
            yield Problem(f"gradient accumulation does not go {several}: Keras fails", hint, path=path)


def check_split_sizes(splits: Splits, count: int) -> None:
    """Refuse splits that have not one example for each replica.

    Raises:
        DataError: for all splits that are too small.
    """
    parts = {"training": splits.train, "validation": splits.validation}
    sizes = {name: len(in_windows(examples, splits.windows)) for name, examples in parts.items()}
    problems = [
        Problem(
            f"the {name} split has {counted(size, 'example')}, and the network {count} replicas",
            "use fewer devices or workers",
            path=("data",),
        )
        for name, size in sizes.items()
        if size < count
    ]
    if problems:
        raise DataError(problems)
