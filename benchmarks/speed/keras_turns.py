"""Run a Keras script or `cnncli train`, and let each epoch wait for a line on stdin: `keras_turns.py SCRIPT|cnncli ARGUMENT…`.

The script stays as it is: a callback is added to its `fit`. After each epoch and its validation, a line on stdout says
`turn SECONDS STEPS`: the time of the training steps alone. The end of stdin ends the process.
"""

from __future__ import annotations

import os
import runpy
import sys
import time
from pathlib import Path
from typing import Any

CNNCLI = "cnncli"


def main() -> None:
    program, *arguments = sys.argv[1:]
    sys.argv = [program, *arguments]
    if program == CNNCLI:
        from cnncli.runs import onednn

        onednn.choose()  # as the command does it before it imports Keras
    _add_to_fit()
    if program == CNNCLI:
        runpy.run_module(CNNCLI, run_name="__main__")
    else:
        sys.path.insert(0, str(Path(program).parent))
        runpy.run_path(program, run_name="__main__")


def _add_to_fit() -> None:
    import keras

    class TakeTurns(keras.callbacks.Callback):
        """Measures the steps of each epoch, and reports them when the next one begins."""

        def __init__(self) -> None:
            super().__init__()
            self.steps = 0
            self.started = self.ended = 0.0

        def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
            if self.steps:
                _wait(self.ended - self.started, self.steps)

        def on_train_batch_begin(self, batch: int, logs: Any = None) -> None:
            # The iterator of the last epoch is deleted before the first batch. That may wait for TensorFlow's thread that
            # tunes it, longer if the turns of the others took longer. An ordinary training does not have this time.
            if not batch:
                self.started = time.perf_counter()

        def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
            self.steps, self.ended = batch + 1, time.perf_counter()

    fit = keras.Model.fit

    def fit_in_turns(self: Any, *values: Any, callbacks: Any = (), **options: Any) -> Any:
        return fit(self, *values, callbacks=[*(callbacks or ()), TakeTurns()], **options)

    keras.Model.fit = fit_in_turns


def _wait(seconds: float, steps: int) -> None:
    print(f"turn {seconds} {steps}", file=sys.__stdout__, flush=True)
    if not sys.stdin.readline():
        os._exit(0)


if __name__ == "__main__":
    main()
