"""Generate `sentences-sample.csv`, the packaged set of sentences: `python -m cnncli.data.samples.generate_sentences`.

A grammar makes reviews of three classes, `negative`, `neutral` and `positive`. Single words say little about the class: the same
adjectives occur in all three, and negation ("not bad", "anything but good") and contrast ("the room was great, but …") decide.
"""

from __future__ import annotations

import csv
import random
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeVar

T = TypeVar("T")
FILE = Path(__file__).with_name("sentences-sample.csv")
COLUMNS = ("part", "label", "sentence")
COUNTS = {"train": 6000, "test": 1500}  # sentences, the classes in turn
CLASSES = ("negative", "neutral", "positive")

_SEED = 2026
_NEGATIVE, _POSITIVE = -1, 1

_TOPICS = (  # a sentence is about one of them
    ("room", "staff", "breakfast", "pool", "bed", "view"),
    ("screen", "battery", "camera", "sound", "keyboard", "charger"),
    ("plot", "acting", "music", "ending", "dialogue", "cast"),
    ("soup", "service", "coffee", "dessert", "menu", "bread"),
)
_ADJECTIVES = {
    _POSITIVE: (
        *("good", "great", "excellent", "lovely", "pleasant", "wonderful", "reliable"),
        *("impressive", "fine", "superb", "delightful", "charming", "nice", "convincing"),
    ),
    _NEGATIVE: (
        *("bad", "poor", "awful", "terrible", "dull", "disappointing", "weak"),
        *("unpleasant", "annoying", "dreadful", "horrible", "cheap", "tiresome", "useless"),
    ),
}
_DEGREES = ("", "", "", "really ", "quite ", "rather ", "truly ", "so ")
_OPENINGS = (
    *("to be honest, ", "in my opinion, ", "this time ", "on our first evening ", "after three days ", "for me "),
    *("compared with last year, ", "as a whole, ", "to my surprise, ", "in the end "),
)
_CLOSINGS = (
    *(" from the first day", " for the price", " this time", " on both evenings", " when we tried it"),
    *(" in every way", " from beginning to end", " even on the last day"),
)
_TIMES = ("on Monday", "two weeks ago", "in March", "for an hour", "with my family", "before lunch", "online")
_LIKES = ("we liked", "I enjoyed", "everybody praised", "I would recommend", "we were happy with")
_DISLIKES = ("we disliked", "I hated", "everybody complained about", "I would avoid", "we were unhappy with")
_DOES_NOT_LIKE = (
    "we did not like",
    "I did not enjoy",
    "nobody praised",
    "I would not recommend",
    "we were not happy with",
)
_DOES_NOT_DISLIKE = ("we did not dislike", "I did not hate", "nobody complained about", "I would not avoid")
_NOT = ("not", "never", "hardly", "anything but", "far from", "by no means", "not at all", "no longer")
_FAR_NEGATIONS = (  # longer than a window of five words
    "I cannot say that the {} was {}",
    "nobody in our group would say that the {} was {}",
    "I do not think that anyone would call the {} {}",
    "it would not be fair to call the {} {}",
)
_ASKING = ("does anyone know whether", "can you tell me if", "I would like to know whether", "my sister asked if")


