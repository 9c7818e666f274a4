"""Warnings about examples that a trained model is used on: another scale than in training, or the training examples."""

from __future__ import annotations

from collections.abc import Iterator

from cnncli.data import scales
from cnncli.data.examples import Examples
from cnncli.data.fingerprint import of_set
from cnncli.data.given import Given
from cnncli.data.mixed_scales import mixed_in
from cnncli.errors import Problem
from cnncli.evaluation.models import TrainedModel
from cnncli.wording import printable

_LOOKED_AT = 256  # examples of a file


def warnings_for_examples(trained: TrainedModel, examples: Examples, what: str) -> list[Problem]:
    """Compare labelled examples with those of the training.

    Args:
        what: the examples, as messages call them.
    """
    return [*_scale_problems(trained, examples, what), *_trained_on(trained, examples, what)]


def warnings_for_files(trained: TrainedModel, given: Given) -> list[Problem]:
    """Compare the scale of files without labels with that of the training; the first examples of each are read."""
    return list(_other_scales(trained, given))


def warnings_for_images(trained: TrainedModel) -> list[Problem]:
    """Compare the scale of decoded images, 0 to 255, with that of the training."""
    problem = scales.unlike_training(trained.scale, scales.OF_IMAGES, "an image file") if trained.scale else None
    return [problem] if problem else []


def _scale_problems(trained: TrainedModel, examples: Examples, what: str) -> Iterator[Problem]:
    if examples.files is not None:
        scale = examples.scale
    else:
        extremes = scales.extremes_of(examples.inputs)
        if problem := mixed_in(examples.inputs, extremes, what):
            yield problem
            return
        scale = scales.scale_of(examples.inputs, extremes)
    if trained.scale and (problem := scales.unlike_training(trained.scale, scale, what)):
        yield problem


def _other_scales(trained: TrainedModel, given: Given) -> Iterator[Problem]:
    if trained.scale is None:
        return
    if given.has_images:
        yield from warnings_for_images(trained)
    for file in given.files:
        if file.kind == "image":
            continue
        one = Given((file,), (), ())
        batch = next(one.batches(_LOOKED_AT, input_shape=trained.input_shape, form=None), None)
        if batch is not None and batch.names:
            scale = scales.scale_of(batch.inputs)
            if problem := scales.unlike_training(trained.scale, scale, printable(file.path)):
                yield problem


def _trained_on(trained: TrainedModel, examples: Examples, what: str) -> Iterator[Problem]:
    recorded = trained.trained_on
    if not recorded:
        return
    digest = of_set(examples)
    hint = "the score says little about new examples: score the test split, or data that was set aside"
    if digest == recorded.get("train"):
        yield Problem(f"{what} holds the examples that the network was trained on", hint)
    elif digest == recorded.get("all"):
        yield Problem(f"{what} includes the examples that the network was trained on", hint)
