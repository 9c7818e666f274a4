"""Lines on stderr, broken between words where the terminal is narrow."""

import pytest
from rich.text import Text

from cnncli.cli import console


@pytest.fixture
def narrow(monkeypatch):
    monkeypatch.setenv("COLUMNS", "30")


def plain(lines):
    return [line.plain for line in lines]


def test_line_is_broken_between_words_with_a_hanging_indent(narrow):
    lines = console.pair_lines("Data", "7,200 training, 800 validation, 2,000 test")

    assert plain(lines) == ["Data       7,200 training, 800", "          validation, 2,000", "          test"]


def test_name_and_number_stay_together(narrow):
    line = Text("epoch 1/2  loss 0.8348  accuracy 0.7844  val_loss 0.2654")

    assert plain(console.fitted(line, 2, at_double_spaces=True)) == [
        "epoch 1/2  loss 0.8348",
        "  accuracy 0.7844",
        "  val_loss 0.2654",
    ]


def test_command_and_long_path_stay_whole(narrow):
    command = "cnncli predict outputs/mnist/first YOUR.png"
    path = "outputs/a-very-long-name/of-a-run"

    assert plain(console.pair_lines("Next", command)) == [f"Next       {command}"]
    assert plain(console.fitted(Text(f"see {path}"), 2)) == ["see", f"  {path}"]


def test_styles_stay_with_their_words(narrow):
    first, *others = console.pair_lines("Data", "7,200 training, 800 validation, 2,000 test")

    assert [(span.start, span.end, span.style) for span in first.spans] == [(0, 11, "bold")]
    assert all(not line.spans for line in others)


def test_a_pipe_gets_long_lines(monkeypatch):
    monkeypatch.delenv("COLUMNS", raising=False)
    line = Text("word " * 100)

    assert console.fitted(line, 2) == [line]


def test_a_pipe_gets_a_wide_table_whole(monkeypatch, capsys):
    monkeypatch.delenv("COLUMNS", raising=False)
    scores = [f"score {number}" for number in range(20)]

    console.show_table(["", *scores], [["standard deviation", *range(20)]])

    titles, row = capsys.readouterr().out.splitlines()
    assert titles.split("  ")[-20:] == scores
    assert row.startswith("standard deviation  ")
    assert row.split()[2:] == [str(number) for number in range(20)]


def test_wide_table_becomes_several_with_all_numbers(monkeypatch, capsys):
    monkeypatch.setenv("COLUMNS", "12")

    console.show_table(["", "cat", "dog", "emu"], [["cat", 100, 2, 3], ["dog", 4, 500, 6]])

    assert capsys.readouterr().out.splitlines() == [
        "     cat",
        "cat  100",
        "dog    4",
        "",
        "     dog",
        "cat    2",
        "dog  500",
        "",
        "     emu",
        "cat    3",
        "dog    6",
    ]


@pytest.mark.parametrize(
    ("widths", "left", "room", "tables"),
    [
        ([3, 3, 3, 3], 1, None, [[0, 1, 2, 3]]),
        ([3, 3, 3, 3], 1, 18, [[0, 1, 2, 3]]),
        ([3, 3, 3, 3], 1, 17, [[0, 1, 2], [0, 3]]),
        ([6, 8], 0, 10, [[0], [1]]),
        ([4], 1, 10, [[0]]),
        ([20, 5, 5], 1, 10, [[0, 1], [0, 2]]),
    ],
)
def test_tables_hold_as_many_columns_as_fit(widths, left, room, tables):
    assert console._fitting(widths, left, room) == tables
