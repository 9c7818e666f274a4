"""`cnncli export`: the folder that it writes, what it refuses, and that nothing half-written is left."""

from __future__ import annotations

import errno
import importlib.util
import json
import os
from pathlib import Path

import pytest
from commands import call
from untrained import CLASSES, untrained

from cnncli.export import about_export, export_model, formats
from cnncli.export.runtime import LibraryError, calling
from cnncli.inference.model_description import save

RECIPE = """\
data: {source: {npz: {path: a.npz}}, classes: 3}
model: {input: [8, 8, 3], layers: [Conv2D: {filters: 2, kernel_size: 3}, Flatten, Dense: {units: 3, activation: softmax}]}
train: {loss: sparse_categorical_crossentropy}
"""


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A folder with the model file digits.keras."""
    monkeypatch.chdir(tmp_path)
    trained = untrained(RECIPE, (8, 8, 3), targets=CLASSES)
    save(trained.model, tmp_path / "digits.keras", trained.about)
    return tmp_path


def files_in(folder: Path) -> list[str]:
    return sorted(os.listdir(folder))


def test_unknown_format_is_an_error():
    done = call("export", "x.keras", "--format", "onx", exit_code=2)
    assert "unknown choice `onx`" in done.stderr
    assert "did you mean `onnx`?" in done.stderr


def test_missing_format_lists_the_formats():
    assert "one of saved_model, onnx, litert, or all" in call("export", "x.keras", exit_code=2).stderr


def test_quantization_that_a_format_lacks_is_an_error():
    done = call("export", "x.keras", "--format", "saved_model", "--quantize", "int8", exit_code=2)
    assert "SavedModel has no quantization" in done.stderr
    assert "use --format onnx or litert" in done.stderr


def test_quantize_and_all_exclude_each_other():
    done = call("export", "x.keras", "--format", "all", "--quantize", "int8", exit_code=2)
    assert "--quantize and --format all exclude each other" in done.stderr


def test_missing_package_is_named_with_its_extra(monkeypatch):
    found = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda name, *more: None if name == "tf2onnx" else found(name, *more)
    )
    done = call("export", "x.keras", "--format", "onnx", exit_code=8)
    assert "ONNX needs what is not installed here: tf2onnx" in done.stderr
    assert 'install it with: pip install "cnncli[onnx]"' in done.stderr


def test_all_says_which_formats_are_left_out(folder, monkeypatch):
    monkeypatch.setattr(formats.Format, "missing", lambda own: [*own.packages.values()])
    done = call("export", "digits.keras", "--format", "all", "--to", "out", "--json").json
    assert files_in(folder / "out") == ["exports.md", "saved_model"]
    assert [each["message"] for each in done["notes"][:2]] == [
        "ONNX needs what is not installed here: onnx, tf2onnx, onnxruntime",
        "LiteRT needs what is not installed here: ai-edge-litert",
    ]


def test_every_extra_of_a_format_is_in_pyproject():
    import tomllib

    extras = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text())["project"][
        "optional-dependencies"
    ]
    for each in formats.FORMATS.values():
        named = {requirement.split(">")[0] for requirement in extras.get(each.extra, ())}
        assert named == set(each.packages.values())


def test_folder_is_called_after_the_model(folder):
    done = call("export", "digits.keras", "--format", "saved_model", "--json")
    assert done.json["folder"] == "digits-saved_model"
    assert files_in(folder / "digits-saved_model") == ["about.json", "saved_model"]
    assert files_in(folder) == ["digits-saved_model", "digits.keras"]
    [export] = done.json["exports"]
    assert export["path"] == "digits-saved_model/saved_model"
    assert export["largest_difference"] == 0
    assert export["decisions"] == export["equal_decisions"] == 64
    assert export["milliseconds"].keys() == {"1", "32"}


def test_other_folder_is_not_overwritten(folder):
    (folder / "mine").mkdir()
    (folder / "mine" / "a.txt").write_text("a")
    done = call("export", "digits.keras", "--format", "saved_model", "--to", "mine", "--force", exit_code=6)
    assert "mine exists and is not empty" in done.stderr
    assert files_in(folder / "mine") == ["a.txt"]


def test_older_export_is_replaced_with_force_alone(folder):
    call("export", "digits.keras", "--format", "saved_model", "--to", "out")
    (folder / "out" / "old.txt").write_text("a")
    assert (
        "--force overwrites it"
        in call("export", "digits.keras", "--format", "saved_model", "--to", "out", exit_code=6).stderr
    )
    done = call("export", "digits.keras", "--format", "saved_model", "--to", "out", "--example", "--force")
    assert done.stderr.splitlines()[-1].split() == ["Next", "python", "out/predict.py", "FILE"]
    assert files_in(folder / "out") == ["about.json", "predict.py", "saved_model"]
    assert files_in(folder) == ["digits.keras", "out"]


def test_failed_check_leaves_nothing(folder, monkeypatch):
    class Wrong(export_model.RUNTIMES["saved_model"]):
        def run(self, inputs):
            return {name: 0 * values for name, values in super().run(inputs).items()}

    monkeypatch.setitem(export_model.RUNTIMES, "saved_model", Wrong)
    done = call("export", "digits.keras", "--format", "saved_model", exit_code=5)
    assert (
        "cannot be exported as saved_model: its outputs differ from those of Keras by up to 1, 100% of" in done.stderr
    )
    assert files_in(folder) == ["digits.keras"]


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT])
def test_full_disk_leaves_nothing(folder, monkeypatch, number):
    def full(about):
        raise OSError(number, os.strerror(number), "digits-saved_model/about.json")

    monkeypatch.setattr(about_export, "as_bytes", full)
    done = call("export", "digits.keras", "--format", "saved_model", exit_code=6)
    assert "cannot write digits-saved_model" in done.stderr
    assert files_in(folder) == ["digits.keras"]


def test_all_lists_what_cannot_be_had(folder, monkeypatch):
    wanted = [formats.Target(formats.FORMATS["saved_model"]), formats.Target(formats.FORMATS["litert"], "int8")]
    monkeypatch.setattr("cnncli.cli.export.every_target", lambda: wanted)
    pytest.importorskip("ai_edge_litert")
    done = call("export", "digits.keras", "--format", "all", "--to", "out", "--json")
    assert files_in(folder / "out") == ["exports.md", "saved_model"]
    [refused] = done.json["refused"]
    assert (refused["format"], refused["quantization"]) == ("litert", "int8")
    assert refused["why"] == "int8 needs training examples to measure the ranges of the layers"
    table = (folder / "out" / "exports.md").read_text()
    assert "| saved_model |" in table
    assert "- not litert-int8: int8 needs training examples" in table


def test_run_that_is_not_there_is_an_error(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    done = call("export", "nothing", "--format", "saved_model", "--json", exit_code=6)
    assert json.loads(done.stdout)["error"]["exit"] == 6


def test_full_disk_of_a_library_is_an_error_of_the_system():
    with pytest.raises(OSError, match="No space left") as raised, calling("TensorFlow"):
        raise RuntimeError("x.pb; No space left on device")
    assert raised.value.errno == errno.ENOSPC
    with pytest.raises(LibraryError, match="TensorFlow: it does not fit"), calling("TensorFlow"):
        raise RuntimeError("it does not fit")
