"""Networks of papers in the recipe language, whose numbers of parameters are published (torchvision, timm; 1000 classes)."""

import numpy as np
import pytest

from cnncli.network.build import build_symbolically
from cnncli.network.symbolic_shapes import resolve
from cnncli.recipe.load import load_bytes

SHAPE = (224, 224, 3)

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
