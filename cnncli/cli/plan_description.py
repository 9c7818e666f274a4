"""The first lines of a run: data, network, device, precision, training, checkpoints."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from cnncli.messages import clock, counted, shortened

if TYPE_CHECKING:
    from cnncli.data.dataset import InputShape
    from cnncli.workflow import Plan

_FEW_CLASSES = 5


def describe(plan: Plan, *, trains: bool = True) -> list[tuple[str, str]]:
    """The first lines of a run: what will be used, and why.

    Args:
        trains: with the epochs and the checkpoints.
    """
    splits, wanted = plan.splits, plan.recipe.data.split
    parts = [f"{len(splits.train):,} training", f"{len(splits.validation):,} validation", f"{len(splits.test):,} test"]
    if wanted.folds is not None:
        parts[-1] += f" (fold {wanted.fold or 1} of {wanted.folds})"
    return [
        ("Recipe", f"{plan.recipe.name} ({plan.loaded.file})"),
        ("Data", splits.source),
        ("", f"{', '.join(parts)}; {splits.targets}; {_shape(splits.input_shape)}"),
        *_classes(plan),
        *_learned(plan),
        ("Network", f"{plan.budget.params:,} parameters, {_learning(plan)}"),
        *_frozen(plan),
        ("Device", f"{plan.device.kind.upper()}, {plan.device.name} ({plan.device.reason})"),
        *_replicas(plan),
        ("Precision", f"{plan.precision.policy} ({plan.precision.reason})"),
        *(
            [("Training", _training_text(plan)), ("Checkpoint", _checkpoint_text(plan)), *_trackers(plan)]
            if trains
            else []
        ),
    ]


def _replicas(plan: Plan) -> Iterator[tuple[str, str]]:
    """Over how many devices and processes each batch is divided."""
    processes, count = (each * plan.planned_workers for each in (plan.replicas.workers, plan.replicas.count))
    if count == 1:
        return
    where = [counted(processes, "process", "processes")] if processes > 1 else []
    if plan.device.count > 1:
        where.append(f"{plan.device.count} devices" + (" each" if where else ""))
    each = counted(plan.batch_size // count, "example")
    yield "Replicas", f"{count} ({' of '.join(where)}); each computes {each} of a batch"


def _learned(plan: Plan) -> Iterator[tuple[str, str]]:
    """What each layer of `prepare` learned from the training examples."""
    for layer in plan.learned.layers:
        of_input = f" of {layer.input}" if len(plan.splits.train.inputs) > 1 else ""
        yield "Learned", f"{layer.layer}{of_input}: {layer.summary}"


def _classes(plan: Plan) -> Iterator[tuple[str, str]]:
    """How many training examples each class or label has; of many the fewest and the most."""
    counts = plan.splits.targets.counts_by_name(plan.splits.targets.whole(plan.splits.train.targets))
    if not counts:
        return
    if len(counts) <= _FEW_CLASSES:
        shown = ", ".join(f"{shortened(name, 20)} {count:,}" for name, count in counts.items())
    else:
        least, most = (choose(counts, key=lambda name: counts[name]) for choose in (min, max))
        shown = f"from {counts[least]:,} ({shortened(least, 20)}) to {counts[most]:,} ({shortened(most, 20)})"
    yield "Classes", f"{shown} in training"


def _training_text(plan: Plan) -> str:
    """Epochs, steps, and what may end the training early."""
    from cnncli.recipe.phases import phases_of

    parts = [
        f"{counted(plan.epochs, 'epoch')} of {counted(plan.steps_per_epoch, 'step')}, batch size {plan.batch_size:,}"
    ]
    for phase in phases_of(plan.recipe):
        for callback in phase.callbacks:
            if callback.name == "EarlyStopping":
                patience = counted(int(callback.args.get("patience", 0)), "epoch")
                monitor = callback.args.get("monitor", "val_loss")
                which = f" ({phase.name})" if phase.name else ""
                parts.append(f"EarlyStopping after {patience} without a better {monitor}{which}")
    if plan.recipe.train.max_time is not None:
        parts.append(f"at most {clock(plan.recipe.train.max_time)}")
    return "; ".join(parts)


def _checkpoint_text(plan: Plan) -> str:
    wanted = plan.recipe.train.checkpoint
    if not wanted.keep:
        return "none, a stopped run cannot be continued (train.checkpoint.keep: false)"
    steps = f", every {counted(wanted.every_steps, 'step')}" if wanted.every_steps else ""
    return f"after each epoch, every {wanted.every_seconds:g} s{steps}"


def _trackers(plan: Plan) -> Iterator[tuple[str, str]]:
    """The trackers that get the values of the run."""
    from cnncli.trackers.registry import title

    if plan.recipe.track:
        yield "Trackers", ", ".join(title(each.name) for each in plan.recipe.track)


def _learning(plan: Plan) -> str:
    """How many parameters learn, in each phase."""
    from cnncli.recipe.phases import phases_of

    if plan.recipe.train.phases:
        counts = zip(phases_of(plan.recipe), plan.learning_params, strict=True)
        return "trainable: " + ", then ".join(f"{count:,} ({phase.name})" for phase, count in counts)
    frozen = plan.budget.params - plan.budget.trainable_params
    return "all trainable" if not frozen else f"{plan.budget.trainable_params:,} trainable, {frozen:,} frozen"


def _frozen(plan: Plan) -> Iterator[tuple[str, str]]:
    """Where a part of the network is frozen: in which phases it is computed once, and where not, why."""
    from cnncli.recipe.named_inputs import has_augmentation
    from cnncli.recipe.phases import phases_of

    for phase, features in zip(phases_of(plan.recipe), plan.features, strict=True):
        which = f" ({phase.name})" if phase.name else ""
        if features.cut:
            copies = (
                f", for {counted(features.copies, 'augmented pass', 'augmented passes')}"
                if has_augmentation(plan.recipe)
                else ""
            )
            yield "Frozen", f"layers up to {features.cut.name} are computed once{copies}{which}"
        elif features.reason:
            way_out = "`augment_copies: 4` in `data` computes 4 augmented passes once"
            yield "Frozen", f"computed in every epoch, because {features.reason}; {way_out}{which}"


def _shape(shape: InputShape) -> str:
    if isinstance(shape, dict):
        return ", ".join(f"{name} {_shape(own)}" for name, own in shape.items())
    return "x".join(map(str, shape)) or "text"
