"""Write predict.py: plain Python that uses an exported model with its runtime alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from cnncli.data.images import Form
from cnncli.export.formats import Target
from cnncli.export.to_saved_model import TENSORS
from cnncli.inputs import kind_of
from cnncli.tasks.decoder import Decoder

_INDENT = "    "
_OPEN = {
    "saved_model": (
        "model = tf.saved_model.load(str(folder / {file!r}))",
        f'network = model.signatures["{TENSORS}"]',
    ),
    "onnx": (
        "network = onnxruntime.InferenceSession(str(folder / {file!r}))",
        "names = [output.name for output in network.get_outputs()]",
    ),
    "litert": (f'network = Interpreter(str(folder / {{file!r}})).get_signature_runner("{TENSORS}")',),
}
_IMPORT = {
    "saved_model": ["import numpy as np", "import tensorflow as tf"],
    "onnx": ["import numpy as np", "import onnxruntime"],
    "litert": ["import numpy as np", "from ai_edge_litert.interpreter import Interpreter"],
}
_RUN = {
    "saved_model": (
        "found = network(**{name: tf.constant(values[None]) for name, values in inputs.items()})",
        "outputs = {name: values.numpy()[0] for name, values in found.items()}",
    ),
    "onnx": (
        "found = network.run(None, {name: values[None] for name, values in inputs.items()})",
        "outputs = {name: values[0] for name, values in zip(names, found)}",
    ),
    "litert": (
        "found = network(**{name: values[None] for name, values in inputs.items()})",
        "outputs = {name: values[0] for name, values in found.items()}",
    ),
}


def predict_script(
    target: Target,
    inputs: Mapping[str, Any],
    outputs: Sequence[str],
    *,
    form: Form | None,
    decoder: Decoder | None,
) -> str:
    """The script.

    Args:
        target: the export.
        inputs: by name what it takes: specifications with `shape` and `dtype`.
        outputs: names of what it gives.
        form: what image files become, for networks of images.
        decoder: prints what is found; None: the outputs are printed.
    """
    kind = kind_of(tuple(next(iter(inputs.values())).shape[1:])) if len(inputs) == 1 else None
    is_image = form is not None and kind is not None and kind.FROM_IMAGE_FILES
    given = "photo.jpg" if is_image else kind.IN_SCRIPT if kind else "example.npz"
    imports = ["import json", "import sys", "from pathlib import Path", "", *_IMPORT[target.format.name]]
    if is_image or (decoder and decoder.SCRIPT_DRAWS):
        imports.append("from PIL import Image, ImageOps")
    shown = decoder.script(outputs, form) if decoder else ["print(file, outputs)"]
    body = [
        *(_image_lines(form, next(iter(inputs))) if is_image and form else _array_lines(inputs)),
        *_RUN[target.format.name],
        *shown,
    ]
    lines = [
        f'"""Predict with {target.format.title}: python predict.py {given}"""',
        "",
        *imports,
        "",
        "folder = Path(__file__).parent",
        'about = json.loads((folder / "about.json").read_text(encoding="utf-8"))',
        *(line.format(file=target.format.file) for line in _OPEN[target.format.name]),
        "for file in sys.argv[1:]:",
        *(_INDENT + line for line in body),
    ]
    return "\n".join(lines) + "\n"


def _image_lines(form: Form, name: str) -> list[str]:
    """Read a photo as the training did."""
    mode = "RGB" if form.color == "rgb" else "L"
    size = f"({form.width}, {form.height})"
    draft = f"image.draft({None if form.color == 'rgb' else 'L'!r}, ({2 * form.width}, {2 * form.height}))"
    lines = ["image = Image.open(file)", f"{draft}  # decode a large JPEG at a fraction of its size"]
    if form.exif == "apply":
        lines.append("image = ImageOps.exif_transpose(image)")
    lines += [
        "if image.has_transparency_data:",
        f'    image = Image.alpha_composite(Image.new("RGBA", image.size, {(*form.background, 255)}), image.convert("RGBA"))',
        f'image = image.convert("{mode}")',
    ]
    ground = form.background if form.color == "rgb" else round(sum(form.background) / 3)
    if form.resize == "stretch":
        lines.append(f"small = image.resize({size}, Image.BILINEAR, reducing_gap=3)")
    elif form.resize == "pad":
        lines += [
            f"scale = min({form.width} / image.width, {form.height} / image.height)",
            "width, height = max(1, round(image.width * scale)), max(1, round(image.height * scale))",
            f"left, top = ({form.width} - width) // 2, ({form.height} - height) // 2",
            f"small = Image.new(image.mode, {size}, {ground})",
            "small.paste(image.resize((width, height), Image.BILINEAR, reducing_gap=3), (left, top))",
        ]
    elif form.resize == "crop":
        lines += [
            f"scale = min(image.width / {form.width}, image.height / {form.height})",
            f"width, height = scale * {form.width}, scale * {form.height}",
            "left, top = max(0, (image.width - width) / 2), max(0, (image.height - height) / 2)",
            "box = (left, top, min(image.width, left + width), min(image.height, top + height))",
            f"small = image.resize({size}, Image.BILINEAR, box=box, reducing_gap=3)",
        ]
    else:
        lines += [
            f"small = Image.new(image.mode, {size}, {ground})",
            f"small.paste(image, (({form.width} - image.width) // 2, ({form.height} - image.height) // 2))",
        ]
    values = "np.asarray(small, np.float32)"
    if form.low is not None and form.high is not None:
        values = f"np.clip(({values} - {form.low}) * {255 / (form.high - form.low)}, 0, 255)"
    if form.invert:
        values = f"255 - {values}"
    shape = f".reshape({form.height}, {form.width}, 1)" if form.color == "grayscale" else ""
    return [*lines, f'inputs = {{"{name}": ({values}){shape}}}' if shape else f'inputs = {{"{name}": {values}}}']


def _array_lines(inputs: Mapping[str, Any]) -> list[str]:
    """Read an example from the command line or an array file; of several inputs from an archive of arrays by name."""
    if len(inputs) == 1:
        [(name, spec)] = inputs.items()
        shape = tuple(spec.shape[1:])
        return [f'inputs = {{"{name}": {kind_of(shape).script(spec.dtype.name, shape)}}}']
    fields = ", ".join(f'"{name}": np.asarray(arrays["{name}"], np.{spec.dtype.name})' for name, spec in inputs.items())
    return ["arrays = np.load(file)", f"inputs = {{{fields}}}"]
