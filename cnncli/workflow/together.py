"""A training of several processes: what the chief and the other workers do beside training."""

from __future__ import annotations

import shlex
from pathlib import Path

from cnncli.distribute.control_channel import Lost
from cnncli.distribute.local_workers import log_of
from cnncli.errors import Problem, WorkerError
from cnncli.network.build import Network, build
from cnncli.training.augmentation import of_task
from cnncli.training.checkpointing import Checkpoints
from cnncli.training.fit import fit
from cnncli.training.state import State, state_of_chief
from cnncli.workflow.plan import Options, Plan
from cnncli.workflow.progress_listener import ProgressListener, timed

_RUN = "run"  # what the chief tells: the name of the run's folder below the folder of all runs
_SECONDS_TO_OPEN = 600.0  # the chief makes the folder, and reads the state to resume from


def lead_workers(planned: Plan, options: Options, folder: Path, resume: State | None) -> None:
    """As the chief, tell the other processes the run's folder and the state to begin from."""
    if options.meeting is None:
        return
    options.meeting.tell({_RUN: str(folder.relative_to(options.outputs)) if _is_below(folder, options) else folder.name})
    state_of_chief(resume, planned.replicas)


def _is_below(folder: Path, options: Options) -> bool:
    return folder.is_relative_to(options.outputs)


def train_with_chief(planned: Plan, network: Network, options: Options, listener: ProgressListener) -> None:
    """As a worker, train in step with the chief, which alone writes the run; only the log of this process is written."""
    meeting = options.meeting
    assert meeting is not None
    listener.run_made(options.outputs / str(meeting.wait_for(_RUN, _SECONDS_TO_OPEN)))
    with timed(planned.seconds, "fit", listener):
        fit(
            network,
            planned.recipe,
            planned.training_batches(network),
            planned.validation_batches(network),
            observer=listener,
            checkpoints=Checkpoints(
                every_steps=planned.recipe.train.checkpoint.every_steps, resume=state_of_chief(None, planned.replicas)
            ),
            augment=of_task(planned.splits.targets.task, network),
            replicas=planned.replicas,
        )
    meeting.finish()


def in_one_replica(planned: Plan, network: Network) -> Network:
    """The trained network as an ordinary one of this process, with the weights of the chief."""
    if planned.replicas.count == 1:
        return network
    single = build(
        planned.network_recipe,
        input_shape=planned.splits.input_shape,
        policy=planned.precision.policy,
        load_weights=False,
    )
    single.full_model.set_weights(network.full_model.get_weights())
    return single


def lost_worker(lost: Lost, options: Options, folder: Path | None = None) -> WorkerError:
    """The error of a training that lost one of its processes.

    Args:
        folder: of the run; None before there is one, and in workers.
    """
    ended = options.local_workers.how_it_ended(lost.rank) if options.local_workers else ""
    hint = f"its log: {log_of(folder, lost.rank)}" if folder and options.local_workers else ""
    return WorkerError(Problem(f"lost {lost}" + (f"; {ended}" if ended else ""), hint))


def resume_command(folder: Path, options: Options) -> str:
    """What continues a stopped run, with as many processes as it had."""
    command = f"cnncli train --resume {shlex.quote(str(folder))}"
    if options.meeting and not options.local_workers:
        return f"the same command on each host, with --resume {shlex.quote(str(folder))} for the recipe"
    return command
