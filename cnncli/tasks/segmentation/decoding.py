"""Decode the outputs of a segmentation network: the share of each class in the predicted mask."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

import keras
import numpy as np
from numpy.typing import NDArray

from cnncli.data.image_geometry import Geometry
from cnncli.data.images import Form
from cnncli.errors import DivergedError
from cnncli.messages import cell, percent, printable, shortened
from cnncli.recipe.outputs import outputs_of
from cnncli.recipe.schema import Recipe
from cnncli.tasks.decoder import Decoder, Tally, script_file
from cnncli.tasks.segmentation.masks import THRESHOLD, masks_of, shares_of

_BEHIND = 4  # classes that a table shows beside the first


@dataclass(frozen=True)
class MaskDecoder(Decoder):
    """Outputs are `probabilities` of the classes of each pixel, or `logits`. A decoded example is the shares of its classes."""

    SCRIPT_DRAWS: ClassVar[bool] = True
    FORMS: ClassVar[tuple[str, ...]] = ("probabilities", "logits")

    @classmethod
    def form_of(cls, recipe: Recipe) -> str:
        loss = outputs_of(recipe)[0].loss
        return "logits" if loss is not None and loss.args.get("from_logits") else "probabilities"

    def activated(self, outputs: Any) -> Any:
        if self.form != "logits":
            return outputs
        return keras.ops.sigmoid(outputs) if self.count == 1 else keras.ops.softmax(outputs)

    def decisions(self, outputs: NDArray[np.float32]) -> NDArray[Any]:
        return masks_of(outputs)

    def decode(
        self, names: Sequence[Any], outputs: NDArray[np.float32], top: int
    ) -> tuple[NDArray[np.int32], NDArray[np.float32]]:
        broken = np.flatnonzero(~np.isfinite(outputs).reshape(len(outputs), -1).all(axis=1))
        if broken.size:
            raise DivergedError(
                f"the network's output for {names[broken[0]]} is no finite number", hint="train it again"
            )
        return _ordered(shares_of(masks_of(outputs), self.targets.count))

    def in_originals(
        self,
        indices: NDArray[np.int32],
        values: NDArray[np.float32],
        geometries: Sequence[Geometry],
        outputs: Any = None,
    ) -> tuple[NDArray[np.int32], NDArray[np.float32]]:
        if outputs is None or not geometries:
            return indices, values
        shares = [
            shares_of(geometry.without_padding(mask)[None], self.targets.count)[0]
            for geometry, mask in zip(geometries, masks_of(outputs), strict=True)
        ]
        return _ordered(np.stack(shares))

    def script(self, outputs: Sequence[str], form: Form | None) -> list[str]:
        threshold = 0 if self.form == "logits" else THRESHOLD
        is_binary = self.count == 1
        largest = (
            f"(values[..., 0] > {threshold}).astype(np.uint8)" if is_binary else "values.argmax(-1).astype(np.uint8)"
        )
        lines = [f"values = outputs[{outputs[0]!r}]", f"mask = {largest}"]
        ending = "png" if form else "npy"
        lines += script_file(f"mask.{ending}")
        lines.append("Image.fromarray(mask).save(found)" if form else "np.save(found, mask)")
        lines.append('shares = np.bincount(mask.ravel(), minlength=len(about["class_names"])) / mask.size')
        lines.append('classes = [f"{name} {share:.1%}" for name, share in zip(about["class_names"], shares) if share]')
        return [*lines, """print(f"{file}: {', '.join(classes)}; {found}")"""]

    @property
    def titles(self) -> tuple[str, str, str]:
        return "largest class", "of pixels", "other classes"

    @property
    def words(self) -> tuple[str, ...]:
        return tuple(map(printable, self.targets.class_names))

    def row(self, indices: Sequence[int], values: Sequence[float]) -> tuple[str, str, str]:
        names = [printable(self.targets.class_names[index]) for index in indices]
        others = [f"{name} {percent(value)}" for name, value in list(zip(names, values, strict=True))[1:] if value]
        return names[0], percent(values[0]), ", ".join(others[:_BEHIND])

    def shares(self, indices: Sequence[int], values: Sequence[float]) -> dict[str, float]:
        pairs = zip(indices, values, strict=True)
        return {printable(self.targets.class_names[index]): value for index, value in pairs if value}

    def item(self, indices: Sequence[int], values: Sequence[float]) -> dict[str, Any]:
        pairs = zip(indices, values, strict=True)
        return {"shares": {self.targets.class_names[index]: value for index, value in pairs}}

    def columns(self, top: int) -> list[str]:
        return list(self.targets.class_names)

    def cells(self, indices: Sequence[int], values: Sequence[float]) -> list[str]:
        return [f"{value:.6g}" for _, value in sorted(zip(indices, values, strict=True))]

    def tally(self) -> Tally:
        return _ShareTally(self.targets.class_names)


def _ordered(shares: NDArray[np.float32]) -> tuple[NDArray[np.int32], NDArray[np.float32]]:
    """Class numbers and shares, the largest first, each (batch, classes)."""
    order = np.argsort(-shares, axis=1, kind="stable")
    return order.astype(np.int32), np.take_along_axis(shares, order, axis=1)


@dataclass
class _ShareTally:
    """The mean share of each class."""

    names: tuple[str, ...]
    sums: dict[int, float] = field(default_factory=dict)
    count: int = 0

    def add(self, indices: NDArray[np.int32], values: NDArray[np.float32]) -> None:
        self.count += len(values)
        for index, value in zip(indices.ravel().tolist(), values.ravel().tolist(), strict=True):
            self.sums[index] = self.sums.get(index, 0.0) + value

    def __str__(self) -> str:
        order = sorted(self.sums, key=lambda index: -self.sums[index])
        means = [(self.names[index], self.sums[index] / max(self.count, 1)) for index in order]
        return ", ".join(f"{shortened(name)} {cell(mean)}" for name, mean in means[: _BEHIND + 1])


DECODER = MaskDecoder
