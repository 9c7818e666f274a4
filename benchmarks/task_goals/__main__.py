"""Train shipped recipes on drawn data, and compare what they reach and take with a goal.

    python -m benchmarks.task_goals segmentation
    python -m benchmarks.task_goals segmentation --only scans

Run from the top of the repository. Processor seconds are those of `cnncli train` without the start, which is measured by
`cnncli validate` on the same recipe: the imports, the data and the network. Each module of this package has `GOALS`.
"""

from __future__ import annotations

import argparse
import importlib
import json
import pkgutil
import sys
import tempfile
from pathlib import Path

from benchmarks import task_goals
from benchmarks.speed import child, machine, table
from benchmarks.task_goals.goal import Goal


def main() -> int:
    names = sorted({each.name for each in pkgutil.iter_modules(task_goals.__path__)} - {"__main__", "goal"})
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("tasks", nargs="+", choices=names)
    parser.add_argument("--only", help="the goal of this name")
    options = parser.parse_args()
    goals = [goal for name in options.tasks for goal in importlib.import_module(f"benchmarks.task_goals.{name}").GOALS]
    print(table.machine_lines(machine.describe()), flush=True)
    print("\n| goal | recipe | reached | wanted | processor s | at most |")
    print("| --- | --- | --- | --- | --- | --- |", flush=True)
    missed = 0
    for goal in goals:
        if options.only in (None, goal.name):
            missed += not measure(goal)
    return 1 if missed else 0


def measure(goal: Goal) -> bool:
    """Train once, print a row, and tell whether the goal is reached."""
    with tempfile.TemporaryDirectory(prefix="cnncli-goal-") as folder:
        goal.write_data(Path(folder))
        settings = [part for setting in goal.settings for part in ("--set", setting)]
        cnncli = [sys.executable, "-m", "cnncli"]
        start = child.run([*cnncli, "validate", goal.recipe, *settings], Path(folder))
        done = child.run([*cnncli, "train", goal.recipe, *settings, "--json", "--quiet"], Path(folder))
        scores = json.loads((Path(folder) / json.loads(done.stdout)["run"] / "evaluation.json").read_text())
    reached, seconds = goal.score(scores), done.processor_seconds - start.processor_seconds
    limit = f"{goal.seconds:.0f}" if goal.seconds else "–"
    print(
        f"| {goal.name} | {goal.recipe} | {goal.measured} {reached:.3f} | {goal.least:.2f} | {seconds:.0f} | {limit} |",
        flush=True,
    )
    return reached >= goal.least and (goal.seconds is None or seconds <= goal.seconds)


if __name__ == "__main__":
    sys.exit(main())
