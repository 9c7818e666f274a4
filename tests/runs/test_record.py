"""The record of a run and its files, written and read back."""

from __future__ import annotations

import errno
import hashlib
import json
import os
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from run_folders import everything_in, fails, no_space, put_run, told

from cnncli import runs
from cnncli.errors import OutputError


def test_update_adds_and_replaces_fields_on_disk(run: runs.Run) -> None:
    run.update_record(seeds={"python": 3}, command_line=["cnncli", "train"])
    run.update_record(seeds={"python": 4})
    record = runs.read_record(run.path)
    assert record["seeds"] == {"python": 4}
    assert record["command_line"] == ["cnncli", "train"]
    assert record["status"] == "running"


def test_failing_update_leaves_record_as_it_was(run: runs.Run, monkeypatch: pytest.MonkeyPatch) -> None:
    before = runs.read_record(run.path)
    monkeypatch.setattr(os, "write", no_space)
    with pytest.raises(OutputError, match=r"cannot write outputs/mnist/a/run\.json: no space left on "):
        run.update_record(seeds=1)
    assert run.record == runs.read_record(run.path) == before


def test_write_gives_the_path(run: runs.Run) -> None:
    assert run.write("figures/deep/x.png", b"x") == run.path / "figures/deep/x.png"
    assert run.write_json("evaluation.json", {"loss": float("nan")}).read_text() == '{\n  "loss": null\n}\n'


def test_file_below_a_file_is_told(run: runs.Run) -> None:
    with pytest.raises(OutputError) as caught:
        run.write("run.json/x/y", b"")
    assert told(caught.value)[0] == (
        "cannot make outputs/mnist/a/run.json/x: a part of the path is a file, not a folder"
    )


def test_unknown_status_is_a_bug(run: runs.Run) -> None:
    with pytest.raises(ValueError, match="running, completed, interrupted, diverged, failed; got 'done'"):
        run.update_record(status="done")


def test_finish_records_status_end_and_files(run: runs.Run, tmp_path: Path) -> None:
    run.write("model.keras", b"abc")
    run.write("figures/curves.png", b"")
    (run.path / "run.log").write_text("chatter")
    (run.path / "half.tmp-7.keras").write_text("h")
    (run.path / "link").symlink_to(tmp_path)
    run.finish("completed", test={"accuracy": 0.5})
    record = runs.read_record(run.path)
    assert record["status"] == "completed"
    assert record["ended"] >= record["started"]
    assert record["test"] == {"accuracy": 0.5}
    assert record["artefacts"] == [
        {"path": "figures/curves.png", "bytes": 0, "sha256": hashlib.sha256(b"").hexdigest()},
        # FIPS 180-2, appendix B.1
        {
            "path": "model.keras",
            "bytes": 3,
            "sha256": "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
        },
    ]


@pytest.mark.parametrize("failing", ["pathlib.Path.open", "os.scandir"])
def test_file_that_cannot_be_read_is_told_and_not_left_out(
    run: runs.Run, monkeypatch: pytest.MonkeyPatch, failing: str
) -> None:
    run.write("model.keras", b"abc")

    def denied(path: Any, *_: Any) -> None:
        raise PermissionError(errno.EACCES, "Permission denied", str(path))

    monkeypatch.setattr(failing, denied)
    place = "outputs/mnist/a/model.keras" if "open" in failing else "outputs/mnist/a"
    with fails(OutputError, f"cannot read {place}: permission denied", ""):
        run.finish("completed")


@pytest.mark.parametrize("name", ["../x", "/etc/x", "figures/../../x", ".", "..", "", "figures/.."])
def test_file_outside_the_run_is_refused(run: runs.Run, name: str) -> None:
    with fails(OutputError, f"{name!r} would be written outside the run's folder outputs/mnist/a", ""):
        run.write(name, b"")


def test_file_behind_a_link_is_refused(run: runs.Run, tmp_path: Path) -> None:
    (run.path / "figures").symlink_to(tmp_path)
    with pytest.raises(OutputError, match="outside the run's folder"):
        run.write("figures/x.png", b"")
    assert not (tmp_path / "x.png").exists()


def test_history_has_a_row_an_epoch_and_all_columns(run: runs.Run) -> None:
    rows = [
        {"loss": np.float32(0.5), "epoch": 1, "accuracy": 0.25},
        {"epoch": np.int64(2), "loss": float("nan"), "learning_rate": 1e-3, "accuracy": float("inf")},
    ]
    run.write_history(rows[:1])
    run.write_history(rows)
    # 0.5 and 0.25 are exact in float32.
    assert (run.path / "history.csv").read_text() == (
        "epoch,loss,accuracy,learning_rate\n1,0.5,0.25,\n2,nan,inf,0.001\n"
    )
    assert json.loads((run.path / "history.json").read_text()) == [
        {"epoch": 1, "loss": 0.5, "accuracy": 0.25},
        {"epoch": 2, "loss": None, "learning_rate": 0.001, "accuracy": None},
    ]


def test_history_of_no_epochs_has_its_header(run: runs.Run) -> None:
    run.write_history([])
    assert (run.path / "history.csv").read_text() == "epoch\n"
    assert json.loads((run.path / "history.json").read_text()) == []


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (float("nan"), "null"),
        (float("-inf"), "null"),
        (np.float32("nan"), "null"),
        (np.float64("inf"), "null"),
        (np.float32(0.5), "0.5"),
        (np.longdouble(0.5), "0.5"),
        (np.int64(7), "7"),
        (np.bool_(True), "true"),
        (True, "true"),
        (Path("a/b"), '"a/b"'),
        (datetime(2026, 11, 21, tzinfo=UTC), '"2026-11-21T00:00:00+00:00"'),
        ("žluť", '"žluť"'),
        ("caf\udce9.png", '"caf\\udce9.png"'),
        ("ž\x9b31m\u202e\u200b\u2028\x7f\U000e0001", '"ž\\u009b31m\\u202e\\u200b\\u2028\\u007f\\udb40\\udc01"'),
    ],
)
def test_json_knows_numpy_and_no_nan(value: Any, text: str) -> None:
    assert runs.to_json(value) == text + "\n"


