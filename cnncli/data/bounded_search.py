"""Search texts by a regular expression of a recipe, in bounded time."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Sequence

_SECONDS = 5.0  # of processor time; a pattern without nested repetitions takes about a second for a million names
_LONGEST = 300.0  # that the search may wait for a processor
_PROGRAM = """\
import json, re, sys
seconds, pattern, texts = json.load(sys.stdin)
try:
    import resource
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
except (ImportError, ValueError, OSError):
    pass
search = re.compile(pattern).search
json.dump([found[1] if (found := search(text)) else None for text in texts], sys.stdout)
"""


class SearchTooLong(Exception):
    """The pattern can match in so many ways that the search would not end."""


def first_groups(pattern: str, texts: Sequence[str]) -> list[str | None]:
    """What the first group of a pattern finds in each text; None where the pattern does not match.

    Python's search has no limit, and `(a+)+$` takes years for a name of 60 letters. It therefore runs in a process of its own,
    which the operating system ends after 5 s of processor time.

    Raises:
        SearchTooLong: it takes longer.
    """
    given = json.dumps([max(1, round(_SECONDS)), pattern, list(texts)])
    command = [sys.executable, "-I", "-S", "-c", _PROGRAM]
    try:
        done = subprocess.run(command, input=given, capture_output=True, text=True, timeout=_LONGEST)
    except subprocess.TimeoutExpired as error:
        raise SearchTooLong from error
    if done.returncode < 0:  # ended by a signal
        raise SearchTooLong
    done.check_returncode()
    found: list[str | None] = json.loads(done.stdout)
    return found
