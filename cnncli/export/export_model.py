"""Export a trained model: convert it, open the file in its own runtime, compare with Keras, and keep it if it passes."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import keras

from cnncli import task_registry
from cnncli.errors import ModelFileError, Problem
from cnncli.export import about_export, to_litert, to_onnx, to_saved_model
from cnncli.export.agreement import Agreement, compare, compiled, milliseconds
from cnncli.export.computed_elsewhere import model_of
from cnncli.export.exported_examples import ExportExamples, examples_for
from cnncli.export.formats import NONE, Target
from cnncli.export.inference_function import InferenceFunction, inference_function
from cnncli.export.predict_script import predict_script
from cnncli.export.runtime import LibraryError, Runtime
from cnncli.export.unsupported_layers import unsupported
from cnncli.inference.model_loading import TrainedModel
from cnncli.inference.volume_inputs import volume_form
from cnncli.network.model_outputs import output_shapes
from cnncli.tasks.decoder import Decoder
from cnncli.tasks.evaluation import evaluate

SCRIPT = "predict.py"
RUNTIMES: dict[str, Callable[[Path], Runtime]] = {
    "saved_model": to_saved_model.SavedModelRuntime,
    "onnx": to_onnx.OnnxRuntime,
    "litert": to_litert.LiteRuntime,
}
_MOST_COMPARED = 256
_BATCH = 32


class NotExported(ModelFileError):
    """A format cannot hold the network, or the export does not agree with Keras.

    Attributes:
        is_disagreement: whether the file could be written, and gives other outputs than Keras.
        why: the reason alone.
    """

    is_disagreement = False
    why = ""


@dataclass(frozen=True)
class Exported:
    """An export that passed its check.

    Attributes:
        target: format and quantization.
        bytes: of the model file or folder.
        agreement: of its outputs with those of Keras.
        scores: of the exported model on the test split, by name, the most important first; empty without targets.
        milliseconds: of a batch, by its size.
    """

    target: Target
    bytes: int
    agreement: Agreement
    scores: dict[str, float]
    milliseconds: dict[str, float]

    def as_json(self) -> dict[str, Any]:
        """As `--json` gives it."""
        return {
            "format": self.target.format.name,
            "quantization": self.target.quantization,
            "bytes": self.bytes,
            **asdict(self.agreement),
            "scores": self.scores,
            "milliseconds": self.milliseconds,
        }


class Exporter:
    """Exports one trained model to several formats.

    Args:
        trained: the model.
        scratch: a folder for files that several formats need; it is made, and the caller removes it.
        data: examples instead of the run's own: a built-in name or a path.
        most_scored: test examples whose scores are computed.

    Attributes:
        function: what is exported.
        examples: that it is compared with.
    """

    def __init__(self, trained: TrainedModel, *, scratch: Path, data: str | None = None, most_scored: int) -> None:
        self._trained = trained
        self.function: InferenceFunction = inference_function(trained)
        self.examples: ExportExamples = examples_for(
            trained, self.function, data=data, most_compared=_MOST_COMPARED, most_scored=most_scored
        )
        self._scratch = scratch
        scratch.mkdir()

    @property
    def notes(self) -> list[Problem]:
        """About the model and its examples."""
        return [*self._trained.notes, *self.examples.notes]

    def export(self, target: Target, folder: Path, *, example: bool) -> Exported:
        """Write a model, about.json and, if wanted, predict.py.

        Args:
            folder: exists and is empty; a caller removes it if this raises.
            example: write predict.py.

        Raises:
            NotExported: the format cannot hold the network, or the export does not agree with Keras.
            OSError: it cannot be written.
        """
        if problems := unsupported(self.function.model, target):
            raise _not_exported(problems, "; ".join(problem.message for problem in problems))
        path = folder / target.format.file
        about = about_export.about_export(self._trained, self.function, target)
        try:
            self._write(target, path, about)
            runtime = RUNTIMES[target.format.name](path)
            agreement = self._compared(target, runtime)
        except LibraryError as error:
            raise self._refused(target, str(error).replace(str(path), path.name)) from error
        about["check"] = {"data": self.examples.described, **asdict(agreement)}
        (folder / about_export.FILE).write_bytes(about_export.as_bytes(about))
        if example:
            (folder / SCRIPT).write_text(self._script(target), encoding="utf-8")
        return Exported(
            target, _size(path), agreement, self._scores(model_of(runtime, self.function)), self._times(runtime.run)
        )

    @cached_property
    def keras_scores(self) -> dict[str, float]:
        """Scores of the model in Keras on the same examples."""
        return self._scores(self.function.model)

    @cached_property
    def keras_milliseconds(self) -> dict[str, float]:
        """The times of the model in Keras, as a graph."""
        return self._times(compiled(self.function))

    def _write(self, target: Target, path: Path, about: dict[str, Any]) -> None:
        if target.quantization == "int8" and self.examples.calibration is None:
            why = "int8 needs training examples to measure the ranges of the layers"
            raise self._refused(target, why, hint="name examples with --data, or export a run")
        if target.format.name == "saved_model":
            form = self._trained.about.images if self._trained.about else None
            to_saved_model.write(self.function, path, form=form)
        elif target.format.name == "litert":
            to_litert.write(
                self.function,
                path,
                quantization=target.quantization,
                calibration=self.examples.single,
                scratch=self._scratch / "litert",
            )
        else:
            self._write_onnx(target, path, about)

    def _write_onnx(self, target: Target, path: Path, about: dict[str, Any]) -> None:
        floats = self._scratch / "floats.onnx"
        if not floats.exists():
            to_onnx.write(self.function, floats)
        if target.quantization == NONE:
            shutil.copyfile(floats, path)
        else:
            to_onnx.quantize(floats, path, target.quantization, self.examples.single)
        to_onnx.add_properties(path, about_export.as_properties(about))

    def _compared(self, target: Target, runtime: Runtime) -> Agreement:
        found = compare(self.function, runtime, self.examples.batches(_BATCH), self._decoder)
        if fault := found.fault(target):
            error = self._refused(target, fault)
            error.is_disagreement = True
            raise error
        return found

    def _refused(self, target: Target, why: str, hint: str = "") -> NotExported:
        message = f"{self._trained.name} cannot be exported as {target.name}: {why}"
        return _not_exported([Problem(message, hint)], why)

    def _scores(self, model: keras.Model) -> dict[str, float]:
        about, examples = self._trained.about, self.examples.scored
        if about is None or examples is None:
            return {}
        scored = evaluate(
            model,
            examples,
            targets=self._trained.targets,
            batch_size=about.batch_size,
            loss=about.loss_objects,
            loss_weights=about.loss_weights,
            metrics=about.metric_objects,
            original=self.function.model,
        )
        return {**scored.result.scores, **scored.result.metrics, "loss": scored.result.loss}

    def _times(self, run: Callable[[Any], Any]) -> dict[str, float]:
        return milliseconds(run, next(self.examples.batches(1)))

    @cached_property
    def _decoder(self) -> Decoder | None:
        about = self._trained.about
        if about is None:
            return None
        kind: type[Decoder] = task_registry.part(about.targets.task, "decoding").DECODER
        return kind(about.targets, about.outputs, int(next(iter(output_shapes(self.function.model).values()))[-1] or 0))

    def _script(self, target: Target) -> str:
        form = self._trained.about.images if self._trained.about else None
        return predict_script(
            target,
            self.function.inputs,
            list(self.function.outputs.values()),
            form=form,
            volumes=volume_form(self._trained),
            decoder=self._decoder,
        )


def _not_exported(problems: Sequence[Problem], why: str) -> NotExported:
    error = NotExported(problems)
    error.why = why
    return error


def _size(path: Path) -> int:
    """The bytes of a file, or of all files in a folder."""
    if path.is_file():
        return path.stat().st_size
    return sum(each.stat().st_size for each in path.rglob("*") if each.is_file())
