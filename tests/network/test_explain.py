"""The formulas of an explanation are those of the built network: for all shipped recipes, and for layers with any arguments."""

import math
from types import SimpleNamespace

import keras
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from keras import layers

from cnncli.errors import UsageError
from cnncli.inputs import kind_of
from cnncli.keras_internals import Origin, outputs_of_call
from cnncli.network.explain import explain
from cnncli.network.explanation import FIELD, FIELD_STRIDE, MULTIPLY_ADDS, OUTPUT, PARAMETERS
from cnncli.network.formulas import formulas_of
from cnncli.network.multiply_adds import multiply_adds
from cnncli.network.outline import ALL
from cnncli.network.receptive_field import field_after, field_of_input
from cnncli.network.summary import summarise_with_network
from cnncli.recipe import shipped
from cnncli.recipe.load import load, load_bytes


def by_python(expression: str) -> float:
    return eval(expression, {"__builtins__": {}, "ceil": math.ceil, "floor": math.floor, "max": max})


def explained(loaded, **options):
    summary, network, loaded = summarise_with_network(loaded)
    return explain(summary, network, loaded.recipe, **options)


def recipe(items: str, *, shape="[28, 28, 3]", rest: str = "", loss: str = ""):
    lines = "".join(f"    {line}\n" for line in items.strip().splitlines())
    head = "data: {source: {npz: {path: a.npz}}, classes: 10}\n"
    return load_bytes(f"{head}{rest}model:\n  input: {shape}\n  layers:\n{lines}{loss}".encode(), "r.yaml")


END = "\n- Flatten\n- Dense: {name: out, units: 10, activation: softmax}"


def formulas(loaded, name: str) -> dict[str, str]:
    [layer] = explained(loaded, only=[name]).layers
    return {formula.label: str(formula) for formula in layer.formulas}


# ---- every number is that of the network -------------------------------------------------------------------------------


@pytest.fixture(scope="module", params=shipped.names())
def shipped_network(request):
    """The summary, the network and the recipe of a shipped recipe; each network is built once."""
    return summarise_with_network(load(request.param))


def test_summary_of_a_shipped_recipe_has_the_parameters_that_keras_counts_and_no_notes(shipped_network):
    summary, network, _ = shipped_network

    assert summary.params == network.full_model.count_params() > 0
    own = {layer.name for layer in summary.layers if not layer.shares}
    assert {layer.name for layer in network.full_model.layers} == own
    assert {layer.shares for layer in summary.layers if layer.shares} <= own
    assert summary.notes == ()


def test_formulas_of_a_shipped_recipe_give_the_numbers_of_its_network(shipped_network):
    summary, network, loaded = shipped_network
    found = explain(summary, network, loaded.recipe, depth=ALL)
    numbers = {layer.name: layer for layer in summary.layers}

    assert [layer.name for layer in found.layers] == [layer.name for layer in summary.layers]
    for layer in found.layers:
        built, formulas = network.layer_of(layer.name), {f.quantity: f for f in layer.formulas}
        params = 0 if numbers[layer.name].shares else built.count_params()
        [output] = outputs_of_call(Origin(built, 0))  # `input` of a recipe is what leaves `data.prepare`
        assert layer.output_shape == tuple(output.shape[1:])
        check(layer.formulas, layer.output_shape, params, numbers[layer.name].multiply_adds)
        assert (PARAMETERS in formulas, MULTIPLY_ADDS in formulas) == (
            params > 0,
            bool(numbers[layer.name].multiply_adds),
        )
        assert [note for note in layer.notes if "formula" in note] == []


def check(formulas, output, params, multiply_adds):
    """Every formula has an expression that Python computes to the number of the network."""
    names = kind_of(output).AXES
    for formula in formulas:
        expected = {PARAMETERS: params, MULTIPLY_ADDS: multiply_adds}.get(formula.quantity, formula.value)
        assert formula.value == expected
        if formula.quantity == OUTPUT:
            assert {output[names.index(axis)] for axis in formula.axes} == {formula.value}
        if formula.quantity == FIELD_STRIDE:
            assert by_python(formula.expression or str(formula.value)) == pytest.approx(by_python(str(formula.value)))
        elif formula.expression:
            assert by_python(formula.expression) == formula.value, formula
        elif formula.quantity != FIELD:
            assert formula.expression, formula


