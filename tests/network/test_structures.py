"""`learned`, `slice` and the sizes of `$here` in a network: plain Keras layers with the values of NumPy."""

import subprocess
import sys

import keras
import numpy as np
import pytest

from cnncli.errors import RecipeError
from cnncli.network import checks, summary
from cnncli.network.build import build
from cnncli.recipe.phases import phases_of
from tests.network.test_build import loaded

END = "\n- Flatten\n- Dense: {name: end, units: 10, activation: softmax}"
X = np.random.default_rng(0).normal(size=(2, 12, 12, 3)).astype(np.float32)


def network_of(layers):
    found = build(loaded(layers + END).recipe, input_shape=(12, 12, 3))
    rng = np.random.default_rng(1)
    found.model.set_weights([rng.normal(size=weight.shape).astype(np.float32) for weight in found.model.get_weights()])
    return found


def output(network, name):
    return np.asarray(keras.Model(network.model.inputs, network.model.get_layer(name).output)(X))


def constant(network, name):
    return np.asarray(network.model.get_layer(name).kernel)


@pytest.mark.parametrize("policy", ["float32", "mixed_bfloat16"])
def test_a_learned_constant_starts_as_its_initializer_says(policy):
    layers = "- learned: {name: l, shape: [12, 12, 3], initializer: {Constant: 2}}"
    found = build(loaded(layers + END).recipe, input_shape=(12, 12, 3), policy=policy).model

    assert constant_of(found).shape == (12, 12, 3)
    assert np.all(constant_of(found) == 2)
    assert np.allclose(keras.Model(found.inputs, found.get_layer("l").output)(X), X + 2, atol=0.1)


def constant_of(model):
    return np.asarray(model.get_layer("l_constant").kernel)


@pytest.mark.parametrize("shape", ["[12, 12, 3]", "[1, 12, 1]", "[12, 3]", "3", "[1]"])
@pytest.mark.parametrize(("merge", "operation"), [("Add", np.add), ("Multiply", np.multiply)])
def test_a_learned_constant_is_added_and_multiplied_as_in_numpy(shape, merge, operation):
    found = network_of(f"- learned: {{name: l, shape: {shape}, merge: {merge}}}")
    name = "l" if (merge, shape) == ("Multiply", "3") else "l_constant"

    assert np.allclose(output(found, "l"), operation(X, constant(found, name)), atol=1e-5)


@pytest.mark.parametrize("last", ["false", "true"])
@pytest.mark.parametrize(("axis", "shape"), [(1, "[2, 12, 3]"), (-1, "[12, 12, 4]")])
def test_a_learned_constant_is_concatenated_before_or_after(axis, shape, last):
    found = network_of(f"- learned: {{name: l, shape: {shape}, merge: Concatenate, axis: {axis}, last: {last}}}")
    both = [np.broadcast_to(constant(found, "l_constant"), (2, *constant(found, "l_constant").shape)), X]

    assert np.allclose(output(found, "l"), np.concatenate(both[::-1] if last == "true" else both, axis), atol=1e-6)


@pytest.mark.parametrize(
    ("arguments", "part"),
    [
        ("start: 1", np.s_[..., 1:]),
        ("stop: 2", np.s_[..., :2]),
        ("start: -2, stop: -1", np.s_[..., -2:-1]),
        ("axis: 1, start: 3, stop: 7", np.s_[:, 3:7]),
        ("axis: 2, start: -4", np.s_[:, :, -4:]),
        ("axis: -2, stop: 12", np.s_[...]),
    ],
)
def test_a_slice_is_that_of_numpy(arguments, part):
    found = network_of(f"- slice: {{name: s, {arguments}}}\n- Activation: {{name: a, activation: linear}}")

    assert np.array_equal(output(found, "a"), X[part])
    assert ("s" in found.from_layer) == (X[part].shape != X.shape)  # no layer where everything is kept


@pytest.mark.parametrize("layers", ["- Flatten", "- Reshape: [144, 3]", "- Reshape: [2, 6, 12, 3]"])
def test_a_slice_takes_rows_sequences_and_volumes(layers):
    found = network_of(f"{layers}\n- slice: {{axis: 1, stop: 2}}\n- Activation: {{name: a, activation: linear}}")

    assert output(found, "a").shape[1] == 2


@pytest.mark.parametrize("function", ["mean", "max", "sum"])
@pytest.mark.parametrize("axis", [1, 2, 3, -1])
@pytest.mark.parametrize("keepdims", [False, True])
def test_a_reduction_is_that_of_numpy(function, axis, keepdims):
    found = network_of(f"- reduce_axis: {{name: r, function: {function}, axis: {axis}, keepdims: {keepdims}}}".lower())

    assert np.allclose(output(found, "r"), getattr(np, function)(X, axis, keepdims=keepdims), atol=1e-5)


def test_a_reduction_is_written_by_its_function_alone():
    assert np.allclose(output(network_of("- reduce_axis: mean"), "reduce_axis"), X.mean(-1), atol=1e-6)


def test_a_learned_constant_leaves_alone_where_it_is_merged_with_nothing():
    found = network_of("- learned: {name: l, shape: [5, 7], merge: null}")

    assert np.allclose(output(found, "l"), np.broadcast_to(constant(found, "l"), (2, 5, 7)), atol=1e-6)


