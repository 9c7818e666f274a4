"""The cluster of an Indexed Job of Kubernetes, from the environment of its pods."""

from __future__ import annotations

import re
from collections.abc import Mapping

from cnncli.distribute.addresses import DEFAULT_PORT
from cnncli.distribute.cluster import Cluster
from cnncli.errors import Place, Problem, UsageError
from cnncli.messages import shortened

_INDEX, _WORKERS, _JOB, _SERVICE = "JOB_COMPLETION_INDEX", "CNNCLI_WORKERS", "CNNCLI_JOB", "CNNCLI_SERVICE"
_HINTS = {
    _INDEX: "Kubernetes sets it in each pod of a Job with `completionMode: Indexed`",
    _JOB: "set it to the name of the Job: its pods have the host names <job>-<index>",
    _SERVICE: "set it to the name of the headless Service, which is `subdomain` of the pods",
}
_NAME = re.compile(r"[a-z0-9]([-a-z0-9.]*[a-z0-9])?")


def from_kubernetes(environ: Mapping[str, str]) -> Cluster | None:
    """Read the cluster of an Indexed Job with a headless Service.

    Kubernetes itself sets `JOB_COMPLETION_INDEX`, the rank. The manifest sets `CNNCLI_WORKERS`, the number of pods that
    train together, `CNNCLI_JOB` and `CNNCLI_SERVICE`. The pods of a job without `CNNCLI_WORKERS` train each alone.

    Source: https://kubernetes.io/docs/tasks/job/job-with-pod-to-pod-communication/

    Raises:
        UsageError: a variable is missing or has no valid value.
    """
    if not environ.get(_WORKERS):
        return None
    problems = [
        Problem(f"{name} is not set, but {_WORKERS} is", hint, Place(name))
        for name, hint in _HINTS.items()
        if not environ.get(name)
    ]
    problems += [
        Problem(f"{name} must be a whole number, got '{shortened(environ[name])}'", place=Place(name))
        for name in (_WORKERS, _INDEX)
        if environ.get(name) and not re.fullmatch(r"[0-9]{1,6}", environ[name])
    ]
    problems += [
        Problem(f"{name} must be a name of Kubernetes, got '{shortened(environ[name])}'", place=Place(name))
        for name in (_JOB, _SERVICE)
        if environ.get(name) and not _NAME.fullmatch(environ[name])
    ]
    if problems:
        raise UsageError(problems)
    workers, rank = int(environ[_WORKERS]), int(environ[_INDEX])
    if rank >= workers:
        message = f"{_INDEX} is {rank}, but {_WORKERS} is {workers}"
        raise UsageError(Problem(message, f"set {_WORKERS} to the completions of the Job", Place(_WORKERS)))
    hosts = (f"{environ[_JOB]}-{index}.{environ[_SERVICE]}" for index in range(workers))
    return Cluster(tuple(f"{host}:{DEFAULT_PORT}" for host in hosts), rank, "Kubernetes")
