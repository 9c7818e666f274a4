"""`cnncli card` on runs of every kind: where it writes, what it refuses, what it prints."""

import json
import os

import pytest
from card_runs import make_run
from commands import call


@pytest.fixture
def run(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return make_run(tmp_path / "outputs")


def test_card_is_written_into_the_run_and_made_anew(run):
    done = call("card", "made/first")
    assert done.stdout == "outputs/made/first/README.md\n"
    assert done.stderr == "Next       cnncli card outputs/made/first --hub NEW_FOLDER\n"
    call("card", "made/first", "--license", "mit")
    assert "license: mit" in (run / "README.md").read_text(encoding="utf-8")


def test_edited_card_is_never_overwritten(run):
    (run / "README.md").write_text("mine")
    for options in ((), ("--force",)):
        done = call("card", "made/first", *options, exit_code=6)
        assert "was changed since, and is never overwritten" in done.stderr
    assert (run / "README.md").read_text() == "mine"


def test_named_file_needs_force_where_one_is(run, tmp_path):
    call("card", "--to", "card.md")
    assert "--force overwrites it" in call("card", "--to", "card.md", exit_code=6).stderr
    call("card", "--to", "card.md", "--force", "--name", "other")
    assert "# other\n" in (tmp_path / "card.md").read_text(encoding="utf-8")
    assert not (run / "README.md").exists()


def test_hyphen_is_stdout_and_nothing_is_written(run, tmp_path):
    before = sorted(os.listdir(run))
    done = call("card", "--to", "-")
    assert done.stdout.startswith("---\nlibrary_name: keras\n")
    assert done.stderr == ""
    assert sorted(os.listdir(run)) == before


def test_json_is_one_document(run):
    said = call("card", "--json").json
    assert (said["run"], said["file"]) == ("outputs/made/first", "outputs/made/first/README.md")
    assert said["metadata"]["library_name"] == "keras"
    assert said["card"] == (run / "README.md").read_text(encoding="utf-8")
    said = call("card", "--json", "--hub", "hub").json
    assert said["folder"] == "hub"
    assert "README.md" in said["files"]
    assert said["notes"][0]["message"] == "1 picture of examples of the data left out"


def test_folder_is_told_with_what_comes_next(run, tmp_path):
    done = call("card", "--hub", "my hub")
    assert done.stdout == "my hub\n"
    assert "Next       hf upload YOUR_NAME/YOUR_MODEL 'my hub'\n" in done.stderr
    assert call("card", "--hub", "my hub", exit_code=6).stderr.startswith(
        "error: --hub: my hub exists and is not empty"
    )


def test_unknown_license_gets_a_note(run):
    assert "did you mean `apache-2.0`?" in call("card", "--license", "apache2.0").stderr


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (("--to", "a.txt"), "does not end in .md"),
        (("--to", "a.md", "--hub", "b"), "exclude each other"),
        (("--with-examples",), "needs --hub"),
        (("--name", ""), "expected 1 to 500 characters"),
        (("--author", "x" * 501), "expected 1 to 500 characters"),
    ],
)
def test_wrong_options_are_exit_2(run, options, told):
    assert told in call("card", *options, exit_code=2).stderr


def test_unfinished_run_is_exit_6_with_the_way_on(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    make_run(tmp_path / "outputs", status="interrupted")
    error = json.loads(call("card", "--json", exit_code=6).stdout)["error"]
    assert error["problems"][0]["hint"] == "finish it with: cnncli train --resume outputs/made/first"


def test_name_of_a_user_is_one_line(run):
    text = call("card", "--name", "a\nlicense: evil", "--to", "-").stdout
    assert "\nlicense: evil" not in text
