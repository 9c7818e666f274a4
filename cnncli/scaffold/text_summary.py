"""A look at a folder of texts: its classes, and the lengths of some of its files."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

import numpy as np

from cnncli.data.sources.class_folders import class_names_of
from cnncli.data.sources.folder_tree import read_tree
from cnncli.data.sources.paths import existing_folder
from cnncli.data.sources.text_folder import TEXT_FILES
from cnncli.data.sources.text_lines import files_of_classes
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


def look_at_lines(path: str) -> DataSummary:
    """Look at a folder with a file of lines for each class.

    Raises:
        DataError: training would refuse it.
    """
    files = {name: os.path.join(path, file) for name, file in files_of_classes(path).items()}
    contents = {name: Path(file).read_bytes() for name, file in files.items()}
    encoding = _encoding_of(contents.values())
    texts = {
        name: [line for line in text.decode(encoding).splitlines() if line.strip()] for name, text in contents.items()
    }
    counts = {name: len(lines) for name, lines in texts.items()}
    length = int(np.percentile([len(line.split()) for lines in texts.values() for line in lines], 95))
    return DataSummary(
        source={
            "text_folder": {
                "path": path.replace("$", "$$"),
                "lines": True,
                **({"encoding": encoding} if encoding != "utf-8" else {}),
            }
        },
        kind=TEXT,
        shape=(),
        classes=counts,
        examples=sum(counts.values()),
        length=length,
        facts=[
            f"{counted(sum(counts.values()), 'text')} of {counted(len(counts), 'class', 'classes')}, one in each line: "
            + listed(f"{name} {count:,}" for name, count in counts.items()),
            f"95% have at most {counted(length, 'word')}",
        ],
    )


def _encoding_of(contents: Iterable[bytes]) -> str:
    for encoding in ("utf-8", "windows-1252"):
        try:
            for content in contents:
                content.decode(encoding)
        except UnicodeError:
            continue
        return encoding
    return "latin-1"


def _words(path: str) -> int:
    with open(path, "rb") as file:
        return len(file.read(_MOST_BYTES).split())
