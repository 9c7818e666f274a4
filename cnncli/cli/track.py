"""`cnncli track`: send finished or stopped runs to an experiment tracker."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cnncli.cli import console, options, tensorflow_log
from cnncli.errors import CnncliError, NetworkError, OutputError, Place, Problem, ResourceError, UsageError
from cnncli.messages import counted, printable

if TYPE_CHECKING:
    from cnncli.recipe.schema_trackers import Tracker
    from cnncli.trackers.sessions import Session

# Option -> the tracker that it is for, and its setting there.
_OPTIONS = {
    "--folder": ("tensorboard", "folder"),
    "--uri": ("mlflow", "uri"),
    "--experiment": ("mlflow", "experiment"),
    "--project": ("wandb", "project"),
    "--entity": ("wandb", "entity"),
    "--mode": ("wandb", "mode"),
}


def add_to(app: typer.Typer) -> None:
    app.command(epilog="Example: cnncli track mnist/first mnist/second --to mlflow")(track)


def track(
    run: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="RUN",
            help="One run or several: folders or names; or a set of folds.",
            show_default=options.NEWEST_RUN,
        ),
    ] = None,
    to: Annotated[
        list[str] | None,
        typer.Option(
            "--to",
            metavar="TRACKER",
            help="The tracker: tensorboard, mlflow or wandb. Can be repeated.",
            rich_help_panel=options.TRACKER,
        ),
    ] = None,
    folder: Annotated[
        Path | None,
        typer.Option(
            "--folder",
            metavar="DIR",
            help="TensorBoard: write the event files to this folder.",
            show_default="tensorboard/ of the run",
            rich_help_panel=options.TRACKER,
        ),
    ] = None,
    uri: Annotated[
        str | None,
        typer.Option(
            "--uri",
            metavar="URI",
            help="MLflow: a server or a database.",
            show_default="MLFLOW_TRACKING_URI, or mlflow.db beside the runs",
            rich_help_panel=options.TRACKER,
        ),
    ] = None,
    experiment: Annotated[
        str | None,
        typer.Option(
            "--experiment",
            metavar="NAME",
            help="MLflow: the experiment.",
            show_default="the name of the recipe",
            rich_help_panel=options.TRACKER,
        ),
    ] = None,
    project: Annotated[
        str | None,
        typer.Option(
            "--project",
            metavar="NAME",
            help="Weights & Biases: the project.",
            show_default="the name of the recipe",
            rich_help_panel=options.TRACKER,
        ),
    ] = None,
    entity: Annotated[
        str | None,
        typer.Option(
            "--entity", metavar="NAME", help="Weights & Biases: a user or a team.", rich_help_panel=options.TRACKER
        ),
    ] = None,
    mode: Annotated[
        str | None,
        typer.Option(
            "--mode",
            metavar="MODE",
            help="Weights & Biases: online, or offline for files that `wandb sync` sends.",
            show_default="online",
            rich_help_panel=options.TRACKER,
        ),
    ] = None,
    output: options.Outputs = options.DEFAULT_OUTPUTS,
    as_json: options.Json = False,
    quiet: options.Quiet = False,
) -> None:
    """Send finished or stopped runs to an experiment tracker: parameters, each epoch, scores, pictures and files.

    Everything is read from the folder of the run. A run that the tracker has already gets what it lacks there, and nothing
    twice. Settings that are not given are those of the run's recipe. `cnncli train --track` sends the values live.
    """
    from cnncli.recipe.schema_trackers import NAMES
    from cnncli.trackers import push, registry

    given = {
        "--folder": str(folder) if folder else None,
        "--uri": uri,
        "--experiment": experiment,
        "--project": project,
        "--entity": entity,
        "--mode": mode,
    }
    names = _checked(to, given, NAMES)
    paths = _find(run, output)
    wanted = [(path, push.settings_for(path, name, _settings(name, given))) for path in paths for name in names]
    _refuse_missing(each for _, each in wanted)
    needs_tensorflow = any(name in registry.IN_THIS_PROCESS for name in names)
    done: list[tuple[Path, Session]] = []
    with tensorflow_log.captured() if needs_tensorflow else nullcontext():
        for path, settings in wanted:
            done.append((path, push.push(path, settings)))
            if not as_json:
                _tell(*done[-1])
    failed = [(path, session) for path, session in done if session.failure]
    told = [_as_json(path, session) for path, session in done]
    if failed:
        raise _error(failed, told)
    if as_json:
        console.print_json({**console.SCHEMA, "runs": told})
    elif not quiet:
        console.say(f"{counted(len(paths), 'run')} sent")
        console.say_pairs(_next(done, output))


def _checked(to: Sequence[str] | None, given: Mapping[str, str | None], known: Sequence[str]) -> list[str]:
    """The trackers of `--to`, each once.

    Raises:
        UsageError: with everything that is wrong with the options.
    """
    from cnncli.recipe.tracker_addresses import fault_of_uri

    if not to:
        raise UsageError(Problem("no tracker is named", f"add --to with one of: {', '.join(known)}", Place("--to")))
    for name in to:
        options.check_choice("--to", name, known)
    problems = [
        Problem(f"this option is for {tracker}", f"leave it out, or add --to {tracker}", Place(option))
        for option, (tracker, _) in _OPTIONS.items()
        if given[option] is not None and tracker not in to
    ]
    problems += [
        Problem("expected a text, got an empty one", place=Place(option))
        for option, value in given.items()
        if value == ""
    ]
    if given["--uri"] and (fault := fault_of_uri(given["--uri"])):
        problems.append(Problem(*fault, Place("--uri")))
    if problems:
        raise UsageError(problems)
    if given["--mode"] is not None:
        options.check_choice("--mode", given["--mode"], ("online", "offline"))
    return list(dict.fromkeys(to))


def _settings(name: str, given: Mapping[str, str | None]) -> dict[str, str | None]:
    return {setting: given[option] for option, (tracker, setting) in _OPTIONS.items() if tracker == name}


def _find(names: Sequence[str] | None, outputs: Path) -> list[Path]:
    """The folders of the runs, each once.

    Raises:
        OutputError: with every run that is not there or cannot be sent.
    """
    from cnncli import runs
    from cnncli.runs.folds import find_set, is_set_name
    from cnncli.trackers.push import pushable

    found: dict[Path, Path] = {}
    problems: list[Problem] = []
    for name in names or (None,):
        try:
            folds = find_set(outputs, name) if name is not None and is_set_name(outputs, name) else None
            for path in folds.paths if folds else [runs.find(outputs, name)]:
                pushable(path)
                found[path.resolve()] = path
        except OutputError as error:
            problems += error.problems
    if problems:
        raise OutputError(problems)
    return list(found.values())


def _refuse_missing(wanted: Iterator[Tracker]) -> None:
    """Refuse trackers whose packages are not installed.

    Raises:
        ResourceError: with all of them.
    """
    from cnncli.trackers.registry import missing_package

    problems = [problem.at(Place(f"--to {each.name}")) for each in wanted if (problem := missing_package(each))]
    if problems:
        raise ResourceError(dict.fromkeys(problems))


def _tell(path: Path, session: Session) -> None:
    from cnncli.trackers.registry import title

    if session.run and not session.failure:
        what = "" if session.run.is_new else " (updated)"
        place = session.run.url or session.run.place
        name = title(session.settings.name)
        console.stdout().print(printable(f"{path.absolute().parent.name}/{path.name}  {name}: {place}{what}"))


def _as_json(path: Path, session: Session) -> dict[str, Any]:
    run = session.run.as_json() if session.run else {"place": None, "id": None, "is_new": None, "url": None}
    error = session.failure.reason if session.failure else None
    return {"run": str(path), "tracker": session.settings.name, **run, "error": error}


def _error(failed: Sequence[tuple[Path, Session]], told: Sequence[Mapping[str, Any]]) -> CnncliError:
    """What could not be sent; the other runs are sent."""
    from cnncli.trackers.registry import title

    problems, is_network = [], False
    for path, session in failed:
        assert session.failure is not None
        is_network |= session.failure.unreachable
        hint = f"more is in {path / 'run.log'}"
        problems.append(Problem(f"{path}: {title(session.settings.name)}: {session.failure.reason}", hint))
    kind: type[CnncliError] = NetworkError if is_network else OutputError
    return kind(problems, details={"runs": told})


def _next(done: Sequence[tuple[Path, Session]], output: Path) -> Iterator[tuple[str, str]]:
    """The commands that show what was sent."""
    from cnncli.trackers.registry import viewing

    commands = (
        viewing(session.settings.name, session.run.place, output) for _, session in done if session.run is not None
    )
    for index, command in enumerate(filter(None, dict.fromkeys(commands))):
        yield ("" if index else "Next"), command
