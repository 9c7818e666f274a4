"""The model card of a reconstruction: scores for its header, limits, code."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from cnncli.model_card.parts import ClassTable, Metric
from cnncli.report import values
from cnncli.tasks.reconstruction.console import decibels
from cnncli.tasks.reconstruction.result import ReconstructionResult
from cnncli.tasks.reconstruction.targets import InputTargets

PIPELINES = {"image": "image-to-image"}
TAGS = ("autoencoder",)
EXAMPLES = ("worst",)


def does(targets: InputTargets, inputs: str) -> str:
    """What the network does, as the end of a sentence."""
    if targets.corruption:
        return f"restores {inputs} that were changed by {targets.corruption_text}"
    return f"reconstructs {inputs}"


def metrics(result: ReconstructionResult) -> list[Metric]:
    """The scores of the header."""
    return [
        Metric("psnr", "PSNR (dB)", result.psnr),
        Metric("ssim", "SSIM", result.ssim),
        Metric("mse", "Mean squared error", result.mean_squared_error),
    ]


def class_table(result: ReconstructionResult, counts: Mapping[str, Sequence[int]]) -> ClassTable | None:
    """None: there are no classes."""
    return None


def limits(result: ReconstructionResult, targets: InputTargets, counts: Mapping[str, Sequence[int]]) -> Iterator[str]:
    """What the scores tell of the limits of the model."""
    between = f"{values.decimal(result.low)} to {values.decimal(result.high)}"
    yield f"PSNR and SSIM are computed for values from {between}."
    if result.inputs is None:
        return
    yield f"It has learned to undo this change alone: {result.corruption}."
    if result.psnr_gain is not None:
        better = "gains" if result.psnr_gain > 0 else "loses"
        gain = decibels(abs(result.psnr_gain))
        yield f"Its input has a PSNR of {decibels(result.inputs.psnr)} without it: the network {better} {gain}."


def code(predicted: str, targets: InputTargets, *, are_logits: bool) -> list[str]:
    """Lines of Python that print the outputs of one example."""
    between = f"{values.decimal(targets.low)} to {values.decimal(targets.high)}"
    return [f"output = {predicted}[0]  # values from {between}", "print(output.shape)"]
