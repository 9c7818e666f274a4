"""`cnncli data`: every planted fault is found and named; the text, the document, the page, the exit codes."""

import json
import re

import numpy as np
import pytest
from commands import CommandLine
from PIL import Image, ImageEnhance

from cnncli.data_checks.findings import KINDS

RECIPE = """\
name: birds
data:
  source: {image_folder: {path: photos, image_size: [32, 32]}}
  prepare: [Rescaling: {scale: $(1 / 255)}]
  augment: [RandomFlip: horizontal]
model:
  layers:
    - Flatten
    - Dense: {units: $classes, activation: softmax}
train: {epochs: 1, seed: 1}
"""


def photo(seed):
    """A smooth picture unlike any other seed's."""
    small = np.random.default_rng(seed).integers(0, 256, (6, 8, 3), dtype=np.uint8)
    return Image.fromarray(small).resize((64, 48), Image.Resampling.BICUBIC)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Class folders in three parts, with a fault of each kind."""
    root = tmp_path_factory.mktemp("data")
    seed = 0
    for part, count in (("train", 12), ("val", 4), ("test", 4)):
        for name in ("hawk", "owl"):
            (root / "photos" / part / name).mkdir(parents=True)
            for number in range(count):
                seed += 1
                photo(seed).save(root / "photos" / part / name / f"{number}.png")
    for part, count in (("train", 6), ("test", 2)):
        (root / "photos" / part / "kite").mkdir()
        for number in range(count):
            photo(1000 + 100 * count + number).save(root / "photos" / part / "kite" / f"{number}.png")
    train = root / "photos/train"
    copy = Image.open(train / "hawk/0.png")
    copy.resize((40, 30)).save(root / "photos/val/hawk/leak.jpg", quality=70)
    ImageEnhance.Brightness(Image.open(train / "hawk/1.png")).enhance(1.1).save(train / "owl/brighter.png")
    (train / "owl/cut.png").write_bytes((train / "owl/3.png").read_bytes()[:900])
    Image.new("RGB", (64, 48), (9, 9, 9)).save(train / "owl/blank.png")
    (train / "owl/readme.txt").write_text("words", encoding="utf-8")
    (train / "owl/scan.dcm").write_bytes(bytes(128) + b"DICM")
    Image.open(train / "owl/5.png").convert("CMYK").save(train / "owl/again.jpg", quality=90)
    (root / "birds.yaml").write_text(RECIPE, encoding="utf-8")
    return CommandLine(root)


@pytest.fixture(scope="module")
def done(folder):
    """The command with pictures and `--fail-on`, as JSON."""
    return folder("data", "birds.yaml", "--fail-on", "leakage,broken", "--json")


@pytest.fixture(scope="module")
def text(folder, done):
    return folder("data", "birds.yaml", "--no-pictures", COLUMNS="100")


def test_every_fault_is_found_and_named(done):
    found = {finding["kind"]: json.dumps(finding) for finding in done.json["findings"]}

    assert "val/hawk/leak.jpg" in found["leakage"]
    assert "train/owl/brighter.png" in found["labels"]
    assert "train/owl/cut.png" in found["broken"]
    assert "train/owl/blank.png" in found["blank"]
    assert "train/owl/again.jpg" in found["duplicates"]
    assert "validation has no examples of 1 of 3 classes: `kite`" in found["missing"]
    assert "text_folder" in found["ignored"]
    assert "train/owl/scan.dcm" in found["ignored"]
    assert set(found) == {"leakage", "labels", "broken", "blank", "missing", "duplicates", "ignored", "note"}


def test_the_document_has_counts_files_and_the_error_of_fail_on(done):
    assert done.exit_code == 1
    assert done.json["schema"] == 1
    assert done.json["classes"]["train"] == {"hawk": 12, "kite": 6, "owl": 15}
    assert done.json["image_files"]["modes"] == {"RGB": 51, "CMYK": 1}
    assert done.json["page"] == "outputs/birds/data/data.html"
    assert done.json["error"]["code"] == "findings"
    assert "1 leakage, 1 broken" in done.json["error"]["problems"][0]["message"]


def test_the_text_names_counts_sizes_modes_and_findings(text):
    assert text.exit_code == 0
    lines = text.stdout.splitlines()
    assert "Colors      51 RGB, 1 CMYK" in lines
    assert re.search(r"^owl +15 +4 +4$", text.stdout, re.MULTILINE)
    assert "broken      1 image left out" in lines
    assert "7 findings: 1 leakage, 1 labels, 1 broken, 1 blank, 1 missing, 1 duplicates, 1 ignored" in lines


@pytest.mark.parametrize("columns", [100, 40])
def test_no_line_is_wider_than_the_terminal(folder, text, columns):
    lines = folder("data", "birds.yaml", "--no-pictures", COLUMNS=str(columns)).stdout.splitlines()

    assert [line for line in lines if len(line) > columns] == []


def test_the_page_and_its_pictures_are_written_beside_the_runs_and_replaced(folder, done):
    place = folder.folder / "outputs/birds/data"
    page = (place / "data.html").read_text(encoding="utf-8")

    assert sorted(path.name for path in place.iterdir()) == [
        "blank.png",
        "copies.png",
        "data.html",
        "pipeline.png",
        "samples.png",
    ]
    assert page.count('<img src="data:image/') == 4
    assert re.findall(r"(?:src|href)=\"(?!data:|#)", page) == []
    assert folder("data", "birds.yaml", "--quiet").exit_code == 0


def test_a_page_of_the_user_is_not_overwritten(folder, done):
    mine = folder.folder / "mine"
    mine.mkdir()
    (mine / "data.html").write_text("mine", encoding="utf-8")

    refused = folder("data", "birds.yaml", "--to", "mine")

    assert refused.exit_code == 6
    assert "--force" in refused.stderr
    assert (mine / "data.html").read_text(encoding="utf-8") == "mine"


def test_an_examination_is_found_again_and_another_split_is_another_one(folder, done):
    kept = folder.folder / "home/.cache/cnncli"

    assert len([*kept.glob("*.examination.json")]) == 1
    folder("data", "birds.yaml", "--no-pictures", "--set", "data.source.image_folder.image_size=[16, 16]")
    assert len([*kept.glob("*.examination.json")]) == 2


def test_an_unknown_kind_gets_the_nearest_one(folder):
    refused = folder("data", "birds.yaml", "--fail-on", "leakge,blank")

    assert refused.exit_code == 2
    assert "unknown kind `leakge`\n    did you mean `leakage`?" in refused.stderr


def test_other_data_can_be_named(folder):
    done = folder("data", "mnist", "--data", "mnist-sample", "--set", "data.limit=500", "--no-pictures", "--json")

    assert done.json["source"].startswith("mnist-sample")
    assert done.json["findings"] == []


@pytest.mark.parametrize("size", [32, 20], ids=["examined before", "not examined before"])
def test_train_begins_with_the_classes_and_warns_of_near_duplicates_between_the_splits(folder, done, size):
    settings = ["data.on_bad_image=skip", f"data.source.image_folder.image_size=[{size}, {size}]"]

    trained = folder("train", "birds.yaml", "--dry-run", "--set", settings[0], "--set", settings[1])

    assert trained.exit_code == 0, trained.stderr
    assert "Classes    hawk 12, kite 6, owl 15 in training\n" in trained.stderr
    assert trained.stderr.count("1 example of validation is nearly the same as examples of train") == 1
    assert "train/hawk/0.png (train) ~ val/hawk/leak.jpg (validation)" in trained.stderr


def test_the_splits_become_shards_that_train_the_same(folder):
    split = ("--set", "data.limit=200")
    done = folder(
        "data", "mnist", "--data", "mnist-sample", *split, "--no-pictures", "--to-tfrecord", "s", "--shards", "2"
    )

    files = sorted(path.name for path in (folder.folder / "s").iterdir())
    assert done.exit_code == 0, done.stderr
    assert "Shards      s, 7 files\nSource      {tfrecord: {path: s}}\n" in done.stdout
    assert files[0] == "dataset.json"
    assert files[1:3] == ["test-00000-of-00002.tfrecord", "test-00001-of-00002.tfrecord"]
    again = folder("data", "mnist", "--data", "s", "--no-pictures", "--json").json
    assert again["parts"] == {"train": 200, "validation": 800, "test": 2000}
    refused = folder(
        "data", "mnist", "--data", "mnist-sample", *split, "--no-pictures", "--to-tfrecord", "s", "--shards", "2"
    )
    assert refused.exit_code == 6
    assert "s/dataset.json exists already; --force overwrites it" in refused.stderr


def test_no_shards_are_written_of_data_that_fails_a_check(folder):
    failed = folder("data", "birds.yaml", "--no-pictures", "--fail-on", "broken", "--to-tfrecord", "none")

    assert failed.exit_code == 1
    assert not (folder.folder / "none").exists()


def test_help_names_every_kind(folder):
    words = folder("data", "--help", COLUMNS="200").stdout

    assert [kind for kind in KINDS if kind not in words] == []
