"""What people bring from other libraries and languages: names of objects and arguments, and ways to write them."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from cnncli.messages import did_you_mean, nearest
from cnncli.recipe.keras_objects import catalogue

# Names that people bring from elsewhere and that spelling alone would not lead to Keras' own.
FOREIGN_NAMES = {
    "Linear": "Dense",
    "FullyConnected": "Dense",
    "BatchNorm": "BatchNormalization",
    "LayerNorm": "LayerNormalization",
    "LayerNorm2d": "LayerNormalization",
    "GroupNorm": "GroupNormalization",
    "RMSNorm": "RMSNormalization",
    "MultiheadAttention": "MultiHeadAttention",
    "Upsample": "UpSampling2D",
    "UpsamplingNearest2d": "UpSampling2D",
    "Cat": "Concatenate",
    "Concat": "Concatenate",
    "View": "Reshape",
    "Unflatten": "Reshape",
    "Transpose": "Permute",
    "GlobalAvgPool2d": "GlobalAveragePooling2D",
    **{
        foreign.format(f"{axes}d"): ours.format(f"{axes}D")
        for axes in (1, 2, 3)
        for foreign, ours in {
            "BatchNorm{}": "BatchNormalization",
            "SyncBatchNorm{}": "BatchNormalization",
            "MaxPool{}": "MaxPooling{}",
            "AvgPool{}": "AveragePooling{}",
            "AdaptiveAvgPool{}": "GlobalAveragePooling{}",
            "AdaptiveMaxPool{}": "GlobalMaxPooling{}",
            "Dropout{}": "SpatialDropout{}",
            "ZeroPad{}": "ZeroPadding{}",
        }.items()
    },
    **{f"ConvTranspose{axes}d": f"Conv{axes}DTranspose" for axes in (1, 2, 3)},
    "BCELoss": "BinaryCrossentropy",
    "BCEWithLogitsLoss": "BinaryCrossentropy",
    "CrossEntropyLoss": "SparseCategoricalCrossentropy",
    "cross_entropy": "sparse_categorical_crossentropy",
    "crossentropy": "sparse_categorical_crossentropy",
    "NLLLoss": "SparseCategoricalCrossentropy",
    "MSELoss": "MeanSquaredError",
    "L1Loss": "MeanAbsoluteError",
    "SmoothL1Loss": "Huber",
    "HuberLoss": "Huber",
    "KLDivLoss": "KLDivergence",
    "CosineAnnealingLR": "CosineDecay",
    "MatMul": "Dot",
    "Sum": "Add",
    "Sub": "Subtract",
    "Minus": "Subtract",
    "Mul": "Multiply",
    "CosineAnnealingWarmRestarts": "CosineDecayRestarts",
    "OneCycleLR": "CosineDecay",
    "StepLR": "PiecewiseConstantDecay",
    "MultiStepLR": "PiecewiseConstantDecay",
    "ExponentialLR": "ExponentialDecay",
    "PolynomialLR": "PolynomialDecay",
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


def suggestion(name: str, options: Collection[str]) -> str:
    """A hint for an unknown name: what it is called in Keras, or what is spelt alike; `nn.Linear` is `Linear`."""
    name = name.rpartition(".")[2] or name
    foreign = name if name in options else FOREIGN_NAMES.get(name)
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
