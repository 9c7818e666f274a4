"""What a GPU shows: the speed of training in each number format, with and without XLA, beside plain Keras; memory; several GPUs.

    python -m benchmarks.gpu --out gpu-results
    python -m benchmarks.gpu --out gpu-results --quick --device cpu     # does it run? Tiny data, on the processor

Run from the top of the repository; `gpu.sh` beside this file checks the machine first. Each row is a process of its own, on
made-up images of the sizes of MNIST and CIFAR-10. Times are of a step, without the first; "input" is what the input pipeline
alone takes of it. The memory is the most that the driver reports while the process runs: TensorFlow takes what it needs, not all
of the GPU. The sides have the same layers, without augmentation; "cnncli" is the recipe as it is. "Plain Keras" has Keras'
defaults. What no longer fits into the time is left out, and said.
`gpu.json` in the output folder has every number, `gpu.md` the table.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.speed import machine
from benchmarks.speed.table import as_table

# Recipe -> the shape of its images.
RECIPES = {"mnist": (28, 28, 1), "lenet5": (28, 28, 1), "resnet20-cifar10": (32, 32, 3)}
FORMATS = ("float32", "mixed_bfloat16", "mixed_float16")
AS_IT_IS = "cnncli"  # with the augmentation, the format and XLA as they are by default
_LEAST_SECONDS = 30  # for a process
_MOST_SECONDS = 150
_XLA = "CNNCLI_XLA"


@dataclass(frozen=True)
class Side:
    """A process.

    Attributes:
        recipe: its name.
        name: of the row.
        precision: Keras' dtype policy.
        environment: what is set in it.
        is_plain: plain Keras.
    """

    recipe: str
    name: str
    precision: str
    environment: dict[str, str] = field(default_factory=dict)
    is_plain: bool = False


@dataclass
class Row:
    """What a process showed; None where it is not known.

    Attributes:
        step_ms: of a training step.
        input_share: of a step, what the input pipeline alone takes.
        xla: whether XLA compiled the steps.
        memory_mib: of the GPU, at most.
        seconds: of the whole process.
        error: why there are no numbers.
    """

    recipe: str
    side: str
    step_ms: float | None = None
    images_per_second: float | None = None
    input_share: float | None = None
    xla: bool | None = None
    memory_mib: int | None = None
    seconds: float | None = None
    error: str = ""


def sides(recipe: str, gpu_count: int) -> list[Side]:
    """What is run of a recipe, the most important first."""
    alone = {"CUDA_VISIBLE_DEVICES": "0"} if gpu_count > 1 else {}

    def ours(precision: str, *, xla: bool) -> Side:
        name = f"cnncli, {precision}, {'XLA' if xla else 'no XLA'}"
        return Side(recipe, name, precision, {**alone, _XLA: str(int(xla))})

    def plain(precision: str) -> Side:
        return Side(recipe, f"plain Keras, {precision}", precision, alone, is_plain=True)

    float32, *mixed = FORMATS
    found = [Side(recipe, AS_IT_IS, "auto", alone), ours(float32, xla=True), ours(float32, xla=False), plain(float32)]
    for each in mixed:
        found += [ours(each, xla=True), plain(each), ours(each, xla=False)]
    return [*found, Side(recipe, f"{AS_IT_IS}, {gpu_count} GPUs", "auto")] if gpu_count > 1 else found


def command(side: Side, data: Path, *, device: str, epochs: int, outputs: Path) -> list[str]:
    """What runs a side."""
    if side.is_plain:
        return [sys.executable, "-m", "benchmarks.gpu_plain", side.recipe, str(data), side.precision, device]
    changes = {
        "data.source.npz.path": data,
        "expect": "{}",
        "visualize": "[]",
        "train.epochs": epochs,
        "train.callbacks": "[]",
        "train.precision": side.precision,
        **({} if side.precision == "auto" else {"data.augment": "[]"}),  # XLA does not compile translations
    }
    settings = [part for key, value in changes.items() for part in ("--set", f"{key}={value}")]
    options = ["--device", device, "--output", str(outputs), "--run", "measured", "--profile", "--json"]
    return [sys.executable, "-m", "cnncli", "train", side.recipe, *settings, *options]


def read(side: Side, stdout: str, outputs: Path) -> Row:
    """What a process says about itself."""
    if side.is_plain:
        return Row(side.recipe, side.name, **json.loads(stdout.splitlines()[-1]))
    record = json.loads((outputs / side.recipe / "measured" / "run.json").read_text(encoding="utf-8"))
    profile, phase = record["profile"], record["phases"][0]
    step, inputs = profile["step_ms"], profile["input_ms"]
    return Row(
        side.recipe,
        f"{side.name} ({record['precision']['policy']})" if side.precision == "auto" else side.name,
        step_ms=step,
        images_per_second=record["images_per_second"],
        input_share=inputs / step if step and inputs else None,
        xla=phase.get("jit_compile", False),
    )


def run(side: Side, arguments: Sequence[str], *, most_seconds: float, outputs: Path) -> Row:
    """Run a side and watch the memory of the GPU."""
    started = time.monotonic()
    memory = _WatchedMemory()
    with memory:
        try:
            done = subprocess.run(
                arguments,
                env={**os.environ, **side.environment},
                capture_output=True,
                text=True,
                timeout=most_seconds,
                check=False,
            )
        except subprocess.TimeoutExpired:
            return Row(side.recipe, side.name, error=f"not finished after {most_seconds:.0f} s")
    if done.returncode:
        told = [line for line in done.stderr.splitlines() if line.strip()]
        error = f"exit code {done.returncode}: {' '.join(told[-2:])}"
        return Row(side.recipe, side.name, error=error[:300])
    row = read(side, done.stdout, outputs)
    row.seconds = time.monotonic() - started
    row.memory_mib = memory.most_mib
    return row


class _WatchedMemory:
    """The most memory of the GPU in use, as its driver reports it."""

    def __init__(self) -> None:
        self.most_mib: int | None = None
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> None:
        self._thread.start()

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._ended.wait(0.5):
            if (used := asked("memory.used")) and used[0].isdigit():
                self.most_mib = max(self.most_mib or 0, *map(int, used))


def asked(field: str) -> list[str]:
    """What the driver says of each GPU; empty without one."""
    query = ["nvidia-smi", f"--query-gpu={field}", "--format=csv,noheader,nounits"]
    try:
        done = subprocess.run(query, capture_output=True, text=True, check=False, timeout=10)
    except (OSError, subprocess.TimeoutExpired):
        return []
    return [line.strip() for line in done.stdout.splitlines() if line.strip()] if done.returncode == 0 else []


def measure(
    every: Sequence[Side], *, seconds: float, run_side: Callable[[Side, float], Row], tell: Callable[[Row], None]
) -> list[Row]:
    """Run sides one after the other, as long as there is time."""
    ends, rows = time.monotonic() + seconds, []
    for side in every:
        left = ends - time.monotonic()
        if left < _LEAST_SECONDS:
            row = Row(side.recipe, side.name, error="no time left")
        else:
            row = run_side(side, min(left, _MOST_SECONDS))
        tell(row)
        rows.append(row)
    return rows


def as_markdown(rows: Sequence[Row]) -> str:
    """The table."""
    header = ["recipe", "side", "ms a step", "images/s", "input", "XLA", "GPU memory", "whole process"]
    shown = []
    for row in rows:
        if row.error:
            shown.append([row.recipe, row.side, row.error, *[""] * 5])
            continue
        shown.append(
            [
                row.recipe,
                row.side,
                _number(row.step_ms, "{:.2f}"),
                _number(row.images_per_second, "{:,.0f}"),
                _number(row.input_share, "{:.0%}"),
                {None: "", True: "yes", False: "no"}[row.xla],
                _number(row.memory_mib, "{:,} MiB"),
                _number(row.seconds, "{:.1f} s"),
            ]
        )
    return as_table(header, shown)


def _number(value: float | None, form: str) -> str:
    return "" if value is None else form.format(value)


def write_data(path: Path, shape: tuple[int, ...], count: int) -> None:
    """Write made-up images of ten classes: count of training, a tenth of it for the test."""
    random, arrays = np.random.default_rng(0), {}
    for part, size in (("train", count), ("test", count // 10)):
        arrays[f"x_{part}"] = random.integers(0, 256, (size, *shape), np.uint8)
        arrays[f"y_{part}"] = (np.arange(size) % 10).astype(np.int32)
    np.savez(path, **arrays)


def about() -> dict[str, Any]:
    """The machine, its GPUs and what TensorFlow was built with."""
    fields = ("name", "driver_version", "memory.total", "compute_cap")
    gpus = [dict(zip(fields, each, strict=True)) for each in zip(*(asked(field) for field in fields), strict=False)]
    code = "import json, tensorflow as tf; print(json.dumps(dict(tf.sysconfig.get_build_info()), default=str))"
    built = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    lines = built.stdout.splitlines()
    return {
        **machine.describe(),
        "gpus": gpus,
        "tensorflow build": json.loads(lines[-1]) if lines else built.stderr[-500:],
    }


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.gpu", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--out", type=Path, required=True, metavar="FOLDER")
    parser.add_argument("--seconds", type=float, default=540, help="for all measurements")
    parser.add_argument("--recipes", nargs="+", choices=RECIPES, default=list(RECIPES))
    parser.add_argument("--device", default="gpu", help="gpu; cpu only to see whether it runs")
    parser.add_argument("--quick", action="store_true", help="1,000 images, 2 epochs")
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    kept: dict[str, Any] = {"about": about(), "quick": options.quick, "device": options.device, "rows": []}
    print(json.dumps(kept["about"], indent=2), flush=True)
    gpu_count = len(kept["about"]["gpus"]) if options.device == "gpu" else 0

    def tell(row: Row) -> None:
        kept["rows"].append(asdict(row))
        (options.out / "gpu.json").write_text(json.dumps(kept, indent=2) + "\n", encoding="utf-8")
        print(as_markdown([row]).splitlines()[-1], flush=True)

    with tempfile.TemporaryDirectory(prefix="cnncli-gpu-") as temporary:
        folder = Path(temporary)
        for name in options.recipes:
            write_data(folder / f"{name}.npz", RECIPES[name], 1000 if options.quick else 50_000)

        def run_side(side: Side, most_seconds: float) -> Row:
            with tempfile.TemporaryDirectory(dir=folder) as outputs:
                epochs = 2 if options.quick else 4
                data = folder / f"{side.recipe}.npz"
                wanted = command(side, data, device=options.device, epochs=epochs, outputs=Path(outputs))
                return run(side, wanted, most_seconds=most_seconds, outputs=Path(outputs))

        # One side of every recipe, and then the next, so that each recipe has something where the time ends.
        in_turns = [
            side for turn in zip(*(sides(name, gpu_count) for name in options.recipes), strict=True) for side in turn
        ]
        rows = measure(in_turns, seconds=options.seconds, run_side=run_side, tell=tell)
    rows.sort(key=lambda row: list(RECIPES).index(row.recipe))
    shown = as_markdown(rows)
    (options.out / "gpu.md").write_text(shown + "\n", encoding="utf-8")
    print(f"\n{shown}")
    return 1 if all(row.error for row in rows) else 0


if __name__ == "__main__":
    sys.exit(main())
