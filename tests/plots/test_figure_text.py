"""Text from users is made safe to draw, and fitted."""

import warnings

import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from cnncli.messages import number_text
from cnncli.plots import style
from cnncli.plots.text_fitting import Title, fit_lines, fit_text, plain_text, shorten, text_width

ODD_NAMES = [
    "[red]",
    "$x_1$",
    "\x1b[31mred\x1b[0m",
    "cat \U0001f408",
    "\udcff\ud800",
    "",
    "a\tb\nc",
    r"\frac{",
    "$",
    "^_{",
]


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("[red]", "[red]"),
        ("$x_1$", "$x_1$"),
        ("\x1b[31mred", "[31mred"),
        ("a\tb \n c", "a b c"),
        ("bad \udcff name", "bad name"),
        ("cat \U0001f408", "cat \ufffd"),
        ("evil\u202egnp.exe", "evilgnp.exe"),
        ("cafe\u0301", "café"),
        ("\x00\x07", "(blank)"),
        ("", "(blank)"),
        (7, "7"),
    ],
)
def test_what_cannot_be_drawn_is_dropped_or_replaced(text, plain):
    assert plain_text(text) == plain


def test_endless_text_is_cut():
    assert len(plain_text("ab " * 100_000)) <= 300


@pytest.mark.parametrize("name", ODD_NAMES)
def test_odd_text_draws_without_an_error_or_a_warning(name):
    with style.look(), warnings.catch_warnings():
        warnings.simplefilter("error")
        figure = style.new_figure(2, 1)
        style.add_text(figure, 0.1, 0.1, plain_text(name))
        FigureCanvasAgg(figure).draw()


def test_a_dollar_is_not_mathematics():
    with style.look():
        figure = style.new_figure(2, 1)
        text = style.add_text(figure, 0.1, 0.1, "$x_1$")
    assert text.get_parse_math() is False
    width_in_pixels = text.get_window_extent().width
    assert width_in_pixels == pytest.approx(text_width("$x_1$", style.LABEL_SIZE) * style.DPI, abs=3)


def test_shortening_keeps_both_ends():
    assert shorten("black-footed albatross 001", 15) == "black-foo…s 001"  # 9 letters, the dots, 5 letters
    assert shorten("short", 5) == "short"


def test_fitted_text_is_as_long_as_fits():
    name = "black-footed albatross number seven"
    fitted = fit_text(name, 1.5, 9)
    assert "…" in fitted
    cuts = [shorten(name, letters) for letters in range(3, len(name))]
    assert fitted == max((cut for cut in cuts if text_width(cut, 9) <= 1.5), key=len)
    assert fit_text(name, 20, 9) == name
    assert fit_text(name, 0.05, 9) == ""


@pytest.mark.parametrize("width", [3, 4, 9, 30])
def test_of_a_title_the_name_is_shortened_and_never_the_words(width):
    title = Title("outputs/" + 20 * "long/" + "\x1b", ": test\x1b split") + ", wrong"
    fitted = title.fitted(width, style.TITLE_SIZE)
    assert fitted.endswith(": test split, wrong")
    assert text_width(fitted, style.TITLE_SIZE, bold=True) <= width
    assert ("…" in fitted) == (width < 20)
    assert "\x1b" not in fitted


def test_the_look_leaves_the_global_settings_alone():
    import matplotlib

    before = dict(matplotlib.rcParams)
    with style.look():
        assert matplotlib.rcParams["text.parse_math"] is False
    assert dict(matplotlib.rcParams) == before


def test_the_look_overrides_the_settings_of_the_machine():
    import matplotlib

    with matplotlib.rc_context({"text.usetex": True, "font.size": 40, "lines.linestyle": ":"}), style.look():
        assert matplotlib.rcParams["text.usetex"] is False
        assert matplotlib.rcParams["font.size"] == style.LABEL_SIZE
        assert matplotlib.rcParams["lines.linestyle"] == "-"


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.98754, "0.9875"), (-0.5, "−0.5"), (1e-5, "1e−5"), (123456.0, "1.235e5"), (0, "0"), (float("nan"), "nan")],
)
def test_numbers_are_short(value, text):
    assert number_text(value) == text


def test_pages_are_whole_pixels():
    figure = style.new_figure(3.3333, 2.1111)
    assert isinstance(figure, Figure)
    assert [side * style.DPI for side in figure.get_size_inches()] == pytest.approx([500, 317])


def test_long_names_are_broken_into_lines_that_fit():
    lines = fit_lines("001.Black_footed Albatross of the North Sea", 0.9, style.LABEL_SIZE, 3)

    assert all(text_width(line, style.LABEL_SIZE) <= 0.9 for line in lines)
    assert lines[:2] == ["001.Black_", "footed"]
    assert len(lines) == 3
    assert fit_lines("ants", 1.1, style.LABEL_SIZE, 3) == ["ants"]
    assert fit_lines("", 1.1, style.LABEL_SIZE, 3) == []
