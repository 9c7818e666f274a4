"""A Recipe -> YAML with everything filled in, which loads back to an equal recipe."""

from __future__ import annotations

import math
import re
from typing import Any

import yaml

from cnncli.recipe.schema import Recipe

# Texts that are safe without quotes; everything else gets them.
_PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_./-]*")
_RESERVED = {"null", "true", "false"}


def to_yaml(recipe: Recipe) -> str:
    """Write a recipe with every key, `vars` and expressions replaced by their values."""
    data = _escaped(recipe.model_dump(exclude_none=True))
    return yaml.dump(data, Dumper=_Dumper, sort_keys=False, default_flow_style=None, allow_unicode=True, width=120)


def _escaped(value: Any) -> Any:
    """A dollar sign in a text is doubled: alone it would begin a name."""
    if isinstance(value, dict):
        return {key: item if key == "about" else _escaped(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_escaped(item) for item in value]
    return value.replace("$", "$$") if isinstance(value, str) else value


class _Dumper(yaml.SafeDumper):
    """Writes scalars so that YAML 1.2 reads them back as they were, and never an anchor."""

    def ignore_aliases(self, data: Any) -> bool:
        return True


def _text(dumper: yaml.SafeDumper, value: str) -> yaml.ScalarNode:
    plain = bool(_PLAIN.fullmatch(value)) and value.lower() not in _RESERVED
    return dumper.represent_scalar("tag:yaml.org,2002:str", value, style=None if plain else '"')


def _number(dumper: yaml.SafeDumper, value: float) -> yaml.ScalarNode:
    assert math.isfinite(value)
    return dumper.represent_scalar("tag:yaml.org,2002:float", repr(value))


_Dumper.add_representer(str, _text)
_Dumper.add_representer(float, _number)
