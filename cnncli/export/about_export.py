"""What has to be known to use an exported model: about.json beside it, and the properties of an ONNX file."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import cnncli
from cnncli.export.formats import Target, every_target
from cnncli.inputs import kind_of
from cnncli.runs.json_text import to_json

if TYPE_CHECKING:
    from cnncli.export.inference_function import InferenceFunction
    from cnncli.inference.model_loading import TrainedModel

FILE = "about.json"
FORMAT = 1


def about_export(trained: TrainedModel, function: InferenceFunction, target: Target) -> dict[str, Any]:
    """Task, classes, inputs and outputs of an export, as JSON data."""
    about = trained.about
    return {
        "format": FORMAT,
        "cnncli": cnncli.__version__,
        "recipe": about.recipe if about else None,
        "model": target.format.file,
        "runtime": target.format.runtime,
        "quantization": target.quantization,
        **(about.targets.to_json() if about else {}),
        "inputs": [_input(trained, function, name) for name in function.inputs],
        "outputs": [
            {"name": name, "shape": [None, *shape[1:]], "dtype": "float32"}
            for name, shape in _output_shapes(function).items()
        ],
    }


def is_export(folder: Path) -> bool:
    """Whether a folder was written by `cnncli export`: it holds about.json, or folders that do."""
    places = [folder, *(folder / target.name for target in every_target())]
    return any(_is_about(place / FILE) for place in places)


def _is_about(path: Path) -> bool:
    try:
        found = json.loads(path.read_bytes())
    except (OSError, ValueError, RecursionError):
        return False
    return isinstance(found, dict) and "cnncli" in found and "runtime" in found


def as_properties(about: dict[str, Any]) -> dict[str, str]:
    """The same as text by key: texts as they are, everything else as JSON."""
    return {
        key: value if isinstance(value, str) else json.dumps(value, ensure_ascii=False) for key, value in about.items()
    }


def as_bytes(about: dict[str, Any]) -> bytes:
    """The content of about.json."""
    return to_json(about).encode()


def _input(trained: TrainedModel, function: InferenceFunction, name: str) -> dict[str, Any]:
    from cnncli.inference.volume_inputs import volume_form

    own, spec = function.keras_names[name], function.inputs[name]
    shape = list(spec.shape[1:])
    images = trained.input_forms.get(own) or (
        trained.about.images if trained.about and len(function.inputs) == 1 else None
    )
    scale = trained.scales.get(own) or (trained.scale if len(function.inputs) == 1 else None)
    return {
        "name": name,
        "kind": kind_of(tuple(shape)).WORD,
        "shape": [None, *shape],
        "dtype": spec.dtype.name,
        "range": [scale.low, scale.high] if scale else None,
        "images": asdict(images) if images else None,
        "volumes": asdict(volumes) if (volumes := volume_form(trained)) else None,
    }


def _output_shapes(function: InferenceFunction) -> dict[str, tuple[int | None, ...]]:
    from cnncli.network.model_outputs import by_name

    output = function.model.output
    output = output[0] if isinstance(output, list | tuple) else output
    return {function.outputs[name]: tuple(tensor.shape) for name, tensor in by_name(output).items()}
