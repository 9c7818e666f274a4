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
    # With the default, 700, imports and tracing are interrupted hundreds of times to look for garbage that is not there.
    gc.set_threshold(50_000)
    streams.prepare()
    from cnncli.cli.app import app  # what it imports may warn

    code = app(prog_name="cnncli", standalone_mode=False) or 0
    if "tensorflow" in sys.modules:
        _leave_at_once(code)
    sys.exit(code)


def _leave_at_once(code: int) -> NoReturn:
    """End the process without taking TensorFlow apart, which takes a second and changes nothing: every file is closed."""
    logging.shutdown()
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, ValueError, streams.StdoutError, streams.ReaderGone):  # whoever read it has gone
            stream.flush()
    os._exit(code)


if __name__ == "__main__":
    main()
