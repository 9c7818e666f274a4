"""A look at a folder of texts: its classes, and the lengths of some of its files."""

from __future__ import annotations

import os
from collections import Counter

import numpy as np

from cnncli.data.sources.class_folders import class_names_of
from cnncli.data.sources.folder_tree import read_tree
from cnncli.data.sources.paths import existing_folder
from cnncli.data.sources.text_folder import TEXT_FILES
from cnncli.inputs.text import TEXT
from cnncli.messages import counted, listed
from cnncli.scaffold.data_summary import DataSummary, group_fact, group_in_names
from cnncli.scaffold.image_summary import some

_MOST_BYTES = 1 << 20  # of a file that is looked at


def look_at(path: str) -> DataSummary:
    """Look at class folders of .txt files.

    Raises:
        DataError: the folder has no texts in class folders.
    """
    tree = read_tree(os.path.abspath(existing_folder(path)), TEXT_FILES)
    class_names_of(path, tree)  # raises where training would
    train = tree.files["train"]
    counts = Counter(file.class_name for file in train)
    lengths = [_words(file.path) for file in some(train)]
    length = int(np.percentile(lengths, 95))
    names = [file.relative for file in train]
    group = None if len(tree.files) > 1 else group_in_names(names)
    more = {part: len(files) for part, files in tree.files.items() if part != "train"}
    return DataSummary(
        source={"text_folder": {"path": path.replace("$", "$$")}},
        kind=TEXT,
        shape=(),
        classes=counts,
        examples=len(train),
        parts=tuple(tree.files),
        group=group,
        length=length,
        facts=[
            f"{counted(len(train), 'text')} of {counted(len(counts), 'class', 'classes')}: "
            + listed(f"{name} {count:,}" for name, count in counts.items()),
            *(f"{count:,} more in the {part} part" for part, count in more.items()),
            f"95% have at most {counted(length, 'word')}",
            *([group_fact(group, names)] if group else []),
        ],
    )


def _words(path: str) -> int:
    with open(path, "rb") as file:
        return len(file.read(_MOST_BYTES).split())
