"""`cnncli train --find-lr`: find a learning rate, and change nothing."""

from __future__ import annotations

import math
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cnncli.cli import console, data_files, tensorflow_log
from cnncli.cli.next_steps import with_settings
from cnncli.errors import Place, Problem, UsageError
from cnncli.messages import printable, quantity, shortened

if TYPE_CHECKING:
    from cnncli.cli.live import ProgressListener
    from cnncli.recipe.load import LoadedRecipe
    from cnncli.runs.output_files import OutputFile
    from cnncli.training.range_test import Progress
    from cnncli.workflow.find_learning_rate import FoundRate

_ENDINGS = (".png", ".svg")
_SILENCE = 30.0  # seconds without a line
_NEXT_ROW = 2.9  # times the rate of the row before: two rows for each factor of 10


def check_options(*, find: bool, to: Path | None, others: Mapping[str, bool]) -> None:
    """Refuse options that do not go with `--find-lr`.

    Args:
        find: whether `--find-lr` is given.
        to: of `--to`, which only goes with it.
        others: option -> whether it is given.

    Raises:
        UsageError: for all of them.
    """
    if not find:
        if to is not None:
            raise UsageError(Problem("only --find-lr writes a file of its own", "add --find-lr", Place("--to")))
        return
    message, hint = "this option does not go with --find-lr", "--find-lr trains no run: leave one of them out"
    problems = [Problem(message, hint, Place(option)) for option, given in others.items() if given]
    if to is not None and to.suffix.lower() not in _ENDINGS:
        ending = f"`{shortened(str(to))}` does not end in .png or .svg"
        problems.append(Problem(ending, "the ending chooses the format of the picture", Place("--to")))
    if problems:
        raise UsageError(problems)


def find_learning_rate(
    loaded: LoadedRecipe,
    *,
    recipe: str,
    settings: Sequence[str],
    output: Path,
    device: str | None,
    to: Path | None,
    force: bool,
    started: float,
    as_json: bool,
    quiet: bool,
    verbose: bool,
) -> None:
    """Run the range test, draw it, and print what it suggests.

    Args:
        recipe, settings: as on the command line, for the command that uses the suggestion.
    """
    from cnncli.cli.live import make_listener

    file = _picture_file(loaded, recipe, output, to, force=force)
    listener = make_listener(quiet=quiet, verbose=verbose, trains=False)
    with tensorflow_log.captured() as log:
        listener.starting(loaded, log)
        from cnncli import workflow
        from cnncli.workflow.find_learning_rate import find_learning_rate as find

        choices = workflow.Options(output, None, device, tuple(sys.argv), started, devices=1)
        with listener:
            planned = workflow.make_plan(loaded, choices, listener)
            found = find(planned, listener, _progress(listener))
        _draw(found, loaded.recipe.name, file)
    if as_json:
        console.print_json(_as_json(found, planned.recipe.name, file, [note.as_json() for note in planned.notes]))
        return
    out = console.stdout()
    out.print(console.table(["learning rate", "loss", ""], _rows(found), left=1))
    out.print()
    suggested = found.suggestion.rate
    out.print(f"suggested  {'none' if suggested is None else f'{suggested:g}'}")
    out.print(f"recipe     {_present_text(found)}")
    if not quiet:
        console.say()
        console.say_pairs(_told(found, recipe, settings, file))


def _progress(listener: ProgressListener) -> Progress:
    """Show each step in the live view, and elsewhere a line from time to time."""
    said = time.monotonic()

    def progress(step: int, steps: int, rate: float, loss: float) -> None:
        nonlocal said
        what = f"learning rate {rate:.1e}, loss {loss:.4g}"
        listener.loading(what, step, steps)
        now = time.monotonic()
        if now - said >= _SILENCE and not (listener.quiet or console.is_terminal()):
            said = now
            console.say(f"step {step}/{steps}  {what}")

    return progress


