"""Plan a run: check the recipe with its data and its network, and write nothing."""

from __future__ import annotations

import secrets
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from cnncli import runs
from cnncli.data.batch_parts import Parts
from cnncli.data.dataset import Splits
from cnncli.data.epoch_drawing import examples_per_epoch
from cnncli.data.load import as_used
from cnncli.data.windowed_examples import in_windows
from cnncli.distribute.control_channel import Meeting
from cnncli.distribute.replicas import Replicas, across, on_devices
from cnncli.distribute.watching import watching
from cnncli.errors import Place, Problem, ResourceError
from cnncli.network import budget, symbolic_shapes
from cnncli.network.build import Network
from cnncli.network.checks import check_network
from cnncli.network.entry import entering_values
from cnncli.network.learn_preprocessing import learn
from cnncli.recipe.learned import Learned, learning_steps, with_learned
from cnncli.recipe.load import LoadedRecipe
from cnncli.recipe.named_inputs import inputs_of, shapes_of
from cnncli.recipe.outputs import Output
from cnncli.recipe.schema import LARGEST_SEED, Recipe
from cnncli.recipe.schema_trackers import Tracker
from cnncli.runs.learned_file import read_learned
from cnncli.trackers.registry import settled
from cnncli.training import devices, features, precision, xla
from cnncli.training.steps import known_multiply_adds
from cnncli.workflow.downloads import check_downloads
from cnncli.workflow.figure_checks import check_classes
from cnncli.workflow.first_input import check_first_input
from cnncli.workflow.lead_workers import agree_on_devices, lost_worker
from cnncli.workflow.plan import Options, Plan
from cnncli.workflow.preflight import check_feasible, check_without_data
from cnncli.workflow.problem_places import placed_in
from cnncli.workflow.progress_listener import ProgressListener, timed
from cnncli.workflow.replica_checks import check_replicas, check_split_sizes, usable_devices
from cnncli.workflow.schedule_checks import epochs_without_learning
from cnncli.workflow.shared_data import SharedData, read_data
from cnncli.workflow.target_range import check_range
from cnncli.workflow.tracking import wanted_trackers
from cnncli.workflow.training_memory import available_memory
from cnncli.workflow.warnings import remarks

_COMMITS = 3  # on disk at the same time: the last two, and the one that is written
_BYTES = 4  # float32
_PICTURES_AND_REPORT = 20_000_000  # bytes


