"""docs/architecture.md says what the package is: its tree, and who imports whom."""

import ast
import re
from collections import defaultdict
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")

# The layer of those modules of a task that are not of `tasks`.
OF_A_TASK = {
    **dict.fromkeys(("targets", "labels", "class_matching", "encode", "matching"), "data"),
    "augmentation": "training",
    "subject": "interpretability",
    "figures": "plots",
    "prediction_files": "plots",
    "report": "report",
    "card": "model_card",
}

# A name that two modules share has one meaning: the module of `cli` is the command of that name, and the others are
# what it calls, or the same thing in another layer.
SHARED = {
    "arrays": "sources that are arrays: their settings, their values",
    "augmentation": "augmentation in the train step: of all tasks, of one",
    "base": "what every one has: settings of sources, sources, kinds of input",
    "builtin": "data sets by name: their settings, their files",
    "image_folder": "folders of images: their settings, their images",
    "mask_folder": "folders of images with masks: their settings, their masks",
    "shards": "sources that are shards: their settings, their examples",
    "text_folder": "folders of texts: their settings, their texts",
    "text": "text: that of a recipe's file, the kind of input",
    "table": "tables: their settings, their rows; tables of a terminal are in `console`",
    "calibration": "the calibration of probabilities: computed, drawn",
    "card": "the model card: written, of a task; the command",
    "comparison": "the comparison of runs: of all tasks, of one",
    "console": "what a terminal shows: of all commands, of a task",
    "feature_maps": "feature maps: computed, drawn; the command",
    "figures": "the pictures of a task",
    "folds": "the folds of a cross-validation: of examples, their runs, trained, on the command line",
    "grad_cam": "Grad-CAM: computed; the command",
    "kernels": "the kernels of convolutions: found, drawn",
    "layers": "the layers of a recipe; the command that lists Keras' layers",
    "load": "read what a section of a recipe names: the recipe itself, its data",
    "range_test": "the learning-rate range test: computed, drawn",
    "regression": "the rules of a recipe for regression; the drawings of one",
    "report": "the report of a task; the command",
    "result": "the result of an evaluation: of all tasks, of one",
    "roc": "ROC curves: computed, drawn",
    "prediction_files": "the files of a task's predictions",
    "predictions": "the predictions of examples: of a task in predictions.csv, as `predict` shows them",
    "decoding": "the decoding of a task's outputs",
    "subject": "the subject of pictures: of all tasks, of one",
    "targets": "targets: of all tasks, of one",
    "schema": "the sections of a recipe; the command that prints their JSON Schema",
    "scorer": "the scorer of a task",
    "settling": "what the validation examples tell a task of a trained network",
    "scores": "the scores of a task",
    "thresholds": "scores by threshold: computed, drawn",
    **dict.fromkeys(
        (
            "doctor",
            "explain",
            "find_learning_rate",
            "maximize",
            "predict",
            "reproduce",
            "summary",
            "to_python",
            "from_keras",
        ),
        "what a command does; the command",
    ),
}

# What may compare a number of axes with a literal, outside `inputs`: the shapes are not those of examples.
COUNTS_AXES = {
    "cnncli.data.targets": "the outputs of a network",
    "cnncli.conversion.find_applications": "the inputs and outputs of layers",
    "cnncli.export.equivalent_calls": "the inputs of layers",
    "cnncli.interpretability.class_scores": "the outputs of a model",
    "cnncli.interpretability.places": "the outputs of layers",
    "cnncli.network": "the inputs and outputs of layers",
    "cnncli.data.volume_file": "the axes of files, which have none of channels",
    "cnncli.plots.filter_scale": "kernels",
    "cnncli.plots.filters": "kernels",
    "cnncli.plots.mask_sheet": "masks",
    "cnncli.recipe.check_data": "the input of a recipe; `recipe` imports no NumPy, which `inputs` needs",
    "cnncli.tasks": "targets, outputs, scores",
    "cnncli.workflow.first_loss": "the outputs of a network",
}


@cache
def modules() -> dict[str, Path]:
    """Dotted name -> file of every module that has code."""
    found = {}
    for path in (ROOT / "cnncli").rglob("*.py"):
        name = ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
        found[name] = path
    assert len(found) > 200
    return found


@cache
def tree_of(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


@cache
def imports(path: Path) -> frozenset[str]:
    """The modules of cnncli that a module imports anywhere, also within functions."""
    found, known = set(), modules()
    for node in ast.walk(tree_of(path)):
        if isinstance(node, ast.ImportFrom) and node.module and node.module.split(".")[0] == "cnncli":
            for alias in node.names:
                full = f"{node.module}.{alias.name}"
                found.add(full if full in known else node.module)
        elif isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names if alias.name.startswith("cnncli.")}
    return frozenset(found)


def block(name: str) -> list[str]:
    """The lines of a block of the page."""
    match = re.search(rf"<!-- {name} -->\n```\n(.*?)```", PAGE, re.DOTALL)
    assert match
    return match.group(1).splitlines()


def layers() -> dict[str, int]:
    return {package: rank for rank, line in enumerate(block("layers")) for package in line.split()}


def layer_of(module: str) -> str:
    """The part of cnncli that a module belongs to; a task has modules of several."""
    parts = module.split(".")
    if parts[1] == "tasks" and len(parts) == 4:
        return OF_A_TASK.get(parts[3], "tasks")
    return parts[1]


