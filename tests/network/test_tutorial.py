"""The tutorial does what it says: every step is a recipe that loads and whose shapes fit, every shown answer is the answer."""

import re
import shlex
from pathlib import Path

import pytest
from typer.testing import CliRunner

from cnncli.cli.app import app

PAGE = (Path(__file__).parents[2] / "docs" / "tutorial.md").read_text(encoding="utf-8")
STEPS = re.findall(r"^## (.*?)\n(.*?)(?=^## |\Z)", PAGE, re.DOTALL | re.MULTILINE)
RECIPES = [
    (f"{title} ({number})", text)
    for title, body in STEPS
    for number, text in enumerate(re.findall(r"^```yaml\n(.*?)^```$", body, re.DOTALL | re.MULTILINE), 1)
]
# (step, its first recipe, a command, what the page shows of its answer)
COMMANDS = [
    (title, recipe[0], *shown.removeprefix("$ cnncli ").partition("\n")[::2])
    for title, body in STEPS
    if (recipe := re.findall(r"^```yaml\n(.*?)^```$", body, re.DOTALL | re.MULTILINE))
    for shown in re.findall(r"^```console\n(.*?)^```$", body, re.DOTALL | re.MULTILINE)
]


def test_tutorial_has_its_steps():
    assert [title.split(".")[0] for title, _ in STEPS] == [str(number) for number in range(1, 8)]
    assert len(RECIPES) == 10
    assert len([shown for *_, shown in COMMANDS if shown]) >= 5


@pytest.mark.parametrize(("title", "text"), RECIPES, ids=[title for title, _ in RECIPES])
def test_step_is_a_recipe_whose_shapes_fit(tmp_path, title, text):
    path = tmp_path / "digits.yaml"
    path.write_text(text, encoding="utf-8")

    static, shapes = (CliRunner().invoke(app, ["validate", str(path), *more]) for more in (["--static"], []))
    assert (static.exit_code, shapes.exit_code) == (0, 0), static.stderr + shapes.stderr
    assert ": no mistakes" in shapes.stdout


@pytest.mark.parametrize(
    ("title", "recipe", "command", "shown"),
    COMMANDS,
    ids=[f"{title[:2]} {command}" for title, _, command, _ in COMMANDS],
)
def test_command_is_one_and_answers_as_shown(tmp_path, monkeypatch, title, recipe, command, shown):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "digits.yaml").write_text(recipe, encoding="utf-8")
    name, *arguments = shlex.split(command)
    if name in ("train", "visualize-filters"):  # they need minutes, or a run: that there is such a command has to do
        assert CliRunner().invoke(app, [name, "--help"]).exit_code == 0
        return

    done = CliRunner().invoke(app, [name, *arguments])
    if shown:
        assert done.stderr + done.stdout == shown
    else:
        assert done.exit_code == 0
        assert done.stdout


def test_commands_in_the_text_are_commands():
    names = set(re.findall(r"`cnncli ([a-z-]+)", PAGE))

    assert len(names) >= 2
    assert all(CliRunner().invoke(app, [name, "--help"]).exit_code == 0 for name in names)