class _Grammar:
    """Random sentences. They depend on the seed alone: `random.random()` is the same in every version of Python."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)
        self._nouns = _TOPICS[0]

    def sentence(self, label: str) -> str:
        """One sentence of a class."""
        self._nouns = self._chosen(_TOPICS)
        if label == "neutral":
            text, end = self._neutral()
        else:
            text, end = self._judgement(_POSITIVE if label == "positive" else _NEGATIVE)
        return text[0].upper() + text[1:] + end

    def _chosen(self, choices: Sequence[T]) -> T:
        return choices[int(self._random.random() * len(choices))]

    def _by_weight(self, choices: Sequence[tuple[int, Callable[[], str]]]) -> str:
        return self._chosen([make for weight, make in choices for _ in range(weight)])()

    def _chance(self, share: float, choices: Sequence[str]) -> str:
        return self._chosen(choices) if self._random.random() < share else ""

    def _noun(self) -> str:
        return self._chosen(self._nouns)

    def _adjective(self, sign: int) -> str:
        return self._chosen(_ADJECTIVES[sign])

    def _either(self) -> str:
        return self._adjective(_POSITIVE if self._random.random() < 0.5 else _NEGATIVE)

    def _judgement(self, sign: int) -> tuple[str, str]:
        """A sentence that praises (sign 1) or complains (-1)."""
        text = self._by_weight(
            [
                (5, lambda: self._clause(sign) + self._chance(0.5, _CLOSINGS)),
                (1, lambda: f"{self._clause(sign)}, and {self._clause(sign)}"),
                (2, lambda: f"{self._clause(-sign)}, but {self._clause(sign)}"),
                (1, lambda: f"{self._chosen(('although', 'even though'))} {self._clause(-sign)}, {self._clause(sign)}"),
                (1, lambda: f"{self._clause(sign)}, {self._chosen(('although', 'even if'))} {self._clause(-sign)}"),
                (1, lambda: f"despite the {self._adjective(-sign)} {self._noun()}, {self._clause(sign)}"),
                (1, lambda: f"{self._clause(sign)} despite the {self._adjective(-sign)} {self._noun()}"),
            ]
        )
        is_open = text.startswith(("despite", "although", "even"))
        opening = "" if is_open else self._chance(0.3, _OPENINGS)
        return opening + text, self._chosen((".", ".", ".", "!"))

    def _clause(self, sign: int) -> str:
        """A main clause that praises (sign 1) or complains (-1)."""
        noun, same, other = self._noun(), self._adjective(sign), self._adjective(-sign)
        degree = self._chosen(_DEGREES)
        plain, negated = (_LIKES, _DOES_NOT_DISLIKE) if sign == _POSITIVE else (_DISLIKES, _DOES_NOT_LIKE)
        return self._by_weight(
            [
                (5, lambda: f"the {noun} was {degree}{same}"),
                (5, lambda: f"the {noun} was {self._chosen(_NOT)} {other}"),
                (1, lambda: f"there was nothing {other} about the {noun}"),
                (1, lambda: f"the {noun} was not only {same} but also {self._adjective(sign)}"),
                (2, lambda: f"{self._chosen(plain)} the {noun}"),
                (2, lambda: f"{self._chosen(negated)} the {noun}"),
                (2, lambda: self._chosen(_FAR_NEGATIONS).format(noun, other)),
            ]
        )

    def _neutral(self) -> tuple[str, str]:
        """A statement or a question that does not judge."""
        noun, adjective, time = self._noun(), self._either(), self._chosen(_TIMES)
        if self._random.random() < 0.25:
            asked = f"the {noun} {self._chosen(_DEGREES)}{adjective}"
            return self._chosen((f"is {asked}", f"was {asked} last year", f"is {asked} this year")), "?"
        text = self._by_weight(
            [
                (2, lambda: f"{self._chosen(_ASKING)} the {noun} was {adjective}"),
                (2, lambda: f"we {self._chosen(('talked', 'read', 'asked', 'wrote'))} about the {noun} {time}"),
                (1, lambda: f"the {noun} was neither {self._adjective(1)} nor {self._adjective(-1)}"),
                (1, lambda: f"the {noun} was neither {self._adjective(-1)} nor {self._adjective(1)}"),
                (2, lambda: f"some called the {noun} {self._adjective(1)}, others called it {self._adjective(-1)}"),
                (1, lambda: f"the advertisement promises a {self._adjective(1)} {noun}"),
                (2, lambda: f"we have not tried the {noun} yet, so it may be {adjective} or not"),
                (1, lambda: f"our friends expected the {noun} to be {adjective}"),
                (1, lambda: f"the {noun} was as {adjective} as the {self._noun()}, no more and no less"),
                (2, lambda: f"the {noun} was {self._chosen(('changed', 'mentioned', 'new', 'included'))} {time}"),
            ]
        )
        return self._chance(0.2, _OPENINGS) + text, "."


def generate() -> list[tuple[str, str, str]]:
    """The rows of the set: part, label, sentence; no two sentences have the same words."""
    grammar = _Grammar(_SEED)
    rows: list[tuple[str, str, str]] = []
    known: set[str] = set()
    for part, count in COUNTS.items():
        for number in range(count):
            label = CLASSES[number % len(CLASSES)]
            text = grammar.sentence(label)
            while text[:-1] in known:  # without its full stop
                text = grammar.sentence(label)
            known.add(text[:-1])
            rows.append((part, label, text))
    return rows


def write(path: Path = FILE) -> None:
    """Write the set as a CSV file with a line of column names."""
    with path.open("w", encoding="utf-8", newline="") as file:
        table = csv.writer(file, lineterminator="\n")
        table.writerow(COLUMNS)
        table.writerows(generate())


if __name__ == "__main__":
    write()
