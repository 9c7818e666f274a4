"""Reading the file of a recipe, and the error where it cannot be read."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from cnncli.errors import RecipeError
from cnncli.recipe.yaml.recipe_file import read_bytes


def unreadable(path: Path, **options: Any) -> str:
    with pytest.raises(RecipeError) as raised:
        read_bytes(path, **options)
    return str(raised.value)


def test_file_is_read_byte_for_byte(tmp_path: Path) -> None:
    path = tmp_path / "r.yaml"
    path.write_bytes(b"\xef\xbb\xbfa: 1\r\n\xff")
    assert read_bytes(path) == b"\xef\xbb\xbfa: 1\r\n\xff"


@pytest.mark.parametrize(
    ("asked", "there"),
    [
        ("mnist", "mnist.yaml"),
        ("mnist.yml", "mnist.yaml"),
        ("mnist.yaml", "mnist.yml"),
        ("lenet5.v2", "lenet5.v2.yaml"),
        ("mnist.yaml", "recipes/mnist.yaml"),
        ("mnist", "recipes/mnist.yaml"),
        ("deep/mnist", "deep/recipes/mnist.yaml"),
        ("minst.yaml", "mnist.yaml"),
        ("runs/mnist.yaml", "recipes/mnist.yaml"),
        ("minst.yaml", "recipes/mnist.yaml"),
    ],
)
def test_missing_recipe_suggests_the_nearest(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, asked: str, there: str
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / there).parent.mkdir(parents=True, exist_ok=True)
    (tmp_path / there).write_text("a: 1")
    assert unreadable(Path(asked)) == f"recipe not found: {asked}\n    did you mean `{there}`?"


def test_missing_recipe_with_nothing_near(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "other.yaml").write_text("a: 1")
    assert unreadable(Path("mnist.yaml")) == "recipe not found: mnist.yaml"


def test_path_through_a_file_is_not_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("a").write_text("")
    assert unreadable(Path("a/b.yaml")) == "recipe not found: a/b.yaml"


def test_messages_name_the_path_as_shown(tmp_path: Path) -> None:
    assert unreadable(tmp_path / "x.yaml", shown_as="x.yaml") == "recipe not found: x.yaml"


def make_socket(path: Path) -> None:
    socket.socket(socket.AF_UNIX).bind(path.name)  # by name: the path of a socket has at most 107 characters


@pytest.mark.skipif(os.name == "nt", reason="no such files on Windows")
@pytest.mark.parametrize(
    ("make", "kind"),
    [(Path.mkdir, "a directory"), (os.mkfifo, "a pipe"), (make_socket, "a socket")],
    ids=["directory", "pipe", "socket"],
)
def test_what_is_no_regular_file_is_refused_without_blocking(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, make: Callable[[Path], None], kind: str
) -> None:
    monkeypatch.chdir(tmp_path)
    make(tmp_path / "x.yaml")
    assert unreadable(Path("x.yaml")) == f"cannot read x.yaml: it is not a regular file but {kind}"


@pytest.mark.skipif(os.name == "nt", reason="no such file on Windows")
def test_device_is_refused() -> None:
    assert unreadable(Path("/dev/zero")) == "cannot read /dev/zero: it is not a regular file but a device"


@pytest.mark.skipif(os.name == "nt", reason="no such file on Windows")
def test_file_that_became_a_pipe_does_not_block(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    regular, pipe = tmp_path / "regular", tmp_path / "pipe"
    regular.write_text("")
    os.mkfifo(pipe)
    status = regular.stat()
    monkeypatch.setattr(Path, "stat", lambda _, **__: status)
    assert read_bytes(pipe) == b""


def test_no_permission_is_reported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> int:  # root, as whom tests may run, is never refused by the real one
        raise PermissionError(13, "Permission denied")

    path = tmp_path / "x.yaml"
    path.write_text("a: 1")
    monkeypatch.setattr(os, "open", refuse)
    assert unreadable(path, shown_as="x.yaml") == "cannot read x.yaml: permission denied"


def test_other_errors_say_what_the_system_said() -> None:
    assert unreadable(Path("a\0b")) == "cannot read a\\x00b: embedded null byte"
    assert unreadable(Path("a" * 300), shown_as="a") == "cannot read a: file name too long"


def test_large_file_is_refused_by_its_size(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "big.yaml"
    with path.open("wb") as file:
        file.truncate(50_000_000)
    monkeypatch.setattr(os, "open", lambda *_: pytest.fail("opened"))
    assert unreadable(path, shown_as="big.yaml") == "big.yaml: recipe larger than 256 KB"


def test_no_more_than_the_limit_is_read_of_a_file_that_grew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    small, big = tmp_path / "small", tmp_path / "big.yaml"
    small.write_text("")
    big.write_bytes(b"x" * 300_000)
    status = small.stat()
    monkeypatch.setattr(Path, "stat", lambda _, **__: status)
    assert unreadable(big, shown_as="big.yaml") == "big.yaml: recipe larger than 256 KB"
