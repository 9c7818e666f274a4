"""Image files whose names have their class, such as `cat.17.jpg`: found by a pattern."""

from __future__ import annotations

import os
from dataclasses import replace

from cnncli.data.groups import groups_in_names
from cnncli.data.sources.folder_tree import FileKind, Tree, read_tree
from cnncli.errors import DataError, Problem
from cnncli.messages import shortened
from cnncli.recipe.yaml.nodes import Path


def read_tree_of_names(root: str, kind: FileKind, pattern: str, *, path: Path = ()) -> Tree:
    """List a folder of examples whose names have their class; they may lie in `train/`, `val/` and `test/`.

    Args:
        pattern: a regular expression with one group, as for `data.split.group`.
        path: of the pattern in the recipe.

    Raises:
        DataError: there are no files of this kind, it is no such pattern, or it finds nothing in some names, or one class only.
    """
    tree = read_tree(root, kind, has_classes=False)
    every = [file.relative for files in tree.files.values() for file in files]
    names = iter(groups_in_names(every, pattern, path=path).tolist())
    files = {part: [replace(file, class_name=next(names)) for file in found] for part, found in tree.files.items()}
    class_names = {part: sorted({file.class_name for file in found}, key=os.fsencode) for part, found in files.items()}
    if len(found := {name for part in class_names.values() for name in part}) == 1:
        message = f"`{shortened(pattern)}` finds one class only: `{shortened(found.pop())}`"
        raise DataError(Problem(message, "classification needs at least two classes", path=path))
    return replace(tree, files=files, class_names=class_names)
