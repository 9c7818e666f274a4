"""Rules for the splits and the balance of a recipe's data: groups, folds, weights, oversampling."""

from __future__ import annotations

from collections.abc import Iterator

from cnncli.errors import Problem
from cnncli.messages import shortened
from cnncli.recipe import group_pattern
from cnncli.recipe.rules import GENERAL
from cnncli.recipe.schema import Recipe
from cnncli.recipe.schema_data import Split

_SPLIT = ("data", "split")


@GENERAL.error_without_network
def _groups_of_a_source(recipe: Recipe) -> Iterator[Problem]:
    """`group` names a column or an array, or is a pattern for names of files."""
    group, source = recipe.data.split.group, recipe.data.source.settings
    if group is None:
        return
    path = (*_SPLIT, "group")
    if source.HAS_FILES and (not source.HAS_COLUMNS or "(" in group):
        if fault := group_pattern.fault_of(group):
            yield Problem(fault, group_pattern.HINT, path=path)
    elif not source.HAS_FILES and not source.HAS_COLUMNS:
        message = f"`group: {shortened(group)}`: {source.described} has no groups"
        hint = "a group is a column of a table, an array of an archive, or a pattern for file names"
        yield Problem(message, hint, path=path)


@GENERAL.error_without_network
def _column_of_a_source(recipe: Recipe) -> Iterator[Problem]:
    column, source = recipe.data.split.column, recipe.data.source.settings
    if column is not None and not source.HAS_COLUMNS:
        message = f"`column: {shortened(column)}`: {source.described} has no columns"
        hint = "it is for tables and archives; an image folder has its parts in train/, val/ and test/"
        hint = hint if source.HAS_FILES else "it is for tables and archives"
        yield Problem(message, hint, path=(*_SPLIT, "column"))


@GENERAL.error_without_network
def _words_of_parts(recipe: Recipe) -> Iterator[Problem]:
    """`parts` says what the words of `column` mean, and each word means one part."""
    said = recipe.data.split.words_of_parts()
    if said is None:
        return
    if recipe.data.split.column is None:
        message = "`parts` says what the words of `column` mean, and `column` is missing"
        yield Problem(message, "`column: fold` beside it", path=(*_SPLIT, "parts"))
    if not {*said} & {"validation", "test"}:
        message = "`parts` names no words of the validation or test examples"
        yield Problem(
            message, "`parts: {validation: 9, test: 10}`; all other words mean train", path=(*_SPLIT, "parts")
        )
    meaning: dict[str, str] = {}
    for part, words in said.items():
        for word in words:
            if (first := meaning.setdefault(str(word), part)) != part:
                yield Problem(f"`{shortened(str(word))}` means {first} already", path=(*_SPLIT, "parts", part))


@GENERAL.error_without_network
def _fold_and_folds(recipe: Recipe) -> Iterator[Problem]:
    split = recipe.data.split
    if split.folds is None and split.fold is not None:
        message = f"`fold: {split.fold}` needs the number of folds"
        yield Problem(message, "`folds: 5` beside it", path=(*_SPLIT, "fold"))
    elif split.folds is not None and split.fold is not None and split.fold > split.folds:
        message = f"`fold` is {split.fold}, and the folds are 1 to {split.folds}"
        yield Problem(message, path=(*_SPLIT, "fold"))


@GENERAL.warning
def _test_beside_folds(recipe: Recipe) -> Iterator[Problem]:
    """A warning alone, so that `--set data.split.folds=5` works with a recipe that says the size of the test split."""
    split = recipe.data.split
    if split.folds is not None and split.test != Split.model_fields["test"].default:
        message = f"`test: {split.test}` has no effect with `folds: {split.folds}`: each fold is the test split once"
        yield Problem(message, "leave `test` out", path=(*_SPLIT, "test"))


@GENERAL.error_without_network
def _balanced_twice(recipe: Recipe) -> Iterator[Problem]:
    data = recipe.data
    if data.balance == "oversample" and data.class_weight == "balanced":
        message = (
            "`balance: oversample` and `class_weight: balanced` both make classes equal; together rare ones count twice"
        )
        yield Problem(message, "keep one of the two", path=("data", "balance"))


@GENERAL.error_without_network
def _two_limits(recipe: Recipe) -> Iterator[Problem]:
    if recipe.data.limit is not None and recipe.data.per_class is not None:
        message = "`limit` and `per_class` both say how many training examples are used"
        yield Problem(message, "keep one of the two", path=("data", "per_class"))
