"""The JSON Schema says what the program says, as far as a schema can."""

from pathlib import Path

import jsonschema
import pytest

from cnncli.errors import RecipeError
from cnncli.recipe import shipped
from cnncli.recipe.json_schema.recipe_schema import as_text, recipe_schema
from cnncli.recipe.keras_objects import browse, catalogue
from cnncli.recipe.keras_objects.arguments import needed_of
from cnncli.recipe.load import load, load_bytes
from cnncli.recipe.write import to_yaml
from cnncli.recipe.yaml import source
from cnncli.recipe.yaml.nodes import plain

ROOT = Path(__file__).parents[2]
SCHEMA_FILE = ROOT / "docs" / "recipe.schema.json"
EXAMPLES = sorted((Path(__file__).parent / "examples").glob("*.yaml"))
SHIPPED = sorted((ROOT / "recipes").glob("*.yaml"))
BAD_INPUTS = sorted((ROOT / "tests" / "bad_inputs").glob("*.yaml"))

SCHEMA = recipe_schema()
VALIDATOR = jsonschema.Draft7Validator(SCHEMA)

HEAD = "data: {source: {npz: {path: a.npz}}, classes: 10}\nmodel:\n  input: [8, 8, 4]\n  layers:\n"
TAIL = "    - Flatten\n    - Dense: {units: 10, activation: softmax}\n"
BLOCKS = "blocks: {conv: {params: [filters], defaults: {size: 3}, layers: [Conv2D: {filters: $filters, kernel_size: $size}]}}\n"


def mistakes(text: str) -> list[str]:
    """The paths of what the schema refuses, each once."""
    tree = plain(source.parse(text.encode(), "r.yaml"))
    return sorted({".".join(map(str, deepest(error))) for error in VALIDATOR.iter_errors(tree)})


def deepest(error) -> list:
    """The path of an error; of alternatives that all fail that of the one which came farthest."""
    return max([list(error.absolute_path), *map(deepest, error.context)], key=len)


def test_schema_in_the_repository_is_the_one_that_the_program_writes():
    written = as_text(SCHEMA)

    assert SCHEMA_FILE.read_text(encoding="utf-8") == written, "run: cnncli schema --output docs/recipe.schema.json"
    assert len(written) < 500_000


def test_schema_is_itself_valid_and_every_reference_leads_somewhere():
    jsonschema.Draft7Validator.check_schema(SCHEMA)
    references = list(find_references(SCHEMA))

    assert len(references) > 1000
    assert {reference.removeprefix("#/definitions/") for reference in references} <= set(SCHEMA["definitions"])
    # Every definition is used, but for the classes: a class of which only an alias is usable would stand alone.
    assert set(SCHEMA["definitions"]) <= {reference.removeprefix("#/definitions/") for reference in references}


def find_references(schema):
    if isinstance(schema, dict):
        if "$ref" in schema:
            yield schema["$ref"]
            # What draft-07 ignores beside a reference must not matter.
            assert schema.keys() <= {"$ref", "description", "default"}, schema
        for value in schema.values():
            yield from find_references(value)
    elif isinstance(schema, list):
        for value in schema:
            yield from find_references(value)


def test_there_are_recipes_to_hold_against_the_schema():
    assert len(SHIPPED) >= 5
    assert [path.stem for path in EXAMPLES] == ["googlenet", "lenet5", "resnet20-cifar10", "vgg16-transfer"]
    assert len(BAD_INPUTS) >= 21


