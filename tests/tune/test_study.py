"""The study of a sweep: resumed after a kill, shared, mended."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

optuna = pytest.importorskip("optuna")

from optuna.trial import TrialState  # noqa: E402

from cnncli.errors import DivergedError, OutputError, UsageError  # noqa: E402
from cnncli.recipe.schema_tune import Parameter  # noqa: E402
from cnncli.tune import study as studies  # noqa: E402
from cnncli.tune import sweep_sessions  # noqa: E402
from cnncli.tune.samplers import make_sampler  # noqa: E402
from cnncli.tune.space import Space  # noqa: E402
from cnncli.tune.study import Search  # noqa: E402
from cnncli.tune.study_storage import absolute, check_storage, mend_journal, open_storage, shown, storage_in_use  # noqa: E402
from cnncli.tune.sweep import common_failure, no_result  # noqa: E402
from cnncli.tune.trial_rows import TrialRow, as_csv, best_of, read_rows  # noqa: E402
from cnncli.tune.worker_protocol import Failure  # noqa: E402

SPACE = Space(
    {"a": Parameter.model_validate({"int": [1, 9]}), "b": Parameter.model_validate({"choice": ["x", [1, 2]]})}
)
SEARCH = Search("minimize", "random", "none", 0, 1)


def opened(folder: Path) -> Any:
    study = studies.open_study(str(folder / "journal.log"), "small/tune-first", SEARCH)
    study.sampler = make_sampler("random", 0, len(study.trials))
    return study


def begin(study: Any, session: str = "gone") -> tuple[Any, dict[str, Any]]:
    trial = study.ask()
    trial.set_user_attr(studies.SESSION, session)
    return trial, SPACE.suggest(trial)


def test_a_running_trial_of_a_killed_process_is_trained_again_and_finished_ones_stay(tmp_path: Path) -> None:
    study = opened(tmp_path)
    done, _ = begin(study)
    study.tell(done, 0.5)
    _, killed = begin(study)
    del study  # the process is gone; the journal says RUNNING for ever

    study = opened(tmp_path)
    again = studies.give_back(study, lambda trial: trial.user_attrs[studies.SESSION] == "gone")

    assert again == [1]
    assert [trial.state.name for trial in study.trials] == ["COMPLETE", "FAIL", "WAITING"]
    assert [row.value for row in read_rows(study, SPACE)] == [0.5]
    assert studies.give_back(study, lambda trial: True) == []  # once only
    trial, params = begin(study)
    assert (trial.number, params) == (2, killed)
    study.tell(trial, 0.25)
    assert [(row.number, row.value) for row in read_rows(study, SPACE)] == [(0, 0.5), (2, 0.25)]


def test_trials_of_a_process_that_lives_go_on(tmp_path: Path) -> None:
    study = opened(tmp_path)
    begin(study, "alive")

    assert studies.give_back(study, lambda trial: trial.user_attrs[studies.SESSION] != "alive") == []
    assert study.trials[0].state == TrialState.RUNNING


def test_a_trial_that_was_ended_but_not_put_into_the_queue_is_trained_again(tmp_path: Path) -> None:
    """The process that gave it back was killed between the two steps."""
    study = opened(tmp_path)
    trial, _ = begin(study)
    study.tell(trial, state=TrialState.FAIL)

    assert studies.give_back(study, lambda trial: False) == [0]


def test_a_trial_that_failed_by_itself_is_not_trained_again(tmp_path: Path) -> None:
    study = opened(tmp_path)
    trial, _ = begin(study)

    studies.fail(study, trial.number, Failure(message="killed by SIGKILL", exit=8).model_dump())

    assert studies.give_back(study, lambda trial: True) == []
    [row] = read_rows(study, SPACE)
    assert (row.state, row.failure and row.failure.message) == ("failed", "killed by SIGKILL")


def test_a_grid_is_put_into_the_queue_once_and_grows(tmp_path: Path) -> None:
    study = opened(tmp_path)
    studies.enqueue_grid(study, SPACE, seed=1, count=3)
    studies.enqueue_grid(study, SPACE, seed=1, count=3)
    assert len(study.trials) == 3
    begin(study)  # killed: its point comes back, and is not taken for a new one
    studies.give_back(study, lambda trial: True)

    studies.enqueue_grid(study, SPACE, seed=1, count=18)

    waiting = [each.system_attrs["fixed_params"] for each in study.trials if each.state == TrialState.WAITING]
    assert len(waiting) == len({str(point) for point in waiting}) == 18


def test_calls_of_a_sweep_agree_on_its_recipe_and_its_seed(tmp_path: Path) -> None:
    first = studies.settle(opened(tmp_path), {"recipe": "abc", "metric": "val_loss"}, lambda: 11)

    assert first == studies.settle(opened(tmp_path), {"recipe": "abc", "metric": "val_loss"}, lambda: 12) == 11
    with pytest.raises(OutputError, match="has another recipe, metric"):
        studies.settle(opened(tmp_path), {"recipe": "other", "metric": "val_accuracy"}, lambda: 13)


def test_a_broken_last_line_of_a_journal_is_removed(tmp_path: Path) -> None:
    journal = tmp_path / "journal.log"
    study = opened(tmp_path)
    trial, _ = begin(study)
    study.tell(trial, 0.5)
    whole = journal.read_bytes()
    journal.write_bytes(whole + b'{"op_code":5,"wor')

    assert mend_journal(journal)
    assert journal.read_bytes() == whole
    assert not mend_journal(journal)
    assert not mend_journal(tmp_path / "none.log")
    assert opened(tmp_path).best_value == 0.5


def test_a_file_that_is_not_a_journal_is_refused_and_stays_as_it_is(tmp_path: Path) -> None:
    notes = tmp_path / "notes.txt"
    notes.write_bytes(b"my notes\nwithout an end of line")
    for path in (notes, tmp_path):
        with pytest.raises(UsageError) as refused:
            check_storage(str(path))
        assert refused.value.problems[0].message == f"{path} is not a journal of Optuna"
    assert notes.read_bytes() == b"my notes\nwithout an end of line"

    opened(tmp_path)
    check_storage(str(tmp_path / "journal.log"))
    check_storage(str(tmp_path / "none.log"))
    (tmp_path / "cut.log").write_bytes(b'{"op')  # the machine crashed while it was begun
    check_storage(str(tmp_path / "cut.log"))


@pytest.mark.parametrize(
    "url", ["sqlite://", "sqlite:///", "sqlite:///:memory:", "sqlite:///file:a?mode=memory&uri=true"]
)
def test_a_database_in_memory_is_refused(url: str) -> None:
    """Each worker would have its own, and the sweep would never see a trial."""
    with pytest.raises(UsageError, match="a database in memory, which other processes cannot see"):
        check_storage(url)


def test_a_broken_line_within_a_journal_is_named(tmp_path: Path) -> None:
    opened(tmp_path)
    journal = tmp_path / "journal.log"
    lines = journal.read_bytes().splitlines(keepends=True)
    journal.write_bytes(b"".join([lines[0], b"<<<<<<< HEAD\n", *lines[1:]]))

    with pytest.raises(OutputError) as broken:
        opened(tmp_path)
    assert broken.value.problems[0].message == f"the journal {journal} has a line that cannot be read: line 2"


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("night.log", "{here}/night.log"),
        ("/scratch/night.log", "/scratch/night.log"),
        ("sqlite:///night.db", "sqlite:///{here}/night.db"),
        ("sqlite:///../night.db", "sqlite:///{above}/night.db"),
        ("sqlite+pysqlite:///night.db?timeout=9", "sqlite+pysqlite:///{here}/night.db?timeout=9"),
        ("sqlite:///file:night.db?uri=true", "sqlite:///file:{here}/night.db?uri=true"),
        ("sqlite:///file:a%20b.db?cache=private&uri=1", "sqlite:///file:{here}/a%20b.db?cache=private&uri=1"),
        ("sqlite:///file:night.db", "sqlite:///{here}/file:night.db"),  # the name of a file
        ("sqlite:////scratch/night.db", "sqlite:////scratch/night.db"),
        ("postgresql://me:secret@host/night", "postgresql://me:secret@host/night"),
    ],
)
def test_a_storage_is_found_from_another_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str, found: str
) -> None:
    monkeypatch.chdir(tmp_path)

    assert absolute(text) == found.format(here=tmp_path, above=tmp_path.parent)


@pytest.mark.parametrize("text", ["sqlite:///night.db", "sqlite:///file:night.db", "sqlite:///file:night.db?uri=true"])
def test_the_whole_path_of_a_storage_is_the_same_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str
) -> None:
    folder, other = tmp_path / "a ü", tmp_path / "other"
    folder.mkdir()
    other.mkdir()
    monkeypatch.chdir(folder)
    studies.open_study(text, "small/tune-first", SEARCH)
    found = absolute(text)
    monkeypatch.chdir(other)
    studies.open_study(found, "small/tune-first", SEARCH)

    assert len(list(folder.iterdir())) == 1
    assert not list(other.iterdir())


@pytest.mark.parametrize("name", ["100%25", "#1", "why?"])
def test_a_storage_stays_as_it_is_in_a_folder_whose_name_means_something_else_in_a_url(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    (tmp_path / name).mkdir()
    monkeypatch.chdir(tmp_path / name)

    assert absolute("sqlite:///file:night.db?uri=true") == "sqlite:///file:night.db?uri=true"


def test_a_storage_that_fails_in_use_is_named(tmp_path: Path) -> None:
    file = tmp_path / "s.db"
    study = studies.open_study(f"sqlite:///{file}", "small/tune-first", SEARCH)
    study._storage._backend.engine.dispose()
    file.write_bytes(b"no database any more")

    with pytest.raises(OutputError) as failed, storage_in_use(f"sqlite:///{file}"):
        study.set_user_attr("a", 1)
    assert failed.value.problems[0].message == f"the storage sqlite:///{file} failed: file is not a database"

    journal = str(tmp_path / "journal.log")
    with pytest.raises(OutputError) as gone, storage_in_use(journal):
        Path(f"{journal}.lock/x").read_bytes()
    assert gone.value.problems[0].message == f"the journal {journal} failed: no such file or directory"
    with pytest.raises(FileNotFoundError), storage_in_use(journal):
        (tmp_path / "another").read_bytes()


def test_a_session_lives_as_long_as_its_process(tmp_path: Path) -> None:
    with sweep_sessions.session(tmp_path) as own:
        assert sweep_sessions.alive(tmp_path) == [own]
        (tmp_path / "left-by-a-killed-process").mkdir()
        assert sweep_sessions.alive(tmp_path) == [own]
        assert os.listdir(tmp_path) == [own]
    assert sweep_sessions.alive(tmp_path) == []
    assert sweep_sessions.alive(tmp_path / "none") == []


def test_passwords_are_not_shown() -> None:
    assert shown("postgresql+psycopg://me:secret@host:5432/db") == "postgresql+psycopg://me:***@host:5432/db"
    assert shown("sqlite:///s.db") == "sqlite:///s.db"


@pytest.mark.parametrize(
    ("url", "error", "message"),
    [
        ("foo://x", UsageError, "`foo://x` is no URL of a database"),
        (
            "mysql+pymysql://me:secret@h/x",
            UsageError,
            "mysql+pymysql://me:***@h/x needs PyMySQL, which is not installed",
        ),
        ("sqlite:////none/such/s.db", OutputError, "cannot open the storage sqlite:////none/such/s.db: unable to open"),
    ],
)
def test_storages_that_cannot_be_opened(
    url: str, error: type[Exception], message: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cnncli.tune.study_storage._BETWEEN_TRIES", 0)

    with pytest.raises(error) as raised:
        open_storage(url, lambda study, trial: None)

    assert raised.value.problems[0].message.startswith(message)
    assert "secret" not in str(raised.value)


# ---- results -----------------------------------------------------------------------------------------------------------


def row(number: int, value: float | None = None, failure: str = "", state: str = "") -> TrialRow:
    told = Failure(message=failure, code="diverged", exit=7) if failure else None
    state = state or ("failed" if failure else "complete")
    values = {"a": number, "b": [1, 2]}
    result = {"epochs": 1, "row": {"val_loss": value, "loss": 1.5}} if value is not None else {}
    return TrialRow(number, state, {"a": number, "b": "[1, 2]"}, values, value, {}, result, told)


@pytest.mark.parametrize(("direction", "best"), [("minimize", 1), ("maximize", 0)])
def test_the_best_trial_is_the_first_of_equal_ones(direction: str, best: int) -> None:
    rows = [row(0, 0.9), row(1, 0.1), row(2, 0.1), row(3, 0.9), row(4, failure="x"), row(5, state="pruned")]

    found = best_of(rows, direction)

    assert found is not None
    assert found.number == best


def test_ten_failures_for_one_reason_end_a_sweep() -> None:
    diverged = [row(n, failure=f"the loss is nan in epoch {n}, at a learning rate of {n}e-3") for n in range(10)]

    error = common_failure(diverged)

    assert isinstance(error, DivergedError)
    assert error.problems[0].message.startswith("the first 10 trials all failed: the loss is nan in epoch 0")
    assert common_failure(diverged[:9]) is None
    assert common_failure([*diverged[:9], row(9, failure="another reason")]) is None
    assert common_failure([*diverged, row(10, 0.5)]) is None
    assert common_failure([*diverged, row(10, state="running")]) is not None


def test_a_sweep_without_a_result_tells_the_reasons() -> None:
    error = no_result([row(0, failure="nan in epoch 1"), row(1, failure="other"), row(2, failure="nan in epoch 2")])

    assert error.exit_code == 7
    assert [problem.message for problem in error.problems] == [
        "2 trials failed: nan in epoch 1",
        "1 trial failed: other",
    ]


def test_a_sweep_whose_time_was_too_short_says_so() -> None:
    error = no_result([], "max_time is over")

    assert str(error.problems[0].message) == "no trial was completed: max_time is over"
    assert "tune.max_time" in error.problems[0].hint


def test_the_table_has_a_line_for_each_trial() -> None:
    lines = as_csv([row(0, 0.25), row(1, failure="a, b")], SPACE, "val_loss").splitlines()

    assert lines == [
        "trial,state,val_loss,a,b,epochs,best_epoch,seconds,loss,failure",
        '0,complete,0.25,0,"[1, 2]",1,,,1.5,',
        '1,failed,,1,"[1, 2]",,,,,"a, b"',
    ]
    assert json.loads(json.dumps(row(0, 0.25).as_json()))["parameters"] == {"a": 0, "b": [1, 2]}
