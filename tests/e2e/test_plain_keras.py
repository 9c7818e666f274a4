"""The documented lines for plain Keras give what `predict` gives, in a process that cannot import cnncli."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from commands import call, draw_nothing, without_graphs
from PIL import Image

ROOT = Path(__file__).parents[2]
RECIPE = """\
name: photos
data:
  source: {image_folder: {path: photos, image_size: [24, 32], resize: %s, color: %s}}
  prepare: [Rescaling: {scale: $(1 / 255)}]
model:
  layers:
    - Conv2D: {filters: 4, kernel_size: 3, activation: relu}
    - Flatten
    - Dense: {units: $classes, activation: softmax}
train: {epochs: 1, batch_size: 8, seed: 1, precision: %s}
"""


def lines(file: str, title: str) -> list[str]:
    """The lines of a Python block that follows a comment, without empty ones."""
    text = (ROOT / file).read_text(encoding="utf-8")
    [block] = re.findall(rf"<!-- {title} -->\n```python\n(.*?)```", text, re.DOTALL)
    return [line for line in str(block).splitlines() if line]


def program(resize: str) -> str:
    """The documented program; other ways to resize take the place of its fourth line."""
    whole = lines("docs/using-models.md", "plain Keras")
    if resize != "stretch":
        whole[3:4] = lines("docs/using-models.md", f"plain Keras: {resize}")
    return "\n".join(whole)


def make_photos(folder: Path) -> None:
    random = np.random.default_rng(0)
    for name, value in (("bright", 200), ("dark café", 40)):
        for number in range(10):
            pixels = np.clip(random.normal(value, 40, (40, 50, 3)), 0, 255).astype(np.uint8)
            file = folder / "photos" / name / f"{number}.png"
            file.parent.mkdir(parents=True, exist_ok=True)
            Image.fromarray(pixels).save(file)
    wide = np.clip(random.normal(100, 60, (61, 143, 3)), 0, 255).astype(np.uint8)
    Image.fromarray(wide).save(folder / "photo.png")


FORMS = [("stretch", "rgb", "float32"), ("pad", "grayscale", "float32"), ("crop", "rgb", "mixed_bfloat16")]
# Runs the program of each folder in one process, which has no cnncli.
ALL_PROGRAMS = """\
import os, sys
sys.modules["cnncli"] = None
for folder in sys.argv[1:]:
    os.chdir(folder)
    with open("program.py", encoding="utf-8") as file:
        exec(file.read(), {})
"""


@pytest.fixture(scope="module")
def answers(tmp_path_factory: pytest.TempPathFactory) -> dict[tuple[str, str, str], tuple[Any, Any]]:
    """For each of `FORMS`: the classes of photo.png with their probabilities as the program gives them, and as `predict`."""
    expected, plain = [], []
    for resize, color, precision in FORMS:
        folder = tmp_path_factory.mktemp(resize)
        make_photos(folder)
        (folder / "r.yaml").write_text(RECIPE % (resize, color, precision), encoding="utf-8")
        with pytest.MonkeyPatch.context() as patch:
            patch.chdir(folder)
            draw_nothing(patch)
            with without_graphs():
                call("train", "r.yaml", "--run", "first", "--quiet")
            [predicted] = call("predict", "first", "photo.png", "--json", "--top", "2").json["predictions"]
        expected.append({each["class"]: each["probability"] for each in predicted["top"]})
        plain.append(folder / "plain")
        plain[-1].mkdir()
        (plain[-1] / "program.py").write_text(program(resize), encoding="utf-8")
        for file in (folder / "outputs/photos/first/model.keras", folder / "photo.png"):
            (plain[-1] / file.name).write_bytes(file.read_bytes())

    done = subprocess.run(
        [sys.executable, "-c", ALL_PROGRAMS, *plain],
        capture_output=True,
        text=True,
        encoding="utf-8",
        env={"PATH": "", "PYTHONIOENCODING": "utf-8", "TF_CPP_MIN_LOG_LEVEL": "3"},
        check=False,
    )

    assert done.returncode == 0, done.stderr
    found = [ast.literal_eval(line) for line in done.stdout.splitlines() if line.startswith("{")]
    return dict(zip(FORMS, zip(found, expected, strict=True), strict=True))


@pytest.mark.parametrize("form", FORMS, ids="-".join)
def test_documented_lines_give_what_predict_gives(answers, form):
    found, expected = answers[form]

    assert found == pytest.approx(expected, abs=1e-5)


def test_the_program_has_six_lines_and_the_readme_has_the_same():
    assert len(lines("docs/using-models.md", "plain Keras")) == 6
    assert lines("README.md", "plain Keras") == lines("docs/using-models.md", "plain Keras")
