"""`train --find-lr`: a suggestion and a picture, and nothing else."""

import signal
import time

import pytest
from PIL import Image

from cnncli.cli.find_learning_rate import check_options
from cnncli.errors import UsageError

RECIPE = """\
name: small
data: {source: mnist-sample, limit: 1000, prepare: [Rescaling: {scale: $(1 / 255)}]}
model:
  layers:
    - Flatten
    - Dense: {units: 16, activation: relu}
    - Dense: {name: out, units: $classes, activation: softmax}
train: {seed: 7, epochs: 3, batch_size: 64, optimizer: adam}
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    from commands import CommandLine

    place = tmp_path_factory.mktemp("rate")
    (place / "small.yaml").write_text(RECIPE, encoding="utf-8")
    return CommandLine(place)


@pytest.fixture(scope="module")
def found(folder):
    done = folder("train", "small.yaml", "--find-lr", COLUMNS="80")
    assert done.exit_code == 0, done.stderr
    return done


def files(folder):
    return sorted(
        path.relative_to(folder.folder).as_posix()
        for path in folder.folder.rglob("*")
        if path.is_file() and "home" not in path.parts
    )


def test_only_a_picture_is_written_and_no_run(folder, found):
    [picture] = [name for name in files(folder) if name != "small.yaml"]

    assert picture.startswith("outputs/small/learning-rate-")
    assert Image.open(folder.folder / picture).size[0] > 800
    assert picture in found.stderr
    assert folder("runs", "--json").json["runs"] == []


def test_suggestion_comes_with_the_command_that_uses_it(found):
    *_, suggested, recipe = [line for line in found.stdout.splitlines() if line.strip()]
    word, rate = suggested.split()

    assert word == "suggested"
    assert 1e-4 < float(rate) < 0.1
    assert recipe == "recipe     0.001 (Adam)"
    assert f"cnncli train small.yaml --set train.optimizer.Adam.learning_rate={rate}\n" in found.stderr
    assert "Checkpoint" not in found.stderr
    assert "where the smoothed loss is within 5% of its minimum" in " ".join(found.stderr.split())
    assert "< suggested" in found.stdout


def test_command_of_the_suggestion_trains_with_it(folder, found):
    setting = found.stderr.rpartition("--set ")[2].strip()
    told = folder("show", "small.yaml", "--resolved", "--set", setting, "--set", "data.classes=10").stdout

    assert f"Adam: {{learning_rate: {setting.partition('=')[2]}}}" in told


def test_json_has_the_curve_and_the_same_seed_gives_the_same_one(folder, found):
    first, second = (
        folder("train", "small.yaml", "--find-lr", "--json", "-q", "--to", f"{name}.png").json for name in "ab"
    )

    assert first["rates"][0] == pytest.approx(1e-6)
    assert len(first["rates"]) == len(first["losses"]) == len(first["smoothed"])
    assert (first["present"], first["optimizer"], first["schedule"]) == (pytest.approx(0.001), "Adam", None)
    assert first["setting"] == f"train.optimizer.Adam.learning_rate={first['suggestion']:g}"
    assert first["picture"] == "a.png"
    times = ("seconds", "picture")
    assert {k: v for k, v in first.items() if k not in times} == {k: v for k, v in second.items() if k not in times}
    assert (folder.folder / "a.png").read_bytes() == (folder.folder / "b.png").read_bytes()


@pytest.mark.parametrize(
    ("setting", "present", "schedule", "key"),
    [
        (
            "train.optimizer={SGD: {learning_rate: {CosineDecay: {initial_learning_rate: 0.2, decay_steps: 9}}}}",
            0.2,
            "CosineDecay",
            "train.optimizer.SGD.learning_rate.CosineDecay.initial_learning_rate",
        ),
        (
            "train.optimizer={SGD: {learning_rate: {CosineDecay: {initial_learning_rate: 0.0, warmup_target: 0.3, "
            "warmup_steps: 3, decay_steps: 9}}}}",
            0.3,
            "CosineDecay",
            "train.optimizer.SGD.learning_rate.CosineDecay.warmup_target",
        ),
        (
            "train.optimizer={SGD: {learning_rate: {PiecewiseConstantDecay: {boundaries: [5], values: [0.1, 0.01]}}}}",
            0.1,
            "PiecewiseConstantDecay",
            None,
        ),
        (
            "train.phases=[{name: head, epochs: 1, optimizer: {SGD: {learning_rate: 0.5}}}]",
            0.5,
            None,
            "train.phases.0.optimizer.SGD.learning_rate",
        ),
        ("train.phases=[{name: head, epochs: 1}]", 0.001, None, "train.optimizer.Adam.learning_rate"),
    ],
)
def test_setting_names_the_place_of_the_rate(folder, found, setting, present, schedule, key):
    told = folder("train", "small.yaml", "--find-lr", "--json", "-q", "--set", setting, "--to", "c.png", "--force").json

    assert (told["present"], told["schedule"]) == (pytest.approx(present), schedule)
    assert told["suggestion"] is not None
    assert (told["setting"] or "").partition("=")[0] == (key or "")


def test_flat_curve_suggests_nothing_and_says_so(folder, found):
    flat = (
        "model.layers=[Flatten, {Dropout: 0.999}, {Dense: {units: 10, activation: softmax, kernel_initializer: zeros}}]"
    )
    done = folder("train", "small.yaml", "--find-lr", "--set", flat, "--to", "d.png", COLUMNS="80")

    assert done.exit_code == 0, done.stderr
    assert "suggested  none\n" in done.stdout
    assert "does not clearly fall" in done.stderr
    assert "--set train.optimizer" not in done.stderr


def test_nothing_is_overwritten(folder, found):
    (folder.folder / "mine.png").write_bytes(b"mine")
    done = folder("train", "small.yaml", "--find-lr", "--to", "mine.png")

    assert (done.exit_code, (folder.folder / "mine.png").read_bytes()) == (6, b"mine")
    assert "--force overwrites it" in done.stderr
    assert "Recipe " not in done.stderr  # it is known before the data is read


def test_ctrl_c_leaves_nothing(folder, found):
    before = files(folder)
    with folder.start("train", "mnist", "--find-lr", "--set", "data.source=mnist-sample", "-v") as process:
        for line in process.stderr:
            if line.strip() == "training":
                break
        time.sleep(0.5)
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=120)

    assert process.returncode == 130
    assert files(folder) == before


@pytest.mark.parametrize("option", ["--resume", "--dry-run", "--run", "--open", "--profile"])
def test_other_ways_to_train_are_refused(option):
    others = dict.fromkeys(["--resume", "--dry-run", "--run", "--open", "--profile"], False)
    with pytest.raises(UsageError) as caught:
        check_options(find=True, to=None, others={**others, option: True})

    assert str(caught.value) == (
        f"{option}: this option does not go with --find-lr\n    --find-lr trains no run: leave one of them out"
    )


def test_to_needs_find_lr_and_a_picture(folder):
    alone = folder("train", "small.yaml", "--to", "a.png")
    text = folder("train", "small.yaml", "--find-lr", "--to", "a.txt", "--dry-run")

    assert (alone.exit_code, "add --find-lr" in alone.stderr) == (2, True)
    assert (text.exit_code, "2 problems" in text.stderr) == (2, True)
