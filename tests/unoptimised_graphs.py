"""TensorFlow without its graph optimizer (Grappler) in the process of the tests.

A test calls a graph a few times, and the optimizer takes a fifth of a short training. Commands in a process of their own
keep it, as users have it.
"""

from __future__ import annotations

import importlib.abc
import importlib.util
import sys
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any


class UnoptimisedGraphs(importlib.abc.MetaPathFinder):
    """Switches the optimizer off when TensorFlow is imported; tests that do not need TensorFlow do not import it."""

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> ModuleSpec | None:
        if name != "tensorflow":
            return None
        sys.meta_path.remove(self)
        spec = importlib.util.find_spec(name)
        assert spec
        assert spec.loader
        execute = spec.loader.exec_module

        def execute_and_switch_off(module: ModuleType) -> None:
            execute(module)
            module.config.optimizer.set_experimental_options({"disable_meta_optimizer": True})

        spec.loader.exec_module = execute_and_switch_off  # type: ignore[method-assign]
        return spec
