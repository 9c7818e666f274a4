"""`cnncli feature-maps`, `maximize` and `grad-cam` on a real run, and the same at a run's end."""

import json
import re
from pathlib import Path

import numpy as np
import pytest
from commands import draw_nothing
from PIL import Image

RUN = "outputs/small/first"


def test_feature_maps_of_the_first_convolution_by_default(trained, tmp_path):
    done = trained("feature-maps", RUN, "--samples", "2", "--to", str(tmp_path), "--json")

    assert done.exit_code == 0, done.stderr
    numbers = [example["example"].split()[1] for example in done.json["examples"]]  # example 12 of the test split
    assert {path.name for path in tmp_path.iterdir()} == {
        f"feature_maps_{number}.{kind}" for number in numbers for kind in ("png", "svg")
    }
    assert [example["true"] for example in done.json["examples"]] == ["0", "1"]
    assert all(example["predicted"] in "0123456789" for example in done.json["examples"])
    assert all(0.1 <= example["probability"] <= 1 for example in done.json["examples"])


def test_heat_of_an_image_of_ones_own(trained, tmp_path):
    Image.fromarray(np.full((60, 40, 3), 90, np.uint8)).save(tmp_path / "gray[b].png")
    done = trained(
        "grad-cam", RUN, "--image", str(tmp_path / "gray[b].png"), "--method", "occlusion", "--class", "7",
        "--no-svg", "--to", str(tmp_path / "new"), "--json",
    )  # fmt: skip

    assert done.exit_code == 0, done.stderr
    [figure] = done.json["figures"]
    assert re.fullmatch(r"occlusion--class-7--gray\[b\]-[0-9a-f]{8}\.png", Path(figure).name)
    [example] = done.json["examples"]
    assert (example["example"], example["true"], example["class"]) == ("gray[b].png", None, "7")
    assert 0 <= example["probability"] <= 1


def test_heat_of_the_most_wrong_is_of_wrong_ones(trained, tmp_path):
    done = trained("grad-cam", RUN, "--samples", "most_wrong", "--to", str(tmp_path), "--json")

    assert done.exit_code == 0, done.stderr
    assert (tmp_path / "grad-cam-second--most_wrong.png").is_file()
    examples = done.json["examples"]
    assert len(examples) == 12
    assert all(example["true"] != example["predicted"] for example in examples)
    sureness = [example["probability"] for example in examples]
    assert sureness == sorted(sureness, reverse=True)
    own = json.loads((trained.folder / RUN / "evaluation.json").read_text())["confusion"]
    for example in examples:
        assert own[int(example["true"])][int(example["predicted"])] > 0


def test_every_filter_of_a_trained_run_is_excited_more_than_by_noise(trained, tmp_path):
    done = trained("maximize", RUN, "--layer", "second", "--no-svg", "--to", str(tmp_path), "--json")

    assert done.exit_code == 0, done.stderr
    assert done.json["figures"] == [str(tmp_path / "maximize-second.png")]
    targets = done.json["targets"]
    assert [target["filter"] for target in targets] == list(range(12))
    # Twice is all that there can be for a filter that likes it bright everywhere, for noise is half as bright as white.
    assert all(target["activation"] > 1.8 * target["noise"] for target in targets)
    assert any(target["activation"] > 5 * target["noise"] for target in targets)


def test_layers_that_can_be_drawn_are_listed(trained, tmp_path):
    listed = {
        command: [line.split()[0] for line in trained(command, RUN, "--list-layers").stdout.splitlines()[1:]]
        for command in ("grad-cam", "feature-maps", "maximize")
    }

    assert listed["grad-cam"] == ["first", "second"]  # those that give maps
    assert listed["feature-maps"] == listed["maximize"] == ["first", "second", "flatten", "dropout", "out"]
    for command in ("feature-maps", "maximize"):
        done = trained(command, RUN, "--layer", "out", "--no-svg", "--to", str(tmp_path / command), "--json")
        assert done.exit_code == 0, done.stderr


@pytest.mark.parametrize(
    ("arguments", "exit_code", "message"),
    [
        (("feature-maps", RUN, "--layer", "secnd"), 3, "did you mean `second`?"),
        (("feature-maps", RUN, "--samples", "most_rong"), 2, "did you mean `most_wrong`?"),
        (("maximize", RUN, "--layer", "first", "--class", "3"), 2, "--class excludes --layer and --filter"),
        (("grad-cam", RUN, "--image", "missing.png"), 4, "missing.png: no such file or directory"),
    ],
)  # fmt: skip
def test_wrong_wish_is_reported(trained, arguments, exit_code, message):
    done = trained(*arguments)

    assert done.exit_code == exit_code
    assert message in done.stderr


VISUALIZE = """\
extends: small.yaml
name: pictured
train: {epochs: 1, freeze: [first]}
data: {limit: 600}
visualize:
  - filters: {layers: [second], change: true, strongest: 4}
  - feature_maps: {samples: most_wrong, layers: [first]}
  - feature_maps: {samples: 2, layers: [out, second]}
  - maximize: {classes: ["3"], steps: 4}
  - maximize: {layer: first, filters: [7, 0], steps: 4}
  - grad_cam: {method: grad-cam++, class_name: true, samples: most_confused}
  - grad_cam: {method: smoothgrad, class_name: "5", samples: one_per_class}
"""


def test_recipe_draws_at_the_end_what_the_commands_draw(trained, monkeypatch):
    draw_nothing(monkeypatch)  # but what the section asks for
    (trained.folder / "pictured.yaml").write_text(VISUALIZE)
    done = trained("train", "pictured.yaml", "--run", "p")

    assert done.exit_code == 0, done.stderr
    names = {path.name for path in (trained.folder / "outputs/pictured/p/figures").iterdir()}
    expected = {
        "filters-second--strongest-4--change.png", "maximize-classes--classes-3--steps-4.png",
        "maximize-first--filters-7-0--steps-4.png", "grad-cam++-second--true--most_confused.png",
        "smoothgrad--class-5--one_per_class.png",
    }  # fmt: skip
    assert expected <= names
    # A sheet for each of the twelve most wrong, and two of the second item, which shows other layers.
    maps = [name for name in names if name.startswith("feature_maps_")]
    assert len([name for name in maps if "--" not in name]) == 12
    assert len([name for name in maps if name.endswith("--second-out.png")]) == 2

    # The first weights, made again from the seed, are those of the layer that did not learn, to the last bit.
    done = trained("visualize-filters", "pictured", "--layer", "first", "--layer", "second", "--json")
    assert [layer["untouched"] for layer in done.json["health"]] == [list(range(8)), []]
