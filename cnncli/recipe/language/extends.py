"""`extends`: a recipe on top of another one; mappings merge, lists and values replace."""

from __future__ import annotations

import os
from pathlib import Path as FilePath

from cnncli.errors import Problem, RecipeError
from cnncli.messages import did_you_mean, shortened
from cnncli.recipe import shipped
from cnncli.recipe.language.substitution import kind_of
from cnncli.recipe.yaml import recipe_file, source
from cnncli.recipe.yaml.nodes import Entry, Mapping, Node, Path, Scalar, count

_DEEPEST = 5
# Of these only one can be meant: the child's `{npz: …}` takes the place of the parent's `{image_folder: …}`.
_ONE_OF = (("data", "source"),)


def extend(root: Mapping, file: str) -> Mapping:
    """The recipe with what it takes from its parent, and without `extends`.

    Args:
        root: the recipe as written.
        file: its file; a relative path in `extends` is counted from there.

    Raises:
        RecipeError: the parent is not there or wrong, or extends lead in a circle.
    """
    return _extend(root, FilePath(file), (FilePath(file).resolve(),), 0)


def _extend(root: Mapping, file: FilePath, chain: tuple[FilePath, ...], above: int) -> Mapping:
    entry = root.entry("extends")
    if entry is None:
        return root
    path, shown = _parent(entry.value, file)
    if path.resolve() in chain or len(chain) > _DEEPEST:
        message = (
            "`extends` leads in a circle"
            if path.resolve() in chain
            else f"more than {_DEEPEST} recipes extend each other"
        )
        raise RecipeError(Problem(message, place=entry.value.place, path=("extends",)))
    above += count(root)
    try:
        parent = source.parse(recipe_file.read_bytes(path, shown_as=shown), shown, above=above)
    except RecipeError as error:
        # A parent that cannot be read has no place of its own: it is reported where it is named.
        raise RecipeError([problem.at(entry.value.place) for problem in error.problems]) from error
    parent = _extend(parent, path, (*chain, path.resolve()), above)
    own = Mapping(tuple(e for e in root.entries if e.key != "extends"), root.place)
    return merge(parent, own)


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


def merge(below: Mapping, above: Mapping, path: Path = ()) -> Mapping:
    """Two mappings as one: of a key in both, mappings merge and everything else is `above`'s.

    A Keras object of another name (`Adam` over `SGD`) replaces the whole object.
    """
    entries = {entry.key: entry for entry in below.entries}
    if path in _ONE_OF or _is_object(below) or _is_object(above):
        kept = set(above.keys())
        entries = {key: entry for key, entry in entries.items() if key in kept}
    for entry in above.entries:
        old = entries.get(entry.key)
        if old is not None and isinstance(old.value, Mapping) and isinstance(entry.value, Mapping):
            entry = Entry(entry.key, entry.key_place, merge(old.value, entry.value, (*path, entry.key)))
        entries[entry.key] = entry
    return Mapping(tuple(entries.values()), above.place)


def _is_object(node: Mapping) -> bool:
    return len(node.entries) == 1 and node.entries[0].key[:1].isupper()
