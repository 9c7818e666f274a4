"""`cnncli tune`: search hyperparameters of a recipe."""

from __future__ import annotations

import shlex
import sys
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cnncli.cli import console, options, tensorflow_log, training_processes
from cnncli.distribute.discover import SWITCH
from cnncli.errors import Place, Problem, RecipeError, ResourceError, Stopped, UsageError
from cnncli.messages import cell, counted

if TYPE_CHECKING:
    from cnncli.recipe.load import LoadedRecipe
    from cnncli.tune.prepare import Prepared, SweepOptions
    from cnncli.tune.results import SweepResult

_MOST_WORKERS = 64


def add_to(app: typer.Typer) -> None:
    app.command(epilog="Example: cnncli tune mnist-tune --workers 2 --trials 30")(tune)


def tune(
    recipe: options.RecipeFile,
    settings: options.Set = None,
    trials: Annotated[
        int | None,
        typer.Option(
            "--trials",
            metavar="N",
            help="Number of trials, those of earlier calls and other hosts included.",
            show_default="tune.trials of the recipe",
            rich_help_panel=options.TRAINING,
        ),
    ] = None,
    workers: Annotated[
        int,
        typer.Option(
            "--workers",
            metavar="N",
            help="Train N trials at the same time, each in its own process; they share the processor cores.",
            rich_help_panel=options.TRAINING,
        ),
    ] = 1,
    resume: Annotated[
        bool,
        typer.Option(
            "--resume",
            help="Continue the sweep of --name (default: the newest unfinished sweep of the recipe).",
            rich_help_panel=options.TRAINING,
        ),
    ] = False,
    output: options.Outputs = options.DEFAULT_OUTPUTS,
    name: Annotated[
        str | None,
        typer.Option(
            "--name",
            metavar="NAME",
            help="Name of the sweep. A sweep that exists is continued or joined.",
            show_default="the date and time",
            rich_help_panel=options.OUTPUT,
        ),
    ] = None,
    storage: Annotated[
        str | None,
        typer.Option(
            "--storage",
            metavar="URL",
            help="Where trials are stored, so that several hosts share a sweep: the URL of a database, or a journal file.",
            show_default="a journal in the folder of the sweep",
            rich_help_panel=options.OUTPUT,
        ),
    ] = None,
    device: options.Device = None,
    dry_run: Annotated[
        bool,
        typer.Option(
            "--dry-run",
            help="Check recipe, search space, data and network. Nothing is written.",
            rich_help_panel=options.TRAINING,
        ),
    ] = False,
    as_json: options.Json = False,
    quiet: options.Quiet = False,
    verbose: options.Verbose = False,
) -> None:
    """Search the hyperparameters that the section `tune` of a recipe names, with Optuna.

    Each trial trains the recipe with other values and is scored on the validation examples; the test examples are not used.
    The best recipe is written as a file that `cnncli train` trains.
    """
    started = time.monotonic()
    options.check_device(device)
    _check_counts(trials, workers)
    if name is None and not resume and not dry_run:
        _check_alone()
    from cnncli.recipe.search_space import load_with_search_space

    loaded = load_with_search_space(recipe, settings or [])
    _check_section(loaded)
    _check_optuna()
    from cnncli.tune.prepare import SweepOptions

    given = SweepOptions(output, name, resume, storage, trials, workers, device, tuple(sys.argv))
    if dry_run:
        _check(loaded, given, started, as_json=as_json, quiet=quiet, verbose=verbose)
        return
    if not quiet:
        for note in loaded.warnings:
            console.show_note(note)
    result = _search(loaded, given, recipe, quiet=quiet, verbose=verbose)
    if as_json:
        console.print_json({**console.SCHEMA, **result.as_json()})
    else:
        _show(result, quiet=quiet)


def _check_counts(trials: int | None, workers: int) -> None:
    """Refuse numbers that mean nothing.

    Raises:
        UsageError: for all of them.
    """
    problems = []
    if trials is not None and trials < 1:
        problems.append(Problem(f"expected an integer ≥ 1, got {trials}", place=Place("--trials")))
    if not 1 <= workers <= _MOST_WORKERS:
        problems.append(Problem(f"expected 1 to {_MOST_WORKERS}, got {workers}", place=Place("--workers")))
    if problems:
        raise UsageError(problems)


def _check_alone() -> None:
    """Refuse a search without a name in one of several processes of a launcher: each would search on its own.

    Raises:
        UsageError: the environment describes several processes.
    """
    if cluster := training_processes.find_cluster(None, None, None):
        message = (
            f"it is missing, and {cluster.found_by} describes {cluster.size} processes: each would search on its own"
        )
        hint = (
            f"name the search that they share: --name NAME, or set {SWITCH}=off to ignore {cluster.found_by}\n"
            "hosts without a common folder need --storage, too"
        )
        raise UsageError(Problem(message, hint, Place("--name")))


def _check_section(loaded: LoadedRecipe) -> None:
    """Refuse a recipe that says nothing of a search, or leaves open on which fold the trials are.

    Raises:
        RecipeError: with a section to begin with, or the line of the folds.
    """
    if loaded.recipe.tune is not None:
        split = loaded.recipe.data.split
        if split.folds is not None and split.fold is None:
            message = f"the recipe has {split.folds} folds, and each can be the test split"
            hint = "the same fold for all trials: --set data.split.fold=1"
            raise RecipeError(loaded.locate([Problem(message, hint, path=("data", "split", "folds"))]))
        return
    hint = (
        "for example:\n"
        "tune:\n"
        f"  metric: {'val_accuracy' if 'accuracy' in map(str, loaded.recipe.train.metrics) else 'val_loss'}\n"
        "  trials: 20\n"
        "  parameters:\n"
        "    train.optimizer.Adam.learning_rate: {float: [1e-4, 1e-2], log: true}\n"
        "    train.batch_size: {choice: [32, 64, 128]}"
    )
    raise RecipeError(Problem("the recipe has no section `tune`", hint, Place(loaded.file)))


