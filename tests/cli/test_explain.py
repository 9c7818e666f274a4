"""`cnncli explain`: recipes and runs as text, Markdown, HTML and JSON."""

import re
from pathlib import Path

import pytest
from commands import call

from cnncli import runs
from cnncli.recipe import write
from cnncli.recipe.load import load_bytes


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


HOSTILE = """\
name: mine
about: "[red]<b onclick=x>`a` | $x$ ![b](c) @someone\\u202e_"
data: {source: {npz: {path: a.npz}}}
model:
  input: [8, 8, 1]
  layers:
    - Flatten: {name: a__b_}
    - Dense: {name: out, units: $classes, activation: softmax}
"""


def test_text_shows_each_layer_with_its_formulas(monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    text = call("explain", "lenet5").stdout

    assert (
        """
S2  AveragePooling2D 2×2, stride 2
  Takes the mean of each window of 2×2, channel by channel: the maps shrink, and
  small shifts matter less.
  shape             28×28×6 → 14×14×6
  height and width  (28 - 2)/2 + 1 = 14
  receptive field   5 + (2 - 1)*1 = 6
  field stride      1*2 = 2
"""
        in text
    )
    assert "The network has 61,706 parameters" in text


@pytest.mark.parametrize("columns", [40, 100])
@pytest.mark.parametrize("recipe", ["lenet5", "googlenet-aux", "conv3d-volume"])
def test_no_line_is_wider_than_the_terminal(monkeypatch, columns, recipe):
    monkeypatch.setenv("COLUMNS", str(columns))
    lines = call("explain", recipe, "-q").stdout.splitlines()

    assert len(lines) > 50
    assert [line for line in lines if len(line) > columns] == []


def test_layers_are_chosen_and_unknown_ones_are_an_error():
    assert call("explain", "lenet5", "--layer", "F6").stdout.startswith("F6  Dense tanh\n")
    assert "did you mean `F6`?" in call("explain", "lenet5", "--layer", "F66", exit_code=2).stderr


def test_run_is_explained_by_its_own_recipe():
    with runs.create(Path("outputs"), "mine", run_name="first") as run:
        recipe = load_bytes(HOSTILE.encode(), "r.yaml").resolve(classes=4).recipe
        run.write("resolved.yaml", write.to_yaml(recipe))
        run.finish("completed")

    for name in ("mine/first", "first", "outputs/mine/first", "mine"):
        assert "64*4 + 4 = 260" in call("explain", name, "--layer", "out").stdout


def test_name_of_neither_a_recipe_nor_a_run_is_an_error(here):
    (here / "empty").mkdir()

    assert "recipe not found: lenet6" in call("explain", "lenet6", exit_code=3).stderr
    assert "empty is not a run's folder" in call("explain", "empty", exit_code=6).stderr


def test_markdown_is_a_table_and_fenced_formulas():
    text = call("explain", "lenet5", "--format", "markdown").stdout

    assert "| C1 | Conv2D 5×5, tanh | 28×28×6 | 156 | 117,600 | 5 |\n" in text
    assert "```text\nshape             32×32×1 → 28×28×6\nheight and width  (32 - 5)/1 + 1 = 28\n" in text
    assert text.count("```") == 2 * 11


def test_text_of_the_user_is_no_markup(here):
    (here / "r.yaml").write_text(HOSTILE, encoding="utf-8")
    text, page = (call("explain", "r.yaml", "--format", form).stdout for form in ("markdown", "html"))

    assert text.splitlines()[2] == (r"\[red\]\<b onclick=x\>\`a\` \| \$x\$ \!\[b\](c) &#64;someone\\u202e\_")
    assert "### a\\_\\_b\\_\n" in text
    assert "[red]&lt;b onclick=x&gt;`a` | $x$ ![b](c) @someone\\u202e_" in page
    assert "<b " not in page


def test_page_loads_nothing_and_holds_every_formula():
    page = call("explain", "lenet5", "--format", "html").stdout

    assert re.findall(r'(?:src|href)="(?!#|data:,)[^"]*"|<script src|url\(', page) == []
    assert "<code>5*5*6*16 + 16 = <strong>2,416</strong></code>" in page
    assert "script-src &#39;sha256-" in page
    assert "default-src &#39;none&#39;" in page


@pytest.mark.parametrize(
    ("name", "begins"), [("a.md", "# lenet5\n"), ("a.html", "<!DOCTYPE html>"), ("a.txt", "lenet5\nLeNet-5 (")]
)
def test_ending_of_the_file_chooses_the_format(here, name, begins):
    assert call("explain", "lenet5", "--to", name).stdout == f"{name}\n"
    assert (here / name).read_text(encoding="utf-8").startswith(begins)


def test_files_are_not_overwritten_and_nothing_is_written_inside_a_run(here):
    (here / "r.yaml").write_text(HOSTILE, encoding="utf-8")
    (here / "a.md").write_text("mine")
    with runs.create(Path("outputs"), "mine", run_name="first") as run:
        run.finish("completed")

    assert "--force" in call("explain", "lenet5", "--to", "a.md", exit_code=6).stderr
    assert (here / "a.md").read_text() == "mine"
    call("explain", "lenet5", "--to", "a.md", "--force")
    assert (here / "a.md").read_text(encoding="utf-8").startswith("# lenet5")
    assert (
        "this command reads"
        in call("explain", "r.yaml", "--to", "r.yaml", "--format", "text", "--force", exit_code=6).stderr
    )
    assert (
        "this command reads"
        in call("explain", "r.yaml", "--to", "a.npz", "--format", "text", "--force", exit_code=6).stderr
    )
    assert "folder of a run" in call("explain", "lenet5", "--to", "outputs/mine/first/a.md", exit_code=6).stderr


def test_unknown_ending_needs_a_format(here):
    refused = call("explain", "lenet5", "--to", "a.pdf", exit_code=2)

    assert "`a.pdf` has no ending of a known format" in refused.stderr
    call("explain", "lenet5", "--to", "a.pdf", "--format", "text")
    assert (here / "a.pdf").read_text(encoding="utf-8").startswith("lenet5\n")


def test_json_has_formulas_with_their_values():
    told = call("explain", "lenet5", "--layer", "C1", "--json").json

    [layer] = told["layers"]
    assert (told["recipe"], told["file"], layer["class"]) == ("lenet5", None, "Conv2D")
    assert layer["formulas"][1] == {
        "quantity": "parameters",
        "axes": [],
        "expression": "5*5*1*6 + 6",
        "value": 156,
    }


def test_wrong_options_are_refused():
    assert "one of: text, markdown, html" in call("explain", "lenet5", "--format", "pdf", exit_code=2).stderr
    assert "exclude each other" in call("explain", "lenet5", "--all", "--layer", "C1", exit_code=2).stderr
