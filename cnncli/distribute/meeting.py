"""The processes of a cluster meet before TensorFlow starts: who is missing or does not fit is named at once."""

from __future__ import annotations

import os
import queue
import select
import socket
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from cnncli.distribute import meeting_hints as hints
from cnncli.distribute.addresses import host_and_port
from cnncli.distribute.cluster import Cluster
from cnncli.distribute.control_channel import Lost, Meeting, Peer, process_name
from cnncli.distribute.framing import BadMessage, Closed, receive, send
from cnncli.distribute.listener import PROTOCOL, Listener
from cnncli.errors import Problem, WorkerError
from cnncli.messages import shortened

__all__ = ["LOST_AFTER", "START_TIMEOUT", "Lost", "Meeting", "meet"]

START_TIMEOUT = 120.0
LOST_AFTER = 20.0

_TRY_SECONDS = 5.0  # for one attempt to connect, and for sending a message
_PAUSE_SECONDS = 0.2
_SILENT_SECONDS = 20.0  # after which the chief, which says every second who is missing, counts as lost
_REACH_SECONDS = 40.0  # names of new pods are known everywhere after 30 s: https://coredns.io/plugins/cache/
_CONNECTING_AT_ONCE = 16
_MOST_DIFFERENCES = 8  # between two processes that are named


def meet(
    cluster: Cluster,
    about: Mapping[str, str],
    start_timeout: float = START_TIMEOUT,
    progress: Callable[[Sequence[int]], None] = lambda missing: None,
    *,
    lost_after: float = LOST_AFTER,
    how_it_ended: Callable[[int], str] = lambda rank: "",
) -> Meeting:
    """Wait until all processes of the cluster are there, and connect each worker with the chief.

    Each process also connects once to each other one, as the all-reduce of TensorFlow will. The port of this process is
    free again when the function returns.

    Args:
        cluster: of this process.
        about: what must be the same in all processes: names for messages (`TensorFlow`, `recipe`) and their values.
        start_timeout: seconds that the chief waits for workers, and a worker for the chief.
        progress: is called with the ranks that are missing, each time that they change.
        lost_after: seconds of silence after which a process counts as lost.
        how_it_ended: says of a rank how its process ended; empty while it runs, or where nothing is known of it.

    Returns:
        The connections, which watch the other processes.

    Raises:
        WorkerError: a process is missing, cannot be reached by another, or differs from the chief. All processes that
            are connected raise it with the same message.
    """
    with Listener(cluster) as listener:
        if cluster.is_chief:
            peers = _as_chief(cluster, about, start_timeout, progress, listener, how_it_ended)
        else:
            peers = [_as_worker(cluster, about, start_timeout, progress, how_it_ended)]
    return Meeting(cluster, peers, lost_after)


def _name(cluster: Cluster, rank: int) -> str:
    return process_name(rank, cluster.addresses[rank])


# The chief.


def _as_chief(
    cluster: Cluster,
    about: Mapping[str, str],
    start_timeout: float,
    progress: Callable[[Sequence[int]], None],
    listener: Listener,
    how_it_ended: Callable[[int], str],
) -> list[Peer]:
    workers = _Workers(cluster, about, progress)
    try:
        workers.wait_for_all(listener, start_timeout, how_it_ended)
        workers.reach_each_other()
        workers.send_all({"start": True})
    except WorkerError as error:
        workers.refuse(error.problems)
        raise
    except BaseException:
        workers.refuse([Problem(f"{_name(cluster, 0)} was stopped before the training")])
        raise
    return workers.peers()


@dataclass(frozen=True)
class _ConnectedWorker:
    """A worker that is connected with the chief."""

    connection: socket.socket
    host: str
    pid: int


