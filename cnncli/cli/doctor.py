"""`cnncli doctor`: show what this machine can do, and what is missing."""

from __future__ import annotations

from typing import Any

import typer

from cnncli.cli import console, options, tensorflow_log, wrapping
from cnncli.errors import OutputError


def add_to(app: typer.Typer) -> None:
    app.command(epilog="Example: cnncli doctor")(doctor)


def doctor(
    output: options.Outputs = options.DEFAULT_OUTPUTS,
    as_json: options.Json = False,
    quiet: options.Quiet = False,
    verbose: options.Verbose = False,
) -> None:
    """Check this machine: versions, devices and why a GPU is not used, the precision of `auto`, folders and cached data."""
    with tensorflow_log.captured():
        from cnncli.workflow.doctor import examine

        found = examine(output)
    is_writable = found["folders"]["outputs"]["writable"]
    if as_json:
        console.print_json(found)
    else:
        for word, text in _rows(found):
            wrapping.show(wrapping.beside(word, text, 12))
    if not is_writable:
        raise OutputError(f"{output} is not writable", hint="name another folder with --output")


def _rows(found: dict[str, Any]) -> list[tuple[str, str]]:
    environment, folders = found["environment"], found["folders"]
    cores, memory = environment["cores"], environment["memory_bytes"]
    limit = f", limited to {cores['quota']:g}" if cores["quota"] else ""
    total = f" of {_size(memory)}" if memory else ""
    rows = [
        ("Versions", ", ".join(f"{name} {version or 'missing'}" for name, version in environment["versions"].items())),
        ("System", environment["os"]),
        ("Processor", f"{environment['cpu']['model'] or 'unknown'}, {cores['allowed']} cores{limit}"),
        ("", f"its flags: {' '.join(environment['cpu']['flags']) or 'unknown'}"),
        ("Memory", f"{_size(found['memory_available_bytes'])}{total} free"),
    ]
    for gpu in found["devices"]:
        capability = gpu["compute_capability"]
        rows.append(
            ("GPU", gpu["name"] + (f", compute capability {'.'.join(map(str, capability))}" if capability else ""))
        )
    if found["no_gpu"]:
        rows += [("GPU", f"not used: {found['no_gpu']['reason']}"), ("", found["no_gpu"]["hint"])]
    rows += [
        ("Device", f"auto uses {found['device']['kind'].upper()}, {found['device']['name']}"),
        ("oneDNN", f"{'used' if found['onednn']['enabled'] else 'not used'}: {found['onednn']['reason']}"),
        ("Precision", f"auto uses {found['precision']['policy']}: {found['precision']['reason']}"),
        ("Runs", _folder(folders["outputs"])),
        (
            "Cache",
            f"{_folder(folders['cache'])}; {folders['cache']['files']} files, {_size(folders['cache']['used_bytes'])}",
        ),
    ]
    rows += [
        ("Data" if not number else "", f"{name}: {folder or 'would be downloaded'}")
        for number, (name, folder) in enumerate(found["data"].items())
    ]
    return rows


def _folder(folder: dict[str, Any]) -> str:
    state = "can be written" if folder["writable"] else "cannot be written"
    made = "" if folder["exists"] else " (not made yet)"
    return f"{folder['path']}{made}, {state}, {_size(folder['free_bytes'])} free"


def _size(count: int) -> str:
    return f"{count / 1e9:.1f} GB" if count >= 1e9 else f"{count / 1e6:.1f} MB"
