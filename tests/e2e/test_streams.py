"""Streams that are closed, full or of another encoding, and places that are not there: an exit code and one line.

The commands need no TensorFlow, so that many of them can be started.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from commands import call

RECIPE = (
    "name: größe\ndata: {source: mnist-sample}\nmodel: {layers: [Flatten, Dense: {units: 10, activation: softmax}]}\n"
)
COMMANDS = ["--help", "recipes list", "validate --static r.yaml", "runs --json"]  # each prints in another way
LOST = "error: cannot write the result to stdout: "


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("streams")
    (place / "r.yaml").write_text(RECIPE.replace("größe", "r"), encoding="utf-8")
    return place


def shell(command: str, folder: Path, **environment: str) -> subprocess.CompletedProcess[bytes]:
    """What a shell answers; `cnncli` stands for the program."""
    text = command.replace("cnncli", f"{sys.executable} -m cnncli")
    whole = {**os.environ, "NO_COLOR": "1", **environment}
    return subprocess.run(["bash", "-c", text], cwd=folder, env=whole, capture_output=True, timeout=120, check=False)


def one_after_another(
    commands: Sequence[str], folder: Path, *, preexec_fn: Callable[[], None] | None = None, **environment: str
) -> tuple[list[int], bytes, bytes]:
    """The exit codes of commands in one process, which starts in less time than many, and its stdout and stderr."""
    program = f"""
import json, os, sys
from cnncli import __main__
codes = []
os._exit = sys.exit  # a command ends its process
for command in {[command.split() for command in commands]!r}:
    sys.argv = ["cnncli", *command]
    try:
        __main__.main()
    except SystemExit as left:
        codes.append(left.code)
