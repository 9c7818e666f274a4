"""Model files: what a copied model.keras knows, and what a model from elsewhere may take."""

from __future__ import annotations

import json
import shutil
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from commands import Result, call
from PIL import Image

from cases.making import U8_RUN, Case, digits

PHOTOS = """\
name: photos
data:
  source: {image_folder: {path: photos, image_size: [16, 20], resize: pad, color: grayscale}}
  prepare: [Rescaling: {scale: $(1 / 255)}]
model:
  layers: [Conv2D: {filters: 4, kernel_size: 3}, Flatten, Dense: {units: $classes}]
train:
  loss: {SparseCategoricalCrossentropy: {from_logits: true}}
  metrics: [accuracy, {SparseTopKCategoricalAccuracy: {k: 2, name: top2}}]
  epochs: 1
  batch_size: 8
  seed: 1
"""
NUMBERS = """\
name: ages
data: {source: {npz: {path: ages.npz}}, targets: numbers}
model: {input: [28, 28, 1], layers: [Flatten, Dense: 1]}
train: {epochs: 1, batch_size: 64, seed: 1}
"""
NAMES = ("bright", "dark café", "\x1b[31mred")


def make_photos(folder: Path) -> None:
    """Three classes of 10 photos, photo.png, and the recipe."""
    random = np.random.default_rng(0)
    for name, value in zip(NAMES, (200, 40, 120), strict=True):
        for number in range(10):
            file = folder / "photos" / name / f"{number}.png"
            file.parent.mkdir(parents=True, exist_ok=True)
            Image.fromarray(np.clip(random.normal(value, 40, (30, 33, 3)), 0, 255).astype(np.uint8)).save(file)
    Image.fromarray(np.clip(random.normal(150, 60, (41, 97, 3)), 0, 255).astype(np.uint8)).save(folder / "photo.png")
    (folder / "photos.yaml").write_text(PHOTOS, encoding="utf-8")


def make_ages(folder: Path) -> None:
    arrays = digits()
    np.savez(folder / "ages.npz", **{n: 1.5 * v if n.startswith("y") else v for n, v in arrays.items()})
    np.save(folder / "x.npy", arrays["x_test"][:20])
    np.savez(folder / "months.npz", x=arrays["x_test"], y=arrays["y_test"] * 1000.0 + 1)
    (folder / "ages.yaml").write_text(NUMBERS, encoding="utf-8")


def answer(*arguments: str) -> dict[str, Any]:
    found: dict[str, Any] = call(*arguments).json
    return found


def copy_answers_as(run: str, *commands: tuple[str, ...]) -> Callable[[Path, Result], None]:
    """The JSON of commands on a copy is that on the run, to the last bit, apart from the model's name."""

    def check(folder: Path, _: Result) -> None:
        shutil.copy(folder / run / "model.keras", folder / "copy.keras")
        recorded = json.loads((folder / run / "run.json").read_text(encoding="utf-8"))
        assert any(artefact["path"] == "model.keras" for artefact in recorded["artefacts"])
        for command, *more in commands:
            answers = [answer(command, model, *more, "--json") for model in (run, "copy.keras")]
            for found in answers:
                assert (found.pop("model", None) or found.pop("run")) in (run, "copy.keras")
            assert answers[0] == answers[1], command
            assert all("was trained on" in note["message"] for note in answers[0]["notes"])

    return check


def shows_class_names(folder: Path, _: Result) -> None:
    """Every command that shows classes shows their names for a copy, whatever it is called and wherever it lies."""
    other = folder / "deep er" / "mödel.keras"
    other.parent.mkdir()
    shutil.copy(folder / "outputs/photos/first/model.keras", other)
    for command in ("grad-cam", "feature-maps"):
        found = answer(command, str(other), "--image", "photo.png", "--to", "pictures", "--json")
        assert found["examples"][0]["predicted"] in NAMES
        assert found["notes"] == []
    found = answer("maximize", str(other), "--class", "dark café", "--steps", "2", "--to", "pictures", "--json")
    assert "dark café" in str(found["targets"])


def resaved(folder: Path) -> None:
    """m.keras: the run's model as plain Keras saves it again."""
    import keras

    keras.saving.load_model(folder / U8_RUN / "model.keras").save(folder / "m.keras")
    np.save(folder / "x.npy", digits()["x_test"][:3])


def replaced(folder: Path) -> None:
    """The run's model.keras: another model of the same network."""
    import keras

    path = folder / U8_RUN / "model.keras"
    model = keras.saving.load_model(path)
    model.set_weights([2 * array for array in model.get_weights()])
    model.save(path)


def about(**changes: Any) -> Callable[[Path], None]:
    """m.keras: the run's model with some values of its cnncli.json changed."""

    def make(folder: Path) -> None:
        with (
            zipfile.ZipFile(folder / U8_RUN / "model.keras") as old,
            zipfile.ZipFile(folder / "m.keras", "w") as new,
        ):
            for name in old.namelist():
                content = old.read(name)
                if name == "cnncli.json":
                    content = json.dumps({**json.loads(content), **changes}).encode()
                new.writestr(name, content)

    return make


