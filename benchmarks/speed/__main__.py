"""`python -m benchmarks.speed`: make the data, time the workloads, print the tables."""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import asdict, replace
from functools import partial
from pathlib import Path
from typing import Any

import benchmarks.speed
import cnncli
from benchmarks.speed import child, machine, pytorch_environment, table
from benchmarks.speed.harness import alternate
from benchmarks.speed.table import Measured
from benchmarks.speed.turns import Steps, take_turns
from benchmarks.speed.workloads import STEPS, WORKLOADS, Settings

_MAKE_DATA = Path(__file__).with_name("make_data.py")
# Reads from disk, once and untimed, what every process loads, and lets Matplotlib look for fonts.
_WARM_UP = "import keras, tensorflow, matplotlib.pyplot, sklearn.metrics"


def main() -> int:
    options = _parsed()
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)  # an installed cnncli is compiled, as TensorFlow is
    if options.as_avx2:
        os.environ.update(machine.AS_AVX2)
    with tempfile.TemporaryDirectory(prefix="cnncli-speed-") as temporary:
        try:
            _time(options, Path(temporary))
        except child.ChildFailed as error:
            print(error, file=sys.stderr)
            return 1
    return 0


def _parsed() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.speed",
        description=benchmarks.speed.__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "workloads", nargs="*", metavar="WORKLOAD", help=f"{', '.join([*WORKLOADS, *STEPS])}; left out: all"
    )
    parser.add_argument("--runs", type=int, default=3, help="of each side")
    parser.add_argument("--seeds", type=int, help="how many of them have a seed of their own; left out: all")
    parser.add_argument(
        "--without",
        action="append",
        default=[],
        metavar="SIDE",
        help="of processes: leave it out, as in 'plain Keras, cached'",
    )
    parser.add_argument("--rounds", type=int, default=15, help="epochs of each side whose steps are measured")
    parser.add_argument(
        "--also", action="append", default=[], metavar="NAME=VALUE,…", help="steps: cnncli in this environment, too"
    )
    parser.add_argument(
        "--as-avx2",
        action="store_true",
        help="limit oneDNN and PyTorch to AVX2, and turn oneDNN off in the scripts of plain Keras, as TensorFlow does there",
    )
    parser.add_argument(
        "--pytorch",
        type=Path,
        metavar="DIR",
        help="PyTorch takes part; it is installed into this environment if need be",
    )
    parser.add_argument("--photos", type=Path, metavar="DIR", help="for vgg16: photos, a folder a class")
    parser.add_argument("--weights", type=Path, metavar="FILE", help="for vgg16: its weights without the top")
    parser.add_argument("--json", type=Path, metavar="FILE", help="keep every measurement there")
    parser.add_argument("--quick", action="store_true", help="next to no data, one epoch, one run")
    options = parser.parse_args()
    if unknown := [name for name in options.workloads if name not in {**WORKLOADS, **STEPS}]:
        parser.error(f"no such workload: {', '.join(unknown)}; there are {', '.join([*WORKLOADS, *STEPS])}")
    if options.runs < 1 or options.rounds < 1 or (options.seeds is not None and options.seeds < 1):
        parser.error("--runs, --rounds and --seeds are at least 1")
    if wrong := [each for each in options.also if not all("=" in part for part in each.split(","))]:
        parser.error(f"--also: expected NAME=VALUE, got {wrong[0]}")
    if "vgg16" in options.workloads and not (options.photos and options.weights):
        parser.error("vgg16 needs --photos and --weights")
    return options


def _time(options: argparse.Namespace, folder: Path) -> None:
    every = [*WORKLOADS, *STEPS]
    names = options.workloads or [name for name in every if name != "vgg16" or (options.photos and options.weights)]
    settings = _make_data(names, options, folder)
    described = machine.describe()
    if settings.pytorch:
        described["PyTorch"] = pytorch_environment.version_of(settings.pytorch)
    child.run([sys.executable, "-c", _WARM_UP], folder)
    print(f"{table.machine_lines(described)}", flush=True)
    kept: dict[str, dict[str, Any]] = {}

    def keep(name: str, found: dict[str, Any]) -> None:
        kept[name] = {"name": name, **found}
        if options.json:
            content = {"machine": described, "quick": options.quick, "workloads": list(kept.values())}
            options.json.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")

    for name in names:
        measure = _measure_steps if name in STEPS else _measure_processes
        measure(name, settings, options, folder, partial(keep, name))