SIZES = st.integers(1, 5)


def some(rank: int, values=SIZES):
    return st.lists(values, min_size=rank, max_size=rank).map(tuple)


def checked(layer, *shapes):
    """The formulas of a layer on inputs of some shapes, without the batch; all of them are checked."""
    with keras.StatelessScope(initialize_variables=False):
        inputs = [keras.Input(shape) for shape in shapes]
        output = layer(inputs if len(inputs) > 1 else inputs[0])
        came_in = [tuple(each.shape) for each in inputs]
        fields = [field_of_input(shape) for shape in came_in]
        found = SimpleNamespace(
            params=layer.count_params(),
            output_shape=tuple(output.shape[1:]),
            multiply_adds=multiply_adds(layer, came_in, output.shape),
            field=field_after(layer, fields, came_in, output.shape),
        )
        made = formulas_of(layer, found, came_in, fields)
    assert [f for f in made if not f.expression and f.quantity in (OUTPUT, PARAMETERS, MULTIPLY_ADDS)] == []
    check(made, found.output_shape, found.params, found.multiply_adds)
    held = {axis for formula in made if formula.quantity == OUTPUT for axis in formula.axes}
    assert {formula.quantity for formula in made} >= {PARAMETERS} - ({PARAMETERS} if not found.params else set())
    return found, made, held


@settings(max_examples=30)
@given(st.data(), st.integers(1, 3), st.booleans())
def test_convolution_with_any_arguments(data, rank, bias):
    groups = data.draw(st.integers(1, 3))
    strides, rates = data.draw(some(rank)), data.draw(some(rank, st.integers(1, 3)))
    if max(strides) > 1:  # Keras has one or the other
        rates = (1,) * rank
    kernel = data.draw(some(rank))
    padding = data.draw(st.sampled_from(["valid", "same", *(["causal"] if rank == 1 else [])]))
    layer = getattr(layers, f"Conv{rank}D")(
        groups * data.draw(SIZES),
        kernel,
        strides=strides,
        padding=padding,
        dilation_rate=rates,
        groups=groups,
        use_bias=bias,
    )
    found, _, held = checked(layer, (*data.draw(some(rank, st.integers(14, 30))), groups * data.draw(SIZES)))

    assert held == set(kind_of(found.output_shape).AXES) - {"channels"}


@settings(max_examples=20)
@given(st.data(), st.sampled_from(["Conv", "DepthwiseConv", "SeparableConv"]), st.booleans())
def test_depthwise_and_separable_convolution_with_any_arguments(data, kind, bias):
    rank = data.draw(st.integers(1, 2))
    stride, width = data.draw(SIZES), data.draw(SIZES)
    rate = data.draw(st.integers(1, 3)) if stride == 1 else 1
    padding = data.draw(st.sampled_from(["valid", "same"]))
    more = {"strides": stride, "padding": padding, "dilation_rate": rate, "use_bias": bias}
    more |= {} if kind == "Conv" else {"depth_multiplier": data.draw(st.integers(1, 3))}
    first = [] if kind == "DepthwiseConv" else [data.draw(SIZES)]
    layer = getattr(layers, f"{kind}{rank}D")(*first, width, **more)
    found, _, held = checked(layer, (*data.draw(some(rank, st.integers(13, 30))), data.draw(SIZES)))

    assert held >= set(kind_of(found.output_shape).AXES) - {"channels"}


