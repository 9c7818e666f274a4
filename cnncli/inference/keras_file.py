"""Open a `.keras` file from any origin: Keras gets a validated config and plain arrays, never the file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import keras

from cnncli import keras_internals
from cnncli.errors import CnncliError, ModelFileError
from cnncli.inference import memory_budget, weights
from cnncli.inference.activation_memory import Activations, measure
from cnncli.inference.model_description import About, read_about
from cnncli.messages import printable, shortened
from cnncli.model_file_validation import archive, config
from cnncli.model_file_validation.stored_arrays import stored_arrays
from cnncli.network.instantiate import shapes_alone


@dataclass(frozen=True)
class OpenedFile:
    """A model from elsewhere.

    Attributes:
        model: not compiled, raw examples -> outputs.
        about: what the file says about it; None where another program than cnncli saved it.
        activations: what they take for one example; None where the network takes examples of any size.
    """

    model: keras.Model
    about: About | None
    activations: Activations | None


def open_file(path: Path) -> OpenedFile:
    """Open a `.keras` file that anyone may have made.

    Args:
        path: as the user named it.

    Raises:
        ModelFileError: it is missing, cut short, no model, or holds something that is no network of Keras' own layers.
        ResourceError: its weights, or the activations of one example, do not fit into memory.
    """
    shown = printable(str(path))
    contents = archive.read(path)
    network = config.read(contents.config, shown)
    keras_internals.allow_depth(_count_objects(network))
    with stored_arrays(contents.weights, shown) as arrays:
        with shapes_alone():
            without_values = _built(network, shown)
        memory_budget.check_weights(without_values, len(contents.weights), shown=shown)
        memory_budget.check_outputs(without_values, shown=shown)
        about = read_about(contents.about, without_values, shown) if contents.about is not None else None
        model = _built(network, shown)
        weights.load(model, arrays, shown=shown, described_by="its own config.json")
    activations = measure(model, shown=shown)
    if activations:
        activations.check(shown=shown)
    return OpenedFile(model, about, activations)


def open_network(path: Path) -> tuple[keras.Model, About | None]:
    """Open the network of a `.keras` file without its weights, which take no memory; the errors are those of `open_file`.

    Returns:
        The model, whose weights have no values, and what the file says about it.
    """
    shown = printable(str(path))
    contents = archive.read(path)
    network = config.read(contents.config, shown)
    with stored_arrays(contents.weights, shown), shapes_alone():
        model = _built(network, shown)
    return model, read_about(contents.about, model, shown) if contents.about is not None else None


def _built(network: Mapping[str, Any], shown: str) -> keras.Model:
    try:
        with keras_internals.sharing_objects():
            # Keras takes out of a config what it has read of it.
            model = keras.saving.deserialize_keras_object(_copied(network), safe_mode=True)
    except (CnncliError, MemoryError):
        raise
    except Exception as error:
        # What went wrong stands behind a copy of the whole config.
        said = " ".join(str(error).rpartition("Exception encountered: ")[2].split())
        reason = shortened(said, 300) if said else type(error).__name__
        raise ModelFileError(f"Keras cannot open {shown}: {reason}") from error
    if not model.built or not getattr(model, "inputs", None):  # a Sequential without an input raises
        hint = "call it once on an example before saving it, or start it with keras.Input"
        raise ModelFileError(f"{shown} does not contain the input shape of its network", hint=hint)
    return model


def _count_objects(value: Any) -> int:
    """How many Keras objects a config has; as many layers, at most, stand one after the other."""
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return int(isinstance(value, dict) and "class_name" in value) + sum(map(_count_objects, inner))


def _copied(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _copied(item) for key, item in value.items()}
    return [_copied(item) for item in value] if isinstance(value, list) else value
