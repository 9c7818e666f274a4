"""What is worth a word about a recipe and its data together."""

import numpy as np
import pytest

from cnncli.data.dataset import INPUT, Examples, ImageFiles, Splits
from cnncli.data.images import Form
from cnncli.recipe.load import load_bytes
from cnncli.tasks.classification.targets import ClassTargets
from cnncli.workflow.warnings import remarks

RECIPE = """\
data: {{source: {{npz: {{path: x.npz}}}}, prepare: [{prepare}]}}
model: {{layers: [{layers}, Flatten, Dense: {{units: 2, activation: softmax}}]}}
"""
CONVOLUTION = "Conv2D: {filters: 2, kernel_size: 3}"


def splits_of(inputs):
    examples = Examples({INPUT: inputs}, np.zeros(len(inputs), np.int32))
    return Splits(
        examples, examples, examples, ClassTargets(class_names=("a", "b")), tuple(inputs.shape[1:]), "x", (), ""
    )


def told(inputs, layers=CONVOLUTION, prepare=""):
    recipe = load_bytes(RECIPE.format(layers=layers, prepare=prepare).encode(), "r.yaml").recipe
    return len(about_values(remarks(recipe, splits_of(inputs))))


def about_values(found):
    """Without the note that the made-up splits are small."""
    return [problem for problem in found if problem.path != ("data", "split")]


def images(highest, dtype=np.float32):
    return np.linspace(0, highest, 4 * 8 * 8, dtype=np.float64).reshape(4, 8, 8, 1).astype(dtype)


@pytest.mark.parametrize(("highest", "count"), [(255.0, 1), (1.0, 0), (3.5, 0), (4000.0, 1)])
def test_large_inputs_are_reported_by_their_range(highest, count):
    assert told(images(highest)) == count


def test_photos_are_reported_whether_in_memory_or_in_files():
    assert told(images(255, np.uint8)) == 1
    assert told(ImageFiles(("a.png",), Form(8, 8, "pad", "rgb"))) == 1


@pytest.mark.parametrize(
    ("layers", "prepare"),
    [
        (CONVOLUTION, "Rescaling: 0.1"),
        (f"Rescaling: 0.1, {CONVOLUTION}", ""),
        (f"{CONVOLUTION}, BatchNormalization", ""),
        ("VGG16: {weights: null, include_top: false}", ""),
    ],
    ids=["prepared", "rescaled first", "normalized behind the first kernel", "an application"],
)
def test_network_that_scales_its_inputs_is_left_alone(layers, prepare):
    assert told(images(255), layers, prepare) == 0


def test_normalization_far_behind_does_not_count():
    assert told(images(255), f"{CONVOLUTION}, ReLU, BatchNormalization") == 1


@pytest.mark.parametrize(("value_range", "count"), [("[0, 1]", 1), ("[0, 255]", 0)])
def test_augmentation_that_expects_a_smaller_range_than_the_data_has_is_reported(value_range, count):
    text = RECIPE.format(prepare="Rescaling: {scale: $(1 / 255)}", layers=CONVOLUTION)
    augment = f"augment: [RandomFlip: horizontal, RandomContrast: {{factor: 0.2, value_range: {value_range}}}], prepare"
    recipe = load_bytes(text.replace("prepare", augment, 1).encode(), "r.yaml").recipe

    found = about_values(remarks(recipe, splits_of(images(255, np.uint8))))

    assert [problem.path for problem in found] == [("data", "augment", 1)] * count
