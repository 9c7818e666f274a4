"""Keep large weights out of a conversion to ONNX: tf2onnx copies every constant many times, 20 GB in all for AlexNet."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

LARGE = 1 << 18  # numbers

Weights = Mapping[str, NDArray[Any]]  # by the name of the tensor


def take_out(graph: Any) -> Weights:
    """Replace the large constants of a TensorFlow graph by placeholders.

    Args:
        graph: a GraphDef, which is changed.
    """
    from tensorflow import make_ndarray

    found = {}
    for node in graph.node:
        if node.op != "Const":
            continue
        tensor = node.attr["value"].tensor
        if np.prod([dim.size for dim in tensor.tensor_shape.dim]) < LARGE:
            continue
        found[f"{node.name}:0"] = make_ndarray(tensor)
        shape = tensor.tensor_shape
        node.op = "Placeholder"
        node.attr["shape"].shape.CopyFrom(shape)
        del node.attr["value"]
    return found


def put_back(model: Any, weights: Weights) -> None:
    """Make constants of the inputs that stand for weights, transposed where the network transposes them.

    Args:
        model: an ONNX model, which is changed.
        weights: what was taken out.
    """
    from onnx import numpy_helper

    kept = [each for each in model.graph.input if each.name not in weights]
    del model.graph.input[:]
    model.graph.input.extend(kept)
    values = dict(weights)
    nodes = []
    for node in model.graph.node:
        if node.op_type == "Transpose" and node.input[0] in weights:
            [order] = (each.ints for each in node.attribute if each.name == "perm")
            values[node.output[0]] = np.ascontiguousarray(values[node.input[0]].transpose(order))
        else:
            nodes.append(node)
    del model.graph.node[:]
    model.graph.node.extend(nodes)
    used = {name for node in nodes for name in node.input}
    model.graph.initializer.extend(
        numpy_helper.from_array(array, name) for name, array in values.items() if name in used
    )
