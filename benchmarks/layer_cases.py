"""A small network of each layer of Keras, and of the arguments that make a difference to a converter."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import keras
import numpy as np

from cnncli import keras_internals

_NUMBERS, _SERIES, _IMAGE, _VOLUME = (6,), (8, 4), (8, 8, 4), (4, 6, 6, 4)
_COLOR = (8, 8, 3)
_WORDS = "words"


@dataclass(frozen=True)
class Case:
    """A network of one layer.

    Attributes:
        code: of the layer, with the names of keras.layers; `x` is the input where the layer is called in it.
        shape: of an example.
        values: what the examples hold: `normal`, `counts` (whole numbers from 0 to 6 as floats), `pixels` (0 to 255).
    """

    code: str
    shape: tuple[int | None, ...]
    values: str = "normal"

    @property
    def layer(self) -> str:
        """The name of the layer that the case is about."""
        return self.code.partition("(")[0]

    @property
    def family(self) -> str:
        """The part of Keras that the layer belongs to, such as `pooling`."""
        return str(getattr(keras.layers, self.layer).__module__.split(".")[3])

    def model(self) -> keras.Model:
        """The network, with random weights."""
        inputs = keras.Input(self.shape, name="input", dtype="string" if self.values == _WORDS else "float32")
        names = {**vars(keras.layers), "ops": keras.ops, "x": inputs}
        made = eval(self.code, names)
        if isinstance(made, keras.layers.Layer):
            made = made(inputs)
        model = keras.Model(inputs, made)
        randomize(model)
        return model

    def examples(self, count: int) -> Any:
        """Random ones, (count, …)."""
        random = np.random.default_rng(0)
        shape = (count, *(length or 8 for length in self.shape))
        if self.values == _WORDS:
            return np.array(["two words", "three", "an other", "two two three"], object)[random.integers(0, 4, shape)]
        if self.values == "normal":
            return random.normal(0, 2, shape).astype(np.float32)
        return random.integers(0, 7 if self.values == "counts" else 256, shape).astype(np.float32)


def randomize(model: keras.Model) -> None:
    """Give a model random weights; variances are positive, and seeds stay."""
    random = np.random.default_rng(1)
    weights = list(model.trainable_weights)
    for layer in keras_internals.all_layers(model):
        if isinstance(layer, keras.layers.BatchNormalization):
            layer.moving_variance.assign(random.uniform(0.5, 2, layer.moving_variance.shape))
            weights.append(layer.moving_mean)
    for weight in weights:
        size = np.sqrt(2 / max(1, np.prod(weight.shape[:-1])))
        weight.assign(random.normal(0, max(size, 0.3), weight.shape))


def _cases(shape: tuple[int | None, ...], text: str, values: str = "normal") -> list[Case]:
    """One case for each line."""
    return [Case(line.strip(), shape, values) for line in text.strip().splitlines() if line.strip()]


_RECURRENT = """
    {}(3)
    {}(3, return_sequences=True)
    {}(3, unroll=True)
    {}(3, go_backwards=True)
    {}(3, activation="relu")
    Bidirectional({}(3))
    Bidirectional({}(3, return_sequences=True), merge_mode="sum")
    {}(3)(Masking(0.0)(x))
    {}(3, dropout=0.2)
"""
_AXES = {"1D": (_SERIES, 1), "2D": (_IMAGE, 2), "3D": (_VOLUME, 3)}
_CONVOLUTION = """
    Conv{}(6, 3)
    Conv{}(6, 3, padding="same")
    Conv{}(6, 3, strides=2, padding="same")
    Conv{}(6, 2, dilation_rate=2)
    Conv{}(6, 3, dilation_rate=2, padding="same")
    Conv{}(6, 3, groups=2)
    Conv{}(8, 3, groups=4, strides=2, padding="same")
    Conv{}(4, 2, groups=2, dilation_rate=2)
    Conv{}(4, 1, groups=2, use_bias=False)
    Conv{}Transpose(2, 3)
    Conv{}Transpose(2, 3, strides=2)
    Conv{}Transpose(2, 3, strides=2, padding="same")
    Conv{}Transpose(2, 3, strides=2, padding="same", output_padding=1)
    Conv{}Transpose(2, 2, dilation_rate=2)
    SpectralNormalization(Conv{}(4, 3))
"""
_DEPTHWISE = """
    DepthwiseConv{}(3)
    DepthwiseConv{}(3, padding="same", use_bias=False)
    DepthwiseConv{}(3, depth_multiplier=2)
    DepthwiseConv{}(3, strides=2, padding="same")
    DepthwiseConv{}(3, strides=2, depth_multiplier=2)
    DepthwiseConv{}(2, dilation_rate=2)
    SeparableConv{}(2, 3)
    SeparableConv{}(2, 3, strides=2, padding="same")
    SeparableConv{}(2, 3, depth_multiplier=2)
    SeparableConv{}(2, 2, dilation_rate=2)
