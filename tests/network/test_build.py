"""A recipe's network in Keras."""

import json

import keras
import numpy as np
import pytest

from cnncli.errors import ExpectationError, ModelFileError, NetworkError, RecipeError
from cnncli.network import budget, checks
from cnncli.network.build import build, build_symbolically, layers_matching
from cnncli.recipe.keras_objects.catalogue import CATALOGUE_FILE
from cnncli.recipe.keras_objects.generate_catalogue import as_text, generate
from cnncli.recipe.load import load, load_bytes

HEAD = "data: {source: {npz: {path: a.npz}}, classes: 10}\nmodel:\n  input: [12, 12, 3]\n  layers:\n"


def loaded(layers: str, rest: str = "", head: str = HEAD):
    lines = "".join(f"    {line}\n" for line in layers.strip().splitlines())
    return load_bytes((head + lines + rest).encode(), "r.yaml")


def network(layers: str, rest: str = "", **options):
    return build(loaded(layers, rest).recipe, input_shape=(12, 12, 3), **options)


def report(layers: str, rest: str = ""):
    with pytest.raises((RecipeError, ExpectationError)) as caught:
        checks.check_shapes(loaded(layers, rest))
    return str(caught.value)


def test_catalogue_is_that_of_the_installed_keras():
    assert as_text(generate()) == CATALOGUE_FILE.read_text(encoding="utf-8"), (
        "run: python -m cnncli.recipe.keras_objects.generate_catalogue"
    )
    assert json.loads(CATALOGUE_FILE.read_text(encoding="utf-8"))["keras"] == keras.__version__


@pytest.mark.parametrize(("name", "count"), [("mnist", 225_034), ("lenet5", 61_706), ("alexnet-small", 380_042)])
def test_shipped_recipe_has_its_published_parameters(name, count):
    assert checks.check_shapes(load(name)).params == count


def test_alexnet_has_62_378_344_parameters_at_1000_classes():
    assert checks.check_shapes(load("alexnet", ["data.classes=1000"])).params == 62_378_344


def test_network_equals_the_same_calls_in_python():
    built = network(
        "- Conv2D: {filters: 4, kernel_size: 3, activation: relu}\n- Flatten\n- Dense: {units: 10, activation: softmax}"
    )
    same = keras.Sequential(
        [
            keras.Input((12, 12, 3)),
            keras.layers.Conv2D(4, 3, activation="relu", name="conv2d"),
            keras.layers.Flatten(name="flatten"),
            keras.layers.Dense(10, activation="softmax", name="dense"),
        ]
    )
    for mine, theirs in zip(built.model.layers[1:], same.layers, strict=True):
        ours = {key: value for key, value in mine.get_config().items() if key != "dtype"}
        assert ours == {key: value for key, value in theirs.get_config().items() if key != "dtype"}
    same.set_weights(built.model.get_weights())
    images = np.random.default_rng(0).random((2, 12, 12, 3), dtype=np.float32)
    np.testing.assert_array_equal(built.model.predict(images, verbose=0), same.predict(images, verbose=0))


def test_window_that_does_not_fit_is_reported_at_its_line_with_the_shape():
    text = report(
        "- MaxPooling2D: 4\n- Conv2D: {filters: 3, kernel_size: 5}\n- Flatten\n- Dense: {units: 10, activation: softmax}"
    )

    assert text == (
        "r.yaml:6:7: Conv2D: a 5-wide window does not fit in an input of 3x3x3\n"
        "    use padding: same, a smaller kernel, or one pooling layer less"
    )


def test_pooling_below_one_pixel_is_reported():
    text = report("- MaxPooling2D: 12\n- MaxPooling2D: 2\n- Flatten\n- Dense: {units: 10, activation: softmax}")

    assert text.startswith("r.yaml:6:7: MaxPooling2D: a 2-wide window does not fit in an input of 1x1x3\n")


def test_what_keras_refuses_is_reported_at_its_line():
    text = report(
        "- Conv2D: {filters: 3, kernel_size: 3, groups: 2}\n- Flatten\n- Dense: {units: 10, activation: softmax}"
    )

    assert text.startswith("r.yaml:5:7: Conv2D: ")


