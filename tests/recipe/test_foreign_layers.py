"""Hints for layers of other libraries: each line of YAML that they name is one that loads."""

import re

import pytest

from cnncli.errors import RecipeError
from cnncli.recipe.keras_objects import catalogue, foreign_layers, foreign_names
from cnncli.recipe.load import load_bytes

RECIPE = """\
data: {source: {npz: {path: a.npz}}, classes: 10}
model:
  input: [32, 32, 16]
  layers:
"""


def told(name: str) -> str:
    with pytest.raises(RecipeError) as caught:
        load_bytes(f"{RECIPE}    - {name}\n    - Dense: {{units: 10, activation: softmax}}\n".encode(), "r.yaml")
    return str(caught.value)


@pytest.mark.parametrize("name", foreign_layers.LINES)
def test_each_line_of_a_hint_loads(name):
    items = "\n".join(f"    {line}" for line in re.findall("`(- .*)`", foreign_layers.hint(name)))
    assert items.count("- ") >= len(foreign_layers.LINES[name])

    load_bytes(f"{RECIPE}{items}\n    - Dense: {{units: 10, activation: softmax}}\n".encode(), "r.yaml")


@pytest.mark.parametrize("name", foreign_layers.LINES)
def test_names_with_a_hint_are_no_layers_of_keras(name):
    assert name not in {layer.lower() for layer in catalogue.names("layers")}


def test_foreign_names_are_unknown_and_their_meanings_are_not():
    known = {name for kind in catalogue.kinds() for name in catalogue.names_in_places(kind)}
    assert set(foreign_names.FOREIGN_NAMES) & known == set()
    assert set(foreign_names.FOREIGN_NAMES.values()) - known == set()


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("LayerScale", "write `- learned: {shape: $here.channels, initializer: {Constant: 1e-5}, merge: Multiply}`"),
        ("timm.layers.DropPath", "write `- Dropout: {rate: 0.1, noise_shape: [null, 1, 1, 1]}`"),
        ("nn.Linear: 10", "did you mean `Dense`?"),
        ("torch.nn.Conv2d: {filters: 3, kernel_size: 3}", "did you mean `Conv2D`?"),
        ("keras.layers.Dense: 10", "did you mean `Dense`?"),
        ("nn.GELU", "write `- Activation: gelu`"),
        ("swish", "write `- Activation: swish`"),
        ("AdaptiveAvgPool1d: 1", "did you mean `GlobalAveragePooling1D`?"),
        ("ConvTranspose3d", "did you mean `Conv3DTranspose`?"),
        ("ChannelShuffle", "then `- Permute: [1, 2, 4, 3]`"),
        ("'nn.Linear(10, 3)'", "write `Dense: {argument: value}`; a recipe holds no code"),
    ],
)
def test_foreign_layer_gets_the_lines_that_do_the_same(name, expected):
    assert expected in told(name)
