"""The memory of activations is counted before any of them is computed, wherever in a network they arise."""

from __future__ import annotations

import keras
import pytest
from keras import layers

from cnncli.errors import ModelFileError, ResourceError
from cnncli.inference import activation_memory
from cnncli.inference.activation_memory import measure


def sequential(shape, *more):
    return keras.Sequential([keras.Input(shape), *more])


def functional(shape, call):
    inputs = keras.Input(shape)
    return keras.Model(inputs, call(inputs))


def huge(side=60_000):
    return layers.Resizing(side, side, name="huge")


MEAN = layers.GlobalAveragePooling2D
IMAGE = (28, 28, 1)
HUGE = {
    "a resized image": lambda: sequential(IMAGE, huge(), MEAN()),
    "repeated pixels": lambda: sequential(IMAGE, layers.UpSampling2D(10_000, name="huge"), MEAN()),
    "a border": lambda: sequential(IMAGE, layers.ZeroPadding2D(100_000, name="huge"), MEAN()),
    "strides of a transposed convolution": lambda: sequential(
        IMAGE, layers.Conv2DTranspose(1, 1, strides=10_000, name="huge"), MEAN()
    ),
    "copies": lambda: sequential((28,), layers.RepeatVector(10**9, name="huge"), layers.GlobalAveragePooling1D()),
    "an embedding": lambda: sequential(
        (10**6,), layers.Embedding(2, 10**5, name="huge"), layers.GlobalAveragePooling1D()
    ),
    "units over maps": lambda: sequential((10**4, 10**4, 1), layers.Dense(1000, name="huge"), MEAN()),
    "within a wrapper": lambda: sequential((2, *IMAGE), layers.TimeDistributed(sequential(IMAGE, huge(), MEAN()))),
    "within a pipeline": lambda: sequential(IMAGE, layers.Pipeline([huge(), layers.Resizing(4, 4)]), layers.Flatten()),
    "within a network": lambda: functional(IMAGE, sequential(IMAGE, huge(), MEAN())),
    "the scores of attention": lambda: functional(
        (200_000, 2), lambda x: layers.MultiHeadAttention(2, 2, name="huge")(x, x)
    ),
}


@pytest.mark.parametrize("name", HUGE)
def test_huge_tensor_is_counted_and_named(name, monkeypatch):
    found = measure(HUGE[name](), shown="m.keras")

    assert found is not None
    assert found.largest[0][0] == "huge"
    assert found.peak_bytes > 10e9
    monkeypatch.setattr(activation_memory, "available_bytes", lambda: 8 << 30)
    with pytest.raises(ResourceError, match=r"the largest layers, for 1 example: huge \("):
        found.check(shown="m.keras")


def test_copies_along_the_batch_are_counted():
    found = measure(functional(IMAGE, lambda x: keras.ops.tile(x, [10**7, 1, 1, 1])), shown="m.keras")

    assert found is not None
    assert found.largest[0] == ("Tile", 10**7 * 28 * 28 * 4)


def test_what_is_used_up_makes_room_and_a_gradient_keeps_it():
    # Three activations of 100 float32 numbers each, one after the other: two are in memory at a time.
    model = sequential((100,), *(layers.Activation("tanh") for _ in range(3)))
    found = measure(model, shown="m.keras")

    assert found is not None
    assert (found.peak_bytes, found.all_bytes) == (800, 1200)


def test_open_sizes_are_counted_when_the_examples_are_known():
    model = sequential((None, None, 1), layers.UpSampling2D(2), MEAN())

    assert measure(model, shown="m.keras") is None
    small = measure(model, (10, 10, 1), shown="m.keras")
    large = measure(model, (1000, 1000, 1), shown="m.keras")
    assert small is not None
    assert large is not None
    assert large.peak_bytes > 5_000 * small.peak_bytes


def test_batch_that_the_network_fixes_counts_as_a_whole():
    inputs = keras.Input(batch_shape=(50, 100))
    found = measure(keras.Model(inputs, layers.Activation("tanh")(inputs)), shown="m.keras")

    assert found is not None
    assert (found.examples, found.peak_bytes) == (50, 50 * 400)


@pytest.mark.parametrize(("free", "expected"), [(800 * 2 * 10, 10), (1 << 40, 128), (0, 1)])
def test_batch_size_fits_twice_into_memory(free, expected, monkeypatch):
    found = measure(sequential((100,), *(layers.Activation("tanh") for _ in range(3))), shown="m.keras")
    monkeypatch.setattr(activation_memory, "available_bytes", lambda: free)

    assert found is not None
    assert found.batch_size() == expected


def test_batch_that_does_not_fit_names_one_that_does(monkeypatch):
    found = measure(sequential((100,), layers.Activation("tanh")), shown="m.keras")
    monkeypatch.setattr(activation_memory, "available_bytes", lambda: 4_000)

    assert found is not None
    found.check(shown="m.keras", batch_size=10)
    with pytest.raises(ResourceError) as error:
        found.check(shown="m.keras", batch_size=11, hint="try fewer")
    assert error.value.problems[0].hint.endswith("\ntry fewer: 10 would fit")


def test_network_that_cannot_be_computed_is_no_bug_of_ours():
    model = sequential((None, 1), layers.Conv1D(1, 9))
    with pytest.raises(ModelFileError, match=r"^m\.keras cannot be computed: "):
        measure(model, (3, 1), shown="m.keras")
