"""A hint that shows what to write: who writes it has a valid recipe."""

import re

import pytest

from cnncli.errors import Problem, RecipeError
from cnncli.recipe.load import load_bytes

RECIPE = """\
data: {source: mnist-sample}
model:
  layers:
    - Conv2D: {filters: 4, kernel_size: 3}
    - Flatten
    - Dense: {units: $classes, activation: softmax}
train:
  optimizer: Adam
"""


def problem_of(text: str) -> Problem:
    with pytest.raises(RecipeError) as caught:
        load_bytes(text.encode(), "r.yaml")
    [problem] = caught.value.problems
    return problem


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("- Conv2D: {filters: 4, kernel_size: 3}", "- Conv2D: filters: 4, kernel_size: 3"),
        ("- Conv2D: {filters: 4, kernel_size: 3}", "- Conv2D: filters: 4, kernel_size: [3, 3]  # small"),
        ("- Flatten", "- Dense: units: 3"),
        ("optimizer: Adam", "optimizer: Adam: 0.1"),
        ("optimizer: Adam", "optimizer: Adam: 1e-3"),
    ],
)
def test_braces_that_a_hint_shows_make_the_recipe_valid(right, wrong):
    assert right in RECIPE
    problem = problem_of(RECIPE.replace(right, wrong))
    shown = re.fullmatch(r"put the arguments in braces: `(.*)`", problem.hint)
    assert shown, problem
    load_bytes(RECIPE.replace(right, shown[1]).encode(), "r.yaml")


def test_keys_on_lines_of_their_own_make_the_recipe_valid():
    problem = problem_of(RECIPE.replace("optimizer: Adam", "epochs: 3, batch_size: 4"))
    keys = re.fullmatch(r"put each key on a line of its own: `(.*)`, then `(.*)`", problem.hint)
    assert keys, problem
    load_bytes(RECIPE.replace("optimizer: Adam", f"{keys[1]}\n  {keys[2]}").encode(), "r.yaml")


@pytest.mark.parametrize(
    "path", [r"C:\data\x.npz", r"C:\new\test.npz", r"C:\a\b.npz", r"..\temp\x.npz", r"D:\users\x.npz"]
)
@pytest.mark.parametrize("changed", [lambda path: f"'{path}'", lambda path: '"' + path.replace("\\", "/") + '"'])
def test_windows_path_in_single_quotes_or_with_slashes_is_valid(path, changed):
    def recipe(written: str) -> str:
        return RECIPE.replace("mnist-sample", f"{{npz: {{path: {written}}}}}")

    problem = problem_of(recipe(f'"{path}"'))
    assert problem.place.line == 1
    assert "use single quotes, or `/`" in problem.hint
    load_bytes(recipe(changed(path)).encode(), "r.yaml")


def test_loss_that_the_remark_on_a_binary_loss_names_has_none():
    text = f"{RECIPE}  loss: binary_crossentropy\n"
    [warning] = load_bytes(text.encode(), "r.yaml").warnings
    assert (warning.place.line, warning.place.column) == (9, 9)
    usual = warning.hint.split()[0]
    assert not load_bytes(text.replace("binary_crossentropy", usual).encode(), "r.yaml").warnings


@pytest.mark.parametrize(("classes", "activation"), [(10, "sigmoid"), (2, "softmax")])
def test_binary_loss_of_sigmoid_or_of_two_classes_is_usual(classes, activation):
    text = RECIPE.replace("mnist-sample", "{npz: {path: x.npz}}, classes: " + str(classes)).replace(
        "softmax", activation
    )
    assert not load_bytes(f"{text}  loss: binary_crossentropy\n".encode(), "r.yaml").warnings


def test_metrics_of_one_logit_are_a_warning():
    text = "data: {source: {npz: {path: a.npz}}, classes: 2}\nmodel: {input: [4], layers: [Dense: 1]}\n"
    text += "train: {loss: {BinaryCrossentropy: {from_logits: true}}}\n"

    [warning] = load_bytes(text.encode(), "recipe.yaml").warnings

    assert "the metrics take the output for a probability" in warning.message
    assert load_bytes(text.replace("train: {", "train: {metrics: [], ").encode(), "recipe.yaml").warnings == ()


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("SiLU", "write `- Activation: silu`"),
        ("Hardswish", "write `- Activation: hard_silu`"),
        ("GELU", "write `- Activation: gelu`"),
        ("DropPath", "write `- Dropout: {rate: 0.1, noise_shape: [null, 1, 1, 1]}`"),
        ("ReduceMean", "write `- reduce_axis: {function: mean, axis: -1}`"),
        ("Transpose", "did you mean `Permute`?"),
    ],
)
def test_layer_of_another_library_is_written_in_another_way(name, hint):
    with pytest.raises(RecipeError) as caught:
        load_bytes(f"data: {{source: mnist}}\nmodel: {{layers: [{name}, Flatten, Dense: 10]}}\n".encode(), "r.yaml")

    assert hint in [problem.hint for problem in caught.value.problems]
