"""Load a recipe file with the overrides of the command line, and report all problems together."""

from __future__ import annotations

import copy
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path as FilePath
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from cnncli.errors import CnncliError, Place, Problem, RecipeError
from cnncli.recipe import check, shipped, validation_messages
from cnncli.recipe.growth import AS_WRITTEN, MOST_PROBLEMS, WRITTEN_OUT, Bounds
from cnncli.recipe.input_suggestions import refuse_other_things
from cnncli.recipe.language import overrides
from cnncli.recipe.language.expand import expand
from cnncli.recipe.language.extends import extend
from cnncli.recipe.language.here import Shapes
from cnncli.recipe.schema import Recipe
from cnncli.recipe.yaml import recipe_file, source
from cnncli.recipe.yaml.nodes import Mapping, Path, place_of, plain

_QUOTED = re.compile(r"`[^`]*`|'[^']*'|[0-9]+")
_ANY_MODEL = {"layers": ["Flatten"]}
_MOST_ALIKE = 5  # mistakes of one kind that are listed one by one


@dataclass(frozen=True, slots=True)
class LoadedRecipe:
    """A checked recipe, and what is needed to tell the place of anything in it.

    Attributes:
        recipe: the recipe with everything filled in that is known so far.
        file: the file as the user named it.
        content: its bytes as they were read; the file is not read again.
        settings: what `--set` said.
        written: the tree as written, after `--set`.
        root: the tree after `vars` and expressions; the places are found in it.
        warnings: notes about what is not wrong.
        open_places: where it cannot be written out before the number of classes, or the sizes of `$here`, are known.
        uses_sizes: somewhere it asks for a size of `$here`.
        bounds: on its size.
    """

    recipe: Recipe
    file: str
    content: bytes
    settings: tuple[str, ...]
    written: Mapping
    root: Mapping
    warnings: tuple[Problem, ...]
    open_places: tuple[Place, ...]
    uses_sizes: bool
    bounds: Bounds = AS_WRITTEN

    def place(self, path: Path) -> Place:
        """Where the value at a path was written, or the nearest thing above it; of a Keras object where its name is."""
        return _place(self.root, path)

    def locate(self, problems: Iterable[Problem]) -> list[Problem]:
        """Give the problems that name a key of the recipe the place of that key."""
        return [problem.at(self.place(problem.path)) if problem.path else problem for problem in problems]

    def located(self, error: CnncliError) -> CnncliError:
        """The same error with places in the recipe; a mistake in a block is reported once, however often it is called."""
        return type(error)(sorted_problems(self.locate(error.problems)), details=error.details)

    def resolve(
        self, *, classes: int | None = None, steps_per_epoch: int | None = None, shapes: Shapes | None = None
    ) -> LoadedRecipe:
        """The recipe again, now that more is known.

        Args:
            classes: how many classes the data has: the value of `$classes`.
            steps_per_epoch: what `5 epochs` of a schedule is counted in.
            shapes: tells the sizes of `$here`.

        Raises:
            RecipeError: with all problems.
        """
        return _resolve(
            self.written,
            self.file,
            self.content,
            self.settings,
            self.bounds,
            classes=classes,
            steps_per_epoch=steps_per_epoch,
            shapes=shapes,
        )


def load(recipe: str, settings: Sequence[str] = ()) -> LoadedRecipe:
    """Read and check a recipe.

    Args:
        recipe: a file, or the name of a shipped recipe.
        settings: `key=value`, as given with `--set`.

    Raises:
        RecipeError: with all problems, sorted by place.
    """
    path, shown = shipped.locate(recipe)
    refuse_other_things(path, shown)
    content = recipe_file.read_bytes(path, shown_as=shown)
    return load_bytes(content, shown, settings)


def load_resolved(file: FilePath, settings: Sequence[str] = (), *, shown_as: str = "") -> LoadedRecipe:
    """The same for the resolved recipe of a run, which is larger than any that a person writes.

    Args:
        shown_as: what messages call it; by default the file.

    Raises:
        RecipeError: with all problems, sorted by place.
    """
    content = recipe_file.read_bytes(file, most=WRITTEN_OUT.bytes)
    return load_bytes(content, shown_as or str(file), settings, bounds=WRITTEN_OUT)


def load_bytes(content: bytes, file: str, settings: Sequence[str] = (), *, bounds: Bounds = AS_WRITTEN) -> LoadedRecipe:
    """The same for a recipe that is already in memory; `file` is what messages call it."""
    written = overrides.apply(extend(source.parse(content, file, bounds=bounds), file), settings)
    return _resolve(written, file, content, tuple(settings), bounds)


def read(recipe: str, settings: Sequence[str] = ()) -> Mapping:
    """The tree of a recipe as written, after `extends` and `--set`, not checked any further.

    Raises:
        RecipeError: it cannot be read.
    """
    path, shown = shipped.locate(recipe)
    refuse_other_things(path, shown)
    content = recipe_file.read_bytes(path, shown_as=shown)
    return overrides.apply(extend(source.parse(content, shown), shown), settings)


def problems_of(written: Mapping, file: str) -> tuple[Problem, ...]:
    """What is wrong with a tree after `extends` and `--set`, sorted by place."""
    try:
        _resolve(written, file, b"", (), AS_WRITTEN)
    except RecipeError as error:
        return error.problems
    return ()


