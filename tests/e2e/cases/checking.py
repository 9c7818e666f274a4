"""How a case is called and compared."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

from commands import call

from cases.making import ANY, Case


def check(case: Case, folder: Path) -> None:
    """Call the commands of a case in its folder, and compare the answer with the right one."""
    for file in case.files:
        if callable(file):
            file(folder)
            continue
        name, content = file
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content.encode() if isinstance(content, str) else content)
    *before, last = case.commands
    for command in before:
        call(*shlex.split(command))
    files = contents(folder)

    done = call(*shlex.split(last), exit_code=case.exit_code)

    find_in_order(case.says, done.stderr)
    find_in_order(case.prints, done.stdout)
    for part in case.unsaid:
        assert part not in done.stdout + done.stderr
    if case.writes_nothing:
        assert contents(folder) == files
    if case.check:
        case.check(folder, done)


def find_in_order(parts: tuple[str, ...], text: str) -> None:
    position = 0
    for part in parts:
        pattern = re.escape(part).replace(re.escape(ANY), ".*")
        found = re.compile(pattern).search(text, position)
        assert found, f"not found: {part}\nin:\n{text}"
        position = found.end()


def contents(folder: Path) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
