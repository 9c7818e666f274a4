"""Recipes whose targets are the input: what follows from `targets: input`, and what is refused at its line."""

import pytest

from cnncli.errors import RecipeError
from cnncli.recipe.load import load_bytes
from cnncli.recipe.outputs import outputs_of
from cnncli.recipe.write import to_yaml

RECIPE = """\
data:
  source: mnist
  targets: input
  prepare: [Rescaling: {scale: $(1 / 255)}]
  augment: [GaussianNoise: 40]
model:
  layers:
    - Conv2D: {filters: 8, kernel_size: 3, padding: same, activation: relu}
    - Conv2D: {name: last, filters: 1, kernel_size: 3, padding: same}
"""


def loaded(text):
    return load_bytes(text.encode(), "recipe.yaml")


def refused(text):
    with pytest.raises(RecipeError) as caught:
        loaded(text)
    return [(problem.place.line, problem.message, problem.hint) for problem in caught.value.problems]


def test_loss_metrics_and_split_follow_from_the_targets():
    recipe = loaded(RECIPE).recipe

    assert [output.loss.name for output in outputs_of(recipe)] == ["mean_squared_error"]
    assert [metric.name for metric in recipe.train.metrics] == ["mean_absolute_error"]
    assert recipe.data.split.stratify is False


def test_resolved_recipe_loads_back_equal():
    recipe = loaded(RECIPE).recipe

    assert loaded(to_yaml(recipe)).recipe.model_copy(update={"name": recipe.name}) == recipe


@pytest.mark.parametrize("loss", ["mean_absolute_error", "huber", "binary_crossentropy"])
def test_losses_that_compare_values_stand(loss):
    recipe = loaded(RECIPE + f"train: {{loss: {loss}}}\n").recipe

    assert [output.loss.name for output in outputs_of(recipe)] == [loss]


def test_loss_of_classes_is_refused_at_its_line():
    [(line, message, hint)] = refused(RECIPE + "train:\n  loss: sparse_categorical_crossentropy\n")

    assert line == 11
    assert message.startswith("sparse_categorical_crossentropy does not compare an output with an input")
    assert "mean_squared_error" in hint


def test_logits_are_refused():
    [(line, message, _)] = refused(RECIPE + "train:\n  loss: {BinaryCrossentropy: {from_logits: true}}\n")

    assert line == 11
    assert "they are logits" in message


def test_metric_of_classes_is_refused():
    [(line, message, _)] = refused(RECIPE + "train:\n  metrics: [accuracy]\n")

    assert (line, message) == (11, "accuracy measures classes, and `targets: input` has none")


@pytest.mark.parametrize("key", ["class_weight: balanced", "classes: 10", "balance: oversample", "per_class: 5"])
def test_keys_of_classes_are_refused(key):
    [(line, message, _)] = refused(RECIPE.replace("  prepare:", f"  {key}\n  prepare:"))

    assert line == 4
    assert message.startswith(f"`{key.partition(':')[0]}`")
    assert message.endswith("`targets: input` has none")


def test_stratify_is_refused():
    [(line, message, _)] = refused(RECIPE.replace("  prepare:", "  split: {stratify: true}\n  prepare:"))

    assert (line, message) == (4, "`stratify` keeps the share of every class, and `targets: input` has none")


def test_softmax_at_the_end_is_refused():
    text = RECIPE.replace("padding: same}", "padding: same, activation: softmax}")

    [(line, message, _)] = refused(text)

    assert line == 9
    assert message == "softmax gives shares that add up to 1, and the targets are the input"


def test_several_inputs_are_refused():
    text = """\
data:
  source: {npz: {path: pairs.npz}}
  targets: input
  inputs: {left: {}, right: {}}
model:
  layers: [Concatenate: {from: [left, right]}]
"""
    found = refused(text)

    assert (4, "`inputs` names several inputs, and `targets: input` reconstructs one", "leave `inputs` out") in found


def test_texts_are_refused():
    text = "data: {source: sentences-sample, targets: input}\nmodel: {layers: [Dense: 1]}\n"

    assert any("reconstructs numbers" in message for _, message, _ in refused(text))


@pytest.mark.parametrize(
    ("picture", "said"),
    [
        ("grad_cam", "heat maps explain a class or a number"),
        ("maximize", "has no classes that could be maximized"),
        ("feature_maps: {samples: one_per_class}", "one_per_class chooses by class"),
    ],
)
def test_pictures_of_classes_are_refused(picture, said):
    [(line, message, _)] = refused(RECIPE + f"visualize:\n  - {picture}\n")

    assert line == 11
    assert said in message


def test_pictures_without_classes_stand():
    text = RECIPE + "visualize:\n  - filters\n  - feature_maps: {samples: most_wrong}\n  - maximize: {layer: last}\n"

    assert [picture.kind for picture in loaded(text).recipe.visualize] == ["filters", "feature_maps", "maximize"]


def test_augmentation_that_cannot_be_undone_is_a_warning():
    [warning] = loaded(RECIPE.replace("GaussianNoise: 40", "RandomFlip: horizontal")).warnings

    assert warning.message.startswith("the network is to undo RandomFlip")


def test_scores_of_an_evaluation_can_be_expected():
    text = RECIPE + 'expect:\n  metrics: {test_psnr: ">= 20", test_psnr_gain: ">= 6", test_loss: "< 1"}\n'

    assert set(loaded(text).recipe.expect.metrics) == {"test_psnr", "test_psnr_gain", "test_loss"}


def test_scores_of_other_targets_cannot_be_expected():
    text = RECIPE.replace("targets: input", "targets: classes").replace("filters: 1,", "filters: 1, activation: relu,")
    text = (
        text
        + "    - Flatten\n    - Dense: {units: 10, activation: softmax}\nexpect:\n  metrics: {test_psnr: '>= 20'}\n"
    )

    assert [message for _, message, _ in refused(text)] == ["nothing named `test_psnr` is measured"]


def test_table_needs_no_label():
    text = """\
data:
  source: {csv: {path: ecg.csv, numbers: "t*", shape: [96, 1]}}
  targets: input
model:
  layers: [Conv1D: {filters: 1, kernel_size: 3, padding: same}]
"""
    assert loaded(text).recipe.data.source.settings.label is None
