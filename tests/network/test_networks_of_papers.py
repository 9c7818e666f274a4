"""Networks of papers in the recipe language, whose numbers of parameters are published (torchvision, timm; 1000 classes)."""

from pathlib import Path

import numpy as np
import pytest

from cnncli.network.build import build, build_symbolically
from cnncli.network.symbolic_shapes import resolve
from cnncli.recipe.load import load, load_bytes

SHAPE = (224, 224, 3)
PAPERS = Path(__file__).parent / "papers"

# Radosavovic et al., 2020; torchvision's `regnet_x_400mf`.
REGNET_X = """
vars: {group: 16}
blocks:
  conv:
    params: [filters]
    defaults: {size: 1, strides: 1, groups: 1}
    layers:
      - Conv2D: {filters: $filters, kernel_size: $size, strides: $strides, groups: $groups, padding: same, use_bias: false}
      - BatchNormalization
  bottleneck:
    params: [filters, strides]
    layers:
      - residual:
          shortcut: auto
          body:
            - conv: $filters
            - ReLU
            - conv: {filters: $filters, size: 3, strides: $strides, groups: $(filters // group)}
            - ReLU
            - conv: $filters
      - ReLU
model:
  layers:
    - conv: {filters: 32, size: 3, strides: 2}
    - ReLU
    - repeat:
        over: {filters: [32, 64, 160, 400], depth: [1, 2, 7, 12]}
        layers:
          - bottleneck: {filters: $filters, strides: 2}
          - repeat: {times: $(depth - 1), layers: [bottleneck: {filters: $filters, strides: 1}]}
    - GlobalAveragePooling2D
    - Dense: {units: $classes, activation: softmax}
"""
# Tolstikhin et al., 2021; timm's `mixer_s16_224`.
MIXER = """
vars: {width: 512}
blocks:
  mlp:
    params: [inner, outer]
    layers: [Dense: {units: $inner, activation: gelu}, Dense: $outer]
model:
  layers:
    - Conv2D: {filters: $width, kernel_size: 16, strides: 16}
    - Reshape: [-1, $width]
    - repeat:
        times: 8
        layers:
          - residual:
              body:
                - LayerNormalization: {epsilon: 1e-6}
                - Permute: [2, 1]
                - mlp: {inner: 256, outer: $here.channels}
                - Permute: [2, 1]
          - residual: {body: [LayerNormalization: {epsilon: 1e-6}, mlp: {inner: 2048, outer: $width}]}
    - LayerNormalization: {epsilon: 1e-6}
    - GlobalAveragePooling1D
    - Dense: {units: $classes, activation: softmax}
"""
# Yu et al., 2022; timm's `poolformer_s12`.
POOLFORMER = """
blocks:
  scaled:                                  # a residual whose body is scaled channel by channel (LayerScale)
    params: [body]
    layers:
      - residual:
          body:
            - GroupNormalization: {name: norm, groups: 1}
            - $body
            - learned: {shape: $here.channels, merge: Multiply, initializer: {Constant: 1e-5}}
  embed:
    params: [filters, size, strides, padding]
    layers:
      - ZeroPadding2D: $padding
      - Conv2D: {filters: $filters, kernel_size: $size, strides: $strides}
model:
  layers:
    - repeat:
        over: {filters: [64, 128, 320, 512], depth: [2, 2, 6, 2]}
        as: stage
        layers:
          - embed: {if: $(stage == 0), filters: $filters, size: 7, strides: 4, padding: 2}
          - embed: {if: $(stage > 0), filters: $filters, size: 3, strides: 2, padding: 1}
          - repeat:
              times: $depth
              layers:
                - scaled:
                    body:
                      - AveragePooling2D: {name: mean, pool_size: 3, strides: 1, padding: same}
                      - Subtract: {from: [mean, norm]}
                - scaled:
                    body:
                      - Conv2D: {filters: $(4 * filters), kernel_size: 1, activation: gelu}
                      - Conv2D: {filters: $filters, kernel_size: 1}
    - GroupNormalization: {groups: 1}
    - GlobalAveragePooling2D
    - Dense: {units: $classes, activation: softmax}
"""


