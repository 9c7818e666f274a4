"""A resolved recipe loads back equal, also while the data is not known."""

from pathlib import Path

import pytest
import yaml

from cnncli.recipe import shipped
from cnncli.recipe.deferred import Deferred, Unknown, UnknownNumber, UnknownText
from cnncli.recipe.known_data import declared_classes
from cnncli.recipe.language.expressions import evaluate
from cnncli.recipe.load import load, load_bytes
from cnncli.recipe.write import as_written, as_yaml, to_yaml

EXAMPLES = sorted(str(path) for path in (Path(__file__).parent / "examples").glob("*.yaml"))

HEAD = "data: {source: {npz: {path: a.npz}}}\nmodel:\n  input: [8, 8, 4]\n  layers:\n"
TAIL = "    - Flatten\n    - Dense: {units: $classes, activation: softmax}\n"


def loaded(layers: str = "", rest: str = ""):
    lines = "".join(f"    {line}\n" for line in layers.splitlines())
    return load_bytes((HEAD + lines + TAIL + rest).encode(), "r.yaml")


def written(layers: str = "", rest: str = ""):
    """What a resolved recipe holds; it loads back equal."""
    recipe = loaded(layers, rest).recipe
    text = to_yaml(recipe)
    again = load_bytes(text.encode(), "r.yaml").recipe
    assert again == recipe
    assert to_yaml(again) == text
    return as_written(recipe)


def test_there_are_recipes():
    assert len(EXAMPLES) == 4
    assert len(shipped.names()) >= 5


@pytest.mark.parametrize("name", [*shipped.names(), *EXAMPLES], ids=lambda name: Path(name).stem)
def test_resolved_recipe_loads_back_equal_before_and_after_the_data_is_known(name):
    unknown = load(name)
    text = to_yaml(unknown.recipe)
    again = load_bytes(text.encode(), "resolved.yaml")

    assert again.recipe == unknown.recipe
    assert to_yaml(again.recipe) == text
    # What was left open says the same once it is known.
    known = {"classes": declared_classes(unknown.recipe) or 37, "steps_per_epoch": 57}
    recipe = unknown.resolve(**known).recipe
    resolved = to_yaml(recipe)
    assert to_yaml(again.resolve(**known).recipe) == resolved
    read_back = load_bytes(resolved.encode(), "resolved.yaml").recipe
    assert read_back == recipe
    assert to_yaml(read_back) == resolved


@pytest.mark.parametrize(
    ("text", "stands_for"),
    [
        ("$classes", "$classes"),
        ("$(classes)", "$classes"),
        ("$(2 * classes + 1)", "$(2 * classes + 1)"),
        ("$(width * (classes - 1))", "$(8 * (classes - 1))"),
        ("$(double // 2)", "$(2 * classes // 2)"),
        ("$(1 if classes == 2 else classes)", "$(1 if classes == 2 else classes)"),
        ('"$([width, double][1])"', "$([8, 2 * classes][1])"),
        ("$(width)", 8),
    ],
)
def test_expression_is_kept_in_terms_of_the_classes_alone(text, stands_for):
    data = written(f"- Dense: {{units: {text}}}", "vars: {width: 8, double: $(2 * classes)}\n")

    assert data["model"]["layers"][0]["Dense"]["units"] == stands_for


def test_share_of_the_classes_and_text_that_depends_on_them_are_kept():
    data = written(
        "- Dropout: $(1 / classes)\n"
        "- Dense: {units: 4, activation: $('sigmoid' if classes == 2 else 'softmax')}\n"
        "- Reshape: $([2, 2 * classes])"
    )

    dropout, dense, reshape = data["model"]["layers"][:3]
    assert dropout["Dropout"]["rate"] == "$(1 / classes)"
    assert dense["Dense"]["activation"] == "$('sigmoid' if classes == 2 else 'softmax')"
    assert reshape["Reshape"]["target_shape"] == [2, "$(2 * classes)"]


def test_typed_keys_of_sections_are_kept():
    data = written(rest="expect: {params: $(10 * classes), shapes: {dense: [$classes]}, max_minutes: $(classes / 2)}\n")

    assert data["expect"]["params"] == "$(10 * classes)"
    assert data["expect"]["shapes"] == {"dense": ["$classes"]}
    assert data["expect"]["max_minutes"] == "$(classes / 2)"


def test_steps_in_epochs_are_kept_until_an_epoch_is_known():
    rate = "{CosineDecay: {initial_learning_rate: 0.1, decay_steps: 5 epochs}}"
    rest = f"train: {{optimizer: {{SGD: {{learning_rate: {rate}}}}}}}\n"

    schedule = written(rest=rest)["train"]["optimizer"]["SGD"]["learning_rate"]["CosineDecay"]
    known = loaded(rest=rest).resolve(steps_per_epoch=20).recipe.train.optimizer.args["learning_rate"]
    assert schedule["decay_steps"] == "5 epochs"
    assert known.args["decay_steps"] == 100


@pytest.mark.parametrize("number", [1e-05, 1e-7, 1.5e300, 0.1, 5.0, -2.5e-10])
def test_number_is_written_without_a_tag(number):
    data = written(rest=f"train: {{optimizer: {{Adam: {{epsilon: {abs(number)!r}}}}}}}\n")

    text = to_yaml(loaded(rest=f"train: {{optimizer: {{Adam: {{epsilon: {abs(number)!r}}}}}}}\n").recipe)
    assert "!!" not in text
    assert data["train"]["optimizer"]["Adam"]["epsilon"] == abs(number)
    assert yaml.safe_load(text)["train"]["optimizer"]["Adam"]["epsilon"] == abs(number)


def test_infinite_number_is_written():
    data = written(rest="train: {callbacks: [EarlyStopping: {baseline: .inf}]}\n")

    assert data["train"]["callbacks"][0]["EarlyStopping"]["baseline"] == float("inf")


@pytest.mark.parametrize(
    ("layers", "columns"),
    [
        ("- ReLU: {if: $(classes > 3)}", [18]),
        ("- repeat: {times: $classes, layers: [ReLU]}", [23]),
        ("- Dense: {units: 3, use_bias: $(classes > 3)}", [35]),
        ("- Reshape: $([2] * classes)", [16]),
        ("- ReLU: {name: head_$classes}", [20]),
        ("- Dense: {units: $(classes + 1)}", []),
    ],
)
def test_what_cannot_be_left_open_is_known_by_its_place(layers, columns):
    assert [place.column for place in loaded(layers).open_places] == columns
    assert loaded(layers).resolve(classes=10).open_places == ()


def test_values_that_are_not_known_count_by_their_type():
    known = {"classes": Unknown(2), "n": 3}

    assert isinstance(evaluate("classes + n", known), Unknown)
    assert isinstance(evaluate("classes / n", known), UnknownNumber)
    assert isinstance(evaluate("'a' if classes else 'b'", known), UnknownText)
    assert not isinstance(evaluate("n + 1", known), Deferred)
    assert not isinstance(evaluate("n if n > 2 else classes", known), Deferred)
    assert repr(evaluate("classes * n", known)) == "$(classes * 3)"


def test_format_characters_are_escaped_and_read_back():
    about = "left \u202e right \u200b zero \u2028 \U000e0001 ž"
    text = as_yaml({"about": about, "k\u202e": 1})

    assert {char for char in text if not char.isprintable()} == {"\n"}
    assert yaml.safe_load(text) == {"about": about, "k\u202e": 1}
