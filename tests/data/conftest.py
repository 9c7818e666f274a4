"""Small real data, made on the spot; no test here reaches the network or the user's own cache."""

from __future__ import annotations

import socket
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from pictures import noise, save

from cnncli.data.sources import builtin

MakeFolder = Callable[[Path, Mapping[str, int]], Path]


@pytest.fixture(autouse=True)
def _away_from_home(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    home = tmp_path_factory.mktemp("home")
    monkeypatch.setenv("HOME", str(home))
    for name in ("KERAS_HOME", "XDG_CACHE_HOME", "CNNCLI_CACHE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(builtin, "_DEBIAN_FASHION", home / "no-such-folder")
    look_up = socket.getaddrinfo

    def only_this_machine(host: Any, *args: Any, **options: Any) -> Any:
        if host not in ("127.0.0.1", "localhost"):
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        return look_up(host, *args, **options)

    monkeypatch.setattr(socket, "getaddrinfo", only_this_machine)


@pytest.fixture
def make_folder() -> MakeFolder:
    """`make_folder(root, {"train/ants": 3})` saves 3 different PNGs of 8x6 pixels there; every call other ones."""
    seed = 0

    def make(root: Path, counts: Mapping[str, int]) -> Path:
        nonlocal seed
        for folder, count in counts.items():
            (root / folder).mkdir(parents=True, exist_ok=True)
            for number in range(count):
                seed += 1
                save(root / folder / f"{number}.png", noise(8, 6, seed=seed))
        return root

    return make
