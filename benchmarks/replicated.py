"""Train every task and kind of input on two devices and in two processes, and compare with one process.

    python -m benchmarks.replicated                       # all cases; about 20 minutes on two cores
    python -m benchmarks.replicated --cases images text   # some of them
    python -m benchmarks.replicated --without-resuming    # in half of the time

Each case trains on one device, on two logical devices of the processor (`--device cpu --devices 2`), and in two processes
(`--workers 2`); the last two are also stopped in the second epoch by SIGTERM and resumed. The trainings share three
processes, so that TensorFlow is imported three times only. Shown are the largest absolute differences of the weights of
model.keras and of the numbers of history.json: of several replicas and one, and of the resumed and the uninterrupted training,
which must be 0.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
import traceback
import zipfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import h5py
import numpy as np

from benchmarks.replicated_cases import CASES, Case, write_data
from cnncli.distribute.cluster import Cluster
from cnncli.distribute.local_workers import local_cluster

LONGEST = 400.0  # seconds for one case
BY_NAME = {case.name: case for case in CASES}


# The table.


def differences(first: Path, second: Path) -> tuple[float, float]:
    """The largest absolute differences of two runs: of their weights, and of the numbers of their histories."""
    ours, theirs = _weights(first), _weights(second)
    if ours.keys() != theirs.keys():
        return np.inf, np.inf
    of_weights = max(
        (float(np.max(np.abs(ours[name] - theirs[name]))) for name in ours if ours[name].size), default=0.0
    )
    histories = [json.loads((run / "history.json").read_text()) for run in (first, second)]
    if len(histories[0]) != len(histories[1]):
        return of_weights, np.inf
    of_history = 0.0
    for ours_, theirs_ in zip(*histories, strict=True):
        if ours_.keys() != theirs_.keys():
            return of_weights, np.inf
        for name in ours_.keys() - {"seconds", "phase"}:
            values = ours_[name], theirs_[name]
            if values[0] != values[1]:
                of_history = max(of_history, np.inf if None in values else abs(values[0] - values[1]))
    return of_weights, of_history


def _weights(run: Path) -> dict[str, Any]:
    found = {}
    with (
        zipfile.ZipFile(run / "model.keras") as archive,
        h5py.File(io.BytesIO(archive.read("model.weights.h5"))) as file,
    ):

        def add(name: str, item: object) -> None:
            if isinstance(item, h5py.Dataset) and item.dtype.kind == "f" and not name.startswith("optimizer"):
                found[name] = item[()].astype(np.float64)

        file.visititems(add)
    return found


def _line(case: Case, outputs: Path, failed: Mapping[str, str], seconds: Mapping[str, float]) -> tuple[str, bool]:
    """A line of the table, and whether all of it is as it must be."""
    runs = outputs / case.name
    cells, is_right = [], not failed
    for name in ("devices", "workers"):
        if name in failed or "devices" in failed:  # which also trains on one
            cells += ["failed", "failed"]
            continue
        largest = max(differences(runs / "one", runs / name))
        is_right &= case.limit is None or largest < case.limit
        cells += [f"{largest:.1e}", ""]
        if (runs / f"{name}-resumed").exists():
            resumed = max(differences(runs / name, runs / f"{name}-resumed"))
            is_right &= resumed == 0
            cells[-1] = f"{resumed:.1e}"
    passed = "ok" if is_right else "WRONG"
    took = f"{seconds.get('devices', 0):.0f}+{seconds.get('workers', 0):.0f} s"
    return f"{case.name:<22}{''.join(f'{cell:>10}' for cell in cells)}{took:>12}  {passed:<6}{case.why}", is_right


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cases", nargs="+", choices=BY_NAME, default=list(BY_NAME), metavar="NAME")
    parser.add_argument("--without-resuming", action="store_true", help="do not stop and resume")
    parser.add_argument("--folder", type=Path, help="an empty folder that is kept; left out: a temporary one")
    parser.add_argument("--child", nargs=3, help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    if options.child:
        kind, rank, addresses = options.child
        return _child(kind, int(rank), tuple(addresses.split(",")), options.cases, resumes=not options.without_resuming)
    with tempfile.TemporaryDirectory(prefix="replicated-") as temporary:
        folder = (options.folder or Path(temporary)).absolute()
        folder.mkdir(parents=True, exist_ok=True)
        return _measure(folder, options.cases, resumes=not options.without_resuming)


def _measure(folder: Path, names: Sequence[str], *, resumes: bool) -> int:
    write_data(folder)
    for name in names:
        (folder / f"{name}.yaml").write_text(BY_NAME[name].recipe, encoding="utf-8")
    started = time.monotonic()
    results: dict[str, dict[str, Any]] = {"devices": {}, "workers": {}}
    print(f"{'':<22}{'2 devices':>10}{'resumed':>10}{'2 workers':>10}{'resumed':>10}{'seconds':>12}")
    shown, wrong = set(), 0
    lock = threading.Lock()

    def tell() -> None:
        nonlocal wrong
        for name in names:
            if name in shown or not all(name in found for found in results.values()):
                continue
            shown.add(name)
            failed = {kind: error for kind, found in results.items() if (error := found[name].get("error"))}
            seconds = {kind: found[name].get("seconds", 0.0) for kind, found in results.items()}
            line, is_right = _line(BY_NAME[name], folder / "outputs", failed, seconds)
            wrong += not is_right
            print(line, flush=True)
            for kind, error in failed.items():
                print(f"    {kind}: {error}", flush=True)

    def drive(kind: str) -> None:
        for name, result in _results(kind, folder, names, resumes=resumes):
            with lock:
                results[kind][name] = result
                tell()

    threads = [threading.Thread(target=drive, args=(kind,)) for kind in results]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    print(f"\n{len(names)} cases, {wrong} wrong, {time.monotonic() - started:,.0f} s")
    return 1 if wrong else 0


def _results(kind: str, folder: Path, names: Sequence[str], *, resumes: bool) -> Iterator[tuple[str, dict[str, Any]]]:
    """What each case came to; processes that failed are started again for the cases after it."""
    left, flags = list(names), [] if resumes else ["--without-resuming"]
    while left:
        size = 2 if kind == "workers" else 1
        addresses = ",".join(local_cluster(size).addresses)
        processes = [_start(folder, kind, rank, addresses, [*flags, "--cases", *left]) for rank in range(size)]
        chief = processes[0]
        assert chief.stdout
        while left:
            timer = threading.Timer(LONGEST, chief.kill)
            timer.start()
            line = chief.stdout.readline()
            timer.cancel()
            result = json.loads(line) if line else {"error": f"ended with {chief.wait()}; see {kind}-0.log"}
            yield left.pop(0), result
            if "error" in result:
                break
        for process in processes:
            process.kill()
            process.wait()


def _start(folder: Path, kind: str, rank: int, addresses: str, flags: Sequence[str]) -> subprocess.Popen[str]:
    paths = os.pathsep.join([str(Path(__file__).parents[1]), *sys.path])
    with open(folder / f"{kind}-{rank}.log", "a") as log:
        return subprocess.Popen(
            [sys.executable, "-m", "benchmarks.replicated", *flags, "--child", kind, str(rank), addresses],
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE if rank == 0 else subprocess.DEVNULL,
            stderr=log,
            env={**os.environ, "PYTHONPATH": paths},
            text=True,
        )


# The processes that train.


def _child(kind: str, rank: int, addresses: tuple[str, ...], names: Sequence[str], *, resumes: bool) -> int:
    """Train the cases, and print how each ended."""
    from cnncli.training.devices import Threads, use_threads

    use_threads(Threads(1, 4))
    _leave_out_pictures()
    train = _OnDevices() if kind == "devices" else _InProcesses(Cluster(addresses, rank, "--workers"))
    print = _only_ours()
    for name in names:
        started = time.monotonic()
        try:
            train(name, resumes=resumes)
        except BaseException as error:
            traceback.print_exc()
            print(json.dumps({"error": f"{type(error).__name__}: {error}"[:1500]}))
            return 1
        print(json.dumps({"seconds": time.monotonic() - started}))
    return 0


def _only_ours() -> Callable[[str], None]:
    """A way to print to the standard output that nothing else uses."""
    ours = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)

    def say(text: str) -> None:
        ours.write(text + "\n")
        ours.flush()

    return say


def _leave_out_pictures() -> None:
    from cnncli.plots import run_figures
    from cnncli.workflow import results_preparation, run

    run_figures.draw_results = lambda *_: []  # type: ignore[assignment]
    run_figures.draw_training_examples = lambda *_: []
    run.write_network = run.write_report = lambda *_: None  # type: ignore[assignment]
    results_preparation.Preparation.begin = lambda _: None  # type: ignore[method-assign]


def _listener(stop_in_epoch: int | None = None) -> Any:
    """Shows nothing, and sends SIGTERM to this process after the second step of an epoch."""
    from cnncli.cli.live import ProgressListener

    class Listener(ProgressListener):
        def step_done(self, epoch: int, step: int, logs: Mapping[str, float]) -> None:
            if (epoch, step) == (stop_in_epoch, 2):
                os.kill(os.getpid(), signal.SIGTERM)

    return Listener(quiet=True)


def _stop_in(name: str) -> int:
    """The epoch that is interrupted."""
    return {"max-time": 1, "frozen": 3, "copies": 3}.get(name, 2)


def _clear() -> None:
    import gc

    import keras

    keras.backend.clear_session()
    gc.collect()


class _OnDevices:
    """Trains on one device, on two, and on two with an interruption."""

    def __call__(self, name: str, *, resumes: bool) -> None:
        from cnncli.errors import Stopped

        # The first one divides the processor.
        self.train(name, "devices", 2)
        self.train(name, "one", 1)
        if not resumes:
            return
        with contextlib.suppress(Stopped):
            self.train(name, "devices-resumed", 2, stop_in=_stop_in(name))
            raise RuntimeError("the training was not stopped")
        self.train(name, "devices-resumed", 2, resumes=True)

    def train(self, name: str, run: str, devices: int, *, stop_in: int | None = None, resumes: bool = False) -> None:
        from cnncli import workflow

        loaded, resume = _loaded(name, run, resumes=resumes)
        _clear()
        listener = _listener(stop_in)
        options = workflow.Options(Path("outputs"), run, "cpu", devices=devices, resume=resume)
        workflow.run(workflow.make_plan(loaded, options, listener), options, listener)


class _InProcesses:
    """Trains together with another process, also with an interruption; TensorFlow connects them once."""

    def __init__(self, cluster: Cluster) -> None:
        from cnncli.distribute.replicas import across
        from cnncli.workflow import planning

        self._cluster = cluster
        self._folder = Path("meetings")
        self._folder.mkdir(exist_ok=True)
        self._count = 0
        together = across(cluster, "cpu")
        planning.across = lambda *_: together  # type: ignore[assignment]

    def __call__(self, name: str, *, resumes: bool) -> None:
        from cnncli.errors import Stopped

        self.train(name, "workers")
        if not resumes:
            return
        with contextlib.suppress(Stopped):
            self.train(name, "workers-resumed", stop_in=_stop_in(name))
            raise RuntimeError("the training was not stopped")
        self.train(name, "workers-resumed", resumes=True)

    def train(self, name: str, run: str, *, stop_in: int | None = None, resumes: bool = False) -> None:
        from cnncli import workflow
        from cnncli.distribute.meeting import meet

        cluster = self._next_cluster()
        _clear()
        with meet(cluster, {}, 300) as meeting:
            loaded, resume = _loaded(name, run, resumes=resumes)
            listener = _listener(stop_in if cluster.is_chief else None)
            options = workflow.Options(Path("outputs"), run, "cpu", devices=1, resume=resume, meeting=meeting)
            planned = workflow.make_plan(loaded, options, listener)
            (workflow.run if cluster.is_chief else workflow.train_with_chief)(planned, options, listener)

    def _next_cluster(self) -> Cluster:
        """Addresses that are free, which the chief chooses."""
        self._count += 1
        file = self._folder / f"{self._cluster.addresses[0]}-{self._count}"
        if self._cluster.is_chief:
            temporary = file.with_suffix(".new")
            temporary.write_text(",".join(local_cluster(2).addresses))
            temporary.rename(file)
        while not file.exists():
            time.sleep(0.01)
        return Cluster(tuple(file.read_text().split(",")), self._cluster.rank, "--workers")


def _loaded(name: str, run: str, *, resumes: bool) -> tuple[Any, Path | None]:
    from cnncli import runs
    from cnncli.recipe.load import load, load_resolved

    path = Path("outputs") / name / run
    return (load_resolved(path / runs.RESOLVED, []), path) if resumes else (load(f"{name}.yaml", []), None)


if __name__ == "__main__":
    sys.exit(main())
