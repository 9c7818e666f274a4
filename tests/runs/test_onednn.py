"""Whether TensorFlow computes with oneDNN: the user decides, else the run that goes on, else the processor."""

from __future__ import annotations

import json
from types import SimpleNamespace

import pytest

from cnncli.errors import UsageError
from cnncli.runs import onednn
from cnncli.runs.onednn import OneDnn, choose, decide, recorded

AVX2, VNNI = ("avx", "avx2", "fma"), ("avx2", "avx512f", "avx512_vnni")


@pytest.mark.parametrize(
    ("flags", "expected"),
    [
        (VNNI, OneDnn(True, "the processor has avx512_vnni")),
        (("avx2", "amx_tile", "amx_bf16"), OneDnn(True, "the processor has amx_tile")),
        (AVX2, OneDnn(True, "the processor has AVX2")),
        (("avx",), OneDnn(False, "the processor has no AVX2")),
        ((), OneDnn(False, "the processor has no AVX2")),
    ],
)
def test_processor_decides_where_nothing_else_does(flags, expected):
    assert decide(flags, {}) == expected


def test_run_that_goes_on_decides_before_the_processor():
    assert decide(VNNI, {}, recorded=False) == OneDnn(False, "as the run was trained")


def test_variable_of_cnncli_decides_before_the_run():
    assert decide(VNNI, {"CNNCLI_ONEDNN": "0"}, recorded=True) == OneDnn(False, "CNNCLI_ONEDNN is 0")


@pytest.mark.parametrize(
    ("given", "enabled"), [("1", True), ("true", True), ("True", True), ("0", False), ("no", False)]
)
def test_variable_of_tensorflow_decides_before_everything(given, enabled):
    environment = {"TF_ENABLE_ONEDNN_OPTS": given, "CNNCLI_ONEDNN": "0" if enabled else "1"}
    assert decide(AVX2, environment, recorded=not enabled) == OneDnn(enabled, f"TF_ENABLE_ONEDNN_OPTS is {given}")


def test_other_values_are_an_error():
    with pytest.raises(UsageError, match="expected 0 or 1, got yes"):
        decide(AVX2, {"CNNCLI_ONEDNN": "yes"})


@pytest.mark.parametrize(("flags", "told"), [(AVX2, "1"), (VNNI, None), (("avx",), None)])
def test_tensorflow_is_told_where_it_would_do_otherwise(flags, told, monkeypatch):
    monkeypatch.setattr(onednn, "_chosen", [])
    monkeypatch.setattr(onednn, "processor", lambda: {"model": "x", "flags": list(flags)})
    environment: dict[str, str] = {}
    monkeypatch.setattr(onednn, "os", SimpleNamespace(environ=environment))
    first = choose()
    assert environment.get("TF_ENABLE_ONEDNN_OPTS") == told
    environment.clear()
    assert choose() == first  # decided once
    assert environment == {}


def test_record_says_what_a_run_was_computed_with(tmp_path):
    assert recorded(tmp_path) is None
    for said, expected in (({"onednn": {"enabled": False, "reason": "a"}}, False), ({}, None), ({"onednn": 3}, None)):
        (tmp_path / "run.json").write_text(json.dumps({"schema_version": 1, "status": "completed", **said}))
        assert recorded(tmp_path) is expected
