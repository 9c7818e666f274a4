"""A Keras object of a recipe -> the Keras object."""

from __future__ import annotations

from typing import Any

import keras

from cnncli.recipe.objects import KerasObject

_MODULES = {
    "layers": keras.layers,
    "applications": keras.applications,
    "optimizers": keras.optimizers,
    "schedules": keras.optimizers.schedules,
    "losses": keras.losses,
    "metrics": keras.metrics,
    "callbacks": keras.callbacks,
    "initializers": keras.initializers,
    "regularizers": keras.regularizers,
    "constraints": keras.constraints,
    "activations": keras.activations,
}


def make(found: KerasObject, **more: Any) -> Any:
    """Call the Keras class or function that a recipe names.

    Args:
        found: what the recipe says. A text identifier (`adam`, `relu`) is given on as the text that Keras takes for it.
        more: further arguments; they win.

    Returns:
        The Keras object; for a text identifier the text.

    Raises:
        Whatever Keras raises for arguments that it does not like.
    """
    if found.is_identifier:
        return found.name
    arguments = {name: _value(value) for name, value in found.args.items()}
    return getattr(_MODULES[found.kind], found.name)(**{**arguments, **more})


def make_optimizer(found: KerasObject) -> Any:
    """The optimizer, also where it is written as a text identifier."""
    return keras.optimizers.get(make(found))


def _value(value: Any) -> Any:
    if isinstance(value, KerasObject):
        return make(value)
    if isinstance(value, list):
        return [_value(item) for item in value]
    return value
