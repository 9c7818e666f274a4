"""What is wrong with images and their masks, collected to be told all at once."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from cnncli.data.sources.mask_files import IGNORED, Mask, MaskReader, value_text, values_text
from cnncli.errors import DataError, Problem
from cnncli.messages import counted, listed, printable
from cnncli.recipe.sources.mask_folder import MOST_CLASSES, MaskFolder

_MOST_LISTED = 20
_MANY_COLORS = 20


class MaskFaults:
    """Collects what is wrong with pairs of files.

    Args:
        reader: of the masks.
        settings: of the recipe.
    """

    def __init__(self, reader: MaskReader, settings: MaskFolder) -> None:
        self._reader = reader
        self._settings = settings
        self._unknown: Counter[int] = Counter()
        self._formats: set[str] = set()
        self.problems: list[Problem] = []

    def add_mask(self, path: str, mask: Mask) -> None:
        """A mask that cannot be used."""
        name = printable(os.path.relpath(path))
        if mask.unknown:
            self._unknown.update(mask.unknown)
            self._formats.add(mask.format)
            values = self._settings.class_values()
            held = values_text(mask.unknown, are_colors=self._reader.are_colors)
            classes = "colors of no class" if self._reader.are_colors else self._classes_text(values)
            told = (
                f"it holds {held}: {classes}"
                if self._reader.are_colors
                else f"it holds {held}, and classes are {classes}"
            )
            self.problems.append(Problem(f"{name}: {told}"))
        elif mask.reason:
            self.problems.append(Problem(f"{name}: {mask.reason}"))

    @staticmethod
    def _classes_text(values: Mapping[str, Any] | None) -> str:
        if values is None:
            return f"0 to {MOST_CLASSES - 1}"
        numbers = list(values.values())
        return f"0 to {len(numbers) - 1}" if numbers == list(range(len(numbers))) else listed(map(str, numbers), 10)

    def error(self, pair_count: int, way_out: str) -> DataError:
        """All of them as one error."""
        shown, left = self.problems[:_MOST_LISTED], len(self.problems) - _MOST_LISTED
        hints = [f"and {left:,} more" if left > 0 else "", self._about_unknown(), way_out]
        message = f"{counted(len(self.problems), 'file')} of {counted(pair_count, 'image')} and masks cannot be used"
        return DataError([*shown, Problem(message, "\n".join(filter(None, hints)))])

    def _about_unknown(self) -> str:
        if not self._unknown:
            return ""
        if "JPEG" in self._formats:
            return "JPEG changes values: save masks as PNG"
        if self._reader.are_colors:
            many = len(self._unknown) > _MANY_COLORS
            smooth = "many colors of few pixels come from smoothed edges: save masks without antialiasing"
            names = listed((value_text(value, are_colors=True) for value, _ in self._unknown.most_common(5)), 5)
            return smooth if many else f"name them in `classes`, or one with `ignore`: {names}"
        classes = self._settings.classes
        if set(self._unknown) == {IGNORED} and self._settings.ignore is None:
            two = classes if isinstance(classes, list) else ["background", "object"]
            is_open = len(two) == 2 and not isinstance(classes, dict)
            other = f", or `classes: {{{two[0]}: 0, {two[1]}: 255}}` where it is a class" if is_open else ""
            return f"`ignore: 255` in `mask_folder` where these pixels do not count{other}"
        if isinstance(classes, list) and set(self._unknown) == {len(classes)}:
            pairs = listed((f"{name}: {number}" for number, name in enumerate(classes, 1)), 8)
            return f"where masks count from 1: `classes: {{{pairs}}}`"
        return "name the numbers in `classes`, `{background: 0, object: 255}`, or one with `ignore`"

    def notes(self) -> Iterator[Problem]:
        """That these were left out."""
        if self.problems:
            texts = [problem.message for problem in self.problems]
            more = [f"and {len(texts) - _MOST_LISTED:,} more"] if len(texts) > _MOST_LISTED else []
            message = f"{counted(len(texts), 'image or mask is', 'images or masks are')} left out"
            yield Problem(message, "\n".join([*texts[:_MOST_LISTED], *more]), kind="broken")
