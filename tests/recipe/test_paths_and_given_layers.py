"""Paths of `branches` in rounds, conditions on paths and shortcuts, layers as values, and names that match several layers."""

import pytest

from tests.recipe.test_structure import first_lines, flat, recipe

KIM = (
    "- branches: {merge: Concatenate, over: {size: [3, 4, 5]}, path: [Conv2D: {filters: 2, kernel_size: $size}, ReLU]}"
)


def test_branches_have_a_path_for_each_item_of_over():
    assert flat(f"- ReLU\n{KIM}") == [
        "re_lu: ReLU",
        "conv2d: Conv2D",
        "re_lu_1: ReLU",
        "conv2d_1: Conv2D <- re_lu",
        "re_lu_2: ReLU",
        "conv2d_2: Conv2D <- re_lu",
        "re_lu_3: ReLU",
        "concatenate: Concatenate <- re_lu_1, re_lu_2, re_lu_3",
    ]


def test_paths_in_rounds_stand_beside_others_in_their_order():
    layers = """
    - ReLU: {name: start}
    - branches:
        merge: Add
        paths:
          - [Conv2D: {name: first, filters: 4, kernel_size: 1}]
          - {times: 2, as: i, path: [Conv2D: {name: conv, filters: $(i + 3), kernel_size: 1}]}
          - {if: false, layers: [Conv2D: {name: never, filters: 4, kernel_size: 1}]}
          - {if: true, layers: []}
    """
    assert flat(layers) == [
        "start: ReLU",
        "first: Conv2D",
        "conv_0: Conv2D <- start",
        "conv_1: Conv2D <- start",
        "add: Add <- first, conv_0, conv_1, start",
    ]


def test_a_single_path_is_not_merged_and_the_name_means_what_leaves_it():
    layers = """
    - branches: {name: both, merge: Add, paths: [[ReLU: {name: a}, ReLU: {name: b}], {if: $(1 > 2), layers: [ReLU]}]}
    - Dense: 3
    - Add: {from: [both, dense]}
    """
    assert flat(layers) == ["a: ReLU", "b: ReLU", "dense: Dense", "add: Add <- b, dense"]


@pytest.mark.parametrize(
    ("skip", "layers"),
    [("true", ["re_lu: ReLU", "sum: Add <- re_lu, input", "dense: Dense"]), ("false", ["re_lu: ReLU", "dense: Dense"])],
)
def test_skip_decides_on_the_addition_and_the_name_means_what_leaves(skip, layers):
    assert flat(f"- residual: {{name: sum, body: [ReLU], skip: {skip}}}\n- Dense: {{units: 1, from: sum}}") == layers


BLOCKS = """
    blocks:
      twice:
        params: [inner]
        layers:
          - $inner
          - residual: {body: $inner}
      made:
        params: [kind]
        defaults: {end: []}
        layers:
          - $kind: {filters: 2, kernel_size: 1}
          - group: {name: end, layers: $end}
"""


@pytest.mark.parametrize(
    ("given", "layers"),
    [
        ("ReLU", ["twice_re_lu: ReLU", "twice_re_lu_1: ReLU", "twice_add: Add <- twice_re_lu_1, twice_re_lu"]),
        (
            "{Conv2D: {filters: 2, kernel_size: 1}}",
            ["twice_conv2d: Conv2D", "twice_conv2d_1: Conv2D", "twice_add: Add <- twice_conv2d_1, twice_conv2d"],
        ),
        (
            "[ReLU, made: {kind: Conv2D}]",
            [
                *("twice_re_lu: ReLU", "twice_made_conv2d: Conv2D"),
                *("twice_re_lu_1: ReLU", "twice_made_1_conv2d: Conv2D"),
                "twice_add: Add <- twice_made_1_conv2d, twice_made_conv2d",
            ],
        ),
    ],
)
def test_a_block_takes_layers_and_writes_them_out_where_it_names_them(given, layers):
    assert flat(f"- twice: {{inner: {given}}}", BLOCKS) == layers


def test_a_single_layer_is_the_first_parameter():
    assert flat("- twice: {Conv2D: {filters: 2, kernel_size: 1}}", BLOCKS)[0] == "twice_conv2d: Conv2D"


