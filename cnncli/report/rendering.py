"""Render templates as HTML files that load nothing else."""

from __future__ import annotations

import base64
import hashlib
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from cnncli import __version__, tasks
from cnncli.messages import printable
from cnncli.report import values

_TEMPLATES = Path(__file__).parent / "templates"
# Template -> the command that makes its pages, and the beginning of their generator, by which they are recognized.
_MAKERS = {
    "page.html": ("cnncli report", "cnncli "),
    "index.html": ("cnncli runs", "cnncli runs "),
    "explanation.html": ("cnncli explain", "cnncli explain "),
    "data.html": ("cnncli data", "cnncli data "),
    "sweep.html": ("cnncli tune", "cnncli tune "),
}


def render(template: str, **fields: Any) -> str:
    """Render a template that extends `frame.html`: the same fields give the same file."""
    style, script = _part("page.css"), _part("page.js")
    maker, generator = _MAKERS[template]
    made = _environment().get_template(template)
    return made.render(
        policy=_policy(style, script),
        style=Markup(style),  # ours, as the files in `templates` are
        script=Markup(script),
        generator=f"{generator}{__version__}",
        maker=maker,
        version=__version__,
        plain=values,
        **fields,
    )


def is_made_as(template: str, path: Path) -> bool:
    """Whether a file is a page of a template, of this version or another."""
    try:
        with open(path, "rb") as file:
            beginning = file.read(4096)
    except (OSError, ValueError):
        return False
    return f'<meta name="generator" content="{_MAKERS[template][1]}'.encode() in beginning


def compile_templates(task: str) -> None:
    """Compile the templates of a run's page, which takes longer than to render it; they are kept in this process."""
    for name in ("page.html", "frame.html", "parts.html", f"{task}/report.html"):
        _environment().get_template(name)


@cache
def _environment() -> Environment:
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


def _part(name: str) -> str:
    return (_TEMPLATES / name).read_text(encoding="utf-8")


def _policy(style: str, script: str) -> str:
    """The Content-Security-Policy: pictures inside the page, this style and this script, and nothing else."""
    return (
        f"default-src 'none'; img-src data:; style-src {_hash(style)}; script-src {_hash(script)}; "
        "base-uri 'none'; form-action 'none'"
    )


def _hash(content: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()}'"
