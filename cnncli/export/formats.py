"""The formats that a model can be exported to; read without TensorFlow."""

from __future__ import annotations

import importlib.util
from collections.abc import Sequence
from dataclasses import dataclass

from cnncli.errors import Place, Problem, ResourceError
from cnncli.messages import listed

NONE = "none"


@dataclass(frozen=True, slots=True)
class Format:
    """A format of models.

    Attributes:
        name: as `--format` takes it.
        title: as its makers write it.
        file: the name of the file or folder that holds the model; a quantized one has the quantization in its folder's name.
        quantizations: that `--quantize` can ask for.
        packages: module -> distribution, of what converts and checks it beside TensorFlow.
        extra: the extra of cnncli that installs them.
        runtime: the module that computes it.
    """

    name: str
    title: str
    file: str
    quantizations: tuple[str, ...]
    packages: dict[str, str]
    extra: str
    runtime: str

    def missing(self) -> list[str]:
        """The distributions that are not installed."""
        return [package for module, package in self.packages.items() if importlib.util.find_spec(module) is None]


FORMATS = {
    each.name: each
    for each in (
        Format("saved_model", "SavedModel", "saved_model", (), {}, "", "tensorflow"),
        Format(
            "onnx",
            "ONNX",
            "model.onnx",
            ("float16", "dynamic", "int8"),
            {"onnx": "onnx", "tf2onnx": "tf2onnx", "onnxruntime": "onnxruntime"},
            "onnx",
            "onnxruntime",
        ),
        Format(
            "litert",
            "LiteRT",
            "model.tflite",
            ("float16", "dynamic", "int8"),
            {"ai_edge_litert": "ai-edge-litert"},
            "litert",
            "ai_edge_litert",
        ),
    )
}


@dataclass(frozen=True, slots=True)
class Target:
    """A format with a quantization, `none` for 32-bit floats."""

    format: Format
    quantization: str = NONE

    @property
    def name(self) -> str:
        """`onnx`, `litert-int8`."""
        return self.format.name if self.quantization == NONE else f"{self.format.name}-{self.quantization}"


def every_target() -> list[Target]:
    """All formats with all their quantizations."""
    return [Target(each, kind) for each in FORMATS.values() for kind in (NONE, *each.quantizations)]


def missing_packages(targets: Sequence[Target], option: str) -> list[Problem]:
    """The formats whose packages are not installed, with the command that installs them."""
    problems = []
    for each in dict.fromkeys(target.format.name for target in targets):
        if missing := FORMATS[each].missing():
            message = f"{FORMATS[each].title} needs what is not installed here: {listed(missing)}"
            hint = f'install it with: pip install "cnncli[{FORMATS[each].extra}]"'
            problems.append(Problem(message, hint, Place(option)))
    return problems


def check_packages(targets: Sequence[Target], option: str) -> None:
    """Refuse formats whose packages are not installed.

    Raises:
        ResourceError: with the command that installs them.
    """
    if problems := missing_packages(targets, option):
        raise ResourceError(problems)
