"""A network for sentences: what `predict` takes, the words that speak for a class, the report."""

from __future__ import annotations

import csv
import io
import re
from pathlib import Path

import numpy as np
import pytest
from commands import call
from PIL import Image

from cnncli.demo.answers import Answerer
from cnncli.inference.model_loading import open_model
from cnncli.plots.sentence_sheet import CONTENT, SentenceSheet

pytestmark = pytest.mark.usefixtures("without_graphs")

CLASSES = {"negative", "neutral", "positive"}
RUN = "outputs/sentence-cnn/s"


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """The run `s`, trained on some of the packaged sentences."""
    folder = tmp_path_factory.mktemp("sentences")
    small = ["data.limit=600", "vars.words=400", "vars.dimensions=16", "train.epochs=2", "expect={}"]
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        call("train", "sentence-cnn", "--run", "s", *(f"--set={change}" for change in small))
    return folder


@pytest.fixture(autouse=True)
def _here(folder, monkeypatch):
    monkeypatch.chdir(folder)


def predicted(*arguments, **options):
    return call("predict", RUN, *arguments, "--json", **options).json


def rows_of(text):
    return list(csv.DictReader(io.StringIO(text)))


# ---- predict -----------------------------------------------------------------------------------------------------------


def test_texts_of_the_command_line_are_predicted_in_their_order():
    found = predicted("--text", "The room was not bad.", "--text", "Is the soup good?")["predictions"]

    assert [(each["file"], each["index"], each["text"]) for each in found] == [
        (None, 0, "The room was not bad."),
        (None, 1, "Is the soup good?"),
    ]
    assert {each["class"] for each in found} <= CLASSES


def test_table_for_people_shows_the_sentence():
    assert "The room was not bad." in call("predict", RUN, "--text", "The room was not bad.").stdout


def test_a_text_file_is_one_text_whatever_its_lines(tmp_path):
    (tmp_path / "a.txt").write_text("The room was\nnot bad.\n")

    [from_file] = predicted(tmp_path / "a.txt")["predictions"]
    [same] = predicted("--text", "The room was not bad.")["predictions"]

    assert (from_file["file"], from_file["index"]) == (str(tmp_path / "a.txt"), None)
    assert from_file["probability"] == same["probability"]


def test_folders_of_text_files_skip_what_is_no_text(tmp_path):
    (tmp_path / "below").mkdir()
    (tmp_path / "below" / "a.txt").write_text("The room was not bad.")
    (tmp_path / "b.txt").write_bytes(b"caf\xe9")
    (tmp_path / "c.txt").write_text(" \n")
    (tmp_path / "d.md").write_text("not a text file")

    done = call("predict", RUN, tmp_path, "--json", exit_code=4).json

    assert [each["file"] for each in done["predictions"]] == [str(tmp_path / "below" / "a.txt")]
    assert [each["reason"] for each in done["error"]["bad_files"]] == ["byte 3 (0xe9) is not UTF-8", "holds no text"]


def test_lines_are_texts_with_the_number_of_their_line(tmp_path):
    (tmp_path / "lines.txt").write_text("The room was not bad.\n\nIs the soup good?\n")

    found = rows_of(call("predict", RUN, "--lines", tmp_path / "lines.txt", "--csv", "-", "--quiet").stdout)

    assert [(row["index"], row["text"]) for row in found] == [
        ("0", "The room was not bad."),
        ("2", "Is the soup good?"),
    ]


def test_lines_of_stdin_are_texts():
    found = predicted("-", stdin="The café was not bad.\nGood soup.\n".encode())["predictions"]

    assert [(each["file"], each["text"]) for each in found] == [("-", "The café was not bad."), ("-", "Good soup.")]


