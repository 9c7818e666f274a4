"""Recipes with several labels for each example: what follows from `targets: multilabel`, and what it refuses."""

import pytest

from cnncli.errors import RecipeError
from cnncli.recipe.load import load_bytes
from cnncli.recipe.outputs import outputs_of
from cnncli.recipe.write import to_yaml

RECIPE = """\
data: {source: {npz: {path: scenes.npz}}, targets: multilabel}
model:
  input: [8, 8, 1]
  layers: [Flatten, Dense: {units: $classes, activation: sigmoid}]
"""


def loaded(text):
    return load_bytes(text.encode(), "recipe.yaml")


def test_labels_get_their_own_loss_metrics_and_split():
    recipe = loaded(RECIPE).recipe

    assert [output.loss.name for output in outputs_of(recipe)] == ["binary_crossentropy"]
    assert [metric.name for metric in recipe.train.metrics] == ["F1Score", "AUC"]
    assert recipe.data.split.stratify is False


def test_resolved_recipe_of_labels_loads_back_equal():
    recipe = loaded(RECIPE).recipe
    assert loaded(to_yaml(recipe)).recipe.model_copy(update={"name": recipe.name}) == recipe


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("activation: sigmoid", "activation: softmax", "softmax makes one class win"),
        ("activation: sigmoid", "activation: relu", "`loss` is missing in `train`"),
        ("{npz: {path: scenes.npz}}", "mnist", "mnist has one class for each example"),
        (
            "{npz: {path: scenes.npz}}",
            "{idx: {path: p}}",
            "a folder of IDX files has one class",
        ),
        ("targets: multilabel", "targets: multilabel, class_weight: balanced", "`class_weight` weights examples"),
        ("targets: multilabel", "targets: multilabel, split: {stratify: true}", "`stratify` needs one class"),
        ("model:", "train: {metrics: [accuracy]}\nmodel:", "accuracy expects one class for each example"),
        ("model:", "train: {loss: mse}\nmodel:", "mse expects one class for each example"),
        (
            "model:",
            "train: {loss: {BinaryCrossentropy: {from_logits: true}}}\nmodel:",
            "they are logits",
        ),
        ("activation: sigmoid}]", "activation: tanh}]\ntrain: {loss: binary_crossentropy}", "expects probabilities"),
        ("model:", "visualize: [grad_cam: {class_name: 'true'}]\nmodel:", "can have several true labels"),
        ("model:", "visualize: [feature_maps: {samples: most_confused}]\nmodel:", "most_confused compares pairs"),
    ],
)
def test_what_expects_one_class_is_refused(old, new, message):
    with pytest.raises(RecipeError) as error:
        loaded(RECIPE.replace(old, new))
    assert message in str(error.value)
