"""The kind of a layer by its class, for the colours of a diagram."""

from __future__ import annotations

import re

BLOCK = "block"

# The kinds, in the order of the legend.
KINDS = (
    "convolution",
    "pooling",
    "dense",
    "normalization, activation",
    "attention, recurrence",
    "merging",
    "input, shape",
    BLOCK,
)
# The first pattern that a layer's class matches.
_PATTERNS = (
    (r"^(Add|Subtract|Multiply|Average|Maximum|Minimum|Concatenate|Dot)$", "merging"),
    (r"Pool", "pooling"),
    (r"Attention|LSTM|GRU|RNN|^Bidirectional$|^TimeDistributed$", "attention, recurrence"),
    (r"Conv", "convolution"),
    (r"Dense$|Embedding$", "dense"),
    (r"^Normalization$", "input, shape"),
    (r"Normalization|Dropout|LU$|^Activation|Softmax|Noise|LayerScale", "normalization, activation"),
)


def kind_of_class(name: str, *, is_group: bool = False) -> str:
    """Which of `KINDS` a layer of a class is; several layers seen as one are a block."""
    if is_group or name in ("Sequential", "Functional"):
        return BLOCK
    return next((kind for pattern, kind in _PATTERNS if re.search(pattern, name)), "input, shape")
