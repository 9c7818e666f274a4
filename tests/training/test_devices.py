"""Which devices train, from the GPUs that TensorFlow lists."""

import pytest
import tensorflow as tf

from cnncli.errors import ResourceError
from cnncli.training import devices


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
