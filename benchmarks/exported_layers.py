"""Every layer of Keras in every format of `cnncli export`: the difference of the results, or why there are none.

    python -m benchmarks.exported_layers > table.md
    python -m benchmarks.exported_layers --formats onnx litert-int8 --only Conv2D GRU

Run from the top of the repository. Each case is a network of one layer with random weights. It is converted, loaded in the
runtime of the format, and computed for batches of 1, 2 and 5 random examples. A cell is the largest difference from Keras
relative to the largest output, or why there is none. Each case runs in a process of its own, so that an abort costs one cell.
A second table has a row for each family of layers: the largest difference of its cases, and how many cannot be held. The exit
code is 1 if `unsupported_layers` names a layer of a case whose results are equal, or none of a case that fails or differs.
Results are equal within 1e-5, within 1e-2 in 16 bits; in 8 bits it is enough that they can be computed.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import signal
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from benchmarks.layer_cases import CASES, Case
from cnncli.export import to_litert, to_onnx, to_saved_model
from cnncli.export.formats import NONE, Target, every_target
from cnncli.export.inference_function import InferenceFunction
from cnncli.export.runtime import LibraryError, Runtime
from cnncli.export.unsupported_layers import unsupported
from cnncli.network.model_outputs import ALONE

LARGEST_DIFFERENCE = 1e-5
_BATCHES = (1, 2, 5)


@dataclass(frozen=True)
class Outcome:
    """What became of a case in a format.

    Attributes:
        difference: the largest one; None where there is no result.
        error: why.
        named: why the format cannot hold the layer, known before the conversion.
    """

    difference: float | None = None
    error: str = ""
    named: str = ""

    def __str__(self) -> str:
        if self.named:
            return f"no: {self.named}"
        return self.error.replace("|", "/")[:160] if self.difference is None else f"{self.difference:.0e}"

    def is_as_known(self, target: Target) -> bool:
        """Whether the case fails where a layer is named, and only there."""
        largest = {NONE: LARGEST_DIFFERENCE, "float16": 1e-2}.get(target.quantization, math.inf)
        is_equal = self.difference is not None and self.difference <= largest
        return is_equal != bool(self.named) or (bool(self.named) and largest == math.inf)


def function_of(model: keras.Model) -> InferenceFunction:
    """The function of a model with one input and one output."""
    [tensor] = model.inputs
    spec = tf.TensorSpec((None, *tensor.shape[1:]), tensor.dtype, "input")
    return InferenceFunction(model, {"input": spec}, {"input": tensor.name}, {ALONE: "output"})


def outcome(model: keras.Model, target: Target, examples: Any, folder: Path) -> Outcome:
    """Convert a model and compare its outputs.

    Args:
        folder: for files; targets of the same model share what they have in common.
    """
    try:
        runtime = _written(function_of(model), target, examples, folder)
    except LibraryError as error:
        return Outcome(error=f"{error}")
    except Exception as error:
        return Outcome(error=f"{type(error).__name__}: {error}")
    largest = 0.0
    for batch in _BATCHES:
        inputs = examples[:batch]
        expected = np.asarray(model(inputs, training=False), np.float32)
        try:
            found = runtime.run({"input": inputs})["output"]
        except LibraryError as error:
            return Outcome(error=f"batch of {batch}: {error}")
        if found.shape != expected.shape:
            return Outcome(error=f"batch of {batch}: shape {found.shape}, not {expected.shape}")
        scale = max(float(np.max(np.abs(expected), initial=0)), 1e-30)
        largest = max(largest, float(np.max(np.abs(found - expected), initial=0)) / scale)
    return Outcome(largest)


def _written(function: InferenceFunction, target: Target, examples: Any, folder: Path) -> Runtime:
    """Write a function in a format; returns its runtime."""

    def calibration() -> Iterator[dict[str, Any]]:
        return ({"input": examples[i : i + 1]} for i in range(len(examples)))

    path = folder / f"{target.name}-{target.format.file}"
    if target.format.name == "saved_model":
        to_saved_model.write(function, path, form=None)
        return to_saved_model.SavedModelRuntime(path)
    if target.format.name == "litert":
        scratch, kind = folder / "litert", target.quantization
        to_litert.write(function, path, quantization=kind, calibration=calibration, scratch=scratch)
        return to_litert.LiteRuntime(path)
    floats = folder / "floats.onnx"
    if not floats.exists():
        to_onnx.write(function, floats)
    if target.quantization == NONE:
        return to_onnx.OnnxRuntime(floats)
    to_onnx.quantize(floats, path, target.quantization, calibration)
    return to_onnx.OnnxRuntime(path)


def outcomes(case: Case, targets: Sequence[Target]) -> Iterator[Outcome]:
    """Those of a case in all formats; a process that aborts gives the error of the format that it was at."""
    rest = list(targets)
    while rest:
        lines, status = _forked(lambda write, rest=rest: _all(case, rest, write))
        yield from (Outcome(**json.loads(line)) for line in lines)
        rest = rest[len(lines) :]
        if rest:
            how = signal.Signals(status & 127).name if status & 127 else f"with exit code {status >> 8}"
            yield Outcome(error=f"the process ends {how}")
            rest = rest[1:]


def _all(case: Case, targets: Sequence[Target], write: Callable[[str], None]) -> None:
    keras.utils.set_random_seed(0)
    model = case.model()
    examples = case.examples(20)
    with tempfile.TemporaryDirectory() as folder:
        for target in targets:
            found = outcome(model, target, examples, Path(folder))
            named = "; ".join(problem.message.partition(": ")[2] for problem in unsupported(model, target))
            write(json.dumps(asdict(replace(found, named=named))) + "\n")


def _forked(work: Callable[[Callable[[str], None]], None]) -> tuple[list[str], int]:
    """The lines that work writes in a process of its own, and how that ended."""
    reader, writer = os.pipe()
    process = os.fork()
    if process == 0:
        os.close(reader)
        quiet = os.open(os.devnull, os.O_WRONLY)
        if "LOUD" not in os.environ:
            os.dup2(quiet, 1)
            os.dup2(quiet, 2)
        code = 1
        try:
            work(lambda text: os.write(writer, text.encode()) and None)
            code = 0
        finally:
            os._exit(code)
    os.close(writer)
    with os.fdopen(reader) as stream:
        lines = stream.read().splitlines()
    return lines, os.waitpid(process, 0)[1]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--formats", nargs="*", default=[], metavar="NAME")
    parser.add_argument("--only", nargs="*", default=[], metavar="LAYER", help="cases that begin with it")
    parser.add_argument("--first", action="store_true", help="one case of each layer")
    options = parser.parse_args()
    targets = [each for each in every_target() if not options.formats or each.name in options.formats]
    cases = {case.layer: case for case in reversed(CASES)}.values() if options.first else CASES
    found = {}
    _print_row("layer", "input", *(each.name for each in targets))
    _print_row(*["---"] * (len(targets) + 2))
    for case in cases:
        if not options.only or case.code.startswith(tuple(options.only)):
            found[case] = list(outcomes(case, targets))
            _print_row(f"`{case.code}`", case.shape, *found[case])
    print()
    _print_row("layers", "cases", *(each.name for each in targets))
    _print_row(*["---"] * (len(targets) + 2))
    for family in dict.fromkeys(case.family for case in found):
        rows = [each for case, each in found.items() if case.family == family]
        _print_row(family, len(rows), *map(_summary, zip(*rows, strict=True)))
    return int(
        not all(each.is_as_known(target) for row in found.values() for each, target in zip(row, targets, strict=True))
    )


def _print_row(*cells: object) -> None:
    print(f"| {' | '.join(map(str, cells))} |", flush=True)


def _summary(outcomes: Sequence[Outcome]) -> str:
    """The largest difference of the cases of a family, and how many cannot be held."""
    held = [each.difference for each in outcomes if not each.named and each.difference is not None]
    lost = len(outcomes) - len(held)
    return ", ".join([*([f"{max(held):.0e}"] if held else []), *([f"{lost} not held"] if lost else [])])


if __name__ == "__main__":
    sys.exit(main())
