"""Which words of a text speak for a class: occlusion word by word, and Grad-CAM over tokens brought back to the words."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from cnncli.data.input_values import InputValues
from cnncli.errors import ModelFileError
from cnncli.interpretability import words
from cnncli.interpretability.class_scores import as_input, head_of, log_odds, with_others
from cnncli.interpretability.grad_cam import grad_cam
from cnncli.network.flatten_submodels import Opened

_NOT_WORDS = "the tokens of this network are not the words of a text one by one, so heat has no place in it"
_HINT = "occlusion leaves out word after word, whatever the tokens are: --method occlusion"


def text_of(network: Opened, inputs: InputValues) -> NDArray[Any]:
    """The texts that pictures are about, an object array (count,)."""
    return inputs[network.about] if isinstance(inputs, dict) else inputs


def tokens_of(network: Opened, texts: Sequence[str]) -> NDArray[np.int64] | None:
    """What a network makes of texts, int (count, length); None where it does not begin with tokens.

    Args:
        network: about an input of text.
    """
    for name, layer in network.layers.items():
        is_first = isinstance(layer, keras.layers.TextVectorization) and network.seen_by(name) == {network.about}
        if is_first and len(network.tensors[name].shape) == 2 and layer.get_config()["output_mode"] == "int":
            return np.asarray(layer(as_input(np.array(texts, object))), np.int64)
    return None


def word_heat(
    network: Opened,
    layer: str | None,
    inputs: InputValues,
    classes: NDArray[Any],
    *,
    plus_plus: bool = False,
    score: Callable[[Any, Any], Any] = log_odds,
) -> list[NDArray[np.float64]]:
    """Compute which words speak for a class.

    Args:
        network: about an input of text.
        layer: whose maps Grad-CAM takes; None: occlusion.
        inputs: texts, an object array (count,); of several inputs by name.
        classes: int (count,), the class that is meant.
        plus_plus: Grad-CAM++ instead of Grad-CAM.
        score: (scores, classes) -> what occlusion measures.

    Returns:
        For each text float64 (words,), as `words.words` splits it; the largest absolute value is 1, where any is not 0. With
        occlusion a value below 0 says that the score is higher without the word.

    Raises:
        ModelFileError: Grad-CAM, and tokens are not words, as n-grams.
    """
    texts = [str(text) for text in text_of(network, inputs)]
    if layer is None:
        return [_scaled(drops) for drops in words.word_occlusion(texts, _said(network, inputs, classes, score))]
    heat = grad_cam(network, layer, inputs, classes, plus_plus=plus_plus)
    found = []
    for text, one in zip(texts, heat, strict=True):
        places = words.positions(text, lambda some: _tokens(network, some))
        if places is None:
            raise ModelFileError(_NOT_WORDS, hint=_HINT)
        length = _tokens(network, [text]).shape[1]
        found.append(_scaled(words.by_word(words.by_token(one, length), places)))
    return found


def _tokens(network: Opened, texts: Sequence[str]) -> NDArray[np.int64]:
    found = tokens_of(network, texts)
    if found is None:
        raise ModelFileError(_NOT_WORDS, hint=_HINT)
    return found


def _said(
    network: Opened, inputs: InputValues, classes: NDArray[Any], score: Callable[[Any, Any], Any]
) -> Callable[[int, list[str]], NDArray[np.floating[Any]]]:
    head = head_of(network.model)
    until = network.until(head.tensor)

    def said(number: int, texts: list[str]) -> NDArray[np.floating[Any]]:
        changed = as_input(np.array(texts, object))
        given = with_others(inputs, number, len(texts), network.about, changed)
        scores = head.scores(until(given, training=False))
        odds: NDArray[np.floating[Any]] = score(scores, np.full(len(texts), classes[number])).numpy()
        return odds

    return said


def _scaled(heat: NDArray[np.floating[Any]]) -> NDArray[np.float64]:
    largest = np.abs(heat).max(initial=0)
    return np.asarray(heat / largest if largest > 0 else np.zeros(len(heat)), np.float64)
