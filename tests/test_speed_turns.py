"""The benchmark whose training steps take turns."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from benchmarks.speed import chart, machine, table, workloads
from benchmarks.speed.child import ChildFailed
from benchmarks.speed.make_data import write_digits
from benchmarks.speed.turns import Steps, take_turns
from benchmarks.speed.workloads import StepSide
from cnncli.data.sources.builtin import SAMPLE_FILE

# Writes to a file when it begins an epoch; the first of its epochs takes 9 s, the next 1 s, 2 s and so on.
_CHILD = """
import sys
for epoch in range(100):
    with open({log!r}, "a") as log:
        log.write({name!r})
    print("Epoch", epoch)
    print("turn", epoch or 9, 10, flush=True)
    if not sys.stdin.readline():
        break
"""


def side(name: str, log: Path) -> StepSide:
    return StepSide(name, [sys.executable, "-c", _CHILD.format(log=str(log), name=name)])


def test_sides_take_turns_and_the_first_epoch_does_not_count(tmp_path: Path) -> None:
    log = tmp_path / "log"
    taken = take_turns([side("A", log), side("B", log)], tmp_path, rounds=2)
    assert taken == [Steps("A", [100.0, 200.0]), Steps("B", [100.0, 200.0])]  # 1 s and 2 s for 10 steps
    assert log.read_text() == "ABABAB"


def test_a_side_that_fails_says_why(tmp_path: Path) -> None:
    failing = StepSide("A", [sys.executable, "-c", "print('an error'); raise SystemExit('no such recipe')"])
    with pytest.raises(ChildFailed, match="exit code 1\nan error\n\nno such recipe"):
        take_turns([failing], tmp_path, rounds=2)


def test_a_side_gets_its_own_environment(tmp_path: Path) -> None:
    program = "import os, sys\nwhile True: print('turn', os.environ['SECONDS_'], 1, flush=True); sys.stdin.readline()"
    taken = take_turns([StepSide("A", [sys.executable, "-c", program], {"SECONDS_": "3"})], tmp_path, rounds=1)
    assert taken == [Steps("A", [3000.0])]


def test_ratio_of_steps_is_the_median_of_the_rounds() -> None:
    assert table.step_ratio([1.0, 10.0, 1.0], [2.0, 20.0, 4.0]) == 0.5


def test_table_of_steps_compares_with_the_first_side() -> None:
    told = table.steps_as_markdown({"plain": [20.0, 40.0, 30.0], "cnncli": [10.0, 10.0, 30.0]})
    # By hand: ratios 0.5, 0.25 and 1.
    assert [[cell.strip() for cell in line.split("|")[1:-1]] for line in told.splitlines()] == [
        ["", "ms a step", "fastest", "× step", "rounds"],
        ["-" * 6, "-" * 9, "-" * 7, "-" * 6, "-" * 6],
        ["plain", "30.0", "20.0", "1.00", "3"],
        ["cnncli", "10.0", "10.0", "0.50", "3"],
    ]


def settings(**more: object) -> workloads.Settings:
    return workloads.Settings(Path("d.npz"), Path("i"), None, None, quick=False, **more)  # type: ignore[arg-type]


def test_pytorch_takes_part_where_it_is_asked_for() -> None:
    def names(**more: object) -> list[str]:
        return [each.name for each in workloads.STEPS["lenet5-steps"](settings(**more)).sides]

    assert names() == ["plain Keras", "cnncli"]
    assert names(pytorch=Path("python"), also=({"A": "1"},)) == [
        "plain Keras", "cnncli", "cnncli, A=1", "PyTorch", "PyTorch, channels_last", "PyTorch, compile",
        "PyTorch, channels_last, compile",
    ]  # fmt: skip


@pytest.mark.parametrize("name", list(workloads.STEPS))
def test_scripts_of_steps_exist(name: str) -> None:
    for each in workloads.STEPS[name](settings(pytorch=Path("python"))).sides:
        scripts = [part for part in each.command if part.endswith(".py")]
        assert scripts
        assert all(Path(script).is_file() for script in scripts)


def test_the_machine_names_what_decides_speed(monkeypatch: pytest.MonkeyPatch) -> None:
    found = {"model": "Some CPU", "flags": ["sse4_2", "avx2", "avx512_vnni", "amx_bf16"]}
    monkeypatch.setattr(machine, "processor", lambda: found)
    assert machine.describe()["processor"] == "Some CPU, avx2, avx512_vnni, amx_bf16"


def test_chart_shows_the_fastest_way_of_pytorch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    steps = {"plain Keras": [10.0, 10.0], "cnncli": [4.0, 4.0], "PyTorch": [9.0, 9.0], "PyTorch, compile": [5.0, 5.0]}
    of_steps = {"name": "lenet5-steps", "title": "LeNet-5, 128 digits a step", "milliseconds": steps}
    walls = [{"side": "plain Keras", "wall_seconds": 20.0}, {"side": "cnncli", "wall_seconds": 12.0}]
    of_processes = {"name": "mnist", "title": "MNIST baseline, 10 epochs", "measured": walls}
    start = {"name": "start-up", "title": "Start-up", "measured": [{"side": "cnncli --help", "wall_seconds": 0.3}]}
    assert chart.row_of(of_steps) == chart.Row("LeNet-5, a step", 0.4, 0.5)
    assert chart.row_of(of_processes) == chart.Row("MNIST baseline, whole process", 0.6)
    assert chart.row_of(start) is None

    kept = {"machine": {"processor": "CPU", "cores": "2", "date": "2026-11-30"}, "workloads": [of_steps, of_processes]}
    (tmp_path / "kept.json").write_text(json.dumps(kept))
    monkeypatch.setattr(sys, "argv", ["chart", str(tmp_path / "chart.png"), str(tmp_path / "kept.json")])
    assert chart.main() == 0
    assert (tmp_path / "chart.png").read_bytes().startswith(b"\x89PNG")


def test_the_steps_of_a_script_and_of_cnncli_are_measured(tmp_path: Path) -> None:
    write_digits(SAMPLE_FILE, tmp_path / "digits.npz", {"train": 200, "test": 20})
    sides = workloads.STEPS["lenet5-steps"](settings(arrays=tmp_path)).sides
    plain, ours = take_turns(sides, tmp_path, rounds=2)
    assert len(plain.milliseconds) == len(ours.milliseconds) == 2
    assert all(0 < each < 10_000 for each in plain.milliseconds + ours.milliseconds)
