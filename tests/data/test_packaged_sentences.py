"""The packaged sentences: the file is what the generator makes, and no single word decides."""

import csv
import hashlib
from collections import Counter
from pathlib import Path

from cnncli.data.samples import generate_sentences

with generate_sentences.FILE.open(encoding="utf-8", newline="") as file:
    ROWS = list(csv.DictReader(file))


def test_generator_writes_the_packaged_file(tmp_path):
    generate_sentences.write(tmp_path / "again.csv")

    assert (tmp_path / "again.csv").read_bytes() == generate_sentences.FILE.read_bytes()


def test_readme_has_the_checksum_of_the_file():
    digest = hashlib.sha256(generate_sentences.FILE.read_bytes()).hexdigest()

    assert digest in Path(generate_sentences.FILE.with_name("README.md")).read_text()


def test_every_part_has_as_many_sentences_of_each_class():
    counts = Counter((row["part"], row["label"]) for row in ROWS)

    assert counts == {
        (part, label): count for part, count in (("train", 2000), ("test", 500)) for label in generate_sentences.CLASSES
    }


def test_no_two_sentences_have_the_same_words():
    assert len({row["sentence"].rstrip(".!?").lower() for row in ROWS}) == len(ROWS) == 7500


def test_the_same_adjectives_occur_in_all_classes():
    """Else a count of words would tell the class: at most 60% of any adjective's sentences are of one class."""
    by_adjective = {"good": Counter(), "lovely": Counter(), "bad": Counter(), "useless": Counter()}
    for row in ROWS:
        words = row["sentence"].lower().replace(",", " ").strip(".!?").split()
        for adjective in by_adjective.keys() & set(words):
            by_adjective[adjective][row["label"]] += 1

    for counts in by_adjective.values():
        assert set(counts) == set(generate_sentences.CLASSES)
        assert max(counts.values()) <= 0.6 * counts.total()
