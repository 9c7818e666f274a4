"""How much memory and time it takes to read a table: the numbers and texts of a large one are not held in memory.

    python -m benchmarks.table_memory --rows 1000 100000 1000000 --columns 100 --words 40

Run from the top of the repository. For each number of rows, a CSV file is written: once with so many columns of numbers, once
with a sentence of so many words. A new process reads it as `cnncli train` does, with its splits, its fingerprint and the search
for copies. Printed are the size of the file, the seconds, and the peak resident memory. Values beyond 256 MiB go to a temporary
file in the cache's folder. What still grows with the rows is a few numbers for each: its label, its line, its place in the file.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from benchmarks.speed import child, machine, table

_KINDS = ("numbers", "text")
_PART = 10_000  # rows that are written at a time
_WORDS = 20_000


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, nargs="+", default=[1000, 100_000, 1_000_000])
    parser.add_argument("--columns", type=int, default=100, help="of numbers")
    parser.add_argument("--words", type=int, default=40, help="of a sentence")
    parser.add_argument("--kind", choices=_KINDS, help="only one of them")
    parser.add_argument("--here", type=Path, help=argparse.SUPPRESS)  # the table, in the process that is measured
    options = parser.parse_args()
    if options.here:
        read(options.here, options.kind)
        return 0
    print(table.machine_lines(machine.describe()), flush=True)
    print("\n| table | rows | file | values | peak | s |")
    print("| --- | --- | --- | --- | --- | --- |", flush=True)
    for kind in [options.kind] if options.kind else _KINDS:
        for count in options.rows:
            with tempfile.TemporaryDirectory(prefix="cnncli-table-") as folder:
                path = Path(folder) / "table.csv"
                value_bytes = _write(path, kind, count, options.columns if kind == _KINDS[0] else options.words)
                command = [sys.executable, "-m", "benchmarks.table_memory", "--kind", kind, "--here", str(path)]
                try:
                    done = child.run(command, Path(folder))
                    measured = f"{_mib(done.peak_bytes)} | {done.wall_seconds:.0f}"
                except child.ChildFailed as failure:
                    measured = f"{str(failure).strip().splitlines()[-1]} | –"
                cells = [kind, f"{count:,}", _mib(path.stat().st_size), _mib(value_bytes), measured]
                print(f"| {' | '.join(cells)} |", flush=True)
    return 0


def _write(path: Path, kind: str, count: int, width: int) -> int:
    """Write a table of two classes; how many bytes its values are."""
    random = np.random.default_rng(0)
    value_bytes = 0
    with path.open("w", encoding="utf-8") as file:
        names = [f"t{number}" for number in range(width)] if kind == _KINDS[0] else ["sentence"]
        file.write(",".join([*names, "label"]) + "\n")
        for begin in range(0, count, _PART):
            for number, line in enumerate(_lines(random, kind, min(_PART, count - begin), width)):
                value_bytes += 4 * width if kind == _KINDS[0] else len(line)
                file.write(f"{line},{'ab'[(begin + number) % 2]}\n")
    return value_bytes


def _lines(random: np.random.Generator, kind: str, count: int, width: int) -> Iterator[str]:
    if kind == _KINDS[0]:
        for row in random.normal(size=(count, width)):
            yield ",".join([f"{value:.4f}" for value in row.tolist()])
    else:
        for numbers in random.integers(0, _WORDS, (count, width)):
            yield " ".join([f"w{number}" for number in numbers.tolist()])


def read(path: Path, kind: str) -> None:
    """What is measured."""
    from cnncli.data.load import load
    from cnncli.recipe.schema_data import Data

    columns = {"numbers": "t*"} if kind == _KINDS[0] else {"text": "sentence"}
    splits = load(Data.model_validate({"source": {"csv": {"path": str(path), "label": "label", **columns}}}))
    assert len(splits.train) > len(splits.test)


def _mib(size: int) -> str:
    return f"{size / 2**20:,.0f} MiB"


if __name__ == "__main__":
    sys.exit(main())
