"""The real command: killed at random moments, with a full disk, and twice in one folder."""

from __future__ import annotations

import itertools
import random
import resource
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from commands import CommandLine

from benchmarks import kills
from benchmarks.kill_workloads import IMAGES
from benchmarks.kills import Aim, Round, aim_at

RUN = Path("outputs") / kills.NAME
# Every part that has a state, in fewer steps: what costs time here are the starts of the processes.
SHORT = {"limit: 1500": "limit: 500", "epochs: 3": "epochs: 2", "epochs: 9": "epochs: 5", "[conv1, conv2]": "[conv1]"}
# What the kills are aimed at; the delays come by chance.
AIMS = ("anywhere", "commit", "training", "file")


@dataclass(frozen=True)
class Place:
    """A folder with the recipe, and how its run ended that nobody stopped."""

    folder: Path
    whole: dict[str, str]

    @property
    def command_line(self) -> CommandLine:
        return CommandLine(self.folder)


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Place:
    folder = tmp_path_factory.mktemp("kills")
    recipe = IMAGES.recipe
    for long, short in SHORT.items():
        assert long in recipe
        recipe = recipe.replace(long, short)
    return Place(folder, kills.make_place(folder, replace(IMAGES, recipe=recipe)))


def moments(seed: int) -> Iterator[Aim]:
    """One of each, early enough that a run has room for all; then commits alone."""
    generator = random.Random(seed)
    for at in itertools.chain(AIMS, itertools.repeat("commit")):
        aim = aim_at(at, generator)
        yield Aim(at, min(aim.count, 3), aim.delay / 4)


@pytest.mark.parametrize("seed", [20])
def test_killed_at_random_moments_it_ends_as_never_killed(place: Place, seed: int) -> None:
    total, number, aims = Round(), 0, moments(seed)
    while total.kills.total() < len(AIMS) or not total.caught["commit"]:
        number += 1
        left = max(len(AIMS) - total.kills.total(), 1)
        done, path = kills.kill_until_it_ends(place.folder, f"killed-{number}", aims, left)
        assert not done.failures
        assert kills.different(kills.outcome(path), place.whole) == []
        total.kills += done.kills
        total.caught += done.caught
        assert number < 5, f"it ended {number} times after {total.kills}, caught in {total.caught}"


def smaller_files(most: int) -> Callable[[], None]:
    """Called in a process: every write beyond so many bytes fails, as on a full disk."""
    return lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (most, most))


@pytest.fixture(scope="module")
def standing(place: Place) -> Iterator[subprocess.Popen[str]]:
    """Trains `taken`, and stands still after its fourth commit."""
    process = place.command_line.start("train", "recipe.yaml", "--run", "taken")
    fourth = place.folder / RUN / "taken/checkpoints" / f"{4:010}.json"
    while process.poll() is None and not fourth.exists():
        time.sleep(0.01)
    assert process.poll() is None, "it was to train still"
    process.send_signal(signal.SIGSTOP)
    yield process
    process.kill()
    process.communicate()


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize("arguments", [("recipe.yaml", "--run", "taken"), ("--resume", f"{RUN}/taken")])
def test_second_process_in_a_run_s_folder_is_reported_who_holds_it(
    place: Place, standing: subprocess.Popen[str], arguments: tuple[str, ...]
) -> None:
    before = contents(place.folder / RUN / "taken")
    second = place.command_line("train", *arguments)

    assert second.exit_code == 6, second.stderr
    assert f"{RUN}/taken is in use by pid {standing.pid} on host " in second.stderr
    assert contents(place.folder / RUN / "taken") == before


@pytest.mark.usefixtures("standing")
def test_full_disk_leaves_every_commit_and_the_run_goes_on_once_there_is_room(place: Place) -> None:
    run = RUN / "full"
    folder = place.folder / run
    shutil.copytree(folder.with_name("taken"), folder)  # as if that one had been killed
    before = contents(folder / "checkpoints")
    smallest = min(len(content) for name, content in before.items() if name.endswith(".npz"))
    full = place.command_line.process("train", "--resume", str(run), preexec_fn=smaller_files(smallest // 2))

    assert full.exit_code == 6, full.stderr
    assert f"cannot write {run}/checkpoints/" in full.stderr
    assert f"continue with: cnncli train --resume {run}" in full.stderr
    assert contents(folder / "checkpoints") == before
    assert kills.broken(folder, 4) == []

    again = place.command_line("train", "--resume", str(run))
    assert again.exit_code == 0, again.stderr
    assert kills.different(kills.outcome(folder), place.whole) == []
