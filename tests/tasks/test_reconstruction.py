"""Reconstruction: what validation and evaluation do to inputs, scores batch by batch, lines of predictions.csv."""

from __future__ import annotations

import random

import numpy as np
import pytest

from cnncli.data.columns import as_array
from cnncli.data.dataset import INPUT, Examples
from cnncli.errors import DataError, RecipeError
from cnncli.recipe.keras_objects.objects import KerasObject
from cnncli.tasks.identities.subject import VectorSubject
from cnncli.tasks.reconstruction.evaluation_inputs import evaluation_inputs
from cnncli.tasks.reconstruction.predictions import to_csv
from cnncli.tasks.reconstruction.scorer import ReconstructionScorer
from cnncli.tasks.reconstruction.subject import InputSubject
from cnncli.tasks.reconstruction.targets import InputTargets

NOISE = ({"Rescaling": 1 / 255}, {"GaussianNoise": 0.2}, {"Rescaling": 255})
PIXELS = np.random.default_rng(0).integers(0, 255, (70, 8, 8, 1)).astype(np.uint8)  # more than two blocks of 32


def targets(seed=3, corruption=NOISE):
    return InputTargets(shape=(8, 8, 1), low=0.0, high=1.0, corruption=corruption, seed=seed)


def changed(known, count=len(PIXELS)):
    examples = Examples({INPUT: PIXELS[:count]}, np.zeros(count, np.int8))
    return as_array(evaluation_inputs(known, examples))


def test_noise_of_an_example_does_not_depend_on_those_after_it():
    assert np.array_equal(changed(targets())[:41], changed(targets(), 41))


def test_noise_has_its_standard_deviation_and_differs_between_blocks():
    noise = changed(targets()) - PIXELS

    assert noise.std() == pytest.approx(0.2 * 255, rel=0.05)
    assert not np.allclose(noise[:32], noise[32:64])


def test_another_seed_gives_other_noise():
    assert not np.array_equal(changed(targets()), changed(targets(seed=4)))


def test_noise_leaves_the_random_numbers_of_python_alone():
    before = random.getstate()
    changed(targets())

    assert random.getstate() == before


def test_nothing_is_changed_without_augment():
    assert evaluation_inputs(targets(corruption=()), Examples({INPUT: PIXELS}, np.zeros(70, np.int8))) is None


def test_layers_that_change_the_shape_are_refused():
    with pytest.raises(ValueError, match="`augment` makes"):
        changed(targets(corruption=({"AveragePooling2D": 2},)))


def test_layers_with_weights_are_refused():
    with pytest.raises(ValueError, match="Dense of `augment` has weights"):
        changed(targets(corruption=({"Dense": 1},)))


@pytest.fixture
def scored():
    drawn = np.random.default_rng(1)
    true = drawn.random((70, 8, 8, 1), np.float32)
    given = true + np.float32(0.2)
    output = true + drawn.normal(0, drawn.random((70, 1, 1, 1)), true.shape).astype(np.float32)
    scorer = ReconstructionScorer(targets())
    for begin in range(0, 70, 11):
        rows = slice(begin, begin + 11)
        scorer.update((true[rows], given[rows]), output[rows])
    errors = ((output.astype(np.float64) - true) ** 2).reshape(70, -1).mean(axis=1)
    return scorer.result(split="test", loss=0.0, metrics={}), errors


def test_worst_examples_come_in_order_whatever_the_batches(scored):
    found, errors = scored
    order = np.argsort(-errors, kind="stable").tolist()

    assert [each.index for each in found.worst] == order[: len(found.worst)]
    assert [each.index for each in found.first] == list(range(len(found.first)))
    assert found.wrong.tolist() == order


def test_scores_are_means_over_examples_and_the_input_is_the_baseline(scored):
    found, errors = scored
    result = found.result
    psnr = -10 * np.log10(errors)  # of a range of 1

    assert result.mean_squared_error == pytest.approx(errors.mean())
    assert result.psnr == pytest.approx(psnr.mean())
    assert result.inputs.psnr == pytest.approx(-10 * np.log10(0.04), abs=1e-4)  # 0.2 everywhere
    assert result.psnr_gain == pytest.approx(result.psnr - result.inputs.psnr)
    low, high = result.intervals.psnr
    assert low < result.psnr < high


def test_shapes_that_differ_are_refused():
    with pytest.raises(ValueError, match="of one shape"):
        ReconstructionScorer(targets()).update((np.zeros((2, 8, 8, 1)), np.zeros((2, 8, 8, 1))), np.zeros((2, 4, 4, 1)))


def test_predictions_have_a_line_for_each_example():
    # An error of 0.01 in a range of 1 is 20 dB, one of 0.04 is 13.98 dB.
    lines = list(to_csv(np.array([0.01]), np.array([0.5]), np.array([0.04]), data_range=1.0, files=["a.png"]))

    assert lines == [
        "example,mean_squared_error,psnr,ssim,input_psnr,file\n",
        "0,0.01,20,0.5,13.9794001,a.png\n",
    ]


@pytest.mark.parametrize(
    ("kind", "said"), [(InputSubject, "reconstructs its input"), (VectorSubject, "vectors of identities")]
)
def test_network_without_classes_and_numbers_refuses_heat_maps(kind, said):
    subject = kind(network=None, name="net", targets=None)

    with pytest.raises(RecipeError, match=said):
        subject.check_explains("net")
    with pytest.raises(RecipeError, match=said):
        subject.number_of("ants")


@pytest.mark.parametrize(
    ("given", "hint"),
    [((16, 18, 3), "or images of 16x18 (height x width)"), ((13, 15, 3), "padding: same")],
)
def test_sides_that_do_not_come_back_say_which_do(given, hint):
    """15x17 halved is 8x9, and 16x18 when it is doubled again."""
    info = InputTargets(shape=(15, 17, 3), low=0.0, high=1.0)
    with pytest.raises(DataError) as caught:
        info.encoding(KerasObject("losses", "mean_squared_error"), output_shape=given, layer="last")
    assert hint in caught.value.problems[0].hint.splitlines()[-1]
