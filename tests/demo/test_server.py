"""The address of the demo's server."""

import socket
from contextlib import closing

import pytest

from cnncli.demo import server
from cnncli.errors import UsageError


@pytest.fixture
def busy():
    """A port in use, and the two behind it probably not."""
    with socket.socket() as made:
        made.bind(("127.0.0.1", 0))
        made.listen()
        yield made.getsockname()[1]


def test_first_free_port_is_taken(busy, monkeypatch):
    monkeypatch.setattr(server, "FIRST_PORT", busy)
    with closing(server.listen("127.0.0.1", None)) as listening:
        assert busy < listening.getsockname()[1] < busy + 100
        assert server.url_of(listening) == f"http://127.0.0.1:{listening.getsockname()[1]}/"


def test_port_that_is_named_and_in_use_is_an_error(busy):
    with pytest.raises(UsageError) as caught:
        server.listen("127.0.0.1", busy)
    assert str(caught.value) == f"--port: port {busy} is in use\n    use another one, or leave --port out"


@pytest.mark.parametrize("host", ["no such host", "1.2.3.4.5", "a\x00b", "\x1b[31m", "ä" * 80])
def test_address_that_does_not_exist_is_an_error(host):
    with pytest.raises(UsageError) as caught:
        server.listen(host, 0)
    assert str(caught.value).startswith("--host: no such address: `")
    assert "\x1b" not in str(caught.value)


def test_address_of_another_machine_is_an_error():
    with pytest.raises(UsageError) as caught:
        server.listen("192.0.2.1", None)  # RFC 5737: of documentation
    assert str(caught.value).startswith("--host: `192.0.2.1` cannot be used: ")


@pytest.mark.parametrize(
    ("host", "is_loopback"),
    [("127.0.0.1", True), ("127.3.2.1", True), ("::1", True), ("localhost", True), ("0.0.0.0", False), ("::", False)],
)
def test_only_loopback_addresses_are_closed_to_others(host, is_loopback):
    assert server.is_loopback(host) == is_loopback


def test_temporary_folder_sets_gradio_up_and_is_removed(monkeypatch):
    import os

    for name in ("GRADIO_SHARE", "GRADIO_TEMP_DIR", "GRADIO_EXAMPLES_CACHE", "GRADIO_ANALYTICS_ENABLED"):
        monkeypatch.setenv(name, "True")
    for name in ("HF_HUB_OFFLINE", "HF_HUB_DISABLE_TELEMETRY"):
        monkeypatch.setenv(name, "0")
    with server.temporary_folder() as folder:
        assert "GRADIO_SHARE" not in os.environ
        assert os.environ["GRADIO_ANALYTICS_ENABLED"] == "False"
        assert os.environ["GRADIO_TEMP_DIR"] == str(folder)
        (folder / "a.png").write_bytes(b"")
    assert not folder.exists()