def test_table_is_read_by_its_column_of_texts(tmp_path):
    (tmp_path / "reviews.csv").write_text('id,sentence\n1,"The room, it was bad."\n2,\n')

    done = call("predict", RUN, tmp_path / "reviews.csv", "--json", exit_code=4).json

    assert [each["text"] for each in done["predictions"]] == ["The room, it was bad."]
    assert done["error"]["bad_files"] == [
        {"file": str(tmp_path / "reviews.csv"), "index": 1, "reason": "holds no text"}
    ]


def test_table_without_a_known_column_lists_its_columns(tmp_path):
    (tmp_path / "reviews.csv").write_text("id,review\n1,good\n")

    done = call("predict", RUN, tmp_path / "reviews.csv", exit_code=4)

    assert "it has no column `text`" in done.stderr
    assert "its columns: id, review" in done.stderr


def test_array_of_texts_is_predicted(tmp_path):
    np.savez(tmp_path / "a.npz", x=np.array(["The room was not bad.", "Good soup."]))
    np.savez(tmp_path / "b.npz", x=np.zeros((2, 3)))

    done = call("predict", RUN, tmp_path / "a.npz", tmp_path / "b.npz", "--json", exit_code=4).json

    assert [each["text"] for each in done["predictions"]] == ["The room was not bad.", "Good soup."]
    assert "not one text for each example" in done["error"]["bad_files"][0]["reason"]


def test_empty_text_is_an_error():
    assert "holds no text" in call("predict", RUN, "--text", " ", exit_code=4).stderr


def test_page_of_the_demo_answers_texts_with_their_words():
    answerer = Answerer(open_model(RUN, outputs=Path("outputs")))

    answer = answerer.text("The room was not bad.")

    assert answerer.takes_text
    assert answerer.summary == "3 classes · input text"
    assert set(answer.shares) == CLASSES
    assert [word for word, _ in answer.words] == ["The", "room", "was", "not", "bad."]
    assert answerer.text(" ").message == "The text holds no text."


# ---- words that speak for a class --------------------------------------------------------------------------------------


@pytest.mark.parametrize("method", ["occlusion", "grad-cam"])
def test_each_word_has_its_heat(method, tmp_path):
    text = "The room was great, but the soup was awful!"

    drawn = call("grad-cam", RUN, "--text", text, "--method", method, "--to", tmp_path, "--json").json

    [example] = drawn["examples"]
    heat = dict(example["words"])
    assert [word for word, _ in example["words"]] == text.split()
    assert max(map(abs, heat.values())) == 1
    assert (min(heat.values()) < 0) == (method == "occlusion")


def test_picture_has_the_words_that_it_shows(tmp_path):
    drawn = call("grad-cam", RUN, "--text", "Good soup.", "--method", "occlusion", "--to", tmp_path, "--json").json

    picture = next(path for path in drawn["figures"] if path.endswith(".png"))
    sheet = SentenceSheet.model_validate_json(Image.open(picture).text[CONTENT])

    assert sheet.sentences[0].words == ("Good", "soup.")


def test_feature_maps_of_a_text_are_drawn(tmp_path):
    drawn = call("feature-maps", RUN, "--text", "Good soup.", "--to", tmp_path, "--json").json

    assert drawn["figures"]


def test_methods_that_need_a_gradient_of_the_input_are_refused():
    done = call("grad-cam", RUN, "--text", "Good soup.", "--method", "smoothgrad", exit_code=None)

    assert done.exit_code not in (0, 70)
    assert "this network takes text" in done.stderr


def test_text_and_samples_exclude_each_other():
    assert "exclude each other" in call("grad-cam", RUN, "--text", "a", "--samples", "4", exit_code=2).stderr


# ---- the report --------------------------------------------------------------------------------------------------------


def test_report_writes_wrong_sentences_and_their_words_as_text(folder):
    page = (folder / RUN / "report.html").read_text()

    errors, learned = page.rsplit("What the network learned</a>", 1)
    assert re.search(r"true (positive|negative|neutral)</small>.*<p dir=\"auto\">[A-Z][a-z ]+", errors)
    assert '<mark class="for5">' in learned
    assert '<u class="against' in learned
