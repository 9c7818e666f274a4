"""The progress of a training run: a live view on a terminal, a line for each epoch elsewhere."""

from __future__ import annotations

import math
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import Group, RenderableType
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from cnncli.cli import console
from cnncli.cli.plan_description import describe
from cnncli.cli.plot import plot
from cnncli.cli.tensorflow_log import Log
from cnncli.errors import Problem
from cnncli.messages import cell, clock, counted

if TYPE_CHECKING:
    from cnncli.recipe.load import LoadedRecipe
    from cnncli.workflow import Plan

_NOT_METRICS = ("epoch", "phase", "seconds", "learning_rate")
_STOPPING = "stopping: the step in progress is ended and the state is kept; Ctrl-C once more stops at once"
_PLOT_WIDTH, _PLOT_HEIGHT = 40, 8
_SILENCE = 30.0  # seconds without a line, after which a step gets one
_LEAST_HEIGHT = 24  # lines of a terminal that has room for plots
_BARS = " ▁▂▃▄▅▆▇█"
_STAGES = {
    "data": "reading the data",
    "build": "building the network",
    "fit": "training",
    "evaluate": "evaluating",
    "figures": "drawing",
    "track": "waiting for the trackers; Ctrl-C skips this",
}


def make_listener(*, quiet: bool, verbose: bool, trains: bool = True) -> ProgressListener:
    """The view that fits where stderr goes.

    Args:
        trains: whether a run is trained, so that its epochs and checkpoints are described.
    """
    view = LiveView() if console.is_terminal() else Lines(verbose=verbose)
    made = ProgressListener(quiet=True) if quiet else view
    made.trains = trains
    return made


class ProgressListener:
    """Says nothing while a run goes on, but its warnings; the other views build on it."""

    def __init__(self, *, quiet: bool = False) -> None:
        self.quiet = quiet
        self.trains = True
        self.log: Log | None = None

    def __enter__(self) -> ProgressListener:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def starting(self, loaded: LoadedRecipe, log: Log) -> None:
        """The recipe is read; TensorFlow, which takes seconds, is not yet imported."""
        self.log = log

    def stage(self, name: str) -> None:
        pass

    def loading(self, what: str, done: int, total: int) -> None:
        pass

    def note(self, problem: Problem) -> None:
        self.write_log(f"note: {problem}")
        if not self.quiet:
            console.show_note(problem)

    def ready(self, plan: Plan) -> None:
        for word, text in describe(plan, trains=self.trains):
            self.write_log(f"{word}: {text}")

    def run_made(self, path: Path) -> None:
        if self.log:
            self.log.move_to(path / "run.log")

    def epoch_begins(self, epoch: int) -> None:
        pass

    def step_done(self, epoch: int, step: int, logs: Mapping[str, float]) -> None:
        pass

    def epoch_ended(self, epoch: int, row: Mapping[str, Any]) -> None:
        self.write_log(f"epoch {epoch}: {row}")

    def continuing(self, epoch: int, step: int, rows: Sequence[Mapping[str, Any]]) -> None:
        self.write_log(f"continuing at epoch {epoch}, after step {step}")

    def waiting(self, callback: str, monitor: str, epochs: int, patience: int) -> None:
        pass

    def checkpoint_written(self, epoch: int, step: int) -> None:
        pass

    def stopping(self, number: int) -> None:
        """Called within a signal handler, where nothing may wait for a lock."""

    def write_log(self, text: str) -> None:
        if self.log:
            self.log.write(f"{time.strftime('%Y-%m-%dT%H:%M:%SZ', time.gmtime())} {text}\n")


def continuing_text(epoch: int, step: int, epochs: int) -> str:
    """Where a stopped run continues."""
    if epoch > epochs:
        return "the training has ended; continuing with the evaluation"
    return f"continuing at epoch {epoch} of {epochs}" + (f", after step {step}" if step else "")


class Lines(ProgressListener):
    """Plain lines, for a pipe or a file: one an epoch."""

    def __init__(self, *, verbose: bool = False) -> None:
        super().__init__()
        self.verbose = verbose
        self.epochs = self.steps = 0
        self.said = time.monotonic()

    def stage(self, name: str) -> None:
        if self.verbose:
            console.say(_STAGES[name])

    def ready(self, plan: Plan) -> None:
        super().ready(plan)
        self.epochs = plan.epochs
        self.steps = plan.steps_per_epoch
        console.say_pairs(describe(plan, trains=self.trains))

    def run_made(self, path: Path) -> None:
        super().run_made(path)
        console.say_pairs([("Run", str(path))])

    def continuing(self, epoch: int, step: int, rows: Sequence[Mapping[str, Any]]) -> None:
        super().continuing(epoch, step, rows)
        console.say_pairs([("Resume", continuing_text(epoch, step, self.epochs))])

    def epoch_begins(self, epoch: int) -> None:
        self.said = time.monotonic()

    def step_done(self, epoch: int, step: int, logs: Mapping[str, float]) -> None:
        if time.monotonic() - self.said >= _SILENCE:
            self.said = time.monotonic()
            numbers = console.metrics_line({name: float(value) for name, value in logs.items()})
            console.say(f"epoch {epoch:>{len(str(self.epochs))}}/{self.epochs}  step {step}/{self.steps}  {numbers}")

    def epoch_ended(self, epoch: int, row: Mapping[str, Any]) -> None:
        super().epoch_ended(epoch, row)
        console.say(epoch_line(epoch, self.epochs, row))

    def waiting(self, callback: str, monitor: str, epochs: int, patience: int) -> None:
        if epochs and self.verbose:
            console.say(waiting_text(callback, monitor, epochs, patience))

    def checkpoint_written(self, epoch: int, step: int) -> None:
        if self.verbose:
            console.say(checkpoint_text(epoch, step))

    def stopping(self, number: int) -> None:
        with suppress(RuntimeError):  # the signal came in the middle of a line
            console.say(_STOPPING)


