"""Inputs on which a program is easily wrong in silence, each with the right answer; the table is in cases/.

Each case runs the command in this process (TensorFlow is imported once), in a folder that holds u8.npz, u8.yaml and a
run that was trained on them.
"""

from __future__ import annotations

import re
import shlex
import shutil
from pathlib import Path

import pytest
from cases import arrays, checks, language, making, models, outputs, pictures, told
from cases.making import ANY, Case
from commands import call, cut_off

TABLES = {
    "arrays": arrays.CASES,
    "pictures": pictures.CASES,
    "models": models.CASES,
    "language": language.CASES,
    "checks": checks.CASES,
    "outputs": outputs.CASES,
    "told": told.CASES,
}
CASES = [case for table in TABLES.values() for case in table]
NAMES = [f"{table}: {case.what}" for table, some in TABLES.items() for case in some]


@pytest.fixture(scope="module")
def trained_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the data of all cases and the run `making.U8_RUN`."""
    folder = tmp_path_factory.mktemp("cases")
    making.make_data(folder)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        call("train", "u8.yaml", "--run", "first")
    return folder


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, trained_folder: Path) -> Path:
    """A copy of it to be in, and a home of its own."""
    place = tmp_path / "here"
    shutil.copytree(trained_folder, place)
    monkeypatch.chdir(place)
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setenv("COLUMNS", "120")
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "home" / ".keras"))
    cut_off(monkeypatch)
    # The pictures of an evaluation take a third of a short training, and have tests of their own.
    monkeypatch.setattr("cnncli.plots.run_figures.draw_evaluation", lambda *_, **__: [])
    monkeypatch.setattr("cnncli.plots.run_figures.draw_layers", lambda *_, **__: [])
    return place


def find_in_order(parts: tuple[str, ...], text: str) -> None:
    position = 0
    for part in parts:
        pattern = re.escape(part).replace(re.escape(ANY), ".*")
        found = re.compile(pattern).search(text, position)
        assert found, f"not found: {part}\nin:\n{text}"
        position = found.end()


def contents(folder: Path) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize("case", CASES, ids=NAMES)
def test_case_gets_its_right_answer(case: Case, folder: Path) -> None:
    for file in case.files:
        if callable(file):
            file(folder)
            continue
        name, content = file
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content.encode() if isinstance(content, str) else content)
    *before, last = case.commands
    for command in before:
        call(*shlex.split(command))
    files = contents(folder)

    done = call(*shlex.split(last), exit_code=case.exit_code)

    find_in_order(case.says, done.stderr)
    find_in_order(case.prints, done.stdout)
    for part in case.unsaid:
        assert part not in done.stdout + done.stderr
    if case.writes_nothing:
        assert contents(folder) == files
    if case.check:
        case.check(folder, done)