"""
_POOLING = """
    {pool}Pooling{}(2)
    {pool}Pooling{}(3, strides=2, padding="same")
    Global{pool}Pooling{}()
    Global{pool}Pooling{}(keepdims=True)
    Adaptive{pool}Pooling{}(2)
    Adaptive{pool}Pooling{}(3)
"""
_ANY_AXES = """
    BatchNormalization()
    LayerNormalization()
    GroupNormalization(2)
    UpSampling{}(2)
    ZeroPadding{}(1)
    Cropping{}(1)
    SpatialDropout{}(0.5)
"""
_OF_IMAGES = """
    Conv2D(6, (1, 3), strides=(1, 2))
    Conv2D(6, 3, padding="same", activation="gelu")
    SeparableConv2D(2, 3, depth_multiplier=2, strides=2, padding="same")
    AveragePooling2D((2, 1))
    AdaptiveAveragePooling2D((2, 4))
    AdaptiveMaxPooling2D((3, 5))
    BatchNormalization(axis=1)
    BatchNormalization(axis=1, scale=False, center=False)
    LayerNormalization(axis=(1, 2, 3))
    LayerNormalization(axis=1)
    RMSNormalization()
    UnitNormalization()
    GroupNormalization(-1)
    GroupNormalization(1)
    UpSampling2D((2, 3), interpolation="nearest")
    UpSampling2D(2, interpolation="bilinear")
    UpSampling2D(2, interpolation="bicubic")
    UpSampling2D(2, interpolation="lanczos3")
    UpSampling2D(2, interpolation="lanczos5")
    Resizing(4, 6)
    Resizing(12, 11)
    Resizing(12, 11, interpolation="nearest")
    Resizing(5, 3, interpolation="nearest")
    Resizing(12, 11, interpolation="bicubic")
    Resizing(12, 11, interpolation="lanczos3")
    Resizing(12, 11, interpolation="lanczos5")
    Resizing(4, 6, antialias=True)
    Resizing(12, 11, antialias=True)
    Resizing(4, 6, crop_to_aspect_ratio=True)
    Resizing(4, 6, pad_to_aspect_ratio=True)
    Resizing(12, 11, antialias=True, pad_to_aspect_ratio=True)
    CenterCrop(4, 6)
    CenterCrop(12, 12)
    Cropping2D(((1, 0), (2, 1)))
    ZeroPadding2D(((1, 0), (2, 1)))
    Permute((2, 1, 3))
    Reshape((-1, 2))
    Resizing(12, 11, interpolation="bicubic", crop_to_aspect_ratio=True)
    Reshape((4, 2, 8, 4))
    Flatten()
    Dense(5)
    EinsumDense("abcd,de->abce", output_shape=(None, None, 6), bias_axes="e")
    EinsumDense("abcd,cde->abe", output_shape=(None, 6))
    EinsumDense("abcd,ef->abef", output_shape=(None, 6, 2))
    TimeDistributed(Conv1D(3, 2))
    TimeDistributed(Dense(4))
    Dropout(0.5)
    Dropout(0.5, noise_shape=(None, 1, 1, 4))
    GaussianDropout(0.5)
    GaussianNoise(0.5)
    AlphaDropout(0.5)
    ActivityRegularization(0.1)
    Identity()
    PReLU()
    PReLU(shared_axes=(1, 2))
    Multiply()([x, GlobalAveragePooling2D(keepdims=True)(x)])
    Concatenate()([x, UpSampling2D(2)(MaxPooling2D(2)(x))])
    MultiHeadAttention(2, 3, attention_axes=(1, 2))(x, x)
    Conv2D(6, 3, data_format="channels_first")
    Conv2D(4, 3, groups=2, data_format="channels_first")
    DepthwiseConv2D(3, data_format="channels_first")
    Conv2DTranspose(4, 3, data_format="channels_first")
    MaxPooling2D(2, data_format="channels_first")
    AveragePooling2D(2, padding="same", data_format="channels_first")
    GlobalAveragePooling2D(data_format="channels_first")
    UpSampling2D(2, data_format="channels_first", interpolation="bilinear")
    Resizing(4, 6, data_format="channels_first")
    Resizing(4, 6, data_format="channels_first", interpolation="bicubic")
    TimeDistributed(LSTM(3))
