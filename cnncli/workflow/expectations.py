"""Check what a recipe expects of a finished run, and whether it counts on the data used."""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from cnncli.data.dataset import Splits
from cnncli.errors import CnncliError, Problem
from cnncli.recipe.load import LoadedRecipe, load_bytes
from cnncli.recipe.schema import Expect
from cnncli.recipe.yaml.nodes import Path

_COMPARISONS: dict[str, Callable[[float, float], bool]] = {
    ">=": operator.ge,
    "<=": operator.le,
    "==": operator.eq,
    ">": operator.gt,
    "<": operator.lt,
}
# Of the recipe's `data`: what decides which examples there are.
_EXAMPLES = ("source", "targets", "split", "classes", "limit", "on_bad_image")


@dataclass(frozen=True)
class Expectation:
    """One expectation of a recipe, and what came.

    Attributes:
        name: of the metric, or `minutes`.
        comparison: as the recipe has it, such as `>= 0.97`.
        value: what was measured; None where nothing was.
        met: whether the comparison holds.
        enforced: whether the run fails where it does not hold.
        why: why it is not enforced; empty where it is.
        path: where it stands in the recipe.
    """

    name: str
    comparison: str
    value: float | None
    met: bool
    enforced: bool
    why: str
    path: Path

    def __str__(self) -> str:
        if self.name == "minutes":
            got = f"expected {self.comparison.removeprefix('<= ')} minutes at most, took {self.value:.1f}"
        else:
            shown = "not measured" if self.value is None else _shown(self.value, self.comparison)
            got = f"expected {self.name} {self.comparison}, got {shown}"
        return got if self.enforced or self.met else f"{got}; not enforced: {self.why}"

    def as_json(self) -> dict[str, Any]:
        """Return the form of run.json and of `train --json`."""
        found = asdict(self)
        del found["path"]
        return {**found, "text": str(self)}


def expectations(
    expect: Expect, measured: Mapping[str, Any], seconds: float, *, not_enforced: str = ""
) -> list[Expectation]:
    """Compare `expect.metrics` and `expect.max_minutes` with what came.

    Args:
        measured: the numbers of the best epoch, and those of the evaluation with `test_`.
        seconds: that the run took.
        not_enforced: why the expectations do not count here; empty where they do.
    """
    found = []
    enforced = not not_enforced
    for name, comparison in expect.metrics.items():
        sign = comparison.strip()[:2].strip("0123456789.- ")
        wanted = float(comparison.strip().lstrip("<>= "))
        got = measured.get(name)
        met = got is not None and _COMPARISONS[sign](
            float(np.float32(got)), float(np.float32(wanted))
        )  # what Keras computes in
        path: Path = ("expect", "metrics", name)
        found.append(Expectation(name, comparison.strip(), got, met, enforced, not_enforced, path))
    if expect.max_minutes is not None:
        met = seconds <= expect.max_minutes * 60
        comparison, path = f"<= {expect.max_minutes:g}", ("expect", "max_minutes")
        found.append(Expectation("minutes", comparison, seconds / 60, met, enforced, not_enforced, path))
    return found


def _shown(value: float, comparison: str) -> str:
    """A value with four decimals, or with as many as tell it from the wanted one."""
    wanted = float(comparison.lstrip("<>= "))
    texts = (f"{value:.{digits}f}" for digits in range(4, 10))
    return next((text for text in texts if float(text) != wanted), f"{value:.4f}")


def broken(found: Sequence[Expectation]) -> list[Problem]:
    """Those that are enforced and not met."""
    return [Problem(str(each), path=each.path) for each in found if each.enforced and not each.met]


def changed_data(loaded: LoadedRecipe) -> list[str]:
    """Name the keys of `data` that `--set` changed and that decide which examples there are, such as `data.limit`."""
    if not loaded.settings:
        return []
    try:
        written = load_bytes(loaded.content, loaded.file, (), bounds=loaded.bounds).recipe.data
    except CnncliError:  # the recipe is not complete without the settings
        keys = [setting.partition("=")[0].split(".") for setting in loaded.settings]
        return [f"data.{key[1]}" for key in keys if key[0] == "data" and key[1:2] and key[1] in _EXAMPLES]
    return [f"data.{key}" for key in _EXAMPLES if getattr(written, key) != getattr(loaded.recipe.data, key)]


def why_not_enforced(splits: Splits, changed: Sequence[str]) -> str:
    """Say why the recipe's expectations do not count on this data; empty where it is the data that the recipe names.

    Args:
        changed: see `changed_data`.
    """
    if stands_in(splits):
        return "the recipe's data was not available, and mnist-sample was used"
    if changed:
        return f"{', '.join(changed)} {'is' if len(changed) == 1 else 'are'} not the recipe's"
    return ""


def stands_in(splits: Splits) -> bool:
    """Whether the packaged sample was used in place of data that could not be downloaded."""
    return any(note.path == ("data", "offline") for note in splits.notes)