Keep = Callable[[dict[str, Any]], None]  # what is measured so far, for --json


def _measure_processes(name: str, settings: Settings, options: argparse.Namespace, folder: Path, keep: Keep) -> None:
    whole, runs = WORKLOADS[name](settings), 1 if options.quick else options.runs
    workload = replace(whole, sides=tuple(side for side in whole.sides if side.name not in options.without))
    if len(workload.sides) != len(whole.sides) - len(set(options.without)) or not workload.sides:
        sides = ", ".join(f"'{side.name}'" for side in whole.sides)
        raise child.ChildFailed(f"--without: expected some of the sides of {name}, {sides}; got {options.without}")
    print(f"{workload.title}:", file=sys.stderr, flush=True)
    kept: list[dict[str, Any]] = []

    def tell(measured: Measured) -> None:
        _tell(measured)
        kept.append(asdict(measured))
        keep({"title": workload.title, "measured": kept})

    measured = alternate(workload, folder, runs=runs, seed_count=options.seeds or runs, tell=tell)
    shown = workload.table(measured) if workload.table else table.as_markdown(measured, compared=workload.compared)
    print(f"\n{workload.title}\n\n{shown}", flush=True)


def _measure_steps(name: str, settings: Settings, options: argparse.Namespace, folder: Path, keep: Keep) -> None:
    workload = STEPS[name](settings)
    print(f"{workload.title}:", file=sys.stderr, flush=True)

    def tell(measured: Sequence[Steps]) -> None:
        keep({"title": workload.title, "milliseconds": {each.side: each.milliseconds for each in measured}})

    with tempfile.TemporaryDirectory(dir=folder) as own:
        measured = take_turns(workload.sides, Path(own), rounds=1 if options.quick else options.rounds, tell=tell)
    shown = table.steps_as_markdown({each.side: each.milliseconds for each in measured})
    print(f"\n{workload.title}\n\n{shown}", flush=True)


def _make_data(names: Sequence[str], options: argparse.Namespace, folder: Path) -> Settings:
    """Write what the workloads need, in processes that are gone before anything is timed."""
    packaged = Path(cnncli.__file__).parent / "data" / "samples" / "mnist-sample.npz"
    digits, images, photos = packaged, folder / "images", folder / "photos"
    if options.quick:
        digits = folder / "digits.npz"
        _make("digits", packaged, digits, "--train", 500, "--test", 100)
    if any(name.startswith("image-folder") for name in names):
        _make("images", packaged, images, *(("--train", 400, "--test", 200) if options.quick else ()))
    if "vgg16" in names:
        few = ("--most", 10) if options.quick else ()
        _make("photos", options.photos.resolve(), photos, *few)
    settings = Settings(
        digits,
        images,
        photos if "vgg16" in names else None,
        options.weights.resolve() if options.weights else None,
        options.quick,
        folder / "arrays",
        pytorch_environment.python_of(options.pytorch) if options.pytorch else None,
        tuple(dict(part.split("=", 1) for part in each.split(",")) for each in options.also),
        ("env", "TF_ENABLE_ONEDNN_OPTS=0", sys.executable) if options.as_avx2 else (sys.executable,),
    )
    settings.arrays.mkdir()
    for data in {STEPS[name](settings).data: name for name in names if name in STEPS}:
        few = ("--train", 1400, "--test", 100) if data != "digits" or options.quick else ()
        _make(data, packaged, settings.arrays / (f"{data}.csv" if data == "sentences" else f"{data}.npz"), *few)
    return settings


def _make(kind: str, source: Path, path: Path, *arguments: object) -> None:
    said = [kind, str(path), "--of", str(source), *map(str, arguments)]
    child.run([sys.executable, str(_MAKE_DATA), *said], path.parent)


def _tell(measured: Measured) -> None:
    fit = "" if measured.fit_seconds is None else f", fit {measured.fit_seconds:.1f} s"
    accuracy = "" if measured.accuracy is None else f", accuracy {measured.accuracy:.4f}"
    costs = f"{measured.wall_seconds:.1f} s{fit}, {measured.peak_bytes / 2**20:,.0f} MiB{accuracy}"
    print(f"  run {measured.run}, seed {measured.seed}: {measured.side}: {costs}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