"""
_OF_COLORS = """
    Normalization(mean=[1.0, 2.0, 3.0], variance=[1.0, 4.0, 9.0])
    Normalization(mean=2.0, variance=3.0, axis=None)
    Normalization(mean=[1.0, 2.0, 3.0], variance=[1.0, 4.0, 9.0], invert=True)
    Rescaling(1 / 255, -1.0)
    Rescaling([0.1, 0.2, 0.3], [1.0, 2.0, 3.0])
    Pipeline([Rescaling(0.5), ReLU()])
    AugMix()
    AutoContrast()
    ContrastLimitedAdaptiveHistogramEqualization()
    RandAugment()
    RandomBrightness(0.5)
    RandomColorDegeneration(0.5)
    RandomColorJitter(brightness_factor=0.5)
    RandomContrast(0.5)
    RandomCrop(4, 6)
    RandomCrop(12, 12)
    RandomElasticTransform()
    RandomErasing()
    RandomFlip()
    RandomGaussianBlur()
    RandomGrayscale()
    RandomHue(0.5)
    RandomInvert()
    RandomPerspective()
    RandomPosterization(4)
    RandomRotation(0.2)
    RandomSaturation(0.5)
    RandomSharpness(0.5)
    RandomShear(0.2)
    RandomTranslation(0.2, 0.2)
    RandomZoom(0.2)
    Solarization()
"""
_OF_SERIES = """
    Conv1D(6, 3, padding="causal")
    Conv1D(6, 2, padding="causal", dilation_rate=2)
    Conv1D(6, 2, padding="causal", strides=2)
    Add()([x, Rescaling(2.0)(x)])
    Subtract()([x, Rescaling(2.0)(x)])
    Multiply()([x, Rescaling(2.0)(x)])
    Average()([x, Rescaling(2.0)(x)])
    Maximum()([x, Rescaling(0.5)(x)])
    Minimum()([x, Rescaling(2.0)(x)])
    Concatenate()([x, Rescaling(2.0)(x)])
    Concatenate(axis=1)([x, Rescaling(2.0)(x)])
    Dot((1, 1))([x, Rescaling(2.0)(x)])
    Dot((2, 2))([x, Rescaling(2.0)(x)])
    Dot((1, 1), normalize=True)([x, Rescaling(2.0)(x)])
    Attention()([x, Rescaling(2.0)(x)])
    Attention(use_scale=True, score_mode="concat")([x, Rescaling(2.0)(x)])
    AdditiveAttention()([x, Rescaling(2.0)(x)])
    MultiHeadAttention(2, 3)(x, x)
    MultiHeadAttention(2, 3, output_shape=5)(x, x)
    MultiHeadAttention(2, 3)(x, x, use_causal_mask=True)
    GroupQueryAttention(2, 4, 2)(x, x)
    EinsumDense("abc,cd->abd", output_shape=(None, 6), bias_axes="d")
    LayerNormalization(axis=1)
    Masking(0.0)
    RepeatVector(3)(Flatten()(x))
    RNN(GRUCell(3))
    RNN(LSTMCell(3))
    RNN(SimpleRNNCell(3))
    RNN(StackedRNNCells([SimpleRNNCell(3), GRUCell(2)]))
    RNN([GRUCell(3), LSTMCell(2)], return_sequences=True)
    RNN(GRUCell(3), unroll=True)
    GRU(3, reset_after=False)
    Softmax()
    Softmax(axis=1)
    ReLU(6.0)
    ReLU(None, 0.1, 0.5)
    LeakyReLU()
    ELU()
    PReLU()
"""
_ACTIVATIONS = """
    celu elu exponential gelu glu hard_shrink hard_sigmoid hard_silu hard_tanh leaky_relu linear log_sigmoid log_softmax mish relu
    relu6 selu sigmoid silu soft_shrink softmax softplus softsign sparse_plus sparse_sigmoid sparsemax squareplus tanh tanh_shrink
"""
_OF_COUNTS = """
    Embedding(7, 3)
    Embedding(7, 3, mask_zero=True)
    LSTM(3)(Embedding(7, 3, mask_zero=True)(x))
    GlobalAveragePooling1D()(Embedding(7, 3, mask_zero=True)(x))
    ReversibleEmbedding(7, 3)
    CategoryEncoding(7)
    CategoryEncoding(7, output_mode="count")
    CategoryEncoding(7, output_mode="one_hot")(x[:, :1])
    Discretization([1.0, 3.0, 5.0])
    Discretization([1.0, 3.0, 5.0], output_mode="one_hot")(x[:, :1])
    Hashing(5)
    Hashing(5, salt=(3, 4))
    HashedCrossing(5)([Discretization([2.0])(x[:, :1]), Discretization([4.0])(x[:, :1])])
    IntegerLookup(vocabulary=[2, 3, 5])
    IntegerLookup(vocabulary=[2, 3, 5], num_oov_indices=2, mask_token=0)
    Discretization([1.0, 3.0, 5.0], output_mode="multi_hot")
    Embedding(7, 3)(IntegerLookup(vocabulary=[2, 3, 5])(x))
    IntegerLookup(vocabulary=[2, 3, 5], output_mode="multi_hot")
