"""Devices: what is chosen of those that TensorFlow lists. A GPU that is listed stands in for one; nothing is computed on it."""

import pytest

from cnncli.errors import ResourceError
from cnncli.training import devices
from cnncli.training.precision import choose as choose_precision


class Listed:
    """GPUs as TensorFlow lists them; keeps what it is told to do with them."""

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
    assert listed.visible == listed.gpus[0]
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
