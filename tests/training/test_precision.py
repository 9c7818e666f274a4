"""Which number format `auto` takes."""

import pytest

from cnncli.training.devices import Device
from cnncli.training.precision import choose

AMX = ("avx512f", "amx_bf16")


def device(kind, capability=None):
    return Device(kind=kind, name="some", reason="", compute_capability=capability)


@pytest.mark.parametrize(
    ("flags", "multiply_adds", "policy"),
    [
        (AMX, 2_631_040, "mixed_bfloat16"),
        (AMX, 1_000_000, "mixed_bfloat16"),
        (AMX, None, "mixed_bfloat16"),
        (AMX, 999_999, "float32"),
        (("avx512f",), 2_631_040, "float32"),
    ],
)
def test_auto_on_a_processor_is_bfloat16_where_it_has_units_for_it_and_the_network_enough_for_them(
    flags, multiply_adds, policy
):
    assert choose("auto", device("cpu"), cpu_flags=flags, multiply_adds=multiply_adds).policy == policy


def test_reason_says_how_little_the_network_multiplies():
    chosen = choose("auto", device("cpu"), cpu_flags=AMX, multiply_adds=416_520)

    assert chosen.reason == "416,520 multiply-adds per example are too few to benefit from bfloat16"


def test_gpu_is_judged_by_its_compute_capability_alone():
    for capability, policy in (((8, 0), "mixed_bfloat16"), ((7, 5), "float32")):
        chosen = choose("auto", device("gpu", capability), cpu_flags=(), multiply_adds=10)

        assert chosen.policy == policy


def test_what_a_recipe_asks_for_is_taken_for_a_small_network_too():
    assert choose("mixed_bfloat16", device("cpu"), cpu_flags=AMX, multiply_adds=10).policy == "mixed_bfloat16"
