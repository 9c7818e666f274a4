"""Profile a run: where its time went."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from cnncli.data.pipeline import Batches
from cnncli.training.fit import Fitted

_STARVED = 0.7  # of a step's time: when the input alone takes as much, the device waits for it
_MOST_STEPS, _MOST_SECONDS = 200, 5.0

# What each part is, for people; those of `fit` are indented.
TITLES = {
    "import": "starting up",
    "data": "reading the data",
    "build": "building and checking the network",
    "fit": "training",
    "frozen_part": "  the frozen part, once",
    "first_step": "  first step of each phase (Keras traces the network)",
    "steps": "  all other steps",
    "validation": "  validation",
    "between": "  between epochs: history, best weights, the view",
    "saving": "  compiling, saving the model",
    "evaluate": "evaluating",
    "figures": "drawing",
    "total": "all",
}


@dataclass(frozen=True)
class Profile:
    """Where a run's time went.

    Attributes:
        seconds: by part, in order; `fit` is the sum of those that follow it up to `evaluate`.
        step_ms: of a training step, without the first; None when there was no other.
        input_ms: what the input pipeline alone takes for the examples of a step; None when it was not measured.
    """

    seconds: dict[str, float]
    step_ms: float | None
    input_ms: float | None

    @property
    def is_starved(self) -> bool:
        """Whether the device waits for its examples."""
        return bool(self.step_ms and self.input_ms and self.input_ms > _STARVED * self.step_ms)

    @property
    def hint(self) -> str:
        """What to do, where there is something; else empty."""
        if not self.is_starved:
            return ""
        return (
            f"the input pipeline takes {self.input_ms:.1f} ms a step, of {self.step_ms:.1f} ms in all: the device waits for "
            "its examples. Less `augment`, a larger batch_size, or data that fits into memory may help"
        )

    def as_json(self) -> dict[str, Any]:
        seconds = {name: round(value, 3) for name, value in self.seconds.items()}
        steps = {"step_ms": self.step_ms, "input_ms": self.input_ms}
        return {"seconds": seconds, **{name: value and round(value, 3) for name, value in steps.items()}}


def profile(seconds: Mapping[str, float], fitted: Fitted, train: Batches, *, measure_input: bool) -> Profile:
    """Put together what was timed.

    Args:
        seconds: by stage, with `total`.
        train: the training batches; read once more when `measure_input` says so.
    """
    parts: dict[str, float] = {}
    for name in TITLES:
        if name in fitted.times:
            parts[name] = fitted.times[name]
        elif name == "saving":
            parts[name] = max(seconds["fit"] - sum(fitted.times.values()), 0.0)
        else:
            parts[name] = seconds[name]
    step_ms = 1000 * fitted.times["steps"] / fitted.later_steps if fitted.later_steps else None
    reads_examples = any(not phase.features_after for phase in fitted.phases)
    return Profile(parts, step_ms, _input_ms(train) if measure_input and reads_examples else None)


def _input_ms(train: Batches) -> float | None:
    started, steps = time.monotonic(), 0
    for _ in train.dataset():
        steps += 1
        if steps == 1:
            started = time.monotonic()  # without the start of the pipeline
        if steps > _MOST_STEPS or time.monotonic() - started > _MOST_SECONDS:
            break
    return 1000 * (time.monotonic() - started) / (steps - 1) if steps > 1 else None