def test_all_wrong_arguments_are_reported_together():
    text = report(
        "- Conv2D: {filters: 5, kernel_size: 3, groups: 3}\n- Conv2D: {filters: 4, kernel_size: 3, groups: 3}\n"
        "- Flatten\n- Dense: {units: 10, activation: softmax}"
    )

    assert [line.split(" ")[0] for line in text.splitlines() if line.startswith("r.yaml")] == [
        "r.yaml:5:7:",
        "r.yaml:6:7:",
    ]


def test_mistake_in_a_block_is_reported_once_however_often_it_is_called():
    block = "blocks:\n  b: {layers: [Conv2D: {filters: 4, kernel_size: 1, groups: 3}]}\n"
    layers = "- b\n- b\n- b\n- Flatten\n- Dense: {units: 10, activation: softmax}"

    lines = report(layers, block).splitlines()

    assert [line for line in lines if line.startswith("r.yaml")] == [
        "r.yaml:11:16: Conv2D: The number of filters must be evenly divisible by the number of groups. "
        "Received: groups=3, filters=4"
    ]


def test_merging_layers_with_other_shapes_are_reported_with_both_shapes():
    text = report(
        "- Conv2D: {name: a, filters: 3, kernel_size: 3}\n- Add: {from: [a, input]}\n"
        "- Flatten\n- Dense: {units: 10, activation: softmax}"
    )

    assert "came in: 10x10x3 and 12x12x3" in text


def test_broken_expectations_are_reported_together():
    text = report(
        "- Flatten: {name: f}\n- Dense: {units: 10, activation: softmax}",
        "expect: {params: 4330, trainable_params: 1, shapes: {f: [433]}}\n",
    )

    assert text == (
        "r.yaml:7:42: expected 1 trainable_params, the network has 4,330\n"
        "r.yaml:7:57: expected the shape [433] after `f`, got [432]"
    )


def test_symbolic_network_takes_no_memory_for_weights():
    huge = loaded("- Flatten\n- Dense: 1000000\n- Dense: {units: 1000000}\n- Dense: {units: 10, activation: softmax}")

    counted = budget.measure(build_symbolically(huge.recipe, input_shape=(12, 12, 3)), batch_size=1)

    assert counted.params > 10**12
    with keras.StatelessScope():
        pass  # its end initialises what Keras has on its list: here that would be 4 TB


@pytest.mark.parametrize(
    "where",
    [
        "prepare: [Resizing: {height: 300, width: 400}, Resizing: {height: 12, width: 12}]",
        "augment: [Resizing: {height: 300, width: 400}, Resizing: {height: 12, width: 12}]",
        "prepare: [Pipeline: {layers: [{Resizing: {height: 300, width: 400}}, {Resizing: {height: 12, width: 12}}]}]",
    ],
    ids=["prepare", "augment", "within a pipeline"],
)
def test_budget_counts_what_comes_before_the_network(where):
    head = HEAD.replace("classes: 10", f"classes: 10, {where}")
    recipe = loaded("- Flatten\n- Dense: {units: 10, activation: softmax}", head=head).recipe

    counted = budget.measure(build_symbolically(recipe, input_shape=(12, 12, 3)), batch_size=1)

    # the large image, the small one, the input (twice with augmentation), Flatten and the output
    large, small = 300 * 400 * 3, 12 * 12 * 3
    assert counted.activations in (large + (3 + extra) * small + 10 for extra in (0, 1))


def test_preparation_is_inside_the_model_and_augmentation_is_not():
    head = HEAD.replace("classes: 10", "classes: 10, prepare: [Rescaling: 0.5], augment: [RandomFlip: horizontal]")
    recipe = loaded("- Flatten\n- Dense: {units: 10, activation: softmax}", head=head).recipe

    built = build(recipe, input_shape=(12, 12, 3))

    assert [type(layer).__name__ for layer in built.model.layers] == ["InputLayer", "Rescaling", "Flatten", "Dense"]
    assert [type(layer).__name__ for layer in built.augmentation.layers] == ["InputLayer", "RandomFlip"]


@pytest.mark.parametrize("make", [build, build_symbolically])
def test_layer_with_weights_is_no_augmentation(make):
    head = HEAD.replace("classes: 10", "classes: 10, augment: [RandomFlip, Conv2D: {filters: 3, kernel_size: 1}]")
    recipe = loaded("- Flatten\n- Dense: {units: 10, activation: softmax}", head=head).recipe

    with pytest.raises(RecipeError, match="Conv2D has weights, and layers of `augment` do not learn") as error:
        make(recipe, input_shape=(12, 12, 3))
    assert error.value.problems[0].path == ("data", "augment", 1, "Conv2D")