def _resolve(
    written: Mapping,
    file: str,
    content: bytes,
    settings: tuple[str, ...],
    bounds: Bounds,
    *,
    classes: int | None = None,
    steps_per_epoch: int | None = None,
    shapes: Shapes | None = None,
) -> LoadedRecipe:
    expansion = expand(written, classes=classes, shapes=shapes, bounds=bounds)
    root, problems = expansion.root, expansion.problems
    if not expansion.is_whole:
        raise RecipeError(sorted_problems(problems))
    context: dict[str, Any] = {"steps_per_epoch": steps_per_epoch}
    data = plain(root)
    data.setdefault("name", _name_of(file))
    if isinstance(data.get("model"), dict):
        if "groups" in data["model"]:
            hint = "a group of layers is an item of `layers`: `- group: {name: stem, layers: […]}`"
            place = place_of(root, ("model", "groups"), key=True)
            problems.append(Problem("unknown key `groups` in `model`", hint, place, ("model", "groups")))
        data["model"]["groups"] = list(expansion.groups)
    try:
        recipe = Recipe.model_validate(data, context=dict(context))
    except ValidationError as error:
        errors = error.errors()[:MOST_PROBLEMS]
        problems += validation_messages.problems(errors, root)
        problems += [p.at(_place(root, p.path)) for p in _found_beside(data, errors, context)]
        raise RecipeError(sorted_problems(problems)) from None
    warnings = expansion.warnings
    for problem, is_warning in check.check(recipe, root):
        (warnings if is_warning else problems).append(problem.at(_place(root, problem.path)))
    if problems:
        raise RecipeError(sorted_problems(problems))
    sorted_warnings = tuple(sorted_problems(warnings))
    open_places, uses_sizes = expansion.open_places, expansion.uses_sizes
    return LoadedRecipe(
        recipe, file, content, settings, written, root, sorted_warnings, open_places, uses_sizes, bounds
    )


def _place(root: Mapping, path: Path) -> Place:
    names_object = bool(path) and isinstance(path[-1], str) and path[-1][:1].isupper()
    return place_of(root, path, key=names_object)


def _found_beside(data: dict[str, Any], errors: list[ErrorDetails], context: dict[str, Any]) -> list[Problem]:
    """What the rules find in a recipe whose wrong values are left out, so that one kind of mistake hides no other."""
    # A stand-in for a network that may be wrong; only rules that do not look at it are asked.
    data = {**copy.deepcopy({key: value for key, value in data.items() if key != "model"}), "model": _ANY_MODEL}
    removed: list[Path] = []
    for error in sorted(errors, key=lambda error: [str(part).zfill(6) for part in error["loc"]], reverse=True):
        if error["loc"][0] != "model" and _leave_out(data, error["loc"]):
            removed.append(error["loc"])
    try:
        recipe = Recipe.model_validate(data, context=dict(context))
    except ValidationError:
        return []
    found = check.check_without_network(recipe)
    return [replace(problem, path=_as_written(problem.path, removed)) for problem in found]


def _as_written(path: Path, removed: Iterable[Path]) -> Path:
    """A path in a recipe from which list items were left out, as it is in the whole recipe."""
    for left_out in sorted(removed, key=lambda each: [str(part).zfill(6) for part in each]):
        *above, last = left_out
        place = len(above)
        if isinstance(last, int) and len(path) > place and path[:place] == tuple(above):
            number = path[place]
            if isinstance(number, int) and number >= last:
                path = (*path[:place], number + 1, *path[place + 1 :])
    return path


def _leave_out(data: Any, path: Path) -> bool:
    """Delete the value at a path; whether it was there."""
    *above, last = path
    for part in above:
        try:
            data = data[part]
        except (KeyError, IndexError, TypeError):
            return False
    try:
        del data[last]
    except (KeyError, IndexError, TypeError):
        return False
    return True


def _name_of(file: str) -> str:
    """The recipe's name where it does not say one: the file's, as far as it can name a folder."""
    stem = "".join(c if c.isascii() and (c.isalnum() or c in "._-") else "-" for c in FilePath(file).stem)
    return stem.lstrip("._-")[:64] or "recipe"


def sorted_problems(problems: Iterable[Problem]) -> list[Problem]:
    """Problems by line and column; of many alike only the first."""
    # A mistake in a block is reported once, at its first call, however often the block is called.
    unique: dict[Any, Problem] = {}
    for problem in problems:
        place = problem.place and (problem.place.file, problem.place.line, problem.place.column)
        unique.setdefault((place, problem.message), problem)
    in_order = sorted(unique.values(), key=lambda p: (p.place.line, p.place.column) if p.place else (0, 0))
    return list(_first_of_each_kind(in_order))


def _first_of_each_kind(problems: Sequence[Problem]) -> Iterator[Problem]:
    """The problems without those of which a recipe has many alike; how many were left out is said once.

    The lines of tables are listed one by one: each is to be repaired.
    """
    kinds = [
        _QUOTED.sub("…", problem.message) if problem.place is None or problem.place.column else str(problem.place)
        for problem in problems
    ]
    counts, told = Counter(kinds), Counter[str]()
    for kind, problem in zip(kinds, problems, strict=True):
        told[kind] += 1
        left_out = counts[kind] - _MOST_ALIKE
        if left_out <= 1 or told[kind] <= _MOST_ALIKE:
            yield problem
        elif told[kind] == _MOST_ALIKE + 1:
            yield replace(problem, message=f"{problem.message}, and {left_out - 1:,} more mistakes like this one")
