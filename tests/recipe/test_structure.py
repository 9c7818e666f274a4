"""`blocks`, `repeat`, `branches`, `residual`, `group`, `from` and `if` become one flat list of layers."""

import textwrap

import pytest

from cnncli.errors import RecipeError
from cnncli.recipe.load import load_bytes
from cnncli.recipe.write import to_yaml


def loaded(layers: str, before: str = "", last: str = ""):
    content = f"{textwrap.dedent(before)}\ndata: {{source: {{npz: {{path: a.npz}}}}, classes: 10}}\n"
    content += "model:\n  input: [8, 8, 4]\n  layers:\n"
    return load_bytes(
        (content + textwrap.indent(textwrap.dedent(layers).strip() + "\n" + last, "    ") + "\n").encode(), "r.yaml"
    )


def recipe(layers: str, before: str = "", last: str = ""):
    return loaded(layers, before, last).recipe


def flat(layers: str, before: str = ""):
    """Every layer as `name: Class <- inputs`."""
    return [
        f"{layer.args['name']}: {layer.name}" + (f" <- {', '.join(layer.inputs)}" if layer.inputs else "")
        for layer in recipe(layers, before, "- Dense: {name: out, units: 10, activation: softmax}").model.layers[:-1]
    ]


def first_lines(layers: str, before: str = ""):
    with pytest.raises(RecipeError) as caught:
        flat(layers, before)
    return [str(problem).splitlines() for problem in caught.value.problems]


CONV = """
    blocks:
      conv:
        params: [filters]
        defaults: {size: 3}
        layers:
          - Conv2D: {filters: $filters, kernel_size: $size, padding: same}
          - ReLU
"""


def test_block_is_written_out_with_its_arguments_and_defaults():
    layers = recipe(
        "- conv: {filters: 6}\n- conv: {filters: 7, size: 1}\n- Dense: {units: 10, activation: softmax}", CONV
    ).model.layers

    convs = [(layer.args["filters"], layer.args["kernel_size"]) for layer in layers if layer.name == "Conv2D"]
    assert convs == [(6, 3), (7, 1)]


def test_layers_in_a_block_are_named_after_its_call():
    assert flat("- conv: 6\n- conv: 6\n- conv: {name: last, filters: 6}", CONV) == [
        "conv_conv2d: Conv2D",
        "conv_re_lu: ReLU",
        "conv_1_conv2d: Conv2D",
        "conv_1_re_lu: ReLU",
        "last_conv2d: Conv2D",
        "last_re_lu: ReLU",
    ]


def test_branches_all_take_the_layer_before_and_are_merged():
    layers = """
    - ReLU
    - branches:
        merge: Concatenate
        paths:
          - [Conv2D: {filters: 2, kernel_size: 1}]
          - [Conv2D: {filters: 2, kernel_size: 1}, ReLU]
          - []
    """
    assert flat(layers) == [
        "re_lu: ReLU",
        "conv2d: Conv2D",
        "conv2d_1: Conv2D <- re_lu",
        "re_lu_1: ReLU",
        "concatenate: Concatenate <- conv2d, re_lu_1, re_lu",
    ]


def test_branches_at_the_beginning_take_the_input():
    assert flat("- branches: {merge: Add, paths: [[ReLU], []]}") == ["re_lu: ReLU", "add: Add <- re_lu, input"]


def test_merging_layer_has_arguments_and_a_name():
    layers = "- branches: {name: both, merge: {Concatenate: {axis: 1}}, paths: [[ReLU], [ReLU]]}"

    assert flat(layers)[-1] == "both: Concatenate <- re_lu, re_lu_1"
    assert recipe(layers + "\n- Dense: {units: 10, activation: softmax}").model.layers[2].args["axis"] == 1


def test_residual_adds_what_came_in():
    assert flat("- ReLU\n- residual: {body: [ReLU, ReLU]}") == [
        "re_lu: ReLU",
        "re_lu_1: ReLU",
        "re_lu_2: ReLU",
        "add: Add <- re_lu_2, re_lu",
    ]


def test_residual_with_layers_as_its_shortcut():
    layers = "- ReLU\n- residual: {name: sum, body: [ReLU], shortcut: [Conv2D: {filters: 4, kernel_size: 1}]}"

    assert flat(layers)[2:] == ["conv2d: Conv2D <- re_lu", "sum: Add <- re_lu_1, conv2d"]


def test_automatic_shortcut_waits_for_the_shapes():
    layers = flat("- ReLU\n- residual: {body: [ReLU], shortcut: auto}")

    assert layers[2:] == ["shortcut: shortcut <- re_lu", "add: Add <- re_lu_1, shortcut"]


