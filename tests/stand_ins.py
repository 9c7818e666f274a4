"""What stands in for a user's data, for the listener to a training, and for a server."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from cnncli.data.dataset import INPUT, Examples
from cnncli.data.pipeline import Batches
from cnncli.tasks.classification.targets import INTEGERS


class Silent:
    """A listener to a training that does nothing."""

    def stopping(self, number: int) -> None:
        pass

    def loading(self, what: str, done: int, total: int) -> None:
        pass

    def epoch_begins(self, epoch: int) -> None:
        pass

    def step_done(self, epoch: int, step: int, logs: Any) -> None:
        pass

    def epoch_ended(self, epoch: int, row: Any) -> None:
        pass

    def waiting(self, callback: str, monitor: str, epochs: int, patience: int) -> None:
        pass

    def checkpoint_written(self, epoch: int, step: int) -> None:
        pass


def three_classes(count: int = 30, apart: float = 1.0) -> Examples:
    """Random images of 6x6 pixels, as much brighter from class to class."""
    random = np.random.default_rng(5)
    labels = (np.arange(count) % 3).astype(np.int32)
    images = random.random((count, 6, 6, 1), dtype=np.float32) + apart * labels[:, None, None, None]
    return Examples({INPUT: images.astype(np.float32)}, labels)


def batches(examples: Examples, seed: int | None = None, encodings: Any = None, **more: Any) -> Batches:
    """Batches of eight; shuffled where there is a seed."""
    return Batches(examples, batch_size=8, encodings=encodings or {"": INTEGERS}, seed=seed, **more)


def photos(folder: Path, *, count: int = 20, size: tuple[int, int] = (32, 32)) -> None:
    """photos/ants and photos/bees: so many images of noise of a height and width each."""
    random = np.random.default_rng(0)
    for name in ("ants", "bees"):
        (folder / "photos" / name).mkdir(parents=True)
        for number in range(count):
            pixels = random.integers(0, 256, (*size, 3), dtype=np.uint8)
            Image.fromarray(pixels).save(folder / "photos" / name / f"{number}.png")


@contextmanager
def serving(handler: type[BaseHTTPRequestHandler]) -> Iterator[str]:
    """The address of a server on this machine."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()
    thread.join()