def test_json_goes_into_containers() -> None:
    value = {"a": (np.array([[1.0, np.nan]]), {2, 1}), 3: [float("inf")]}
    assert json.loads(runs.to_json(value)) == {"a": [[[1.0, None]], [1, 2]], "3": [None]}


def test_json_refuses_what_it_does_not_know() -> None:
    with pytest.raises(TypeError, match="a record cannot hold a object"):
        runs.to_json(object())


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "is damaged: its JSON breaks at line 1"),
        (b'{\n"schema_version": 1,\n"sta', "is damaged: its JSON breaks at line 3"),
        (b"\xff\xfe{}", "is damaged: not JSON text"),
        (b"[" * 100_000, "is damaged: not JSON text"),
        (b'{"a": ' + b"9" * 5000 + b"}", "is damaged: not JSON text"),
        (b"[]", "is not the record of a run"),
        (b'{"name": "npm"}', "is not the record of a run"),
        (b'{"schema_version": "1", "status": "running"}', "is not the record of a run"),
        (b'{"schema_version": 1, "status": "sleeping"}', "is damaged: unknown status 'sleeping'"),
        (b'{"schema_version": 1, "status": ["running"]}', "is damaged: unknown status ['running']"),
        (
            b'{"schema_version": 1, "status": "running", "params": "many"}',
            "is damaged: `params`: Input should be a valid integer",
        ),
        (
            b'{"schema_version": 2, "status": "running"}',
            "is from a newer cnncli (schema 2, this one reads up to 1)",
        ),
    ],
)
def test_record_that_cannot_be_read_is_told_and_listed_as_broken(outputs: Path, content: bytes, message: str) -> None:
    folder = put_run(outputs, "mnist/a")
    (folder / "run.json").write_bytes(content)
    with pytest.raises(OutputError) as caught:
        runs.read_record(folder)
    assert told(caught.value)[0] == f"outputs/mnist/a/run.json {message}"
    (summary,) = runs.list_runs(outputs)
    assert (summary.status, summary.problem) == ("broken", f"outputs/mnist/a/run.json {message}")


def test_every_truncation_of_a_record_is_told(outputs: Path) -> None:
    folder = put_run(outputs, "mnist/a", best={"loss": 0.5})
    whole = (folder / "run.json").read_bytes()
    for length in range(len(whole)):
        (folder / "run.json").write_bytes(whole[:length])
        with pytest.raises(OutputError, match="is damaged"):
            runs.read_record(folder)


def test_folder_without_record_and_missing_folder_are_told(outputs: Path) -> None:
    outputs.mkdir()
    with fails(OutputError, "outputs is not a run's folder: it has no run.json", "list the runs with: cnncli runs"):
        runs.read_record(outputs)
    with fails(OutputError, "no such run: outputs/gone", "list the runs with: cnncli runs"):
        runs.read_record(outputs / "gone")


@pytest.mark.parametrize("make", [os.mkdir, os.mkfifo])
def test_record_that_is_no_file_is_told_without_waiting(outputs: Path, make: Callable[[Path], None]) -> None:
    folder = put_run(outputs, "mnist/a")
    (folder / "run.json").unlink()
    make(folder / "run.json")
    with pytest.raises(OutputError, match="is damaged: it is not a regular file"):
        runs.read_record(folder)


def test_record_that_links_to_itself_is_told(outputs: Path) -> None:
    folder = put_run(outputs, "mnist/a")
    (folder / "run.json").unlink()
    (folder / "run.json").symlink_to("run.json")
    with fails(OutputError, "cannot read outputs/mnist/a/run.json: it is a link, or lies behind a loop of links", ""):
        runs.read_record(folder)


def test_record_on_a_failing_disk_is_told(outputs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = put_run(outputs, "mnist/a")

    def fdopen(descriptor: int, *_: Any) -> Any:
        os.close(descriptor)
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(os, "fdopen", fdopen)
    with pytest.raises(OutputError, match=r"^cannot read outputs/mnist/a/run\.json: the disk under "):
        runs.read_record(folder)


def test_reopening_what_is_no_run_leaves_no_lock_file(outputs: Path) -> None:
    outputs.mkdir()
    with pytest.raises(OutputError, match="is not a run's folder"):
        runs.reopen(outputs)
    assert everything_in(outputs) == {}


def test_failing_reopen_frees_the_lock(outputs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = put_run(outputs, "mnist/a")

    def bug(_: Path) -> None:
        raise RuntimeError("bug")

    with monkeypatch.context() as patch:
        patch.setattr("cnncli.runs.run_folder.remove_leftovers", bug)
        with pytest.raises(RuntimeError) as caught:
            runs.reopen(folder)
    assert str(caught.value) == "bug"
    assert runs.holder_of(folder) is None  # although `caught` keeps the frame, and with it the lock, alive
    runs.reopen(folder).close()


def test_nan_in_a_record_of_others_is_none(outputs: Path) -> None:
    folder = put_run(outputs, "mnist/a", loss=float("nan"))
    assert "NaN" in (folder / "run.json").read_text()
    assert runs.read_record(folder)["loss"] is None
