"""`python -m cnncli` and the console script."""

import gc
import logging
import os
import sys
from contextlib import suppress
from typing import NoReturn

from cnncli.cli import streams


def main() -> NoReturn:
    """Run a command and leave with its exit code."""
    # With the default, 700, imports and tracing are interrupted hundreds of times to look for garbage that is not there;
    # the modules of a command that answers at once are some 60,000 objects.
    gc.set_threshold(100_000)
    streams.prepare()
    from cnncli.cli.app import app  # what it imports may warn

    _leave_at_once(app(prog_name="cnncli", standalone_mode=False) or 0)


def _leave_at_once(code: int) -> NoReturn:
    """End the process without taking its modules apart: every file is closed.

    That takes a second with TensorFlow, and a tenth of the time of a command that answers at once.
    """
    logging.shutdown()
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, ValueError, streams.StdoutError, streams.ReaderGone):  # whoever read it has gone
            stream.flush()
    os._exit(code)


if __name__ == "__main__":
    main()
