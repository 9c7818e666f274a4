"""`is` calls a layer, or the layers of a block's call, once more."""

import textwrap

import pytest

from cnncli.errors import RecipeError
from cnncli.recipe.language import shared_layers
from cnncli.recipe.load import load_bytes
from cnncli.recipe.write import to_yaml

HEAD = """\
data: {source: {npz: {path: a.npz}}, classes: 2}
blocks:
  encoder:
    defaults: {filters: 4, inner: ReLU}
    layers:
      - Conv2D: {name: conv, filters: $filters, kernel_size: 3, padding: same}
      - $inner
      - repeat: {times: 2, layers: [residual: {name: sum, body: [Conv2D: {filters: $filters, kernel_size: 1}]}]}
  other: {layers: [Flatten]}
model:
  input: [8, 8, 4]
  layers:
"""
END = "- Flatten: {name: end}\n- Dense: {name: out, units: 2, activation: softmax}"


def loaded(layers, head=HEAD):
    text = textwrap.indent(textwrap.dedent(layers).strip() + "\n" + END, "    ")
    return load_bytes((head + text + "\n").encode(), "r.yaml")


def flat(layers, head=HEAD):
    """Every layer but the last two as `name: Class <- inputs = shared`."""
    return [
        f"{each.args['name']}: {each.name}"
        + (f" <- {', '.join(each.inputs)}" if each.inputs else "")
        + (f" = {each.shares}" if each.shares else "")
        for each in loaded(layers, head).recipe.model.layers[:-2]
    ]


def mistakes(layers, head=HEAD):
    with pytest.raises(RecipeError) as caught:
        loaded(layers, head)
    return [(problem.message, problem.hint) for problem in caught.value.problems]


def test_layers_of_a_call_are_written_out_once_more_on_what_comes_in():
    assert flat("- encoder: {name: a}\n- encoder: {name: b, is: a}") == [
        "a_conv: Conv2D",
        "a_re_lu: ReLU",
        "a_conv2d: Conv2D",
        "a_sum_0: Add <- a_conv2d, a_re_lu",
        "a_conv2d_1: Conv2D",
        "a_sum_1: Add <- a_conv2d_1, a_sum_0",
        "b_conv: Conv2D = a_conv",
        "b_re_lu: ReLU = a_re_lu",
        "b_conv2d: Conv2D = a_conv2d",
        "b_sum_0: Add <- b_conv2d, b_re_lu = a_sum_0",
        "b_conv2d_1: Conv2D = a_conv2d_1",
        "b_sum_1: Add <- b_conv2d_1, b_sum_0 = a_sum_1",
    ]


def test_calls_have_groups_and_the_arguments_of_the_first():
    recipe = loaded("- encoder: {name: a, filters: 6}\n- encoder: {name: b, is: a}").recipe

    assert [(group.name, group.start, group.end) for group in recipe.model.groups] == [("a", 0, 6), ("b", 6, 12)]
    assert recipe.model.layers[6].args == {**recipe.model.layers[0].args, "name": "b_conv"}


def test_blocks_within_a_block_are_shared_with_their_names():
    head = HEAD.replace(
        "[Flatten]}",
        "[Dense: {name: x, units: 3}, Dense: {name: y, is: x}, inner: {name: i}]}\n  inner: {layers: [ReLU]}",
    )

    layers = "- other: {name: o}\n- other: {name: p, is: o}\n- Add: {name: sum, from: [o_i, p_i]}"
    assert flat(layers, head)[3:] == [
        "p_x: Dense = o_x",
        "p_y: Dense = o_x",
        "p_i_re_lu: ReLU = o_i_re_lu",
        "sum: Add <- o_i_re_lu, p_i_re_lu",
    ]
    groups = loaded(layers, head).recipe.model.groups
    assert [(group.name, group.start, group.end) for group in groups] == [
        ("o", 0, 3),
        ("o_i", 2, 3),
        ("p", 3, 6),
        ("p_i", 5, 6),
    ]


