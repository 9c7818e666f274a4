"""What the chief of several processes does beside training: it tells the others where to begin, and names who was lost."""

from __future__ import annotations

import shlex
from pathlib import Path

from cnncli.distribute.control_channel import Lost, Meeting
from cnncli.distribute.local_workers import log_of
from cnncli.errors import Problem, WorkerError
from cnncli.network.build import Network, build
from cnncli.training.state import State, state_of_chief
from cnncli.workflow.plan import Options, Plan

# What the chief tells.
RUN = "run"  # the name of the run's folder below the folder of all runs
DATA = "data"  # a fingerprint of the training examples
DEVICES = "devices"  # how many each process has

_SECONDS_TO_CHOOSE = 300.0  # the chief imports TensorFlow
_SECONDS_TO_END = 2.0  # a process that closed its connection is about to end


def agree_on_devices(meeting: Meeting, devices: str) -> None:
    """Compare the devices of this process with those of the chief.

    Args:
        devices: how many it has, and of which kind.

    Raises:
        WorkerError: they are other ones: each process must have as many replicas of the network as each other one.
    """
    if meeting.cluster.is_chief:
        meeting.tell({DEVICES: devices})
        return
    chiefs = meeting.wait_for(DEVICES, _SECONDS_TO_CHOOSE)
    if chiefs != devices:
        message = f"the devices here are {devices}, and those of the chief {chiefs}"
        raise WorkerError(Problem(message, "give --device and --devices on each host"))


def lead_workers(planned: Plan, options: Options, folder: Path, fingerprint: str, resume: State | None) -> None:
    """Tell the other processes the run's folder and the data, and the state to begin from.

    Args:
        fingerprint: of the training examples.
        resume: the state to go on from; None: training begins.
    """
    if options.meeting is None:
        return
    name = folder.relative_to(options.outputs) if folder.is_relative_to(options.outputs) else Path(folder.name)
    options.meeting.tell({RUN: str(name), DATA: fingerprint})
    state_of_chief(resume, planned.replicas)


def in_one_replica(planned: Plan, network: Network) -> Network:
    """The trained network as an ordinary one of this process, with the weights of its first replica."""
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
        folder: of the run; None before there is one.
    """
    ended = options.local_workers.how_it_ended(lost.rank, _SECONDS_TO_END) if options.local_workers else ""
    hint = ""
    if folder and options.local_workers:
        hint = f"its log: {log_of(folder, lost.rank)}"
    elif folder and options.meeting and not options.meeting.cluster.is_chief:
        hint = f"continue with: {resume_command(folder, options)}"
    return WorkerError(Problem(f"lost {lost}" + (f"; {ended}" if ended else ""), hint))


def resume_command(folder: Path, options: Options) -> str:
    """What continues a stopped run with the processes that it had."""
    run = shlex.quote(str(folder))
    if options.meeting and not options.local_workers:
        return f"the same command on each host, with --resume {run} instead of the recipe"
    return f"cnncli train --resume {run}"
