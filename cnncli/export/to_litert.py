"""LiteRT (TensorFlow Lite) by TensorFlow, computed by ai-edge-litert."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import tensorflow as tf

from cnncli.export import to_saved_model
from cnncli.export.equivalent_calls import equivalent_calls
from cnncli.export.inference_function import InferenceFunction
from cnncli.export.runtime import Arrays, Runtime, calling


def write(
    function: InferenceFunction,
    path: Path,
    *,
    quantization: str,
    calibration: Callable[[], Iterable[Arrays]],
    scratch: Path,
) -> None:
    """Write a network.

    Args:
        quantization: `none`, `float16`, `dynamic` (weights as int8) or `int8` (weights and activations).
        calibration: gives training examples, one each, for `int8`.
        scratch: a folder for the SavedModel that is converted; it is written if it does not exist.

    Raises:
        LibraryError: LiteRT cannot hold the network.
    """
    if not scratch.exists():
        with equivalent_calls(function.model, "litert"):
            to_saved_model.write(function, scratch, form=None)
    converter = tf.lite.TFLiteConverter.from_saved_model(str(scratch), signature_keys=[to_saved_model.TENSORS])
    if quantization != "none":
        converter.optimizations = [tf.lite.Optimize.DEFAULT]
    if quantization == "float16":
        converter.target_spec.supported_types = [tf.float16]
    if quantization == "int8":
        converter.representative_dataset = lambda: ((to_saved_model.TENSORS, dict(each)) for each in calibration())
        converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
    with calling("the converter of LiteRT"):
        content = converter.convert()
    path.write_bytes(content)


class LiteRuntime(Runtime):
    """ai-edge-litert."""

    def __init__(self, path: Path) -> None:
        from ai_edge_litert.interpreter import Interpreter

        with calling("ai-edge-litert"):
            self._interpreter = Interpreter(str(path))
            self._signature: Any = self._interpreter.get_signature_runner(to_saved_model.TENSORS)

    def run(self, inputs: Arrays) -> Arrays:
        with calling("ai-edge-litert"):
            found: Arrays = self._signature(**inputs)
        return found
