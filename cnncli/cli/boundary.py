"""The one place where an error becomes a message and an exit code."""

from __future__ import annotations

import os
import signal
import sys
import tempfile
import traceback
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import typer
from typer.core import TyperGroup

from cnncli import __version__
from cnncli.cli import console
from cnncli.errors import CnncliError, ResourceError, Stopped

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
    try:
        with _signals():
            result = command()
        sys.stdout.flush()
        return result if isinstance(result, int) else 0
    except CnncliError as error:
        console.show_error(error, as_json=as_json)
        return error.exit_code
    except _WrongCommandLine as error:
        return _wrong_command_line(error, arguments, commands, as_json=as_json)
    except (Stopped, KeyboardInterrupt, typer.Abort) as stop:
        number = stop.number if isinstance(stop, Stopped) else signal.SIGINT
        hint = stop.hint if isinstance(stop, Stopped) else ""
        console.show_stop(signal.Signals(number).name, 128 + number, hint, as_json=as_json)
        return 128 + number
    except MemoryError:
        hint = "a smaller batch_size, smaller images or fewer of them (`limit`) need less"
        console.show_error(ResourceError("there is not enough memory", hint=hint), as_json=as_json)
        return ResourceError.exit_code
    except BrokenPipeError:
        # Who read our output has had enough of it (`| head`); Python would complain again when it closes stdout.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except Exception:
        console.show_bug(_write_bug(arguments), as_json=as_json)
        return 70


def _wrong_command_line(error: Any, arguments: list[str], commands: Collection[str], *, as_json: bool) -> int:
    context = getattr(error, "ctx", None)
    if type(error).__name__ == "NoArgsIsHelpError":
        print(error.format_message(), file=sys.stdout)  # noqa: T201
        return 0
    from cnncli.cli import mistaken

    hints = [mistaken.hint(arguments, commands), f"see: {context.command_path} --help" if context else ""]
    console.show_usage(_usage_message(error), "\n".join(filter(None, hints)), as_json=as_json)
    return 2


def _usage_message(error: Any) -> str:
    if type(error) is typer.BadParameter and error.param is not None:
        where, said = error.param_hint or "/".join(error.param.opts), str(error.message).rstrip(".")
        return f"{where}: {said[:1].lower()}{said[1:]}"
    return str(error.format_message()).strip().rstrip(".")


def _write_bug(arguments: list[str]) -> str:
    handle, path = tempfile.mkstemp(prefix="cnncli-bug-", suffix=".txt")
    with os.fdopen(handle, "w", encoding="utf-8", errors="replace") as file:
        file.write(f"cnncli {__version__}, Python {sys.version}\narguments: {arguments}\n\n")
        traceback.print_exc(file=file)
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
