"""Whether TensorFlow computes with oneDNN, decided before it is imported; it changes the speed, and the last bits of results.

TensorFlow itself uses oneDNN only on processors with instructions for neural networks; processors with AVX2 can use it too.
"""

from __future__ import annotations

import os
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cnncli.errors import OutputError, Place, Problem, UsageError
from cnncli.messages import shortened
from cnncli.runs.machine import processor
from cnncli.runs.record import read_record

OF_TENSORFLOW = "TF_ENABLE_ONEDNN_OPTS"
OF_CNNCLI = "CNNCLI_ONEDNN"
# Where one of these is, TensorFlow uses oneDNN by itself.
_BY_ITSELF = (
    *("avx512_vnni", "avx512_bf16", "avx512_fp16", "avx_vnni"),
    *("amx_tile", "amx_int8", "amx_bf16"),
)


@dataclass(frozen=True, slots=True)
class OneDnn:
    """The decision.

    Attributes:
        enabled: whether TensorFlow computes with oneDNN.
        reason: for people.
    """

    enabled: bool
    reason: str


_chosen: list[OneDnn] = []


def decide(flags: Collection[str], environment: Mapping[str, str], recorded: bool | None = None) -> OneDnn:
    """Decide by the environment, else by the run that is continued or repeated, else by the processor.

    Args:
        flags: of the processor.
        recorded: what an earlier run was computed with, if this one must be equal to it.

    Raises:
        UsageError: `CNNCLI_ONEDNN` is neither 0 nor 1.
    """
    if given := environment.get(OF_TENSORFLOW):
        return OneDnn(given.strip().lower() in ("1", "true"), f"{OF_TENSORFLOW} is {shortened(given, 20)}")
    if given := environment.get(OF_CNNCLI):
        if given not in ("0", "1"):
            raise UsageError(Problem(f"expected 0 or 1, got {shortened(given, 20)}", place=Place(OF_CNNCLI)))
        return OneDnn(given == "1", f"{OF_CNNCLI} is {given}")
    if recorded is not None:
        return OneDnn(recorded, "as the run was trained")
    if found := next((flag for flag in _BY_ITSELF if flag in flags), None):
        return OneDnn(True, f"the processor has {found}")
    if "avx2" in flags:
        return OneDnn(True, "the processor has AVX2")
    return OneDnn(False, "the processor has no AVX2")


def choose(run: Path | None = None) -> OneDnn:
    """Decide once in a process, and tell TensorFlow, which must not be imported yet.

    Args:
        run: the folder of a run that is continued or repeated.

    Raises:
        UsageError: as `decide`.
    """
    if not _chosen:
        flags = processor()["flags"]
        found = decide(flags, os.environ, recorded(run) if run else None)
        if found.enabled != any(flag in flags for flag in _BY_ITSELF):
            os.environ[OF_TENSORFLOW] = str(int(found.enabled))
        _chosen.append(found)
    return _chosen[0]


def recorded(run: Path) -> bool | None:
    """What a run was computed with; None where its record does not say."""
    try:
        said: Any = read_record(run).get("onednn")
    except OutputError:  # whoever opens the run says why
        return None
    return said.get("enabled") if isinstance(said, Mapping) and isinstance(said.get("enabled"), bool) else None
