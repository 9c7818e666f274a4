"""Compute the first outputs and losses of a network, before anything is trained."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import keras
import numpy as np

from cnncli.data.examples import Examples
from cnncli.data.pipeline import encode
from cnncli.data.stored import as_stored
from cnncli.errors import DivergedError, Problem
from cnncli.network.build import Network
from cnncli.network.objects import make
from cnncli.recipe.outputs import Output

_EXAMPLES = 4


def check_first_loss(
    network: Network, outputs: Sequence[Output], encodings: Mapping[str, str], examples: Examples, class_count: int
) -> None:
    """Compute the loss of the first examples once, as the network is before its training.

    Args:
        network: with its weights.
        outputs: of the network, with their losses.
        encodings: of the labels, by output; see `cnncli.data.pipeline.Batches`.
        examples: those that train.

    Raises:
        DivergedError: an output or its loss is not finite; at the layer.
    """
    rows = np.arange(min(_EXAMPLES, len(examples)))
    labels = examples.labels[rows]
    given = network.full_model(as_stored(examples.inputs).read(rows), training=False)
    for output in outputs:
        values = given[output.name] if isinstance(given, dict) else given
        values = keras.ops.convert_to_numpy(keras.ops.cast(values, "float32"))
        what = "" if np.isfinite(values).all() else "output"
        if not what and output.loss:
            loss = keras.losses.get(make(output.loss))(encode(labels, encodings[output.name], class_count), values)
            what = "" if np.isfinite(np.mean(keras.ops.convert_to_numpy(loss))) else "loss"
        if what:
            message = f"the first {what} of `{output.name}` is not finite, before anything is trained"
            hint = "look at the initializers, the activations and the scale of the data"
            raise DivergedError(Problem(message, hint, path=output.path))
