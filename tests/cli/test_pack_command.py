"""`cnncli pack`, and what `cnncli reproduce` refuses of a pack before it trains."""

import json
import os
import zipfile

import pytest
from card_runs import make_run
from commands import call

RECIPE = """\
name: made
data: {source: {npz: {path: data/rows.npz}}, targets: numbers}
model: {layers: [{Dense: 1}]}
train: {epochs: 1, seed: 5}
"""


@pytest.fixture
def run(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return make_run(tmp_path / "outputs", "regression", recipe=RECIPE)


def test_pack_is_named_after_the_run_and_tells_what_comes_next(run):
    done = call("pack")
    assert done.stdout == "made-first.zip\n"
    assert done.stderr.endswith("Next       cnncli reproduce made-first.zip\n")
    assert zipfile.is_zipfile("made-first.zip")
    assert "--force overwrites it" in call("pack", "made/first", "--to", "made-first.zip", exit_code=6).stderr
    call("pack", "--to", "made-first.zip", "--force")


def test_json_is_one_document_with_the_digests(run):
    said = call("pack", "--json").json
    assert (said["file"], said["run"]) == ("made-first.zip", "outputs/made/first")
    assert said["bytes"] == os.path.getsize("made-first.zip")
    assert {"path", "bytes", "sha256"} == set(said["files"][0])


def test_default_file_is_not_overwritten(run, tmp_path):
    (tmp_path / "made-first.zip").write_text("mine")
    assert call("pack", exit_code=6).stdout == ""
    assert (tmp_path / "made-first.zip").read_text() == "mine"


def test_wrong_name_is_exit_2_and_a_place_in_the_run_exit_6(run):
    assert "does not end in .zip" in call("pack", "--to", "a.tar", exit_code=2).stderr
    assert "lies in the folder of a run" in call("pack", "--to", "outputs/made/first/a.zip", exit_code=6).stderr


def test_packages_that_have_changed_since_the_training_get_a_note(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    make_run(tmp_path / "outputs", environment={"versions": {"keras": "3.0.0"}})
    assert "the run was trained with 3.0.0: requirements.txt lists 3.0.0" in call("pack").stderr


def test_data_that_is_not_here_is_named_with_its_fingerprint(run):
    call("pack", "--to", "a.zip")
    done = call("reproduce", "a.zip", exit_code=4)
    assert done.stderr.splitlines() == [
        "error: the data of a.zip is not here: `data/rows.npz`",
        "    needed: image folder /home/anna/secret/photos: 16 + 4 images, fingerprint ab12",
        "    name its place: --set data.source.npz.path=PATH",
    ]
    assert os.listdir("outputs/made") == ["first"]
    done = call("reproduce", "a.zip", "--set", "data.source.npz.path=other.npz", exit_code=4)
    assert "is not here: `other.npz`" in done.stderr


@pytest.mark.parametrize("setting", ["train.epochs=3", "data.sourcerer=1", "data.limit=3", "model=x"])
def test_only_the_place_of_the_data_can_be_given_anew(run, setting):
    done = call("reproduce", "made/first", "--set", setting, exit_code=2)
    assert "would make another run of it" in done.stderr


def test_pack_that_is_no_pack_is_exit_6(run, tmp_path):
    assert "no such file: none.zip" in call("reproduce", "none.zip", exit_code=6).stderr
    (tmp_path / "a.zip").write_bytes(b"x" * 100)
    error = json.loads(call("reproduce", "a.zip", "--json", exit_code=6).stdout)["error"]
    assert "it is no zip file, or cut short" in error["problems"][0]["message"]


def test_other_packages_are_told(monkeypatch, run):
    from cnncli.cli import reproduced_run
    from cnncli.runs.packs import requirements

    here = requirements.installed()
    call("pack", "--to", "a.zip")
    other = {**here, "pillow": "1.0", "keras": "9.9"}
    del other["scipy"]
    monkeypatch.setattr(requirements, "installed", lambda: other)
    with reproduced_run.opened("a.zip", run.parent.parent) as found:
        [note] = found.notes()
    assert note.message == (
        f"other packages than the pack lists: pillow {here['pillow']} -> 1.0, scipy {here['scipy']} -> not installed"
    )
    assert found.packages["keras"] == (here["keras"], "9.9")  # `reproduce` tells it of every run