def make_plan(
    loaded: LoadedRecipe, options: Options, listener: ProgressListener, shared: SharedData | None = None
) -> Plan:
    """Read the data and check everything that can be checked before training; nothing is written.

    What the recipe alone tells is checked before the data is read, which may take minutes.

    Args:
        shared: the data that another training in this process has read; None: it is read.

    Raises:
        CnncliError: with the place in the recipe, where it has one.
    """
    now = time.monotonic()
    seconds: dict[str, float] = {"import": now - (options.started or now)}
    trackers = [] if options.again else wanted_trackers(loaded, options.track)
    environment = runs.environment()
    cpu = environment["cpu"]
    device = _device(loaded, options, cpu.get("model") or "CPU")
    xla.setting()  # a mistake in it is reported before anything is read
    threads = devices.use_threads(_recorded_threads(options.earlier) or options.threads)
    replicas = _replicas(device, options)
    parts = replicas.count * options.planned_workers  # of a batch
    memory = available_memory(device, environment, replicas=replicas.count, machines=_machines(options.meeting))
    with placed_in(loaded):
        check_replicas(loaded.recipe, parts)
    with timed(seconds, "build", listener):
        checked = check_without_data(loaded, memory)
    with placed_in(loaded), timed(seconds, "data", listener):
        wanted = (
            as_used(loaded.recipe.data, runs.read_record(options.earlier)) if options.earlier else loaded.recipe.data
        )
        read = shared.read if shared else read_data
        splits, found = read(wanted, shapes_of(loaded.recipe.model), listener.loading)
    batch_size = loaded.recipe.train.batch_size
    with placed_in(loaded):
        if parts > 1:
            check_split_sizes(splits, parts)
        drawn = examples_per_epoch(wanted, splits.targets, in_windows(splits.train, splits.windows), batch_size)
    steps_per_epoch = len(Parts(parts, are_equal=True).sizes(drawn, batch_size))
    warnings = loaded.warnings
    class_count = splits.targets.class_count
    loaded = symbolic_shapes.resolve(loaded, splits.input_shape, classes=class_count, steps_per_epoch=steps_per_epoch)
    warnings += tuple(warning for warning in loaded.warnings if warning not in warnings)
    learned = Learned()
    if learning_steps(loaded.recipe):
        with placed_in(loaded), timed(seconds, "data", listener):
            learned = _learned(loaded, splits, options, listener, shared)
    with timed(seconds, "build", listener):
        if (
            not checked
            or learned.layers
            or (checked.input_shape, checked.class_count) != (splits.input_shape, class_count)
        ):
            filled = replace(loaded, recipe=with_learned(loaded.recipe, learned))
            checked = check_network(filled, input_shape=splits.input_shape, class_count=class_count)
            memory.check(checked)
        with placed_in(loaded):
            splits = _with_prepared_targets(loaded.recipe, checked.network, splits)
        targets = splits.targets.in_windows(splits.windows.size) if splits.windows else splits.targets
        feasible = check_feasible(replace(checked, loaded=loaded), targets)
    with placed_in(loaded):
        check_classes(loaded.recipe, splits.targets.class_names)
        check_range(loaded.recipe, feasible.outputs, splits)
        entering = check_first_input(loaded.recipe, checked.network, splits)
        downloads = check_downloads(checked.network.imagenet)
    chosen = _precision_of(options.earlier) or precision.choose(
        loaded.recipe.train.precision,
        device,
        cpu_flags=cpu.get("flags") or (),
        multiply_adds=known_multiply_adds(checked.network),
    )
    numbers = _numbers_on_disk(checked.budget, keeps_state=loaded.recipe.train.checkpoint.keep)
    runs.refuse_full_disk(options.outputs, _BYTES * numbers + _PICTURES_AND_REPORT)
    planned_features = features.plan_all(checked.network, loaded.recipe)
    idle = epochs_without_learning(loaded.recipe, steps_per_epoch, is_resumed=options.resume is not None)
    notes = [
        *warnings,
        *checked.notes,
        *splits.notes,
        *found,
        *remarks(loaded.recipe, splits),
        *entering,
        *idle,
        *downloads,
    ]
    if loaded.recipe.data.augment_copies and not any(each.cut for each in planned_features):
        message = "`augment_copies` does nothing: there is no frozen part that is computed once"
        notes.append(Problem(message, path=("data", "augment_copies")))
    if chosen.warning:
        notes.append(Problem(chosen.warning, chosen.hint, path=("train", "precision")))
    notes = loaded.locate(notes)
    for note in notes:
        listener.note(note)
    return Plan(
        _filled_in(loaded, splits, feasible.outputs, _settled(trackers, loaded.recipe.name, options), options.seed),
        splits,
        device,
        threads,
        chosen,
        checked.budget,
        checked.learning_params,
        planned_features,
        feasible.outputs,
        feasible.encodings,
        steps_per_epoch,
        loaded.recipe.train.batch_size,
        seconds,
        tuple(notes),
        bool(downloads),
        learned,
        replicas,
        options.planned_workers,
    )


def _learned(
    loaded: LoadedRecipe, splits: Splits, options: Options, listener: ProgressListener, shared: SharedData | None
) -> Learned:
    """What preprocessing learns from the training examples; of a run that is resumed, what it has learned."""
    if options.resume:
        return read_learned(options.resume, runs.read_record(options.resume), loaded.recipe)
    if shared:
        return shared.learned(loaded.recipe.data, lambda: learn(loaded.recipe, splits.train, listener.loading))
    return learn(loaded.recipe, splits.train, listener.loading)


def _with_prepared_targets(recipe: Recipe, network: Network, splits: Splits) -> Splits:
    """The splits with what preprocessing tells of their targets.

    Args:
        network: with what its preprocessing learned; may be symbolic.
    """
    first = inputs_of(recipe.data)[0]

    def prepare(inputs: NDArray[Any]) -> NDArray[Any]:
        tensor = network.tensors[first.name]
        return entering_values(network.model, [tensor], inputs)[0] if first.prepare else inputs

    return replace(splits, targets=splits.targets.prepared(recipe.data, splits.train, prepare))


def _recorded_threads(earlier: Path | None) -> devices.Threads | None:
    """The threads of an earlier run; None where there is none, or where its record does not say."""
    said = runs.read_record(earlier).get("threads") if earlier else None
    if not isinstance(said, Mapping):
        return None
    counts = [count for name in ("intra_op", "inter_op") if isinstance(count := said.get(name), int) and count > 0]
    return devices.Threads(*counts) if len(counts) == 2 else None


