"""Write predict.py: plain Python that uses an exported model with its runtime alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from cnncli.data.deep_color import LUMINANCE
from cnncli.data.images import Form
from cnncli.data.volume_form import VolumeForm
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
    volumes: VolumeForm | None = None,
    decoder: Decoder | None,
) -> str:
    """The script.

    Args:
        target: the export.
        inputs: by name what it takes: specifications with `shape` and `dtype`.
        outputs: names of what it gives.
        form: what image files become, for networks of images.
        volumes: what files of volumes become, where the training read such files.
        decoder: prints what is found; None: the outputs are printed.
    """
    kind = kind_of(tuple(next(iter(inputs.values())).shape[1:])) if len(inputs) == 1 else None
    is_image = form is not None and kind is not None and kind.FROM_IMAGE_FILES
    given = "photo.jpg" if is_image else kind.IN_SCRIPT if kind else "example.npz"
    imports = ["import json", "import sys", "from pathlib import Path", "", *_IMPORT[target.format.name]]
    if is_image or (decoder and decoder.SCRIPT_DRAWS):
        imports.append("from PIL import Image, ImageOps")
    shown = decoder.script(outputs, form) if decoder else ["print(file, outputs)"]
    if is_image and form:
        read = _image_lines(form, next(iter(inputs)))
    else:
        read = _volume_lines(volumes, next(iter(inputs))) if volumes else _array_lines(inputs)
    body = [
        *read,
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
    size = f"({form.width}, {form.height})"
    lines = ["image = Image.open(file)", *_draft_lines(form)]
    if form.exif == "apply":
        lines.append("image = ImageOps.exif_transpose(image)")
    lines += [*_level_lines(form), *_small_lines(form, size)]
    values = f"np.asarray(small, np.float32).reshape({form.height}, {form.width}, -1)"
    if form.color == "rgb" and form.depth > 8:
        values = f"np.repeat(values, 3, axis=2) if (values := {values}).shape[2] == 1 else values"
    return [*lines, f'inputs = {{"{name}": {values}}}']


def _draft_lines(form: Form) -> list[str]:
    """Decode a large JPEG at a fraction of its size, but for `keep`; a decoder's gray is not that of a conversion."""
    if form.resize == "keep":
        return [] if form.color == "rgb" else ["image.draft('L', image.size)"]
    mode = "None" if form.color == "rgb" else "'L'"
    size = f"({2 * form.width}, {2 * form.height})"
    if form.exif == "ignore" or form.width == form.height:
        return [f"image.draft({mode}, {size})  # decode a large JPEG at a fraction of its size"]
    return [
        f"size = {size}  # a large JPEG is decoded at a fraction of its size",
        f"image.draft({mode}, size[::-1] if image.getexif().get(274, 1) > 4 else size)",
    ]


def _level_lines(form: Form) -> list[str]:
    """Levels from 0 to 255, in one of two modes, or in `F` for levels between."""
    low, high = (0.0, 65535.0) if form.low is None or form.high is None else (form.low, form.high)
    scaled = f"(np.asarray(image, np.float64) - {low}) * {255 / (high - low)}"
    as_grey = "levels.astype(np.float32)" if form.depth > 8 else "np.floor(levels + 0.5).astype(np.uint8)"
    mode = "RGB" if form.color == "rgb" else "L"
    ground = f'Image.new("RGBA", image.size, {(*form.background, 255)})'
    lines = [
        'if image.mode[0] in "IF":  # gray of more than 8 bits',
        f"    levels = np.clip({scaled}, 0, 255)",
        f"    image = Image.fromarray({as_grey}){_convert(form)}",
        "else:",
        "    if image.has_transparency_data:",
        f'        image = Image.alpha_composite({ground}, image.convert("RGBA"))',
        f'    image = image.convert("{mode}")',
    ]
    if form.low is not None and form.high is not None:
        level = f"min(255, max(0, round((level - {low}) * 255 / {high - low})))"
        lines.append(f"    image = image.point([{level} for level in range(256)] * {form.shape[2]})")
    return lines


def _convert(form: Form) -> str:
    return '.convert("RGB")' if form.color == "rgb" and form.depth == 8 else ""


def _small_lines(form: Form, size: str) -> list[str]:
    """`small`, the image in its size; `pad` and `crop` leave what boxes are computed with."""
    grey = round(sum(share * level for share, level in zip(LUMINANCE, form.background, strict=True)))
    ground: Any = form.background if form.color == "rgb" else grey
    if form.color == "rgb" and form.depth > 8:
        ground = f'{form.background} if image.mode == "RGB" else {grey}'
    if form.resize == "stretch":
        return [f"small = image.resize({size}, Image.BILINEAR, reducing_gap=3)"]
    if form.resize == "pad":
        return [
            f"scale = min({form.width} / image.width, {form.height} / image.height)",
            "width, height = max(1, round(image.width * scale)), max(1, round(image.height * scale))",
            f"left, top = ({form.width} - width) // 2, ({form.height} - height) // 2",
            f"small = Image.new(image.mode, {size}, {ground})",
            "small.paste(image.resize((width, height), Image.BILINEAR, reducing_gap=3), (left, top))",
        ]
    if form.resize == "crop":
        return [
            f"scale = min(image.width / {form.width}, image.height / {form.height})",
            f"width, height = scale * {form.width}, scale * {form.height}",
            "left, top = max(0, (image.width - width) / 2), max(0, (image.height - height) / 2)",
            "box = (left, top, min(image.width, left + width), min(image.height, top + height))",
            f"small = image.resize({size}, Image.BILINEAR, box=box, reducing_gap=3)",
        ]
    return [
        f"small = Image.new(image.mode, {size}, {ground})",
        f"small.paste(image, (int(({form.width} - image.width) / 2), int(({form.height} - image.height) / 2)))",
    ]


def _volume_lines(form: VolumeForm, name: str) -> list[str]:
    """Read a volume that has the shape and the spacing of the training."""
    apart = f", voxels of {' x '.join(map(str, form.spacing))} mm" if form.spacing else ""
    lines = [f"values = np.load(file).astype(np.float32)  # (depth, height, width){apart}"]
    if form.window:
        low, high = form.window
        lines.append(f"values = (np.clip(values, {low}, {high}) - {low}) * np.float32({255 / (high - low)})")
    return [*lines, f'inputs = {{"{name}": values[..., None]}}']


def _array_lines(inputs: Mapping[str, Any]) -> list[str]:
    """Read an example from the command line or an array file; of several inputs from an archive of arrays by name."""
    if len(inputs) == 1:
        [(name, spec)] = inputs.items()
        shape = tuple(spec.shape[1:])
        return [f'inputs = {{"{name}": {kind_of(shape).script(spec.dtype.name, shape)}}}']
    fields = ", ".join(f'"{name}": np.asarray(arrays["{name}"], np.{spec.dtype.name})' for name, spec in inputs.items())
    return ["arrays = np.load(file)", f"inputs = {{{fields}}}"]
