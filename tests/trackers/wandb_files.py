"""Read the files of offline runs of Weights & Biases: a log in the format of LevelDB, of protocol buffers."""

from __future__ import annotations

import json
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Any

_HEADER, _BLOCK, _HEAD = 7, 32 * 1024, 7  # bytes: of the file, of a block, before a part of a record
_FULL, _LAST = 1, 4  # kinds of parts


def records(file: Path) -> Iterator[Any]:
    """The records of a file."""
    from wandb.proto import wandb_internal_pb2

    content, at, whole = file.read_bytes(), _HEADER, b""
    while at + _HEAD <= len(content):
        if (left := _BLOCK - at % _BLOCK) < _HEAD:
            at += left
            continue
        _, length, kind = struct.unpack_from("<IHB", content, at)
        whole += content[at + _HEAD : at + _HEAD + length]
        at += _HEAD + length
        if kind in (_FULL, _LAST):
            record = wandb_internal_pb2.Record()
            record.ParseFromString(whole)
            yield record
            whole = b""


def offline_run(folder: Path) -> dict[str, Any]:
    """What the one offline run below a folder holds: `run`, `config`, `history`, `summary`, `files`, `artifacts`, `exit`."""
    [file] = folder.glob("wandb/offline-run-*/*.wandb")
    found: dict[str, Any] = {"config": {}, "history": [], "summary": {}, "files": [], "artifacts": [], "exit": None}
    for record in records(file):
        kind = record.WhichOneof("record_type")
        if kind == "run":
            found["run"] = record.run
            found["config"] |= _items(record.run.config.update)
        elif kind == "config":
            found["config"] |= _items(record.config.update)
        elif kind == "history":
            found["history"].append({**_items(record.history.item), "step": record.history.step.num})
        elif kind == "summary":
            found["summary"] |= _items(record.summary.update)
        elif kind == "files":
            found["files"] += [each.path for each in record.files.files]
        elif kind == "artifact":
            found["artifacts"].append(record.artifact)
        elif kind == "exit":
            found["exit"] = record.exit.exit_code
    return found


def _items(items: Any) -> dict[str, Any]:
    return {item.key or ".".join(item.nested_key): json.loads(item.value_json) for item in items}
