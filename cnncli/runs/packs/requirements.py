"""The packages that a run depends on, with their versions: the closure of cnncli's own dependencies that is installed."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from importlib import metadata

from cnncli import __version__
from cnncli.runs.machine import versions

_ROOT = "cnncli"
_NOT_OF_RUNS = {"demo", "test", "all"}  # extras on which no run depends
_REQUIREMENT = re.compile(r"\s*([A-Za-z0-9][A-Za-z0-9._-]*)\s*(?:\[([^\]]*)\])?")
_EXTRA = re.compile(r"""extra\s*==\s*["']([^"']+)["']""")
_LINE = re.compile(r"([A-Za-z0-9][A-Za-z0-9._-]{0,200})==([A-Za-z0-9.!+_-]{1,100})")


def installed() -> dict[str, str]:
    """The installed packages by name, sorted; without the metadata of cnncli those that compute."""
    found: dict[str, str] = {}
    waiting = [(_ROOT, frozenset(_extras()))]
    if _distribution(_ROOT) is None:
        waiting += [(name, frozenset()) for name in versions() if name not in (_ROOT, "python")]
    seen: set[tuple[str, frozenset[str]]] = set()
    while waiting:
        name, extras = waiting.pop()
        if (name, extras) in seen:
            continue
        seen.add((name, extras))
        distribution = _distribution(name)
        if distribution is not None:
            found[name] = distribution.version
            waiting += _required(distribution.requires or (), extras)
    return dict(sorted({**found, _ROOT: __version__}.items()))


def as_text(packages: Mapping[str, str], python: str) -> str:
    """requirements.txt."""
    return "\n".join([f"# Python {python}", *(f"{name}=={version}" for name, version in packages.items()), ""])


def read(text: str) -> dict[str, str]:
    """The packages of a requirements.txt by name; other lines are skipped."""
    matches = (_LINE.fullmatch(line.strip()) for line in text.splitlines())
    return {_normal(match[1]): match[2] for match in matches if match}


def _extras() -> Iterator[str]:
    distribution = _distribution(_ROOT)
    names = (distribution.metadata.get_all("Provides-Extra") or ()) if distribution else ()
    yield from (name for name in names if name not in _NOT_OF_RUNS)


def _required(requirements: Iterable[str], extras: frozenset[str]) -> Iterator[tuple[str, frozenset[str]]]:
    """What a package requires, and the extras that it wants of it."""
    for requirement in requirements:
        text, _, marker = requirement.partition(";")
        of_extra = _EXTRA.search(marker)
        named = _REQUIREMENT.match(text)
        if named and (of_extra is None or of_extra[1] in extras):
            wanted = frozenset(each.strip() for each in (named[2] or "").split(",") if each.strip())
            yield _normal(named[1]), wanted


def _distribution(name: str) -> metadata.Distribution | None:
    try:
        return metadata.distribution(name)
    except (metadata.PackageNotFoundError, ValueError):
        return None


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()
