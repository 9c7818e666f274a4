"""A network in numbers; those of LeNet-5 and of single layers are worked out by hand."""

import keras
import pytest
from keras import layers

from cnncli.errors import RecipeError
from cnncli.network.multiply_adds import multiply_adds
from cnncli.network.outline import ALL, rows, without_prefix
from cnncli.network.summary import summarise
from cnncli.recipe.load import load, load_bytes

HEAD = "data: {source: {npz: {path: a.npz}}, classes: 10}\nmodel:\n  input: [32, 32, 3]\n  layers:\n"
END = "- Flatten: {name: flat}\n- Dense: {name: out, units: 10, activation: softmax}"


def loaded(text: str, *, head: str = HEAD, end: str = END, rest: str = ""):
    lines = "".join(f"    {line}\n" for line in f"{text.strip()}\n{end}".splitlines())
    return load_bytes((head + lines + rest).encode(), "r.yaml")


def summary_of(text: str, **more):
    return summarise(loaded(text, **more))


def field_of(summary, name: str):
    """The receptive field: its size and stride in each direction, or "all"."""
    [field] = [layer.field for layer in summary.layers if layer.name == name]
    if field is None or field.whole:
        return field and "all"
    return field.pixels, tuple(float(step) for step in field.stride)


def within(**arguments):
    """A layer's multiply-adds on an input of the given shape, without the batch."""
    layer, shape = arguments["layer"], arguments["shape"]
    with keras.StatelessScope(initialize_variables=False):
        inputs = [keras.Input(one) for one in (shape if isinstance(shape, list) else [shape])]
        output = layer(*inputs) if arguments.get("apart") else layer(inputs if len(inputs) > 1 else inputs[0])
        return multiply_adds(layer, [one.shape for one in inputs], output.shape)


# ---- the whole ---------------------------------------------------------------------------------------------------------


def test_lenet5_layer_by_layer():
    found = summarise(load("lenet5"))
    # C1: 28 * 28 * 6 * (5 * 5 * 1); C3: 10 * 10 * 16 * (5 * 5 * 6); C5: 120 * (5 * 5 * 16); F6: 120 * 84; output: 84 * 10.
    # Field: 5; + (2 - 1) * 1; + (5 - 1) * 2; + (2 - 1) * 2; + (5 - 1) * 4.
    expected = [
        ("input", (28, 28, 1), 0, 0, ((1, 1), (1, 1))),
        ("rescaling", (28, 28, 1), 0, 0, ((1, 1), (1, 1))),
        ("zero_padding2d", (32, 32, 1), 0, 0, ((1, 1), (1, 1))),
        ("C1", (28, 28, 6), 156, 117_600, ((5, 5), (1, 1))),
        ("S2", (14, 14, 6), 0, 0, ((6, 6), (2, 2))),
        ("C3", (10, 10, 16), 2_416, 240_000, ((14, 14), (2, 2))),
        ("S4", (5, 5, 16), 0, 0, ((16, 16), (4, 4))),
        ("C5", (1, 1, 120), 48_120, 48_000, ((32, 32), (4, 4))),
        ("flatten", (120,), 0, 0, ((32, 32), (4, 4))),
        ("F6", (84,), 10_164, 10_080, "all"),
        ("output", (10,), 850, 840, "all"),
    ]
    got = [(x.name, x.output_shape, x.params, x.multiply_adds, field_of(found, x.name)) for x in found.layers]

    assert got == expected
    assert (found.params, found.multiply_adds) == (61_706, 416_520)
    assert found.layers[3].detail == "5×5, tanh"
    assert found.layers[4].detail == "2×2, stride 2"