def network(build: Callable[[Any], Any], shape: tuple[int | None, ...] = (28, 28, 1)) -> Callable[[Path], None]:
    """m.keras: a convolution, and layers that some other program put behind it; photo.png and x.npy."""

    def make(folder: Path) -> None:
        import keras

        keras.utils.clear_session(free_memory=False)
        inputs = keras.Input(shape)
        maps = build(keras.layers)(keras.layers.Conv2D(2, 3)(inputs))
        mean = keras.layers.GlobalAveragePooling2D()(maps)
        keras.Model(inputs, keras.layers.Dense(10, activation="softmax")(mean)).save(folder / "m.keras")
        Image.new("RGB", (60, 50), (200, 100, 50)).save(folder / "photo.png")
        np.save(folder / "large.npy", np.zeros((1, 2000, 2000, 1), np.uint8))

    return make


def huge(layers: Any) -> Any:
    return layers.Resizing(600_000, 600_000, name="huge")


def hidden(layers: Any) -> Any:
    return layers.Pipeline([huge(layers), layers.Resizing(4, 4)])


def enlarging(layers: Any) -> Any:
    return layers.UpSampling2D(100, name="huge")


COMMANDS = {
    "evaluate": "evaluate m.keras --data u8.npz",
    "predict": "predict m.keras photo.png",
    "grad-cam": "grad-cam m.keras --image photo.png",
    "feature-maps": "feature-maps m.keras --image photo.png",
    "maximize": "maximize m.keras --class 3",
    "visualize-filters": "visualize-filters m.keras",
}

CASES: list[Case] = [
    Case(
        "a copy of the model of an image folder",
        ("train photos.yaml --run first",),
        files=(make_photos,),
        check=copy_answers_as(
            "outputs/photos/first",
            ("predict", "photo.png", "photos", "--top", "3"),
            ("evaluate", "--data", "photos"),
        ),
    ),
    Case(
        "targets in other units",
        ("train ages.yaml --run first", "evaluate outputs/ages/first --data months.npz --strict"),
        4,
        ("the targets of months.npz go from 1 to 9001, and those of the training from 0 to 13.5",),
        files=(make_ages,),
    ),
    Case(
        "class names in the pictures of a copy",
        ("train photos.yaml --run first",),
        files=(make_photos,),
        check=shows_class_names,
    ),
    Case(
        "a copy in bfloat16",
        ("train photos.yaml --run first --set train.precision=mixed_bfloat16",),
        files=(make_photos,),
        check=copy_answers_as("outputs/photos/first", ("predict", "photos"), ("evaluate", "--data", "photos")),
    ),
    Case(
        "a copy of a model that gives numbers",
        ("train ages.yaml --run first",),
        files=(make_ages,),
        check=copy_answers_as("outputs/ages/first", ("predict", "x.npy"), ("evaluate", "--data", "ages.npz")),
    ),
    Case(
        "a model that plain Keras saved again",
        ("predict m.keras x.npy",),
        files=(resaved,),
        says=("m.keras does not contain class names", "classes are numbers, images are stretched"),
    ),
    Case(
        "another model in the place of a run's own",
        ("evaluate u8/first",),
        exit_code=5,
        files=(replaced,),
        says=("model.keras is not the model that this run wrote", "copy it out of the run's folder"),
        writes_nothing=True,
    ),
    Case(
        "class names that are not those of the network",
        ("evaluate m.keras --data u8.npz",),
        exit_code=5,
        files=(about(class_names=[str(number) for number in range(11)]),),
        says=("the cnncli.json in m.keras is damaged: `class_names` has 11, and the network has 10 outputs",),
    ),
    Case(
        "a model of a newer cnncli",
        ("predict m.keras u8.npz",),
        exit_code=5,
        files=(about(format=2, more={}),),
        says=("the cnncli.json in m.keras is from a newer cnncli (format 2", "update with"),
    ),
    Case(
        "a batch that no memory holds, asked for by the file",
        ("evaluate m.keras --data u8.npz",),
        exit_code=5,
        files=(about(batch_size=10**9),),
        says=("`batch_size`",),
    ),
    Case(
        "metrics in a file that do not fit its network",
        ("evaluate m.keras --data u8.npz",),
        exit_code=5,
        files=(about(metrics=["Precision"]),),
        says=("m.keras cannot be scored on this data: ",),
    ),
    *(
        Case(
            f"an image of 600,000 x 600,000 within a network, {name}",
            (command,),
            exit_code=8,
            files=(network(huge),),
            says=("the largest layers, for 1 example: huge (", "it is damaged, or made up"),
            writes_nothing=True,
        )
        for name, command in COMMANDS.items()
    ),
    *(
        Case(
            f"the same hidden in a pipeline, {name}",
            (command,),
            exit_code=8,
            files=(network(hidden),),
            says=("of memory for 1 example", "the largest layers, for 1 example: huge ("),
            writes_nothing=True,
        )
        for name, command in COMMANDS.items()
    ),
    Case(
        "an example so large that the network enlarges it beyond memory",
        ("predict m.keras large.npy",),
        exit_code=8,
        files=(network(enlarging, (None, None, 1)),),
        says=("of memory for 1 example", "huge ("),
    ),
]
