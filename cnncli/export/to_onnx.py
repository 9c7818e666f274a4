"""ONNX by tf2onnx, quantized and computed by onnxruntime; no other module knows these packages."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from cnncli.export.equivalent_calls import equivalent_calls
from cnncli.export.inference_function import InferenceFunction
from cnncli.export.large_weights import put_back, take_out
from cnncli.export.runtime import Arrays, LibraryError, Runtime, calling
from cnncli.messages import listed

OPSET = 18


def write(function: InferenceFunction, path: Path) -> None:
    """Write a network of 32-bit floats."""
    import onnx
    import tf2onnx

    logging.getLogger("tf2onnx").setLevel(logging.ERROR)
    with equivalent_calls(function.model, "onnx"):
        frozen = function.frozen()
    inputs = [tensor.name for tensor in frozen.inputs]
    outputs = [tensor.name for tensor in frozen.outputs]
    names = sorted(function.outputs.values())  # as tf.nest orders the tensors of a dict
    graph = frozen.graph.as_graph_def(add_shapes=True)
    _let_inline(graph)
    weights = take_out(graph)
    with calling("tf2onnx"):
        model, _ = tf2onnx.convert.from_graph_def(
            graph,
            name="cnncli",
            input_names=[*inputs, *weights],
            output_names=outputs,
            opset=OPSET,
            custom_op_handlers={name: (handler, []) for name, handler in _HANDLERS.items()},
            tensors_to_rename=dict(zip(inputs, function.inputs, strict=True)) | dict(zip(outputs, names, strict=True)),
        )
    put_back(model, weights)
    for value in (*model.graph.input, *model.graph.output):
        value.type.tensor_type.shape.dim[0].dim_param = "batch"
    if unknown := _unknown_operations(model):
        raise LibraryError(f"tf2onnx has no operation of ONNX for {listed(unknown)}")
    with calling("onnx"):
        onnx.checker.check_model(model)
    onnx.save(model, path)


def _unknown_operations(model: Any) -> list[str]:
    """Operations of TensorFlow that the conversion left as they are."""
    import onnx

    known = {schema.name for schema in onnx.defs.get_all_schemas()}
    return sorted({node.op_type for node in model.graph.node if node.domain == "" and node.op_type not in known})


def add_properties(path: Path, properties: Mapping[str, str]) -> None:
    """Add metadata to a file: text by key."""
    import onnx

    model = onnx.load(path)
    for key, value in properties.items():
        model.metadata_props.add(key=key, value=value)
    onnx.save(model, path)


def _let_inline(graph: Any) -> None:
    """Mark the functions to be inlined that Keras compiles with XLA, as it does for convolutions in groups."""
    for each in (*graph.node, *graph.library.function):
        for mark in ("_XlaMustCompile", "_noinline"):
            each.attr.pop(mark, None)


def _erfc(context: Any, node: Any, name: str, args: Any) -> None:
    """Erfc(x) = 1 - Erf(x), which ONNX has; of `gelu`."""
    _with_one(context, node, name, "Erf", lambda one, erf: [one, erf])


def _expm1(context: Any, node: Any, name: str, args: Any) -> None:
    """Expm1(x) = Exp(x) - 1, of `celu`."""
    _with_one(context, node, name, "Exp", lambda one, exp: [exp, one])


def _with_one(context: Any, node: Any, name: str, operation: str, order: Callable[[str, str], list[str]]) -> None:
    """Replace a node by the difference of 1 and what an operation gives."""
    dtype = context.get_dtype(node.output[0])
    one = context.make_const(f"{name}_one", np.array(1, np.float32))
    inner = context.make_node(operation, [node.input[0]], dtypes=[dtype])
    shapes, outputs = node.output_shapes, node.output
    context.remove_node(node.name)
    operands = order(one.output[0], inner.output[0])
    context.make_node("Sub", operands, outputs=outputs, shapes=shapes, dtypes=[dtype])


def _bucketize(context: Any, node: Any, name: str, args: Any) -> None:
    """How many boundaries are not above each number, of `Discretization`."""
    from onnx import TensorProto

    boundaries = context.make_const(f"{name}_boundaries", np.array(node.get_attr_value("boundaries"), np.float32))
    last = context.make_const(f"{name}_axis", np.array([-1], np.int64))
    shapes, outputs = node.output_shapes, node.output
    numbers = context.make_node("Cast", [node.input[0]], attr={"to": TensorProto.FLOAT})
    column = context.make_node("Unsqueeze", [numbers.output[0], last.output[0]])
    reached = context.make_node("GreaterOrEqual", [column.output[0], boundaries.output[0]])
    counted = context.make_node("Cast", reached.output, attr={"to": TensorProto.INT32})
    context.remove_node(node.name)
    attr, dtypes = {"keepdims": 0}, [TensorProto.INT32]
    operands = [counted.output[0], last.output[0]]
    context.make_node("ReduceSum", operands, attr=attr, outputs=outputs, shapes=shapes, dtypes=dtypes)


_HANDLERS = {"Erfc": _erfc, "Expm1": _expm1, "Bucketize": _bucketize}


def quantize(source: Path, path: Path, kind: str, calibration: Callable[[], Iterable[Arrays]]) -> None:
    """Write a quantized network.

    Args:
        source: the network of 32-bit floats.
        kind: `float16`, `dynamic` (weights as int8) or `int8` (weights and activations).
        calibration: gives training examples, one each, for `int8`.
    """
    import onnx

    if kind == "float16":
        from onnxruntime.transformers import float16

        kept = [
            *float16.DEFAULT_OP_BLOCK_LIST,
            "IsInf",
            "IsNaN",
        ]  # of attention over several axes; ONNX has no 16 bits there
        with calling("onnxruntime"):
            found = float16.convert_float_to_float16(onnx.load(source), keep_io_types=True, op_block_list=kept)
        onnx.save(found, path)
        return
    from onnxruntime.quantization import QuantType, quantize_dynamic, quantize_static

    logging.getLogger().setLevel(logging.ERROR)  # it recommends a preprocessing that was done already
    with calling("onnxruntime"):
        if kind == "dynamic":
            quantize_dynamic(source, path, weight_type=QuantType.QUInt8)
        else:
            quantize_static(source, path, _Calibration(calibration()), weight_type=QuantType.QInt8, per_channel=True)


class _Calibration:
    """Training examples as onnxruntime asks for them."""

    def __init__(self, examples: Iterable[Arrays]) -> None:
        self._examples = iter(examples)

    def get_next(self) -> dict[str, Any] | None:
        return next((dict(each) for each in self._examples), None)


class OnnxRuntime(Runtime):
    """onnxruntime on the CPU."""

    def __init__(self, path: Path) -> None:
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.log_severity_level = 3
        with calling("onnxruntime"):
            self._session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
        self._outputs = [each.name for each in self._session.get_outputs()]

    def run(self, inputs: Arrays) -> Arrays:
        with calling("onnxruntime"):
            found = self._session.run(None, dict(inputs))
        return dict(zip(self._outputs, found, strict=True))
