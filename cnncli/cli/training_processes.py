"""The processes that train one network together: found, started on this machine, or met on others."""

from __future__ import annotations

import hashlib
import math
import os
import secrets
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cnncli import __version__
from cnncli.cli import console
from cnncli.cli.live import ProgressListener, make_listener
from cnncli.cli.parallel_sets import threads_for
from cnncli.distribute.cluster import Cluster
from cnncli.distribute.discover import MPI, SWITCH, discover, launcher_of
from cnncli.distribute.local_workers import LocalWorkers, how_the_chief_ended, local_cluster, log_of
from cnncli.distribute.meeting import Meeting, meet
from cnncli.errors import Place, Problem, UsageError
from cnncli.messages import listed

if TYPE_CHECKING:
    from cnncli.recipe.load import LoadedRecipe

_MOST = 64  # processes or devices on one machine
_LONGEST_VALUE = 60  # characters of a value of the recipe that other processes show
_SEED = "seed"
_SECONDS_TO_TELL = 60.0


@dataclass(frozen=True)
class Processes:
    """The processes of a training.

    Attributes:
        meeting: None: this process trains alone.
        local_workers: those that this process started.
        seed: of all of them, where the recipe has none.
        threads: that each may compute with; None leaves it to TensorFlow.
    """

    meeting: Meeting | None = None
    local_workers: LocalWorkers | None = None
    seed: int | None = None
    threads: int | None = None

    @property
    def is_chief(self) -> bool:
        """Whether this process writes the run's folder."""
        return self.meeting is None or self.meeting.cluster.is_chief

    def listener(self, *, quiet: bool, verbose: bool) -> ProgressListener:
        """The view of this process: of the chief as of any training."""
        if self.meeting is None or self.is_chief:
            return make_listener(quiet=quiet, verbose=verbose)
        return _WorkerListener(self.meeting.cluster.rank)

    def as_options(self) -> dict[str, Any]:
        """The fields of `workflow.Options`."""
        from cnncli.training.devices import Threads

        threads = None if self.threads is None else Threads(self.threads, self.threads)
        return {
            "meeting": self.meeting,
            "local_workers": self.local_workers,
            "seed": self.seed,
            "threads": threads,
        }


def check_count(count: int, option: str) -> None:
    """Raise UsageError where there cannot be so many processes or devices."""
    if not 1 <= count <= _MOST:
        raise UsageError(Problem(f"expected 1 to {_MOST}, got {count}", place=Place(option)))


def check_start_timeout(seconds: float) -> None:
    """Raise UsageError where nobody can wait so long."""
    if not (seconds > 0 and math.isfinite(seconds)):
        raise UsageError(Problem(f"expected seconds > 0, got {seconds:g}", place=Place("--start-timeout")))


def find_cluster(workers: int | None, hosts: str | None, rank: int | None, option: str = "--workers") -> Cluster | None:
    """The cluster that the options or the environment describe; None: this process trains alone.

    Args:
        option: that says how many workers.

    Raises:
        UsageError: the description is wrong, or each of several processes would start workers.
    """
    if workers is not None and (hosts is not None or rank is not None):
        problem = Problem(
            "this option does not go with --hosts", "start one process for each address", Place("--workers")
        )
        raise UsageError(problem)
    if workers is not None:
        check_count(workers, option)
        if workers == 1:
            return None
        check_alone(option, f"start {workers} workers")
        return local_cluster(workers)
    return discover(os.environ, hosts, rank)


def check_alone(option: str, each_would: str = "train all runs") -> None:
    """Raise UsageError where a launcher starts several processes, each of which would do all of the work.

    Args:
        option: that one process alone may have.
        each_would: what each would do.
    """
    launcher = launcher_of(os.environ)
    if launcher is None:
        return
    name, size = launcher
    workers = "" if option == "--resume" else " and give it --workers"  # a run knows how many
    hint = f"start one process{workers}, or set {SWITCH}=off to ignore {name}"
    if option == "--workers" and name != MPI:
        hint = f"leave it out: the {size} processes train together; or set {SWITCH}=off to ignore {name}"
    raise UsageError(
        Problem(f"expected one process, and {name} describes {size}: each would {each_would}", hint, Place(option))
    )


@contextmanager
def joined(
    cluster: Cluster | None, loaded: LoadedRecipe, arguments: Sequence[str], start_timeout: float, *, quiet: bool
) -> Iterator[Processes]:
    """Meet the other processes of a cluster; those on this machine that this process has to start are started.

    Args:
        cluster: None: this process trains alone.
        loaded: the recipe, which must be the same in all processes.
        arguments: of the command that trains as this one does, for workers that are started here.
        start_timeout: seconds to wait for the others.

    Raises:
        WorkerError: a process is missing, or is not like this one.
    """
    if cluster is None:
        yield Processes()
        return
    about = {
        "cnncli": __version__,
        "TensorFlow": version("tensorflow"),
        "Keras": version("keras"),
        **_values(loaded),
    }

    def show_missing(missing: Sequence[int]) -> None:
        if missing and not quiet:
            names = listed([f"{rank} ({cluster.addresses[rank]})" for rank in missing])
            console.say(f"Waiting for {'worker' if len(missing) == 1 else 'workers'} {names}")

    with ExitStack() as stack:
        local, threads = None, None
        if cluster.found_by == "--workers":
            local = stack.enter_context(LocalWorkers(cluster, arguments))
        if all(address.startswith("127.0.0.1:") for address in cluster.addresses):
            threads = threads_for(cluster.size)
        if local:
            met = meet(cluster, about, start_timeout, how_it_ended=local.how_it_ended)
        else:
            met = meet(cluster, about, start_timeout, show_missing, how_it_ended=how_the_chief_ended)
        meeting = stack.enter_context(met)
        if cluster.is_chief:
            seed = secrets.randbelow(2**31)
            meeting.tell({_SEED: seed})
        else:
            seed = int(meeting.wait_for(_SEED, _SECONDS_TO_TELL))
            if not quiet:
                console.say(f"Worker {cluster.rank} (0 to {cluster.size - 1}); the chief is {cluster.addresses[0]}")
        yield Processes(meeting, local, seed, threads)


class _WorkerListener(ProgressListener):
    """Of a worker that is not the chief: it writes its log, and shows notes and errors alone."""

    def __init__(self, rank: int) -> None:
        super().__init__(quiet=True)
        self.rank = rank

    def run_made(self, path: Path) -> None:
        log = log_of(path, self.rank)
        log.parent.mkdir(parents=True, exist_ok=True)
        if self.log:
            self.log.move_to(log)


def _values(loaded: LoadedRecipe) -> dict[str, str]:
    """What must be the same in all processes of a recipe with every value written out: by key, long values as digests."""
    from cnncli.recipe.write import as_flow, as_written

    values: dict[str, Any] = {}
    for section, content in as_written(loaded.recipe).items():
        if isinstance(content, dict) and content:
            values |= {f"{section}.{key}": value for key, value in content.items()}
        else:
            values[section] = content
    texts = {key: as_flow(value) for key, value in values.items()}
    return {key: text if len(text) <= _LONGEST_VALUE else _digest(text) for key, text in texts.items()}


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogateescape")).hexdigest()[:16]
