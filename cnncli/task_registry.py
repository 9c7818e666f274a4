"""The registry of tasks: the packages of `cnncli.tasks`, whose modules are imported by name when they are needed."""

from __future__ import annotations

import importlib.util
from functools import cache
from pathlib import Path
from types import ModuleType


@cache
def names() -> tuple[str, ...]:
    """The names of all tasks."""
    return tuple(sorted(path.parent.name for path in (Path(__file__).parent / "tasks").glob("*/__init__.py")))


@cache
def has(task: str, name: str) -> bool:
    """Whether a task has a module that not every task has."""
    return importlib.util.find_spec(f"cnncli.tasks.{task}.{name}") is not None


def part(task: str, name: str) -> ModuleType:
    """A module of a task, such as its `console`; the modules that a task has are listed in docs/architecture.md."""
    return importlib.import_module(f"cnncli.tasks.{task}.{name}")