def test_memory_is_that_of_float32_numbers_at_the_batch_size():
    found = summarise(load("lenet5"))
    first = next(layer for layer in found.layers if layer.name == "C1")
    # One example: 784 + 784 + 1,024 + 4,704 + 1,176 + 1,600 + 400 + 120 + 120 + 84 + 10 = 10,806 numbers.
    assert found.batch_size == 128
    assert found.bytes_of(first.activations) == 28 * 28 * 6 * 4 * 128
    assert found.activation_bytes == 10_806 * 4 * 128
    assert found.weight_bytes == 61_706 * 4
    # The weight, its gradient and two numbers of Adam; activations and their gradients.
    assert found.training_bytes == 61_706 * 4 * 4 + 10_806 * 4 * 128 * 2

    assert summarise(load("lenet5"), batch_size=1).activation_bytes == 10_806 * 4


@pytest.mark.parametrize(
    ("recipe", "parameters", "count"),
    [
        # Simonyan and Zisserman: convolutions 15,346,630,656, dense layers 123,633,664.
        ("vgg16", 138_357_544, 15_470_264_320),
        ("googlenet", 6_998_552, 1_582_671_872),  # "about 1.5 billion multiply-adds" (Szegedy et al.)
        ("resnet18", 11_699_112, 1_814_073_344),  # 1.81 G (torchvision)
        ("resnet50", 25_610_152, 4_089_184_256),  # 4.09 G with the stride in the 3x3 convolution (torchvision)
    ],
)
def test_published_networks_have_their_published_multiply_adds(recipe, parameters, count):
    found = summarise(load(recipe, ["data.classes=1000"]))

    assert (found.params, found.multiply_adds, found.not_counted) == (parameters, count, ())


def test_resnet_with_other_depths_is_the_published_network(tmp_path):
    child = tmp_path / "resnet34.yaml"
    child.write_text("extends: resnet18\ndata: {classes: 1000}\nvars: {depths: [3, 4, 6, 3]}\n")

    found = summarise(load(str(child)))

    assert (found.params, found.multiply_adds) == (21_814_696, 3_663_761_408)  # 3.66 G (torchvision)


def test_convolutions_of_vgg16_alone():
    found = summarise(load("vgg16", ["data.classes=1000"]))
    convolutions = sum(layer.multiply_adds for layer in found.layers if layer.kind == "Conv2D")

    assert (convolutions, found.multiply_adds - convolutions) == (15_346_630_656, 123_633_664)


@pytest.mark.parametrize("name", ["googlenet", "resnet20-cifar10", "vgg16-transfer", "unet-small", "googlenet-aux"])
@pytest.mark.parametrize("depth", [0, 1, ALL])
def test_rows_of_every_depth_have_the_same_totals(name, depth):
    found = summarise(load(name))
    shown = rows(found, depth)

    assert sum(row.params for row in shown) == found.params
    assert sum(row.multiply_adds for row in shown) == found.multiply_adds
    assert sum(row.layer_count for row in shown) == len(found.layers)
    assert all(source < index for index, row in enumerate(shown) for source in row.inputs)
    assert [row for row in shown[1:] if not row.inputs] == []