def test_resolved_recipe_loads_to_an_equal_one():
    recipe = loaded("- encoder: {name: a}\n- encoder: {name: b, from: input, is: a}\n- Add: {from: [a, b]}").recipe

    assert load_bytes(to_yaml(recipe).encode(), "resolved.yaml").recipe == recipe


def test_same_arguments_can_be_given_again():
    first = "- encoder: {name: a, filters: 6, inner: [ReLU: {}]}"
    second = "- encoder: {name: b, is: a, filters: $(2 * 3), inner: [ReLU: {}]}"
    layer = "- Dense: {name: x, units: 4}\n- Dense: {is: x, units: $(8 / 2), activation: null}"

    assert flat(f"{first}\n{second}")[6] == "b_conv: Conv2D = a_conv"
    assert flat(layer)[1] == "dense: Dense = x"


def test_one_layer_can_be_called_in_every_round():
    assert flat("- Dense: {name: step, units: 4}\n- repeat: {times: 2, layers: [Dense: {is: step}]}") == [
        "step: Dense",
        "dense: Dense = step",
        "dense_1: Dense = step",
    ]


def test_shared_layer_of_a_shared_layer_is_the_first_one():
    found = flat("- Dense: {name: x, units: 4}\n- Dense: {name: y, is: x}\n- Dense: {name: z, is: y}")

    assert found[2] == "z: Dense = x"


def test_names_are_looked_up_outwards():
    head = HEAD.replace("[Flatten]}", "[Dense: {name: x, units: 3}, Dense: {is: x}, Dense: {is: outer}]}")

    assert flat("- Dense: {name: x, units: 4}\n- Dense: {name: outer, units: 4}\n- other: {name: o}", head)[2:] == [
        "o_x: Dense",
        "o_dense: Dense = o_x",
        "o_dense_1: Dense = outer",
    ]


def test_layers_around_the_block_stay_what_they_are():
    head = HEAD.replace("[Flatten]}", "[ReLU, Add: {from: [re_lu, stem, .]}]}")

    found = flat(
        "- ReLU: {name: stem}\n- Dense: {name: d, units: 4}\n- other: {name: o}\n- other: {name: p, is: o}", head
    )
    assert found[3] == "o_add: Add <- o_re_lu, stem, d"
    assert found[5] == "p_add: Add <- p_re_lu, stem, o_add = o_add"


def test_a_layer_that_is_named_and_comes_in_too_is_not_clear_in_a_further_call():
    head = HEAD.replace("[Flatten]}", "[ReLU, Add: {from: [re_lu, stem]}]}")
    layers = "- ReLU: {name: stem}\n- other: {name: o}\n- Dense: 4\n- other: {name: p, is: o}"

    with pytest.raises(RecipeError) as caught:
        loaded(layers, head)

    [problem] = caught.value.problems
    assert problem.message == "`stem` is also what comes into `o`: it is not clear what `p` takes here"
    assert problem.place.line == 9


@pytest.mark.parametrize(
    ("layers", "message", "hint"),
    [
        ("- encoder: {name: a}\n- encoder: {is: aa}", "`is`: nothing is named `aa`", "did you mean `a`?"),
        ("- encoder: {is: b}\n- encoder: {name: b}", "`is`: `b` comes after this", "the first one has no `is`"),
        ("- encoder: {name: a}\n- other: {is: a}", "`is`: `a` is a call of the block `encoder`, not of `other`", ""),
        ("- encoder: {name: a}\n- Flatten: {is: a}", "`is`: `a` is a call of a block, and this is a single layer", ""),
        ("- ReLU: {name: a}\n- encoder: {is: a}", "`is`: `a` is a single layer, and this is a call of a block", ""),
        ("- ReLU: {name: a}\n- Flatten: {is: a}", "`is`: `a` is a ReLU, not a Flatten", "one of its kind"),
        ("- ReLU: {name: a}\n- ReLU: {is: 3}", "`is`: expected the name of a layer or of a block's call, got 3", ""),
        ("- encoder: {name: a}\n- encoder: {is: a, filters: 5}", "`filters` is 5, and `a` has 4", "leave it out"),
        ("- Dense: {name: a, units: 4}\n- Dense: {is: a, units: 5}", "`units` is 5, and `a` has 4", "leave it out"),
        ("- ReLU: {name: a}\n- repeat: {times: 2, is: a, layers: [ReLU]}", "`repeat` takes no `is`", "calls of blocks"),
        ("- Bidirectional: {layer: {GRU: {units: 3, is: a}}}", "GRU is an argument of another layer, so it cannot have `is`", ""),
    ],
)  # fmt: skip
def test_mistake_is_told_with_a_hint(layers, message, hint):
    assert [each for each in mistakes(layers) if each[0] == message and hint in each[1]]


