"""Let every file-system call of those who write a run's folder go wrong, one at a time, and look at what is left.

    python -m benchmarks.crash_commits                  # all writers, about a minute
    python -m benchmarks.crash_commits commit resume    # some

At each call, in a process of its own: it fails with ENOSPC or EIO; a write is cut short and the disk is full from then on;
the process ends before it, after it or within it; the power goes, and half of what was not synced with it. What counts as
a bad state: the newest commit that is whole is neither the one before nor the new one; another file is neither as before
nor as it was to become; an error that is not told as one of storage; success that is none; a temporary file that a living process
leaves; and, after the folder was opened again and the same was written once more without a fault, any difference from a
folder in which nothing ever went wrong.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import sys
import tempfile
import time
import traceback
import zipfile
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from benchmarks.faulty_disk import DIED, FAULTS, WRITE_FAULTS, FaultyDisk
from cnncli import runs
from cnncli.errors import ModelFileError, OutputError
from cnncli.runs import checkpoints
from cnncli.runs.storage import TEMPORARY

_LOCKS = {".lock", ".lock-owner"}
_ROWS = [{"epoch": epoch, "loss": 1 / epoch, "accuracy": 1 - 0.5 / epoch} for epoch in range(1, 5)]
_FAILED, _BUG = 6, 70


@dataclass(frozen=True)
class Writer:
    """What writes into a run's folder.

    Attributes:
        write: does it, given the run's folder.
        prepare: makes the folder what it is before.
        before, after: the number of the newest whole commit.
    """

    write: Callable[[Path], None]
    prepare: Callable[[Path], None]
    before: int = 2
    after: int = 2


# The run, and what writes into it.


def state_of(number: int) -> tuple[dict[str, object], dict[str, np.ndarray]]:
    """What a commit of that number holds: large enough for several writes, and other bytes than any other's."""
    values = {"step": number, "loss": 1 / number, "rows": [dict(row) for row in _ROWS] * 20}
    generator = np.random.default_rng(number)
    return values, {"weights": generator.random((64, 64)), "moment": generator.random(500, np.float32)}


def commit(run: Path, number: int) -> None:
    values, arrays = state_of(number)

    def save(path: Path) -> None:
        with open(path, "wb") as file:
            np.savez(file, **arrays)

    checkpoints.write(run / checkpoints.FOLDER, number, values, save)


def make_run(run: Path) -> None:
    """A run that was stopped after two epochs and two commits, with every kind of file."""
    with runs.create(run.parents[1], run.parent.name, run_name=run.name, files={"recipe.yaml": "name: r\n"}) as made:
        commit(run, 1)
        commit(run, 2)
        made.write_history(_ROWS[:2])
        made.file("model.keras").write_bytes(b"an older model" * 500)
        made.finish("interrupted")


def make_new_run(run: Path) -> None:
    """Another run beside."""
    make_run(run.with_name("other"))


def make_run_without_commits(run: Path) -> None:
    make_run(run)
    shutil.rmtree(run / checkpoints.FOLDER)


def make_killed_run(run: Path) -> None:
    """Killed while it wrote: a torn newest commit, arrays without a text, temporary files everywhere."""
    make_run(run)
    commit(run, 3)
    place = run / checkpoints.FOLDER
    (place / f"{3:010}.npz").write_bytes(b"torn")
    for name in (
        f"{4:010}.npz",
        f"{4:010}.tmp-1.npz",
        f"{4:010}.json.tmp-1",
        "../run.json.tmp-1",
        "../model.tmp-1.keras",
    ):
        (place / name).write_bytes(b"half")


def write_commit(run: Path) -> None:
    with runs.reopen(run):
        found = checkpoints.newest(run / checkpoints.FOLDER)
        commit(run, 3 if found.number == 2 else 1 if found.number == 0 else found.number)


def write_record(run: Path) -> None:
    with runs.reopen(run) as opened:
        opened.update_record(status="running", ended=None, note="x" * 9000)


def write_history(run: Path) -> None:
    with runs.reopen(run) as opened:
        opened.write_history(_ROWS)


def write_model(run: Path) -> None:
    with (
        runs.reopen(run) as opened,
        runs.replacing(opened.file("model.keras")) as temporary,
        zipfile.ZipFile(temporary, "w") as archive,
    ):
        archive.writestr(zipfile.ZipInfo("config.json"), b"{}" * 900)
        archive.writestr(zipfile.ZipInfo("model.weights.h5"), b"a newer model" * 5000)