def test_repeat_counts_and_zips():
    layers = """
    - repeat:
        over: {filters: [4, 8], size: [1, 3]}
        as: stage
        layers:
          - repeat:
              times: 2
              as: block
              layers:
                - Conv2D: {name: c, filters: $filters, kernel_size: $size, strides: $(2 if stage > 0 and block == 0 else 1)}
    """
    found = recipe(layers, last="- Dense: {units: 10, activation: softmax}").model.layers[:-1]

    assert [(c.args["name"], c.args["filters"], c.args["kernel_size"], c.args["strides"]) for c in found] == [
        ("c_0_0", 4, 1, 1),
        ("c_0_1", 4, 1, 1),
        ("c_1_0", 8, 3, 2),
        ("c_1_1", 8, 3, 1),
    ]


def test_name_with_a_variable_gets_no_suffix():
    assert flat("- repeat: {times: 2, as: i, layers: [ReLU: {name: r$i}]}") == ["r0: ReLU", "r1: ReLU"]


def test_if_leaves_an_item_out():
    assert flat("- ReLU: {if: $(1 > 2)}\n- conv: {filters: 3, if: false}\n- ReLU: {name: stays, if: true}", CONV) == [
        "stays: ReLU"
    ]


def test_from_takes_a_layer_or_a_block_by_name():
    layers = "- conv: {name: a, filters: 4}\n- ReLU\n- Add: {from: [re_lu, a]}\n- ReLU: {from: a}"
    layers += "\n- conv: {filters: 2, from: input}"

    assert flat(layers, CONV)[2:] == [
        "re_lu: ReLU",
        "add: Add <- re_lu, a_re_lu",
        "re_lu_1: ReLU <- a_re_lu",
        "conv_conv2d: Conv2D <- input",
        "conv_re_lu: ReLU",
    ]


def test_from_inside_a_block_means_the_blocks_own_layer_first():
    before = """
    blocks:
      twice:
        layers:
          - ReLU: {name: x}
          - ReLU
          - Add: {from: [x, re_lu]}
    """
    assert flat("- ReLU: {name: x}\n- twice", before)[-1] == "twice_add: Add <- twice_x, twice_re_lu"


def test_group_keeps_names_and_can_be_named():
    layers = (
        "- group: {name: stem, layers: [ReLU: {name: a}, ReLU: {name: b}]}\n- ReLU: {name: c}\n- Add: {from: [c, stem]}"
    )

    assert flat(layers)[-1] == "add: Add <- c, b"


def test_resolved_recipe_keeps_groups_and_loads_back_equal():
    layers = """
    - conv: {name: a, filters: 4}
    - residual: {body: [conv: {filters: 4}], shortcut: auto}
    - branches: {merge: Add, paths: [[conv: 4], []]}
    - Flatten
    - Dense: {units: 10, activation: softmax}
    """
    before = CONV + "expect: {shapes: {a: [8, 8, 4]}}\n".replace("expect", "    expect")
    found = recipe(layers, before)

    again = load_bytes(to_yaml(found.model_copy(update={"name": "r"})).encode(), "r.yaml").recipe

    assert again == found
    assert [group.name for group in found.model.groups] == ["a", "conv", "conv_1"]


def test_mistake_in_a_block_names_its_line_and_the_line_of_the_call():
    [problem] = first_lines("- ReLU\n- conv: {filters: three}\n- conv: {filters: three}", CONV)

    assert problem == [
        "r.yaml:7:27: Conv2D: `filters`: expected an integer ≥ 1, got 'three' (text)",
        "    called from r.yaml:15:7",
    ]


@pytest.mark.parametrize(
    ("layers", "message"),
    [
        ("- conv: {size: 3}", "block `conv` needs `filters`"),
        ("- conv: {filters: 3, sise: 3}", "block `conv` has no parameter `sise`"),
        ("- convv: 3", "unknown block `convv`"),
        ("- repeat: {layers: [ReLU]}", "`repeat` needs `times` or `over`, one of them"),
        ("- repeat: {times: 2000, layers: [ReLU]}", "`times`: expected an integer from 0 to 1000, got 2000"),
        ("- repeat: {times: 2}", "`repeat` needs `layers`"),
        (
            "- repeat: {over: {a: [1], b: [1, 2]}, layers: [ReLU]}",
            "the lists of `over` are not of one length: a has 1, b has 2",
        ),
        ("- branches: {merge: Add, paths: [[ReLU]]}", "`paths` is a list of at least two lists of layers"),
        ("- branches: {merge: add, paths: [[], []]}", "`merge` is a Keras merging layer, got 'add' (text)"),
        (
            "- residual: {body: [ReLU], shortcut: none}",
            "`shortcut`: expected identity, auto or a list of layers, got 'none' (text)",
        ),
        ("- residual: {}", "`residual` needs `body`"),
        ("- group: {layers: [ReLU]}", "`group` needs a `name`"),
        ("- ReLU: {if: maybe}", "`if`: expected true or false, got 'maybe' (text)"),
        ("- Add: {from: [nowhere, input]}", "no layer is named `nowhere`"),
        (
            "- repeat: {times: 1000, layers: [repeat: {times: 1000, layers: [ReLU]}]}",
            "the network has more than 5,000 layers",
        ),
    ],
)
def test_wrong_structure_is_reported(layers, message):
    problems = first_lines(layers, CONV)

    assert message in [problem[0].split(": ", 1)[1] for problem in problems]


