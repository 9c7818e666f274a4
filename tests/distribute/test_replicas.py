"""Two replicas: on two devices of one process, and in two processes."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from distribute.two_replicas import OF_DEVICES, OF_WORKERS

from cnncli.distribute.local_workers import local_cluster

PROGRAM = Path(__file__).with_name("two_replicas.py")


def answers(*calls):
    """What the checks of processes that run at the same time said, by name, for each process."""
    processes = [
        subprocess.Popen([sys.executable, PROGRAM, *call], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        for call in calls
    ]
    try:
        return [dict(map(json.loads, process.communicate(timeout=200)[0].splitlines())) for process in processes]
    finally:
        for process in processes:
            process.kill()


@pytest.fixture(scope="module")
def on_devices():
    return answers(["devices"])


@pytest.fixture(scope="module")
def in_processes():
    addresses = ",".join(local_cluster(2).addresses)
    return answers(*(["workers", addresses, str(rank)] for rank in range(2)))


@pytest.mark.parametrize("check", [check.__name__ for check in OF_DEVICES])
def test_on_two_devices(on_devices, check):
    assert [found.get(check, "not reached") for found in on_devices] == [""]


@pytest.mark.parametrize("check", [check.__name__ for check in OF_WORKERS])
def test_in_two_processes(in_processes, check):
    assert [found.get(check, "not reached") for found in in_processes] == ["", ""]
