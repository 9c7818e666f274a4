"""A network in Python is that of the recipe: its structure for every recipe, and with Keras for some."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from network_cases import CASES, SIZES, WITHOUT, recipe
from random_networks import networks, recipe_of

from cnncli.conversion import replay
from cnncli.conversion.network_code import network_code
from cnncli.conversion.python_layout import laid_out
from cnncli.conversion.to_python import to_python
from cnncli.errors import RecipeError
from cnncli.recipe import shipped
from cnncli.recipe.known_data import declared_classes
from cnncli.recipe.load import LoadedRecipe, load, load_bytes

# A layer inside of a block or of an application is named outside of it.
WRITTEN_OUT = ("wavenet", "detect-transfer", "unet-transfer")


def in_python(loaded: LoadedRecipe, *, classes: int = 10) -> str:
    """The network as code that is known to build the recipe's."""
    code = network_code(loaded)
    assert not code.is_flat
    source = laid_out(code.lines)
    if loaded.uses_sizes:
        return source  # compared already, with the sizes of its layers
    classes = declared_classes(loaded.recipe) or classes
    replay.check(
        source, loaded.resolve(classes=classes).recipe, arguments={"input_shape": (8,)} if code.takes_shape else {}
    )
    return source


@pytest.mark.parametrize("name", sorted({*shipped.names()} - {*WRITTEN_OUT}))
def test_shipped_recipe_keeps_its_structure(name):
    loaded = load(name)
    source = in_python(loaded)
    written = (shipped.folder() / f"{name}.yaml").read_text(encoding="utf-8")
    assert source.count("for ") >= written.count("- repeat:")


@settings(max_examples=150, derandomize=True, database=None, suppress_health_check=list(HealthCheck))
@given(networks(), st.sampled_from(["Flatten", "GlobalAveragePooling2D"]))
def test_random_networks_keep_their_structure(nodes, head):
    in_python(load_bytes(recipe_of(nodes, head).encode(), "r.yaml"), classes=3)


@pytest.mark.parametrize("case", CASES)
def test_structure_is_kept(case):
    assert "layers." in in_python(recipe(**CASES[case]))


@pytest.mark.parametrize("case", SIZES)
def test_structure_with_sizes_is_kept(case):
    assert ".shape[" in in_python(recipe(**SIZES[case]))


@pytest.mark.parametrize("case", WITHOUT)
def test_what_has_no_structure_in_python_is_written_layer_by_layer(case):
    loaded = recipe(**WITHOUT[case])
    code = network_code(loaded)
    assert code.is_flat
    replay.check(laid_out(code.lines), loaded.resolve(classes=10).recipe, arguments={})


def test_number_of_classes_stays_a_parameter_without_structure():
    loaded = recipe(**WITHOUT["a block reads a layer outside"])
    code = network_code(loaded)
    assert "layers.Dense(classes, " in laid_out(code.lines)


def test_example_of_the_documentation_is_what_the_command_writes():
    page = (Path(__file__).parents[2] / "docs" / "keras-code.md").read_text(encoding="utf-8")
    written, code = page.split("```yaml\n")[1].split("```")[0], page.split("```python\n")[1].split("```")[0]
    head = "name: small\ndata: {source: mnist, prepare: [Rescaling: {scale: $(1 / 255)}]}\n"
    source = in_python(load_bytes(f"{head}{written}".encode(), "small.yaml"))
    for part in code.strip().split("\n\n\n"):
        assert part.strip() in source


WITHOUT_SCRIPT = {
    "detect-small",
    "detect-transfer",
    "faces",
    "scan-segmentation",
    "u-net",
    "unet-transfer",
    "unet-small",
}  # their networks alone can be written


@pytest.mark.parametrize("name", sorted(WITHOUT_SCRIPT))
def test_training_that_no_script_can_do_is_refused(name):
    with pytest.raises(RecipeError, match="cannot be written as Python"):
        to_python(load(name))


@pytest.mark.parametrize("network_only", [True, False])
def test_code_is_formatted_as_ruff_does(tmp_path, network_only):
    for name in set(shipped.names()) - (set() if network_only else WITHOUT_SCRIPT):
        (tmp_path / f"{name}.py").write_text(to_python(load(name), network_only=network_only), encoding="utf-8")
    for number, case in enumerate([*CASES.values(), *SIZES.values(), *WITHOUT.values()]):
        (tmp_path / f"case{number}.py").write_text(
            to_python(recipe(**case), network_only=network_only), encoding="utf-8"
        )
    for arguments in (
        ["format", "--isolated", "--diff"],
        ["check", "--isolated", "--select", "E,F,W,I", "--ignore", "E501"],
    ):
        done = subprocess.run(
            [sys.executable, "-m", "ruff", *arguments, tmp_path], capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stdout


def test_shared_layers_are_made_once_and_called_on_each_input():
    source = to_python(load("siamese"), network_only=True)
    assert source.count("layers.Dense(32") == 1
    assert 'a = encoder(left, name="a")\n' in source
    assert "b = call_again(right, left, a)\n" in source


def test_code_that_builds_another_network_is_noticed():
    loaded = load("lenet5")
    source = laid_out(network_code(loaded).lines)
    resolved = loaded.resolve(classes=10).recipe
    changes = {
        "16, 5": "16, 3",
        'name="S2"': 'name="S3"',
        "(x)\n    x = layers.Flatten": "(inputs)\n    x = layers.Flatten",
    }
    for right, wrong in changes.items():
        assert right in source
        with pytest.raises(replay.Differs):
            replay.check(source.replace(right, wrong), resolved, arguments={})


def test_neither_tensorflow_nor_keras_is_imported(tmp_path):
    code = (
        "import sys; from cnncli.cli.app import app; app(['to-python', 'resnet50', '--quiet'], standalone_mode=False); "
    )
    code += "assert not {'tensorflow', 'keras'} & sys.modules.keys(), 'imported'"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "def bottleneck(x, filters, strides=1" in done.stdout
