"""Names of variables and functions in generated Python: valid, and each taken once."""

from __future__ import annotations

import builtins
import keyword
import re

# What generated code uses itself.
_OWN = {"keras", "layers", "np", "math", "name", "x", "build_model", "inputs", "classes"}


class Identifiers:
    """Hands out names that nothing else has.

    Args:
        around: what is taken outside of the function; a function may not hide it.
    """

    def __init__(self, around: Identifiers | None = None) -> None:
        self._around = around
        self._taken = set(_OWN) if around is None else set()

    def new(self, wish: str) -> str:
        """A name as near as possible to a wish."""
        base = re.sub(r"\W", "_", wish, flags=re.ASCII) or "x"
        base = f"_{base}" if base[0].isdigit() else base
        base = f"{base}_" if keyword.iskeyword(base) or hasattr(builtins, base) else base
        name, number = base, 2
        while self.is_taken(name):
            name, number = f"{base}{number}" if not base[-1].isdigit() else f"{base}_{number}", number + 1
        self._taken.add(name)
        return name

    def free(self, name: str) -> None:
        """Let a name be taken again, as that of a loop's variable after the loop."""
        self._taken.discard(name)

    def is_taken(self, name: str) -> bool:
        return name in self._taken or (self._around is not None and self._around.is_taken(name))
