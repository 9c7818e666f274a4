"""What a record says of the machine and of the repository."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from run_folders import process

from cnncli import runs, system_memory
from cnncli.runs import machine
from cnncli.runs import repository as repository_module


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
    monkeypatch.setattr(system_memory, "PROC", tmp_path / "proc")
    monkeypatch.setattr(system_memory, "CGROUP", tmp_path / "cgroup")
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
        "print(sorted({'numpy', 'keras', 'tensorflow', 'yaml'} & set(sys.modules)))"
    )
    with process(script) as (_, said):
        assert said == "[]"
