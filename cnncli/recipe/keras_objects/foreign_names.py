"""What people bring from other libraries and languages: names of objects and arguments, and ways to write them."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from cnncli.messages import did_you_mean, nearest
from cnncli.recipe.keras_objects import catalogue

# Names that people bring from elsewhere and that spelling alone would not lead to Keras' own.
_FOREIGN_NAMES = {
    "Linear": "Dense",
    "FullyConnected": "Dense",
    "BatchNorm": "BatchNormalization",
    "BatchNorm1d": "BatchNormalization",
    "BatchNorm2d": "BatchNormalization",
    "BatchNorm3d": "BatchNormalization",
    "LayerNorm": "LayerNormalization",
    "GroupNorm": "GroupNormalization",
    "MaxPool1d": "MaxPooling1D",
    "MaxPool2d": "MaxPooling2D",
    "MaxPool3d": "MaxPooling3D",
    "AvgPool2d": "AveragePooling2D",
    "AdaptiveAvgPool2d": "GlobalAveragePooling2D",
    "ConvTranspose2d": "Conv2DTranspose",
    "Upsample": "UpSampling2D",
    "Concat": "Concatenate",
    "BCELoss": "BinaryCrossentropy",
    "BCEWithLogitsLoss": "BinaryCrossentropy",
    "CrossEntropyLoss": "SparseCategoricalCrossentropy",
    "cross_entropy": "sparse_categorical_crossentropy",
    "crossentropy": "sparse_categorical_crossentropy",
    "MSELoss": "MeanSquaredError",
    "CosineAnnealingLR": "CosineDecay",
    "MatMul": "Dot",
    "Transpose": "Permute",
    "Sum": "Add",
}
# What other libraries have as a layer, and a recipe writes in another way.
_INSTEAD = {
    **dict.fromkeys(("DropPath", "StochasticDepth"), "Dropout: {rate: 0.1, noise_shape: [null, 1, 1, 1]}"),
    **dict.fromkeys(("InstanceNorm2d", "InstanceNorm", "InstanceNormalization"), "GroupNormalization: {groups: -1}"),
    **dict.fromkeys(("Mean", "ReduceMean", "ReduceMax", "ReduceSum", "Max"), "reduce_axis: {function: mean, axis: -1}"),
    **dict.fromkeys(("Split", "Slice", "Crop"), "slice: {start: 0, stop: 32}"),
    **dict.fromkeys(("Parameter", "PositionEmbedding", "LayerScale", "Scale", "ClassToken"), "learned: {shape: …}"),
    **dict.fromkeys(("Squeeze", "Unsqueeze", "ExpandDims", "PixelShuffle", "DepthToSpace"), "Reshape: […]"),
}
NAMING_KEYS = ("type", "name", "class_name", "class", "kind", "layer")  # where other languages have an object's name
FOREIGN_ARGUMENTS = {
    "lr": "learning_rate",
    "nb_filter": "filters",
    "out_channels": "filters",
    "channels": "filters",
    "border_mode": "padding",
    "subsample": "strides",
    "stride": "strides",
    "dilation": "dilation_rate",
    "bias": "use_bias",
    "out_features": "units",
    "output_dim": "units",
    "p": "rate",
    "init": "kernel_initializer",
    "W_regularizer": "kernel_regularizer",
    "eps": "epsilon",
    "decay": "weight_decay",
}


def layer_hint(name: str) -> str:
    """A hint for a layer of another library that has no name of its own in Keras: `SiLU`, `DropPath`."""
    plain = name.replace("_", "").lower()
    activation = next((a for a in catalogue.names_in_places("activations") if a.replace("_", "") == plain), "")
    instead = f"Activation: {activation}" if activation else _INSTEAD.get(name, "")
    return f"write `- {instead}`" if instead else ""


def suggestion(name: str, options: Collection[str]) -> str:
    """A hint for an unknown name: what it is called in Keras, or what is spelt alike."""
    foreign = _FOREIGN_NAMES.get(name)
    return f"did you mean `{foreign}`?" if foreign in options else did_you_mean(name, options)


def name_hint(value: dict[str, Any], kind: str) -> str:
    """A hint for a mapping of several keys, where it says the name as another language would, or several names."""
    options = catalogue.names_in_places(kind)
    for key in NAMING_KEYS:
        written = value.get(key)
        if isinstance(written, str) and (meant := nearest(written, options)):
            # With arguments the class, not the text identifier: `adam` takes none.
            meant = next((o for o in options if o[:1].isupper() and o.lower() == meant.replace("_", "").lower()), meant)
            other = next(other for other in value if other != key)
            return f"the name is the key: `{meant}: {{{FOREIGN_ARGUMENTS.get(other, other)}: …}}`"
    if all(name in options for name in value):
        return f"choose one of them, as in `{next(iter(value))}: {{…}}`"
    return ""