os.write(int(os.environ["CODES"]), json.dumps(codes).encode())
"""
    reader, writer = os.pipe()
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=folder, env={**os.environ, "NO_COLOR": "1", **environment, "CODES": str(writer)},
        pass_fds=[writer], preexec_fn=preexec_fn, capture_output=True, timeout=120, check=False,
    )  # fmt: skip
    os.close(writer)
    with os.fdopen(reader, "rb") as codes:
        return json.loads(codes.read()), done.stdout, done.stderr


@pytest.mark.parametrize("command", COMMANDS)
def test_result_that_is_lost_is_exit_code_6_and_one_line(folder, command):
    closed, full = shell(f"cnncli {command} >&-", folder), shell(f"cnncli {command} >/dev/full", folder)

    assert (closed.returncode, full.returncode) == (6, 6)
    if "json" not in command:
        assert closed.stderr.decode() == f"{LOST}it is closed\n"
    assert full.stderr.decode() == f"{LOST}no space left on device\n"


@pytest.mark.parametrize(
    ("command", "code"),
    [
        ("runs --quiet >&-", 0),  # there is no result
        ("layers >&- 2>&-", 6),
        ("runs --json >/dev/full 2>/dev/full", 6),
        ("runs <&-", 0),
        ("layers Conv2D 2>&-", 0),
        ("layers Conv2D 2>/dev/full", 0),
        ("validate nope.yaml 2>&-", 3),
        ("validate nope.yaml 2>/dev/full", 3),
        ("validate nope.yaml >&- 2>&- <&-", 3),
        ("validate nope.yaml --json >/dev/full", 3),
        ("nonsense 2>/dev/full", 2),
    ],
)
def test_exit_code_is_that_of_what_happened(folder, command, code):
    (folder / "outputs").mkdir(exist_ok=True)
    done = shell(f"cnncli {command}", folder)

    assert done.returncode == code
    assert b"Traceback" not in done.stderr


@pytest.mark.parametrize("command", ["--help", "train --help", "schema", "recipes list"])
def test_reader_that_is_gone_is_no_failure(folder, command):
    reader, writer = os.pipe()
    os.close(reader)
    program = [sys.executable, "-m", "cnncli", *command.split()]
    done = subprocess.run(program, cwd=folder, stdout=writer, stderr=subprocess.PIPE, timeout=120, check=False)
    os.close(writer)

    assert (done.returncode, done.stderr) == (0, b"")


def test_reader_that_goes_away_is_no_failure(folder):
    done = shell("cnncli schema | head -c 1; exit ${PIPESTATUS[0]}", folder)  # more than fits into the pipe

    assert (done.returncode, done.stderr) == (0, b"")


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "cp1252", "utf-16"])
def test_every_encoding_is_served(folder, encoding):
    commands = ("--help", "recipes list", "recipes show unet-small", "layers Conv2D")
    codes, stdout, stderr = one_after_another(commands, folder, PYTHONIOENCODING=encoding)

    assert codes == [0] * 4
    assert b"bug in" not in stderr
    assert stdout.decode(encoding)


def test_c_locale_without_utf8_mode_is_served(folder):
    done = shell("cnncli --help", folder, LC_ALL="C", PYTHONUTF8="0", PYTHONCOERCECLOCALE="0")

    assert done.returncode == 0
    assert "+- Exit codes ---" in done.stdout.decode("ascii")


def test_json_is_json_in_every_encoding(folder):
    for encoding in ("ascii", "utf-16"):
        done = shell("cnncli validate --json 'größe 数.yaml'", folder, PYTHONIOENCODING=encoding)

        [problem] = json.loads(done.stdout.decode(encoding))["error"]["problems"]
        assert problem["message"] == "recipe not found: größe 数.yaml"


@pytest.mark.parametrize(
    "environment",
    [
        {"PYTHONWARNINGS": "error"},
        {"TERM": "dumb", "COLUMNS": "20"},
        {"COLUMNS": "0", "LINES": "0"},
        {"COLUMNS": "²", "LINES": "-1"},
        {"COLUMNS": "1", "LINES": "1"},
        {"TMPDIR": "/nowhere", "HOME": "/nowhere"},
    ],
    ids=lambda environment: " ".join(f"{key}={value}" for key, value in environment.items()),
)
def test_odd_environments_change_no_exit_code(folder, environment):
    codes, _, stderr = one_after_another(("--help", "layers Conv2D", "validate --static r.yaml"), folder, **environment)

    assert (codes, stderr) == ([0] * 3, b"")


def test_deleted_working_directory(tmp_path):
    expected = {
        "--help": 0, "--version": 0, "layers": 0, "recipes list": 0, "recipes copy mnist": 6, "runs": 6,
        "validate x.yaml": 3, "validate mnist --static": 6, "schema -o x.json": 6, "report --to p.html": 6,
    }  # fmt: skip
    program = {"PYTHONPATH": str(Path(__file__).parents[2])}

    def into_nowhere() -> None:
        os.mkdir("gone")
        os.chdir("gone")
        os.rmdir("../gone")

    codes, _, stderr = one_after_another(list(expected), tmp_path, preexec_fn=into_nowhere, **program)
    alone = shell("mkdir gone && cd gone && rmdir ../gone && cnncli runs", tmp_path, **program)

    assert dict(zip(expected, codes, strict=True)) == expected
    assert alone.returncode == 6
    assert b"Traceback" not in stderr + alone.stderr
    errors = [line for line in stderr.decode().splitlines() if line.startswith("error: ")]
    assert len(errors) == sum(code > 0 for code in codes)
    assert len([line for line in alone.stderr.decode().splitlines() if line.startswith("error: ")]) == 1


@pytest.mark.parametrize(
    ("command", "code"),
    [("validate {}", 3), ("show {}.yaml", 3), ("train {}", 3), ("report {}", 6), ("runs --output {}", 0),
     ("schema -o {}", 6), ("recipes copy mnist {}", 6), ("recipes show {}", 2), ("compare {} x", 6), ("layers {}", 2)],
)  # fmt: skip
@pytest.mark.parametrize("name", ["x" * 300, "/".join(["y" * 200] * 25)], ids=["one name", "whole path"])
def test_names_that_are_too_long(tmp_path, monkeypatch, command, code, name):
    monkeypatch.chdir(tmp_path)
    done = call(*command.format(name).split(), exit_code=code)

    assert "bug in" not in done.stderr


@pytest.mark.parametrize(("name", "shown"), [("$'caf\\xe9'", "caf\\udce9"), ("$'a\\nb'", "a\\nb")])
def test_odd_names_are_shown_visibly_on_one_line(tmp_path, name, shown):
    done = shell(f"cnncli validate {name}", tmp_path)
    assert (done.returncode, done.stderr.decode().splitlines()[0]) == (3, f"error: recipe not found: {shown}")

    done = shell(f"cnncli schema -q -o {name} && cnncli schema -q -o {name}", tmp_path)
    assert done.stdout.decode() == f"{shown}\n{shown}\n"


def test_descriptors_run_out_without_a_traceback(folder):
    for limit in (3, 4, 6, 10, 20):
        done = shell(f"ulimit -n {limit}; cnncli runs", folder)

        assert done.returncode != 70
        assert b"bug in" not in done.stderr


def test_hang_up_while_nobody_reads_is_exit_code_129(folder):
    """A terminal that goes away sends SIGHUP, and what is then written to it fails."""
    reader, writer = os.pipe()
    os.close(reader)
    process = subprocess.Popen(
        [sys.executable, "-c", _HANG], cwd=folder, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=writer
    )
    os.close(writer)
    assert process.stdout is not None
    assert process.stdout.readline() == b"ready\n"
    process.send_signal(signal.SIGHUP)

    assert process.wait(60) == 129


_HANG = """
import signal, sys
from cnncli import __main__
from cnncli.runs import finding
def wait(*_):
    sys.stdout.write("ready\\n"); sys.stdout.flush()
    signal.pause()
finding.unreadable = wait
sys.argv = ["cnncli", "runs"]
__main__.main()
"""
