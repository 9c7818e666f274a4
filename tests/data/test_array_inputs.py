"""Several inputs from one archive: an array for each, checked and split together."""

import numpy as np
import pytest

from cnncli.data import fingerprint
from cnncli.data.load import load, load_for_model
from cnncli.data.pipeline import Batches
from cnncli.data.sketch import overlap_of, sketch_of
from cnncli.errors import DataError
from cnncli.recipe.keras_objects.objects import KerasObject
from cnncli.recipe.schema_data import Data, Source

RANDOM = np.random.default_rng(0)
IMAGES = RANDOM.integers(0, 256, (40, 6, 6), dtype=np.uint8)
ROWS = RANDOM.normal(size=(40, 3)).astype(np.float32)
LABELS = np.arange(40) % 2


def data(**more):
    return Data.model_validate({"source": {"npz": {"path": "a.npz"}}, "inputs": {"scan": {}, "vital": {}}, **more})


def saved(tmp_path, monkeypatch, **arrays):
    monkeypatch.chdir(tmp_path)
    np.savez("a.npz", **arrays)


def told(tmp_path, monkeypatch, arrays, settings=None, **more):
    saved(tmp_path, monkeypatch, **arrays)
    with pytest.raises(DataError) as error:
        load(settings or data(), **more)
    return [problem.message for problem in error.value.problems]


def test_parts_are_set_aside_with_all_inputs_in_step(tmp_path, monkeypatch):
    saved(tmp_path, monkeypatch, x_scan=IMAGES, x_vital=ROWS, y=LABELS)

    splits = load(data())
    assert splits.input_shape == {"scan": (6, 6, 1), "vital": (3,)}
    assert (len(splits.train), len(splits.validation), len(splits.test)) == (32, 4, 4)
    for part in splits.parts:
        read = part.examples.read(np.arange(len(part.examples)))
        places = [int(np.flatnonzero((IMAGES[..., None] == one).all(axis=(1, 2, 3)))[0]) for one in read["scan"]]
        np.testing.assert_array_equal(read["vital"], ROWS[places])
        np.testing.assert_array_equal(part.examples.labels, LABELS[places])


def test_parts_that_are_there_are_read(tmp_path, monkeypatch):
    saved(tmp_path, monkeypatch, x_train_scan=IMAGES[:20], x_train_vital=ROWS[:20], y_train=LABELS[:20],
        x_val_scan=IMAGES[20:30], x_val_vital=ROWS[20:30], y_val=LABELS[20:30],
        x_test_scan=IMAGES[30:], x_test_vital=ROWS[30:], y_test=LABELS[30:])  # fmt: skip

    splits = load(data())
    assert [len(part.examples) for part in splits.parts] == [20, 10, 10]
    assert splits.as_json()["input_shape"] == {"scan": [6, 6, 1], "vital": [3]}
    assert splits.as_json()["input_range"]["scan"]["high"] == 255


def test_array_that_is_missing_is_named(tmp_path, monkeypatch):
    [message] = told(tmp_path, monkeypatch, {"x_train_scan": IMAGES, "y_train": LABELS})

    assert message == "a.npz has no x_train_vital"


def test_archive_of_several_inputs_suggests_their_names(tmp_path, monkeypatch):
    saved(tmp_path, monkeypatch, x_train_scan=IMAGES, x_train_vital=ROWS, y_train=LABELS)

    with pytest.raises(DataError) as error:
        load(Data.model_validate({"source": {"npz": {"path": "a.npz"}}}))
    assert "`inputs: {scan: {}, vital: {}}` in `data`" in error.value.problems[0].hint


def test_every_wrong_array_is_told_at_once(tmp_path, monkeypatch):
    rows = ROWS.copy()
    rows[7, 1] = np.nan
    messages = told(tmp_path, monkeypatch, {"x_scan": IMAGES[:39], "x_vital": rows, "y": LABELS})

    assert messages == ["x_vital has 1 NaN, first at index 7", "x_scan has 39 examples, y has 40 labels"]


def test_shape_that_the_recipe_does_not_expect_is_told_at_the_input(tmp_path, monkeypatch):
    saved(tmp_path, monkeypatch, x_scan=IMAGES, x_vital=ROWS, y=LABELS)

    with pytest.raises(DataError) as error:
        load(data(), input_shape={"scan": (6, 6, 1), "vital": (4,)})
    [problem] = error.value.problems
    assert (problem.message, problem.path) == ("vital: `model.input` is 4, the data is 3", ("model", "input", "vital"))


def test_two_scales_are_told_of_the_input_that_has_them(tmp_path, monkeypatch):
    arrays = {"x_train_scan": IMAGES, "x_train_vital": ROWS, "y_train": LABELS}
    arrays |= {
        "x_test_scan": IMAGES[:20][:, ::-1] / np.float32(255),
        "x_test_vital": ROWS[:20] + 1,
        "y_test": LABELS[:20],
    }

    [message] = told(tmp_path, monkeypatch, arrays)
    assert message.startswith(
        "x_train_scan holds values from 0 to 255, x_test_scan from 0 to 1: they are in two scales"
    )