class _Workers:
    """The workers that have connected with the chief.

    Args:
        cluster, about, progress: as in `meet`.
    """

    def __init__(self, cluster: Cluster, about: Mapping[str, str], progress: Callable[[Sequence[int]], None]) -> None:
        self.cluster, self.about, self.progress = cluster, about, progress
        self.by_rank: dict[int, _ConnectedWorker] = {}

    @property
    def missing(self) -> list[int]:
        return [rank for rank in range(1, self.cluster.size) if rank not in self.by_rank]

    def peers(self) -> list[Peer]:
        return [Peer(rank, worker.host, worker.connection) for rank, worker in sorted(self.by_rank.items())]

    def wait_for_all(self, listener: Listener, start_timeout: float, how_it_ended: Callable[[int], str]) -> None:
        """Until each worker has connected; raises a `WorkerError` that names those who have not."""
        until = time.monotonic() + start_timeout
        shown: list[int] | None = None
        said = 0.0
        while missing := self.missing:
            now = time.monotonic()
            if missing != shown or now > said + 1:
                self.send_all({"missing": missing})
                said = now
            if missing != shown:
                self.progress(missing)
                shown = missing
            if now >= until:
                hint = hints.start_worker(self.cluster)
                raise WorkerError(
                    Problem(f"{_name(self.cluster, rank)} did not connect within {start_timeout:g} s", hint)
                    for rank in missing
                )
            if ended := [(rank, how) for rank in missing if (how := how_it_ended(rank))]:
                raise WorkerError(Problem(f"{_name(self.cluster, rank)} did not start: {how}") for rank, how in ended)
            with suppress(queue.Empty):
                self.add(*listener.hellos.get(timeout=min(_PAUSE_SECONDS, until - now)))
            self.forget_closed()
        self.progress([])

    def add(self, connection: socket.socket, hello: Mapping[str, Any]) -> None:
        """Add a worker; raises a `WorkerError` where it does not fit."""
        rank, host, pid = hello.get("rank"), hello.get("host"), hello.get("pid")
        about, addresses = hello.get("about"), hello.get("addresses")
        if not (isinstance(rank, int) and isinstance(host, str) and isinstance(pid, int)):
            connection.close()
            return
        if not (isinstance(about, dict) and isinstance(addresses, list)):
            connection.close()
            return
        worker = _ConnectedWorker(connection, shortened(host), pid)
        self.forget_closed()
        problems = self.misfits(rank, worker, about, addresses)
        if problems:
            _refuse([connection], problems)
            raise WorkerError(problems)
        self.by_rank[rank] = worker

    def misfits(
        self, rank: int, worker: _ConnectedWorker, about: Mapping[str, Any], addresses: list[Any]
    ) -> list[Problem]:
        """How a worker differs from what the chief expects."""
        mine = list(self.cluster.addresses)
        if addresses != mine:
            message = f"the worker on {worker.host} has the addresses {_listed(addresses)}, the chief {_listed(mine)}"
            return [Problem(message, "give all processes the same addresses in the same order")]
        if rank not in range(self.cluster.size):
            return [Problem(f"a worker on {worker.host} has rank {rank}", hints.ranks(self.cluster))]
        other = (
            self.by_rank.get(rank) if rank else _ConnectedWorker(worker.connection, socket.gethostname(), os.getpid())
        )
        if other:
            message = (
                f"two processes have rank {rank}: process {other.pid} on {other.host}, "
                f"process {worker.pid} on {worker.host}"
            )
            return [Problem(message, hints.ranks(self.cluster))]
        return [
            Problem(
                f"{name} is {_value(about, name)} on {_name(self.cluster, rank)} "
                f"and {_value(self.about, name)} on {_name(self.cluster, 0)}",
                f"{name} must be the same in all processes",
            )
            for name in dict.fromkeys((*self.about, *map(str, about)))
            if about.get(name) != self.about.get(name)
        ][:_MOST_DIFFERENCES]

    def forget_closed(self) -> None:
        """A worker that has ended counts as missing; it may be started again."""
        poll = select.poll()
        ranks = {worker.connection.fileno(): rank for rank, worker in self.by_rank.items()}
        for number in ranks:
            poll.register(number, select.POLLIN)
        for number, _ in poll.poll(0):  # a worker that waits sends nothing: this is the end of it
            self.by_rank.pop(ranks[number]).connection.close()

    def reach_each_other(self) -> None:
        """Let each process connect to each other one; raises a `WorkerError` that names those who cannot."""
        self.send_all({"reach": _REACH_SECONDS})
        problems = [Problem(*text) for text in _unreached(self.cluster, _REACH_SECONDS)]
        for rank, worker in sorted(self.by_rank.items()):
            try:
                reached = receive(worker.connection, _REACH_SECONDS + _TRY_SECONDS).get("unreached", [])
            except (OSError, Closed, BadMessage) as error:
                message = (
                    f"{_name(self.cluster, rank)} on {worker.host} was lost before the training: {hints.why(error)}"
                )
                problems.append(Problem(message))
            else:
                problems += [Problem(str(message), str(hint)) for message, hint in reached]
        if problems:
            raise WorkerError(problems)

    def send_all(self, message: dict[str, Any]) -> None:
        for worker in self.by_rank.values():
            with suppress(OSError):  # `forget_closed`, `receive` or the control channel finds out
                send(worker.connection, message, _TRY_SECONDS)

    def refuse(self, problems: Iterable[Problem]) -> None:
        """Tell all workers why the training does not start."""
        _refuse([worker.connection for worker in self.by_rank.values()], problems)


def _value(about: Mapping[str, Any], name: str) -> str:
    return shortened(str(about.get(name, "missing")))


def _listed(addresses: Iterable[Any]) -> str:
    return shortened(",".join(map(str, addresses)), 300)


def _refuse(connections: Iterable[socket.socket], problems: Iterable[Problem]) -> None:
    """Tell workers why the training does not start, and close their connections when they have read it."""
    texts = [{"message": each.message, "hint": each.hint} for each in problems]
    told = []
    for connection in connections:
        try:
            send(connection, {"refused": texts}, _TRY_SECONDS)
            connection.shutdown(socket.SHUT_WR)
        except OSError:
            connection.close()
        else:
            told.append(connection)
    for connection in told:
        with suppress(OSError):
            connection.settimeout(1)
            while connection.recv(65536):  # closing with unread bytes could discard what was sent
                pass
        connection.close()