def test_given_layers_read_the_variables_of_where_they_were_written():
    layers = """
    - repeat:
        times: 2
        as: filters
        layers:
          - made: {kind: Conv2D, end: [Conv2D: {name: "c$filters", filters: $(filters + 1), kernel_size: 1}]}
    """
    blocks = BLOCKS.replace("defaults: {end: []}", "defaults: {end: [], filters: 9}")

    assert [line for line in flat(layers, blocks) if "_c" in line][1::2] == ["made_c0: Conv2D", "made_1_c1: Conv2D"]


def test_given_layers_go_on_through_calls_and_come_from_variables():
    before = BLOCKS.replace("blocks:", "vars: {act: [ReLU], kind: SeparableConv2D}\n    blocks:").replace(
        "      made:", "      outer:\n        params: [part]\n        layers: [twice: {inner: $part}]\n      made:"
    )
    assert flat("- $act\n- $kind: {filters: 2, kernel_size: 1}\n- outer: {part: $act}", before) == [
        "re_lu: ReLU",
        "separable_conv2d: SeparableConv2D",
        "outer_twice_re_lu: ReLU",
        "outer_twice_re_lu_1: ReLU",
        "outer_twice_add: Add <- outer_twice_re_lu_1, outer_twice_re_lu",
    ]


def test_layers_of_a_variable_count_as_a_list_in_a_later_variable():
    before = "vars: {inner: [ReLU: {}, ReLU: {}, ReLU: {}], body: [Conv2D: {filters: $(len(inner)), kernel_size: 1}]}"
    last = "- Flatten\n- Dense: {units: 10, activation: softmax}"

    assert recipe("- $body", before, last).model.layers[0].args["filters"] == 3


def test_the_variable_of_a_round_hides_the_parameter_of_its_name():
    before = """
    blocks:
      each: {params: [inner], layers: [repeat: {over: {inner: [ReLU, Flatten]}, layers: [$inner]}, $inner]}
    """
    assert flat("- each: {inner: Softmax}", before) == [
        "each_re_lu: ReLU",
        "each_flatten: Flatten",
        "each_softmax: Softmax",
    ]


def test_a_layer_is_a_value_where_a_layer_takes_another():
    before = "blocks: {both: {params: [inner], layers: [Bidirectional: {layer: $inner}]}}\nvars: {units: 3}"
    found = recipe(
        "- Reshape: [64, 4]\n- both: {inner: {LSTM: $(units + 1)}}\n- Dense: {units: 10, activation: softmax}", before
    ).model.layers

    assert found[1].args["layer"].args == {"units": 4}


def test_a_block_may_be_given_a_call_of_itself():
    assert len(flat("- twice: {inner: [twice: {inner: ReLU}]}", BLOCKS)) == 7


def test_an_object_of_keras_is_a_value_as_before():
    before = """
    blocks:
      conv: {params: [init], layers: [Conv2D: {filters: 1, kernel_size: 1, kernel_initializer: $init, bias_initializer: $zero}]}
    vars: {zero: {Constant: $(1 / 4)}}
    """
    assert flat("- conv: {init: {RandomNormal: {stddev: $(1 / 2)}}}", before) == ["conv_conv2d: Conv2D"]


def test_a_glob_in_from_takes_all_layers_of_that_name_in_their_order():
    layers = """
    - repeat: {times: 3, layers: [Conv2D: {name: skip, filters: 4, kernel_size: 1}]}
    - Add: {from: [skip_*]}
    - Add: {name: end, from: 'skip_?'}
    """
    assert flat(layers)[3:] == ["add: Add <- skip_0, skip_1, skip_2", "end: Add <- skip_0, skip_1, skip_2"]


def test_a_glob_takes_blocks_and_not_the_layers_in_them():
    layers = "- conv: {name: skip_a}\n- conv: {name: skip_b}\n- Add: {from: skip_*}"
    before = "blocks: {conv: {layers: [ReLU, ReLU]}}"

    assert flat(layers, before)[-1] == "add: Add <- skip_a_re_lu_1, skip_b_re_lu_1"


def test_a_glob_takes_blocks_and_not_the_blocks_in_them():
    layers = "- wide: {name: skip_0}\n- wide: {name: skip_1}\n- Add: {from: skip_*}"
    before = "blocks: {narrow: {layers: [ReLU, ReLU]}, wide: {layers: [narrow, PReLU]}}"

    assert flat(layers, before)[-1] == "add: Add <- skip_0_p_re_lu, skip_1_p_re_lu"


