"""Every shipped recipe trains: a few steps on small data, through the real command in this process."""

from contextlib import nullcontext

import pytest
from commands import call, draw_nothing, without_graphs
from small_recipes import CHANGES, make_data

from cnncli.network import checks
from cnncli.recipe import shipped
from cnncli.recipe.load import load

# Their graphs take several times as long to trace as a few steps take without. Nearly every kind of layer in them is in a graph
# of the other recipes, and the rest in one of tests/inference.
WITHOUT_GRAPHS = {
    *("googlenet", "googlenet-aux", "resnet18", "resnet34", "resnet50", "se-resnet50"),
    *("resnet20-cifar10", "mobilenet-v1", "mobilenet-v2", "efficientnet-b0", "densenet121", "xception"),
    *("inception-v3", "convnext-tiny", "alexnet", "vgg16", "mnist-tune"),
    *("unet-small", "unet-transfer", "detect-transfer"),
}
# Whose layers are drawn, with convolutions of one, two and three dimensions; others draw what their recipe asks for.
DRAWN = {"conv1d-signal", "conv3d-volume", "squeezenet"}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    made = tmp_path_factory.mktemp("recipes")
    make_data(made)
    return made


def test_every_shipped_recipe_is_here():
    assert set(CHANGES) == set(shipped.names())


@pytest.mark.parametrize("name", CHANGES)
def test_recipe_trains(name, folder, monkeypatch):
    monkeypatch.chdir(folder)
    draw_nothing(monkeypatch, *(["draw_evaluation"] if name in DRAWN else []))
    changes = [*CHANGES[name], "expect={}", "train.epochs=1", "train.checkpoint.keep=false"]  # of 2 GB for VGG16
    with without_graphs() if name in WITHOUT_GRAPHS else nullcontext():
        call("train", name, "--run", name, "--json", *(f"--set={change}" for change in changes))

    assert (folder / "outputs" / name / name / "model.keras").is_file()


@pytest.mark.parametrize("name", shipped.names())
def test_recipe_keeps_what_it_expects_of_its_network(name):
    recipe = load(name)
    changes = (
        ["data.classes=7"]
        if recipe.recipe.data.source.builtin is None and name not in ("conv1d-signal", "binary-cnn", "siamese")
        else []
    )

    checked = checks.check_shapes(load(name, changes))

    assert checked.params
    expect = recipe.recipe.expect
    assert expect.params or expect.trainable_params or expect.shapes
