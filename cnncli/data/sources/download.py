"""Download a file to a temporary name, check it, and move it to its place."""

from __future__ import annotations

import contextlib
import http.client
import os
import queue
import ssl
import tempfile
import threading
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import IO

from cnncli.data.sources.loaded_data import Progress
from cnncli.errors import OutputError

CONNECT_SECONDS = 5.0  # looking up the name included, for which no system call knows a time limit
STALL_SECONDS = 20.0  # without a byte
_MOST_BYTES = 1 << 30
_CHUNK = 1 << 18


class DownloadFailed(Exception):
    """No file came, or not the right one; its text is the reason.

    Attributes:
        offline: the network itself does not answer.
    """

    def __init__(self, reason: str, *, offline: bool = False) -> None:
        super().__init__(reason)
        self.offline = offline


def fetch(
    url: str, target: Path, *, fault: Callable[[Path], str | None], progress: Progress | None = None, name: str = ""
) -> None:
    """Download `url` to `target`; whatever was there stays until the new file is whole and right.

    Args:
        fault: what is wrong with a downloaded file, as it stands after its name; None when it is right.
        progress: called with ("downloading <name>", bytes, bytes in all).
        name: how progress calls the file, by default as `target` is called.

    Raises:
        DownloadFailed: the network does not answer, the connection breaks, or the file is another one.
        OutputError: the folder cannot be written.
    """
    with _opened(url) as response:
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            handle, temporary = tempfile.mkstemp(prefix=f".{target.name}.part-", dir=target.parent)
        except OSError as error:
            raise _not_written(target, error) from error
        try:
            with os.fdopen(handle, "wb") as file:
                _copy(response, file, target, progress, f"downloading {name or target.name}")
            if reason := fault(Path(temporary)):
                raise DownloadFailed(f"what came {reason}")
            try:
                os.chmod(temporary, 0o644)  # as any downloaded file; mkstemp lets its owner alone read it
                os.replace(temporary, target)
            except OSError as error:
                raise _not_written(target, error) from error
        finally:
            with contextlib.suppress(FileNotFoundError):
                os.unlink(temporary)


def size_of(url: str) -> int | None:
    """The bytes that a download would bring, None where the server does not say; nothing is downloaded.

    Raises:
        DownloadFailed: the network or the server does not answer, or there is no such file.
    """
    with _opened(url) as response:
        length = response.headers.get("Content-Length", "")
    return int(length) if length.isdigit() else None


def _opened(url: str) -> http.client.HTTPResponse:
    """Open a URL; the attempt goes on in its thread when it takes too long, and is left alone there."""
    host = urllib.parse.urlsplit(url).hostname or url
    outcome: queue.SimpleQueue[http.client.HTTPResponse | Exception] = queue.SimpleQueue()

    def attempt() -> None:
        try:
            outcome.put(urllib.request.urlopen(url, timeout=STALL_SECONDS))
        except Exception as error:  # handed over to the caller, whatever it is
            outcome.put(error)

    threading.Thread(target=attempt, daemon=True).start()
    try:
        result = outcome.get(timeout=CONNECT_SECONDS)
    except queue.Empty:
        raise DownloadFailed(f"no answer from {host} within {CONNECT_SECONDS:g} seconds", offline=True) from None
    if not isinstance(result, Exception):
        return result
    if isinstance(result, urllib.error.HTTPError):
        raise DownloadFailed(f"{host} answers {result.code} {result.reason}") from result
    if isinstance(result, (OSError, http.client.HTTPException)):
        raise _unanswered(host, result) from result
    raise result


def _unanswered(host: str, error: Exception) -> DownloadFailed:
    cause = error.reason if isinstance(error, urllib.error.URLError) else error
    if isinstance(cause, ssl.SSLCertVerificationError):
        said = getattr(cause, "verify_message", "") or "its certificate is not valid"
        return DownloadFailed(f"{host} cannot be trusted: {said}")
    said = (cause.strerror if isinstance(cause, OSError) and cause.strerror else str(cause)) or type(cause).__name__
    return DownloadFailed(f"{host}: {said[:1].lower() + said[1:]}", offline=True)


def _copy(
    response: http.client.HTTPResponse, file: IO[bytes], target: Path, progress: Progress | None, what: str
) -> None:
    length = response.headers.get("Content-Length", "")
    total = int(length) if length.isdigit() else 0
    done = 0
    if progress:
        progress(what, 0, total)
    while True:
        try:
            chunk = response.read(_CHUNK)
        except (OSError, http.client.HTTPException) as error:
            raise DownloadFailed(f"the download broke off after {_megabytes(done, total)}") from error
        if not chunk:
            break
        done += len(chunk)
        if done > _MOST_BYTES:
            raise DownloadFailed(f"more than {_MOST_BYTES >> 20:,} MB came")
        try:
            file.write(chunk)
        except OSError as error:
            raise _not_written(target, error) from error
        if progress:
            progress(what, done, total)
    if done < total:
        raise DownloadFailed(f"the download broke off after {_megabytes(done, total)}")
    try:
        file.flush()
        os.fsync(file.fileno())
    except OSError as error:
        raise _not_written(target, error) from error


def _megabytes(done: int, total: int) -> str:
    return f"{done / 1e6:.1f} of {total / 1e6:.1f} MB" if total else f"{done / 1e6:.1f} MB"


def _not_written(target: Path, error: OSError) -> OutputError:
    return OutputError(f"cannot write {target}: {(error.strerror or str(error)).lower()}")
