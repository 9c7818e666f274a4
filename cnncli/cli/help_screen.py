"""The `--help` screen of a command: usage, description, arguments and options in panels, an example."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any

import typer
from rich import box
from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.panel import Panel
from rich.table import Table
from rich.text import Text
from typer.core import TyperArgument, TyperCommand, TyperGroup

from cnncli.cli import console, options

_MOST_COLUMNS = 100  # longer lines are hard to read
_LEAST_COLUMNS = 20  # in less, no text has room beside the frames
_WIDEST_NAME = 30
_NARROWEST_DESCRIPTION = 40  # less room: the description goes below the name
_FRAME, _GAP = 4, 2  # columns of a panel's sides, and between name and description

_Row = tuple[Text, Text]  # a name and its description


class Command(TyperCommand):
    """A command with this help screen."""

    def format_help(self, ctx: Any, formatter: Any) -> None:
        _show(self, ctx)


class CommandGroup(TyperGroup):
    """A group of commands with this help screen."""

    def format_help(self, ctx: Any, formatter: Any) -> None:
        _show(self, ctx)


class App(typer.Typer):
    """A Typer app whose commands and groups have this help screen."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(cls=settings.pop("cls", CommandGroup), pretty_exceptions_enable=False, **settings)

    def command(self, name: str | None = None, **settings: Any) -> Any:
        return super().command(name, cls=Command, **settings)


def _show(command: Any, context: Any) -> None:
    screen = console.stdout()
    screen.width = width = min(max(screen.width, _LEAST_COLUMNS), _MOST_COLUMNS)
    screen.print(_screen(command, context, width), width=width, soft_wrap=False)


def _screen(command: Any, context: Any, width: int) -> RenderableType:
    panels = _panels(command, context)
    column = min(max(name.cell_len for rows in panels.values() for name, _ in rows), _WIDEST_NAME)
    parts = [_usage(command, context), *map(_paragraph, paragraphs(command.help or ""))]
    parts += [_panel(title, rows, column, width) for title, rows in panels.items()]
    parts += map(_paragraph, paragraphs(command.epilog or ""))
    return Group(Text(), *parts)


def paragraphs(text: str) -> list[str]:
    """Paragraphs of a docstring, each on one line."""
    return [" ".join(paragraph.split()) for paragraph in re.split(r"\n\s*\n", text.strip()) if paragraph.strip()]


def _usage(command: Any, context: Any) -> RenderableType:
    arguments = [_argument_usage(param) for param in command.params if isinstance(param, TyperArgument)]
    following = ["COMMAND", "[ARGS]..."] if isinstance(command, TyperGroup) else arguments
    text = Text("Usage: ", style="bold yellow")
    text.append(" ".join([context.command_path, "[OPTIONS]", *following]), style="not bold default")
    return Padding(text, (0, 1, 1, 1), expand=False)


def _argument_usage(param: Any) -> str:
    name = _metavar(param)
    return name if param.required else f"[{name}]"


def _metavar(param: Any) -> str:
    return str(param.metavar or param.name.upper()) + ("..." if param.nargs == -1 else "")


def _paragraph(text: str) -> RenderableType:
    word, colon, rest = text.partition(": ")
    made = Text.assemble((word + colon, "bold"), rest) if word == "Example" else Text(text)
    return Padding(made, (0, 1, 1, 1), expand=False)


def _panels(command: Any, context: Any) -> dict[str, list[_Row]]:
    """The rows of each panel."""
    panels: dict[str, list[_Row]] = {"Arguments": []}
    params = command.get_params(context)
    for param in params:
        if isinstance(param, TyperArgument):
            panels["Arguments"].append((Text(_metavar(param), style="yellow"), _description(param)))
    if isinstance(command, TyperGroup):
        for name in command.list_commands(context):
            subcommand: Any = command.get_command(context, name)
            title = getattr(subcommand, "rich_help_panel", None) or "Commands"
            about = subcommand.short_help or next(iter(paragraphs(subcommand.help or "")), "")
            panels.setdefault(title, []).append((Text(name, style="cyan"), Text(about)))
    is_root = context.parent is None
    for param in params:
        if not isinstance(param, TyperArgument) and not param.hidden:
            default = "Options" if is_root else options.COMMON
            title = getattr(param, "rich_help_panel", None) or default
            panels.setdefault(title, []).append((_names(param), _description(param)))
    panels = dict(sorted(panels.items(), key=lambda panel: _order(panel[0])))
    for title, told in getattr(command, "more_panels", {}).items():
        panels[title] = [(Text(name, style="cyan"), Text(text)) for name, text in told.items()]
    return {title: rows for title, rows in panels.items() if rows}


def _order(title: str) -> int:
    """The place of a panel; those without one come first, in their own order."""
    return options.PANELS.index(title) if title in options.PANELS else -1


def _names(param: Any) -> Text:
    """`-q, --quiet`, `--output DIR`, `--svg / --no-svg`."""
    short_first = sorted(param.opts, key=lambda name: name.startswith("--"))
    text = Text(", ".join(short_first), style="cyan")
    if param.secondary_opts:
        text.append(" / " + ", ".join(param.secondary_opts))
    if not param.is_flag:
        text.append(f" {_metavar_of_option(param)}", style="yellow")
    return text


def _metavar_of_option(param: Any) -> str:
    return str(param.metavar or param.name.upper())


def _description(param: Any) -> Text:
    text = Text(" ".join((param.help or "").split()))
    if param.required and not isinstance(param, TyperArgument):
        text.append(" [required]", style="dim red")
    elif default := _default(param):
        text.append(f" [default: {default}]", style="dim")
    return text


def _default(param: Any) -> str:
    if isinstance(param.show_default, str):
        return param.show_default
    value = param.default
    if not param.show_default or value is None or value is False or callable(value) or value in ((), [], ""):
        return ""
    if value is True:
        return str(param.opts[0]).removeprefix("--")
    return str(value)


def _panel(title: str, rows: Sequence[_Row], column: int, width: int) -> RenderableType:
    room = width - _FRAME - column - _GAP
    body = _stacked(rows) if room < _NARROWEST_DESCRIPTION else _beside(rows, column)
    return Panel(body, title=Text(title), title_align="left", border_style="dim", box=box.ROUNDED)


def _beside(rows: Iterable[_Row], column: int) -> RenderableType:
    table = Table.grid(padding=(0, _GAP, 0, 0), expand=True)
    table.add_column(width=column)
    table.add_column(ratio=1)
    for name, description in rows:
        if name.cell_len > column:
            table.add_row(name, Text())
            name = Text()
        table.add_row(name, description)
    return table


def _stacked(rows: Iterable[_Row]) -> RenderableType:
    return Group(*(part for name, description in rows for part in (name, Padding(description, (0, 0, 0, 2)))))