def test_a_name_that_is_unknown_in_every_round_is_searched_for_once(monkeypatch):
    searched = []
    monkeypatch.setattr(shared_layers, "did_you_mean", lambda name, _: searched.append(name) or "")

    assert len(mistakes("- ReLU: {name: a}\n- repeat: {times: 9, layers: [ReLU: {is: aa}]}")) == 1
    assert searched == ["aa"]


def test_call_whose_layers_are_those_of_another_cannot_be_changed_by_itself():
    head = HEAD.replace("model:\n", "model:\n  change: {b_conv: {filters: 6}}\n")

    messages = [message for message, _ in mistakes("- encoder: {name: a}\n- Conv2D: {name: b_conv, is: a_conv}", head)]
    assert messages == ["`b_conv` has the weights of `a_conv`, so it cannot be changed by itself"]


def test_change_of_a_layer_reaches_its_further_calls():
    head = HEAD.replace("model:\n", "model:\n  change: {a_conv: {filters: 4, activation: relu}}\n")

    layers = loaded("- encoder: {name: a}\n- encoder: {name: b, is: a}", head).recipe.model.layers
    assert layers[6].args["activation"].name == "relu"


@pytest.mark.parametrize(
    "layers",
    [
        "- repeat: {name: stage, times: 2, layers: [ReLU]}\n- ReLU: {is: stage}",
        "- ReLU\n- Flatten: {is: input}",
    ],
)
def test_what_is_no_layer_does_not_come_after(layers):
    [(message, hint)] = mistakes(layers)
    assert message.endswith("is not a layer, and not a call of a block")
    assert hint == "it is a structure or an input, or `model.change` leaves it out"


def test_name_that_depends_on_sizes_is_found():
    layers = """
        - Conv2D: {name: "c$here.channels", filters: 4, kernel_size: 1}
        - Conv2D: {name: second, is: "c$here.channels"}
    """
    assert loaded(layers).recipe.model.layers[1].shares


def test_message_shows_what_is_written_instead_of_a_stand_in():
    [(message, _)] = mistakes('- Conv2D: {filters: "$here.channels.x", kernel_size: 1}')
    assert message == "Conv2D: `filters`: expected an integer ≥ 1, got '$here.channels.x' (text)"
    [(message, _)] = mistakes('- Conv2D: {name: second, is: "c$here.channels"}')
    assert message == "`is`: nothing is named `c$here.channels`"


def test_a_call_whose_name_begins_as_another_is_not_within_it():
    head = HEAD.replace("[Flatten]}", "[Conv2D: {filters: 4, kernel_size: 1, from: stem}]}")
    layers = "- ReLU: {name: stem}\n- encoder: {name: o}\n- other: {name: o_p}\n- encoder: {name: q, is: o}"

    assert "q_conv: Conv2D = o_conv" in flat(layers, head)


def test_written_out_block_with_a_shortcut_that_is_called_again_is_read_back():
    text = """
data: {source: {npz: {path: a.npz}}, classes: 2}
blocks: {body: {layers: [residual: {shortcut: auto, body: [Conv2D: {filters: 4, kernel_size: 1}]}]}}
model:
  input: [4, 4, 3]
  layers:
    - body: {name: one}
    - body: {name: two, is: one, from: input}
    - Add: {from: [one, two]}
    - Flatten
    - Dense: {units: $classes, activation: softmax}
"""
    recipe = load_bytes(text.encode(), "r.yaml").recipe

    assert load_bytes(to_yaml(recipe).encode(), "r.yaml").recipe == recipe
