"""Pictures that cannot be drawn are reported before training, at their key."""

import pytest

from cnncli.errors import RecipeError
from cnncli.recipe.load import load_bytes
from cnncli.workflow.figure_checks import check_classes
from cnncli.workflow.preflight import check_without_data

RECIPE = """\
data: {source: mnist-sample}
model:
  input: [28, 28, 1]
  layers:
    - Conv2D: {name: conv, filters: 8, kernel_size: 5}
    - Flatten
    - Dense: {name: out, units: 10, activation: softmax}
visualize: [ITEM]
"""


def loaded_with(item):
    return load_bytes(RECIPE.replace("ITEM", item).encode(), "r.yaml")


@pytest.mark.parametrize(
    ("item", "message", "key"),
    [
        ("maximize: {layer: conv, filters: [3, 8]}", "layer `conv` has no filter 8", ("maximize", "filters", 1)),
        (
            "filters: {layers: [conv], scale: rgb}",
            "the filters of `conv` cannot be drawn as RGB colors: Conv2D: 8 filters 5x5x1",
            ("filters", "layers", 0),
        ),
        (
            "filters: {scale: rgb}",
            "the filters of `conv` cannot be drawn as RGB colors: Conv2D: 8 filters 5x5x1",
            ("filters", "scale"),
        ),
        ("grad_cam: {layer: out}", "layer `out` gives 10, not maps", ("grad_cam", "layer")),
    ],
)
def test_wrong_layer_or_filter_is_reported_at_its_key(item, message, key):
    with pytest.raises(RecipeError) as error:
        check_without_data(loaded_with(item))

    [problem] = error.value.problems
    assert (problem.message, problem.path) == (message, ("visualize", 0, *key))


def test_more_pictures_than_a_report_shows_are_told_before_training():
    check_without_data(loaded_with(", ".join(["filters: {layers: [conv, conv]}"] * 40 + ["maximize"] * 10)))
    with pytest.raises(RecipeError) as error:
        check_without_data(loaded_with(", ".join(["filters: {layers: [conv, conv]}"] * 40 + ["maximize"] * 11)))

    [problem] = error.value.problems
    assert problem.message == "`visualize` asks for 91 pictures or more; the report of a run has room for 90"
    assert problem.path == ("visualize",)


@pytest.mark.parametrize(
    ("item", "key"),
    [
        ("maximize: {classes: [bee, aunt]}", ("maximize", "classes", 1)),
        ("grad_cam: {class_name: aunt}", ("grad_cam", "class_name")),
    ],
)
def test_wrong_class_is_reported_with_the_nearest(item, key):
    with pytest.raises(RecipeError) as error:
        check_classes(loaded_with(item).recipe, ["ant", "bee"])

    [problem] = error.value.problems
    assert (problem.message, problem.hint) == ("there is no class `aunt`", "did you mean `ant`?")
    assert problem.path == ("visualize", 0, *key)


@pytest.mark.parametrize(
    "item", ["maximize: {classes: ['0']}", "feature_maps: {layers: [out]}", "grad_cam: {method: occlusion}"]
)
def test_pictures_of_rows_of_numbers_are_refused(item):
    text = f"""\
data: {{source: {{npz: {{path: rows.npz}}}}, classes: 3}}
model: {{input: [12], layers: [Dense: {{name: out, units: 3, activation: softmax}}]}}
visualize: [{item}]
"""
    with pytest.raises(RecipeError) as error:
        check_without_data(load_bytes(text.encode(), "r.yaml"))

    [problem] = error.value.problems
    assert problem.message == "the network takes float32 of 12: that is no signal, image, volume or text"
    assert problem.path == ("visualize", 0)


@pytest.mark.parametrize("item", ["grad_cam: {class_name: true}", "maximize: {layer: out, filters: [9]}", "maximize"])
def test_what_can_be_drawn_is_left_alone(item):
    loaded = loaded_with(item)
    check_without_data(loaded)
    check_classes(loaded.recipe, ["ant", "bee"])


TOKENS = """\
data: {source: {npz: {path: a.npz}}, classes: 3}
model:
  input: [20]
  layers:
    - Embedding: {input_dim: 9, output_dim: 4}
    - Conv1D: {name: conv, filters: 8, kernel_size: 3}
    - GlobalMaxPooling1D
    - Dense: {units: 3, activation: softmax}
visualize: [ITEM]
"""


@pytest.mark.parametrize(
    ("item", "what", "key"),
    [
        ("maximize: {layer: conv}", "activation maximization", ()),
        ("grad_cam: {method: smoothgrad}", "SmoothGrad", ("grad_cam", "method")),
    ],
)
def test_gradient_with_respect_to_whole_numbers_is_refused_before_training(item, what, key):
    with pytest.raises(RecipeError) as error:
        check_without_data(load_bytes(TOKENS.replace("ITEM", item).encode(), "r.yaml"))

    [problem] = error.value.problems
    assert problem.message == f"{what} needs a gradient with respect to the input, and this network takes whole numbers"
    assert problem.path == ("visualize", 0, *key)


def test_other_pictures_of_whole_numbers_are_accepted():
    items = "filters, feature_maps, grad_cam, {grad_cam: {method: occlusion}}"
    check_without_data(load_bytes(TOKENS.replace("ITEM", items).encode(), "r.yaml"))
