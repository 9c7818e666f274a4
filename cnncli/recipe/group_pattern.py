"""Patterns that find the group of a file in its name: regular expressions with one group."""

from __future__ import annotations

import re

from cnncli.messages import shortened

HINT = "for example `(p[0-9]+)_`, which finds p17 in p17_002.png"


def fault_of(pattern: str) -> str:
    """What is wrong with a pattern; empty when nothing is."""
    try:
        groups = re.compile(pattern).groups
    except (re.error, RecursionError, OverflowError) as error:
        return f"`{shortened(pattern)}` is not a regular expression: {error}"
    if groups != 1:
        return f"`{shortened(pattern)}` has {groups or 'no'} groups in brackets; expected one, which finds the group of a file"
    return ""
