"""Sentences in pictures: every word, its heat, long texts."""

import pytest
from matplotlib.lines import Line2D
from matplotlib.patches import Rectangle

from cnncli.plots import style
from cnncli.plots.sentence_sheet import Line, Sentence, SentenceSheet
from cnncli.plots.sentences import draw_sentences


def sentence(words, heat=(), caption=()):
    return Sentence(words=words, heat=heat, caption=caption)


def drawn(sentences, **options):
    return draw_sentences(SentenceSheet(title="a run", subtitle="words", sentences=sentences, **options))


def words_in(figure):
    return [text.get_text() for text in figure.texts][2:]  # without title and subtitle


def grounds(figure):
    return [artist for artist in figure.get_children() if isinstance(artist, Rectangle) and artist is not figure.patch]


def test_every_word_is_written_below_the_caption():
    figure = drawn(
        [sentence(["not", "bad!"], caption=[Line(text="predicted positive", role="right")])], notes=["a note"]
    )

    assert words_in(figure) == ["predicted positive", "not", "bad!", "a note"]


def test_words_for_have_a_ground_and_words_against_a_line():
    figure = drawn([sentence(["not", "really", "bad"], [1.0, 0.0, -0.5])])

    assert len(grounds(figure)) == 1
    [line] = [artist for artist in figure.get_children() if isinstance(artist, Line2D)]
    assert line.get_linestyle() == "--"
    assert line.get_color() == style.BLUE


def test_more_heat_is_darker_so_that_it_is_seen_without_colours():
    figure = drawn([sentence(["a", "b"], [0.3, 1.0])])

    light, dark = (sum(ground.get_facecolor()[:3]) for ground in grounds(figure))
    assert dark < light


def test_words_stay_inside_the_page():
    figure = drawn([sentence(["word"] * 60 + ["x" * 5000])])

    figure.draw_without_rendering()
    right = max(text.get_window_extent().x1 for text in figure.texts)
    assert right <= figure.bbox.width


def test_of_a_long_text_the_lines_with_the_most_heat_are_shown():
    heat = [0.0] * 900 + [1.0] + [0.0] * 99
    figure = drawn([sentence([f"w{number}" for number in range(1000)], heat)])

    shown = words_in(figure)
    assert "w900" in shown
    assert shown[0] == shown[-1] == "…"
    assert len(shown) < 200


def test_text_of_users_is_never_markup_or_control():
    figure = drawn([sentence(["$x^2$", "a\x1b[0m", ""])])

    assert words_in(figure) == ["$x^2$", "a[0m", "(blank)"]


def test_nothing_to_show_draws_the_heading_alone():
    assert words_in(drawn([])) == []


def test_label_is_what_the_picture_shows():
    figure = drawn([sentence(["not", "bad"], [0.5, -1.0], [Line(text="true positive")])], notes=["a note"])

    [shown] = SentenceSheet.model_validate_json(figure.get_label()).sentences
    assert shown == sentence(["not", "bad"], [0.5, -1.0], [Line(text="true positive")])


def test_label_of_a_long_text_has_the_shown_lines_alone():
    [shown] = SentenceSheet.model_validate_json(drawn([sentence(["word"] * 5000)]).get_label()).sentences

    assert len(shown.words) < 200


def test_heat_for_another_number_of_words_is_refused():
    with pytest.raises(ValueError, match="2 words have 1 values of heat"):
        sentence(["not", "bad"], [0.5])
