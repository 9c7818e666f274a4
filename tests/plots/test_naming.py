"""Names of pictures: stable, readable, short, and different for different questions."""

import re

import pytest

from cnncli.plots import naming

LAYERS = [
    "C1",
    "block1.conv1",
    "a/b",
    "a-b",
    "a--b",
    "a b",
    "größe",
    "x" * 300,
    "x" * 301,
    "..",
    "-",
    "",
    "\x1b[31m",
    "a:b",
]


def test_every_layer_has_a_name_of_its_own_that_a_file_can_have():
    parts = [naming.part(layer) for layer in LAYERS]

    assert len(set(parts)) == len(LAYERS)
    assert parts[:2] == LAYERS[:2]
    for part in parts:
        assert re.fullmatch(r"[\w.+()\[\] -]{1,60}", part, re.ASCII), part
        assert "--" not in part
        assert not part.startswith(".")


def test_options_stand_behind_two_dashes():
    assert naming.stem("filters-C1", ["", "strongest-4", "", "change"]) == "filters-C1--strongest-4--change"
    assert naming.stem("curves") == "curves"


@pytest.mark.parametrize("count", [9, 1000])
def test_many_numbers_are_shortened_and_stay_different(count):
    one, other = naming.numbers("filters", range(count)), naming.numbers("filters", [*range(count - 1), 5000])

    assert one != other
    assert len(one) < 60


def test_images_of_one_name_in_two_folders_have_two_names(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    one, other = tmp_path / "x" / "bee.png", tmp_path / "y" / "bee.png"

    assert naming.image(one) != naming.image(other)
    assert naming.image(one) == naming.image((tmp_path / "x" / "bee.png").relative_to(tmp_path))
    assert naming.image(one).startswith("bee-")
    assert naming.images([one, other]).startswith("bee-and-1-more-")
    assert naming.images([one, other]) != naming.images([other, one])
    assert naming.images([one]) == naming.image(one)


def test_files_about_several_runs_are_named_by_them_and_their_order(tmp_path):
    def named(*runs):
        return naming.runs("report", [tmp_path / run for run in runs], tmp_path)

    assert named("mnist/first", "mnist/second") == "report-mnist-first-mnist-second"
    names = [
        named("a/b", "c/d"),
        named("c/d", "a/b"),
        named("a-b/c", "d/e"),
        named("a/b-c", "d/e"),
        named("a/b", "c-d/e"),
        named("a/b", "../c/d"),
        named("a/b", "c/d", "e/f"),
        named(*["a/b"] * 60),
        named(*["a/b"] * 61),
    ]
    assert len(set(names)) == len(names)
    assert max(map(len, names)) <= 100
