"""`cnncli train --workers 2`: equal to one process; what happens when a process is killed, frozen or missing; what is refused."""

from __future__ import annotations

import os
import signal
import threading
import time
from dataclasses import dataclass
from pathlib import Path

import pytest
from commands import CommandLine

from benchmarks.replicated import differences
from benchmarks.worker_kills import RECIPE, equal, kill_and_resume, worker_of

RUN = Path("outputs") / "workers"
STATELESS = [
    word
    for change in ("model.layers.1=ReLU", "model.layers.3.Dropout.rate=0", "data.augment=[]")
    for word in ("--set", change)
]


@dataclass(frozen=True)
class Place:
    folder: Path

    @property
    def command(self):
        return CommandLine(self.folder)


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """A folder with the recipe, and a run of two workers that nobody stopped."""
    folder = tmp_path_factory.mktemp("workers")
    (folder / "recipe.yaml").write_text(RECIPE, encoding="utf-8")
    done = Place(folder).command.process("train", "recipe.yaml", "--workers", "2", "--run", "whole", "--quiet")
    assert done.exit_code == 0, done.stderr
    return Place(folder)


def test_two_workers_equal_one_process(place):
    arguments = ["train", "recipe.yaml", "--quiet", *STATELESS]
    for done in (
        place.command(*arguments, "--run", "one"),
        place.command.process(*arguments, "--run", "two", "--workers", "2"),
    ):
        assert done.exit_code == 0, done.stderr
    assert max(differences(place.folder / RUN / "one", place.folder / RUN / "two")) < 1e-5


def test_workers_write_logs_and_the_chief_alone_writes_the_run(place):
    run = place.folder / RUN / "whole"
    assert (run / "workers" / "worker-1.log").exists()
    assert [path.name for path in (place.folder / RUN).iterdir() if path.name == "whole"] == ["whole"]


@pytest.mark.usefixtures("frozen")  # the silence of its worker goes by meanwhile
def test_killed_and_resumed_is_as_never_killed(place):
    """SIGKILL of a worker: the chief says so and ends with exit 8. Of the chief: the worker ends too."""
    done = kill_and_resume(place.folder, "killed", [(1, 3), (0, 2)])
    assert not done.failures
    assert done.kills == 2
    assert equal(place.folder / RUN / "whole", place.folder / RUN / "killed")


@dataclass
class Frozen:
    """How a chief ended whose worker was stopped by SIGSTOP."""

    exit_code: int | None = None
    said: str = ""
    seconds: float = 0.0


@pytest.fixture(scope="module")
def frozen(place):
    """Freezes the worker of a run; a thread waits for the end of the chief, and is to be joined."""
    ended = Frozen()
    with place.command.start("train", "recipe.yaml", "--workers", "2", "--run", "frozen") as process:

        def wait():
            since = time.monotonic()
            _, ended.said = process.communicate()
            ended.exit_code, ended.seconds = process.returncode, time.monotonic() - since

        waiting = threading.Thread(target=wait, daemon=True)
        try:
            os.kill(worker_of(process.pid, place.folder / RUN / "frozen", 1), signal.SIGSTOP)
            waiting.start()
            yield ended, waiting
        finally:
            process.kill()
            if waiting.is_alive():
                waiting.join()


def test_a_frozen_worker_is_named_within_30_seconds(frozen):
    ended, waiting = frozen
    waiting.join(60)
    assert not waiting.is_alive()
    assert ended.exit_code == 8, ended.said
    assert ended.seconds < 30
    assert "lost worker 1 (127.0.0.1:" in ended.said
    assert "cnncli train --resume" in ended.said


def test_a_missing_worker_is_named(place):
    hosts = ["--hosts", "127.0.0.1:39181,127.0.0.1:39182", "--rank", "0", "--start-timeout", "3"]
    done = place.command("train", "recipe.yaml", *hosts)
    assert done.exit_code == 8
    assert "worker 1 (127.0.0.1:39182) did not connect within 3 s" in done.stderr
    assert not list((place.folder / RUN).glob("2*"))  # no folder of a run


def test_mistakes_are_refused_at_their_line_in_one_go(place):
    changes = ["--set", "train.batch_size=15", "--set", "train.steps_per_execution=2"]
    done = place.command("train", "recipe.yaml", "--workers", "2", "--dry-run", *changes)
    assert done.exit_code == 3
    assert "a batch of 15 examples cannot be divided into 2 equal parts" in done.stderr
    assert "write 14 or 16" in done.stderr
    assert "steps_per_execution does not go with 2 replicas" in done.stderr


def test_a_dry_run_shows_the_processes_that_it_does_not_start(place):
    done = place.command("train", "recipe.yaml", "--workers", "2", "--dry-run")
    assert done.exit_code == 0, done.stderr
    assert "2 (2 processes); each computes" in done.stdout + done.stderr
