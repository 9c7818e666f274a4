"""The tutorial does what it says: every step is a recipe that loads and whose shapes fit, every shown answer is the answer."""

import re
import shlex
from pathlib import Path

import numpy as np
import pytest
from commands import call, draw_nothing
from PIL import Image
from typer.testing import CliRunner

from cnncli.cli.app import app
from cnncli.data import samples

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
# (title, the change of the recipe of step 3, a command, what the page shows of its answer)
BLOCKS = r"^### (.*?)$|^```diff\n(.*?)^```$|^```console\n\$ cnncli (.*?)\n(.*?)^```$"
MISTAKES = []
heading = change = ""
for title, diff, command, shown in re.findall(BLOCKS, STEPS[-1][1], re.DOTALL | re.MULTILINE):
    heading, change = (title, "") if title else (heading, diff or change)
    if command:
        MISTAKES.append((heading, change, command, shown))


def changed(recipe: str, diff: str) -> str:
    """A recipe with the lines of a diff removed and added: a line of the diff means the next one that is equal."""
    rest, made = recipe.splitlines(), []
    for line in diff.splitlines():
        mark, text = line[0], line[1:]
        if mark == "+":
            made.append(text)
            continue
        place = rest.index(text)
        made += rest[: place + (mark == " ")]
        rest = rest[place + 1 :]
    return "\n".join([*made, *rest]) + "\n"


def without_chance(text: str) -> str:
    """Without what depends on the processor's last bits."""
    return re.sub(r"the loss is (nan|inf)|, step \d+ of|class \d for all", "", text)


def parts(shown: str) -> list[str]:
    """What is shown, between the places where something is left out."""
    return [part for part in re.split(r"^…\n", shown, flags=re.MULTILINE) if part]


def test_tutorial_has_its_steps():
    assert [title.split(".")[0] for title, _ in STEPS] == [str(number) for number in range(1, 9)]
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


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """A folder with a run of step 3, trained for a moment, and a digit in black on white."""
    folder = tmp_path_factory.mktemp("tutorial")
    (folder / "digits.yaml").write_text(RECIPES[2][1], encoding="utf-8")
    with np.load(Path(samples.__path__[0]) / "mnist-sample.npz") as archive:
        three = archive["x_test"][np.flatnonzero(archive["y_test"] == 3)[0]]
    Image.fromarray(255 - three).convert("RGB").resize((300, 300)).save(folder / "my-three.png")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        draw_nothing(patch)
        call("train", "digits.yaml", "--set", "train.epochs=1", "--set", "data.limit=3000", "--quiet")
    return folder


def test_there_are_mistakes_of_all_kinds():
    assert len(MISTAKES) == 13
    assert all(shown for *_, shown in MISTAKES)
    assert len({title for title, *_ in MISTAKES}) == 7


@pytest.mark.parametrize(
    ("title", "change", "command", "shown"),
    MISTAKES,
    ids=[f"{title} ({number})" for number, (title, *_) in enumerate(MISTAKES, 1)],
)
def test_mistake_gets_the_answer_that_is_shown(trained, tmp_path, monkeypatch, title, change, command, shown):
    name, *arguments = shlex.split(command)
    monkeypatch.chdir(trained if name == "predict" else tmp_path)
    if name != "predict":
        Path("digits.yaml").write_text(changed(RECIPES[2][1], change), encoding="utf-8")
    done = call(name, *arguments, exit_code=None)
    answer, shown = without_chance(done.stderr + done.stdout), without_chance(shown)

    end = 0
    for part in parts(shown):
        assert part in answer[end:], answer
        end = answer.index(part, end) + len(part)
    if "…" not in shown:
        assert answer == shown
    ends_well = name == "predict" or "o mistakes" in shown or "note: " in shown
    assert done.exit_code == (0 if ends_well else 7 if name == "train" else 3)