@settings(max_examples=30)
@given(st.data(), st.integers(1, 3), st.booleans())
def test_transposed_convolution_with_any_arguments(data, rank, bias):
    strides, kernel = data.draw(some(rank)), data.draw(some(rank))
    more = {"strides": strides, "padding": data.draw(st.sampled_from(["valid", "same"])), "use_bias": bias}
    if min(strides) > 1 and data.draw(st.booleans()):
        more["output_padding"] = data.draw(st.integers(0, min(strides) - 1))
    if max(strides) == 1:  # Keras has one or the other
        more["dilation_rate"] = data.draw(st.integers(1, 3))
    layer = getattr(layers, f"Conv{rank}DTranspose")(data.draw(SIZES), kernel, **more)
    shape = (*data.draw(some(rank, st.integers(3, 12))), data.draw(SIZES))
    try:
        found, _, held = checked(layer, shape)
    except ValueError:  # a shape that Keras refuses
        assume(False)

    assert held == set(kind_of(found.output_shape).AXES) - {"channels"}


@settings(max_examples=30)
@given(st.data(), st.integers(1, 3), st.sampled_from(["Max", "Average"]))
def test_pooling_with_any_arguments(data, rank, kind):
    size = data.draw(some(rank))
    strides = data.draw(st.none() | some(rank))
    padding = data.draw(st.sampled_from(["valid", "same"]))
    layer = getattr(layers, f"{kind}Pooling{rank}D")(
        size if rank > 1 else size[0], strides=strides if rank > 1 else strides and strides[0], padding=padding
    )
    found, _, held = checked(layer, (*data.draw(some(rank, st.integers(5, 30))), 3))

    assert held == set(kind_of(found.output_shape).AXES) - {"channels"}


@settings(max_examples=20)
@given(st.data(), st.integers(1, 3))
def test_padding_cropping_and_upsampling_with_any_arguments(data, rank):
    pairs = [data.draw(st.tuples(st.integers(0, 3), st.integers(0, 3))) for _ in range(rank)]
    shape = (*data.draw(some(rank, st.integers(8, 20))), 2)
    axes = set(kind_of(shape).AXES) - {"channels"}
    size = data.draw(some(rank))
    argument = pairs if rank > 1 else pairs[0]

    assert checked(getattr(layers, f"ZeroPadding{rank}D")(argument), shape)[2] == axes
    assert checked(getattr(layers, f"Cropping{rank}D")(argument), shape)[2] == axes
    assert checked(getattr(layers, f"UpSampling{rank}D")(size if rank > 1 else size[0]), shape)[2] == axes


@settings(max_examples=20)
@given(st.data(), SIZES, SIZES, st.booleans(), st.booleans())
def test_other_layers_with_weights(data, units, channels, one, other):
    image = (*data.draw(some(2, st.integers(2, 9))), channels)
    steps = (data.draw(st.integers(2, 9)), channels)
    recurrent = [
        layers.LSTM(units, use_bias=one, return_sequences=other),
        layers.GRU(units, use_bias=one, reset_after=other),
        layers.SimpleRNN(units, use_bias=one),
    ]
    for layer, shape in (
        (layers.Dense(units, use_bias=one), (channels,)),
        (layers.Dense(units, use_bias=one), image),
        (layers.BatchNormalization(scale=one, center=other), image),
        (layers.LayerNormalization(scale=True, center=other), image),
        (layers.LayerNormalization(axis=[-2, -1]), image),
        (layers.GroupNormalization(groups=1, scale=True, center=other), image),
        (layers.RMSNormalization(), image),
        (layers.PReLU(shared_axes=[1, 2] if one else None), image),
        (layers.EinsumDense("abc,cd->abd", (None, units), bias_axes="d" if one else None), steps),
        (layers.EinsumDense("...x,xy->...y", units), image),
        (layers.Embedding(units, channels), (7,)),
        *((layer, steps) for layer in recurrent),
        (layers.Bidirectional(layers.GRU(units, use_bias=one)), steps),
        (layers.TimeDistributed(layers.Dense(units, use_bias=one)), steps),
    ):
        found, made, _ = checked(layer, shape)
        assert {formula.quantity for formula in made} >= {PARAMETERS}
        assert bool(found.multiply_adds) == any(formula.quantity == MULTIPLY_ADDS for formula in made)


