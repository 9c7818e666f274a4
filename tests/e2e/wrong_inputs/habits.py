"""What tired people do beside: other languages' ways, names of elsewhere, one thing in the place of another."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np

from wrong_inputs.data import NOT_FOUND, NPZ_NAMES
from wrong_inputs.making import (
    ANY,
    EVALUATE,
    FLATTEN,
    FOLDER_RECIPE,
    NPZ_RECIPE,
    PLAN,
    RECIPE,
    STATIC,
    TRAIN,
    Make,
    Row,
    both,
    cats,
    copied,
    encoded,
    nothing,
    npz,
    photos,
    picture,
    recipe,
    removed,
    written,
)
from wrong_inputs.recipes import callbacks, input_shape, loss, metrics, optimizer

TO_BEGIN = "    copy a recipe to start with: cnncli recipes copy mnist"
SEE = "    see: cnncli {} --help"
RATES = "    a decimal number has a point: 0.001; a list has brackets: [0, 001]"
SCHEDULE = "{ExponentialDecay: {initial_learning_rate: 0.1, decay_steps: 100, decay_rate: 0.9}}"
COLORS = np.random.default_rng(7).integers(0, 255, (60, 3, 16, 16)).astype(np.uint8)


def source(value: str) -> Make:
    return recipe(("mnist-sample", value))


def tree(*names: str) -> Make:
    """photos/ with a folder for each name, and in it folders of cats and dogs."""

    def make(folder: Path) -> None:
        for place, name in enumerate(names):
            for number, kind in enumerate(("cat", "dog")):
                (folder / "photos" / name / kind).mkdir(parents=True)
                for index in range(6):
                    seed = 1000 * place + 100 * number + index
                    picture(seed).save(folder / "photos" / name / kind / f"{index}.png")

    return both(recipe(base=FOLDER_RECIPE), make)


def settings(old: str, new: str, base: str = RECIPE) -> Make:
    return recipe((old, new), base=base)


FORMS = [
    Row("Windows' own encoding", written(RECIPE.encode() + "about: “x”\n".encode("cp1252")), STATIC, 3,
        "recipe.yaml:12:8: byte 0x93 at line 12 is not UTF-8\n    save as UTF-8"),
    Row("a Python tuple", settings("kernel_size: 3", "kernel_size: (3, 3)"), STATIC, 3,
        "recipe.yaml:6:51: `(3, 3)` is not a list\n    write [3, 3], or quote it as text"),
    Row("a size with x between the numbers", input_shape("28x28x1"), STATIC, 3,
        "recipe.yaml:5:10: `input`: expected a list, got '28x28x1' (text)\n    a list has brackets: `input: [28, 28, 1]`"),
    Row("a decimal comma", optimizer("0,001"), STATIC, 3, f"recipe.yaml:12:39: `0,001` is read as two values\n{RATES}"),
    Row("a decimal comma in a line of its own", settings(FLATTEN, f"{FLATTEN}\n    - Dropout: 0,5"), STATIC, 3,
        "recipe.yaml:8:16: Dropout: `rate`: expected a number, 0 ≤ rate < 1, got '0,5' (text)\n"
        "    a decimal number has a point: 0.5"),
    Row("the dash of a word processor", settings("- Flatten", "– Flatten"), STATIC, 3,
        "recipe.yaml:7:5: en dash U+2013 where a list has its hyphen\n    write `- Flatten`"),
    Row("the quotes of a word processor", settings("softmax", "“softmax”"), STATIC, 3,
        "recipe.yaml:8:44: unknown activation `“softmax”`\n    did you mean `softmax`?"),
    Row("an unfinished merge", settings("  epochs: 1\n", "<<<<<<< a\n  epochs: 1\n=======\n  epochs: 2\n>>>>>>> b\n"), STATIC, 3,
        "recipe.yaml:11:1: an unfinished merge of two versions\n    keep one of them, delete the marks"),
    Row("the fence of a code block", written(f"```yaml\n{RECIPE}```\n"), STATIC, 3,
        "recipe.yaml:1:1: a fence of a code block, and no part of the recipe\n    delete the line"),
    Row("a layer with its type as a key", settings("- Flatten", "- type: Flatten"), STATIC, 3,
        "recipe.yaml:7:7: unknown block `type`\n    the name is the key: `- Flatten`, or `- Flatten: {…}`"),
    Row("an optimizer with its name as a key", recipe(more="  optimizer: {name: adam, lr: 0.01}\n"), STATIC, 3,
        "recipe.yaml:12:27: one optimizer an item, got name, lr\n    the name is the key: `Adam: {learning_rate: …}`"),
    Row("one metric without brackets", recipe(more="  metrics: accuracy\n"), STATIC, 3,
        "recipe.yaml:12:12: `metrics`: expected a list, got 'accuracy' (text)\n"
        "    a list has brackets: `metrics: [accuracy]`"),
    Row("layers right below the model", settings("model:\n  layers:\n", "model:\n"), STATIC, 3,
        "recipe.yaml:5:5: `model`: expected a mapping of keys to values, got a list\n    write `model: {layers: …}`"),
    Row("a path instead of a data set's name", source("./digits.npz"), STATIC, 3,
        "recipe.yaml:2:11: `source`: unknown choice './digits.npz' (text)\n"
        "    one of: mnist, fashion_mnist, cifar10, cifar100, mnist-sample, sentences-sample, faces-sample, "
        "shapes-sample, scenes-sample\n"
        "    a file of your own: `source: {npz: {path: ./digits.npz}}`"),
    Row("a path without its key", source("{image_folder: photos}"), STATIC, 3,
        "recipe.yaml:2:26: `image_folder`: expected a mapping of keys to values, got 'photos' (text)\n"
        "    write `image_folder: {path: photos}`"),
    Row("a share for training", settings("  prepare", "  split: {train: 0.8, val: 0.2}\n  prepare"), STATIC, 3,
        "recipe.yaml:3:11: unknown key `train` in `data.split`\n"
        "    what `validation` and `test` leave is the training part; leave `train` out\n"
        "recipe.yaml:3:23: unknown key `val` in `data.split`\n    did you mean `validation`?\n2 problems"),
    Row("another number of classes than MNIST has", settings("  prepare", "  classes: 5\n  prepare"), STATIC, 3,
        "recipe.yaml:3:12: `classes` is 5, and mnist-sample has 10\n    leave it out: it follows from the data"),
    Row("an infinite weight of a class", photos(("  prepare", "  class_weight: {cat: .inf, dog: 1}\n  prepare")), STATIC, 3,
        "recipe.yaml:3:23: expected a weight > 0, got inf"),
    Row("patience in the place of the monitor", callbacks("EarlyStopping: 3"), STATIC, 3,
        "recipe.yaml:12:30: EarlyStopping: `monitor`: expected a text, got 3\n"
        "    by name: `EarlyStopping: {monitor: val_loss, patience: 3}`; a bare value is the first, `monitor`"),
    Row("a monitor misspelt that every phase inherits",
        callbacks("EarlyStopping: {monitor: val_los}]\n  phases: [{epochs: 9}, {epochs: 9}"), STATIC, 3,
        "recipe.yaml:12:40: EarlyStopping: nothing named `val_los` is measured\n    did you mean `val_loss`?"),
    Row("two that change the learning rate",
        recipe(more=f"  optimizer: {{SGD: {{learning_rate: {SCHEDULE}}}}}\n  callbacks: [ReduceLROnPlateau: {{patience: 0}}]\n"),
        STATIC, 3,
        "recipe.yaml:13:15: ReduceLROnPlateau cannot change the learning rate, because ExponentialDecay sets it\n"
        "    keep one of the two"),
    Row("averaged weights that nobody averages", callbacks("SwapEMAWeights"), STATIC, 3,
        "recipe.yaml:12:15: SwapEMAWeights needs an optimizer that averages the weights\n"
        "    for example `optimizer: {Adam: {use_ema: true}}`"),
    Row("everything frozen", recipe(more="  freeze: ['*']\n"), STATIC, 3,
        "recipe.yaml:12:11: `freeze` leaves no layer that learns\n"
        "    freeze only the pretrained layers, not the ones after them"),
    Row("an accuracy in percent", recipe(more="expect: {metrics: {test_accuracy: '>= 97'}}\n"), STATIC, 0,
        'recipe.yaml:12:35: `test_accuracy` goes from 0 to 1, and is never >= 97\n    in percent? then it is ">= 0.97"'),
    Row("a metric of another library", metrics("f1"), STATIC, 3,
        "recipe.yaml:12:13: unknown metric `f1`\n    did you mean `F1Score`?"),
    Row("a loss of another library", loss("CrossEntropyLoss"), STATIC, 3,
        "recipe.yaml:12:9: unknown loss `CrossEntropyLoss`\n    did you mean `SparseCategoricalCrossentropy`?"),
]  # fmt: skip

THINGS = [
    Row("a web page saved as the recipe", written("<!DOCTYPE html>\n<html></html>\n"), STATIC, 3,
        "error: recipe.yaml is an HTML page, not a recipe\n"
        "    download the file itself; where it is shown, the button is often named Raw"),
    Row("a notebook", written("{}", "x.ipynb"), "validate --static x.ipynb", 3,
        f"error: x.ipynb is a notebook, not a recipe\n{TO_BEGIN}"),
    Row("a Python program", written("import keras\n", "x.py"), "validate --static x.py", 3,
        f"error: x.py is a Python program, not a recipe\n{TO_BEGIN}"),
    Row("an image in the place of the recipe", written(encoded(picture(1), "PNG"), "x.png"), "validate --static x.png", 3,
        f"error: x.png is an image, not a recipe\n{TO_BEGIN}"),
    Row("an address in the place of the recipe", nothing, "validate --static https://example.org/a.yaml", 3,
        "error: a recipe is a file, got the address https://example.org/a.yaml\n    download it first, and name the file"),
    Row("a home folder that no shell expanded", nothing, "validate --static '~/a.yaml'", 3,
        "error: recipe not found: ~/a.yaml\n    `~` is not expanded here: write the whole path"),
    Row("a shipped recipe with an ending", nothing, "validate --static mnist.yaml", 3,
        "error: recipe not found: mnist.yaml\n    did you mean the shipped recipe `mnist`?"),
    Row("a folder of recipes", both(lambda f: (f / "mine").mkdir(), written(RECIPE, "mine/a.yaml")), "validate mine", 3,
        "error: mine is a folder, not a recipe\n    it holds mine/a.yaml"),
    Row("a recipe named as a device by its file", written(RECIPE, "aux.yaml"), "validate --static aux.yaml", 3,
        f"aux.yaml:1:1: a recipe cannot be named 'aux': Windows keeps that name for a device\n    {ANY}"),
    Row("an image in the place of a model", lambda f: picture(1).save(f / "a.png"), "evaluate a.png", 5,
        "error: a.png is data, not a trained model\n    score a run on it with: cnncli evaluate --data a.png"),
    Row("data in the place of a model", npz(), "evaluate data.npz", 5,
        "error: data.npz is data, not a trained model\n    score a run on it with: cnncli evaluate --data data.npz"),
    Row("a file of a run in the place of the run", nothing, f"{EVALUATE}/run.json", 5,
        "error: outputs/small/first/run.json is a file of a run, not a trained model\n"
        "    name the run: outputs/small/first"),
    Row("photos that are still packed", written(b"PK\3\4", "photos.zip"), f"{EVALUATE} --data photos.zip", 4,
        "error: photos.zip is an archive\n    unpack it first, and name the folder"),
    Row("a recipe in the place of the run to go on with", nothing, "train small.yaml --resume", 6,
        "error: small.yaml is a file, not a run's folder\n    did you mean small?", with_run=True),
    Row("a run that was deleted meanwhile", lambda f: (f / "outputs/small/first").rename(f / "gone"), EVALUATE, 6,
        "error: no run 'outputs/small/first': there are no runs in outputs/ yet\n    train one with: cnncli train mnist"),
    Row("pictures of a run that has no model yet", removed("outputs/small/first/model.keras"), "visualize-filters small", 6,
        "error: outputs/small/first has no model.keras (its status is completed)\n"
        "    train it again, or name another run of: cnncli runs", with_run=True),
    Row("a file as the folder of all runs", nothing, "evaluate --output small.yaml", 6,
        "error: small.yaml is a file, not a folder\n    give the folder of all runs with --output DIR", with_run=True),
    Row("a folder of all runs below a file", recipe(), f"{TRAIN} --output recipe.yaml/x", 6,
        "error: cannot make recipe.yaml/x: a part of the path is a file, not a folder\n"
        "    give another folder with --output DIR"),
]  # fmt: skip

COMMAND_LINES = [
    Row("--set with a space", recipe(), f"{STATIC} --set train.epochs 5", 2,
        "error: Got unexpected extra argument(s) (5)\n    write it without a space: --set train.epochs=5\n"
        + SEE.format("validate")),
    Row("--set without the section", recipe(), f"{STATIC} --set epochs=5", 3,
        "error: --set epochs=5: unknown section `epochs`\n    did you mean `train.epochs`?"),
    Row("--set of nothing", recipe(), f"{STATIC} --set train.epochs=", 3,
        "error: --set train.epochs=: `epochs`: expected an integer, got nothing"),
    Row("no command before the recipe", recipe(), "recipe.yaml", 2,
        "error: No such command 'recipe.yaml'. Did you mean 'recipes'?\n    train it with: cnncli train recipe.yaml\n"
        "    see: cnncli --help"),
    Row("options before the command", recipe(), "--quiet validate recipe.yaml", 2,
        f"error: No such option: --quiet{ANY}\n    the command comes first: cnncli validate …\n    see: cnncli --help"),
    Row("a name with a space", written(RECIPE, "my recipe.yaml"), "validate --static my recipe.yaml", 2,
        "error: Got unexpected extra argument(s) (recipe.yaml)\n    quote a name with spaces: 'my recipe.yaml'\n"
        + SEE.format("validate")),
    Row("a part and other data", nothing, f"{EVALUATE} --split train --data mnist-sample", 2,
        "error: --split and --data exclude each other\n"
        "    --split chooses a split of the run's own data; of other data the test split is used, or all of it"),
]  # fmt: skip

DATA = [
    Row("only a training and a testing folder, too small", tree("training", "testing"), PLAN, 4,
        "recipe.yaml:2:3: validation gets 1 example of 12, fewer than the 2 classes\n"
        "    `validation: 2` or more: each class needs one example in it"),
    Row("parts under names of one's own", tree("trn", "dev"), PLAN, 0,
        "note: dev/, trn/ look like classes, but contain the same folders: cat, dog\n"
        "    if they are parts of the data, name them train/, val/ and test/"),
    Row("no training part", tree("val", "test"), PLAN, 4,
        "recipe.yaml:2:33: photos has val/ and test/ and no train/\n    it holds 2 folders (test, val)"),
    Row("one folder too high", tree("animals"), PLAN, 4,
        "recipe.yaml:2:33: one class only: `animals`\n    `animals` holds 2 folders (cat, dog)\n"
        "    did you mean `photos/animals`?"),
    Row("images in no class folder", photos(more=copied("photos/cat/0.png", "photos/x.png")), PLAN, 0,
        "note: 1 file is in no class folder, not used: x.png\n    the folder of an image is its class"),
    Row("an empty class folder", photos(more=lambda f: (f / "photos/cow").mkdir()), PLAN, 4,
        "recipe.yaml:2:33: no image in cow/ that can be used\n    add images, or remove the folder"),
    Row("a link to the folder around it", photos(more=lambda f: os.symlink("..", f / "photos/cat/up")), PLAN, 0,
        "note: 1 link leads back into a folder above, not followed: cat/up"),
    Row("an image of a kind that is not read", photos(more=cats(a_jp2=b"\0\0\0\x0cjP  \r\n\x87\n")), PLAN, 4,
        "recipe.yaml:2:33: 1 of 17 images cannot be used\n"
        "    cat/a.jp2: a JPEG 2000 image; JPEG, PNG, BMP, GIF, WebP, TIFF and AVIF are read\n"
        "    repair or remove them, or skip them: `on_bad_image: skip` in `data`"),
    Row("a packed folder", both(recipe(("path: photos,", "path: photos.zip,"), base=FOLDER_RECIPE),
                                written(b"PK\3\4", "photos.zip")), PLAN, 4,
        f"recipe.yaml:2:33: photos.zip is a file, not a folder\n{NOT_FOUND}\n    unpack it first, and name the folder"),
    Row("a single array in the place of an archive",
        both(recipe(base=NPZ_RECIPE), lambda f: np.save((f / "data.npz").open("wb"), np.zeros(3))), PLAN, 4,
        f"recipe.yaml:2:24: data.npz is a single array (.npy), not an archive of several (.npz)\n    {ANY}"),
    Row("capitals in the names of arrays", npz(x_train=None, y_train=None, X=np.zeros(3), y=np.zeros(3)), PLAN, 4,
        f"recipe.yaml:2:24: data.npz has no x\n    it holds: X, y\n{NPZ_NAMES}"),
    Row("a validation part under another name", npz(x_valid=np.zeros(3), y_valid=np.zeros(3)), PLAN, 0,
        "note: 2 arrays are not used: x_valid, y_valid\n    the names are x_train, y_train, x_val, y_val, x_test, y_test"),
    Row("channels first", npz(x_train=COLORS), PLAN, 4,
        "recipe.yaml:2:24: x_train has the shape (60, 3, 16, 16): its channels stand before height and width\n"
        "    `np.moveaxis(x_train, 1, -1)` puts them last\n"
        "    if this is intended, write it in `model`: `input: [3, 16, 16]`"),
    Row("arrays with an image in two parts",
        npz(x_train=np.moveaxis(COLORS, 1, -1), x_test=np.moveaxis(COLORS[:3], 1, -1), y_test=np.arange(3)), PLAN, 4,
        "recipe.yaml:2:24: 3 images of x_test are also in x_train\n    x_train[0] = x_test[0]\n    x_train[1] = x_test[1]\n"
        "    x_train[2] = x_test[2]\n    remove them from one of the two, or allow them: `allow_leakage: true` in `data`"),
    Row("parts larger than the whole", photos(("  prepare", "  split: {validation: 0.6, test: 0.6}\n  prepare")), PLAN, 4,
        "recipe.yaml:3:10: validation 10 and test 10 take so many of 16 examples that 0 are left for 2 classes\n"
        "    a smaller `validation` and `test`"),
    Row("no examples", npz(x_train=np.zeros((0, 8, 8, 1), np.uint8), y_train=np.zeros(0, int)), PLAN, 4,
        "recipe.yaml:2:24: x_train is empty: its shape is (0, 8, 8, 1)"),
]  # fmt: skip
