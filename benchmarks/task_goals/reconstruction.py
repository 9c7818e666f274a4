"""Goal of denoising: decibels above the noisy digits."""

from __future__ import annotations

from benchmarks.task_goals.goal import Goal

GOALS = (
    Goal(
        name="denoising",
        recipe="denoise-mnist",
        settings=(),
        measured="PSNR gained",
        score=lambda scores: float(scores["psnr_gain"]),
        least=6.0,
    ),
)
