"""Kill `cnncli train` at random moments, go on, kill it again, and compare its end with that of a run nobody stopped.

    python -m benchmarks.kills                       # 200 kills, about half an hour on two cores
    python -m benchmarks.kills --kills 10 --seed 7
    python -m benchmarks.kills --kills 40 --of sentences   # also while a vocabulary is learned
    python -m benchmarks.kills --kills 20 --of noise       # with noise that training, validation and evaluation draw
    python -m benchmarks.kills --kills 20 --of masks       # with masks that augmentation moves
    python -m benchmarks.kills --kills 20 --of volumes     # with volumes of which the network sees windows
    python -m benchmarks.kills --kills 20 --of boxes       # likewise boxes, with two outputs and two losses
    python -m benchmarks.kills --kills 20 --of identities  # with batches of a few people each

Each round is one run of the real command: killed with SIGKILL, resumed, killed again, until it ends by itself. Half of the
kills are aimed at a moment in which a file is written: the temporary file of a commit, or of another file of the run, has
just appeared. The others come anywhere from the start of the process on. The recipe of images has every part that has a state:
two phases with frozen layers and cached features, augmentation, Dropout, BatchNormalization, a schedule, momentum, a moving
average of the weights, ReduceLROnPlateau, EarlyStopping with restored weights. That of sentences learns a vocabulary first, in
each process with another seed of Python's hashes; two of five kills come while it learns.

Must be equal: every array of `model.keras`, the vocabulary, predictions, scores, history without its seconds, pictures of the
weights.
What else counts as a failure: a commit that is not whole, a newest commit older than before the kill, a record that cannot
be read, a command that ends by itself with another exit code than 0.
"""

from __future__ import annotations

import argparse
import csv
import hashlib
import io
import itertools
import json
import os
import random
import subprocess
import sys
import tempfile
import threading
import time
import zipfile
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import h5py

from benchmarks.kill_workloads import IMAGES, NAME, WORKLOADS, Workload
from cnncli import runs
from cnncli.errors import OutputError
from cnncli.runs import checkpoints
from cnncli.runs.storage import TEMPORARY

LONGEST = 300.0  # seconds for one process
_LOOK_SECONDS = 0.001
_SECONDS_TO_TRAINING, _SECONDS_OF_TRAINING = 7.0, 2.5  # about
_LEARNS = b"learning TextVectorization"
_HASH_SEEDS = itertools.count()  # of each process
_SECONDS_OF_LEARNING = 0.5  # at least
_SECONDS_OF_COMMIT, _SECONDS_OF_FILE = 0.020, 0.006  # from the moment at which the temporary file is there


@dataclass(frozen=True)
class Aim:
    """When a process is killed.

    Attributes:
        at: `anywhere`: from its start on; `learning`: once it has said that it learns a vocabulary; `training`: from its first
            commit on; `commit`, `file`: once a temporary file of a commit, or of another file of the run, has appeared.
        count: the so manieth of them.
        delay: seconds after that.
    """

    at: str
    count: int
    delay: float


@dataclass
class Round:
    """One run from its beginning to its end.

    Attributes:
        kills: what each was aimed at.
        caught: of those, what the folder showed to have been in the making: `commit`, `file`, or nothing of the two.
        failures: what must not be.
    """

    kills: Counter[str] = field(default_factory=Counter)
    caught: Counter[str] = field(default_factory=Counter)
    failures: list[str] = field(default_factory=list)


def make_place(folder: Path, workload: Workload = IMAGES) -> dict[str, str]:
    """Write the recipe and its data, let it train without being stopped as `outputs/kills/whole`, and say how it ended."""
    (folder / "recipe.yaml").write_text(workload.recipe, encoding="utf-8")
    workload.write_data(folder)
    code = _Process(folder, "train", "recipe.yaml", "--run", "whole").end()
    if code:
        raise RuntimeError(f"the run that nobody stopped ended with exit {code}:\n{_said(folder)}")
    return outcome(folder / "outputs" / NAME / "whole")


def outcome(run: Path) -> dict[str, str]:
    """SHA-256 of all that must be equal, by what it is: no file's bytes where those hold a time."""
    digests = {}
    with (
        zipfile.ZipFile(run / "model.keras") as archive,
        h5py.File(io.BytesIO(archive.read("model.weights.h5"))) as file,
    ):

        def add(name: str, found: object) -> None:
            if isinstance(found, h5py.Dataset):
                digests[f"weights {name}"] = _sha256(repr((found.dtype, found.shape)).encode() + found[()].tobytes())

        file.visititems(add)
    learned = ["learned.json"] if (run / "learned.json").exists() else []
    for name in ("predictions.csv", "evaluation.json", *learned):
        digests[name] = _sha256((run / name).read_bytes())
    with open(run / "history.csv", newline="", encoding="utf-8") as table:
        rows = [{name: cell for name, cell in row.items() if name != "seconds"} for row in csv.DictReader(table)]
    digests["history.csv"] = _sha256(json.dumps(rows).encode())
    for picture in sorted((run / "figures").glob("filters-*.png")):
        digests[picture.name] = _sha256(picture.read_bytes())
    return digests


