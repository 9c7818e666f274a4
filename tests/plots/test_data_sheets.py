"""Sheets of a data set: which examples are chosen, and that every kind of input is drawn."""

from dataclasses import replace

import numpy as np
import pytest

from cnncli.data.dataset import Examples, Splits
from cnncli.data_checks.findings import Example, Finding
from cnncli.plots.data_sheets import chosen_by_class, draw_pairs, draw_pipeline, draw_samples
from cnncli.tasks.classification.targets import ClassTargets
from cnncli.tasks.multilabel.targets import LabelTargets
from cnncli.tasks.regression.targets import NumberTargets

SHAPES = {"image": (9, 7, 3), "signal": (40, 2), "volume": (5, 8, 8, 1), "numbers": (12,), "several": None}


def splits_of(shape, *, dtype=np.uint8, targets=None):
    random = np.random.default_rng(0)

    def examples(count):
        shapes = {"left": (6, 6, 1), "right": (20, 1)} if shape is None else {"input": shape}
        inputs = {name: random.integers(0, 255, (count, *own)).astype(dtype) for name, own in shapes.items()}
        labels = (
            np.linspace(0, 1, count, dtype=np.float32)[:, None] if targets else np.arange(count, dtype=np.int32) % 3
        )
        return Examples(inputs, labels)

    parts = {"train": examples(30), "validation": examples(6), "test": examples(6)}
    known = targets or ClassTargets(class_names=("a", "b", "$c$"))
    return Splits(**parts, targets=known, input_shape=shape or {}, source="", notes=(), fingerprint="")


def texts(figure):
    return [text.get_text() for text in figure.texts]


@pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES.keys())
def test_every_kind_of_input_is_drawn_with_a_row_for_each_class(shape):
    figure = draw_samples(splits_of(shape, dtype=np.float32), title="x")

    assert texts(figure)[2:] == ["a", "10", "b", "10", "$c$", "10"]


def test_examples_of_a_class_are_spread_over_the_training_split():
    assert chosen_by_class(splits_of((4, 4, 1)))["b"].tolist() == [1, 4, 7, 10, 16, 19, 22, 28]


def test_with_several_labels_an_example_stands_in_the_row_of_each():
    splits = splits_of((4, 4, 1))
    labels = np.zeros((30, 3), np.uint8)
    labels[[2, 9], 0], labels[[9, 11], 2] = 1, 1
    splits = replace(
        splits, train=replace(splits.train, targets=labels), targets=LabelTargets(class_names=("a", "b", "c"))
    )

    assert {name: rows.tolist() for name, rows in chosen_by_class(splits).items()} == {"a": [2, 9], "c": [9, 11]}


def test_data_without_classes_has_rows_with_their_targets():
    targets = NumberTargets.of(np.linspace(0, 1, 30, dtype=np.float32)[:, None])

    assert texts(draw_samples(splits_of((4, 4, 1), targets=targets), title="x"))[2:4] == ["0 to", "0.2759"]


def test_what_cannot_be_shown_is_not_drawn():
    assert draw_samples(splits_of((4, 4, 7)), title="x") is None


def test_augmented_bytes_keep_the_scale_of_the_raw_ones():
    splits = splits_of((4, 4, 1))
    rows = np.arange(3)
    raw = splits.train.read(rows)

    figure = draw_pipeline(splits, rows, [raw.astype(np.float32) / 2], raw / 255.0, title="x")

    [sheet] = [np.asarray(image.get_array()) for axes in figure.axes for image in axes.images]
    tile = 112 // 4
    shown = sheet[tile // 2 :: 112 + 10, tile // 2]  # the top left value of the first example in each row
    assert np.abs(shown[:2, 0].astype(int) - [int(raw[0, 0, 0, 0]), int(raw[0, 0, 0, 0]) // 2]).max() <= 1
    assert texts(figure)[2:5] == ["a", "b", "$c$"]


def test_pairs_stand_side_by_side_with_their_names_and_labels():
    one, other = Example(part="train", index=0, label="a"), Example(part="test", index=1, label="b")
    finding = Finding(kind="labels", message="", pairs=((one, other),))

    figure = draw_pairs(splits_of((4, 4, 1)), [finding, finding], title="x")

    assert texts(figure)[1:] == [
        "equal and nearly equal examples: all pairs",
        "train[0]",
        "train, a",
        "test[1]",
        "test, b",
    ]
