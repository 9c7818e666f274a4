"""The registry of tasks: the packages of `cnncli.tasks` by name, imported when they are needed."""

from __future__ import annotations

import importlib
import json
import pkgutil
from functools import cache
from types import ModuleType

from pydantic import ValidationError

import cnncli.tasks
from cnncli.runs.record import first_problem
from cnncli.tasks.result import Result


@cache
def names() -> tuple[str, ...]:
    """The names of all tasks."""
    return tuple(sorted(module.name for module in pkgutil.iter_modules(cnncli.tasks.__path__) if module.ispkg))


def part(task: str, name: str) -> ModuleType:
    """A module of a task, such as its `console`; the modules that a task has are listed in docs/architecture.md."""
    return importlib.import_module(f"cnncli.tasks.{task}.{name}")


def read_result(content: bytes) -> Result:
    """Read evaluation.json.

    Raises:
        ValueError: it is not the result of a known task; the message says what is wrong with it.
    """
    try:
        value = json.loads(content)
    except (ValueError, RecursionError):
        raise ValueError("no JSON text") from None
    task = value.get("task") if isinstance(value, dict) else None
    if task not in names():
        raise ValueError(f"its `task` is none of {', '.join(names())}")
    try:
        result: Result = part(task, "result").RESULT.model_validate(value)
    except ValidationError as error:
        raise ValueError(first_problem(error)) from None
    except RecursionError:
        raise ValueError("it is nested too deeply") from None
    return result
