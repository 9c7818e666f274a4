"""Which devices train, from the GPUs that TensorFlow lists."""

import pytest
import tensorflow as tf

from cnncli.errors import ResourceError
from cnncli.training import devices
from cnncli.training.precision import choose as choose_precision


@pytest.fixture
def gpus(monkeypatch):
    """Let TensorFlow list some GPUs; gives those that are made visible."""
    visible = []

    def found(count):
        names = [f"GPU:{number}" for number in range(count)]
        monkeypatch.setattr(tf.config, "list_physical_devices", lambda kind: names if kind == "GPU" else ["CPU:0"])
        monkeypatch.setattr(tf.config, "set_visible_devices", lambda used, _: visible.append(list(used)))
        monkeypatch.setattr(tf.config.experimental, "set_memory_growth", lambda *_: None)
        monkeypatch.setattr(tf.config.experimental, "get_device_details", lambda _: {"device_name": "A GPU"})
        return visible

    return found


@pytest.mark.parametrize(
    ("count", "share", "used", "reason"),
    [
        (None, (0, 1), [0, 1, 2, 3], "4 of 4 GPUs"),
        (1, (0, 1), [0], "the first GPU found"),
        (2, (0, 1), [0, 1], "2 of 4 GPUs"),
        (None, (1, 2), [2, 3], "2 of 4 GPUs"),
        (1, (1, 2), [2], "the first GPU found"),
        (None, (2, 3), [2, 3], "2 of 4 GPUs"),
    ],
)
def test_a_process_takes_its_share_of_the_gpus(gpus, count, share, used, reason):
    visible = gpus(4)
    device = devices.choose("auto", cpu_name="a processor", count=count, share=share)
    assert visible == [[f"GPU:{number}" for number in used]]
    assert (device.kind, device.name, device.count, device.reason) == ("gpu", "A GPU", len(used), reason)


@pytest.mark.parametrize("found", range(1, 9))
@pytest.mark.parametrize("parts", range(1, 9))
def test_shares_have_every_gpu_once(gpus, found, parts):
    gpus(found)
    assert sum(devices.gpus_found((part, parts)) for part in range(parts)) == found


def test_more_gpus_than_there_are_is_an_error(gpus):
    gpus(2)
    with pytest.raises(ResourceError, match="3 GPUs wanted, and there are 2"):
        devices.choose("gpu", cpu_name="a processor", count=3)


def test_more_processes_than_gpus_is_an_error_that_names_the_process(gpus):
    gpus(1)
    with pytest.raises(ResourceError, match="1 GPU wanted, and there are 0 for process 1 of the 2 on this machine"):
        devices.choose("auto", cpu_name="a processor", share=(0, 2), count=None)


def test_several_devices_without_a_gpu_are_no_processor(gpus):
    gpus(0)
    with pytest.raises(ResourceError, match="no GPU can be used"):
        devices.choose("auto", cpu_name="a processor", count=2)
    assert devices.choose("auto", cpu_name="a processor", count=None).kind == "cpu"


class Listed:
    """GPUs as TensorFlow lists them; records the calls about them."""

    def __init__(self, count):
        self.gpus = [f"/physical_device:GPU:{number}" for number in range(count)]
        self.visible = None
        self.growing = []

    def take_the_place(self, patch):
        config = devices.tf.config
        patch.setattr(config, "list_physical_devices", lambda kind: self.gpus)
        patch.setattr(config, "set_visible_devices", lambda wanted, kind: setattr(self, "visible", wanted))
        patch.setattr(config.experimental, "set_memory_growth", lambda gpu, on: self.growing.append((gpu, on)))
        details = {"device_name": "NVIDIA H200", "compute_capability": (9, 0)}
        patch.setattr(config.experimental, "get_device_details", lambda gpu: details)
        return self


@pytest.mark.parametrize(
    ("count", "wanted", "reason"),
    [(1, "auto", "the GPU found"), (2, "auto", "the first GPU found"), (2, "gpu", "requested")],
)
def test_a_gpu_is_taken_and_its_memory_grows(monkeypatch, count, wanted, reason):
    listed = Listed(count).take_the_place(monkeypatch)

    chosen = devices.choose(wanted, cpu_name="some")

    assert chosen == devices.Device("gpu", "NVIDIA H200", reason, (9, 0))
    assert listed.visible == listed.gpus[:1]
    assert listed.growing == [(listed.gpus[0], True)]
    assert choose_precision("auto", chosen, cpu_flags=()).policy == "mixed_bfloat16"


def test_cpu_hides_the_gpus(monkeypatch):
    listed = Listed(1).take_the_place(monkeypatch)

    assert devices.choose("cpu", cpu_name="some processor") == devices.Device("cpu", "some processor", "requested")
    assert listed.visible == []
    assert listed.growing == []


def test_without_a_gpu_auto_takes_the_processor_and_gpu_is_an_error(monkeypatch):
    Listed(0).take_the_place(monkeypatch)

    assert devices.choose("auto", cpu_name="some").reason == "no GPU found"
    with pytest.raises(ResourceError, match="no GPU can be used"):
        devices.choose("gpu", cpu_name="some")
