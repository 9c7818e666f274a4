"""The cluster of a job step of SLURM, from the environment that `srun` gives to each task."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import product

from cnncli.distribute.cluster import Cluster
from cnncli.errors import Place, Problem, UsageError
from cnncli.messages import shortened

MOST_HOSTS = 65_536

# Ports below those that Linux gives to outgoing connections (32768). Each job has its own 16; after 750 jobs they repeat.
_FIRST_PORT, _PORTS_OF_A_JOB, _JOBS = 20_000, 16, 750

_NODES, _TASKS, _NTASKS = "SLURM_STEP_NODELIST", "SLURM_STEP_TASKS_PER_NODE", "SLURM_STEP_NUM_TASKS"
_RANGE = re.compile(r"([0-9]{1,18})(?:-([0-9]{1,18}))?")
_REPEATED = re.compile(r"([0-9]{1,6})(?:\(x([0-9]{1,6})\))?")


def from_slurm(environ: Mapping[str, str]) -> Cluster | None:
    """Read the cluster of the tasks of a job step.

    Only `srun` sets the variables of a step. A process that a batch script starts without `srun` trains alone.

    Source: https://slurm.schedmd.com/srun.html#SECTION_OUTPUT-ENVIRONMENT-VARIABLES

    Raises:
        UsageError: a variable is missing or has no valid value, or tasks are distributed in a way that is not supported.
    """
    if not all(environ.get(name) for name in (_NODES, _TASKS, _NTASKS)):
        return None
    tasks = _number(environ, _NTASKS)
    if tasks == 1:
        return None
    rank, job = _number(environ, "SLURM_PROCID"), _number(environ, "SLURM_JOB_ID")
    nodes, counts = expand_nodes(environ[_NODES]), expand_tasks(environ[_TASKS])
    if len(nodes) != len(counts) or sum(counts) != tasks:
        message = f"{sum(counts)} tasks on {len(counts)} nodes, but {_NODES} has {len(nodes)} and {_NTASKS} is {tasks}"
        raise UsageError(Problem(message, place=Place(_TASKS)))
    if rank >= tasks:
        raise UsageError(Problem(f"it is {rank}, but {_NTASKS} is {tasks}", place=Place("SLURM_PROCID")))
    spots = _spots(environ, counts)
    node, position = spots[rank]
    _check_node(environ, rank, node)
    step = int(environ["SLURM_STEP_ID"]) if environ.get("SLURM_STEP_ID", "").isdecimal() else 0
    first = _FIRST_PORT + (job + 389 * step) % _JOBS * _PORTS_OF_A_JOB
    addresses = tuple(f"{nodes[node]}:{first + position}" for node, position in spots)
    return Cluster(addresses, rank, "SLURM", (0, 1) if _binds_gpus(environ) else (position, counts[node]))


def _binds_gpus(environ: Mapping[str, str]) -> bool:
    """Whether SLURM shows each task its own GPUs alone; otherwise all tasks of a node see all of its GPUs."""
    bind = environ.get("SLURM_GPU_BIND", "none").lower()
    return not bind.startswith("none") or any(environ.get(f"SLURM_{name}_PER_TASK") for name in ("GPUS", "TRES"))


def _number(environ: Mapping[str, str], name: str) -> int:
    value = environ.get(name, "")
    if not re.fullmatch(r"[0-9]{1,12}", value):
        got = f"got '{shortened(value)}'" if value else "it is not set"
        raise UsageError(Problem(f"a whole number is needed, {got}", place=Place(name)))
    return int(value)


def _spots(environ: Mapping[str, str], counts: Sequence[int]) -> list[tuple[int, int]]:
    """For each rank its node and its position among the tasks of that node."""
    distribution = environ.get("SLURM_DISTRIBUTION", "").lower()
    by_node = [(node, position) for node, tasks in enumerate(counts) for position in range(tasks)]
    if distribution.startswith("cyclic"):
        return sorted(by_node, key=lambda spot: (spot[1], spot[0]))  # one task for each node in turn
    if distribution.startswith(("plane", "arbitrary")):
        message = f"tasks distributed as '{shortened(distribution)}' are not supported"
        raise UsageError(Problem(message, "use srun --distribution=block", Place("SLURM_DISTRIBUTION")))
    return by_node


def _check_node(environ: Mapping[str, str], rank: int, node: int) -> None:
    """The node of this task is the expected one, so that the others look for it in the right place."""
    said = environ.get("SLURM_NODEID", "")
    if said.isdecimal() and int(said) != node:
        message = f"task {rank} is on node {said}, expected on node {node}"
        raise UsageError(Problem(message, "use srun --distribution=block", Place("SLURM_NODEID")))


def expand_nodes(text: str) -> list[str]:
    """Expand a list of nodes: `gpu[01-02,07],login` is `gpu01`, `gpu02`, `gpu07`, `login`.

    The width of a range is that of its first number. With several brackets the last varies fastest.

    Source: https://slurm.schedmd.com/scontrol.html, `show hostnames`

    Raises:
        UsageError: the text has another form.
    """
    names: list[str] = []
    for part in _split(text):
        pieces = re.split(r"\[([^\[\]]*)\]", part)  # text, bracket, text, bracket, …, text
        choices = [list(_numbers(piece, text)) if at % 2 else [piece] for at, piece in enumerate(pieces)]
        if any(character in piece for piece in pieces[::2] for character in "[] \t,") or not part:
            raise _not_nodes(text)
        total = 1
        for choice in choices:
            total *= len(choice)
        if len(names) + total > MOST_HOSTS:
            raise UsageError(Problem(f"more than {MOST_HOSTS} nodes", place=Place(_NODES)))
        names += ["".join(combination) for combination in product(*choices)]
    return names


def _not_nodes(text: str) -> UsageError:
    hint = "a list of nodes looks like gpu[01-02,07],login"
    return UsageError(Problem(f"cannot read '{shortened(text)}'", hint, Place(_NODES)))


def _split(text: str) -> list[str]:
    """Split at commas outside of brackets."""
    return re.split(r",(?![^\[]*\])", text.strip())


def _numbers(text: str, whole: str) -> Iterator[str]:
    """The numbers of a bracket, `01-02,07`."""
    for part in text.split(","):
        match = _RANGE.fullmatch(part)
        first, last = (match[1], match[2] or match[1]) if match else ("1", "0")
        if int(last) < int(first):
            raise _not_nodes(whole)
        if int(last) - int(first) >= MOST_HOSTS:
            raise UsageError(Problem(f"more than {MOST_HOSTS} nodes", place=Place(_NODES)))
        for number in range(int(first), int(last) + 1):
            yield str(number).zfill(len(first))


def expand_tasks(text: str) -> list[int]:
    """Expand the number of tasks of each node: `2(x2),1` is 2, 2, 1.

    Raises:
        UsageError: the text has another form.
    """
    counts: list[int] = []
    for part in text.split(","):
        match = _REPEATED.fullmatch(part.strip())
        repeats = int(match[2] or 1) if match else 0
        if not match or len(counts) + repeats > MOST_HOSTS:
            hint = "tasks by node look like 2(x2),1"
            raise UsageError(Problem(f"cannot read '{shortened(text)}'", hint, Place(_TASKS)))
        counts += [int(match[1])] * repeats
    return counts
