"""Names of scripts that hide modules: Python looks in the folder of a script first."""

from __future__ import annotations

import sys
import sysconfig
from importlib import util
from pathlib import Path

_UNUSED = frozenset({"antigravity", "idlelib", "test", "this", "turtle", "turtledemo"})  # no package imports them


def hidden_module(script: Path) -> str:
    """The module that a script of this name hides, in words; empty where it hides none.

    Args:
        script: a file with the ending `.py`; others hide nothing.
    """
    name = script.stem
    if script.suffix != ".py" or not name.isidentifier():
        return ""
    if name in sys.stdlib_module_names:
        return "" if name in _UNUSED else f"Python's module `{name}`"
    found = util.find_spec(name)
    installed = (sysconfig.get_path("purelib"), sysconfig.get_path("platlib"))
    places = [found.origin or "", *(found.submodule_search_locations or ())] if found else []
    return f"the package `{name}`" if any(place.startswith(installed) for place in places) else ""
