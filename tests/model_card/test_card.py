"""The model card of a run of every task: header, sections, limits, code, and what it does not say."""

import ast
import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from card_runs import HOME, MADE, NAMES, make_run, recipe_of

from cnncli import model_card, report, task_registry
from cnncli.errors import OutputError
from cnncli.model_card import licenses

ROOT = Path(__file__).parents[2]


def card_of(path, **wishes):
    return model_card.write(report.read(path), model_card.Wishes(**wishes))


def header(text):
    match = re.match(r"---\n(.*?)---\n", text, re.DOTALL)
    assert match
    return yaml.safe_load(match[1])


def section(text, title):
    match = re.search(rf"^## {title}\n(.*?)(?=^## |\Z)", text, re.DOTALL | re.MULTILINE)
    assert match, title
    return match[1]


def without_code(text):
    return re.sub(r"^(`{3,}).*?^\1$", "", text, flags=re.DOTALL | re.MULTILINE)


@pytest.fixture(scope="module", params=list(MADE))
def made(request, tmp_path_factory):
    """A task, and its card."""
    return request.param, card_of(make_run(tmp_path_factory.mktemp("runs"), request.param))


def test_every_task_has_a_made_run():
    assert set(MADE) == set(task_registry.names())


PIPELINES = {
    "classification": "image-classification",
    "multilabel": "image-classification",
    "regression": "tabular-regression",
    "segmentation": "image-segmentation",
    "detection": "object-detection",
    "identities": "image-feature-extraction",
    "reconstruction": "image-to-image",
}


def test_header_is_what_the_hub_asks_for(made):
    task, card = made
    found = header(card.text)
    assert found == card.metadata
    assert (found["library_name"], found["pipeline_tag"]) == ("keras", PIPELINES[task])
    assert {"cnncli", task} <= set(found["tags"])
    assert "license" not in found
    [entry] = found["model-index"]
    [result] = entry["results"]
    assert entry["name"] == "made"
    assert result["task"] == {"type": PIPELINES[task]}
    assert {"type", "name", "split"} == set(result["dataset"])
    assert result["metrics"]
    for metric in result["metrics"]:
        assert set(metric) == {"type", "name", "value"}
        assert isinstance(metric["value"], float)
        assert metric["type"] in found["metrics"]


def test_every_section_is_there_and_nothing_private(made):
    _, card = made
    titles = re.findall(r"^## (.*)$", card.text, re.MULTILINE)
    assert titles == ["Data", "Network", "Training", "Evaluation", "Limits", "How to use it", "How to reproduce it"]
    for secret in (HOME, "secret", "anna", "Secret", "broken one"):
        assert secret not in card.text
    words = re.findall(r"\w+", without_code(card.text))
    assert not {"None", "nan"} & set(words)


def test_every_table_has_rows_of_one_width(made):
    _, card = made
    tables = re.findall(r"(?:^\|.*\n)+", card.text, re.MULTILINE)
    assert len(tables) >= 3
    for table in tables:
        widths = {len(re.findall(r"(?<!\\)\|", line)) for line in table.splitlines()}
        assert len(widths) == 1
        assert len(table.splitlines()) > 2


def test_scores_have_their_intervals(made):
    _, card = made
    rows = [line for line in section(card.text, "Evaluation").splitlines() if " to " in line]
    assert rows


def test_lines_of_python_are_python_and_need_no_cnncli(made):
    _, card = made
    [code] = re.findall(r"```python\n(.*?)```", card.text, re.DOTALL)
    tree = ast.parse(code)
    names = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    assert {"keras", "numpy"} <= names <= {"json", "zipfile", "keras", "numpy", "PIL.Image"}
    assert max(map(len, code.splitlines())) <= 120


def test_same_folder_gives_the_same_card(tmp_path):
    path = make_run(tmp_path)
    assert card_of(path).text == card_of(path).text


def test_limits_are_those_of_the_record_and_the_evaluation(tmp_path):
    text = section(card_of(make_run(tmp_path)).text, "Limits")
    assert "It answers with one of its 3 classes for every input" in text
    assert "The training examples are imbalanced: cat has 50 training examples, eel has 6." in text
    assert "Lowest recall, with its 95% interval: " in text
    assert "The expected calibration error is " in text
    assert "1 file of the data could not be read and is not covered." in text
    assert "Note of the training: 2 files in photos are equal." in text
    assert "brought to 28×28 pixels" in text
    assert "only" not in text  # 200 examples are not few


