"""Recipes that are wrong in ways that the recipe alone shows: text by what is wrong."""

from __future__ import annotations

from cases.checks import with_layers

OUT = "Flatten, Dense: {name: out, units: $classes, activation: softmax}"
CONV = "Conv2D: {filters: 4, kernel_size: 3}"


def in_train(text: str) -> str:
    return with_layers(OUT).replace("seed: 1", f"seed: 1, {text}")


def rate(schedule: str) -> str:
    return in_train(f"optimizer: {{SGD: {{learning_rate: {{{schedule}}}}}}}")


LAYERS = {
    "groups that do not divide the filters": f"{CONV}, Conv2D: {{filters: 4, kernel_size: 3, groups: 3}}",
    "strides with dilation": "Conv2D: {filters: 4, kernel_size: 3, strides: 2, dilation_rate: 2}",
    "a transposed convolution whose padding reaches its strides": (
        "Conv2DTranspose: {filters: 4, kernel_size: 2, strides: 2, output_padding: 3}"
    ),
    "a three-dimensional kernel": "Conv2D: {filters: 4, kernel_size: [3, 3, 3]}",
    "Conv3D on images": "Conv3D: {filters: 4, kernel_size: 3}",
    "a separable kernel larger than its input": "SeparableConv2D: {filters: 4, kernel_size: 40}",
    "a depth multiplier of 0": "SeparableConv2D: {filters: 4, kernel_size: 3, depth_multiplier: 0}",
    "a pooling larger than its input": "MaxPooling2D: 40",
    "LSTM on images": "LSTM: 4",
    "several tensors of one layer": "Reshape: [28, 28], LSTM: {units: 4, return_state: true}",
    "a normalization along no axis": "LayerNormalization: {axis: 9}",
    "a normalization along the batch": "BatchNormalization: {axis: 0}",
    "groups that do not divide the channels": f"{CONV}, GroupNormalization: {{groups: 3}}",
    "a negative variance": "Normalization: {mean: 0, variance: -1}",
    "a Reshape to another size": "Reshape: [10, 10]",
    "a Reshape with two open lengths": "Reshape: [-1, -1]",
    "Concatenate along an axis in which the inputs differ": (
        "Conv2D: {name: a, filters: 4, kernel_size: 3, padding: same}, Concatenate: {from: [input, a], axis: 1}"
    ),
    "Concatenate along the batch": (
        "Conv2D: {name: a, filters: 1, kernel_size: 3, padding: same}, Concatenate: {from: [input, a], axis: 0}"
    ),
    "a sum of one": "Add: {from: [input]}",
    "Dot along no axis": "Flatten: {name: f}, Dot: {from: [f, f], axes: 3}",
    "a permutation with an axis twice": "Permute: [1, 1, 2]",
    "a cropping of everything": "Cropping2D: 20",
    "a Resizing to nothing": "Resizing: {height: 0, width: 3}",
    "an initializer of another rank": "Conv2D: {filters: 3, kernel_size: 3, kernel_initializer: identity}",
    "an initializer of a bias that wants a matrix": (
        "Conv2D: {filters: 3, kernel_size: 3, bias_initializer: orthogonal}"
    ),
    "a regularizer of another rank": (
        "Conv2D: {filters: 3, kernel_size: 3, kernel_regularizer: OrthogonalRegularizer}"
    ),
    "a penalty of activations beyond float32": "Conv2D: {filters: 3, kernel_size: 3, activity_regularizer: {L2: 3e38}}",
    "rare large weights": "Conv2D: {filters: 3, kernel_size: 3, kernel_initializer: {RandomNormal: {stddev: 2e38}}}",
}
RECIPES = {what: with_layers(f"{layers}, {OUT}") for what, layers in LAYERS.items()} | {
    "Dense on a map": with_layers(f"{CONV}, Dense: {{units: $classes, activation: softmax}}"),
    "a loss for sequences": in_train("loss: ctc"),
    "a loss along no axis": in_train("loss: {CategoricalCrossentropy: {axis: 5}}"),
    "a loss for logits of tanh": with_layers("Flatten, Dense: {units: 10, activation: tanh}").replace(
        "seed: 1", "seed: 1, loss: sparse_categorical_crossentropy"
    ),
    "a metric of one-hot labels": in_train("metrics: [F1Score]"),
    "a metric out of its range": in_train("metrics: [SensitivityAtSpecificity: {specificity: 2}]"),
    "a metric twice": in_train("metrics: [accuracy, accuracy]"),
    "a negative learning rate": in_train("optimizer: {Adam: {learning_rate: -1}}"),
    "a clipnorm that is no number": in_train("optimizer: {SGD: {clipnorm: .nan}}"),
    "two ways of clipping": in_train("optimizer: {SGD: {clipnorm: 1, clipvalue: 1}}"),
    "an accumulation of one step": in_train("optimizer: {Adam: {gradient_accumulation_steps: 1}}"),
    "a schedule of no steps": rate("CosineDecay: {initial_learning_rate: 0.1, decay_steps: 0}"),
    "a schedule with a value too many": rate("PiecewiseConstantDecay: {boundaries: [10], values: [1, 0.1, 0.01]}"),
    "a callback that watches nothing": in_train("callbacks: [EarlyStopping: {monitor: val_f1, patience: 1}]"),
    "a plateau beside a schedule": rate("CosineDecay: {initial_learning_rate: 0.1, decay_steps: 9}").replace(
        "seed: 1", "seed: 1, callbacks: [ReduceLROnPlateau]"
    ),
    "a phase that freezes no layer": in_train("phases: [{name: a, epochs: 1, freeze: [nope]}]"),
    "a phase that freezes every layer": in_train('phases: [{name: a, epochs: 1, freeze: ["*"]}]'),
    "a weight that is not positive": with_layers(OUT, more="").replace(
        "data:\n", 'data:\n  class_weight: {"1": -2.0}\n', 1
    ),
    "softmax for quantities": with_layers(OUT, classes=False)
    .replace("data:\n", "data:\n  targets: numbers\n", 1)
    .replace("$classes", "2"),
}