def aims(workload: Workload, generator: random.Random) -> Iterator[Aim]:
    """Aims without an end."""
    while True:
        yield aim_at(*generator.choices(list(workload.aims), list(workload.aims.values())), generator)


def aim_at(at: str, generator: random.Random) -> Aim:
    """A moment of that kind, by chance."""
    if at == "anywhere":
        return Aim(at, 0, generator.uniform(0, _SECONDS_TO_TRAINING + _SECONDS_OF_TRAINING))
    if at == "learning":
        return Aim(at, 0, generator.uniform(0, _SECONDS_OF_LEARNING))
    if at == "training":
        return Aim(at, 0, generator.uniform(0, _SECONDS_OF_TRAINING))
    if at == "commit":
        return Aim(at, generator.randint(1, 10), generator.uniform(0, _SECONDS_OF_COMMIT))
    return Aim(at, generator.randint(1, 6), generator.uniform(0, _SECONDS_OF_FILE))


def kill_until_it_ends(folder: Path, run: str, moments: Iterator[Aim], most: int) -> tuple[Round, Path]:
    """Train a run with at most so many kills, then let it end.

    Returns:
        What happened, and the run's folder.
    """
    done = Round()
    path = folder / "outputs" / NAME / run
    arguments = ["train", "recipe.yaml", "--run", run]
    while True:
        aim = next(moments) if done.kills.total() < most else None
        before = checkpoints.newest(path / checkpoints.FOLDER).number
        process = _Process(folder, *arguments)
        if aim is None or not process.kill_at(aim, path):
            if code := process.end():
                done.failures.append(f"{run}: exit {code} after {done.kills.total()} kills\n{_said(folder)}")
            return done, path
        done.kills[aim.at] += 1
        done.caught["learning" if process.learns and not path.exists() else _caught(path)] += 1
        done.failures += [f"{run}: {each}" for each in broken(path, before)]
        if (path / runs.RECORD).exists():
            arguments = ["train", "--resume", str(path.relative_to(folder))]
        elif path.exists():  # nothing of it is worth going on with: another name
            path = path.with_name(f"{path.name}-again")
            arguments = ["train", "recipe.yaml", "--run", path.name]


def different(found: dict[str, str], expected: dict[str, str]) -> list[str]:
    """What is not equal."""
    return [name for name in {**expected, **found} if found.get(name) != expected.get(name)]


class _Process:
    """The real command, started on a terminal of its own; what it says goes into a file beside the outputs.

    Attributes:
        learns: whether it has said that it learns a vocabulary.
    """

    def __init__(self, folder: Path, *arguments: str) -> None:
        self._started = time.monotonic()
        self.learns = False
        ours, its = os.openpty()
        self._process = subprocess.Popen(
            [sys.executable, "-m", "cnncli", *arguments],
            cwd=folder, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=its,
            env={**os.environ, "PYTHONHASHSEED": str(next(_HASH_SEEDS)), "TERM": "xterm"},
        )  # fmt: skip
        os.close(its)
        threading.Thread(target=self._listen, args=(ours, folder / "said"), daemon=True).start()

    def _listen(self, terminal: int, said: Path) -> None:
        with open(said, "wb") as file, open(terminal, "rb", buffering=0) as opened, suppress(OSError):  # its end
            while text := opened.read(1 << 16):
                file.write(text)
                file.flush()
                self.learns = self.learns or _LEARNS in text

    def end(self) -> int:
        """Let it end by itself."""
        try:
            return self._process.wait(timeout=LONGEST)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
            raise

    def kill_at(self, aim: Aim, run: Path) -> bool:
        """Kill it at a moment; False where it has ended before."""
        if aim.at == "training":
            first = checkpoints.newest(run / checkpoints.FOLDER).number
            came = self._wait_for(lambda: _numbers(run) > first)
        elif aim.at == "anywhere":
            came = True
        elif aim.at == "learning":
            came = self._wait_for(lambda: self.learns or run.exists())
        else:
            came = self._wait_for_files(aim, run)
        if not came or not self._lives_for(aim.delay):
            return False
        self._process.kill()
        return self._process.wait() < 0

    def _wait_for_files(self, aim: Aim, run: Path) -> bool:
        places = [run / checkpoints.FOLDER] if aim.at == "commit" else [run, run / "figures"]

        def temporary() -> set[str]:
            return {name for place in places for name in _names(place) if TEMPORARY.search(name)}

        seen, appeared = temporary(), 0  # of the one that was killed before

        def enough() -> bool:
            nonlocal seen, appeared
            now = temporary()
            appeared += len(now - seen)
            seen = now
            return appeared >= aim.count

        return self._wait_for(enough)

    def _wait_for(self, has_come: object) -> bool:
        assert callable(has_come)
        while self._process.poll() is None:
            if has_come():
                return True
            if time.monotonic() - self._started > LONGEST:
                raise TimeoutError(f"nothing came in {LONGEST:.0f} s")
            time.sleep(_LOOK_SECONDS)
        return False

    def _lives_for(self, seconds: float) -> bool:
        try:
            self._process.wait(timeout=seconds)
        except subprocess.TimeoutExpired:
            return True
        return False


