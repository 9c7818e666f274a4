"""Models of recipes as if they had been trained, with random weights."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np

from cnncli.data.scales import Scale
from cnncli.data.targets import TargetInfo
from cnncli.inference.model_description import describe
from cnncli.inference.model_loading import TrainedModel
from cnncli.network.build import build
from cnncli.network.whole_images import over_whole_images
from cnncli.recipe.load import load_bytes
from cnncli.recipe.named_inputs import by_name
from cnncli.tasks.classification.targets import ClassTargets

CLASSES = ClassTargets(class_names=("ants", "bees", "wasps"))
OF_PIXELS = Scale(0.0, 255.0, 128.0, 70.0, 255)


def untrained(
    text: str, shape: Any, *, targets: TargetInfo = CLASSES, policy: str = "float32", scale: Scale | None = OF_PIXELS
) -> TrainedModel:
    """A model of a recipe that says its loss.

    Args:
        shape: of an example; of several inputs by name.
        scale: of every input.
    """
    keras.utils.set_random_seed(3)
    recipe = load_bytes(text.encode(), "r.yaml").recipe
    network = build(recipe, input_shape=shape, policy=policy).model
    for variable in network.weights:  # biases and statistics of new layers are 0 and 1, which hides mistakes
        if variable.path.endswith(("bias", "beta", "moving_mean")):
            variable.assign(np.random.default_rng(1).normal(0, 0.1, variable.shape))
    scales = dict.fromkeys(by_name(shape), scale) if scale else {}
    about = describe(recipe, targets=targets, input_shape=shape, input_range=scales or None)
    windows = recipe.data.windows
    return TrainedModel(
        over_whole_images(network, windows),
        "m.keras",
        targets,
        told=about,
        scales=scales,
        windows=windows,
        of_window=network if windows else None,
    )
