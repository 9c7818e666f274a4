"""Networks as recipes: one for each way in which structure becomes code."""

from __future__ import annotations

from cnncli.recipe.load import LoadedRecipe, load_bytes


def recipe(layers: str, *, blocks: str = "", variables: str = "") -> LoadedRecipe:
    text = f"vars: {{{variables}}}\ndata: {{source: {{npz: {{path: a.npz}}}}}}\nmodel:\n  input: [8, 8, 3]\n  layers:\n"
    lines = "".join(f"    {line}\n" for line in layers.strip().splitlines())
    more = "blocks:\n" + "".join(f"  {line}\n" for line in blocks.strip().splitlines()) if blocks else ""
    tail = "    - Flatten\n    - Dense: {units: $classes, activation: softmax}\n"
    return load_bytes(f"{text}{lines}{tail}{more}".encode(), "net.yaml")


CASES: dict[str, dict[str, str]] = {
    "names with variables in a loop": {
        "layers": "- repeat: {times: 3, as: i, layers: [Conv2D: {name: down$i, filters: $(2 * i + 1), kernel_size: 1}]}\n"
        "- repeat: {times: 3, as: i, layers: [Concatenate: {from: ['up', down$(2 - i)], name: up$i, if: $(i > 9)}, "
        "Conv2D: {filters: 2, kernel_size: 1, from: down$(2 - i)}]}"
    },
    "a later round reads an earlier one": {
        "layers": "- Conv2D: {name: c0, filters: 2, kernel_size: 1}\n"
        "- repeat: {times: 3, as: i, layers: [Conv2D: {name: c$(i + 1), filters: 2, kernel_size: 1, from: c$i}, "
        "Add: {from: [c$i, c$(i + 1)]}]}"
    },
    "the input of a block, of a round and of a body": {
        "blocks": "b:\n  layers:\n    - Conv2D: {filters: 3, kernel_size: 1}\n    - Add: {from: [., conv2d]}",
        "layers": "- b\n- repeat: {times: 2, layers: [ReLU, Conv2D: {filters: 3, kernel_size: 1, from: .}, "
        "Add: {from: [., conv2d]}]}\n- residual: {body: [Conv2D: {filters: 3, kernel_size: 1}, Multiply: "
        "{from: [., conv2d_2]}]}",
    },
    "the input of the network": {
        "layers": "- Conv2D: {filters: 3, kernel_size: 1}\n- Concatenate: {from: [conv2d, input]}"
    },
    "a condition that differs from round to round": {
        "layers": "- repeat: {times: 3, as: i, layers: [Conv2D: {filters: 2, kernel_size: 1}, "
        "MaxPooling2D: {pool_size: 2, if: $(i == 1)}, ReLU: {if: $(i < 2)}]}"
    },
    "a default that depends on a parameter": {
        "blocks": "b:\n  params: [filters]\n  defaults: {wide: $(filters * 2), kind: relu}\n"
        "  layers: [Conv2D: {filters: $wide, kernel_size: 1, activation: $kind}]",
        "layers": "- b: 2\n- b: {filters: 3, wide: 5, kind: tanh}\n- b: {filters: 1}",
    },
    "names that Python keeps for itself": {
        "variables": "lambda: 2, layers: 3, x: 1, N: 2, n: 3",
        "blocks": "print:\n  params: [class, x]\n  layers: [Conv2D: {filters: $class, kernel_size: $x}]",
        "layers": "- print: {class: $lambda, x: $x}\n- Conv2D: {filters: $layers, kernel_size: $N}\n"
        "- Conv2D: {filters: $n, kernel_size: 1, name: x}\n- Add: {from: [x, x]}",
    },
    "the number of classes in a block and in a variable": {
        "variables": "outputs: $(2 * classes)",
        "blocks": "inner:\n  layers: [Conv2D: {filters: $classes, kernel_size: 1}]\n"
        "outer:\n  params: [n]\n  layers: [inner, Conv2D: {filters: $outputs, kernel_size: $n}]",
        "layers": "- outer: 1\n- outer: {n: 1, name: last}",
    },
    "shared layers": {
        "blocks": "twice:\n  params: [n]\n  layers: [Conv2D: {name: c, filters: $n, kernel_size: 1}, ReLU, "
        "Conv2D: {filters: 3, kernel_size: 1}, Conv2D: {name: d, is: c, if: $(n == 3)}]",
        "layers": "- Conv2D: {name: step, filters: 3, kernel_size: 1}\n- repeat: {times: 3, layers: [Conv2D: {is: step}]}\n"
        "- repeat: {times: 2, layers: [Conv2D: {name: a, filters: 3, kernel_size: 1}, ReLU: {name: p}, "
        "Conv2D: {name: b, from: p, is: a}, Add: {from: [a, b]}]}\n- twice: 3\n- twice: 2\n"
        "- learned: {name: scale, shape: [3], merge: Multiply}\n- ReLU\n- learned: {is: scale}",
    },
    "a block that is called again": {
        "blocks": "encoder:\n  layers: [Conv2D: {name: c, filters: 4, kernel_size: 1}, ReLU, residual: "
        "{body: [Conv2D: {filters: 4, kernel_size: 1}, ReLU, Conv2D: {is: conv2d}, Conv2D: {filters: 6, kernel_size: 1}], "
        "shortcut: auto}]",
        "layers": "- encoder: {name: one}\n- Conv2D: {name: other, filters: 3, kernel_size: 1, from: input}\n"
        "- encoder: {name: two, is: one}\n- Add: {from: [one, two]}",
    },
    "division of whole numbers": {
        "variables": "alpha: 0.5",
        "layers": "- repeat: {over: {f: [8, 16]}, layers: [Conv2D: {filters: $(f / 4), kernel_size: 1}, "
        "Conv2D: {filters: $(f * alpha), kernel_size: 1}, Dropout: $(alpha / 2)]}",
    },
    "an object in a variable": {
        "variables": "reg: {L2: 0.01}, init: he_normal",
        "layers": "- Conv2D: {filters: 2, kernel_size: 1, kernel_regularizer: $reg, kernel_initializer: $init}",
    },
    "attention": {
        "layers": "- Reshape: {target_shape: [64, 3], name: q}\n"
        "- MultiHeadAttention: {num_heads: 2, key_dim: 2, from: [q, q], name: att}\n- LSTM: {units: 3, return_sequences: true}"
    },
    "layers within layers": {
        "layers": "- Reshape: [4, 16, 3]\n- TimeDistributed: {layer: {Dense: 3}}\n- TimeDistributed: Flatten\n"
        "- Bidirectional: {layer: {LSTM: 4}}"
    },
    "functions and slices of lists": {
        "variables": "depths: [1, 2, 3], alpha: 0.35",
        "layers": "- repeat: {over: {depth: '$(depths[1:])'}, as: i, layers: [repeat: {times: $depth, layers: "
        "[Conv2D: {filters: $(divisible(32 * alpha * depth)), kernel_size: '$(max(1, min(i, 1)))', "
        "use_bias: '$(i == 1 or false)'}]}]}",
    },
    "paths over a list and on a condition": {
        "variables": "wide: true, no: false",
        "layers": "- branches: {merge: Concatenate, over: {size: [1, 3, 5]}, as: n, path: "
        "[Conv2D: {name: p, filters: $(n + 1), kernel_size: $size, padding: same}]}\n"
        "- branches:\n    name: all\n    merge: {Concatenate: {axis: -1}}\n    paths:\n      - []\n"
        "      - {if: $wide, layers: [Conv2D: {filters: 2, kernel_size: 1}]}\n"
        "      - {over: {rate: [1, 2]}, path: [Conv2D: {filters: 2, kernel_size: 3, dilation_rate: $rate, "
        "padding: same}, ReLU]}\n"
        "      - {if: $no, layers: [Dropout: 0.5]}\n"
        "- branches: {merge: Add, paths: [[ReLU], {if: $no, layers: [Dropout: 0.5]}]}\n- ReLU: {from: all}",
    },
    "all layers of a glob": {
        "layers": "- repeat: {times: 3, layers: [Conv2D: {filters: 2, kernel_size: 1}, Conv2D: {name: skip, "
        "filters: 3, kernel_size: 1}]}\n"
        "- Add: {from: skip_*}\n- Conv2D: {name: a1, filters: 3, kernel_size: 1}\n- Conv2D: {name: a2, "
        "filters: 3, kernel_size: 1}\n"
        "- Concatenate: {from: a*}",
    },
    "a layer as the parameter of a block": {
        "blocks": "up:\n  params: [filters, skip]\n  layers:\n    - Conv2D: {filters: $filters, kernel_size: 1}\n"
        "    - Concatenate: {from: [conv2d, $skip]}\nouter:\n  params: [far]\n  layers: [up: {filters: 2, skip: $far}, ReLU]",
        "layers": "- Conv2D: {name: one, filters: 2, kernel_size: 1}\n- ReLU: {name: two}\n- up: {filters: "
        "3, skip: one}\n- outer: two\n"
        "- repeat: {times: 2, as: i, layers: [ReLU: {name: r}, up: {filters: $(i + 1), skip: r}]}",
    },
    "a block in a branch in a residual body": {
        "blocks": "b:\n  params: [f]\n  layers:\n    - repeat: {times: 2, layers: [Conv2D: {filters: $f, kernel_size: 1}]}",
        "layers": "- residual:\n    name: r\n    shortcut: auto\n    body:\n      - branches: {merge: "
        "{Concatenate: {axis: -1}}, "
        "paths: [[b: 2], [], [residual: {body: [b: 3], shortcut: [b: 3]}]]}\n- ReLU: {from: r}",
    },
}


