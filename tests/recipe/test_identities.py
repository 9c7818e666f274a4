"""Rules of recipes with `targets: identities`."""

from __future__ import annotations

import pytest

from cnncli.errors import RecipeError
from cnncli.recipe.load import load_bytes

LAYERS = "[Flatten, Dense: 8, UnitNormalization]"


def recipe(data: str = "", layers: str = LAYERS, more: str = "") -> bytes:
    source = "source: {npz: {path: a.npz}}, targets: identities"
    return f"data: {{{source}{data}}}\nmodel: {{input: [4, 4, 1], layers: {layers}}}\n{more}".encode()


def test_loss_metrics_and_batches_follow_from_the_targets() -> None:
    loaded = load_bytes(recipe(), "r.yaml").recipe
    assert loaded.data.balance == {"per_identity": 4}
    assert loaded.train.metrics == []
    assert not loaded.data.split.stratify


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (
            {"layers": "[Flatten, Dense: 8]"},
            "Circle compares vectors of length 1, and Dense gives vectors of any length",
        ),
        ({"data": ", classes: 3"}, "`classes` counts classes, and `targets: identities` has none"),
        ({"data": ", balance: oversample"}, "`balance: oversample` draws classes equally often"),
        ({"data": ", balance: {per_identity: 1}"}, "expected `oversample`, or for identities"),
        (
            {"data": ", split: {group: who}"},
            "`group`: `targets: identities` keeps the examples of each identity together",
        ),
        ({"more": "train: {batch_size: 30}"}, "batches of 30 cannot have 4 examples of each of 2 identities or more"),
        ({"more": "train: {loss: mean_squared_error}"}, "mean_squared_error compares outputs with labels"),
        ({"more": "train: {metrics: [accuracy]}"}, "accuracy compares an output with a label"),
        ({"more": "visualize: [grad_cam]"}, "grad_cam explains a class"),
        ({"more": "visualize: [maximize]"}, "maximize without a layer is for classes"),
        ({"layers": "[Flatten, Dense: $classes, UnitNormalization]"}, "write the size of the vector"),
        ({"more": 'expect: {metrics: {test_aucc: ">= 0.9"}}'}, "nothing named `test_aucc` is measured"),
    ],
)
def test_what_does_not_fit_is_an_error(given: dict[str, str], message: str) -> None:
    with pytest.raises(RecipeError) as caught:
        load_bytes(recipe(**given), "r.yaml")
    told = str(caught.value) + " ".join(f"{each.message} {each.hint}" for each in caught.value.problems)
    assert message in told


def test_scores_can_be_expected() -> None:
    load_bytes(recipe(more='expect: {metrics: {test_auc: ">= 0.95", test_recall_at_1: ">= 0.5"}}'), "r.yaml")
