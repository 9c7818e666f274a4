"""What cnncli relies on in Keras beyond its public interface, and that nothing else of it is used."""

import ast
import hashlib
import re
import socket
import subprocess
import sys
from collections import defaultdict
from pathlib import Path

import keras
import numpy as np
import pytest
import tensorflow as tf

from cnncli import keras_internals

PRIVATE = re.compile(
    r"keras\.src\b(?!\.(models|applications|ops)\b)|\._keras_history|\._symbolic_build|\._flatten_layers"
    r"|\._inbound_nodes|\._load_state|\._save_state|global_state|ObjectSharingScope"
)


def test_private_names_are_used_in_one_module():
    package = Path(keras_internals.__file__).parent
    found = [
        f"{path.name}:{number}"
        for path in package.rglob("*.py")
        if path.name != "keras_internals.py"
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if PRIVATE.search(line)
    ]
    assert found == []


@pytest.fixture
def shared():
    """A Dense layer that is called twice, within a model in a model."""
    given, layer = keras.Input((4,)), keras.layers.Dense(4, name="twice")
    inner = keras.Model(given, layer(layer(given)), name="inner")
    outer = keras.Input((4,))
    return keras.Model(outer, keras.layers.Dense(2, name="last")(inner(outer)))


def test_a_tensor_knows_the_call_that_made_it():
    given, layer = keras.Input((4,)), keras.layers.Dense(4)
    first = layer(given)
    second = layer(first)
    assert [keras_internals.origin_of(tensor).call for tensor in (first, second)] == [0, 1]
    assert keras_internals.origin_of(second).operation is layer
    assert keras_internals.inputs_of_call(keras_internals.origin_of(second))[0] is first
    assert keras_internals.outputs_of_call(keras_internals.origin_of(second))[0] is second


def test_a_call_of_a_function_has_its_arguments():
    given = keras.Input((4,))
    args, options = keras_internals.arguments_of_call(keras_internals.origin_of(keras.ops.add(given, 2.5)))
    assert args[0] is given
    assert (args[1:], options) == ((2.5,), {})


def test_a_tensor_knows_its_mask_and_layers_are_called_with_it():
    words = keras.Input((3,), dtype="int32")
    vectors = keras.layers.Embedding(4, 2, mask_zero=True)(words)
    code = keras.layers.LSTM(2)(vectors)
    assert keras_internals.mask_of(words) is None
    assert keras_internals.mask_of(vectors).dtype == "bool"
    _, options = keras_internals.arguments_of_call(keras_internals.origin_of(code))
    assert options["mask"] is keras_internals.mask_of(vectors)


def test_layers_can_be_called_again_on_their_own_output():
    given, called = keras.Input((4,)), []
    model = keras.Model(given, keras.layers.Dense(4)(keras.layers.ReLU()(given)))

    def call(operation, *arguments, **options):
        called.append(operation)
        return operation(*arguments, **options)

    output = keras_internals.call_layers_again(model, model.output, call)
    assert called == model.layers[1:]
    twice = keras.Model(given, output)
    x = np.ones((2, 4), np.float32)
    np.testing.assert_allclose(twice(x), model(model(x)), rtol=1e-6)


def test_layers_of_models_inside_a_model_are_found(shared):
    assert {"inner", "twice", "last"} <= {layer.name for layer in keras_internals.all_layers(shared)}


def test_variables_of_the_optimizer_are_there_before_the_first_step(shared):
    shared.compile(optimizer="adam", loss="mse", metrics=["mae"])
    data = tf.data.Dataset.from_tensors((np.zeros((3, 4), np.float32), np.zeros((3, 2), np.float32)))
    keras_internals.build_symbolically(shared, data.element_spec)
    assert len(shared.optimizer.variables) == 2 + 2 * len(shared.trainable_variables)
    assert shared.metrics_variables


def test_default_names_begin_anew_within_their_counters():
    keras.layers.Dense(1)
    with keras_internals.global_attribute("object_name_uids", defaultdict(int)):
        assert [keras.layers.Dense(1).name for _ in range(2)] == ["dense", "dense_1"]
    assert keras.layers.Dense(1).name != "dense"


def test_variables_made_for_their_shapes_alone_are_not_initialised_later():
    with (
        keras_internals.global_attribute("uninitialized_variables", []),
        keras.StatelessScope(initialize_variables=False),
    ):
        layer = keras.layers.Dense(3)
        layer.build((None, 2))
    assert layer.kernel.shape == (2, 3)
    assert layer.kernel._value is None


def test_a_layer_that_a_config_shares_is_made_once(shared):
    config = keras.saving.serialize_keras_object(shared)
    with keras_internals.sharing_objects():
        made = keras.saving.deserialize_keras_object(config)
    inner = made.get_layer("inner")
    assert [layer.name for layer in inner.layers].count("twice") == 1
    assert made.count_params() == shared.count_params()


class _Store(keras_internals.WeightStore):
    """A store of weights, as Keras uses one: a mapping of arrays for each path."""

    def __init__(self):
        self.groups = {}

    def make(self, path, metadata=None):
        return self.groups.setdefault(path, {})

    def get(self, path):
        return self.groups[path]

    def has_path(self, path):
        return any(group == path or group.startswith(f"{path}/") for group in self.groups)


