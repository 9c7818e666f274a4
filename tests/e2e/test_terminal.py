"""What a run shows on a terminal: a real pseudo-terminal and a process of its own."""

import os
import pty
import re
import stat
import subprocess
import sys

import pytest

RECIPE = """\
name: small
data:
  source: mnist-sample
  limit: 1000
  prepare: [Rescaling: {scale: $(1 / 255)}]
model:
  layers:
    - Conv2D: {filters: 4, kernel_size: 5, strides: 2, activation: relu}
    - Flatten
    - Dense: {units: $classes, activation: softmax}
train:
  epochs: 6
  callbacks:
    - EarlyStopping: {monitor: val_accuracy, min_delta: 0.9, patience: 2}
"""


def on_terminal(folder, *arguments, columns=160, **environment):
    """Everything that a command writes to a terminal, with lines drawn over each other, without escape sequences."""
    ours, theirs = pty.openpty()
    known = {"HOME": str(folder), "TERM": "xterm", "COLUMNS": str(columns), "LINES": "40"}
    process = subprocess.Popen(
        [sys.executable, "-m", "cnncli", *arguments],
        cwd=folder,
        env={**os.environ, **known, **environment},
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
    )
    os.close(theirs)
    parts = []
    try:
        while part := os.read(ours, 65536):
            parts.append(part)
    except OSError:  # the other end is closed
        pass
    assert process.wait(timeout=60) == 0
    os.close(ours)
    text = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", b"".join(parts).decode())
    return text.replace("\r", "\n")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("terminal")
    (folder / "small.yaml").write_text(RECIPE, encoding="utf-8")
    browser = folder / "browser.sh"
    browser.write_text('#!/bin/sh\necho "$1" > opened.txt\n')
    browser.chmod(browser.stat().st_mode | stat.S_IXUSR)
    return folder


@pytest.fixture(scope="module")
def screen(folder):
    return on_terminal(folder, "train", "small.yaml", "--run", "seen", "--open", BROWSER=f"{folder / 'browser.sh'} %s")


@pytest.mark.parametrize(
    "text",
    [
        "starting TensorFlow …",
        r"preparing the first step, \d+ s",
        "EarlyStopping after 2 epochs without a better val_accuracy",
        "EarlyStopping: val_accuracy has not improved for 1 of 2 epochs",
        "checkpoint: epoch 1",
        "best so far: epoch 1, val_accuracy",
        r"Stopped +after epoch 3 of 6: EarlyStopping",
    ],
)
def test_terminal_shows_what_happens(screen, text):
    assert re.search(text, screen)


def test_open_shows_the_report_in_the_browser(screen, folder):
    assert (folder / "opened.txt").read_text().strip() == (folder / "outputs/small/seen/report.html").as_uri()


def test_a_run_that_continues_says_at_which_epoch(screen, folder):
    text = on_terminal(folder, "train", "--resume", "small/seen", "--epochs", "8", columns=40)

    assert "continuing at epoch 4 of 8" in text
    assert re.search(r"^epoch 4/8 ", text, re.MULTILINE)


def test_next_lines_are_commands_for_this_network(screen, folder):
    following = re.findall(r"cnncli (?:report|predict|evaluate).*", screen)

    assert following[-2:] == [
        "cnncli report outputs/small/seen --open",
        "cnncli predict outputs/small/seen YOUR.png",
    ]
