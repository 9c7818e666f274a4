"""The cluster of a process, from the command line or from what launchers set."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cnncli.distribute.cluster import Cluster
from cnncli.distribute.discover import discover
from cnncli.distribute.slurm import expand_nodes, expand_tasks
from cnncli.errors import UsageError


def problems(environ=None, hosts=None, rank=None):
    """The lines of the error, each problem with its place and without its hint."""
    with pytest.raises(UsageError) as caught:
        discover(environ or {}, hosts, rank)
    return [f"{problem.place}: {problem.message}" for problem in caught.value.problems]


def test_hosts_and_rank():
    found = discover({}, "a:2222, b ,[fe80::1]:70,10.0.0.5", 1)
    assert found == Cluster(("a:2222", "b:2222", "[fe80::1]:70", "10.0.0.5:2222"), 1, "--hosts")
    assert (found.size, found.is_chief, found.address) == (4, False, "b:2222")
    assert discover({}, "a,b", 0).is_chief


def test_one_process_is_no_cluster():
    assert discover({}, None, None) is None
    assert discover({}, "a:2222", 0) is None
    assert (
        discover({"TF_CONFIG": '{"cluster": {"chief": ["a:1"]}, "task": {"type": "chief", "index": 0}}'}, None, None)
        is None
    )
    assert discover({"TF_CONFIG": "{}"}, None, None) is None


@pytest.mark.parametrize(
    ("hosts", "message"),
    [
        ("a:2222,,b", "an address is empty"),
        ("a:2222 b:2222", "'a:2222 b:2222' contains a space"),
        ("http://a:2222", "'http://a:2222' is a URL, not an address"),
        ("me@a:2222", "'me@a:2222' names a user"),
        ("a:", "'a:' has no port after its colon"),
        ("a:0", "'a:0' has no valid port: it is a number from 1 to 65535"),
        ("a:65536", "'a:65536' has no valid port: it is a number from 1 to 65535"),
        ("a:http", "'a:http' has no valid port: it is a number from 1 to 65535"),
        ("[fe80::1]2222", "'[fe80::1]2222' has no valid port: it is a number from 1 to 65535"),
        ("a:-1", "'a:-1' has no valid port: it is a number from 1 to 65535"),
        ("a:２２", "'a:２２' has no valid port: it is a number from 1 to 65535"),
        ("fe80::1", "'fe80::1' has more than one colon"),
        ("[fe80::1:2222", "'[fe80::1:2222' has no IPv6 address in its brackets"),
        ("[a]:2222", "'[a]:2222' has no IPv6 address in its brackets"),
        ("-a:2222", "'-a:2222' has no valid host name"),
        ("ä:2222", "'ä:2222' has no valid host name"),
        ("10.0.0.256", "'10.0.0.256' has no valid IPv4 address"),
        ("0.0.0.0:1", "'0.0.0.0:1' stands for all addresses of a machine"),
        ("A:1,a:1", "a:1 is there twice"),
        ("a,a:2222", "a:2222 is there twice"),
        ("localhost,b", "localhost is another machine for each worker"),
        ("a,127.0.0.1:5", "127.0.0.1 is another machine for each worker"),
    ],
)
def test_wrong_addresses(hosts, message):
    assert problems({}, hosts, 0) == [f"--hosts: {message}"]


def test_all_mistakes_are_reported_at_once():
    assert problems({}, "a b,c:x,d", 3) == [
        "--hosts: 'a b' contains a space",
        "--hosts: 'c:x' has no valid port: it is a number from 1 to 65535",
        "--rank: a number from 0 to 2 is needed, a position in --hosts; got 3",
    ]
    assert problems({}, "a,b", -1) == ["--rank: a number from 0 to 1 is needed, a position in --hosts; got -1"]
    assert problems({}, "a,b", None) == ["--rank: it is missing, but --hosts is given"]
    assert problems({}, None, 1) == ["--rank: rank 1 is given without --hosts"]


def tf_config(cluster, task):
    return {"TF_CONFIG": json.dumps({"cluster": cluster, "task": task, "environment": "cloud"})}


def test_tf_config():
    workers = {"worker": ["a:1", "b:2"]}
    found = discover(tf_config(workers, {"type": "worker", "index": 1}), None, None)
    assert found == Cluster(("a:1", "b:2"), 1, "TF_CONFIG")
    assert discover(tf_config(workers, {"type": "worker", "index": "1"}), None, None) == found
    assert discover(tf_config({**workers, "ps": []}, {"type": "worker", "index": 1}), None, None) == found
    with_chief = {"chief": ["c:3"], **workers}
    assert discover(tf_config(with_chief, {"type": "chief", "index": 0}), None, None).rank == 0
    found = discover(tf_config(with_chief, {"type": "worker", "index": 1}), None, None)
    assert found == Cluster(("c:3", "a:1", "b:2"), 2, "TF_CONFIG")


TWO = {"worker": ["a", "b"]}
FIRST = {"type": "worker", "index": 0}


@pytest.mark.parametrize(
    ("cluster", "task", "message"),
    [
        (None, FIRST, "'cluster' is missing"),
        (TWO, None, "'task' is missing"),
        ([], FIRST, "'cluster' must be an object"),
        ({}, FIRST, "'cluster' has no addresses of workers"),
        ({"worker": "a"}, FIRST, "'worker' must be a list of addresses"),
        ({"worker": ["a", 2]}, FIRST, "'worker' must be a list of addresses"),
        ({"worker": ["a:x", "b"]}, FIRST, "'a:x' has no valid port: it is a number from 1 to 65535"),
        (TWO, {**FIRST, "index": 2}, "the task is 'worker' 2, but the cluster has 2 of them"),
        (TWO, {"type": "worker"}, "the task must have an 'index', a whole number from 0"),
        (TWO, {**FIRST, "index": True}, "the task must have an 'index', a whole number from 0"),
        (TWO, {"index": 0}, "the type of the task must be 'worker' or 'chief', got nothing"),
        (TWO, {**FIRST, "type": "evaluator"}, "the type of the task must be 'worker' or 'chief', got 'evaluator'"),
        ({**TWO, "ps": ["c"]}, {"type": "ps", "index": 0}, "tasks of type 'ps' are not supported"),
        ({**TWO, "chief": ["c", "d"]}, FIRST, "'chief' has 2 addresses, a cluster has one chief"),
    ],
)
def test_wrong_tf_config(cluster, task, message):
    assert problems(tf_config(cluster, task)) == [f"TF_CONFIG: {message}"]


def test_all_mistakes_of_tf_config_are_reported_at_once():
    cluster = {"worker": ["a b", "c:0"], "ps": ["d"]}
    assert problems(tf_config(cluster, None)) == [
        "TF_CONFIG: 'task' is missing",
        "TF_CONFIG: tasks of type 'ps' are not supported",
        "TF_CONFIG: 'a b' contains a space",
        "TF_CONFIG: 'c:0' has no valid port: it is a number from 1 to 65535",
    ]


def test_tf_config_that_is_no_json():
    assert problems({"TF_CONFIG": "{]"})[0].startswith("TF_CONFIG: it is not valid JSON: Expecting property name")
    assert problems({"TF_CONFIG": "[" * 100_000})[0].startswith("TF_CONFIG: it is not valid JSON: ")
    assert problems({"TF_CONFIG": "[1]"})[0] == "TF_CONFIG: it must be an object"


def slurm(rank=0, nodes="gpu[01-02,07]", tasks="2(x2),1", **more):
    count = sum(expand_tasks(tasks))
    step = {"SLURM_STEP_NODELIST": nodes, "SLURM_STEP_TASKS_PER_NODE": tasks, "SLURM_STEP_NUM_TASKS": str(count)}
    return {"SLURM_JOB_ID": "1001", "SLURM_STEP_ID": "0", "SLURM_PROCID": str(rank), **step, **more}


def test_tasks_of_a_slurm_step():
    found = discover(slurm(3), None, None)
    # Port: 20000 + 16 * (1001 mod 750), then one more for each task of a node.
    assert found.addresses == ("gpu01:24016", "gpu01:24017", "gpu02:24016", "gpu02:24017", "gpu07:24016")
    assert (found.rank, found.found_by, found.gpu_share) == (3, "SLURM", (1, 2))
    assert discover(slurm(4), None, None).gpu_share == (0, 1)


def test_two_slurm_jobs_or_steps_on_one_node_have_different_ports():
    ports = {
        address.rpartition(":")[2]
        for environ in (slurm(), slurm(SLURM_JOB_ID="1002"), slurm(SLURM_STEP_ID="1"))
        for address in discover(environ, None, None).addresses
    }
    assert len(ports) == 6


def test_slurm_tasks_in_cyclic_order():
    found = discover(slurm(3, SLURM_DISTRIBUTION="cyclic:block"), None, None)
    assert found.addresses == ("gpu01:24016", "gpu02:24016", "gpu07:24016", "gpu01:24017", "gpu02:24017")
    assert found.gpu_share == (1, 2)


def test_gpus_that_slurm_binds_are_not_divided_again():
    for bound in ({"SLURM_GPUS_PER_TASK": "1"}, {"SLURM_GPU_BIND": "single:1"}):
        assert discover(slurm(3, **bound), None, None).gpu_share == (0, 1)
    assert discover(slurm(3, SLURM_GPU_BIND="none"), None, None).gpu_share == (1, 2)


def test_gpus_of_one_machine_are_divided_among_its_processes():
    found = discover({}, "a:1,b:1,a:2", 2)
    assert found.gpu_share == (1, 2)
    assert discover({"CUDA_VISIBLE_DEVICES": "3"}, "a:1,b:1,a:2", 2).gpu_share == (0, 1)


def test_process_of_a_batch_script_without_srun_trains_alone():
    batch = {"SLURM_JOB_ID": "7", "SLURM_NTASKS": "4", "SLURM_JOB_NODELIST": "n[1-4]", "SLURM_PROCID": "0"}
    assert discover(batch, None, None) is None
    assert discover(slurm(tasks="1", nodes="n1", SLURM_DISTRIBUTION="arbitrary"), None, None) is None


def test_wrong_slurm_variables():
    assert problems(slurm(5)) == ["SLURM_PROCID: it is 5, but SLURM_STEP_NUM_TASKS is 5"]
    assert problems(slurm(SLURM_PROCID="")) == ["SLURM_PROCID: a whole number is needed, it is not set"]
    assert problems(slurm(SLURM_DISTRIBUTION="plane=2")) == [
        "SLURM_DISTRIBUTION: tasks distributed as 'plane=2' are not supported"
    ]
    assert problems(slurm(2, SLURM_NODEID="0")) == ["SLURM_NODEID: task 2 is on node 0, expected on node 1"]
    assert problems(slurm(nodes="gpu[1-2")) == ["SLURM_STEP_NODELIST: cannot read 'gpu[1-2'"]
    assert problems(slurm(nodes="gpu1")) == [
        "SLURM_STEP_TASKS_PER_NODE: 5 tasks on 3 nodes, but SLURM_STEP_NODELIST has 1 and SLURM_STEP_NUM_TASKS is 5"
    ]
    assert problems(slurm(SLURM_STEP_TASKS_PER_NODE="2(x")) == ["SLURM_STEP_TASKS_PER_NODE: cannot read '2(x'"]


def test_slurm_node_lists_by_hand():
    assert expand_nodes("gpu[01-02,07],login") == ["gpu01", "gpu02", "gpu07", "login"]
    assert expand_nodes("a[9-11]") == ["a9", "a10", "a11"]
    assert expand_nodes("r[1-2]n[08-09]-ib") == ["r1n08-ib", "r1n09-ib", "r2n08-ib", "r2n09-ib"]
    assert expand_nodes("a-1.x,b_2") == ["a-1.x", "b_2"]
    for wrong in ("", "a,", "a[", "a]", "a[]", "a[1-]", "a[2-1]", "a[x]", "a[1][", "a[[1]]", "a b", "a[1-99999999]"):
        with pytest.raises(UsageError):
            expand_nodes(wrong)


NAMES = st.from_regex(r"[a-z][a-z0-9-]{0,4}[a-z]", fullmatch=True)


@st.composite
def brackets(draw):
    """The text of a bracket, and the numbers that it stands for."""
    texts, numbers = [], []
    for _ in range(draw(st.integers(1, 3))):
        width, first = draw(st.integers(1, 4)), draw(st.integers(0, 120))
        last = first + draw(st.integers(0, 12))
        alone = draw(st.booleans())
        texts.append(f"{first:0{width}}" if alone else f"{first:0{width}}-{last:0{width}}")
        width = len(f"{first:0{width}}")
        numbers += [f"{number:0{width}}" for number in range(first, first + 1 if alone else last + 1)]
    return f"[{','.join(texts)}]", numbers


@st.composite
def node_lists(draw):
    texts, nodes = [], []
    for _ in range(draw(st.integers(1, 4))):
        text, expanded = draw(NAMES), [""]
        expanded = [text]
        for _ in range(draw(st.integers(0, 2))):
            bracket, numbers = draw(brackets())
            suffix = draw(st.sampled_from(["", "-ib", "n"]))
            text += bracket + suffix
            expanded = [name + number + suffix for name in expanded for number in numbers]
        texts.append(text)
        nodes += expanded
    return ",".join(texts), nodes


@given(node_lists())
def test_slurm_node_lists(case):
    text, nodes = case
    assert expand_nodes(text) == nodes


@given(st.text(alphabet="gn01-9[],() x", max_size=20))
def test_any_other_text_is_refused_or_expanded(text):
    for expand in (expand_nodes, expand_tasks):
        try:
            found = expand(text)
        except UsageError:
            continue
        assert found
        assert all(found) or expand is expand_tasks


@given(st.lists(st.tuples(st.integers(0, 99), st.integers(1, 5)), min_size=1, max_size=6))
def test_slurm_tasks_per_node(groups):
    text = ",".join(f"{tasks}(x{times})" if times > 1 else str(tasks) for tasks, times in groups)
    assert expand_tasks(text) == [tasks for tasks, times in groups for _ in range(times)]


POD = {"JOB_COMPLETION_INDEX": "1", "CNNCLI_WORKERS": "3", "CNNCLI_JOB": "digits", "CNNCLI_SERVICE": "digits-net"}


def test_pods_of_an_indexed_job():
    addresses = tuple(f"digits-{index}.digits-net:2222" for index in range(3))
    assert discover(POD, None, None) == Cluster(addresses, 1, "Kubernetes")


def test_pods_without_a_number_of_workers_train_alone():
    assert discover({"JOB_COMPLETION_INDEX": "1"}, None, None) is None
    assert discover({**POD, "CNNCLI_WORKERS": "1", "JOB_COMPLETION_INDEX": "0"}, None, None) is None


def test_wrong_variables_of_a_pod():
    assert problems({"CNNCLI_WORKERS": "two"}) == [
        "JOB_COMPLETION_INDEX: it is not set, but CNNCLI_WORKERS is",
        "CNNCLI_JOB: it is not set, but CNNCLI_WORKERS is",
        "CNNCLI_SERVICE: it is not set, but CNNCLI_WORKERS is",
        "CNNCLI_WORKERS: a whole number is needed, got 'two'",
    ]
    assert problems({**POD, "JOB_COMPLETION_INDEX": "3"}) == ["CNNCLI_WORKERS: it is 3, but JOB_COMPLETION_INDEX is 3"]
    assert problems({**POD, "CNNCLI_SERVICE": "a b"}) == ["CNNCLI_SERVICE: a name of Kubernetes is needed, got 'a b'"]


def test_command_line_comes_before_the_environment():
    everything = {**POD, **slurm(), **tf_config({"worker": ["a", "b"]}, {"type": "worker", "index": 0})}
    assert discover(everything, "x,y", 1).found_by == "--hosts"
    assert discover(everything, None, None).found_by == "TF_CONFIG"
    del everything["TF_CONFIG"]
    assert discover(everything, None, None).found_by == "SLURM"
    assert discover(POD, None, None).found_by == "Kubernetes"


def test_environment_can_be_ignored():
    off = {**slurm(), "CNNCLI_CLUSTER": "off"}
    assert discover(off, None, None) is None
    assert discover(off, "x,y", 1).found_by == "--hosts"
    assert problems({"CNNCLI_CLUSTER": "on"}) == ["CNNCLI_CLUSTER: the only value is 'off', got 'on'"]
