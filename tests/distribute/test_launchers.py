"""The scripts of docs/launchers start one process for each host, and the processes find each other."""

import json
import os
import shlex
import socket
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from jsonschema import Draft202012Validator

from cnncli.distribute.discover import discover

ROOT = Path(__file__).parents[2]
LAUNCHERS = ROOT / "docs" / "launchers"
STAND_IN = Path(__file__).with_name("stand_in_cnncli.py")
HOSTS = ("127.0.0.1", "127.0.0.2")  # two addresses of this machine


class Machines:
    """A folder that two hosts share, and stand-ins for the programs that a launcher calls.

    Args:
        folder: of the training.
    """

    def __init__(self, folder):
        self.folder, self.programs = folder / "work", folder / "programs"
        for each in (self.folder, self.programs, folder / "called"):
            each.mkdir()
        self.called = folder / "called"
        self.program("cnncli", f'exec {shlex.quote(sys.executable)} {shlex.quote(str(STAND_IN))} "$@"')
        self.environ = {
            "PATH": f"{self.programs}:{os.environ['PATH']}",
            "PYTHONPATH": str(ROOT),
            "CALLED": str(self.called),
        }

    def program(self, name, script):
        path = self.programs / name
        path.write_text(f"#!/bin/bash\n{script}\n")
        path.chmod(0o755)

    def call(self, *command, exit_code=0, **environ):
        done = subprocess.run(
            command, cwd=self.folder, env={**self.environ, **environ}, capture_output=True, text=True, timeout=60
        )
        assert done.returncode == exit_code, done.stdout + done.stderr
        return done

    def calls(self):
        """What each process was called with, by rank."""
        return [json.loads(path.read_text()) for path in sorted(self.called.iterdir())]


@pytest.fixture
def machines(tmp_path):
    return Machines(tmp_path)


@pytest.mark.parametrize("name", ["slurm.sbatch", "ssh.sh"])
def test_syntax_of_scripts(name):
    subprocess.run(["bash", "-n", LAUNCHERS / name], check=True)


# As SLURM does: one process for each task, with the variables of a step.
SRUN = """\
while [[ $1 == --* ]]; do shift; done
for rank in 0 1; do
    SLURM_PROCID=$rank SLURM_NODEID=$rank SLURM_LOCALID=0 SLURM_STEP_ID=0 SLURM_STEP_NUM_TASKS=2 \\
    SLURM_STEP_TASKS_PER_NODE='1(x2)' SLURM_STEP_NODELIST='127.0.0.[1-2]' SLURM_DISTRIBUTION=block "$@" &
    processes+=($!)
done
worst=0
for process in ${processes[@]}; do
    wait $process; code=$?
    (( code > worst )) && worst=$code
done
exit $worst
"""


def test_slurm_script_starts_a_process_on_each_node(machines):
    machines.program("srun", SRUN)
    machines.call("bash", LAUNCHERS / "slurm.sbatch", "recipe.yaml", SLURM_JOB_ID=str(os.getpid()))
    port = 20_000 + os.getpid() % 750 * 16
    for call in machines.calls():
        assert call["arguments"] == ["train", "recipe.yaml", "--run", f"job-{os.getpid()}"]
        assert call["addresses"] == [f"{host}:{port}" for host in HOSTS]
        assert call["found_by"] == "SLURM"
    assert len(machines.calls()) == 2


def test_slurm_script_continues_a_run_that_exists(machines):
    machines.program("srun", SRUN)
    (machines.folder / "outputs" / "digits" / "first").mkdir(parents=True)
    arguments = ("bash", LAUNCHERS / "slurm.sbatch", "recipe.yaml", "first")
    machines.call(*arguments, SLURM_JOB_ID=str(os.getpid()), EXIT_1="8", exit_code=8)
    assert [call["arguments"] for call in machines.calls()] == [["train", "outputs/digits/first", "--resume"]] * 2


# As ssh does: the host is an argument, and the rest is a command for the shell of the other machine.
SSH = """\
while [[ $1 == -* ]]; do [[ $1 == -o ]] && shift; shift; done
shift
exec bash -c "$*"
"""


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as found:
        return str(found.getsockname()[1])


def test_ssh_script_starts_a_process_on_each_host(machines):
    machines.program("ssh", SSH)
    port = free_port()
    done = machines.call("bash", LAUNCHERS / "ssh.sh", "a recipe.yaml", "first", *HOSTS, PORT=port)
    assert done.stdout == "rank 0\n"
    assert [call["arguments"] for call in machines.calls()] == [["train", "a recipe.yaml", "--run", "first"]] * 2
    assert machines.calls()[1]["addresses"] == [f"{host}:{port}" for host in HOSTS]
    assert (machines.folder / "worker-1.log").read_text() == "rank 1\n"


