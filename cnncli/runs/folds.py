"""Sets of runs: a run for each fold of a cross-validation or for each seed, beside each other in the recipe's folder."""

from __future__ import annotations

import os
import secrets
import shlex
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from cnncli.errors import OutputError, Problem
from cnncli.messages import listed
from cnncli.names import check_name
from cnncli.runs.finding import list_runs
from cnncli.runs.learned_file import LEARNED
from cnncli.runs.lock import LOCK_FILES, holder_of
from cnncli.runs.record import RECORD, RESOLVED, RunSummary
from cnncli.runs.run_folder import refuse_taken

_STAMP = "%Y%m%d-%H%M%S"


@dataclass(frozen=True, slots=True)
class Kind:
    """What the runs of a set are: the folds of a cross-validation, or repetitions with other seeds.

    Attributes:
        word: `fold` or `repeat`, as in the names of the runs.
    """

    word: str

    @property
    def file(self) -> str:
        """The end of the name of the file with the scores."""
        return f"-{self.word}s.json"

    def option(self, count: int) -> str:
        """The option of `cnncli train` that makes such a set."""
        return "--fold all" if self is FOLD else f"--repeat {count}"


FOLD, REPEAT = Kind("fold"), Kind("repeat")
_KINDS = {kind.word: kind for kind in (FOLD, REPEAT)}


@dataclass(frozen=True, slots=True)
class FoldSet:
    """The runs of one cross-validation, or of one recipe with several seeds.

    Attributes:
        folder: of the recipe.
        name: of the set; its runs are named `NAME-fold1`, `NAME-fold2`, … or `NAME-repeat1`, ….
        count: how many folds there are, or repetitions.
        runs: by the number of the fold, from 1; those that have begun.
        kind: what the runs are.
    """

    folder: Path
    name: str
    count: int
    runs: dict[int, RunSummary]
    kind: Kind = FOLD

    @property
    def label(self) -> str:
        """`mnist/first`, by which commands know it."""
        return f"{self.folder.absolute().name}/{self.name}"

    @property
    def file(self) -> Path:
        """Where the scores of all folds are."""
        return self.folder / f"{self.name}{self.kind.file}"

    @property
    def paths(self) -> list[Path]:
        """The folders of the runs, by fold."""
        return [self.runs[number].path for number in sorted(self.runs)]

    @property
    def quoted(self) -> str:
        """Its path without `-fold1`, as a command names it."""
        return shlex.quote(str(self.folder / self.name))

    @property
    def resume_command(self) -> str:
        """The command that continues it."""
        return f"cnncli train --resume {self.kind.option(self.count)} {self.quoted}"

    @property
    def is_finished(self) -> bool:
        return len(self.runs) == self.count and all(run.status == "completed" for run in self.runs.values())


def run_name(name: str, number: int, kind: Kind = FOLD) -> str:
    """The name of the run of one fold, or of one repetition."""
    return f"{name}-{kind.word}{number}"


def new_name() -> str:
    """A name for a set: the UTC time and a random id, as for a run."""
    return f"{datetime.now(UTC):{_STAMP}}-{secrets.token_hex(3)}"


def refuse_taken_set(outputs: Path, recipe_name: str, name: str, count: int, kind: Kind = FOLD) -> None:
    """Tell before the work begins that the set or one of its runs is there already.

    Raises:
        RecipeError: the name is not allowed.
        OutputError: it exists, or its folders cannot be made.
    """
    for number in range(1, count + 1):
        own = run_name(name, number, kind)
        check_name(own)
        folder = outputs / recipe_name / own
        try:
            refuse_taken(outputs, recipe_name, own)
        except OutputError as error:
            if not os.path.isfile(folder / RECORD) or holder_of(folder) is not None:
                raise
            [problem] = error.problems
            which = f"{kind.option(count)} {shlex.quote(str(folder.with_name(name)))}"
            resume = f"go on with its {kind.word}s: cnncli train --resume {which}"
            raise OutputError(replace(problem, hint=f"{resume}\n{problem.hint}")) from error
    for place in (outputs / recipe_name / name, outputs / recipe_name / f"{name}{kind.file}"):
        if os.path.lexists(place):
            raise OutputError(f"{place} exists", hint="use another --run NAME")


def fold_sets(runs: Iterable[RunSummary]) -> list[FoldSet]:
    """The sets that runs belong to, in the order of the runs."""
    found: dict[tuple[Path, str], FoldSet] = {}
    for run in runs:
        fold = run.record.fold
        if fold is None or fold.set is None:
            continue
        key = (run.path.parent, fold.set)
        new = FoldSet(run.path.parent, fold.set, fold.count, {}, _KINDS[fold.kind])
        found.setdefault(key, new).runs.setdefault(fold.number, run)
    return list(found.values())


def find_set(outputs: Path, text: str | None = None, kind: Kind | None = None) -> FoldSet | None:
    """Find the set that a text names: `mnist/first`, `first`, one of its runs, or its file; None where there is none.

    Args:
        text: None for the newest set that is not finished.
        kind: of the set; None for any.

    Raises:
        OutputError: several sets have that name.
    """
    if text is None:
        unfinished = (each for each in fold_sets(list_runs(outputs)) if not each.is_finished)
        return next((each for each in unfinished if kind in (None, each.kind)), None)
    *above, name = Path(_without_file(text)).parts or ("",)
    places = [outputs, *([Path(text).parent.parent] if len(above) > 1 else [])]  # `outputs/mnist/first` too
    for place in places:
        matching = [
            each
            for each in fold_sets(list_runs(place))
            if kind in (None, each.kind)
            and (each.name == name or any(run.name == name for run in each.runs.values()))
            and (not above or each.folder.absolute().name == above[-1])
        ]
        if len(matching) > 1:
            names = listed(each.label for each in matching)
            what = f"sets of {matching[0].kind.word}s"
            raise OutputError(Problem(f"{text!r} is the name of {len(matching)} {what}", f"say which: {names}"))
        if matching:
            return matching[0]
    return None


def is_set_name(outputs: Path, text: str) -> bool:
    """Whether a text names a set, and no run."""
    found = find_set(outputs, text)
    return found is not None and Path(_without_file(text)).name == found.name


def _without_file(text: str) -> str:
    """The name of a set, where its file is named."""
    for kind in _KINDS.values():
        text = text.removesuffix(kind.file)
    return text


def remove_unrecorded(folder: Path) -> None:
    """Remove what a process left that was killed before the record of its run stood; anything else stays."""
    known = {*LOCK_FILES, RESOLVED, LEARNED, "recipe.yaml"}
    if not folder.is_dir() or not {entry.name for entry in folder.iterdir()} <= known:
        return
    for name in known:
        (folder / name).unlink(missing_ok=True)
    folder.rmdir()
