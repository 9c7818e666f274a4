"""`cnncli report`: from a run's folder, without TensorFlow."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from cnncli import runs
from cnncli.cli.app import app

runner = CliRunner()


@pytest.fixture(autouse=True)
def outputs(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    for name in ("first", "second"):
        with runs.create(Path("outputs"), "mnist", run_name=name) as run:
            run.write_history([{"epoch": 1, "loss": 0.5, "val_loss": 0.6}])
            run.finish("completed", params=10)
    return Path("outputs")


def reported(*arguments: str, code: int = 0):
    done = runner.invoke(app, ["report", *arguments])
    assert done.exit_code == code, (done.stdout, done.stderr, done.exception)
    return done


def test_page_is_in_the_folder_of_the_run(outputs):
    done = reported("mnist/first")

    assert done.stdout == f"{outputs}/mnist/first/report.html\n"
    assert "mnist/first" in (outputs / "mnist/first/report.html").read_text(encoding="utf-8")
    assert not (outputs / "mnist/second/report.html").exists()


def test_size_of_a_small_page_is_not_rounded_to_nothing(outputs):
    done = reported("mnist/first")
    size = (outputs / "mnist/first/report.html").stat().st_size

    assert f"1 run, {round(size / 1000)} kB\n" in done.stderr


def test_newest_run_is_meant_when_none_is_named(outputs):
    assert reported().stdout == f"{outputs}/mnist/second/report.html\n"


def test_several_runs_become_one_page_in_the_output_folder(outputs):
    done = reported("mnist/first", "mnist/second", "mnist/first")

    assert done.stdout == f"{outputs}/report-mnist-first-mnist-second.html\n"
    assert "2 runs compared" in (outputs / "report-mnist-first-mnist-second.html").read_text(encoding="utf-8")
    assert [run.name for run in runs.list_runs(outputs)] == ["second", "first"]


def test_page_goes_where_it_is_wanted_and_json_says_where(outputs):
    told = json.loads(reported("mnist/first", "--to", "here.html", "--json").stdout)

    assert told == {
        "report": "here.html",
        "bytes": Path("here.html").stat().st_size,
        "runs": ["outputs/mnist/first"],
        "left_out": [],
    }


def test_page_of_the_same_runs_is_replaced_and_no_other_file(outputs):
    page = outputs / "report-mnist-first-mnist-second.html"
    reported("mnist/first", "mnist/second")
    with runs.create(outputs, "mnist", run_name="third") as run:
        run.finish("completed", params=11)
    before = page.read_bytes()

    reported("mnist/first", "mnist/third")
    assert page.read_bytes() == before
    reported("mnist/first", "mnist/second")
    page.write_text("<p>mine</p>")
    done = reported("mnist/first", "mnist/second", code=6)

    assert done.stderr == f"error: {page} exists already; --force overwrites it\n"
    assert page.read_text() == "<p>mine</p>"
    reported("mnist/first", "mnist/second", "--force")
    assert "2 runs compared" in page.read_text(encoding="utf-8")


def test_what_is_left_out_is_said(outputs):
    (outputs / "mnist/first/figures").mkdir()
    (outputs / "mnist/first/figures/a.png").write_bytes(b"no picture")

    assert "note: not in the page: a.png: it is not a PNG picture, or damaged" in reported("mnist/first").stderr
    assert reported("mnist/first", "--quiet").stderr == ""


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["nothing"], 6, "no run or recipe 'nothing' in outputs/"),
        (["mnist/first", "--to", "report.pdf"], 2, "`report.pdf` does not end in .html"),
        (["mnist/first", "--to", "no/such/place.html"], 6, "its folder does not exist"),
    ],
)
def test_mistakes_are_reported(arguments, code, said):
    assert said in reported(*arguments, code=code).stderr


def test_page_needs_neither_tensorflow_nor_matplotlib(outputs):
    code = (
        "import sys; from cnncli.cli.app import app; app(['report', 'mnist/first'], standalone_mode=False);"
        "print([name for name in ('tensorflow', 'keras', 'matplotlib', 'sklearn') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert done.stdout.splitlines() == ["outputs/mnist/first/report.html", "[]"]
