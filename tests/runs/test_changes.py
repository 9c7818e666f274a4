"""Runs are deleted and renamed as a whole, and nothing else is."""

import json
import os
import shutil

import pytest
from run_folders import everything_in, fails, process, put_run

from cnncli import runs
from cnncli.errors import OutputError, RecipeError
from cnncli.runs import deletion, renaming
from cnncli.runs.changeable import changeable
from cnncli.runs.finding import list_runs
from cnncli.runs.listing import listed
from cnncli.runs.notes import read_note, write_note
from cnncli.runs.pruning import prunable

HOLDER = """
from pathlib import Path
from cnncli import runs
run = runs.create(Path("outputs"), "mnist", run_name="live")
print("held", flush=True)
input()
"""


def names(outputs):
    return [summary.name for summary in list_runs(outputs)]


# Which


@pytest.mark.parametrize("named", ["first", "mnist/first", "outputs/mnist/first", "outputs/mnist/first/"])
def test_run_is_found_by_its_name_or_folder(outputs, named):
    path = put_run(outputs, "mnist/first")

    assert changeable(outputs, named) == path


@pytest.mark.parametrize("named", ["mnist", "outputs/mnist", "outputs"])
def test_name_of_a_recipe_is_not_that_of_its_newest_run(outputs, named):
    put_run(outputs, "mnist/first")
    put_run(outputs, "mnist/mnist")

    with pytest.raises(OutputError, match=f"^{named} is a folder of 2 runs, not a run"):
        changeable(outputs, named)


def test_unknown_name_has_the_nearest_as_a_hint(outputs):
    put_run(outputs, "mnist/first")

    with fails(OutputError, "no run or recipe 'frist' in outputs/", "did you mean first?"):
        changeable(outputs, "frist")


def test_run_that_another_process_trains_is_refused(outputs):
    with process(HOLDER) as (child, said):
        assert said == "held"
        with pytest.raises(OutputError, match=f"^outputs/mnist/live is in use by pid {child.pid} on host"):
            changeable(outputs, "live")
        with pytest.raises(OutputError, match="is in use"):
            deletion.delete(outputs / "mnist" / "live")
        with pytest.raises(OutputError, match="is in use"):
            renaming.rename(outputs / "mnist" / "live", "other")
        assert names(outputs) == ["live"]


def test_folder_of_another_program_is_refused(outputs, tmp_path):
    (outputs / "mine" / "x").mkdir(parents=True)
    (outputs / "mine" / "x" / "run.json").write_text('{"name": "mine"}')
    (tmp_path / "project").mkdir()
    (tmp_path / "project" / ".lock").touch()

    with pytest.raises(OutputError, match=r"cnncli did not write its run\.json"):
        changeable(outputs, "mine/x")
    with pytest.raises(OutputError, match="project is not the folder of a run"):
        changeable(outputs, "project")


def test_folder_with_other_runs_in_it_is_refused(outputs):
    put_run(outputs, "mnist/first")
    shutil.copy(outputs / "mnist" / "first" / "run.json", outputs / "mnist" / "run.json")

    with pytest.raises(OutputError, match="there are other runs in outputs/mnist"):
        changeable(outputs, "outputs/mnist")


def test_link_is_refused_and_what_it_leads_to_stays(outputs, tmp_path):
    elsewhere = put_run(tmp_path / "elsewhere", "mnist/first")
    put_run(outputs, "lenet5/here")
    os.symlink(elsewhere, outputs / "lenet5" / "latest")
    os.symlink(elsewhere.parent, outputs / "mnist")

    for named in ("lenet5/latest", "mnist/first"):
        with pytest.raises(OutputError, match=f"outputs/{named} is a link to {elsewhere}"):
            changeable(outputs, named)


def test_broken_run_can_be_named(outputs):
    path = outputs / "mnist" / "broken"
    path.mkdir(parents=True)
    (path / "run.json").write_text("{")

    assert changeable(outputs, "mnist/broken") == path


# Deletion


