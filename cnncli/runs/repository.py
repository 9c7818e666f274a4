"""The git commit that a recipe belongs to.

The repository may be a stranger's, and its `.git/config` can name programs to run; `git` is called so that it starts
none of them and opens no connection.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

_SECONDS = 2.0
_HARMLESS = ("--no-pager", "-c", "core.fsmonitor=false", "-c", f"core.hooksPath={os.devnull}")
_ENVIRONMENT = {
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_ALLOW_PROTOCOL": "none",  # a partial clone would fetch what is missing, by a program named in its config
    "GIT_NO_LAZY_FETCH": "1",
    "LC_ALL": "C",
}
_WEB_SCHEMES = {"http", "https", "ssh", "git", "git+ssh"}
_SCP_LIKE = re.compile(r"(?:[^@/\s]+@)?([A-Za-z0-9.-]+):(?!//)([^\s]+)")  # git@github.com:owner/name.git


def git_state(folder: Path) -> dict[str, Any] | None:
    """Describe the repository around a folder: `commit`, `dirty`, `remote`; None without git, repository or commit.

    `dirty`: a tracked file differs from the commit; None when that could not be found out in time, or only by starting
    a program that the repository names (a filter). `remote`: without user, password or query; None for a local path.
    """
    program = shutil.which("git")
    if program is None:
        return None
    commit = _git(program, folder, "rev-parse", "--verify", "HEAD")
    if not commit:
        return None
    remote = _git(program, folder, "config", "--get", "remote.origin.url")
    return {"commit": commit.strip(), "dirty": _dirty(program, folder), "remote": without_credentials(remote or "")}


def without_credentials(url: str) -> str | None:
    """Strip user, password, query and fragment from a remote's URL; None when it names no host.

    Example:
        without_credentials("https://me:secret@github.com/me/x.git") == "https://github.com/me/x.git"
    """
    url = url.strip()
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:
        return None
    if parts.scheme in _WEB_SCHEMES:
        if not host:
            return None
        host = f"[{host}]" if ":" in host else host
        return urlunsplit((parts.scheme, f"{host}:{port}" if port else host, parts.path, "", ""))
    scp_like = _SCP_LIKE.fullmatch(url)
    return f"{scp_like[1]}:{scp_like[2]}" if scp_like else None


def _dirty(program: str, folder: Path) -> bool | None:
    filters = _git(program, folder, "config", "--show-scope", "--name-only", "--get-regexp", r"^filter\.")
    if filters is None or any(line.startswith(("local", "worktree")) for line in filters.splitlines()):
        return None
    status = _git(program, folder, "status", "--porcelain", "--untracked-files=no", "--ignore-submodules=all")
    return None if status is None else bool(status)


def _git(program: str, folder: Path, *arguments: str) -> str | None:
    """What git prints; empty when it found nothing, None when it could not be asked."""
    inherited = {key: value for key, value in os.environ.items() if not key.startswith("GIT_")}
    try:
        done = subprocess.run(
            [program, *_HARMLESS, "-C", os.fspath(folder), *arguments],
            capture_output=True,
            text=True,
            errors="replace",
            stdin=subprocess.DEVNULL,
            timeout=_SECONDS,
            env={**inherited, **_ENVIRONMENT},
            check=False,
        )
    except (OSError, ValueError, subprocess.SubprocessError):
        return None
    if done.returncode == 1:  # `git config` found no such key
        return ""
    return done.stdout if done.returncode == 0 else None
