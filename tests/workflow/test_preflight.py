"""Checks of a network and its outputs before any data is read."""

import pytest

from cnncli.errors import RecipeError
from cnncli.recipe.load import load_bytes
from cnncli.workflow.preflight import check_without_data


@pytest.mark.parametrize("last", ["reduce_axis: mean", "Reshape: {target_shape: []}"])
@pytest.mark.parametrize("targets", ["targets: numbers", "classes: 2"])
def test_output_without_an_axis_is_reported_with_what_to_do(last, targets):
    text = f"data: {{source: {{npz: {{path: x.npz}}}}, {targets}}}\ntrain: {{loss: mean_squared_error, metrics: []}}\n"
    text += f"model:\n  input: [4, 4, 3]\n  layers:\n    - Flatten\n    - Dense: 1\n    - {last}\n"

    with pytest.raises(RecipeError) as caught:
        check_without_data(load_bytes(text.encode(), "r.yaml"))

    message, hint = str(caught.value).splitlines()
    assert message.startswith("r.yaml:8:")
    assert "` is a number without an axis, but " in message
    assert hint == "    end with `- Reshape: [1]`"