def test_weights_are_written_to_a_store_and_read_from_it(shared):
    store = _Store()
    keras_internals.save_weights(shared, store)
    store.groups = {
        path: {key: np.array(value) for key, value in group.items()} for path, group in store.groups.items()
    }
    expected = shared.get_weights()
    for variable in shared.weights:
        variable.assign(keras.ops.zeros_like(variable))
    keras_internals.load_weights(shared, store)
    for array, wanted in zip(shared.get_weights(), expected, strict=True):
        np.testing.assert_array_equal(array, wanted)


def test_applications_ask_for_their_weights_through_get_file():
    asked = []

    def get_file(fname, origin, **_):
        asked.append((fname, origin.startswith("https://")))
        raise InterruptedError

    with keras_internals.replaced_get_file(get_file), pytest.raises(InterruptedError):
        keras.applications.MobileNetV2(weights="imagenet")
    [(name, is_address)] = asked
    assert (name.endswith(".h5"), is_address) == (True, True)


def test_home_of_keras_is_a_folder_name():
    assert keras_internals.home().endswith("keras")


@pytest.mark.parametrize(
    ("kind", "name"), [("losses", "mse"), ("metrics", "mse"), ("optimizers", "adam"), ("initializers", "he_normal")]
)
def test_identifiers_are_listed(kind, name):
    assert name in keras_internals.identifiers(kind)


def test_models_are_made_by_recursing_once_a_layer():
    at_the_input = tensor = keras.Input((2,))
    for _ in range(1200):
        tensor = keras.layers.ReLU()(tensor)
    before = sys.getrecursionlimit()
    try:
        sys.setrecursionlimit(1000)
        with pytest.raises(RecursionError):
            keras.Model(at_the_input, tensor)
        keras_internals.allow_depth(1200)
        model = keras.Model(at_the_input, tensor)
        assert len(keras.models.clone_model(model).layers) == 1201
    finally:
        sys.setrecursionlimit(before)


def test_depth_that_is_allowed_is_bounded():
    before = sys.getrecursionlimit()
    try:
        keras_internals.allow_depth(10**9)
        assert sys.getrecursionlimit() == 31_000
        keras_internals.allow_depth(5)
        assert sys.getrecursionlimit() == 31_000
    finally:
        sys.setrecursionlimit(before)


def test_gradients_of_graphs_are_forgotten():
    import tensorflow as tf

    @tf.custom_gradient
    def doubled(x):
        return 2 * x, lambda upstream: 2 * upstream

    function = tf.function(doubled)
    function(tf.ones(3))
    registry = keras_internals.ops.gradient_registry._registry
    kept = {name for name in registry if not name.startswith("CustomGradient-")}
    assert len(registry) > len(kept) > 100
    keras_internals.forget_custom_gradients()
    assert set(registry) == kept


def test_handler_of_sigterm_survives_the_start_of_several_processes():
    script = """
import os, signal, sys
from cnncli.distribute.cluster import Cluster
from cnncli.distribute.replicas import across
received = []
signal.signal(signal.SIGTERM, lambda number, frame: received.append(number))
across(Cluster((sys.argv[1],), 0, "--hosts"), "cpu")
os.kill(os.getpid(), signal.SIGTERM)
sys.exit(received != [signal.SIGTERM])
"""
    with socket.create_server(("127.0.0.1", 0)) as free:
        address = f"127.0.0.1:{free.getsockname()[1]}"
    subprocess.run([sys.executable, "-c", script, address], check=True, capture_output=True, timeout=120)


# What several replicas need mended: `train_in_replicas` and `add_gradients_first`. Where Keras changes one of these functions,
# look whether the mend is still needed, and still right (keras-team/keras 20329 and 20585), and write the new digest. The last
# three are what `training.fused_operations` computes in one operation: they must still compute the same.
MENDED = {
    "backend/tensorflow/trainer.py reduce_per_replica": "94857c5856b1e55d",
    "backend/tensorflow/trainer.py _maybe_symbolic_build": "d5301f7a561c0758",
    "backend/tensorflow/optimizer.py _backend_update_step": "94ad52110dd55f83",
    "backend/tensorflow/optimizer.py _all_reduce_sum_gradients": "4b14e23f9a690dfc",
    "optimizers/base_optimizer.py apply": "0c88350a7fd933e1",
    "optimizers/base_optimizer.py _backend_apply_gradients": "2cd5b7198a9f4fa4",
    "optimizers/loss_scale_optimizer.py _tf_apply": "2324e1900d912fbf",
    "optimizers/loss_scale_optimizer.py _common_apply": "06454503d71a0225",
    "layers/normalization/batch_normalization.py call": "026a3327f2c9ffa1",
    "optimizers/adam.py update_step": "da808b43c05f9916",
    "optimizers/sgd.py update_step": "16d677012ffa68e4",
}


@pytest.mark.parametrize("place", MENDED)
def test_functions_that_are_replaced_are_those_that_were_looked_at(place):
    file, name = place.split()
    source = (Path(keras.__file__).parent / "src" / file).read_text(encoding="utf-8")
    [found] = [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.FunctionDef) and node.name == name]
    text = ast.get_source_segment(source, found) or ""
    assert hashlib.sha256(text.encode()).hexdigest()[:16] == MENDED[place]
