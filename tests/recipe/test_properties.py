"""Whatever happens to a recipe's text: it loads, or every problem has its place.

`benchmarks/mutate_recipes.py` does the same for every prefix and for as many changes as one likes, and limits the time.
"""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cnncli.errors import Problem, RecipeError
from cnncli.recipe import shipped
from cnncli.recipe.load import load_bytes
from cnncli.recipe.write import to_yaml

NAMES = shipped.names()
TEXTS = {name: shipped.read(name).decode("utf-8") for name in NAMES}
# They use all of the language and are read in a few milliseconds.
RECIPES = st.sampled_from(["lenet5", "mnist", "alexnet-small", "resnet20-cifar10", "efficientnet-b0", "googlenet-aux"])
MEANINGFUL = "\n\t \"'#$%&()*+,-./019:;<=>?@[\\]^_`{|}~!aAeEnNxyé\u00a0\u200b\ufeff\x00\x1b"
CHARACTERS = st.one_of(st.sampled_from(MEANINGFUL), st.characters(exclude_categories=["Cs"]))
# Seeded: the same examples in every run.
sampled = settings(derandomize=True, suppress_health_check=list(HealthCheck), max_examples=30)


def check(text: str) -> None:
    """Load a text; nothing but problems with places may come of it."""
    problems = problems_of(text)
    assert all(problem.place is not None and problem.place.line >= 1 and problem.message for problem in problems), (
        problems
    )


def problems_of(text: str) -> tuple[Problem, ...]:
    """What is wrong with a recipe; nothing when it loads."""
    try:
        load_bytes(text.encode("utf-8"), "r.yaml")
    except RecipeError as error:
        return error.problems
    return ()


def test_there_are_recipes():
    assert len(NAMES) >= 5
    assert min(map(len, TEXTS.values())) > 400


@pytest.mark.parametrize("name", NAMES)
def test_beginning_of_a_recipe_loads_or_tells_its_problems(name):
    text = TEXTS[name]
    # Where a line has just begun, is half written, or ends: at five lines spread over the file.
    ends = [index for index, character in enumerate(text) if character == "\n"][:: max(1, text.count("\n") // 5)]
    for end in ends:
        for cut in (end - 7, end, end + 3):
            check(text[: max(cut, 0)])


@sampled
@given(name=RECIPES, position=st.floats(0, 1, exclude_max=True), character=CHARACTERS)
def test_replaced_character(name, position, character):
    text = TEXTS[name]
    index = int(position * len(text))
    check(text[:index] + character + text[index + 1 :])


@sampled
@given(name=RECIPES, position=st.floats(0, 1, exclude_max=True), character=CHARACTERS)
def test_added_character(name, position, character):
    text = TEXTS[name]
    index = int(position * len(text))
    check(text[:index] + character + text[index:])


@sampled
@given(name=RECIPES, position=st.floats(0, 1, exclude_max=True), count=st.integers(1, 40))
def test_removed_characters(name, position, count):
    text = TEXTS[name]
    index = int(position * len(text))
    check(text[:index] + text[index + count :])


@sampled
@given(name=RECIPES, first=st.floats(0, 1, exclude_max=True), second=st.floats(0, 1, exclude_max=True))
def test_swapped_lines(name, first, second):
    lines = TEXTS[name].splitlines(keepends=True)
    one, other = int(first * len(lines)), int(second * len(lines))
    lines[one], lines[other] = lines[other], lines[one]
    check("".join(lines))


VALUES = [
    "null", "~", "-1", "0", "1e400", ".nan", ".inf", "1.5", "yes", "true", "''", "[]", "{}", "[[]]", "{a: 1}", "5 epochs",
    "$n", "$classes", "$(1 / classes)", "$(classes > 2)", "$(-classes)", "$([1] * classes)", "Conv2D", "a/b", "💥", "9" * 400,
]  # fmt: skip
KEYS = [
    "data", "data.source", "data.split", "data.split.validation", "data.prepare", "data.class_weight",
    "model.input", "model.layers", "model.layers.0", "model.layers.1", "model.outputs",
    "train", "train.optimizer", "train.loss", "train.loss_weights", "train.metrics", "train.callbacks", "train.epochs",
    "train.phases", "train.max_time", "visualize", "expect", "expect.shapes", "expect.params",
    "name", "about", "vars", "vars.n", "blocks", "blocks.b", "version", "extends",
]  # fmt: skip


@sampled
@given(
    name=RECIPES,
    changes=st.lists(st.tuples(st.sampled_from(KEYS), st.sampled_from(VALUES)), min_size=1, max_size=3),
)
def test_any_value_anywhere_is_taken_or_told(name, changes):
    try:
        loaded = load_bytes(TEXTS[name].encode("utf-8"), "r.yaml", [f"{key}={value}" for key, value in changes])
    except RecipeError as error:
        problems = error.problems
    else:
        # What is taken can be written down, and means the same again.
        problems = ()
        again = load_bytes(to_yaml(loaded.recipe).encode("utf-8"), "r.yaml")
        assert to_yaml(again.recipe) == to_yaml(loaded.recipe)
    assert all(problem.place is not None for problem in problems)


GROWING = st.sampled_from([
    "${0}${0}", "[${0}, ${0}]", "{{a: ${0}, b: ${0}}}", "$({0} * 1000)", "$({0} ** 64)", "$([{0}, {0}])", "$({0} + {0})",
])  # fmt: skip
STRUCTURES = st.sampled_from(
    [
        "repeat: {{times: 1000, layers: [{0}]}}",
        "repeat: {{times: 2, layers: [{0}, {0}]}}",
        "residual: {{body: [{0}]}}",
        "branches: {{merge: Add, paths: [[{0}], [{0}]]}}",
    ]
)


@settings(sampled, max_examples=15)
@given(
    first=st.sampled_from(["x", "3", "2.5", "[1, 2]", "{a: [1]}"]),
    steps=st.lists(GROWING, min_size=1, max_size=20),
    layer=st.sampled_from(["ReLU", "b0", "Dense: $v0", "Foo"]),
    structures=st.lists(STRUCTURES, max_size=3),
    calls=st.integers(1, 5),
)
def test_growth_is_bounded(first, steps, layer, structures, calls):
    """`benchmarks/grow_recipes.py` does the same for larger recipes, and looks at the memory."""
    rows = [f"  v0: {first}", *(f"  v{n + 1}: {step.format(f'v{n}')}" for n, step in enumerate(steps))]
    blocks = [f"  b{n}: {{layers: [{', '.join([f'b{n + 1}'] * calls)}]}}" for n in range(5)]
    for structure in structures:
        layer = structure.format(layer)
    lines = ["data: {source: mnist-sample}", "vars:", *rows, "blocks:", *blocks, "  b5: {layers: []}", "model:"]
    check("\n".join([*lines, "  layers:", "    - Flatten", f"    - {layer}", "    - Dense: {units: 10}"]))