# ---- multiply-adds of single layers --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("layer", "shape", "count"),
    [
        (layers.Conv1D(4, 3), (10, 2), 8 * 3 * 2 * 4),
        (layers.Conv2D(6, (3, 5), strides=(2, 1), padding="same"), (8, 8, 2), 4 * 8 * 15 * 2 * 6),
        (layers.Conv2D(6, 3, groups=3), (8, 8, 3), 36 * 9 * 1 * 6),
        (layers.Conv2D(6, 3, dilation_rate=2), (8, 8, 3), 16 * 9 * 3 * 6),
        (layers.Conv3D(2, 2), (4, 4, 4, 3), 27 * 8 * 3 * 2),
        (layers.DepthwiseConv2D(3, depth_multiplier=2), (8, 8, 3), 36 * 9 * 3 * 2),
        (layers.SeparableConv2D(5, 3), (8, 8, 4), 36 * (9 * 4 + 4 * 5)),
        (layers.Conv2DTranspose(5, 3, strides=2), (8, 8, 4), 64 * 9 * 4 * 5),
        (layers.Dense(5), (7,), 35),
        (layers.Dense(5), (6, 6, 7), 36 * 35),
        (layers.EinsumDense("abc,cde->abde", (None, 2, 3)), (6, 7), 6 * 7 * 2 * 3),
        (layers.EinsumDense("...x,xy->...y", 5), (6, 6, 7), 36 * 35),
        (layers.SimpleRNN(4), (10, 3), 10 * (3 * 4 + 4 * 4)),
        (layers.LSTM(4, return_sequences=True), (10, 3), 10 * 4 * (3 * 4 + 4 * 4)),
        (layers.Bidirectional(layers.GRU(4)), (10, 3), 2 * 10 * 3 * (3 * 4 + 4 * 4)),
        (layers.ConvLSTM2D(2, 3, padding="same"), (5, 4, 4, 3), 5 * 16 * 9 * (3 * 8 + 2 * 8)),
        (layers.TimeDistributed(layers.Conv2D(2, 3)), (5, 4, 4, 3), 5 * 4 * 9 * 3 * 2),
        (layers.SpectralNormalization(layers.Dense(5)), (7,), 35),
        # Per head: four projections of 10 positions, 8 * 3 each; 10 * 10 scores of 3, and 10 * 10 weights times 3.
        (layers.MultiHeadAttention(2, 3), [(10, 8), (10, 8)], 2 * (4 * 10 * 8 * 3 + 2 * 100 * 3)),
        (layers.Attention(), [(6, 4), (9, 4)], 6 * 9 * (4 + 4)),
        (layers.Dot(axes=2), [(6, 4), (9, 4)], 6 * 9 * 4),
        (keras.Sequential([layers.Conv2D(2, 3), layers.LayerNormalization()]), (4, 4, 3), 4 * 9 * 3 * 2),
        (layers.MaxPooling2D(2), (8, 8, 3), 0),
        (layers.UpSampling2D(2, interpolation="bilinear"), (8, 8, 3), 0),
        (layers.BatchNormalization(), (8, 8, 3), 0),
        (layers.PReLU(), (8, 8, 3), 0),
        (layers.Embedding(100, 8), (5,), 0),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, layers.Layer) else "",
)
def test_multiply_adds_of_a_layer(layer, shape, count):
    assert within(layer=layer, shape=shape, apart=isinstance(layer, layers.MultiHeadAttention)) == count


def test_layer_with_weights_that_nobody_counts_is_not_guessed():
    class Own(layers.Layer):
        def build(self, shape):
            self.weight = self.add_weight(shape=(3,))

        def call(self, inputs):
            return inputs * self.weight

    assert within(layer=Own(), shape=(8, 8, 3)) is None


def test_open_length_is_not_guessed():
    assert within(layer=layers.Conv1D(4, 3), shape=(None, 2)) is None


# ---- receptive fields ----------------------------------------------------------------------------------------------------


def test_fields_of_published_networks():
    # Araujo, Norris and Sim (2019): VGG16 212; ResNet-50 483 with the stride in the first 1x1 convolution.
    backbone = "- {name}: {{name: backbone, weights: null, include_top: false}}\n- GlobalAveragePooling2D"
    vgg = summary_of(backbone.format(name="VGG16"), end=END.splitlines()[1])
    resnet = summary_of(backbone.format(name="ResNet50"), end=END.splitlines()[1])

    assert field_of(vgg, "block5_pool") == ((212, 212), (32, 32))
    assert field_of(resnet, "conv5_block3_out") == ((483, 483), (32, 32))
    assert field_of(resnet, "global_average_pooling2d") == "all"
    assert resnet.params - 2048 * 10 - 10 == 23_587_712


