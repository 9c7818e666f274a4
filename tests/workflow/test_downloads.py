"""A dry run asks for weights that have to be downloaded, and downloads nothing; a server on this machine stands in."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import ClassVar

import h5py
import keras
import pytest
from commands import call, draw_nothing
from keras.src.legacy.saving import legacy_h5_format
from stand_ins import photos, serving

from cnncli.network.pretrained_weights import ImagenetWeights, imagenet_weights
from cnncli.recipe.keras_objects.objects import KerasObject

pytestmark = pytest.mark.usefixtures("without_graphs")

RECIPE = """\
data: {source: {image_folder: {path: photos, image_size: [32, 32]}}}
model: {layers: [MobileNet: {alpha: 0.25, weights: imagenet, include_top: false}, GlobalAveragePooling2D,
        Dense: {units: $classes, activation: softmax}]}
"""
FILE = "mobilenet_2_5_224_tf_no_top.h5"


class Answers(BaseHTTPRequestHandler):
    asked: ClassVar[list[str]] = []
    content: ClassVar[bytes] = b""

    def do_GET(self) -> None:
        self.asked.append(self.path)
        self.send_response(200 if self.path == f"/{FILE}" else 404)
        self.send_header("Content-Length", str(len(self.content)))
        self.end_headers()
        self.wfile.write(self.content)

    def log_message(self, *_: object) -> None:
        pass


def weights_file() -> bytes:
    """Weights of the application in the format of Keras' own files."""
    stream = io.BytesIO()
    with h5py.File(stream, "w") as file:
        application = keras.applications.MobileNet(alpha=0.25, weights=None, include_top=False)
        legacy_h5_format.save_weights_to_hdf5_group(file, application)
    return stream.getvalue()


@pytest.fixture
def server() -> Iterator[str]:
    Answers.asked.clear()
    Answers.content = weights_file()
    with serving(Answers) as url:
        yield f"{url}/"


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Keras' cache, in a folder with photos and a recipe."""
    photos(tmp_path)
    (tmp_path / "app.yaml").write_text(RECIPE)
    home = tmp_path / "home"
    home.mkdir()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setattr("keras.src.backend.config._KERAS_DIR", str(home))
    return home


def served(monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    monkeypatch.setattr("keras.src.applications.mobilenet.BASE_WEIGHT_PATH", url)


def test_weights_that_a_server_has_are_a_note_and_are_not_downloaded(
    cache: Path, server: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    served(monkeypatch, server)
    done = call("train", "app.yaml", "--dry-run")

    assert "app.yaml:2:52: the ImageNet weights of MobileNet will be downloaded, 1 MB\n" in done.stderr
    assert f"    to {cache}/models/{FILE}\n" in done.stderr
    assert Answers.asked == [f"/{FILE}"]
    assert not list(cache.rglob("*"))


@pytest.mark.parametrize("command", [["--dry-run"], []], ids=["a dry run", "training"])
def test_weights_that_cannot_be_had_are_exit_9(
    command: list[str], cache: Path, server: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    served(monkeypatch, f"{server}elsewhere/")
    done = call("train", "app.yaml", *command, exit_code=9)

    assert "app.yaml:2:52: the ImageNet weights of MobileNet are not cached and the download failed\n" in done.stderr
    assert "127.0.0.1 answers 404" in done.stderr
    assert f"put {server}elsewhere/{FILE} at {cache}/models/{FILE}" in done.stderr
    assert not Path("outputs").exists()


def test_weights_of_a_server_that_does_not_answer_are_exit_9(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    served(monkeypatch, "http://127.0.0.1:9/")
    done = call("train", "app.yaml", "--dry-run", exit_code=9)

    assert "offline: the ImageNet weights of MobileNet are not cached and the download failed" in done.stderr


def test_training_downloads_what_the_dry_run_has_asked_for(
    cache: Path, server: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    served(monkeypatch, server)
    draw_nothing(monkeypatch)
    text = Path("app.yaml").read_text() + "train: {epochs: 1, checkpoint: {keep: false}}\n"
    Path("app.yaml").write_text(text)
    done = call("train", "app.yaml")

    assert "will be downloaded, 1 MB" in done.stderr
    assert (cache / "models" / FILE).read_bytes() == Answers.content
    Answers.asked.clear()
    again = call("train", "app.yaml", "--dry-run")
    assert "downloaded" not in again.stderr
    assert Answers.asked == []


def test_file_of_another_content_is_not_taken_for_the_weights(tmp_path: Path) -> None:
    file = tmp_path / "weights.h5"
    file.write_bytes(b"the right one")
    md5, sha256 = (hashlib.new(name, b"the right one").hexdigest() for name in ("md5", "sha256"))

    assert all(ImagenetWeights("A", file, "", checksum, ()).is_here() for checksum in (md5, sha256, ""))
    file.write_bytes(b"half of")
    assert not any(ImagenetWeights("A", file, "", checksum, ()).is_here() for checksum in (md5, sha256))


@pytest.mark.parametrize("name", ["VGG16", "ResNet50V2", "EfficientNetV2B0", "ConvNeXtTiny", "MobileNetV3Small"])
def test_file_that_keras_would_read_is_found_without_memory_and_network(name: str) -> None:
    found = imagenet_weights(KerasObject("applications", name, {"include_top": False}), (224, 224, 3), ("model",))

    assert found
    assert found.url.startswith("https://storage.googleapis.com/")
    assert found.file.parent.name == "models"
    assert found.file.suffix == ".h5"
    assert found.path == ("model", "weights")


@pytest.mark.parametrize("command", [["validate"], ["train", "--dry-run"], ["train"]], ids=lambda words: words[-1])
def test_weights_that_keras_does_not_have_are_refused_everywhere(command: list[str], cache: Path) -> None:
    text = RECIPE.replace("include_top: false}, GlobalAveragePooling2D", "include_top: true, classes: 10}")
    Path("app.yaml").write_text(text)
    done = call(command[0], "app.yaml", *command[1:], exit_code=3)

    assert "app.yaml:2:18: MobileNet: " in done.stderr
