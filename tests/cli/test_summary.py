"""`cnncli summary`."""

import json
import re
import subprocess
import sys

import pytest
from PIL import Image
from typer.testing import CliRunner

from cnncli.cli.app import app

runner = CliRunner()


def summary(*arguments: str, code: int = 0):
    done = runner.invoke(app, ["summary", *arguments])
    assert done.exit_code == code, done.stderr + done.stdout
    return done


def in_columns(monkeypatch, columns: int, *arguments: str) -> list[str]:
    monkeypatch.setenv("COLUMNS", str(columns))
    return summary(*arguments).stdout.splitlines()


def test_table_of_lenet5(monkeypatch):
    lines = in_columns(monkeypatch, 80, "lenet5")

    assert lines == [
        "layer           class               output  params  mult-adds  field  memory",
        "input           InputLayer         28x28x1       0          0      1  0.4 MB",
        "rescaling       Rescaling          28x28x1       0          0      1  0.4 MB",
        "zero_padding2d  ZeroPadding2D      32x32x1       0          0      1  0.5 MB",
        "C1              Conv2D             28x28x6     156    117.6 k      5  2.4 MB",
        "S2              AveragePooling2D   14x14x6       0          0      6  0.6 MB",
        "C3              Conv2D            10x10x16   2,416    240.0 k     14  0.8 MB",
        "S4              AveragePooling2D    5x5x16       0          0     16  0.2 MB",
        "C5              Conv2D             1x1x120  48,120     48.0 k     32   61 KB",
        "flatten         Flatten                120       0          0     32   61 KB",
        "F6              Dense                   84  10,164     10.1 k    all   43 KB",
        "output          Dense                   10     850        840    all    5 KB",
        "",
        "parameters     61,706  (0.2 MB in float32)",
        "trainable      61,706",
        "multiply-adds  416,520  (for one example)",
        "activations    5.5 MB  (batch size 128, float32)",
        "training       about 12 MB  (weights, gradients, optimizer and activations)",
    ]