def test_class_table_has_wilson_intervals(tmp_path):
    # 66 cats, of which the network finds 54: Wilson's 95% interval of 54 of 66 is 0.7085 to 0.8929.
    text = section(card_of(make_run(tmp_path)).text, "Evaluation")
    rows = {line.split(" | ")[0].removeprefix("| "): line for line in text.splitlines() if line.startswith("| ")}
    assert set(NAMES) <= set(rows)
    recall = re.findall(r"(\d\.\d{4}) \((\d\.\d{4}) to (\d\.\d{4})\)", rows["cat"])[1]
    support = int(rows["cat"].split(" | ")[2])
    from cnncli.tasks.classification.intervals import wilson

    low, high = wilson(round(float(recall[0]) * support), support)
    assert recall[1:] == (f"{low:.4f}", f"{high:.4f}")


def test_code_of_image_files_is_that_of_the_readme(tmp_path):
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    [block] = re.findall(r"<!-- plain Keras -->\n```python\n(.*?)```", readme, re.DOTALL)
    assert block in card_of(make_run(tmp_path)).text


@pytest.mark.parametrize("resize", ["pad", "crop"])
def test_code_of_other_ways_to_resize_is_that_of_the_documentation(tmp_path, resize):
    page = (ROOT / "docs" / "using-models.md").read_text(encoding="utf-8")
    [block] = re.findall(rf"<!-- plain Keras: {resize} -->\n```python\n(.*?)```", page, re.DOTALL)
    recipe = recipe_of("classification").replace("color:", f"resize: {resize}, color:")
    assert block in card_of(make_run(tmp_path, recipe=recipe)).text


def test_images_of_other_values_are_arrays_in_the_code(tmp_path):
    span = {"input_range": {"low": -1.5, "high": 1.5, "is_whole": False}}
    text = section(card_of(make_run(tmp_path, "multilabel", data=span)).text, "How to use it")
    assert 'np.load("examples.npy")  # (examples, 16, 16, 1), values from -1.5000 to 1.5000 as in training' in text
    assert "YOUR.npy" in text
    assert "photo.png" not in text


def test_texts_and_several_inputs_have_lines_of_their_own(tmp_path):
    data = "data: {source: {npz: {path: a.npz}}, inputs: {left: {}, right: {}}}"
    recipe = re.sub("data: .*", data, recipe_of("classification"))
    recipe = recipe.replace("[Flatten,", "[{Concatenate: {from: [left, right]}},")
    both = {"left": [8], "right": []}
    card = card_of(make_run(tmp_path, recipe=recipe, input_shape=both, data={"input_shape": both}))
    assert "pipeline_tag" not in card.metadata
    code = section(card.text, "How to use it")
    assert '"left": np.load("left.npy"),  # (examples, 8)' in code
    assert '"right": np.array(["Your text."], object),  # a batch of one text' in code
    ast.parse(re.findall(r"```python\n(.*?)```", code, re.DOTALL)[0])


def test_wishes_are_in_header_text_and_citation(tmp_path):
    card = card_of(make_run(tmp_path), name="My *model*", license="Apache-2.0", author="Anna {B}", datasets=["a/b"])
    assert (card.metadata["license"], card.metadata["datasets"]) == ("apache-2.0", ["a/b"])
    assert card.metadata["model-index"][0]["results"][0]["dataset"]["type"] == "a/b"
    assert "# My \\*model\\*" in card.text
    assert "Developed by Anna \\{B\\}." in card.text
    assert "author = {Anna \\{B\\}}" in section(card.text, "Citation")


def test_license_that_the_hub_does_not_know_is_named_as_other(tmp_path):
    card = card_of(make_run(tmp_path), license="My own license")
    assert (card.metadata["license"], card.metadata["license_name"]) == ("other", "My own license")
    assert licenses.suggestion("apache2.0") == "apache-2.0"


def test_text_of_users_is_no_markup(tmp_path):
    evil = "<script>x</script> | [a](b) `c` *d* @team $e$ \u202e\n---\nlicense: x"
    recipe = recipe_of("classification", about=evil)
    text = card_of(make_run(tmp_path, recipe=recipe, data={"class_names": ["a|b", "<img src=x>", "- [ ] *c*"]})).text
    body = without_code(text)
    assert not re.search(r"(?<!\\)<(script|img)", body)
    assert "\u202e" not in body
    assert header(text)["library_name"] == "keras"
    assert "| a\\|b |" in body
    assert text.count("\n---\n") == 1  # the end of the header


