"""`cnncli track` as a user calls it."""

import socket

import pytest
from commands import call

from cnncli.trackers import registry


@pytest.fixture(autouse=True)
def _here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def test_event_files_of_several_runs_are_told_and_written_again(make_run):
    make_run("first")
    make_run("second", status="interrupted")

    done = call("track", "made/first", "second", "--to", "tensorboard")
    again = call("track", "--to", "tensorboard", "made/first", "--json")

    assert done.stdout.splitlines() == [
        "made/first  TensorBoard: outputs/made/first/tensorboard",
        "made/second  TensorBoard: outputs/made/second/tensorboard",
    ]
    assert "2 runs sent" in done.stderr
    assert "tensorboard --logdir outputs" in done.stderr
    [told] = again.json["runs"]
    assert (told["run"], told["tracker"], told["is_new"], told["error"]) == (
        "outputs/made/first",
        "tensorboard",
        False,
        None,
    )


def test_set_of_folds_is_all_its_runs(make_run):
    for number in (1, 2):
        make_run(f"cv-fold{number}", fold={"set": "cv", "number": number, "count": 2})

    done = call("track", "made/cv", "--to", "tensorboard", "--quiet")

    assert [line.split()[0] for line in done.stdout.splitlines()] == ["made/cv-fold1", "made/cv-fold2"]
    assert done.stderr == ""


def test_every_run_that_is_not_there_is_told_and_nothing_is_sent(make_run):
    folder = make_run("first")

    done = call("track", "first", "frist", "other", "--to", "tensorboard", exit_code=6)

    assert "no run or recipe 'frist' in outputs/" in done.stderr
    assert "no run or recipe 'other' in outputs/" in done.stderr
    assert not (folder / "tensorboard").exists()


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ([], "no tracker is named"),
        (["--to", "mlfow"], "did you mean `mlflow`?"),
        (["--to", "wandb", "--uri", "http://localhost"], "this option is for mlflow"),
        (["--to", "mlflow", "--uri", "runs"], "expected the address of a server or a database, got 'runs'"),
        (["--to", "mlflow", "--experiment", ""], "expected a text, got an empty one"),
        (["--to", "wandb", "--mode", "ofline"], "did you mean `offline`?"),
    ],
)
def test_wrong_options_are_usage_errors(make_run, options, told):
    make_run()

    assert told in call("track", *options, exit_code=2).stderr


def test_missing_package_is_told_before_anything_is_sent(make_run, monkeypatch):
    folder = make_run()
    monkeypatch.setattr(registry, "find_spec", lambda name: None)

    done = call("track", "--to", "tensorboard", "--to", "wandb", exit_code=8)

    assert 'pip install "cnncli[wandb]"' in done.stderr
    assert not (folder / "tensorboard").exists()


def test_server_that_is_not_there_is_exit_code_9_and_the_others_are_sent(make_run, monkeypatch):
    pytest.importorskip("mlflow", reason="mlflow is not installed")
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    folder = make_run()
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        address = f"http://127.0.0.1:{unused.getsockname()[1]}"

        done = call("track", "--to", "mlflow", "--to", "tensorboard", "--uri", address, "--json", exit_code=9)

    assert done.json["error"]["code"] == "network"
    [problem] = done.json["error"]["problems"]
    assert problem["message"] == f"outputs/made/first: MLflow: no answer from {address}"
    assert [run["error"] for run in done.json["error"]["runs"]] == [f"no answer from {address}", None]
    assert (folder / "tensorboard").exists()
