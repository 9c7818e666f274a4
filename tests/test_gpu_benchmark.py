"""The benchmark for GPUs: its script, its commands, its table and its time; nothing is trained."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks import gpu

TOP = Path(gpu.__file__).parents[1]
SIDE = gpu.sides("mnist", 1)[0]


def executable(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8")
    path.chmod(0o755)


@pytest.fixture
def driver(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder on PATH with an nvidia-smi that reports two GPUs; returns it."""
    folder = tmp_path / "bin"
    folder.mkdir()
    lines = {"name": "NVIDIA H200", "driver_version": "570.1", "memory.total": "143771", "compute_cap": "9.0"}
    lines["memory.used"] = "1234"
    cases = "".join(f'*query-gpu={field}*) echo "{value}"; echo "{value}" ;;\n' for field, value in lines.items())
    executable(folder / "nvidia-smi", f'#!/bin/sh\ncase "$*" in\n{cases}*) echo "two GPUs" ;;\nesac\n')
    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")
    return folder


def script(tmp_path: Path, *arguments: str, installed: str) -> subprocess.CompletedProcess[str]:
    """Run gpu.sh with a Python that has some packages, and prints what it is asked to run."""
    python = f"""#!/bin/sh
case "$*" in
*find_spec*) for each in {installed}; do case "$*" in *"'$each'"*) exit 0;; esac; done; exit 1 ;;
*) echo "ran: $KERAS_BACKEND $*" ;;
esac
"""
    executable(tmp_path / "python", python)
    environment = {**os.environ, "PYTHON": str(tmp_path / "python"), "OUT": str(tmp_path / "out")}
    command = ["bash", str(TOP / "benchmarks" / "gpu.sh"), *arguments]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)


def test_script_shows_the_driver_and_measures_within_its_time(tmp_path: Path, driver: Path) -> None:
    done = script(tmp_path, "--quick", installed="tensorflow")

    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == [
        "two GPUs",
        f"ran:  -m benchmarks.gpu --out {tmp_path}/out --seconds 560 --quick",
    ]
    assert (tmp_path / "out" / "nvidia-smi.txt").read_text(encoding="utf-8") == "two GPUs\n"


def test_without_tensorflow_the_plain_scripts_run_on_another_backend(tmp_path: Path, driver: Path) -> None:
    lines = script(tmp_path, installed="keras jax").stdout.splitlines()

    assert lines[1] == "TensorFlow is not installed: plain Keras on jax"
    assert [line.split()[:3] for line in lines[2:]] == [
        ["ran:", "jax", "benchmarks/speed/plain/mnist.py"],
        ["ran:", "jax", "benchmarks/speed/plain/lenet5.py"],
    ]


def test_without_any_framework_the_script_says_what_to_install(tmp_path: Path, driver: Path) -> None:
    done = script(tmp_path, installed="keras")

    assert done.returncode == 1
    assert "pip install '.[gpu]'" in done.stderr


def test_driver_is_asked_for_each_gpu(driver: Path) -> None:
    assert gpu.asked("compute_cap") == ["9.0", "9.0"]
    assert gpu.asked("unknown") == ["two GPUs"]


def test_without_a_driver_there_is_no_gpu(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))

    assert gpu.asked("name") == []


def test_one_gpu_is_compared_with_all_where_there_are_several() -> None:
    names = [side.name for side in gpu.sides("mnist", 2)]

    assert names[-1] == "cnncli, 2 GPUs"
    assert gpu.sides("mnist", 2)[0].environment == {"CUDA_VISIBLE_DEVICES": "0"}
    assert gpu.sides("mnist", 2)[-1].environment == {}
    assert [side.name for side in gpu.sides("mnist", 1)] == names[:-1]


def test_record_of_a_run_is_read(tmp_path: Path, driver: Path) -> None:
    run = tmp_path / "mnist" / "measured"
    run.mkdir(parents=True)
    record = {
        "profile": {"seconds": {}, "step_ms": 2.0, "input_ms": 0.5},
        "phases": [{"name": "", "jit_compile": True}],
        "images_per_second": 64000.0,
        "precision": {"policy": "mixed_bfloat16"},
    }
    (run / "run.json").write_text(json.dumps(record), encoding="utf-8")

    row = gpu.run(SIDE, [sys.executable, "-c", "import time; time.sleep(1)"], most_seconds=20, outputs=tmp_path)
    assert row.memory_mib == 1234
    row.seconds = 12.0

    assert [cell.strip() for cell in gpu.as_markdown([row]).splitlines()[-1].split("|")[1:-1]] == [
        "mnist", "cnncli (mixed_bfloat16)", "2.00", "64,000", "25%", "yes", "1,234 MiB", "12.0 s",
    ]  # fmt: skip


def test_what_fails_or_takes_too_long_is_a_row(tmp_path: Path) -> None:
    failed = gpu.run(
        SIDE, [sys.executable, "-c", "raise SystemExit('error: no GPU')"], most_seconds=20, outputs=tmp_path
    )
    slow = gpu.run(SIDE, [sys.executable, "-c", "import time; time.sleep(60)"], most_seconds=0.2, outputs=tmp_path)

    assert (failed.error, slow.error) == ("exit code 1: error: no GPU", "not finished after 0 s")


def test_what_has_no_time_left_is_said() -> None:
    asked: list[float] = []

    def run_side(side: gpu.Side, most_seconds: float) -> gpu.Row:
        asked.append(most_seconds)
        return gpu.Row(side.recipe, side.name, step_ms=1.0)

    rows = gpu.measure([SIDE, SIDE], seconds=100, run_side=run_side, tell=lambda row: None)
    assert [row.error for row in rows] == ["", ""]
    assert all(99 < seconds <= 100 for seconds in asked)
    [late] = gpu.measure([SIDE], seconds=20, run_side=run_side, tell=lambda row: None)
    assert late.error == "no time left"