def _picture_file(loaded: LoadedRecipe, recipe: str, output: Path, to: Path | None, *, force: bool) -> OutputFile:
    """The file of the picture; left out: a new one beside the runs of the recipe.

    Raises:
        OutputError: it cannot or must not be written.
    """
    from cnncli.runs.output_files import OutputFile

    now = datetime.now(UTC).strftime("%Y%m%dT%H%M%SZ")
    path = to or output / loaded.recipe.name / f"learning-rate-{now}.png"
    reads = [recipe, loaded.file, *data_files.data_of(loaded.recipe)]
    file = OutputFile(path, "--to" if to else "", reads, force=force)
    if to:
        file.check()
    return file


def _draw(found: FoundRate, name: str, file: OutputFile) -> None:
    from cnncli.plots.range_test import draw_range_test
    from cnncli.plots.save import make_folder, write

    figure = draw_range_test(
        found.test.rates,
        found.test.losses,
        found.suggestion.smoothed,
        suggested=found.suggestion.rate,
        present=found.present.rate,
        title=f"{name}: learning rate",
    )
    if not file.option:
        make_folder(file.path.parent)
    with file.writing() as stream:
        write(figure, stream, file.path.suffix.lower()[1:])


def _rows(found: FoundRate) -> Iterator[tuple[str, str, str]]:
    """A few rates with their smoothed losses; the suggested and the present one are marked in the nearest row."""
    test, smoothed = found.test, found.suggestion.smoothed
    chosen = [0]
    for index, rate in enumerate(test.rates):
        if rate >= _NEXT_ROW * test.rates[chosen[-1]]:
            chosen.append(index)
    if chosen[-1] != len(test.rates) - 1:
        chosen.append(len(test.rates) - 1)
    marks: dict[int, list[str]] = {}
    for word, marked in (("suggested", found.suggestion.rate), ("recipe", found.present.rate)):
        if marked is not None and test.rates[0] <= marked <= test.rates[-1]:
            nearest = min(chosen, key=lambda index: abs(math.log(test.rates[index] / marked)))
            marks.setdefault(nearest, []).append(word)
    for index in chosen:
        loss = quantity(smoothed[index]) if math.isfinite(smoothed[index]) else "not finite"
        yield f"{test.rates[index]:.1e}", loss, " ".join(f"< {word}" for word in marks.get(index, []))


def _present_text(found: FoundRate) -> str:
    present = found.present
    schedule = f", the largest of {present.schedule}" if present.schedule else ""
    phase = f", phase {present.phase}" if present.phase else ""
    return printable(f"{present.rate:.4g} ({present.optimizer}{schedule}{phase})")


def _told(found: FoundRate, recipe: str, settings: Sequence[str], file: OutputFile) -> Iterator[tuple[str, str]]:
    yield "Why", found.suggestion.reason
    if found.suggestion.rate is None:
        yield "", "Compare short trainings with a few learning rates, a factor of 10 apart, or use a larger batch size."
    ended = {"diverged": "the loss diverged", "not finite": "the loss was no longer finite"}.get(found.test.ended)
    steps = f"{len(found.test.rates)} steps in {found.seconds:.1f} s"
    yield "Test", f"{steps}; {ended} at {found.test.rates[-1]:.2g}" if ended else steps
    yield "Picture", str(file.path)
    command = with_settings("train", recipe, settings)
    if found.setting:
        yield "Next", f"{command} --set {found.setting}"
    elif found.suggestion.rate is not None:
        yield (
            "Next",
            f"scale all values of {found.present.schedule} in the recipe, so that the largest is the suggested one",
        )


def _as_json(found: FoundRate, name: str, file: OutputFile, notes: list[dict[str, Any]]) -> dict[str, Any]:
    test, present = found.test, found.present
    return {
        **console.SCHEMA,
        "recipe": name,
        "suggestion": found.suggestion.rate,
        "reason": found.suggestion.reason,
        "setting": found.setting or None,
        "present": present.rate,
        "optimizer": present.optimizer,
        "schedule": present.schedule or None,
        "phase": present.phase or None,
        "rates": list(test.rates),
        "losses": list(test.losses),
        "smoothed": list(found.suggestion.smoothed),
        "ended": test.ended or None,
        "seconds": found.seconds,
        "picture": str(file.path),
        "notes": notes,
    }
