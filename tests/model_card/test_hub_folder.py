"""The folder for the Hub: complete or not there, without private paths, still a record and an evaluation."""

import errno
import hashlib
import json
import os
import re

import pytest
from card_runs import HOME, MADE, make_run

from cnncli import model_card, report
from cnncli.errors import ModelFileError, OutputError
from cnncli.model_card import hub_folder
from cnncli.runs.record import Record
from cnncli.tasks.result import read_result


def write(path, folder, **options):
    return model_card.write_hub_folder(report.read(path), model_card.Wishes(), folder, **options)


@pytest.fixture(scope="module", params=list(MADE))
def made(request, tmp_path_factory):
    """A run and its folder for the Hub."""
    place = tmp_path_factory.mktemp("hub")
    run = make_run(place / "outputs", request.param)
    write(run, place / "hub")
    return run, place / "hub"


def test_folder_has_what_the_hub_shows_and_a_user_needs(made):
    _, hub = made
    found = sorted(file.relative_to(hub).as_posix() for file in hub.rglob("*") if file.is_file())
    assert found == [
        ".gitattributes",
        "README.md",
        "evaluation.json",
        "figures/curves.png",
        "model.keras",
        "recipe.yaml",
        "run.json",
    ]
    assert "*.keras filter=lfs diff=lfs merge=lfs -text\n" in (hub / ".gitattributes").read_text()


def test_nothing_private_is_in_any_text(made):
    _, hub = made
    for file in hub.rglob("*"):
        if file.suffix in (".json", ".md", ".yaml"):
            text = file.read_text(encoding="utf-8")
            for secret in (HOME, "secret", "Secret", "anna", "git.example.com", "broken one", "sketch"):
                assert secret not in text, (file.name, secret)


def test_record_and_evaluation_are_read_back(made):
    run, hub = made
    record = json.loads((hub / "run.json").read_text())
    assert Record.model_validate(record).status == "completed"
    assert record["data"]["skipped_count"] == 1
    assert record["git"] == {"commit": "c0ffee", "dirty": False}
    result = read_result((hub / "evaluation.json").read_bytes())
    before = read_result((run / "evaluation.json").read_bytes())
    assert result.scores == before.scores
    assert result.intervals == before.intervals
    text = (hub / "evaluation.json").read_text()
    assert '"file"' not in text
    for artefact in record["artefacts"]:
        content = (hub / artefact["path"]).read_bytes()
        assert hashlib.sha256(content).hexdigest() == artefact["sha256"]


def test_links_of_the_card_lead_into_the_folder(made):
    _, hub = made
    links = re.findall(r"!\[[^\]]*\]\(([^)]+)\)", (hub / "README.md").read_text(encoding="utf-8"))
    assert links == ["figures/curves.png"]
    assert all((hub / link).is_file() for link in links)


def test_pictures_of_examples_are_there_only_when_asked_for(tmp_path):
    run = make_run(tmp_path / "outputs", pictures=("curves.png", "wrong.png", "samples.png", "unknown.png"))
    assert write(run, tmp_path / "a").pictures_left_out == 2
    assert sorted(os.listdir(tmp_path / "a" / "figures")) == ["curves.png"]
    assert write(run, tmp_path / "b", with_examples=True).pictures_left_out == 0
    assert sorted(os.listdir(tmp_path / "b" / "figures")) == ["curves.png", "samples.png", "wrong.png"]


def test_folder_that_holds_something_is_left_alone(tmp_path):
    run = make_run(tmp_path / "outputs")
    (tmp_path / "hub").mkdir()
    write(run, tmp_path / "hub")  # an empty one is taken
    before = {file: file.stat().st_mtime_ns for file in (tmp_path / "hub").rglob("*")}
    with pytest.raises(OutputError, match="exists and is not empty"):
        write(run, tmp_path / "hub")
    assert {file: file.stat().st_mtime_ns for file in (tmp_path / "hub").rglob("*")} == before


def test_folder_of_a_run_is_refused(tmp_path):
    run = make_run(tmp_path / "outputs")
    with pytest.raises(OutputError, match="lies in the folder of a run"):
        write(run, run / "hub")


def test_full_disk_leaves_nothing(tmp_path, monkeypatch):
    run = make_run(tmp_path / "outputs")

    def full(*_):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(hub_folder, "_write", full)
    with pytest.raises(OutputError, match="no space left on"):
        write(run, tmp_path / "hub")
    assert os.listdir(tmp_path) == ["outputs"]


def test_folder_that_appears_in_the_meantime_is_kept(tmp_path, monkeypatch):
    run = make_run(tmp_path / "outputs")
    write_text = hub_folder._write

    def meanwhile(file, text):
        (tmp_path / "hub").mkdir(exist_ok=True)
        (tmp_path / "hub" / "mine.txt").write_text("mine")
        write_text(file, text)

    monkeypatch.setattr(hub_folder, "_write", meanwhile)
    with pytest.raises(OutputError, match="exists and is not empty"):
        write(run, tmp_path / "hub")
    assert os.listdir(tmp_path / "hub") == ["mine.txt"]
    assert sorted(os.listdir(tmp_path)) == ["hub", "outputs"]


@pytest.mark.parametrize("change", ["missing", "other"])
def test_model_that_the_run_did_not_write_is_refused(tmp_path, change):
    run = make_run(tmp_path / "outputs")
    if change == "missing":
        (run / "model.keras").unlink()
    else:
        (run / "model.keras").write_bytes(b"another")
    with pytest.raises(ModelFileError, match=r"model\.keras is"):
        write(run, tmp_path / "hub")
    assert os.listdir(tmp_path) == ["outputs"]