def test_example_in_two_parts_is_a_leak_only_with_all_of_its_inputs(tmp_path, monkeypatch):
    arrays = {
        "x_train_scan": IMAGES,
        "x_train_vital": ROWS,
        "y_train": LABELS,
        "x_test_scan": IMAGES[:20],
        "y_test": LABELS[:20],
    }

    assert told(tmp_path, monkeypatch, {**arrays, "x_test_vital": ROWS[:20]}) == [
        "20 images of x_test are also in x_train"
    ]
    saved(tmp_path, monkeypatch, **arrays, x_test_vital=ROWS[20:])
    assert len(load(data()).test) == 20


def test_copies_stay_in_one_part(tmp_path, monkeypatch):
    twice = np.arange(80) % 40
    saved(tmp_path, monkeypatch, x_scan=IMAGES[twice], x_vital=ROWS[twice], y=LABELS[twice])

    splits = load(data())
    rows = [
        {tuple(row) for row in part.examples.read(np.arange(len(part.examples)))["vital"].tolist()}
        for part in splits.parts
    ]
    assert not rows[0] & rows[1]
    assert not (rows[0] | rows[1]) & rows[2]


def test_fingerprint_and_sketch_see_every_input(tmp_path, monkeypatch):
    saved(tmp_path, monkeypatch, x_scan=IMAGES, x_vital=ROWS, y=LABELS)
    one = load(data())
    saved(tmp_path, monkeypatch, x_scan=IMAGES, x_vital=ROWS + 1, y=LABELS)
    other = load(data())

    assert one.fingerprint != other.fingerprint
    assert fingerprint.of_set(one.train) != fingerprint.of_set(other.train)
    sketch = sketch_of(one.train.inputs)
    assert overlap_of(sketch, one.train.inputs).share == 1
    assert overlap_of(sketch, {"scan": one.train.inputs["scan"], "vital": ROWS[:32] ** 3}) is None


def test_limit_keeps_the_inputs_in_step(tmp_path, monkeypatch):
    saved(tmp_path, monkeypatch, x_scan=np.repeat(np.arange(40, dtype=np.uint8), 36).reshape(40, 6, 6),
        x_vital=np.repeat(np.arange(40, dtype=np.float32), 3).reshape(40, 3), y=LABELS)  # fmt: skip

    train = load(data(limit=10)).train
    read = train.read(np.arange(10))
    np.testing.assert_array_equal(read["scan"][:, 0, 0, 0], read["vital"][:, 0])


def test_batches_are_dicts_in_the_order_of_seed_and_epoch(tmp_path, monkeypatch):
    saved(tmp_path, monkeypatch, x_scan=IMAGES, x_vital=ROWS, y=LABELS)
    splits = load(data())
    loss = KerasObject("losses", "sparse_categorical_crossentropy")
    encoding = splits.targets.encoding(loss, output_shape=(2,))
    batches = Batches(splits.train, batch_size=20, encodings={"": encoding}, seed=1)

    [(first, labels), (second, _)] = list(batches.dataset())
    assert {name: tuple(value.shape) for name, value in first.items()} == {"scan": (20, 6, 6, 1), "vital": (20, 3)}
    assert second["scan"].shape[0] == 12
    for scan, vital, label in zip(first["scan"].numpy(), first["vital"].numpy(), labels.numpy(), strict=True):
        [place] = np.flatnonzero((vital == ROWS).all(axis=1))
        np.testing.assert_array_equal(scan[..., 0], IMAGES[place])
        assert label == LABELS[place]


def test_data_for_a_model_is_read_by_the_names_of_its_inputs(tmp_path, monkeypatch):
    saved(tmp_path, monkeypatch, x_scan=IMAGES, x_vital=ROWS, y=LABELS)
    targets = load(data()).targets
    shapes = {"scan": (6, 6, 1), "vital": (3,)}

    examples, *_ = load_for_model(
        Source.model_validate({"npz": {"path": "a.npz"}}), input_shape=shapes, targets=targets
    )
    assert len(examples) == 40
    with pytest.raises(DataError, match="the model takes several inputs \\(scan, vital\\), and this data has one"):
        load_for_model(Source.model_validate({"builtin": "mnist-sample"}), input_shape=shapes, targets=targets)


def test_copies_are_named_by_an_array_that_the_file_has(tmp_path, monkeypatch):
    images = np.concatenate([IMAGES[:39], IMAGES[:1]])
    rows = np.concatenate([ROWS[:39], ROWS[:1]])
    saved(tmp_path, monkeypatch, x_scan=images, x_vital=rows, y=LABELS * 0 + np.arange(40) % 39 % 2)

    [note] = load(data()).notes
    assert note.hint.splitlines()[0] == "x_scan[0] = x_scan[39]"
