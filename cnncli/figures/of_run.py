"""The pictures of a finished run: curves, confusion matrix, filters, and what `visualize` asks for."""

from __future__ import annotations

from pathlib import Path

import keras
import numpy as np

from cnncli.data.examples import Splits
from cnncli.evaluation.evaluate import Evaluation
from cnncli.evaluation.grad_cam import grad_cam, last_maps
from cnncli.figures.confusion import draw_confusion
from cnncli.figures.curves import draw_curves
from cnncli.figures.feature_maps import draw_feature_maps
from cnncli.figures.heat import draw_heat
from cnncli.figures.kernels import draw_layers
from cnncli.figures.save import save
from cnncli.network.build import Network
from cnncli.network.kernels import convolutions, find_layer
from cnncli.recipe.schema import FeatureMaps, GradCam, Recipe
from cnncli.training.fit import Fitted

_NOT_CURVES = ("epoch", "phase", "seconds")


def draw_all(
    folder: Path, recipe: Recipe, network: Network, fitted: Fitted, scored: Evaluation, splits: Splits
) -> list[Path]:
    """Draw what every run gets and what its recipe asks for.

    Args:
        folder: `figures/` of the run.

    Returns:
        The files, in the order in which they were drawn.
    """
    files = _curves(folder, recipe, fitted)
    confusion = np.asarray(scored.scores.confusion)
    title = f"{recipe.name}: {recipe.evaluate.split} split"
    files += save(draw_confusion(confusion, splits.class_names, title=title), folder / "confusion.png")
    asked = [picture.filters for picture in recipe.visualize if picture.filters]
    if asked:
        for filters in asked:
            files += draw_layers(network.full_model, filters.layers, folder, per_filter=filters.per_filter)
    elif convolutions(network.full_model):
        files += draw_layers(network.full_model, None, folder)
    for picture in recipe.visualize:
        if picture.feature_maps:
            files += _feature_maps(folder, recipe.name, network.full_model, picture.feature_maps, splits)
        elif picture.grad_cam:
            files += _grad_cam(folder, recipe.name, network.model, picture.grad_cam, scored, splits)
    return files


def _grad_cam(
    folder: Path, name: str, model: keras.Model, asked: GradCam, scored: Evaluation, splits: Splits
) -> list[Path]:
    """One sheet: test images with the heat of the class that is predicted."""
    layer = asked.layer or last_maps(model)
    if layer is None or len(scored.outputs) != len(splits.test):
        return []  # nothing with a place in the image, or another split was scored
    chosen = _one_of_each_class(splits.test.labels, asked.samples)
    pixels = _pixels(splits, chosen)
    predicted = scored.predicted[chosen]
    heat = grad_cam(model, layer, pixels, predicted)
    captions = []
    for index, label in zip(chosen, predicted, strict=True):
        true, said = splits.class_names[splits.test.labels[index]], splits.class_names[label]
        outputs = scored.outputs[index]
        share = outputs[label] if len(outputs) > 1 else outputs[0] if label else 1 - outputs[0]
        captions.append((f"{said}, {share:.0%}", f"is: {true}" + ("" if said == true else "  (wrong)")))
    title = f"{name}: what speaks for the predicted class"
    figure = draw_heat(pixels, heat, captions, title=title, subtitle=f"Grad-CAM at {layer}, images of the test split")
    return save(figure, folder / f"grad-cam-{layer}.png")


def _curves(folder: Path, recipe: Recipe, fitted: Fitted) -> list[Path]:
    names = [name for name in fitted.history[0] if name not in _NOT_CURVES]
    history = {name: [row.get(name, float("nan")) for row in fitted.history] for name in names}
    phases: dict[str, int] = {}
    for row in fitted.history:
        phases.setdefault(row.get("phase", ""), row["epoch"])
    marks = [(epoch, name) for name, epoch in phases.items() if name]
    figure = draw_curves(history, title=recipe.name, best_epoch=fitted.best_epoch, phases=marks)
    return save(figure, folder / "curves.png")


def _feature_maps(folder: Path, recipe_name: str, model: keras.Model, asked: FeatureMaps, splits: Splits) -> list[Path]:
    """One sheet an image and a layer: the first test images of different classes."""
    chosen = _one_of_each_class(splits.test.labels, asked.samples)
    names = asked.layers or convolutions(model)[:1]
    pixels = _pixels(splits, chosen)
    viewer = keras.Model(model.inputs, [find_layer(model, name).output for name in names])
    outputs = viewer.predict(pixels, verbose=0)
    outputs = outputs if isinstance(outputs, list) else [outputs]
    files = []
    for name, maps in zip(names, outputs, strict=True):
        if maps.ndim != 4:
            continue  # only maps over height and width can be shown as pictures
        for number, index in enumerate(chosen):
            true = splits.class_names[splits.test.labels[index]]
            figure = draw_feature_maps(
                pixels[number],
                maps[number].astype(np.float32),
                layer_name=name,
                title=f"{recipe_name}: {true}, of the test split",
            )
            files += save(figure, folder / f"feature-maps-{name}-{number + 1}.png")
    return files


def _pixels(splits: Splits, chosen: np.ndarray) -> np.ndarray:
    """Test examples as an array, wherever they lie."""
    inputs = splits.test.take(chosen).inputs
    return inputs if isinstance(inputs, np.ndarray) else inputs.read(np.arange(len(chosen)))


def _one_of_each_class(labels: np.ndarray, count: int) -> np.ndarray:
    """Indices of the first examples, going round the classes."""
    rank = np.zeros(len(labels), dtype=np.int64)
    for label in np.unique(labels):
        rank[labels == label] = np.arange(np.sum(labels == label))
    return np.lexsort((labels, rank))[:count]