def _check_optuna() -> None:
    """Refuse to go on without Optuna.

    Raises:
        ResourceError: with the command that installs it.
    """
    from importlib import metadata

    try:
        found = metadata.version("optuna")
    except metadata.PackageNotFoundError:
        found = ""
    if not found or int(found.split(".")[0]) < 5:
        got = f"version {found} is installed" if found else "it is not installed"
        hint = 'install it with: pip install "cnncli[tune]"'
        raise ResourceError(Problem(f"`cnncli tune` needs Optuna 5 or newer, and {got}", hint))


def _check(
    loaded: LoadedRecipe, given: SweepOptions, started: float, *, as_json: bool, quiet: bool, verbose: bool
) -> None:
    """Check a recipe with its own values, its data and its network, and say what would be searched."""
    from cnncli.cli.live import make_listener
    from cnncli.tune.prepare import trials_of, tune_of

    listener = make_listener(quiet=quiet, verbose=verbose)
    with tensorflow_log.captured() as log:
        listener.starting(loaded, log)
        from cnncli import workflow

        choices = workflow.Options(given.outputs, device=given.device, started=started)
        with listener:
            planned = workflow.make_plan(loaded, choices, listener)
            listener.ready(planned)
            workflow.build_network(planned, listener, download=False)
    tune = tune_of(loaded)
    count = given.trials or trials_of(tune)
    if as_json:
        parameters = {key: each.model_dump(exclude_none=True) for key, each in tune.parameters.items()}
        told = {"status": "checked", "trials": count, "metric": tune.metric, "parameters": parameters}
        console.print_json({**console.SCHEMA, **told, "notes": [note.as_json() for note in planned.notes]})
    elif not quiet:
        console.say(f"No mistakes; {counted(count, 'trial')} of {counted(len(tune.parameters), 'parameter')}.")
        console.say("Nothing was trained, and nothing was written.")


def _search(loaded: LoadedRecipe, given: SweepOptions, recipe: str, *, quiet: bool, verbose: bool) -> SweepResult:
    from cnncli.tune.prepare import prepare
    from cnncli.tune.study_storage import storage_in_use

    prepared = prepare(loaded, given)
    with storage_in_use(prepared.sweep.storage):
        return _search_prepared(prepared, loaded, given, recipe, quiet=quiet, verbose=verbose)


def _search_prepared(
    prepared: Prepared, loaded: LoadedRecipe, given: SweepOptions, recipe: str, *, quiet: bool, verbose: bool
) -> SweepResult:
    from cnncli.cli.sweep_view import make_sweep_view
    from cnncli.tune.results import conclude, finish
    from cnncli.tune.sweep import run_sweep
    from cnncli.tune.trial_rows import read_rows

    sweep = prepared.sweep
    rows = read_rows(prepared.study, sweep.space)
    view = make_sweep_view(sweep, rows, quiet=quiet, verbose=verbose)
    view.starting()
    try:
        with view:
            stopped = run_sweep(sweep, prepared.study, prepared.seed, view)
    except Stopped as stop:
        sweep.folder.finish("stopped")
        stop.hint = f"continue with: {_resume_command(recipe, loaded.settings, given, sweep.folder.name)}"
        raise
    except BaseException:
        sweep.folder.finish("failed")
        raise
    result = conclude(prepared, stopped)
    from cnncli.tune.sweep_pictures import write_page

    write_page(result)
    finish(result)
    return result


def _resume_command(recipe: str, settings: Sequence[str], given: SweepOptions, name: str) -> str:
    """The command that goes on with a sweep."""
    words = ["cnncli", "tune", recipe, "--name", name]
    words += [word for setting in settings for word in ("--set", setting)]
    for option, value in (("--trials", given.trials), ("--workers", given.workers if given.workers > 1 else None)):
        words += [option, str(value)] if value else []
    words += ["--output", str(given.outputs)] if given.outputs != options.DEFAULT_OUTPUTS else []
    if given.storage:
        from cnncli.tune.study_storage import shown

        words += ["--storage", shown(given.storage)]
    return shlex.join(words)


def _show(result: SweepResult, *, quiet: bool) -> None:
    """Print the best values and where everything is."""
    from cnncli.tune.parameter_names import value_text

    best, sweep = result.best, result.prepared.sweep
    rows: list[list[Any]] = [[key, value_text(value)] for key, value in best.values.items()]
    rows.append([sweep.metric, cell(best.value)])
    console.show_table([f"best of {counted(len(result.rows), 'trial')}", f"trial {best.number}"], rows, left=1)
    if quiet:
        return
    console.say()
    if result.stopped:
        console.say_pairs([("Stopped", f"{result.stopped}; more trials: the same command with --name and --trials")])
    console.say_pairs([("" if index else "Failed", line) for index, line in enumerate(result.failures[:3])])
    console.say_pairs(
        [
            ("Recipe", str(sweep.folder.best)),
            ("Page", str(sweep.folder.page)),
            ("Table", str(sweep.folder.table)),
            ("Next", result.train_command),
        ]
    )
