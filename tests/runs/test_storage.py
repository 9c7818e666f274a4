"""Files are written whole or not at all."""

from __future__ import annotations

import errno
import os
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from run_folders import everything_in, failing_at, fails, process, put_run, told

from cnncli import runs
from cnncli.errors import OutputError
from cnncli.runs import storage


def test_write_replaces_the_whole_file_and_leaves_nothing_else(tmp_path: Path) -> None:
    file = tmp_path / "a.txt"
    runs.write_atomically(file, "a long old text")
    runs.write_atomically(file, "žluť")
    assert everything_in(tmp_path) == {"a.txt": "žluť".encode()}


def test_short_writes_are_continued(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = os.write
    monkeypatch.setattr(os, "write", lambda descriptor, data: real(descriptor, data[:3]))
    runs.write_atomically(tmp_path / "a", b"0123456789")
    assert (tmp_path / "a").read_bytes() == b"0123456789"


@pytest.mark.parametrize("call", ["open", "write", "close", "fsync", "replace"])
def test_failing_call_leaves_the_old_file_and_no_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, call: str
) -> None:
    file = tmp_path / "run.json"
    file.write_bytes(b"good")
    with monkeypatch.context() as patch:
        patch.setattr(os, call, failing_at(getattr(os, call), 1))
        with pytest.raises(OutputError) as caught:
            runs.write_atomically(file, b"new")
    mount = storage._mount_of(file)
    assert told(caught.value) == (
        f"cannot write {file}: no space left on {mount}",
        "free some space there, or give another folder with --output DIR",
    )
    assert caught.value.exit_code == 6
    assert everything_in(tmp_path) == {"run.json": b"good"}


def test_failing_sync_of_the_folder_is_told_with_the_new_file_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "run.json"
    file.write_bytes(b"good")
    monkeypatch.setattr(os, "fsync", failing_at(os.fsync, 2, errno.EIO))  # 1: the file, 2: the folder
    with pytest.raises(OutputError, match="reports an input/output error"):
        runs.write_atomically(file, b"new")
    assert everything_in(tmp_path) == {"run.json": b"new"}


def test_disk_that_cannot_sync_folders_is_fine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "fsync", failing_at(os.fsync, 2, errno.EINVAL))
    runs.write_atomically(tmp_path / "a", b"x")
    assert everything_in(tmp_path) == {"a": b"x"}


def noted(name: str, call: Callable[..., Any], calls: list[str]) -> Callable[..., Any]:
    def patched(*args: Any) -> Any:
        calls.append(name)
        return call(*args)

    return patched


def test_file_and_folder_are_synced_around_the_move(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[str] = []
    for name in ("write", "fsync", "replace"):
        monkeypatch.setattr(os, name, noted(name, getattr(os, name), calls))
    runs.write_atomically(tmp_path / "a", b"x")
    assert calls == ["write", "fsync", "replace", "fsync"]


@pytest.mark.parametrize(
    ("number", "reason"),
    [
        (errno.EDQUOT, "the disk quota on {mount} is used up"),
        (errno.EROFS, "{mount} is read-only"),
        (errno.EACCES, "permission denied"),
        (errno.EFBIG, "the file would be larger than this process may write"),
        (errno.ESTALE, "stale file handle"),
    ],
)
def test_reason_is_told_in_words(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int, reason: str) -> None:
    file = tmp_path / "a"
    monkeypatch.setattr(os, "write", failing_at(os.write, 1, number))
    with pytest.raises(OutputError) as caught:
        runs.write_atomically(file, b"x")
    assert told(caught.value)[0] == f"cannot write {file}: {reason.format(mount=storage._mount_of(file))}"


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("x" * 300, "the name is too long"),
        ("missing/a", "its folder does not exist"),
        ("folder", "it is a folder"),
        ("file/a", "a part of the path is a file, not a folder"),
    ],
)
def test_impossible_path_is_told(tmp_path: Path, name: str, reason: str) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "file").touch()
    with pytest.raises(OutputError) as caught:
        runs.write_atomically(tmp_path / name, b"x")
    assert told(caught.value)[0] == f"cannot write {tmp_path / name}: {reason}"
    assert everything_in(tmp_path) == {"file": b"", "folder": None}


def test_file_size_limit_of_the_process_leaves_the_old_file(outputs: Path) -> None:
    script = """
import resource
from pathlib import Path
from cnncli import runs, system_memory
runs.write_atomically(Path("a"), b"good")
resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))
try:
    runs.write_atomically(Path("a"), b"x" * 5000)
except runs.storage.OutputError as error:
    print(error.problems[0].message)
"""
    with process(script) as (_, said):
        assert said == "cannot write a: the file would be larger than this process may write"
    assert everything_in(Path()) == {"a": b"good"}