def test_multi_head_attention_counts_its_four_projections():
    with keras.StatelessScope(initialize_variables=False):
        layer = layers.MultiHeadAttention(num_heads=3, key_dim=4, value_dim=5)
        given_ = keras.Input((7, 6))
        output = layer(given_, given_)
        shapes = [tuple(given_.shape)] * 2
        found = SimpleNamespace(
            params=layer.count_params(), output_shape=tuple(output.shape[1:]), multiply_adds=0, field=None
        )
        [formula] = formulas_of(layer, found, shapes, [None, None])

    assert str(formula) == "6*3*4 + 3*4 + 6*3*4 + 3*4 + 6*3*5 + 3*5 + 3*5*6 + 6 = 369"
    assert layer.count_params() == 369


def test_multiply_adds_of_self_attention_are_projections_scores_and_weighted_values():
    loaded = recipe(
        "- Reshape: {name: r, target_shape: [784, 3]}\n"
        f"- MultiHeadAttention: {{name: a, from: [r, r], num_heads: 2, key_dim: 8}}{END}"
    )

    assert formulas(loaded, "a")["multiply-adds"] == "4*784*3*2*8 + 2*784*784*2*8 = 19,819,520"


def test_permute_and_a_gate_for_each_channel_have_nothing_left_to_explain():
    loaded = recipe(
        "- Permute: {name: p, dims: [2, 3, 1]}\n- GlobalAveragePooling2D: {keepdims: true, name: g}\n"
        f"- Multiply: {{name: m, from: [p, g]}}{END}"
    )
    permuted, gate = explained(loaded, only=["p", "m"]).layers

    assert permuted.purpose == "Exchanges the axes of its input, 28×28×3 to 28×3×28; it computes nothing."
    assert (permuted.notes, gate.notes) == ((), ())


def test_constants_and_parts_of_an_input_are_explained_as_one():
    loaded = recipe(
        "- learned: {name: scale, merge: Multiply, shape: [3]}\n- learned: {name: bias, shape: [28, 28, 1]}\n"
        "- slice: {name: two, stop: 2}\n- reduce_axis: {name: total, function: sum, keepdims: true}\n"
        "- learned: {name: alone, shape: [5, 7], merge: null}\n"
        f"- learned: {{name: fixed, shape: [5, 7], initializer: Identity, trainable: false}}{END}"
    )
    scale, bias, two, total, alone, fixed = explained(loaded).layers[1:7]

    assert scale.purpose == "Multiplies each channel by a number that training changes."
    assert str(scale.formulas[0]) == "3"
    assert bias.purpose == (
        "A constant of 28×28×1 that training changes, the same for every example. It is added to what comes in."
    )
    assert (bias.what, bias.value(PARAMETERS)) == ("learned, 5 layers", "784")
    assert two.purpose == "Takes a part of what comes in along one axis: 28×28×2 is left; it computes nothing."
    assert total.purpose == "Takes the sum along one axis: 28×28×1 is left."
    assert alone.purpose.endswith("It replaces what comes in.")
    assert fixed.purpose == "A constant of 5×7, the same for every example. It is added to what comes in."


def test_dropout_of_whole_examples_is_stochastic_depth():
    loaded = recipe(
        "- Dropout: {name: path, rate: 0.1, noise_shape: [null, 1, 1, 1]}\n- Dropout: {name: never, rate: 0.0}"
        f"\n- Dropout: {{name: map, rate: 0.1, noise_shape: [null, 1, 1, 3]}}{END}"
    )
    purposes = [layer.purpose for layer in explained(loaded, only=["path", "never", "map"]).layers]

    assert purposes[0].startswith(
        "In training it sets all numbers of an example to 0 with a probability of 10%: the layers"
    )
    assert purposes[1] == "Its rate is 0: it passes its input on as it is."
    assert purposes[2].startswith("In training it sets 10% of the numbers to 0")


# ---- how formulas are written ------------------------------------------------------------------------------------------


