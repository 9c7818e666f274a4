"""What is on disk: names, creation, lock, atomic writes, record, history, finding, provenance."""

from __future__ import annotations

import errno
import hashlib
import json
import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cnncli import runs
from cnncli.errors import CnncliError, OutputError, RecipeError
from cnncli.runs import lock as lock_module
from cnncli.runs import machine, storage
from cnncli.runs import repository as repository_module
from cnncli.runs.run_folder import _make_run_folder

PATTERN_HINT = (
    "1 to 64 of the letters A-Z and a-z, digits, '.', '_' and '-', the first a letter or a digit: "
    "^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$"
)


@pytest.fixture
def outputs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An output folder as a user names it: relative, not there yet."""
    monkeypatch.chdir(tmp_path)
    return Path("outputs")


def told(error: CnncliError) -> tuple[str, str]:
    (problem,) = error.problems
    return problem.message, problem.hint


@contextmanager
def fails(kind: type[CnncliError], message: str, hint: str) -> Iterator[None]:
    """The block raises this kind of error, with exactly this message and hint."""
    with pytest.raises(kind) as caught:
        yield
    assert told(caught.value) == (message, hint)


def everything_in(folder: Path) -> dict[str, bytes | None]:
    found = {str(file.relative_to(folder)): file.read_bytes() if file.is_file() else None for file in folder.rglob("*")}
    return dict(sorted(found.items()))


def put_run(outputs: Path, name: str, *, model: bool = False, **fields: Any) -> Path:
    """A run of an earlier day, as it lies on disk."""
    folder = outputs / name
    folder.mkdir(parents=True)
    record = {"schema_version": 1, "status": "completed", "started": "2026-11-21T10:00:00+00:00", **fields}
    (folder / "run.json").write_text(json.dumps(record))
    if model:
        (folder / "model.keras").write_bytes(b"a model")
    return folder


# Names


@pytest.mark.parametrize(
    ("name", "quoted"),
    [
        ("../../x", "'../../x'"),
        ("/etc/x", "'/etc/x'"),
        ("a/b", "'a/b'"),
        ("a\\b", r"'a\\b'"),
        ("x" * 300, "'" + "x" * 40 + "'… (300 characters)"),
        ("x" * 65, "'" + "x" * 40 + "'… (65 characters)"),
        ("🙂", "'🙂'"),
        ("", "''"),
        (".", "'.'"),
        ("..", "'..'"),
        (".hidden", "'.hidden'"),
        ("-n", "'-n'"),
        ("a b", "'a b'"),
        ("a\n", r"'a\n'"),
        ("a\0", r"'a\x00'"),
        ("\x1b[31mred", r"'\x1b[31mred'"),
        ("ünlü", "'ünlü'"),
    ],
)
def test_forbidden_run_name_is_refused_with_the_pattern(outputs: Path, name: str, quoted: str) -> None:
    with fails(RecipeError, f"a run cannot be named {quoted}", PATTERN_HINT):
        runs.create(outputs, "mnist", run_name=name)
    assert not outputs.exists()


@pytest.mark.parametrize("name", ["CON", "con", "nul.txt", "Aux.tar.gz", "COM1", "lpt9.csv", "PRN"])
def test_device_name_is_refused(outputs: Path, name: str) -> None:
    with fails(
        RecipeError,
        f"a run cannot be named '{name}': Windows keeps that name for a device",
        f"use another name, for example run-{name} (^[A-Za-z0-9][A-Za-z0-9._-]{{0,63}}$)",
    ):
        runs.create(outputs, "mnist", run_name=name)
    assert not outputs.exists()


def test_forbidden_recipe_name_is_refused(outputs: Path) -> None:
    with fails(RecipeError, "a recipe cannot be named '..'", PATTERN_HINT):
        runs.create(outputs, "..")
    assert RecipeError.exit_code == 3


@pytest.mark.parametrize("name", ["a", "0", "x" * 64, "CONSOLE", "COM10", "com", "v1.2_final-3", "a..b", "a."])
def test_ordinary_name_is_accepted(name: str) -> None:
    runs.check_name(name)


@given(
    st.one_of(
        st.text(max_size=70),
        st.text(alphabet="aB3./\\_-~:\0", max_size=70),
        st.text(alphabet="aB3._-", min_size=1, max_size=66),
    )
)
def test_any_accepted_name_is_one_folder_inside(name: str) -> None:
    try:
        runs.check_name(name)
    except RecipeError:
        return
    assert Path(os.path.normpath(Path("/outputs/mnist", name))).parent == Path("/outputs/mnist")
    assert len(os.fsencode(name)) <= 64


# Creation


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
        outputs, "mnist/first", ended="2026-11-21T10:30:00+00:00", metrics={"loss": 0.2, "val_accuracy": 0.91}
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


# The lock

HOLD = """
import sys, time
from pathlib import Path
from cnncli import errors, runs
try:
    run = runs.create(Path("outputs"), "mnist", run_name="a")
