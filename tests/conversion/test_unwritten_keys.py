"""Data that has no Python of the same meaning is refused at its place."""

import pytest

from cnncli.conversion.unwritten_keys import refuse_unwritten
from cnncli.errors import RecipeError
from cnncli.recipe.load import load_bytes


@pytest.mark.parametrize(
    ("source", "place"),
    [
        ("csv: {path: a.csv, numbers: a, label: b}", "a.yaml:1:22"),
        ("image_folder: {path: a, label: b, image_size: [8, 8]}", "a.yaml:1:31"),
    ],
)
def test_source_that_is_not_written_is_refused(source, place):
    recipe = f"data: {{source: {{{source}}}}}\nmodel: {{layers: [Flatten, Dense: {{units: 2, activation: softmax}}]}}\n"
    loaded = load_bytes(recipe.encode(), "a.yaml")

    with pytest.raises(RecipeError) as caught:
        refuse_unwritten(loaded.recipe, loaded)

    [problem] = caught.value.problems
    assert (str(problem.place), problem.message) == (place, f"`{source.partition(':')[0]}` cannot be written as Python")
