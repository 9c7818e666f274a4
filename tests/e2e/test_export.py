"""`cnncli export` of a run: scripts without cnncli give the answers of `cnncli predict`, and so does a server's signature."""

from __future__ import annotations

import importlib.util
import re
import subprocess
import sys

import numpy as np
import pytest
from commands import call
from PIL import Image

from cnncli.data.sources.builtin import SAMPLE_FILE
from cnncli.export.formats import FORMATS
from cnncli.export.to_saved_model import IMAGE_FILES

BLOCKED = "import sys; sys.modules['cnncli'] = None; import runpy; sys.argv = sys.argv[1:]; runpy.run_path(sys.argv[0])"


@pytest.fixture(scope="module")
def exports(trained, tmp_path_factory):
    """The folder with an export in each format, and files of photos with the class and probability that `predict` gives."""
    made = tmp_path_factory.mktemp("exports")
    with np.load(SAMPLE_FILE) as arrays:
        digits = arrays["x_train"][:3]
    for digit, name in zip(digits, ("0.png", "1.jpg", "2.bmp"), strict=True):
        photo = Image.fromarray(digit.reshape(28, 28)).resize((140, 120), Image.BICUBIC)
        Image.merge("RGB", [photo, photo.point(lambda level: level // 2), photo]).save(made / name)
    noise = np.random.default_rng(0).integers(0, 255, (60, 60, 4), np.uint8)
    Image.fromarray(noise).save(made / "transparent.png")
    photos = [made / name for name in ("0.png", "1.jpg", "2.bmp", "transparent.png")]
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(trained.folder)
        for name, each in FORMATS.items():
            if all(importlib.util.find_spec(module) for module in each.packages):
                call("export", "outputs/small/first", "--format", name, "--example", "--to", made / name, "--quiet")
        found = call("predict", "outputs/small/first", *photos, "--json").json["predictions"]
    return made, {photo: (each["class"], each["probability"]) for photo, each in zip(photos, found, strict=True)}


@pytest.mark.parametrize("name", FORMATS)
def test_script_gives_the_answer_of_predict(exports, name):
    folder, answers = exports
    if not (folder / name).exists():
        pytest.skip(f"the packages of {name} are not installed")
    script = [sys.executable, "-c", BLOCKED, str(folder / name / "predict.py")]
    done = subprocess.run([*script, *map(str, answers)], text=True, capture_output=True, check=True, cwd=folder)
    lines = re.findall(r"^(.+): (\S+) ([\d.]+)%$", done.stdout, re.MULTILINE)
    assert len(lines) == len(answers)
    for (photo, (class_name, probability)), (file, found, percent) in zip(answers.items(), lines, strict=True):
        assert (file, found) == (str(photo), class_name)
        assert float(percent) / 100 == pytest.approx(probability, abs=6e-4)


def test_server_reads_encoded_images(exports):
    import tensorflow as tf

    folder, answers = exports
    loaded = tf.saved_model.load(str(folder / "saved_model" / "saved_model"))
    contents = tf.constant([photo.read_bytes() for photo in answers])
    found = loaded.signatures[IMAGE_FILES](image_bytes=contents)["probabilities"].numpy()
    for row, (class_name, probability) in zip(found, answers.values(), strict=True):
        assert str(row.argmax()) == class_name
        assert row.max() == pytest.approx(probability, abs=0.02)  # Pillow rounds after each direction


def test_scores_are_those_of_the_run(trained, exports, monkeypatch, tmp_path):
    monkeypatch.chdir(trained.folder)
    done = call("export", "outputs/small/first", "--format", "saved_model", "--to", tmp_path / "again", "--json").json
    scores = call("evaluate", "outputs/small/first", "--json").json["metrics"]
    [export] = done["exports"]
    assert export["scores"]["accuracy"] == pytest.approx(scores["accuracy"], abs=1e-6)
    assert done["data"] == "test split"
