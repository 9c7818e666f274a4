"""The control channel: connections between chief and workers that tell within seconds which process was lost."""

from __future__ import annotations

import os
import select
import socket
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from types import TracebackType
from typing import Any, Self

from cnncli.distribute.cluster import Cluster
from cnncli.distribute.framing import BadMessage, Unpacker, packed
from cnncli.errors import CnncliError, Stopped, WorkerError
from cnncli.messages import shortened

_FINISHING_SECONDS = 60.0
_CLOSING_SECONDS = 2.0  # for the last messages of a process
_TELLING_SECONDS = 1.0  # for the news of a loss, before anything reacts to it
_REASON_LENGTH = 300


@dataclass(frozen=True)
class Lost:
    """A process that ended or fell silent before the training was over.

    Attributes:
        rank: of it; 0: the chief.
        address: `host:port` of it in the cluster.
        host: the name that its machine gives itself.
        reason: such as `connection closed` or `no sign of life for 20 s`, or the message of its error.
    """

    rank: int
    address: str
    host: str
    reason: str

    def __str__(self) -> str:
        machine = "" if self.address.startswith(f"{self.host}:") else f" on {self.host}"
        return f"{process_name(self.rank, self.address)}{machine}: {self.reason}"


def process_name(rank: int, address: str) -> str:
    """How messages name a process: `worker 1 (b:2222)`."""
    return f"worker {rank} ({address})" if rank else f"the chief ({address})"


@dataclass
class Peer:
    """The other end of a connection. Once a `Meeting` has it, only its thread reads and writes here."""

    rank: int
    host: str
    connection: socket.socket
    heard: float = 0.0
    has_left: bool = False  # it said that it leaves: its end is no loss
    is_done: bool = False  # it has nothing more to exchange
    is_open: bool = True
    received: Unpacker = field(default_factory=Unpacker)
    outgoing: bytearray = field(default_factory=bytearray)

    def close(self) -> None:
        if self.is_open:
            self.is_open = False
            self.connection.close()


