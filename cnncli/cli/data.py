"""`cnncli data`: examine the data of a recipe before it trains."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cnncli.cli import console, data_files, data_shards, options, tensorflow_log
from cnncli.errors import CnncliError, FindingsError, Place, Problem, UsageError
from cnncli.messages import counted, did_you_mean, shortened

if TYPE_CHECKING:
    from cnncli.data_checks.findings import Finding
    from cnncli.recipe.load import LoadedRecipe
    from cnncli.runs.output_files import OutputFolder
    from cnncli.workflow.data_examination import Examined

_FOLDER = "data"  # beside the runs of the recipe
_STEMS = ("samples", "pipeline", "copies", "blank")


def add_to(app: typer.Typer) -> None:
    app.command(epilog="Example: cnncli data mnist --fail-on leakage,broken")(data)


def data(
    recipe: options.RecipeFile,
    settings: options.Set = None,
    source: Annotated[
        str | None,
        typer.Option(
            "--data",
            metavar="SOURCE",
            help="Examine this data instead of the data of the recipe: a file, a folder or a built-in data set.",
            rich_help_panel=options.DATA,
        ),
    ] = None,
    fail_on: Annotated[
        str | None,
        typer.Option(
            "--fail-on",
            metavar="KINDS",
            help="Exit with code 1 if something of these kinds is found, for example leakage,broken. The kinds: leakage, "
            "labels, broken, blank, missing, shortcut, duplicates, imbalance, values, cut, ignored.",
            rich_help_panel=options.DATA,
        ),
    ] = None,
    pictures: Annotated[
        bool,
        typer.Option(
            "--pictures/--no-pictures", help="Draw the data and write a page.", rich_help_panel=options.PICTURES
        ),
    ] = True,
    to: Annotated[
        Path | None,
        typer.Option(
            "--to",
            metavar="DIR",
            help="Write the page and the pictures to this folder.",
            show_default="data/ beside the runs of the recipe",
            rich_help_panel=options.OUTPUT,
        ),
    ] = None,
    to_tfrecord: Annotated[
        Path | None,
        typer.Option(
            "--to-tfrecord",
            metavar="DIR",
            help="Write the splits as TFRecord shards to this folder, unless --fail-on finds something.",
            rich_help_panel=options.OUTPUT,
        ),
    ] = None,
    shards: Annotated[
        int | None,
        typer.Option(
            "--shards",
            metavar="N",
            min=1,
            help="With --to-tfrecord: the number of shards of each split.",
            show_default="one for each 128 MB",
            rich_help_panel=options.OUTPUT,
        ),
    ] = None,
    output: options.Outputs = options.DEFAULT_OUTPUTS,
    force: options.Force = False,
    as_json: options.Json = False,
    quiet: options.Quiet = False,
    verbose: options.Verbose = False,
) -> None:
    """Examine the data of a recipe: counts, sizes, values, broken and ignored files, duplicates, leakage and wrong labels.

    Nothing is trained. The page shows examples of each class, what `augment` and `prepare` make of some, and near
    duplicates side by side.
    """
    wanted = _kinds(fail_on)
    if to is not None and not pictures:
        raise UsageError(Problem("--no-pictures writes no files", "leave out --to", Place("--to")))
    if shards is not None and to_tfrecord is None:
        raise UsageError(Problem("--shards needs --to-tfrecord", "add --to-tfrecord DIR", Place("--shards")))
    loaded = _load(recipe, settings or [], source)
    folder = _folder(loaded, to, output, force=force) if pictures else None
    shard_folder = data_shards.folder_of(loaded, to_tfrecord, force=force) if to_tfrecord else None
    if not (quiet or as_json):
        for warning in loaded.warnings:
            console.show_note(warning)
    from cnncli.cli.live import make_listener

    listener = make_listener(quiet=quiet, verbose=verbose, trains=False)
    written: list[Path] = []
    shard_paths: list[Path] = []
    with tensorflow_log.captured() as log:
        listener.starting(loaded, log)
        from cnncli.workflow.data_examination import examine_data

        with listener:
            examined = examine_data(loaded, listener.loading)
            found = examined.examination
            failed = found.of(wanted)
            error = _error(failed) if failed else None
            if folder:
                written = _write(loaded, examined, folder)
            if shard_folder and not error:
                shard_paths = data_shards.write(loaded, examined.splits, shard_folder, shards, listener.loading)
    if as_json:
        paths = [str(path) for path in written]
        told = {
            "page": paths[0] if paths else None,
            "figures": paths[1:],
            "shards": [str(path) for path in shard_paths],
            "notes": [note.as_json() for note in loaded.warnings],
        }
        told |= console.error_as_json(error) if error else {}
        console.print_json({**console.SCHEMA, **found.model_dump(mode="json"), **told})
        if error:
            raise typer.Exit(error.exit_code)
        return
    from cnncli.cli.data_text import show

    show(found, page=written[0] if written else None, shards=shard_paths, verbose=verbose, quiet=quiet)
    if source is None and not quiet:
        from cnncli.cli.next_steps import train_command

        console.say()
        console.say_pairs([("Next", train_command(recipe, loaded.recipe, loaded.settings))])
    if error:
        raise error


def _kinds(text: str | None) -> list[str]:
    """The kinds of findings of `--fail-on`.

    Raises:
        UsageError: there is no such kind.
    """
    from cnncli.data_checks.findings import KINDS

    words = [word.strip() for word in (text or "").split(",") if word.strip()]
    if text is not None and not words:
        raise UsageError(Problem("no kinds are named", f"some of: {', '.join(KINDS)}", Place("--fail-on")))
    problems = []
    for word in words:
        if word not in KINDS:
            hints = dict.fromkeys([did_you_mean(word, KINDS), f"some of: {', '.join(KINDS)}"])
            problems.append(Problem(f"unknown kind `{shortened(word)}`", "\n".join(hints), Place("--fail-on")))
    if problems:
        raise UsageError(problems)
    return list(dict.fromkeys(words))


def _load(recipe: str, settings: Sequence[str], source: str | None) -> LoadedRecipe:
    """The recipe, with the source of `--data` instead of its own."""
    from dataclasses import replace

    from cnncli.recipe.load import load

    loaded = load(recipe, settings)
    if source is None:
        return loaded
    from cnncli.data.load import parse_source

    try:
        data = loaded.recipe.data.model_copy(update={"source": parse_source(source)})
    except CnncliError as error:
        raise type(error)(problem.at(Place("--data")) for problem in error.problems) from error
    return replace(loaded, recipe=loaded.recipe.model_copy(update={"data": data}))


def _folder(loaded: LoadedRecipe, to: Path | None, output: Path, *, force: bool) -> OutputFolder:
    """Where the page goes; an earlier page and its pictures are replaced.

    Raises:
        OutputError: it cannot or must not be written.
    """
    from cnncli.plots.save import is_ours
    from cnncli.report.data_page import PAGE, is_data_page
    from cnncli.runs.output_files import OutputFolder

    path = to or output / loaded.recipe.name / _FOLDER
    pictures = [path / f"{stem}.png" for stem in _STEMS]
    own = [each for each in pictures if is_ours(each)] + [each for each in (path / PAGE,) if is_data_page(each)]
    reads = [loaded.file, *data_files.data_of(loaded.recipe)]
    folder = OutputFolder(path, "--to" if to else "", reads, own, force)
    folder.check([PAGE, *(each.name for each in pictures)])
    return folder


def _write(loaded: LoadedRecipe, examined: Examined, folder: OutputFolder) -> list[Path]:
    """Write the page and the pictures, the page first in the list."""
    from cnncli.plots.save import make_folder, save
    from cnncli.report.data_page import PAGE, data_page
    from cnncli.workflow.data_examination import sheets

    make_folder(folder)
    pictures = [path for name, figure in sheets(loaded, examined) for path in save(figure, folder / f"{name}.png")]
    page = folder / PAGE
    page.write(data_page(loaded.recipe.name, examined.examination, pictures))
    return [page.path, *pictures]


def _error(failed: Sequence[Finding]) -> FindingsError:
    """The error of `--fail-on`; what was found is shown already."""
    kinds = Counter(finding.kind for finding in failed)
    found = ", ".join(f"{count} {kind}" for kind, count in kinds.items())
    return FindingsError(Problem(f"{counted(len(failed), 'finding')}: {found}", place=Place("--fail-on")))
