"""`$here`: the sizes of what comes in, known once someone tells shapes."""

from typing import ClassVar

import pytest

from cnncli.errors import RecipeError
from cnncli.recipe.deferred import Unknown
from cnncli.recipe.load import load_bytes
from cnncli.recipe.yaml.nodes import plain

HEAD = """
vars: {kind: ZeroPadding2D}
blocks:
  se:
    defaults: {channels: $here.channels}
    layers:
      - GlobalAveragePooling2D
      - Dense: {name: less, units: $(channels // 4)}
      - Dense: {name: more, units: $channels}
  wrap: {params: [inner], layers: [MaxPooling2D, $inner]}
  square: {params: [inner], layers: [Reshape: {target_shape: [4, 4, 1]}, $inner]}
data: {source: {npz: {path: a.npz}}, classes: 10}
model:
  input: [8, 6, 4]
  layers:
"""


class Shapes:
    """Tells shapes by the class of the layer alone."""

    KNOWN: ClassVar = {
        None: (8, 6, 4),
        "Conv2D": (8, 6, 16),
        "ReLU": (8, 6, 16),
        "MaxPooling2D": (4, 3, 16),
        "GlobalAveragePooling2D": (16,),
        "Reshape": (4, 4, 1),
    }

    def shape_of(self, layers, name):
        data = {item["name"]: kind for layer in layers for kind, item in plain(layer).items()}
        return self.KNOWN.get(data[name] if name else None)


def loaded(layers):
    return load_bytes(f"{HEAD}{layers}    - Dense: {{units: 10, activation: softmax}}\n".encode(), "r.yaml")


def values(layers, shapes):
    found = loaded(layers).resolve(shapes=shapes).recipe.model.layers
    return {layer.args["name"]: layer.args for layer in found}


CONV = "    - Conv2D: {name: conv, filters: 16, kernel_size: 3, padding: same}\n"


def test_sizes_are_numbers_once_shapes_are_known():
    layers = "    - Conv2D: {name: first, filters: $(here.height * here.width), kernel_size: $here.channels}\n"

    assert values(layers, Shapes())["first"]["filters"] == 48
    assert values(layers, Shapes())["first"]["kernel_size"] == 4


def test_sizes_are_integers_of_unknown_value_before():
    found = values(CONV + "    - Conv2D: {name: half, filters: $(here.channels // 2), kernel_size: 1}\n", None)

    assert isinstance(found["half"]["filters"], Unknown)
    assert str(found["half"]["filters"]) == "$(here.channels // 2)"


def test_default_of_a_block_has_the_sizes_of_what_comes_into_the_call():
    found = values(f"{CONV}    - se\n", Shapes())

    assert (found["se_less"]["units"], found["se_more"]["units"]) == (4, 16)


def test_given_layers_have_the_sizes_of_where_they_land():
    found = values(f"{CONV}    - wrap: {{inner: [ZeroPadding2D: {{name: pad, padding: $here.height}}]}}\n", Shapes())

    assert found["wrap_pad"]["padding"] == 4


@pytest.mark.parametrize("kind", ["ZeroPadding2D", "$kind"])
def test_given_layers_ask_for_sizes_only_where_they_land(kind):
    given = f"[{{{kind}: {{name: pad, padding: $here.height}}}}]"

    assert (
        values(f"    - GlobalAveragePooling2D\n    - square: {{inner: {given}}}\n", Shapes())["square_pad"]["padding"]
        == 4
    )


def test_the_merging_layer_of_branches_has_the_sizes_of_the_first_path():
    paths = "[[Conv2D: {filters: 16, kernel_size: 1}], []]"
    layers = f"    - branches: {{merge: {{Concatenate: {{axis: $(here.channels - 13)}}}}, paths: {paths}}}\n"

    assert values(layers, Shapes())["concatenate"]["axis"] == 3


def test_a_name_that_depends_on_sizes_stays_open_until_they_are_known():
    layers = f'{CONV}    - ReLU: {{name: r16}}\n    - ReLU\n    - Flatten: {{name: flat, from: "r$(here.channels)"}}\n'
    known = loaded(layers).resolve(shapes=Shapes()).recipe.model.layers

    assert loaded(layers).open_places
    assert next(layer for layer in known if layer.name == "Flatten").inputs == ("r16",)


def test_a_layer_with_several_inputs_has_the_sizes_of_the_first():
    layers = f"{CONV}    - Concatenate: {{name: both, axis: $(here.channels - 13), from: [conv, input]}}\n"

    assert values(layers, Shapes())["both"]["axis"] == 3


def test_structure_follows_sizes():
    layers = f"{CONV}    - repeat: {{times: $(here.channels // 8), layers: [ReLU: {{name: r}}]}}\n"
    layers += "    - residual: {body: [ReLU], skip: $(here.channels == 4)}\n"

    assert {"r_0", "r_1"} <= set(values(layers, Shapes()))
    assert "add" not in values(layers, Shapes())


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ("$here.chanels", "`here` has no `chanels`"),
        ("$here.depth", "`here` is 8x6x4 and has no `depth`"),
        ("$here", "`$here` is not a value"),
        ("$(here)", "`$here` is not a value"),
        ("$(here.channels.real)", "an expression has no attributes"),
    ],
)
def test_wrong_sizes_are_reported_at_their_place(value, message):
    with pytest.raises(RecipeError) as caught:
        loaded(f"    - Conv2D: {{kernel_size: 1, filters: {value}}}\n").resolve(shapes=Shapes())

    [problem] = caught.value.problems
    assert str(problem).startswith(f"r.yaml:16:41: {message}")


@pytest.mark.parametrize("section", ["vars: {a: $here.channels}\n", "name: x$here.channels\n"])
def test_only_layers_have_sizes(section):
    with pytest.raises(RecipeError, match=r"unknown name `\$here`\n.*only `model.layers`"):
        load_bytes(f"{section}{HEAD.replace('vars: {kind: ZeroPadding2D}', '')}{CONV}".encode(), "r.yaml")