@pytest.mark.parametrize(("merge", "name"), [("Add", "l_constant"), ("Multiply", "l"), ("null", "l")])
def test_a_constant_that_is_not_trainable_stays_so_when_a_phase_begins(merge, name):
    recipe = loaded(f"- learned: {{name: l, shape: 3, merge: {merge}, trainable: false}}{END}").recipe
    found = build(recipe, input_shape=(12, 12, 3))
    assert not found.model.get_layer(name).trainable_weights

    checks.freeze(found, recipe, phases_of(recipe)[0])

    assert not found.model.get_layer(name).trainable_weights


def test_a_model_with_them_opens_without_this_package(tmp_path):
    found = network_of(
        "- learned: {shape: [12, 12, 3]}\n- learned: {shape: [1, 12, 3], merge: Concatenate}\n"
        "- learned: {shape: 3, merge: Multiply}\n- slice: {axis: 1, stop: 12}\n- slice: {start: 1}\n"
        "- reduce_axis: {function: sum, keepdims: true}"
    )
    found.model.save(tmp_path / "m.keras")
    np.save(tmp_path / "x.npy", X)
    program = (
        "import sys; sys.modules['cnncli'] = None\nimport keras, numpy as np\n"
        "model = keras.models.load_model('m.keras')\nnp.save('y.npy', np.asarray(model(np.load('x.npy'))))"
    )
    subprocess.run([sys.executable, "-c", program], cwd=tmp_path, check=True, capture_output=True)

    assert np.array_equal(np.load(tmp_path / "y.npy"), np.asarray(found.model(X)))


def test_counts_and_shapes_follow_sizes():
    layers = "- Conv2D: {filters: 8, kernel_size: 3}\n"
    layers += "- Conv2D: {name: d, filters: $(here.channels // 2), kernel_size: 1}"
    checked = checks.check_shapes(loaded(layers + END, "expect: {shapes: {d: [10, 10, 4]}}"))

    assert checked.params == 3 * 9 * 8 + 8 + 8 * 4 + 4 + 400 * 10 + 10
    assert checked.is_complete
    assert summary.summarise(loaded(layers + END)).params == checked.params


def test_shortcuts_with_a_condition_on_sizes_are_decided_by_the_shapes():
    layers = (
        "- repeat: {over: {filters: [3, 3, 6]}, layers: [residual: {skip: $(here.channels == filters), body: "
        "[Conv2D: {filters: $filters, kernel_size: 1}]}]}"
    )
    checked = checks.check_shapes(loaded(layers + END))

    assert [layer.name for layer in checked.network.model.layers if "add" in layer.name] == ["add", "add_1"]


@pytest.mark.parametrize(
    ("layers", "message"),
    [
        ("- learned: {shape: [5]}", "r.yaml:5:24: a constant of 5 does not fit\n    the input is 12x12x3"),
        ("- learned: {shape: [1, 1, 1, 1]}", "r.yaml:5:24: a constant of 1x1x1x1 does not fit"),
        (
            "- learned: {shape: [2, 11, 3], merge: Concatenate}",
            "r.yaml:5:24: a constant of 2x11x3 cannot be concatenated",
        ),
        ("- learned: {shape: [2], merge: Concatenate, axis: 4}", "r.yaml:5:55: expected an axis from 1 to 3"),
        ("- learned: {shape: [2], merge: Dot}", "r.yaml:5:36: learned: `merge`: unknown choice `Dot`"),
        ("- slice: {axis: 0, start: 1}", "r.yaml:5:21: expected an axis from 1 to 3"),
        (
            "- reduce_axis: {function: mean, axis: 4}",
            "r.yaml:5:43: expected an axis from 1 to 3, or -1 for the last one, got 4",
        ),
        ("- reduce_axis: median", "r.yaml:5:20: reduce_axis: `function`: unknown choice `median`"),
        ("- reduce_axis", "r.yaml:5:7: reduce_axis needs `function`"),
        ("- slice: {axis: 1, stop: 13}", "r.yaml:5:30: `stop` is 13, and axis 1 has 12 values"),
        ("- slice", "r.yaml:5:7: slice needs `start` or `stop`"),
        ("- learned: {shape: 3, axis: 2}", "r.yaml:5:33: `axis` is for `merge: Concatenate`, not for Add"),
        ("- slice: {start: 3}", "r.yaml:5:22: nothing is left of 3 from 3 to 3"),
        ("- slice: {from: [input, input], stop: 1}", "`slice` takes one tensor, and 2 came in"),
        (
            "- Conv2D: {kernel_size: 1, filters: $(here.channels / 2)}",
            "r.yaml:5:41: Conv2D: `filters`: expected an integer",
        ),
    ],
)
def test_what_does_not_fit_is_reported_at_its_place(layers, message):
    with pytest.raises(RecipeError) as caught:
        checks.check_shapes(loaded(layers + END))
    assert message in str(caught.value)


@pytest.mark.parametrize(
    "layer",
    ["learned: {name: first, shape: 1, merge: Multiply}", "learned: {name: first, shape: [12, 12, 3]}"],
)
def test_an_item_is_called_again_on_its_own_output(layer):
    kind = layer.partition(":")[0]
    once = network_of(f"- {layer}")
    twice = network_of(f"- {layer}\n- {kind}: {{name: second, is: first}}")
    assert twice.output_shape("second") == once.output_shape("first")
    assert twice.model.count_params() == once.model.count_params()
