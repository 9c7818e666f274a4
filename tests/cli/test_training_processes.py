"""The processes of a training."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from commands import call

from cnncli.cli import resumed_run, training_processes, tune
from cnncli.errors import UsageError
from cnncli.recipe.load import load


@pytest.mark.parametrize(("seconds", "got"), [(0.0, "0"), (-5.0, "-5"), (float("nan"), "nan"), (float("inf"), "inf")])
def test_nobody_waits_for_a_time_that_is_none(seconds: float, got: str) -> None:
    with pytest.raises(UsageError) as refused:
        training_processes.check_start_timeout(seconds)

    assert refused.value.problems[0].message == f"expected seconds > 0, got {got}"


def test_a_search_without_a_name_is_refused_where_each_process_would_make_its_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    cluster = {"cluster": {"worker": ["a:2222", "b:2222"]}, "task": {"type": "worker", "index": 1}}
    monkeypatch.setenv("TF_CONFIG", json.dumps(cluster))
    with pytest.raises(UsageError) as refused:
        tune.tune("mnist-tune")

    assert str(refused.value.problems[0].place) == "--name"
    assert refused.value.problems[0].message == (
        "it is missing, and TF_CONFIG describes 2 processes: each would search on its own"
    )


def test_processes_compare_the_recipe_value_by_value() -> None:
    """So that the error names the key: `train.batch_size is 64 on worker 1 and 128 on the chief`."""
    one, two = (training_processes._values(load("mnist", changes)) for changes in ([], ["train.batch_size=64"]))

    assert {key: (one[key], two[key]) for key in one | two if one.get(key) != two.get(key)} == {
        "train.batch_size": ("128", "64")
    }
    assert len(one["model.layers"]) == 16  # a digest
    assert one == training_processes._values(load("mnist", []))


def test_each_process_of_a_cluster_would_train_a_whole_set_so_it_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    cluster = {"cluster": {"worker": ["a:2222", "b:2222"]}, "task": {"type": "worker", "index": 1}}
    monkeypatch.setenv("TF_CONFIG", json.dumps(cluster))
    with pytest.raises(UsageError) as refused:
        training_processes.check_alone("--fold all")

    assert refused.value.problems[0].message == (
        "expected one process, and TF_CONFIG describes 2: each would train all runs"
    )
    monkeypatch.setenv("CNNCLI_CLUSTER", "off")
    training_processes.check_alone("--fold all")


SLURM = {
    "SLURM_STEP_NODELIST": "gpu01", "SLURM_STEP_TASKS_PER_NODE": "2", "SLURM_STEP_NUM_TASKS": "2", "SLURM_PROCID": "1",
    "SLURM_JOB_ID": "7",
}  # fmt: skip


@pytest.mark.parametrize(
    ("launcher", "message", "hint"),
    [
        (
            SLURM,
            "expected one process, and SLURM describes 2: each would start 4 workers",
            "leave it out: the 2 processes train together; or set CNNCLI_CLUSTER=off to ignore SLURM",
        ),
        (
            {"OMPI_COMM_WORLD_SIZE": "3"},
            "expected one process, and MPI describes 3: each would start 4 workers",
            "start one process and give it --workers, or set CNNCLI_CLUSTER=off to ignore MPI",
        ),
    ],
)
def test_workers_are_refused_where_each_task_of_a_launcher_would_start_them(
    monkeypatch: pytest.MonkeyPatch, launcher: dict[str, str], message: str, hint: str
) -> None:
    for name, value in launcher.items():
        monkeypatch.setenv(name, value)

    done = call("train", "mnist", "--workers", "4", exit_code=UsageError.exit_code)

    assert done.stderr == f"error: --workers: {message}\n    {hint}\n"
    monkeypatch.setenv("CNNCLI_CLUSTER", "off")
    cluster = training_processes.find_cluster(4, None, None)
    assert cluster is not None
    assert (cluster.found_by, cluster.size) == ("--workers", 4)


def test_a_resumed_run_that_would_start_its_workers_in_each_process_blames_no_option_that_is_not_given(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("OMPI_COMM_WORLD_SIZE", "3")
    going_on = resumed_run.ResumedRun(Path("first"), load("mnist", []), is_finished=False, stopped="", workers=2)
    monkeypatch.setattr(resumed_run, "run_to_resume", lambda *_: going_on)

    done = call("train", "--resume", "mnist/first", exit_code=UsageError.exit_code)

    assert done.stderr == (
        "error: --resume: expected one process, and MPI describes 3: each would start 2 workers\n"
        "    start one process, or set CNNCLI_CLUSTER=off to ignore MPI\n"
    )


@pytest.mark.parametrize("launcher", [SLURM, {"OMPI_COMM_WORLD_SIZE": "3"}])
def test_one_worker_in_each_task_of_a_launcher_trains_alone(
    monkeypatch: pytest.MonkeyPatch, launcher: dict[str, str]
) -> None:
    for name, value in launcher.items():
        monkeypatch.setenv(name, value)

    assert training_processes.find_cluster(1, None, None) is None


@pytest.mark.parametrize("alone", [{"OMPI_COMM_WORLD_SIZE": "1"}, {"SLURM_NTASKS": "2"}, {"PMI_SIZE": "none"}])
def test_one_process_of_a_launcher_may_start_workers(monkeypatch: pytest.MonkeyPatch, alone: dict[str, str]) -> None:
    """The script of a job of SLURM is one process: `srun` starts the tasks."""
    for name, value in alone.items():
        monkeypatch.setenv(name, value)

    cluster = training_processes.find_cluster(2, None, None)

    assert cluster is not None
    assert cluster.size == 2
