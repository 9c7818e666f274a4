"""What the demo shows for each task and kind of input."""

from __future__ import annotations

import keras
import numpy as np
import pytest
from PIL import Image

from cnncli.data.scales import Scale
from cnncli.demo.answers import MOST_ROWS, Answerer
from cnncli.errors import ModelFileError
from cnncli.inference.model_loading import TrainedModel, numbered_classes
from cnncli.tasks.classification.targets import ClassTargets
from cnncli.tasks.detection.targets import BoxTargets
from cnncli.tasks.identities.targets import IdentityTargets
from cnncli.tasks.multilabel.targets import LabelTargets
from cnncli.tasks.reconstruction.targets import InputTargets
from cnncli.tasks.regression.targets import Numbers, NumberTargets
from cnncli.tasks.segmentation.targets import MaskTargets


def answerer(inputs, *layers, targets=None, **more) -> Answerer:
    keras.utils.set_random_seed(1)
    model = keras.Sequential([keras.Input(inputs), *layers])
    return Answerer(TrainedModel(model, "some.keras", targets or numbered_classes(model), **more))


def ends_in(outputs: list[float], activation: str) -> keras.layers.Layer:
    """A last layer that gives the same outputs for every example."""
    return keras.layers.Dense(
        len(outputs),
        activation=activation,
        kernel_initializer="zeros",
        bias_initializer=lambda shape, dtype=None: np.asarray(outputs, np.float32),
    )


def class_1(shape, dtype=None):
    return np.array([0, 9], np.float32)


def numbers(count: int) -> NumberTargets:
    return NumberTargets(numbers=Numbers(low=(0.0,) * count, mean=(0.5,) * count, high=(1.0,) * count))


@pytest.fixture
def image(tmp_path):
    path = tmp_path / "a.png"
    Image.fromarray(np.random.default_rng(0).integers(0, 255, (8, 8, 3), dtype=np.uint8)).save(path)
    return str(path)


def test_multilabel_shows_all_labels_above_the_threshold(image):
    names = ("sea", "<b>sky</b>", "sand")
    last = ends_in([2.0, 1.0, -1.0], "sigmoid")
    targets = LabelTargets(class_names=names)
    answer = answerer((8, 8, 3), keras.layers.Flatten(), last, targets=targets).image(image, invert=False)

    assert list(answer.shares) == ["sea", "<b>sky</b>"]
    assert answer.shares["sea"] == pytest.approx(1 / (1 + np.exp(-2)))
    assert answer.heat is None
    assert "no Grad-CAM: no layer of the network gives maps" in answer.message


def test_multilabel_without_a_label_above_the_threshold_says_none(image):
    targets = LabelTargets(class_names=("sea", "sky"))
    shown = answerer((8, 8, 3), keras.layers.Flatten(), ends_in([-2.0, -3.0], "sigmoid"), targets=targets)
    answer = shown.image(image, invert=False)

    assert answer.shares == {}
    assert answer.text.startswith("none, ")
    assert "sea 0.1192" in answer.text


def test_regression_shows_its_numbers_and_heat(image):
    targets = numbers(2)
    layers = [keras.layers.Conv2D(2, 3), keras.layers.Flatten(), ends_in([7.25, -3.0], "linear")]
    answer = answerer((8, 8, 3), *layers, targets=targets).image(image, invert=False)

    assert (answer.shares, answer.text) == ({}, "7.250, -3.000")
    assert answer.heat.shape == (336, 336, 3)


def test_segmentation_shows_the_mask_over_the_image(image):
    layers = [keras.layers.Conv2D(2, 1, kernel_initializer="zeros", bias_initializer=class_1, activation="softmax")]
    targets = MaskTargets(class_names=("ground", "disc"), mask_shape=(8, 8))
    answer = answerer((8, 8, 3), *layers, targets=targets).image(image, invert=False)

    photo = np.asarray(Image.open(image)).repeat(42, axis=0).repeat(42, axis=1)
    np.testing.assert_allclose(answer.pictures["Classes"], 0.45 * photo + 0.55 * np.array([230, 159, 0]), atol=0.51)
    assert answer.shares == {"disc": 1.0}


@pytest.mark.parametrize(
    ("shape", "images"), [((28, 28, 1), True), ((28, 28, 3), True), ((8, 8, 2), False), ((20, 3), False)]
)
def test_inputs_that_no_image_file_becomes_are_files_of_arrays(shape, images):
    made = answerer(shape, keras.layers.Flatten(), ends_in([0.0, 1.0], "softmax"))

    assert made.takes_images == images
    assert made.summary.startswith("2 classes · input ")


def test_file_of_signals_is_a_table_of_its_first_examples(tmp_path):
    np.save(tmp_path / "x.npy", np.zeros((MOST_ROWS + 20, 20, 3), np.float32))
    targets = ClassTargets(class_names=("calm", "[red]storm"))
    made = answerer((20, 3), keras.layers.Flatten(), ends_in([0.0, 1.0], "softmax"), targets=targets)
    table = made.file(str(tmp_path / "x.npy"))

    assert made.summary == "2 classes · input signal of shape 20x3"
    assert table.columns == ["example", "class", "probability", "next classes"]
    assert len(table.rows) == MOST_ROWS
    assert table.rows[0] == ["0", "[red]storm", "0.7311", "calm 0.2689"]
    assert table.message.splitlines()[0] == f"File: {MOST_ROWS + 20} examples, the first {MOST_ROWS} are shown"


