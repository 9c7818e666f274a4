"""Wrong recipes."""

from __future__ import annotations

import os

from wrong_inputs.making import (
    ANY,
    CONVOLUTION,
    FLATTEN,
    FOLDER_RECIPE,
    PLAN,
    POOLINGS,
    RECIPE,
    SHAPES,
    STATIC,
    TRAIN,
    Make,
    Row,
    both,
    nothing,
    npz,
    photos,
    recipe,
    without_reading,
    written,
)
from wrong_inputs.making_models import model

UNKNOWN_WAY = "for classes `activation: softmax` is usual; the loss follows from it"
PATTERN = "^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$"
NAME_RULE = "`name`: expected letters, digits, `.`, `_` and `-`, at most 64, beginning with a letter or digit, got "
RUN_RULE = "    use 1 to 64 letters (A-Z, a-z), digits, '.', '_' or '-', beginning with a letter or digit"
ANCHORS = "    `vars`, `blocks` and `extends` do what anchors would"
MODES = "    did you mean `same`? (one of: valid, same)"
SAYS_LOSS_FITS = "    write `loss: categorical_crossentropy`: it is the same loss, and its labels are one-hot vectors"


def optimizer(rate: str) -> Make:
    return recipe(more=f"  optimizer: {{Adam: {{learning_rate: {rate}}}}}\n")


def callbacks(text: str) -> Make:
    return recipe(more=f"  callbacks: [{text}]\n")


def rejected_rate(got: str) -> str:
    return f"recipe.yaml:12:37: Adam: `learning_rate`: expected a number > 0, got {got}"


def rejected_filters(got: str) -> str:
    return f"recipe.yaml:6:35: Conv2D: `filters`: expected an integer ≥ 1, got {got}"


def filters(value: str) -> Make:
    return recipe(("filters: 4", f"filters: {value}"))


def dropout(value: str) -> Make:
    return recipe(("    - Flatten", f"    - Flatten\n    - Dropout: {value}"))


def epochs(value: str) -> Make:
    return recipe(("epochs: 1", f"epochs: {value}"))


def seed(value: str) -> Make:
    return recipe(("seed: 1", f"seed: {value}"))


def validation(value: str, base: str = RECIPE) -> Make:
    return recipe(("  prepare", f"  split: {{validation: {value}}}\n  prepare"), base=base)


def loss(value: str, *changes: tuple[str, str]) -> Make:
    return recipe(*changes, more=f"  loss: {value}\n")


def metrics(value: str) -> Make:
    return recipe(more=f"  metrics: [{value}]\n")


def input_shape(value: str, base: str = RECIPE) -> Make:
    return recipe(("model:", f"model:\n  input: {value}"), base=base)


def bomb() -> str:
    return "a: &a [x,x]\n" + "".join(f"b{n}: &b{n} [*a,*a]\n" for n in range(400))


