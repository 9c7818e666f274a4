"""Private names of Keras and TensorFlow that cnncli uses, each with a contract test.

After an upgrade of Keras, `tests/test_keras_internals.py` shows which of them changed. Nothing else in cnncli may use a
private name of theirs.
"""

from __future__ import annotations

import ctypes
import importlib
import signal
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import keras
import numpy as np
import tensorflow as tf
from keras.src.backend.common import global_state, masking
from keras.src.backend.config import keras_home
from keras.src.backend.tensorflow import trainer
from keras.src.saving import saving_lib
from keras.src.saving.serialization_lib import ObjectSharingScope
from keras.src.utils import file_utils
from tensorflow import errors as tf_errors
from tensorflow.python import pywrap_tfe
from tensorflow.python.eager import context
from tensorflow.python.framework import errors_impl as tf_errors_impl
from tensorflow.python.framework import ops

DEEPEST = 30_000  # layers one after the other


class Origin(NamedTuple):
    """The call that made a symbolic tensor: the operation, and the number of its call from 0."""

    operation: Any
    call: int


def origin_of(tensor: Any) -> Origin:
    """The call that made a symbolic tensor."""
    operation, call, _ = tensor._keras_history
    return Origin(operation, call)


def inputs_of_call(origin: Origin) -> list[Any]:
    """The symbolic tensors that a call took; `operation.input` fails for a layer that was called more than once."""
    return list(origin.operation._inbound_nodes[origin.call].input_tensors)


def outputs_of_call(origin: Origin) -> list[Any]:
    """The symbolic tensors that a call gave."""
    return list(origin.operation._inbound_nodes[origin.call].output_tensors)


def mask_of(tensor: Any) -> Any:
    """The mask that belongs to a tensor, and that Keras hands to the layers that take it; None where it has none."""
    return masking.get_keras_mask(tensor)


def arguments_of_call(origin: Origin) -> tuple[Any, ...]:
    """The positional and keyword arguments of a call; tensors of the network are Keras' symbols."""
    arguments = origin.operation._inbound_nodes[origin.call].arguments
    return arguments.args, arguments.kwargs


def allow_depth(layers: int) -> None:
    """Let Python recurse as deep as `keras.Model` does for a network: once a layer, from the outputs to the inputs.

    `keras.src.ops.function.map_graph` does so whenever a `keras.Model` is made: built, loaded, cloned, or cut out of
    another one. Nothing else recurses with the depth: training, tracing, gradients and saving follow a list of the layers.
    The limit stays for the process, which makes more models of the same layers. It is bounded: Python code takes no space
    on the stack of C, but parsers in C that look at the same limit do.
    """
    sys.setrecursionlimit(max(sys.getrecursionlimit(), 1000 + min(layers, DEEPEST)))


class Call(NamedTuple):
    """A call of an operation within a model: what it took and what it gave, as Keras' symbols."""

    operation: Any
    inputs: list[Any]
    outputs: list[Any]


def calls_of(model: keras.Model) -> list[Call]:
    """Every call of an operation in a functional model, each after those that it takes.

    `operation.input` and `operation.output` fail for a layer that is called more than once; where none is, the order is that
    of `model.operations`.
    """
    place = {id(operation): index for index, operation in enumerate(model._operations)}
    calls = []
    for _, nodes in sorted(model._nodes_by_depth.items(), reverse=True):
        for node in sorted(nodes, key=lambda node: place[id(node.operation)]):
            inputs = [] if node.is_input else list(node.input_tensors)
            calls.append(Call(node.operation, inputs, list(node.outputs)))
    return calls


def call_layers_again(model: keras.Model, tensor: Any, call: Callable[..., Any]) -> Any:
    """Call the operations of a functional model on another tensor, without a model of its own around them.

    `keras.models.clone_model` makes a model of the new calls, and fails where `tensor` is the output of this one.

    Args:
        model: with one input.
        tensor: symbolic, with the shape of the model's input.
        call: called with an operation and its arguments; returns the output of the operation.
    """
    return model._run_through_graph([tensor], call_fn=call)


def all_layers(model: keras.Model) -> list[Any]:
    """The layers of a model, with those of models and wrappers inside it."""
    return list(model._flatten_layers(include_self=False))


def build_symbolically(model: keras.Model, batch: Any) -> None:
    """Create the variables of a compiled model's optimizer and metrics before its first step.

    Args:
        batch: the specification of a batch, as `tf.data.Dataset.element_spec` gives it.
    """
    model._symbolic_build(data_batch=batch)


