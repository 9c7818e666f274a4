"""The recipe language: growth, numbers, names, depth."""

from __future__ import annotations

from cases.making import Case


def recipe(layers: str, more: str = "") -> tuple[tuple[str, str], ...]:
    """A recipe on the packaged digits with these layers before its last one."""
    text = f"data: {{source: mnist-sample, limit: 200}}\n{more}model:\n  layers:\n{layers}"
    return (("r.yaml", f"{text}    - Flatten\n    - Dense: {{units: $classes, activation: softmax}}\n"),)


def with_vars(*rows: str) -> tuple[tuple[str, str], ...]:
    """A recipe with these variables, the first in line 3."""
    lines = "".join(f"  {row}\n" for row in rows)
    return recipe("    - ReLU\n", f"vars:\n{lines}")


STATIC = ("validate --static r.yaml",)
VALIDATE = ("validate r.yaml",)
IN_ROUNDS = """\
    - repeat:
        times: 2
        layers:
          - Conv2D: {name: a, filters: 4, kernel_size: 3, padding: same}
          - repeat:
              times: 2
              layers:
                - Conv2D: {name: b, filters: 4, kernel_size: 3, padding: same}
                - Add: {from: [a, b]}
"""
GATE = """\
blocks:
  gate:
    layers:
      - Conv2D: {name: t, filters: 4, kernel_size: 3, padding: same, activation: sigmoid}
      - Multiply: {from: [SOURCE, t]}
"""
GATED = "    - Conv2D: {filters: 4, kernel_size: 3, padding: same}\n    - gate\n"

