"""The error boundary: the one place where an exception becomes a message and an exit code."""

from __future__ import annotations

import errno
import os
import signal
import sys
import tempfile
import traceback
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import typer
from typer.core import TyperGroup

from cnncli import __version__
from cnncli.cli import console, streams
from cnncli.cli.streams import ReaderGone, StdoutError
from cnncli.errors import CnncliError, OutputError, ResourceError, Stopped

# Typer brings its own copy of Click and gives no public name to the error of a wrong command line.
_WrongCommandLine: type[Any] = typer.BadParameter.__mro__[1]

_SIGNALS = [getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)]


class Boundary(TyperGroup):
    """Runs a command; users' mistakes become messages, bugs a file."""

    def main(self, args: Sequence[str] | None = None, *more: Any, standalone_mode: bool = True, **extra: Any) -> Any:
        arguments = list(sys.argv[1:] if args is None else args)
        options = {**extra, "standalone_mode": False}
        code = _run(lambda: super(Boundary, self).main(arguments, *more, **options), arguments, self.commands)
        if standalone_mode:
            sys.exit(code)
        return code


def _run(command: Any, arguments: list[str], commands: Collection[str]) -> int:
    as_json = "--json" in arguments
    if as_json:
        streams.write_json_from_now_on()
    try:
        with _signals():
            result = command()
        sys.stdout.flush()
        return result if isinstance(result, int) else 0
    except (ReaderGone, BrokenPipeError):
        return 0
    except (Exception, Stopped, KeyboardInterrupt) as error:
        code, show = _answer_to(error, arguments, commands, as_json=as_json)
    try:
        show()
        sys.stdout.flush()
    except ReaderGone:
        pass
    except StdoutError as error:  # the exit code still tells what happened
        console.show_error(error, as_json=False)
    return code


def _answer_to(
    error: BaseException, arguments: list[str], commands: Collection[str], *, as_json: bool
) -> tuple[int, Callable[[], None]]:
    """The exit code of what ended a command, and how it is shown."""
    if isinstance(error, _WrongCommandLine):
        return _wrong_command_line(error, arguments, commands, as_json=as_json)
    if isinstance(error, Stopped | KeyboardInterrupt | typer.Abort):
        number = error.number if isinstance(error, Stopped) else signal.SIGINT
        hint = error.hint if isinstance(error, Stopped) else ""
        name = signal.Signals(number).name
        return 128 + number, lambda: console.show_stop(name, 128 + number, hint, as_json=as_json)
    known = error if isinstance(error, CnncliError) else _known(error)
    if known is not None:
        # A result that cannot be written cannot be replaced by another document on the same stream.
        return known.exit_code, lambda: console.show_error(
            known, as_json=as_json and not isinstance(known, StdoutError)
        )
    bug = _write_bug(arguments, error)
    return 70, lambda: console.show_bug(bug, as_json=as_json)


def _known(error: BaseException) -> CnncliError | None:
    """What the surroundings of the program are to blame for."""
    if isinstance(error, MemoryError):
        hint = "a smaller batch_size, smaller images or fewer of them (`limit`) need less"
        return ResourceError("there is not enough memory", hint=hint)
    if not _has_working_directory():
        return OutputError(
            "the working directory does not exist any more, or cannot be read", hint="go to another: cd ~"
        )
    number = error.errno if isinstance(error, OSError) else None
    if number in (errno.EMFILE, errno.ENFILE) or (
        isinstance(error, ImportError) and os.strerror(errno.EMFILE) in str(error)
    ):
        return ResourceError("this process has too many files open", hint="raise the limit: ulimit -n 4096")
    if isinstance(error, OSError) and number in _DISK_ERRORS:
        where = f" {error.filename}" if error.filename else ""
        return OutputError(f"cannot write{where}: {os.strerror(number or 0).lower()}")
    return None


_DISK_ERRORS = (errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EFBIG)


def _has_working_directory() -> bool:
    try:
        os.getcwd()
    except OSError:
        return False
    return True


def _wrong_command_line(
    error: Any, arguments: list[str], commands: Collection[str], *, as_json: bool
) -> tuple[int, Callable[[], None]]:
    context = getattr(error, "ctx", None)
    if type(error).__name__ == "NoArgsIsHelpError":
        return 0, lambda: print(error.format_message(), file=sys.stdout)  # noqa: T201
    from cnncli.cli import command_suggestions

    message = command_suggestions.message(error, arguments)
    hints = [command_suggestions.hint(arguments, commands), f"see: {context.command_path} --help" if context else ""]
    hint = "\n".join(filter(None, hints))
    return 2, lambda: console.show_usage(message, hint, as_json=as_json)


def _write_bug(arguments: list[str], error: BaseException) -> str:
    """Keep what happened in a file; where none can be written, on stderr. Returns the path, or where it stands."""
    told = "".join(traceback.format_exception(error))
    text = f"cnncli {__version__}, Python {sys.version}\narguments: {arguments}\n\n{told}"
    try:
        handle, path = tempfile.mkstemp(prefix="cnncli-bug-", suffix=".txt")
        with os.fdopen(handle, "w", encoding="utf-8", errors="replace") as file:
            file.write(text)
    except OSError:
        sys.stderr.write(text)
        return "the lines above"
    return path


@contextmanager
def _signals() -> Iterator[None]:
    """Signals end a command by an exception, so that a run can close its folder."""

    def stop(number: int, _: Any) -> None:
        raise Stopped(number)

    try:
        before = {number: signal.signal(number, stop) for number in _SIGNALS}
    except ValueError:  # not in the main thread, as in a test
        before = {}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