def test_block_that_calls_itself_is_reported():
    before = """
    blocks:
      a: {layers: [b]}
      b: {layers: [a]}
    """
    [problem] = first_lines("- a", before)

    assert problem[0].endswith("block `a` calls itself")


def test_block_cannot_have_the_name_of_a_structure():
    [problem] = first_lines("- ReLU", "blocks: {slice: {layers: [ReLU]}}")

    assert problem == [
        "r.yaml:1:10: `slice` cannot name a block",
        "    `slice` is a structure of every recipe; give the block another name",
    ]


def test_block_with_a_wrong_definition_is_reported_there_and_not_at_its_calls():
    [problem] = first_lines("- a: {from: input}\n- a", "blocks: {a: {params: [from], layers: [ReLU]}}")

    assert problem == [
        "r.yaml:1:10: block `a`: `from` cannot be a parameter",
        "    every call has a key `from` of its own: give the parameter another name",
    ]


def test_block_may_call_itself_under_an_if():
    before = """
    blocks:
      hourglass:
        params: [n]
        layers:
          - MaxPooling2D: 2
          - hourglass: {if: $(n > 1), n: $(n - 1)}
          - UpSampling2D: 2
      tree:
        params: [n]
        layers: [branches: {merge: Add, paths: [[ReLU], {if: $(n > 0), layers: [tree: $(n - 1), tree: $(n - 1)]}]}]
    """
    pools = [line.split(": ")[1] for line in flat("- hourglass: 3", before)]
    trees = [line.split(": ")[1].split(" ")[0] for line in flat("- tree: 2", before)]

    assert pools == ["MaxPooling2D"] * 3 + ["UpSampling2D"] * 3
    assert (trees.count("ReLU"), trees.count("Add")) == (7, 3)  # 1 + 2 + 4, and a merge where there are two paths


def test_block_that_calls_itself_without_end_is_reported():
    problems = first_lines("- a", "blocks: {a: {layers: [ReLU, a: {if: true}]}}")

    assert problems[0][0].endswith("structures and blocks are nested too deeply (max 20)")


def test_end_of_a_block_that_calls_itself_may_depend_on_sizes_that_are_not_known_yet():
    before = "blocks: {a: {layers: [MaxPooling2D, a: {name: next, if: $(here.height > 1)}, ReLU: {from: next}]}}"

    assert flat("- a", before) == ["a_max_pooling2d: MaxPooling2D", "a_re_lu: ReLU"]


def test_extends_merges_mappings_and_replaces_lists_and_objects(tmp_path):
    base = "data: {source: mnist, split: {validation: 0.2, seed: 3}}\n"
    base += "model: {layers: [Flatten, Dense: {units: 10, activation: softmax}]}\n"
    (tmp_path / "base.yaml").write_text(
        base + "train: {epochs: 4, optimizer: {SGD: {momentum: 0.5}}, metrics: [accuracy]}\n"
    )
    child = tmp_path / "child.yaml"
    child.write_text(
        "extends: base.yaml\ndata: {source: {npz: {path: a.npz}}, split: {seed: 4}}\n"
        "train: {optimizer: {Adam: {beta_1: 0.8}}, metrics: []}\n"
    )

    found = load_bytes(child.read_bytes(), str(child)).recipe

    assert (found.data.source.word, found.data.split.validation, found.data.split.seed) == ("npz", 0.2, 4)
    assert (found.train.epochs, found.train.optimizer.name, found.train.metrics) == (4, "Adam", [])


def test_extends_a_shipped_recipe():
    found = load_bytes(b"extends: lenet5\ntrain: {epochs: 1, callbacks: []}\n", "mine.yaml").recipe

    assert (found.name, found.train.epochs, found.train.batch_size) == ("lenet5", 1, 128)


def test_extends_in_a_circle_is_reported(tmp_path):
    (tmp_path / "a.yaml").write_text("extends: b.yaml\n")
    (tmp_path / "b.yaml").write_text("extends: a.yaml\n")

    with pytest.raises(RecipeError, match="`extends` leads in a circle"):
        load_bytes((tmp_path / "a.yaml").read_bytes(), str(tmp_path / "a.yaml"))