def waiting_text(callback: str, monitor: str, epochs: int, patience: int) -> str:
    """`EarlyStopping: val_loss has not improved for 2 of 5 epochs`."""
    return f"{callback}: {monitor} has not improved for {epochs} of {counted(patience, 'epoch')}"


def checkpoint_text(epoch: int, step: int) -> str:
    """`checkpoint: epoch 3`, `checkpoint: epoch 4, step 120`."""
    return f"checkpoint: epoch {epoch + 1}, step {step}" if step else f"checkpoint: epoch {epoch}"


def epoch_line(epoch: int, epochs: int, row: Mapping[str, Any]) -> str:
    """`epoch  3/10  loss 0.1012  accuracy 0.9702  val_loss 0.0903  1.9 s`."""
    numbers = {name: value for name, value in row.items() if name not in _NOT_METRICS}
    phase = f"{row['phase']}  " if "phase" in row else ""
    return f"epoch {epoch:>{len(str(epochs))}}/{epochs}  {phase}{console.metrics_line(numbers)}  {row['seconds']:.1f} s"


class LiveView(ProgressListener):
    """A view that redraws itself."""

    def __init__(self) -> None:
        super().__init__()
        self.plan: Plan | None = None
        self.what = "starting TensorFlow"
        self.progress: tuple[int, int] | None = None
        self.rows: list[Mapping[str, Any]] = []
        self.epoch = 0
        self.step = 0
        self.first_epoch, self.first_step = (
            1,
            0,
        )  # where this process begins, else than at the start of a run: after a stop
        self.logs: Mapping[str, float] = {}
        self.stage_started = self.epoch_started = time.monotonic()
        self.waits: dict[str, str] = {}  # callback -> how long it has waited
        self.checkpoint = ""
        self.monitor, self.sign = "val_loss", 1.0
        self.best: tuple[int, float] | None = None
        self.is_stopping = False
        self.console = console.redrawing()
        self.live = Live(self, console=self.console, refresh_per_second=8, transient=True)

    def __enter__(self) -> ProgressListener:
        return self

    def __exit__(self, *_: object) -> None:
        self.live.stop()

    def starting(self, loaded: LoadedRecipe, log: Log) -> None:
        super().starting(loaded, log)
        self.console = console.redrawing()  # stderr has moved to where the log does not reach it
        self.live = Live(self, console=self.console, refresh_per_second=8, transient=True)
        self.live.start()

    def stage(self, name: str) -> None:
        self.what, self.progress = _STAGES[name], None
        self.stage_started = time.monotonic()

    def loading(self, what: str, done: int, total: int) -> None:
        self.what, self.progress = what, (done, total)

    def note(self, problem: Problem) -> None:
        self.write_log(f"note: {problem}")
        first, *rest = str(problem).splitlines()
        self._print(*console.fitted(Text(first, style="yellow"), 4))
        for line in rest:
            self._print(*console.fitted(Text(line, style="dim"), 6))

    def ready(self, plan: Plan) -> None:
        super().ready(plan)
        self.plan = plan
        from cnncli.training.fit import monitored

        self.monitor, mode = monitored(plan.recipe)
        self.sign = 1.0 if mode == "min" else -1.0
        for word, text in describe(plan, trains=self.trains):
            self._print(*console.pair_lines(word, text))

    def run_made(self, path: Path) -> None:
        super().run_made(path)
        self._print(*console.pair_lines("Run", str(path)))

    def continuing(self, epoch: int, step: int, rows: Sequence[Mapping[str, Any]]) -> None:
        super().continuing(epoch, step, rows)
        assert self.plan is not None
        self.first_epoch, self.first_step = epoch, step
        for row in rows:
            self._take(row)
        self._print(*console.pair_lines("Resume", continuing_text(epoch, step, self.plan.epochs)))

    def epoch_begins(self, epoch: int) -> None:
        self.step = self.first_step if epoch == self.first_epoch else 0
        self.epoch, self.logs, self.epoch_started = epoch, {}, time.monotonic()

    def step_done(self, epoch: int, step: int, logs: Mapping[str, float]) -> None:
        self.step, self.logs = step, logs

    def stopping(self, number: int) -> None:
        self.is_stopping = True  # the next drawing shows it

    def epoch_ended(self, epoch: int, row: Mapping[str, Any]) -> None:
        super().epoch_ended(epoch, row)
        assert self.plan is not None
        self._take(row)
        self._print(*console.fitted(Text(epoch_line(epoch, self.plan.epochs, row)), 2, at_double_spaces=True))

    def _take(self, row: Mapping[str, Any]) -> None:
        self.rows.append(row)
        value = row.get(self.monitor)
        if value is not None and (self.best is None or self.sign * value < self.sign * self.best[1]):
            self.best = (row["epoch"], value)

    def waiting(self, callback: str, monitor: str, epochs: int, patience: int) -> None:
        self.waits[callback] = waiting_text(callback, monitor, epochs, patience) if epochs else ""

    def checkpoint_written(self, epoch: int, step: int) -> None:
        self.checkpoint = checkpoint_text(epoch, step)

    def _print(self, *lines: Text) -> None:
        """Lines that stay, above the part that changes."""
        for line in lines:
            self.console.print(line, soft_wrap=True)

    def __rich__(self) -> RenderableType:
        """The changing part, drawn eight times a second."""
        drawn = self._training() if self.plan and self.epoch and self.what == _STAGES["fit"] else self._activity()
        return Group(drawn, Text(_STOPPING, style="yellow")) if self.is_stopping else drawn

    def _training(self) -> RenderableType:
        assert self.plan is not None
        plan = self.plan
        epochs, steps = plan.epochs, plan.steps_per_epoch
        done = (self.epoch - 1) * steps + self.step
        begun_at = (self.first_epoch - 1) * steps + self.first_step
        begun_step = self.first_step if self.epoch == self.first_epoch else 0
        elapsed = time.monotonic() - self.stage_started
        line = Text()
        line.append(f"epoch {self.epoch}/{epochs}", style="bold")
        line.append(f"  step {self.step}/{steps}")
        if self.step > begun_step:
            left = elapsed / (done - begun_at) * (epochs * steps - done)
            speed = (self.step - begun_step) * plan.batch_size / max(time.monotonic() - self.epoch_started, 1e-9)
            line.append(f"  {speed:,.0f} examples/s  {clock(left)} left")
        elif done == begun_at:
            line.append(f"  preparing the first step, {elapsed:.0f} s")
        if self.logs:
            line.append(f"\n{console.metrics_line({name: float(value) for name, value in self.logs.items()})}")
        parts: list[RenderableType] = [self._bar(done, epochs * steps), line]
        if self.best:
            parts.append(Text(f"best so far: epoch {self.best[0]}, {self.monitor} {cell(self.best[1])}"))
        parts += [Text(text) for text in (*self.waits.values(), self.checkpoint) if text]
        if len(self.rows) > 1 and self.console.encoding.startswith("utf"):
            parts.append(self._curves())
        return Group(*parts)

    def _activity(self) -> RenderableType:
        elapsed = time.monotonic() - self.stage_started
        text = Text(f"{self.what} …" + (f" {elapsed:.0f} s" if elapsed >= 1 else ""), style="dim")
        if self.progress is None or not self.progress[1]:
            return text
        done, total = self.progress
        return Group(text, self._bar(done, total))

    def _bar(self, done: int, total: int) -> RenderableType:
        row = Table.grid()
        row.add_row(ProgressBar(total=total, completed=done, width=min(60, self.console.width)))
        return row

    def _curves(self) -> RenderableType:
        """Training and validation in one frame: the loss, and the metrics beside it as far as there is room."""
        names = [name for name in self.rows[0] if name not in _NOT_METRICS and not name.startswith("val_")]
        curves = {name: self._by_epoch(name) for name in self.rows[0]}
        width, height = self.console.size
        count = min(len(names), max(1, width // _PLOT_WIDTH))
        if height < _LEAST_HEIGHT or width < _PLOT_WIDTH:
            grid = Table.grid(padding=(0, 2))
            for name in (name for name in curves if name not in _NOT_METRICS):
                grid.add_row(Text(name, style="bold"), Text(sparkline(curves[name]), style="cyan"))
            return grid
        grid = Table.grid(padding=(0, 2))
        assert self.plan is not None
        pairs = [{key: curves[key] for key in (name, f"val_{name}") if key in curves} for name in names[:count]]
        epochs = self.plan.epochs
        grid.add_row(*(plot(pair, width=_PLOT_WIDTH - 2, height=_PLOT_HEIGHT, last=epochs) for pair in pairs))
        return grid

    def _by_epoch(self, name: str) -> list[float]:
        """A value for each epoch from the first."""
        values = [math.nan] * self.rows[-1]["epoch"]
        for row in self.rows:
            value = row.get(name)
            values[row["epoch"] - 1] = math.nan if value is None else value
        return values


def sparkline(values: Sequence[float], width: int = 40) -> str:
    """The last values as a row of bars from the lowest to the highest."""
    shown: list[Any] = [value for value in values if value == value][-width:]
    if not shown:
        return ""
    low, high = min(shown), max(shown)
    span = (high - low) or 1.0
    return "".join(_BARS[1 + round((value - low) / span * (len(_BARS) - 2))] for value in shown)
