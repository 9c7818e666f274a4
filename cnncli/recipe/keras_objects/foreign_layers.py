"""Layers of PyTorch, timm and papers that Keras does not have under any name, and the lines of YAML that do the same."""

from __future__ import annotations

from cnncli.recipe.keras_objects import catalogue

# Written as items of a list of layers; names are compared without capitals, `_` and what stands before a point.
_LINES: dict[tuple[str, ...], tuple[str, ...]] = {
    ("layerscale",): ("learned: {shape: $here.channels, initializer: {Constant: 1e-5}, merge: Multiply}",),
    ("classtoken", "clstoken", "classembedding"): (
        "learned: {shape: [1, $here.channels], merge: Concatenate}",
        "slice: {axis: 1, stop: 1}",
    ),
    (
        "positionembedding", "positionalembedding", "positionencoding", "positionalencoding", "posembed", "posembedding",
        "learnedpositionalencoding", "sinepositionencoding", "sinusoidalpositionalencoding",
    ): ("learned: {shape: [$here.length, $here.channels], initializer: {RandomNormal: {stddev: 0.02}}}",),
    ("droppath", "stochasticdepth", "dropconnect"): ("Dropout: {rate: 0.1, noise_shape: [null, 1, 1, 1]}",),
    ("channelshuffle", "shufflechannels"): (
        "Reshape: [$here.height, $here.width, 2, $(here.channels // 2)]",
        "Permute: [1, 2, 4, 3]",
        "Reshape: [$here.depth, $here.height, $(here.width * here.channels)]",
    ),
    ("pixelshuffle", "depthtospace", "subpixelconv"): (
        "repeat: {times: 2, layers: [Reshape: [$here.height, $(2 * here.width), $(here.channels // 2)], Permute: [2, 1, 3]]}",
    ),
    ("split", "chunk", "narrow", "slice", "crop"): ("slice: {axis: -1, start: 0, stop: $(here.channels // 2)}",),
    (
        "seblock", "selayer", "semodule", "squeezeexcite", "squeezeexcitation", "squeezeandexcitation", "squeezeandexcite",
    ): (
        "branches: {merge: Multiply, paths: [[], [GlobalAveragePooling2D: {keepdims: true}, "
        "Dense: {units: $(here.channels // 4), activation: relu}, "
        "Dense: {units: $(4 * here.channels), activation: sigmoid}]]}",
    ),
    ("patchembed", "patchembedding", "patches"): (
        "Conv2D: {filters: 192, kernel_size: 16, strides: 16}",
        "Reshape: [$(here.height * here.width), $here.channels]",
    ),
    ("selfattention", "msa", "mhsa", "multiheadselfattention", "attentionblock"): (
        "residual: {body: [LayerNormalization: {name: norm}, "
        "MultiHeadAttention: {num_heads: 4, key_dim: 16, from: [norm, norm]}]}",
    ),
    ("transformerencoder", "transformerencoderlayer", "transformerblock", "transformer"): (
        "residual: {body: [LayerNormalization: {name: norm}, "
        "MultiHeadAttention: {num_heads: 4, key_dim: 16, from: [norm, norm]}]}",
        "residual: {body: [LayerNormalization, Dense: {units: $(4 * here.channels), activation: gelu}, "
        "Dense: {units: $(here.channels // 4)}]}",
    ),
    ("mlp", "feedforward", "ffn", "positionwisefeedforward"): (
        "Dense: {units: $(4 * here.channels), activation: gelu}",
        "Dense: {units: $(here.channels // 4)}",
    ),
    ("glu",): (
        "branches: {merge: Multiply, paths: [[slice: {stop: $(here.channels // 2)}], "
        "[slice: {start: $(here.channels // 2)}, Activation: sigmoid]]}",
    ),
    ("maxout",): ("branches: {merge: Maximum, times: 2, path: [Dense: {units: 16}]}",),
    ("instancenorm", "instancenorm1d", "instancenorm2d", "instancenorm3d", "instancenormalization"): (
        "GroupNormalization: {groups: -1}",
    ),
    ("swiglu", "geglu", "gatedlinearunit"): (
        "branches: {merge: Multiply, paths: [[slice: {stop: $(here.channels // 2)}], "
        "[slice: {start: $(here.channels // 2)}, Activation: silu]]}",
    ),
    ("convbnrelu", "convbnact", "convnormact", "conv2dnormactivation", "basicconv2d", "convblock"): (
        "Conv2D: {filters: 32, kernel_size: 3, padding: same, use_bias: false}",
        "BatchNormalization",
        "ReLU",
    ),
    ("conv1x1", "pointwiseconv", "pointwiseconv2d"): ("Conv2D: {filters: 32, kernel_size: 1}",),
    ("conv3x3",): ("Conv2D: {filters: 32, kernel_size: 3, padding: same}",),
    ("residual", "residualblock", "resblock", "basicblock", "shortcut"): (
        "residual: {body: [Conv2D: {filters: 32, kernel_size: 3, padding: same}, BatchNormalization], shortcut: auto}",
        "ReLU",
    ),
    ("bottleneck", "bottleneckblock"): (
        "residual: {body: [Conv2D: {filters: $(here.channels // 4), kernel_size: 1, activation: relu}, "
        "Conv2D: {filters: $here.channels, kernel_size: 3, padding: same, activation: relu}, "
        "Conv2D: {filters: $(4 * here.channels), kernel_size: 1}]}",
    ),
    ("invertedresidual", "mbconv"): (
        "residual: {body: [Conv2D: {filters: $(6 * here.channels), kernel_size: 1}, "
        "DepthwiseConv2D: {kernel_size: 3, padding: same}, Conv2D: {filters: $(here.channels // 6), kernel_size: 1}]}",
    ),
    ("denseblock",): (
        "repeat: {times: 4, layers: [branches: {merge: Concatenate, paths: [[], "
        "[Conv2D: {filters: 32, kernel_size: 3, padding: same}]]}]}",
    ),
    ("fire", "firemodule"): (
        "Conv2D: {filters: 16, kernel_size: 1, activation: relu}",
        "branches: {merge: Concatenate, over: {size: [1, 3]}, path: [Conv2D: {filters: 64, kernel_size: $size, padding: same}]}",
    ),
    ("inception", "inceptionmodule", "inceptionblock"): (
        "branches: {merge: Concatenate, over: {size: [1, 3, 5]}, "
        "path: [Conv2D: {filters: 32, kernel_size: $size, padding: same}]}",
    ),
    ("aspp", "atrousspatialpyramidpooling"): (
        "branches: {merge: Concatenate, over: {rate: [1, 6, 12]}, "
        "path: [Conv2D: {filters: 32, kernel_size: 3, dilation_rate: $rate, padding: same}]}",
    ),
    ("spp", "sppf", "spatialpyramidpooling"): (
        "branches: {merge: Concatenate, over: {size: [1, 5, 9, 13]}, "
        "path: [MaxPooling2D: {pool_size: $size, strides: 1, padding: same}]}",
    ),
    ("spatialattention",): (
        "branches: {merge: Multiply, paths: [[], [branches: {merge: Concatenate, over: {f: [mean, max]}, "
        "path: [reduce_axis: {function: $f, keepdims: true}]}, "
        "Conv2D: {filters: 1, kernel_size: 7, padding: same, activation: sigmoid}]]}",
    ),
    ("cbam",): (
        "branches: {merge: Multiply, paths: [[], [GlobalAveragePooling2D: {keepdims: true}, "
        "Dense: {units: $(here.channels // 4), activation: relu}, "
        "Dense: {units: $(4 * here.channels), activation: sigmoid}]]}",
        "branches: {merge: Multiply, paths: [[], [branches: {merge: Concatenate, over: {f: [mean, max]}, "
        "path: [reduce_axis: {function: $f, keepdims: true}]}, "
        "Conv2D: {filters: 1, kernel_size: 7, padding: same, activation: sigmoid}]]}",
    ),
    ("eca", "ecalayer", "ecamodule", "efficientchannelattention"): (
        "branches: {merge: Multiply, paths: [[], [GlobalAveragePooling2D, Reshape: [-1, 1], "
        "Conv1D: {filters: 1, kernel_size: 3, padding: same, activation: sigmoid}, Reshape: [1, 1, $here.length]]]}",
    ),
    ("nonlocal", "nonlocalblock"): (
        "residual: {body: [MultiHeadAttention: {from: [., .], num_heads: 1, key_dim: $(here.channels // 2), "
        "attention_axes: [1, 2]}]}",
    ),
    ("windowpartition", "windowattention"): (
        "Reshape: [$(here.height // 4), 4, $(here.width // 4), $(4 * here.channels)]",
        "Permute: [1, 3, 2, 4]",
        "Reshape: [$(here.depth * here.height), 16, $(here.channels // 4)]",
    ),
    ("roll", "cyclicshift"): (
        "branches: {merge: {Concatenate: {axis: 1}}, paths: [[slice: {axis: 1, start: 1}], [slice: {axis: 1, stop: 1}]]}",
    ),
    ("spacetodepth", "pixelunshuffle", "focus"): (
        "repeat: {times: 2, layers: [Permute: [2, 1, 3], Reshape: [$here.height, $(here.width // 2), $(2 * here.channels)]]}",
    ),
    ("crelu", "concatrelu"): ("branches: {merge: Concatenate, paths: [[ReLU], [Rescaling: -1, ReLU]]}",),
    ("oneminus",): ("Rescaling: {scale: -1, offset: 1}",),
    ("neg", "negative"): ("Rescaling: -1",),
    ("exp",): ("Activation: exponential",),
    ("l2norm", "l2normalize", "l2normalization", "lpnorm"): ("UnitNormalization",),
    ("dropblock", "dropblock2d"): ("SpatialDropout2D: 0.1",),
    ("squeeze",): ("Flatten",),
    ("pad", "constantpad2d", "reflectionpad2d", "replicationpad2d"): ("ZeroPadding2D: 1",),
    ("blurpool", "blurpool2d", "antialias"): ("AveragePooling2D: {pool_size: 3, strides: 2, padding: same}",),
    ("frozenbatchnorm", "frozenbatchnorm2d"): ("BatchNormalization: {trainable: false}",),
    ("spectralnorm",): ("SpectralNormalization: {layer: {Conv2D: {filters: 32, kernel_size: 3}}}",),
    ("globalavgpool", "globalaveragepooling", "gap"): ("GlobalAveragePooling2D",),
    ("localresponsenorm", "localresponsenormalization", "lrn"): ("BatchNormalization",),
    ("sequential", "modulelist", "module"): ("group: {name: stem, layers: [ReLU]}",),
    ("skipconnection", "residualadd"): ("residual: {body: [ReLU]}",),
    ("bilstm",): ("Bidirectional: {layer: {LSTM: {units: 32}}}",),
    ("bigru",): ("Bidirectional: {layer: {GRU: {units: 32}}}",),
    ("relu6",): ("ReLU: {max_value: 6}",),
    ("hardswish",): ("Activation: hard_silu",),
    ("mean", "reducemean", "reduce"): ("reduce_axis: {function: mean, axis: -1}",),
    ("max", "reducemax"): ("reduce_axis: {function: max, axis: -1}",),
    ("reducesum",): ("reduce_axis: {function: sum, axis: -1}",),
    ("parameter", "learnableparameter"): ("learned: {shape: $here.channels}",),
    ("scale",): ("learned: {shape: $here.channels, initializer: ones, merge: Multiply}",),
    ("expanddims", "unsqueeze"): ("Reshape: [$here.length, $here.channels, 1]",),
    ("bilinearupsample", "upsamplebilinear2d", "upsamplingbilinear2d", "interpolate", "resize"): (
        "UpSampling2D: {size: 2, interpolation: bilinear}",
    ),
    ("normalize", "totensor"): ("Rescaling: {scale: $(1 / 255)}",),
    ("randomhorizontalflip",): ("RandomFlip: horizontal",),
    ("randomverticalflip",): ("RandomFlip: vertical",),
}  # fmt: skip
LINES = {name: lines for names, lines in _LINES.items() for name in names}


def hint(name: str) -> str:
    """The lines to write instead of a layer that Keras does not have; empty where the name is not known."""
    plain = name.rpartition(".")[2].replace("_", "").lower()
    activations = [a for a in catalogue.names_in_places("activations") if a.replace("_", "") == plain != "linear"]
    lines = LINES.get(plain) or tuple(f"Activation: {activation}" for activation in activations[:1])
    return "\n".join(f"{'write' if line is lines[0] else 'then'} `- {line}`" for line in lines)
