"""The view of a sweep: a live table on a terminal, else a line for each trial."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from rich.console import Group, RenderableType
from rich.live import Live
from rich.text import Text

from cnncli.cli import console
from cnncli.errors import Problem
from cnncli.messages import cell, clock, counted, printable, shortened

if TYPE_CHECKING:
    from cnncli.tune.sweep import Sweep
    from cnncli.tune.trial_rows import TrialRow


def make_sweep_view(sweep: Sweep, rows: Sequence[TrialRow], *, quiet: bool, verbose: bool) -> SweepView:
    """The view that fits where stderr goes.

    Args:
        rows: the trials of earlier calls.
    """
    kind = QuietView if quiet else LiveTable if console.is_terminal() else TrialLines
    return kind(sweep, rows)


@dataclass
class _Running:
    """A trial that is being trained."""

    values: Mapping[str, Any]
    epoch: int = 0
    value: float | None = None


class SweepView:
    """Follows a sweep; the other views say what happens."""

    def __init__(self, sweep: Sweep, rows: Sequence[TrialRow]) -> None:
        self.sweep = sweep
        from cnncli.tune.parameter_names import short_names

        self.names = dict(zip(sweep.space.parameters, short_names(list(sweep.space.parameters)), strict=True))
        self.rows = {row.number: row for row in rows if row.state != "running"}
        self.running: dict[int, _Running] = {}
        self.started = time.monotonic()

    def __enter__(self) -> SweepView:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def starting(self) -> None:
        """The sweep begins or goes on."""

    def begun(self, number: int, values: Mapping[str, Any]) -> None:
        self.running[number] = _Running(values)

    def epoch_ended(self, number: int, epoch: int, value: float | None) -> None:
        if trial := self.running.get(number):
            trial.epoch, trial.value = epoch, value

    def ended(self, row: TrialRow) -> None:
        self.running.pop(row.number, None)
        self.rows[row.number] = row

    def note(self, problem: Problem) -> None:
        console.show_note(problem)

    @property
    def best(self) -> TrialRow | None:
        """The best trial so far."""
        from cnncli.tune.trial_rows import best_of

        return best_of(list(self.rows.values()), self.sweep.search.direction)

    def values_text(self, values: Mapping[str, Any]) -> str:
        """`learning_rate 0.0012  batch_size 64`."""
        from cnncli.tune.parameter_names import value_text

        return "  ".join(f"{self.names.get(key, key)} {value_text(value)}" for key, value in values.items())

    def introduction(self) -> list[tuple[str, str]]:
        """What is searched, and where."""
        sweep = self.sweep
        what = f"{sweep.search.sampler}, {counted(sweep.trials, 'trial')}, {sweep.metric}, {sweep.search.direction}"
        told = [("Sweep", str(sweep.folder.path)), ("Search", what)]
        if sweep.workers > 1:
            told.append(("Workers", str(sweep.workers)))
        if self.rows:
            told.append(("Resume", f"{counted(len(self.rows), 'trial')} finished already"))
        return told


class QuietView(SweepView):
    """Says nothing but warnings."""


class TrialLines(SweepView):
    """Plain lines, for a pipe or a file: one a trial."""

    def starting(self) -> None:
        console.say_pairs(self.introduction())

    def ended(self, row: TrialRow) -> None:
        super().ended(row)
        console.say(Text(printable(self.line(row))))

    def line(self, row: TrialRow) -> str:
        """`trial  3/20  val_accuracy 0.9712  learning_rate 0.0012  best 0.9712 (trial 3)`."""
        width = len(str(self.sweep.trials))
        result = f"{self.sweep.metric} {cell(row.value)}" if row.value is not None else outcome_text(row)
        best = self.best
        tail = f"  best {cell(best.value)} (trial {best.number})" if best else ""
        return f"trial {row.number:>{width}}  {result}  {self.values_text(row.values)}{tail}"


class LiveTable(SweepView):
    """A table that redraws itself: the trials that run, and the last and the best that ended."""

    def __init__(self, sweep: Sweep, rows: Sequence[TrialRow]) -> None:
        super().__init__(sweep, rows)
        self.console = console.redrawing()
        self.live = Live(self, console=self.console, refresh_per_second=4, transient=True)

    def starting(self) -> None:
        console.say_pairs(self.introduction())

    def __enter__(self) -> SweepView:
        self.live.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.live.stop()

    def note(self, problem: Problem) -> None:
        first, *rest = str(problem).splitlines()
        self.console.print(Text(printable(first), style="yellow"))
        for line in rest:
            self.console.print(Text(printable(line), style="dim"))

    def __rich__(self) -> RenderableType:
        best, elapsed = self.best, time.monotonic() - self.started
        head = Text(f"{len(self.rows)} of {self.sweep.trials} trials", style="bold")
        head.append(f"  {clock(elapsed)}", style="not bold")
        if best:
            head.append(f"  best {self.sweep.metric} {cell(best.value)}, trial {best.number}", style="not bold green")
        room = max(3, self.console.height - 6 - len(self.running))
        ended = sorted(self.rows.values(), key=lambda row: row.number)[-room:]
        if best and best not in ended:
            ended = [best, *ended[1:]]
        lines = [self._ended_line(row, row is best) for row in ended]
        lines += [self._running_line(number, trial) for number, trial in sorted(self.running.items())]
        if not self.running and len(self.rows) < self.sweep.trials:
            lines.append(Text("starting TensorFlow …", style="dim"))
        for line in lines:
            line.truncate(self.console.width, overflow="ellipsis")
        return Group(head, *lines)

    def _ended_line(self, row: TrialRow, is_best: bool) -> Text:
        width = len(str(self.sweep.trials))
        line = Text(f"{row.number:>{width}}  ", style="green" if is_best else "")
        line.append(f"{cell(row.value) if row.value is not None else outcome_text(row, short=True):<9} ")
        line.append(printable(self.values_text(row.values)), style="" if row.value is not None else "dim")
        return line

    def _running_line(self, number: int, trial: _Running) -> Text:
        width = len(str(self.sweep.trials))
        state = f"epoch {trial.epoch + 1}" if trial.value is None else f"epoch {trial.epoch + 1}, {cell(trial.value)}"
        return Text(f"{number:>{width}}  {state:<9} {printable(self.values_text(trial.values))}", style="cyan")


def outcome_text(row: TrialRow, *, short: bool = False) -> str:
    """How a trial ended that has no value: `pruned after epoch 3`, `failed: …`."""
    if row.state == "pruned":
        return "pruned" if short else f"pruned after epoch {row.result.get('epochs', len(row.curve))}"
    reason = row.failure.message if row.failure else "no reason is known"
    return "failed" if short else f"failed: {shortened(reason, 200)}"
