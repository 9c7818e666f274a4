"""A network in Python is that of the recipe: its structure for every recipe, and with Keras for some."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from random_networks import networks, recipe_of

from cnncli.conversion import replay
from cnncli.conversion.network_code import network_code
from cnncli.conversion.python_layout import laid_out
from cnncli.conversion.to_python import to_python
from cnncli.recipe import shipped
from cnncli.recipe.load import LoadedRecipe, load, load_bytes


def in_python(loaded: LoadedRecipe, *, classes: int = 10) -> str:
    """The network as code that is known to build the recipe's."""
    code = network_code(loaded)
    assert not code.is_flat
    source = laid_out(code.lines)
    replay.check(
        source, loaded.resolve(classes=classes).recipe, arguments={"input_shape": (8,)} if code.takes_shape else {}
    )
    return source


@pytest.mark.parametrize("name", shipped.names())
def test_shipped_recipe_keeps_its_structure(name):
    loaded = load(name)
    source = in_python(loaded)
    written = (shipped.folder() / f"{name}.yaml").read_text(encoding="utf-8")
    assert source.count("for ") >= written.count("- repeat:")


@settings(max_examples=300, derandomize=True, deadline=None, database=None, suppress_health_check=list(HealthCheck))
@given(networks(), st.sampled_from(["Flatten", "GlobalAveragePooling2D"]))
def test_random_networks_keep_their_structure(nodes, head):
    in_python(load_bytes(recipe_of(nodes, head).encode(), "r.yaml"), classes=3)


def recipe(layers: str, *, blocks: str = "", variables: str = "") -> LoadedRecipe:
    text = f"vars: {{{variables}}}\ndata: {{source: {{npz: {{path: a.npz}}}}}}\nmodel:\n  input: [8, 8, 3]\n  layers:\n"
    lines = "".join(f"    {line}\n" for line in layers.strip().splitlines())
    more = "blocks:\n" + "".join(f"  {line}\n" for line in blocks.strip().splitlines()) if blocks else ""
    tail = "    - Flatten\n    - Dense: {units: $classes, activation: softmax}\n"
    return load_bytes(f"{text}{lines}{tail}{more}".encode(), "net.yaml")