def test_recipe_that_extends_another_is_shown_with_everything_filled_in(tmp_path):
    run = make_run(tmp_path)
    whole = (run / "resolved.yaml").read_text()
    (run / "recipe.yaml").write_text("extends: base.yaml\nname: child\n")
    record = json.loads((run / "run.json").read_bytes())
    record["settings"] = ["train.epochs=3"]
    (run / "run.json").write_text(json.dumps(record))
    reproduction = section(card_of(run).text, "How to reproduce it")
    assert "extends" not in reproduction
    assert "--set train.epochs" not in reproduction
    assert whole.splitlines()[-1] in reproduction


def test_recipe_with_fences_does_not_end_its_block(tmp_path):
    recipe = recipe_of("classification") + "# ```\n# # not a title\n"
    text = card_of(make_run(tmp_path, recipe=recipe)).text
    assert "````yaml\n" in text


def test_run_without_an_evaluation_says_so(tmp_path):
    card = card_of(make_run(tmp_path, without=("evaluation.json",)))
    assert "model-index" not in card.metadata
    assert "This run has no evaluation" in section(card.text, "Evaluation")
    assert "It was not evaluated" in section(card.text, "Limits")


def test_run_without_a_network_file_says_so(tmp_path):
    assert "network.json, is missing" in card_of(make_run(tmp_path, without=("network.json",))).text


@pytest.mark.parametrize("status", ["interrupted", "diverged", "failed"])
def test_run_that_is_not_finished_has_no_card(tmp_path, status):
    with pytest.raises(OutputError, match=f"is not finished \\(its status is {status}\\)"):
        card_of(make_run(tmp_path, status=status))


def test_run_whose_record_is_damaged_has_no_card(tmp_path):
    run = make_run(tmp_path)
    (run / "run.json").write_text("{")
    with pytest.raises(OutputError, match=r"cannot be read: .*run\.json is damaged"):
        card_of(run)


def test_network_for_windows_says_so(tmp_path):
    recipe = recipe_of("segmentation").replace("shapes-sample", "shapes-sample, windows: {size: [64, 64]}")
    code = section(card_of(make_run(tmp_path, "segmentation", recipe=recipe)).text, "How to use it")
    assert "The network takes windows of this size" in code
    assert "photo.png" not in code


def test_run_without_a_recipe_has_no_card(tmp_path):
    with pytest.raises(OutputError, match=r"resolved\.yaml is missing"):
        card_of(make_run(tmp_path, without=("resolved.yaml",)))


def test_built_in_data_set_is_named_by_its_identifier_on_the_hub(tmp_path):
    recipe = re.sub(
        "source: .*",
        "source: mnist, offline: mnist-sample}",
        recipe_of("classification").replace("units: 3", "units: 10"),
    )
    made = make_run(tmp_path, recipe=recipe, data={"source": "mnist, cached: 60,000 + 10,000 images"})
    assert card_of(made).metadata["datasets"] == ["ylecun/mnist"]
    sample = make_run(tmp_path, name="sample", recipe=recipe, data={"source": "mnist-sample, packaged: 8,000 digits"})
    assert "datasets" not in card_of(sample).metadata


def test_card_imports_no_tensorflow(tmp_path):
    path = make_run(tmp_path)
    program = (
        "import sys; from pathlib import Path; from cnncli import model_card, report\n"
        f"model_card.write(report.read(Path({str(path)!r})), model_card.Wishes())\n"
        "assert not {'tensorflow', 'keras', 'matplotlib'} & set(sys.modules), sorted(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", program], cwd=ROOT, check=True)


def test_edited_card_is_told_from_an_unedited_one(tmp_path):
    file = tmp_path / "README.md"
    file.write_text(card_of(make_run(tmp_path)).text, encoding="utf-8")
    assert model_card.is_unedited(file)
    file.write_text(file.read_text(encoding="utf-8").replace("Something", "Something else"), encoding="utf-8")
    assert not model_card.is_unedited(file)
    assert not model_card.is_unedited(tmp_path / "none.md")


def test_card_is_read_by_the_library_of_the_hub(made):
    hub = pytest.importorskip("huggingface_hub")
    _, card = made
    data = hub.ModelCard(card.text).data
    assert data.library_name == "keras"
    assert data.eval_results
    assert hub.ModelCardData(**data.to_dict()).to_dict() == data.to_dict()
