"""The words of a sentence, occlusion word by word, and the tokens that words become."""

import numpy as np
import pytest

from cnncli.interpretability.words import by_word, positions, spans, without, word_occlusion, words

VOCABULARY = ["the", "room", "was", "not", "bad", "good"]


def tokens(texts, *, length=8):
    """As TextVectorization: lower case, without punctuation, split at white space; 1 is an unknown word."""
    found = np.zeros((len(texts), length), np.int64)
    for row, text in zip(found, texts, strict=True):
        plain = "".join(letter for letter in text.lower() if letter not in ".,!-").split()
        numbers = [VOCABULARY.index(word) + 2 if word in VOCABULARY else 1 for word in plain][:length]
        row[: len(numbers)] = numbers
    return found


def test_words_are_split_at_white_space_and_keep_their_punctuation():
    assert words("The  room,\nwas – not bad!") == ["The", "room,", "was", "–", "not", "bad!"]


def test_letters_of_scripts_without_spaces_are_words_of_their_own():
    assert words("很好 good") == ["很", "好", "good"]


@pytest.mark.parametrize(
    ("word", "left"), [(0, " was bad"), (1, "It bad"), (2, "It was")], ids=["first", "middle", "last"]
)
def test_a_word_goes_with_the_space_before_it(word, left):
    text = "It was bad"

    assert without(text, spans(text)[word]) == left


def test_a_letter_without_spaces_around_it_goes_alone():
    assert without("不很好", (1, 2)) == "不好"


def test_occlusion_is_the_drop_of_the_score_without_each_word():
    """A network that counts: a point for `good`, minus one for `bad`."""

    def said(number, texts):
        return np.array([text.count("good") - text.count("bad") for text in texts], float)

    drops = word_occlusion(["good good and bad", "nothing", ""], said)

    assert [each.tolist() for each in drops] == [[1, 1, 0, -1], [0], []]


def test_occlusion_tells_the_network_which_sentence_it_is_about():
    seen = []

    def said(number, texts):
        seen.append((number, list(texts)))
        return np.zeros(len(texts))

    word_occlusion(["a b", "c"], said)

    assert seen == [(0, ["a b"]), (0, [" b", "a"]), (1, ["c"]), (1, [""])]


def test_each_word_has_the_positions_of_its_tokens():
    assert positions("The room - was not bad!", tokens) == [
        range(1),
        range(1, 2),
        range(2, 2),  # the dash is no token
        range(2, 3),
        range(3, 4),
        range(4, 5),
    ]


def test_words_that_are_cut_off_have_no_positions():
    found = positions("the room was not bad", lambda texts: tokens(texts, length=3))

    assert [list(each) for each in found] == [[0], [1], [2], [], []]


def test_tokens_that_are_not_made_word_by_word_have_no_positions():
    def pairs(texts):
        return np.array([[len(text), len(text.split()), 0] for text in texts])

    assert positions("the room was bad", pairs) is None


def test_a_word_has_the_most_heat_of_its_tokens():
    heat = by_word(np.array([0.1, 0.5, 0.2]), [range(2), range(2, 2), range(2, 3)])

    assert heat.tolist() == [0.5, 0.0, 0.2]
