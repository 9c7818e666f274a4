"""The pictures of an evaluation, for every kind of network and of data."""

import numpy as np
import pytest
from matplotlib.text import Text
from PIL import Image

from cnncli import task_registry
from cnncli.data.dataset import INPUT, Examples, ImageFiles
from cnncli.data.images import Form
from cnncli.plots.evaluation_figures import draw_evaluation
from cnncli.tasks.classification.scorer import ClassificationScorer
from cnncli.tasks.classification.targets import ClassTargets


def evaluation(labels, outputs, names):
    scorer = ClassificationScorer(ClassTargets(class_names=names))
    scorer.update(labels, outputs)
    return scorer.result(split="test", loss=0.0, metrics={})


def draw(tmp_path, inputs, outputs, names, **more):
    labels = (np.arange(len(outputs)) % len(names)).astype(np.int32)
    files = draw_evaluation(
        tmp_path, evaluation(labels, outputs, names), Examples({INPUT: inputs}, labels), title="t", **more
    )
    assert sorted(files) == sorted(tmp_path.glob("*.*"))
    return [path.name for path in files]


def random(*shape):
    return np.random.default_rng(0).random(shape, dtype=np.float32)


@pytest.mark.parametrize(
    ("shape", "outputs", "classes", "expected"),
    [
        ((8, 8, 1), 3, 3, ["confusion", "roc", "calibration", "wrong"]),
        ((40, 2), 1, 2, ["confusion", "roc", "calibration", "thresholds", "wrong"]),
        ((8, 8, 5), 2, 2, ["confusion", "roc", "calibration", "thresholds"]),
    ],
    ids=["images", "signals of two classes", "images of five channels"],
)
def test_what_is_drawn(tmp_path, shape, outputs, classes, expected):
    drawn = draw(tmp_path, random(30, *shape), random(30, outputs), [str(i) for i in range(classes)])
    assert drawn == [f"{name}.png" for name in expected]


def test_outputs_that_are_no_probabilities_have_no_calibration(tmp_path):
    drawn = draw(tmp_path, random(30, 8, 8, 1), 9 * random(30, 3), ["a", "b", "c"])
    assert drawn == ["confusion.png", "roc.png", "wrong.png"]


def test_images_that_stay_in_files_are_read(tmp_path):
    folder = tmp_path / "photos"
    folder.mkdir()
    for number in range(4):
        Image.new("RGB", (6, 6), (10 * number, 0, 0)).save(folder / f"{number}.png")
    inputs = ImageFiles(tuple(str(folder / f"{i}.png") for i in range(4)), Form(6, 6, "stretch", "rgb"))
    (tmp_path / "figures").mkdir()
    outputs = np.array([[0.1, 0.9], [0.9, 0.1], [0.9, 0.1], [0.1, 0.9]], np.float32)
    drawn = draw(tmp_path / "figures", inputs, outputs, ["a", "b"], formats=("png", "svg"))
    assert drawn[-2:] == ["wrong.png", "wrong.svg"]


def test_every_title_says_what_the_picture_shows(tmp_path):
    labels = (np.arange(30) % 2).astype(np.int32)
    scored = evaluation(labels, random(30, 1), ["a", "b"])
    drawn = task_registry.part("classification", "figures").draw(
        scored, Examples({INPUT: random(30, 8, 8, 1)}, labels), title="r: test split", kinds={}
    )

    titles = [max(figure.findobj(Text), key=lambda text: text.get_fontsize()).get_text() for _, figure in drawn]

    shown = ["confusion matrix", "ROC and precision-recall curves", "calibration", "scores by threshold"]
    assert titles == [f"r: test split, {each}" for each in [*shown, "wrong predictions"]]
