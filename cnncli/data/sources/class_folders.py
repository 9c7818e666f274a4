"""The classes of a folder with a folder for each class: those of the training part, and none without files."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence

from cnncli.data.sources.folder_tree import ClassFile, Tree
from cnncli.data.sources.paths import contents, is_folder, listed_folder
from cnncli.errors import DataError, Problem
from cnncli.messages import did_you_mean, listed, printable, shortened


def class_names_of(text: str, tree: Tree, *, must_be_trained: bool = True) -> list[str]:
    """The names of the classes, those of the training part.

    Args:
        text: the folder, as messages call it.
        must_be_trained: whether every class has to be in the training part; else the names are those of all parts.

    Raises:
        DataError: there is no training part, only one class, or a part has a class that the training part lacks.
    """
    refuse_no_training(text, tree)
    names = tree.class_names["train"]
    if len(names) == 1:
        raise DataError(_one_class(os.path.join(text, tree.folders.get("train", ""), names[0]), names[0]))
    if not must_be_trained:
        refuse_empty_classes(tree, (file for files in tree.files.values() for file in files))
        return sorted({name for part in tree.class_names.values() for name in part}, key=os.fsencode)
    problems = [
        problem for part, folder in tree.folders.items() for problem in _unknown(folder, tree.class_names[part], names)
    ]
    if problems:
        raise DataError(problems)
    refuse_empty_classes(tree, (file for files in tree.files.values() for file in files))
    return names


def refuse_no_training(text: str, tree: Tree) -> None:
    """Raise DataError where a folder has no training part."""
    if "train" not in tree.files:
        folders = " and ".join(f"{name}/" for name in tree.folders.values())
        hint = f"it holds {contents(text)}"
        raise DataError(Problem(f"{printable(text)} has {folders} and no train/", hint))


def _one_class(folder: str, name: str) -> Problem:
    hint = f"`{shortened(name)}` holds {contents(folder)}"
    if any(is_folder(entry) for entry in listed_folder(folder)):
        hint += f"\ndid you mean `{printable(folder)}`?"
    return Problem(f"one class only: `{shortened(name)}`", hint)


def _unknown(folder: str, names: Sequence[str], train_names: Sequence[str]) -> Iterator[Problem]:
    """The classes of another part that train/ lacks."""
    missing = [name for name in train_names if name not in names]
    for name in names:
        if name not in train_names:
            hint = did_you_mean(name, map(shortened, missing or train_names))
            yield Problem(f"{folder}/ has a class that train/ lacks: `{shortened(name)}`", hint)


def lacking_notes(tree: Tree) -> list[Problem]:
    """Notes on the parts that lack a class."""
    notes = []
    for part, folder in tree.folders.items():
        missing = [name for name in tree.class_names["train"] if name not in tree.class_names[part]]
        if missing:
            noun = "class" if len(missing) == 1 else "classes"
            named = listed(f"`{shortened(name)}`" for name in missing)
            notes.append(
                Problem(f"{folder}/ lacks the {noun} {named}", "no score is computed for them there", kind="missing")
            )
    return notes


def refuse_empty_classes(tree: Tree, files: Iterable[ClassFile]) -> None:
    """Raise DataError where a class has none of these files."""
    present = {(file.part, file.class_name) for file in files}
    empty = [
        f"{tree.folders[part]}/{name}/" if part in tree.folders else f"{name}/"
        for part, names in tree.class_names.items()
        for name in names
        if (part, name) not in present
    ]
    if empty:
        hint = f"add {tree.noun}s, or remove the folder"
        raise DataError(Problem(f"no {tree.noun} in {shortened(folder)} that can be used", hint) for folder in empty)
