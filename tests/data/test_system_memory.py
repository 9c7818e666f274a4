from __future__ import annotations

import platform
import subprocess
import sys
from pathlib import Path

import pytest

from cnncli import system_memory
from cnncli.system_memory import available_bytes


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A machine with 8,000 kB free; its /proc and control groups are folders."""
    monkeypatch.setattr(system_memory, "PROC", tmp_path / "proc")
    monkeypatch.setattr(system_memory, "CGROUP", tmp_path / "cgroup")
    put(tmp_path / "proc/meminfo", "MemTotal: 9000 kB\nMemFree: 10 kB\nMemAvailable: 8000 kB\n")
    return tmp_path


def put(path: Path, content: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content)


def test_without_limits_it_is_what_the_machine_has(machine: Path) -> None:
    assert available_bytes() == 8000 * 1024


def test_limit_of_version_2_counts_without_what_is_only_cached(machine: Path) -> None:
    put(machine / "proc/self/cgroup", "0::/job/1\n")
    put(machine / "cgroup/job/1/memory.max", "5000\n")
    put(machine / "cgroup/job/1/memory.current", "3000\n")
    put(machine / "cgroup/job/1/memory.stat", "anon 1500\ninactive_file 700\n")

    assert available_bytes() == 5000 - 3000 + 700


def test_limit_of_a_group_above_counts(machine: Path) -> None:
    put(machine / "proc/self/cgroup", "0::/job/1\n")
    put(machine / "cgroup/job/1/memory.max", "max\n")
    put(machine / "cgroup/job/1/memory.current", "3000\n")
    put(machine / "cgroup/job/memory.max", "4000\n")
    put(machine / "cgroup/job/memory.current", "3500\n")

    assert available_bytes() == 500


def test_limit_of_version_1_counts(machine: Path) -> None:
    put(machine / "proc/self/cgroup", "9:name=systemd:/\n4:memory:/docker/abc\n3:cpu:/\n")
    put(machine / "cgroup/memory/docker/abc/memory.limit_in_bytes", "6000\n")
    put(machine / "cgroup/memory/docker/abc/memory.usage_in_bytes", "5000\n")
    put(machine / "cgroup/memory/docker/abc/memory.stat", "inactive_file 1\ntotal_inactive_file 200\n")

    assert available_bytes() == 1200


def test_group_beyond_its_limit_leaves_nothing(machine: Path) -> None:
    put(machine / "proc/self/cgroup", "0::/\n")
    put(machine / "cgroup/memory.max", "100\n")
    put(machine / "cgroup/memory.current", "200\n")

    assert available_bytes() == 0


def test_machine_that_does_not_tell_is_asked_otherwise(machine: Path) -> None:
    (machine / "proc/meminfo").unlink()

    assert available_bytes() > 1 << 20


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="another C library gives memory back by itself")
def test_freed_memory_is_given_back():
    program = """
from cnncli.system_memory import give_back_freed

def resident():
    with open("/proc/self/status") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("VmRSS")) >> 10

blocks = [bytes(4000) for _ in range(25_000)]  # 100 MB
del blocks[:-1]
before = resident()
give_back_freed()
assert resident() < before - 50, (before, resident())
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
