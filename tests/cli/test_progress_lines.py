"""Progress in a pipe: a line for each epoch, and for a step where nothing was said for long."""

import pytest

from cnncli.cli import live


@pytest.fixture
def clock(monkeypatch):
    """Seconds that a test sets."""
    now = [0.0]
    monkeypatch.setattr(live.time, "monotonic", lambda: now[0])
    return now


def test_step_of_a_long_epoch_gets_a_line_after_half_a_minute(clock, capsys):
    lines = live.Lines()
    lines.epochs, lines.steps = 3, 900
    lines.epoch_begins(2)
    for clock[0] in (10.0, 29.0, 30.0, 31.0, 59.0, 60.0):
        lines.step_done(2, int(clock[0]), {"loss": 0.5})

    assert capsys.readouterr().err.splitlines() == [
        "epoch 2/3  step 30/900  loss 0.5000",
        "epoch 2/3  step 60/900  loss 0.5000",
    ]


def test_quiet_listener_says_nothing(clock, capsys):
    listener = live.make_listener(quiet=True, verbose=False)
    clock[0] = 100.0
    listener.step_done(1, 1, {"loss": 0.5})

    assert capsys.readouterr().err == ""