def test_convolution_of_lenet5():
    [layer] = explained(load("lenet5"), only=["C1"]).layers

    assert (layer.what, layer.shapes) == ("Conv2D 5×5, tanh", "32×32×1 → 28×28×6")
    assert [(formula.label, str(formula)) for formula in layer.formulas] == [
        ("height and width", "(32 - 5)/1 + 1 = 28"),
        ("parameters", "5*5*1*6 + 6 = 156"),
        ("multiply-adds", "28*28*5*5*1*6 = 117,600"),
        ("receptive field", "1 + (5 - 1)*1 = 5"),
    ]


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ("kernel_size: 5, padding: same", "(28 - 5 + 2*2)/1 + 1 = 28"),
        ("kernel_size: 4, padding: same", "(28 - 4 + 1 + 2)/1 + 1 = 28"),
        ("kernel_size: 3, padding: same, strides: 2", "ceil(28/2) = 14"),
        ("kernel_size: 3, strides: 2", "floor((28 - 3)/2) + 1 = 13"),
        ("kernel_size: 2, strides: 2", "(28 - 2)/2 + 1 = 14"),
        ("kernel_size: 3, dilation_rate: 2", "(28 - ((3 - 1)*2 + 1))/1 + 1 = 24"),
    ],
)
def test_output_size_says_how_padding_and_rounding_work(arguments, expected):
    loaded = recipe(f"- Conv2D: {{name: c, filters: 4, {arguments}}}{END}")

    assert formulas(loaded, "c")["height and width"] == expected


def test_notes_say_what_is_rounded():
    loaded = recipe(
        f"- Conv2D: {{name: c, filters: 4, kernel_size: 3, strides: 2}}\n- MaxPooling2D: {{name: p, padding: same}}{END}"
    )
    notes = {layer.name: layer.notes for layer in explained(loaded).layers}

    assert notes["c"] == ("The division is rounded down: the last position is not used (height and width).",)
    assert notes["p"] == ("Padding same gives ceil(n/s) positions: the length divided by the stride of 2, rounded up.",)


def test_note_on_dilation_is_of_an_axis_that_is_dilated():
    loaded = recipe(
        "- Conv2D: {name: a, filters: 4, kernel_size: [1, 3], dilation_rate: [2, 3]}\n"
        f"- Conv2D: {{name: b, filters: 4, kernel_size: 1, dilation_rate: 2}}{END}"
    )
    notes = {layer.name: layer.notes for layer in explained(loaded).layers}

    assert notes["a"] == ("Dilation 3 leaves gaps: 3 numbers span (3 - 1)*3 + 1 = 7.",)
    assert notes["b"] == ()


def test_running_averages_alone_are_not_called_frozen():
    loaded = recipe(f"- BatchNormalization: {{name: b, scale: false, center: false}}{END}")
    [layer] = explained(loaded, only=["b"]).layers

    assert layer.notes == (
        "Its parameters are not trained: they are running averages of mean and variance, which a trained network uses.",
    )


@pytest.mark.parametrize(
    ("argument", "purpose", "note"),
    [
        (
            "scale: true",
            "over the batch, then applies a learned scale and shift, so that",
            "8 of its parameters learn (scale and shift);",
        ),
        ("scale: false", "over the batch, then applies a learned shift, so that", "4 of its parameters learn (shift);"),
        (
            "center: false",
            "over the batch, then applies a learned scale, so that",
            "4 of its parameters learn (scale);",
        ),
    ],
)
def test_batch_normalization_is_told_with_what_it_learns(argument, purpose, note):
    loaded = recipe(f"- Conv2D: {{filters: 4, kernel_size: 3}}\n- BatchNormalization: {{name: b, {argument}}}{END}")
    [layer] = explained(loaded, only=["b"]).layers

    assert purpose in layer.purpose
    assert layer.notes[0].startswith(note)


def test_given_mean_is_not_called_that_of_the_data():
    loaded = recipe(f"- Normalization: {{name: n, mean: [0.5], variance: [0.1]}}{END}")
    [layer] = explained(loaded, only=["n"]).layers

    assert layer.purpose == "Subtracts a given mean and divides by a given standard deviation."


