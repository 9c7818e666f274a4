"""Python that loads the data of a recipe: with Keras and NumPy, split into training, validation and test examples."""

from __future__ import annotations

import os
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from cnncli.conversion.keras_code import literal
from cnncli.conversion.python_layout import quoted
from cnncli.conversion.rows_in_code import rows_code
from cnncli.data.sources.builtin import SAMPLE, SAMPLE_FILE, SENTENCES
from cnncli.data.sources.folder_tree import part_folders_in
from cnncli.recipe import targets
from cnncli.recipe.outputs import Output, loss_class, outputs_of
from cnncli.recipe.schema import Recipe
from cnncli.recipe.sources.arrays import array_names
from cnncli.recipe.sources.image_folder import ImageFolder

_ONE_HOT = ("CategoricalCrossentropy", "CategoricalFocalCrossentropy")
_KERAS = {"mnist": "[..., np.newaxis]", "fashion_mnist": "[..., np.newaxis]", "cifar10": "", "cifar100": ""}
BUILTIN_IN_CODE = (SAMPLE, SENTENCES, *_KERAS)


@dataclass(frozen=True)
class DataCode:
    """How a recipe's data is loaded.

    Attributes:
        functions: lines of functions, before `build_model`.
        lines: of the script.
        classes: Python for the number of classes; empty where there are none.
        imports: of the standard library.
        is_dataset: `train`, `validation` and `test` are tf.data datasets; else there are arrays, `x_train`, `y_train`, ….
    """

    functions: list[str]
    lines: list[str]
    classes: str
    imports: tuple[str, ...] = ()
    is_dataset: bool = False


def data_code(recipe: Recipe) -> DataCode:
    """Write how a recipe's data is loaded and split."""
    source = recipe.data.source
    if source.image_folder is not None:
        return _image_folder(recipe, source.image_folder)
    rows = rows_code(recipe)
    if rows is not None:
        lines, imports = list(rows.lines), rows.imports
        has_validation, has_test = "val" in rows.parts, "test" in rows.parts
        has_parts = bool(rows.parts)
    else:
        lines, imports, has_validation, has_test = _arrays(recipe)
        lines += _types(recipe, has_validation, has_test)
        has_parts = recipe.data.source.npz is not None and _has_parts(_names(recipe.data.source.npz.path))
    lines += _splits(recipe, has_validation, has_test, has_parts=has_parts)
    if recipe.data.limit:
        lines.append(f"_, chosen = split(y_train, {recipe.data.limit}, seed={recipe.data.split.seed})")
        lines.append(f"x_train, y_train = {_rows(recipe, 'x_train', 'chosen')}, y_train[chosen]")
    classes = ""
    if _has_one_class(recipe):
        classes = "int(y_train.max()) + 1"
        if is_one_hot(recipe) and len(recipe.model.outputs) < 2:
            lines.append(f"classes = {classes}")
            for part in ("train", "val", "test"):
                lines.append(f"y_{part} = keras.utils.to_categorical(y_{part}, classes)")
            classes = "classes"
    elif not targets.of(recipe.data.targets).NO_CLASSES:
        classes = "y_train.shape[-1]"
    functions = rows.functions if rows else READ_IDX if recipe.data.source.idx is not None else []
    if any("split(" in line for line in lines):
        functions = [*functions, *(["", ""] if functions else []), *_split_function(recipe)]
    if any("take(" in line for line in lines):
        functions = [*functions, *(["", ""] if functions else []), *_TAKE]
    return DataCode(functions, lines, classes, imports)


def _has_one_class(recipe: Recipe) -> bool:
    """Whether the targets are one class for each example."""
    return targets.of(recipe.data.targets).STRATIFY


def is_one_hot(recipe: Recipe) -> bool:
    """Whether the loss of the main output takes one-hot vectors."""
    return takes_one_hot(outputs_of(recipe)[0])


def takes_one_hot(output: Output) -> bool:
    """Whether the loss of an output takes one-hot vectors."""
    return output.loss is not None and loss_class(output.loss) in _ONE_HOT


