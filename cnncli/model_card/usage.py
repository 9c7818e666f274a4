"""How a model is used: `cnncli predict`, and lines of plain Keras that are true for its inputs and its task."""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterator

from cnncli.data.images import Form
from cnncli.data.sources.image_form import form_of
from cnncli.errors import DataError
from cnncli.model_card import markdown
from cnncli.model_card.about_run import AboutRun
from cnncli.recipe.sources.base import ImageSettings
from cnncli.report import values

_MODEL = 'keras.saving.load_model("model.keras", compile=False)'
_ABOUT = 'about = json.loads(zipfile.ZipFile("model.keras").read("cnncli.json"))'
_OPEN = 'image = Image.open("photo.png").convert({"rgb": "RGB", "grayscale": "L"}[about["images"]["color"]])'
# The lines that bring an image to the size of the network, as docs/using-models.md has them.
_RESIZE = {
    "stretch": (
        'image = image.resize([about["images"][side] for side in ("width", "height")], Image.BILINEAR, reducing_gap=3)',
    ),
    "pad": (
        'form = about["images"]',
        'scale = min(form["width"] / image.width, form["height"] / image.height)',
        "size = (max(1, round(image.width * scale)), max(1, round(image.height * scale)))",
        "inner = image.resize(size, Image.BILINEAR, reducing_gap=3)",
        'image = Image.new(inner.mode, (form["width"], form["height"]))',
        'image.paste(inner, ((form["width"] - inner.width) // 2, (form["height"] - inner.height) // 2))',
    ),
    "crop": (
        'form = about["images"]',
        'scale = min(image.width / form["width"], image.height / form["height"])',
        'width, height = scale * form["width"], scale * form["height"]',
        "left, top = max(0, (image.width - width) / 2), max(0, (image.height - height) / 2)",
        "box = (left, top, min(image.width, left + width), min(image.height, top + height))",
        'image = image.resize((form["width"], form["height"]), Image.BILINEAR, box=box, reducing_gap=3)',
    ),
}


def usage(run: AboutRun) -> Iterator[str]:
    """The section."""
    yield from ("With cnncli, which reads files as the training did:", "")
    yield from markdown.code([f"cnncli predict model.keras {_example(run)}"], "bash")
    yield from ("With Keras alone:", "")
    yield from markdown.code(program(run), "python")
    yield from (_remark(run), "")


def program(run: AboutRun) -> list[str]:
    """The lines of Python: the inputs, the model, its outputs."""
    form = image_form(run)
    if form is not None and form.resize in _RESIZE:
        inputs = [_OPEN, *_RESIZE[form.resize]]
        batch = "np.asarray(image)[None]"
        imports = "import json, zipfile, keras, numpy as np, PIL.Image as Image"
    else:
        inputs, batch = _arrays(run), "inputs"
        imports = "import json, zipfile, keras, numpy as np"
    are_logits = any(loss.args.get("from_logits") for loss in run.losses[:1])
    outputs = run.part.code(f"{_MODEL}.predict({batch})", run.targets, are_logits=are_logits)
    if not any("about" in line for line in (*inputs, *outputs)):
        return [imports.replace("json, zipfile, ", ""), "", *inputs, *outputs]
    return [imports, "", _ABOUT, *inputs, *outputs]


def image_form(run: AboutRun) -> Form | None:
    """What an image file becomes before it enters the network; None where it takes none."""
    if not run.takes_image_files:
        return None
    [shape] = run.shapes.values()
    try:
        return form_of(run.recipe.data.source.settings.image_keys or ImageSettings(), shape)
    except DataError:  # images of five bands
        return None


def _arrays(run: AboutRun) -> list[str]:
    """The lines that read arrays, or write a text."""
    if run.is_one_input:
        [(_, value)] = (_array(run, "inputs"),)
        return [f"inputs = {value}"]
    pairs = [_array(run, name) for name in run.shapes]
    return ["inputs = {", *(f"    {json.dumps(name)}: {value.replace('  #', ',  #', 1)}" for name, value in pairs), "}"]


def _array(run: AboutRun, name: str) -> tuple[str, str]:
    """The name of an input, and the expression of a batch with one example."""
    shape = next(iter(run.shapes.values())) if run.is_one_input else run.shapes[name]
    if not shape:
        return name, 'np.array(["Your text."], object)  # a batch of one text'
    file = "examples.npy" if run.is_one_input else f"{name}.npy"
    span = run.input_range
    told = f", values from {values.decimal(span[0])} to {values.decimal(span[1])} as in training" if span else ""
    return name, f"np.load({file!r})  # (examples, {', '.join(map(str, shape))}){told}".replace("'", '"')


def _example(run: AboutRun) -> str:
    if not run.is_one_input:
        return "YOUR.npz"
    [(name, shape)] = run.shapes.items()
    if not shape:
        return f"--text {shlex.quote('Your text.')}"
    kind = run.kinds[name]
    return f"YOUR{kind.file_ending(shape) if run.takes_image_files or not kind.FROM_IMAGE_FILES else '.npy'}"


def _remark(run: AboutRun) -> str:
    if run.recipe.data.windows is not None:
        return "The network takes windows of this size; `cnncli predict` cuts larger images and joins what it gives."
    if image_form(run) is not None:
        return (
            "The scaling of the pixel values is inside the model; decoding and resizing are not. `cnncli predict` also turns "
            "photos by their EXIF data."
        )
    return "The preprocessing of the recipe (`data.prepare`) is inside the model: it takes raw values."
