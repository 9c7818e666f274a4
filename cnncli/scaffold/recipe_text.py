"""Write what was found and chosen as a commented recipe."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from cnncli.recipe.write import as_flow
from cnncli.scaffold.data_summary import DataSummary
from cnncli.scaffold.networks import Choice

_SHARE = 0.15  # of the examples, for validation and for the test
_WIDTH = 118


def recipe_text(found: DataSummary, choice: Choice, *, name: str, shown: str) -> str:
    """The recipe.

    Args:
        name: of the recipe.
        shown: how the data is called on the command line.
    """
    lines = [
        f"# A recipe for {shown}, written by `cnncli init`.",
        "#",
        *(f"# {fact}." for fact in _wrapped(found.facts)),
        f"# {choice.why}",
        "version: 1",
        f"name: {as_flow(name)}",
        "",
        "data:",
        *_indented([*_source(found, choice), *_targets(found), *_split(found), *choice.data]),
        *(["", "blocks:", *_indented(choice.blocks)] if choice.blocks else []),
        "",
        "model:",
        *([f"  input: {list(found.shape)}"] if found.has_to_say_shape else []),
        "  layers:",
        *_indented(choice.layers, 4),
        *([f"  outputs: {as_flow(list(choice.outputs))}"] if choice.outputs else []),
        "",
        "train:",
        *_indented(choice.train),
    ]
    return "".join(f"{line}\n" for line in lines)


def _wrapped(facts: Iterable[str]) -> Iterator[str]:
    for fact in facts:
        yield fact if len(fact) < _WIDTH else f"{fact[: _WIDTH - 1]}…"


def _indented(lines: Iterable[str], count: int = 2) -> list[str]:
    return [f"{' ' * count}{line}" for line in lines]


def _source(found: DataSummary, choice: Choice) -> list[str]:
    source = found.source
    if isinstance(source, Mapping):
        [(word, settings)] = source.items()
        merged = {**settings, **choice.source}
        source = {word: {key: value for key, value in merged.items() if value is not None}}
    return [f"source: {as_flow(source)}"]


def _targets(found: DataSummary) -> list[str]:
    return [f"targets: {found.targets}"]


def _split(found: DataSummary) -> list[str]:
    if found.split_column is not None:
        return [f"split: {as_flow({'column': found.split_column})}"]
    split: dict[str, Any] = {part: _SHARE for part in ("validation", "test") if part not in found.parts}
    if not split:
        return []
    if found.group is not None:
        split["group"] = found.group
    comment = "  # examples of one group stay on one side" if found.group is not None else ""
    return [f"split: {as_flow(split)}{comment}"]
