"""The processes of a cluster meet, and notice within seconds who is lost."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress

import pytest

from benchmarks.network_namespaces import two_hosts, why_not
from cnncli.distribute import meeting
from cnncli.distribute.cluster import Cluster
from cnncli.distribute.framing import receive, send
from cnncli.distribute.listener import Listener
from cnncli.distribute.meeting import meet
from cnncli.errors import WorkerError

pytestmark = pytest.mark.filterwarnings("error::pytest.PytestUnhandledThreadExceptionWarning")

ABOUT = {"TensorFlow": "2.21.0", "recipe": "3f2a"}


def free_ports(count):
    with ExitStack() as stack:
        sockets = [stack.enter_context(socket.create_server(("127.0.0.1", 0))) for _ in range(count)]
        return [each.getsockname()[1] for each in sockets]


def local_addresses(count):
    return tuple(f"127.0.0.1:{port}" for port in free_ports(count))


def cluster(addresses, rank):
    return Cluster(addresses, rank, "--hosts")


def met(addresses, **options):
    """All processes of a cluster, as threads of this one."""
    with ThreadPoolExecutor(len(addresses)) as pool:
        starts = [pool.submit(meet, cluster(addresses, rank), ABOUT, 10, **options) for rank in range(len(addresses))]
        return [start.result() for start in starts]


def refused(*calls):
    """What each of several processes raises that cannot meet."""
    with ThreadPoolExecutor(len(calls)) as pool:
        starts = [pool.submit(call) for call in calls]
        errors = [start.exception() for start in starts]
    assert all(isinstance(error, WorkerError) for error in errors), errors
    return [str(error) for error in errors]


def seen(check, seconds=10.0):
    """Wait for a value."""
    until = time.monotonic() + seconds
    while not (value := check()):
        assert time.monotonic() < until
        time.sleep(0.01)
    return value


def test_values_of_the_chief_reach_all_workers():
    chief, first, second = met(local_addresses(3))
    with chief, first, second:
        chief.tell({"run": "outputs/digits/1", "epochs": 3})
        assert first.wait_for("run", 5) == second.wait_for("run", 5) == "outputs/digits/1"
        assert second.wait_for("epochs", 5) == 3


def test_order_of_the_start_does_not_matter():
    addresses, missing = local_addresses(3), []
    with ThreadPoolExecutor(3) as pool:
        starts = [pool.submit(meet, cluster(addresses, 2), ABOUT, 10, missing.append)]
        time.sleep(0.5)
        starts.append(pool.submit(meet, cluster(addresses, 0), ABOUT, 10))
        seen(lambda: [1] in missing)
        starts.append(pool.submit(meet, cluster(addresses, 1), ABOUT, 10))
        meetings = [start.result() for start in starts]
    assert missing == [[0], [1], []]
    for each in meetings:
        each.finish()


@pytest.mark.parametrize(
    ("found_by", "hint"),
    [
        ("--hosts", "start the same command with its --rank, or raise --start-timeout"),
        ("--workers", "raise --start-timeout"),
        ("SLURM", "start it, or raise --start-timeout"),
    ],
)
def test_the_hint_about_a_missing_worker_fits_how_it_is_started(found_by, hint):
    with pytest.raises(WorkerError) as missing:
        meet(Cluster(local_addresses(2), 0, found_by), ABOUT, 0.1)

    assert missing.value.problems[0].hint == hint


def test_missing_worker_is_named_by_all():
    addresses = local_addresses(3)
    texts = refused(*(lambda rank=rank: meet(cluster(addresses, rank), ABOUT, 1) for rank in (0, 2)))
    assert texts[0] == texts[1]
    assert texts[0].splitlines()[0] == f"worker 1 ({addresses[1]}) did not connect within 1 s"


def test_missing_chief_is_named():
    addresses = local_addresses(2)
    (text,) = refused(lambda: meet(cluster(addresses, 1), ABOUT, 0.5))
    assert text.startswith(f"the chief ({addresses[0]}) was not reachable within 0.5 s: connection refused\n")


def test_differences_are_named_by_both():
    addresses = local_addresses(2)
    texts = refused(
        lambda: meet(cluster(addresses, 0), ABOUT, 10),
        lambda: meet(cluster(addresses, 1), {"TensorFlow": "2.20.0", "recipe": "8c1d"}, 10),
    )
    assert texts[0] == texts[1]
    assert f"TensorFlow is 2.20.0 on worker 1 ({addresses[1]}) and 2.21.0 on the chief ({addresses[0]})" in texts[0]
    assert f"recipe is 8c1d on worker 1 ({addresses[1]}) and 3f2a on the chief ({addresses[0]})" in texts[0]


def test_worker_that_ended_early_can_be_started_again():
    addresses, missing = local_addresses(3), []
    with ThreadPoolExecutor(3) as pool:
        starts = [pool.submit(meet, cluster(addresses, 0), ABOUT, 10, missing.append)]
        with seen(lambda: connected(addresses[0])) as other:
            send(other, hello(addresses), 5)
            assert receive(other, 5) == {"missing": [2]}
        seen(lambda: missing == [[1, 2], [2], [1, 2]])
        with connected(addresses[0]) as other:
            send(other, hello(addresses), 5)
            assert receive(other, 5) == {"missing": [2]}
        starts += [pool.submit(meet, cluster(addresses, rank), ABOUT, 10) for rank in (1, 2)]
        for start in starts:
            assert start.result().lost() is None


def hello(addresses):
    """The first message of worker 1, on another machine."""
    said = {"rank": 1, "host": "elsewhere", "pid": 7, "about": ABOUT, "addresses": list(addresses)}
    return {"protocol": 1, "hello": said}


def test_two_processes_with_one_rank_are_refused():
    addresses = local_addresses(3)
    with ThreadPoolExecutor(2) as pool:
        chief = pool.submit(meet, cluster(addresses, 0), ABOUT, 10)
        with seen(lambda: connected(addresses[0])) as other:
            send(other, hello(addresses), 5)
            assert receive(other, 5) == {"missing": [2]}
            worker = pool.submit(meet, cluster(addresses, 1), ABOUT, 10)
            texts = [str(chief.exception()), str(worker.exception()), receive(other, 5)["refused"][0]["message"]]
    own = f"process {os.getpid()} on {socket.gethostname()}"
    assert {text.splitlines()[0] for text in texts} == {f"two processes have rank 1: process 7 on elsewhere, {own}"}


def connected(address):
    host, _, port = address.rpartition(":")
    try:
        return socket.create_connection((host, int(port)))
    except ConnectionRefusedError:
        return None


def test_different_addresses_are_refused():
    addresses = local_addresses(3)
    texts = refused(lambda: meet(cluster(addresses[:2], 0), ABOUT, 10), lambda: meet(cluster(addresses, 1), ABOUT, 10))
    assert texts[0] == texts[1]
    assert f"has the addresses {','.join(addresses)}, the chief {','.join(addresses[:2])}" in texts[0]


def test_swapped_ranks_are_named():
    port = free_ports(1)[0]
    addresses = (f"127.0.0.1:{port}", f"127.0.0.2:{port}")
    swapped = Cluster(addresses[::-1], 1, "--hosts")  # listens at the address that the others have for the chief
    with Listener(swapped):
        (text,) = refused(lambda: meet(cluster(addresses, 1), ABOUT, 5))
    assert text.startswith(f"worker 1 answers at the address of the chief ({addresses[0]})\n")


def test_address_that_the_others_cannot_reach_is_named(monkeypatch):
    monkeypatch.setattr(meeting, "_REACH_SECONDS", 0.5)
    own, port = local_addresses(1)[0], free_ports(1)[0]
    addresses = (own, f"nowhere.invalid:{port}")
    texts = refused(*(lambda rank=rank: meet(cluster(addresses, rank), ABOUT, 10) for rank in (0, 1)))
    assert texts[0] == texts[1]
    expected = f"the chief ({own}) cannot reach worker 1 ({addresses[1]}): the host name cannot be resolved\n"
    assert texts[0].startswith(expected)


def test_used_port_is_named():
    addresses = local_addresses(2)
    with socket.create_server(("127.0.0.1", int(addresses[0].rpartition(":")[2]))):
        (text,) = refused(lambda: meet(cluster(addresses, 0), ABOUT, 1))
    port = addresses[0].rpartition(":")[2]
    expected = f"the chief ({addresses[0]}) cannot use port {port} on this machine: another process uses it\n"
    assert text.startswith(expected)


def test_port_is_free_again_while_the_connections_are_open():
    addresses = local_addresses(2)
    chief, worker = met(addresses)
    with chief, worker:
        for address in addresses:
            for host in ("127.0.0.1", ""):
                with socket.create_server((host, int(address.rpartition(":")[2]))):
                    pass
        chief.tell({"still": "open"})
        assert worker.wait_for("still", 5) == "open"


def test_strangers_do_not_disturb():
    addresses = local_addresses(2)
    garbage = [
        b"GET / HTTP/1.1\r\n\r\n",
        b"\x00\x00\x00\x04null",
        b"\xff" * 64,
        b"",
        b"\x00\x00\x00\x20" + b"[" * 32,
        b'\x00\x00\x00\x1a{"protocol":1,"hello":{}}\n',
    ]
    with ThreadPoolExecutor(2) as pool:
        chief = pool.submit(meet, cluster(addresses, 0), ABOUT, 10)
        for data in garbage:
            with seen(lambda: connected(addresses[0])) as stranger, suppress(ConnectionResetError, BrokenPipeError):
                stranger.settimeout(5)
                stranger.sendall(data)
                with suppress(OSError):  # it is closed already
                    stranger.shutdown(socket.SHUT_WR)
                assert stranger.recv(1) == b""
        worker = pool.submit(meet, cluster(addresses, 1), ABOUT, 10)
        with chief.result() as first, worker.result():
            first.tell({"run": "r"})


def test_silent_training_is_no_loss():
    meetings = met(local_addresses(2), lost_after=1)
    time.sleep(2)
    assert [each.lost() for each in meetings] == [None, None]
    for each in meetings:
        each.finish()


def test_closed_connection_is_a_loss_at_once_and_all_name_it():
    addresses = local_addresses(3)
    chief, first, second = met(addresses)
    called = []
    chief.on_lost(called.append)
    second._peers[0].connection.shutdown(socket.SHUT_RDWR)  # as the system does for a killed process
    for each in (chief, first):
        assert each.wait_lost(5).rank == 2
    assert first.lost() == chief.lost()
    assert str(first.lost()) == f"worker 2 ({addresses[2]}) on {socket.gethostname()}: connection closed"
    seen(lambda: called == [chief.lost()])
    later = []
    chief.on_lost(later.append)
    seen(lambda: later == [chief.lost()])
    for each in (chief, first, second):
        each.finish()


def test_reason_of_an_error_is_told():
    chief, first, second = met(local_addresses(3))
    with pytest.raises(ValueError, match="no room"), first:
        raise ValueError("no room")
    assert chief.wait_lost(5).reason == second.wait_lost(5).reason == "ValueError: no room"
    chief.finish()
    second.finish()


def test_lost_chief_is_named():
    addresses = local_addresses(2)
    chief, worker = met(addresses)
    chief.fail("out of memory")
    assert worker.wait_lost(5).rank == 0
    with pytest.raises(WorkerError, match=rf"lost the chief \({addresses[0]}\): out of memory"):
        worker.wait_for("run", 5)
    worker.finish()


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 1, 0), (1, 0, 2)], ids=str)
def test_no_order_of_the_end_is_a_loss(order):
    meetings = met(local_addresses(3))
    for rank in order:
        meetings[rank].finish()
        time.sleep(0.05)
        assert [each.lost() for each in meetings] == [None] * 3


def test_end_takes_no_time():
    meetings = met(local_addresses(3))
    before = time.monotonic()
    for each in meetings:
        each.finish()
    assert time.monotonic() - before < 1


WORKER = """
import json, sys
from cnncli.distribute.cluster import Cluster
from cnncli.distribute.meeting import meet
addresses, rank, about, lost_after = json.loads(sys.argv[1])
meeting = meet(Cluster(tuple(addresses), rank, "--hosts"), about, 20, lost_after=lost_after)
print("met", flush=True)
lost = meeting.wait_lost(30)
print(lost.rank, lost.reason, flush=True)
meeting.finish()
"""


@contextmanager
def processes(addresses, lost_after, hosts=()):
    """The processes of a cluster, when they have met.

    Args:
        hosts: where each runs; by default here.
    """
    started = []
    try:
        for rank in range(len(addresses)):
            command = [sys.executable, "-c", WORKER, json.dumps([addresses, rank, ABOUT, lost_after])]
            command = hosts[rank].command(*command) if hosts else command
            started.append(subprocess.Popen(command, stdout=subprocess.PIPE, text=True))
        assert [process.stdout.readline() for process in started] == ["met\n"] * len(addresses)
        yield started
    finally:
        for process in started:
            process.kill()
            process.wait()
            process.stdout.close()


@pytest.mark.parametrize("killed", [0, 1])
def test_killed_process_is_named_at_once(killed):
    with processes(local_addresses(3), 60) as started:
        before = time.monotonic()
        started[killed].kill()
        said = {started[rank].stdout.readline() for rank in range(3) if rank != killed}
        assert time.monotonic() - before < 10
        assert {line.split()[0] for line in said} == {str(killed)}


def test_frozen_process_is_named_after_silence_and_learns_it_when_it_wakes():
    with processes(local_addresses(3), 1) as started:
        os.kill(started[1].pid, signal.SIGSTOP)
        assert {started[rank].stdout.readline() for rank in (0, 2)} == {"1 no sign of life for 1 s\n"}
        os.kill(started[1].pid, signal.SIGCONT)
        assert started[1].stdout.readline() == "1 no sign of life for 1 s\n"


def test_suspended_machine_loses_nobody():
    with processes(local_addresses(2), 1) as started:
        for number in (signal.SIGSTOP, signal.SIGCONT):
            for process in started:
                os.kill(process.pid, number)
            time.sleep(1.5)
        started[1].kill()
        assert started[0].stdout.readline() == "1 connection closed\n"


def test_cut_between_two_hosts_is_noticed_on_both():
    if reason := why_not():
        pytest.skip(reason)
    with two_hosts() as hosts:
        addresses = [f"{host.address}:2222" for host in hosts]
        with processes(addresses, 1, hosts) as started:
            hosts[0].cut()
            assert [process.stdout.readline() for process in started] == [
                "1 no sign of life for 1 s\n",
                "0 no sign of life for 1 s\n",
            ]