@pytest.mark.parametrize(("text", "parameters"), [(REGNET_X, 5_495_976), (MIXER, 18_528_264), (POOLFORMER, 11_915_176)])
def test_network_has_the_published_number_of_parameters(text, parameters):
    loaded = load_bytes(f"data: {{source: {{npz: {{path: a.npz}}}}, classes: 1000}}\n{text}".encode(), "r.yaml")

    network = build_symbolically(resolve(loaded, SHAPE).recipe, input_shape=SHAPE)

    assert sum(int(np.prod(weights.shape)) for weights in network.model.trainable_weights) == parameters


@pytest.mark.parametrize(
    ("name", "parameters"),
    [
        ("ssd300", 35_641_826),  # torchvision's `ssd300_vgg16`
        ("r2plus1d_18", 31_505_325),  # torchvision's `r2plus1d_18`
    ],
)
def test_network_of_a_file_has_the_published_number_of_parameters(name, parameters):
    assert trainable(name) == parameters


def test_swin_transformer_has_the_published_number_of_parameters():
    def encoder(channels: int, heads: int) -> int:
        return 12 * channels**2 + 13 * channels + 169 * heads

    left_out = encoder(192, 6) + 5 * encoder(384, 12) + encoder(768, 24)
    assert trainable("swin_t", "vars.depths=[2, 1, 1, 1]") == 28_288_354 - left_out  # torchvision's `swin_t`


def trainable(name: str, *settings: str) -> int:
    loaded = load(str(PAPERS / f"{name}.yaml"), settings)
    shape = tuple(loaded.recipe.model.input)
    network = build_symbolically(resolve(loaded, shape).recipe, input_shape=shape)
    return sum(int(np.prod(weights.shape)) for weights in network.model.trainable_weights)


def test_attention_of_shifted_windows_is_that_of_numpy():
    layers = "[roll: {by: 3}, attention: {name: a, heads: 2, shift: 3}, image: {name: out, height: 14, side: 21}]"
    end = "GlobalAveragePooling2D, Dense: $classes, Softmax"
    settings = ["data.classes=3", "model.input=[14, 21, 8]", f"model.layers={layers[:-1]}, {end}]"]
    loaded = load(str(PAPERS / "swin_t.yaml"), settings)
    network = build(resolve(loaded, (14, 21, 8)).recipe, input_shape=(14, 21, 8))
    weights = {layer.name: layer.get_weights() for layer in network.model.layers}
    x = np.random.default_rng(0).normal(size=(14, 21, 8)).astype(np.float32)

    rolled = np.roll(x, (-3, -3), (0, 1))
    (kernel, offset), [table], (last, last_offset) = weights["a_qkv"], weights["a_bias_table"], weights["a_dense"]
    qkv = (rolled @ kernel + offset).reshape(14, 21, 3, 2, 4)  # of 2 heads with 4 channels
    table = table.reshape(13, 13, 2)
    rows, columns = np.digitize(np.arange(14), [7, 11]), np.digitize(np.arange(21), [14, 18])
    mixed = np.zeros((14, 21, 2, 4))
    for y, x_, head in np.ndindex(14, 21, 2):
        keys = [(r, c) for r in range(y // 7 * 7, y // 7 * 7 + 7) for c in range(x_ // 7 * 7, x_ // 7 * 7 + 7)
                if rows[r] == rows[y] and columns[c] == columns[x_]]  # fmt: skip
        scores = [qkv[y, x_, 0, head] @ qkv[r, c, 1, head] / 2 + table[r - y + 6, c - x_ + 6, head] for r, c in keys]
        shares = np.exp(scores) / np.sum(np.exp(scores))
        mixed[y, x_, head] = sum(share * qkv[r, c, 2, head] for share, (r, c) in zip(shares, keys, strict=True))
    expected = mixed.reshape(14, 21, 8) @ last + last_offset

    part = type(network.model)(network.model.inputs, network.model.get_layer(network.from_layer["out"]).output)
    np.testing.assert_allclose(part.predict(x[None], verbose=0)[0], expected, atol=1e-5)
