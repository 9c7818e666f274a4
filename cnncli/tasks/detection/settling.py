"""What the validation examples tell of a trained detector: the score threshold of the best F1."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import tensorflow as tf

from cnncli.data.columns import as_array
from cnncli.data.pipeline import Batches
from cnncli.recipe.named_inputs import by_name
from cnncli.recipe.targets.detection import CENTRES, SIDES
from cnncli.tasks.detection.average_precision import Detections
from cnncli.tasks.detection.decode import decode_boxes
from cnncli.tasks.detection.scores import best_of, by_threshold
from cnncli.tasks.detection.targets import BoxTargets


def settled(targets: BoxTargets, model: keras.Model, validation: Batches) -> BoxTargets:
    """The targets with the score from which on a box counts as found.

    It is the one of 0.01, 0.02, … 0.99 with the best F1 at an intersection over union of 0.5.

    Args:
        model: raw examples -> maps of centres and sides, by name.
        validation: in order.
    """
    dataset = validation.dataset()

    @tf.function(input_signature=[dataset.element_spec[0]], autograph=False)  # type: ignore[untyped-decorator]
    def maps(inputs: Any) -> Any:
        return {name: tf.cast(each, tf.float32) for name, each in by_name(model(inputs, training=False)).items()}

    found: list[np.ndarray] = []
    for inputs, *_ in dataset:
        outputs = {name: each.numpy() for name, each in maps(inputs).items()}
        if not all(np.isfinite(each).all() for each in outputs.values()):
            return targets  # the evaluation reports it
        found += [own[own[:, 4] >= 0] for own in decode_boxes(outputs[CENTRES], outputs[SIDES])]
    true = [own[own[:, 4] >= 0] for own in as_array(validation.targets)]
    objects = sum(map(len, true))
    if not objects:
        return targets
    best = best_of(by_threshold(Detections(found, true, targets.count), objects))
    return targets.model_copy(update={"threshold": best.threshold})
