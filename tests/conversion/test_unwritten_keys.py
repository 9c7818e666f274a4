"""Data that has no Python of the same meaning is refused at its place."""

import pytest

from cnncli.conversion.rows_in_code import rows_code
from cnncli.conversion.unwritten_keys import refuse_unwritten
from cnncli.errors import RecipeError
from cnncli.recipe.load import load_bytes


@pytest.mark.parametrize(
    ("source", "place"),
    [
        ("tfrecord: {path: a.tfrecord}", "a.yaml:1:27"),
        ("image_folder: {path: a, label: b, image_size: [8, 8]}", "a.yaml:1:31"),
    ],
)
def test_source_that_is_not_written_is_refused(source, place):
    recipe = f"data: {{source: {{{source}}}}}\nmodel: {{layers: [Flatten, Dense: {{units: 2, activation: softmax}}]}}\n"
    loaded = load_bytes(recipe.encode(), "a.yaml")

    with pytest.raises(RecipeError) as caught:
        refuse_unwritten(loaded.recipe, loaded)

    [problem] = caught.value.problems
    assert (str(problem.place), problem.message) == (place, f"`{source.partition(':')[0]}` cannot be written as Python")


@pytest.mark.parametrize(
    "key", ["header: false", "encoding: latin-1", 'decimal: ","', "quotes: false", "validation: b.csv", "group: c"]
)
def test_key_of_a_table_that_no_script_follows_is_refused(key):
    table = f"csv: {{path: a.csv, numbers: a, label: b, {key}}}"
    recipe = f"data: {{source: {{{table}}}}}\nmodel: {{layers: [Flatten, Dense: {{units: 2, activation: softmax}}]}}\n"
    loaded = load_bytes(recipe.encode(), "a.yaml")

    with pytest.raises(RecipeError, match=f"`{key.partition(':')[0]}` cannot be written as Python"):
        refuse_unwritten(loaded.recipe, loaded)


MAPS = (
    "Conv2D: {name: neck, filters: 2, kernel_size: 1}, "
    "Conv2D: {name: centres, filters: $classes, kernel_size: 1, activation: sigmoid, from: neck}, "
    "Conv2D: {name: sides, filters: 4, kernel_size: 1, activation: softplus, from: neck}"
)


@pytest.mark.parametrize(
    ("source", "word", "model"),
    [
        ("csv: {path: a.csv, numbers: a, label: b}", "input", "layers: [Dense: 1]"),
        ("npz: {path: a.npz}", "identities", "layers: [Dense: 2, UnitNormalization]"),
        ("npz: {path: a.npz}", "boxes", f"layers: [{MAPS}], outputs: [centres, sides]"),
    ],
)
def test_targets_of_which_a_part_is_not_in_keras_are_refused(source, word, model):
    data = f"data: {{source: {{{source}}}, targets: {word}}}\n"
    loaded = load_bytes(f"{data}model: {{{model}}}\n".encode(), "a.yaml")

    with pytest.raises(RecipeError, match="`targets` cannot be written as Python"):
        refuse_unwritten(loaded.recipe, loaded)


def test_table_of_numbers_is_written():
    data = "data: {source: {csv: {path: a.csv, numbers: a, label: b}}}\n"
    recipe = data + "model: {layers: [Dense: {units: 2, activation: softmax}]}\n"
    loaded = load_bytes(recipe.encode(), "a.yaml")

    refuse_unwritten(loaded.recipe, loaded)
    assert "read_table" in "".join(rows_code(loaded.recipe).functions)
