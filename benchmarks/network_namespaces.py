"""Two hosts on one machine: network namespaces of Linux, each with its own address, and a cable that can be cut.

Source: https://man7.org/linux/man-pages/man8/ip-netns.8.html
"""

from __future__ import annotations

import shutil
import subprocess
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass


@dataclass(frozen=True)
class Host:
    """A network namespace with one address.

    Attributes:
        name: of the namespace.
        device: the end of the cable in it.
    """

    name: str
    device: str
    address: str

    def command(self, *arguments: str) -> list[str]:
        """The command that runs another one on this host."""
        return ["ip", "netns", "exec", self.name, *arguments]

    def cut(self) -> None:
        """Cut the link: packets are lost, and neither end gets an error."""
        _ip("-n", self.name, "link", "set", self.device, "down")

    def mend(self) -> None:
        """Put the cable back."""
        _ip("-n", self.name, "link", "set", self.device, "up")


def why_not() -> str | None:
    """Why this machine allows no network namespaces; None where it does."""
    if shutil.which("ip") is None:
        return "the program ip is missing (Debian: iproute2)"
    try:
        with two_hosts():
            return None
    except subprocess.CalledProcessError as error:
        return f"network namespaces need root: {error.stderr.strip()}"


@contextmanager
def two_hosts() -> Iterator[tuple[Host, Host]]:
    """Make two hosts with a cable between them; they are removed at the end.

    Raises:
        subprocess.CalledProcessError: it is not permitted.
    """
    tag = uuid.uuid4().hex[:8]
    first, second = (Host(f"cnncli-{tag}-{number}", f"c{tag}{number}", f"10.213.77.{number}") for number in (1, 2))
    try:
        for host in (first, second):
            _ip("netns", "add", host.name)
        ends = (first.device, "netns", first.name, "type", "veth", "peer", "name", second.device, "netns", second.name)
        _ip("link", "add", *ends)
        for host in (first, second):
            _ip("-n", host.name, "addr", "add", f"{host.address}/24", "dev", host.device)
            _ip("-n", host.name, "link", "set", "lo", "up")
            host.mend()
        yield first, second
    finally:
        for host in (first, second):
            subprocess.run(["ip", "netns", "del", host.name], capture_output=True)


def _ip(*arguments: str) -> None:
    subprocess.run(["ip", *arguments], check=True, capture_output=True, text=True)
