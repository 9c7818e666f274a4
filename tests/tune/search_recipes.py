"""A small recipe with a search, for the tests of `tune`."""

from __future__ import annotations

RECIPE = """\
version: 1
name: small
data: {source: mnist-sample, split: {validation: 0.02, seed: 0}, limit: 64, prepare: [Rescaling: {scale: $(1 / 255)}]}
model:
  input: [28, 28, 1]
  layers:
    - MaxPooling2D: 4
    - Conv2D: {name: C1, filters: 4, kernel_size: 3, activation: relu}
    - Flatten
    - Dense: {name: out, units: 10, activation: softmax}
train: {epochs: 1, optimizer: adam, seed: 7, batch_size: 32}
expect: {params: 1, max_minutes: 10}
"""

TUNE = """\
tune:
  metric: val_accuracy
  trials: 3
  sampler: grid
  pruner: none
  parameters:
    model.C1.kernel_size: {choice: [3, 9, 5]}
"""
