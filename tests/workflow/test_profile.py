"""Where the time went, and whether the device waits for its examples."""

import numpy as np
import pytest

from cnncli.data.dataset import INPUT, Examples
from cnncli.data.pipeline import Batches
from cnncli.tasks.classification.targets import INTEGERS
from cnncli.training.fit import Fitted, PhaseReport
from cnncli.workflow.profile import TITLES, Profile, profile

TIMES = {"frozen_part": 0.0, "first_step": 1.0, "steps": 2.0, "validation": 0.5, "between": 0.25}
SECONDS = {"import": 4.0, "data": 1.0, "build": 0.5, "fit": 4.0, "evaluate": 1.0, "figures": 2.0, "total": 12.5}


def fitted(*, later_steps=100, features_after=""):
    phases = (PhaseReport("", features_after, 4),)
    return Fitted([], 1, "val_loss", "", 4.0, 100.0, phases, later_steps, TIMES)


def batches():
    data = Examples({INPUT: np.zeros((40, 2), np.float32)}, np.zeros(40, np.int32))
    return Batches(data, batch_size=4, encodings={"": INTEGERS}, seed=1)


def test_every_part_is_there_and_fit_is_the_sum_of_its_own():
    found = profile(SECONDS, fitted(), batches(), measure_input=False)

    assert list(found.seconds) == list(TITLES)
    assert sum(found.seconds[name] for name in (*TIMES, "saving")) == pytest.approx(found.seconds["fit"])
    assert found.step_ms == pytest.approx(20.0)
    assert found.input_ms is None


def test_input_is_measured_where_it_is_asked_for_and_read():
    assert profile(SECONDS, fitted(), batches(), measure_input=True).input_ms > 0
    assert profile(SECONDS, fitted(features_after="pool"), batches(), measure_input=True).input_ms is None


def test_run_of_first_steps_alone_has_no_step_time():
    assert profile(SECONDS, fitted(later_steps=0), batches(), measure_input=False).step_ms is None


@pytest.mark.parametrize(
    ("step_ms", "input_ms", "starves"), [(10.0, 9.0, True), (10.0, 2.0, False), (None, 9.0, False)]
)
def test_hint_where_the_device_waits(step_ms, input_ms, starves):
    found = Profile({}, step_ms, input_ms)

    assert found.is_starved is starves
    assert ("9.0 ms a step, of 10.0 ms" in found.hint) is starves