def test_field_differs_by_direction_and_grows_with_dilation():
    found = summary_of(
        """
- Conv2D: {name: a, filters: 2, kernel_size: [3, 5], strides: [2, 1]}
- Conv2D: {name: b, filters: 2, kernel_size: 3, dilation_rate: [1, 2]}
"""
    )
    # b: 3 + 2 * 2 down, and 5 + 2 * 2 * 1 across.
    assert field_of(found, "a") == ((3, 5), (2, 1))
    assert field_of(found, "b") == ((7, 9), (2, 1))
    assert field_of(found, "flat") == ((7, 9), (2, 1))
    assert field_of(found, "out") == "all"


def test_of_branches_the_widest_counts():
    found = summary_of(
        """
- branches:
    merge: Concatenate
    paths:
      - [Conv2D: {filters: 2, kernel_size: 1}]
      - [Conv2D: {filters: 2, kernel_size: 3, padding: same}, Conv2D: {filters: 2, kernel_size: [1, 5], padding: same}]
"""
    )
    assert field_of(found, "concatenate") == ((3, 7), (1, 1))


def test_upsampling_brings_positions_nearer():
    found = summary_of(
        """
- MaxPooling2D: {name: down, pool_size: 4}
- Conv2DTranspose: {name: up, filters: 2, kernel_size: 3, strides: 2, padding: same}
- UpSampling2D: {name: nearest, size: 2}
- Conv2D: {name: after, filters: 2, kernel_size: 3, padding: same}
- UpSampling2D: {name: smooth, size: 2, interpolation: bilinear}
"""
    )
    # 4; a number of `up` comes of at most two that are 4 apart; then 2 apart, and 1: + (3 - 1) * 1; two that are 1 apart.
    assert field_of(found, "down") == ((4, 4), (4, 4))
    assert field_of(found, "up") == ((8, 8), (2, 2))
    assert field_of(found, "nearest") == ((8, 8), (1, 1))
    assert field_of(found, "after") == ((10, 10), (1, 1))
    assert field_of(found, "smooth") == ((11, 11), (0.5, 0.5))


def test_dilated_transposed_convolution_sees_positions_further_apart():
    found = summary_of("- Conv2DTranspose: {name: up, filters: 2, kernel_size: 3, dilation_rate: 2}")

    assert field_of(found, "up") == ((5, 5), (1, 1))


def test_a_layer_that_sees_everything_spreads_it():
    found = summary_of(
        """
- Conv2D: {name: map, filters: 4, kernel_size: 3, padding: same}
- GlobalAveragePooling2D: {name: pool, keepdims: true}
- Conv2D: {name: gate, filters: 4, kernel_size: 1, activation: sigmoid}
- Multiply: {name: scaled, from: [map, gate]}
"""
    )
    assert [field_of(found, name) for name in ("map", "pool", "gate", "scaled")] == [
        ((3, 3), (1, 1)),
        "all",
        "all",
        "all",
    ]


def test_field_after_moving_pixels_about_is_not_known():
    found = summary_of(
        "- Reshape: {name: moved, target_shape: [16, 64, 3]}\n- Conv2D: {name: on, filters: 1, kernel_size: 3}"
    )

    assert [field_of(found, name) for name in ("moved", "on", "out")] == [None, None, None]


def test_columns_of_a_table_have_no_field():
    found = summary_of("- Dense: 4", head=HEAD.replace("[32, 32, 3]", "[7]"), end=END.splitlines()[1])

    assert {layer.field for layer in found.layers} == {None}


# ---- what learns -----------------------------------------------------------------------------------------------------------


def test_frozen_layers_learn_nothing():
    text = "- Conv2D: {name: c, filters: 2, kernel_size: 3}\n- BatchNormalization: {name: bn}"
    found = summary_of(text, rest="train: {freeze: [c]}\n")
    learning = {layer.name: (layer.params, layer.trainable_params) for layer in found.layers if layer.params}

    # 3 * 3 * 3 * 2 + 2; scale and shift learn, mean and variance do not; 30 * 30 * 2 * 10 + 10.
    assert learning == {"c": (56, 0), "bn": (8, 4), "out": (18_010, 18_010)}
    assert found.trainable_params == 18_014


