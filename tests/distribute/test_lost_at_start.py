"""A process that is lost while TensorFlow's processes begin to work together, which TensorFlow itself waits for without end."""

import socket
import subprocess
import sys
import time
from pathlib import Path

from cnncli.cli.training_processes import joined
from cnncli.distribute.cluster import Cluster
from cnncli.recipe.load import load

RECIPE = """\
version: 1
name: lost
data: {source: mnist-sample, limit: 64, prepare: [Rescaling: {scale: $(1 / 255)}]}
model:
  input: [28, 28, 1]
  layers: [Flatten, Dense: {name: out, units: 10, activation: softmax}]
train: {epochs: 1, optimizer: sgd, seed: 7, batch_size: 32}
"""
SECONDS_TO_BEGIN = 120.0


def listens(port):
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def test_process_that_is_lost_while_tensorflow_waits_for_it_is_named(tmp_path):
    recipe = tmp_path / "recipe.yaml"
    recipe.write_text(RECIPE)
    with socket.create_server(("127.0.0.1", 0)) as first, socket.create_server(("127.0.0.1", 0)) as second:
        ports = [each.getsockname()[1] for each in (first, second)]
    addresses = tuple(f"127.0.0.1:{port}" for port in ports)
    chief = subprocess.Popen(
        [sys.executable, "-m", "cnncli", "train", "recipe.yaml", "--hosts", ",".join(addresses), "--rank", "0"],
        cwd=tmp_path,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        with joined(Cluster(addresses, 1, "--hosts"), load(str(recipe)), [], SECONDS_TO_BEGIN, quiet=True) as processes:
            until = time.monotonic() + SECONDS_TO_BEGIN
            while not listens(ports[0]):  # TensorFlow's server, on the port of the meeting
                assert chief.poll() is None
                assert time.monotonic() < until
                time.sleep(0.1)
            processes.meeting.fail("no memory")
        _, said = chief.communicate(timeout=30)
    finally:
        chief.kill()
        chief.wait()
    assert chief.returncode == 8, said
    assert f"lost worker 1 ({addresses[1]}) on {socket.gethostname()}: no memory" in said
    assert not (tmp_path / "outputs").exists()


def test_worker_ends_soon_when_the_chief_that_started_it_ends_before_they_meet(tmp_path):
    script = """
import sys
from cnncli.distribute.local_workers import LocalWorkers, local_cluster
workers = LocalWorkers(local_cluster(2), ["train", "recipe.yaml", "--quiet"]).__enter__()
print(workers._processes[1].pid, flush=True)
"""
    (tmp_path / "recipe.yaml").write_text(RECIPE)
    done = subprocess.run([sys.executable, "-c", script], cwd=tmp_path, capture_output=True, text=True, check=True)
    worker, until = Path("/proc", done.stdout.strip()), time.monotonic() + 20
    while worker.exists():
        assert time.monotonic() < until
        time.sleep(0.2)
