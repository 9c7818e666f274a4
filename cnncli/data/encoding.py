"""Encodings: the form in which a loss takes the targets of a batch, and their weights in it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from numpy.typing import NDArray

from cnncli.data.columns import Values

if TYPE_CHECKING:
    from tensorflow import Tensor


OutputShape = Sequence[int | None]  # of the output of one example, without the batch


@dataclass(frozen=True, slots=True)
class Encoding:
    """The form in which a loss takes targets.

    Attributes:
        name: of the form.
        description: what targets in this form are called in a message: "class numbers".
        encode: targets of a batch as they are stored, (batch, …) -> the same in this form, (batch, …).
        weigh: the same targets -> their weights in the loss, float32 (batch, …), one for each loss that Keras computes of an
            example: of maps one a pixel. None: all are 1.
    """

    name: str
    description: str
    encode: Callable[[Any], Tensor]
    weigh: Callable[[Any], Tensor] | None = None

    def weights(self, targets: Any, of_examples: Any = None) -> Tensor | None:
        """The weights of a batch in the loss; None where all are 1.

        Args:
            targets: as they are stored, (batch, …).
            of_examples: float32 (batch,), with which they are multiplied; None: 1.
        """
        import tensorflow as tf

        if self.weigh is None:
            return of_examples
        own = self.weigh(targets)
        if of_examples is None:
            return own
        return own * tf.reshape(of_examples, [-1, *[1] * (len(own.shape) - 1)])

    def of(self, model: Any) -> Encoding:
        """The same for a network with its weights, where targets are encoded by a part of it.

        Args:
            model: a `keras.Model`, raw examples -> outputs.
        """
        return self

    def column(self, examples: Any) -> Values:
        """Where the targets of `Examples` are stored, (count, …)."""
        stored: Values = examples.targets
        return stored

    def scored(self, stored: NDArray[Any], inputs: Any, encoded: Any) -> Any:
        """What a scorer takes as the targets of a batch.

        Args:
            stored: `Examples.targets` of the batch, (batch, …).
            inputs: raw, as the network takes them.
            encoded: the targets as the loss takes them.
        """
        return stored


STORED = Encoding("stored", "as they are stored", lambda targets: targets)


def encode_batch(encodings: Mapping[str, Encoding], targets: Any, weights: Any = None) -> tuple[Any, Any]:
    """The targets of a batch as losses take them, and their weights; None where all weights are 1.

    Args:
        encodings: by output.
        targets: as they are stored, (batch, …).
        weights: float32 (batch,), of the examples; None: 1.

    Returns:
        Both by name where there are several outputs.
    """
    import tensorflow as tf

    encoded = {name: encoding.encode(targets) for name, encoding in encodings.items()}
    found = {name: encoding.weights(targets, weights) for name, encoding in encodings.items()}
    if len(encodings) > 1 and any(each is not None for each in found.values()):
        ones = tf.ones_like(targets[(..., *[0] * (len(targets.shape) - 1))], tf.float32)  # (batch,)
        found = {name: ones if each is None else each for name, each in found.items()}
    if len(encodings) == 1:
        return next(iter(encoded.values())), next(iter(found.values()))
    return encoded, None if all(each is None for each in found.values()) else found


def as_floats(targets: Any) -> Tensor:
    """Targets of a batch as float32."""
    import tensorflow as tf

    return tf.cast(targets, tf.float32)
