"""A training that is stopped anywhere and goes on ends bit for bit as one that was never stopped."""

import functools
import os
import signal

import keras
import pytest
import stand_ins

from cnncli.errors import ModelFileError, Stopped
from cnncli.network.build import build
from cnncli.recipe.load import load_bytes
from cnncli.runs import checkpoints as commits
from cnncli.training.checkpointing import Checkpoints
from cnncli.training.fit import fit
from cnncli.training.state import State

# Everything that has a state: Dropout, BatchNormalization, augmentation, a schedule, momentum, callbacks, phases.
RECIPE = """
data:
  source: {npz: {path: a.npz}}
  classes: 3
  augment: [RandomTranslation: {height_factor: 0.2, width_factor: 0.2}]
model:
  input: [6, 6, 1]
  layers:
    - Conv2D: {name: conv, filters: 4, kernel_size: 3, activation: relu}
    - BatchNormalization: {name: norm}
    - Flatten
    - Dropout: 0.3
    - Dense: {name: out, units: 3, activation: softmax}
train:
  seed: 1
  batch_size: 8
  steps_per_execution: KK
  phases:
    - name: head
      epochs: 3
      freeze: [conv, norm]
      optimizer: {SGD: {learning_rate: {CosineDecay: {initial_learning_rate: 0.1, decay_steps: 12}}, momentum: 0.9}}
    - name: all
      epochs: 6
      optimizer: {Adam: {learning_rate: 0.02}}
      callbacks:
        - ReduceLROnPlateau: {monitor: loss, patience: 1, min_delta: 0.2, factor: 0.5}
        - EarlyStopping: {monitor: val_loss, patience: 2, min_delta: 0.05, restore_best_weights: true}
"""
PLAIN = RECIPE
COPIES = RECIPE.replace("width_factor: 0.2}]", "width_factor: 0.2}]\n  augment_copies: 2")


class Stopping(stand_ins.Silent):
    """Sends a signal after so many steps."""

    def __init__(self, after=None, number=signal.SIGTERM):
        self.after, self.number, self.steps = after, number, 0
        self.told = []

    def stopping(self, number):
        self.told.append((number, self.steps))

    def step_done(self, epoch, step, logs):
        self.steps += 1
        if self.steps == self.after:
            os.kill(os.getpid(), self.number)


def batches(seed=None):
    return stand_ins.batches(stand_ins.three_classes(36, apart=0.3), seed)


def newest(folder):
    """The newest state and its number."""
    found = commits.newest(folder)
    assert not found.bad
    return State.load(found.commit.state, found.commit.arrays), found.number


def train(text, folder=None, *, resume=None, number=0, after=None, **more):
    recipe = load_bytes(text.encode(), "r.yaml").recipe
    keras.utils.set_random_seed(1)
    network = build(recipe, input_shape=(6, 6, 1))
    checkpoints = Checkpoints(folder, resume=resume, number=number, **more)
    fitted = fit(network, recipe, batches(3), batches(), observer=Stopping(after), checkpoints=checkpoints)
    return network, fitted


def result(network, fitted):
    rows = [{name: value for name, value in row.items() if name != "seconds"} for row in fitted.history]
    return rows, fitted.best_epoch, fitted.stopped, [weights.tobytes() for weights in network.full_model.get_weights()]


@functools.cache
def whole_of(text):
    """The result of a training that is not stopped."""
    return result(*train(text))


def through_stops(text, folder, every):
    """Stopped after every so many steps, and gone on each time."""
    resume, number, stops = None, 0, 0
    while True:
        try:
            return result(*train(text, folder, resume=resume, number=number, after=every)), stops
        except Stopped:
            stops += 1
        resume, number = newest(folder)


@pytest.mark.parametrize(
    ("text", "steps_per_execution", "every"),
    [(PLAIN, 1, 13), (PLAIN, 2, 6), (COPIES, 1, 12)],
    ids=["step by step", "two steps an execution", "on features of two copies"],
)
def test_stopped_and_gone_on_is_as_never_stopped(tmp_path, text, every, steps_per_execution):
    text = text.replace("KK", str(steps_per_execution))
    whole = whole_of(text)
    assert 3 < len(whole[0]) < 9, "the test wants EarlyStopping to end the second phase"

    found, stops = through_stops(text, tmp_path / "checkpoints", every)

    assert stops > 1
    assert found == whole


def test_who_watches_is_reported_of_the_signal_at_once(tmp_path):
    recipe = load_bytes(PLAIN.replace("KK", "1").encode(), "r.yaml").recipe
    observer = Stopping(after=3)
    with pytest.raises(Stopped):
        fit(build(recipe, input_shape=(6, 6, 1)), recipe, batches(3), batches(), observer=observer)
    assert observer.told == [(signal.SIGTERM, 3)]


