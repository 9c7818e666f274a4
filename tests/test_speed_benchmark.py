"""The speed benchmark's arithmetic, its table and its commands; nothing is trained."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from benchmarks.speed import child, start_up, table, workloads
from benchmarks.speed.harness import alternate, seeds
from benchmarks.speed.table import Measured
from cnncli.recipe import shipped

SETTINGS = workloads.Settings(Path("digits.npz"), Path("images"), None, None, quick=False)


def measured(side: str, wall_seconds: float, **more: float | str) -> Measured:
    return Measured(side, 1, 1, wall_seconds, 20.0, 512 << 20, 0.5, **more)  # type: ignore[arg-type]


def test_each_run_has_its_own_seed_and_they_come_again() -> None:
    assert seeds(5, 3) == [1, 2, 3, 1, 2]


def test_ratio_is_of_medians() -> None:
    assert table.ratio([2.0, 9.0, 3.0], [2.0, 2.0, 2.0]) == 1.5


def test_ratio_of_nothing_is_none() -> None:
    assert table.ratio([], [2.0]) is None


def test_accuracy_is_the_mean_with_half_the_distance_of_the_extremes() -> None:
    assert table.mean_and_spread([0.97, 0.98, 0.99]) == "0.980 ± 0.010"


def test_table_compares_with_the_first_side() -> None:
    told = table.as_markdown(
        [
            measured("plain", 10, fit_seconds=4.0, accuracy=0.5, precision="float32"),
            measured("cnncli", 12, fit_seconds=2.0, accuracy=0.6, precision="mixed_bfloat16"),
            measured("plain", 20, fit_seconds=4.0, accuracy=0.7, precision="float32"),
            measured("cnncli", 18, fit_seconds=4.0, accuracy=0.6, precision="mixed_bfloat16"),
        ],
        compared=True,
    )
    # By hand: medians 15 and 15 of wall, 4 and 3 of fit.
    assert [[cell.strip() for cell in line.split("|")[1:-1]] for line in told.splitlines()[2:]] == [
        ["plain", "float32", "15.0 (10.0–20.0)", "1.00", "4.00", "1.00", "20.0", "0.600 ± 0.100", "512 MiB", "2"],
        [
            "cnncli",
            "mixed_bfloat16",
            "15.0 (12.0–18.0)",
            "1.00",
            "3.00",
            "0.75",
            "20.0",
            "0.600 ± 0.000",
            "512 MiB",
            "2",
        ],
    ]


def test_table_leaves_out_columns_without_a_number() -> None:
    told = table.as_markdown([measured("--help", 0.25), measured("validate", 0.5)], compared=False)
    assert [cell.strip() for cell in told.splitlines()[0].split("|")[1:-1]] == [
        "", "wall s", "processor s", "peak memory", "runs",
    ]  # fmt: skip


def test_sides_take_turns_with_the_same_seed(tmp_path: Path) -> None:
    def side(name: str) -> workloads.Side:
        return workloads.Side(
            name,
            lambda seed: [sys.executable, "-c", f'print(\'{{"fit_seconds": 1.5, "accuracy": {seed}}}\')'],
            workloads.read_plain,
        )

    workload = workloads.Workload("two", "Two", (side("A"), side("B")))
    done = alternate(workload, tmp_path, runs=2, seed_count=2, tell=lambda each: None)
    assert [(each.side, each.run, each.seed, each.accuracy) for each in done] == [
        ("A", 1, 1, 1),
        ("B", 1, 1, 1),
        ("A", 2, 2, 2),
        ("B", 2, 2, 2),
    ]
    assert not list(tmp_path.iterdir())


def test_peak_memory_is_of_each_process_alone(tmp_path: Path) -> None:
    # In a process of its own: pytest may have TensorFlow loaded, and a child begins with its parent's peak.
    program = """
import sys
from dataclasses import replace
from pathlib import Path
from benchmarks.speed import child
for code in ("held = b'1' * (300 << 20)", "pass"):
    print(child.run([sys.executable, "-c", code], Path(sys.argv[1])).peak_bytes >> 20)
