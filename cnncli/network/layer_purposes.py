"""What a layer is for, in one sentence with the layer's numbers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from cnncli.inputs import TEXT, kind_of
from cnncli.messages import counted
from cnncli.network.explanation import shape_text
from cnncli.recipe.keras_objects import catalogue, structure_entries

Shape = Sequence[int | None]

# Activations by the name of Keras' function: the formula or what it does.
ACTIVATIONS = {
    "relu": "relu(x) = max(x, 0) sets negative numbers to 0",
    "relu6": "relu6 sets negative numbers to 0 and numbers above 6 to 6",
    "leaky_relu": "leaky_relu keeps positive numbers and makes negative ones small",
    "elu": "elu keeps positive numbers; negative ones approach -1 smoothly",
    "selu": "selu is an elu whose scale keeps mean and variance stable from layer to layer",
    "gelu": "gelu is a smooth relu: x times the probability that a normal number is below x",
    "silu": "silu(x) = x*sigmoid(x) is a smooth relu",
    "softplus": "softplus(x) = ln(1 + e^x) is a smooth relu",
    "tanh": "tanh maps each number to a value between -1 and 1",
    "sigmoid": "sigmoid(x) = 1/(1 + e^-x) maps each number to a value between 0 and 1",
    "hard_sigmoid": "hard_sigmoid maps each number to a value between 0 and 1 in straight lines",
    "softmax": "softmax makes probabilities: all numbers are positive and their sum is 1",
    "exponential": "exponential(x) = e^x makes each number positive",
}


def purpose_of(layer: Any, inputs: Sequence[Shape], output: Shape) -> str:
    """What a layer is for.

    Args:
        layer: a built Keras layer, or an operation between layers.
        inputs: the shapes that come in, without the batch.
        output: the shape that leaves it, likewise.
    """
    kind = type(layer).__name__
    told = _WITH_NUMBERS.get(kind)
    return told(layer, inputs, output) if told else purpose_of_kind(kind)


def purpose_of_kind(kind: str) -> str:
    """What the layers of a class are for; of other classes the first sentence of Keras' documentation."""
    if kind in _SENTENCES:
        return _SENTENCES[kind]
    entry = catalogue.find("layers", kind)
    return entry.doc if entry and entry.doc else f"{kind}, a layer or operation of Keras."


def has_numbers(kind: str) -> bool:
    """Whether the purpose of a class tells the numbers of the layer."""
    return kind in _WITH_NUMBERS


def purpose_of_structure(kind: str, layers: Sequence[tuple[str, Shape]], *, learns: bool) -> str:
    """What an item of a recipe is for that becomes several Keras layers; empty for other blocks.

    Args:
        kind: `learned`, for example.
        layers: the class of each Keras layer, and what leaves it.
        learns: whether training changes weights of theirs.
    """
    if kind == structure_entries.LEARNED:
        constant = shape_text(next((shape for name, shape in layers if name == "EinsumDense"), ()))
        merged = f"It is {how} what comes in." if (how := _MERGED.get(layers[-1][0])) else "It replaces what comes in."
        changes = " that training changes" if learns else ""
        return f"A constant of {constant}{changes}, the same for every example. {merged}"
    if kind == structure_entries.SLICE:
        left = shape_text(layers[-1][1])
        return f"Takes a part of what comes in along one axis: {left} is left; it computes nothing."
    if kind == structure_entries.REDUCE:
        names = [name for name, _ in layers]
        function = "maximum" if "MaxPooling2D" in names else "sum" if "Rescaling" in names else "mean"
        return f"Takes the {function} along one axis: {shape_text(layers[-1][1])} is left."
    return ""


_MERGED = {
    "Add": "added to",
    "Multiply": "multiplied with",
    "Concatenate": "put beside",
}


def activation_of(layer: Any) -> str:
    """What the activation of a layer does; empty where it has none, or is the activation itself."""
    function = getattr(layer, "activation", None)
    name = getattr(function, "__name__", "linear")
    if name == "linear" or hasattr(layer, "cell") or type(layer).__name__ == "Activation":
        return ""
    return f"Activation: {ACTIVATIONS.get(name, f'{name}, applied to each number')}."


