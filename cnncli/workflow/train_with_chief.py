"""Train as a worker: in step with the chief, which alone writes the run's folder."""

from __future__ import annotations

from pathlib import Path

from cnncli.data.fingerprint import of_set
from cnncli.distribute.watching import watching
from cnncli.errors import DataError, Problem
from cnncli.training.augmentation import of_task
from cnncli.training.checkpointing import Checkpoints
from cnncli.training.fit import fit
from cnncli.training.out_of_memory import reraise_out_of_memory
from cnncli.training.state import state_of_chief
from cnncli.workflow.lead_workers import DATA, RUN, lost_worker
from cnncli.workflow.plan import Options, Plan
from cnncli.workflow.problem_places import placed_in
from cnncli.workflow.progress_listener import ProgressListener, timed
from cnncli.workflow.run import build_network

_SECONDS_TO_OPEN = 600.0  # the chief reads the data, makes the folder, and reads the state to resume from


def train_with_chief(planned: Plan, options: Options, listener: ProgressListener) -> None:
    """Train with the chief until it has ended the training. This process writes its log alone.

    Raises:
        DataError: the examples are not those of the chief.
        WorkerError: one of the processes was lost.
    """
    meeting = options.meeting
    assert meeting is not None
    listener.ready(planned)
    made: list[Path] = []
    with watching(meeting, lambda lost: lost_worker(lost, options, *made)), placed_in(planned.loaded):
        network = build_network(planned, listener)
        made.append(options.outputs / str(meeting.wait_for(RUN, _SECONDS_TO_OPEN)))
        listener.run_made(made[0])
        if meeting.wait_for(DATA, _SECONDS_TO_OPEN) != of_set(planned.splits.train):
            hint = "copy the data of the chief to this host, or use a folder that both can read"
            raise DataError(Problem("the training examples are not those of the chief", hint, path=("data",)))
        resume = state_of_chief(None, planned.replicas)
        with timed(planned.seconds, "fit", listener), reraise_out_of_memory(planned.batch_size):
            fit(
                network,
                planned.recipe,
                planned.training_batches(network),
                planned.validation_batches(network),
                observer=listener,
                checkpoints=Checkpoints(every_steps=planned.recipe.train.checkpoint.every_steps, resume=resume),
                augment=of_task(planned.splits.targets.task, network),
                replicas=planned.replicas,
            )
    meeting.finish_together()
