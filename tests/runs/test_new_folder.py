"""A folder that a command writes appears whole, or not at all."""

from __future__ import annotations

import errno
import os
import time

import pytest

from cnncli.errors import OutputError
from cnncli.runs.abandoned_files import lock_of
from cnncli.runs.new_folder import NewFolder


def of(path, *, is_own=True, force=False) -> NewFolder:
    return NewFolder(path, "--to", lambda _: is_own, force=force)


def test_folder_appears_when_the_block_ends(tmp_path):
    path = tmp_path / "below" / "new"
    with of(path).writing() as folder:
        assert os.listdir(folder) == []
        (folder / "a").write_text("a")
        assert not path.exists()
    assert os.listdir(path) == ["a"]
    assert os.listdir(tmp_path / "below") == ["new"]


def test_nothing_is_left_of_a_block_that_fails(tmp_path):
    with pytest.raises(ZeroDivisionError), of(tmp_path / "new").writing() as folder:
        (folder / "a").write_bytes(bytes(1 // 0))
    assert os.listdir(tmp_path) == []


def test_empty_folder_is_used(tmp_path):
    (tmp_path / "new").mkdir()
    with of(tmp_path / "new", is_own=False).writing() as folder:
        (folder / "a").write_text("a")
    assert os.listdir(tmp_path / "new") == ["a"]


def test_older_folder_stays_when_the_new_one_fails(tmp_path):
    (tmp_path / "new").mkdir()
    (tmp_path / "new" / "old").write_text("a")
    with pytest.raises(ZeroDivisionError), of(tmp_path / "new", force=True).writing():
        raise ZeroDivisionError
    assert os.listdir(tmp_path / "new") == ["old"]


def test_force_replaces_an_own_folder_alone(tmp_path):
    (tmp_path / "new").mkdir()
    (tmp_path / "new" / "old").write_text("a")
    for is_own, force in ((True, False), (False, True)):
        with pytest.raises(OutputError):
            of(tmp_path / "new", is_own=is_own, force=force).check()
    with of(tmp_path / "new", force=True).writing() as folder:
        (folder / "a").write_text("a")
    assert os.listdir(tmp_path / "new") == ["a"]
    assert os.listdir(tmp_path) == ["new"]


def test_file_of_that_name_is_refused(tmp_path):
    (tmp_path / "new").write_text("a")
    with pytest.raises(OutputError, match="is a file, not a folder"):
        of(tmp_path / "new", force=True).check()


def test_folder_inside_a_run_is_refused(tmp_path):
    for name in ("run.json", "recipe.yaml"):
        (tmp_path / name).write_text("{}")
    with pytest.raises(OutputError, match="lies in the folder of a run"):
        of(tmp_path / "export").check()


def test_what_a_killed_process_left_is_removed(tmp_path):
    left, held = tmp_path / ".cnncli-folder.tmp-1", tmp_path / ".cnncli-folder.tmp-2"
    for folder in (left, held):
        folder.mkdir()
        (folder / "model").write_text("a")
    lock_of(left).touch()
    old = time.time() - 100
    fcntl = pytest.importorskip("fcntl")
    with open(lock_of(held), "xb") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        for folder in (left, held):
            os.utime(folder, (old, old))
        with of(tmp_path / "new").writing():
            pass
    assert sorted(os.listdir(tmp_path)) == [held.name, lock_of(held).name, "new"]


def test_older_folder_comes_back_when_the_new_one_cannot_get_its_name(tmp_path, monkeypatch):
    (tmp_path / "new").mkdir()
    (tmp_path / "new" / "old").write_text("a")
    rename = os.rename

    def refuse(source, target):
        if ".tmp-" in os.fspath(source):
            raise OSError(errno.EIO, os.strerror(errno.EIO), os.fspath(target))
        rename(source, target)

    monkeypatch.setattr(os, "rename", refuse)
    with pytest.raises(OutputError), of(tmp_path / "new", force=True).writing() as folder:
        (folder / "a").write_text("a")
    assert os.listdir(tmp_path) == ["new"]
    assert os.listdir(tmp_path / "new") == ["old"]
