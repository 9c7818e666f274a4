"""`cnncli layers`: list what Keras offers, and the arguments of each name."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated

import typer
from rich.text import Text

from cnncli.cli import console, options, wrapping
from cnncli.messages import counted

if TYPE_CHECKING:
    from cnncli.recipe.keras_objects.catalogue import Entry

_WIDEST_NAME = 24


def add_to(app: typer.Typer) -> None:
    app.command(epilog="Example: cnncli layers Conv2D")(layers)


def layers(
    name: Annotated[
        str | None,
        typer.Argument(metavar="NAME", help="A layer, an optimizer, a loss or a metric.", show_default="list all"),
    ] = None,
    kind: Annotated[
        str | None,
        typer.Option(
            "--kind",
            metavar="KIND",
            help="List objects of this kind: layers, optimizers, losses, metrics, and more.",
            show_default="layers",
            rich_help_panel=options.TABLE,
        ),
    ] = None,
    as_json: options.Json = False,
    quiet: options.Quiet = False,
    verbose: options.Verbose = False,
) -> None:
    """List the layers, optimizers, losses and metrics of Keras; with NAME, show its arguments and an example."""
    from cnncli.recipe.keras_objects import browse, catalogue

    if name is not None:
        found = browse.look_up(name, kind)
        if as_json:
            console.print_json(
                {"keras": catalogue.keras_version(), "found": [browse.as_json(entry) for entry in found]}
            )
        else:
            wrapping.show(line for entry in found for line in [*[Text()] * (entry is not found[0]), *_about(entry)])
        return
    kind = browse.check_kind(kind or "layers")
    if as_json:
        console.print_json(browse.list_as_json(kind))
        return
    wrapping.show(_list(kind))
    if not quiet:
        others = [f"{other} ({count})" for other, count in browse.counts().items() if other != kind]
        console.say_pairs([("Next", f"cnncli layers {browse.first(kind)}"), ("--kind", ", ".join(others))])


def _list(kind: str) -> Iterator[Text]:
    from cnncli.recipe.keras_objects import browse

    for title, entries in browse.grouped(kind):
        if title:
            yield Text(title, style="bold")
        column = wrapping.column_for((entry.name for entry in entries), _WIDEST_NAME)
        for entry in entries:
            yield from wrapping.row(entry.name, entry.doc, column)
        yield Text()
    if texts := browse.identifiers(kind):
        yield Text("As a text, without arguments", style="bold")
        yield from wrapping.wrapped(", ".join(texts), indent=2)
        yield Text()


def _about(entry: Entry) -> Iterator[Text]:
    from cnncli.recipe.keras_objects import browse
    from cnncli.recipe.keras_objects.arguments import needed_of
    from cnncli.recipe.keras_objects.objects import NOUNS

    heading = Text(entry.name, style="bold")
    heading.append(f", a{'n' if NOUNS[entry.kind][0] in 'aeiou' else ''} {NOUNS[entry.kind]}", style="not bold")
    yield heading
    yield from wrapping.wrapped(entry.doc)
    if entry.refused:
        yield from wrapping.wrapped(f"It cannot be used in a recipe: {entry.refused}.")
        return
    if entry.name != entry.canonical:
        yield from wrapping.wrapped(f"Another name of {entry.canonical}.")
    elif others := browse.aliases(entry):
        yield from wrapping.wrapped(f"Also called {', '.join(others)}.")
    yield Text()
    yield from wrapping.wrapped(browse.example_line(entry), indent=4, hanging=8, style="bold")
    yield Text()
    yield from wrapping.wrapped(f"It is used in {browse.place_of_kind(entry.kind)}.")
    if entry.identifier:
        return
    arguments, needed = list((entry.arguments or {}).values()), needed_of(entry)
    yield Text()
    yield Text(counted(len(arguments), "argument") if arguments else "No arguments", style="bold")
    for argument in arguments:
        default = "required" if argument.name in needed else f"default {browse.inline(argument.default)}"
        words = "; ".join(filter(None, (browse.takes(entry, argument), default)))
        yield from wrapping.wrapped(f"{argument.name}: {words}", indent=2, hanging=6)
        yield from wrapping.wrapped(argument.doc, indent=6, style="dim")
