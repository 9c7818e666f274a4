"""`cnncli train --fold` and `--repeat`: several trainings of a recipe, with a table of their scores."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from cnncli.cli import console, parallel_sets, resumed_run, set_errors, set_member, set_table, tensorflow_log
from cnncli.errors import CnncliError, DivergedError, OutputError, Place, Problem, Stopped, UsageError
from cnncli.messages import counted, printable

if TYPE_CHECKING:
    from cnncli.recipe.load import LoadedRecipe
    from cnncli.runs.folds import FoldSet, Kind
    from cnncli.workflow import Finished, Plan

ALL = "all"
_PLACE = Place("--fold")


def changes_of(fold: str | None, loaded: LoadedRecipe) -> list[str]:
    """The change of the recipe that trains a fold: `data.split.fold=2`; none for all folds.

    Raises:
        UsageError: the recipe has no folds, the number is out of their range, or the recipe has folds and none is named.
    """
    split = loaded.recipe.data.split
    if fold is None:
        if split.folds is not None and split.fold is None:
            message = f"the recipe has {split.folds} folds, and each can be the test split"
            raise UsageError(Problem(message, f"--fold 1 to --fold {split.folds}, or --fold all", _PLACE))
        return []
    if split.folds is None:
        hint = "write `split: {folds: 5}` in `data`, or add --set data.split.folds=5"
        raise UsageError(Problem(f"the recipe has no folds, got {printable(fold)}", hint, _PLACE))
    if fold == ALL:
        return []
    if not (fold.isascii() and fold.isdecimal()) or not 1 <= int(fold) <= split.folds:
        message = f"expected 1 to {split.folds}, or all, got {printable(fold)}"
        raise UsageError(Problem(message, place=_PLACE))
    return [f"data.split.fold={int(fold)}"]


def check_options(others: Mapping[str, bool], option: str = "--fold all") -> None:
    """Refuse options that do not go with `--fold all` or `--repeat`.

    Args:
        others: option -> whether it is given.

    Raises:
        UsageError: for all of them.
    """
    problems = [
        Problem(f"this option does not go with {option}", "leave it out, or train once", Place(other))
        for other, given in others.items()
        if given
    ]
    if problems:
        raise UsageError(problems)


@dataclass(frozen=True)
class Choices:
    """What the command line says of all folds.

    Attributes:
        outputs: the folder of all runs.
        run: the name of the set; None: the date and time.
        device: `auto`, `cpu` or `gpu`; None leaves it to the recipe.
        started: `time.monotonic()` when the command began.
        dry_run: check every fold, and train none.
        track: names of trackers, besides those of the recipe.
        workers: how many are trained at the same time.
    """

    outputs: Path
    run: str | None
    device: str | None
    started: float
    dry_run: bool
    as_json: bool
    quiet: bool
    verbose: bool
    track: tuple[str, ...] = ()
    workers: int = 1


@dataclass(frozen=True)
class _Fold:
    """A fold or a repetition that is still to be trained; `resume` is the run that goes on."""

    number: int
    loaded: LoadedRecipe
    resume: Path | None = None


def train_all(
    loaded: LoadedRecipe,
    recipe: str,
    changes: Sequence[str],
    choices: Choices,
) -> None:
    """Train every fold of a recipe, each in a run of its own.

    Args:
        changes: those of `--set`.
    """
    import secrets

    from cnncli.recipe.load import load
    from cnncli.recipe.schema import LARGEST_SEED
    from cnncli.runs import folds

    count = loaded.recipe.data.split.folds
    assert count is not None
    seed = [] if loaded.recipe.train.seed is not None else [f"train.seed={secrets.randbelow(LARGEST_SEED)}"]
    todo = [
        _Fold(number, load(recipe, [*changes, *seed, f"data.split.fold={number}"])) for number in range(1, count + 1)
    ]
    _train_new(todo, loaded.recipe.name, folds.FOLD, choices)


def train_repeats(loaded: LoadedRecipe, recipe: str, changes: Sequence[str], count: int, choices: Choices) -> None:
    """Train a recipe several times, each with another seed and in a run of its own.

    The seeds count up from that of the recipe, so that the first repetition is the training without `--repeat`.

    Args:
        changes: those of `--set`.
    """
    import secrets

    from cnncli.recipe.load import load
    from cnncli.recipe.schema import LARGEST_SEED
    from cnncli.runs.folds import REPEAT

    first = secrets.randbelow(LARGEST_SEED) if loaded.recipe.train.seed is None else loaded.recipe.train.seed
    numbers = range(1, count + 1)
    todo = [_Fold(number, load(recipe, [*changes, f"train.seed={_seed(first, number)}"])) for number in numbers]
    _train_new(todo, loaded.recipe.name, REPEAT, choices)


def _seed(first: int, number: int) -> int:
    """The seed of a repetition, by that of the first."""
    from cnncli.recipe.schema import LARGEST_SEED

    return (first + number - 1) % (LARGEST_SEED + 1)


def _train_new(todo: Sequence[_Fold], recipe_name: str, kind: Kind, choices: Choices) -> None:
    """Train a set that is not there yet."""
    from cnncli.runs import folds

    name = choices.run or folds.new_name()
    folds.refuse_taken_set(choices.outputs, recipe_name, name, len(todo), kind)
    _train(todo, folds.FoldSet(choices.outputs / recipe_name, name, len(todo), {}, kind), choices)


def resume_all(text: str | None, changes: Sequence[str], choices: Choices, repeat: int | None = None) -> None:
    """Go on with a set: finished folds stay, the one that was stopped goes on, the others are trained.

    Args:
        text: names the set, or one of its runs; None: the newest set that is not finished.
        changes: of `train.epochs` alone: finished folds are then trained further.
        repeat: how many repetitions there are to be; None: it is a set of folds.

    Raises:
        OutputError: there is no such set.
        UsageError: the set has another number of repetitions, or a run has trained more epochs.
    """
    from cnncli import runs
    from cnncli.recipe.load import load_resolved
    from cnncli.runs import folds

    kind = folds.FOLD if repeat is None else folds.REPEAT
    found = folds.find_set(choices.outputs, text, kind)
    if found is None:
        what = f"no set of {kind.word}s {text!r}" if text else f"no set of {kind.word}s that is not finished"
        hint = f"train one with: cnncli train RECIPE {kind.option(repeat or 0)}"
        raise OutputError(f"{what} in {choices.outputs}", hint=hint)
    if repeat is not None and repeat != found.count:
        message = f"{found.label} has {counted(found.count, 'repeat')}, got {repeat}"
        raise UsageError(Problem(message, f"write --repeat {found.count}", Place("--repeat")))
    readable = [run.path for run in found.runs.values() if run.status != "broken"]
    begun = {number: run for number, run in found.runs.items() if run.path in readable}
    todo = []
    for number in range(1, found.count + 1):
        if number in begun and (begun[number].status != "completed" or changes):
            path = begun[number].path
            todo.append(_Fold(number, load_resolved(path / runs.RESOLVED, changes), path))
            if changes:
                try:
                    resumed_run.refuse_fewer_epochs(path, todo[-1].loaded)
                except UsageError as error:
                    raise set_errors.named(error, f"{kind.word} {number}") from error
        elif number not in begun:
            folds.remove_unrecorded(found.folder / folds.run_name(found.name, number, kind))
            of_fold = [*changes, _change_of(found, number)]
            todo.append(_Fold(number, load_resolved(readable[0] / runs.RESOLVED, of_fold)))
    if kept := [str(number) for number in range(1, found.count + 1) if number not in {each.number for each in todo}]:
        noun = kind.word if len(kept) == 1 else f"{kind.word}s"
        if not choices.quiet:
            console.say(f"{printable(found.label)}: {noun} {', '.join(kept)} of {found.count} finished already.")
    _train(todo, found, replace(choices, outputs=found.folder.parent))


def _change_of(found: FoldSet, number: int) -> str:
    """What makes a run of a set the fold or the repetition of that number."""
    from cnncli.recipe.load import load_resolved
    from cnncli.runs import RESOLVED
    from cnncli.runs.folds import FOLD

    if found.kind is FOLD:
        return f"data.split.fold={number}"
    other, run = next((other, run) for other, run in found.runs.items() if run.status != "broken")
    seed = load_resolved(run.path / RESOLVED).recipe.train.seed
    assert seed is not None  # a resolved recipe has one
    return f"train.seed={_seed(seed, 1 + number - other)}"


def left_of_set(run: Path) -> list[tuple[str, str]]:
    """How the other folds of a run's set are trained, where some are left: a stopped fold may be resumed alone."""
    from cnncli.runs import read_record
    from cnncli.runs.folds import find_set

    fold = read_record(run).get("fold") or {}
    found = find_set(run.parent.parent, f"{run.parent.name}/{run.name}") if fold.get("set") else None
    if found is None or found.is_finished:
        return []
    word = f"{found.kind.word}s".capitalize()
    return [(word, found.resume_command)]