def _device(loaded: LoadedRecipe, options: Options, cpu_name: str) -> devices.Device:
    """The devices that the command line asks for, or else the recipe."""
    cluster = options.meeting.cluster if options.meeting else None
    share = cluster.gpu_share if cluster else (0, 1)
    recorded = recorded_devices(options.earlier, options.again)
    count = options.devices or recorded.count
    wanted = options.device or recorded.kind or loaded.recipe.train.device
    if count is None:
        found = devices.gpus_found(share) if wanted != "cpu" else 0
        count = usable_devices(loaded.recipe, found, cluster.size if cluster else 1)
    try:
        return devices.choose(wanted, cpu_name=cpu_name, count=count, share=share)
    except ResourceError as error:
        place = Place(f"--device {options.device}") if options.device else loaded.place(("train", "device"))
        place = Place(f"--devices {options.devices}") if (options.devices or 1) > 1 else place
        raise ResourceError(problem.at(place) for problem in error.problems) from error


def _replicas(device: devices.Device, options: Options) -> Replicas:
    """One replica of the network for each device of each process; made before TensorFlow computes anything."""
    if options.meeting is None:
        return on_devices(device.count, device.kind)
    with watching(options.meeting, lambda lost: lost_worker(lost, options)):
        agree_on_devices(options.meeting, f"{device.count} of kind {device.kind}")
        return across(options.meeting.cluster, device.kind)


def _machines(meeting: Meeting | None) -> int:
    """How many machines train together, where each has as many processes as this one."""
    return max(1, meeting.cluster.size // meeting.cluster.gpu_share[1]) if meeting else 1


@dataclass(frozen=True)
class RecordedDevices:
    """What an earlier run trained on.

    Attributes:
        count: of devices in each process; None where there is no such run, or its record does not say.
        kind: `cpu` or `gpu` where there were several, which `auto` does not find again; else None.
    """

    count: int | None = None
    kind: str | None = None


def recorded_devices(earlier: Path | None, again: Path | None = None) -> RecordedDevices:
    """The devices of an earlier run.

    Args:
        earlier: its folder.
        again: the same folder where one process does again what several processes did: it takes as many devices as all of them.
    """
    record = runs.read_record(earlier) if earlier else {}
    said, device = record.get("replicas"), record.get("device")
    count = said.get("count" if again else "devices") if isinstance(said, Mapping) else None
    if not isinstance(count, int) or count < 1:
        return RecordedDevices()
    kind = device.get("kind") if count > 1 and isinstance(device, Mapping) else None
    return RecordedDevices(count, kind if kind in ("cpu", "gpu") else None)


def _numbers_on_disk(counted: budget.Budget, *, keeps_state: bool) -> int:
    """Of the model, and of commits: weights, two numbers of the optimizer for each that learns, and the best weights twice."""
    commit = (3 * counted.params + 2 * counted.trainable_params) if keeps_state else 0
    return counted.params + _COMMITS * commit


def _settled(trackers: list[Tracker], recipe_name: str, options: Options) -> list[Tracker]:
    """The trackers with their places; a run that is resumed has them."""
    return trackers if options.resume else settled(trackers, recipe_name)


def _filled_in(
    loaded: LoadedRecipe, splits: Splits, outputs: Sequence[Output], trackers: list[Tracker], seed: int | None
) -> LoadedRecipe:
    """The recipe with what the data, chance and the environment decide: input shape, loss, seed, places of trackers."""
    recipe = loaded.recipe
    losses = {output.name: output.loss for output in outputs}
    train: dict[str, Any] = {"loss": losses if recipe.model.outputs else next(iter(losses.values()))}
    seed = recipe.train.seed if recipe.train.seed is not None else seed
    train["seed"] = secrets.randbelow(LARGEST_SEED) if seed is None else seed
    data = recipe.data
    settled = dict(splits.settings)
    if form := splits.form:
        settled |= {"background": list(form.background), "depth": form.depth}
    if settled:
        data = data.model_copy(update={"source": data.source.settled(settled)})
    if splits.windows:
        data = data.model_copy(update={"windows": splits.windows})
    if data.inputs and splits.forms:
        forms = {
            name: {"background": list(form.background), "depth": form.depth} for name, form in splits.forms.items()
        }
        inputs = {name: own.model_copy(update=forms.get(name, {})) for name, own in data.inputs.items()}
        data = data.model_copy(update={"inputs": inputs})
    update = {
        "data": data,
        "train": recipe.train.model_copy(update=train),
        "track": trackers,
        "model": recipe.model.model_copy(update={"input": splits.as_json()["input_shape"]}),
    }
    return replace(loaded, recipe=recipe.model_copy(update=update))


def _precision_of(run: Path | None) -> precision.Precision | None:
    """The precision that an earlier run was trained in: `auto` could choose another one today."""
    recorded = runs.read_record(run).get("precision") if run else None
    policy = recorded.get("policy") if isinstance(recorded, Mapping) else None
    return precision.Precision(str(policy), "as in the earlier run") if policy else None
