"""The memory that training may take: of the GPU where its driver says it, else of the machine."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from cnncli import runs
from cnncli.network import budget
from cnncli.network.checks import Checked
from cnncli.recipe.layers import path_of
from cnncli.training import devices
from cnncli.workflow.problem_places import placed_in

_UNKNOWN = 1 << 62


@dataclass(frozen=True)
class Available:
    """Memory to train in.

    Attributes:
        bytes: how much.
        whose: what has it, as messages call it.
        parts: into which a batch is divided; one of them has to fit.
    """

    bytes: int
    whose: str
    parts: int = 1

    def check(self, checked: Checked) -> None:
        """Refuse a network that cannot fit; nothing is allocated.

        Raises:
            ResourceError: with the largest layers, at the place in the recipe.
        """
        recipe = checked.loaded.recipe
        largest = checked.budget.largest[0][0] if checked.budget.largest else ""
        where = path_of(recipe.model.layers, largest)
        with placed_in(checked.loaded):
            batch_size, what = recipe.train.batch_size, self.whose
            budget.check(
                checked.budget, batch_size=batch_size, available=self.bytes, device=what, path=where, parts=self.parts
            )


def available_memory(
    device: devices.Device | None = None,
    environment: Mapping[str, Any] | None = None,
    *,
    replicas: int = 1,
    machines: int = 1,
) -> Available:
    """Find the memory of a device; None: of this machine.

    Args:
        replicas: of the network, one for each GPU.
        machines: that train together.
    """
    environment = runs.environment() if environment is None else environment
    if device and device.kind == "gpu":
        sizes = [
            gpu["memory_bytes"] for gpu in environment["gpus"] if gpu["name"] == device.name and gpu["memory_bytes"]
        ]
        if sizes:
            return Available(min(sizes), device.name, replicas)
    return Available(environment.get("memory_bytes") or _UNKNOWN, "this machine", machines)