CASES: dict[str, dict[str, str]] = {
    "names with variables in a loop": {
        "layers": "- repeat: {times: 3, as: i, layers: [Conv2D: {name: down$i, filters: $(2 * i + 1), kernel_size: 1}]}\n"
        "- repeat: {times: 3, as: i, layers: [Concatenate: {from: ['up', down$(2 - i)], name: up$i, if: $(i > 9)}, "
        "Conv2D: {filters: 2, kernel_size: 1, from: down$(2 - i)}]}"
    },
    "a later round reads an earlier one": {
        "layers": "- Conv2D: {name: c0, filters: 2, kernel_size: 1}\n"
        "- repeat: {times: 3, as: i, layers: [Conv2D: {name: c$(i + 1), filters: 2, kernel_size: 1, from: c$i}, "
        "Add: {from: [c$i, c$(i + 1)]}]}"
    },
    "the input of a block, of a round and of a body": {
        "blocks": "b:\n  layers:\n    - Conv2D: {filters: 3, kernel_size: 1}\n    - Add: {from: [., conv2d]}",
        "layers": "- b\n- repeat: {times: 2, layers: [ReLU, Conv2D: {filters: 3, kernel_size: 1, from: .}, "
        "Add: {from: [., conv2d]}]}\n- residual: {body: [Conv2D: {filters: 3, kernel_size: 1}, Multiply: {from: [., conv2d_2]}]}",
    },
    "the input of the network": {
        "layers": "- Conv2D: {filters: 3, kernel_size: 1}\n- Concatenate: {from: [conv2d, input]}"
    },
    "a condition that differs from round to round": {
        "layers": "- repeat: {times: 3, as: i, layers: [Conv2D: {filters: 2, kernel_size: 1}, "
        "MaxPooling2D: {pool_size: 2, if: $(i == 1)}, ReLU: {if: $(i < 2)}]}"
    },
    "a default that depends on a parameter": {
        "blocks": "b:\n  params: [filters]\n  defaults: {wide: $(filters * 2), kind: relu}\n"
        "  layers: [Conv2D: {filters: $wide, kernel_size: 1, activation: $kind}]",
        "layers": "- b: 2\n- b: {filters: 3, wide: 5, kind: tanh}\n- b: {filters: 1}",
    },
    "names that Python keeps for itself": {
        "variables": "lambda: 2, layers: 3, x: 1, N: 2, n: 3",
        "blocks": "print:\n  params: [class, x]\n  layers: [Conv2D: {filters: $class, kernel_size: $x}]",
        "layers": "- print: {class: $lambda, x: $x}\n- Conv2D: {filters: $layers, kernel_size: $N}\n"
        "- Conv2D: {filters: $n, kernel_size: 1, name: x}\n- Add: {from: [x, x]}",
    },
    "the number of classes in a block and in a variable": {
        "variables": "outputs: $(2 * classes)",
        "blocks": "inner:\n  layers: [Conv2D: {filters: $classes, kernel_size: 1}]\n"
        "outer:\n  params: [n]\n  layers: [inner, Conv2D: {filters: $outputs, kernel_size: $n}]",
        "layers": "- outer: 1\n- outer: {n: 1, name: last}",
    },
    "division of whole numbers": {
        "variables": "alpha: 0.5",
        "layers": "- repeat: {over: {f: [8, 16]}, layers: [Conv2D: {filters: $(f / 4), kernel_size: 1}, "
        "Conv2D: {filters: $(f * alpha), kernel_size: 1}, Dropout: $(alpha / 2)]}",
    },
    "an object in a variable": {
        "variables": "reg: {L2: 0.01}, init: he_normal",
        "layers": "- Conv2D: {filters: 2, kernel_size: 1, kernel_regularizer: $reg, kernel_initializer: $init}",
    },
    "attention": {
        "layers": "- Reshape: {target_shape: [64, 3], name: q}\n"
        "- MultiHeadAttention: {num_heads: 2, key_dim: 2, from: [q, q], name: att}\n- LSTM: {units: 3, return_sequences: true}"
    },
    "layers within layers": {
        "layers": "- Reshape: [4, 16, 3]\n- TimeDistributed: {layer: {Dense: 3}}\n- TimeDistributed: Flatten\n"
        "- Bidirectional: {layer: {LSTM: 4}}"
    },
    "a block in a branch in a residual body": {
        "blocks": "b:\n  params: [f]\n  layers:\n    - repeat: {times: 2, layers: [Conv2D: {filters: $f, kernel_size: 1}]}",
        "layers": "- residual:\n    name: r\n    shortcut: auto\n    body:\n      - branches: {merge: {Concatenate: {axis: -1}}, "
        "paths: [[b: 2], [], [residual: {body: [b: 3], shortcut: [b: 3]}]]}\n- ReLU: {from: r}",
    },
}


@pytest.mark.parametrize("case", CASES)
def test_structure_is_kept(case):
    assert "layers." in in_python(recipe(**CASES[case]))


WITHOUT: dict[str, dict[str, str]] = {
    "a layer within a block is named outside": {
        "blocks": "b:\n  layers: [Conv2D: {name: c, filters: 2, kernel_size: 1}, ReLU]",
        "layers": "- b: {name: one}\n- b\n- Add: {from: [one_c, b_re_lu]}",
    },
    "a block reads a layer outside": {
        "blocks": "b:\n  layers: [Add: {from: [., stem]}]",
        "layers": "- Conv2D: {name: stem, filters: 2, kernel_size: 1}\n- ReLU\n- b",
    },
    "an object as a parameter": {
        "blocks": "b:\n  params: [r]\n  layers: [Conv2D: {filters: 2, kernel_size: 1, kernel_regularizer: $r}]",
        "layers": "- b: {r: {L2: 0.1}}\n- b: {r: {L1: 0.1}}\n- repeat: {times: 2, layers: [ReLU]}",
    },
    "counting passes over a name that is taken": {
        "layers": "- Conv2D: {name: conv2d_1, filters: 2, kernel_size: 1}\n"
        "- repeat: {times: 3, layers: [Conv2D: {filters: 2, kernel_size: 1}]}",
    },
}


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


@pytest.mark.parametrize("network_only", [True, False])
def test_code_is_formatted_as_ruff_does(tmp_path, network_only):
    for name in shipped.names():
        (tmp_path / f"{name}.py").write_text(to_python(load(name), network_only=network_only), encoding="utf-8")
    for number, case in enumerate([*CASES.values(), *WITHOUT.values()]):
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