CASES: list[Case] = [
    Case("the recipe of all cases has no mistakes", ("validate u8.yaml",), prints=("u8: no mistakes",)),
    # Growth: refused in the line where the bound is passed.
    Case("a text that grows tenfold in every line", STATIC, 3,
         files=with_vars("a: xxxxxxxxxx", *(f"{n}: {f'${m}' * 10}" for m, n in zip("abcdefgh", "bcdefghi", strict=True))),
         says=("r.yaml:7:6: the text has more than 10,000 characters",)),
    Case("a list that grows tenfold in every line", STATIC, 3,
         files=with_vars("a: [1, 1, 1, 1, 1, 1, 1, 1, 1, 1]",
                         *(f"{n}: [{', '.join([f'${m}'] * 10)}]" for m, n in zip("abcdef", "bcdefg", strict=True))),
         says=("r.yaml:6:6: `d`: the value has more than 10,000 items",)),
    Case("a list that grows in an expression", STATIC, 3,
         files=with_vars("a: $([1] * 1000)", "b: $([a] * 1000)"),
         says=("r.yaml:4:6: the value has more than 10,000 items",)),
    Case("lists that go deeper in every line", STATIC, 3,
         files=with_vars("a0: [1]", *(f"a{n}: [$a{n - 1}]" for n in range(1, 200))),
         says=("lists and mappings are nested more than 50 levels deep",)),
    Case("a tower of powers", STATIC, 3, files=with_vars("a: $(9**9**9)"),
         says=("r.yaml:3:6: an exponent of 387420489 is too large (at most 64)",)),
    Case("rounds of rounds without a layer", STATIC, 3,
         files=recipe("    - " + "repeat: {times: 1000, layers: [" * 3 + "]}" * 3 + "\n"),
         says=("r.yaml:4:", "written out, the recipe has more than 100,000 values")),
    Case("structures within each other", STATIC, 3,
         files=recipe("    - " + "repeat: {times: 1, layers: [" * 21 + "ReLU" + "]}" * 21 + "\n"),
         says=("structures and blocks are nested too deeply (max 20)",)),
    Case("twenty structures within each other", STATIC,
         files=recipe("    - " + "residual: {body: [" * 20 + "ReLU" + "]}" * 20 + "\n"), prints=("no mistakes",)),
    # Numbers.
    Case("more units than 32 bits count", STATIC, 3, files=recipe("    - Dense: 9223372036854775808\n"),
         says=("r.yaml:4:14: Dense: `units`: an integer is at most 2,147,483,647, got 9223372036854775808",)),
    Case("more epochs than 32 bits count", ("validate --static u8.yaml --set train.epochs=2147483648",), 3,
         says=("`epochs`: expected an integer of at most 2,147,483,647, got 2147483648",)),
    Case("the largest seed", ("validate --static u8.yaml --set train.seed=4294967295",), prints=("no mistakes",)),
    Case("computed numbers without a fraction are integers", VALIDATE,
         files=recipe("    - Conv2D: {filters: $(16 * 0.5 * 2), kernel_size: [$(6 / 2), 3.0]}\n"
                      "    - repeat: {times: $(2.0 ** 1), layers: [ReLU]}\n    - Reshape: [$(26 * 26.0), 16.0]\n"),
         prints=("no mistakes",)),
    Case("a third of mobilenet-v2", ("validate mobilenet-v2 --set vars.alpha=0.35",), prints=("no mistakes",)),
    Case("a width that is not whole", STATIC, 3,
         files=recipe("    - Conv2D: {filters: $(64 * 1.4), kernel_size: 3}\n"),
         says=("Conv2D: `filters`: expected an integer ≥ 1, got 89.6",)),
    Case("a learning rate of 1", ("train u8.yaml --run r --set train.epochs=1 --set 'train.optimizer={Adadelta: 1}'",)),
    # Names.
    Case("a name of the round around", VALIDATE, files=recipe(IN_ROUNDS), prints=("no mistakes",)),
    Case("`input` within a block", VALIDATE, files=recipe(GATED, GATE.replace("SOURCE", "input")),
         says=("r.yaml:6:26: `input` is the input of the network, not that of this block", "`from: .`")),
    Case("the input of a block", VALIDATE, files=recipe(GATED, GATE.replace("SOURCE", ".")),
         prints=("no mistakes",), unsaid=("`input`",)),
    *(Case(f"{what} with a name that TensorFlow refuses", STATIC, 3, files=recipe(layers, more),
           says=(f"cannot contain `{character}`, got `", "use letters from a to z"))
      for what, character, layers, more in (
          ("a layer", "ö", "    - Conv2D: {filters: 2, kernel_size: 3, name: größe}\n", ""),
          ("a layer that merges", " ", "    - Add: {from: [input, input], name: a b}\n", ""),
          ("a layer in a layer", " ",
           "    - TimeDistributed: {layer: {Conv1D: {filters: 2, kernel_size: 3, name: a b}}}\n", ""),
          ("a layer with a bidirectional mark", "\\u202e",
           '    - Conv2D: {filters: 2, kernel_size: 3, name: "a\\u202eb"}\n', ""),
          ("a block", "ö", "    - größe\n", "blocks: {größe: {layers: [ReLU]}}\n"),
          ("an optimizer", ":", "    - ReLU\n", "train: {optimizer: {Adam: {name: 'a:b'}}}\n"),
          ("a schedule", "(", "    - ReLU\n", "train: {optimizer: {Adam: {learning_rate: {ExponentialDecay: "
           "{initial_learning_rate: 0.1, decay_steps: 5, decay_rate: 0.5, name: a(b)}}}}}\n"),
          ("a loss", "@", "    - ReLU\n", "train: {loss: {SparseCategoricalCrossentropy: {name: a@b}}}\n"),
      )),
    Case("names that TensorFlow takes", ("train r.yaml --run a -q",),
         files=recipe("    - Conv2D: {filters: 2, kernel_size: 3, name: _a-b.c>d}\n",
                      "train: {epochs: 1, metrics: [{SparseCategoricalAccuracy: {name: richtig ü}}]}\n")),
    # Brackets.
    Case("two levels of brackets", STATIC, 3, files=recipe("    - Reshape: [[784]]\n"),
         says=("r.yaml:4:16: Reshape: `target_shape`: expected one level of brackets, got 2", "`target_shape: [784]`")),
    Case("two levels of brackets for a window", STATIC, 3,
         files=recipe("    - Conv2D: {filters: 3, kernel_size: [[3, 3]]}\n"),
         says=("Conv2D: `kernel_size`: expected one level of brackets, got 2", "`kernel_size: [3, 3]`")),
    Case("three numbers for two dimensions", STATIC, 3,
         files=recipe("    - MaxPooling2D: {pool_size: [2, 2, 2]}\n"),
         says=("MaxPooling2D: `pool_size`: expected 1 or 2 integers, got [2, 2, 2]",)),
    # Depth.
    Case("a thousand layers in a row", VALIDATE, files=recipe("    - repeat: {times: 1000, layers: [ReLU]}\n"),
         prints=("no mistakes",)),
    # Numbers that no float holds.
    Case("a number that is too large", STATIC, 3, files=with_vars("a: 1e400"),
         says=("r.yaml:3:6: `1e400` is too large for a number",)),
    Case("a number in an expression that is too large", STATIC, 3, files=with_vars("a: $(1e400)", "b: $(1.5e14 ** 64)"),
         says=("r.yaml:3:6: a number in an expression is at most 1e+15",
               "r.yaml:4:6: the result of `1.5e14 ** 64` is too large")),
    # Shapes that Keras brings together without an error.
    Case("the input of the network in a gate", VALIDATE, files=recipe(GATED, GATE.replace("SOURCE", "input")),
         says=("Multiply combines 28x28x1 and 28x28x4: values are repeated to get 28x28x4",)),
    Case("the input of the network in a gate, summed up", ("summary r.yaml",),
         files=recipe(GATED, GATE.replace("SOURCE", "input")),
         says=("`input` is the input of the network, not that of this block",
               "r.yaml:6:9: Multiply combines 28x28x1 and 28x28x4")),
    Case("the input of the network in a gate, in a summary for programs", ("summary r.yaml --json",),
         files=recipe(GATED, GATE.replace("SOURCE", "input")), prints=("Multiply combines 28x28x1 and 28x28x4",)),
    Case("a residual body with more channels than the input", ("train r.yaml --dry-run",),
         files=recipe("    - residual: {body: [Conv2D: {filters: 4, kernel_size: 3, padding: same}]}\n"),
         says=("r.yaml:4:7: Add combines 28x28x4 and 28x28x1",)),
    Case("a residual body with strides on a small map", ("validate r.yaml --json",),
         files=recipe("    - Conv2D: {filters: 4, kernel_size: 3}\n    - MaxPooling2D: 13\n"
                      "    - residual: {body: [Conv2D: {filters: 4, kernel_size: 3, padding: same, strides: 2}]}\n"),
         prints=("Add combines 1x1x4 and 2x2x4",)),
    Case("gates for channels and for places", VALIDATE, files=recipe(
        "    - Conv2D: {name: c, filters: 4, kernel_size: 3}\n"
        "    - GlobalAveragePooling2D: {keepdims: true}\n"
        "    - Conv2D: {name: g, filters: 4, kernel_size: 1, activation: sigmoid}\n"
        "    - Multiply: {name: m, from: [c, g]}\n"
        "    - Conv2D: {name: s, filters: 1, kernel_size: 7, padding: same, activation: sigmoid}\n"
        "    - Multiply: {from: [m, s]}\n"), prints=("no mistakes",), unsaid=("combines",)),
    # Hints, and what comes of following them.
    Case("arguments without braces", STATIC, 3, files=recipe("    - Conv2D: filters: 16, kernel_size: 3\n"),
         says=("r.yaml:4:15: `: ` inside a value", "`- Conv2D: {filters: 16, kernel_size: 3}`")),
    Case("arguments with braces", STATIC, files=recipe("    - Conv2D: {filters: 16, kernel_size: 3}\n"),
         prints=("no mistakes",)),
    Case("an escape in a path that is one", STATIC, 3,
         files=(("r.yaml", recipe("    - ReLU\n")[0][1].replace(
             "mnist-sample", '{npz: {path: "C:\\new\\test.npz"}}')),),
         says=("r.yaml:1:29: the path holds a control character", "use single quotes, or `/`")),
    Case("a path in single quotes", STATIC,
         files=(("r.yaml", recipe("    - ReLU\n")[0][1].replace(
             "mnist-sample", "{npz: {path: 'C:\\new\\test.npz'}}")),), prints=("no mistakes",)),
    Case("a binary loss under a softmax of ten classes", ("validate --static r.yaml --set train.loss=binary_crossentropy",),
         files=recipe("    - ReLU\n"),
         says=("binary_crossentropy scores each class by itself, and softmax chooses one of 10 classes",
               "sparse_categorical_crossentropy")),
    Case("a binary loss under a softmax of the classes of the data",
         ("train u8.yaml --dry-run --set train.loss=binary_crossentropy",), says=("scores each class by itself",)),
    # Advice.
    Case("an empty recipe", STATIC, 3, files=(("r.yaml", ""),), says=("cnncli recipes copy mnist recipe.yaml",)),
    Case("the advice for an empty recipe", ("recipes copy mnist recipe.yaml", "validate --static recipe.yaml"),
         prints=("no mistakes",)),
]  # fmt: skip
