"""Wrong inputs: exit code, words, and nothing written.

One row an input, in wrong_inputs/. Each runs in this process (TensorFlow is imported once), once plain and once with
`--json`. Of mistakes in YAML there is one of each kind here; tests/recipe/test_refused_*.py have the others. What goes wrong
in a save, call by call, is in tests/runs/test_storage.py; a run that goes on, in test_resume.py. An image whose middle is
overwritten cannot be told from a picture.
"""

from __future__ import annotations

import csv
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from commands import Result, call, draw_nothing
from PIL import Image
from wrong_inputs import data, habits, models, recipes, usage
from wrong_inputs.making import ANY, HALF_JPEG, RECIPE, STATIC, TRAIN, Row, photos, recipe, written
from wrong_inputs.recipes import bomb, optimizer

from cnncli.errors import EXIT_CODES

pytestmark = pytest.mark.usefixtures("without_graphs")

TABLES = {
    "recipe": [*recipes.RECIPES, *habits.FORMS],
    "data": [*data.DATA, *habits.DATA],
    "model": models.MODELS,
    "command line": [*usage.USAGE, *habits.COMMAND_LINES],
    "storage": usage.STORAGE,
    "one thing for another": habits.THINGS,
}
ROWS = [row for table in TABLES.values() for row in table]


def called(command: str, *more: str) -> Result:
    return call(*shlex.split(command), *more, exit_code=None)


@pytest.fixture(scope="module")
def trained_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with small.yaml and the run outputs/small/first; TensorFlow is imported on the way."""
    folder = tmp_path_factory.mktemp("small")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        (folder / "small.yaml").write_text(RECIPE.replace("  prepare", "  limit: 200\n  prepare"))
        draw_nothing(patch)
        done = called("train small.yaml --run first")
    assert done.exit_code == 0, done.stderr
    return folder


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, trained_folder: Path) -> Path:
    """An empty folder to be in, and a home of its own."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "home" / ".keras"))
    return tmp_path


def contents(folder: Path) -> dict[str, bytes | None]:
    """Every path below a folder, with what files hold."""
    return {
        str(path.relative_to(folder)): path.read_bytes() if path.is_file() and os.access(path, os.R_OK) else None
        for path in sorted(folder.rglob("*"))
    }


def pattern(text: str) -> str:
    return re.escape(text).replace(re.escape(ANY), ".*")


def as_text(document: dict[str, Any]) -> str:
    """What stderr says for the same error, from its JSON form."""
    lines = []
    problems = document["problems"]
    for problem in problems:
        file, line, column, message = (problem[key] for key in ("file", "line", "column", "message"))
        where = f"{file}:{line}:{column}: " if line else f"error: {file}: " if file else "error: "
        lines += [where + message, *(f"    {row}" for row in (problem["hint"] or "").splitlines())]
    return "\n".join([*lines, f"{len(problems)} problems"] if len(problems) > 1 else lines)


def needs_run(row: Row) -> bool:
    return row.with_run or row in models.MODELS or "outputs/small" in row.command