def _arrays(recipe: Recipe) -> tuple[list[str], tuple[str, ...], bool, bool]:
    """The lines that read arrays; what has to be imported; whether there are validation and test parts."""
    source = recipe.data.source
    if source.builtin == SAMPLE:
        return (
            [
                f"data = np.load({quoted(str(SAMPLE_FILE))})  # the digits that come with cnncli",
                'x_train, y_train = data["x_train"][..., np.newaxis], data["y_train"]',
                'x_test, y_test = data["x_test"][..., np.newaxis], data["y_test"]',
            ],
            (),
            False,
            True,
        )
    if source.builtin:
        lines = [f"(x_train, y_train), (x_test, y_test) = keras.datasets.{source.builtin}.load_data()"]
        if axis := _KERAS[source.builtin]:
            lines.append(f"x_train, x_test = x_train{axis}, x_test{axis}")
        else:
            lines.append("y_train, y_test = y_train[:, 0], y_test[:, 0]")
        return lines, (), False, True
    if source.idx is not None:
        lines = []
        for part, name in (("train", "train"), ("test", "t10k")):
            lines.append(
                f"x_{part} = read_idx({quoted(_idx(source.idx.path, f'{name}-images-idx3-ubyte'))})[..., np.newaxis]"
            )
            lines.append(f"y_{part} = read_idx({quoted(_idx(source.idx.path, f'{name}-labels-idx1-ubyte'))})")
        return lines, ("gzip",), False, True
    assert source.npz is not None
    lines = [f"data = np.load({quoted(source.npz.path)})"]
    names = _names(source.npz.path)
    if recipe.data.targets in targets.WITHOUT_LABELS:
        return _arrays_without_labels(lines, names)
    if not _has_parts(names):
        return [*lines, f"x = {_inputs(recipe, 'x')}", 'y = data["y"]'], (), False, False
    of_inputs, of_labels = array_names(names)
    column = "[:, 0]" if of_labels != "y_{}" and _has_one_class(recipe) else ""  # MedMNIST's labels are a column
    parts = ["train", *(each for each in ("val", "test") if of_labels.format(each) in names)]
    for part in parts:
        lines.append(f"x_{part} = {_inputs(recipe, of_inputs.format(part))}")
        lines.append(f'y_{part} = data["{of_labels.format(part)}"]{column}')
    return lines, (), "val" in parts, "test" in parts


def _arrays_without_labels(lines: list[str], names: set[str]) -> tuple[list[str], tuple[str, ...], bool, bool]:
    """The same where labels are not read: the examples stand in their place until the targets are made."""
    of_inputs = array_names(names)[0]
    parts = [each for each in ("train", "val", "test") if of_inputs.format(each) in names]
    if not parts:
        return [*lines, 'x = y = data["x"]'], (), False, False
    lines = [*lines, *(f'x_{part} = y_{part} = data["{of_inputs.format(part)}"]' for part in parts)]
    return lines, (), "val" in parts, "test" in parts


def _has_parts(names: set[str]) -> bool:
    """Whether an archive has a training part of its own."""
    return any(each.format("train") in names for each in array_names(names))


def _inputs(recipe: Recipe, array: str) -> str:
    """The arrays of an archive that are the inputs of a part."""
    if recipe.data.inputs is None:
        return f'data["{array}"]'
    each = [f'{quoted(name)}: data["{array}_{name}"]' for name in recipe.data.inputs]
    return "{" + ", ".join(each) + "}"


def _rows(recipe: Recipe, inputs: str, indices: str) -> str:
    """Some of the examples."""
    return f"{inputs}[{indices}]" if recipe.data.inputs is None else f"take({inputs}, {indices})"


def _names(path: str) -> set[str]:
    """The arrays of an archive; `x` and `y` where it is not here."""
    try:
        with zipfile.ZipFile(path) as archive:
            return {Path(name).stem for name in archive.namelist()}
    except (OSError, ValueError, zipfile.BadZipFile):
        return {"x", "y"}


def _idx(folder: str, name: str) -> str:
    """The path of a file of an IDX folder, gzipped if it is not there otherwise."""
    path = os.path.join(folder, name)
    return path if os.path.isfile(path) else f"{path}.gz"


def _types(recipe: Recipe, has_validation: bool, has_test: bool) -> Iterator[str]:
    """Lines that give the examples a channel axis where they have none, and numbers the type that a loss takes."""
    shape = recipe.model.input
    parts = ["_train", *(["_val"] if has_validation else []), *(["_test"] if has_test else [])]
    names = parts if has_test or has_validation or recipe.data.source.builtin else [""]
    if recipe.data.source.npz is not None:
        names = parts if _has_parts(_names(recipe.data.source.npz.path)) else [""]
        for name in names:
            if shape and not isinstance(shape, dict):
                yield f"x{name} = x{name}.reshape(-1, {', '.join(map(str, shape))})"
            if not _has_one_class(recipe) and recipe.data.targets not in targets.WITHOUT_LABELS:
                yield f'y{name} = y{name}.astype("float32")'


def _splits(recipe: Recipe, has_validation: bool, has_test: bool, *, has_parts: bool) -> Iterator[str]:
    """Lines that set examples aside for validation and test; sizes count from all examples that are split."""
    given, seed = recipe.data.split, recipe.data.split.seed
    has_parts = has_parts or has_validation or has_test
    if has_validation and has_test:
        return
    if not has_parts:
        yield f"rest, test = split(y, {literal(given.test)}, seed={seed})"
        yield f"x_train, y_train = {_rows(recipe, 'x', 'rest')}, y[rest]"
        yield f"x_test, y_test = {_rows(recipe, 'x', 'test')}, y[test]"
        whole = "y"
    elif not has_test:
        yield f"rest, test = split(y_train, {literal(given.test)}, seed={seed})"
        yield f"x_test, y_test = {_rows(recipe, 'x_train', 'test')}, y_train[test]"
        yield f"x_train, y_train = {_rows(recipe, 'x_train', 'rest')}, y_train[rest]"
        whole = "y_train"
    else:
        whole = ""
    if not has_validation:
        size = literal(given.validation)
        if whole == "y" and isinstance(given.validation, float):
            size = f"round({size} * len(y))"
        yield f"rest, val = split(y_train, {size}, seed={seed})"
        yield f"x_val, y_val = {_rows(recipe, 'x_train', 'val')}, y_train[val]"
        yield f"x_train, y_train = {_rows(recipe, 'x_train', 'rest')}, y_train[rest]"