def test_deleted_run_is_gone_and_what_links_in_it_lead_to_is_not(outputs, tmp_path):
    photos = tmp_path / "photos"
    photos.mkdir()
    (photos / "cat.png").touch()
    path = put_run(outputs, "mnist/first", model=True)
    put_run(outputs, "mnist/second")
    os.symlink(photos, path / "data")
    deletion.delete(path)

    assert os.listdir(outputs / "mnist") == ["second"]
    assert os.listdir(photos) == ["cat.png"]


def test_half_deleted_run_is_not_listed_and_is_removed_with_the_next(outputs, monkeypatch):
    put_run(outputs, "mnist/first")
    put_run(outputs, "mnist/second")
    put_run(outputs, "mnist/third")

    def killed(_):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(shutil, "rmtree", killed)
        with pytest.raises(KeyboardInterrupt):
            deletion.delete(outputs / "mnist" / "first")
    assert len(os.listdir(outputs / "mnist")) == 3
    assert names(outputs) == ["third", "second"]
    deletion.delete(outputs / "mnist" / "second")
    assert os.listdir(outputs / "mnist") == ["third"]


def test_hidden_folder_of_the_user_is_no_leftover(outputs, tmp_path):
    put_run(outputs, "mnist/first")
    (outputs / "mnist" / ".deleted-mine").mkdir()
    (tmp_path / "kept").mkdir()
    os.symlink(tmp_path / "kept", outputs / "mnist" / ".deleted-0123456789abcdef")
    deletion.delete(outputs / "mnist" / "first")

    assert sorted(os.listdir(outputs / "mnist")) == [".deleted-0123456789abcdef", ".deleted-mine"]
    assert (tmp_path / "kept").is_dir()


def test_file_that_cannot_be_removed_is_named_and_the_run_is_not_listed(outputs, monkeypatch):
    path = put_run(outputs, "mnist/first")

    def denied(folder):
        raise PermissionError(13, "Permission denied", f"{folder}/figures")

    monkeypatch.setattr(shutil, "rmtree", denied)
    with pytest.raises(OutputError, match=r"^cannot delete outputs/mnist/\.deleted-.*/figures: permission denied"):
        deletion.delete(path)
    assert names(outputs) == []


def test_size_counts_files_and_not_what_links_lead_to(outputs, tmp_path):
    path = put_run(outputs, "mnist/first")
    (path / "figures").mkdir()
    (path / "figures" / "a.png").write_bytes(bytes(5000))
    (tmp_path / "large").write_bytes(bytes(100_000))
    before = (path / "run.json").stat().st_size
    os.symlink(tmp_path / "large", path / "link")

    assert before + 5000 <= deletion.bytes_in(path) < before + 6000


# Renaming


def test_renamed_run_has_its_files_and_its_new_name(outputs):
    with runs.create(outputs, "mnist", run_name="first", files={"recipe.yaml": "x"}) as run:
        run.finish("completed")
    before = everything_in(run.path)
    new = renaming.rename(run.path, "second")

    assert new == outputs / "mnist" / "second"
    after = everything_in(new)
    assert {name: content for name, content in after.items() if name != "run.json"} == {
        name: content for name, content in before.items() if name != "run.json"
    }
    old, record = json.loads(before["run.json"]), json.loads(after["run.json"])
    assert record == {**old, "run": "second"}
    assert names(outputs) == ["second"]
    with runs.reopen(new):
        pass


@pytest.mark.parametrize("taken", ["folder", "file", "link"])
def test_taken_name_is_refused(outputs, taken):
    path = put_run(outputs, "mnist/first")
    place = outputs / "mnist" / "second"
    {"folder": place.mkdir, "file": place.touch, "link": lambda: os.symlink("nowhere", place)}[taken]()

    with fails(OutputError, "outputs/mnist/second exists already", "give another NAME"):
        renaming.rename(path, "second")
    assert names(outputs) == ["first"]


@pytest.mark.parametrize("name", ["../x", "a/b", "", ".hidden", "CON", "x" * 65])
def test_name_has_the_rules_of_run_names(outputs, name):
    path = put_run(outputs, "mnist/first")

    with pytest.raises(RecipeError, match="a run cannot be named"):
        renaming.rename(path, name)


