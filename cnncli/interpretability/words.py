"""The words of a sentence: where they stand, which tokens they become, and occlusion word by word."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from itertools import accumulate, pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cnncli.inputs.base import enlarged

# Letters of scripts without spaces between words, one by one: kana and Chinese characters.
_WORD = re.compile(r"[\u3040-\u30ff\u3400-\u9fff]|[^\s\u3040-\u30ff\u3400-\u9fff]+")
_BATCH = 64

Span = tuple[int, int]  # of a word's letters in its text: begin, end


def spans(text: str) -> list[Span]:
    """Where the words of a text are; a comma or a full stop belongs to the word before it."""
    return [match.span() for match in _WORD.finditer(text)]


def words(text: str) -> list[str]:
    """The words of a text, as they are written."""
    return _WORD.findall(text)


def without(text: str, span: Span) -> str:
    """The text without one word; where white space stood on both sides, that before the word goes too."""
    begin, end = span
    before, after = text[:begin], text[end:]
    return before.rstrip() + after if not after or after[0].isspace() else before + after


def word_occlusion(
    texts: Sequence[str], said: Callable[[int, list[str]], NDArray[np.floating[Any]]]
) -> list[NDArray[np.float64]]:
    """Leave out one word after the other, and see how much less a network then says of a class.

    As in Li, Monroe and Jurafsky, "Understanding Neural Networks through Representation Erasure", 2016, section 3. The word is
    taken out of the text, so that what is left is text too, whatever the network makes of it.

    Args:
        texts: the sentences.
        said: the number of a text and variants of it -> what the network says of the class that is explained, float (count,).

    Returns:
        For each text float64 (words,): how much the score drops without the word; below 0 where it rises.
    """
    found = []
    for number, text in enumerate(texts):
        whole = float(said(number, [text])[0])
        variants = [without(text, span) for span in spans(text)]
        left = [said(number, variants[start : start + _BATCH]) for start in range(0, len(variants), _BATCH)]
        found.append(whole - np.concatenate([np.empty(0), *left]).astype(np.float64))
    return found


def positions(text: str, vectorize: Callable[[list[str]], NDArray[np.integer[Any]]]) -> list[range] | None:
    """Find the tokens that each word of a text becomes.

    Args:
        vectorize: texts -> tokens, int (count, length), filled up with 0, as TextVectorization gives them.

    Returns:
        For each word the numbers of its tokens: none of a word that is cut off, or of a sign that is no token. None where
        tokens are not made word by word, as n-grams.
    """
    parts = words(text)
    [whole, *rows] = vectorize([text, *parts])
    tokens = [_filled(row) for row in rows]
    joined = np.concatenate([np.empty(0, whole.dtype), *tokens])[: len(whole)]
    if not np.array_equal(joined, _filled(whole)):
        return None
    ends = list(accumulate((len(each) for each in tokens), initial=0))
    return [range(begin, min(end, len(whole))) for begin, end in pairwise(ends)]


def by_token(heat: NDArray[np.floating[Any]], length: int) -> NDArray[np.floating[Any]]:
    """The heat of each token, (length,): the largest of the positions that see it, where windows without padding move by one."""
    short = length - len(heat)
    if not 0 < short < len(heat):
        return enlarged(heat, (length,))
    padded = np.pad(heat, short)
    found: NDArray[np.floating[Any]] = np.lib.stride_tricks.sliding_window_view(padded, short + 1).max(axis=-1)
    return found


def by_word(heat: NDArray[np.floating[Any]], places: Sequence[range]) -> NDArray[np.floating[Any]]:
    """The heat of each word, float (words,): the largest of its tokens, and 0 where it has none.

    Args:
        heat: of each token, float (tokens,).
        places: of `positions`.
    """
    return np.array([max((heat[at] for at in place), default=0.0) for place in places])


def _filled(tokens: NDArray[np.integer[Any]]) -> NDArray[np.integer[Any]]:
    """Tokens without the zeros at their end."""
    last = np.flatnonzero(tokens)
    return tokens[: last[-1] + 1 if len(last) else 0]