def write_end(run: Path) -> None:
    with runs.reopen(run) as opened:
        opened.finish("completed", test={"accuracy": 0.5})


def write_new_run(run: Path) -> None:
    """Under its name; where what is left of an earlier attempt has taken that, under the next."""
    taken = os.path.lexists(run) and not (run / runs.RECORD).exists()
    if (run / runs.RECORD).exists():
        runs.reopen(run).close()
        return
    files = {"recipe.yaml": "name: r\n", "resolved.yaml": "name: r\ndata: {}\n"}
    name = f"{run.name}-again" if taken else run.name
    runs.create(run.parents[1], run.parent.name, run_name=name, files=files, fields={"seed": 7}).close()


def go_on(run: Path) -> None:
    """What `--resume` does with the commits, and the first commit after that."""
    with runs.reopen(run) as opened:
        place = run / checkpoints.FOLDER
        found = checkpoints.newest(place)
        if found.commit is None:
            raise ModelFileError("no commit is complete")  # as `--resume` says it; they stay
        checkpoints.remove_newer(place, found.commit.number)
        opened.update_record(status="running")
        commit(run, found.number + 1)


WRITERS = {
    "commit": Writer(write_commit, make_run, 2, 3),
    "first commit": Writer(write_commit, make_run_without_commits, 0, 1),
    "resume": Writer(go_on, make_killed_run, 2, 4),
    "record": Writer(write_record, make_run),
    "history": Writer(write_history, make_run),
    "model": Writer(write_model, make_run),
    "end": Writer(write_end, make_run),
    "new run": Writer(write_new_run, make_new_run, 0, 0),
}


# What goes wrong, and what is left.


@dataclass(frozen=True)
class Point:
    """One call that goes wrong.

    Attributes:
        at: its number, from 1.
        call: its name.
        fault: how.
        exit_code: of the process: 0, 6 (an error that is reported), `DIED`.
        bad: what must not be; empty when all is well.
    """

    at: int
    call: str
    fault: str
    exit_code: int
    bad: tuple[str, ...]

    def __str__(self) -> str:
        return f"call {self.at} ({self.call}) {self.fault}, exit {self.exit_code}: {'; '.join(self.bad)}"


def points(writer: Writer, folder: Path) -> Iterator[Point]:
    """Every call of a writer, with everything that can go wrong at it.

    Args:
        folder: an empty one to work in.
    """
    before, work = folder / "before", folder / "work"
    run = work / "outputs" / "r" / "first"  # always the same path
    writer.prepare(run)
    work.rename(before)
    shutil.copytree(before, work)
    calls = _calls_of(writer, run)
    old, new = _files(before), _files(work)
    for at, call in enumerate(calls, 1):
        for fault in (*FAULTS, *(WRITE_FAULTS if call == "write" else ())):
            shutil.rmtree(work)
            shutil.copytree(before, work)
            code = _in_a_process(writer, run, FaultyDisk(work, at, fault))
            bad = _judged(writer, work, run, code, old, new)
            if _in_a_process(writer, run, FaultyDisk(work)):
                bad.append("it cannot be written again")
            else:
                bad += _judged_again(writer, work, run, new)
            yield Point(at, call, fault, code, tuple(bad))


def _calls_of(writer: Writer, run: Path) -> list[str]:
    """The calls of a writer when nothing goes wrong."""
    reader, other = os.pipe()
    disk = FaultyDisk(run.parents[2])
    if _in_a_process(writer, run, disk, lambda: os.write(other, json.dumps(disk.calls).encode())):
        raise RuntimeError("it cannot even be written when nothing goes wrong")
    os.close(other)
    with open(reader) as said:
        calls: list[str] = json.load(said)
    return calls


def _in_a_process(writer: Writer, run: Path, disk: FaultyDisk, at_its_end: Callable[[], object] | None = None) -> int:
    """Write in a process of its own, and say how that ended."""
    sys.stdout.flush()
    child = os.fork()
    if not child:
        code = _BUG
        try:
            disk.install()
            writer.write(run)
            if at_its_end:
                at_its_end()
            code = 0
        except (OutputError, ModelFileError):
            code = _FAILED
        except BaseException:
            traceback.print_exc()
        finally:
            os._exit(code)
    _, status = os.waitpid(child, 0)
    return os.waitstatus_to_exitcode(status)


