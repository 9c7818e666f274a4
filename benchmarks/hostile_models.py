"""Give `cnncli evaluate` every hostile model file of `hostile_files.py`, and watch what it does.

    python benchmarks/hostile_models.py                  # all, about eight seconds each
    python benchmarks/hostile_models.py Lambda HDF5      # those with one of these words in their names

Each command runs in a process of its own. An escape is: code of the model ran (a marker appears), a file that it names was
opened, a connection or another program was started, a file was written outside, more than 2 GB of memory, more than 60 s,
or another exit code or message than the one it must get. Opened files are seen by `strace` where it is installed, as HDF5
opens its files past Python, and else by an audit hook within Python.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import dataclass
from pathlib import Path

from hostile_files import CASES, Case, Place

MOST_SECONDS, MOST_BYTES = 60.0, 2 << 30
TRACED = "open,openat,openat2,execve,connect,rename,renameat2,unlink,mkdir,symlink"
# Runs the command with every opened file, connection and program written down.
AUDITED = """\
import os, runpy, sys
log = os.open(os.environ["HOSTILE_LOG"], os.O_WRONLY | os.O_APPEND | os.O_CREAT)
watched = ("open", "socket.connect", "os.system", "os.exec", "os.posix_spawn", "subprocess.Popen")
def note(event, arguments):
    if event in watched:
        os.write(log, f"{event} {arguments!r}\\n".encode("utf-8", "replace"))
sys.addaudithook(note)
sys.argv = ["cnncli", *sys.argv[1:]]
runpy.run_module("cnncli", run_name="__main__", alter_sys=True)
"""


@dataclass(frozen=True)
class Outcome:
    """What one file led to; `escapes` is empty when all is well."""

    case: Case
    code: int
    message: str
    seconds: float
    peak_bytes: int
    escapes: tuple[str, ...]


def attempt(case: Case, *, strace: str | None) -> Outcome:
    """Make one file and evaluate it."""
    with tempfile.TemporaryDirectory(prefix="hostile-") as top:
        outside = Path(top)
        place = Place(outside / "in" / "here", outside / "secret", outside / "marker")
        place.folder.mkdir(parents=True)
        place.secret.write_bytes(b"secret\n" * 20)
        argument = case.make(place) or str(place.file)
        place.marker.unlink(missing_ok=True)  # the making of a pickle or an archive must not count
        before = _files(outside)
        log = outside / "log"
        command = [sys.executable, "-c", AUDITED, "evaluate", argument, "--data", "mnist-sample", "--quiet"]
        if strace:
            command = [
                strace,
                "-f",
                "--seccomp-bpf",
                "-qq",
                "-s",
                "200",
                "-e",
                f"trace={TRACED}",
                "-o",
                f"{log}.strace",
                *command,
            ]
        started = time.monotonic()
        code, stderr, peak = _run(command, place.folder, log)
        seconds = time.monotonic() - started
        escapes = []
        if place.marker.exists():
            escapes.append("code of the model ran")
        seen = "".join(file.read_text(errors="replace") for file in (log, Path(f"{log}.strace")) if file.exists())
        escapes += _reached(seen, place)
        if new := _files(outside) - before - {str(log), f"{log}.strace"}:
            escapes.append(f"wrote {', '.join(sorted(new))}")
        if peak > MOST_BYTES:
            escapes.append(f"took {peak / 1e9:.1f} GB")
        if seconds > MOST_SECONDS:
            escapes.append(f"took {seconds:.0f} s")
        if code != case.code or case.says not in stderr:
            escapes.append(f"expected exit {case.code} and {case.says!r}")
        message = next((line for line in stderr.splitlines() if line.startswith("error")), "opened and scored")
        return Outcome(case, code, message.replace(f"{place.folder}/", ""), seconds, peak, tuple(escapes))


def _run(command: list[str], folder: Path, log: Path) -> tuple[int, str, int]:
    """The exit code, what was said, and the peak memory of the largest process."""
    environment = {**os.environ, "HOSTILE_LOG": str(log), "NO_COLOR": "1", "COLUMNS": "1000"}
    with tempfile.TemporaryFile() as said:
        process = subprocess.Popen(
            command, cwd=folder, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=said,
            start_new_session=True,
        )  # fmt: skip
        late = threading.Timer(2 * MOST_SECONDS, os.killpg, (process.pid, signal.SIGKILL))
        late.start()
        _, status, usage = os.wait4(process.pid, 0)
        late.cancel()
        process.returncode = os.waitstatus_to_exitcode(status)
        said.seek(0)
        return process.returncode, said.read().decode(errors="replace"), usage.ru_maxrss * 1024


def _reached(seen: str, place: Place) -> list[str]:
    """What the trace shows that no evaluation does: lines of strace begin with a number, those of the hook with an event."""
    found = []
    lines = [line for line in seen.splitlines() if AUDITED[:20] not in line]  # the command itself
    named = [str(place.secret), "/etc/passwd.keras"]
    if any(f"{name}{quote}" in line for line in lines for name in named for quote in "\"'"):
        found.append("opened a file that the model names")
    if any(re.search(r"^socket\.connect|connect\(.*AF_INET", line) for line in lines):
        found.append("connected somewhere")
    started = [line for line in lines if re.search(r"execve\(|^os\.(system|exec|posix_spawn)|^subprocess\.Popen", line)]
    if any(word in line for line in started for word in ("touch", '"true"', "'true'", str(place.marker))):
        found.append("started a program")
    return found


def _files(folder: Path) -> set[str]:
    return {str(path) for path in folder.rglob("*") if path.is_file()}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("words", nargs="*", metavar="WORD", help="only cases with one of these in their names")
    parser.add_argument("--no-strace", action="store_true", help="trust the audit hook alone")
    options = parser.parse_args()
    strace = None if options.no_strace else shutil.which("strace")
    cases = [case for case in CASES if not options.words or any(word in case.name for word in options.words)]
    print(f"{len(cases)} files, opened files seen by {'strace and ' if strace else ''}an audit hook\n")
    print(f"{'file':<45} {'exit':>4} {'s':>5} {'GB':>5}  message")
    outcomes = []
    for case in cases:
        done = attempt(case, strace=strace)
        outcomes.append(done)
        numbers = f"{done.code:>4} {done.seconds:>5.1f} {done.peak_bytes / 1e9:>5.2f}"
        print(f"{case.name:<45} {numbers}  {done.message[:110]}")
        for escape in done.escapes:
            print(f"{'':<45} ESCAPE: {escape}")
        sys.stdout.flush()
    refused = sum(done.code == 5 for done in outcomes)
    escapes = sum(bool(done.escapes) for done in outcomes)
    print(f"\n{refused} of {len(outcomes)} refused with exit 5, escapes = {escapes}")
    return 1 if escapes else 0


if __name__ == "__main__":
    sys.exit(main())
