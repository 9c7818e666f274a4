"""A run that goes on, or is done again, with the replicas of the network that its record and its state have."""

import json

import pytest

from cnncli.errors import ResourceError, UsageError
from cnncli.network import budget
from cnncli.runs import RECORD
from cnncli.training.devices import Device
from cnncli.training.state import State
from cnncli.workflow.planning import recorded_devices
from cnncli.workflow.resume import refuse_other_replicas
from cnncli.workflow.training_memory import available_memory


def state(step, replicas=None):
    values = {"epoch": 2, "step": step}
    return State(values if replicas is None else {**values, "replicas": replicas})


@pytest.mark.parametrize(("before", "now"), [(None, 2), (2, 1), (2, 4)])
def test_within_an_epoch_a_run_goes_on_with_as_many_replicas_as_before(before, now):
    with pytest.raises(UsageError) as caught:
        refuse_other_replicas(state(5, before), now)
    [problem] = caught.value.problems
    assert "stopped within epoch 3, after step 5" in problem.message
    assert problem.message.startswith(f"{before or 1} replica")
    assert "as many devices and workers as before" in problem.hint


def test_at_the_end_of_an_epoch_others_go_on_and_a_note_says_so():
    [note] = refuse_other_replicas(state(0, 2), 4)
    assert note.message.startswith("2 replicas of the network trained before, and 4 now")


@pytest.mark.parametrize(("kept", "now"), [(None, 3), (state(5), 1), (state(5, 2), 2)])
def test_as_many_as_before_need_no_word(kept, now):
    assert refuse_other_replicas(kept, now) == []


def written(folder, **replicas):
    record = {
        "schema_version": 1,
        "run": "x",
        "status": "completed",
        "device": {"kind": "cpu"},
        **({"replicas": replicas} if replicas else {}),
    }
    (folder / RECORD).write_text(json.dumps(record))
    return folder


def test_a_resumed_run_has_its_devices_again(tmp_path):
    found = recorded_devices(written(tmp_path, count=4, workers=2, devices=2))
    assert (found.count, found.kind) == (2, "cpu")


def test_one_process_that_does_a_run_again_has_the_devices_of_all_its_processes(tmp_path):
    run = written(tmp_path, count=2, workers=2, devices=1)
    found = recorded_devices(run, run)
    assert (found.count, found.kind) == (2, "cpu")


@pytest.mark.parametrize("replicas", [{}, {"count": 1, "workers": 1, "devices": 1}])
def test_of_one_device_the_kind_may_be_another_one(tmp_path, replicas):
    assert recorded_devices(written(tmp_path, **replicas)).kind is None


def test_a_gpu_needs_memory_for_its_part_of_a_batch():
    gpus = {"gpus": [{"name": "A GPU", "memory_bytes": 8_000}]}
    memory = available_memory(Device("gpu", "A GPU", "found", count=4), gpus, replicas=4)
    assert (memory.bytes, memory.whose, memory.parts) == (8_000, "A GPU", 4)


class Linear:
    """A budget: 100 bytes, and 10 for each example."""

    largest = ()

    @staticmethod
    def bytes(examples):
        return 100 + 10 * examples


def test_a_part_of_a_batch_has_to_fit():
    budget.check(Linear, batch_size=40, available=500, device="A GPU")
    budget.check(Linear, batch_size=160, available=500, device="A GPU", parts=4)
    with pytest.raises(ResourceError) as caught:
        budget.check(Linear, batch_size=164, available=500, device="A GPU", parts=4)
    assert "train.batch_size: 128 would fit" in caught.value.problems[0].hint  # 4 times 32