def test_lines_are_written_a_megabyte_at_a_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sizes: list[int] = []
    monkeypatch.setattr(os, "write", lambda file, data, write=os.write: sizes.append(len(data)) or write(file, data))
    lines = [f"{'ž' * 99}{number}\n" for number in range(20_000)]
    runs.write_atomically(tmp_path / "a", iter(lines))
    assert (tmp_path / "a").read_text(encoding="utf-8") == "".join(lines)
    assert len(sizes) == 4  # of 4 MB
    assert max(sizes) < 1_050_000


def test_failure_between_lines_leaves_the_old_file(tmp_path: Path) -> None:
    def lines() -> Iterator[str]:
        yield "half\n"
        raise ValueError("a bug")

    runs.write_atomically(tmp_path / "a", "old")
    with pytest.raises(ValueError, match="a bug"):
        runs.write_atomically(tmp_path / "a", lines())
    assert everything_in(tmp_path) == {"a": b"old"}


def test_write_replaces_a_link_and_not_its_target(tmp_path: Path) -> None:
    (tmp_path / "precious").write_text("data")
    (tmp_path / "a").symlink_to(tmp_path / "precious")
    runs.write_atomically(tmp_path / "a", "new")
    assert (tmp_path / "precious").read_text() == "data"
    assert not (tmp_path / "a").is_symlink()


def test_planted_temporary_file_is_not_written_through(tmp_path: Path) -> None:
    (tmp_path / "precious").write_text("data")
    (tmp_path / f"a.tmp-{os.getpid()}").symlink_to(tmp_path / "precious")
    runs.write_atomically(tmp_path / "a", "new")
    assert everything_in(tmp_path) == {"a": b"new", "precious": b"data"}


def save_half(file: Path, error: BaseException) -> None:
    with runs.replacing(file) as temporary:
        temporary.write_text("half")
        raise error


def test_replacing_keeps_the_suffix_and_moves_into_place(tmp_path: Path) -> None:
    file = tmp_path / "model.keras"
    file.write_text("old")
    with runs.replacing(file) as temporary:
        assert temporary == tmp_path / f"model.tmp-{os.getpid()}.keras"
        temporary.write_text("new")
        assert file.read_text() == "old"
    assert everything_in(tmp_path) == {"model.keras": b"new"}


@pytest.mark.parametrize(
    "error", [KeyboardInterrupt(), ValueError("a bug"), ConnectionResetError("gone"), OSError("?")]
)
def test_replacing_passes_on_what_is_not_about_storage(tmp_path: Path, error: BaseException) -> None:
    file = tmp_path / "model.keras"
    file.write_text("good")
    with pytest.raises(type(error)) as caught:
        save_half(file, error)
    assert caught.value is error
    assert everything_in(tmp_path) == {"model.keras": b"good"}


def test_replacing_passes_on_a_missing_input(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError), runs.replacing(tmp_path / "model.keras") as temporary:
        temporary.write_bytes((tmp_path / "input").read_bytes())


@pytest.mark.parametrize("error", [OSError(errno.ENOSPC, "full"), OSError(errno.ENOSPC, "full", "/tmp/of-the-writer")])
def test_replacing_tells_a_full_disk(tmp_path: Path, error: OSError) -> None:
    file = tmp_path / "model.keras"
    file.write_text("good")
    with pytest.raises(OutputError, match=f"^cannot write {re.escape(str(file))}: no space left on "):
        save_half(file, error)
    assert everything_in(tmp_path) == {"model.keras": b"good"}


def test_replacing_tells_what_its_writer_says_of_the_file(tmp_path: Path) -> None:
    file = tmp_path / "missing" / "model.keras"
    with fails(OutputError, f"cannot write {file}: its folder does not exist", ""):
        save_half(file, AssertionError("not reached"))
    with pytest.raises(OutputError, match="permission denied"):  # h5py gives a number and no file name
        save_half(tmp_path / "model.keras", OSError(errno.EACCES, "unable to open file"))


def test_reopening_deletes_what_a_killed_process_left(outputs: Path) -> None:
    folder = put_run(outputs, "mnist/a")
    (folder / "checkpoints").mkdir()
    for name in ("run.json.tmp-71", "checkpoints/1.tmp-71.h5", "checkpoints/1.h5", "notes.tmp-x"):
        (folder / name).touch()
    runs.reopen(folder).close()
    left = [name for name in everything_in(folder) if name not in (".lock", "run.json")]
    assert left == ["checkpoints", "checkpoints/1.h5", "notes.tmp-x"]
