"""Decisions that all processes of a training take together, at the same step: to stop, and to write a checkpoint."""

from __future__ import annotations

import time

from cnncli.distribute.replicas import Replicas
from cnncli.training.stop_signals import SIGNALS, Pending

_SECONDS = 0.5  # between two agreements within an epoch; each takes about as long as a small step


class JointDecisions:
    """Lets the processes of a training decide together.

    A process that stopped on its own would leave the others waiting for it. So they exchange what they want: often enough that
    a signal is answered within about a second, and after a number of steps that all of them know.
    """

    def __init__(self, replicas: Replicas, pending: Pending) -> None:
        self._replicas = replicas
        self._pending = pending
        self._steps = self._interval = 1
        self._since = time.monotonic()

    def begin_epoch(self) -> None:
        """Begin to count steps again, as every process does."""
        self._steps, self._since = 0, time.monotonic()

    def after_step(self, *, is_due: bool, most: int | None) -> bool | None:
        """Decide after a step, if the processes exchange something after this one.

        Args:
            is_due: whether this process wants a checkpoint; the chief's wish counts.
            most: so many steps may lie between two agreements; None: any number.

        Returns:
            Whether a checkpoint is written; None: nothing is decided now.
        """
        if self._replicas.workers == 1:
            return is_due or bool(self._pending.number)
        self._steps += 1
        if self._steps < self._interval:
            return None
        now = time.monotonic()
        wished = max(1, int(_SECONDS * self._steps / max(now - self._since, 1e-6)))
        self._steps, self._since = 0, now
        is_chief = self._replicas.is_chief
        due, self._interval = self._exchange(is_due and is_chief, min(wished, most or wished) if is_chief else 0)
        return bool(due or self._pending.number)

    def stop_if_asked(self) -> None:
        """Stop all processes if one of them was asked to.

        Raises:
            Stopped: a signal came, here or in another process.
        """
        self.exchange_signals()
        self._pending.stop_if_asked()

    def exchange_signals(self) -> None:
        """Note a signal that came in another process as one that came here."""
        if self._replicas.workers > 1:
            self._exchange()

    def _exchange(self, *numbers: int) -> list[int]:
        """Sums over the processes; a signal that one of them got is then pending in all."""
        got = [int(self._pending.number == signal) for signal in SIGNALS]
        sums = self._replicas.sums([*numbers, *got])
        for signal, count in zip(SIGNALS, sums[len(numbers) :], strict=True):
            if count:
                self._pending.number = int(signal)
        return sums[: len(numbers)]
