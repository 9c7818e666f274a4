"""One process at a time holds a run."""

from __future__ import annotations

import errno
import json
import os
import re
import signal
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from filelock import lock_descriptor
from run_folders import everything_in, fails, no_space, process, put_run, said_next, told

from cnncli import runs
from cnncli.errors import OutputError

HOLD = """
import sys
from pathlib import Path
from cnncli import errors, runs
try:
    run = runs.create(Path("outputs"), "mnist", run_name="a")
except errors.OutputError as error:
    sys.exit(print("refused"))
print("held", flush=True)
sys.stdin.read()
"""

HOLD_ON_A_SIGN = HOLD.replace("try:", "print('ready', flush=True); input()\ntry:")

FORK_AND_HOLD = """
import os, sys
from pathlib import Path
from cnncli import runs, system_memory
run = runs.create(Path("outputs"), "mnist", run_name="a")
child = os.fork()
if child:
    print(child, flush=True)
sys.stdin.read()
"""


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


def test_forked_child_that_closes_the_run_touches_nothing(outputs: Path, tmp_path: Path) -> None:
    (tmp_path / "precious").write_text("data")
    script = (
        "import os; from pathlib import Path; from cnncli import runs;"
        "run = runs.create(Path('outputs'), 'mnist', run_name='a'); child = os.fork();"
        f"child or (os.open('{tmp_path}/precious', os.O_RDWR), run.close(), os._exit(0)); os.waitpid(child, 0);"
        "print(runs.holder_of(run.path), flush=True)"
    )
    with process(script) as (parent, said):
        assert said.startswith(f"pid {parent.pid} on host ")
    assert (tmp_path / "precious").read_text() == "data"


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
    lock_descriptor(looker, blocking=False)
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
        ({"start": 1}, True),  # another process got its number
        ({"host": "elsewhere", "pid": 2**22 + 5}, False),
        ({}, False),
    ],
)
def test_without_locks_only_a_dead_process_of_this_machine_is_passed_over(
    outputs: Path, changed: dict[str, Any], is_free: bool
) -> None:
    run = runs.create(outputs, "mnist", run_name="a")
    owner = run.path / ".lock-owner"
    said = dict(line.split("=") for line in owner.read_text().splitlines()[1:])
    owner.write_text("filelock/2\n" + "".join(f"{key}={value}\n" for key, value in {**said, **changed}.items()))
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


def test_two_who_look_at_once_see_a_free_lock(outputs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = put_run(outputs, "mnist/a")
    (folder / ".lock").touch()
    looker = os.open(folder / ".lock", os.O_RDONLY)
    lock_descriptor(looker, blocking=False)
    monkeypatch.setattr("time.sleep", lambda _: os.close(looker))
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
