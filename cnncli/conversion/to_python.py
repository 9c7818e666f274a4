"""A recipe as a Python module that depends on Keras and NumPy alone."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator

from cnncli.conversion.chains import chain_code, names_of_chains
from cnncli.conversion.data_code import DataCode, data_code
from cnncli.conversion.network_code import NetworkCode, Shape, network_code
from cnncli.conversion.python_layout import LINE_LENGTH, laid_out, quoted
from cnncli.conversion.training_code import training_code
from cnncli.conversion.unwritten_keys import refuse_unwritten
from cnncli.recipe.known_data import declared_classes
from cnncli.recipe.learned import learning_steps
from cnncli.recipe.load import LoadedRecipe
from cnncli.recipe.named_inputs import Input, inputs_of
from cnncli.recipe.outputs import outputs_of
from cnncli.recipe.schema import Recipe

_IMPORTS = {
    **{name: f"import {name}" for name in ("csv", "gzip", "math", "os")},
    "fnmatch": "from fnmatch import fnmatchcase",
    "re": "import re",
    "Path": "from pathlib import Path",
}


def to_python(
    loaded: LoadedRecipe,
    *,
    network_only: bool = False,
    input_shape: Shape | None = None,
    training: Recipe | None = None,
    weights: str = "",
) -> str:
    """Write a recipe as Keras code.

    Args:
        loaded: the recipe.
        network_only: without data and training.
        input_shape: of one raw example, of several inputs by name, where the data is known.
        training: another recipe for data and training, that of a run.
        weights: the model file of a run; a comment says how to load it.

    Raises:
        RecipeError: it cannot be written without the number of classes, or its data, splits or weights cannot be written.
    """
    network = network_code(loaded, input_shape=input_shape)
    recipe = training or loaded.recipe
    functions, lines = list(network.lines), list[str]()
    imports = {"math"} if network.imports_math else set()
    if weights:
        lines += _weights(recipe, weights, network_only=network_only)
    if not network_only:
        refuse_unwritten(recipe, loaded)
        data = data_code(recipe)
        train = training_code(recipe, data)
        imports |= {*data.imports, *train.imports}
        for more in (data.functions, train.functions):
            functions += ["", "", *more] if more else []
        for own in inputs_of(loaded.recipe.data):
            functions += ["", "", *_augmentation(loaded, own)] if own.augment else []
        lines = _script(recipe, network, data, train.lines, [*_adapted(loaded.recipe), *lines])
    everything = [*functions, *lines]
    libraries = ["import keras", *(["import numpy as np"] if any("np." in line for line in everything) else [])]
    standard = sorted((_IMPORTS[name] for name in imports), key=lambda line: (line.startswith("from"), line))
    head = [*_docstring(recipe), "", *standard, *([""] if standard else []), *libraries, "from keras import layers"]
    return laid_out([*head, *everything])


def _docstring(recipe: Recipe) -> list[str]:
    about = " ".join((recipe.about or recipe.name).split()).replace("\\", "\\\\").replace('"""', "'''")
    lines = textwrap.wrap(about, LINE_LENGTH - 7, break_on_hyphens=False)
    if len(lines) == 1:
        return [f'"""{lines[0].rstrip(chr(34))}"""']
    return [f'"""{lines[0]}', *lines[1:], '"""']


def _augmentation(loaded: LoadedRecipe, own: Input) -> list[str]:
    codes = chain_code(loaded.recipe, loaded.written, "augment", {}, {}, own)
    suffix = "" if loaded.recipe.data.inputs is None else f"_{own.name}"
    return [
        f"def build_augmentation{suffix}():",
        '    """Build the layers that change training examples."""',
        f'    return keras.Sequential([{", ".join(codes)}], name="augmentation{suffix}")',
    ]


def _arguments(recipe: Recipe, network: NetworkCode, data: DataCode) -> str:
    """What `build_model` is called with."""
    shape = "x_train.shape[1:]"
    if recipe.data.inputs is not None:
        shape = "{name: values.shape[1:] for name, values in x_train.items()}"
    found = [shape] if network.takes_shape else []
    if network.takes_classes and not declared_classes(recipe) and data.classes:
        found.append(f"classes={data.classes}")
    return ", ".join(found)


def _script(recipe: Recipe, network: NetworkCode, data: DataCode, training: list[str], weights: list[str]) -> list[str]:
    lines = []
    if recipe.train.seed is not None:
        lines.append(f"keras.utils.set_random_seed({recipe.train.seed})")
    lines += data.lines
    arguments = _arguments(recipe, network, data)
    if data.is_dataset and "classes" not in arguments:
        lines = [line for line in lines if not line.startswith("classes = ")]
    lines += ["", f"model = build_model({arguments})", *weights, "model.summary()", *training]
    return ["", "", 'if __name__ == "__main__":', *(f"    {line}" if line else "" for line in lines)]


def _adapted(recipe: Recipe) -> Iterator[str]:
    """How the layers of `prepare` learn from the training examples."""
    names = names_of_chains(recipe)
    steps = learning_steps(recipe)
    if steps:
        yield "# What these layers learn is from the training examples alone."
    for step in steps:
        layer = f"model.get_layer({quoted(names[step.own.name, 'prepare'][step.index])})"
        own = "x_train" if recipe.data.inputs is None else f"x_train[{quoted(step.own.name)}]"
        yield f"{layer}.adapt({own if step.index == 0 else f'keras.Model(model.inputs, {layer}.input).predict(x_train)'})"


def _weights(recipe: Recipe, file: str, *, network_only: bool) -> list[str]:
    """How the weights of a run are loaded."""
    outputs = outputs_of(recipe)
    lines = [f"# model.load_weights({quoted(file)})"]
    if len(outputs) > 1:  # the file has the main output alone
        lines = [
            f"# main = keras.Model(model.inputs, model.output[{quoted(outputs[0].name)}])",
            f"# main.load_weights({quoted(file)})",
        ]
    if network_only:
        return ["", "", "# The weights of the run:", "# model = build_model()", *lines]
    return ["# The weights of the run instead of new ones:", *lines]