"""

_CONVOLUTIONAL_RECURRENT = """
    ConvLSTM{}(2, 3)
    ConvLSTM{}(2, 3, return_sequences=True)
    ConvLSTM{}(2, 3, unroll=True)
"""
_OF_ANY_IMAGES = """
    Conv2D(6, 3, groups=2, padding="same")
    DepthwiseConv2D(3, strides=2)
    Conv2DTranspose(2, 3, strides=2, padding="same")
    AveragePooling2D(2)
    GlobalMaxPooling2D()
    GroupNormalization(2)
    UpSampling2D(2)
    UpSampling2D(2, interpolation="bilinear")
    UpSampling2D(2, interpolation="bicubic")
    UpSampling2D(2, interpolation="lanczos3")
    Resizing(4, 4)
    Resizing(4, 4, interpolation="bicubic")
    Resizing(4, 4, antialias=True)
"""
_OF_ANY_SERIES = """
    Conv1D(6, 3)
    GlobalMaxPooling1D()
    MultiHeadAttention(2, 3)(x, x)
    GRU(3, return_sequences=True)
    LSTM(3)(Masking(0.0)(x))
    Bidirectional(GRU(3))
"""
_OF_TEXTS = """
    TextVectorization(vocabulary=["two", "three"], output_sequence_length=3)
    TextVectorization(vocabulary=["two", "three"], output_mode="multi_hot")
    StringLookup(vocabulary=["two", "three"])
    StringLookup(vocabulary=["two", "three"], output_mode="count")(ops.expand_dims(x, -1))
"""


def _all() -> list[Case]:
    cases = []
    for axes, (shape, count) in _AXES.items():
        for template in (_CONVOLUTION, _DEPTHWISE, _ANY_AXES):
            if template is not _DEPTHWISE or count < 3:
                cases += _cases(shape, template.replace("{}", axes))
        for pool in ("Average", "Max"):
            cases += _cases(shape, _POOLING.replace("{}", axes).replace("{pool}", pool))
    cases += _cases(_IMAGE, _OF_IMAGES)
    cases += _cases(_COLOR, _OF_COLORS, "pixels")
    cases += _cases(_SERIES, _OF_SERIES)
    for name in ("LSTM", "GRU", "SimpleRNN"):
        cases += _cases(_SERIES, _RECURRENT.replace("{}", name))
    for shape, axes in (((2, 6, 3), "1D"), ((2, 6, 6, 3), "2D")):
        cases += _cases(shape, _CONVOLUTIONAL_RECURRENT.replace("{}", axes))
    cases += _cases((2, 4, 4, 4, 3), "ConvLSTM3D(2, 3)")
    volumes = ("MaxPooling3D(2)", "AveragePooling3D(2)", "AdaptiveMaxPooling3D(2)", "AdaptiveAveragePooling3D(2)")
    volumes += ("Conv3D(4, 3)", "Conv3D(4, 3, groups=2)", "Conv3D(4, 2, dilation_rate=2)", "Conv3DTranspose(4, 3)")
    cases += _cases(_VOLUME, "\n".join(each.replace(")", ', data_format="channels_first")') for each in volumes))
    cases += [Case(f'Activation("{name}")', _SERIES) for name in _ACTIVATIONS.split()]
    cases += _cases(_SERIES, "Lambda(lambda t: ops.gelu(t, approximate=True))")
    cases += _cases(_NUMBERS, 'Dense(5)\nDense(5, activation="softmax")\nBatchNormalization()\nRepeatVector(3)')
    cases += _cases((4,), _OF_COUNTS, "counts")
    cases += _cases((64,), "MelSpectrogram(fft_length=32, sequence_stride=16, num_mel_bins=8)")
    cases += _cases((64, 1), "STFTSpectrogram(frame_length=32, frame_step=16, fft_length=32)")
    cases += _cases((None, None, 4), _OF_ANY_IMAGES)
    cases += _cases((None, 4), _OF_ANY_SERIES)
    cases += _cases((300, 4), "GRU(3)")
    cases += _cases((), _OF_TEXTS, "words")
    return list(dict.fromkeys(cases))


CASES = tuple(_all())