def _train(todo: Sequence[_Fold], done: FoldSet, choices: Choices) -> None:
    """Train what is left of a set. A run that diverges does not end it: the table is of the others."""
    results = set_table.Results({number: run.path for number, run in done.runs.items()})
    train = _train_at_once if choices.workers > 1 and not choices.dry_run else _train_in_turn
    for ended in train(todo, done, choices):
        results.add(ended)
        if ended.error and not choices.quiet:
            message = ended.error.problems[0].message
            console.say(printable(f"{done.kind.word} {ended.number} failed: {message}"))
    if choices.dry_run:
        _say_checked(results.notes, counted(done.count, done.kind.word), choices)
    else:
        set_table.report(done, results, as_json=choices.as_json, quiet=choices.quiet)


def _train_in_turn(todo: Sequence[_Fold], done: FoldSet, choices: Choices) -> Iterator[set_table.Ended]:
    """Train one after the other, or check them.

    Raises:
        CnncliError: of the first that fails but for a training that diverges after it began, with the command that
            continues.
        Stopped: likewise.
    """
    for fold in todo:
        if fold is not todo[0]:
            choices = replace(choices, started=time.monotonic())
        if not choices.quiet:
            seed = "" if done.kind.word == "fold" else f", seed {fold.loaded.recipe.train.seed}"
            console.say(f"{done.kind.word.capitalize()} {fold.number} of {done.count}{seed}")
        try:
            planned, finished = _train_one(fold, done, choices)
        except Stopped as stop:
            stop.hint = stop.hint and f"continue with: {done.resume_command}"
            raise
        except CnncliError as error:
            if choices.dry_run or set_errors.ends_set(error, done, fold.number):
                raise set_errors.of_set(error, done, fold.number) from error
            # Without the traceback, which holds the data and the network.
            ended = set_table.Ended(fold.number, error=DivergedError(error.problems, details=error.details))
        else:
            notes = (*planned.notes, *(finished.notes if finished else ()))
            ended = set_table.Ended(
                fold.number, notes, finished.path if finished else None, finished.broken if finished else ()
            )
        yield ended
        if not choices.quiet:
            console.say()


