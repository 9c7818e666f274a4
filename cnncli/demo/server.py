"""The demo's web server: its address, its limits, its temporary files."""

from __future__ import annotations

import errno
import ipaddress
import os
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from cnncli.errors import Place, Problem, ResourceError, UsageError
from cnncli.messages import shortened

FIRST_PORT = 7860
_PORTS_TRIED = 100
LARGEST_UPLOAD = 64 << 20  # bytes
# Whatever the page holds, the browser asks no other server.
_POLICY = "default-src 'self' data: blob: 'unsafe-inline' 'unsafe-eval'; frame-ancestors 'self'; form-action 'self'"
_SECONDS_TO_END = 3


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach a server at an address or name."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def listen(host: str, port: int | None) -> socket.socket:
    """Open a listening socket.

    Args:
        port: None takes the first free one from 7860 on.

    Raises:
        UsageError: no such address of this machine, or the port cannot be used.
        ResourceError: 100 ports are in use.
    """
    for number in range(FIRST_PORT, FIRST_PORT + _PORTS_TRIED) if port is None else [port]:
        try:
            family, kind, _, _, address = socket.getaddrinfo(
                host, number, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
            )[0]
        except (OSError, UnicodeError) as error:
            raise UsageError(
                Problem(f"no such address: `{shortened(host)}`", "127.0.0.1 is this machine", Place("--host"))
            ) from error
        made = socket.socket(family, kind)
        try:
            if os.name == "posix":  # elsewhere this option would take a port that is in use
                made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            made.bind(address)
            made.listen(128)
        except OSError as error:
            made.close()
            if port is not None or error.errno != errno.EADDRINUSE:
                raise UsageError(_unusable(host, number, error)) from error
            continue
        return made
    last = FIRST_PORT + _PORTS_TRIED - 1
    raise ResourceError(f"the ports {FIRST_PORT} to {last} of {host} are in use", hint="use another one: --port 9000")


def _unusable(host: str, port: int, error: OSError) -> Problem:
    if error.errno == errno.EADDRINUSE:
        return Problem(f"port {port} is in use", "use another one, or leave --port out", Place("--port"))
    if isinstance(error, PermissionError):
        return Problem(f"port {port} may not be used by this user", "ports from 1024 on may", Place("--port"))
    reason = (error.strerror or str(error)).lower()
    return Problem(f"`{shortened(host)}` cannot be used: {reason}", "127.0.0.1 is this machine", Place("--host"))


def url_of(listening: socket.socket) -> str:
    """The address for a browser on this machine."""
    host, port = listening.getsockname()[:2]
    host = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(host, f"[{host}]" if ":" in host else host)
    return f"http://{host}:{port}/"


@contextmanager
def temporary_folder() -> Iterator[Path]:
    """A folder for what the page uploads; it is removed at the end.

    The settings of Gradio in this process are made here, before it is imported: no analytics, no files elsewhere.
    """
    for name in [name for name in os.environ if name.startswith("GRADIO_")]:
        del os.environ[name]
    with TemporaryDirectory(prefix="cnncli-demo-", ignore_cleanup_errors=True) as folder:
        os.environ |= {
            "GRADIO_ANALYTICS_ENABLED": "False",
            "GRADIO_TEMP_DIR": folder,
            "GRADIO_EXAMPLES_CACHE": folder,
            "HF_HUB_OFFLINE": "1",
            "HF_HUB_DISABLE_TELEMETRY": "1",
        }
        yield Path(folder)


def serve(page: Any, settings: dict[str, Any], listening: socket.socket, *, host: str) -> None:
    """Serve a page until the process is stopped.

    Args:
        page: Gradio's Blocks.
        settings: of the page: theme, style.
        listening: from `listen`; closed at the end.
        host: as the user named it.
    """
    import gradio
    import uvicorn
    from fastapi import FastAPI
    from gradio import processing_utils
    from starlette.middleware.trustedhost import TrustedHostMiddleware

    app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)
    gradio.mount_gradio_app(
        app,
        page,
        path="/",
        footer_links=[],
        run_history=False,
        allowed_paths=[],
        blocked_paths=[],
        show_error=False,
        max_file_size=LARGEST_UPLOAD,
        ssr_mode=False,
        enable_monitoring=False,
        mcp_server=False,
        pwa=False,
        **settings,
    )
    page.has_launched = True  # from now on only files that were uploaded are taken for uploads
    processing_utils.async_ssrf_protected_download = _refuse_download
    app.add_middleware(_Policy)
    if is_loopback(host) and ":" not in host:
        # A page from elsewhere whose name leads to 127.0.0.1 is refused.
        app.add_middleware(TrustedHostMiddleware, allowed_hosts=["localhost", "127.0.0.1", host])
    server = uvicorn.Server(
        uvicorn.Config(app, log_config=None, access_log=False, timeout_graceful_shutdown=1, server_header=False)
    )
    running = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, name="demo", daemon=True)
    running.start()
    try:
        while running.is_alive():  # a signal ends it by an exception, as it does any command
            time.sleep(0.2)
    finally:
        server.should_exit = True
        running.join(_SECONDS_TO_END)
        listening.close()


async def _refuse_download(url: str, *_: Any, **__: Any) -> str:
    """In the place of Gradio's download of an address that a browser names as an upload."""
    raise ValueError(f"nothing is downloaded: {shortened(url)}")


class _Policy:
    """Adds the policy to every answer."""

    def __init__(self, app: Any) -> None:
        self._app = app

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        async def send_with_policy(message: Any) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [
                    *message.get("headers", []),
                    (b"content-security-policy", _POLICY.encode()),
                    (b"x-content-type-options", b"nosniff"),
                    (b"referrer-policy", b"no-referrer"),
                ]
            await send(message)

        await self._app(scope, receive, send_with_policy)
