"""Goal of verification: drawn faces, 40 people in training, 20 others in the test part."""

from __future__ import annotations

from benchmarks.task_goals.goal import Goal

GOALS = (
    Goal(
        name="faces",
        recipe="faces",
        settings=(),
        measured="verification AUC",
        score=lambda scores: float(scores["auc"]),
        least=0.95,
    ),
)
