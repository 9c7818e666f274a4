"""Predict with a trained model, in batches."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from cnncli import task_registry
from cnncli.data import images
from cnncli.data.image_geometry import Geometry, unchanged
from cnncli.data.input_values import InputValues, count, mapped, rows
from cnncli.errors import ModelFileError, ResourceError
from cnncli.inference import memory_budget as size
from cnncli.inference.batch import Bad, Batch, Name
from cnncli.inference.inputs import Given
from cnncli.inference.model_loading import InputShape, TrainedModel
from cnncli.inference.several_inputs import SeveralGiven
from cnncli.inference.text_inputs import TextsGiven
from cnncli.inputs import TEXT, kind_of
from cnncli.network.entry import NOT_LEARNED, outside_rows
from cnncli.network.keras_messages import first_sentence
from cnncli.network.model_outputs import alone, by_name, output_shapes
from cnncli.tasks.decoder import Decoder

_Item = TypeVar("_Item")

# Called with a batch, the geometry of each example (none where inputs are no images) and what `Predictor.outputs` gives.
Sink = Callable[[Batch, Sequence[Geometry], Any], None]


@dataclass(frozen=True, slots=True, eq=False)
class Predictions:
    """What is found in a batch.

    Attributes:
        names: one an example.
        classes: int32 (examples, n), what is found, as `Decoder.decode` gives it: of classes the most probable first.
        outputs: float32 (examples, n), the probability of each, or what the network gives in its place.
        bad: what could not be used.
    """

    names: list[Name]
    classes: NDArray[np.int32]
    outputs: NDArray[np.float32]
    bad: list[Bad]


class Predictor:
    """A model made ready to predict.

    Args:
        trained: the model.

    Attributes:
        decoder: of its outputs.
        batch_size: the run's own, or one that fits into memory.

    Raises:
        ModelFileError: the model does not tell classes apart, or takes something else than numbers.
    """

    def __init__(self, trained: TrainedModel) -> None:
        self._trained = trained
        self._model = trained.model
        self._output_shapes = self._checked_output_shapes()
        decoder: type[Decoder] = task_registry.part(trained.targets.task, "decoding").DECODER
        form = trained.about.outputs if trained.about else decoder.form_of_model(trained.model)
        self.decoder = decoder(trained.targets, form, int(next(iter(self._output_shapes.values()))[-1] or 0))
        self.batch_size = self._own_batch_size()
        self._checked: dict[str, int] = {}
        self._step = tf.function(self._outputs, autograph=False)

    def predict(
        self,
        given: Given | SeveralGiven | TextsGiven,
        *,
        top: int = 3,
        batch_size: int | None = None,
        form: images.Form | None = None,
        decoded: Mapping[str, images.Decoded] | None = None,
        sink: Sink | None = None,
    ) -> Iterator[Predictions]:
        """Decode the outputs for examples; the next batch is read meanwhile, and no more are held.

        Args:
            given: the files.
            top: how many of the most probable classes.
            batch_size: None: as the model's own examples were scored.
            form: what images become; None: what those of the training became.
            decoded: images in this form that are known already, by path.
            sink: gets the whole outputs of each batch, which are not kept.

        Raises:
            DataError: the network takes no images, and images were named.
            DivergedError: the network gives NaN.
            ResourceError: a batch does not fit into memory.
            ModelFileError: the model of a file cannot compute these examples.
        """
        size = batch_size or self.batch_size
        shape = self._trained.input_shape
        form = (form or self._trained.image_form) if given.has_images else None
        if form:
            self._check_memory(form.shape, min(size, len(given.files)))  # before so many are read
        if given.bad:
            yield Predictions([], *self.decoder.nothing, list(given.bad))
        if isinstance(given, Given):
            assert not isinstance(shape, dict)
            batches = given.batches(size, input_shape=shape, form=form, decoded=decoded)
        else:
            batches = given.batches(size)
        for batch in map(self._inside_embeddings, _one_ahead(batches)):
            if batch.names:
                outputs = self.outputs(batch.inputs)
                geometries = _geometries(batch)
                if sink is not None:
                    sink(batch, geometries, outputs)
                found, values = self.decoder.decode(batch.names, outputs, top)
                found, values = self.decoder.in_originals(found, values, geometries, outputs)
                yield Predictions(batch.names, found, values, batch.bad)
            else:
                yield Predictions([], *self.decoder.nothing, batch.bad)

    def _inside_embeddings(self, batch: Batch) -> Batch:
        """The batch without the examples for which an Embedding has no row; these are bad."""
        outside = outside_rows(self._model, batch.inputs) if batch.names else {}
        if not outside:
            return batch
        inside = [row for row in range(len(batch.names)) if row not in outside]
        bad = [Bad(batch.names[row], problem.message, NOT_LEARNED) for row, problem in outside.items()]
        geometries = [batch.geometries[row] for row in inside] if batch.geometries else ()
        return Batch(
            [batch.names[row] for row in inside],
            rows(batch.inputs, inside),
            [*batch.bad, *bad],
            geometries,
            batch.volumes,
        )

    @property
    def takes_text(self) -> bool:
        """Whether an example is a text."""
        return takes_text(self._trained)

    def outputs(self, inputs: InputValues) -> Any:
        """Give the model's outputs: probabilities, where they can be had.

        Args:
            inputs: (examples, *shape of one), uint8 in 0 to 255 or float32, as the data of the training was; of several
                inputs by name.

        Returns:
            float32 (examples, outputs), or of whatever shape the task reads; of several outputs by name.
        """
        examples = count(inputs)
        self._check_memory(mapped(lambda array: tuple(array.shape[1:]), inputs), examples)
        try:
            # One graph for batches of any size: to trace a network takes longer than to compute a few batches.
            spec = mapped(
                lambda array: tf.TensorSpec(
                    (None, *array.shape[1:]), tf.string if array.dtype == object else array.dtype
                ),
                inputs,
            )
            outputs = self._step.get_concrete_function(spec)(mapped(tf.constant, inputs))
            values = {name: np.asarray(each.numpy(), np.float32) for name, each in by_name(outputs).items()}
        except (tf.errors.ResourceExhaustedError, MemoryError) as error:
            half = examples // 2
            hint = f"try fewer: --batch-size {half}" if half else "a single one is too large for this machine"
            raise ResourceError(f"a batch of {examples} did not fit into memory", hint=hint) from error
        except (tf.errors.OpError, ValueError, TypeError) as error:
            if self._trained.recipe is not None:
                raise
            message = f"{self._trained.name} cannot be computed on these examples: {first_sentence(error)}"
            raise ModelFileError(message) from error
        return alone(values)

    def _outputs(self, inputs: Any) -> Any:
        given = by_name(self._model(inputs, training=False))
        outputs = alone({name: tf.cast(each, tf.float32) for name, each in given.items()})
        return self.decoder.observed(self._model, inputs, outputs)

    def _checked_output_shapes(self) -> dict[str, tuple[int | None, ...]]:
        model, name = self._model, self._trained.name
        shapes, targets = output_shapes(model), self._trained.targets
        if not targets.can_read(shapes):
            raise ModelFileError(f"{name} {targets.UNLIKE_MODEL}: its output has the shape {model.output_shape}")
        if len(model.inputs) != 1 and not self._trained.names_its_inputs:
            raise ModelFileError(f"{name} takes {len(model.inputs)} inputs, and a file is one")
        if len(model.inputs) > 1 and any(tensor.dtype == "string" for tensor in model.inputs):
            raise ModelFileError(f"{name} takes text beside other inputs, and what can be read are images and numbers")
        return shapes

    def _own_batch_size(self) -> int:
        if about := self._trained.about:
            return about.batch_size
        activations = self._trained.activations
        return activations.batch_size() if activations else size.batch_size_for(self._model)

    def _check_memory(self, input_shape: InputShape, count: int) -> None:
        """Refuse a batch that does not fit, once for every shape and larger batch."""
        key = str(input_shape)
        if count > self._checked.get(key, 0):
            self._trained.check_memory(input_shape, count, hint="try fewer with --batch-size")
            self._checked[key] = count


def takes_text(trained: TrainedModel) -> bool:
    """Whether a model's examples are texts."""
    return not isinstance(trained.input_shape, dict) and kind_of(trained.input_shape) is TEXT


def _geometries(batch: Batch) -> Sequence[Geometry]:
    """How each example became its input: image files as they were read, images of arrays unchanged; else none."""
    if batch.geometries or isinstance(batch.inputs, Mapping):
        return batch.geometries
    shape = batch.inputs.shape[1:]
    return [unchanged(*shape[:2])] * len(batch.names) if kind_of(shape).FROM_IMAGE_FILES else ()


def _one_ahead(items: Iterator[_Item]) -> Iterator[_Item]:
    """The same items, each made while the one before it is in use."""
    with ThreadPoolExecutor(1, "reading") as reader:
        waiting = reader.submit(next, items, None)
        while (item := waiting.result()) is not None:
            waiting = reader.submit(next, items, None)
            yield item
