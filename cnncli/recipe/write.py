"""Write a recipe as YAML: resolved, so that it loads to an equal recipe, or as it was written."""

from __future__ import annotations

import math
import re
from typing import Any

import yaml

from cnncli.messages import is_formatting
from cnncli.recipe.deferred import Deferred
from cnncli.recipe.schema import Recipe

# Texts that are safe without quotes; everything else gets them.
_PLAIN = re.compile(r"[$]?[A-Za-z_][A-Za-z0-9_./-]*")
_RESERVED = {"null", "true", "false"}


def to_yaml(recipe: Recipe) -> str:
    """Write a recipe with every key, `vars` and expressions replaced by their values.

    What is not known yet stays an expression in terms of `$classes` alone, or a number of epochs.
    """
    return as_yaml(as_written(recipe))


def as_written(recipe: Recipe) -> dict[str, Any]:
    """A recipe with everything filled in, as plain data that reads back equal."""
    data = recipe.model_dump(exclude_none=True)
    return {key: item if key == "about" else escaped(item) for key, item in data.items()}


def as_yaml(data: Any) -> str:
    """Plain data as YAML that our own and every other YAML 1.2 reader reads back as it was."""
    text = yaml.dump(data, Dumper=_Dumper, sort_keys=False, default_flow_style=None, allow_unicode=True, width=120)
    return text if text.isascii() else "".join(map(_visible, text))


def as_flow(data: Any, *, within: bool = True) -> str:
    """The same on one line.

    Args:
        within: it stands in a mapping or a list of one line; else the outermost mapping has no brackets.
    """
    if not within and isinstance(data, dict) and len(data) == 1:
        [(key, value)] = data.items()
        return f"{as_flow(key)}: {as_flow(value)}"
    text = yaml.dump(data, Dumper=_Dumper, sort_keys=False, default_flow_style=True, allow_unicode=True, width=1 << 20)
    text = text.removesuffix("...\n").rstrip("\n")
    return text if text.isascii() else "".join(map(_visible, text))


def escaped(value: Any) -> Any:
    """A dollar sign in a text is doubled, since alone it would begin a name; in what is not known yet it begins one."""
    if isinstance(value, Deferred):
        return value.written
    if isinstance(value, dict):
        return {key: escaped(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [escaped(item) for item in value]
    return value.replace("$", "$$") if isinstance(value, str) else value


def _visible(character: str) -> str:
    """Format characters, which harm a terminal, as escapes; all text but plain ASCII stands in double quotes."""
    if not is_formatting(character) or character == "\n":
        return character
    return f"\\U{ord(character):08X}" if ord(character) > 0xFFFF else f"\\u{ord(character):04X}"


class _Dumper(yaml.SafeDumper):
    """Writes scalars so that YAML 1.2 reads them back as they were, and never an anchor."""

    def ignore_aliases(self, data: Any) -> bool:
        return True

    def check_simple_key(self) -> bool:
        """An empty text in quotes is a key as any other; PyYAML would write `? "" : 0`."""
        is_empty = isinstance(self.event, yaml.ScalarEvent) and self.event.value == ""
        return is_empty or super().check_simple_key()


def _text(dumper: yaml.SafeDumper, value: str) -> yaml.ScalarNode:
    plain = bool(_PLAIN.fullmatch(value)) and value.lower() not in _RESERVED
    return dumper.represent_scalar("tag:yaml.org,2002:str", value, style=None if plain else '"')


def _number(dumper: yaml.SafeDumper, value: float) -> yaml.ScalarNode:
    if not math.isfinite(value):  # an argument whose type Keras does not tell may be so
        text = ".nan" if math.isnan(value) else ".inf" if value > 0 else "-.inf"
    else:
        text = repr(value)
        # PyYAML (YAML 1.1) would put a tag before `1e-05`, which has no point.
        text = text if "." in text else text.replace("e", ".0e")
    return dumper.represent_scalar("tag:yaml.org,2002:float", text)


_Dumper.add_representer(str, _text)
_Dumper.add_representer(float, _number)