def _input(_: Any, __: Sequence[Shape], output: Shape) -> str:
    kind = kind_of(output)
    if kind is TEXT:
        return "An example enters the network here: a text."
    if not kind.AXES or None in output:
        return "An example enters the network here."
    parts = [_axis(name, length or 0) for name, length in zip(kind.AXES, output, strict=True)]
    what = f"{', '.join(parts[:-1])} and {parts[-1]}" if len(parts) > 1 else parts[0]
    article = "an" if kind.WORD[0] in "aeiou" else "a"
    return f"An example enters the network here: {article} {kind.WORD} with {what}."


def _axis(name: str, length: int) -> str:
    """`height 28`, `1 channel`."""
    return counted(length, name.removesuffix("s")) if name.endswith("s") else f"{name} {length}"


def _convolution(layer: Any, inputs: Sequence[Shape], output: Shape) -> str:
    window = shape_text(layer.kernel_size)
    if set(layer.kernel_size) == {1}:
        return (
            f"Mixes the {_channels(layer, inputs)} channels of each position into {int(layer.filters)} new ones; its window "
            f"of {window} sees no neighbors."
        )
    each = shape_text([*layer.kernel_size, _channels(layer, inputs) // layer.groups])
    filters = "Its 1 filter slides" if layer.filters == 1 else f"Its {int(layer.filters)} filters slide"
    return f"{filters} over the input with windows of {each} numbers; each filter looks for one pattern and gives one channel."


def _depthwise(layer: Any, inputs: Sequence[Shape], _: Shape) -> str:
    return (
        f"Filters each of the {_channels(layer, inputs)} channels by itself with a window of "
        f"{shape_text(layer.kernel_size)}; it does not mix channels."
    )


def _separable(layer: Any, inputs: Sequence[Shape], _: Shape) -> str:
    return (
        f"Filters each channel by itself with a window of {shape_text(layer.kernel_size)}, then mixes the channels at "
        f"each position into {int(layer.filters)}: fewer multiplications than a full convolution."
    )


def _transposed(layer: Any, _: Sequence[Shape], __: Shape) -> str:
    return (
        f"Enlarges the feature maps with {int(layer.filters)} learned filters: it spreads each number over a window of "
        f"{shape_text(layer.kernel_size)} and adds up where windows overlap."
    )


def _pooling(verb: str) -> Callable[[Any, Sequence[Shape], Shape], str]:
    def told(layer: Any, _: Sequence[Shape], __: Shape) -> str:
        window = shape_text(layer.pool_size if isinstance(layer.pool_size, tuple) else (layer.pool_size,))
        return f"{verb} of each window of {window}, channel by channel: the maps shrink, and small shifts matter less."

    return told


def _global(verb: str) -> Callable[[Any, Sequence[Shape], Shape], str]:
    def told(_: Any, inputs: Sequence[Shape], __: Shape) -> str:
        places = f"the {shape_text(inputs[0][:-1])} positions" if len(inputs[0]) > 2 else "all positions"
        return f"{verb} of each channel over {places}: it keeps what was found, but not where."

    return told


def _flatten(_: Any, inputs: Sequence[Shape], __: Shape) -> str:
    return f"Writes the {shape_text(inputs[0])} numbers as one row for the Dense layers after it; it computes nothing."


def _dense(layer: Any, inputs: Sequence[Shape], _: Shape) -> str:
    count, bias = inputs[0][-1], " plus a bias" if layer.use_bias else ""
    outputs = "Its output is" if layer.units == 1 else f"Each of its {int(layer.units)} outputs is"
    where = "" if len(inputs[0]) < 2 else ", at each position by itself"
    return f"{outputs} a weighted sum of the {count} numbers that come in{bias}{where}."


def _dropout(layer: Any, _: Sequence[Shape], __: Shape) -> str:
    if not layer.rate:
        return "Its rate is 0: it passes its input on as it is."
    if (shape := getattr(layer, "noise_shape", None)) and set(shape[1:]) == {1}:
        return (
            f"In training it sets all numbers of an example to 0 with a probability of {100 * layer.rate:.3g}%: the layers "
            "before it are left out for this example (stochastic depth, against overfitting); a trained network runs without it."
        )
    what = "channels" if "Spatial" in type(layer).__name__ else "numbers"
    return (
        f"In training it sets {100 * layer.rate:.3g}% of the {what} to 0, chosen again in each step, so that the network does "
        "not rely on single ones (against overfitting); a trained network runs without it."
    )


def _rescaling(layer: Any, _: Sequence[Shape], __: Shape) -> str:
    scale, offset = layer.scale, layer.offset
    if not all(isinstance(value, int | float) for value in (scale, offset)):
        return "Multiplies each channel by a number and adds one, so that all values have a similar, small range."
    if not scale:
        return f"Gives {offset:.4g}, whatever comes in."
    inverse = 1 / scale
    is_inverse = 1 < inverse < 1e6 and abs(inverse - round(inverse)) < 1e-9 * inverse
    factor = f"Divides each value by {round(inverse)}" if is_inverse else f"Multiplies each value by {scale:.4g}"
    added = f" and adds {offset:.4g}" if offset else ""
    return f"{factor}{added}: networks learn best from small numbers."


def _text_vectorization(layer: Any, _: Sequence[Shape], output: Shape) -> str:
    standardize = {
        "lower_and_strip_punctuation": "lower case without punctuation",
        "lower": "lower case",
        "strip_punctuation": "without punctuation",
    }.get(str(layer.get_config()["standardize"]), "")
    unit = "character" if layer.get_config()["split"] == "character" else "word"
    split = f"Splits a text into {unit}s{f', {standardize},' if standardize else ''} and "
    if layer.get_config()["output_mode"] != "int":
        return f"{split}gives a number for each {unit} of the vocabulary: whether, or how often, it occurs."
    length = f"; 0 fills up to {output[0]} {unit}s" if output and output[0] else ""
    return f"{split}looks up the number of each {unit} in the vocabulary; 1 stands for one that is not in it{length}."


def _normalization(layer: Any, _: Sequence[Shape], __: Shape) -> str:
    if layer.get_config().get("mean") is not None:
        return "Subtracts a given mean and divides by a given standard deviation."
    return _SENTENCES["Normalization"]


def _batch_normalization(layer: Any, _: Sequence[Shape], __: Shape) -> str:
    learned = learned_of_batch_normalization(layer)
    then = f", then applies a learned {learned}" if learned else ""
    return f"Brings each channel to mean 0 and variance 1 over the batch{then}, {_TO_LAYERS}."


def learned_of_batch_normalization(layer: Any) -> str:
    """What training changes in a BatchNormalization: `scale and shift`, one of them, or nothing."""
    return " and ".join(word for word, is_there in (("scale", layer.scale), ("shift", layer.center)) if is_there)


def _activation(layer: Any, _: Sequence[Shape], __: Shape) -> str:
    name = getattr(layer.activation, "__name__", "linear")
    return f"Activation: {ACTIVATIONS.get(name, f'{name}, applied to each number')}."


def _padding(layer: Any, _: Sequence[Shape], __: Shape) -> str:
    return "Adds a border of zeros, so that the windows after it reach the edge too."


def _upsampling(layer: Any, _: Sequence[Shape], __: Shape) -> str:
    how = getattr(layer, "interpolation", "nearest")
    between = "repeats each number" if how == "nearest" else f"computes numbers in between ({how})"
    size = shape_text(layer.size if isinstance(layer.size, tuple) else (layer.size,))
    return f"Enlarges the feature maps by {size}: it {between}; it learns nothing."


def _embedding(layer: Any, _: Sequence[Shape], __: Shape) -> str:
    return (
        f"A table with a learned row of {layer.output_dim} numbers for each of the {layer.input_dim} possible values; it "
        "looks rows up."
    )


def _reshape(_: Any, inputs: Sequence[Shape], output: Shape) -> str:
    return f"Arranges the same numbers in another shape, {shape_text(output)}; it computes nothing."


def _permute(_: Any, inputs: Sequence[Shape], output: Shape) -> str:
    return f"Exchanges the axes of its input, {shape_text(inputs[0])} to {shape_text(output)}; it computes nothing."


def _einsum(layer: Any, inputs: Sequence[Shape], output: Shape) -> str:
    if layer.equation.replace(" ", "") == "...c,c->...c":
        return "Multiplies each channel by a number that training changes."
    sums = "A Dense layer over chosen axes: weighted sums in Einstein's notation"
    return f"{sums}, {layer.equation}, make {shape_text(output)} of {shape_text(inputs[0])}."


def _recurrent(words: str) -> Callable[[Any, Sequence[Shape], Shape], str]:
    def told(layer: Any, inputs: Sequence[Shape], _: Shape) -> str:
        steps = "the steps" if inputs[0][0] is None else f"the {inputs[0][0]} steps"
        gives = "gives its state after each step" if layer.return_sequences else "gives its last state"
        return f"Reads {steps} one after the other and keeps a state of {int(layer.units)} numbers{words}; it {gives}."

    return told


def _attention(layer: Any, _: Sequence[Shape], __: Shape) -> str:
    heads = layer.get_config()["num_heads"]
    return f"Lets each position look at all others: {heads} heads weigh the values by how well query and key agree."


def _channels(layer: Any, inputs: Sequence[Shape]) -> int:
    index = 0 if getattr(layer, "data_format", None) == "channels_first" else -1
    return inputs[0][index] or 0


_TO_LAYERS = "so that the layers after it train faster and more stably"
_VARIED = "so that the network sees more variety"
# One sentence for each class whose purpose needs no numbers.
_SENTENCES = {
    "Identity": "Passes its input on as it is: the shortcut around the layers of a block.",
    "Activation": "Applies a function to each number.",
    "ReLU": "Sets negative numbers to 0, max(x, 0); without it, two layers in a row compute no more than one.",
    "LeakyReLU": "Keeps positive numbers and makes negative ones small, so that no unit stops learning.",
    "PReLU": "Keeps positive numbers and multiplies negative ones by a learned factor.",
    "ELU": "Keeps positive numbers; negative ones approach a limit smoothly.",
    "Softmax": "Makes probabilities: all numbers are positive and their sum is 1.",
    "LayerNormalization": "Brings the numbers along its axes to mean 0 and variance 1, for each example by itself, "
    f"{_TO_LAYERS}.",
    "GroupNormalization": f"Brings groups of channels of each example to mean 0 and variance 1, {_TO_LAYERS}.",
    "RMSNormalization": f"Divides the numbers of each example by their root mean square, {_TO_LAYERS}.",
    "UnitNormalization": "Scales the numbers of each example to length 1.",
    "Normalization": "Subtracts the mean of the training data and divides by its standard deviation.",
    "Add": "Adds its inputs number by number; around a block of layers, the block learns only the change to its input.",
    "Subtract": "Subtracts its second input from its first, number by number.",
    "Multiply": "Multiplies its inputs number by number: one of them decides how much of the other passes.",
    "Average": "Takes the mean of its inputs, number by number.",
    "Maximum": "Takes the larger of its inputs, number by number.",
    "Minimum": "Takes the smaller of its inputs, number by number.",
    "Concatenate": "Puts its inputs side by side, so that the layers after it see what each branch found.",
    "Dot": "Multiplies two inputs and adds up: how alike two lists of numbers are.",
    "GaussianNoise": "Adds random noise in training, against overfitting; a trained network runs without it.",
    "GaussianDropout": "Multiplies by random numbers around 1 in training, against overfitting.",
    "AlphaDropout": "Dropout that keeps mean and variance, for selu; a trained network runs without it.",
    "RepeatVector": "Repeats its input, once for each step of a sequence.",
    "Resizing": "Brings all images to one size by interpolation.",
    "CenterCrop": "Cuts out the center of each image.",
    "Cropping1D": "Cuts off the ends.",
    "Cropping2D": "Cuts off the border.",
    "Cropping3D": "Cuts off the border.",
    "ActivityRegularization": "Adds a penalty for large numbers to the loss, and passes its input on as it is.",
    **{
        f"Adaptive{kind}Pooling{rank}D": f"{verb} of each of as many windows as the output has positions: the size of the "
        "output is fixed, that of the windows follows."
        for kind, verb in (("Average", "Takes the mean"), ("Max", "Keeps the largest number"))
        for rank in (1, 2, 3)
    },
    "Attention": "Lets each position look at all others: it weighs the values by how well query and key agree.",
    "AdditiveAttention": "Lets each position look at all others: it weighs the values by a learned sum of query and key.",
    "RNN": "Reads the steps of a sequence one after the other with its cell, and keeps a state.",
    **{f"ConvLSTM{rank}D": "An LSTM with convolutions: its state keeps positions." for rank in (1, 2, 3)},
    "SpectralNormalization": "Scales the weights of a layer so that no input is amplified by more than 1.",
    "Masking": "Marks steps that are only padding, so that recurrent layers skip them.",
    "TimeDistributed": "Applies the same layer to each step of a sequence.",
    "Bidirectional": "Reads a sequence forwards and backwards, and joins what both found.",
    "RandomFlip": f"Mirrors examples at random, {_VARIED}.",
    "RandomRotation": f"Rotates examples by random angles, {_VARIED}.",
    "RandomTranslation": f"Shifts examples by random distances, {_VARIED}.",
    "RandomZoom": f"Enlarges or shrinks examples at random, {_VARIED}.",
    "RandomShear": f"Slants examples at random, {_VARIED}.",
    "RandomCrop": f"Cuts out a random part of each example, {_VARIED}.",
    "RandomBrightness": f"Makes examples brighter or darker at random, {_VARIED}.",
    "RandomContrast": f"Changes the contrast of examples at random, {_VARIED}.",
    "RandomErasing": f"Covers a random rectangle of each example, {_VARIED}.",
    "RandomColorJitter": f"Changes the colors of examples at random, {_VARIED}.",
    "RandomHue": f"Shifts the colors of examples at random, {_VARIED}.",
    "RandomSaturation": f"Changes how strong the colors of examples are at random, {_VARIED}.",
    "RandomGaussianBlur": f"Blurs examples at random, {_VARIED}.",
}
_WITH_NUMBERS: dict[str, Callable[[Any, Sequence[Shape], Shape], str]] = {
    "InputLayer": _input,
    "TextVectorization": _text_vectorization,
    "Normalization": _normalization,
    "BatchNormalization": _batch_normalization,
    **{f"Conv{rank}D": _convolution for rank in (1, 2, 3)},
    **{f"Conv{rank}DTranspose": _transposed for rank in (1, 2, 3)},
    **{f"DepthwiseConv{rank}D": _depthwise for rank in (1, 2)},
    **{f"SeparableConv{rank}D": _separable for rank in (1, 2)},
    **{f"MaxPooling{rank}D": _pooling("Keeps the largest number") for rank in (1, 2, 3)},
    **{f"AveragePooling{rank}D": _pooling("Takes the mean") for rank in (1, 2, 3)},
    **{f"GlobalMaxPooling{rank}D": _global("Keeps the largest number") for rank in (1, 2, 3)},
    **{f"GlobalAveragePooling{rank}D": _global("Takes the mean") for rank in (1, 2, 3)},
    **{f"ZeroPadding{rank}D": _padding for rank in (1, 2, 3)},
    **{f"UpSampling{rank}D": _upsampling for rank in (1, 2, 3)},
    **{f"SpatialDropout{rank}D": _dropout for rank in (1, 2, 3)},
    "Dropout": _dropout,
    "Flatten": _flatten,
    "Dense": _dense,
    "Rescaling": _rescaling,
    "Activation": _activation,
    "Embedding": _embedding,
    "Reshape": _reshape,
    "Permute": _permute,
    "EinsumDense": _einsum,
    "SimpleRNN": _recurrent(""),
    "GRU": _recurrent(", with gates that decide what to keep"),
    "LSTM": _recurrent(", with gates that decide what to keep and a memory for longer distances"),
    "MultiHeadAttention": _attention,
}


def conclusion_of_activation(layer: Any, output: Shape) -> str:
    """What the numbers of the last layer mean."""
    name = getattr(getattr(layer, "activation", None), "__name__", "softmax" if _is(layer, "Softmax") else "linear")
    count = shape_text(output)
    if name == "softmax" and len(output) == 1:
        return f"{count} probabilities, one for each class; their sum is 1 and the largest is the prediction"
    if name == "softmax":
        return f"{count} probabilities: at each position one for each class, with a sum of 1"
    if name == "sigmoid":
        return f"{count} {'probability' if output == (1,) else 'probabilities, each by itself'} between 0 and 1"
    if name == "linear":
        return f"{count} {'number' if output == (1,) else 'numbers'} without a limit (no activation)"
    return f"{count} {'number' if output == (1,) else 'numbers'} after {name}"


def _is(layer: Any, kind: str) -> bool:
    return type(layer).__name__ == kind