except errors.OutputError as error:
    sys.exit(print("refused"))
print("held", flush=True)
time.sleep(60)
"""

HOLD_ON_A_SIGN = HOLD.replace("try:", "print('ready', flush=True); input()\ntry:")

FORK_AND_HOLD = """
import os, sys, time
from pathlib import Path
from cnncli import runs
run = runs.create(Path("outputs"), "mnist", run_name="a")
child = os.fork()
if child:
    print(child, flush=True)
time.sleep(60)
"""


@contextmanager
def process(script: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """Another cnncli process, after its first line; killed at the end."""
    root = str(Path(runs.__file__).parents[2])
    child = subprocess.Popen(
        [sys.executable, "-c", script],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": root},
    )
    with child:
        try:
            yield child, said_next(child)
        finally:
            child.kill()


def said_next(child: subprocess.Popen[str]) -> str:
    assert child.stdout is not None
    return child.stdout.readline().strip()


def test_second_process_is_told_who_holds_the_run_and_kill_frees_it(outputs: Path) -> None:
    with process(HOLD) as (child, said):
        assert said == "held"
        before = everything_in(outputs)
        for take in (partial(runs.create, outputs, "mnist", run_name="a"), partial(runs.reopen, outputs / "mnist/a")):
            with pytest.raises(OutputError) as caught:
                take()
            message, hint = told(caught.value)
            assert re.fullmatch(
                rf"outputs/mnist/a is in use by pid {child.pid} on host {re.escape(os.uname().nodename)} "
                r"since \d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+00:00",
                message,
            )
            assert hint == "wait until it ends, or use another --run NAME"
        assert everything_in(outputs) == before
        assert runs.summarise(outputs / "mnist/a").status == "running"
        child.send_signal(signal.SIGKILL)
        child.wait()
    assert runs.summarise(outputs / "mnist/a").status == "interrupted"
    with runs.reopen(outputs / "mnist/a") as run:
        assert run.record["status"] == "running"


def test_kill_frees_the_lock_although_a_forked_child_lives(outputs: Path) -> None:
    with process(FORK_AND_HOLD) as (parent, child):
        try:
            parent.kill()
            parent.wait()
            with runs.reopen(outputs / "mnist/a"):
                pass
        finally:
            os.kill(int(child), signal.SIGKILL)


def test_two_processes_that_start_together_make_one_run(outputs: Path) -> None:
    with process(HOLD_ON_A_SIGN) as (one, _), process(HOLD_ON_A_SIGN) as (other, _):
        for child in (one, other):
            assert child.stdin is not None
            child.stdin.write("go\n")
            child.stdin.flush()
        assert sorted(said_next(child) for child in (one, other)) == ["held", "refused"]


def test_closing_frees_the_lock_and_forgets_the_host(outputs: Path) -> None:
    with runs.create(outputs, "mnist", run_name="a") as run:
        holder = runs.holder_of(run.path)
        assert holder is not None
        assert holder.pid == os.getpid()
    assert runs.holder_of(run.path) is None
    assert (run.path / ".lock").read_bytes() == b""
    run.close()
    runs.reopen(run.path).close()


def test_lock_file_that_fails_to_close_at_the_end_is_passed_over(
    outputs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = runs.create(outputs, "mnist", run_name="a")
    real = os.close

    def failing(descriptor: int) -> None:
        real(descriptor)
        raise OSError(errno.EIO, "Input/output error")

    with monkeypatch.context() as patch:
        patch.setattr(os, "close", failing)
        run.close()
    assert runs.holder_of(run.path) is None


def test_looking_who_holds_the_lock_does_not_disturb_who_takes_it(outputs: Path) -> None:
    folder = put_run(outputs, "mnist/a")
    (folder / ".lock").touch()
    looker = os.open(folder / ".lock", os.O_RDONLY)
    lock_module.try_lock(looker, exclusive=False)
    closes = iter([False, True])

    def sleep(_: float) -> None:
        if next(closes):
            os.close(looker)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("time.sleep", sleep)
        runs.reopen(folder).close()


def test_lock_file_that_is_a_link_is_not_followed(outputs: Path, tmp_path: Path) -> None:
    folder = put_run(outputs, "mnist/a")
    precious = tmp_path / "precious"
    precious.write_text("data")
    (folder / ".lock").symlink_to(precious)
    with pytest.raises(OutputError) as caught:
        runs.reopen(folder)
    assert told(caught.value)[0] == ("cannot lock outputs/mnist/a/.lock: it is a link, or lies behind a loop of links")
    assert precious.read_text() == "data"


def test_lock_file_without_a_holder_still_locks(outputs: Path) -> None:
    with runs.create(outputs, "mnist", run_name="a") as run:
        (run.path / ".lock").write_text("{}")
        with fails(
            OutputError,
            "outputs/mnist/a is in use by another process",
            "wait until it ends, or use another --run NAME",
        ):
            runs.create(outputs, "mnist", run_name="a")


@pytest.fixture
def no_flock(monkeypatch: pytest.MonkeyPatch) -> None:
    """A network disk without locks."""

    def flock(*_: Any) -> None:
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr("fcntl.flock", flock)


@pytest.mark.usefixtures("no_flock")
def test_without_locks_a_file_takes_their_place(outputs: Path) -> None:
    run = runs.create(outputs, "mnist", run_name="a")
    with pytest.raises(OutputError, match=f"^outputs/mnist/a is in use by pid {os.getpid()} on host "):
        runs.reopen(run.path)
    run.close()
    assert not (run.path / ".lock-owner").exists()
    runs.reopen(run.path).close()


@pytest.mark.usefixtures("no_flock")
@pytest.mark.parametrize(
    ("changed", "is_free"),
    [
        ({"pid": 2**22 + 5}, True),
        ({"boot": "an earlier start"}, True),
        ({"host": "elsewhere", "pid": 2**22 + 5}, False),
        ({}, False),
    ],
)
def test_without_locks_only_a_dead_process_of_this_machine_is_passed_over(
    outputs: Path, changed: dict[str, Any], is_free: bool
) -> None:
    run = runs.create(outputs, "mnist", run_name="a")
    owner = run.path / ".lock-owner"
    owner.write_text(json.dumps({**json.loads(owner.read_text()), **changed}))
    if is_free:
        runs.reopen(run.path).close()
    else:
        with pytest.raises(OutputError, match="in use by pid"):
            runs.reopen(run.path)


@pytest.mark.usefixtures("no_flock")
def test_without_locks_a_second_run_of_the_name_is_told_who_holds_it(outputs: Path) -> None:
    with (
        runs.create(outputs, "mnist", run_name="a"),
        pytest.raises(OutputError, match=f"^outputs/mnist/a is in use by pid {os.getpid()} on host "),
    ):
        runs.create(outputs, "mnist", run_name="a")


@pytest.mark.usefixtures("no_flock")
def test_without_locks_a_process_of_another_user_is_alive(outputs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def not_yours(*_: Any) -> None:
        raise PermissionError(errno.EPERM, "Operation not permitted")

    monkeypatch.setattr(os, "kill", not_yours)
    with runs.create(outputs, "mnist", run_name="a") as run, pytest.raises(OutputError, match="in use by pid"):
        runs.reopen(run.path)


@pytest.mark.usefixtures("no_flock")
def test_without_locks_an_owner_without_a_name_is_alive(outputs: Path) -> None:
    folder = put_run(outputs, "mnist/a")
    (folder / ".lock-owner").touch()
    with fails(
        OutputError, "outputs/mnist/a is in use by another process", "wait until it ends, or use another --run NAME"
    ):
        runs.reopen(folder)


@pytest.mark.usefixtures("no_flock")
def test_without_locks_and_space_the_owner_file_goes_again(outputs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = put_run(outputs, "mnist/a")
    monkeypatch.setattr(os, "write", no_space)
    with pytest.raises(OutputError, match=r"^cannot lock outputs/mnist/a/\.lock-owner: no space left on "):
        runs.reopen(folder)
    assert not (folder / ".lock-owner").exists()


@pytest.mark.usefixtures("no_flock")
def test_without_locks_or_boot_id_a_run_is_still_locked(outputs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lock_module, "_BOOT_ID", Path("not-there"))
    with runs.create(outputs, "mnist", run_name="a") as run, pytest.raises(OutputError, match="in use by pid"):
        runs.reopen(run.path)


def test_failing_lock_is_told(outputs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = put_run(outputs, "mnist/a")
    (folder / ".lock").touch()

    def flock(*_: Any) -> None:
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr("fcntl.flock", flock)
    with pytest.raises(OutputError, match=r"^cannot lock outputs/mnist/a/\.lock: the disk under "):
        runs.reopen(folder)
    assert runs.holder_of(folder) is None


@pytest.mark.parametrize("pid", ["1e999", "NaN", "[]", '"me"', "9" * 5000])
def test_lock_file_that_says_nothing_useful_is_still_held(outputs: Path, pid: str) -> None:
    with runs.create(outputs, "mnist", run_name="a") as run:
        (run.path / ".lock").write_text(f'{{"pid": {pid}, "host": "h", "since": "now"}}')
        assert runs.holder_of(run.path) == runs.Holder()
    assert runs.holder_of(run.path) is None


def test_number_that_no_float_can_hold_is_no_headline(outputs: Path) -> None:
    folder = put_run(outputs, "mnist/a", metrics={"accuracy": 10**400, "loss": 0.5})
    assert str(runs.summarise(folder)) == "finished, started 2026-11-21 10:00 UTC, loss 0.5"


def test_two_who_look_at_once_see_a_free_lock(outputs: Path) -> None:
    folder = put_run(outputs, "mnist/a")
    (folder / ".lock").touch()
    with open(folder / ".lock") as looker:
        lock_module.try_lock(looker.fileno(), exclusive=False)
        assert runs.holder_of(folder) is None


def test_what_a_killed_holder_wrote_is_overwritten_whole(outputs: Path) -> None:
    folder = put_run(outputs, "mnist/a")
    (folder / ".lock").write_text(json.dumps({"pid": 1, "host": "h" * 500, "since": "long ago"}))
    with runs.reopen(folder):
        assert json.loads((folder / ".lock").read_text())["pid"] == os.getpid()


def test_no_file_stays_open(outputs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = put_run(outputs, "mnist/odd")
    (folder / "run.json").unlink()
    os.mkfifo(folder / "run.json")
    before = len(os.listdir("/proc/self/fd"))
    with runs.create(outputs, "mnist", run_name="a") as run:
        for attempt in (
            partial(runs.create, outputs, "mnist", run_name="a"),
            partial(runs.reopen, run.path),
            partial(runs.read_record, folder),
        ):
            with pytest.raises(OutputError):
                attempt()
    with monkeypatch.context() as patch:
        patch.setattr(os, "write", no_space)
        with pytest.raises(OutputError):
            runs.reopen(run.path)
        with pytest.raises(OutputError):
            runs.create(outputs, "mnist", run_name="b")
    with monkeypatch.context() as patch:
        patch.setattr(os, "replace", no_space)
        with pytest.raises(OutputError):
            runs.create(outputs, "mnist", run_name="b")
    runs.write_atomically(folder / "a", b"x")
    runs.list_runs(outputs)
    assert len(os.listdir("/proc/self/fd")) == before


# Atomic writes


def no_space(*_: Any, **__: Any) -> Any:
    raise OSError(errno.ENOSPC, "No space left on device")


def failing_at(call: Callable[..., Any], nth: int, number: int = errno.ENOSPC) -> Callable[..., Any]:
    """The call, failing the nth time."""
    count = 0

    def patched(*args: Any, **kwargs: Any) -> Any:
        nonlocal count
        count += 1
        if count == nth:
            raise OSError(number, os.strerror(number))
        return call(*args, **kwargs)

    return patched


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
from cnncli import runs
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


# The record and the files of a run


@pytest.fixture
def run(outputs: Path) -> Iterator[runs.Run]:
    with runs.create(outputs, "mnist", run_name="a") as run:
        yield run


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
    run.finish("completed", metrics={"accuracy": 0.5})
    record = runs.read_record(run.path)
    assert record["status"] == "completed"
    assert record["ended"] >= record["started"]
    assert record["metrics"] == {"accuracy": 0.5}
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
    folder = put_run(outputs, "mnist/a", metrics={"loss": 0.5})
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


# Finding


def test_nothing_there_tells_how_to_start(outputs: Path) -> None:
    with fails(OutputError, "no runs in outputs/ yet", "train one with: cnncli train mnist"):
        runs.find(outputs, None)
    assert runs.list_runs(outputs) == []
    with fails(OutputError, "no run 'mnist': there are no runs in outputs/ yet", "train one with: cnncli train mnist"):
        runs.find(outputs, "mnist")


def test_newest_is_by_recorded_start_and_not_by_file_time(outputs: Path) -> None:
    newest = put_run(outputs, "mnist/a", started="2026-11-21T12:00:00+00:00")
    older = put_run(outputs, "cifar10/b", started="2026-11-21T13:00:00+02:00")  # 11:00 UTC
    os.utime(newest / "run.json", (1, 1))
    os.utime(newest, (1, 1))
    assert runs.find(outputs, None) == newest
    assert [summary.path for summary in runs.list_runs(outputs)] == [newest, older]


def test_same_start_is_decided_by_name(outputs: Path) -> None:
    for name in ("b", "c", "a"):
        put_run(outputs, f"mnist/{name}")
    assert [summary.name for summary in runs.list_runs(outputs)] == ["c", "b", "a"]


def test_broken_run_is_dated_by_its_name(outputs: Path) -> None:
    put_run(outputs, "mnist/a", started="2026-11-21T12:00:00+00:00")
    broken = put_run(outputs, "mnist/20261122-120000-0a0b0c")
    (broken / "run.json").write_text("")
    (put_run(outputs, "mnist/20269999-999999-0a0b0c") / "run.json").write_text("")
    summary = runs.list_runs(outputs)[0]
    assert (summary.path, summary.status) == (broken, "broken")
    assert str(summary) == "broken, started 2026-11-22 12:00 UTC"


def test_newest_with_a_model_is_preferred_and_required_on_demand(outputs: Path) -> None:
    with_model = put_run(outputs, "mnist/a", model=True, started="2026-11-20T12:00:00+00:00")
    put_run(outputs, "mnist/b", model=True, started="2026-11-19T12:00:00+00:00")
    failed = put_run(outputs, "mnist/c", status="failed", started="2026-11-21T12:00:00+00:00")
    assert runs.find(outputs, None) == runs.find(outputs, "mnist") == with_model
    with fails(
        OutputError,
        f"the newest run in outputs/, {failed}, has no model.keras (its status is failed)",
        f"the newest one with a model: {with_model}",
    ):
        runs.find(outputs, None, require_model=True)
    with fails(
        OutputError,
        f"{failed} has no model.keras (its status is failed)",
        "train it again, or name another run of: cnncli runs",
    ):
        runs.find(outputs, "c", require_model=True)
    assert runs.find(outputs, "b", require_model=True) == outputs / "mnist/b"


def test_required_model_of_a_broken_run_tells_why_it_is_broken(outputs: Path) -> None:
    broken = put_run(outputs, "mnist/a")
    (broken / "run.json").write_text("")
    with pytest.raises(OutputError) as caught:
        runs.find(outputs, None, require_model=True)
    assert told(caught.value)[0] == (
        f"{broken} has no model.keras ({broken}/run.json is damaged: its JSON breaks at line 1)"
    )


def test_newest_run_is_found_when_none_has_a_model(outputs: Path) -> None:
    put_run(outputs, "mnist/a", started="2026-11-20T12:00:00+00:00")
    newest = put_run(outputs, "mnist/b", started="2026-11-21T12:00:00+00:00")
    assert runs.find(outputs, None) == newest


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("outputs/mnist/a", "mnist/a"),
        ("outputs/mnist/a/", "mnist/a"),
        ("outputs/mnist", "mnist/b"),
        ("outputs/mnist/", "mnist/b"),
        ("mnist", "mnist/b"),
        ("mnist/a", "mnist/a"),
        ("only", "cifar10/only"),
        ("outputs", "cifar10/only"),
    ],
)
def test_run_is_found_by_folder_recipe_and_name(outputs: Path, text: str, found: str) -> None:
    put_run(outputs, "mnist/a", started="2026-11-19T12:00:00+00:00")
    put_run(outputs, "mnist/b", started="2026-11-20T12:00:00+00:00")
    put_run(outputs, "cifar10/only", started="2026-11-21T12:00:00+00:00")
    assert runs.find(outputs, text) == outputs / found


def test_folder_of_data_does_not_hide_a_recipe_of_the_same_name(outputs: Path) -> None:
    put_run(outputs, "mnist/a")
    Path("mnist/images").mkdir(parents=True)
    assert runs.find(outputs, "mnist") == outputs / "mnist/a"


def test_run_outside_the_output_folder_is_found_by_its_path(outputs: Path, tmp_path: Path) -> None:
    elsewhere = put_run(tmp_path, "archive/old")
    assert runs.find(outputs, str(elsewhere)) == elsewhere


@pytest.mark.parametrize(
    ("text", "message", "hint"),
    [
        ("mnits", "no run or recipe 'mnits' in outputs/", "did you mean mnist?"),
        ("outputs/mnits", "no run or recipe 'outputs/mnits' in outputs/", "did you mean mnist?"),
        ("mnist/basline", "no run or recipe 'mnist/basline' in outputs/", "did you mean mnist/baseline?"),
        ("Baseline", "no run or recipe 'Baseline' in outputs/", "did you mean baseline?"),
        ("qqq", "no run or recipe 'qqq' in outputs/", "there are: mnist, mnist/baseline"),
        ("", "no run or recipe '' in outputs/", "there are: mnist, mnist/baseline"),
        ("q" * 5000, f"no run or recipe {'q' * 5000!r} in outputs/", "there are: mnist, mnist/baseline"),
        ("q\0", r"no run or recipe 'q\x00' in outputs/", "there are: mnist, mnist/baseline"),
        ("photos", "photos is not a run's folder: it has no run.json", "there are: mnist, mnist/baseline"),
        (
            "outputs/mnist/baseline/run.json",
            "outputs/mnist/baseline/run.json is a file, not a run's folder",
            "did you mean outputs/mnist/baseline?",
        ),
    ],
)
def test_unknown_run_suggests_nearest(outputs: Path, text: str, message: str, hint: str) -> None:
    put_run(outputs, "mnist/baseline")
    Path("photos/cats").mkdir(parents=True)
    with fails(OutputError, message, hint):
        runs.find(outputs, text)


def test_file_or_folder_that_is_no_run_is_told_when_there_are_none(outputs: Path) -> None:
    Path("photos").mkdir()
    Path("mnist.yaml").touch()
    with fails(OutputError, "photos is not a run's folder: it has no run.json", "train one with: cnncli train mnist"):
        runs.find(outputs, "photos")
    with fails(OutputError, "mnist.yaml is a file, not a run's folder", "a run is a folder"):
        runs.find(outputs, "mnist.yaml")


def test_long_listing_is_cut(outputs: Path) -> None:
    for number in range(9):
        put_run(outputs, f"mnist/{number}")
    with fails(
        OutputError,
        "no run or recipe 'qqq' in outputs/",
        "there are: mnist, mnist/8, mnist/7, mnist/6, mnist/5, mnist/4, mnist/3, mnist/2 and 2 more (cnncli runs)",
    ):
        runs.find(outputs, "qqq")


def test_name_of_several_runs_is_not_guessed(outputs: Path) -> None:
    put_run(outputs, "mnist/a")
    put_run(outputs, "cifar10/a", started="2026-11-22T10:00:00+00:00")
    with fails(OutputError, "'a' is the name of 2 runs", "say which: cifar10/a or mnist/a"):
        runs.find(outputs, "a")


def test_list_reads_every_state(outputs: Path) -> None:
    with runs.create(outputs, "mnist", run_name="live"):
        put_run(outputs, "mnist/killed", status="running", ended=None)
        put_run(outputs, "mnist/resumed", status="running", ended="2026-11-21T10:30:00+00:00")
        put_run(outputs, ".trash/old")
        put_run(outputs, "mnist/done", model=True, ended="2026-11-21T10:30:00Z", test={"accuracy": 0.987654})
        put_run(outputs, "mnist/stopped", status="interrupted", ended="2026-11-21T10:30:00+00:00")
        put_run(outputs, "mnist/odd", started=5, ended="yesterday", best=[], metrics={"loss": None})
        (outputs / "mnist" / "early").mkdir()
        (outputs / "mnist" / "early" / ".lock").touch()
        (outputs / "mnist" / "holiday photos").mkdir()
        (outputs / "README.md").touch()
        listed = {summary.name: str(summary) for summary in runs.list_runs(outputs)}
    started = listed.pop("live")
    assert started.startswith("running, started 20")
    assert listed == {
        "killed": "interrupted, started 2026-11-21 10:00 UTC",
        "resumed": "interrupted, started 2026-11-21 10:00 UTC",
        "done": "finished 2026-11-21 10:30 UTC, accuracy 0.9877",
        "stopped": "interrupted 2026-11-21 10:30 UTC",
        "odd": "finished",
        "early": "broken",
    }


# Where and from what


def test_environment_names_versions_and_machine_and_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECRET_TOKEN", "hunter2")
    monkeypatch.setattr("socket.gethostname", lambda: "my-laptop")
    described = runs.environment()
    text = runs.to_json(described)
    assert json.loads(text) == described
    assert described["versions"]["numpy"] == np.__version__
    assert described["versions"]["python"] == sys.version.split()[0]
    assert described["cores"]["allowed"] >= 1
    assert described["memory_bytes"] > 2**20
    for private in ("hunter2", "my-laptop", os.uname().nodename + '"', str(Path.home()) + "/"):
        assert private not in text


def test_package_that_is_not_installed_has_no_version(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machine, "_PACKAGES", {"a": ("not-installed-anywhere", "numpy"), "b": ("not-installed",)})
    versions = runs.environment()["versions"]
    assert (versions["a"], versions["b"]) == (np.__version__, None)


@pytest.fixture
def system(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A machine of our own: 8 GB, an AMX processor."""
    monkeypatch.setattr(machine, "_PROC", tmp_path / "proc")
    monkeypatch.setattr(machine, "_CGROUP", tmp_path / "cgroup")
    (tmp_path / "proc" / "self").mkdir(parents=True)
    (tmp_path / "proc" / "meminfo").write_text("MemTotal:        8000000 kB\nMemFree: 1 kB\n")
    (tmp_path / "proc" / "cpuinfo").write_text(
        "processor\t: 0\nmodel name\t: Xeon: fast\nflags\t\t: fpu avx2 amx_bf16 avx2x\n"
        "\nprocessor\t: 1\nmodel name\t: no\n"
    )
    return tmp_path