def test_blocks_are_closed_by_default_and_say_how_to_open_them(monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    done = summary("googlenet")

    assert "3a      inception, 8 layers   28x28x256    163,696    128.0 M     59  164 MB" in done.stdout.splitlines()
    assert "3a_conv" not in done.stdout
    assert "cnncli summary googlenet --all" in done.stderr
    assert "cnncli train googlenet" in done.stderr


def test_all_shows_every_layer_under_its_block_and_what_it_takes(monkeypatch):
    lines = in_columns(monkeypatch, 80, "googlenet", "--all")
    start = lines.index("3a  inception, 8 layers")

    assert [line.split()[0] for line in lines[start + 1 : start + 9]] == [
        "conv_conv2d", "conv_1_conv2d", "conv_2_conv2d", "conv_3_conv2d", "conv_4_conv2d", "max_pooling2d",
        "conv_5_conv2d", "concatenate",
    ]  # fmt: skip
    assert lines[start + 2].split()[1] == "max_pooling2d_1"
    assert "conv_conv2d +3" in lines[start + 8]


def test_depth_opens_so_many_levels(monkeypatch):
    lines = in_columns(monkeypatch, 200, "resnet20-cifar10", "--depth", "1")
    names = [line.split()[0] for line in lines if line.startswith("  ")]

    assert "basic_3_shortcut" in names
    assert "basic_3_shortcut_conv" not in names


@pytest.mark.parametrize("columns", [70, 80, 100, 140])
@pytest.mark.parametrize(
    "arguments", [["lenet5"], ["resnet20-cifar10", "--all"], ["unet-small"], ["vgg16-transfer"]], ids=" ".join
)
def test_table_fits_the_terminal(monkeypatch, columns, arguments):
    lines = in_columns(monkeypatch, columns, *arguments)
    table = lines[: lines.index("")]

    assert len(table) > 5
    assert max(len(line) for line in table) <= columns


@pytest.mark.parametrize("columns", [30, 40])
@pytest.mark.parametrize(
    "arguments", [["lenet5"], ["resnet20-cifar10", "--all"], ["unet-small"], ["vgg16-transfer"]], ids=" ".join
)
def test_narrow_terminal_breaks_no_line_and_loses_no_number(monkeypatch, columns, arguments):
    lines = in_columns(monkeypatch, columns, *arguments)
    wide = in_columns(monkeypatch, 200, *arguments)

    assert max(map(len, lines)) <= columns
    assert set(re.findall(r"[0-9.,]+ [kMG](?!B)", "\n".join(lines))) == set(
        re.findall(r"[0-9.,]+ [kMG](?!B)", "\n".join(wide))
    )


def test_narrow_terminal_has_a_name_and_its_numbers_below_it(monkeypatch):
    lines = in_columns(monkeypatch, 40, "lenet5")
    begins = lines.index("C1  Conv2D")

    assert lines[begins + 1 : begins + 3] == ["  output 28x28x6  params 156", "  mult-adds 117.6 k  field 5"]


def test_layer_that_takes_others_says_which(monkeypatch):
    lines = in_columns(monkeypatch, 80, "unet-small")
    [merge] = [line for line in lines if line.startswith("concatenate_2")]

    assert "up1, down1" in merge


def test_frozen_layers_have_a_column_of_what_learns(monkeypatch):
    lines = in_columns(monkeypatch, 100, "vgg16-transfer", "--set", "train.freeze=[backbone]")
    [backbone] = [line for line in lines if line.startswith("backbone")]

    assert "trainable" in lines[0]
    assert " 14,714,688          0 " in backbone


def test_unknown_number_of_classes_is_said(monkeypatch):
    lines = in_columns(monkeypatch, 100, "googlenet")
    known = in_columns(monkeypatch, 100, "googlenet", "--set", "data.classes=1000")

    assert lines[-1].startswith("placeholder    dense: computed for 2 classes")
    assert "parameters     6,998,552  (28 MB in float32)" in known
    assert not any(line.startswith("placeholder") for line in known)


def test_batch_size_changes_the_memory_alone():
    one, many = (summary("lenet5", "--json", *more).stdout for more in (["--batch-size", "1"], []))
    one, many = json.loads(one), json.loads(many)

    assert (one["batch_size"], many["batch_size"]) == (1, 128)
    assert one["activation_bytes"] * 128 == many["activation_bytes"]
    assert one["multiply_adds"] == many["multiply_adds"]


def test_json_is_one_document_with_everything():
    done = summary("resnet20-cifar10", "--json")
    found = json.loads(done.stdout)
    layers = {layer["name"]: layer for layer in found["layers"]}
    groups = {group["name"]: group for group in found["groups"]}

    assert done.stderr == ""
    assert (found["params"], found["trainable_params"], found["multiply_adds"]) == (274_042, 272_474, 40_813_184)
    assert layers["basic_3_add"]["inputs"] == ["basic_3_conv_bn_1_batch_normalization", "basic_3_shortcut_bn"]
    assert layers["basic_3_add"]["receptive_field"] == {"size": [21, 21], "stride": [2, 2]}
    assert layers["dense"]["receptive_field"] == "all"
    assert layers["conv_bn_conv2d"]["detail"] == "3×3"
    # 3x3 of 16 and of 32 to 32, two normalisations of 4 * 32; 1x1 of 16 to 32 and a third normalisation.
    assert groups["basic_3"]["params"] == 9 * 16 * 32 + 9 * 32 * 32 + 2 * 128 + 16 * 32 + 128
    assert groups["basic_3"]["class"] == "basic"
    assert found["diagram"] is None


def test_quiet_prints_the_result_alone():
    assert summary("lenet5", "--quiet").stderr == ""


def test_verbose_adds_strides_and_what_is_counted(monkeypatch):
    monkeypatch.setenv("COLUMNS", "200")
    done = summary("lenet5", "--verbose")
    [line] = [line for line in done.stdout.splitlines() if line.startswith("S4 ")]

    assert line.split()[-4:] == ["16", "4", "0.2", "MB"]
    assert "biases, activations, normalization" in done.stderr


@pytest.mark.parametrize("name", ["net.svg", "net.png", "net.v2.PNG"])
def test_diagram_is_written_and_named(tmp_path, name):
    done = summary("lenet5", "--diagram", str(tmp_path / name))
    [file] = tmp_path.iterdir()

    assert str(file) in done.stdout.splitlines()
    if file.suffix == ".svg":
        assert file.read_text(encoding="utf-8").startswith("<?xml")
    else:
        assert Image.open(file).size > (300, 300)


def test_wrong_ending_of_the_diagram_is_reported_before_anything_is_built(tmp_path):
    done = summary("nowhere.yaml", "--diagram", str(tmp_path / "net.pdf"), code=2)

    assert "does not end in .svg or .png" in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_diagram_in_a_folder_that_is_not_there(tmp_path):
    done = summary("lenet5", "--diagram", str(tmp_path / "none" / "net.svg"), code=6)

    assert "net.svg" in done.stderr


def test_depth_and_all_exclude_each_other():
    assert "--all opens every block already" in summary("lenet5", "--all", "--depth", "2", code=2).stderr


def test_recommended_commands_keep_the_changed_values(monkeypatch):
    monkeypatch.setenv("COLUMNS", "120")
    done = summary(
        "vit-tiny", "--set", "vars.depth=3", "--set", "expect.params=null", "--set", "model.input=[32, 32, 3]"
    )

    changes = "--set vars.depth=3 --set expect.params=null --set 'model.input=[32, 32, 3]'"
    assert f"cnncli summary vit-tiny {changes} --all" in done.stderr
    assert f"cnncli train vit-tiny {changes} --set" in done.stderr


def test_mistake_of_the_recipe_is_exit_3_with_its_place(tmp_path):
    recipe = tmp_path / "r.yaml"
    recipe.write_text(
        "data: {source: {npz: {path: a.npz}}}\n"
        "model:\n  layers:\n    - Flatten\n    - Dense: {units: 3, activation: softmax}\n",
        encoding="utf-8",
    )
    done = summary(str(recipe), code=3)

    assert done.stderr.startswith(f"{recipe}:3:3: the shape of the network's input depends on the data\n")
    assert "model.input" in done.stderr
    assert json.loads(summary(str(recipe), "--json", code=3).stdout)["error"]["code"] == "recipe"


def test_names_of_groups_are_neither_markup_nor_control(tmp_path, monkeypatch):
    recipe = tmp_path / "r.yaml"
    recipe.write_text(
        'data: {source: mnist}\nmodel:\n  layers:\n    - group: {name: "[red]\\u202e", layers: [Flatten]}\n'
        "    - Dense: {units: 10, activation: softmax}\n",
        encoding="utf-8",
    )
    lines = in_columns(monkeypatch, 100, str(recipe), "--diagram", str(tmp_path / "net.svg"))

    assert any(line.startswith("[red]\\u202e") for line in lines)


def test_help_has_an_example_and_starts_no_tensorflow():
    program = """
import sys
from cnncli.cli.app import app
app(["summary", "--help"], prog_name="cnncli", standalone_mode=False)
assert not {"tensorflow", "keras", "numpy", "matplotlib"} & set(sys.modules)
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stderr
    assert "Example: cnncli summary lenet5" in done.stdout


DEEP = """\
name: deep
data: {source: {npz: {path: a.npz}}, classes: 3}
blocks:
  unit: {layers: [{Conv2D: {filters: 3, kernel_size: 1}}, ReLU]}
model:
  input: [8, 8, 3]
  layers:
    - repeat: {times: 45, layers: [unit]}
    - Flatten
    - Dense: {units: 3, activation: softmax}
"""


def test_long_table_has_equal_blocks_in_one_row_unless_all_is_said(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "deep.yaml").write_text(DEEP)
    wide = in_columns(monkeypatch, 100, "deep.yaml")
    narrow = in_columns(monkeypatch, 40, "deep.yaml")

    assert [re.split("  +", line)[:4] for line in wide[1:5]] == [
        ["input", "InputLayer", "8x8x3", "0"],
        ["unit … unit_44", "unit, 2 layers, 45 times the same", "8x8x3", "540"],
        ["flatten", "Flatten", "192", "0"],
        ["dense", "Dense softmax", "3", "579"],
    ]
    assert narrow[2:4] == ["unit … unit_44  2 layers, 45 times the", "  same"]
    assert sum("Conv2D" in line for line in in_columns(monkeypatch, 100, "deep.yaml", "--all")) == 45
