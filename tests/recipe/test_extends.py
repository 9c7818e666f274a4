"""`extends`: chains of recipes, and what a child takes over or takes back."""

import pytest

from cnncli.errors import RecipeError
from cnncli.recipe.load import load_bytes
from cnncli.recipe.yaml import recipe_file

BASE = "data: {source: mnist-sample}\nmodel: {layers: [Flatten, Dense: {name: A, units: 10, activation: softmax}]}\n"


def child_of(parent: str, text: str, tmp_path):
    (tmp_path / "base.yaml").write_text(parent)
    return load_bytes(f"extends: base.yaml\n{text}".encode(), str(tmp_path / "child.yaml")).recipe


def test_any_number_of_recipes_extend_each_other(tmp_path):
    for index in range(300):
        (tmp_path / f"r{index}.yaml").write_text(f"extends: r{index + 1}.yaml\ntrain: {{epochs: {index + 1}}}\n")
    (tmp_path / "r300.yaml").write_text(f"{BASE}train: {{batch_size: 7}}\n")

    found = load_bytes(b"extends: r0.yaml\n", str(tmp_path / "child.yaml")).recipe.train

    assert (found.epochs, found.batch_size) == (1, 7)


def test_long_circle_is_reported_where_it_closes(tmp_path):
    for index in range(40):
        (tmp_path / f"r{index}.yaml").write_text(f"extends: r{(index + 1) % 40}.yaml\n")

    with pytest.raises(RecipeError, match=r"r39.yaml:1:10: `extends` leads in a circle"):
        load_bytes(b"extends: r0.yaml\n", str(tmp_path / "child.yaml"))


def test_bytes_of_all_recipes_together_are_bounded(tmp_path):
    comment = "# " + "x" * (recipe_file.MAX_BYTES // 2) + "\n"
    (tmp_path / "a.yaml").write_text(f"{comment}extends: b.yaml\n")
    (tmp_path / "b.yaml").write_text(f"{comment}{BASE}")

    with pytest.raises(RecipeError, match=r"a.yaml:2:10: the recipes that this one extends are larger than 256 KB"):
        load_bytes(b"extends: a.yaml\n", str(tmp_path / "child.yaml"))


def test_names_in_capitals_merge_as_other_names_do(tmp_path):
    parent = BASE + "vars: {K: 3}\nexpect: {shapes: {A: [10]}}\n"

    found = child_of(parent, "vars: {W: 2}\ntrain: {epochs: $(K * W)}\nexpect: {shapes: {Flatten: [784]}}\n"
                     "model: {change: {flatten: {data_format: channels_last}}}\n"
                     .replace("Flatten:", "flatten:"), tmp_path)  # fmt: skip

    assert found.train.epochs == 6
    assert found.expect.shapes == {"A": [10], "flatten": [784]}


def test_expectations_of_the_parent_are_replaced_or_taken_back(tmp_path):
    parent = BASE + "expect: {params: 7850, shapes: {A: [10], flatten: [784]}, metrics: {test_accuracy: '> 0.9'}}\n"

    other = child_of(parent, "expect: {params: 99, shapes: {A: null}}\n", tmp_path).expect
    none = child_of(parent, "expect: {params: null, shapes: null, metrics: null}\n", tmp_path).expect

    assert (other.params, other.shapes) == (99, {"flatten": [784]})
    assert (none.params, none.shapes, none.metrics) == (None, {}, {})


def test_resnets_of_other_depths_expect_their_published_parameters(tmp_path):
    text = "data: {{classes: 1000}}\nvars: {{depths: {}}}\n"
    counts = [
        load_bytes(f"extends: {parent}\n{text.format(depths)}".encode(), str(tmp_path / "r.yaml")).recipe.expect
        for parent, depths in (
            ("resnet18", "[2, 2, 2, 2]"), ("resnet18", "[3, 4, 6, 3]"), ("resnet50", "[3, 4, 6, 3]"),
            ("resnet50", "[3, 4, 23, 3]"), ("resnet50", "[3, 8, 36, 3]"),
        )
    ]  # fmt: skip

    # torchvision's ResNet-18, 34, 50, 101 and 152.
    published = [11_689_512, 21_797_672, 25_557_032, 44_549_160, 60_192_808]
    assert [count.trainable_params for count in counts] == published


def test_null_takes_a_section_or_a_list_of_the_parent_back(tmp_path):
    parent = BASE.replace("}\nmodel", ", split: {test: 0.3}, augment: [RandomFlip: horizontal]}\nmodel")
    parent += (
        "train: {metrics: [accuracy, TopKCategoricalAccuracy: 5]}\nexpect: {params: 1}\nvisualize: [filters: {}]\n"
    )

    child = "data: {split: null, augment: null}\ntrain: {metrics: null}\nexpect: null\nvisualize: null\n"

    assert child_of(parent, child, tmp_path) == child_of(BASE, "", tmp_path)
