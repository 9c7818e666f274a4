"""Train on two hosts that a cable connects, cut it in the middle, and compare the resumed run with one that nobody disturbed.

    python -m benchmarks.two_hosts
    python -m benchmarks.two_hosts --cuts 5

The hosts are network namespaces with their own addresses (`benchmarks.network_namespaces`), which needs Linux and root. They
share one folder. Each cut comes at a random moment after the first epoch. A failure, with exit code 1: a process that does not
end within 30 s of the cut, or with another exit code than 8, or without the name of the other process; a resumed run that
differs from the undisturbed one in any array of the model, a prediction, a score or the history.
"""

from __future__ import annotations

import argparse
import random
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from benchmarks.kills import different, outcome
from benchmarks.network_namespaces import Host, two_hosts, why_not

NAME = "two-hosts"
RECIPE = """\
version: 1
name: two-hosts
data: {source: mnist-sample, split: {validation: 0.1, seed: 0}, limit: 2000, prepare: [Rescaling: {scale: $(1 / 255)}]}
model:
  input: [28, 28, 1]
  layers:
    - Conv2D: {name: c1, filters: 8, kernel_size: 5, strides: 2, activation: relu}
    - BatchNormalization: {name: b1}
    - Flatten
    - Dropout: {name: d1, rate: 0.2}
    - Dense: {name: out, units: 10, activation: softmax}
train: {epochs: 6, optimizer: {SGD: {learning_rate: 0.05, momentum: 0.9}}, seed: 7, batch_size: 32}
"""
_SECONDS_TO_END = 30.0
_LONGEST = 300.0


@dataclass(frozen=True)
class Ended:
    """How the process of one host ended.

    Attributes:
        seconds: after the cut.
    """

    exit_code: int
    stderr: str
    seconds: float = 0.0


class Training:
    """The processes of a training, one on each host.

    Args:
        hosts: of the processes; rank 0 is on the first.
        folder: in which both run.
        arguments: of `cnncli train`, without the options that name the cluster.
    """

    def __init__(self, hosts: tuple[Host, Host], folder: Path, *arguments: str) -> None:
        addresses = ",".join(f"{host.address}:2222" for host in hosts)
        self.said = [tempfile.TemporaryFile("w+") for _ in hosts]  # noqa: SIM115
        self.started = [
            subprocess.Popen(
                host.command(
                    *(sys.executable, "-m", "cnncli", "train", *arguments),
                    *("--hosts", addresses, "--rank", str(rank)),
                ),
                cwd=folder,
                stdout=subprocess.DEVNULL,
                stderr=self.said[rank],
            )
            for rank, host in enumerate(hosts)
        ]

    def ends(self, timeout: float) -> list[Ended]:
        """Wait for both; one that does not end is killed and has the exit code -9."""
        before = time.monotonic()
        seconds: dict[int, float] = {}
        while len(seconds) < len(self.started):
            passed = time.monotonic() - before
            for rank, process in enumerate(self.started):
                if process.poll() is None and passed > timeout:
                    process.kill()
                    process.wait()
                if process.poll() is not None:
                    seconds.setdefault(rank, passed)
            time.sleep(0.05)
        return [Ended(process.returncode, self._read(rank), seconds[rank]) for rank, process in enumerate(self.started)]

    def _read(self, rank: int) -> str:
        with self.said[rank] as file:
            file.seek(0)
            return file.read()

    def cut_after(self, host: Host, run: Path, seconds: float) -> list[Ended]:
        """Cut the cable `seconds` after the first epoch; gives how both ended."""
        until = time.monotonic() + _LONGEST
        while not (run / "history.csv").exists():
            if time.monotonic() > until or any(process.poll() is not None for process in self.started):
                return self.ends(0)
            time.sleep(0.05)
        time.sleep(seconds)
        host.cut()
        return self.ends(_SECONDS_TO_END)


def failures_of_cut(ended: list[Ended], hosts: tuple[Host, Host]) -> list[str]:
    """What is wrong with the ends of two processes whose connection was cut."""
    names = (f"worker 1 ({hosts[1].address}:2222)", f"the chief ({hosts[0].address}:2222)")
    return [
        f"rank {rank}: exit code {end.exit_code} after {end.seconds:.0f} s:\n{end.stderr}"
        for rank, (end, name) in enumerate(zip(ended, names, strict=True))
        if end.exit_code != 8 or name not in end.stderr
    ]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cuts", type=int, default=1, help="runs, each with one cut")
    parser.add_argument("--seed", type=int, default=0, help="of the moments of the cuts")
    options = parser.parse_args()
    if reason := why_not():
        print(f"skipped: {reason}")
        return 0
    generator = random.Random(options.seed)
    failures = []
    with tempfile.TemporaryDirectory() as name, two_hosts() as hosts:
        folder = Path(name)
        (folder / "recipe.yaml").write_text(RECIPE)
        runs = folder / "outputs" / NAME
        undisturbed = Training(hosts, folder, "recipe.yaml", "--run", "undisturbed").ends(_LONGEST)
        if any(end.exit_code for end in undisturbed):
            print("\n".join(end.stderr for end in undisturbed))
            return 1
        expected = outcome(runs / "undisturbed")
        for number in range(options.cuts):
            run, seconds = f"cut-{number}", generator.uniform(0, 2)
            training = Training(hosts, folder, "recipe.yaml", "--run", run)
            ended = training.cut_after(hosts[number % 2], runs / run, seconds)
            hosts[number % 2].mend()
            failures += failures_of_cut(ended, hosts)
            resumed = Training(hosts, folder, str(runs / run), "--resume").ends(_LONGEST)
            failures += [end.stderr for end in resumed if end.exit_code]
            changed = different(outcome(runs / run), expected)
            failures += [f"{run}: {what} is different" for what in changed]
            print(f"{run}: cut {seconds:.1f} s after the first epoch", flush=True)
            for rank, end in enumerate(ended):
                print(f"  rank {rank}: exit code {end.exit_code} after {end.seconds:.1f} s")
                print("    " + "\n    ".join(end.stderr.strip().splitlines()[-3:]))
            print(f"  resumed: {'equal to the undisturbed run' if not changed else 'different'}")
    print("\n".join(failures) or "no failures")
    return bool(failures)


if __name__ == "__main__":
    sys.exit(main())
