"""Values of texts without quotes, by the core schema of YAML 1.2 (https://yaml.org/spec/1.2.2/#103-core-schema)."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from cnncli.recipe.yaml.nodes import Node, Scalar, Sequence

MAX_NUMBER_LENGTH = 300  # a float holds integers of up to 308 digits, so that each of ours can become one
_CORE_SCHEMA: tuple[tuple[re.Pattern[str], Callable[[str], Any]], ...] = (
    (re.compile(r"|~|null|Null|NULL"), lambda _: None),
    (re.compile(r"true|True|TRUE"), lambda _: True),
    (re.compile(r"false|False|FALSE"), lambda _: False),
    (re.compile(r"[-+]?[0-9]+"), int),
    (re.compile(r"0o[0-7]+"), lambda text: int(text[2:], 8)),
    (re.compile(r"0x[0-9a-fA-F]+"), lambda text: int(text[2:], 16)),
    (re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?"), float),
    (re.compile(r"[-+]?\.(inf|Inf|INF)"), lambda text: float(text.replace(".", ""))),
    (re.compile(r"\.(nan|NaN|NAN)"), lambda _: float("nan")),
)
_CORE_STARTS = "-+.0123456789~nNtTfF"  # of the texts that one of the patterns may match
LONG_NUMBER = re.compile(r"[-+]?[0-9.]+|0o[0-7]+|0x[0-9a-fA-F]+")
_VALUE_KINDS: dict[type, str] = {
    str: "text",
    int: "a number",
    float: "a number",
    bool: "a boolean",
    type(None): "null",
}


def core_value(text: str) -> Any:
    """The value of a text without quotes, as YAML 1.2 reads it: `1e-3` a number, `no` text, `010` ten."""
    if text and text[0] not in _CORE_STARTS:
        return text
    convert = next((convert for pattern, convert in _CORE_SCHEMA if pattern.fullmatch(text)), str)
    return convert(text)


def kind_of_node(node: Node) -> str:
    """What a node is, in the words of a message."""
    if isinstance(node, Scalar):
        return _VALUE_KINDS[type(node.value)]
    return "a list" if isinstance(node, Sequence) else "a mapping"