# A worker.


def _as_worker(
    cluster: Cluster,
    about: Mapping[str, str],
    start_timeout: float,
    progress: Callable[[Sequence[int]], None],
    how_it_ended: Callable[[int], str],
) -> Peer:
    hello = {
        "rank": cluster.rank,
        "host": socket.gethostname(),
        "pid": os.getpid(),
        "about": dict(about),
        "addresses": list(cluster.addresses),
    }
    progress([0])
    connection, message = _connect_to_chief(cluster, hello, start_timeout, how_it_ended)
    try:
        while "start" not in message:
            if isinstance(missing := message.get("missing"), list):
                progress(missing)
            if isinstance(refused := message.get("refused"), list):
                raise WorkerError(Problem(str(each["message"]), str(each["hint"])) for each in refused)
            if isinstance(seconds := message.get("reach"), (int, float)):
                progress([])
                send(connection, {"unreached": list(_unreached(cluster, seconds))}, _TRY_SECONDS)
                message = receive(connection, seconds + 3 * _TRY_SECONDS)
                continue
            message = receive(connection, _SILENT_SECONDS)
    except (OSError, Closed, BadMessage) as error:
        connection.close()
        raise WorkerError(f"{_name(cluster, 0)} was lost before the training: {hints.why(error)}") from error
    except BaseException:
        connection.close()
        raise
    return Peer(0, host_and_port(cluster.addresses[0])[0], connection)


def _connect_to_chief(
    cluster: Cluster, hello: dict[str, Any], seconds: float, how_it_ended: Callable[[int], str]
) -> tuple[socket.socket, dict[str, Any]]:
    """Connect to the chief, again and again until it answers; gives the connection and the first answer."""
    until = time.monotonic() + seconds
    reason = ""
    while (left := until - time.monotonic()) > 0:
        try:
            connection = _connect(cluster.addresses[0], min(left, _TRY_SECONDS))
            try:
                send(connection, {"protocol": PROTOCOL, "hello": hello}, _TRY_SECONDS)
                answer = receive(connection, _TRY_SECONDS)
            except BaseException:
                connection.close()
                raise
        except (OSError, Closed, BadMessage) as error:
            if how := how_it_ended(0):
                raise WorkerError(f"{_name(cluster, 0)} was lost before the training: {how}") from error
            reason = hints.why(error)
            time.sleep(min(_PAUSE_SECONDS, left))
            continue
        if "protocol" not in answer:
            return connection, answer
        connection.close()
        raise WorkerError(_not_the_chief(cluster, answer))
    message = f"{_name(cluster, 0)} was not reachable within {seconds:g} s: {reason}"
    raise WorkerError(Problem(message, hints.start_chief(cluster)))


def _not_the_chief(cluster: Cluster, answer: Mapping[str, Any]) -> Problem:
    if answer.get("protocol") != PROTOCOL:
        return Problem(
            f"{_name(cluster, 0)} runs another version of cnncli", "install the same version on all machines"
        )
    message = f"worker {answer.get('rank')} answers at the address of {_name(cluster, 0)}"
    return Problem(message, hints.rank(cluster))


def _connect(address: str, seconds: float) -> socket.socket:
    connection = socket.create_connection(host_and_port(address), seconds)
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    if connection.getsockname() == connection.getpeername():  # the system chose the port that nobody listens on yet
        connection.close()
        raise ConnectionRefusedError("connection refused")
    return connection


# All of them.


def _unreached(cluster: Cluster, seconds: float) -> list[tuple[str, str]]:
    """Connect to each other process; gives message and hint for each that does not answer."""
    others = [rank for rank in range(cluster.size) if rank != cluster.rank]
    with ThreadPoolExecutor(min(len(others), _CONNECTING_AT_ONCE)) as pool:
        found = pool.map(lambda rank: _reach(cluster, rank, time.monotonic() + seconds), others)
        return [problem for problem in found if problem is not None]


def _reach(cluster: Cluster, rank: int, until: float) -> tuple[str, str] | None:
    me, other = _name(cluster, cluster.rank), _name(cluster, rank)
    while True:
        try:
            with _connect(cluster.addresses[rank], _TRY_SECONDS) as connection:
                send(connection, {"protocol": PROTOCOL}, _TRY_SECONDS)
                answer = receive(connection, _TRY_SECONDS).get("rank")
        except (OSError, Closed, BadMessage) as error:
            if time.monotonic() > until:
                return f"{me} cannot reach {other}: {hints.why(error)}", hints.REACH
            time.sleep(_PAUSE_SECONDS)
            continue
        if answer == rank:
            return None
        return f"{me} found worker {answer} at the address of {other}", hints.rank(cluster)