SIZES: dict[str, dict[str, str]] = {
    "sizes of the input": {
        "blocks": "se:\n  defaults: {channels: $here.channels, ratio: 2}\n  layers:\n"
        "    - GlobalAveragePooling2D: {keepdims: true}\n"
        '    - Conv2D: {filters: "$(max(channels // ratio, 1))", kernel_size: 1}\n'
        "    - Conv2D: {filters: $channels, kernel_size: 1}\n"
        "    - Multiply: {from: [., conv2d_1]}",
        "layers": "- se\n- Conv2D: {filters: $(here.height + here.width), kernel_size: 1}\n- se: {ratio: 4}\n"
        "- repeat: {times: $(here.channels // 8), layers: [Conv2D: {filters: $(here.channels * 2), kernel_size: 1}]}",
    },
    "a condition on the addition": {
        "blocks": "b:\n  params: [filters, strides]\n  layers:\n    - residual:\n"
        "        body: [Conv2D: {filters: $filters, kernel_size: 3, strides: $strides, padding: same}, ReLU]\n"
        "        skip: $(strides == 1 and here.channels == filters)",
        "layers": "- b: {filters: 3, strides: 1}\n- b: {filters: 4, strides: 1}\n- b: {filters: 4, strides: "
        "2}\n- b: {filters: 4, strides: 1}",
    },
    "constants and slices": {
        "layers": "- slice: {axis: 1, start: 2}\n- slice: {axis: -1, stop: $(here.channels - 1)}\n"
        "- learned: {shape: [$here.width, 1], merge: Multiply}\n- learned: {name: s, shape: $here.channels, merge: Multiply, "
        "initializer: {Constant: 0.5}}\n- Reshape: [-1, 2]\n- learned: {shape: [1, 2], merge: Concatenate, last: true}\n"
        "- slice: {stop: 1}",
    },
    "reductions and a constant alone": {
        "layers": "- reduce_axis: {function: mean, axis: 1, keepdims: true}\n- reduce_axis: {function: sum, axis: 2}\n"
        "- Conv1D: {filters: $here.channels, kernel_size: 1}\n- reduce_axis: max\n"
        "- learned: {name: queries, shape: [3, 4], merge: null}",
    },
}


