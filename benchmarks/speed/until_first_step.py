"""Run `cnncli` and end the process after the first training step.

python -m benchmarks.speed.until_first_step train mnist
"""

from __future__ import annotations

import os
from typing import Any

from cnncli.__main__ import main
from cnncli.cli import live


def _ending(make: Any) -> Any:
    def make_listener(**choices: Any) -> Any:
        listener = make(**choices)
        listener.step_done = lambda *_: os._exit(0)
        return listener

    return make_listener


if __name__ == "__main__":
    live.make_listener = _ending(live.make_listener)
    main()
