"""Processes that answer questions, and scans of image files in them."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from cnncli.data import images, threads
from cnncli.data.columns import as_column
from cnncli.data.process_pool import ProcessPool, WorkerLost
from cnncli.data.sources import image_scan
from cnncli.data.sources.folder_tree import ClassFile

FORM = images.Form(6, 8)
_WORKER = """\
import os, sys, time
from cnncli.data import process_pool

def work(question):
    print("not an answer")
    if question == "end":
        os._exit(3)
    time.sleep(0.2)
    return os.getpid(), question

process_pool.serve(work)
"""


@pytest.fixture
def pool(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ProcessPool:
    (tmp_path / "own_worker.py").write_text(_WORKER, encoding="utf-8")
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(tmp_path), *sys.path]))
    return ProcessPool("own_worker")


def is_running(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    return "zombie" not in Path(f"/proc/{process}/status").read_text() if Path("/proc").is_dir() else True


def test_threads_ask_in_processes_of_their_own_and_all_of_them_end(pool: ProcessPool) -> None:
    with pool, ThreadPoolExecutor(2) as asking:
        answers = list(asking.map(pool.ask, range(6)))

    assert [question for _, question in answers] == list(range(6))
    processes = {process for process, _ in answers}
    assert len(processes) == 2
    assert os.getpid() not in processes
    assert not any(map(is_running, processes))


def test_after_a_process_that_ends_without_an_answer_none_is_asked(pool: ProcessPool) -> None:
    with pool:
        with pytest.raises(WorkerLost):
            pool.ask("end")
        started = time.monotonic()
        with pytest.raises(WorkerLost):
            pool.ask(1)
        assert time.monotonic() - started < 0.2  # less than an answer takes


def test_a_module_that_does_not_exist_is_an_error() -> None:
    with ProcessPool("cnncli.data.no_module") as pool, pytest.raises(WorkerLost):
        pool.ask(1)


def test_processes_end_when_the_one_that_asks_is_killed(pool: ProcessPool, tmp_path: Path) -> None:
    asks = "print(ProcessPool('own_worker').ask(1)[0], flush=True)"
    code = f"import time\nfrom cnncli.data.process_pool import ProcessPool\n{asks}\ntime.sleep(60)"
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True) as asking:
        assert asking.stdout is not None
        process = int(asking.stdout.readline())
        assert is_running(process)
        asking.kill()

    limit = time.monotonic() + 20
    while is_running(process) and time.monotonic() < limit:
        time.sleep(0.02)
    assert not is_running(process)


@pytest.fixture
def files(tmp_path: Path, make_folder: Callable[..., None]) -> list[ClassFile]:
    make_folder(tmp_path, {"a": 300})
    (tmp_path / "a/7.png").write_bytes(b"no image")
    (tmp_path / "a/290.png").write_bytes((tmp_path / "a/290.png").read_bytes()[:40])
    return [ClassFile(str(path), path.name, "train", "a") for path in sorted(tmp_path.rglob("*.png"))]


@pytest.mark.parametrize("command", [None, "cnncli.data.no_module"])
@pytest.mark.parametrize("free", [0, 2**30])
def test_scan_in_processes_finds_the_same_as_in_this_one(
    files: list[ClassFile], monkeypatch: pytest.MonkeyPatch, command: str | None, free: int
) -> None:
    monkeypatch.setattr(image_scan, "available_bytes", lambda: free)
    monkeypatch.setattr(image_scan.cache, "find", lambda *_: None)
    here = image_scan.scan(files, FORM)
    asked: list[int] = []
    ask = ProcessPool.ask

    def counted(pool: ProcessPool, question: object) -> object:
        asked.append(1)
        if command:
            pool._command = [sys.executable, "-m", command]
        return ask(pool, question)

    monkeypatch.setattr(ProcessPool, "ask", counted)
    monkeypatch.setattr(threads, "_WORTH", 1e-6)
    monkeypatch.setattr(threads, "allowed_cores", lambda: 2)

    elsewhere = image_scan.scan(files, FORM)

    assert asked
    assert (elsewhere.usable, elsewhere.bad) == (here.usable, here.bad)
    assert len(elsewhere.bad) == 2
    np.testing.assert_array_equal(_pixels(elsewhere), _pixels(here))


def _pixels(scan: image_scan.Scan) -> NDArray[np.uint8]:
    assert scan.pixels is not None
    return np.asarray(as_column(scan.pixels).read(np.arange(len(scan.usable))))