def train_in_replicas() -> None:
    """Mend the two functions of Keras' trainer that fail when several replicas train one network.

    `_maybe_symbolic_build` averages a batch over the replicas, which fails across processes, and with texts: the model here is
    built already (`build_symbolically`). `reduce_per_replica` reduces scalars along an axis that they do not have, in several
    processes. Reported as keras-team/keras 20329 and 20585. One replica alone is trained as Keras does.
    """
    original, build = trainer.reduce_per_replica, trainer.TensorFlowTrainer._maybe_symbolic_build
    if getattr(original, "reduces_scalars", False):
        return

    def reduce_per_replica(values: Any, strategy: Any, reduction: str) -> Any:
        if reduction not in ("auto", "mean") or strategy.num_replicas_in_sync == 1:
            return original(values, strategy, reduction)
        return keras.tree.map_structure(lambda value: strategy.reduce("MEAN", value, axis=None), values)

    def maybe_symbolic_build(self: Any, iterator: Any = None, data_batch: Any = None) -> Any:
        if self.distribute_strategy.num_replicas_in_sync == 1:
            return build(self, iterator, data_batch)
        assert self.built, "build the model before several replicas train it"
        return None

    reduce_per_replica.reduces_scalars = True  # type: ignore[attr-defined]
    trainer.reduce_per_replica = reduce_per_replica
    trainer.TensorFlowTrainer._maybe_symbolic_build = maybe_symbolic_build


def with_steps(distributed: Any, steps: int) -> Any:
    """A distributed data set that says how many steps it has.

    TensorFlow says how many elements each process reads: one for each replica there. Keras would begin one more step, which
    counts as one of the optimizer and finds no data.
    """
    distributed._cardinality = np.int64(steps)
    return distributed


def add_gradients_first(optimizer: Any) -> None:
    """Let the optimizer of a compiled model add the gradients of all replicas before it does anything else with them.

    Keras adds them last: each replica clips its own gradients, and decides by itself whether those of float16 are finite. One
    that skips a step leaves the others waiting for its gradients. It also fails where it overwrites the weights with their moving
    average (`ema_overwrite_frequency`), which is the same in all replicas.
    """
    apply, inner = optimizer.apply, getattr(optimizer, "inner_optimizer", optimizer)

    def apply_added(grads: Any, trainable_variables: Any = None) -> Any:
        replica = tf.distribute.get_replica_context()
        added = iter(replica.all_reduce(tf.distribute.ReduceOp.SUM, [grad for grad in grads if grad is not None]))
        apply([None if grad is None else next(added) for grad in grads], trainable_variables)
        if frequency:
            is_due = keras.ops.equal(inner.iterations % frequency, 0)
            for variable, average in zip(
                inner._trainable_variables, inner._model_variables_moving_average, strict=True
            ):
                if average is not None:
                    variable.assign(keras.ops.where(is_due, average, variable))

    frequency, inner.ema_overwrite_frequency = inner.ema_overwrite_frequency, None
    optimizer.apply = apply_added
    inner._all_reduce_sum_gradients = list


def moments_of(optimizer: Any, variable: Any) -> list[Any]:
    """The TensorFlow variables in which an optimizer keeps its moments of a weight: two for Adam, one for SGD with momentum."""
    is_adam = isinstance(optimizer, keras.optimizers.Adam)
    kept = (optimizer._momentums, optimizer._velocities) if is_adam else (optimizer.momentums,)
    return [moments[optimizer._get_variable_index(variable)].value for moments in kept]


def values_here(variable: Any) -> tuple[Any, ...]:
    """The TensorFlow variables behind a variable of Keras: one for each replica in this process."""
    value = variable._value
    return tuple(value.values) if hasattr(value, "values") else (value,)


def stop_waiting_for_others(reason: str) -> bool:
    """End every operation that waits for another process, with an error that has this reason.

    Returns:
        False: the processes still wait for each other to begin, which nothing can end.
    """
    if context.context()._context_handle is None:
        return False
    context.context().abort_collective_ops(tf_errors.UNAVAILABLE, reason)
    return True


@contextmanager
def joining_processes() -> Iterator[None]:
    """Let other threads of Python run while TensorFlow waits for the other processes, and keep the handler of SIGTERM.

    TensorFlow waits in a C function, `TFE_EnableCollectiveOps`, without giving up Python's lock, and then handles SIGTERM
    itself. Within this `with` the function is called through ctypes, which gives up the lock. Where TensorFlow's library does not
    have the function, nothing is changed.
    """
    handler = signal.getsignal(signal.SIGTERM)
    original = pywrap_tfe.TFE_EnableCollectiveOps
    pywrap_tfe.TFE_EnableCollectiveOps = _unlocked_enable_collective_ops() or original
    try:
        yield
    finally:
        pywrap_tfe.TFE_EnableCollectiveOps = original
        if handler is not None and threading.current_thread() is threading.main_thread():
            signal.signal(signal.SIGTERM, handler)