WITHOUT: dict[str, dict[str, str]] = {
    "a block calls itself": {
        "blocks": "b:\n  params: [n]\n  layers:\n"
        "    - branches: {merge: Add, paths: [[ReLU], {if: $(n > 0), layers: [b: $(n - 1), b: $(n - 1)]}]}",
        "layers": "- b: 2\n- Conv2D: {filters: 2, kernel_size: 1}",
    },
    "a layer within a block is named outside": {
        "blocks": "b:\n  layers: [Conv2D: {name: c, filters: 2, kernel_size: 1}, ReLU]",
        "layers": "- b: {name: one}\n- b\n- Add: {from: [one_c, b_re_lu]}",
    },
    "a block reads a layer outside": {
        "blocks": "b:\n  layers: [Add: {from: [., stem]}]",
        "layers": "- Conv2D: {name: stem, filters: 2, kernel_size: 1}\n- ReLU\n- b",
    },
    "an object as a parameter": {
        "blocks": "b:\n  params: [r]\n  layers: [Conv2D: {filters: 2, kernel_size: 1, kernel_regularizer: $r}]",
        "layers": "- b: {r: {L2: 0.1}}\n- b: {r: {L1: 0.1}}\n- repeat: {times: 2, layers: [ReLU]}",
    },
    "counting passes over a name that is taken": {
        "layers": "- Conv2D: {name: conv2d_1, filters: 2, kernel_size: 1}\n"
        "- repeat: {times: 3, layers: [Conv2D: {filters: 2, kernel_size: 1}]}",
    },
}
CASES["layers as a parameter of a block"] = {
    "blocks": "twice:\n  params: [inner, filters]\n  layers:\n    - residual: {body: $inner}\n"
    "    - residual: {name: b, body: $inner}\n    - Conv2D: {filters: $filters, kernel_size: 1}\n"
    "one:\n  params: [inner]\n  layers:\n    - $inner\n    - ReLU",
    "layers": "- twice: {inner: [Conv2D: {filters: 3, kernel_size: 3, padding: same}, ReLU], filters: 4}\n"
    "- repeat: {times: 2, layers: [one: {inner: {Conv2D: {filters: 4, kernel_size: 1}}}]}",
}
CASES["layers that differ from call to call"] = {
    "blocks": "one:\n  params: [inner]\n  layers:\n    - $inner\n    - ReLU\n"
    "kind:\n  params: [k]\n  layers: [$k: {filters: 2, kernel_size: 1}]",
    "layers": "- one: {inner: {Conv2D: {filters: 4, kernel_size: 1}}}\n- one: {inner: [ReLU, ReLU]}\n- one: {inner: ReLU}\n"
    "- kind: Conv2D",
}
CASES["items that are no Keras layers, called again"] = {
    "blocks": "tokens:\n  layers:\n    - residual: {shortcut: auto, "
    "body: [Conv2D: {filters: 4, kernel_size: 3, strides: 2, padding: same}]}\n"
    "    - residual: {shortcut: auto, body: [Conv2D: {filters: 4, kernel_size: 1}]}\n"
    "    - learned: {shape: [4, 4, 1]}\n    - slice: {stop: 3}\n    - reduce_axis: {function: sum, axis: 1}\n"
    "    - learned: {shape: [1, 3], merge: Concatenate}\n    - learned: {shape: [3], merge: Multiply}\n"
    "    - learned: {merge: null, shape: [2, 3]}",
    "layers": "- Conv2D: {name: one, filters: 3, kernel_size: 1}\n- tokens: {name: a}\n"
    "- tokens: {name: b, is: a, from: one}\n- tokens: {name: c, is: a, from: input}\n- Add: {from: [a, b, c]}",
}
CASES["what comes out of a constant goes into it"] = {
    "layers": "- learned: {name: a, shape: [8, 8, 3]}\n- learned: {is: a}\n- learned: {is: a, name: last}\n"
    "- Add: {from: [a, last]}",
}
CASES["an application called again"] = {
    "blocks": "maps:\n  layers: [Resizing: {height: 32, width: 32}, VGG16: {weights: null, include_top: false}]",
    "layers": "- maps: {name: a}\n- ReLU: {from: input}\n- maps: {name: b, is: a}\n- Add: {from: [a, b]}",
}
CASES["paths in variables"] = {
    "variables": "a: [[ReLU], [Conv2D: {filters: 3, kernel_size: 1}, ReLU]], b: [[Conv2D: {filters: 2, kernel_size: 1}], [ReLU]]",
    "blocks": "one:\n  params: [paths]\n  defaults: {filters: $here.channels}\n  layers:\n"
    "    - residual:\n        body:\n          - branches: {merge: Concatenate, paths: $paths}\n"
    "          - Conv2D: {filters: $filters, kernel_size: 1}",
    "layers": "- repeat: {times: 2, layers: [one: $a]}\n- one: $b\n- repeat: {times: 2, layers: [one: {paths: $b}]}",
}
CASES["blocks that a loop names"] = {
    "blocks": "wide:\n  params: [filters]\n  layers: [Conv2D: {filters: $filters, kernel_size: 3, padding: same}]\n"
    "deep:\n  params: [filters]\n  layers: [Conv2D: {filters: $filters, kernel_size: 1}, ReLU]",
    "layers": "- wide: 2\n- repeat:\n    over: {kind: [wide, deep, wide], count: [1, 2, 2]}\n    layers:\n"
    "      - repeat: {times: $count, as: i, layers: [$kind: {filters: $(i + 2)}]}",
}
WITHOUT["Keras layers that a loop names"] = {
    "layers": "- repeat: {over: {kind: [ReLU, Softmax]}, layers: [$kind: {}]}\n- repeat: {times: 2, layers: [ReLU]}",
}
