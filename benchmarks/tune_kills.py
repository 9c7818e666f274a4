"""Kill workers and sweeps of `cnncli tune` at random moments, and check that no finished trial is lost.

    python -m benchmarks.tune_kills --kills 6
    python -m benchmarks.tune_kills --kills 6 --postgresql

Runs sweeps of a tiny network with two workers. While one runs, a worker or the whole sweep gets SIGKILL; a killed sweep is called
again with the same command. A failure, with exit code 1: a trial that was finished before a kill is missing afterwards or has
another value, or a process is left over.

With --postgresql the trials are in a database that is made for this in a temporary folder. It needs Debian's package
`postgresql`, `pip install "psycopg[binary]"`, and root, which starts the server as the user `postgres`.
"""

from __future__ import annotations

import argparse
import csv
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_TRIALS = 10
_RECIPE = """\
version: 1
name: kills
data: {source: mnist-sample, split: {validation: 0.02, seed: 0}, limit: 64, prepare: [Rescaling: {scale: $(1 / 255)}]}
model:
  input: [28, 28, 1]
  layers: [MaxPooling2D: 4, Flatten, Dense: {name: out, units: 10, activation: softmax}]
train: {epochs: 2, optimizer: adam, seed: 7, batch_size: 32}
tune:
  metric: val_accuracy
  sampler: random
  pruner: none
  parameters: {train.optimizer.Adam.learning_rate: {float: [1e-4, 1e-1], log: true}}
"""


@contextmanager
def postgresql(folder: Path) -> Iterator[str]:
    """A database server of its own on a socket in a folder; yields the URL."""
    binaries = sorted(Path("/usr/lib/postgresql").glob("*/bin"))[-1]
    data, port = folder / "data", 54329
    data.mkdir()
    os.chmod(folder, 0o755)
    shutil.chown(data, "postgres", "postgres")

    def as_postgres(*command: str) -> None:
        subprocess.run(["runuser", "-u", "postgres", "--", *command], check=True, stdout=subprocess.DEVNULL, cwd=data)

    as_postgres(str(binaries / "initdb"), "-D", str(data), "-A", "trust", "-U", "postgres")
    options = f"-p {port} -k {data} -c listen_addresses=127.0.0.1"
    as_postgres(str(binaries / "pg_ctl"), "-D", str(data), "-o", options, "-l", str(data / "log"), "-w", "start")
    try:
        yield f"postgresql+psycopg://postgres@127.0.0.1:{port}/postgres"
    finally:
        as_postgres(str(binaries / "pg_ctl"), "-D", str(data), "-m", "immediate", "stop")


def _children(pid: int) -> list[int]:
    try:
        tasks = list(Path(f"/proc/{pid}/task").iterdir())
        return [int(child) for task in tasks for child in (task / "children").read_text().split()]
    except OSError:
        return []


def _finished(folder: Path) -> dict[int, str]:
    """The values of complete trials by number, as the command writes them."""
    with open(folder / "trials.csv", newline="") as file:
        return {int(row["trial"]): row["val_accuracy"] for row in csv.DictReader(file) if row["state"] == "complete"}


def _said(text: str) -> dict[int, str]:
    """The values of the trials that a sweep has said to be finished."""
    lines = [line.split() for line in text.splitlines() if line.startswith("trial ") and "val_accuracy" in line]
    return {int(words[1]): words[3] for words in lines}


def _attempt(folder: Path, storage: str | None, chance: random.Random, what: str) -> tuple[dict[int, str], int]:
    """Start the sweep, kill something, wait; what it said was finished, and its exit code."""
    command = [sys.executable, "-m", "cnncli", "tune", "kills.yaml", "--name", "k", "--workers", "2"]
    command += ["--trials", str(_TRIALS), *(["--storage", storage] if storage else [])]
    log = folder / "sweep.log"
    with open(log, "w") as stream:
        sweep = subprocess.Popen(command, cwd=folder, stdout=stream, stderr=stream)
    workers: list[int] = []
    begun = len(_said(log.read_text()))
    while what and sweep.poll() is None and len(_said(log.read_text())) <= begun:
        time.sleep(0.1)
    time.sleep(chance.uniform(0, 3) if what else 0)
    if what and sweep.poll() is None:
        workers = _children(sweep.pid)
        victims = [sweep.pid] if what == "sweep" else chance.sample(workers, 1) if workers else []
        for victim in victims:
            os.kill(victim, signal.SIGKILL)
    code = sweep.wait()
    time.sleep(2)
    left = [pid for pid in workers if "cnncli.tune.trial_worker" in _command_of(pid)]
    assert not left, f"left over: {left}"
    return _said(log.read_text()), code


def _command_of(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode()
    except OSError:
        return ""


def _round(folder: Path, storage: str | None, kills: int, chance: random.Random) -> int:
    (folder / "kills.yaml").write_text(_RECIPE)
    said: dict[int, str] = {}
    for number in range(kills + 1):
        what = chance.choice(["worker", "sweep"]) if number < kills else ""
        found, code = _attempt(folder, storage, chance, what)
        said |= found
        print(f"kill {number + 1}: {what or 'none'}, exit code {code}, {len(said)} trials finished so far", flush=True)
        if code == 0 and number < kills and len(said) + number >= _TRIALS:
            break  # a sweep that is finished cannot be killed
    finished = _finished(folder / "outputs/kills/tune-k")
    wrong = {trial: value for trial, value in said.items() if f"{float(finished.get(trial, 'nan')):.4f}" != value}
    print(f"finished {len(finished)} of {_TRIALS}, said {len(said)}, lost or changed {wrong}")
    return len(wrong)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=6)
    parser.add_argument("--postgresql", action="store_true")
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder, chance = Path(name), random.Random(given.seed)
        if not given.postgresql:
            return int(_round(folder, None, given.kills, chance) > 0)
        with postgresql(folder) as url:
            return int(_round(folder, url, given.kills, chance) > 0)


if __name__ == "__main__":
    sys.exit(main())