def test_folder_that_cannot_be_renamed_keeps_its_record(outputs, monkeypatch):
    with runs.create(outputs, "mnist", run_name="first") as run:
        run.finish("completed")

    def denied(*_):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(os, "rename", denied)
    with pytest.raises(OutputError, match="cannot rename outputs/mnist/first: permission denied"):
        renaming.rename(run.path, "second")
    assert runs.read_record(run.path)["run"] == "first"


def test_record_of_a_run_that_reproduces_it_follows(outputs):
    old = put_run(outputs, "mnist/first")
    put_run(outputs, "mnist/again", reproduces={"run": "outputs/mnist/first", "verdict": "identical"})
    put_run(outputs, "mnist/other", reproduces={"run": "outputs/lenet5/first"})
    new = renaming.rename(old, "second")

    assert renaming.rename_references(outputs, old, new) == [outputs / "mnist" / "again"]
    reproduces = [runs.read_record(outputs / "mnist" / name)["reproduces"] for name in ("again", "other")]
    assert reproduces == [{"run": "outputs/mnist/second", "verdict": "identical"}, {"run": "outputs/lenet5/first"}]


# Pruning


def put_several(outputs):
    for day, (name, score) in enumerate({"a": 0.9, "b": 0.7, "c": 0.8, "d": 0.6, "e": 0.5}.items(), 1):
        put_run(outputs, f"mnist/{name}", started=f"2026-11-0{day}T10:00:00+00:00", test={"accuracy": score})
    put_run(outputs, "lenet5/old", started="2025-01-01T10:00:00+00:00")


def pruned(outputs, **options):
    return [run.label for run in prunable([listed(summary) for summary in list_runs(outputs)], **options)]


def test_newest_runs_of_each_recipe_are_kept(outputs):
    put_several(outputs)

    assert pruned(outputs, keep=2) == ["mnist/c", "mnist/b", "mnist/a"]
    assert pruned(outputs, keep=5) == []


def test_best_run_can_be_kept_too(outputs):
    put_several(outputs)
    put_run(outputs, "mnist/loss", started="2026-10-01T10:00:00+00:00", test={"loss": 0.1})

    assert pruned(outputs, keep=2, keep_best=True) == ["mnist/c", "mnist/b"]


def test_running_noted_and_broken_runs_are_never_pruned(outputs):
    put_several(outputs)
    write_note(outputs / "mnist" / "b", "a note")
    (outputs / "mnist" / "c" / "run.json").write_text("{")
    with runs.reopen(outputs / "mnist" / "a") as running:
        running.update_record(status="running")

        assert pruned(outputs, keep=1) == ["mnist/d"]


# Notes


def test_note_is_no_artefact_and_an_empty_one_is_no_note(outputs):
    with runs.create(outputs, "mnist", run_name="first") as run:
        write_note(run.path, "größer\n\udcff<b>")  # while it is trained
        run.finish("completed")

    assert runs.read_record(run.path)["artefacts"] == []
    assert read_note(run.path) == listed(run.path).note == "größer\n\udcff<b>"
    write_note(run.path, "")
    write_note(run.path, "")
    assert read_note(run.path) == ""
    assert not (run.path / "note.txt").exists()


def test_rewritten_artefact_is_described_anew(outputs):
    with runs.create(outputs, "mnist", run_name="first") as run:
        run.write("report.html", "old")
        run.write("other.txt", "other")
        run.finish("completed")
        before = {each["path"]: each for each in run.record["artefacts"]}
        run.replace_artefact("report.html", "newer")
        run.replace_artefact("unlisted.txt", "x")

    after = {each["path"]: each for each in runs.read_record(run.path)["artefacts"]}
    assert set(after) == set(before) == {"report.html", "other.txt"}
    assert after["other.txt"] == before["other.txt"]
    assert (before["report.html"]["bytes"], after["report.html"]["bytes"]) == (3, 5)
    assert after["report.html"]["sha256"] != before["report.html"]["sha256"]