def test_each_phase_has_its_own_count():
    phases = "train: {phases: [{name: head, freeze: [c]}, {name: all}]}\n"
    found = summary_of("- Conv2D: {name: c, filters: 2, kernel_size: 3}", rest=phases)

    assert [(phase.name, phase.trainable_params) for phase in found.phases] == [("head", 18_010), ("all", 18_066)]
    assert found.trainable_params == 18_066
    assert next(layer.trainable_params for layer in found.layers if layer.name == "c") == 56


def test_layer_to_freeze_that_is_not_there_is_reported_at_its_line():
    with pytest.raises(RecipeError) as caught:
        summary_of("- Conv2D: {name: c, filters: 2, kernel_size: 3}", rest="train: {freeze: [d]}\n")

    assert str(caught.value).startswith("r.yaml:8:18: no layer is named `d`")


# ---- groups and order ------------------------------------------------------------------------------------------------------

INCEPTION = """
blocks:
  conv:
    params: [filters, kernel_size]
    layers: [Conv2D: {filters: $filters, kernel_size: $kernel_size, padding: same}]
  mixed:
    layers:
      - branches:
          merge: Concatenate
          paths:
            - [conv: {filters: 2, kernel_size: 1}]
            - [conv: {filters: 3, kernel_size: 1}, conv: {filters: 4, kernel_size: 3}]
            - - group:
                  name: last
                  layers: [MaxPooling2D: {pool_size: 3, strides: 1, padding: same}, conv: {filters: 2, kernel_size: 1}]
"""
MIXED = "- conv: {name: stem, filters: 4, kernel_size: 3}\n- mixed: {name: a}\n- mixed"


def inception():
    return summary_of(MIXED, rest=INCEPTION)


def test_layers_stand_branch_after_branch():
    names = [layer.name for layer in inception().layers]

    assert names == [
        "input", "stem_conv2d",
        "a_conv_conv2d", "a_conv_1_conv2d", "a_conv_2_conv2d", "a_max_pooling2d", "a_conv_3_conv2d", "a_concatenate",
        "mixed_conv_conv2d", "mixed_conv_1_conv2d", "mixed_conv_2_conv2d", "mixed_max_pooling2d", "mixed_conv_3_conv2d",
        "mixed_concatenate", "flat", "out",
    ]  # fmt: skip


def test_closed_blocks_are_one_row_with_their_sums():
    shown = rows(inception())
    block = shown[2]

    assert [(row.name, row.kind, row.layer_count) for row in shown] == [
        ("input", "InputLayer", 1), ("stem", "Conv2D", 1), ("a", "mixed", 6), ("mixed", "mixed", 6),
        ("flat", "Flatten", 1), ("out", "Dense", 1),
    ]  # fmt: skip
    # 1x1: 4 * 2 + 2, 4 * 3 + 3, 4 * 2 + 2; 3x3: 9 * 3 * 4 + 4.
    assert block.params == 10 + 15 + 10 + 112
    assert block.multiply_adds == 32 * 32 * (8 + 12 + 108 + 8)
    assert block.output_shape == (32, 32, 8)
    assert block.activations == 32 * 32 * (2 + 3 + 4 + 4 + 2 + 8)
    assert block.inputs == (1,)


def test_depth_opens_the_outer_blocks_first():
    shown = rows(inception(), 1)
    inside = [
        (without_prefix(row.name, row.within), row.kind, row.layer_count) for row in shown if row.within == ("a",)
    ]

    assert inside == [
        ("conv", "Conv2D", 1), ("conv_1", "Conv2D", 1), ("conv_2", "Conv2D", 1), ("last", "", 2),
        ("concatenate", "Concatenate", 1),
    ]  # fmt: skip
    assert [row.within for row in rows(inception(), ALL) if row.name == "a_max_pooling2d"] == [("a", "a_last")]


def test_concatenation_takes_the_ends_of_its_branches():
    [merge] = [layer for layer in inception().layers if layer.name == "a_concatenate"]

    assert merge.inputs == ("a_conv_conv2d", "a_conv_2_conv2d", "a_conv_3_conv2d")
    assert merge.groups == ("a",)


