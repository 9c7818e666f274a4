"""`model.change` and `--set model.NAME…`: single layers of the written-out network are changed by their names."""

import pytest

from cnncli.errors import RecipeError
from cnncli.recipe.load import load_bytes
from cnncli.recipe.write import to_yaml

HEAD = """\
vars: {width: 5}
blocks:
  conv:
    params: [filters]
    layers:
      - Conv2D: {filters: $filters, kernel_size: 3, padding: same}
      - ReLU
data: {source: {npz: {path: a.npz}}, classes: 10}
model:
  input: [8, 8, 4]
  layers:
    - Conv2D: {name: first, filters: 4, kernel_size: 3, padding: same, activation: relu, kernel_regularizer: {L1: 1}}
    - repeat: {times: 3, as: stage, layers: [conv: {name: stage$stage, filters: 4}]}
    - residual: {body: [Conv2D: {filters: 4, kernel_size: 3, padding: same}]}
    - GlobalAveragePooling2D
    - Dense: {name: out, units: 10, activation: softmax}
"""


def changed(change: str, *settings: str):
    """The layers by name."""
    text = HEAD + (f"  change: {change}\n" if change else "")
    recipe = load_bytes(text.encode(), "r.yaml", settings).recipe
    return {layer.args["name"]: layer for layer in recipe.model.layers}


def mistakes(change: str, *settings: str):
    with pytest.raises(RecipeError) as caught:
        changed(change, *settings)
    return [str(problem).removeprefix("r.yaml:17:") for problem in caught.value.problems]


def test_arguments_are_changed_and_the_others_stay():
    first = changed("{first: {filters: 12, kernel_regularizer: {L2: 0.1}}}")["first"]

    assert (first.args["filters"], first.args["kernel_size"], first.args["activation"].name) == (12, 3, "relu")
    assert first.args["kernel_regularizer"].name == "L2"


def test_layers_of_blocks_and_repetitions_have_the_names_of_the_flat_list():
    layers = changed("{stage1_conv2d: {filters: $(width + 1)}}")

    assert [layers[f"stage{stage}_conv2d"].args["filters"] for stage in range(3)] == [4, 6, 4]


def test_glob_changes_all_that_it_matches_and_a_name_comes_after_it():
    layers = changed("{stage2_conv2d: {use_bias: true}, 'stage*_conv2d': {use_bias: false, strides: 2}}")

    assert [layers[f"stage{stage}_conv2d"].args["use_bias"] for stage in range(3)] == [False, False, True]
    assert layers["stage2_conv2d"].args["strides"] == 2


@pytest.mark.parametrize("other", ["{LeakyReLU: {negative_slope: 0.3}}", "{LeakyReLU: 0.3}"])
def test_another_layer_takes_the_place_under_the_same_name(other):
    layers = changed(f"{{stage0_re_lu: {other}}}")

    assert (layers["stage0_re_lu"].name, layers["stage0_re_lu"].args["negative_slope"]) == ("LeakyReLU", 0.3)
    assert list(layers) == list(changed(""))


def test_layer_without_arguments_takes_the_place():
    assert changed("{stage0_re_lu: PReLU}")["stage0_re_lu"].name == "PReLU"


def test_another_layer_keeps_what_it_merges():
    assert changed("{add: Average}")["add"].inputs == changed("")["add"].inputs != ()


def test_null_leaves_a_layer_out_and_what_came_in_goes_on():
    layers = changed("{stage2_re_lu: null, stage2_conv2d: null}")

    assert "stage2_re_lu" not in layers
    assert layers["add"].inputs == ("conv2d", "stage1_re_lu")


def test_first_layer_can_be_left_out():
    assert changed("{first: null, 'stage*': null, conv2d: null}")["add"].inputs == ("input", "input")


def test_name_of_a_layer_that_is_left_out_means_what_came_into_it():
    last = "model.layers.4={Dense: {from: stage1_re_lu, units: 10, activation: softmax}}"

    assert changed("{stage1_re_lu: null}", last)["dense"].inputs == ("stage1_conv2d",)


def test_resolved_recipe_has_no_change():
    text = HEAD + "  change: {first: {filters: 12}}\n"
    resolved = to_yaml(load_bytes(text.encode(), "r.yaml").recipe)

    assert "change" not in resolved
    assert "filters: 12" in resolved


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ("{first: {filter: 12}}", "20: Conv2D has no argument `filter`\n    did you mean `filters`?"),
        ("{first: {filters: x}}", "29: Conv2D: `filters`: expected an integer ≥ 1, got 'x' (text)"),
        ("{frist: {filters: 3}}", "12: no layer is named `frist`\n    did you mean `first`?"),
        ("{'x*': {filters: 3}}", "12: no layer's name matches `x*`"),
        ("{'*': {filters: 3}}", "18: ReLU has no argument `filters`"),
        ("{stage1: {filters: 3}}", "12: `stage1` is not a layer, but several\n    change its layers by their names"),
        ("{first: {Conv3E: {filters: 3}}}", "20: unknown layer `Conv3E`"),
        ("{first: 3}", "19: `first`: expected arguments or a layer, got 3"),
        ("{first: [3]}", "19: `first`: expected arguments or a layer, got [3]"),
        ("{first: {name: x}}", "20: `name` of `first` cannot be changed"),
        ("{first: {Dense: {from: x}}}", "28: `from` of `first` cannot be changed"),
        ("{first: $(1 / 0)}", "19: `1 / 0` divides by zero"),
        ("{add: null}", "12: `add` takes 2 layers, so it cannot be left out"),
        ("[first]", "11: `change` is a mapping of names of layers to arguments, got a list"),
    ],
)
def test_mistake_is_reported_at_its_place_in_change(change, expected):
    found = mistakes(change)

    assert any(problem.startswith(expected) for problem in found), found


