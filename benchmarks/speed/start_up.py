"""How long commands take to start, beside the import of TensorFlow alone."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path
from statistics import median

from benchmarks.speed import child
from benchmarks.speed.table import Measured, as_table

LONGEST_RECIPE = "efficientnet-b0"  # of the shipped ones
IMPORT, LEAN_IMPORT = "import tensorflow", "import tensorflow, as cnncli does"
FIRST_STEP, PREDICT = "cnncli train mnist, first step", "cnncli predict, one image"
# Side -> seconds at most, and whether they are counted on top of the import of TensorFlow.
GOALS = {
    "cnncli --help": (0.30, False),
    f"cnncli validate --static {LONGEST_RECIPE}": (0.45, False),
    f"cnncli validate {LONGEST_RECIPE}": (0.5, True),
    FIRST_STEP: (2.5, True),
    PREDICT: (1.0, True),
}
_IMAGE = """
import sys
import numpy as np
from PIL import Image
with np.load(sys.argv[1]) as digits:
    Image.fromarray(digits["x_test"][0].squeeze()).save("digit.png")
"""


def commands(folder: Path, digits: Path) -> dict[str, list[str]]:
    """Side -> its command. Trains the network that predicts, and compiles the modules of the package, as an installer does.

    Args:
        folder: for the network and an image.
        digits: the archive of digits.
    """
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    folder.mkdir(parents=True, exist_ok=True)
    program = [sys.executable, "-m", "cnncli"]
    data = ["--set", f"data.source.npz.path={digits}", "--set", "expect={}"]
    training = ["train", "mnist", *data, "--output", str(folder), "--quiet"]
    child.run([sys.executable, "-c", _IMAGE, str(digits)], folder)
    child.run([*program, *training, "--epochs", "1", "--run", "predicting"], folder)
    lean = "from cnncli.cli import tensorflow_log as log\nwith log.captured(): pass"
    found = {IMPORT: [sys.executable, "-c", IMPORT], LEAN_IMPORT: [sys.executable, "-c", lean]}
    found |= {side: [*program, *side.split()[1:]] for side in GOALS if side not in (FIRST_STEP, PREDICT)}
    found[FIRST_STEP] = [sys.executable, str(Path(__file__).with_name("until_first_step.py")), *training]
    found[PREDICT] = [*program, "predict", str(folder / "mnist" / "predicting"), str(folder / "digit.png"), "--quiet"]
    return found


def as_markdown(measured: Sequence[Measured]) -> str:
    """A row a side: medians, with the least and the most wall seconds, and the goal.

    "More than import" is the median of the differences from the import of the same round.
    """
    imports = {each.run: each.wall_seconds for each in measured if each.side == IMPORT}
    sides: dict[str, list[Measured]] = {}
    for each in measured:
        sides.setdefault(each.side, []).append(each)
    header = ["", "wall s", "processor s", "more than import", "goal", "peak memory", "runs"]
    rows = []
    for side, every in sides.items():
        walls = [each.wall_seconds for each in every]
        more = median(each.wall_seconds - imports[each.run] for each in every)
        most, is_on_top = GOALS.get(side, (None, side == LEAN_IMPORT))
        goal = "" if most is None else f"{'import + ' if is_on_top else ''}{most:.2f}: "
        if most is not None:
            goal += "met" if (more if is_on_top else median(walls)) <= most else "missed"
        rows.append(
            [
                side,
                f"{median(walls):.2f} ({min(walls):.2f}–{max(walls):.2f})",
                f"{median(each.processor_seconds for each in every):.2f}",
                f"{more:+.2f}" if is_on_top else "",
                goal,
                f"{median(each.peak_bytes for each in every) / 2**20:,.0f} MiB",
                str(len(every)),
            ]
        )
    return as_table(header, rows)