def test_application_is_a_group_and_its_preprocessing_is_seen_through():
    found = summarise(load("vgg16-transfer"))
    [group] = found.groups
    first = found.layers[1]

    assert (group.name, group.kind, len(group.layers), group.last) == ("backbone", "VGG16", 18, "block5_pool")
    assert (first.name, first.inputs) == ("block1_conv1", ("input",))


def test_additions_that_are_no_layers_are_kept():
    text = "- ConvNeXtTiny: {name: net, weights: null, include_top: false}\n- GlobalAveragePooling2D"
    found = summary_of(text, end=END.splitlines()[1])
    additions = [layer for layer in found.layers if layer.kind == "Add"]

    assert len(additions) == 3 + 3 + 9 + 3
    assert {len(layer.inputs) for layer in additions} == {2}
    assert {(layer.params, layer.multiply_adds, layer.groups) for layer in additions} == {(0, 0, ("net",))}
    assert max(len(layer.inputs) for layer in found.layers if layer.kind != "Add") == 1


def test_projecting_shortcut_is_a_group_of_its_block():
    found = summarise(load("resnet20-cifar10"))
    [layer] = [layer for layer in found.layers if layer.name == "basic_3_shortcut_bn"]

    assert layer.groups == ("basic_3", "basic_3_shortcut")
    assert [row.kind for row in rows(found, 1) if row.name == "basic_3_shortcut"] == ["shortcut"]


def test_every_output_is_there():
    found = summarise(load("googlenet-aux"))

    assert found.outputs[0] == "main"
    assert len(found.outputs) == 3
    assert set(found.outputs) <= {layer.name for layer in found.layers}


# ---- what is not known -----------------------------------------------------------------------------------------------------


def test_unknown_input_shape_asks_for_it():
    with pytest.raises(RecipeError) as caught:
        summary_of("", head=HEAD.replace("  input: [32, 32, 3]\n", ""))

    assert "depends on the data" in str(caught.value)
    assert "--set 'model.input=[height, width, channels]'" in str(caught.value)


def test_unknown_shapes_of_several_inputs_are_asked_for_by_name():
    with pytest.raises(RecipeError) as caught:
        summarise(
            load_bytes(
                b"data: {source: {npz: {path: a.npz}}, inputs: {scan: , row: }}\n"
                b"model: {layers: [Add: {from: [scan, row]}, Flatten, Dense: {units: 2, activation: softmax}]}\n",
                "r.yaml",
            )
        )

    wanted = "{scan: [height, width, channels], row: [height, width, channels]}"
    assert f"--set 'model.input={wanted}'" in str(caught.value)


def test_unknown_number_of_classes_is_a_placeholder():
    text = "- Flatten\n- Dense: {name: hidden, units: $(4 * classes)}\n- Dense: {name: out, units: $classes, activation: softmax}"
    head = HEAD.replace(", classes: 10", "")

    assert summary_of(text, head=head, end="").placeholders == ("hidden", "out")
    assert summary_of(text, end="").placeholders == ()


def test_wrapper_says_which_layer_it_applies():
    layers_of_recipe = """
    - TimeDistributed: {layer: {Conv2D: {filters: 2, kernel_size: 3, activation: relu}}}
    - Bidirectional: {layer: {ConvLSTM2D: {filters: 2, kernel_size: 3}}}
    - Flatten
    - Dense: {units: 3, activation: softmax}
"""
    head = "name: n\ndata: {source: {npz: {path: a.npz}}, classes: 3}\nmodel:\n  input: [3, 8, 8, 1]\n  layers:"
    found = summarise(load_bytes((head + layers_of_recipe).encode(), "r.yaml"))

    assert [layer.detail for layer in found.layers[1:3]] == ["Conv2D 3×3, relu", "ConvLSTM2D 3×3"]