def test_table_of_a_single_number_has_no_empty_columns(tmp_path):
    np.save(tmp_path / "x.npy", np.zeros((2, 5), np.float32))
    targets = numbers(1)
    table = answerer((5,), ends_in([7.25], "linear"), targets=targets).file(str(tmp_path / "x.npy"))

    assert (table.columns, table.rows) == (["example", "value"], [["0", "7.250"], ["1", "7.250"]])


def test_file_of_another_shape_is_a_message(tmp_path):
    np.save(tmp_path / "x.npy", np.zeros((2, 7), np.float32))
    table = answerer((5,), ends_in([0.0, 1.0], "softmax")).file(str(tmp_path / "x.npy"))

    assert table.rows == []
    assert table.message.startswith("x.npy: ")
    assert str(tmp_path) not in table.message


@pytest.mark.parametrize(("ground", "inverted"), [(0.0, True), (1.0, False), (None, False)])
def test_drawings_are_inverted_where_the_training_images_are_dark(ground, inverted):
    scale = Scale(0.0, 255.0, 255.0, False, 10, ground)
    made = answerer((28, 28, 1), keras.layers.Flatten(), ends_in([0.0, 1.0], "softmax"), scales={"input": scale})

    assert made.draws_light_on_dark == inverted


def test_network_with_several_inputs_is_refused():
    first, second = keras.Input((4,), name="first"), keras.Input((4,), name="second")
    model = keras.Model({"first": first, "second": second}, keras.layers.Dense(2)(keras.layers.Add()([first, second])))

    with pytest.raises(ModelFileError, match=r"takes several inputs \(first, second\), and the page takes one"):
        Answerer(TrainedModel(model, "some.keras", numbered_classes(model)))


def maps_of_one_box(inputs):
    """Layers that give a box of 4x4 pixels in the middle of each image of 8x8, whatever it shows."""
    centres, sides = np.zeros((4, 4, 2), np.float32), np.full((4, 4, 4), 1.5, np.float32)
    centres[2, 2, 1] = 0.75
    nothing = keras.layers.Rescaling(0.0)(keras.layers.AveragePooling2D(2)(inputs))
    return {
        name: keras.layers.Conv2D(len(maps[0, 0]), 1, kernel_initializer="zeros")(nothing) + maps[None]
        for name, maps in (("centres", centres), ("sides", sides))
    }


def test_boxes_are_drawn_on_the_image(image):
    inputs = keras.Input((8, 8, 3))
    trained = TrainedModel(
        keras.Model(inputs, maps_of_one_box(inputs)), "some.keras", BoxTargets(class_names=("cat", "dog"))
    )
    shown = Answerer(trained)
    answer = shown.image(image, invert=False)

    assert (shown.titles, answer.text, answer.heat) == (["Boxes"], "dog 75.0%", None)
    drawn = answer.pictures["Boxes"]
    assert drawn.shape == (320, 320, 3)  # enlarged, so that lines and words can be read
    assert not (drawn == np.asarray(Image.open(image).resize((320, 320), 0))).all()


def test_reconstructions_are_shown_with_their_error(image):
    targets = InputTargets(shape=(8, 8, 3), low=0.0, high=255.0, errors=tuple(np.linspace(1, 101, 101)))
    shown = answerer((8, 8, 3), keras.layers.Rescaling(1.0, offset=2.0), targets=targets)
    answer = shown.image(image, invert=False)

    assert shown.titles == ["Output", "Error"]
    assert answer.text == "error 4.000, PSNR 42.11 dB, percentile 3.0 of all validation examples"  # 10 log10(255² / 2²)
    assert {title: each.shape for title, each in answer.pictures.items()} == {
        "Output": (336, 336, 3),
        "Error": (336, 336, 3),
    }
    expected = np.clip(np.asarray(Image.open(image), int) + 2, 0, 255)
    np.testing.assert_array_equal(answer.pictures["Output"][::42, ::42], expected)


def test_two_images_of_identities_are_compared(image, tmp_path):
    other = tmp_path / "b.png"
    Image.fromarray(255 - np.asarray(Image.open(image))).save(other)
    targets = IdentityTargets(identities=2, threshold=0.9)
    last = keras.layers.UnitNormalization()
    shown = answerer((8, 8, 3), keras.layers.Flatten(), keras.layers.Dense(4), last, targets=targets)

    assert shown.compares
    assert shown.pair(image, image, invert=False).text == "first and second: 1.0000, same identity (threshold 0.9000)"
    assert "different identities" in shown.pair(image, str(other), invert=False).text
    broken = tmp_path / "c.png"
    broken.write_bytes(b"no image")
    answer = shown.pair(image, str(broken), invert=False)
    assert (answer.text, "c.png" in answer.message) == ("", True)
