"""Live tracking: what trackers get, and that none of them can fail a run."""

import json
import time

import pytest

from cnncli import runs
from cnncli.cli.live import ProgressListener
from cnncli.errors import ResourceError, Stopped
from cnncli.recipe.load import load_bytes
from cnncli.recipe.schema_trackers import tracker
from cnncli.trackers import registry
from cnncli.trackers.tracker import TrackerRun
from cnncli.workflow.tracking import tracked, wanted_trackers

RECIPE = b"""data: {source: mnist-sample}
model: {layers: [Flatten, Dense: {units: 10, activation: softmax}]}
track:
  - tensorboard
  - mlflow: {uri: "http://localhost:5000"}
"""


class Listener(ProgressListener):
    def __init__(self):
        super().__init__(quiet=True)
        self.notes, self.stages = [], []

    def note(self, problem):
        self.notes.append(problem)

    def stage(self, name):
        self.stages.append(name)


class Seeing:
    """A tracker that keeps what it gets, and fails where it is asked to."""

    def __init__(self):
        self.rows, self.status, self.failing = [], None, ""

    def start(self, run):
        self._fail("start")
        return TrackerRun("here", run.id, is_new=True)

    def log_epochs(self, rows):
        self._fail("log_epochs")
        self.rows += rows

    def finish(self, run):
        self._fail("finish")
        self.status = run.status

    def _fail(self, method):
        if method == self.failing:
            raise RuntimeError("broken")


@pytest.fixture
def seeing(monkeypatch):
    made = Seeing()
    monkeypatch.setattr(registry, "make", lambda settings: made)
    return made


@pytest.fixture
def folder(tmp_path):
    with runs.create(
        tmp_path / "outputs", "small", run_name="first", files={"recipe.yaml": "", "resolved.yaml": ""}
    ) as run:
        yield run


def record_of(folder):
    return json.loads((folder.path / "run.json").read_text())


def test_tracker_gets_rows_of_earlier_processes_each_epoch_and_the_status(seeing, folder):
    listener = Listener()
    with tracked([tracker("tensorboard")], folder, [{"epoch": 1}], listener) as tracking:
        tracking.epoch_ended({"epoch": 2})
        folder.finish("completed")

    assert seeing.rows == [{"epoch": 1}, {"epoch": 2}]
    assert seeing.status == "completed"
    assert listener.stages == ["track"]
    [told] = record_of(folder)["trackers"]
    assert (told["tracker"], told["place"], told["error"]) == ("tensorboard", "here", None)


@pytest.mark.parametrize("method", ["start", "log_epochs", "finish"])
def test_tracker_that_fails_is_one_note_and_no_error(seeing, folder, method):
    seeing.failing, listener = method, Listener()
    with tracked([tracker("tensorboard")], folder, [], listener) as tracking:
        for number in (1, 2):
            tracking.epoch_ended({"epoch": number})
        folder.finish("completed")

    [note] = listener.notes
    assert note.message == "TensorBoard does not get all of this run: RuntimeError: broken"
    assert note.hint == f"send it later with: cnncli track {folder.path} --to tensorboard"
    assert record_of(folder)["notes"] == [str(note)]
    assert record_of(folder)["status"] == "completed"


def test_run_that_is_stopped_ends_with_its_own_error_and_status(seeing, folder):
    def train():
        with tracked([tracker("tensorboard")], folder, [], Listener()):
            folder.finish("interrupted")
            raise Stopped(15)

    with pytest.raises(Stopped):
        train()

    assert seeing.status == "interrupted"


def test_signal_while_waiting_skips_the_trackers_and_the_run_stays_completed(folder, monkeypatch):
    class Waiting:
        settings, run, failure = tracker("wandb"), None, None
        is_abandoned = False

        def log_epochs(self, rows): ...
        def finish(self): ...

        def wait(self, deadline):
            assert 55 < deadline - time.monotonic() <= 60
            raise Stopped(2)

        def abandon(self):
            self.is_abandoned = True

    session = Waiting()
    monkeypatch.setattr("cnncli.workflow.tracking.open_session", lambda *_: session)

    with tracked([tracker("wandb")], folder, [], Listener()):
        folder.finish("completed")

    assert session.is_abandoned
    assert record_of(folder)["status"] == "completed"


def test_without_trackers_nothing_is_said_and_nothing_recorded(folder):
    listener = Listener()
    with tracked([], folder, [], listener):
        folder.finish("completed")

    assert listener.stages == []
    assert "trackers" not in record_of(folder)


def test_trackers_of_the_command_line_join_those_of_the_recipe(monkeypatch):
    monkeypatch.setattr(registry, "missing_package", lambda settings: None)

    found = wanted_trackers(load_bytes(RECIPE, "r.yaml"), ["tensorboard"])

    assert [each.name for each in found] == ["tensorboard", "mlflow"]
    assert found[1].mlflow.uri == "http://localhost:5000"


def test_missing_packages_are_told_at_their_places(monkeypatch):
    monkeypatch.setattr(registry, "find_spec", lambda name: None)

    with pytest.raises(ResourceError) as caught:
        wanted_trackers(load_bytes(RECIPE, "r.yaml"), ["wandb"])

    assert [str(problem) for problem in caught.value.problems] == [
        'r.yaml:5:5: MLflow needs the package mlflow, which is not installed\n    pip install "cnncli[mlflow]"',
        '--track wandb: Weights & Biases needs the package wandb, which is not installed\n    pip install "cnncli[wandb]"',
    ]
