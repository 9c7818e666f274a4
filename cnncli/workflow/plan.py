"""The plan of a run, and the options that the command line adds to a recipe."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from cnncli.data.balance import loss_weights, weigh_classes
from cnncli.data.batch_parts import Parts
from cnncli.data.dataset import Splits
from cnncli.data.encoding import Encoding
from cnncli.data.epoch_drawing import comparing_drawing, drawing_of
from cnncli.data.pipeline import Batches
from cnncli.data.windowed_examples import in_windows
from cnncli.distribute.control_channel import Meeting
from cnncli.distribute.local_workers import LocalWorkers
from cnncli.distribute.replicas import Replicas, alone
from cnncli.errors import Problem
from cnncli.network import budget
from cnncli.network.build import Network
from cnncli.recipe.learned import Learned, with_learned
from cnncli.recipe.load import LoadedRecipe
from cnncli.recipe.outputs import Output
from cnncli.recipe.phases import epochs_of
from cnncli.recipe.schema import Recipe
from cnncli.tasks.evaluation import evaluation_inputs
from cnncli.training import devices, features, precision


@dataclass(frozen=True)
class Options:
    """What the command line adds to a recipe.

    Attributes:
        outputs: the folder of all runs.
        run_name: of this run; None for a time and a random id.
        device: `auto`, `cpu` or `gpu`; None leaves it to the recipe.
        command_line: for the record.
        started: `time.monotonic()` when the command began; None: now.
        profile: look closer at where the time goes.
        resume: the folder of a run to go on with; its recipe is the one that is planned.
        again: the folder of a run to do again; its recipe is the one that is planned.
        fold_set: the name of the set of folds or repetitions that the run belongs to; None where it belongs to none.
        track: names of trackers, besides those of the recipe.
        repeat: the number of the repetition, and how many there are; None where the run is none.
        threads: how many TensorFlow computes with, where several processes share the cores; None leaves it to TensorFlow.
        devices: how many devices of this machine train; None: all GPUs, or the processor.
        meeting: the processes that train together; None: this one alone.
        local_workers: those of them that this process started.
        seed: of all these processes, where the recipe has none.
        planned_workers: processes that a dry run is a check for, and does not start.
    """

    outputs: Path
    run_name: str | None = None
    device: str | None = None
    command_line: tuple[str, ...] = ()
    started: float | None = None
    profile: bool = False
    resume: Path | None = None
    again: Path | None = None
    fold_set: str | None = None
    track: tuple[str, ...] = ()
    repeat: tuple[int, int] | None = None
    threads: devices.Threads | None = None
    devices: int | None = None
    meeting: Meeting | None = None
    local_workers: LocalWorkers | None = None
    seed: int | None = None
    planned_workers: int = 1

    @property
    def earlier(self) -> Path | None:
        """The run that this one is to be like, to the last bit."""
        return self.resume or self.again


@dataclass(frozen=True)
class Plan:
    """What will be trained, on what, and why so; everything is checked and nothing is written yet.

    Attributes:
        learning_params: for each phase, how many parameters learn in it.
        features: for each phase, whether it trains on what its frozen part gives, computed once.
        outputs: of the network; the first is the main one.
        encodings: of the targets, by output.
        seconds: what it took so far, by stage.
        notes: notes and warnings.
        downloads: whether weights have to be downloaded.
        learned: what the layers of `data.prepare` learned from the training examples.
        replicas: of the network, over all devices and processes.
        planned_workers: processes that a dry run is a check for, and does not start; `replicas` are those of one.
    """

    loaded: LoadedRecipe
    splits: Splits
    device: devices.Device
    threads: devices.Threads
    precision: precision.Precision
    budget: budget.Budget
    learning_params: tuple[int, ...]
    features: tuple[features.Plan, ...]
    outputs: tuple[Output, ...]
    encodings: dict[str, Encoding]
    steps_per_epoch: int
    batch_size: int
    seconds: dict[str, float]
    notes: tuple[Problem, ...]
    downloads: bool = False
    learned: Learned = field(default_factory=Learned)
    replicas: Replicas = field(default_factory=alone)
    planned_workers: int = 1

    @property
    def recipe(self) -> Recipe:
        return self.loaded.recipe

    @property
    def network_recipe(self) -> Recipe:
        """The recipe with what preprocessing learned, from which the network is built."""
        return with_learned(self.recipe, self.learned)

    @property
    def epochs(self) -> int:
        return epochs_of(self.recipe)

    def encodings_of(self, network: Network) -> dict[str, Encoding]:
        """The encodings for the network with its weights, by output."""
        return {name: encoding.of(network.model) for name, encoding in self.encodings.items()}

    def training_batches(self, network: Network) -> Batches:
        """The shuffled batches of the training split, with the weights of the examples, oversampled where the recipe says it."""
        data, targets = self.recipe.data, self.splits.targets
        examples = in_windows(self.splits.train, self.splits.windows)
        return Batches(
            examples,
            batch_size=self.batch_size,
            encodings=weigh_classes(data, targets, examples, self.encodings_of(network)),
            seed=self.recipe.train.seed,
            weights=loss_weights(data, targets, examples),
            drawing=drawing_of(data, targets, examples, self.batch_size),
            parts=Parts(self.replicas.count, are_equal=True),
        )

    def validation_batches(self, network: Network, *, in_order: bool = False) -> Batches:
        """The batches of the validation split, the same in every epoch, as an evaluation takes them.

        Args:
            in_order: False: as the loss compares examples, where it compares some with others.
        """
        examples, size = in_windows(self.splits.validation, self.splits.windows), self.batch_size
        drawing = None if in_order else comparing_drawing(self.recipe.data, examples, size)
        seed = None if drawing is None else 0
        batches = Batches(
            examples,
            batch_size=size,
            encodings=self.encodings_of(network),
            seed=seed,
            drawing=drawing,
            parts=Parts(1 if in_order else self.replicas.count),
        )
        inputs = evaluation_inputs(self.splits.targets, examples)
        return batches if inputs is None else batches.of(inputs)
