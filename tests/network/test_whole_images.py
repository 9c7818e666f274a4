"""A network over images that are larger than its input."""

import keras
import numpy as np
import pytest

from cnncli.network.whole_images import over_whole_images
from cnncli.recipe.example_windows import Windows


@pytest.mark.parametrize(
    ("size", "of", "overlap"), [([8, 6], [20, 13], 2), ([8, 8], [8, 8], None), ([4, 3, 5], [9, 3, 6], 1)]
)
def test_what_does_not_depend_on_the_window_is_unchanged(size, of, overlap):
    windows = Windows(size=size, overlap=overlap, of=of)
    model = keras.Sequential([keras.Input((*size, 2)), keras.layers.Rescaling(3.0)])
    images = np.random.default_rng(0).normal(size=(3, *of, 2)).astype(np.float32)

    np.testing.assert_allclose(over_whole_images(model, windows)(images), 3 * images, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize(("size", "of", "overlap"), [([8, 6], [20, 13], 2), ([4, 3, 5], [9, 3, 6], 1)])
def test_sum_in_a_loop_is_the_same(size, of, overlap):
    model = keras.Sequential([keras.Input((*size, 2)), keras.layers.Dense(3), keras.layers.LayerNormalization()])
    whole = over_whole_images(model, Windows(size=size, overlap=overlap, of=of))
    images = np.random.default_rng(0).normal(size=(3, *of, 2)).astype(np.float32)

    np.testing.assert_allclose(whole.layers[-1].summed_in_a_loop(images), whole(images), rtol=1e-4, atol=1e-5)


def test_outputs_count_more_the_nearer_to_the_middle_of_their_window():
    windows = Windows(size=[4, 1], overlap=2, of=[6, 1])  # from 0 and from 2 on
    model = keras.Sequential([keras.Input((4, 1, 1)), keras.layers.GlobalMaxPooling2D(keepdims=True)])
    model = keras.Sequential(
        [*model.layers, keras.layers.UpSampling2D((4, 1))]
    )  # each pixel: the largest of its window
    model.build((None, 4, 1, 1))
    image = np.array([0, 1, 2, 3, 4, 5], np.float32).reshape(1, 6, 1, 1)

    # Weights along a window: 1/2, 1, 1, 1/2. Pixel 2: (1 * 3 + 1/2 * 5) / (3/2), pixel 3: (1/2 * 3 + 1 * 5) / (3/2).
    expected = [3, 3, 11 / 3, 13 / 3, 5, 5]
    np.testing.assert_allclose(np.ravel(over_whole_images(model, windows)(image)), expected, rtol=1e-6)


def test_metrics_of_the_training_are_not_those_of_whole_images():
    model = keras.Sequential([keras.Input((4, 4, 1)), keras.layers.Conv2D(1, 1)])
    model.compile(loss="mse", metrics=["mae"])
    model.train_on_batch(np.ones((1, 4, 4, 1)), np.ones((1, 4, 4, 1)))
    assert over_whole_images(model, Windows(size=[4, 4], of=[8, 8])).metrics == []


def test_a_model_without_windows_stays():
    model = keras.Sequential([keras.Input((4, 4, 1)), keras.layers.Rescaling(1.0)])
    assert over_whole_images(model, None) is model
