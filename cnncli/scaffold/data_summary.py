"""What a look at data finds: all that the choice of a recipe depends on."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from numpy.typing import NDArray

from cnncli.data.groups import groups_in_names
from cnncli.errors import DataError
from cnncli.inputs.base import InputKind

_LEAST_GROUPS = 4
_LEAST_IN_GROUP = 1.5  # files for each group, on average
_USUAL = 10  # the largest numbers that a network gives soon
_LEAST_DEVIATION = 0.05

# What a group is called in the names of files and folders, and in the heads of tables.
_WORDS = "patient|subject|subj|sub|person|participant|speaker|photographer|author|case|scan|site|session|user|animal"
# As `data.split.group` writes them: with a `/` they are compared with the path. Folders below the class come first, because
# `patient_03/scan1.png` is of the patient.
_IN_PATHS = (
    rf"(?i)/((?:{_WORDS})[-_ ]?[0-9]+)/",
    r"/([psPS][0-9]+)/",
    rf"(?i)(?:^|[_. -])((?:{_WORDS})[-_]?[0-9]+)",
    r"^([psPS][0-9]+)[-_]",
)
_IN_HEADS = re.compile(rf"(?i)(?:.*[_ .-])?(?:{_WORDS}|lesion_id|group|fold)(?:[_ .-]?(?:id|nr|no|number|name))?")


@dataclass(frozen=True)
class DataSummary:
    """What a look at data finds.

    Attributes:
        source: as a recipe writes it.
        kind: of its inputs.
        shape: of one example, without what the recipe may choose: (height, width, channels) is the median of images.
        targets: the word of `data.targets`.
        classes: the number of examples of each class that train, by name; empty where there are no classes.
        examples: how many train.
        parts: those of `train`, `validation` and `test` that the data brings.
        group: what `data.split.group` can be, so that examples that belong together are not separated.
        split_column: the column that says to which part a row belongs.
        length: of nearly all texts, in words.
        has_to_say_shape: whether the recipe has to say the shape, since the data alone could be another kind.
        facts: sentences on the data, for the head of the recipe.
        are_photos: whether they are colour images of many sizes, or large ones.
        has_image_files: whether the source reads image files, so that a recipe may choose their size and colours.
        has_one_size: whether all images have the same size.
        are_pixels: whether values are pixels from 0 to 255.
        is_scaled: whether values lie between -1 and 1.
        outputs: how many numbers an example's target has, where it has no classes.
        target_scale: the standard deviation and the mean of these numbers, where an untrained network is far from them.
    """

    source: Any
    kind: InputKind
    shape: tuple[int, ...]
    targets: str = "classes"
    classes: Mapping[str, int] = field(default_factory=dict)
    examples: int = 0
    parts: Sequence[str] = ("train",)
    group: str | None = None
    split_column: str | None = None
    length: int = 0
    has_to_say_shape: bool = False
    facts: Sequence[str] = ()
    are_photos: bool = False
    has_image_files: bool = False
    has_one_size: bool = True
    are_pixels: bool = False
    is_scaled: bool = False
    outputs: int = 1
    target_scale: tuple[float, float] | None = None

    @property
    def is_imbalanced(self) -> bool:
        """Whether the largest class has more than three times as many examples as the smallest."""
        return bool(self.classes) and max(self.classes.values()) > 3 * max(1, min(self.classes.values()))


def target_scale(numbers: NDArray[Any]) -> tuple[float, float] | None:
    """The standard deviation and the mean of targets that are much larger or much smaller than 1, else None.

    Args:
        numbers: all that the examples have, finite.
    """
    if not numbers.size:
        return None
    deviation, mean = float(f"{numbers.std():.3g}"), float(f"{numbers.mean():.3g}")
    is_usual = _LEAST_DEVIATION <= deviation <= _USUAL and abs(mean) <= _USUAL
    return None if is_usual or deviation == 0 else (deviation, mean)


def group_in_names(files: Sequence[str]) -> str | None:
    """A pattern that finds the group of a file, such as a patient; None where names suggest none.

    Args:
        files: paths inside the folder, which begin with the folder of the class.
    """
    for pattern in _IN_PATHS:
        try:
            found = groups_in_names(files, pattern).tolist()
        except DataError:  # some names lack it
            continue
        if _are_groups(found) and len(set(found)) > len({file.partition("/")[0] for file in files}):  # not the classes
            return pattern
    return None


def group_fact(pattern: str, files: Sequence[str]) -> str:
    """What grouping by a pattern means, with the first group as an example."""
    groups = dict.fromkeys(groups_in_names(files, pattern).tolist())
    return f"Names suggest {len(groups):,} groups: all files of `{next(iter(groups))}` come into one part"


def group_in_heads(columns: Mapping[str, Sequence[str]]) -> str | None:
    """The column of a table whose name and values are those of groups; None where there is none."""
    for name, values in columns.items():
        if _IN_HEADS.fullmatch(name) and _are_groups(values):
            return name
    return None


def _are_groups(names: Sequence[str]) -> bool:
    different = len(set(names))
    return different >= _LEAST_GROUPS and len(names) >= _LEAST_IN_GROUP * different
