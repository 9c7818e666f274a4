"""`cnncli demo` on a real run, its page in a headless Chromium."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import browser
import numpy as np
import pytest
from commands import CommandLine
from PIL import Image

from cnncli.data import samples
from cnncli.demo import server
from cnncli.demo.answers import Answerer
from cnncli.inference.model_loading import open_model

pytestmark = pytest.mark.skipif(find_spec("gradio") is None, reason="Gradio is not installed")

# The command, with a list of every address that its process looks up or connects to.
WATCHED = """
import sys
out = open(sys.argv.pop(1), "w", buffering=1)
def watch(event, arguments):
    if event == "socket.connect" and isinstance(arguments[1], tuple):
        print(arguments[1][0], file=out)
    elif event == "socket.getaddrinfo":
        print(arguments[0], file=out)
sys.addaudithook(watch)
from cnncli.__main__ import main
main()
"""
# The canvas can be drawn on, and what comes last and moves it is there.
READY = "document.querySelector('#drawing canvas')?.style.cursor === 'crosshair' && !!document.querySelector('#notes textarea')"
# Strokes as shares of the canvas.
THREE = [
    [(0.3, 0.22), (0.5, 0.15), (0.66, 0.27), (0.55, 0.45), (0.45, 0.48)],
    [(0.45, 0.48), (0.62, 0.53), (0.7, 0.68), (0.55, 0.84), (0.3, 0.8)],
]
FOUR = [[(0.35, 0.16), (0.3, 0.52), (0.72, 0.52)], [(0.66, 0.16), (0.62, 0.86)]]


@dataclass
class Demo:
    """A running demo."""

    url: str
    process: subprocess.Popen[str]
    folder: Path  # where it was started
    temporary: Path  # for its temporary files
    asked: Path  # the addresses that it looked up or connected to


@pytest.fixture(scope="module")
def demo(trained: CommandLine, tmp_path_factory: pytest.TempPathFactory):
    place = tmp_path_factory.mktemp("demo")
    folder, temporary, home, asked = place / "here", place / "tmp", place / "home", place / "asked.txt"
    for path in (folder, temporary, home):
        path.mkdir()
    (folder / "secret.txt").write_text("secret")
    process = subprocess.Popen(
        [sys.executable, "-c", WATCHED, str(asked), "demo", str(trained.folder / "outputs/small/first"), "--quiet"],
        cwd=folder,
        env={
            **{name: value for name, value in os.environ.items() if not name.lower().endswith("_proxy")},
            "HOME": str(home),
            "TMPDIR": str(temporary),
            # As some people have them:
            "GRADIO_SHARE": "True",
            "GRADIO_ALLOWED_PATHS": str(folder),
        },
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout
    url = process.stdout.readline().strip()
    yield Demo(url, process, folder, temporary, asked)
    process.kill()
    process.communicate()


@pytest.fixture(scope="module")
def tab(tmp_path_factory: pytest.TempPathFactory):
    """A tab of a browser that finds no other machine."""
    if browser.executable() is None:
        pytest.skip(f"no browser here: {', '.join(browser.NAMES)}")
    alone = "--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1"
    with browser.tab(tmp_path_factory.mktemp("browser"), alone) as made:
        yield made


def draw(tab: browser.Tab, strokes: list[list[tuple[float, float]]]) -> None:
    left, top, width, height = tab.evaluate(
        "(box => [box.x, box.y, box.width, box.height])(document.querySelector('#drawing canvas').getBoundingClientRect())"
    )
    for stroke in strokes:
        tab.drag([(left + x * width, top + y * height) for x, y in stroke])


def shown(tab: browser.Tab, text: str) -> None:
    """Wait until the page shows a prediction."""
    tab.wait_for(f"document.querySelector('#bars h2')?.textContent.trim() === {json.dumps(text)}")


def test_drawn_digits_get_their_classes_with_bars_grad_cam_and_what_was_done(demo, tab):
    tab.open(demo.url)
    tab.wait_for(READY)
    draw(tab, THREE)
    shown(tab, "3")
    bars = tab.evaluate("[...document.querySelectorAll('#bars .confidence-set')].map(bar => bar.textContent)")
    assert len(bars) == 5
    assert re.fullmatch(r"\s*3\s*\d+%\s*", bars[0])
    assert tab.wait_for("document.querySelector('#heat img')?.naturalWidth") == 280
    notes = "document.querySelector('#notes textarea').value"
    assert (
        tab.evaluate(notes)
        == "Image: 280x280 RGB with transparency, stretched to 28x28, converted to grayscale, inverted"
    )

    tab.evaluate("document.querySelector('#drawing button').click()")
    tab.wait_for("!document.querySelector('#bars h2')")
    draw(tab, FOUR)
    shown(tab, "4")

    tab.evaluate("document.querySelector('.invert input').click()")
    tab.wait_for(f"{notes}.includes('not inverted')")
    assert "a light background, and the training images have a dark one" in tab.evaluate(notes)


def test_click_on_an_example_predicts_it(demo, tab):
    tab.open(demo.url, width=390, scheme="dark")
    tab.wait_for(READY)
    tab.evaluate("document.querySelectorAll('[role=tab]')[1].click()")
    tab.wait_for("document.querySelectorAll('#examples button img').length === 10")
    tab.evaluate("document.querySelectorAll('#examples button')[1].click()")
    shown(tab, "1")
    notes = tab.evaluate("document.querySelector('#notes textarea').value")
    assert notes.splitlines()[0] == "Image: 28x28 grayscale, not resized, not inverted"
    assert tab.evaluate("document.documentElement.scrollWidth") <= 390


@pytest.mark.parametrize("path", ["/etc/hosts", "{folder}/secret.txt", "{folder}", "secret.txt"])
def test_files_of_the_user_are_not_served(demo, path):
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(f"{demo.url}gradio_api/file={path.format(folder=demo.folder)}")
    assert refused.value.code in (403, 404)


def answer_to(url: str, value: Any) -> dict[str, Any]:
    """What the server answers to a value of the image that no page would send."""
    config = json.loads(urllib.request.urlopen(f"{url}config").read())
    [image] = [part["id"] for part in config["components"] if part["props"].get("elem_id") == "image"]
    [function] = [event["id"] for event in config["dependencies"] if event["inputs"][:1] == [image]]
    data = {"data": [value, False], "fn_index": function, "session_hash": "test"}
    headers = {"Content-Type": "application/json"}
    join = urllib.request.Request(f"{url}gradio_api/queue/join", json.dumps(data).encode(), headers)
    urllib.request.urlopen(join).read()
    events = urllib.request.urlopen(f"{url}gradio_api/queue/data?session_hash=test").read().decode()
    return next(event for event in map(json.loads, re.findall("data: (.*)", events)) if "success" in event)


@pytest.mark.parametrize("path", ["{folder}/secret.txt", "/etc/hosts", "http://example.org/digit.png"])
def test_only_uploaded_files_are_taken_for_images(demo, path):
    value = {"path": path.format(folder=demo.folder), "meta": {"_type": "gradio.FileData"}}
    answer = answer_to(demo.url, value)

    assert not answer["success"]
    assert "secret" not in json.dumps(answer)
    assert [file.name for file in demo.temporary.rglob("*") if file.name in ("secret.txt", "hosts")] == []


def test_names_of_other_sites_are_refused(demo):
    request = urllib.request.Request(demo.url, headers={"Host": "example.org"})
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(request)
    assert refused.value.code == 400


def test_upload_that_is_too_large_is_refused(demo):
    boundary = b"--limit\r\n"
    head = b'Content-Disposition: form-data; name="files"; filename="a.png"\r\nContent-Type: image/png\r\n\r\n'
    body = boundary + head + bytes(server.LARGEST_UPLOAD + 1) + b"\r\n--limit--\r\n"
    headers = {"Content-Type": "multipart/form-data; boundary=limit"}
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(urllib.request.Request(f"{demo.url}gradio_api/upload", body, headers))
    assert refused.value.code == 413


def test_page_and_server_ask_no_other_machine(demo, tab):
    tab.open(demo.url)
    tab.wait_for(READY)
    draw(tab, THREE)
    shown(tab, "3")

    assert [url for url in tab.requests() if not url.startswith((demo.url, "data:", "blob:"))] == []
    assert len(tab.requests()) > 20
    assert tab.complaints() == []
    assert set(demo.asked.read_text().split()) <= {"127.0.0.1", "localhost"}
    assert "127.0.0.1" in demo.asked.read_text()  # the lookup before the port is opened


def test_ctrl_c_ends_it_and_leaves_no_files(demo):
    demo.process.send_signal(signal.SIGINT)
    _, stderr = demo.process.communicate(timeout=20)

    assert demo.process.returncode == 130
    assert stderr.endswith("stopped by SIGINT\n")
    assert [path.name for path in demo.folder.iterdir()] == ["secret.txt"]
    assert list(demo.temporary.iterdir()) == []


# ---- the answers, without a browser ------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def answerer(trained: CommandLine) -> Answerer:
    return Answerer(open_model(str(trained.folder / "outputs/small/first"), outputs=Path("outputs")))


@pytest.mark.parametrize("invert", [False, True])
def test_probabilities_are_those_of_predict_for_the_same_file(trained, answerer, tmp_path, invert):
    with np.load(Path(samples.__path__[0]) / "mnist-sample.npz") as archive:
        digit = archive["x_test"][3]
    file = tmp_path / "digit.png"
    Image.fromarray(255 - digit if invert else digit).resize((90, 120)).save(file)

    answer = answerer.image(str(file), invert=invert)
    options = ["--invert"] if invert else []
    document = trained("predict", "small/first", str(file), "--top", "5", "--json", *options).json
    top = document["predictions"][0]["top"]
    assert answer.shares == {each["class"]: pytest.approx(each["probability"], abs=1e-6) for each in top}
    assert answer.message.splitlines()[0] == f"Image: {document['images']}"


def test_unreadable_image_is_a_message_without_the_temporary_path(answerer, tmp_path):
    file = tmp_path / "digit.png"
    file.write_bytes(b"no image")
    answer = answerer.image(str(file), invert=False)

    assert (answer.shares, answer.text, answer.heat) == ({}, "", None)
    assert answer.message == "digit.png: text, not an image"


# ---- the command -------------------------------------------------------------------------------------------------------


def test_address_that_others_can_reach_is_a_warning(trained, monkeypatch):
    monkeypatch.setattr(server, "serve", lambda *_, **__: None)
    for name in ("GRADIO_TEMP_DIR", "GRADIO_EXAMPLES_CACHE", "GRADIO_ANALYTICS_ENABLED", "HF_HUB_OFFLINE"):
        monkeypatch.setenv(name, "")  # what the command sets is taken back at the end
    done = trained("demo", "small/first", "--host", "0.0.0.0")

    assert done.exit_code == 0
    assert re.fullmatch(r"http://127\.0\.0\.1:\d+/\n", done.stdout)
    assert "--host 0.0.0.0: every machine that can reach this one can use the page, without a password" in done.stderr


def test_port_in_use_is_an_error_of_the_command_line(trained):
    with socket.socket() as busy:
        busy.bind(("127.0.0.1", 0))
        busy.listen()
        port = busy.getsockname()[1]
        done = trained("demo", "small/first", "--port", str(port))

    assert done.exit_code == 2
    assert done.stderr.startswith(f"error: --port: port {port} is in use\n    use another one, or leave --port out")


def test_drawings_are_for_small_gray_inputs(answerer):
    assert answerer.takes_images
    assert answerer.takes_drawings
    assert answerer.draws_light_on_dark
    assert answerer.summary == "10 classes · input 28x28, grayscale"
