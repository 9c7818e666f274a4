from __future__ import annotations

import gzip
import hashlib
import importlib.util
import io
import pickle
import socket
import ssl
import struct
import tarfile
import threading
import urllib.error
from collections.abc import Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from stand_ins import serving

from cnncli.data.dataset import Splits
from cnncli.data.load import load, parse_source
from cnncli.data.sources import builtin, download
from cnncli.data.sources.builtin import DATA_SETS, CachedFile, read_builtin
from cnncli.errors import DataError, NetworkError, OutputError
from cnncli.recipe.known_data import declared_classes
from cnncli.recipe.schema import Recipe
from cnncli.recipe.schema_data import Data, Source
from cnncli.tasks.classification.targets import ClassTargets

DIGITS = np.arange(20 * 28 * 28, dtype=np.uint8).reshape(20, 28, 28)
LABELS = np.arange(20, dtype=np.uint8) % 10


def mnist_bytes() -> bytes:
    file = io.BytesIO()
    np.savez(file, x_train=DIGITS, y_train=LABELS, x_test=DIGITS[:10], y_test=LABELS[:10])
    return file.getvalue()


MNIST = mnist_bytes()


class Answers(BaseHTTPRequestHandler):
    """What the stand-in for the network says, by path."""

    whole: bytes = b""
    asked: int = 0

    def do_GET(self) -> None:
        type(self).asked += 1
        if self.path == "/missing":
            self.send_error(404, "Not LoadedData")
            return
        self.send_response(200)
        self.send_header("Content-Length", str(len(self.whole)))
        self.end_headers()
        self.wfile.write(self.whole[: len(self.whole) // 2] if self.path in ("/half", "/reset") else self.whole)
        if self.path == "/reset":
            self.wfile.flush()
            self.close_connection = True
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.connection.close()

    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture
def server() -> Iterator[str]:
    Answers.whole, Answers.asked = MNIST, 0
    with serving(Answers) as url:
        yield url


def mnist_at(monkeypatch: pytest.MonkeyPatch, url: str, sha256: str = hashlib.sha256(MNIST).hexdigest()) -> None:
    file = CachedFile("mnist.npz", url, sha256)
    monkeypatch.setitem(DATA_SETS, "mnist", replace(DATA_SETS["mnist"], files=(file,)))


def cache() -> Path:
    return Path.home() / ".keras" / "datasets"


def test_sample_has_what_its_readme_says() -> None:
    found = read_builtin("mnist-sample")

    assert found.source == "mnist-sample, packaged: 8,000 + 2,000 digits"
    assert {name: part.input.shape for name, part in found.parts.items()} == {
        "train": (8000, 28, 28, 1),
        "test": (2000, 28, 28, 1),
    }
    assert found.targets.class_names == tuple("0123456789")
    assert found.parts["train"].input.dtype == np.uint8
    assert found.parts["train"].labels.dtype == np.int32
    assert found.notes == ()


def test_samples_readme_names_its_checksum() -> None:
    file = builtin.SAMPLE_FILE

    assert hashlib.sha256(file.read_bytes()).hexdigest() in (file.parent / "README.md").read_text()


@pytest.mark.parametrize("name", ["mnist", "fashion_mnist", "cifar10", "cifar100"])
def test_names_addresses_and_checksums_are_those_of_the_installed_keras(name: str) -> None:
    spec = importlib.util.find_spec("keras")
    assert spec is not None
    assert spec.submodule_search_locations
    loader = (Path(spec.submodule_search_locations[0]) / "src" / "datasets" / f"{name}.py").read_text()

    for file in DATA_SETS[name].files:
        folder, _, last = file.url.rpartition("/")
        assert f"{folder}/" in loader
        assert last in loader
        assert file.sha256 in loader
        assert ("file_hash" in loader) == bool(file.sha256)
        assert file.name.rpartition("/")[2].removesuffix("_archive") in loader
        assert not file.shape or str(file.shape) in loader
    assert len(DATA_SETS[name].files) == loader.count("get_file(") * (4 if name == "fashion_mnist" else 1)


def test_file_in_keras_cache_is_used_without_the_network(monkeypatch: pytest.MonkeyPatch) -> None:
    mnist_at(monkeypatch, "http://nowhere.invalid/mnist.npz")
    cache().mkdir(parents=True)
    (cache() / "mnist.npz").write_bytes(MNIST)

    found = read_builtin("mnist")

    assert found.source == "mnist, ~/.keras/datasets/mnist.npz: 20 + 10 digits"
    assert np.array_equal(found.parts["train"].input[..., 0], DIGITS)
    assert found.notes == ()


def test_keras_home_is_respected(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    mnist_at(monkeypatch, "http://nowhere.invalid/mnist.npz")
    home = tmp_path / "{keras}"
    monkeypatch.setenv("KERAS_HOME", str(home))
    (home / "datasets").mkdir(parents=True)
    (home / "datasets/mnist.npz").write_bytes(MNIST)

    assert read_builtin("mnist").source == f"mnist, {home}/datasets/mnist.npz: 20 + 10 digits"


def test_download_lands_in_keras_cache_and_is_reported(monkeypatch: pytest.MonkeyPatch, server: str) -> None:
    mnist_at(monkeypatch, f"{server}/mnist.npz")
    told: list[tuple[str, int, int]] = []

    found = read_builtin("mnist", progress=lambda *news: told.append(news))

    assert found.source == "mnist, ~/.keras/datasets/mnist.npz: 20 + 10 digits"
    assert [path.name for path in cache().iterdir()] == ["mnist.npz"]
    assert (cache() / "mnist.npz").read_bytes() == MNIST
    assert (cache() / "mnist.npz").stat().st_mode & 0o777 == 0o644
    assert told[0] == ("downloading mnist.npz", 0, len(MNIST))
    assert told[-1] == ("downloading mnist.npz", len(MNIST), len(MNIST))


def test_second_time_nothing_is_downloaded(monkeypatch: pytest.MonkeyPatch, server: str) -> None:
    mnist_at(monkeypatch, f"{server}/mnist.npz")

    read_builtin("mnist")
    read_builtin("mnist")

    assert Answers.asked == 1


def test_offline_is_reported_with_where_to_put_the_file(monkeypatch: pytest.MonkeyPatch) -> None:
    mnist_at(monkeypatch, "https://nowhere.invalid/mnist.npz", "ab" * 32)

    with pytest.raises(NetworkError) as caught:
        read_builtin("mnist")

    assert str(caught.value) == (
        "offline: mnist is not cached and the download failed\n"
        "    nowhere.invalid: name or service not known\n"
        f"    put https://nowhere.invalid/mnist.npz at ~/.keras/datasets/mnist.npz (sha256 {'ab' * 32}), "
        "or add `offline: mnist-sample` to `data`"
    )
    assert caught.value.problems[0].path == ("data", "source")
    assert caught.value.exit_code == 9


def test_silent_network_is_given_up_after_a_few_seconds(monkeypatch: pytest.MonkeyPatch) -> None:
    let_go, answered = threading.Event(), threading.Event()

    def answer(*_: Any, **__: Any) -> None:
        let_go.wait(10)
        answered.set()

    monkeypatch.setattr(download, "CONNECT_SECONDS", 0.1)
    monkeypatch.setattr(download.urllib.request, "urlopen", answer)
    mnist_at(monkeypatch, "https://silent.invalid/mnist.npz")

    with pytest.raises(NetworkError) as caught:
        read_builtin("mnist")

    assert not answered.is_set()  # it was not waited for
    let_go.set()
    assert str(caught.value).splitlines()[:2] == [
        "offline: mnist is not cached and the download failed",
        "    no answer from silent.invalid within 0.1 seconds",
    ]
    assert download.CONNECT_SECONDS < 10


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        ("missing", "127.0.0.1 answers 404 Not LoadedData"),
        ("half", f"the download broke off after {len(MNIST) // 2 / 1e6:.1f} of {len(MNIST) / 1e6:.1f} MB"),
    ],
)
def test_download_that_fails_leaves_nothing_behind(
    monkeypatch: pytest.MonkeyPatch, server: str, path: str, reason: str
) -> None:
    mnist_at(monkeypatch, f"{server}/{path}")

    with pytest.raises(NetworkError) as caught:
        read_builtin("mnist")

    assert str(caught.value).splitlines()[:2] == ["mnist is not cached and the download failed", f"    {reason}"]
    assert not cache().exists() or not list(cache().iterdir())


def test_connection_that_breaks_leaves_nothing_behind(monkeypatch: pytest.MonkeyPatch, server: str) -> None:
    mnist_at(monkeypatch, f"{server}/reset")

    with pytest.raises(NetworkError, match=r"\n    the download broke off after 0\.\d of 0\.\d MB\n"):
        read_builtin("mnist")

    assert not cache().exists() or not list(cache().iterdir())


def test_server_that_cannot_be_trusted_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    def untrusted(*_: Any, **__: Any) -> Any:
        error = ssl.SSLCertVerificationError(1, "[SSL: CERTIFICATE_VERIFY_FAILED]")
        error.verify_message = "self-signed certificate"
        raise urllib.error.URLError(error)

    monkeypatch.setattr(download.urllib.request, "urlopen", untrusted)

    with pytest.raises(NetworkError) as caught:
        read_builtin("mnist")

    assert str(caught.value).splitlines()[:2] == [
        "mnist is not cached and the download failed",
        "    storage.googleapis.com cannot be trusted: self-signed certificate",
    ]


def test_endless_download_ends(monkeypatch: pytest.MonkeyPatch, server: str) -> None:
    monkeypatch.setattr(download, "_MOST_BYTES", 1000)
    mnist_at(monkeypatch, f"{server}/mnist.npz")

    with pytest.raises(NetworkError, match="more than 0 MB came"):
        read_builtin("mnist")

    assert not list(cache().iterdir())


def test_cache_that_cannot_be_written_is_an_output_error(monkeypatch: pytest.MonkeyPatch, server: str) -> None:
    mnist_at(monkeypatch, f"{server}/mnist.npz")
    (Path.home() / ".keras").write_text("a file where a folder should be")

    with pytest.raises(OutputError) as caught:
        read_builtin("mnist")

    assert str(caught.value) == f"cannot write {cache()}/mnist.npz: not a directory"


def test_download_with_another_checksum_is_thrown_away(monkeypatch: pytest.MonkeyPatch, server: str) -> None:
    mnist_at(monkeypatch, f"{server}/mnist.npz", "ab" * 32)

    with pytest.raises(NetworkError) as caught:
        read_builtin("mnist")

    came = hashlib.sha256(MNIST).hexdigest()[:12]
    assert str(caught.value).splitlines()[1] == (
        f"    what came is incomplete or another file (sha256 {came}…, not abababababab…)"
    )
    assert not list(cache().iterdir())


def test_interrupted_download_leaves_nothing_behind(monkeypatch: pytest.MonkeyPatch, server: str) -> None:
    mnist_at(monkeypatch, f"{server}/mnist.npz")

    def interrupt(*_: Any) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        read_builtin("mnist", progress=interrupt)

    assert not list(cache().iterdir())


def test_incomplete_file_in_the_cache_is_replaced_and_told(monkeypatch: pytest.MonkeyPatch, server: str) -> None:
    mnist_at(monkeypatch, f"{server}/mnist.npz")
    cache().mkdir(parents=True)
    (cache() / "mnist.npz").write_bytes(MNIST[:1000])

    found = read_builtin("mnist")

    was, wanted = (hashlib.sha256(content).hexdigest()[:12] for content in (MNIST[:1000], MNIST))
    assert [str(note) for note in found.notes] == [
        "~/.keras/datasets/mnist.npz is incomplete or another file "
        f"(sha256 {was}…, not {wanted}…): it was downloaded again"
    ]
    assert (cache() / "mnist.npz").read_bytes() == MNIST


def test_incomplete_file_in_the_cache_is_kept_and_not_used_when_offline(monkeypatch: pytest.MonkeyPatch) -> None:
    mnist_at(monkeypatch, "https://nowhere.invalid/mnist.npz", "ab" * 32)
    cache().mkdir(parents=True)
    (cache() / "mnist.npz").write_bytes(b"my own")

    with pytest.raises(NetworkError) as caught:
        read_builtin("mnist")

    was = hashlib.sha256(b"my own").hexdigest()[:12]
    assert str(caught.value).splitlines()[0] == (
        f"offline: ~/.keras/datasets/mnist.npz is incomplete or another file (sha256 {was}…, not abababababab…), "
        "and mnist cannot be downloaded"
    )
    assert (cache() / "mnist.npz").read_bytes() == b"my own"


def test_full_disk_is_an_output_error(monkeypatch: pytest.MonkeyPatch, server: str) -> None:
    mnist_at(monkeypatch, f"{server}/mnist.npz")

    def full(*_: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(download.os, "fsync", full)

    with pytest.raises(OutputError) as caught:
        read_builtin("mnist")

    assert str(caught.value) == f"cannot write {cache()}/mnist.npz: no space left on device"
    assert not list(cache().iterdir())


def test_sample_takes_the_place_of_what_cannot_be_downloaded(monkeypatch: pytest.MonkeyPatch) -> None:
    mnist_at(monkeypatch, "https://nowhere.invalid/mnist.npz")

    found = read_builtin("mnist", offline="mnist-sample")

    assert found.source == "mnist-sample, packaged: 8,000 + 2,000 digits"
    assert [str(note) for note in found.notes] == [
        "mnist is not cached and the download failed (no network). "
        "Using mnist-sample: 10,000 digits of MNIST, packaged with cnncli\n"
        "    nowhere.invalid: name or service not known"
    ]
    assert found.notes[0].path == ("data", "offline")


def test_sample_is_not_used_when_the_data_is_here(monkeypatch: pytest.MonkeyPatch) -> None:
    mnist_at(monkeypatch, "https://nowhere.invalid/mnist.npz")
    cache().mkdir(parents=True)
    (cache() / "mnist.npz").write_bytes(MNIST)

    assert read_builtin("mnist", offline="mnist-sample").source.startswith("mnist, ~/.keras")


def test_other_data_says_that_the_sample_is_something_else() -> None:
    note = read_builtin("cifar10", offline="mnist-sample").notes[0]

    assert note.message == (
        "cifar10 is not cached and the download failed (no network). "
        "Using mnist-sample: 10,000 digits of MNIST, packaged with cnncli, not cifar10"
    )


# Fashion-MNIST: four IDX files, for which Keras has no checksums.


def idx_gz(values: np.ndarray) -> bytes:
    header = bytes([0, 0, 8, values.ndim]) + struct.pack(f">{values.ndim}I", *values.shape)
    return gzip.compress(header + values.tobytes())


FASHION = {
    "train-labels-idx1-ubyte.gz": idx_gz(LABELS),
    "train-images-idx3-ubyte.gz": idx_gz(DIGITS),
    "t10k-labels-idx1-ubyte.gz": idx_gz(LABELS[:10]),
    "t10k-images-idx3-ubyte.gz": idx_gz(DIGITS[:10]),
}


@pytest.fixture
def small_fashion(monkeypatch: pytest.MonkeyPatch) -> None:
    shapes = [(20,), (20, 28, 28), (10,), (10, 28, 28)]
    files = tuple(
        replace(file, shape=shape) for file, shape in zip(DATA_SETS["fashion_mnist"].files, shapes, strict=True)
    )
    monkeypatch.setitem(DATA_SETS, "fashion_mnist", replace(DATA_SETS["fashion_mnist"], files=files))


def put_fashion(folder: Path) -> Path:
    folder.mkdir(parents=True)
    for name, content in FASHION.items():
        (folder / name).write_bytes(content)
    return folder


@pytest.mark.usefixtures("small_fashion")
def test_fashion_mnist_is_read_from_keras_cache() -> None:
    put_fashion(cache() / "fashion-mnist")

    found = read_builtin("fashion_mnist")

    assert found.source == "fashion_mnist, ~/.keras/datasets/fashion-mnist: 20 + 10 images"
    assert found.targets.class_names[0] == "T-shirt/top"
    assert found.targets.class_names[9] == "Ankle boot"
    assert np.array_equal(found.parts["test"].input[..., 0], DIGITS[:10])
    assert found.parts["train"].labels.tolist() == LABELS.tolist()


@pytest.mark.usefixtures("small_fashion")
def test_fashion_mnist_is_read_from_debians_package(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(builtin, "_DEBIAN_FASHION", put_fashion(tmp_path / "debian"))

    assert read_builtin("fashion_mnist").source == f"fashion_mnist, {tmp_path}/debian: 20 + 10 images"


@pytest.mark.usefixtures("small_fashion")
def test_incomplete_fashion_mnist_is_not_used() -> None:
    put_fashion(cache() / "fashion-mnist")
    file = cache() / "fashion-mnist/train-images-idx3-ubyte.gz"
    file.write_bytes(file.read_bytes()[:-100])

    with pytest.raises(NetworkError) as caught:
        read_builtin("fashion_mnist")

    assert str(caught.value).splitlines()[0] == (
        "offline: ~/.keras/datasets/fashion-mnist/train-images-idx3-ubyte.gz is incomplete or another file "
        "(train-images-idx3-ubyte.gz is damaged or cut off), and fashion_mnist cannot be downloaded"
    )


@pytest.mark.usefixtures("small_fashion")
def test_fashion_mnist_of_another_size_is_not_used() -> None:
    put_fashion(cache() / "fashion-mnist")
    (cache() / "fashion-mnist/t10k-labels-idx1-ubyte.gz").write_bytes(idx_gz(LABELS))

    with pytest.raises(NetworkError, match=r"is another file \(its shape is \(20,\), not \(10,\)\)"):
        read_builtin("fashion_mnist")


# CIFAR: a tar archive of pickles as Python 2 wrote them.


def text(value: bytes) -> bytes:
    return b"T" + struct.pack("<I", len(value)) + value  # BINSTRING


def number(value: int) -> bytes:
    return b"J" + struct.pack("<i", value)


def python2_array(values: np.ndarray) -> bytes:
    dtype = b"cnumpy\ndtype\n(" + text(b"u1") + number(0) + number(1) + b"tR(" + number(3) + text(b"|")
    dtype += b"NNN" + number(-1) + number(-1) + number(0) + b"tb"
    shape = b"(" + b"".join(map(number, values.shape)) + b"t"
    made = b"cnumpy.core.multiarray\n_reconstruct\n(cnumpy\nndarray\n(" + number(0) + b"t" + text(b"b") + b"tR"
    return made + b"(" + number(1) + shape + dtype + b"I00\n" + text(values.tobytes()) + b"tb"


def python2_list(items: list[bytes]) -> bytes:
    return b"](" + b"".join(items) + b"e"


def python2_dict(items: dict[bytes, bytes]) -> bytes:
    return b"\x80\x02}(" + b"".join(text(key) + value for key, value in items.items()) + b"u."


def batch(first: int, count: int, labels_key: bytes) -> bytes:
    """Images of which number k is all k, and its class k % 10."""
    values = np.repeat(np.arange(first, first + count, dtype=np.uint8), 3072).reshape(count, 3072)
    values[:, 2048:] = 255  # the blue channel comes last
    labels = python2_list([number(label % 10) for label in range(first, first + count)])
    return python2_dict({b"data": python2_array(values), labels_key: labels})


def cifar10_archive(**replaced: bytes) -> bytes:
    names = [f"animal{index}".encode() for index in range(10)]
    members = {f"data_batch_{index}": batch(4 * index, 4, b"labels") for index in range(1, 6)}
    members |= {
        "test_batch": batch(100, 10, b"labels"),
        "batches.meta": python2_dict({b"label_names": python2_list([text(name) for name in names])}),
        "readme.html": b"<html>",
    } | {name.replace("__", "."): content for name, content in replaced.items()}
    return tar_of("cifar-10-batches-py", members)


def tar_of(folder: str, members: dict[str, bytes]) -> bytes:
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w:gz") as archive:
        for name, content in members.items():
            info = tarfile.TarInfo(f"{folder}/{name}")
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return file.getvalue()


def put_archive(monkeypatch: pytest.MonkeyPatch, name: str, content: bytes) -> None:
    file = replace(DATA_SETS[name].files[0], sha256=hashlib.sha256(content).hexdigest())
    monkeypatch.setitem(DATA_SETS, name, replace(DATA_SETS[name], files=(file,)))
    cache().mkdir(parents=True)
    (cache() / file.name).write_bytes(content)


def test_cifar10_is_read_out_of_its_archive(monkeypatch: pytest.MonkeyPatch) -> None:
    put_archive(monkeypatch, "cifar10", cifar10_archive())

    found = read_builtin("cifar10")

    train = found.parts["train"]
    assert isinstance(train.input, np.ndarray)
    assert train.input.shape == (20, 32, 32, 3)
    assert train.input[:, 5, 7].tolist() == [[index, index, 255] for index in range(4, 24)]
    assert train.labels.tolist() == [index % 10 for index in range(4, 24)]
    assert found.parts["test"].input.shape == (10, 32, 32, 3)
    assert found.targets.class_names == tuple(f"animal{index}" for index in range(10))
    assert found.source == "cifar10, ~/.keras/datasets/cifar-10-batches-py-target_archive: 20 + 10 images"


def test_cifar100_is_read_with_its_fine_classes(monkeypatch: pytest.MonkeyPatch) -> None:
    names = [text(f"kind{index}".encode()) for index in range(10)]
    coarse = python2_list([text(b"all")])
    content = tar_of(
        "cifar-100-python",
        {
            "train": batch(0, 20, b"fine_labels"),
            "test": batch(50, 10, b"fine_labels"),
            "meta": python2_dict({b"fine_label_names": python2_list(names), b"coarse_label_names": coarse}),
        },
    )
    put_archive(monkeypatch, "cifar100", content)

    found = read_builtin("cifar100")

    assert [part.input.shape for part in found.parts.values()] == [(20, 32, 32, 3), (10, 32, 32, 3)]
    assert found.targets.class_names == tuple(f"kind{index}" for index in range(10))


def test_nothing_in_a_cifar_archive_is_run(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    attack = b"cos\nsystem\n(" + text(f"touch {tmp_path}/ran".encode()) + b"tR."
    put_archive(monkeypatch, "cifar10", cifar10_archive(batches__meta=attack))

    with pytest.raises(DataError, match=r"batches\.meta is damaged, or no file of CIFAR") as caught:
        read_builtin("cifar10")

    assert isinstance(caught.value.__cause__, pickle.UnpicklingError)
    assert not (tmp_path / "ran").exists()


# Folders of CIFAR as the archives unpack.


def unpacked(folder: Path, members: dict[str, bytes]) -> str:
    folder.mkdir()
    for name, content in members.items():
        (folder / name).write_bytes(content)
    return str(folder)


def loaded_folder(path: str) -> Splits:
    data = {"source": {"cifar": {"path": path}}, "split": {"validation": 10}}
    return load(Data.model_validate(data))


def binary(first: int, count: int, *, label_bytes: int = 1) -> bytes:
    """The images of `batch` with the class k % 10, behind a coarse class of 1 if there are two."""
    rows = []
    for index in range(first, first + count):
        coarse = bytes([1] * (label_bytes - 1))
        rows.append(coarse + bytes([index % 10]) + bytes([index]) * 2048 + bytes([255]) * 1024)
    return b"".join(rows)


NAMES = "".join(f"animal{index}\n" for index in range(10)).encode()
FOLDERS = {
    "cifar-10-batches-py": {
        **{f"data_batch_{index}": batch(4 * index, 4, b"labels") for index in range(1, 6)},
        "test_batch": batch(100, 10, b"labels"),
        "batches.meta": python2_dict({b"label_names": python2_list([text(name) for name in NAMES.split()])}),
    },
    "cifar-10-batches-bin": {
        **{f"data_batch_{index}.bin": binary(4 * index, 4) for index in range(1, 6)},
        "test_batch.bin": binary(100, 10),
        "batches.meta.txt": NAMES + b"\n",
    },
    "cifar-100-binary": {
        "train.bin": binary(4, 20, label_bytes=2),
        "test.bin": binary(100, 10, label_bytes=2),
        "fine_label_names.txt": NAMES,
        "coarse_label_names.txt": b"a\nb\n",
    },
    "cifar-100-python": {
        "train": batch(4, 20, b"fine_labels"),
        "test": batch(100, 10, b"fine_labels"),
        "meta": python2_dict({b"fine_label_names": python2_list([text(name) for name in NAMES.split()])}),
    },
}


@pytest.mark.parametrize("name", list(FOLDERS))
def test_folder_of_cifar_is_read_in_each_version(tmp_path: Path, name: str) -> None:
    path = unpacked(tmp_path / name, FOLDERS[name])

    splits = loaded_folder(path)

    assert [len(part.examples) for part in splits.parts] == [10, 10, 10]
    assert splits.test.input[:, 5, 7].tolist() == [[index, index, 255] for index in range(100, 110)]
    assert splits.test.labels.tolist() == list(range(10))
    assert splits.targets.class_names[0] == "animal0"
    assert parse_source(path) == Source.model_validate({"cifar": {"path": path}})


@pytest.mark.parametrize(
    ("name", "change", "expected"),
    [
        ("cifar-10-batches-py", {"test_batch": None}, "cifar-10-batches-py has no test_batch"),
        ("cifar-10-batches-py", {"data_batch_3": b"..."}, "data_batch_3 is damaged, or no file of CIFAR"),
        ("cifar-10-batches-bin", {"data_batch_3.bin": b"..."}, "data_batch_3.bin is damaged, or no file of CIFAR"),
        (
            "cifar-10-batches-bin",
            {"batches.meta.txt": b"a\nb\n"},
            "y_train goes up to 9, and batches.meta.txt names 2 classes",
        ),
    ],
)
def test_folder_of_cifar_that_is_not_whole_is_refused(
    tmp_path: Path, name: str, change: dict[str, bytes | None], expected: str
) -> None:
    members = {**FOLDERS[name], **change}
    path = unpacked(tmp_path / name, {name: content for name, content in members.items() if content is not None})

    with pytest.raises(DataError) as caught:
        loaded_folder(path)

    assert caught.value.problems[0].message.replace(f"{tmp_path}/", "") == expected


# For a trained model.


def test_labels_follow_the_models_order_and_only_test_is_kept() -> None:
    found = read_builtin("mnist-sample", model=ClassTargets(class_names=tuple("9876543210")))

    own = read_builtin("mnist-sample").parts["test"].labels
    assert list(found.parts) == ["test"]
    assert found.parts["test"].labels.tolist() == (9 - own).tolist()
    assert found.targets.class_names == tuple("9876543210")


def test_other_classes_than_the_models_are_refused() -> None:
    with pytest.raises(DataError) as caught:
        read_builtin("mnist-sample", model=ClassTargets(class_names=("ants", "bees")))

    assert caught.value.problems[0].message == "the data has a class that is unknown to the model: `0`"
    assert caught.value.problems[-1].message == "and 5 more classes that the model does not know"


def test_number_of_classes_is_what_a_static_check_believes() -> None:
    recipe = Recipe.model_validate({"data": {"source": "mnist-sample"}, "model": {"layers": [{"Dense": 10}]}})

    assert declared_classes(recipe) == len(read_builtin("mnist-sample").targets.class_names)
