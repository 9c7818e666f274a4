"""`cnncli compare`."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from made_runs import result_of
from PIL import Image
from typer.testing import CliRunner

from cnncli import runs
from cnncli.cli.app import app
from cnncli.recipe.write import as_yaml
from cnncli.tasks.classification.predictions import to_csv
from cnncli.tasks.spooled_rows import SpooledRows

runner = CliRunner()
COUNT = 1000
LABELS = np.arange(COUNT) % 2
RECIPE = {"name": "pets", "data": {"source": {"npz": {"path": "p.npz"}}, "split": {"test": 0.1, "seed": 0}}}


@pytest.fixture(autouse=True)
def outputs(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("COLUMNS", raising=False)
    return Path("outputs")


def put(outputs, name, *, wrong=(), labels=LABELS, split="test", fingerprint="a" * 64, recipe=RECIPE, names=("cat", "dog"),
        status="completed", scores=None, **fields) -> Path:  # fmt: skip
    """A finished run of two classes that is wrong on some of the examples."""
    predicted = labels.copy()
    predicted[list(wrong)] = 1 - predicted[list(wrong)]
    outputs_of_it = np.eye(2)[predicted]
    with runs.create(outputs, "pets", run_name=name) as run:
        run.write("predictions.csv", to_csv(labels, predicted, np.ones(COUNT), SpooledRows.of(outputs_of_it), names))
        result = result_of(labels, outputs_of_it, names, split=split, examples_sha256=fingerprint)
        document, given = result.to_json(), scores or {}
        intervals = {**document["intervals"], **given.get("intervals", {})}
        run.write_json("evaluation.json", {**document, **given, "intervals": intervals})
        run.write_history([{"epoch": 1, "loss": 0.9, "val_loss": 0.8}, {"epoch": 2, "loss": 0.5, "val_loss": 0.6}])
        run.write("resolved.yaml", as_yaml(recipe))
        known = {"data": {"source": "p.npz: 9,000 + 1,000 examples"}, "params": 1234,
                 "epochs": 2, "best": {"epoch": 2, "monitor": "val_loss"}, "precision": {"policy": "float32"},
                 "device": {"kind": "cpu", "name": "Xeon"},                 "seconds": {"total": 65.0}}  # fmt: skip
        run.finish(status, **{**known, **fields})
    return run.path


def compared(*arguments: str, code: int = 0):
    done = runner.invoke(app, ["compare", "--no-picture", *arguments])
    assert done.exit_code == code, (done.stderr, done.exception)
    return done


def as_json(*arguments: str, code: int = 0):
    return json.loads(compared("--json", *arguments, code=code).stdout)


# Which is better


def test_difference_that_is_chance_is_not_shown(outputs):
    put(outputs, "a", wrong=range(30))
    put(outputs, "b", wrong=range(4, 30))
    [pair] = as_json("a", "b")["comparisons"]

    # 4 examples tell them apart, all for b: 2 * 1 / 2^4
    assert pair["p"] == 0.125
    assert (pair["only_first_right"], pair["only_second_right"], pair["both_right"], pair["both_wrong"]) == (
        0,
        4,
        970,
        26,
    )
    assert (pair["test"], pair["shown"]) == ("exact binomial", False)
    assert pair["difference"] == pytest.approx(0.004)


def test_sentence_says_who_is_better_by_how_much_and_whether_it_is_shown(outputs):
    put(outputs, "a", wrong=range(30))
    put(outputs, "b", wrong=range(4, 30))
    put(outputs, "c", wrong=range(90))

    assert (
        "pets/b is better than pets/a by 0.4 points, 95% interval 0.1 to 0.8: not significant "
        "(4 examples only pets/b gets right, 0 only pets/a; McNemar's test, p = 0.12)"
        in compared("a", "b").stdout.splitlines()
    )
    # (60 - 1)^2 / 60 = 58.02
    assert (
        "pets/a is better than pets/c by 6.0 points, 95% interval 4.6 to 7.5: significant "
        "(60 examples only pets/a gets right, 0 only pets/c; McNemar's test, p < 0.0001)"
        in compared("c", "a").stdout.splitlines()
    )


def test_worse_second_run_is_reported_as_a_better_first_one(outputs):
    put(outputs, "a", wrong=range(4, 30))
    put(outputs, "b", wrong=range(30))

    assert "pets/a is better than pets/b by 0.4 points, 95% interval 0.1 to 0.8" in compared("a", "b").stdout
    assert as_json("a", "b")["comparisons"][0]["difference"] == pytest.approx(-0.004)


def test_equal_runs_are_equally_accurate(outputs):
    put(outputs, "a", wrong=range(3))
    put(outputs, "b", wrong=range(3, 6))
    put(outputs, "c", wrong=range(3))

    assert "pets/b and pets/a are equally accurate; 95% interval -0.5 to 0.5 points" in compared("a", "b").stdout
    same = "pets/c and pets/a are equally accurate, and right on the same examples; 95% interval 0.0 to 0.0 points"
    assert same in compared("a", "c").stdout


def test_several_runs_are_compared_with_the_first_by_holm(outputs):
    put(outputs, "a", wrong=range(40))
    put(outputs, "b", wrong=range(6, 40))  # 2 / 2^6 = 0.03125
    put(outputs, "c", wrong=range(8, 40))  # 2 / 2^8 = 0.0078125
    pairs = as_json("a", "b", "c")["comparisons"]

    assert [(pair["first"], pair["second"]) for pair in pairs] == [("pets/a", "pets/b"), ("pets/a", "pets/c")]
    assert [pair["p"] for pair in pairs] == [0.03125, 0.0078125]
    assert [pair["p_holm"] for pair in pairs] == [0.03125, 0.015625]
    assert "p = 0.0078; Holm-corrected for 2 comparisons p = 0.016" in pairs[1]["sentence"]


def test_holm_can_take_away_what_one_test_would_show(outputs):
    put(outputs, "a", wrong=range(40))
    for name in "bc":
        put(outputs, name, wrong=range(6, 40))  # 0.03125 each

    assert as_json("a", "b")["comparisons"][0]["shown"]
    assert [pair["shown"] for pair in as_json("a", "b", "c")["comparisons"]] == [False, False]


# The table


def test_table_has_what_each_run_reached_and_took(outputs):
    put(
        outputs,
        "a",
        wrong=range(30),
        scores={"intervals": {"level": 0.95, "accuracy": [0.96, 0.98], "macro_f1": [0.9, 1]}},
    )
    put(outputs, "b", wrong=range(4, 30), params=99)
    table = compared("a", "b").stdout.splitlines()

    assert table[0] == "1,000 examples of the test split: p.npz: 9,000 + 1,000 examples"
    cells = [line.split() for line in table[2:13]]
    assert cells[0] == ["pets/a", "pets/b"]
    assert cells[1] == ["accuracy", "0.9700", "0.9740"]
    assert cells[2][:5] == ["95%", "interval", "0.9600", "to", "0.9800"]
    assert cells[4][:5] == ["95%", "interval", "0.9000", "to", "1.0000"]
    assert cells[6:] == [
        ["parameters", "1,234", "99"],
        ["time", "1:05", "1:05"],
        ["best", "epoch", "2", "of", "2", "2", "of", "2"],
        ["precision", "float32", "float32"],
        ["device", "Xeon", "Xeon"],
    ]


def test_interval_is_that_of_the_evaluation(outputs):
    put(outputs, "a", wrong=range(100))
    put(outputs, "b", wrong=range(100))
    low, high = as_json("a", "b")["runs"][0]["accuracy_interval"]

    # 0.9 +- 1.96 * sqrt(0.9 * 0.1 / 1000) = 0.9 +- 0.0186
    assert (low, high) == (pytest.approx(0.8814, abs=0.003), pytest.approx(0.9186, abs=0.003))


def test_narrow_terminal_gets_a_block_a_run(outputs, monkeypatch):
    put(outputs, "a")
    put(outputs, "b")
    monkeypatch.setenv("COLUMNS", "30")
    lines = compared("a", "b").stdout.splitlines()

    assert max(map(len, lines)) <= 30
    assert "  accuracy        1.0000" in lines
    assert lines.index("pets/a") < lines.index("pets/b")


def test_recipes_differences_are_listed(outputs):
    layers = [{"Conv2D": {"filters": 4, "name": "C1"}}, {"Dense": {"units": 2, "name": "out"}}]
    put(outputs, "a", recipe={**RECIPE, "model": {"layers": layers}, "train": {"epochs": 2}})
    changed = [{"Conv2D": {"filters": 8, "name": "C1"}}, {"Dropout": {"rate": 0.5}}, layers[1]]
    put(
        outputs,
        "b",
        recipe={**RECIPE, "model": {"layers": changed}, "train": {"epochs": 2, "class_weight": "balanced"}},
    )

    told = compared("a", "b").stdout
    assert told.endswith(
        "pets/b differs from pets/a in its recipe:\n"
        "  model.layers.0.Conv2D.filters (C1): 4 -> 8\n"
        "  model.layers.1: with Dropout: {rate: 0.5}\n"
        "  train.class_weight: not set -> balanced\n"
    )
    [found] = as_json("a", "b")["recipe_differences"]
    assert found["differences"][0] == {"key": "model.layers.0.Conv2D.filters", "layer": "C1", "first": 4, "second": 8}
    assert found["differences"][2] == {"key": "train.class_weight", "layer": None, "second": "balanced"}


def test_same_recipe_is_reported(outputs):
    put(outputs, "a")
    put(outputs, "b")

    assert "pets/b has the recipe of pets/a" in compared("a", "b").stdout


def test_labels_in_two_output_folders_are_reported_apart_by_their_paths(outputs, tmp_path):
    first, second = put(tmp_path / "one", "a"), put(tmp_path / "two", "a")

    assert as_json(str(first), str(second))["comparisons"][0]["first"] == str(first)


def test_names_from_users_cannot_harm_the_terminal(outputs):
    path = put(outputs, "a", recipe={**RECIPE, "train": {"note": "[/red]"}})
    other = put(outputs, "b")
    odd = path.rename(path.with_name("[bold]a\x1b[31m"))

    told = compared(str(odd), str(other))
    assert "\x1b" not in told.stdout + told.stderr
    assert "[bold]a\\x1b[31m" in told.stdout
    assert "[/red]" in told.stdout


# What cannot be compared


def refusal(*arguments: str) -> str:
    return compared(*arguments, code=4).stderr


def test_other_examples_are_refused_by_their_fingerprint_with_what_may_be_why(outputs):
    put(outputs, "a")
    put(outputs, "b", split="validation", fingerprint="b" * 64, data={"source": "q.npz: 10 examples"},
        recipe={**RECIPE, "data": {**RECIPE["data"], "split": {"test": 0.1, "seed": 1}}})  # fmt: skip
    told = refusal("a", "b")

    assert "pets/b was not scored on the examples of pets/a" in told
    assert "split: test there, validation here" in told
    assert "data: p.npz: 9,000 + 1,000 examples there, q.npz: 10 examples here" in told
    assert "fingerprint of the examples: aaaaaaaaaaaa there, bbbbbbbbbbbb here" in told
    assert "data.split.seed: 0 there, 1 here" in told
    assert "--anyway" in told


def test_same_examples_are_compared_whatever_the_settings_by_which_they_were_found(outputs):
    put(outputs, "a", wrong=range(30))
    put(outputs, "b", data={"source": "more photos"}, recipe={"data": {"source": "x", "split": {"seed": 7}}})

    assert as_json("a", "b")["same_examples"]


def test_run_that_does_not_tell_its_examples_is_refused(outputs):
    put(outputs, "a", fingerprint=None)
    put(outputs, "b", fingerprint=None)

    assert "fingerprint of the examples: not recorded there, not recorded here" in refusal("a", "b")


def test_other_true_classes_are_refused_with_the_first_example(outputs):
    labels = LABELS.copy()
    labels[17] = 0
    put(outputs, "a")
    put(outputs, "b", labels=labels)

    assert "true class of example 17: `dog` there, `cat` here" in refusal("a", "b")


def test_other_count_is_refused(outputs):
    put(outputs, "a")
    put(outputs, "b", labels=LABELS[:-1])

    assert "examples: 1,000 there, 999 here" in refusal("a", "b")


def test_refusal_is_one_document(outputs):
    put(outputs, "a")
    put(outputs, "b", fingerprint="b" * 64)
    put(outputs, "c", fingerprint="c" * 64, split="train")

    error = as_json("a", "b", "c", code=4)["error"]
    assert (error["code"], len(error["problems"])) == ("data", 2)


def test_anyway_shows_the_table_without_a_test(outputs):
    put(outputs, "a")
    put(outputs, "b", fingerprint="b" * 64)
    done = compared("a", "b", "--anyway")

    assert "accuracy" in done.stdout
    assert "better" not in done.stdout + done.stderr
    assert "interval" in done.stdout
    assert "pets/b was not scored on the examples of pets/a" in done.stderr
    assert as_json("a", "b", "--anyway")["comparisons"] == []


def test_all_unfinished_and_damaged_runs_are_reported_at_once(outputs):
    (put(outputs, "a", status="interrupted") / "evaluation.json").unlink()
    (put(outputs, "b") / "predictions.csv").write_text("example,true\n")
    file = put(outputs, "c") / "predictions.csv"
    file.write_text("".join(file.read_text().splitlines(keepends=True)[:500]))
    (put(outputs, "d") / "evaluation.json").write_text("{")
    told = compared("a", "b", "c", "d", code=6).stderr

    assert "pets/a has no evaluation.json (its status is interrupted)" in told
    assert "b/predictions.csv is damaged: its first line does not name the columns" in told
    assert "c/predictions.csv is damaged: evaluation.json counts 1,000 examples, it has 499" in told
    assert "d/evaluation.json is damaged" in told


def test_one_run_alone_and_the_same_twice_are_wrong_command_lines(outputs):
    put(outputs, "a")

    assert "cannot be compared" in compared("a", code=2).stderr
    assert "are the same run" in compared("a", "pets/a", code=2).stderr


def test_recipe_that_cannot_be_read_is_reported(outputs):
    put(outputs, "a")
    (put(outputs, "b") / "resolved.yaml").write_text("data: [")

    assert "what differs in the recipe of pets/b is not known" in compared("a", "b").stdout


# The picture


def test_curves_of_all_runs_go_into_one_picture_in_the_output_folder(outputs):
    put(outputs, "a")
    put(outputs, "b")
    done = compared("a", "b", "--picture")

    path = outputs / "compare-pets-a-pets-b.png"
    assert str(path) in done.stderr
    assert Image.open(path).size[0] > 800
    assert json.loads(compared("a", "b", "--picture", "--json").stdout)["picture"] == str(path)


def test_picture_of_the_same_runs_is_replaced_and_no_other_file(outputs):
    put(outputs, "a")
    put(outputs, "b")
    path = outputs / "compare-pets-a-pets-b.png"
    compared("a", "b", "--picture")
    with Image.open(path) as image:
        image.crop((0, 0, 20, 20)).save(path)
    before = path.read_bytes()

    done = runner.invoke(app, ["compare", "a", "b", "--output", str(outputs)])
    assert (done.exit_code, done.stderr) == (6, f"error: {path} exists already; --force overwrites it\n")
    assert path.read_bytes() == before
    compared("a", "b", "--picture", "--force")
    compared("a", "b", "--picture")
    assert Image.open(path).size[0] > 800


def test_picture_goes_where_it_is_wanted_or_nowhere(outputs, tmp_path):
    put(outputs, "a")
    put(outputs, "b")
    compared("a", "b", "--picture", "--to", str(tmp_path / "new" / "pictures"))
    compared("a", "b", "--no-picture")

    assert (tmp_path / "new" / "pictures" / "compare-pets-a-pets-b.png").is_file()
    assert not list(outputs.glob("*.png"))


def test_picture_of_many_runs_has_a_short_name_of_its_own(outputs):
    names = [f"a-rather-long-name-{number}" for number in range(8)]
    for name in names:
        put(outputs, name)
    first, second = (
        Path(json.loads(compared("--picture", "--json", *order).stdout)["picture"]) for order in (names, names[::-1])
    )

    assert max(len(first.name), len(second.name)) <= 104
    assert first != second


def test_runs_without_a_history_get_no_picture(outputs):
    for name in "ab":
        (put(outputs, name) / "history.json").unlink()

    assert json.loads(compared("a", "b", "--picture", "--json").stdout)["picture"] is None


def test_comparing_needs_no_tensorflow(outputs):
    put(outputs, "a")
    put(outputs, "b")
    program = """
import sys
from cnncli.cli.app import app
code = app(["compare", "a", "b"], prog_name="cnncli", standalone_mode=False)
heavy = [name for name in ("tensorflow", "keras", "sklearn", "scipy") if name in sys.modules]
assert not heavy, heavy
sys.exit(code or 0)
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stderr
