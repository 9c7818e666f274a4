"""A run that fails on the way keeps what it has, says so, and goes on from there."""

import sys
from pathlib import Path

import pytest
from commands import draw_nothing

from cnncli.cli.live import ProgressListener
from cnncli.errors import DivergedError, OutputError, ResourceError
from cnncli.recipe.load import load_bytes
from cnncli.runs import checkpoints, read_record, storage
from cnncli.runs.record import read_history
from cnncli.workflow import Options, make_plan, run

pytestmark = pytest.mark.usefixtures("without_graphs")

RECIPE = b"""
name: failing
data: {source: mnist-sample, limit: 320, prepare: [Rescaling: {scale: $(1 / 255)}]}
model:
  layers: [Flatten, Dense: {units: $classes, activation: softmax}]
train: {seed: 1, epochs: 2, batch_size: 32, steps_per_execution: 1, checkpoint: {every_steps: 2}}
visualize: []
"""


@pytest.fixture(autouse=True)
def _draw_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    draw_nothing(monkeypatch)


class FailingAt(ProgressListener):
    """Raises an error after so many steps."""

    def __init__(self, step: int = 0, error: BaseException | None = None) -> None:
        super().__init__(quiet=True)
        self.step, self.error, self.steps = step, error, 0
        self.notes = []

    def note(self, problem):
        self.notes.append(problem)

    def step_done(self, epoch, step, logs):
        self.steps += 1
        if self.steps == self.step and self.error:
            raise self.error


def train(outputs: Path, listener: ProgressListener, resume: Path | None = None):
    options = Options(outputs, run_name=None if resume else "one", resume=resume)
    planned = make_plan(load_bytes(RECIPE, "r.yaml"), options, listener)
    return run(planned, options, listener)


def test_out_of_memory_names_a_batch_size_and_keeps_the_state(tmp_path):
    with pytest.raises(ResourceError) as caught:
        train(tmp_path, FailingAt(7, MemoryError()))

    [problem] = caught.value.problems
    folder = tmp_path / "failing/one"
    assert problem.message == "a batch of 32 did not fit into memory"
    assert "try 16: --set train.batch_size=16" in problem.hint
    assert f"continue with: cnncli train --resume {folder}" in problem.hint
    assert read_record(folder)["status"] == "failed"
    assert checkpoints.newest(folder / "checkpoints").commit.state["step"] == 6

    record = folder / "run.json"
    record.write_text(record.read_text().replace('"failed"', '"running"'))  # as a killed process leaves it
    again = FailingAt()
    finished = train(tmp_path, again, resume=folder)
    assert finished.summary["epochs"] == 2
    killed = "the previous process was killed; continuing with epoch 1, after step 6"
    assert [str(note) for note in again.notes] == [killed]
    assert read_record(folder)["resumes"][0]["notes"] == [killed]


def test_outputs_that_are_no_numbers_in_the_evaluation_are_a_diverged_run(tmp_path, monkeypatch):
    def refuse(*_, **__):
        raise DivergedError("the network's output is not a number for 1 of 80 examples, first 3")

    monkeypatch.setattr(sys.modules[run.__module__], "evaluate", refuse)
    with pytest.raises(DivergedError, match="not a number for 1 of 80 examples"):
        train(tmp_path, FailingAt())

    folder = tmp_path / "failing/one"
    assert read_record(folder)["status"] == "diverged"
    assert [row["epoch"] for row in read_history(folder)] == [1, 2]


def test_disk_without_room_for_a_commit_is_reported_before_it_is_written(tmp_path, monkeypatch):
    listener = FailingAt()
    usage = storage.shutil.disk_usage

    def full_after_some_steps(folder):
        return usage(folder)._replace(free=1000) if listener.steps > 4 else usage(folder)

    monkeypatch.setattr(storage.shutil, "disk_usage", full_after_some_steps)
    with pytest.raises(OutputError) as caught:
        train(tmp_path, listener)

    [problem] = caught.value.problems
    folder = tmp_path / "failing/one"
    assert "needs room for" in problem.message
    assert f"the training so far is saved; continue with: cnncli train --resume {folder}" in problem.hint
    found = checkpoints.newest(folder / "checkpoints")
    assert found.commit.state["step"] == 4
    assert not found.bad
