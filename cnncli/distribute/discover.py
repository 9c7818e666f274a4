"""The cluster that this process belongs to, from the command line or from the environment of a launcher."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from cnncli.distribute.addresses import host_and_port, read_addresses
from cnncli.distribute.cluster import Cluster
from cnncli.distribute.kubernetes import from_kubernetes
from cnncli.distribute.slurm import from_slurm
from cnncli.errors import Place, Problem, UsageError
from cnncli.messages import shortened

SWITCH = "CNNCLI_CLUSTER"  # `off`: the environment is not searched for a cluster
MPI = "MPI"

_MPI_SIZES = ("OMPI_COMM_WORLD_SIZE", "PMI_SIZE", "MV2_COMM_WORLD_SIZE")  # Open MPI; MPICH, Intel MPI; MVAPICH
_HOSTS, _RANK, _TF_CONFIG = Place("--hosts"), Place("--rank"), Place("TF_CONFIG")


def discover(environ: Mapping[str, str], hosts: str | None, rank: int | None) -> Cluster | None:
    """Find the cluster of this process.

    The command line comes first, then `TF_CONFIG`, SLURM and Kubernetes. The environment is ignored where it has
    `CNNCLI_CLUSTER=off`.

    Args:
        environ: the environment variables.
        hosts: the value of `--hosts`, `a:2222,b:2222`: all workers by rank.
        rank: the value of `--rank`: which of them this process is.

    Returns:
        The cluster, or None where this process trains alone.

    Raises:
        UsageError: with everything that is wrong in the description of the cluster.
    """
    if hosts is not None or rank is not None:
        found: Cluster | None = _from_options(hosts, rank)
    elif _switched_off(environ):
        return None
    else:
        found = _from_tf_config(environ)
    if found is not None:
        found = replace(found, gpu_share=_gpu_share(environ, found))
    else:
        found = from_slurm(environ) or from_kubernetes(environ)
    return None if found is None or found.size == 1 else found


def launcher_of(environ: Mapping[str, str]) -> tuple[str, int] | None:
    """What starts this command in several processes, and in how many; None: in one.

    The processes of MPI do not train together: they know no addresses.

    Raises:
        UsageError: as `discover`.
    """
    if cluster := discover(environ, None, None):
        return cluster.found_by, cluster.size
    sizes = [int(environ[name]) for name in _MPI_SIZES if environ.get(name, "").isdecimal()]
    return (MPI, max(sizes)) if max(sizes, default=1) > 1 and not _switched_off(environ) else None


def _switched_off(environ: Mapping[str, str]) -> bool:
    value = environ.get(SWITCH, "")
    if value not in ("", "off"):
        message = f"the only value is 'off', got '{shortened(value)}'"
        raise UsageError(Problem(message, "off: train in this process alone", Place(SWITCH)))
    return value == "off"


def _gpu_share(environ: Mapping[str, str], cluster: Cluster) -> tuple[int, int]:
    """Which part of the GPUs of its machine a process takes; who sets `CUDA_VISIBLE_DEVICES` has divided them."""
    hosts = [host_and_port(address)[0].lower() for address in cluster.addresses]
    own = hosts[cluster.rank]
    if "CUDA_VISIBLE_DEVICES" in environ:
        return 0, 1
    return Counter(hosts[: cluster.rank])[own], Counter(hosts)[own]


def _from_options(hosts: str | None, rank: int | None) -> Cluster:
    """`--hosts` and `--rank`."""
    if hosts is None:
        message = f"rank {rank} is given without --hosts"
        raise UsageError(Problem(message, "name all workers: --hosts a:2222,b:2222", _RANK))
    addresses, problems = read_addresses(hosts.split(","), _HOSTS)
    last = hosts.count(",")
    if rank is None:
        hint = f"the position of this machine in --hosts: --rank 0 to --rank {last}"
        problems.append(Problem("it is missing, but --hosts is given", hint, _RANK))
    elif not 0 <= rank <= last:
        problems.append(Problem(f"a number from 0 to {last} is needed, a position in --hosts; got {rank}", "", _RANK))
    if problems:
        raise UsageError(problems)
    return Cluster(tuple(addresses), rank or 0, "--hosts")


def _from_tf_config(environ: Mapping[str, str]) -> Cluster | None:
    """`TF_CONFIG`, which TensorFlow's launchers set.

    Source: https://www.tensorflow.org/guide/distributed_training#setting_up_tf_config_environment_variable
    """
    text = environ.get("TF_CONFIG", "").strip()
    if not text:
        return None
    try:
        value = json.loads(text)
    except (ValueError, RecursionError) as error:
        message = f"it is not valid JSON: {shortened(str(error))}"
        raise UsageError(Problem(message, _EXAMPLE, _TF_CONFIG)) from error
    if value == {}:
        return None
    return _TfConfig(value).cluster()


_EXAMPLE = 'such as {"cluster": {"worker": ["a:2222", "b:2222"]}, "task": {"type": "worker", "index": 0}}'


class _TfConfig:
    """The value of `TF_CONFIG`, and everything that is wrong with it.

    Args:
        value: the JSON, of any form.
    """

    def __init__(self, value: Any) -> None:
        self.problems: list[Problem] = []
        value = self.mapping(value, "it")
        self.jobs = self.mapping(value.get("cluster"), "'cluster'")
        self.task = self.mapping(value.get("task"), "'task'")

    def wrong(self, message: str, hint: str = _EXAMPLE) -> None:
        self.problems.append(Problem(message, hint, _TF_CONFIG))

    def mapping(self, value: Any, name: str) -> dict[str, Any]:
        if isinstance(value, dict):
            return value
        self.wrong(f"{name} is missing" if value is None else f"{name} must be an object")
        return {}

    def cluster(self) -> Cluster:
        """The cluster; raises a `UsageError` with all problems."""
        chief, workers = self.job("chief"), self.job("worker")
        if len(chief) > 1:
            self.wrong(f"'chief' has {len(chief)} addresses, a cluster has one chief", "")
        for name in sorted(self.jobs.keys() - {"chief", "worker"}):
            if self.jobs[name]:
                self.wrong(
                    f"tasks of type '{shortened(name)}' are not supported",
                    "workers train synchronously; use 'worker', and 'chief' for the first of them",
                )
        addresses, problems = read_addresses([*chief, *workers], _TF_CONFIG)
        self.problems += problems
        if not chief and not workers and not self.problems:
            self.wrong("'cluster' has no addresses of workers")
        rank = self.rank(chief, workers) if self.task and not self.problems else 0
        if self.problems:
            raise UsageError(self.problems)
        return Cluster(tuple(addresses), rank, "TF_CONFIG")

    def job(self, name: str) -> list[str]:
        """The addresses of a kind of task."""
        value = self.jobs.get(name, [])
        if isinstance(value, list) and all(isinstance(address, str) for address in value):
            return value
        self.wrong(f"'{name}' must be a list of addresses")
        return []

    def rank(self, chief: list[str], workers: list[str]) -> int:
        """The rank of this process: the chief comes first."""
        kind, index = self.task.get("type"), self.task.get("index")
        if isinstance(index, str) and index.isdecimal() and index.isascii():
            index = int(index)
        of_kind = chief if kind == "chief" else workers
        if kind not in ("chief", "worker"):
            got = "nothing" if kind is None else f"'{shortened(str(kind))}'"
            self.wrong(f"the type of the task must be 'worker' or 'chief', got {got}")
        elif not isinstance(index, int) or isinstance(index, bool):
            self.wrong("the task must have an 'index', a whole number from 0")
        elif not 0 <= index < len(of_kind):
            self.wrong(f"the task is '{kind}' {index}, but the cluster has {len(of_kind)} of them", "")
        else:
            return index + (len(chief) if kind == "worker" else 0)
        return 0
