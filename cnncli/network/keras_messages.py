"""Turn an exception of Keras or TensorFlow into one or two sentences for a message."""

from __future__ import annotations

import inspect
import re

from cnncli.messages import shortened

# A sentence that says what is right, or briefly what came; messages give the shapes that came in themselves.
_RULE = re.compile(r"\bmust\b|^Received:? (?!input_shape|inputs).{,40}$")
# What TensorFlow adds to the text of an operation's error.
_OPERATION = re.compile(r"\{\{\w+ [^}]*\}\} ?| ?\[Op:\w+\].*", re.DOTALL)
# Keras counts the batch as an axis, and the shapes in messages are without it.
_AXES = re.compile(
    r".* is incompatible with the layer: expected (min_|max_)?ndim=(\d+), found (?:ndim=)?(\d+).*", re.DOTALL
)
_BOUNDS = {None: "", "min_": "at least ", "max_": "at most "}


def first_sentence(error: Exception) -> str:
    """Return Keras' own explanation without its examples, tracebacks and addresses."""
    if isinstance(error, IndexError):
        return "an axis is out of range for what comes in"
    if axes := _AXES.match(str(error)):
        bound, expected, found = axes.groups()
        return f"expected an input of {_BOUNDS[bound]}{int(expected) - 1} axes without the batch, got {int(found) - 1}"
    # Within a layer's `call`: the error's own text is the second paragraph, in bold.
    inner = re.match(r"Exception encountered when calling .*?\n\n\x1b\[1m(.*?)\x1b\[0m", str(error), re.DOTALL)
    text = inspect.cleandoc(_OPERATION.sub("", inner.group(1) if inner else str(error))).replace("\n", " ").strip()
    first, *others = text.split(". ")
    rules = [sentence for sentence in others[:2] if _RULE.search(sentence)]
    return shortened(". ".join([first, *rules]).rstrip("."), 300) or type(error).__name__
