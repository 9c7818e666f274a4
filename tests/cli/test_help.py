"""The help screens of all commands, at 100 and 40 columns; `python tests/cli/test_help.py` writes the expected ones."""

import re
from pathlib import Path

import pytest
import typer
from typer import Context
from typer.core import TyperArgument

from cnncli.cli.app import COMMANDS, app
from cnncli.cli.help_screen import paragraphs
from cnncli.cli.options import PANELS

SCREENS = Path(__file__).parent / "help_screens"
COLUMNS = (100, 40)
SUBCOMMANDS = [
    *(("recipes", name) for name in ("list", "show", "copy")),
    *(("runs", name) for name in ("delete", "rename", "prune", "note")),
]
CALLS = [(), *((name,) for name in COMMANDS), *SUBCOMMANDS]


def screens(cnncli, call):
    """The help of a command at each width."""
    shown = [cnncli(*call, "--help", COLUMNS=str(columns)).stdout for columns in COLUMNS]
    lines = "\n".join(shown).splitlines()
    return "\n".join(line.rstrip() for line in lines).strip() + "\n"


def file_of(call):
    return SCREENS / f"{'-'.join(call) or 'cnncli'}.txt"


@pytest.mark.parametrize("call", CALLS, ids=" ".join)
def test_help_is_the_expected_screen(cnncli, call):
    assert screens(cnncli, call) == file_of(call).read_text(encoding="utf-8")


@pytest.mark.parametrize("call", CALLS, ids=" ".join)
@pytest.mark.parametrize("columns", [*COLUMNS, 20])
def test_no_line_of_help_is_wider_than_the_terminal(cnncli, call, columns):
    lines = cnncli(*call, "--help", COLUMNS=str(columns)).stdout.splitlines()

    assert len(lines) > 10
    assert [line for line in lines if len(line) > columns] == []


def test_help_keeps_its_texts_in_a_terminal_without_room(cnncli):
    assert cnncli("train", "--help", COLUMNS="1").stdout == cnncli("train", "--help", COLUMNS="20").stdout


@pytest.mark.parametrize("call", CALLS, ids=" ".join)
def test_help_shows_no_python_types_and_no_nested_brackets(cnncli, call):
    assert re.findall(r"<\w+>|\[\[|\{", cnncli(*call, "--help", COLUMNS="100").stdout) == []


@pytest.mark.parametrize("call", CALLS[1:], ids=" ".join)
def test_every_option_has_a_sentence_and_a_panel_and_every_command_an_example(call):
    command = command_of(call)
    options = [param for param in command.params if not isinstance(param, TyperArgument)]

    assert command.epilog.startswith(f"Example: cnncli {' '.join(call)}")
    assert options
    assert [param.opts for param in options if param.rich_help_panel not in PANELS] == []
    assert [param.opts for param in command.params if not re.fullmatch(r"[A-Z].*[.]", param.help)] == []


def command_of(call):
    context = Context(typer.main.get_command(app), info_name="cnncli")
    command = context.command
    for name in call:
        _, command, _ = command.resolve_command(context, [name])
    return command


def test_paragraphs_of_a_docstring_are_joined_lines():
    assert paragraphs("One\n  line.\n\n  Another.\n") == ["One line.", "Another."]


def _write():
    from commands import CommandLine

    SCREENS.mkdir(exist_ok=True)
    for call in CALLS:
        file_of(call).write_text(screens(CommandLine(Path.cwd()), call), encoding="utf-8")


if __name__ == "__main__":
    _write()
