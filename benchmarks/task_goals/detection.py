"""Goal of object detection: drawn squares, discs and triangles on 700 pictures of 64x64, in three minutes on two cores."""

from __future__ import annotations

from benchmarks.task_goals.goal import Goal

GOALS = (
    Goal(
        name="boxes",
        recipe="detect-small",  # whose `expect` also wants an mAP50 of 0.90: it fails without
        settings=(),
        measured="mAP50-95",
        score=lambda scores: float(scores["map50_95"]),
        least=0.60,
        seconds=360,
    ),
)