def test_ssh_script_takes_ports_and_ends_with_the_code_of_a_process(machines):
    machines.program("ssh", SSH)
    (machines.folder / "outputs" / "digits" / "first").mkdir(parents=True)
    ports = [free_port(), free_port()]
    addresses = [f"{host}:{port}" for host, port in zip(HOSTS, ports, strict=True)]
    machines.call("bash", LAUNCHERS / "ssh.sh", "r.yaml", "first", *addresses, EXIT_1="8", exit_code=8)
    folder = f"{machines.folder}/outputs/digits/first"
    assert [call["arguments"] for call in machines.calls()] == [["train", folder, "--resume"]] * 2
    assert machines.calls()[0]["addresses"] == addresses


def test_ssh_script_needs_two_hosts(machines):
    done = machines.call("bash", LAUNCHERS / "ssh.sh", "r.yaml", "first", "a", exit_code=2)
    assert done.stderr == "usage: ssh.sh RECIPE RUN HOST HOST...\n"


def test_skypilot_task_starts_a_process_on_each_node(machines):
    hosts = ("127.0.0.3", "127.0.0.4")
    task = yaml.safe_load((LAUNCHERS / "skypilot.yaml").read_text())
    started = [
        subprocess.Popen(
            ["bash", "-c", task["run"]],
            cwd=machines.folder,
            env={
                **machines.environ,
                "SKYPILOT_NODE_IPS": "\n".join(hosts),
                "SKYPILOT_NODE_RANK": str(rank),
                "SKYPILOT_NUM_NODES": str(task["num_nodes"]),
            },
            stdout=subprocess.DEVNULL,
        )
        for rank in range(task["num_nodes"])
    ]
    assert [process.wait(60) for process in started] == [0, 0]
    assert machines.calls()[0]["addresses"] == [f"{host}:2222" for host in hosts]


def manifests():
    found = list(yaml.safe_load_all((LAUNCHERS / "kubernetes.yaml").read_text()))
    return {each["kind"]: each for each in found}


@pytest.mark.parametrize(
    ("kind", "definition"),
    [
        ("Job", "io.k8s.api.batch.v1.Job"),
        ("Service", "io.k8s.api.core.v1.Service"),
        ("NetworkPolicy", "io.k8s.api.networking.v1.NetworkPolicy"),
    ],
)
def test_kubernetes_manifests_follow_their_schema(kind, definition):
    # The definitions of Kubernetes 1.37 without descriptions, where unknown keys are errors (Apache License 2.0).
    schema = json.loads(Path(__file__).with_name("kubernetes.schema.json").read_text())
    validator = Draft202012Validator({**schema, "$ref": f"#/$defs/{definition}"})
    manifest = manifests()[kind]
    assert [error.message for error in validator.iter_errors(manifest)] == []
    assert [error.message for error in validator.iter_errors({**manifest, "spek": {}})] != []


def environment_of_pod(index):
    """The variables of a pod, as Kubernetes sets them."""
    job = manifests()["Job"]
    labels = {"batch.kubernetes.io/job-name": job["metadata"]["name"]}
    environ = {"JOB_COMPLETION_INDEX": str(index)}
    for variable in job["spec"]["template"]["spec"]["containers"][0]["env"]:
        if "value" in variable:
            environ[variable["name"]] = variable["value"]
        else:
            path = variable["valueFrom"]["fieldRef"]["fieldPath"]
            environ[variable["name"]] = labels[path.removeprefix("metadata.labels['").removesuffix("']")]
    return environ


def test_pods_of_the_kubernetes_manifest_find_each_other():
    job, service, policy = (manifests()[kind] for kind in ("Job", "Service", "NetworkPolicy"))
    pods = {"batch.kubernetes.io/job-name": job["metadata"]["name"]}
    found = [discover(environment_of_pod(index), None, None) for index in range(job["spec"]["completions"])]
    assert [each.rank for each in found] == list(range(found[0].size))
    assert job["spec"]["parallelism"] == job["spec"]["completions"] == found[0].size
    assert job["spec"]["completionMode"] == "Indexed"
    # https://kubernetes.io/docs/tasks/job/job-with-pod-to-pod-communication/: <job>-<index>.<subdomain>
    subdomain = job["spec"]["template"]["spec"]["subdomain"]
    names = [f"{job['metadata']['name']}-{index}.{subdomain}:2222" for index in range(found[0].size)]
    assert list(found[0].addresses) == names
    assert subdomain == service["metadata"]["name"]
    assert service["spec"]["clusterIP"] == "None"
    assert service["spec"]["selector"] == pods
    assert policy["spec"]["podSelector"]["matchLabels"] == pods


def test_pod_trains_or_continues(machines):
    container = manifests()["Job"]["spec"]["template"]["spec"]["containers"][0]
    machines.program("cnncli", 'printf "%s " "$@"')
    command = [*container["command"], *container["args"]]
    assert machines.call(*command, **environment_of_pod(0)).stdout == "train recipe.yaml --run first "
    (machines.folder / "outputs" / "digits" / "first").mkdir(parents=True)
    assert machines.call(*command, **environment_of_pod(0)).stdout == "train outputs/digits/first --resume "