class Meeting:
    """The connections of this process while the network trains: of the chief to all workers, of a worker to the chief.

    Both ends send a heartbeat ten times in `lost_after` seconds, from a thread. The chief tells all others which process
    was lost, so that each names the same one. As a context manager it ends with `finish`, and after an exception it tells
    the others the reason.

    Args:
        cluster: of this process.
        peers: the connected processes.
        lost_after: seconds of silence after which a process counts as lost.
    """

    def __init__(self, cluster: Cluster, peers: list[Peer], lost_after: float) -> None:
        self.cluster, self._peers, self._lost_after = cluster, peers, lost_after
        self._changed = threading.Condition()
        self._lost: Lost | None = None
        self._callback: Callable[[Lost], None] | None = None
        self._told: dict[str, Any] = {}
        self._finished = False  # the chief said that the training is over
        self._close_at: float | None = None
        self._waking, self._woken = socket.socketpair()
        self._waking.setblocking(False)
        self._woken.setblocking(False)
        for peer in peers:
            peer.connection.setblocking(False)
            peer.heard = time.monotonic()
        self._thread = threading.Thread(target=self._watch, name="cnncli-control-channel", daemon=True)
        self._thread.start()

    def lost(self) -> Lost | None:
        """The process that was lost first; None while all are there."""
        with self._changed:
            return self._lost

    def wait_lost(self, seconds: float) -> Lost | None:
        """Wait until a process is lost.

        An error of a collective operation often comes before the news which process caused it.
        """
        with self._changed:
            self._changed.wait_for(lambda: self._lost is not None, seconds)
            return self._lost

    def on_lost(self, callback: Callable[[Lost], None]) -> None:
        """Call a function once, in a thread of its own, when a process is lost; at once where one is already."""
        with self._changed:
            self._callback = callback
            lost = self._lost
        if lost is not None:
            self._call_back(lost)

    def tell(self, message: Mapping[str, Any]) -> None:
        """Give values to all workers, which `wait_for` them there.

        Args:
            message: names and JSON values.

        Raises:
            ValueError: it is too long.
        """
        with self._changed:
            self._told.update(message)
        self._send({"told": dict(message)})

    def wait_for(self, key: str, timeout: float) -> Any:
        """Wait for a value that the chief tells.

        Args:
            key: its name.
            timeout: seconds.

        Raises:
            WorkerError: a process was lost meanwhile, the training is over, or the time is.
        """
        with self._changed:
            self._changed.wait_for(lambda: key in self._told or self._lost or self._finished, timeout)
            if key in self._told:
                return self._told[key]
            chief = process_name(0, self.cluster.addresses[0])
            if self._lost:
                raise WorkerError(f"lost {self._lost}")
            if self._finished:
                raise WorkerError(f"{chief} ended the training without '{key}'")
        raise WorkerError(f"{chief} did not send '{key}' within {timeout:g} s")

    def finish(self) -> None:
        """End without being counted as lost; of the chief: the training is over and the workers may end too."""
        self._leave({"finished": True})

    def finish_together(self, seconds: float = _FINISHING_SECONDS) -> None:
        """Wait until all others have come as far, and end without being counted as lost.

        A process that ended earlier would take along what others still have to receive from it.

        Args:
            seconds: that this process waits for the others at most.
        """
        if self.cluster.is_chief:
            self._wait_until(lambda: all(peer.is_done or not peer.is_open for peer in self._peers), seconds)
        else:
            self._send({"done": True})
            self._wait_until(lambda: self._finished, seconds)
        self.finish()

    def _wait_until(self, condition: Callable[[], bool], seconds: float) -> None:
        with self._changed:
            self._changed.wait_for(lambda: condition() or self._lost is not None, seconds)

    def fail(self, reason: str) -> None:
        """End, and tell the others the reason."""
        self._leave({"failed": shortened(reason, _REASON_LENGTH)})

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, error: BaseException | None, _where: TracebackType | None
    ) -> None:
        if error is None:
            self.finish()
        else:
            self.fail(_reason(error))

    def _leave(self, last: dict[str, Any]) -> None:
        with self._changed:
            if self._close_at is not None:
                return
            self._close_at = time.monotonic() + _CLOSING_SECONDS
        self._send(last)
        self._thread.join(2 * _CLOSING_SECONDS)

    def _send(self, message: dict[str, Any]) -> None:
        """Queue a message for all peers; the thread sends it."""
        data = packed(message)
        with self._changed:
            for peer in self._peers:
                peer.outgoing += data
        self._wake()

    def _wake(self) -> None:
        with suppress(OSError):  # it is awake already, or has ended
            self._waking.send(b"!")

    # The thread.

    def _watch(self) -> None:
        interval = self._lost_after / 10
        next_beat = previous = time.monotonic()
        while self._goes_on():
            self._wait(interval)
            for peer in self._open():
                self._receive(peer)
            now = time.monotonic()
            if now - previous > self._lost_after / 2:  # this process itself stood still: it cannot judge the others
                for peer in self._open():
                    peer.heard = now
            previous = now
            if now >= next_beat:
                self._send_beats()
                next_beat = now + interval
            for peer in self._open():
                self._flush(peer)
                if now - peer.heard > self._lost_after:
                    self._count_as_lost(peer, f"no sign of life for {self._lost_after:g} s")
        for peer in self._peers:
            peer.close()
        self._waking.close()
        self._woken.close()

    def _open(self) -> list[Peer]:
        return [peer for peer in self._peers if peer.is_open]

    def _goes_on(self) -> bool:
        """Until this process has left and its last messages have arrived."""
        if self._close_at is None:
            return True
        return bool(self._open()) and time.monotonic() < self._close_at

    def _wait(self, seconds: float) -> None:
        """Until there is something to read or to send."""
        with self._changed:
            writing = [peer.connection for peer in self._open() if peer.outgoing]
        reading = [self._woken, *(peer.connection for peer in self._open())]
        poll = select.poll()
        for connection in reading:
            poll.register(connection, select.POLLIN | (select.POLLOUT if connection in writing else 0))
        poll.poll(seconds * 1000)
        with suppress(BlockingIOError):
            self._woken.recv(4096)

    def _send_beats(self) -> None:
        with self._changed:
            for peer in self._open():
                if not peer.outgoing:  # an end that does not read needs no second one
                    peer.outgoing += packed({})

    def _receive(self, peer: Peer) -> None:
        """Read everything that has arrived."""
        try:
            while data := peer.connection.recv(65536):
                peer.heard = time.monotonic()
                for message in peer.received.feed(data):
                    self._take(peer, message)
                if not peer.is_open:
                    return
        except BlockingIOError:
            return
        except BadMessage as error:
            self._count_as_lost(peer, f"sent {error}")
        except OSError as error:
            self._count_as_lost(peer, (os.strerror(error.errno) if error.errno else str(error)).lower())
        else:
            self._count_as_lost(peer, "connection closed")

    def _take(self, peer: Peer, message: dict[str, Any]) -> None:
        if message.get("finished"):
            peer.has_left = True
            if not peer.rank:
                with self._changed:
                    self._finished = True
                    self._changed.notify_all()
        elif message.get("done"):
            with self._changed:
                peer.is_done = True
                self._changed.notify_all()
        elif isinstance(reason := message.get("failed"), str):
            self._count_as_lost(peer, shortened(reason, _REASON_LENGTH))
        elif isinstance(values := message.get("told"), dict) and not peer.rank:
            with self._changed:
                self._told.update(values)
                self._changed.notify_all()
        elif isinstance(lost := message.get("lost"), dict) and not peer.rank:
            rank, texts = lost.get("rank"), [str(lost.get(key)) for key in ("address", "host", "reason")]
            if isinstance(rank, int):
                self._set_lost(Lost(rank, *(shortened(text, _REASON_LENGTH) for text in texts)))

    def _count_as_lost(self, peer: Peer, reason: str) -> None:
        """A connection is at its end."""
        if peer.has_left or self._close_at is not None:
            peer.close()
            return
        lost = Lost(peer.rank, self.cluster.addresses[peer.rank], peer.host, reason)
        if self.cluster.is_chief and self._lost is None:
            self._tell_lost(lost)
        peer.close()
        self._set_lost(lost)

    def _tell_lost(self, lost: Lost) -> None:
        """Tell all, also the lost one, which may only have stood still."""
        with self._changed:
            for peer in self._open():
                peer.outgoing += packed({"lost": asdict(lost)})
        until = time.monotonic() + _TELLING_SECONDS
        for peer in self._open():
            self._flush(peer)
            while peer.outgoing and peer.is_open and peer.rank != lost.rank and time.monotonic() < until:
                time.sleep(0.01)
                self._flush(peer)

    def _set_lost(self, lost: Lost) -> None:
        with self._changed:
            if self._lost is not None or self._close_at is not None:
                return
            self._lost = lost
            callback = self._callback
            self._changed.notify_all()
        if callback is not None:
            self._call_back(lost)

    def _call_back(self, lost: Lost) -> None:
        with self._changed:
            callback, self._callback = self._callback, None
        if callback is not None:
            threading.Thread(target=callback, args=(lost,), name="cnncli-lost", daemon=True).start()

    def _flush(self, peer: Peer) -> None:
        """Send what the connection takes; after the last message of this process say that nothing follows."""
        try:
            with self._changed:
                if peer.outgoing:
                    del peer.outgoing[: peer.connection.send(peer.outgoing)]
                if not peer.outgoing and self._close_at is not None:
                    peer.connection.shutdown(socket.SHUT_WR)
        except BlockingIOError:
            pass
        except OSError:  # `_receive` finds the reason
            peer.outgoing.clear()


def _reason(error: BaseException) -> str:
    """One line about the error that ended this process."""
    if isinstance(error, CnncliError) and error.problems:
        return error.problems[0].message
    if isinstance(error, (Stopped, KeyboardInterrupt)):
        return "stopped by a signal"
    return f"{type(error).__name__}: {str(error).strip().partition(chr(10))[0]}"
