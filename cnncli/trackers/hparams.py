"""The messages of TensorBoard's HParams plugin, encoded as protocol buffers: TensorFlow alone does not have them.

Source: tensorboard/plugins/hparams/plugin_data.proto.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping

PLUGIN = "hparams"
STARTED, ENDED = "_hparams_/session_start_info", "_hparams_/session_end_info"  # tags
_SUCCESS, _FAILURE = 1, 2
_START, _END = 3, 4  # fields of HParamsPluginData


def session_start(parameters: Mapping[str, str | float | bool], *, group: str, started: float) -> bytes:
    """HParamsPluginData with a SessionStartInfo.

    Args:
        group: sessions of one group are shown as one, with the mean of their metrics.
        started: seconds since 1970.
    """
    from google.protobuf.struct_pb2 import Value

    content = b""
    for name, value in parameters.items():
        if isinstance(value, bool):
            held = Value(bool_value=value)
        elif isinstance(value, (int, float)):
            held = Value(number_value=value)
        else:
            held = Value(string_value=value)
        content += _field(1, _field(1, name.encode("utf-8", "replace")) + _field(2, held.SerializeToString()))
    if group:
        content += _field(4, group.encode("utf-8", "replace"))
    return _field(_START, content + _double(5, started))


def session_end(*, is_success: bool, ended: float) -> bytes:
    """HParamsPluginData with a SessionEndInfo."""
    status = _SUCCESS if is_success else _FAILURE
    return _field(_END, bytes([1 << 3, status]) + _double(2, ended))


def _field(number: int, content: bytes) -> bytes:
    """A field with a length: a message or a text."""
    return bytes([number << 3 | 2]) + _varint(len(content)) + content


def _double(number: int, value: float) -> bytes:
    return bytes([number << 3 | 1]) + struct.pack("<d", value)


def _varint(value: int) -> bytes:
    content = bytearray()
    while value > 0x7F:
        content.append(value & 0x7F | 0x80)
        value >>= 7
    content.append(value)
    return bytes(content)
