"""Modules of papers in the recipe language: their parameters are worked out by hand or published."""

import numpy as np
import pytest

from cnncli.network.build import build, build_symbolically
from cnncli.network.summary import measure
from cnncli.network.symbolic_shapes import resolve
from cnncli.recipe.known_data import declared_shape
from cnncli.recipe.load import load_bytes

CONV_BN = """
  conv_bn:
    params: [filters]
    defaults: {size: 1, rate: 1, strides: 1, activation: relu}
    layers:
      - Conv2D: {filters: $filters, kernel_size: $size, dilation_rate: $rate, strides: $strides, padding: same, use_bias: false}
      - BatchNormalization
      - Activation: $activation
"""
SQUEEZE_EXCITE = """
  squeeze_excite:
    defaults: {ratio: 4, gate: sigmoid, channels: $here.channels}
    layers:
      - GlobalAveragePooling2D: {keepdims: true}
      - Dense: {units: $(divisible(channels / ratio)), activation: relu}
      - Dense: {name: excite, units: $channels, activation: $gate}
      - Multiply: {from: [., excite]}
"""


def written_out(shape: str, blocks: str, layers: str, classes: int = 10):
    """The recipe whose sizes of `$here` are known."""
    indented = "".join(f"    {line}\n" for line in layers.strip().splitlines())
    begin = f"data: {{source: {{npz: {{path: a.npz}}}}, classes: {classes}}}\n" + (f"blocks:{blocks}" if blocks else "")
    text = f"{begin}\nmodel:\n  input: {shape}\n  layers:\n{indented}"
    loaded = load_bytes(text.encode(), "r.yaml")
    return resolve(loaded, declared_shape(loaded.recipe), classes=classes).recipe


def network(*recipe: str, **more: int):
    found = written_out(*recipe, **more)
    return build_symbolically(found, input_shape=found.model.input)


def trainable(built) -> int:
    return sum(int(np.prod(weights.shape)) for weights in built.model.trainable_weights)


END = "\n- GlobalAveragePooling2D\n- Dense: {units: $classes, activation: softmax}"


def test_atrous_spatial_pyramid_pooling():
    # Chen et al., 2017: as many paths as rates, and one that looks at the whole image.
    blocks = f"""{CONV_BN}
  aspp:
    params: [filters]
    defaults: {{rates: [6, 12, 18], height: $here.height, width: $here.width}}
    layers:
      - branches:
          merge: Concatenate
          paths:
            - [conv_bn: $filters]
            - {{over: {{rate: $rates}}, path: [conv_bn: {{filters: $filters, size: 3, rate: $rate}}]}}
            - [GlobalAveragePooling2D: {{keepdims: true}}, conv_bn: $filters, UpSampling2D: [$height, $width]]
      - conv_bn: {{name: project, filters: $filters}}
"""
    built = network("[28, 28, 2048]", blocks, "- aspp: {name: aspp, filters: 256}" + END)

    assert built.output_shape("aspp") == (28, 28, 256)
    # One kernel of 1x1 and three of 3x3 on 2,048 channels, one after pooling, one over all paths, and scale and shift of each.
    aspp = (1 + 3 * 9 + 1) * 2048 * 256 + 5 * 256 * 256 + 6 * 2 * 256
    assert trainable(built) == aspp + 257 * 10


def test_convolutions_of_several_widths_over_a_sentence():
    # Kim, 2014.
    layers = """
- Embedding: {input_dim: 5000, output_dim: 300}
- branches:
    name: words
    merge: Concatenate
    over: {size: [3, 4, 5]}
    path:
      - Conv1D: {filters: 100, kernel_size: $size, activation: relu}
      - GlobalMaxPooling1D
- Dropout: 0.5
- Dense: {units: $classes, activation: softmax}
"""
    built = network("[40]", "", layers, classes=2)

    assert built.output_shape("words") == (300,)
    assert trainable(built) == 5000 * 300 + (3 + 4 + 5) * 300 * 100 + 3 * 100 + 301 * 2


CBAM = """
  channel_attention:                   # the same two dense layers for the means and for the maxima
    defaults: {ratio: 8, channels: $here.channels}
    layers:
      - GlobalAveragePooling2D: {keepdims: true}
      - Dense: {name: narrow, units: $(channels / ratio), activation: relu}
      - Dense: {name: means, units: $channels}
      - GlobalMaxPooling2D: {from: ., keepdims: true}
      - Dense: {is: narrow}
      - Dense: {name: maxima, is: means}
      - Add: {from: [means, maxima]}
      - Activation: {name: gate, activation: sigmoid}
      - Multiply: {from: [., gate]}
  spatial_attention:
    defaults: {height: $here.height, width: $here.width}
    layers:
      - Reshape: [-1, $here.channels]
      - branches:
          merge: Concatenate
          over: {pooling: [GlobalAveragePooling1D, GlobalMaxPooling1D]}
          path: [$pooling: {data_format: channels_first}, Reshape: [$height, $width, 1]]
      - Conv2D: {name: gate, filters: 1, kernel_size: 7, padding: same, activation: sigmoid, use_bias: false}
      - Multiply: {from: [., gate]}
"""


