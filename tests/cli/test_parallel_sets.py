"""Runs of a set that train at the same time."""

from __future__ import annotations

import queue
import subprocess
import sys
from pathlib import Path

import pytest

from cnncli.cli import parallel_sets
from cnncli.cli.set_member import Event, Member


def _member() -> Member:
    return Member(
        content="", file="", settings=[], is_written_out=False, outputs=Path(), run_name=None, resume=None, device=None,
        command_line=[], fold_set="", repeat=None, threads=1,
    )  # fmt: skip


def test_runs_that_train_at_the_same_time_have_different_gpus(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "0,1")
    given: dict[int, str] = {}
    of_running: list[str] = []

    def started(
        number: int, member: Member, environment: dict[str, str], events: queue.Queue[tuple[int, Event | None]]
    ) -> parallel_sets._Process:
        given[number] = environment["CUDA_VISIBLE_DEVICES"]
        assert given[number] not in of_running
        of_running.append(given[number])
        if number > 1:  # the second and those after it end first
            events.put((number, Event(kind="end", path=Path(str(number)))))
        if number == 4:
            events.put((1, Event(kind="end", path=Path("1"))))
        process = subprocess.Popen([sys.executable, "-c", ""], text=True)
        return parallel_sets._Process(number, process, open("/dev/null", "rb"), environment)

    monkeypatch.setattr(parallel_sets, "_started", started)
    members = {number: _member() for number in (1, 2, 3, 4)}
    for number, _, _ in parallel_sets.train_members(members, 2, word="fold", says=lambda _: None):
        of_running.remove(given[number])

    assert given == {1: "0", 2: "1", 3: "1", 4: "1"}
