"""Select layers: those that give feature maps, and the default when no layer is named."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Any

import keras
import numpy as np

from cnncli.errors import ModelFileError, RecipeError
from cnncli.interpretability.places import input_kind, places_of
from cnncli.messages import did_you_mean, listed, shortened
from cnncli.network.flatten_submodels import Opened
from cnncli.network.kernels import has_convolution

# They repeat, thin out or reorder what comes in.
_PASSES_ON = ("Pooling", "Dropout", "Padding", "Cropping", "Flatten", "Reshape", "InputLayer")
MOST_TARGETS = 16  # filters or classes that are maximised when nobody says which


NO_MAPS = "no layer of the network gives maps"


def check_input(network: Opened, name: str, wanted: str | None = None, order: Iterable[str] = ()) -> Opened:
    """Choose the input that pictures are about: a signal, an image, a volume, a text or a sequence of tokens.

    Args:
        name: of the model, for messages.
        wanted: the name of the input; None: the first one that pictures can be made of.
        order: the names of the inputs, in the order of the recipe; left out: that of Keras.

    Returns:
        The network, about this input.

    Raises:
        RecipeError: no input has that name.
        ModelFileError: it is none, or no input is.
    """
    known = {tensor.name: tensor for tensor in network.model.inputs}
    ordered = [each for each in order if each in known] or list(known)
    if wanted is not None and wanted not in known:
        hint = did_you_mean(wanted, ordered) or f"the inputs: {listed(ordered, 12)}"
        raise RecipeError(f"no input is named `{shortened(wanted)}`", hint=hint)
    chosen = [each for each in ordered if wanted in (None, each)]
    for each in chosen:
        if _can_be_drawn(network, each):
            return replace(network, about=each)
    taken = " and ".join(f"{known[each].dtype} of {_size_text(known[each].shape[1:])}" for each in chosen)
    message = (
        f"{name if wanted is None else f'input `{wanted}`'} takes {taken}: that is no signal, image, volume or text"
    )
    hint = (
        "pictures need an input with a length, a height and width, or also a depth, text, or numbers for an Embedding"
    )
    drawn = [each for each in ordered if _can_be_drawn(network, each)]
    hint = f"inputs with pictures: {listed(drawn, 12)}" if drawn else hint
    raise ModelFileError(message, hint=hint)


def _can_be_drawn(network: Opened, name: str) -> bool:
    """Whether an input is a signal, an image, a volume, a text or a sequence of tokens."""
    return input_kind(replace(network, about=name)).has_places


def _size_text(shape: Sequence[int | None]) -> str:
    return "x".join("?" if side is None else str(side) for side in shape)


def check_no_tokens(network: Opened, what: str, hint: str) -> None:
    """Refuse a network that takes text or whole numbers for what needs a gradient with respect to the input.

    Args:
        what: needs it.

    Raises:
        ModelFileError: it takes text or whole numbers.
    """
    kind = input_kind(network)
    if kind.ARE_NUMBERED:
        taken = "whole numbers" if kind.ARE_NUMBERS else "text"
        message = f"{what} needs a gradient with respect to the input, and this network takes {taken}"
        raise ModelFileError(message, hint=hint)


def check_finite(model: keras.Model, name: str) -> None:
    """Refuse a model with weights that are no numbers: whatever is drawn of it would be black.

    Raises:
        ModelFileError: some are NaN or infinite.
    """
    for variable in model.weights:
        if variable.dtype.startswith(("float", "bfloat")):
            values = keras.ops.convert_to_numpy(keras.ops.cast(variable, "float32"))
            bad = int(np.sum(~np.isfinite(values)))
            if bad:
                message = f"{name}: {bad:,} of {values.size:,} weights of {variable.path} are NaN or infinite"
                hint = "the training diverged, or the file is damaged: train it again, with a smaller learning rate"
                raise ModelFileError(message, hint=hint)


def map_layers(network: Opened) -> list[str]:
    """The names of the layers that give maps or tokens, from the first weights on.

    Of a network with several inputs only those that the input leads to that pictures are about.
    """
    about = network.about
    return [name for name in drawn_layers(network) if gives_maps(network, name) and about in network.seen_by(name)]


def drawn_layers(network: Opened) -> list[str]:
    """The names of the layers that `layers_to_show` takes, from the first weights on: those that give maps or units."""
    names = list(network.tensors)
    first = next((place for place, name in enumerate(names) if network.layers[name].weights), len(names))
    return [name for name in names[first:] if gives_maps(network, name) or _gives_units(network, name)]


def maximized_layers(network: Opened) -> list[str]:
    """The names of the layers that can be maximized: those that depend on the input alone that pictures are about."""
    return [name for name in drawn_layers(network) if network.seen_by(name) == {network.about}]


def gives_maps(network: Opened, name: str) -> bool:
    """Whether a layer's output has places: maps, or tokens."""
    return places_of(network, name) is not None


