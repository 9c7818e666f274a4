"""Trackers that fail, hang or cannot be reached: bounded in time, and told in one line."""

import os
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from cnncli.recipe.schema_trackers import tracker
from cnncli.trackers import registry
from cnncli.trackers.push import push
from cnncli.trackers.sessions import open_session
from cnncli.trackers.tracked_run import read
from cnncli.trackers.tracker import TrackerRun

# A package `wandb` with nothing in it but what the tracker calls; a test lets one part of it fail or hang.
PACKAGE = """
import os, time

class Settings:
    model_fields = {}

class errors:
    class CommError(Exception): pass
    class UsageError(Exception): pass

class Image:
    def __init__(self, file): pass

class Artifact:
    def __init__(self, *a, **k): pass
    def add_file(self, *a, **k): pass

class Run:
    step, url, project = 0, "", "digits"
    summary = {}
    def log(self, row, step): part("log")
    def save(self, *a, **k): pass
    def log_artifact(self, artifact): pass
    def finish(self, exit_code):
        part("finish")
        open(os.environ["SEEN"], "w").write(str(exit_code))

def init(**settings):
    part("init")
    time.sleep(float(os.environ.get("SLOW", 0)))
    return Run()

def part(name):
    if name == os.environ.get("HANGING"):
        time.sleep(600)
    if name == os.environ.get("CRASHING"):
        os._exit(3)
    if name == os.environ.get("RAISING"):
        raise ValueError(f"no {name}\\ntoday")
"""

TRAINING = """
import sys, time
from pathlib import Path
from cnncli.recipe.schema_trackers import tracker
from cnncli.trackers.sessions import open_session

session = open_session(tracker("wandb"), Path(sys.argv[1]))
session.log_epochs([{"epoch": 1, "loss": 1.0}])
while not session._messages.empty():
    time.sleep(0.02)
time.sleep(0.2)
print("sent", flush=True)
time.sleep(600)
"""


@pytest.fixture
def seen(tmp_path, monkeypatch):
    """The package in the place of the real one; the file to which it writes how a run ended."""
    (tmp_path / "packages/wandb").mkdir(parents=True)
    (tmp_path / "packages/wandb/__init__.py").write_text(PACKAGE)
    path = [str(tmp_path / "packages"), *filter(None, [os.environ.get("PYTHONPATH")])]
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(path))
    monkeypatch.setenv("SEEN", str(tmp_path / "seen"))
    return tmp_path / "seen"


def children() -> set[str]:
    """The processes that this one has started and that still run."""
    found = set()
    for task in Path("/proc/self/task").glob("*/children"):
        found |= set(task.read_text().split())
    return found


def test_tracker_gets_everything_and_its_process_ends(make_run, seen):
    folder = make_run()

    session = push(folder, tracker("wandb"), patience=60)

    assert session.failure is None
    assert session.run == TrackerRun("digits", read(folder).id, is_new=True)
    assert seen.read_text() == "0"
    assert session._process.poll() == 0


@pytest.mark.parametrize("part", ["init", "log", "finish"])
def test_what_a_package_raises_is_the_reason_in_one_line(make_run, seen, monkeypatch, part):
    monkeypatch.setenv("RAISING", part)

    session = push(make_run(), tracker("wandb"), patience=60)

    assert session.failure.reason == f"ValueError: no {part} today"
    assert not session.failure.unreachable


@pytest.mark.parametrize("part", ["init", "finish"])
def test_package_that_hangs_is_ended_in_time(make_run, seen, monkeypatch, part):
    monkeypatch.setenv("HANGING", part)
    before, began = children(), time.monotonic()

    session = open_session(tracker("wandb"), make_run())
    session.log_epochs([{"epoch": number, "loss": 1.0, "note": "x" * 500} for number in range(1, 2000)])  # a full pipe
    passed = time.monotonic() - began
    session.finish()
    session.wait(time.monotonic() + 2.0)

    assert passed < 1.0
    assert time.monotonic() - began < 8.0
    assert session.failure.reason == "it did not answer in time"
    assert children() == before


def test_package_that_crashes_its_process_is_told(make_run, seen, monkeypatch):
    monkeypatch.setenv("CRASHING", "log")

    assert push(make_run(), tracker("wandb"), patience=60).failure.reason == "its process ended with exit code 3"


def test_server_that_never_answers_is_not_waited_for(make_run):
    pytest.importorskip("mlflow", reason="mlflow is not installed")
    with socket.create_server(("127.0.0.1", 0)) as silent:
        began = time.monotonic()

        session = push(make_run(), tracker("mlflow", uri=f"http://127.0.0.1:{silent.getsockname()[1]}"), patience=3.0)

    assert session.failure is not None
    assert time.monotonic() - began < 10.0


def test_killed_training_closes_the_run_of_the_tracker(make_run, seen, monkeypatch):
    monkeypatch.setenv("SLOW", "1.5")  # nobody is there any more when the tracker has started
    folder = make_run(status="running")
    with subprocess.Popen([sys.executable, "-c", TRAINING, str(folder)], stdout=subprocess.PIPE) as training:
        training.stdout.readline()
        training.kill()

    until = time.monotonic() + 30
    while not seen.exists() or not seen.read_text():
        assert time.monotonic() < until
        time.sleep(0.05)
    assert seen.read_text() == "1"


class Raising:
    """A tracker within this process that fails in one method."""

    def __init__(self, method):
        self.method = method

    def start(self, run):
        self._call("start")
        return TrackerRun("here", run.id, is_new=True)

    def log_epochs(self, rows):
        self._call("log_epochs")

    def finish(self, run):
        self._call("finish")

    def _call(self, method):
        assert self.method != "failed", "no method is called after a failure"
        if method == self.method:
            self.method = "failed"
            raise OSError(28, "No space left on device")


@pytest.mark.parametrize("method", ["start", "log_epochs", "finish"])
def test_tracker_of_this_process_that_fails_is_not_called_again(make_run, monkeypatch, method):
    raising = Raising(method)
    monkeypatch.setattr(registry, "make", lambda settings: raising)
    session = open_session(tracker("tensorboard"), make_run())
    for _ in range(2):
        session.log_epochs([{"epoch": 1, "loss": 1.0}])
    session.finish()
    session.wait(time.monotonic())

    assert session.failure.reason == "OSError: [Errno 28] No space left on device"