RECIPES = [
    Row("no such file", nothing, STATIC, 3, "error: recipe not found: recipe.yaml"),
    Row("it lies in recipes/", both(lambda f: (f / "recipes").mkdir(), written(RECIPE, "recipes/recipe.yaml")), STATIC, 3,
        "error: recipe not found: recipe.yaml\n    did you mean `recipes/recipe.yaml`?"),
    Row("a shipped name misspelt", nothing, "train mnits", 3,
        "error: recipe not found: mnits\n    did you mean the shipped recipe `mnist`?"),
    Row("a name that is near no recipe", nothing, "train weather", 3,
        "error: recipe not found: weather\n    `cnncli recipes` lists the shipped recipes"),
    Row("a directory", lambda f: (f / "recipe.yaml").mkdir(), STATIC, 3,
        "error: cannot read recipe.yaml: it is not a regular file but a directory"),
    Row("a pipe", lambda f: os.mkfifo(f / "recipe.yaml"), STATIC, 3,
        "error: cannot read recipe.yaml: it is not a regular file but a pipe"),
    Row("a device", nothing, "validate --static /dev/zero", 3,
        "error: cannot read /dev/zero: it is not a regular file but a device"),
    Row("empty", written(""), STATIC, 3, f"recipe.yaml:1:1: recipe is empty\n    {ANY}"),
    Row("only comments", written("# later\n\n"), STATIC, 3, f"recipe.yaml:1:1: recipe is empty\n    {ANY}"),
    Row("a tab", written("data:\n\tsource: mnist\n"), STATIC, 3,
        "recipe.yaml:2:1: a tab where only spaces may stand\n    use spaces, not tabs"),
    Row("an open bracket", written("data: {source: mnist\nmodel: {layers: [Flatten]}\n"), STATIC, 3,
        "recipe.yaml:1:7: `{` is not closed\n    opened on line 1, and line 2 comes before its `}`"),
    Row("an open quote", written('name: "abc\ndata: {source: mnist}\n'), STATIC, 3,
        'recipe.yaml:1:7: the quote `"` is not closed\n    opened on line 1, and still open on line 2'),
    Row("a second colon", written("about: a: b\n"), STATIC, 3,
        'recipe.yaml:1:8: `: ` inside a value\n    quote the value: "a: b"'),
    Row("bad indentation", written("data:\n  source: mnist\n split: {}\n"), STATIC, 3,
        "recipe.yaml:3:2: the indentation fits no line above\n"
        "    line 3 begins at column 2, line 2 at column 3, line 1 at column 1"),
    Row("indented too deeply", written("data:\n  source: mnist\n    offline: mnist-sample\n"), STATIC, 3,
        "recipe.yaml:3:5: `offline` is below a line that has a value already\n"
        "    line 3 begins at column 5, line 2 at column 3\n    check the indentation of both"),
    Row("a key twice", recipe(more="  epochs: 3\n"), STATIC, 3,
        "recipe.yaml:12:3: `epochs` is given twice\n    first given on line 11"),
    Row("two documents", recipe(more="---\nname: x\n"), STATIC, 3,
        "recipe.yaml:12:1: a recipe has one document, but a second one begins here\n    move it to a file of its own"),
    Row("an anchor", recipe(first="vars: &a {x: 1}\n"), STATIC, 3,
        f"recipe.yaml:1:7: anchors are not allowed: `&a`\n{ANCHORS}"),
    Row("an alias", recipe(first="vars: {x: *a}\n"), STATIC, 3,
        f"recipe.yaml:1:11: aliases are not allowed: `*a`\n{ANCHORS}\n    quote text that begins with `*`"),
    Row("a merge key", recipe(first="vars: {<<: {x: 1}}\n"), STATIC, 3,
        f"recipe.yaml:1:8: merge keys are not allowed: `<<`\n{ANCHORS}"),
    Row("1000 brackets", written("a: " + "[" * 1000 + "]" * 1000), STATIC, 3,
        "recipe.yaml:1:153: nested too deeply (max 150)"),
    Row("50 MB", lambda f: os.truncate(os.open(f / "recipe.yaml", os.O_CREAT | os.O_WRONLY), 50 << 20), STATIC, 3,
        "error: recipe.yaml: recipe larger than 256 KB"),
    Row("latin-1", written(RECIPE.encode() + "about: café\n".encode("latin-1")), STATIC, 3,
        "recipe.yaml:12:11: byte 0xE9 at line 12 is not UTF-8\n    save as UTF-8"),
    Row("UTF-16", written(RECIPE.encode("utf-16")), STATIC, 3,
        "recipe.yaml:1:1: the file is UTF-16\n    save as UTF-8"),
    Row("a NUL", recipe(first="about: a\0b\n"), STATIC, 3,
        "recipe.yaml:1:9: control character U+0000 is not allowed\n    delete it"),
    Row("a tag that names code", recipe(first="about: !!python/object:os.system x\n"), STATIC, 3,
        "recipe.yaml:1:8: tags are not allowed: `!!python/object:os.system`\n"
        "    a recipe holds plain values; leave the tag out, or quote the text"),
    Row("a Windows path in double quotes", recipe(first='about: "C:\\data"\n'), STATIC, 3,
        "recipe.yaml:1:11: `\\d` means nothing in double quotes\n    use single quotes, or `/` in a path"),
    Row("an unknown section", recipe(more="epoch: 3\n"), STATIC, 3,
        "recipe.yaml:12:1: unknown section `epoch`\n    did you mean `train.epochs`?"),
    Row("an unknown key", recipe(more="  epoch: 3\n"), STATIC, 3,
        "recipe.yaml:12:3: unknown key `epoch` in `train`\n    did you mean `epochs`?"),
    Row("an unknown layer", recipe(("Conv2D", "Conv2d")), STATIC, 3,
        "recipe.yaml:6:7: unknown layer `Conv2d`\n    did you mean `Conv2D`?"),
    Row("a misspelt argument", recipe(("filters", "filter")), STATIC, 3,
        "recipe.yaml:6:26: Conv2D has no argument `filter`\n    did you mean `filters`?"),
    Row("an argument that nothing is near", recipe(("strides", "bananas")), STATIC, 3,
        f"recipe.yaml:6:54: Conv2D has no argument `bananas`\n    its arguments: filters, kernel_size, strides, {ANY}"),
    Row("an unknown optimizer", recipe(more="  optimizer: adm\n"), STATIC, 3,
        "recipe.yaml:12:14: unknown optimizer `adm`\n    did you mean `adam`?"),
    Row("an unknown loss", loss("crossentropy"), STATIC, 3,
        "recipe.yaml:12:9: unknown loss `crossentropy`\n    did you mean `sparse_categorical_crossentropy`?"),
    Row("an unknown metric", metrics("acuracy"), STATIC, 3,
        "recipe.yaml:12:13: unknown metric `acuracy`\n    did you mean `accuracy`?"),
    Row("an unknown activation", recipe(("softmax", "softmx")), STATIC, 3,
        "recipe.yaml:8:44: unknown activation `softmx`\n    did you mean `softmax`?"),
    Row("a number in quotes", optimizer('"0.01"'), STATIC, 3, rejected_rate("'0.01' (text)")),
    Row("a learning rate of 0", optimizer("0"), STATIC, 3, rejected_rate("0")),
    Row("a negative learning rate", optimizer("-1"), STATIC, 3, rejected_rate("-1")),
    Row("a learning rate that is no number", optimizer(".nan"), STATIC, 3, rejected_rate("nan")),
    Row("an infinite learning rate", optimizer(".inf"), STATIC, 3, rejected_rate("inf")),
    Row("a huge learning rate", optimizer("1e6"), STATIC, 0,
        "recipe.yaml:12:37: a learning rate of 1e+06 is very large\n    0.001 is a usual start for Adam, 0.1 for SGD"),
    Row("no filters", filters("0"), STATIC, 3, rejected_filters("0")),
    Row("negative filters", filters("-1"), STATIC, 3, rejected_filters("-1")),
    Row("half a filter", filters("3.5"), STATIC, 3, rejected_filters("3.5")),
    Row("filters in quotes", filters('"32"'), STATIC, 3, rejected_filters("'32' (text)")),
    Row("filters in a list", filters("[32]"), STATIC, 3, rejected_filters("[32]")),
    Row("a padding misspelt", recipe(("strides: 2", "padding: smae")), STATIC, 3,
        f"recipe.yaml:6:63: Conv2D: `padding`: unknown choice `smae`\n{MODES}"),
    Row("a dropout of 1.5", dropout("1.5"), STATIC, 3,
        "recipe.yaml:8:16: Dropout: `rate`: expected a number, 0 ≤ rate < 1, got 1.5"),
    Row("a dropout of 50", dropout("50"), STATIC, 3,
        "recipe.yaml:8:16: Dropout: `rate`: expected a number, 0 ≤ rate < 1, got 50"),
    Row("a dropout in quotes", dropout('"0.5"'), STATIC, 3,
        "recipe.yaml:8:16: Dropout: `rate`: expected a number, 0 ≤ rate < 1, got '0.5' (text)"),
    Row("pooling below one pixel", recipe((FLATTEN, POOLINGS + FLATTEN)), SHAPES, 3,
        "recipe.yaml:10:7: MaxPooling2D: a 2-wide window does not fit in an input of 1x1x4\n"
        "    use padding: same, a smaller pool_size, or one pooling layer less"),
    Row("a kernel larger than the image", recipe(("kernel_size: 3", "kernel_size: 30")), SHAPES, 3,
        "recipe.yaml:6:7: Conv2D: a 30-wide window does not fit in an input of 28x28x1\n"
        "    use padding: same, a smaller kernel, or one pooling layer less"),
    Row("too few outputs for a known data set", recipe(("units: $classes", "units: 3")), STATIC, 3,
        "recipe.yaml:8:7: the labels need 10 outputs, and layer `dense` has 3\n    use `units: $classes`"),
    Row("one output for ten classes", recipe(("$classes, activation: softmax", "1, activation: sigmoid")), STATIC, 3,
        "recipe.yaml:10:3: binary_crossentropy with one output is for 2 classes, and the data has 10\n"
        "    use `units: $classes`, softmax and sparse_categorical_crossentropy"),
    Row("a linear output and a loss of probabilities", loss("categorical_crossentropy", (", activation: softmax", "")),
        STATIC, 3,
        "recipe.yaml:8:7: categorical_crossentropy needs probabilities, and the last layer's activation is linear\n"
        "    add `activation: softmax`, or write `loss: {CategoricalCrossentropy: {from_logits: true}}`"),
    Row("from_logits after softmax", loss("{SparseCategoricalCrossentropy: {from_logits: true}}"), STATIC, 3,
        "recipe.yaml:12:9: `from_logits: true` needs a last layer without activation, not softmax\n"
        "    leave out `from_logits`, or `activation: softmax` in the last layer"),
    Row("a linear output and no loss", recipe((", activation: softmax", "")), STATIC, 3,
        "recipe.yaml:10:3: `loss` is missing in `train`: none follows from the last layer, whose activation is linear\n"
        f"    {UNKNOWN_WAY}\n"
        "    for regression write `targets: numbers` in `data`; the loss is then mean_squared_error"),
    Row("mse for classes", loss("mse"), STATIC, 0,
        "recipe.yaml:12:9: mse is a loss for quantities\n"
        "    for classes sparse_categorical_crossentropy after softmax is the usual one, and learns faster\n"
        "    for regression write `targets: numbers` in `data`"),
    Row("a layer's name twice", recipe(("units:", "name: c1, units:")), STATIC, 3,
        "recipe.yaml:8:21: two layers are named `c1`\n    first given on line 6"),
    Row("a slash in a name", recipe(("name: c1", "name: a/b")), STATIC, 3,
        "recipe.yaml:6:22: a layer's name cannot contain `/`, got `a/b`\n    use letters from a to z, digits, `_`, `-` and `.`"),
    Row("a size of 0", input_shape("[0, 28, 1]"), STATIC, 3,
        "recipe.yaml:5:11: `input`: expected an integer ≥ 1, got 0"),
    Row("two channels for photos", input_shape("[8, 8, 2]", FOLDER_RECIPE), STATIC, 3,
        "recipe.yaml:5:10: `input`: images have three numbers, got [8, 8, 2]\n"
        "    [height, width, 3] for colour, [height, width, 1] for gray"),
    Row("channels first, as PyTorch has them", input_shape("[1, 28, 28]"), STATIC, 3,
        "recipe.yaml:5:10: `input` is [1, 28, 28], and an example of mnist-sample is [28, 28, 1]\n"
        "    leave `input` out, or write [28, 28, 1]"),
    Row("no size for photos", recipe((", image_size: [8, 8]", ""), base=FOLDER_RECIPE), STATIC, 3,
        "recipe.yaml:2:26: `image_size` is missing\n    `image_size: [224, 224]`, or `model.input: [224, 224, 3]`"),
    Row("no epochs", epochs("0"), STATIC, 3, "recipe.yaml:11:11: `epochs`: expected an integer ≥ 1, got 0"),
    Row("negative epochs", epochs("-1"), STATIC, 3, "recipe.yaml:11:11: `epochs`: expected an integer ≥ 1, got -1"),
    Row("epochs in quotes", epochs('"5"'), STATIC, 3, "recipe.yaml:11:11: `epochs`: expected an integer, got '5' (text)"),
    Row("half an epoch", epochs("1.5"), STATIC, 3, "recipe.yaml:11:11: `epochs`: expected an integer, got 1.5"),
    *(
        Row(f"validation: {value}", validation(value), STATIC, 3,
            f"recipe.yaml:3:23: `validation`: expected a share between 0 and 1, or a number of examples ≥ 1, got {got}")
        for value, got in (("0", "0"), ("1.0", "1.0"), ("1.5", "1.5"), ('"20%"', "'20%' (text)"))
    ),
    Row("a monitor misspelt", callbacks("EarlyStopping: {monitor: val_los}"), STATIC, 3,
        "recipe.yaml:12:40: EarlyStopping: nothing named `val_los` is measured\n    did you mean `val_loss`?"),
    Row("more patience than epochs", callbacks("EarlyStopping: {patience: 5}"), STATIC, 0,
        "recipe.yaml:12:41: EarlyStopping: a patience of 5 cannot run out in 1 epoch"),
    Row("min_lr above the learning rate",
        recipe(more="  optimizer: {Adam: {learning_rate: 1e-3}}\n  callbacks: [ReduceLROnPlateau: {min_lr: 0.1, patience: 0}]\n"),
        STATIC, 0,
        "recipe.yaml:13:43: ReduceLROnPlateau: `min_lr` 0.1 is not below the learning rate 0.001, so nothing is reduced"),
    Row("a factor of 1", callbacks("ReduceLROnPlateau: {factor: 1, patience: 0}"), STATIC, 3,
        "recipe.yaml:12:43: ReduceLROnPlateau: `factor`: expected a number, 0 < factor < 1, got 1"),
    Row("a negative seed", seed("-1"), STATIC, 3, "recipe.yaml:10:9: `seed`: expected an integer ≥ 0, got -1"),
    Row("a seed of 2^40", seed(str(2**40)), STATIC, 3,
        "recipe.yaml:10:9: `seed`: expected an integer ≤ 4294967295, got 1099511627776"),
    Row("a seed of letters", seed("abc"), STATIC, 3,
        "recipe.yaml:10:9: `seed`: expected an integer, got 'abc' (text)"),
    *(
        Row(f"a recipe named {name[:10]}", recipe(first=f"name: {name}\n"), STATIC, 3,
            f"recipe.yaml:1:7: {NAME_RULE}'{got}' (text)\n    the pattern: {PATTERN}")
        for name, got in (("../../x", "../../x"), ("/etc/x", "/etc/x"), ("a/b", "a/b"), ("😀", "😀"), ('""', ""),
                          ("a" * 300, "a" * 59 + "…"))
    ),
    Row("a recipe named as a device", recipe(first="name: CON\n"), STATIC, 3,
        "recipe.yaml:1:7: a recipe cannot be named 'CON': Windows keeps that name for a device\n"
        f"    use another name, for example recipe-CON ({PATTERN})"),
    *(
        Row(f"a run named {name}", recipe(), f"{TRAIN} --run '{name}'", 3,
            f"error: a run cannot be named '{name}'\n{RUN_RULE}")
        for name in ("../../x", "/etc/x", "a/b", "😀", "")
    ),
    Row("a run named as a device", recipe(), f"{TRAIN} --run nul.txt", 3,
        "error: a run cannot be named 'nul.txt': Windows keeps that name for a device\n"
        f"    use another name, for example run-nul.txt ({PATTERN})"),
    Row("a Lambda", recipe(("- Flatten", "- Lambda: 'lambda x: x'")), STATIC, 3,
        "recipe.yaml:7:7: layer `Lambda` cannot be used in a recipe: it runs code, and a recipe holds none"),
    Row("an environment variable", recipe(("$classes", '"${HOME}"')), STATIC, 3,
        "recipe.yaml:8:22: `${HOME}` is not a name or an expression\n"
        "    write `$name` or `$(expression)`; a dollar sign itself is `$$`"),
    Row("Python", recipe(("$classes", '"__import__(1)"')), STATIC, 3,
        "recipe.yaml:8:22: Dense: `units`: expected an integer ≥ 1, got '__import__(1)' (text)"),
    Row("a call in an expression", recipe(("$classes", "$(open(1))")), STATIC, 3,
        "recipe.yaml:8:22: an expression has no function `open`\n"
        "    one of: int, round, ceil, floor, abs, log, max, min, sum, len, range, divisible"),
    Row("no Flatten", recipe(("    - Flatten\n", "")), PLAN, 3,
        "recipe.yaml:7:7: the output of layer `dense` is a map of 13x13, but classes need one row of numbers\n"
        "    put `- Flatten` or `- GlobalAveragePooling2D` before the last Dense layer"),
    Row("metrics that want one-hot labels", metrics("accuracy, AUC, F1Score: {average: macro}"), SHAPES, 3,
        "recipe.yaml:12:23: AUC does not fit sparse_categorical_crossentropy, whose labels are class numbers\n"
        f"{SAYS_LOSS_FITS}\n"
        "recipe.yaml:12:28: F1Score does not fit sparse_categorical_crossentropy, whose labels are class numbers\n"
        f"{SAYS_LOSS_FITS}\n2 problems"),
    Row("a metric that Keras refuses", metrics("IoU: {num_classes: 2, target_class_ids: [5]}"), PLAN, 3,
        f"recipe.yaml:12:13: IoU: Target class id 5 is out of range, which is {ANY}"),
    Row("a metric twice", metrics("Precision, Precision: {class_id: 1}"), STATIC, 3,
        "recipe.yaml:12:24: two metrics are named `precision`\n    a name tells them apart: `Precision: {name: …}`"),
    Row("a loss for sequences", loss("ctc"), SHAPES, 3,
        f"recipe.yaml:12:9: ctc cannot be computed from 10 outputs and labels that are one-hot vectors: {ANY}\n"
        "    for 10 classes the usual one is sparse_categorical_crossentropy"),
    Row("an optimizer that Keras refuses", recipe(more="  optimizer: {Adam: {clipnorm: 1, clipvalue: 1}}\n"), PLAN, 3,
        "recipe.yaml:12:15: Adam: Only one of `clipnorm`, `clipvalue` and `global_clipnorm` can be set"),
    Row("filters of a network without any", recipe((CONVOLUTION, ""), more="visualize: [filters]\n"), PLAN, 3,
        "recipe.yaml:11:13: the network has no convolution, so there is nothing to draw\n    leave it out"),
    Row("more classes than declared in the recipe", npz(("  prepare", "  classes: 4\n  prepare")), PLAN, 4,
        "recipe.yaml:3:12: `classes` is 4, the data has 3\n    they are 0, 1, 2"),
    Row("a number of parameters that is not expected", recipe(more="expect: {params: 5}\n"), SHAPES, 1,
        "recipe.yaml:12:18: expected 5 params, the network has 6,810"),
    Row("pooling below one pixel, for photos", photos((FLATTEN, POOLINGS + FLATTEN)), PLAN, 3,
        "recipe.yaml:8:7: MaxPooling2D: a 2-wide window does not fit in an input of 1x1x4\n"
        "    use padding: same, a smaller pool_size, or one pooling layer less", patch=without_reading),
    Row("a model in the place of the recipe", model(), "train m.keras", 3,
        "error: m.keras is a trained model, not a recipe\n    score it with: cnncli evaluate m.keras", with_run=True),
    Row("a run in the place of the recipe", nothing, "train outputs/small/first", 3,
        "error: outputs/small/first is a run's folder, not a recipe\n"
        "    train its recipe again with: cnncli train outputs/small/first/resolved.yaml", with_run=True),
    Row("data in the place of the recipe", npz(), "train data.npz", 3, "error: data.npz is an archive, not a recipe"),
    Row("--set without =", recipe(), f"{PLAN} --set train.epochs", 3,
        "error: --set train.epochs: no `=` and value\n    write it like: --set train.epochs=5"),
    Row("--set of an unknown key", recipe(), f"{PLAN} --set train.epoch=3", 3,
        "error: --set train.epoch=3: unknown key `epoch` in `train`\n    did you mean `epochs`?"),
    Row("--set to a wrong value", recipe(), f"{PLAN} --set train.epochs=three", 3,
        "error: --set train.epochs=three: `epochs`: expected an integer, got 'three' (text)"),
]  # fmt: skip
