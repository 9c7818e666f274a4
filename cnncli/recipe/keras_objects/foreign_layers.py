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
        "learnedpositionalencoding",
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
    ("mlp", "feedforward", "ffn"): (
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
    ("bilinearupsample", "upsamplebilinear2d", "interpolate", "resize"): (
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