def test_commits_are_made_by_steps_and_the_last_two_are_kept(tmp_path):
    text = PLAIN.replace("KK", "1")
    whole = whole_of(text)
    train(text, tmp_path, every_steps=1)
    assert len(list(tmp_path.glob("*.json"))) == len(list(tmp_path.glob("*.npz"))) == 2

    number = commits.newest(tmp_path).number
    (tmp_path / f"{number:010}.npz").write_bytes(b"torn")
    found = commits.newest(tmp_path)
    assert (found.commit.number, found.number, len(found.bad)) == (number - 1, number, 1)
    commits.remove_newer(tmp_path, found.commit.number)
    resume, _ = newest(tmp_path)
    assert result(*train(text, tmp_path, resume=resume, number=number)) == whole

    for path in tmp_path.glob("*.npz"):
        path.write_bytes(b"torn")
    found = commits.newest(tmp_path)
    assert found.commit is None
    assert len(found.bad) == 2


def test_state_of_another_network_is_refused(tmp_path):
    text = PLAIN.replace("KK", "1")
    train(text, tmp_path)
    with pytest.raises(ModelFileError, match="the kept state does not fit the network: its model are other ones"):
        train(text.replace("filters: 4", "filters: 5"), resume=newest(tmp_path)[0])


def test_second_signal_does_not_wait_for_the_step(tmp_path):
    class Twice(Stopping):
        def step_done(self, epoch, step, logs):
            os.kill(os.getpid(), signal.SIGINT)
            os.kill(os.getpid(), signal.SIGINT)
            raise AssertionError("the second signal ends it at once")

    recipe = load_bytes(PLAIN.replace("KK", "1").encode(), "r.yaml").recipe
    network = build(recipe, input_shape=(6, 6, 1))
    with pytest.raises(Stopped):
        fit(network, recipe, batches(3), batches(), observer=Twice(), checkpoints=Checkpoints(tmp_path))
    assert commits.newest(tmp_path).commit is None


def test_run_that_had_stopped_early_goes_on_to_its_end_and_no_further(tmp_path):
    text = PLAIN.replace("KK", "1")
    whole = result(*train(text, tmp_path))

    assert result(*train(text, tmp_path, resume=newest(tmp_path)[0])) == whole


def test_run_that_had_stopped_early_goes_on_when_it_is_extended(tmp_path):
    text = PLAIN.replace("KK", "1")
    _, whole = train(text, tmp_path)
    _, extended = train(text.replace("epochs: 6", "epochs: 9"), tmp_path, resume=newest(tmp_path)[0])

    assert len(extended.history) > len(whole.history)
    assert extended.history[: len(whole.history)] == whole.history


def test_phase_that_had_no_features_goes_on_without_them(tmp_path):
    text = COPIES.replace("KK", "1").replace("      epochs: 3\n", "      epochs: 1\n")
    text = text[: text.index("    - name: all")]
    _, first = train(text, tmp_path)
    assert first.phases[0].features_after == ""  # one epoch is not worth it
    longer = text.replace("      epochs: 1\n", "      epochs: 3\n")
    _, extended = train(longer, tmp_path, resume=newest(tmp_path)[0])

    assert [phase.features_after for phase in extended.phases] == [""]
    assert len(extended.history) == 3


def test_run_of_a_version_without_fused_operations_goes_on_without_it(tmp_path):
    text = PLAIN.replace("KK", "1")
    with pytest.raises(Stopped):
        train(text, tmp_path, after=17)
    state, number = newest(tmp_path)
    assert state.values["watcher"]["reports"][-1].pop("fused_operations")

    _, fitted = train(text, tmp_path, resume=state, number=number)

    assert fitted.phases[-1].fused_operations is False


def test_averaged_weights_that_are_swapped_in_at_the_end_of_epochs_survive(tmp_path):
    text = PLAIN.replace("KK", "1").replace("{learning_rate: 0.02}", "{learning_rate: 0.02, use_ema: true}")
    text = text.replace("      callbacks:\n", "      callbacks:\n        - SwapEMAWeights: {swap_on_epoch: true}\n")
    whole = whole_of(text)
    found, stops = through_stops(text, tmp_path / "checkpoints", 13)

    assert stops > 1
    assert found == whole


def test_extension_of_a_run_that_stopped_early_begins_with_its_patience_anew(tmp_path):
    text = PLAIN.replace("KK", "1").replace("min_delta: 0.05,", "min_delta: 9,")
    _, whole = train(text, tmp_path)
    assert "EarlyStopping: val_loss did not improve by 9 for 2 epochs (patience 2) after epoch 4" in whole.stopped
    assert len(whole.history) == 6

    _, extended = train(text.replace("epochs: 6", "epochs: 20"), tmp_path, resume=newest(tmp_path)[0])

    assert len(extended.history) == 9, "the first epoch is compared with nothing, and two more are no better"
    assert extended.stopped.endswith("after epoch 7")


def test_extension_of_a_run_that_reached_its_end_keeps_the_patience(tmp_path):
    text = PLAIN.replace("KK", "1").replace("min_delta: 0.05,", "min_delta: 9,")
    short = text.replace("epochs: 6", "epochs: 2")
    train(short, tmp_path)
    assert result(*train(text, tmp_path, resume=newest(tmp_path)[0])) == result(*train(text))