def group(system: Path, line: str, limits: dict[str, str]) -> None:
    (system / "proc/self/cgroup").write_text(line)
    for name, limit in limits.items():
        file = system / "cgroup" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(limit)


def test_processor_and_memory_without_limits(system: Path) -> None:
    group(system, "0::/\n", {"memory.max": "max\n", "cpu.max": "max 100000\n"})
    described = runs.environment()
    assert described["cpu"] == {"model": "Xeon: fast", "flags": ["avx2", "amx_bf16"]}
    assert described["memory_bytes"] == 8_000_000 * 1024
    assert described["cores"]["quota"] is None


def test_limits_of_control_groups_version_2_hold_from_above(system: Path) -> None:
    limits = {"a/memory.max": "1000000\n", "a/b/memory.max": "max\n", "a/b/cpu.max": "150000 100000\n"}
    group(system, "0::/a/b\n", limits)
    described = runs.environment()
    assert described["memory_bytes"] == 1_000_000
    assert described["cores"]["quota"] == 1.5


def test_limits_of_control_groups_version_1(system: Path) -> None:
    limits = {
        "memory/docker/x/memory.limit_in_bytes": "9223372036854771712\n",
        "memory/memory.limit_in_bytes": "2000000\n",
        "cpu,cpuacct/docker/x/cpu.cfs_quota_us": "50000\n",
        "cpu,cpuacct/docker/x/cpu.cfs_period_us": "100000\n",
        "cpu,cpuacct/cpu.cfs_quota_us": "-1\n",
        "cpu,cpuacct/cpu.cfs_period_us": "100000\n",
    }
    group(system, "5:memory:/docker/x\n4:cpu,cpuacct:/docker/x\n1:name=systemd:/docker/x\n0::/\n", limits)
    described = runs.environment()
    assert described["memory_bytes"] == 2_000_000
    assert described["cores"]["quota"] == 0.5


