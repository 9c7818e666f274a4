"""The drawn faces: a pure function of the seed, each person in one part."""

from __future__ import annotations

import hashlib
from random import Random

import numpy as np

from cnncli.data.samples import faces


def test_a_picture_is_a_pure_function_of_its_seed() -> None:
    face = faces.person(3)
    one, again, other = (faces.picture(face, Random(text)) for text in ("a", "a", "b"))
    assert one.shape == (48, 48, 1)
    assert one.dtype == np.uint8
    assert (one == again).all()
    assert (one != other).mean() > 0.5
    assert faces.person(3) == face != faces.person(3, seed=1)


def test_nobody_is_in_two_parts() -> None:
    images, test = faces.people("test")
    _, validation = faces.people("validation")
    assert images.shape == (20 * 16, 48, 48, 1)
    assert np.unique(test).tolist() == list(range(50, 70))
    assert np.unique(validation).tolist() == list(range(40, 50))
    assert len({hashlib.sha256(image).digest() for image in images}) == len(images)
