"""Addresses of workers, `host:port`: read and checked."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Sequence
from dataclasses import dataclass

from cnncli.errors import Place, Problem
from cnncli.messages import shortened

DEFAULT_PORT = 2222

_HOST = re.compile(r"(?!-)[A-Za-z0-9_-]{1,63}(\.[A-Za-z0-9_-]{1,63})*\.?")
_FORM = "an address is host:port, such as gpu1:2222, 10.0.0.5:2222 or [fe80::1]:2222"


@dataclass(frozen=True)
class _Address:
    host: str  # an IPv6 address in brackets
    port: int

    def __str__(self) -> str:
        return f"{self.host}:{self.port}"


def host_and_port(address: str) -> tuple[str, int]:
    """Split an address that has been checked; the brackets of an IPv6 host are removed."""
    host, _, port = address.rpartition(":")
    return host.removeprefix("[").removesuffix("]"), int(port)


def read_addresses(texts: Sequence[str], place: Place) -> tuple[list[str], list[Problem]]:
    """Check the addresses of all workers.

    Args:
        texts: `host:port` or `host`, by rank; without a port it is `DEFAULT_PORT`.
        place: where they were written, for the problems.

    Returns:
        The addresses, each with its port, and what is wrong with them. Where a problem exists, the list is incomplete.
    """
    addresses: list[_Address] = []
    problems: list[Problem] = []
    for text in texts:
        read = _read(text.strip())
        if isinstance(read, _Address):
            addresses.append(read)
        else:
            problems.append(Problem(*read, place))
    problems += _together(addresses, place)
    return [str(address) for address in addresses], problems


def _read(text: str) -> _Address | tuple[str, str]:
    """An address, or the message and the hint of what is wrong with it."""
    quoted = f"'{shortened(text)}'"
    if not text:
        return "an address is empty", "remove the comma, or write the missing address"
    if "://" in text or "/" in text:
        return f"{quoted} is a URL, not an address", _FORM
    if "@" in text:
        return f"{quoted} names a user", "write the host alone: host:port"
    if re.search(r"\s", text):
        return f"{quoted} contains a space", "separate addresses with commas: a:2222,b:2222"
    if text.startswith("["):
        host, closed, port = text.partition("]")
        host, port = host[1:], port.removeprefix(":") if port.startswith(":") else f"?{port}" if port else ""
        if not closed or not _is_ip(host, 6):
            return f"{quoted} has no IPv6 address in its brackets", _FORM
        host = f"[{host}]"
    elif text.count(":") > 1:
        hint = f"write [{text}]:{DEFAULT_PORT}" if _is_ip(text, 6) else _FORM
        return f"{quoted} has more than one colon", hint
    else:
        host, colon, port = text.partition(":")
        if not _HOST.fullmatch(host):
            return f"{quoted} has no valid host name", _FORM
        if re.fullmatch(r"[\d.]+", host) and not _is_ip(host, 4):
            return f"{quoted} has no valid IPv4 address", _FORM
        if colon and not port:
            return f"{quoted} has no port after its colon", _FORM
    if host in ("0.0.0.0", "[::]"):
        return f"{quoted} stands for all addresses of a machine", "write the address by which the others reach it"
    if not port:
        return _Address(host, DEFAULT_PORT)
    if not re.fullmatch(r"[0-9]{1,5}", port) or not 1 <= int(port) <= 65535:
        return f"{quoted} has no valid port: it is a number from 1 to 65535", _FORM
    return _Address(host, int(port))


def _is_ip(text: str, version: int) -> bool:
    try:
        return ipaddress.ip_address(text).version == version
    except ValueError:
        return False


def _together(addresses: Sequence[_Address], place: Place) -> list[Problem]:
    """What is wrong with addresses that are right each for itself."""
    problems, seen = [], set[str]()
    for address in addresses:
        key = str(address).lower()
        if key in seen:
            problems.append(
                Problem(f"{address} is there twice", "each worker needs its own host or port: a:2222,a:2223", place)
            )
        seen.add(key)
    local = [address for address in addresses if _is_loopback(address.host)]
    if local and len(local) < len(addresses):
        message = f"{local[0].host} is another machine for each worker"
        problems.append(Problem(message, "write the address by which the other machines reach it", place))
    return problems


def _is_loopback(host: str) -> bool:
    if host.lower() in ("localhost", "localhost."):
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False