def test_convolutional_block_attention():
    # Woo et al., 2018.
    found = written_out("[5, 6, 16]", CBAM, "- channel_attention: {}\n- spatial_attention: {name: cbam}" + END)
    built = build(found, input_shape=(5, 6, 16))
    first, second, gate, _ = (layer.get_weights() for layer in built.model.layers if layer.weights)

    x = np.random.default_rng(0).normal(size=(2, 5, 6, 16)).astype(np.float32)
    both = [
        np.maximum(pooled @ first[0] + first[1], 0) @ second[0] + second[1]
        for pooled in (x.mean((1, 2)), x.max((1, 2)))
    ]
    channels = x * sigmoid(both[0] + both[1])[:, None, None]
    maps = np.pad(np.stack([channels.mean(-1), channels.max(-1)], -1), ((0, 0), (3, 3), (3, 3), (0, 0)))
    windows = np.lib.stride_tricks.sliding_window_view(maps, (7, 7), axis=(1, 2))
    expected = channels * sigmoid(np.einsum("nhwcyx,yxcf->nhwf", windows, gate[0]))

    part = type(built.model)(built.model.inputs, built.model.get_layer(built.from_layer["cbam"]).output)
    np.testing.assert_allclose(part.predict(x, verbose=0), expected, atol=1e-5)


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


SHUFFLE_UNIT = f"""{CONV_BN}{SQUEEZE_EXCITE}
  unit:                                # half of the channels pass unchanged; `last` is any layer, or several
    params: [last]
    defaults: {{half: $(here.channels / 2), shape: [$here.height, $here.width, $here.channels]}}
    layers:
      - branches:
          merge: Concatenate
          paths:
            - [slice: {{stop: $half}}]
            - [slice: {{start: $half}}, conv_bn: {{filters: $half, size: 3}}, $last]
      - Reshape: [-1, 2, $half]
      - Permute: [1, 3, 2]
      - Reshape: $shape
"""


@pytest.mark.parametrize(
    ("last", "extra"),
    [
        ("ReLU", 0),
        ("{squeeze_excite: {ratio: 3}}", 2 * 24 * 8 + 8 + 24),
        (
            "[conv_bn: $(24 if here.channels == 24 else 0), squeeze_excite: {ratio: 3}]",
            24 * 24 + 48 + 2 * 24 * 8 + 8 + 24,
        ),
    ],
    ids=["a name", "a block", "a list"],
)
def test_shuffle_unit_with_layers_as_its_parameter(last, extra):
    built = network("[8, 8, 48]", SHUFFLE_UNIT, f"- unit: {{name: unit, last: {last}}}{END}")

    assert built.output_shape("unit") == (8, 8, 48)
    assert trainable(built) == 9 * 24 * 24 + 2 * 24 + extra + 49 * 10


def test_u_net_whose_levels_stand_within_each_other():
    blocks = f"""{CONV_BN}
  level:                               # half the size, what is within, back to the size of before
    params: [filters, inner]
    layers:
      - conv_bn: {{filters: $filters, size: 3}}
      - group:
          name: around
          layers:
            - MaxPooling2D: 2
            - $inner
            - Conv2DTranspose: {{name: up, filters: $filters, kernel_size: 2, strides: 2}}
            - Concatenate: {{from: [., up]}}
"""
    layers = """
- level:
    name: outer
    filters: 4
    inner:
      - level: {filters: 8, inner: {conv_bn: {name: bottom, filters: 16, size: 3}}}
"""
    built = network("[16, 16, 3]", blocks, layers + END)

    assert built.output_shape("outer") == (16, 16, 8)
    assert [built.output_shape(layer.name) for layer in built.model.layers if layer.name.endswith("up")] == [
        (8, 8, 8),
        (16, 16, 4),
    ]
    kernels = 9 * (3 * 4 + 4 * 8 + 8 * 16) + 4 * (16 * 8 + 16 * 4)
    assert trainable(built) == kernels + 2 * (4 + 8 + 16) + 8 + 4 + 9 * 10


MOBILENET_V3 = f"""{CONV_BN}{SQUEEZE_EXCITE}
  bottleneck:
    params: [filters, expand, size, strides, activation, squeezes]
    layers:
      - residual:
          skip: $(strides == 1 and here.channels == filters)
          body:
            - conv_bn: {{filters: $expand, activation: $activation, if: $(here.channels != expand)}}
            - DepthwiseConv2D: {{kernel_size: $size, strides: $strides, padding: same, use_bias: false}}
            - BatchNormalization
            - Activation: $activation
            - squeeze_excite: {{gate: hard_sigmoid, if: $squeezes}}
            - conv_bn: {{filters: $filters, activation: linear}}
"""


def test_mobilenet_v3_small_has_its_2_542_856_parameters():
    # Howard et al., 2019, table 2; the number is that of torchvision.
    layers = """
- conv_bn: {filters: 16, size: 3, strides: 2, activation: hard_swish}
- repeat:
    over:
      filters:    [16, 24, 24, 40,  40,  40,  48,  48,  96,  96,  96]
      expand:     [16, 72, 88, 96, 240, 240, 120, 144, 288, 576, 576]
      size:       [3, 3, 3, 5, 5, 5, 5, 5, 5, 5, 5]
      strides:    [2, 2, 1, 2, 1, 1, 1, 1, 2, 1, 1]
      activation: $(['relu'] * 3 + ['hard_swish'] * 8)
      squeezes:   $([true, false, false] + [true] * 8)
    layers:
      - bottleneck: {filters: $filters, expand: $expand, size: $size, strides: $strides,
                     activation: $activation, squeezes: $squeezes}
- conv_bn: {filters: 576, activation: hard_swish}
- GlobalAveragePooling2D
- Dense: {units: 1024, activation: hard_swish}
- Dropout: 0.2
- Dense: {units: $classes, activation: softmax}
"""
    found = written_out("[224, 224, 3]", MOBILENET_V3, layers, classes=1000)
    built = build_symbolically(found, input_shape=(224, 224, 3))

    assert trainable(built) == 2_542_856
    assert measure(built, found).multiply_adds // 10**6 == 56  # those of the paper, in millions