def test_mistake_in_the_parent_is_reported_in_the_parents_file(tmp_path):
    (tmp_path / "base.yaml").write_text("data: {source: mnist}\nmodel: {layers: [Flaten]}\n")

    with pytest.raises(RecipeError) as caught:
        load_bytes(b"extends: base.yaml\n", str(tmp_path / "child.yaml"))

    assert str(caught.value.problems[0].place) == f"{tmp_path / 'base.yaml'}:2:18"


@pytest.mark.parametrize(
    ("layers", "lines"),
    [
        ("- conv: {from: nowhere, filters: 4}", ["r.yaml:14:20: no layer is named `nowhere`", "    one of: input"]),
        (
            "- residual: {from: nowhere, body: [ReLU]}",
            ["r.yaml:14:24: no layer is named `nowhere`", "    one of: input"],
        ),
        (
            "- conv: {name: stem, filters: 4}\n- ReLU: {from: sten}",
            ["r.yaml:15:20: no layer is named `sten`", "    did you mean `stem`?"],
        ),
    ],
)
def test_unknown_input_is_reported_once_where_it_is_written(layers, lines):
    [problem] = first_lines(layers, CONV)

    assert problem == lines


@pytest.mark.parametrize(
    ("layers", "line"),
    [
        ("- conv: {name: stem}\n- ReLU: {from: stem}", "r.yaml:14:7: block `conv` needs `filters`"),
        (
            "- repeat: {name: a, times: x, layers: [ReLU]}\n- ReLU: {from: a}",
            "r.yaml:14:32: `times`: expected an integer from",
        ),
        ("- repeat: {times: 2, layers: [ReLU: {name: x$nope}]}", "r.yaml:14:48: unknown name `$nope`"),
        ("- ReLU\n- Add: {from: [x$nope, re_lu]}", "r.yaml:15:20: unknown name `$nope`"),
        ("- conv: {from: [x$nope], filters: 4}", "r.yaml:14:21: unknown name `$nope`"),
        ("- conv: {from: x$nope, filters: 4}", "r.yaml:14:20: unknown name `$nope`"),
        ("- repeat: {over: {a: $nope}, layers: [ReLU]}", "r.yaml:14:26: unknown name `$nope`"),
        (
            "- repeat: {over: {a: [1], b: 3}, layers: [ReLU]}",
            "r.yaml:14:22: `over` is a mapping of names to lists, got 3 for `b`",
        ),
    ],
)
def test_mistake_in_a_structure_is_reported_once(layers, line):
    [problem] = first_lines(layers, CONV)

    assert problem[0].startswith(line)


def test_name_that_two_rounds_share_is_told_from_a_name_on_two_lines():
    rounds = "- repeat: {times: 2, layers: [repeat: {times: 1, as: i, layers: [ReLU: {name: x$i}]}]}"
    [problem] = first_lines(rounds)
    [other] = first_lines("- ReLU: {name: a}\n- ReLU: {name: a}")

    assert problem[1].strip() == (
        "it is written out several times: use the variables of all rounds in the name, as in `x$(i)_$j`"
    )
    assert other[1].strip().startswith("first given on line")


def test_name_that_goes_on_behind_a_variable_gets_brackets():
    [problem] = first_lines("- repeat: {times: 1, as: i, layers: [ReLU: {name: x$i_0}]}")

    assert problem[1].strip() == "did you mean `$(i)_0`?"


BESIDE = """
    blocks:
      gate:
        layers:
          - Identity: {name: x}
          - Conv2D: {filters: 4, kernel_size: 1}
          - ReLU
          - Multiply: {from: [x, .]}
"""


def test_layers_that_lead_to_no_output_are_noted():
    end = "- Dense: {name: out, units: 10, activation: softmax}"
    [warning] = loaded("- gate", BESIDE, end).warnings

    assert str(warning).splitlines()[:2] == [
        "r.yaml:6:9: `gate_conv2d`, `gate_re_lu` lead to no output: they are not part of the network",
        "    name what takes it in `from`, or leave it out",
    ]


@pytest.mark.parametrize(
    "layers",
    [
        "- ReLU: {name: a}\n- ReLU: {name: b, from: input}\n- Add: {from: [a, b]}",
        "- residual: {body: [Conv2D: {filters: 8, kernel_size: 1}], shortcut: auto}",
        "- Dense: {name: a, units: 4}\n- Dense: {is: a, from: input}",
        "- VGG16: {weights: null, include_top: false}\n- ReLU: {from: block3_pool}",
    ],
)
def test_layers_on_a_path_to_an_output_are_not_noted(layers):
    assert not loaded(layers, "", "- Dense: {name: out, units: 10, activation: softmax}").warnings


def test_unknown_block_can_be_a_misspelt_layer_or_one_to_define():
    [problem] = first_lines("- dnse: 10")

    assert problem[1:] == ["    did you mean `Dense`?", "    or define `dnse` in `blocks`; CapWords are Keras"]