def test_axes_that_differ_have_formulas_of_their_own():
    loaded = recipe(f"- Conv2D: {{name: c, filters: 4, kernel_size: [3, 5]}}{END}")

    assert formulas(loaded, "c") == {
        "height": "(28 - 3)/1 + 1 = 26",
        "width": "(28 - 5)/1 + 1 = 24",
        "parameters": "3*5*3*4 + 4 = 184",
        "multiply-adds": "26*24*3*5*3*4 = 112,320",
        "receptive field (height)": "1 + (3 - 1)*1 = 3",
        "receptive field (width)": "1 + (5 - 1)*1 = 5",
    }


def test_receptive_field_grows_by_the_stride_before_it():
    loaded = recipe(
        "- Conv2D: {filters: 4, kernel_size: 5}\n- MaxPooling2D: {name: p}\n"
        f"- Conv2D: {{name: c, filters: 4, kernel_size: 3, dilation_rate: 2}}{END}"
    )

    assert formulas(loaded, "p")["receptive field"] == "5 + (2 - 1)*1 = 6"
    assert formulas(loaded, "p")["field stride"] == "1*2 = 2"
    assert formulas(loaded, "c")["receptive field"] == "6 + (3 - 1)*2*2 = 14"
    assert formulas(loaded, "out")["receptive field"] == "the whole input"


def test_groups_without_bias():
    loaded = recipe(
        "- Conv2D: {filters: 8, kernel_size: 1}\n"
        f"- Conv2D: {{name: c, filters: 6, kernel_size: 3, groups: 2, use_bias: false}}{END}"
    )

    assert formulas(loaded, "c")["parameters"] == "3*3*(8/2)*6 = 216"


def test_branches_meet_in_the_widest_field():
    loaded = recipe(
        "- branches:\n"
        "    merge: Concatenate\n"
        "    paths:\n"
        "      - [Conv2D: {name: a, filters: 4, kernel_size: 3, padding: same}]\n"
        "      - [Conv2D: {name: b, filters: 2, kernel_size: 5, padding: same}]" + END
    )
    [layer] = [layer for layer in explained(loaded).layers if layer.kind == "Concatenate"]

    assert layer.sources == "a and b"
    assert [(f.label, str(f)) for f in layer.formulas] == [
        ("channels", "4 + 2 = 6"),
        ("receptive field", "max(3, 5) = 5"),
    ]


def test_layer_without_a_known_formula_says_so():
    loaded = recipe(f"- Resizing: {{name: r, height: 9, width: 9}}{END}")
    [resized] = explained(loaded, only=["r"]).layers
    recurrent = recipe(
        f"- Reshape: {{target_shape: [28, 28, 3, 1]}}\n- ConvLSTM2D: {{name: c, filters: 2, kernel_size: 3}}{END}"
    )
    [convolutional] = explained(recurrent, only=["c"]).layers

    assert resized.notes == ("Keras computes the output shape; there is no formula for Resizing here.",)
    assert [f.quantity for f in resized.formulas if f.expression] == []
    assert (
        convolutional.notes[-1]
        == "Keras computes the output shape and the parameters; there is no formula for ConvLSTM2D here."
    )
    assert {f.quantity: (f.expression, f.value > 0) for f in convolutional.formulas if f.quantity != FIELD} == {
        PARAMETERS: ("", True),
        MULTIPLY_ADDS: ("", True),
    }


# ---- blocks, choice of layers, conclusion ------------------------------------------------------------------------------


def test_each_kind_of_block_is_opened_once_and_an_application_stays_closed():
    googlenet = {layer.name: layer for layer in explained(load("googlenet")).layers}
    transfer = {layer.name: layer for layer in explained(load("vgg16-transfer")).layers}

    assert googlenet["3b"].purpose == "The same layers as in 3a, with other numbers."
    assert googlenet["3b"].layer_count == 8
    assert any(layer.within[:1] == ("3a",) for layer in googlenet.values())
    assert transfer["backbone"].what == "VGG16, 18 layers"
    assert "It is frozen: its parameters are not trained." in transfer["backbone"].notes