def test_last_layer_stays_in_float32_under_mixed_precision():
    built = network("- Flatten\n- Dense: 4\n- Dense: {units: 10, activation: softmax}", policy="mixed_bfloat16")

    assert [layer.compute_dtype for layer in built.model.layers if "dense" in layer.name] == ["bfloat16", "float32"]
    assert built.model.output.dtype == "float32"


VGG = (
    "- VGG16: {name: backbone, weights: null, include_top: false}\n- Flatten\n- Dense: {units: 10, activation: softmax}"
)
LARGE = HEAD.replace("12, 12", "32, 32")


@pytest.fixture(scope="module")
def vgg16_weights(tmp_path_factory):
    path = tmp_path_factory.mktemp("weights") / "vgg16.weights.h5"
    keras.utils.set_random_seed(3)
    model = keras.applications.VGG16(weights=None, include_top=False, input_shape=(32, 32, 3))
    model.save_weights(path)
    return path, model


def test_application_is_inlined_under_its_own_names_after_its_preprocessing(vgg16_weights):
    path, alone = vgg16_weights
    recipe = loaded(VGG.replace("null", str(path)), head=LARGE).recipe
    built = build(recipe, input_shape=(32, 32, 3))
    images = np.random.default_rng(0).integers(0, 256, (2, 32, 32, 3)).astype(np.float32)

    inside = keras.Model(built.model.inputs, built.model.get_layer("block5_pool").output)
    expected = alone.predict(keras.applications.vgg16.preprocess_input(images.copy()), verbose=0)

    np.testing.assert_allclose(inside.predict(images, verbose=0), expected, rtol=1e-4, atol=1e-5)
    assert built.groups["backbone"][0] == "block1_conv1"
    assert built.output_shape("backbone") == (1, 1, 512)


def test_freezing_takes_names_globs_and_applications():
    built = build_symbolically(loaded(VGG, head=LARGE).recipe, input_shape=(32, 32, 3))

    assert len(layers_matching(built, ["backbone"])) == 18
    assert layers_matching(built, ["block5_conv*", "dense"]) == [
        "block5_conv1",
        "block5_conv2",
        "block5_conv3",
        "dense",
    ]
    with pytest.raises(RecipeError, match="no layer is named `backbon`"):
        layers_matching(built, ["backbon"])


def test_missing_weights_are_reported(tmp_path):
    recipe = loaded(VGG.replace("null", f"{tmp_path}/none.weights.h5"), head=LARGE).recipe

    with pytest.raises(ModelFileError, match="weights not found: "):
        build_symbolically(recipe, input_shape=(32, 32, 3))


def test_weights_that_do_not_fit_are_reported(tmp_path):
    other = keras.Sequential([keras.Input((4,)), keras.layers.Dense(2)])
    other.save_weights(tmp_path / "other.weights.h5")
    recipe = loaded(VGG.replace("null", f"{tmp_path}/other.weights.h5"), head=LARGE).recipe

    with pytest.raises(ModelFileError, match=r"other\.weights\.h5 does not fit VGG16: "):
        build(recipe, input_shape=(32, 32, 3))


def test_imagenet_weights_without_internet_are_a_clear_error(monkeypatch):
    def offline(*_, **__):
        raise Exception("URL fetch failure on https://…: None -- Name or service not known")

    monkeypatch.setattr("keras.src.utils.file_utils.get_file", offline)
    recipe = loaded(VGG.replace("null", "imagenet"), head=LARGE).recipe

    with pytest.raises(
        NetworkError, match="offline: the ImageNet weights of VGG16 are not cached and the download failed"
    ):
        build(recipe, input_shape=(32, 32, 3))


def test_shortcut_is_the_identity_where_shapes_match_and_a_projection_elsewhere():
    layers = """
- Conv2D: {filters: 4, kernel_size: 3, padding: same}
- residual: {body: [Conv2D: {filters: 4, kernel_size: 3, padding: same}], shortcut: auto}
- residual: {body: [Conv2D: {filters: 8, kernel_size: 3, strides: 2, padding: same}], shortcut: auto}
- Flatten
- Dense: {units: 10, activation: softmax}
"""
    names = [layer.name for layer in network(layers).model.layers]

    assert [name for name in names if "shortcut" in name] == ["shortcut_1_conv", "shortcut_1_bn"]
