"""The error that refuses a model file."""

from __future__ import annotations

from cnncli.errors import ModelFileError

SAVE_AGAIN = "save or copy it again"
OWN_LAYERS = "a model file may hold a network of Keras' own layers, and nothing else"


def refused(shown: str, what: str, *, hint: str = OWN_LAYERS) -> ModelFileError:
    """The error of a file that holds something that no network needs: `m.keras holds the layer `Lambda``."""
    return ModelFileError(f"{shown} holds {what}", hint=hint)


def damaged(shown: str, why: str) -> ModelFileError:
    """The error of a file that was a model once, or was made up."""
    return ModelFileError(f"{shown} is damaged: {why}", hint=SAVE_AGAIN)