def test_depth_closes_and_opens_blocks():
    closed = explained(load("googlenet"), depth=0).layers
    opened = explained(load("vgg16-transfer"), depth=1).layers

    assert [layer.purpose for layer in closed if layer.name == "3a"] == [
        "A block of 8 layers: 6 Conv2D, 1 MaxPooling2D, 1 Concatenate."
    ]
    assert {"block1_conv1", "block5_pool"} <= {layer.name for layer in opened}


def test_layers_and_blocks_are_chosen_by_name():
    found = explained(load("googlenet"), only=["3b", "dense"])

    assert len(found.layers) == 9
    assert {layer.within for layer in found.layers[:-1]} >= {("3b",)}
    assert found.conclusion == ()


def test_unknown_layers_are_reported_together_with_the_nearest():
    with pytest.raises(UsageError) as caught:
        explained(load("lenet5"), only=["C11", "C1", "flaten"])

    assert [(problem.message, problem.hint) for problem in caught.value.problems] == [
        ("no layer is named `C11`", "did you mean `C1`?"),
        ("no layer is named `flaten`", "did you mean `flatten`?"),
    ]


def test_conclusion_of_lenet5():
    assert explained(load("lenet5")).conclusion == (
        "The network takes 28×28×1 numbers. Its last layer, output, gives 10 probabilities, one for each class; their sum is "
        "1 and the largest is the prediction. The loss is sparse_categorical_crossentropy: -ln(p), where p is the "
        "probability that the network gives to the right class. A network that guesses among 10 classes has the loss "
        "ln(10) = 2.303.",
        "The network has 61,706 parameters (0.247 MB with 4 bytes each), all trainable. One example takes 416,520 "
        "multiply-adds.",
        "The layer with the most parameters is C5: 48,120 of 61,706 (78%). The layer with the most multiply-adds is C3: "
        "240,000 of 416,520 (58%).",
        "The receptive field grows to 32×32 at C5; from F6 on, each number depends on the whole input.",
    )


def test_last_layer_and_loss_of_other_tasks():
    numbers = load_bytes(
        b"data: {source: {npz: {path: a.npz}}, targets: numbers}\n"
        b"model: {input: [8, 8, 1], layers: [Flatten, Dense: {name: out, units: 1}]}\n",
        "r.yaml",
    )
    logits = recipe(
        "- Flatten\n- Dense: {name: out, units: 10}",
        loss=("train: {loss: {SparseCategoricalCrossentropy: {from_logits: true}}}\n"),
    )

    assert (
        explained(numbers)
        .conclusion[0]
        .startswith(
            "The network takes 8×8×1 numbers. Its last layer, out, gives 1 number without a limit (no activation). The loss is "
        )
    )
    assert "(output - target)^2" in explained(numbers).conclusion[0]
    assert explained(logits).conclusion[0].endswith("from outputs without activation (from_logits).")


def test_augmentation_has_a_sentence_for_each_layer():
    assert explained(load("resnet20-cifar10")).augmentation == (
        ("RandomTranslation", "Shifts examples by random distances, so that the network sees more variety."),
        ("RandomFlip", "Mirrors examples at random, so that the network sees more variety."),
    )


def test_number_of_classes_that_is_not_known_is_said():
    [head] = explained(load("resnet18"), only=["dense"]).layers

    assert head.purpose.startswith("Each of its 2 outputs is a weighted sum of the 512 numbers")
    assert [str(formula) for formula in head.formulas][:2] == ["512*2 + 2 = 1,026", "512*2 = 1,024"]
    assert "--set data.classes=N" in explained(load("resnet18")).conclusion[-1]


def test_formula_that_does_not_give_the_number_of_the_network_is_not_shown():
    with keras.StatelessScope(initialize_variables=False):
        layer, came_in = layers.Dense(3), keras.Input((4,))
        layer(came_in)
        found = SimpleNamespace(params=16, output_shape=(3,), multiply_adds=12, field=None)
        made = formulas_of(layer, found, [tuple(came_in.shape)], [None])

    assert [(formula.quantity, str(formula)) for formula in made] == [(PARAMETERS, "16"), (MULTIPLY_ADDS, "4*3 = 12")]
