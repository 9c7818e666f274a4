"""The columns of a table that are its inputs, labels, weights, groups and parts, found in its header."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from cnncli.data.tables.column_selection import select
from cnncli.errors import DataError, Problem
from cnncli.messages import listed, shortened
from cnncli.recipe.sources.table import InputColumns, TableSettings
from cnncli.recipe.yaml.nodes import Path

_PART, _GROUP = ("data", "split", "column"), ("data", "split", "group")


@dataclass(slots=True)
class TableColumns:
    """The columns that are read, by what they are.

    Attributes:
        inputs: by the name of the input.
        label: one or several.
        weight, group, part: of one column; None where there is none.
    """

    inputs: dict[str, list[str]] = field(default_factory=dict)
    label: list[str] = field(default_factory=list)
    weight: str | None = None
    group: str | None = None
    part: str | None = None

    @property
    def names(self) -> list[str]:
        """All of them, each once."""
        single = [name for name in (self.weight, self.group, self.part) if name is not None]
        return list(dict.fromkeys([*single, *self.label, *(name for own in self.inputs.values() for name in own)]))


def find_columns(
    header: Sequence[str],
    settings: TableSettings,
    inputs: Mapping[str, tuple[InputColumns, Path]],
    *,
    file: str,
    path: Path,
    group: str | None = None,
    part: str | None = None,
) -> TableColumns:
    """Find the columns that a recipe names. A glob or a range takes no column that is something else.

    Args:
        inputs: by name, with the path of their keys in the recipe.
        file: the table, as messages call it.
        path: of the settings in the recipe.
        group, part: the columns that `split` names.

    Raises:
        DataError: for every column that is not there, at its key.
    """
    problems: list[Problem] = []
    found = TableColumns()

    def one(word: str | None, at: Path) -> str | None:
        names = several(word, at) if word is not None else []
        return names[0] if names else None

    def several(words: str | Sequence[str], at: Path) -> list[str]:
        try:
            return select(words, header, file=file, used=found.names)
        except DataError as error:
            problems.extend(replace(problem, path=at) for problem in error.problems)
            return []

    found.weight = one(settings.weight, (*path, "weight"))
    found.group = one(group, _GROUP)
    found.part = one(part, _PART)
    found.label = several(settings.label or [], (*path, "label"))
    globs_last = sorted(inputs.items(), key=lambda item: item[1][0].numbers is not None)
    for name, (own, at) in globs_last:
        for key in own.given:
            found.inputs[name] = several(getattr(own, key), (*at, key))
            if known := [f"`{shortened(column)}`" for column in found.inputs[name] if column in found.label]:
                message = f"{listed(known)} of {file} is the label and an input: a network would only copy it"
                problems.append(Problem(message, "leave it out of the inputs", path=(*at, key)))
    if problems:
        raise DataError(problems)
    found.inputs = {name: found.inputs[name] for name in inputs}
    return found


def lacking(header: Sequence[str], columns: TableColumns, *, file: str, path: Path) -> list[Problem]:
    """The columns that another file of the same data does not have."""
    problems: list[Problem] = []
    for name in columns.names:
        try:
            select([name], header, file=file)
        except DataError as error:
            problems += [replace(problem, path=path) for problem in error.problems]
    return problems