def _caught(run: Path) -> str:
    """What was being written when the process was killed, by what it left."""
    names = _names(run / checkpoints.FOLDER)
    texts = {name[:-5] for name in names if name.endswith(".json")}
    arrays = {name[:-4] for name in names if name.endswith(".npz")}
    if any(map(TEMPORARY.search, names)) or texts != arrays or len(texts) > 2:
        return "commit"
    others = [*_names(run), *_names(run / "figures")]
    if any(map(TEMPORARY.search, others)) or (run.exists() and not (run / runs.RECORD).exists()):
        return "file"
    return "" if texts else "before the first commit"


def broken(run: Path, before: int) -> list[str]:
    """What a kill must not leave."""
    found = checkpoints.newest(run / checkpoints.FOLDER)
    broken = [f"a commit is not whole: {reason}" for reason in found.bad]
    if found.number < before:
        broken.append(f"the newest commit is {found.number}, and was {before} before")
    if (run / runs.RECORD).exists():
        try:
            runs.read_record(run)
        except OutputError as error:
            broken.append(str(error))
    return broken


def _numbers(run: Path) -> int:
    return max((int(name[:10]) for name in _names(run / checkpoints.FOLDER) if name.endswith(".json")), default=0)


def _names(folder: Path) -> list[str]:
    try:
        return os.listdir(folder)
    except OSError:
        return []


def _said(folder: Path) -> str:
    return "\n".join((folder / "said").read_text(errors="replace").splitlines()[-20:])


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--of", choices=WORKLOADS, default="images", help="what is trained")
    parser.add_argument("--folder", type=Path, help="an empty folder that is kept; left out: a temporary one")
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="kills-") as temporary:
        folder = options.folder or Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        return _kill(folder, WORKLOADS[options.of], options.kills, options.seed)


def _kill(folder: Path, workload: Workload, kills: int, seed: int) -> int:
    started = time.monotonic()
    whole = make_place(folder, workload)
    print(
        f"the run that nobody stops: {time.monotonic() - started:.0f} s, {len(whole)} things that must be equal",
        flush=True,
    )
    moments = aims(workload, random.Random(seed))
    total, unequal, number = Round(), 0, 0
    while total.kills.total() < kills:
        number += 1
        began = time.monotonic()
        done, path = kill_until_it_ends(folder, f"round-{number}", moments, kills - total.kills.total())
        wrong = [] if done.failures else different(outcome(path), whole)
        unequal += bool(wrong)
        total.kills += done.kills
        total.caught += done.caught
        total.failures += done.failures
        print(
            f"round {number:>3}: {done.kills.total():>3} kills, {done.caught['commit']:>3} in a commit, "
            f"{done.caught['file']:>2} in another file, {done.caught['learning']:>2} learning, "
            f"{time.monotonic() - began:>4.0f} s  "
            + (f"DIFFERENT: {', '.join(wrong)}" if wrong else "equal" if not done.failures else "FAILED"),
            flush=True,
        )
        for failure in done.failures:
            print(failure, flush=True)
    caught = total.caught
    print(
        f"\n{total.kills.total()} kills (seed {seed}): {caught['commit']} in a commit, {caught['file']} in another file, "
        f"{caught['learning']} while a vocabulary was learned, "
        f"{caught['before the first commit']} before the first commit, {caught['']} between\n"
        f"aimed: {', '.join(f'{count} at {name}' for name, count in total.kills.items())}\n"
        f"{number} rounds, {unequal} different, {len(total.failures)} failures, {time.monotonic() - started:,.0f} s"
    )
    return 1 if unequal or total.failures else 0


if __name__ == "__main__":
    sys.exit(main())