def _unlocked_enable_collective_ops() -> Callable[[Any, bytes], None] | None:
    """`TFE_EnableCollectiveOps` of TensorFlow's C library, as `pywrap_tfe` has it; None where the library lacks it."""
    try:
        library = ctypes.CDLL(str(Path(tf.__file__).with_name("libtensorflow_cc.so.2")))
        enable, new_status, code_of, message_of, delete_status = (
            getattr(library, name)
            for name in ("TFE_EnableCollectiveOps", "TF_NewStatus", "TF_GetCode", "TF_Message", "TF_DeleteStatus")
        )
    except (OSError, AttributeError):
        return None
    new_status.restype, message_of.restype = ctypes.c_void_p, ctypes.c_char_p
    code_of.argtypes = message_of.argtypes = delete_status.argtypes = [ctypes.c_void_p]
    enable.argtypes = [ctypes.c_void_p, ctypes.c_char_p, ctypes.c_size_t, ctypes.c_void_p]
    pointer_of = ctypes.PYFUNCTYPE(ctypes.c_void_p, ctypes.py_object, ctypes.c_char_p)(
        ("PyCapsule_GetPointer", ctypes.pythonapi)
    )

    def enable_collective_ops(handle: Any, server: bytes) -> None:
        status = new_status()
        try:
            enable(pointer_of(handle, None), server, len(server), status)
            if code := code_of(status):
                message = message_of(status).decode(errors="replace")
                raise tf_errors_impl.exception_type_from_error_code(code)(None, None, message)
        finally:
            delete_status(status)

    return enable_collective_ops


@contextmanager
def global_attribute(name: str, value: Any) -> Iterator[None]:
    """Replace one of Keras' global values within a `with`.

    Args:
        name: `object_name_uids`, the counters behind default names; or `uninitialized_variables`, those that the next
            `StatelessScope` initialises.
    """
    before = global_state.get_global_attribute(name)
    global_state.set_global_attribute(name, value)
    try:
        yield
    finally:
        global_state.set_global_attribute(name, before)


def sharing_objects() -> AbstractContextManager[Any]:
    """Within a `with`, objects that a config shares are deserialized once, as `keras.saving.load_model` does."""
    scope: AbstractContextManager[Any] = ObjectSharingScope()
    return scope


WeightStore: Any = saving_lib.NpzIOStore  # the base of a store; Keras asks for one of its own


def save_weights(model: keras.Model, store: Any) -> None:
    """Write a model's weights to a store with Keras' `make(path)`, as they are laid out in a `.keras` file."""
    saving_lib._save_state(model, weights_store=store, assets_store=None, inner_path="", visited_saveables=set())


def load_weights(model: keras.Model, store: Any) -> None:
    """Read a model's weights from a store with Keras' `get(path)`."""
    saving_lib._load_state(model, weights_store=store, assets_store=None, inner_path="", visited_saveables=set())


def home() -> str:
    """The folder of Keras' files, as `KERAS_HOME` or Keras itself names it; `~` may be in it."""
    found: str = keras_home()
    return found


@contextmanager
def replaced_get_file(get_file: Any) -> Iterator[None]:
    """Within a `with`, applications that ask for a file of weights call another function than `keras.utils.get_file`."""
    before = file_utils.get_file
    file_utils.get_file = get_file
    try:
        yield
    finally:
        file_utils.get_file = before


def identifiers(kind: str) -> Mapping[str, Any]:
    """The texts that Keras takes in place of objects, with their classes or functions.

    Args:
        kind: a module of Keras such as `losses`.
    """
    table: Mapping[str, Any] = importlib.import_module(f"keras.src.{kind}").ALL_OBJECTS_DICT
    return table


def idf_weights_of(layer: Any) -> Any:
    """The weights (words,) that a lookup layer in the mode `tf_idf` has learned, special tokens included; else None."""
    lookup = getattr(layer, "_lookup_layer", layer)  # TextVectorization has one
    return lookup.idf_weights.numpy() if lookup.output_mode == "tf_idf" else None


def forget_custom_gradients() -> None:
    """Let go of the graphs of trainings that have ended.

    TensorFlow keeps the gradient function of every loss that has one of its own for as long as the process lives, and with
    it the graph of the train step, some megabytes for each training. No graph that is still to be differentiated may exist.
    """
    registry = ops.gradient_registry._registry
    for name in [name for name in registry if name.startswith("CustomGradient-")]:
        del registry[name]
