"""A network that reads sentences and numbers, with a vocabulary and means that it learned, from its arrays to every command."""

from __future__ import annotations

import csv
import json
import shutil
import zipfile

import keras
import numpy as np
import pytest
from commands import call, draw_nothing

pytestmark = pytest.mark.usefixtures("without_graphs")

RECIPE = """\
name: notes
data:
  source: {npz: {path: notes.npz}}
  inputs:
    note: {prepare: [TextVectorization: {max_tokens: 100, output_sequence_length: 8}]}
    vital: {prepare: [Normalization:]}
model:
  layers:
    - Embedding: {name: words, input_dim: 100, output_dim: 8, from: note}
    - Conv1D: {filters: 8, kernel_size: 2, activation: relu}
    - GlobalMaxPooling1D: {name: read}
    - Concatenate: {from: [read, vital]}
    - Dropout: 0.2
    - Dense: {units: $classes, activation: softmax}
train: {seed: 1, epochs: 2, batch_size: 20, optimizer: {Adam: {learning_rate: 0.02}}}
visualize: []
"""
RUN = "outputs/notes/first"


def notes(count):
    random = np.random.default_rng(0)
    labels = random.integers(0, 2, count)
    other = [f"w{number}" for number in range(40)]
    ends = (["bad", "poor", "triste"], ["good", "fine", "génial"])
    texts = [" ".join([*random.choice(other, 5), random.choice(ends[label])]) + "!" for label in labels]
    vital = random.normal([100, 0.01], [20, 0.001], (count, 2)).astype(np.float32)
    return np.array(texts), vital, labels


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Sentences and numbers, and the run `first`, trained on them in two parts."""
    folder = tmp_path_factory.mktemp("notes")
    texts, vital, labels = notes(300)
    np.savez(folder / "notes.npz", x_note=texts, x_vital=vital, y=labels)
    (folder / "notes.yaml").write_text(RECIPE)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        draw_nothing(patch)
        call("train", "notes.yaml", "--run", "first", "--epochs", "1")
        call("train", "--resume", RUN, "--epochs", "2")
    return folder


@pytest.fixture(autouse=True)
def _here(folder, monkeypatch):
    monkeypatch.chdir(folder)
    draw_nothing(monkeypatch)


def content(folder, name, run=RUN):
    return json.loads((folder / run / name).read_text())


def test_what_was_learned_is_in_the_run_and_comes_from_its_training_examples(folder):
    learned, record = content(folder, "learned.json"), content(folder, "run.json")
    words, scale = (layer["arguments"] for layer in learned["layers"])
    _, vital, _ = notes(300)

    assert {"good", "bad", "génial"} <= set(words["vocabulary"])
    assert len(words["vocabulary"]) == 46
    assert scale["mean"] == pytest.approx(vital.mean(0), rel=0.05)
    assert scale["mean"] != pytest.approx(vital.mean(0), rel=1e-6)  # not of the validation and test examples
    assert len(record["learned"]) == 64
    assert record["input_shape"] == {"note": [], "vital": [2]}
    assert "learned.json" in [artefact["path"] for artefact in record["artefacts"]]
    assert "vocabulary" not in (folder / RUN / "resolved.yaml").read_text()


def test_model_file_takes_raw_sentences_in_plain_keras(folder):
    path = folder / RUN / "model.keras"
    model = keras.models.load_model(path)
    rows = list(csv.DictReader((folder / RUN / "predictions.csv").open()))
    texts, vital, _ = notes(300)
    outputs = model.predict({"note": texts.astype(object), "vital": vital}, verbose=0)

    assert sorted(zipfile.ZipFile(path).namelist()) == [
        "cnncli.json",
        "config.json",
        "metadata.json",
        "model.weights.h5",
    ]
    for row in rows:
        assert np.abs(outputs - [float(row["output_0"]), float(row["output_1"])]).max(axis=1).min() < 1e-5
    assert len(rows) == 30


def test_run_in_two_parts_ends_as_one_that_learns_again_and_is_never_interrupted(folder):
    said = call("reproduce", RUN, "--json").json

    assert said["verdict"] == "bit-identical"
    assert content(folder, "run.json", said["run"])["learned"] == content(folder, "run.json")["learned"]
    assert (folder / said["run"] / "learned.json").read_bytes() == (folder / RUN / "learned.json").read_bytes()


def test_run_and_model_file_are_scored_as_the_run_was(folder):
    loss = content(folder, "evaluation.json")["loss"]
    shutil.copy(folder / RUN / "model.keras", folder / "copy.keras")

    assert call("evaluate", RUN, "--json").json["loss"] == pytest.approx(loss, rel=1e-6)
    assert call("evaluate", "copy.keras", "--data", "notes.npz", "--json").json["count"] == 300


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda path: path.unlink(), "learned.json: no such file or directory"),
        (lambda path: path.write_text("{}"), "learned.json is not what the run wrote: its fingerprint differs"),
        (lambda path: path.write_text("{"), "learned.json is damaged: it does not hold what a run has learned"),
    ],
)
def test_other_vocabulary_is_never_taken_for_that_of_the_run(folder, damage, message):
    shutil.copytree(folder / RUN, folder / "outputs/notes/damaged", dirs_exist_ok=True)
    damage(folder / "outputs/notes/damaged/learned.json")

    for command in (
        ["evaluate", "outputs/notes/damaged"],
        ["train", "--resume", "outputs/notes/damaged", "--epochs", "3"],
    ):
        assert message in call(*command, exit_code=6).stderr