def test_tree_is_that_of_the_package():
    packages = {path.parent.relative_to(ROOT / "cnncli") for path in (ROOT / "cnncli").rglob("__init__.py")}
    drawn, parents = set(), {0: Path()}
    for line in block("tree")[1:]:
        depth, name = (len(line) - len(line.lstrip())) // 2, line.split()[0].rstrip("/")
        parents[depth] = parents[depth - 1] / name if depth > 1 else Path(name)
        drawn.add(parents[depth])
    assert drawn == packages - {Path()}


def test_every_package_has_a_layer():
    named = {module.split(".")[1] for module in modules() if "." in module} - {"__main__"}
    assert named == set(layers())


def test_imports_only_look_down():
    known, rank = modules(), layers()
    upward = [
        f"{module} imports {target}"
        for module, path in known.items()
        if "." in module and module != "cnncli.__main__"
        for target in imports(path)
        if "." in target and layer_of(target) != layer_of(module) and rank[layer_of(target)] > rank[layer_of(module)]
    ]
    assert upward == []


def test_no_modules_import_each_other_in_a_circle():
    known = modules()
    edges = {module: imports(path) & known.keys() - {module} for module, path in known.items()}
    waiting = dict(edges)
    while free := [module for module, targets in waiting.items() if not targets & waiting.keys()]:
        for module in free:
            del waiting[module]
    assert sorted(waiting) == []


def counts_axes(node: ast.AST) -> bool:
    """Whether an expression compares `x.ndim`, `x.rank` or `len(shape)` with literal numbers: "is it an image?"."""
    if not isinstance(node, ast.Compare):
        return False
    sides = [ast.unparse(side) for side in (node.left, *node.comparators)]
    return any(re.fullmatch(r".*\.(ndim|rank)|len\((\w*\.)*\w*shape(\[.*\])?\)", side) for side in sides) and any(
        re.fullmatch(r"[\d(), ]+|_?[A-Z_]+", side) for side in sides
    )


def test_kind_of_an_input_is_asked_for_in_inputs_alone():
    asking = {name for name, path in modules().items() if any(map(counts_axes, ast.walk(tree_of(path))))}
    excused = {name: {module for module in asking if f"{module}.".startswith(f"{name}.")} for name in COUNTS_AXES}
    assert sorted(asking - set().union(*excused.values())) == []
    assert [name for name, found in excused.items() if not found] == []


def test_modules_of_one_name_have_one_meaning():
    names = defaultdict(list)
    for module, path in modules().items():
        if path.name != "__init__.py":
            names[module.split(".")[-1]].append(module)
    shared = {name for name, found in names.items() if len(found) > 1}
    assert shared == set(SHARED)


def test_every_module_says_in_its_first_line_what_it_does():
    texts = {
        module: ast.get_docstring(tree_of(path)) for module, path in modules().items() if path.name != "__init__.py"
    }
    assert [module for module, text in texts.items() if not text or not text.splitlines()[0].endswith((".", ":"))] == []


# A line that asks which task, or which kind of targets, a recipe, a record or a result has.
QUESTION = re.compile(
    r"""isinstance\([^()]*\b(Class|Label|Number)(Targets|Decoder|Subject)\b
      | isinstance\([^()]*\b(Classification|Multilabel|Regression)Result\b
      | (==|!=|\bin\b)\s*\(?["'](classes|numbers|multilabel|classification|regression)["']
      | ["'](classes|numbers|multilabel|classification|regression)["']\s*(==|!=)
      | \b(labels|targets)\.ndim\b
      | \bclass_names\s+is\s+(not\s+)?None
      | \btask\s*(==|!=)
    """,
    re.VERBOSE,
)
# Modules that name a task, and why.
NAMING_A_TASK = {
    "cnncli.data.sources.builtin": "the built-in data sets have classes",
    "cnncli.data.sources.cifar": "CIFAR has classes",
    "cnncli.data.sources.image_folder": "a folder for each class",
    "cnncli.data.sources.text_folder": "a folder for each class",
    "cnncli.inference.model_loading": "a model of another program is taken for a classifier",
    "cnncli.plots.calibration": "draws the values of the task",
    "cnncli.plots.confident_errors": "draws the values of the task",
    "cnncli.plots.confusion": "draws the values of the task",
    "cnncli.plots.largest_errors": "draws the values of the task",
    "cnncli.plots.regression": "draws the values of the task",
    "cnncli.plots.roc": "draws the values of the task",
    "cnncli.plots.score_charts": "draws the values of the task",
    "cnncli.plots.thresholds": "draws the values of the task",
}
# Lines that match, and why they are none.
NO_QUESTIONS = {
    "class_names is not None and not class_names": "splits: no names are given",
    "class_names is None or len(class_names) > 0": "splits: the same",
    'row.key == "classes"': "a variable of the language may not be called $classes",
}


def outside_of_tasks() -> dict[str, Path]:
    return {
        module: path
        for module, path in modules().items()
        if not module.startswith(("cnncli.tasks.", "cnncli.recipe.targets"))
    }


def test_no_line_outside_of_tasks_asks_which_task_it_is():
    asking = [
        f"{path.relative_to(ROOT)}:{number}: {line.strip()}"
        for path in outside_of_tasks().values()
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if QUESTION.search(line) and not any(known in line for known in NO_QUESTIONS)
    ]
    assert asking == []


def test_modules_of_a_task_are_imported_by_name():
    of_a_task = re.compile(r"cnncli\.tasks\.(classification|multilabel|regression)\b")
    importing = {module for module, path in outside_of_tasks().items() if any(map(of_a_task.match, imports(path)))}
    assert importing == set(NAMING_A_TASK)