def test_setting_of_a_layers_name_changes_the_layer():
    layers = changed("{stage0_conv2d: {strides: 2}}", "model.first.filters=12", "model.stage0_conv2d.filters=6",
                     "model.stage1_re_lu=null", "model.add={Average: {}}")  # fmt: skip

    assert layers["first"].args["filters"] == 12
    assert (layers["stage0_conv2d"].args["filters"], layers["stage0_conv2d"].args["strides"]) == (6, 2)
    assert "stage1_re_lu" not in layers
    assert layers["add"].name == "Average"


def test_setting_of_an_unknown_name_says_so():
    assert mistakes("", "model.frist.filters=3") == [
        "--set model.frist.filters=3: no layer is named `frist`\n    did you mean `first`?"
    ]
    assert mistakes("", "model.layer.0.Dense.units=3") == [
        "--set model.layer.0.Dense.units=3: no layer is named `layer`\n    did you mean `model.layers`?"
    ]
    [mistake] = mistakes("", "model.first=3")
    assert mistake.startswith("--set model.first=3: unknown key `first` in `model`")
    assert "groups" not in mistake


def test_child_changes_a_layer_of_its_parent_and_keeps_other_changes(tmp_path):
    (tmp_path / "base.yaml").write_text(HEAD + "  change: {first: {filters: 12}}\n")
    child = (
        "extends: base.yaml\nmodel: {change: {first: {strides: 2}, out: {Dense: {units: 10, activation: softmax}}}}\n"
    )
    grandchild = "extends: child.yaml\nmodel: {change: {first: {filters: 7}}}\n"
    (tmp_path / "child.yaml").write_text(child)

    layers = load_bytes(grandchild.encode(), str(tmp_path / "grandchild.yaml")).recipe.model.layers

    assert (layers[0].args["filters"], layers[0].args["strides"]) == (7, 2)


def test_null_takes_back_all_changes_of_the_parent(tmp_path):
    (tmp_path / "base.yaml").write_text(HEAD + "  change: {first: {filters: 12}}\n")

    child = load_bytes(b"extends: base.yaml\nmodel: {change: null}\n", str(tmp_path / "child.yaml")).recipe

    assert child.model.layers[0].args["filters"] == 4


def test_many_globs_over_many_layers_are_bounded():
    globs = ", ".join(f"'?{index}*': null" for index in range(2000))
    model = f"model: {{layers: [repeat: {{times: 1000, layers: [ReLU, ReLU]}}], change: {{{globs}}}}}"
    text = f"data: {{source: mnist-sample}}\n{model}\n"

    with pytest.raises(RecipeError, match="written out, the recipe has more than 100,000 values"):
        load_bytes(text.encode(), "r.yaml")


SHARED = """\
data: {source: {npz: {path: a.npz}}, classes: 2}
blocks: {code: {layers: [Dense: {units: 4}]}}
model:
  input: [8]
  layers:
    - code: {name: a, from: input}
    - code: {name: b, from: input, is: a}
    - Add: {from: [a, b]}
    - Dense: {units: 2, activation: softmax}
"""


@pytest.mark.parametrize(
    "change", ["{b_dense: {units: 5}}", "{'b_*': {units: 5}}", "{b_dense: null}", "{b_dense: ReLU}"]
)
def test_call_that_shares_its_weights_is_not_changed_by_itself(change):
    with pytest.raises(RecipeError) as caught:
        load_bytes(f"{SHARED}  change: {change}\n".encode(), "r.yaml")
    [problem] = caught.value.problems
    assert problem.message == "`b_dense` has the weights of `a_dense`, so it cannot be changed by itself"
    assert (problem.hint, problem.place.column) == ("change `a_dense`", 12)


@pytest.mark.parametrize("name", ["a_dense", '"?_dense"'])
def test_change_of_the_first_call_is_that_of_all_calls(name):
    layers = load_bytes(f"{SHARED}  change: {{{name}: {{units: 5}}}}\n".encode(), "r.yaml").recipe.model.layers
    assert [layer.args["units"] for layer in layers if layer.name == "Dense"] == [5, 5, 2]
