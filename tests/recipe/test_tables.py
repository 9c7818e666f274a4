"""Rules of recipes for tables: which columns are the input, the labels, the parts."""

import pytest

from cnncli.errors import RecipeError
from cnncli.recipe.load import load_bytes
from cnncli.recipe.write import to_yaml

RECIPE = """\
data:
  source:
    csv: {path: a.csv, image: file, label: kind, image_size: [8, 8]}
model:
  layers: [Flatten, Dense: {units: $classes, activation: softmax}]
"""
SEVERAL = """\
data:
  source:
    csv: {path: a.csv, label: kind}
  inputs:
    scan: {image: file, image_size: [8, 8]}
    vital: {numbers: [age, pulse]}
model:
  layers:
    - Flatten: {name: flat, from: scan}
    - Concatenate: {from: [flat, vital]}
    - Dense: {units: $classes, activation: softmax}
"""
MULTILABEL = RECIPE.replace("model:", "  targets: multilabel\nmodel:").replace("softmax", "sigmoid")


def mistakes(text):
    try:
        load_bytes(text.encode(), "a.yaml")
    except RecipeError as error:
        return [(f"{problem.place}".removeprefix("a.yaml:"), problem.message) for problem in error.problems]
    return []


@pytest.mark.parametrize("recipe", [RECIPE, SEVERAL])
def test_recipe_of_a_table_reads_back_equal(recipe):
    loaded = load_bytes(recipe.encode(), "a.yaml")

    written = to_yaml(loaded.recipe)

    assert load_bytes(written.encode(), "a.yaml").recipe == loaded.recipe


def test_numbers_are_written_without_keys_of_images():
    recipe = RECIPE.replace("image: file", 'numbers: ["t*", 7]').replace(", image_size: [8, 8]", ", shape: [4, 1]")

    written = to_yaml(load_bytes(recipe.encode(), "a.yaml").recipe)

    assert "resize" not in written
    assert '- "t*"\n      - "7"' in written


@pytest.mark.parametrize(
    ("recipe", "old", "new", "place", "message"),
    [
        (RECIPE, "image: file, ", "", "3:10", "no column is named for the input"),
        (RECIPE, "image: file", "image: file, text: note", "3:43", "`image` and `text` are two inputs"),
        (RECIPE, "image: file", "numbers: a", "3:61", "`image_size` is for `image`"),
        (RECIPE, "image: file", "text: a, folder: b", "3:41", "`folder` is for `image` and `volume`"),
        (RECIPE, "image: file", "image: file, shape: [4]", "3:44", "`shape` is for `numbers`"),
        (RECIPE, "image: file", "numbers: 0.5", "3:33", "`numbers`: expected the name of a column"),
        (RECIPE, "label: kind, ", "", "3:10", "`label` is missing"),
        (RECIPE, "label: kind", "label: [a, b]", "", ""),  # one-hot
        (RECIPE, "label: kind", 'label: kind, separator: "|"', "3:61", "`separator` is for several labels in one cell"),
        (RECIPE, "model:", "  split: {column: part}\nmodel:", "", ""),
        (RECIPE, "[8, 8]}", "[8, 8], test: b.csv}\n  split: {column: part}", "3:76", "`test` names a file, and `split.column`"),
        (RECIPE, "[8, 8]}", "[8, 8], group: a}\n  split: {group: b}", "3:77", "`group` is `a`, and `split.group` is `b`"),
        (RECIPE, ", image_size: [8, 8]", "", "3:10", "`image_size` is missing"),
        (MULTILABEL, "kind", "kind", "3:10", "`separator` is missing: `label` is one column"),
        (MULTILABEL, "label: kind", "label: [a, b]", "", ""),
        (MULTILABEL, "label: kind", "label: \"No Finding:Edema\"", "", ""),
        (MULTILABEL, "label: kind", 'label: "is_*"', "", ""),
        (MULTILABEL, "label: kind", 'label: "is_*", separator: "|"', "3:63", "`separator` is for labels in one column"),
        (SEVERAL, "image: file, image_size: [8, 8]", "", "5:11", "no column is named for the input"),
        (SEVERAL, ", image_size: [8, 8]", "", "5:11", "`image_size` is missing"),
        (SEVERAL, "label: kind", "label: kind, image: file", "3:44", "`image` stands beside `inputs`"),
        (SEVERAL, "csv: {path: a.csv, label: kind}", "npz: {path: a.npz}", "5:19", "`image` is for an input from a table"),
    ],
)  # fmt: skip
def test_mistake_is_told_at_its_place(recipe, old, new, place, message):
    assert old in recipe

    found = mistakes(recipe.replace(old, new, 1))

    if place:
        assert any(where == place and text.startswith(message) for where, text in found)
    else:
        assert found == []


def test_group_of_the_table_is_that_of_the_split():
    recipe = load_bytes(RECIPE.replace("[8, 8]}", "[8, 8], group: who}").encode(), "a.yaml").recipe

    assert recipe.data.split.group == "who"


PARTS = RECIPE.replace("model:", "  split: {column: fold, parts: {validation: [8, 9], test: 10}}\nmodel:", 1)


def test_words_of_parts_read_back_equal():
    loaded = load_bytes(PARTS.encode(), "a.yaml")

    assert loaded.recipe.data.split.words_of_parts() == {"validation": [8, 9], "test": [10]}
    assert load_bytes(to_yaml(loaded.recipe).encode(), "a.yaml").recipe == loaded.recipe


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("column: fold, ", "", "`parts` says what the words of `column` mean, and `column` is missing"),
        ("test: 10", "test: 9", "`9` means validation already"),
        ("validation: [8, 9], test: 10", "train: [1]", "`parts` names no words of the validation or test examples"),
    ],
)
def test_parts_are_words_of_a_column_each_of_one_part(old, new, message):
    assert [text for _, text in mistakes(PARTS.replace(old, new))] == [message]
