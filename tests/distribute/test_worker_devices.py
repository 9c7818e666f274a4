"""Workers use the GPUs in turns."""

from __future__ import annotations

from pathlib import Path

import pytest

from cnncli.distribute.worker_devices import worker_environments


def test_workers_use_the_gpus_of_the_environment_in_turns(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "2, GPU-8f3a")

    found = [each["CUDA_VISIBLE_DEVICES"] for each in worker_environments(3, None)]

    assert found == ["2", "GPU-8f3a", "2"]
    assert worker_environments(1, None) == [{}]
    assert worker_environments(2, "cpu") == [{}, {}]


@pytest.mark.parametrize(
    ("script", "expected"),
    [("echo 0; echo 1", ["0", "1"]), ("echo 0", [None, None]), ("echo no devices; exit 9", [None, None])],
)
def test_without_the_variable_the_driver_is_asked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, script: str, expected: list[str | None]
) -> None:
    program = tmp_path / "nvidia-smi"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)

    assert [each.get("CUDA_VISIBLE_DEVICES") for each in worker_environments(2, "gpu")] == expected