def _gives_units(network: Opened, name: str) -> bool:
    return len(_shape(network, name)) == 2


def first_maps(network: Opened) -> str:
    """The first convolution, or else the first layer with weights that gives maps.

    Raises:
        ModelFileError: there is none.
    """
    there = map_layers(network)
    convolution = next((name for name in there if has_convolution(network.layers[name])), None)
    if not there:
        raise ModelFileError(NO_MAPS, hint="name a layer of units: --layer NAME")
    return convolution or there[0]


def last_maps(network: Opened) -> str | None:
    """The last layer that makes maps with more than one place; None when there is none."""
    return next(maps_from_last(network), None)


def maps_from_last(network: Opened) -> Iterator[str]:
    """The layers that make maps with more than one place, or tokens with known places, from the last on.

    Pooling comes after them: what it leaves is coarser.
    """
    for name in reversed(map_layers(network)):
        kind = type(network.layers[name]).__name__
        places = places_of(network, name)
        has_several = places is not None and places.is_known and any(side != 1 for side in places.grid)
        if has_several and not any(word in kind for word in _PASSES_ON):
            yield name


def find_maps(network: Opened, name: str) -> str:
    """A layer whose output has maps.

    Raises:
        RecipeError: no layer has that name, with the nearest one; or it gives something else.
    """
    find_any(network, name)
    if network.about not in network.seen_by(name):
        others = " or ".join(f"--input {each}" for each in sorted(network.seen_by(name)))
        hint = f"layers with maps of it: {listed(map_layers(network), 12)}; or choose {others}"
        raise RecipeError(f"layer `{name}` does not depend on the input `{network.about}`", hint=hint)
    if not gives_maps(network, name):
        message = f"layer `{name}` gives {describe(network, name)}, not maps"
        raise RecipeError(message, hint=f"those with maps: {listed(map_layers(network), 12)}")
    return name


def find_any(network: Opened, name: str) -> str:
    """A layer of whatever kind.

    Raises:
        RecipeError: no layer has that name; with the nearest one.
    """
    if name not in network.tensors:
        hint = did_you_mean(name, network.tensors) or f"there are: {listed(network.tensors, 12)}"
        raise RecipeError(f"no layer is named `{shortened(name)}`", hint=hint)
    return name


def layers_to_show(network: Opened, layers: Sequence[str] | None) -> list[str]:
    """The layers whose feature maps are drawn; of None the first convolution.

    Raises:
        RecipeError: no such layer, with the nearest one; or one whose output is neither maps nor units.
        ModelFileError: none is named, and the model has none that gives maps.
    """
    names = [find_any(network, name) for name in layers] if layers else [first_maps(network)]
    for name in names:
        if not gives_maps(network, name) and not _gives_units(network, name):
            raise RecipeError(f"layer `{name}` gives {describe(network, name)}, which are neither maps nor units")
    return names


def describe(network: Opened, name: str) -> str:
    """What leaves a layer: `10x10x16`."""
    return "x".join("?" if side is None else str(side) for side in _shape(network, name)[1:]) or "one number"


def count_of(network: Opened, name: str) -> int:
    """How many filters or units a layer has."""
    return int(_shape(network, name)[-1] or 0)


def _shape(network: Opened, name: str) -> tuple[Any, ...]:
    return tuple(getattr(network.tensors[name], "shape", ()))
