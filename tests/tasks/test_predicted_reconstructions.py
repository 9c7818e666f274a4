"""What `predict --to` writes of reconstructions and of vectors: pictures in the size of the original, arrays, tables."""

import io

import numpy as np
import pytest
from PIL import Image

from cnncli.data.image_geometry import Geometry, unchanged
from cnncli.data.images import Form
from cnncli.tasks.decoder import Original
from cnncli.tasks.identities.decoding import VectorDecoder
from cnncli.tasks.identities.prediction_files import MOST_COMPARED, VectorFiles
from cnncli.tasks.identities.targets import IdentityTargets
from cnncli.tasks.reconstruction.decoding import InputDecoder
from cnncli.tasks.reconstruction.prediction_files import ReconstructionFiles
from cnncli.tasks.reconstruction.targets import InputTargets


def files_of(outputs, inputs, geometry, **targets):
    info = InputTargets(shape=outputs.shape[1:], low=0.0, high=1.0, **targets)
    made = ReconstructionFiles(InputDecoder(info, "inputs", outputs.shape[-1]))
    original = Original("a", "a.png", geometry, lambda: np.zeros((1, 1, 1)))
    return dict(made.of([original], {"inputs": inputs, "outputs": outputs}))


def pixels(content):
    return np.asarray(Image.open(io.BytesIO(content)))


@pytest.mark.parametrize(
    ("resize", "seen"),  # rows and columns of 20 x 40 that the network got
    [
        ("stretch", (slice(None), slice(None))),
        ("pad", (slice(None), slice(None))),
        ("crop", (slice(None), slice(10, 30))),
    ],
)
def test_pictures_have_the_size_of_the_original_and_black_where_the_network_saw_nothing(resize, seen):
    inputs = np.full((1, 8, 8, 1), 0.25, np.float32)
    found = files_of(inputs + 0.25, inputs, Geometry(20, 40, Form(8, 8, resize=resize)))
    expected = np.zeros((20, 40), np.uint8)
    expected[seen] = 128  # 0.5 of 255
    np.testing.assert_array_equal(pixels(found["a_output.png"]), expected)
    assert pixels(found["a_error.png"]).shape == (20, 40, 3)


def test_errors_have_the_same_colours_in_every_picture():
    """With a median squared error of 0.0001 on the validation split, 0.06 is the brightest colour, and 0.03 the middle one."""
    inputs = np.zeros((1, 4, 4, 3), np.float32)
    outputs = inputs.copy()
    outputs[0, 0, 0], outputs[0, 1, 1] = 0.06, 0.03
    errors = tuple([0.0001] * 101)
    error = pixels(files_of(outputs, inputs, unchanged(4, 4), errors=errors)["a_error.png"])
    assert error[0, 0].tolist() == [252, 255, 164]  # the last colour of matplotlib's inferno
    assert np.abs(error[1, 1].astype(int) - [188, 55, 84]).max() <= 2  # the middle one
    assert error[3, 3].tolist() == [0, 0, 4]  # the first one


def test_an_output_that_is_smaller_than_the_input_is_enlarged():
    outputs = np.full((1, 4, 4, 3), 1.0, np.float32)  # behind a Resizing of `prepare`
    found = files_of(outputs, outputs, Geometry(12, 10, Form(8, 8)))
    assert pixels(found["a_output.png"]).shape == (12, 10, 3)
    assert (pixels(found["a_output.png"]) == 255).all()


def test_what_is_no_image_is_written_as_arrays():
    outputs = np.arange(20, dtype=np.float32).reshape(1, 10, 2) / 20
    found = files_of(outputs, outputs * 0, None)
    np.testing.assert_array_equal(np.load(io.BytesIO(found["a_output.npy"])), outputs[0])
    np.testing.assert_array_equal(np.load(io.BytesIO(found["a_error.npy"])), outputs[0])


def vector_files(vectors, names, threshold=0.9):
    files = VectorFiles(VectorDecoder(IdentityTargets(identities=2, threshold=threshold), "vectors", vectors.shape[1]))
    for name, vector in zip(names, vectors, strict=True):
        assert list(files.of([Original("s", name, None, lambda: np.zeros(1))], vector[None])) == []
    return dict(files.end())


def test_vectors_come_with_their_nearest_ones_and_a_table_of_similarities():
    vectors = np.array([[1, 0], [0.8, 0.6], [0, 1]], np.float32)
    found = vector_files(vectors, ["a.png", "=b.png", "c.png"], threshold=0.7)
    np.testing.assert_array_equal(np.load(io.BytesIO(found["vectors.npy"])), vectors)
    assert found["nearest.csv"].decode().splitlines() == [
        "file,nearest,similarity,same",
        "a.png,'=b.png,0.8,1",
        "'=b.png,a.png,0.8,1",
        "c.png,'=b.png,0.6,0",
    ]
    assert found["similarities.csv"].decode().splitlines() == [
        "file,a.png,'=b.png,c.png",
        "a.png,1.0000,0.8000,0.0000",
        "'=b.png,0.8000,1.0000,0.6000",
        "c.png,0.0000,0.6000,1.0000",
    ]


def test_one_vector_has_no_neighbour_and_very_many_have_no_table():
    assert set(vector_files(np.array([[1, 0]], np.float32), ["a"])) == {"vectors.npy", "nearest.csv"}
    many = np.ones((MOST_COMPARED + 1, 1), np.float32)
    assert set(vector_files(many, [str(number) for number in range(len(many))])) == {"vectors.npy", "nearest.csv"}
