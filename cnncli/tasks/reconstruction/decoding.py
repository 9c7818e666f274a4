"""Decode the outputs of a network that reconstructs its input: the error of each example, and how unusual it is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

import keras
import numpy as np
from numpy.typing import NDArray

from cnncli.data.images import Form
from cnncli.errors import DivergedError
from cnncli.messages import quantity
from cnncli.tasks.decoder import Decoder, Tally, script_file
from cnncli.tasks.reconstruction.quality import psnr_of
from cnncli.tasks.reconstruction.targets import PERCENTILES, InputTargets, preparation

_WIDTH = 10  # letters of a column of numbers


@dataclass(frozen=True)
class InputDecoder(Decoder):
    """Outputs are `inputs`. A decoded example is its mean squared error and its percentile among those of the validation."""

    FORMS: ClassVar[tuple[str, ...]] = ("inputs",)

    def observed(self, model: keras.Model, inputs: Any, outputs: Any) -> Any:
        """By name: `errors`, mean squared ones, float32 (batch, 1); `inputs`, behind `prepare`; `outputs`."""
        prepared = preparation(model, self._inputs.layers)(inputs)
        difference = prepared - outputs
        axes = list(range(1, len(difference.shape)))
        errors = keras.ops.mean(keras.ops.square(difference), axis=axes)[:, None]
        return {"errors": errors, "inputs": prepared, "outputs": outputs}

    def decode(
        self, names: Sequence[Any], outputs: Mapping[str, NDArray[np.float32]], top: int
    ) -> tuple[NDArray[np.int32], NDArray[np.float32]]:
        errors = outputs["errors"][:, 0].astype(np.float64)
        broken = np.flatnonzero(~np.isfinite(errors))
        if broken.size:
            message = f"the network's output for {names[broken[0]]} is no finite number"
            raise DivergedError(message, hint="train it again")
        found = [errors, self._percentiles(errors)]
        return np.zeros((len(errors), 2), np.int32), np.stack(found, axis=1).astype(np.float32)

    def _percentiles(self, errors: NDArray[np.float64]) -> NDArray[np.float64]:
        """The share of the validation examples, in percent, that have no larger error; NaN where that is not known."""
        known = self._inputs.errors
        if not known:
            return np.full(len(errors), np.nan)
        return np.interp(errors, known, PERCENTILES)

    @property
    def _inputs(self) -> InputTargets:
        assert isinstance(self.targets, InputTargets)
        return self.targets

    def script(self, outputs: Sequence[str], form: Form | None) -> list[str]:
        return [
            *script_file("reconstruction.npy"),
            f"np.save(found, outputs[{outputs[0]!r}])",
            'print(f"{file}: {found}")',
        ]

    @property
    def titles(self) -> tuple[str, str, str]:
        return "", f"{'error':>{_WIDTH}}", "PSNR, percentile among the validation examples"

    def row(self, indices: Sequence[int], values: Sequence[float]) -> tuple[str, str, str]:
        error, percentile = values
        return "", quantity(error), f"{self._psnr(error):.2f} dB, {_percent(percentile)}"

    def sentence(self, indices: Sequence[int], values: Sequence[float]) -> str:
        error, percentile = values
        said = f"error {quantity(error)}, PSNR {self._psnr(error):.2f} dB"
        if np.isnan(percentile):
            return said
        place = "above" if percentile >= 100 else f"percentile {percentile:.1f} of"
        return f"{said}, {place} all validation examples"

    def _psnr(self, error: float) -> float:
        return float(psnr_of(np.array([error]), self._inputs.data_range)[0])

    def item(self, indices: Sequence[int], values: Sequence[float]) -> dict[str, Any]:
        error, percentile = values
        return {
            "mean_squared_error": error,
            "psnr": self._psnr(error),
            "percentile": None if np.isnan(percentile) else percentile,
        }

    def columns(self, top: int) -> list[str]:
        return ["mean_squared_error", "psnr", "percentile"]

    def cells(self, indices: Sequence[int], values: Sequence[float]) -> list[str]:
        error, percentile = values
        return [f"{error:.9g}", f"{self._psnr(error):.6g}", "" if np.isnan(percentile) else f"{percentile:.4g}"]

    def tally(self) -> Tally:
        return _ErrorTally()


def _percent(percentile: float) -> str:
    """`above 97.2% of them`; where nothing is known of the validation `?`."""
    if np.isnan(percentile):
        return "?"
    return "above all" if percentile >= 100 else f"{percentile:.1f}"


@dataclass
class _ErrorTally:
    """From where to where errors go, and how many are above all of the validation."""

    low: float = np.inf
    high: float = -np.inf
    unusual: int = 0
    count: int = 0
    _known: bool = field(default=False)

    def add(self, indices: NDArray[np.int32], values: NDArray[np.float32]) -> None:
        if not len(values):
            return
        self.low = min(self.low, float(values[:, 0].min()))
        self.high = max(self.high, float(values[:, 0].max()))
        self.unusual += int(np.sum(values[:, 1] >= 100))
        self.count += len(values)
        self._known |= bool(np.isfinite(values[:, 1]).any())

    def __str__(self) -> str:
        unusual = f"; {self.unusual:,} above those of all validation examples" if self._known else ""
        return f"errors from {quantity(self.low)} to {quantity(self.high)}{unusual}"


DECODER = InputDecoder
