"""Evaluate a saved model on a split of its run's data, or on other data."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import keras
import tensorflow as tf

from cnncli import runs
from cnncli.data.dataset import Examples, Splits
from cnncli.data.load import as_used, load, load_for_model, parse_source
from cnncli.data.targets import TargetInfo
from cnncli.errors import DataError, ModelFileError, Problem
from cnncli.inference import memory_budget
from cnncli.inference.input_warnings import warnings_for_examples
from cnncli.inference.model_loading import TrainedModel, default_loss, open_model
from cnncli.messages import printable
from cnncli.network.entry import NOT_LEARNED, first_outside
from cnncli.network.keras_messages import first_sentence
from cnncli.network.model_outputs import output_shapes
from cnncli.recipe.keras_objects.objects import KerasObject
from cnncli.recipe.named_inputs import shapes_of, without_names
from cnncli.tasks.evaluation import Losses, evaluate
from cnncli.tasks.result import Scored
from cnncli.training import devices


@dataclass(frozen=True)
class SavedModelEvaluation:
    """A later evaluation.

    Attributes:
        model: the name of the run or file.
        network: the model itself.
        what: what was scored on what.
        notes: notes and warnings about the data.
        scored: the scores, with what the pictures show.
        examples: what was scored.
    """

    model: str
    network: keras.Model
    what: str
    notes: tuple[Problem, ...]
    scored: Scored
    examples: Examples


def evaluate_saved_model(
    run_or_file: str | None, *, outputs: Path, split: str, data: str | None, device: str | None, strict: bool = False
) -> SavedModelEvaluation:
    """Score a run or a model file.

    Args:
        run_or_file: a run, a `.keras` file, or None for the newest run.
        outputs: the folder of all runs.
        split: `test`, `validation` or `train` of the run's own data.
        data: other data instead: a built-in name or a path.
        device: `auto`, `cpu` or `gpu`; None is `auto`.
        strict: take warnings about the examples for errors.

    Raises:
        DataError: the data does not fit the model.
    """
    devices.choose(device or "auto", cpu_name="CPU")
    trained = open_model(run_or_file, outputs=outputs)
    if data is not None:
        examples, remarks, targets = other_data(trained, data)
        notes = (*trained.notes, *remarks)
        where = data
    else:
        examples, notes = own_data(trained, split)
        targets = trained.targets
        where = f"{split} split"
    what = f"the {where}" if data is None else printable(data)
    warnings = warnings_for_examples(trained, examples, what)
    if strict and warnings:
        raise DataError(warnings)
    if outside := first_outside(trained.model, examples):
        index, problem = outside
        raise DataError(replace(problem, message=f"example {index:,} of {what}: {problem.message}", hint=NOT_LEARNED))
    _check_output(trained)
    loss, metrics, batch_size = _how(trained, examples)
    with _file_to_blame(trained):
        scored = evaluate(
            trained.model,
            examples,
            targets=targets,
            batch_size=batch_size,
            loss=loss,
            loss_weights=trained.about.loss_weights if trained.about else None,
            metrics=metrics,
            split=data or split,
        )
    notes = (*notes, *warnings, *scored.result.remarks())
    return SavedModelEvaluation(trained.name, trained.model, f"{trained.name} on {where}", notes, scored, examples)


@contextmanager
def _file_to_blame(trained: TrainedModel) -> Iterator[None]:
    """A file may hold a network, a loss and metrics that do not fit together; a run's were checked before its training."""
    try:
        yield
    except (ValueError, TypeError, tf.errors.InvalidArgumentError) as error:
        if trained.recipe is not None:
            raise
        raise ModelFileError(f"{trained.name} cannot be scored on this data: {first_sentence(error)}") from error


def _check_output(trained: TrainedModel) -> None:
    if not trained.targets.can_read(output_shapes(trained.model)):
        shape = trained.model.output_shape
        raise ModelFileError(f"{trained.name} {trained.targets.UNLIKE_MODEL}: its output has the shape {shape}")


def other_data(trained: TrainedModel, data: str) -> tuple[Examples, tuple[Problem, ...], TargetInfo]:
    """Read what `--data` names as examples for a model, with notes and the targets that they have.

    Raises:
        DataError: it is missing, or does not fit the model.
    """
    source = parse_source(data)
    _check_output(trained)
    if len(trained.model.inputs) != 1 and not trained.names_its_inputs:
        raise ModelFileError(f"{trained.name} takes {len(trained.model.inputs)} inputs, and data is one")
    own = trained.recipe.recipe.data if trained.recipe else None
    settings = source.settings.of_other_data(own.source.settings if own else None)
    is_no_text = settings.image_keys is not None or settings.example_shape() not in (None, ())
    if is_no_text and all(tensor.dtype == "string" for tensor in trained.model.inputs):
        raise ModelFileError(f"{trained.name} takes text, and data is numbers")
    return load_for_model(
        source,
        input_shape=trained.input_shape,
        targets=trained.targets,
        form=trained.image_form if settings.image_keys and not isinstance(trained.input_shape, dict) else None,
        data=own,
    )


def own_data(trained: TrainedModel, split: str) -> tuple[Examples, tuple[Problem, ...]]:
    """The run's own split, with notes. Raises: as `own_splits`."""
    splits, notes = own_splits(trained)
    examples: Examples = getattr(splits, split)
    return examples, notes


def own_splits(trained: TrainedModel) -> tuple[Splits, tuple[Problem, ...]]:
    """The data of a run, checked to be unchanged, with notes.

    Raises:
        DataError: the model is a file, of which no data is known; or the data cannot be read.
    """
    if trained.recipe is None or trained.run is None:
        raise DataError(
            f"{trained.name} is a file: the data to evaluate it on is unknown",
            hint="name it: --data mnist, --data photos/test, --data digits.npz",
        )
    recipe = trained.recipe.recipe
    record = runs.read_record(trained.run)
    splits = load(as_used(recipe.data, record), input_shape=shapes_of(recipe.model))
    recorded = record.get("data", {}).get("fingerprint")
    notes = list(splits.notes)
    if recorded and recorded != splits.fingerprint:
        notes.append(
            Problem("the data has changed since the run was trained", "the splits may now hold other examples")
        )
    return splits, tuple(notes)


def _how(trained: TrainedModel, examples: Examples) -> tuple[Losses, list[KerasObject], int]:
    """Loss, metrics and batch size: the run's, or what the last layer suggests."""
    shape = without_names({name: tuple(column.shape[1:]) for name, column in examples.inputs.items()})
    if about := trained.about:
        trained.check_memory(shape, min(about.batch_size, len(examples)))
        return about.loss_objects, about.metric_objects, about.batch_size
    trained.check_memory(shape, 1)
    activations = trained.activations_of(shape)
    batch_size = activations.batch_size() if activations else memory_budget.batch_size_for(trained.model)
    return default_loss(trained.model), [KerasObject("metrics", "accuracy")], batch_size
