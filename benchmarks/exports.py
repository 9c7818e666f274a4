"""Every shipped recipe in every export format: what works, how it compares with Keras, and why the others do not.

    python -m benchmarks.exports
    python -m benchmarks.exports mnist unet-small --keep runs --markdown table.md

Run from the top of the repository. Each recipe is trained for an epoch: on its own data where that comes with cnncli, else made
small and on random data. `cnncli export --format all` then exports the run. In the tables, `ok` is a file that passed its
check, with the largest difference from Keras and, where outputs decide something, the share of equal decisions. Networks that
were trained for seconds decide nearly by chance, so integers may agree less than those of a trained network.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

TESTS = Path(__file__).parents[1] / "tests"
sys.path.insert(0, str(TESTS))
from small_recipes import CHANGES, make_data  # noqa: E402

from cnncli.export.formats import every_target  # noqa: E402

# Recipes whose data comes with cnncli, and what makes them train in about a minute.
PACKAGED = {
    "mnist": ["data.source=mnist-sample", "train.epochs=3"],
    "lenet5": ["data.source=mnist-sample", "train.epochs=3"],
    "sentence-cnn": ["visualize=[]"],
    "sentence-conv1d": [],
    "unet-small": ["train.epochs=8"],
    "faces": ["train.epochs=3"],
    "autoencoder": ["data.source=mnist-sample", "train.epochs=3"],
    "denoise-mnist": ["data.source=mnist-sample", "data.limit=1000", "train.epochs=1"],
    "detect-small": ["train.epochs=10"],
}


def row(name: str, folder: Path) -> list[str]:
    """Train a recipe and export it; returns its row of the table."""
    changes = PACKAGED.get(name, [*CHANGES[name], "train.epochs=1"])
    settings = [f"--set={change}" for change in [*changes, "expect={}", "train.checkpoint.keep=false", "visualize=[]"]]
    trained = _command(folder, "train", name, "--run", name, "--quiet", *settings)
    if trained.returncode:
        return [name, _last_line(trained.stderr), *[""] * (len(every_target()) - 1)]
    done = _command(folder, "export", f"outputs/{name}/{name}", "--format", "all", "--to", f"exports/{name}", "--json")
    found = json.loads(done.stdout)
    if "error" in found:
        return [name, found["error"]["problems"][0]["message"], *[""] * (len(every_target()) - 1)]
    cells = {(each["format"], each["quantization"]): _cell(each) for each in found["exports"]}
    cells |= {(each["format"], each["quantization"]): each["why"] for each in found["refused"]}
    return [name, *(cells[target.format.name, target.quantization] for target in every_target())]


def _cell(export: dict[str, Any]) -> str:
    difference, decisions = f"{export['largest_difference']:.0e}", export["decisions"]
    return f"{difference}, {export['equal_decisions'] / decisions:.1%}" if decisions else difference


def _command(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "cnncli", *arguments], cwd=folder, text=True, capture_output=True, check=False
    )


def _last_line(text: str) -> str:
    return next((line for line in reversed(text.splitlines()) if line.strip()), "")


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", metavar="RECIPE", help="shipped recipes; all of them if none is named")
    parser.add_argument("--keep", type=Path, metavar="DIR", help="keep runs and exports in this folder")
    parser.add_argument("--markdown", type=Path, metavar="FILE", help="write the table to this file too")
    given = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as temporary:
        folder = (given.keep or Path(temporary)).absolute()
        folder.mkdir(parents=True, exist_ok=True)
        if not (folder / "photos").exists():
            make_data(folder)
        lines = ["| recipe | " + " | ".join(each.name for each in every_target()) + " |"]
        lines.append("|---" * (1 + len(every_target())) + "|")
        print(*lines, sep="\n", flush=True)
        for name in given.names or CHANGES:
            lines.append("| " + " | ".join(row(name, folder)) + " |")
            print(lines[-1], flush=True)
    if given.markdown:
        given.markdown.write_text("\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
