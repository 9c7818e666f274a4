"""Listens on the port of this process until all processes have met."""

from __future__ import annotations

import errno
import ipaddress
import os
import queue
import socket
import threading
from types import TracebackType
from typing import Any, Self

from cnncli.distribute.addresses import host_and_port
from cnncli.distribute.cluster import Cluster
from cnncli.distribute.control_channel import process_name
from cnncli.distribute.framing import BadMessage, Closed, receive, send
from cnncli.errors import Problem, WorkerError

PROTOCOL = 1  # of all messages before the training; the first message of a connection has it

_FIRST_MESSAGE_SECONDS = 10.0
_POLL_SECONDS = 0.1


class Listener:
    """Accepts connections in a thread: it answers those who look for this process, and queues the hellos to the chief.

    TensorFlow's server binds to the same port after `close`. Accepted connections may stay open: all sockets have
    `SO_REUSEADDR`.

    Attributes:
        hellos: pairs of a connection and the hello that was read from it; of the chief alone.

    Raises:
        WorkerError: the port cannot be used.
    """

    def __init__(self, cluster: Cluster) -> None:
        self.hellos: queue.SimpleQueue[tuple[socket.socket, dict[str, Any]]] = queue.SimpleQueue()
        self._cluster = cluster
        self._socket = _bound(cluster)
        self._socket.settimeout(_POLL_SECONDS)
        self._slots = threading.BoundedSemaphore(4 * cluster.size + 16)  # strangers cannot start threads without limit
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._accept, name="cnncli-listener", daemon=True)
        self._thread.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _at: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Free the port; connections that were queued and not taken are closed."""
        self._closing.set()
        self._thread.join()
        self._socket.close()
        while not self.hellos.empty():
            self.hellos.get()[0].close()

    def _accept(self) -> None:
        while not self._closing.is_set():
            try:
                connection, _ = self._socket.accept()
            except OSError:  # nobody came, or who came has gone
                continue
            if self._slots.acquire(blocking=False):
                threading.Thread(target=self._serve, args=(connection,), daemon=True).start()
            else:
                connection.close()

    def _serve(self, connection: socket.socket) -> None:
        try:
            message = receive(connection, _FIRST_MESSAGE_SECONDS)
            hello = message.get("hello")
            if message.get("protocol") == PROTOCOL and isinstance(hello, dict) and self._cluster.is_chief:
                self.hellos.put((connection, hello))
                return
            if "protocol" in message:
                send(connection, {"protocol": PROTOCOL, "rank": self._cluster.rank}, _FIRST_MESSAGE_SECONDS)
        except (OSError, Closed, BadMessage):  # a stranger, such as a port scanner
            pass
        finally:
            self._slots.release()
        connection.close()


def _bound(cluster: Cluster) -> socket.socket:
    """A listening socket on the port of this process.

    It is bound to the address of this process where that is an IP address of this machine, otherwise to all of them: a
    machine often has its own name in /etc/hosts with a loopback address.
    """
    host, port = host_and_port(cluster.address)
    try:
        try:
            version = ipaddress.ip_address(host).version
        except ValueError:
            return _on_all(port)
        try:
            return socket.create_server((host, port), family=socket.AF_INET6 if version == 6 else socket.AF_INET)
        except OSError as error:
            if error.errno != errno.EADDRNOTAVAIL:
                raise
            return _on_all(port)
    except OSError as error:
        reason = "another process uses it" if error.errno == errno.EADDRINUSE else os.strerror(error.errno or 0).lower()
        message = f"{process_name(cluster.rank, cluster.address)} cannot use port {port} on this machine: {reason}"
        raise WorkerError(Problem(message, "stop the other process, or give this one another port")) from error


def _on_all(port: int) -> socket.socket:
    if socket.has_dualstack_ipv6():
        return socket.create_server(("", port), family=socket.AF_INET6, dualstack_ipv6=True)
    return socket.create_server(("", port))