def test_machine_without_proc_is_described_as_far_as_it_goes(system: Path) -> None:
    shutil.rmtree(system / "proc")
    described = runs.environment()
    assert described["cpu"]["flags"] == []
    assert described["memory_bytes"] > 2**20


def test_gpus_are_as_the_tool_of_their_driver_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tool = tmp_path / "nvidia-smi"
    tool.write_text("#!/bin/sh\necho 'NVIDIA H100 80GB HBM3, 580.1.2, 81559'\necho 'Odd, one, 1.0, [N/A]'\n")
    tool.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    machine._gpus.cache_clear()
    assert runs.environment()["gpus"] == [
        {"name": "NVIDIA H100 80GB HBM3", "driver": "580.1.2", "memory_bytes": 81559 * 2**20},
        {"name": "Odd, one", "driver": "1.0", "memory_bytes": None},
    ]
    tool.write_text("#!/bin/sh\nexit 9\n")
    machine._gpus.cache_clear()
    assert runs.environment()["gpus"] == []
    machine._gpus.cache_clear()


def git(folder: Path, *arguments: str) -> None:
    subprocess.run(
        ["git", "-c", "user.name=a", "-c", "user.email=a@b", *arguments], cwd=folder, check=True, capture_output=True
    )


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository with one commit of one recipe."""
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", os.devnull)
    git(tmp_path, "init", "-q", "r")
    folder = tmp_path / "r"
    (folder / "mnist.yaml").write_text("name: mnist\n")
    git(folder, "add", "mnist.yaml")
    git(folder, "commit", "-qm", "one")
    return folder


def test_git_state_tells_commit_and_whether_a_tracked_file_differs(repository: Path) -> None:
    git(repository, "remote", "add", "origin", "https://me:secret@github.com/me/x.git?token=secret")
    (repository / "outputs").mkdir()
    (repository / "outputs" / "untracked").touch()
    state = runs.git_state(repository)
    assert state is not None
    assert re.fullmatch("[0-9a-f]{40}", state.pop("commit"))
    assert state == {"dirty": False, "remote": "https://github.com/me/x.git"}
    (repository / "mnist.yaml").write_text("name: other\n")
    changed = runs.git_state(repository)
    assert changed is not None
    assert changed["dirty"] is True


def test_git_state_is_none_without_commit_repository_or_git(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert runs.git_state(tmp_path) is None
    assert runs.git_state(tmp_path / "missing") is None
    git(tmp_path, "init", "-q")
    assert runs.git_state(tmp_path) is None
    monkeypatch.setenv("PATH", str(tmp_path))
    assert runs.git_state(tmp_path) is None


def put_git(folder: Path, script: str, monkeypatch: pytest.MonkeyPatch) -> None:
    program = folder / "bin" / "git"
    program.parent.mkdir()
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{program.parent}:{os.environ['PATH']}")


def test_git_that_hangs_is_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put_git(tmp_path, "exec sleep 30", monkeypatch)
    monkeypatch.setattr(repository_module, "_SECONDS", 0.05)
    assert runs.git_state(tmp_path) is None


def test_unknown_state_of_the_files_is_not_called_clean(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put_git(
        tmp_path,
        'case "$*" in *rev-parse*) echo abc;; *status*) echo half; exit 128;; *) exit 1;; esac',
        monkeypatch,
    )
    assert runs.git_state(tmp_path) == {"commit": "abc", "dirty": None, "remote": None}


@pytest.mark.parametrize(("key", "dirty"), [("core.fsmonitor", True), ("filter.x.clean", None)])
def test_programs_named_by_a_repository_are_not_started(repository: Path, key: str, dirty: bool | None) -> None:
    program = repository / "program"
    program.write_text(f"#!/bin/sh\ntouch {repository}/started\ncat\n")
    program.chmod(0o755)
    git(repository, "config", key, str(program))
    (repository / ".git" / "info" / "attributes").write_text("* filter=x\n")
    (repository / "mnist.yaml").write_text("name: nmist\n")
    state = runs.git_state(repository)
    assert state is not None
    assert state["dirty"] is dirty
    assert not (repository / "started").exists()
    git(repository, "status")
    assert (repository / "started").exists()  # the trap works


@pytest.mark.parametrize(
    ("url", "stripped"),
    [
        ("https://token@github.com/a/b.git", "https://github.com/a/b.git"),
        ("https://u:p@host:8443/a?private_token=x#y", "https://host:8443/a"),
        ("ssh://git@[::1]:22/a", "ssh://[::1]:22/a"),
        ("git@github.com:a/b.git", "github.com:a/b.git"),
        ("github.com:a/b.git", "github.com:a/b.git"),
        ("/home/alice/b.git", None),
        ("file:///home/alice/b.git", None),
        ("ext::sh -c 'x --password y'", None),
        ("https://", None),
        ("https://[oops", None),
        ("https://host:99999/x", None),
        ("", None),
    ],
)
def test_credentials_are_stripped_from_remotes(url: str, stripped: str | None) -> None:
    assert repository_module.without_credentials(url) == stripped


def test_reading_runs_needs_no_heavy_import() -> None:
    script = (
        "import sys; from cnncli import runs; runs.environment();"
        "print(sorted({'numpy', 'keras', 'tensorflow', 'yaml', 'pydantic'} & set(sys.modules)))"
    )
    with process(script) as (_, said):
        assert said == "[]"
