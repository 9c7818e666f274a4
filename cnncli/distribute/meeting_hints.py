"""The words of errors of a meeting: what to do about a missing worker, which rank to check, why a connection failed."""

from __future__ import annotations

import os
import socket

from cnncli.distribute.cluster import Cluster
from cnncli.distribute.framing import BadMessage, Closed

REACH = "each machine must know the host name of each other one, and its port must be open"

# By what described the cluster.
_START = {
    "--hosts": "start the same command with its --rank, or raise --start-timeout",
    "--workers": "raise --start-timeout",
}
_RANKS = {"TF_CONFIG": "the index in TF_CONFIG", "SLURM": "SLURM_PROCID", "Kubernetes": "JOB_COMPLETION_INDEX"}


def start_worker(cluster: Cluster) -> str:
    """What to do about a worker that does not connect."""
    return _START.get(cluster.found_by, "start it, or raise --start-timeout")


def start_chief(cluster: Cluster) -> str:
    """What to do about a chief that cannot be reached."""
    start = "start it with --rank 0" if cluster.found_by == "--hosts" else "start it"
    return f"{start}, and open its port to this machine"


def ranks(cluster: Cluster) -> str:
    """Which ranks there are."""
    return f"the ranks are 0 to {cluster.size - 1}, one for each process"


def rank(cluster: Cluster) -> str:
    """What gives a process its rank."""
    return f"check {_RANKS.get(cluster.found_by, '--rank')}: it is the position of a process in the list of addresses"


def why(error: Exception) -> str:
    """The reason of a failed connection, in a few words."""
    if isinstance(error, Closed):
        return "the connection was closed"
    if isinstance(error, BadMessage):
        return "another program answers there"
    if isinstance(error, socket.gaierror):
        return "the host name cannot be resolved"
    if isinstance(error, TimeoutError):
        return "no answer"
    return (os.strerror(error.errno) if isinstance(error, OSError) and error.errno else str(error)).lower()