def prepared(row: Row, folder: Path, trained_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    if needs_run(row):
        shutil.copytree(trained_folder, folder, dirs_exist_ok=True)
    row.make(folder)
    if row.patch:
        row.patch(monkeypatch)


NAMES = [f"{table}: {row.what}" for table, some in TABLES.items() for row in some]


@pytest.mark.parametrize("row", ROWS, ids=NAMES)
def test_wrong_input_gives_its_exit_code_and_message(
    row: Row, folder: Path, trained_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    prepared(row, folder, trained_folder, monkeypatch)
    before = contents(folder)

    plain = called(row.command)
    as_json = called(row.command, "--json", "--quiet")

    assert plain.exit_code == row.exit_code, plain.stderr
    assert as_json.exit_code == row.exit_code
    if row.exit_code:
        assert re.fullmatch(pattern(row.says), plain.stderr.rstrip("\n")), f"\n{plain.stderr}\n{row.says}"
        assert plain.stdout == ""
        error = json.loads(as_json.stdout)["error"]
        assert error["exit"] == row.exit_code
        assert re.fullmatch(pattern(row.says), as_text(error))
    else:
        assert re.search(rf"(?m)^{pattern(row.says)}$", plain.stderr), f"\n{plain.stderr}\n{row.says}"
        said = json.loads(as_json.stdout)
        notes = as_text({"problems": said["notes"]}).replace("error: ", "note: ")
        assert re.search(rf"(?m)^{pattern(row.says)}$", notes)
    assert as_json.stderr == ""
    assert "Traceback" not in plain.stderr + plain.stdout + as_json.stdout
    assert contents(folder) == before


def test_every_row_is_another_and_every_exit_code_occurs() -> None:
    assert len(set(NAMES)) == len(ROWS) > 270
    assert {row.exit_code for row in ROWS} == set(range(10)) < set(EXIT_CODES)


# What is no row: inputs that are fine, other rights, a whole run, a second process.


@pytest.mark.parametrize(
    "content",
    [b"\xef\xbb\xbf" + RECIPE.encode(), RECIPE.replace("\n", "\r\n").encode(), (RECIPE + "  seed: null\n").encode()],
    ids=["byte order mark", "CRLF", "a key twice, which is not fine"],
)
def test_byte_order_mark_and_crlf_are_accepted_silently(folder: Path, content: bytes) -> None:
    written(content)(folder)
    done = called(STATIC)

    assert (done.exit_code == 0 and not done.stderr) == (b"null" not in content)


def test_learning_rate_in_scientific_notation_is_a_number(folder: Path) -> None:
    optimizer("1e-3")(folder)

    assert called(STATIC).exit_code == 0


def test_flood_of_problems_is_cut_on_the_terminal_and_whole_in_json(folder: Path) -> None:
    written(bomb())(folder)
    plain, as_json = called(STATIC), called(STATIC, "--json")

    assert plain.exit_code == 3
    assert plain.stderr.endswith("1,201 problems, of which 1,171 are not shown (--json has all)\n")
    assert len(plain.stderr.splitlines()) < 100
    assert len(json.loads(as_json.stdout)["error"]["problems"]) == 1201


@contextmanager
def as_somebody_else(folder: Path) -> Iterator[None]:
    """Root may read and write everything, so it is left for a while."""
    if not hasattr(os, "geteuid"):
        pytest.skip("this system knows no users")
    is_root = os.geteuid() == 0
    folder.chmod(0o755)
    if is_root:
        os.seteuid(65534)
    try:
        yield
    finally:
        if is_root:
            os.seteuid(0)


def test_recipe_that_may_not_be_read_is_exit_3(folder: Path, trained_folder: Path) -> None:
    recipe()(folder)
    (folder / "recipe.yaml").chmod(0)
    with as_somebody_else(folder):
        done = called(STATIC)

    assert (done.exit_code, done.stderr) == (3, "error: cannot read recipe.yaml: permission denied\n")


def test_outputs_that_may_not_be_written_are_exit_6(folder: Path, trained_folder: Path) -> None:
    recipe()(folder)
    (folder / "outputs").mkdir(mode=0o555)
    with as_somebody_else(folder):
        done = called(TRAIN)

    assert done.exit_code == 6
    assert done.stderr == (
        "error: cannot make outputs/recipe: permission denied\n"
        "    make it writable, or give another folder with --output DIR\n"
    )


def test_second_process_in_a_run_is_reported_who_holds_it(folder: Path, trained_folder: Path) -> None:
    from cnncli import runs

    recipe(first="name: small\n")(folder)
    with runs.create(folder / "outputs", "small", run_name="first"):
        before = contents(folder)
        done = called(f"{TRAIN} --run first")

    assert done.exit_code == 6
    assert re.match(rf"error: outputs/small/first is in use by pid {os.getpid()} on host .+ since 20..-", done.stderr)
    assert contents(folder).keys() == before.keys()


def test_memory_that_runs_out_in_training_is_exit_8_with_a_batch_size_to_try(
    folder: Path, trained_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import tensorflow as tf

    def exhausted(*_: Any, **__: Any) -> None:
        raise tf.errors.ResourceExhaustedError(None, None, "OOM when allocating tensor")

    monkeypatch.setattr("keras.Model.fit", exhausted)
    recipe()(folder)
    done = called(f"{TRAIN} --run big --quiet")

    assert done.exit_code == 8
    assert done.stderr == (
        "recipe.yaml:10:3: a batch of 32 did not fit into memory\n    try 16: --set train.batch_size=16\n"
    )
    assert json.loads((folder / "outputs/recipe/big/run.json").read_text())["status"] == "failed"


ODD_CLASSES = ("[red]x", "naïve ümläut", "\x1b[31mred", "日本", "=cmd()", "a, b")


def test_odd_class_names_go_through_a_whole_run(folder: Path, trained_folder: Path) -> None:
    changes = [("  seed: 1\n", ""), ("  prepare", "  on_bad_image: skip\n  prepare")]
    photos(*changes, classes=ODD_CLASSES, count=12)(folder)
    (folder / "photos" / ODD_CLASSES[0] / "half.jpg").write_bytes(HALF_JPEG)
    (folder / "recipe.yaml").write_text(
        (folder / "recipe.yaml").read_text() + "visualize: [feature_maps: {samples: 6}]\n"
    )

    trained = called(f"{TRAIN} --run odd")
    scored = called("evaluate recipe/odd")
    as_json = called("evaluate recipe/odd --json")

    assert (trained.exit_code, scored.exit_code, as_json.exit_code) == (0, 0, 0), trained.stderr
    assert "\x1b" not in trained.stdout + trained.stderr + scored.stdout
    names = sorted(ODD_CLASSES, key=str.encode)
    for name in names:
        assert name.replace("\x1b", "\\x1b") in scored.stdout
    assert [row["class"] for row in json.loads(as_json.stdout)["per_class"]] == names
    run = folder / "outputs/recipe/odd"
    record = json.loads((run / "run.json").read_text())
    assert record["class_names"] == names
    assert record["data"]["skipped"] == [f"{ODD_CLASSES[0]}/half.jpg"]
    assert any(note.startswith("1 image left out") for note in record["notes"])
    assert isinstance(record["seed"], int)
    assert "exif: apply" in (run / "resolved.yaml").read_text()
    with (run / "predictions.csv").open(newline="") as file:
        # a spreadsheet would compute the one that begins with "="
        assert {row["true"] for row in csv.DictReader(file)} == {
            name.replace("=cmd()", "'=cmd()").replace("\x1b", "\\x1b") for name in names
        }
    maps = sorted((run / "figures").glob("feature_maps_*.png"))
    assert len(maps) == 6
    for figure in (run / "figures/confusion.png", *maps):
        Image.open(figure).verify()


def test_recipe_that_changes_while_it_runs_is_the_one_that_began(
    folder: Path, trained_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:

    from cnncli.workflow import planning

    recipe(("  prepare", "  limit: 50\n  prepare"))(folder)
    before, load = (folder / "recipe.yaml").read_bytes(), planning.read_data

    def changing(*args: Any, **options: Any) -> Any:
        (folder / "recipe.yaml").write_text("data: {source: elsewhere}")
        return load(*args, **options)

    monkeypatch.setattr(planning, "read_data", changing)
    done = called(f"{TRAIN} --run kept --quiet --set visualize=[]")

    assert done.exit_code == 0, done.stderr
    run = folder / "outputs/recipe/kept"
    assert (run / "recipe.yaml").read_bytes() == before
    assert "source: mnist-sample" in (run / "resolved.yaml").read_text()
    assert (folder / "recipe.yaml").read_bytes() != before


# The real command.


def real(folder: Path, command: str, **more: Any) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "cnncli", *shlex.split(command)],
        cwd=folder, capture_output=True, text=True, timeout=120, check=False, stdin=subprocess.DEVNULL, **more,
    )  # fmt: skip


REAL = [row for row in ROWS if row.what in ("no such file", "a misspelt argument", "an unknown command", "--epochs 0")]


@pytest.mark.parametrize("row", REAL, ids=lambda row: row.what)
def test_real_command_says_the_same(row: Row, folder: Path) -> None:
    row.make(folder)
    done = real(folder, row.command)

    assert done.returncode == row.exit_code
    assert re.fullmatch(pattern(row.says), done.stderr.rstrip("\n"))
    assert done.stdout == ""


@pytest.mark.parametrize(
    ("setting", "file"),
    [("train.checkpoint.keep=false", "model.keras"), ("train.checkpoint.keep=true", "checkpoints/0000000001.npz")],
    ids=["the model", "a commit"],
)
def test_disk_that_takes_no_large_file_leaves_the_good_ones(
    folder: Path, trained_folder: Path, setting: str, file: str
) -> None:
    resource = pytest.importorskip("resource")
    shutil.copytree(trained_folder, folder, dirs_exist_ok=True)
    before = contents(folder)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)

    resource.setrlimit(resource.RLIMIT_FSIZE, (60_000, hard))  # the model is larger, all that comes before smaller
    try:
        done = called(f"train small.yaml --run second --quiet --set {setting}")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))

    assert done.exit_code == 6, done.stderr
    assert done.stderr == (
        f"error: cannot write outputs/small/second/{file}: the file would be larger than this process may write\n"
        "    raise the limit: ulimit -f unlimited\n"
    )
    assert done.stdout == ""
    after = contents(folder)
    assert {name: after[name] for name in before} == before
    second = folder / "outputs/small/second"
    assert json.loads((second / "run.json").read_text())["status"] == "failed"
    assert len((second / "history.csv").read_text().splitlines()) == 2
    assert not [path for path in second.rglob("*") if ".tmp-" in path.name or path.name == "model.keras"]