def test_a_glob_within_a_block_takes_the_blocks_own_layers_first():
    before = """
    blocks:
      dense:
        layers:
          - repeat: {times: 2, layers: [ReLU: {name: part}]}
          - Concatenate: {from: part_*}
    """
    assert (
        flat("- ReLU: {name: part_9}\n- dense", before)[-1]
        == "dense_concatenate: Concatenate <- dense_part_0, dense_part_1"
    )


def test_the_name_of_a_repeat_means_what_leaves_its_last_round():
    layers = "- repeat: {name: stage, times: 2, layers: [ReLU: {name: a}]}\n- Dense: 2\n- Add: {from: [stage, dense]}"

    assert flat(layers)[-1] == "add: Add <- a_1, dense"


@pytest.mark.parametrize(
    ("layers", "line", "message"),
    [
        ("- branches: {merge: Add, path: [ReLU]}", 6, "`branches` needs `times` or `over`, one of them"),
        (
            "- branches: {merge: Add, paths: [{if: false, layers: []}]}",
            6,
            "`branches` has no path left",
        ),
        ("- branches: {merge: Add, paths: [[], {over: {a: 1}, path: []}]}", 6, "`over` is a mapping of names to lists"),
        (
            "- branches: {merge: Add, over: {a: [1]}, paths: [[], []]}",
            6,
            "`over` of `branches` is for `path`, not for `paths`",
        ),
        ("- branches: {merge: Add, paths: [[], {times: 2, layers: []}]}", 6, "`times` of a path is for `path`"),
        ("- branches: {merge: Add, paths: [[], {layer: []}]}", 6, "a path has no `layer`"),
        ("- residual: {body: [ReLU], skip: maybe}", 6, "`skip`: expected true or false, got 'maybe'"),
        ("- residual: {body: $units}", 6, "unknown name `$units`"),
        ("- $units", 6, "unknown name `$units`"),
        ("- $(2 * 3): {a: 1}", 6, "`$(2 * 3)` is the name of a layer or block, got 6"),
        ("- repeat: {over: {here: [1]}, layers: [ReLU]}", 6, "`$here` is what comes into a layer"),
        (
            "- repeat: {times: 2, layers: [ReLU: {name: a}]}\n- group: {name: g, from: a_*, layers: []}",
            7,
            "`from`: expected the name of one layer, got 2 layers: a_0, a_1",
        ),
    ],
)
def test_wrong_structure_is_reported_at_its_line(layers, line, message):
    [first, *_], *_ = first_lines(layers)

    assert first.startswith(f"r.yaml:{line}:")
    assert message in first


@pytest.mark.parametrize(
    "structure",
    [
        "repeat: {name: none, times: 0, layers: [ReLU]}",
        "branches: {name: none, merge: Add, paths: [[], {if: false, layers: [ReLU]}]}",
        "group: {name: none, layers: [ReLU: {if: false}]}",
    ],
)
def test_name_of_a_structure_without_layers_means_what_comes_in(structure):
    layers = f"- ReLU: {{name: a}}\n- {structure}\n- Dense: 3\n- Add: {{from: [none, dense]}}"
    assert flat(layers) == ["a: ReLU", "dense: Dense", "add: Add <- a, dense"]


def test_merge_takes_what_leaves_the_paths():
    layers = "- branches: {merge: {Add: {from: x, if: false}}, paths: [[], [ReLU]]}"
    lines = [lines[0].partition(": ")[2] for lines in first_lines(layers)]
    assert lines == ["`merge` takes no `from`", "`merge` takes no `if`"]


@pytest.mark.parametrize(
    "structure",
    [
        "repeat: {name: a, times: 2, layers: [ReLU]}",
        "branches: {name: a, merge: Add, paths: [[ReLU], {if: false, layers: []}]}",
        "residual: {name: a, skip: false, body: [ReLU]}",
        "group: {name: a, layers: [ReLU]}",
    ],
)
def test_structure_takes_no_name_that_a_layer_has(structure):
    [[line, hint]] = first_lines(f"- Dense: {{name: a, units: 3}}\n- {structure}")
    assert line.endswith("two layers or blocks are named `a`")
    assert hint.strip() == "give one of them another name"
