"""`cnncli runs`."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from executed_lines import executed_lines
from hypothesis import example, given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from cnncli import runs
from cnncli.cli.app import app
from cnncli.runs import finding, listing

runner = CliRunner()
TITLES = ["run", "status", "date (UTC)", "data", "parameters", "epochs", "best", "test", "time"]
COMPLETED = {
    "started": "2026-11-22T10:00:00+00:00",
    "data": {"source": "mnist-sample, packaged: 8,000 + 2,000 digits"},
    "params": 225_034,
    "epochs": 10,
    "best": {"epoch": 7, "loss": 0.05, "val_loss": 0.09750522673130035, "monitor": "val_loss"},
    "test": {"loss": 0.0775, "accuracy": 0.9750000238418579},
    "seconds": {"fit": 20.451, "total": 28.51},
}


@pytest.fixture(autouse=True)
def outputs(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("COLUMNS", raising=False)
    return Path("outputs")


def listed(*arguments: str, code: int = 0):
    done = runner.invoke(app, ["runs", *arguments])
    assert done.exit_code == code, (done.stderr, done.exception)
    return done


def as_json(*arguments: str):
    return json.loads(listed("--json", *arguments).stdout)["runs"]


def names(*arguments: str) -> list[str]:
    return [f"{row['recipe']}/{row['name']}" for row in as_json(*arguments)]


def rows(text: str) -> list[list[str]]:
    """The cells of a table; two spaces are between columns."""
    return [re.split(r" {2,}", line.strip()) for line in text.splitlines()]


def put(outputs: Path, recipe: str, name: str, status: str = "completed", **fields) -> Path:
    """A run that has ended."""
    with runs.create(outputs, recipe, run_name=name) as run:
        run.finish(status, **{**COMPLETED, **fields})
    return run.path


def put_record(outputs: Path, name: str, content: bytes) -> Path:
    folder = outputs / name
    folder.mkdir(parents=True)
    (folder / "run.json").write_bytes(content)
    return folder


# The table


def test_row_tells_what_a_run_was_and_what_it_reached(outputs):
    put(outputs, "mnist", "first")

    assert rows(listed().stdout) == [
        TITLES,
        [
            "mnist/first",
            "completed",
            "2026-11-22 10:00",
            "mnist-sample",
            "225,034",
            "10",
            "val_loss 0.0975",
            "accuracy 0.9750",
            "0:29",
        ],
    ]


def test_newest_is_first(outputs):
    put(outputs, "mnist", "b", started="2026-11-20T10:00:00+00:00")
    put(outputs, "cifar10", "a", started="2026-11-21T10:00:00+00:00")
    put(outputs, "mnist", "c", started="2026-11-19T23:00:00-10:00")  # 2026-11-20 09:00 UTC

    assert names() == ["cifar10/a", "mnist/b", "mnist/c"]


@pytest.mark.parametrize(
    ("source", "short"),
    [
        ("mnist-sample, packaged: 8,000 + 2,000 digits", "mnist-sample"),
        ("image folder /data/ants-bees: 245 + 153 images, 2 classes", "ants-bees"),
        ("image folder photos: 245 images, 2 classes", "photos"),
        ("data/x.npz: 10 + 2 examples", "x.npz"),
        ("photos [red]x", "photos [red]x"),
        ("C:\\data\\cats: 3 images", "cats"),
        ("x" * 50, "x" * 29 + "…"),
        ("\x1b[31mred", "\\x1b[31mred"),
        ("", "–"),
    ],
)
def test_data_is_named_shortly(outputs, source, short):
    put(outputs, "mnist", "first", data={"source": source})

    assert rows(listed().stdout)[1][3] == short


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({"test": {"loss": 0.1, "top_5": 0.9, "accuracy": 0.5}}, "accuracy 0.5000"),
        ({"test": {"loss": 0.1, "mean_squared_error": 0.9, "binary_accuracy": 0.5}}, "binary_accuracy 0.5000"),
        ({"test": {"loss": 0.1, "mean_squared_error": 0.9, "iou": 0.5}}, "mean_squared_error 0.9000"),
        ({"test": {"loss": 0.1}}, "loss 0.1000"),
        ({"test": {"loss": None, "accuracy": "high"}}, "–"),
        ({"test": None, "validation": {"loss": 0.1, "accuracy": 0.5}}, "validation accuracy 0.5000"),
    ],
)
def test_score_is_the_accuracy_or_the_first_metric(outputs, fields, told):
    put(outputs, "mnist", "first", **fields)

    assert rows(listed().stdout)[1][7] == told


def test_pipe_gets_a_line_a_run_of_any_length(outputs):
    put(outputs, "a" * 64, "b" * 64)

    title, row = listed().stdout.splitlines()
    assert title.index("status") == row.index("completed") == 64 + 1 + 64 + 2


@pytest.mark.parametrize("columns", [20, 60, 80, 100, 160, 300])
def test_nothing_is_left_out_in_a_narrow_terminal(outputs, monkeypatch, columns):
    monkeypatch.setenv("COLUMNS", str(columns))
    put(outputs, "mnist", "first")
    put(outputs, "mnist", "20261121-100000-0a0b0c", started="2026-11-21T10:00:00+00:00")
    put_record(outputs, "mnist/bad", b"{")
    told = listed().stdout

    for fact in ("mnist/first", "completed", "2026-11-22 10:00", "mnist-sample", "225,034", "val_loss", "0.0975"):
        assert fact in told
    for fact in ("accuracy 0.9750", "0:29", "run.json is damaged: its JSON breaks at line 1"):
        assert fact.split() == [word for word in told.split() if word in fact.split()][: len(fact.split())]
    # Names are not broken.
    assert max(len(line) for line in told.splitlines()) <= max(columns, len("mnist/20261121-100000-0a0b0c"))


def test_sixty_columns_exactly(outputs, monkeypatch):
    monkeypatch.setenv("COLUMNS", "60")
    put(outputs, "mnist", "first", epochs=1)
    put(outputs, "mnist", "20261121-100000-0a0b0c", "failed", error="ValueError: [/foo]", best=None, test=None)

    # 28 + 2 + 9 + 2 + 16 = 57 columns: name, state and date fit in a line.
    assert listed("--verbose").stdout.splitlines() == [
        "mnist/first                   completed  2026-11-22 10:00",
        "  mnist-sample  225,034 parameters  1 epoch",
        "  best val_loss 0.0975  test accuracy 0.9750  0:29",
        "  outputs/mnist/first",
        "mnist/20261121-100000-0a0b0c  failed     2026-11-22 10:00",
        "  mnist-sample  225,034 parameters  10 epochs  0:29",
        "  outputs/mnist/20261121-100000-0a0b0c",
        "  ValueError: [/foo]",
    ]


def test_real_pipe_has_no_colours_and_no_chatter(cnncli, outputs, monkeypatch):
    monkeypatch.setenv("FORCE_COLOR", "")
    put(outputs, "mnist", "first")
    done = cnncli.process("runs")

    assert done.exit_code == 0
    assert "\x1b" not in done.stdout + done.stderr
    assert len(done.stdout.splitlines()) == 2
    assert done.stderr == "\nNext       cnncli train mnist\n"  # it has no model that could be evaluated


@pytest.mark.skipif(sys.platform == "win32", reason="a pseudo-terminal is needed")
@pytest.mark.parametrize("environment", [{"NO_COLOR": "1"}, {"TERM": "dumb"}, {}])
def test_colours_are_for_terminals_that_want_them(outputs, environment):
    import pty

    put(outputs, "mnist", "first")
    ours, theirs = pty.openpty()
    kept = {name: value for name, value in os.environ.items() if name not in ("NO_COLOR", "FORCE_COLOR", "COLUMNS")}
    command = [sys.executable, "-m", "cnncli", "runs", "--quiet"]
    subprocess.run(command, stdout=theirs, env={**kept, "TERM": "xterm", **environment}, check=True, timeout=60)
    os.close(theirs)
    told = os.read(ours, 10_000).decode()
    os.close(ours)

    assert "completed" in told
    assert ("\x1b[32m" in told) == (not environment)


# Every state


def test_states_are_reported_as_they_are_now(outputs):
    with runs.create(outputs, "mnist", run_name="live"):
        with runs.create(outputs, "mnist", run_name="killed") as killed:
            killed.write_history([{"epoch": 1, "loss": 0.3}, {"epoch": 2, "loss": 0.2}])
            killed.update_record(params=7850)
        with runs.create(outputs, "mnist", run_name="early") as early:
            (early.path / "run.json").unlink()
            during = {row["name"]: row["status"] for row in as_json()}
        put(outputs, "mnist", "stopped", "interrupted")
        put(outputs, "mnist", "diverged", "diverged", error="the loss is nan")
        found = {row["name"]: row for row in as_json()}

    assert during == {"live": "running", "killed": "interrupted", "early": "running"}
    assert {name: row["status"] for name, row in found.items()} == {
        "live": "running",
        "killed": "interrupted",
        "early": "broken",
        "stopped": "interrupted",
        "diverged": "diverged",
    }
    assert found["killed"]["epochs"] == 2
    assert found["killed"]["problem"].startswith("its process ended unexpectedly")
    assert found["early"]["problem"].startswith("run.json is missing: ")
    assert found["diverged"]["problem"] == "the loss is nan"
    assert found["live"]["problem"] is found["stopped"]["problem"] is None
    assert 0 <= found["live"]["total_seconds"] < 60
    assert (found["live"]["ended"], found["live"]["epochs"], found["live"]["best"]) == (None, None, None)


def test_run_that_did_not_end_shows_its_epochs_of_all_and_its_best_so_far(outputs):
    history = [{"epoch": number, "val_accuracy": value} for number, value in enumerate((0.5, 0.75, None, 0.625), 1)]
    monitor = {"name": "val_accuracy", "mode": "max"}
    fields = {"epochs": None, "best": None, "test": None, "epochs_planned": 6, "monitor": monitor}
    path = put(outputs, "mnist", "stopped", "interrupted", **fields)
    (path / "history.json").write_text(json.dumps(history))
    put(outputs, "mnist", "early", epochs=7, epochs_planned=10)
    put(outputs, "mnist", "whole", epochs=6, epochs_planned=6)

    table = {row[0]: row for row in rows(listed().stdout)}
    assert table["mnist/stopped"][5:7] == ["4/6", "val_accuracy 0.7500"]
    assert [table[f"mnist/{name}"][5] for name in ("early", "whole")] == ["7/10", "6"]
    [stopped] = as_json("--status", "interrupted")
    assert (stopped["epochs"], stopped["epochs_planned"]) == (4, 6)
    assert stopped["best"] == {"epoch": 2, "val_accuracy": 0.75, "monitor": "val_accuracy"}


def test_best_so_far_of_a_loss_is_the_smallest(outputs):
    fields = {"epochs": None, "best": None, "monitor": {"name": "val_loss", "mode": "min"}}
    path = put(outputs, "mnist", "stopped", "interrupted", **fields)
    (path / "history.json").write_text('[{"epoch": 1, "val_loss": 0.2}, {"epoch": 2, "val_loss": 0.3}]')

    assert as_json()[0]["best"] == {"epoch": 1, "val_loss": 0.2, "monitor": "val_loss"}


def test_run_that_is_gone_on_with_is_running_again(outputs):
    path = put(outputs, "mnist", "first", "interrupted")
    with runs.reopen(path) as run:
        run.update_record(status="running")

        assert [row["status"] for row in as_json()] == ["running"]
    assert [row["status"] for row in as_json()] == ["interrupted"]


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"", "run.json is damaged: its JSON breaks at line 1"),
        (b'{"schema_version": 1,\n"sta', "run.json is damaged: its JSON breaks at line 2"),
        (b"\xff\xfe", "run.json is damaged: not JSON text"),
        (b"[" * 100_000, "run.json is damaged: not JSON text"),
        (b"[]", "run.json is not the record of a run"),
        (b'{"schema_version": 1, "status": "sleeping"}', "run.json is damaged: unknown status 'sleeping'"),
        (
            b'{"schema_version": 99, "status": "completed"}',
            "run.json is from a newer cnncli (schema 99, this one reads up to 1)",
        ),
    ],
)
def test_broken_run_is_one_row_that_says_what_is_wrong(outputs, content, problem):
    put(outputs, "mnist", "good")
    put_record(outputs, "mnist/20261123-120000-0a0b0c", content)

    _, broken, good = rows(listed().stdout)
    assert broken == ["mnist/20261123-120000-0a0b0c", "broken", "2026-11-23 12:00", problem]
    assert good[:2] == ["mnist/good", "completed"]
    assert as_json("--status", "broken")[0]["problem"] == problem


@pytest.mark.parametrize(
    ("field", "value", "problem"),
    [
        ("params", "many", "`params`: Input should be a valid integer"),
        ("epochs", -1, "`epochs`: Input should be greater than or equal to 0"),
        ("test", [], "`test`: Input should be a valid dictionary"),
        ("data", 3, "`data`: Input should be a valid dictionary or instance of Data"),
        ("validation", {"accuracy": 10**400}, "`validation.accuracy`: Value error, no finite number, text or null"),
    ],
)
def test_value_of_a_wrong_kind_makes_a_record_damaged(outputs, field, value, problem):
    record = {"schema_version": 1, "status": "completed", field: value}
    put_record(outputs, "mnist/first", json.dumps(record).encode())

    (row,) = as_json()
    assert (row["status"], row["problem"]) == ("broken", f"run.json is damaged: {problem}")


def test_what_is_no_run_is_left_alone(outputs):
    put(outputs, "mnist", "first")
    (outputs / "mnist" / "photos").mkdir()
    (outputs / "mnist" / "notes.txt").touch()
    (outputs / ".trash" / "old").mkdir(parents=True)
    (outputs / "README.md").touch()
    before = sorted(outputs.rglob("*"))

    assert names() == ["mnist/first"]
    assert sorted(outputs.rglob("*")) == before


def test_links_neither_hide_nor_repeat_a_run(outputs):
    put(outputs, "mnist", "first")
    for link, target in {
        "outputs/itself": "itself",
        "outputs/all": ".",
        "outputs/alias": "mnist",
        "outputs/nowhere": "missing",
        "outputs/mnist/up": "..",
        "outputs/mnist/itself": "itself",
        "outputs/mnist/a-latest": "first",
    }.items():
        os.symlink(target, link)

    assert names() == ["mnist/first"]


def test_record_that_is_a_pipe_is_not_waited_for(outputs):
    (outputs / "mnist" / "first").mkdir(parents=True)
    (outputs / "mnist" / "first" / ".lock").touch()
    os.mkfifo(outputs / "mnist" / "first" / "run.json")

    assert as_json()[0]["problem"] == "run.json is damaged: it is not a regular file"


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("[red]x", "[red]x"),
        (":smile:", ":smile:"),
        ("\x1b[2Jx", "\\x1b[2Jx"),
        ("a\nb", "a\\nb"),
        ("a\u202eb", "a\\u202eb"),
        ("数字", "数字"),
        (os.fsdecode(b"\xff"), "\\udcff"),
    ],
)
def test_name_is_shown_as_it_is_and_cannot_harm_a_terminal(outputs, monkeypatch, name, shown):
    content = json.dumps({"schema_version": 1, "status": "completed", "error": name}).encode()
    put_record(outputs, f"mnist/{name}", content)

    assert rows(listed().stdout)[1][:2] == [f"mnist/{shown}", "completed"]
    assert as_json()[0]["name"] == name
    monkeypatch.setenv("COLUMNS", "60")
    assert listed("--verbose").stdout.startswith(f"mnist/{shown}  ")


def test_recipe_and_run_that_look_like_markup_together(outputs):
    put_record(outputs, "[/foo]", b"")

    assert rows(listed().stdout)[1][:2] == ["[/foo]", "broken"]


def test_wide_characters_stay_in_their_columns(outputs):
    put_record(outputs, "mnist/数字", b"")
    put_record(outputs, "mnist/four", b"")

    wide, narrow = sorted(listed().stdout.splitlines()[1:], key=len)
    assert narrow.index("broken") - wide.index("broken") == 2  # each of the two characters is two columns wide


def deny(monkeypatch, closed: str) -> None:
    """What a folder that may not be looked into does, also for a root who may look into everything."""

    def denying(call):
        def guarded(path, *arguments, **options):
            if str(path) == closed or str(path).startswith(f"{closed}/"):
                raise PermissionError(13, "Permission denied", str(path))
            return call(path, *arguments, **options)

        return guarded

    for call in ("stat", "open", "scandir"):
        monkeypatch.setattr(os, call, denying(getattr(os, call)))


def test_run_that_may_not_be_read_is_one_row(outputs, monkeypatch):
    put(outputs, "mnist", "first")
    put(outputs, "mnist", "closed")
    deny(monkeypatch, "outputs/mnist/closed")

    found = {row["name"]: row for row in as_json()}
    assert (found["first"]["status"], found["closed"]["status"]) == ("completed", "broken")
    assert found["closed"]["problem"] == "cannot read run.json: permission denied"


def test_recipe_folder_that_may_not_be_read_is_reported(outputs, monkeypatch):
    put(outputs, "mnist", "first")
    put(outputs, "closed", "first")
    deny(monkeypatch, "outputs/closed")

    done = listed()
    assert [row[0] for row in rows(done.stdout)] == ["run", "mnist/first"]
    assert "note: cannot read outputs/closed: permission denied\n" in done.stderr
    notes = json.loads(listed("--json").stdout)["notes"]
    assert [note["message"] for note in notes] == ["cannot read outputs/closed: permission denied"]


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_closed_folders_are_reported(outputs):
    put(outputs, "mnist", "first")
    put(outputs, "closed", "first")
    (outputs / "mnist" / "first").chmod(0)
    (outputs / "closed").chmod(0)
    done = listed()
    (outputs / "mnist" / "first").chmod(0o700)
    (outputs / "closed").chmod(0o700)

    assert "cannot read run.json: permission denied" in done.stdout
    assert "cannot read outputs/closed: permission denied" in done.stderr


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.just(10**400) | st.just("val_loss"),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text() | st.just("monitor"), inner, max_size=4),
    max_leaves=8,
)
SCORES = st.dictionaries(st.sampled_from(["loss", "accuracy", "val_loss", "monitor", "total", "source"]), JSON)
RECORDS = st.builds(
    lambda status, fields: {"schema_version": 1, "status": status, **fields},
    st.sampled_from(runs.STATUSES) | JSON,
    st.dictionaries(
        st.sampled_from(["started", "ended", "data", "params", "epochs", "best", "test", "seconds", "error"])
        | st.text(),
        JSON | SCORES | st.just("0001-01-01T00:00:00+14:00") | st.just("9999-12-31T23:59:59"),
    ),
)


@settings(max_examples=60)
@given(
    content=st.binary(max_size=60) | (RECORDS | JSON).map(lambda value: json.dumps(value).encode()),
    history=st.binary(max_size=20) | JSON.map(lambda value: json.dumps(value).encode()),
    sort=st.sampled_from(list(listing.SORT_KEYS)),
    columns=st.sampled_from(["", "20", "60", "200"]),
)
@example(b'{"schema_version": 1, "status": "completed", "test": {"loss": 1e999}}', b"", "test", "")
@example(b'{"schema_version": 1, "status": "completed", "best": {"monitor": "\\ud800", "\\ud800": 1}}', b"", "best", "")
@example(b'{"schema_version": 1, "status": "completed", "seconds": {"total": 1e300}}', b"", "time", "")
def test_any_record_is_a_row(content, history, sort, columns):
    with TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        patch.setenv("COLUMNS", columns)
        place = put_record(Path(folder), "mnist/odd", content)
        (place / "history.json").write_bytes(history)
        put(Path(folder), "mnist", "first")

        told = listed("--output", folder, "--sort", sort, "--verbose")
        found = as_json("--output", folder, "--sort", sort)
        listed("--output", folder, "--sort", sort, "--html")

    assert {row["name"] for row in found} == {"odd", "first"}
    assert all(row["status"] in listing.LISTED_STATUSES for row in found)
    shown = [line for line in told.stdout.splitlines() if line.startswith("mnist/")]
    assert len(shown) == 2
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f]", told.stdout)


# JSON


def test_json_has_the_values_as_recorded(outputs):
    path = put(outputs, "mnist", "first", ended="2026-11-22T10:00:30.000+00:00")
    (path / "model.keras").touch()

    assert json.loads(listed("--json").stdout) == {
        "runs": [
            {
                "run": "outputs/mnist/first",
                "recipe": "mnist",
                "name": "first",
                "status": "completed",
                "started": "2026-11-22T10:00:00+00:00",
                "ended": "2026-11-22T10:00:30+00:00",
                "data": "mnist-sample, packaged: 8,000 + 2,000 digits",
                "params": 225_034,
                "epochs": 10,
                "epochs_planned": None,
                "best": COMPLETED["best"],
                "test": COMPLETED["test"],
                "validation": None,
                "total_seconds": 28.51,
                "model": "outputs/mnist/first/model.keras",
                "problem": None,
                "remarks": None,
                "note": None,
                "fold": None,
            }
        ],
        "notes": [],
    }


def test_time_of_a_run_without_one_is_from_its_start_to_its_end(outputs):
    put(outputs, "mnist", "first", "failed", seconds=None, ended="2026-11-22T11:02:03+00:00")

    assert as_json()[0]["total_seconds"] == 3723
    assert rows(listed().stdout)[1][-1] == "1:02:03"


@pytest.mark.parametrize(
    "fields",
    [
        {"seconds": None, "ended": "2026-11-22T09:00:00+00:00"},  # the clock was set back
        {"seconds": {"total": -1}},
        {"seconds": {"total": 1e300}},
    ],
)
def test_time_that_cannot_be_is_unknown(outputs, fields):
    put(outputs, "mnist", "first", **fields)

    assert as_json()[0]["total_seconds"] is None


# Which, and in which order


@pytest.mark.parametrize(
    ("key", "order"),
    [
        ("date", "cbad"),
        ("run", "abcd"),
        ("recipe", "cbad"),
        ("status", "cbda"),
        ("data", "bcad"),
        ("parameters", "abcd"),
        ("epochs", "acbd"),
        ("best", "bcad"),
        ("test", "cbad"),
        ("time", "bacd"),
    ],
)
def test_sort(outputs, key, order):
    put(
        outputs,
        "mnist",
        "a",
        "failed",
        started="2026-11-20T10:00:00+00:00",
        data={"source": "z"},
        params=3,
        epochs=30,
        best={"monitor": "val_loss", "val_loss": 0.9},
        test={"accuracy": 0.7},
        seconds={"total": 8},
    )
    put(
        outputs,
        "mnist",
        "b",
        started="2026-11-21T10:00:00+00:00",
        data={"source": "x"},
        params=2,
        epochs=9,
        best={"monitor": "val_loss", "val_loss": 0.1},
        test={"accuracy": 0.8},
        seconds={"total": 9},
    )
    put(
        outputs,
        "mnist",
        "c",
        started="2026-11-22T10:00:00+00:00",
        data={"source": "y"},
        params=1,
        epochs=10,
        best={"monitor": "val_loss", "val_loss": 0.5},
        test={"accuracy": 0.9},
        seconds={"total": 7},
    )
    put(
        outputs,
        "mnist",
        "d",
        "diverged",
        started="2026-11-19T10:00:00+00:00",
        data={},
        params=None,
        epochs=None,
        best=None,
        test=None,
        seconds=None,
        ended=None,
    )

    assert "".join(row["name"] for row in as_json("--sort", key)) == order


def test_results_of_one_name_are_beside_each_other(outputs):
    put(outputs, "mnist", "a", best={"monitor": "val_loss", "val_loss": 0.3})
    put(outputs, "mnist", "b", best={"monitor": "val_accuracy", "val_accuracy": 0.1})
    put(outputs, "mnist", "c", best={"monitor": "val_loss", "val_loss": 0.2})
    put(outputs, "mnist", "d", best={"monitor": "val_accuracy", "val_accuracy": 0.9})

    assert "".join(row["name"] for row in as_json("--sort", "best")) == "dbca"


def test_status_recipe_and_limit_choose(outputs):
    put(outputs, "mnist", "a", started="2026-11-20T10:00:00+00:00")
    put(outputs, "mnist", "b", "failed", started="2026-11-21T10:00:00+00:00")
    put(outputs, "lenet5", "c", started="2026-11-22T10:00:00+00:00")

    assert names("--recipe", "mnist") == ["mnist/b", "mnist/a"]
    assert names("--status", "completed") == ["lenet5/c", "mnist/a"]
    assert names("--recipe", "mnist", "--status", "failed") == ["mnist/b"]
    assert names("--limit", "2") == ["lenet5/c", "mnist/b"]
    assert "2 of 3 runs\n" in listed("--limit", "2").stderr
    assert names("--limit", "2", "--sort", "run") == ["lenet5/c", "mnist/a"]


@pytest.mark.parametrize(
    ("option", "value", "hint"),
    [
        ("--sort", "tset", "did you mean `test`?"),
        ("--status", "complete", "did you mean `completed`?"),
        ("--status", "qqq", "one of: running, completed, interrupted, diverged, failed, broken"),
    ],
)
def test_unknown_choice_is_exit_2_with_the_nearest(option, value, hint):
    done = listed(option, value, code=2)

    assert done.stderr.splitlines()[:2] == [f"error: {option}: unknown choice `{value}`", f"    {hint}"]
    assert done.stdout == ""
    assert json.loads(listed(option, value, "--json", code=2).stdout)["error"]["code"] == "usage"


@pytest.mark.parametrize("limit", ["0", "-1", "x"])
def test_limit_that_is_no_count_is_exit_2(limit):
    assert "--limit" in listed("--limit", limit, code=2).stderr


# Nothing to list


def test_without_runs_it_says_how_to_make_one(outputs):
    missing = listed()
    outputs.mkdir()

    assert missing.stdout == ""
    assert missing.stderr == "no runs in outputs/ yet\nNext       cnncli train mnist\n"
    assert listed().stderr == missing.stderr
    assert listed("--quiet").stderr == ""
    assert json.loads(listed("--json").stdout) == {"runs": [], "notes": []}


def test_folder_of_one_recipe_is_recognised(outputs, tmp_path):
    put(outputs, "mnist", "first")

    done = listed("--output", "outputs/mnist")
    assert done.stderr.splitlines()[-1] == f"Next       cnncli runs --output {tmp_path / 'outputs'} --recipe mnist"


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--recipe", "mnits"], "no runs of mnits in outputs/, and 1 other\nNext       did you mean `mnist`?\n"),
        (["--status", "failed"], "no failed runs in outputs/, and 1 other\nNext       cnncli runs\n"),
    ],
)
def test_choice_that_nothing_meets_says_so(outputs, arguments, told):
    put(outputs, "mnist", "first")

    assert listed(*arguments).stderr == told


def test_output_that_is_no_folder_is_exit_6(outputs):
    outputs.write_text("mine")

    assert listed(code=6).stderr.splitlines() == [
        "error: outputs is not a folder",
        "    give the folder of all runs with --output DIR",
    ]


def test_next_is_the_first_run_that_has_a_model(outputs):
    (put(outputs, "mnist", "first", started="2026-11-20T10:00:00+00:00") / "model.keras").touch()
    put(outputs, "mnist", "later", "failed")

    assert listed().stderr == "\nNext       cnncli report outputs/mnist/first --open\n"


# Work


def test_work_grows_with_the_number_of_runs(outputs):
    environment = runs.environment()
    folder = put(outputs, "mnist", "000", environment=environment, phases=[{"learning_rate": [0.001] * 200}])

    def lines_to_list(count):
        for number in range(len(list(outputs.glob("mnist/*"))), count):
            shutil.copytree(folder, outputs / "mnist" / f"{number:03}")
        return executed_lines(listed)

    lines_to_list(1)  # imports
    ten, twenty, forty = (lines_to_list(count) for count in (10, 20, 40))
    assert forty - twenty < 2.1 * (twenty - ten)


def test_two_hundred_runs_are_listed(outputs):
    for number in range(200):
        put(outputs, "mnist", f"{number:03}")

    assert len(listed().stdout.splitlines()) == 201


def test_link_to_itself_hides_no_run_from_other_commands(outputs):
    put(outputs, "mnist", "first")
    os.symlink("loop", outputs / "loop")
    os.symlink("first", outputs / "mnist" / "latest")

    assert finding.find(outputs) == outputs / "mnist" / "first"
    assert finding.find(outputs, "mnist/latest") == outputs / "mnist" / "latest"