def _split_function(recipe: Recipe) -> list[str]:
    lines = [
        "def split(y, size, seed):",
        '    """Return the indices of two parts; the second has `size` examples, or this share of them."""',
        "    count = size if isinstance(size, int) else round(size * len(y))",
        "    order = np.random.default_rng(seed).permutation(len(y))",
    ]
    if recipe.data.split.stratify and _has_one_class(recipe):
        lines.append('    order = order[np.argsort(y[order], kind="stable")]  # class by class')
    lines += [
        "    chosen = np.linspace(0, len(y), count, endpoint=False).astype(int)",
        "    return np.sort(np.delete(order, chosen)), np.sort(order[chosen])",
    ]
    return lines


_TAKE = '''\
def take(x, indices):
    """Return some of the examples of all inputs."""
    return {name: values[indices] for name, values in x.items()}'''.splitlines()
READ_IDX = '''\
def read_idx(path):
    """Return the array of an IDX file: images (count, height, width) or labels (count,)."""
    with (gzip.open if path.endswith(".gz") else open)(path, "rb") as file:
        content = file.read()
    sizes = np.frombuffer(content, ">i4", count=content[3], offset=4)
    return np.frombuffer(content, "uint8", offset=4 + 4 * len(sizes)).reshape(sizes)'''.splitlines()


def _image_folder(recipe: Recipe, folder: ImageFolder) -> DataCode:
    """`image_dataset_from_directory`; the parts that are there, or a split."""
    shape = None if isinstance(recipe.model.input, dict) else recipe.model.input
    size = tuple(folder.image_size or (shape[:2] if shape else (256, 256)))
    color = folder.color or ("grayscale" if shape and shape[-1] == 1 else "rgb")
    mode = "categorical" if is_one_hot(recipe) and len(recipe.model.outputs) < 2 else "int"
    options = {
        "label_mode": quoted(mode),
        "color_mode": quoted(color),
        "batch_size": str(recipe.train.batch_size),
        "image_size": literal(list(size), as_tuple=True),
        **({"crop_to_aspect_ratio": "True"} if folder.resize == "crop" else {}),
        **({"pad_to_aspect_ratio": "True"} if folder.resize == "pad" else {}),
    }
    seed = recipe.train.seed if recipe.train.seed is not None else recipe.data.split.seed
    lines = ["options = {", *(f'    "{key}": {code},' for key, code in options.items()), "}"]
    read = "keras.utils.image_dataset_from_directory"
    parts = part_folders_in(folder.path) if os.path.isdir(folder.path) else {}
    path = folder.path.rstrip("/")
    given = recipe.data.split
    if "train" in parts:
        training = quoted(f"{path}/{parts['train']}")
        if "validation" in parts:
            lines.append(f"train = {read}({training}, seed={seed}, **options)")
            held = quoted(f"{path}/{parts['validation']}")
            lines.append(f"validation = {read}({held}, shuffle=False, **options)")
        else:
            lines.append(
                f"train, validation = {read}({training}, "
                f'validation_split={_share(given.validation)}, subset="both", seed={given.seed}, **options)'
            )
        test = quoted(f"{path}/{parts['test']}") if "test" in parts else ""
        lines.append(f"test = {f'{read}({test}, shuffle=False, **options)' if test else 'validation'}")
    else:
        lines += [
            f"train, held_out = {read}({quoted(path)}, validation_split={_share(given.validation, given.test)}, "
            f'subset="both", seed={given.seed}, **options)',
            f"count = round(len(held_out) * {_part(given.validation, given.test)})  # batches",
            "validation, test = held_out.take(count), held_out.skip(count)",
        ]
    lines.insert(len(lines) - (1 if "train" in parts else 2), "classes = len(train.class_names)")
    if recipe.data.limit:
        lines.append(f"train = train.take({-(-recipe.data.limit // recipe.train.batch_size)})")
    return DataCode([], lines, "classes", is_dataset=True)


def _share(*sizes: float | int) -> str:
    """Together, as a share; a number of images is taken for one where it is not."""
    shares = [size if isinstance(size, float) else 0.1 for size in sizes]
    return literal(round(sum(shares), 6))


def _part(validation: float | int, test: float | int) -> str:
    one = validation if isinstance(validation, float) else 0.1
    other = test if isinstance(test, float) else 0.1
    return literal(round(one / (one + other), 6))
