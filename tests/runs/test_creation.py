"""A run's folder is made."""

from __future__ import annotations

import errno
import json
import os
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from run_folders import everything_in, failing_at, fails, no_space, put_run, told

from cnncli import runs
from cnncli.errors import OutputError
from cnncli.runs import storage
from cnncli.runs.run_folder import _make_run_folder


def test_create_makes_folder_and_record_of_a_running_run(outputs: Path) -> None:
    with runs.create(outputs, "mnist", run_name="first") as run:
        assert run.path == Path("outputs/mnist/first")
        record = json.loads((run.path / "run.json").read_text())
    assert record == run.record == runs.read_record(run.path)
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}\+00:00", record.pop("started"))
    assert record == {"schema_version": 1, "status": "running", "recipe": "mnist", "run": "first", "ended": None}


def test_run_is_named_by_its_start_and_an_id(outputs: Path) -> None:
    with runs.create(outputs, "mnist") as run:
        started = run.record["started"]
    stamp = re.sub(r"\D", "", started[:10]) + "-" + re.sub(r"\D", "", started[11:19])
    assert re.fullmatch(re.escape(stamp) + "-[0-9a-f]{6}", run.path.name)


def test_taken_random_id_is_drawn_again(outputs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ids = iter(["aaaaaa", "aaaaaa", "bbbbbb"])
    monkeypatch.setattr("secrets.token_hex", lambda _: next(ids))
    started = datetime(2026, 11, 21, 23, 5, 11, tzinfo=UTC)
    outputs.mkdir()
    names = [_make_run_folder(outputs, None, started).name for _ in range(2)]
    assert names == ["20261121-230511-aaaaaa", "20261121-230511-bbbbbb"]


def test_existing_run_is_refused_and_not_touched(outputs: Path) -> None:
    folder = put_run(
        outputs, "mnist/first", ended="2026-11-21T10:30:00+00:00", best={"loss": 0.2, "val_accuracy": 0.91}
    )
    before = everything_in(outputs)
    with fails(
        OutputError,
        f"run exists (finished 2026-11-21 10:30 UTC, val_accuracy 0.91): {folder}",
        "use another --run NAME",
    ):
        runs.create(outputs, "mnist", run_name="first")
    assert everything_in(outputs) == before


def test_existing_broken_run_is_refused_and_not_touched(outputs: Path) -> None:
    folder = put_run(outputs, "mnist/first")
    (folder / "run.json").write_text('{"schema_ver')
    before = everything_in(outputs)
    with fails(OutputError, f"run exists (broken): {folder}", "use another --run NAME"):
        runs.create(outputs, "mnist", run_name="first")
    assert everything_in(outputs) == before


def test_existing_folder_that_is_no_run_is_refused(outputs: Path) -> None:
    (outputs / "mnist" / "photos").mkdir(parents=True)
    with fails(OutputError, "outputs/mnist/photos exists and is not a run", "use another --run NAME"):
        runs.create(outputs, "mnist", run_name="photos")
    assert everything_in(outputs) == {"mnist": None, "mnist/photos": None}


def test_output_folder_that_is_a_file_is_refused(outputs: Path) -> None:
    outputs.write_text("mine")
    with fails(OutputError, "outputs is a file, not a folder", "give another folder with --output DIR"):
        runs.create(outputs, "mnist")
    assert outputs.read_text() == "mine"


def test_output_folder_below_a_file_is_refused(outputs: Path) -> None:
    outputs.write_text("mine")
    with fails(
        OutputError,
        "cannot make outputs/deeper: a part of the path is a file, not a folder",
        "give another folder with --output DIR",
    ):
        runs.create(outputs / "deeper", "mnist")


@pytest.mark.parametrize(
    ("number", "reason"), [(errno.EACCES, "permission denied"), (errno.EROFS, "{mount} is read-only")]
)
def test_output_folder_that_cannot_be_written_is_refused(
    outputs: Path, monkeypatch: pytest.MonkeyPatch, number: int, reason: str
) -> None:
    (outputs / "mnist").mkdir(parents=True)

    def mkdir(path: Any, *_: Any) -> None:
        if not os.path.exists(path):
            raise OSError(number, os.strerror(number), str(path))
        raise FileExistsError(errno.EEXIST, "File exists", str(path))

    monkeypatch.setattr(os, "mkdir", mkdir)
    with pytest.raises(OutputError) as caught:
        runs.create(outputs, "mnist", run_name="a")
    mount = storage._mount_of(outputs)
    assert told(caught.value)[0] == f"cannot make outputs/mnist/a: {reason.format(mount=mount)}"
    assert caught.value.exit_code == 6


def test_recipe_folder_that_links_outside_is_refused(outputs: Path, tmp_path: Path) -> None:
    outputs.mkdir()
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (outputs / "mnist").symlink_to(elsewhere)
    with fails(
        OutputError,
        f"outputs/mnist is a link to {elsewhere.resolve()}, outside the output folder",
        "remove the link, or give another folder with --output DIR",
    ):
        runs.create(outputs, "mnist", run_name="a")
    assert list(elsewhere.iterdir()) == []


def test_recipe_folder_that_links_nowhere_is_refused(outputs: Path, tmp_path: Path) -> None:
    outputs.mkdir()
    (outputs / "mnist").symlink_to(tmp_path / "nowhere")
    with fails(OutputError, "outputs/mnist is a link that leads nowhere", "give another folder with --output DIR"):
        runs.create(outputs, "mnist", run_name="a")
    assert not (tmp_path / "nowhere").exists()


def test_run_folder_that_is_a_link_is_refused(outputs: Path, tmp_path: Path) -> None:
    (outputs / "mnist").mkdir(parents=True)
    (outputs / "mnist" / "a").symlink_to(tmp_path / "nowhere")
    with fails(OutputError, "outputs/mnist/a exists and is not a run", "use another --run NAME"):
        runs.create(outputs, "mnist", run_name="a")
    assert not (tmp_path / "nowhere").exists()


def test_output_folder_may_be_a_link(outputs: Path, tmp_path: Path) -> None:
    (tmp_path / "big-disk").mkdir()
    outputs.symlink_to(tmp_path / "big-disk")
    with runs.create(outputs, "mnist", run_name="a"):
        assert (tmp_path / "big-disk" / "mnist" / "a" / "run.json").is_file()


@pytest.mark.parametrize("call", ["write", "fsync", "replace"])
def test_create_on_a_full_disk_leaves_no_folder(outputs: Path, monkeypatch: pytest.MonkeyPatch, call: str) -> None:
    monkeypatch.setattr(os, call, no_space)
    with pytest.raises(OutputError, match="no space left on /"):
        runs.create(outputs, "mnist", run_name="a")
    assert everything_in(outputs) == {"mnist": None}


def test_record_of_a_new_run_comes_after_its_files(outputs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    moved: list[str] = []
    real = os.replace
    monkeypatch.setattr(os, "replace", lambda source, target: (moved.append(Path(target).name), real(source, target)))
    files = {"recipe.yaml": b"name: mnist\n", "resolved.yaml": "name: mnist\n"}
    with runs.create(outputs, "mnist", run_name="a", files=files, fields={"seed": 7}) as run:
        assert run.record["seed"] == runs.read_record(run.path)["seed"] == 7
    assert moved == ["recipe.yaml", "resolved.yaml", "run.json"]


def test_create_that_fails_at_the_record_takes_its_files_away(outputs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "replace", failing_at(os.replace, 2))
    with pytest.raises(OutputError, match=r"^cannot write outputs/mnist/a/run\.json: no space left on "):
        runs.create(outputs, "mnist", run_name="a", files={"recipe.yaml": "name: mnist\n"})
    assert everything_in(outputs) == {"mnist": None}


def test_new_folder_is_made_durable(outputs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "fsync", failing_at(os.fsync, 1))
    with pytest.raises(OutputError, match=r"^cannot make outputs/mnist/a: no space left on "):
        runs.create(outputs, "mnist", run_name="a")
    assert everything_in(outputs) == {"mnist": None}
