"""The lines of YAML that hints name for layers of other libraries build."""

import pytest

from cnncli.errors import RecipeError
from cnncli.network.summary import summarise
from cnncli.recipe.keras_objects import foreign_layers
from cnncli.recipe.load import load_bytes

INPUTS = ("[32, 32, 16]", "[24, 16]", "[16]")


def built(lines, shape: str):
    """The shape that leaves the lines."""
    items = "\n".join(f"    - {line}" for line in lines)
    head = f"data: {{source: {{npz: {{path: a.npz}}}}, classes: 10}}\nmodel:\n  input: {shape}\n  layers:\n"
    end = "    - Flatten\n    - Dense: {units: 10, activation: softmax}\n"
    return summarise(load_bytes(f"{head}{items}\n{end}".encode(), "r.yaml")).layers[-3].output_shape


@pytest.mark.parametrize("lines", sorted(set(foreign_layers.LINES.values())))
def test_lines_build_on_an_image_a_sequence_or_a_row(lines):
    reasons = []
    for shape in INPUTS:
        try:
            built(lines, shape)
        except RecipeError as error:
            reasons.append(str(error))
    assert len(reasons) < len(INPUTS), reasons


@pytest.mark.parametrize(
    ("name", "shape", "expected"),
    [
        ("pixelshuffle", "[8, 6, 16]", (16, 12, 4)),
        ("channelshuffle", "[8, 6, 16]", (8, 6, 16)),
        ("seblock", "[8, 6, 16]", (8, 6, 16)),
        ("glu", "[8, 6, 16]", (8, 6, 8)),
        ("patchembed", "[32, 48, 3]", (6, 192)),
        ("positionembedding", "[24, 16]", (24, 16)),
        ("transformerblock", "[24, 16]", (24, 16)),
        ("mlp", "[24, 16]", (24, 16)),
        ("droppath", "[8, 6, 16]", (8, 6, 16)),
        ("spacetodepth", "[8, 6, 16]", (4, 3, 64)),
        ("windowpartition", "[8, 12, 16]", (6, 16, 16)),
        ("roll", "[8, 6, 16]", (8, 6, 16)),
        ("eca", "[8, 6, 16]", (8, 6, 16)),
        ("cbam", "[8, 6, 16]", (8, 6, 16)),
        ("nonlocal", "[8, 6, 16]", (8, 6, 16)),
    ],
)
def test_lines_have_the_shape_of_the_layer(name, shape, expected):
    assert built(foreign_layers.LINES[name], shape) == expected
