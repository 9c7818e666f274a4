"""Runs are found by name, and listed."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from run_folders import fails, put_run, told

from cnncli import runs
from cnncli.errors import OutputError


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
    stopped = put_run(outputs, "mnist/d", status="interrupted", started="2026-11-18T12:00:00+00:00")
    with fails(
        OutputError,
        f"{stopped} has no model.keras (its status is interrupted)",
        f"finish it with: cnncli train --resume {stopped}",
    ):
        runs.find(outputs, "d", require_model=True)
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
        put_run(outputs, "mnist/odd", started="soon", ended="yesterday", best={}, test={"loss": None})
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
