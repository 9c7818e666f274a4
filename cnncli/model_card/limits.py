"""The limits of a model, as the record and the evaluation of its run tell them."""

from __future__ import annotations

from collections.abc import Iterator

from cnncli.messages import counted, few_examples_text
from cnncli.model_card.about_run import AboutRun
from cnncli.recipe.named_inputs import has_augmentation
from cnncli.report import facts, values


def limits(run: AboutRun) -> Iterator[str]:
    """Sentences, each of a fact of this run."""
    result, record = run.result, run.material.record
    if result is None:
        yield "It was not evaluated, or its evaluation was lost."
    else:
        if told := facts.few_examples(result):
            yield told
        yield from run.part.limits(result, run.targets, run.counts)
        if result.split == "validation":
            yield "The best epoch was chosen on the examples that are scored: the scores are too good."
    source = run.public(record.data.source)
    yield f"Training and scored examples come from one source, {source}: how it does on others was not measured."
    yield from _inputs(run)
    if not has_augmentation(run.recipe):
        yield "It was trained without augmentation."
    if record.fold:
        yield f"It was trained on one fold of {record.fold.count:,}."
    yield "The intervals describe the choice of the examples, not the chance in training: it was trained once with one seed."
    if record.data.skipped:
        yield f"{counted(len(record.data.skipped), 'file')} of the data could not be read and is not covered."
    unmet = [f"Not met: {each.text}." for each in record.expectations if each.met is False]
    yield from map(run.note, unmet)
    notes = dict.fromkeys(map(run.note, record.notes))
    known = few_examples_text(result.split, result.count) if result else None
    yield from (f"Note of the training: {note}." for note in notes if note and not (known and known in note))


def _inputs(run: AboutRun) -> Iterator[str]:
    if run.takes_image_files:
        [(height, width, _)] = run.shapes.values()
        yield f"Details that are lost when an image is brought to {height}×{width} pixels cannot be seen by it."
    if found := run.input_range:
        low, high = map(values.decimal, found)
        yield f"The values of the training examples lie between {low} and {high}: others were not seen."
