"""`--set a.b=v` on a recipe's tree."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cnncli.errors import Place, RecipeError
from cnncli.recipe.language.overrides import apply
from cnncli.recipe.yaml.nodes import Mapping, Scalar, Sequence, place_of, plain
from cnncli.recipe.yaml.source import parse

RECIPE = b"""\
data:
  source: mnist
model:
  layers:
    - Conv2D: {filters: 6, kernel_size: 5}
    - Flatten
    - Dense: 10
train:
  epochs: 12
  metrics: []
  callbacks: [[a, b], 3]
"""


ROOT = parse(RECIPE, "r.yaml")


def after(*given_settings: str) -> Any:
    return plain(apply(ROOT, given_settings))


def told(*given_settings: str) -> str:
    with pytest.raises(RecipeError) as raised:
        apply(ROOT, given_settings)
    return str(raised.value)


# What is set.


@pytest.mark.parametrize(
    ("setting", "section", "expected"),
    [
        pytest.param("train.epochs=3", "train", {"epochs": 3, "metrics": [], "callbacks": [["a", "b"], 3]}, id="value"),
        pytest.param("data.source=cifar10", "data", {"source": "cifar10"}, id="text"),
        pytest.param("data.split.test=0.2", "data", {"source": "mnist", "split": {"test": 0.2}}, id="missing keys"),
        pytest.param("expect.params=1e3", "expect", {"params": 1000.0}, id="missing section"),
        pytest.param("data.source.npz.path=x.npz", "data", {"source": {"npz": {"path": "x.npz"}}}, id="below a value"),
        pytest.param("data.source={npz: {path: x}}", "data", {"source": {"npz": {"path": "x"}}}, id="YAML in braces"),
        pytest.param("data={}", "data", {}, id="empty mapping"),
        pytest.param("data=", "data", None, id="nothing is null"),
        pytest.param("data=''", "data", "", id="empty text"),
        pytest.param("data='# x'", "data", "# x", id="quoted comment"),
        pytest.param("data=a=b", "data", "a=b", id="second equals sign"),
        pytest.param(" data . source = x ", "data", {"source": "x"}, id="spaces"),
        pytest.param("data.no=no", "data", {"source": "mnist", "no": "no"}, id="YAML 1.2"),
        pytest.param("vars.0=x", "vars", {"0": "x"}, id="number as key"),
        pytest.param("vars.n=$(a[0])", "vars", {"n": "$(a[0])"}, id="expression"),
    ],
)
def test_setting_changes_its_section(setting: str, section: str, expected: object) -> None:
    before = plain(ROOT)
    changed = after(setting)
    assert changed.pop(section) == expected
    before.pop(section, None)
    assert changed == before


@pytest.mark.parametrize(
    ("setting", "index", "expected"),
    [
        ("model.layers.0.Conv2D.filters=8", 0, {"Conv2D": {"filters": 8, "kernel_size": 5}}),
        ("model.layers.0.Conv2D.strides=2", 0, {"Conv2D": {"filters": 6, "kernel_size": 5, "strides": 2}}),
        ("model.layers.1=GlobalAveragePooling2D", 1, "GlobalAveragePooling2D"),
        ("model.layers.1.Flatten.name=f", 1, {"Flatten": {"name": "f"}}),
        ("model.layers.2.Dense.units=5", 2, {"Dense": {"units": 5}}),
        ("model.layers.002.Dense=5", 2, {"Dense": 5}),
    ],
)
def test_number_counts_the_items_of_a_list(setting: str, index: int, expected: object) -> None:
    layers = plain(ROOT)["model"]["layers"]
    layers[index] = expected
    assert after(setting)["model"]["layers"] == layers


@pytest.mark.parametrize(
    ("before", "setting", "expected"),
    [
        ("source: {image_folder: {path: x}}", "source.npz.path=a", {"source": {"npz": {"path": "a"}}}),
        ("source: {image_folder: {path: x}}", "source.image_folder.seed=1",
         {"source": {"image_folder": {"path": "x", "seed": 1}}}),
        ("optimizer: {Adam: {beta_1: 0.8}}", "optimizer.SGD.momentum=0.1", {"optimizer": {"SGD": {"momentum": 0.1}}}),
        ("optimizer: {Adam: {beta_1: 0.8}}", "optimizer.Adam.beta_2=0.1",
         {"optimizer": {"Adam": {"beta_1": 0.8, "beta_2": 0.1}}}),
        ("prepare: [Rescaling: 2]", "prepare.0.Resizing.width=2", {"prepare": [{"Resizing": {"width": 2}}]}),
        ("class_weight: {Cat: 2}", "class_weight.Dog=1", {"class_weight": {"Cat": 2, "Dog": 1}}),
    ],
)  # fmt: skip
def test_other_kind_takes_the_place_where_only_one_can_be_meant(before: str, setting: str, expected: object) -> None:
    changed = apply(parse(f"data: {{{before}}}\n".encode(), "r.yaml"), [f"data.{setting}"])
    assert plain(changed) == {"data": expected}


def test_other_picture_takes_the_place_of_a_picture() -> None:
    changed = apply(parse(b"visualize: [filters: {layers: [C1]}]\n", "r.yaml"), ["visualize.0.maximize.layers=[C1]"])
    assert plain(changed) == {"visualize": [{"maximize": {"layers": ["C1"]}}]}


def test_lists_in_lists_are_reached() -> None:
    assert after("train.callbacks.0.1=c")["train"]["callbacks"] == [["a", "c"], 3]


def test_settings_are_applied_in_order() -> None:
    assert after("data.source.npz.path=x", "data.source=cifar10", "data.source.csv=y")["data"] == {
        "source": {"csv": "y"}
    }


def test_new_key_comes_last_and_an_old_one_keeps_its_place() -> None:
    changed = apply(ROOT, ["train.epochs=3", "data.limit=5", "vars.n=1"])
    assert list(changed.keys()) == ["data", "model", "train", "vars"]
    assert list(plain(changed)["train"]) == ["epochs", "metrics", "callbacks"]


def test_tree_that_was_given_stays_as_it_was() -> None:
    given_root = parse(RECIPE, "r.yaml")
    apply(given_root, ["model.layers.0.Conv2D.filters=8", "data.source.npz.path=x"])
    assert given_root == parse(RECIPE, "r.yaml")


def test_no_settings_change_nothing() -> None:
    assert apply(ROOT, []) == ROOT


@settings(max_examples=50)
@given(
    st.lists(st.from_regex(r"[a-z_][a-z0-9_]{0,5}", fullmatch=True), min_size=1, max_size=5),
    st.integers() | st.booleans(),
)
def test_what_was_set_is_found_at_its_path(path: list[str], value: object) -> None:
    changed: Any = plain(apply(Mapping((), Place("r.yaml", 1, 1)), [f"{'.'.join(path)}={str(value).lower()}"]))
    for part in path:
        changed = changed[part]
    assert changed == value


# Places.


def test_set_value_has_the_command_line_as_its_place() -> None:
    changed = apply(ROOT, ["train.epochs=3"])
    place = Place("--set train.epochs=3")
    assert place_of(changed, ("train", "epochs")) == place
    assert (place.line, place.column) == (0, 0)
    assert str(place) == "--set train.epochs=3"


def test_everything_inside_a_set_value_has_it_too() -> None:
    setting = "data.source={npz: {path: [x]}}"
    node = apply(ROOT, [setting]).get("data")
    assert isinstance(node, Mapping)
    place = Place(f"--set {setting}")
    npz = node.get("source")
    assert isinstance(npz, Mapping)
    inner = npz.entries[0].value
    assert isinstance(inner, Mapping)
    paths = inner.entries[0].value
    assert isinstance(paths, Sequence)
    places = [npz.place, npz.entries[0].key_place, inner.place, inner.entries[0].key_place, paths.place]
    assert [*places, paths.items[0].place] == [place] * 6


def test_keys_and_mappings_that_a_setting_makes_have_it_too() -> None:
    changed = apply(ROOT, ["data.split.test=1"])
    assert place_of(changed, ("data", "split")) == Place("--set data.split.test=1")
    assert place_of(changed, ("data", "split"), key=True) == Place("--set data.split.test=1")


def test_what_was_not_set_keeps_its_place() -> None:
    changed = apply(ROOT, ["data.source.npz.path=x", "train.epochs=3"])
    assert place_of(changed, ("data",)) == Place("r.yaml", 2, 3)
    assert place_of(changed, ("data", "source"), key=True) == Place("r.yaml", 2, 3)
    assert place_of(changed, ("train", "epochs"), key=True) == Place("r.yaml", 9, 3)
    assert place_of(changed, ("model", "layers", 1)) == Place("r.yaml", 6, 7)


def test_quoted_value_is_known_as_quoted() -> None:
    changed = apply(ROOT, ["train.epochs='3'"]).get("train")
    assert isinstance(changed, Mapping)
    assert changed.get("epochs") == Scalar("3", Place("--set train.epochs='3'"), quoted=True)


# What is refused.

FORM = "    write it like: --set train.epochs=5"
QUOTED_FORM = "    write it like: --set 'data.source={npz: {path: digits.npz}}'"
PLAIN = "    a recipe holds plain values; leave the tag out, or quote the text"
WHOLE = "    set the list as a whole: --set 'train.metrics=[…]'"
CALLBACKS = "    counted from 0: train.callbacks.0 is a list, train.callbacks.1 is `3`"
LAYERS = "    counted from 0: model.layers.0 is `Conv2D`, model.layers.2 is `Dense`"


@pytest.mark.parametrize(
    ("setting", "expected"),
    [
        ("epochs", f"no `=` and value\n{FORM}"),
        ("", f"no `=` and value\n{FORM}"),
        ("=3", f"nothing before the `=`\n{FORM}"),
        (" . =3", f"nothing before the `=`\n{FORM}"),
        ("a..b=1", f"an empty part in `a..b`\n{FORM}"),
        (".a=1", f"an empty part in `.a`\n{FORM}"),
        ("a.=1", f"an empty part in `a.`\n{FORM}"),
        ("a.b=" + "[" * 149, f"nested too deeply (max 150)\n{QUOTED_FORM}"),
        ("a={b: 1", f"`{{` is not closed\n{QUOTED_FORM}"),
        ("a=[b", f"`[` is not closed\n{QUOTED_FORM}"),
        ("a='b", f"the quote `'` is not closed\n{QUOTED_FORM}"),
        ("a={b: 1, b: 2}", f"`b` is given twice\n{QUOTED_FORM}"),
        ("a=b: c: d", f'`: ` inside a value\n    quote the value: "c: d"\n{QUOTED_FORM}'),
        ("a=>= 0.9", f'text cannot begin with `>`\n    quote it: ">= 0.9"\n{QUOTED_FORM}'),
        ("a={b: >3}", f'text cannot begin with `>`\n    quote it: ">3"\n{QUOTED_FORM}'),
        ("a=%d", f'text cannot begin with `%`\n    quote it: "%d"\n{QUOTED_FORM}'),
        ("a=#5", f'`#5` holds no value\n    quote it: "#5"\n{QUOTED_FORM}'),
        ("a=!!str 5", f"tags are not allowed: `!!str`\n{PLAIN}\n{QUOTED_FORM}"),
        ("a={b:3}", f"no space after the colon of `b:3`\n    put a space after the colon: b: 3\n{QUOTED_FORM}"),
        ("model.layers.3=x", f"`model.layers` has 3 items, and no item 3\n{LAYERS}"),
        ("model.layers.-1=x", f"`model.layers` has 3 items, and `-1` is not the number of one\n{LAYERS}"),
        ("model.layers.Dense.units=5", f"`model.layers` has 3 items, and `Dense` is not the number of one\n{LAYERS}"),
        ("model.layers.9999999=x", f"`model.layers` has 3 items, and `9999999` is not the number of one\n{LAYERS}"),
        ("train.metrics.0=x", f"`train.metrics` has 0 items, and no item 0\n{WHOLE}"),
        ("train.callbacks.2=x", f"`train.callbacks` has 2 items, and no item 2\n{CALLBACKS}"),
    ],
)
def test_bad_setting_is_reported_with_its_form(setting: str, expected: str) -> None:
    assert told(setting) == f"--set {setting}: {expected}"


@pytest.mark.parametrize(
    ("setting", "expected"),
    [
        ("a=b\nc", f"--set a=b\\nc: a value of more than one line\n{QUOTED_FORM}"),
        ("a=\x1b[31m", f"--set a=\\x1b[31m: control character U+001B is not allowed\n    delete it\n{QUOTED_FORM}"),
        ("a=\udce9", f"--set a=\\udce9: surrogate U+DCE9 is not allowed\n    delete it\n{QUOTED_FORM}"),
        ("a\x1b=1", f"--set a\\x1b=1: an unprintable character in `a\\x1b`\n{FORM}"),
    ],
)
def test_control_characters_of_the_command_line_are_escaped(setting: str, expected: str) -> None:
    assert told(setting) == expected


def test_long_setting_is_shortened_in_its_place() -> None:
    assert told("a" * 300).startswith(f"--set {'a' * 199}…: no `=` and value")


def test_all_bad_settings_are_reported_in_their_order() -> None:
    places = [line for line in told("z", "train.epochs=3", "a=[", "b..c=1").splitlines() if line.startswith("--set")]
    assert places == [
        "--set z: no `=` and value",
        "--set a=[: `[` is not closed",
        "--set b..c=1: an empty part in `b..c`",
    ]


VALUES = st.text(max_size=8) | st.lists(st.sampled_from(list("ab01.={}[]:, '\"#&*!|>%-\\$()\n\t"))).map("".join)


@settings(max_examples=100)
@given(st.builds("{}={}".format, st.sampled_from(["a", "a.b", "train.epochs.x", "model.layers.1", "a..b"]), VALUES))
def test_any_setting_is_applied_or_told_without_line_and_column(setting: str) -> None:
    try:
        changed = apply(ROOT, [setting])
    except RecipeError as error:
        problems = error.problems
        assert problems
        assert all(problem.place and problem.place.file.startswith("--set ") for problem in problems)
        assert all(problem.place and problem.place.line == problem.place.column == 0 for problem in problems)
        assert all(problem.hint for problem in problems)
    else:
        assert isinstance(changed, Mapping)