def _train_at_once(todo: Sequence[_Fold], done: FoldSet, choices: Choices) -> Iterator[set_table.Ended]:
    """Train several at the same time.

    Raises:
        CnncliError, Stopped: as `_train_in_turn`.
    """
    members = {fold.number: _member(fold, done, choices) for fold in todo}
    says = (lambda text: None) if choices.quiet else console.say
    try:
        for number, event, notes in parallel_sets.train_members(
            members,
            choices.workers,
            word=done.kind.word,
            says=says,
            ends_set=lambda error, number: set_errors.ends_set(error, done, number),
        ):
            if not choices.quiet:
                parallel_sets.show_notes(notes)
            if error := parallel_sets.error_of(event):
                yield set_table.Ended(number, error=error)
            else:
                yield set_table.Ended(number, tuple(notes), event.path, tuple(parallel_sets.problems_of(event)))
    except Stopped as stop:
        stop.hint = set_errors.way_on(done)
        raise
    except CnncliError as error:
        raise set_errors.of_set(error, done) from error


def _member(fold: _Fold, done: FoldSet, choices: Choices) -> set_member.Member:
    from cnncli.recipe.growth import WRITTEN_OUT
    from cnncli.runs.folds import REPEAT, run_name

    loaded = fold.loaded
    return set_member.Member(
        content=loaded.content.decode(),
        file=loaded.file,
        settings=list(loaded.settings),
        is_written_out=loaded.bounds == WRITTEN_OUT,
        outputs=choices.outputs,
        run_name=None if fold.resume else run_name(done.name, fold.number, done.kind),
        resume=fold.resume,
        device=choices.device,
        command_line=sys.argv,
        fold_set=done.name,
        repeat=(fold.number, done.count) if done.kind is REPEAT else None,
        threads=parallel_sets.threads_for(choices.workers),
        track=choices.track,
    )


def _train_one(fold: _Fold, done: FoldSet, choices: Choices) -> tuple[Plan, Finished | None]:
    from cnncli.cli.live import make_listener
    from cnncli.runs.folds import REPEAT, run_name

    listener = make_listener(quiet=choices.quiet, verbose=choices.verbose)
    with tensorflow_log.captured(fold.resume) as log:
        listener.starting(fold.loaded, log)
        from cnncli import workflow
        from cnncli.workflow.folds import check_fold, run_fold

        options = workflow.Options(
            choices.outputs,
            None if fold.resume else run_name(done.name, fold.number, done.kind),
            choices.device,
            tuple(sys.argv),
            choices.started,
            resume=fold.resume,
            fold_set=done.name,
            track=choices.track,
            repeat=(fold.number, done.count) if done.kind is REPEAT else None,
        )
        with listener:
            if choices.dry_run:
                return check_fold(fold.loaded, options, listener), None
            return run_fold(fold.loaded, options, listener)


def _say_checked(notes: Sequence[Problem], count: str, choices: Choices) -> None:
    if choices.as_json:
        console.print_json({**console.SCHEMA, "status": "checked", "notes": [note.as_json() for note in notes]})
    elif not choices.quiet:
        console.say(f"No mistakes in {count}. Nothing was trained, and nothing was written.")
