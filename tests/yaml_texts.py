"""Texts of YAML: what they are read as, and what is reported about those that are refused."""

from __future__ import annotations

import re
from typing import Any

import pytest

from cnncli.errors import RecipeError
from cnncli.recipe.yaml.nodes import plain
from cnncli.recipe.yaml.source import parse


def load(text: str) -> Any:
    return plain(parse(text.encode(), "r.yaml"))


def told(text: str | bytes) -> str:
    """What is reported about a text that is refused."""
    with pytest.raises(RecipeError) as raised:
        parse(text if isinstance(text, bytes) else text.encode(), "r.yaml")
    return str(raised.value)


def refused_cases(table: str) -> list[Any]:
    """Cases from a table: `### ` and a name, a recipe, `--->` and what is reported about it."""
    blocks = re.split(r"^### ", table, flags=re.MULTILINE)[1:]
    cases = []
    for block in blocks:
        name, _, rest = block.partition("\n")
        text, _, expected = rest.partition("--->\n")
        assert text, name
        assert expected.startswith("r.yaml:"), name
        cases.append(pytest.param(text, expected.rstrip("\n"), id=name))
    assert cases
    return cases
