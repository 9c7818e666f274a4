"""`cnncli runs delete`, `rename`, `prune` and `note`."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from commands import call
from run_folders import process, put_run

from cnncli import report, runs
from cnncli.runs import deletion
from cnncli.runs.notes import write_note

RUNNING = """
from pathlib import Path
from cnncli import runs
run = runs.create(Path("outputs"), "mnist", run_name="live")
print("held", flush=True)
input()
"""


@pytest.fixture(autouse=True)
def outputs(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("COLUMNS", raising=False)
    return Path("outputs")


def left(outputs) -> list[str]:
    return sorted(f"{path.parent.name}/{path.name}" for path in outputs.glob("*/*"))


def put_three(outputs) -> None:
    for day, name in enumerate(("a", "b", "c"), 1):
        put_run(outputs, f"mnist/{name}", started=f"2026-11-0{day}T10:00:00+00:00")


def answer(text: str, *arguments: str) -> tuple[int, str]:
    """The exit code, and what a terminal shows, when the command runs in one and a user types a text."""
    import pty

    pid, terminal = pty.fork()
    if pid == 0:
        os.execv(sys.executable, [sys.executable, "-m", "cnncli", *arguments])
    os.write(terminal, text.encode())
    shown = b""
    try:
        while part := os.read(terminal, 4096):
            shown += part
    except OSError:  # Linux says so that the other side is closed
        pass
    os.close(terminal)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), shown.decode()


# delete


def test_delete_without_a_terminal_needs_yes(outputs):
    put_three(outputs)
    done = call("runs", "delete", "a", "mnist/b", exit_code=2)

    assert done.stdout == ""
    assert done.stderr.splitlines()[-2:] == [
        "error: cannot ask for confirmation without a terminal: delete 2 runs, 0 kB",
        "    --yes deletes without asking",
    ]
    assert "  mnist/a  completed  0 kB\n  mnist/b  completed  0 kB\n" in done.stderr
    assert left(outputs) == ["mnist/a", "mnist/b", "mnist/c"]


def test_delete_with_yes(outputs):
    put_three(outputs)
    done = call("runs", "delete", "a", "mnist/b", "outputs/mnist/a", "--yes")

    assert done.stdout == "outputs/mnist/a\noutputs/mnist/b\n"
    assert done.stderr == "deleted 2 runs, 0 kB\n"
    assert left(outputs) == ["mnist/c"]


@pytest.mark.skipif(sys.platform == "win32", reason="a pseudo-terminal is needed")
@pytest.mark.parametrize(
    ("typed", "code", "kept"),
    [("y\n", 0, ["mnist/b", "mnist/c"]), ("n\n", 0, ["mnist/a", "mnist/b", "mnist/c"])],
)
def test_delete_asks_on_a_terminal(outputs, typed, code, kept):
    put_three(outputs)
    exit_code, shown = answer(typed, "runs", "delete", "a")

    assert exit_code == code, shown
    assert "Delete 1 run, 0 kB? [y/N]:" in shown
    assert ("nothing was deleted" in shown) == (len(kept) == 3)
    assert left(outputs) == kept


def test_nothing_is_deleted_when_one_of_the_names_is_wrong(outputs):
    put_three(outputs)
    done = call("runs", "delete", "a", "x", "mnist", "--yes", exit_code=6)

    assert [line for line in done.stderr.splitlines() if line.startswith("error")] == [
        "error: no run or recipe 'x' in outputs/",
        "error: mnist is a folder of 3 runs, not a run",
    ]
    assert left(outputs) == ["mnist/a", "mnist/b", "mnist/c"]


def test_run_that_is_trained_is_not_deleted(outputs):
    with process(RUNNING) as (_, said):
        assert said == "held"
        put_three(outputs)
        assert "is in use by pid" in call("runs", "delete", "live", "--yes", exit_code=6).stderr
        call("runs", "prune", "--keep", "1", "--yes")

        assert left(outputs) == ["mnist/live"]
        call("runs", "note", "live", "a note")


def test_delete_as_json(outputs):
    put_three(outputs)
    done = call("runs", "delete", "a", "--yes", "--json")

    assert done.json["deleted"] == ["outputs/mnist/a"]
    assert done.json["bytes"] > 0
    assert call("runs", "delete", "b", "--json", exit_code=2).json["error"]["code"] == "usage"


def test_failed_deletion_says_what_was_deleted(outputs, monkeypatch):
    put_three(outputs)
    delete = deletion.delete

    def failing(run):
        if run.name == "b":
            raise runs.storage.storage_error("delete", run, PermissionError(13, "Permission denied"))
        delete(run)

    monkeypatch.setattr(deletion, "delete", failing)
    done = call("runs", "delete", "a", "b", "c", "--yes", "--json", exit_code=6)
    assert done.json["error"]["deleted"] == ["outputs/mnist/a"]


def test_options_before_the_command_are_refused_and_not_ignored(outputs):
    put_three(outputs)
    done = call("runs", "--output", "other", "delete", "a", "--yes", exit_code=2)

    assert done.stderr.splitlines()[:2] == [
        "error: --output must follow the command",
        "    write: cnncli runs delete … --output …",
    ]
    assert left(outputs) == ["mnist/a", "mnist/b", "mnist/c"]


def test_runs_alone_still_lists(outputs):
    put_three(outputs)

    assert call("runs").stdout.count("\n") == 4
    assert call("runs", "--limit", "1", "--json").json["runs"][0]["name"] == "c"


# prune


def test_prune_keeps_the_newest(outputs):
    put_three(outputs)
    put_run(outputs, "lenet5/old", started="2025-01-01T10:00:00+00:00")
    done = call("runs", "prune", "--keep", "1", "--yes")

    assert done.stdout == "outputs/mnist/b\noutputs/mnist/a\n"
    assert left(outputs) == ["lenet5/old", "mnist/c"]


def test_prune_of_one_recipe(outputs):
    put_three(outputs)
    for name in ("x", "y"):
        put_run(outputs, f"lenet5/{name}")
    call("runs", "prune", "--keep", "1", "--recipe", "lenet5", "--yes")

    assert left(outputs) == ["lenet5/y", "mnist/a", "mnist/b", "mnist/c"]
    assert "did you mean `lenet5`?" in call("runs", "prune", "--keep", "1", "--recipe", "lenet", exit_code=6).stderr


def test_prune_that_has_nothing_to_do_asks_nothing(outputs):
    assert call("runs", "prune", "--keep", "3").stderr == "nothing to delete: no runs in outputs/ yet\n"
    put_three(outputs)

    assert call("runs", "prune", "--keep", "3").stderr == "nothing to delete: all 3 runs are kept\n"
    assert call("runs", "prune", "--keep", "3", "--json").json == {"deleted": [], "bytes": 0, "notes": []}


@pytest.mark.parametrize("arguments", [(), ("--keep", "0"), ("--keep", "x")])
def test_prune_needs_a_number(outputs, arguments):
    put_three(outputs)

    assert "--keep" in call("runs", "prune", *arguments, "--yes", exit_code=2).stderr
    assert len(left(outputs)) == 3


def test_prune_leaves_what_is_behind_a_link(outputs, tmp_path):
    for day in (1, 2):
        put_run(tmp_path / "elsewhere", f"mnist/{day}", started=f"2026-11-0{day}T10:00:00+00:00")
    outputs.mkdir()
    os.symlink(tmp_path / "elsewhere" / "mnist", outputs / "mnist")
    call("runs", "prune", "--keep", "1", "--yes")

    assert left(outputs) == ["mnist/1", "mnist/2"]


# rename and note


def finished(outputs, name: str) -> Path:
    """A run with a report."""
    with runs.create(outputs, "mnist", run_name=name) as run:
        run.write("report.html", report.page([report.read(run.path)]).html)
        run.finish("completed")
    return run.path


def listed_sha256(run: Path) -> str:
    return next(each["sha256"] for each in runs.read_record(run)["artefacts"] if each["path"] == "report.html")


def test_renamed_run_is_what_its_report_and_the_page_of_all_runs_say(outputs):
    from hashlib import sha256

    finished(outputs, "old-name")
    call("runs", "--html")
    done = call("runs", "rename", "mnist/old-name", "new-name")
    run = outputs / "mnist" / "new-name"

    assert done.stdout == "outputs/mnist/new-name\n"
    page, index = (run / "report.html").read_text(), (outputs / "index.html").read_text()
    assert "mnist/new-name" in page
    assert "old-name" not in page
    assert 'href="mnist/new-name/report.html"' in index
    assert "old-name" not in index
    assert listed_sha256(run) == sha256(page.encode()).hexdigest()
    assert call("runs", "rename", "mnist/new-name", "third", "--json").json == {
        "run": "outputs/mnist/third",
        "before": "outputs/mnist/new-name",
        "notes": [],
    }


def test_note_is_written_shown_and_removed(outputs):
    run = finished(outputs, "first")
    call("runs", "--html")
    assert call("runs", "note", "first", " twice [red]<b>\x1b[2J ").stdout == "outputs/mnist/first\n"

    assert call("runs", "note", "first").stdout == "twice [red]<b>\\x1b[2J\n"
    assert call("runs", "note", "first", "--json").json == {
        "run": "outputs/mnist/first",
        "note": "twice [red]<b>\x1b[2J",
    }
    assert "  twice [red]<b>\\x1b[2J\n" in call("runs", "--verbose").stdout
    assert call("runs", "--json").json["runs"][0]["note"] == "twice [red]<b>\x1b[2J"
    for page in (run / "report.html", outputs / "index.html"):
        assert "twice [red]&lt;b&gt;\\x1b[2J" in page.read_text()
    call("runs", "note", "first", "")
    assert call("runs", "note", "first").stderr == "outputs/mnist/first has no note\n"
    for page in (run / "report.html", outputs / "index.html"):
        assert "twice" not in page.read_text()


def test_note_of_a_recipe_is_refused_as_it_has_several_runs(outputs):
    put_three(outputs)

    assert "not a run" in call("runs", "note", "mnist", "which one?", exit_code=6).stderr


def test_note_that_is_too_long_is_exit_2(outputs):
    put_three(outputs)

    assert "at most 1,000 characters, got 1,001" in call("runs", "note", "a", "x" * 1001, exit_code=2).stderr


def test_page_that_cannot_be_written_is_a_note_and_the_run_is_renamed(outputs, monkeypatch):
    finished(outputs, "first")
    monkeypatch.setattr("cnncli.report.rewriting.page", lambda _: 1 / 0)

    with pytest.raises(AssertionError):  # a mistake of ours is not hidden
        call("runs", "note", "first", "x")

    def full(*_):
        raise runs.storage.storage_error("write", outputs / "report.html", OSError(28, "No space left on device"))

    monkeypatch.setattr("cnncli.report.rewriting.page", full)
    done = call("runs", "rename", "first", "second")
    assert done.stdout == "outputs/mnist/second\n"
    assert done.stderr.startswith("note: cannot write outputs/report.html: no space left")


# All of them


def test_real_process_deletes_without_tensorflow(outputs, cnncli):
    put_three(outputs)
    write_note(outputs / "mnist" / "b", "kept")
    done = cnncli.process("runs", "prune", "--keep", "1", "--yes")

    assert (done.exit_code, done.stdout) == (0, "outputs/mnist/a\n")
    code = (
        "import sys, cnncli.cli.app as a; a.app(['runs', 'delete', 'b', '--yes'], standalone_mode=False); "
        "print('tensorflow' in sys.modules)"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout == "outputs/mnist/b\nFalse\n"
    assert json.loads(call("runs", "--json").stdout)["runs"][0]["name"] == "c"
