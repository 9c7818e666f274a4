"""What all pages share: the Jinja environment, the style, the Content-Security-Policy."""

from __future__ import annotations

import base64
import hashlib
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from cnncli import tasks
from cnncli.messages import printable

_TEMPLATES = Path(__file__).parent / "templates"


@cache
def environment() -> Environment:
    """The templates of pages; every value is escaped."""
    return Environment(
        loader=FileSystemLoader([_TEMPLATES, *tasks.__path__]),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_shown,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )


def _shown(value: Any) -> Any:
    """What any expression of a template becomes before it is escaped: no character that hides, reorders or breaks."""
    if isinstance(value, str) and not hasattr(value, "__html__"):
        return printable(value)
    if value is None:
        raise TypeError("a template shows nothing at all where it shows None")
    return value


def part(name: str) -> str:
    """A file of the templates as it is."""
    return (_TEMPLATES / name).read_text(encoding="utf-8")


def policy(style: str, script: str = "") -> str:
    """The Content-Security-Policy: pictures inside the page, this style and this script, and nothing else."""
    scripts = f"script-src {_hash(script)}; " if script else ""
    return f"default-src 'none'; img-src data:; style-src {_hash(style)}; {scripts}base-uri 'none'; form-action 'none'"


def _hash(content: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()}'"
