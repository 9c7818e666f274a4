"""`extends`: a recipe on top of another one; mappings merge, lists and values replace."""

from __future__ import annotations

import os
from pathlib import Path as FilePath

from cnncli.errors import Problem, RecipeError
from cnncli.messages import did_you_mean, shortened
from cnncli.recipe import shipped
from cnncli.recipe.language.merge import merge
from cnncli.recipe.language.substitution import kind_of
from cnncli.recipe.yaml import recipe_file, source
from cnncli.recipe.yaml.nodes import Entry, Mapping, Node, Scalar, count


def extend(root: Mapping, file: str) -> Mapping:
    """The recipe with what it takes from its parents, and without `extends`.

    There is no bound on the number of parents, but on their size: on their keys and values with those of the recipe, and on
    their bytes.

    Args:
        root: the recipe as written.
        file: its file; a relative path in `extends` is counted from there.

    Raises:
        RecipeError: a parent is not there or wrong, or extends lead in a circle.
    """
    chain, path = [root], FilePath(file)
    seen, nodes, size = {path.resolve()}, 0, 0
    while (entry := chain[-1].entry("extends")) is not None:
        path, shown = _parent(entry.value, path)
        if path.resolve() in seen:
            raise _wrong(entry, "`extends` leads in a circle")
        seen.add(path.resolve())
        nodes += count(chain[-1])
        try:
            content = recipe_file.read_bytes(path, shown_as=shown)
            size += len(content)
            if size > recipe_file.MAX_BYTES:
                most = recipe_file.MAX_BYTES // 1024
                raise _wrong(entry, f"the recipes that this one extends are larger than {most} KB together")
            chain.append(source.parse(content, shown, above=nodes))
        except RecipeError as error:
            # A parent that cannot be read has no place of its own: it is reported where it is named.
            raise RecipeError([problem.at(entry.value.place) for problem in error.problems]) from error
    whole = chain.pop()
    while chain:
        child = chain.pop()
        whole = merge(whole, Mapping(tuple(e for e in child.entries if e.key != "extends"), child.place))
    return whole


def _wrong(entry: Entry, message: str, hint: str = "") -> RecipeError:
    return RecipeError(Problem(message, hint, entry.value.place, ("extends",)))


def _parent(node: Node, file: FilePath) -> tuple[FilePath, str]:
    value = node.value if isinstance(node, Scalar) else None
    if not isinstance(value, str) or not value:
        hint = "the name of a shipped recipe, or a path counted from this file"
        raise RecipeError(
            Problem(f"`extends`: expected one recipe, got {kind_of(node)}", hint, node.place, ("extends",))
        )
    if value in shipped.names():
        return shipped.locate(value)
    path = file.parent / value
    if not path.suffix and not os.path.exists(path):
        hint = did_you_mean(value, shipped.names()) or "a file of one's own is named with its .yaml"
        raise RecipeError(Problem(f"no shipped recipe is named `{shortened(value)}`", hint, node.place, ("extends",)))
    return path, str(path)