@pytest.mark.parametrize("path", [*SHIPPED, *EXAMPLES], ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_recipe_that_loads_keeps_to_the_schema(path):
    assert mistakes(path.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_resolved_recipe_keeps_to_the_schema(path):
    assert mistakes(to_yaml(load(str(path)).recipe)) == []


# What only the program can know: rules across sections, what names stand for, what comes out of an expression.
BEYOND_A_SCHEMA = {
    "binary_loss_ten_classes",
    "boxes",
    "masks",
    "softmax_of_one_output",
    "callbacks_that_cannot_work",
    "from_logits_and_softmax",
    "input_and_images",
    "learning_rate_nan",  # JSON has no NaN
    "loss_and_last_layer",
    "metrics_and_labels",
    "no_loss_follows",
    "numbers_and_classes",
    "too_few_outputs",
    "tracker_addresses",
}
# Told while the text is read: no schema is asked.
WITHOUT_A_TREE = {"code_fence", "en_dash", "merge_conflict", "tuples_and_decimal_commas"}


@pytest.mark.parametrize(
    "path", [path for path in BAD_INPUTS if path.stem not in WITHOUT_A_TREE], ids=lambda path: path.stem
)
def test_bad_input_is_refused_where_a_schema_can_see_the_mistake(path):
    found = mistakes(path.read_text(encoding="utf-8"))

    assert bool(found) != (path.stem in BEYOND_A_SCHEMA), found


@pytest.mark.parametrize(
    ("name", "paths"),
    [
        (
            "five_mistakes",
            ["", "model.layers.0", "model.layers.1.Conv2D", "model.layers.3.Dense.activation", "train.epochs"],
        ),
        (
            "types_and_limits",
            [
                "model.layers.0.Conv2D.filters",
                "model.layers.1.Conv2D.kernel_size.1",  # its `filters` too
                "model.layers.2.Conv2D.filters",
                "model.layers.3.Dropout",
                "model.layers.4.Dropout",
                "model.layers.5.Dropout",
                "model.layers.6.MaxPooling2D.padding",
                "model.layers.8.Dense.units",
            ],
        ),
    ],
)
def test_mistake_is_found_at_its_place(name, paths):
    assert mistakes((ROOT / "tests" / "bad_inputs" / f"{name}.yaml").read_text(encoding="utf-8")) == paths


ACCEPTED = [
    "- Conv2D: {filters: 3, kernel_size: 3, name: c, if: true, from: input}",
    "- Conv2D: {filters: $n, kernel_size: [3, $(n + 1)], use_bias: $(n > 1), padding: $p, activation: $a}",
    "- MaxPooling2D: 2",
    "- MaxPooling2D:",
    "- ReLU",
    "- Activation: relu",
    "- Reshape: [16, 16]",
    "- Dense: {units: 3, kernel_regularizer: {L2: 0.1}, kernel_initializer: he_normal, bias_regularizer: null}",
    "- Bidirectional: {layer: {LSTM: 3}}",
    "- conv: 3",
    "- conv",
    "- {conv: {filters: 3, from: input, if: $(n > 1), name: a}}",
    "- repeat: {times: $n, as: i, layers: [ReLU]}",
    "- repeat: {over: {filters: [1, 2], size: $sizes}, layers: []}",
    "- branches: {merge: {Concatenate: {axis: 1}}, paths: [[ReLU], []], name: both}",
    "- residual: {body: [ReLU], shortcut: auto}",
    "- residual: {body: [ReLU], shortcut: [Conv2D: {filters: 4, kernel_size: 1}]}",
    "- group: {name: stem, layers: [ReLU]}",
    "- residual: {body: $inner, skip: $(n > 1)}",
    "- branches: {merge: Add, over: {rate: [1, 2]}, as: i, path: [ReLU]}",
    "- branches: {merge: Add, paths: [{if: $(n > 1), layers: [ReLU]}, {times: 3, path: $inner}]}",
    "- $inner",
    "- $kind: {filters: 3}",
    "- Dense: {units: $here.channels, from: skip_*}",
    "- learned: {shape: [1, 8], merge: Concatenate, axis: 1, initializer: {RandomNormal: {stddev: 0.02}}}",
    "- slice: {axis: 1, start: -2, name: part, if: true, from: input}",
    "- VGG16: {include_top: false, weights: null}",
]
REFUSED = [
    "- Conv2D",
    "- Conv2D: {filters: 3}",
    "- Conv2D: {filters: 3, kernel_size: 3, kernal: 3}",
    "- Conv2D: {filters: 0, kernel_size: 3}",
    "- Conv2D: {filters: 3, kernel_size: three}",
    "- Conv2D: {filters: 3, kernel_size: 3, padding: smae}",
    "- Conv2D: {filters: 3, kernel_size: 3, activation: rleu}",
    "- Conv2D: {filters: 3, kernel_size: 3, activation: {relu: 1}}",
    "- Conv2D: {filters: 3, kernel_size: 3, use_bias: 1}",
    "- Conv2D: {filters: 3, kernel_size: 3, from: [1]}",
    "- Conv2D: {filters: 3, kernel_size: 3, if: maybe}",
    "- Conv2D: {filters: 3, kernel_size: 3, name: 5}",
    "- {Conv2D: {filters: 3, kernel_size: 3}, ReLU: }",
    "- Lambda",
    "- {}",
    "- 3",
    "- repeat",
    "- repeat: {layers: [ReLU]}",
    "- repeat: {times: 2, over: {a: [1]}, layers: [ReLU]}",
    "- repeat: {times: 2}",
    "- repeat: {times: 1001, layers: [ReLU]}",
    "- repeat: {times: 2, layers: [ReLU], fro: 1}",
    "- branches: {merge: Add, paths: [[ReLU]]}",
    "- branches: {merge: add, paths: [[], []]}",
    "- branches: {merge: Add}",
    "- residual: {body: []}",
    "- residual: {body: [ReLU], shortcut: none}",
    "- group: {layers: [ReLU]}",
    "- branches: {merge: Add, paths: [[], []], path: [ReLU], times: 2}",
    "- branches: {merge: Add, paths: [[], {layers: [ReLU], path: [ReLU]}]}",
    "- branches: {merge: Add, paths: [[], []], over: {a: [1]}}",
    "- branches: {merge: Add, paths: [[], {layers: [ReLU], times: 2}]}",
    "- branches: {merge: Add, paths: [[], {fi: true, layers: [ReLU]}]}",
    "- residual: {body: [ReLU], skip: maybe}",
    "- learned",
    "- learned: {shape: [1, 8], merge: Subtract}",
    "- learned: {shape: [0]}",
    "- learned: {shape: [1], initialiser: zeros}",
    "- slice: {axis: first}",
    "- conv: {from: [a, b], filters: 3}",
]


@pytest.mark.parametrize("item", ACCEPTED)
def test_item_of_layers_is_accepted(item):
    assert mistakes(f"{HEAD}    {item}\n") == []


@pytest.mark.parametrize("item", REFUSED)
def test_item_of_layers_is_refused_by_the_schema_and_by_the_program(item):
    with pytest.raises(RecipeError):
        load_bytes(f"{BLOCKS}{HEAD}    {item}\n{TAIL}".encode(), "r.yaml")
    if "conv" not in item:  # with blocks of any arguments a schema cannot look into a call
        assert mistakes(f"{HEAD}    {item}\n") != []


@pytest.mark.parametrize("kind", [kind for kind in catalogue.kinds() if kind != "applications"])
def test_every_name_of_a_kind_is_a_key_or_a_bare_name_and_refused_ones_are_neither(kind):
    item = SCHEMA["definitions"][kind]["anyOf"]
    bare = {name for choice in item for name in choice.get("enum", ())}
    keys = {name for choice in item for name in choice.get("properties", ())}
    places = ("layers", "applications") if kind == "layers" else (kind,)
    entries = [catalogue.find(place, name) for place in places for name in catalogue.names(place)]

    assert len(entries) > 3
    assert keys == {entry.name for entry in entries if not entry.identifier}
    assert bare == {entry.name for entry in entries if kind != "schedules" and not needed_of(entry, learns=True)}
    assert not {"Lambda", "InputLayer", "LambdaCallback", "TensorBoard"} & (bare | keys)


def test_class_has_its_arguments_types_choices_defaults_and_meaning():
    arguments = SCHEMA["definitions"]["layers.Conv2D"]["properties"]
    padding, strides = (followed(arguments[name]) for name in ("padding", "strides"))

    assert list(arguments)[:3] == ["filters", "kernel_size", "strides"]
    needed = [{"required": ["filters", "kernel_size"]}, {"required": ["is"]}]
    assert SCHEMA["definitions"]["layers.Conv2D"]["anyOf"] == needed
    assert padding["default"] == "valid"
    assert padding["anyOf"][0] == {"enum": ["valid", "same"]}
    assert padding["description"].startswith("string, either")
    assert strides["default"] == 1
    assert strides["anyOf"][0]["minimum"] == 1


def followed(schema):
    """A schema with what it refers to."""
    while "$ref" in schema:
        name = schema["$ref"].removeprefix("#/definitions/")
        schema = {**SCHEMA["definitions"][name], **{key: value for key, value in schema.items() if key != "$ref"}}
    return schema


def test_alias_refers_to_its_class():
    [mapping] = [choice for choice in SCHEMA["definitions"]["item"]["anyOf"] if "properties" in choice]

    assert mapping["properties"]["MaxPool2D"] == mapping["properties"]["MaxPooling2D"]
    assert "layers.MaxPool2D" not in SCHEMA["definitions"]


@pytest.mark.parametrize("kind", catalogue.kinds())
def test_line_that_cnncli_layers_shows_keeps_to_the_schema(kind):
    count = 0
    for name in catalogue.names(kind):
        line = browse.example_line(catalogue.find(kind, name))
        count += 1
        text = f"{HEAD}    {line}\n" if line.startswith("- ") else f"{HEAD}    - ReLU\ntrain:\n  {line}\n"
        assert mistakes(text) == [], line
    assert count > 3


@pytest.mark.parametrize(
    "text",
    [
        "extends: lenet5\ntrain: {epochs: 3}\n",
        "extends: lenet5\nmodel: {input: [28, 28, 1]}\ndata: {limit: 30}\n",
        "extends: alexnet\ndata: {source: {image_folder: {resize: pad}}}\n",
    ],
)
def test_child_of_extends_leaves_to_its_parent_what_it_needs(text):
    assert mistakes(text) == []
    assert mistakes(text.split("\n", 1)[1]) != []


@pytest.mark.parametrize(
    ("change", "is_right"),
    [
        ("{a: {filters: 3}, 'b*': null, c: {Dense: {units: 3}}, d: ReLU, e: $layer}", True),
        ("{a: 3}", False),
        ("{a: {name: b}}", False),
        ("{a: {Dense: {unit: 3}}}", False),
        ("[a]", False),
    ],
)
def test_changes_of_single_layers(change, is_right):
    assert (mistakes(f"extends: lenet5\nmodel: {{change: {change}}}\n") == []) is is_right


@pytest.mark.parametrize(
    ("section", "is_right"),
    [
        ("train: {max_time: 20 min, loss: {SparseCategoricalCrossentropy: {from_logits: true}}}", True),
        ("train: {max_time: 20}", False),
        (
            "train: {optimizer: {SGD: {learning_rate: {CosineDecay: {initial_learning_rate: 0.1, decay_steps: 5 epochs}}}}}",
            True,
        ),
        ("train: {optimizer: {SGD: {learning_rate: 5 epochs}}}", False),
        ("train: {epochs: $n, batch_size: $(2 * n), precision: $p, metrics: [$m], callbacks: $c}", True),
        ("train: {loss: {out: mse, aux: {Huber: 0.5}}, loss_weights: {aux: 0.3}}", True),
        ("train: {loss: {out: msee}}", False),
        ("train: {phases: [{epochs: 3, freeze: [a], optimizer: adam}]}", True),
        ("train: {phases: [{epoch: 3}]}", False),
        ("visualize: [filters, feature_maps: {samples: 2}, filters: ]", True),
        ("visualize: [filter]", False),
        ("visualize: [{filters: {}, feature_maps: {}}]", False),
        ('expect: {params: $(3 * classes), metrics: {test_accuracy: ">= 0.9"}, shapes: {a: [$classes]}}', True),
        ("expect: {metrics: {test_accuracy: 0.9}}", False),
        ("vars: {a: 1, b: [1, {c: d}]}", True),
        ("vars: {classes: 3}", False),
        ("blocks: {Conv: {layers: []}}", False),
        ("blocks: {conv: {layer: []}}", False),
        ("about: 3", False),
        ("version: 2", False),
    ],
)
def test_section(section, is_right):
    text = f"{HEAD}    - ReLU\n{section}\n"

    assert (mistakes(text) == []) == is_right


@pytest.mark.parametrize(
    ("data", "is_right"),
    [
        ("{source: mnist, split: {validation: 0.1, test: 500}, class_weight: {cat: 2}}", True),
        ("{source: mnist, split: $s, prepare: [Rescaling: {scale: $(1 / 255)}], augment: $a}", True),
        ("{source: {csv: {path: a, image: file, label: [b, c]}}}", True),
        ("{source: {csv: {path: a, numbers: [3.5]}}}", False),
        ("{source: {xml: {path: a}}}", False),
        ("{source: {npz: {path: a}, idx: {path: b}}}", False),
        ("{source: {npz: {}}}", False),
        ("{source: mnist, split: {validation: 1.5}}", False),
        ("{source: mnist, prepare: [Rescaling: {scale: 1, from: x}]}", False),
        ("{source: mnist, augment: [conv: 3]}", False),
    ],
)
def test_data_section(data, is_right):
    assert (mistakes(f"data: {data}\nmodel: {{layers: [ReLU]}}\n") == []) == is_right


def test_every_shipped_recipe_leads_an_editor_to_the_schema():
    lines = {path.stem: path.read_text(encoding="utf-8").splitlines()[0] for path in SHIPPED}

    assert set(lines) == set(shipped.names())
    assert set(lines.values()) == {"# yaml-language-server: $schema=../docs/recipe.schema.json"}
    assert (SHIPPED[0].parent / "../docs/recipe.schema.json").resolve() == SCHEMA_FILE