def _judged(
    writer: Writer, work: Path, run: Path, code: int, old: dict[str, object], new: dict[str, object]
) -> list[str]:
    """What is bad in a folder in which something went wrong."""
    bad = [] if code in (0, _FAILED, DIED) else [f"it ended with exit {code}"]
    found = _files(work)
    temporary = [name for name in found if TEMPORARY.search(name)]
    if code != DIED and (mine := [name for name in temporary if name not in old]):
        bad.append(f"it left {', '.join(mine)}")
    for name, content in found.items():
        if name in temporary or checkpoints.FOLDER in name or "-again" in name:
            continue
        if content != old.get(name, content) and content != new.get(name):
            bad.append(f"{name} is neither as before nor as it was to become")
    bad += [f"{name} is gone" for name in old if name not in found and name in new and checkpoints.FOLDER not in name]
    newest = checkpoints.newest(run / checkpoints.FOLDER)
    number = newest.commit.number if newest.commit else 0
    if number not in ({writer.after} if code == 0 else {writer.before, writer.after}):
        bad.append(f"the newest whole commit is {number}")
    if newest.commit and not _is_whole(newest.commit):
        bad.append(f"commit {number} says that it is whole, and is not")
    if code == 0 and [name for name in new if name not in found]:
        bad.append("it said that it had written, and had not")
    return bad


def _judged_again(writer: Writer, work: Path, run: Path, new: dict[str, object]) -> list[str]:
    """What differs from a folder in which nothing went wrong, after all was written once more."""
    found = {name: content for name, content in _files(work).items() if "-again" not in name}
    differing = [
        name for name in {**new, **found} if found.get(name) != new.get(name) and checkpoints.FOLDER not in name
    ]
    stillborn = writer is WRITERS["new run"] and not (run / runs.RECORD).exists()
    bad = [] if stillborn else [f"{name} differs after all was written again" for name in differing]
    place = run / checkpoints.FOLDER
    newest = checkpoints.newest(place)
    if writer.after and (newest.bad or newest.commit is None or not _is_whole(newest.commit)):
        bad.append(f"the newest commit is not whole after another: {newest.bad}")
    names = sorted(os.listdir(place)) if place.exists() else []
    if len(names) > 4 or sorted(name[:10] for name in names)[::2] != sorted({name[:10] for name in names}):
        bad.append(f"{place.name} holds {', '.join(names)} after another commit")
    return bad


def _is_whole(found: checkpoints.Commit) -> bool:
    values, arrays = state_of(found.number)
    with np.load(found.arrays, allow_pickle=False) as archive:
        same = all(np.array_equal(archive[name], array) for name, array in arrays.items())
    return same and found.state == values


def _files(folder: Path) -> dict[str, object]:
    """Every file's content but the locks'; of a record what does not tell the time or the files' order."""
    found: dict[str, object] = {}
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        if path.name in _LOCKS or not path.is_file():
            continue
        found[name] = path.read_bytes()
        if path.name == runs.RECORD:
            try:
                record = runs.read_record(path.parent)
            except OutputError as error:
                found[name] = str(error)
                continue
            times = ("started", "ended", "artefacts")
            found[name] = {key: value for key, value in record.items() if key not in times}
    return found


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("writers", nargs="*", metavar="WRITER", help=f"of {', '.join(WRITERS)}; left out: all")
    options = parser.parse_args(arguments)
    if unknown := set(options.writers) - set(WRITERS):
        parser.error(f"no such writer: {', '.join(sorted(unknown))}")
    started = time.monotonic()
    count, bad_count = 0, 0
    print(f"{'writer':<14} {'calls':>6} {'points':>7} {'bad':>4}  exits")
    for name in options.writers or WRITERS:
        with tempfile.TemporaryDirectory(prefix="crash-") as folder:
            seen = list(points(WRITERS[name], Path(folder)))
        bad = [point for point in seen if point.bad]
        exits = Counter({DIED: "died", _FAILED: "exit 6", 0: "exit 0"}.get(point.exit_code, "?") for point in seen)
        told = ", ".join(f"{number} {word}" for word, number in exits.most_common())
        print(f"{name:<14} {max(point.at for point in seen):>6} {len(seen):>7} {len(bad):>4}  {told}", flush=True)
        for point in bad[:20]:
            print(f"    {point}")
        count, bad_count = count + len(seen), bad_count + len(bad)
    print(f"\n{count:,} points, bad states = {bad_count}, {time.monotonic() - started:.0f} s")
    return 1 if bad_count else 0


if __name__ == "__main__":
    sys.exit(main())
