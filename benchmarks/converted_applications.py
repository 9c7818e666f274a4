"""Every network of keras.applications as a recipe and as Python again: `from-keras` and `to-python`.

    python -m benchmarks.converted_applications
    python -m benchmarks.converted_applications NASNetLarge InceptionResNetV2 --keep written

Run from the top of the repository. Each network is built with its top, for 1000 classes and small images, and gets random
weights. In a process of its own, which frees its memory, it is saved, written as a recipe by `cnncli from-keras`, checked by
`cnncli validate`, and written as a script by `cnncli to-python`. The recipe and the script are built, get the weights of the
Keras model, and compute the logits of random images. The table shows the largest difference from the Keras model, relative
to how much the logits of these images differ. The exit code is 1 if a command fails, a number of parameters or the shape of
a weight is another one, or a difference is larger than 5e-5.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import multiprocessing
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import keras
import numpy as np

from benchmarks.published_networks import LARGEST_DIFFERENCE, python_lines, random_images, randomize
from cnncli.cli.app import app
from cnncli.network.build import build
from cnncli.recipe.load import load

NAMES = tuple(name for name in dir(keras.applications) if name[0].isupper())
_HEAD = "| network of Keras | layers | lines of the recipe | lines of the script | parameters | recipe | script |"


def converted(name: str, folder: Path) -> str:
    """Convert a network both ways and compare it; returns its row of the table.

    Raises:
        ValueError: a conversion fails or gives another network.
    """
    size = 224 if name.startswith("VGG") else 96  # Flatten before Dense: of VGG the size decides the count
    shape, images = (size, size, 3), random_images(size, np.random.default_rng(0))
    model = getattr(keras.applications, name)(weights=None, input_shape=shape)
    randomize(model, images, np.random.default_rng(1))
    layers, params = len(model.layers), model.count_params()
    saved, recipe, script = (folder / f"{name}{suffix}" for suffix in (".keras", ".yaml", ".py"))
    model.save(saved)
    expected, weights = _logits(model, images), _weights(model)
    del model
    keras.backend.clear_session()
    _command("from-keras", saved, "--to", recipe)
    _command("validate", recipe)
    _command("to-python", recipe, "--network", "--to", script)
    saved.unlink()
    network = build(load(str(recipe), []).recipe, input_shape=shape, load_weights=False).model
    differences = [_difference(network, weights, params, images, expected)]
    del network
    keras.backend.clear_session()
    source = script.read_text(encoding="utf-8")
    module: dict[str, Any] = {"__name__": name}
    exec(compile(source, str(script), "exec"), module)
    differences.append(_difference(module["build_model"](), weights, params, images, expected))
    if not max(differences) <= LARGEST_DIFFERENCE:
        raise ValueError(f"the logits differ by {differences[0]:.1e} (recipe) and {differences[1]:.1e} (script)")
    cells = [name, layers, _lines(recipe), python_lines(source), f"{params:,}", *(f"{d:.1e}" for d in differences)]
    return f"| {' | '.join(map(str, cells))} |"


def _command(*arguments: object) -> None:
    with contextlib.redirect_stdout(io.StringIO()):
        code = app([str(argument) for argument in arguments], prog_name="cnncli", standalone_mode=False)
    if code:
        raise ValueError(f"`cnncli {arguments[0]}` ends with exit code {code}")


def _weights(model: keras.Model) -> list[Any]:
    return [np.array(weight) for layer in model.layers for weight in layer.weights]


def _difference(model: keras.Model, weights: Sequence[Any], params: int, images: Any, expected: Any) -> float:
    """The largest difference of the logits once a model has the weights."""
    if model.count_params() != params:
        raise ValueError(f"{model.count_params():,} parameters instead of {params:,}")
    own = [weight for layer in model.layers for weight in layer.weights]
    shapes, wanted = ([tuple(weight.shape) for weight in each] for each in (own, weights))
    if shapes != wanted:
        raise ValueError("the weights have other shapes")
    for weight, value in zip(own, weights, strict=True):
        weight.assign(value)
    for layer in model.layers:
        if isinstance(layer, keras.layers.Normalization):
            layer.finalize_state()
    return float(np.max(np.abs(_logits(model, images) - expected)) / np.max(np.abs(expected - expected.mean(axis=0))))


def _logits(model: keras.Model, images: Any) -> Any:
    model.layers[-1].activation = keras.activations.linear
    return np.asarray(model(images, training=False))


def _lines(recipe: Path) -> int:
    """The lines of `data.prepare` and `model`, without comments and blank lines."""
    lines = recipe.read_text(encoding="utf-8").splitlines()
    start = next(number for number, line in enumerate(lines) if line.strip() in ("prepare:", "model:"))
    return sum(bool(line.strip()) and line != "data:" for line in lines[start:])


def _in_this_process(name: str, kept: Path | None) -> None:
    with tempfile.TemporaryDirectory() as folder:
        try:
            print(converted(name, kept or Path(folder)), flush=True)
        except ValueError as error:
            sys.exit(f"{name}: {error}")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", choices=[*NAMES, []], metavar="NAME", help=", ".join(NAMES))
    parser.add_argument("--keep", type=Path, metavar="FOLDER", help="keep the recipes and scripts in this folder")
    options = parser.parse_args()
    if options.keep:
        options.keep.mkdir(parents=True, exist_ok=True)
    print(f"{_HEAD}\n| --- | --- | --- | --- | --- | --- | --- |", flush=True)
    failed = False
    for name in options.names or NAMES:
        process = multiprocessing.get_context("spawn").Process(target=_in_this_process, args=(name, options.keep))
        process.start()
        process.join()
        failed |= process.exitcode != 0
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