"""
    top = Path(child.__file__).parents[2]
    done = subprocess.run(
        [sys.executable, "-c", program, tmp_path], cwd=top, capture_output=True, text=True, check=True
    )
    large, small = map(int, done.stdout.split())
    assert large > 300
    assert small < 100


def test_a_process_that_fails_tells_what_it_printed(tmp_path: Path) -> None:
    with pytest.raises(child.ChildFailed, match="exit code 3\n\nno such thing"):
        child.run([sys.executable, "-c", "import sys; print('no such thing', file=sys.stderr); sys.exit(3)"], tmp_path)


def test_what_cnncli_says_is_read() -> None:
    said = {"seconds": {"fit": 3.5, "total": 5.0}, "test": {"loss": 0.1, "accuracy": 0.97}, "precision": "float32"}
    assert workloads.read_cnncli(json.dumps(said, indent=2)) == workloads.Said(3.5, 0.97, "float32")


def test_the_last_line_of_a_plain_script_is_read() -> None:
    said = workloads.read_plain('Epoch 1/1\n{"fit_seconds": 2.5, "loss": 1.0, "accuracy": 0.9}\n')
    assert said == workloads.Said(2.5, 0.9, "float32")


@pytest.mark.parametrize("name", ["mnist", "lenet5", "image-folder-5", "image-folder-15"])
def test_every_side_gets_the_same_epochs_and_seed(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workloads, "processor", lambda: {"model": "Xeon", "flags": ["amx_bf16"]})
    (tmp_path / "train" / "a").mkdir(parents=True)
    settings = workloads.Settings(Path("digits.npz"), tmp_path, None, None, quick=False)
    epochs = {"mnist": 10, "lenet5": 12, "image-folder-5": 5, "image-folder-15": 15}[name]
    commands = [side.command(7) for side in workloads.WORKLOADS[name](settings).sides]
    plain = [command for command in commands if "cnncli" not in command]
    ours = [command for command in commands if "cnncli" in command]
    assert plain
    assert len(ours) == 2
    for command in plain:
        assert command[command.index("--epochs") + 1] == str(epochs)
        assert command[command.index("--seed") + 1] == "7"
        assert Path(command[1]).is_file()
    for command in ours:
        assert {f"train.epochs={epochs}", "train.seed=7"} <= set(command)


def test_float32_is_a_side_of_its_own_where_the_default_may_be_another_format(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workloads.shutil, "which", lambda name: None)
    for flags, expected in (
        (["amx_bf16"], ["plain Keras", "cnncli", "cnncli, float32"]),
        ([], ["plain Keras", "cnncli"]),
    ):
        monkeypatch.setattr(workloads, "processor", lambda flags=flags: {"model": "", "flags": flags})
        assert [side.name for side in workloads.mnist(SETTINGS).sides] == expected


def test_pytorch_is_a_side_where_it_is_asked_for() -> None:
    with_pytorch = replace(SETTINGS, pytorch=Path("python"))
    assert workloads.mnist(with_pytorch).sides[-1].name == "PyTorch, channels_last"
    assert workloads.mnist(with_pytorch).sides[-1].command(3)[-5:] == [
        "--epochs",
        "10",
        "--seed",
        "3",
        "--channels-last",
    ]


def test_the_longest_recipe_is_validated_for_start_up() -> None:
    assert max(shipped.names(), key=lambda name: len(shipped.read(name))) == start_up.LONGEST_RECIPE


def test_start_up_is_compared_with_the_import_of_the_same_round() -> None:
    def timed(side: str, run: int, seconds: float) -> Measured:
        return Measured(side, run, 1, seconds, 1.0, 512 << 20, 0.5)

    told = start_up.as_markdown(
        [
            *(timed(start_up.IMPORT, run, seconds) for run, seconds in enumerate([4.0, 8.0, 5.0])),
            *(timed("cnncli --help", run, 0.31) for run in range(3)),
            *(timed(start_up.FIRST_STEP, run, seconds) for run, seconds in enumerate([6.5, 10.4, 7.6])),
        ]
    )
    # By hand: 2.5, 2.4 and 2.6 s more than the import of the round.
    rows = [[cell.strip() for cell in line.split("|")[1:-1]] for line in told.splitlines()[2:]]
    assert [(row[0], row[1], row[3], row[4]) for row in rows] == [
        (start_up.IMPORT, "5.00 (4.00–8.00)", "", ""),
        ("cnncli --help", "0.31 (0.31–0.31)", "", "0.30: missed"),
        (start_up.FIRST_STEP, "7.60 (6.50–10.40)", "+2.50", "import + 2.50: met"),
    ]
