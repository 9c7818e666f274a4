"""Tables of text: delimiter, encoding, lines; columns by name, glob and range; cells."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cnncli.data import columns
from cnncli.data.columns import RowFile, as_array
from cnncli.data.part_names import PartWords
from cnncli.data.tables import row_store
from cnncli.data.tables.cells import FileCells, NumberCells, WeightCells, WordCells, add_rows
from cnncli.data.tables.column_selection import in_natural_order, select
from cnncli.data.tables.label_cells import IndicatorCells, TagCells
from cnncli.data.tables.part_cells import PartCells
from cnncli.data.tables.table_file import open_table
from cnncli.data.tables.wrong_lines import MOST_LISTED, WrongLines
from cnncli.errors import DataError
from cnncli.recipe.sources.table import TextFormat

quick = settings(max_examples=100)


@pytest.fixture(autouse=True)
def _in_a_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def rows_of(
    content: str | bytes, name: str = "birds.csv", **options: Any
) -> tuple[list[list[str]], list[int], list[str]]:
    """The header and the rows of a table, the line of each row, and what is wrong with it."""
    Path(name).write_bytes(content.encode() if isinstance(content, str) else content)
    table, wrong = open_table(name, **options), WrongLines()
    found = list(table.rows(wrong))
    cells = [list(row) for rows in found for row in rows.cells]
    return [list(table.header), *cells], [line for rows in found for line in rows.lines], texts(wrong)


def texts(wrong: WrongLines) -> list[str]:
    return [str(problem) for problem in wrong.problems()]


def read(reader: Any, *cells: Any) -> tuple[Any, list[str]]:
    """What a reader makes of one cell or row a line, and its complaints."""
    wrong = WrongLines()
    rows = [cell if isinstance(cell, list) else [cell] for cell in cells]
    reader.add(range(2, 2 + len(rows)), rows, lambda line, message: wrong.add("a.csv", line, message))
    return reader, texts(wrong)


# ---- the file

field = st.text(st.characters(blacklist_categories=["Cs"], blacklist_characters="\0\r\ufeff"), max_size=8)


@quick
@given(
    st.sampled_from(",;\t|"),
    st.lists(st.lists(field, min_size=3, max_size=3), min_size=1, max_size=6),
    st.sampled_from(["\n", "\r\n"]),
    st.booleans(),
)
def test_what_csv_writes_is_read_with_the_lines_where_it_begins(
    delimiter: str, rows: list[list[str]], end: str, quote_all: bool
) -> None:
    text = io.StringIO()
    quoting = csv.QUOTE_ALL if quote_all else csv.QUOTE_MINIMAL
    writer, begins = csv.writer(text, delimiter=delimiter, lineterminator=end, quoting=quoting), []
    writer.writerow(["id", "name", "label"])
    for row in rows:
        begins.append(1 + len(io.StringIO(text.getvalue(), newline="").readlines()))
        writer.writerow(row)

    found, lines, wrong = rows_of(text.getvalue())

    assert (found[0], found[1:], lines, wrong) == (["id", "name", "label"], rows, begins, [])


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_delimiter_is_the_one_that_gives_the_same_number_of_fields(delimiter: str) -> None:
    rows = ["text,or so", "what; and | then"]
    content = f"sentence{delimiter}label\n" + "".join(f'"{row}"{delimiter}x\n' for row in rows)

    assert rows_of(content)[0] == [["sentence", "label"], [rows[0], "x"], [rows[1], "x"]]


def test_tsv_has_tabs_whatever_else_is_in_its_lines() -> None:
    content = "a,b,c\tlabel\n1,2,3\tx\n"

    assert rows_of(content, "birds.tsv")[0] == [["a,b,c", "label"], ["1,2,3", "x"]]
    assert rows_of(content, "birds.txt", kind="tsv")[0] == [["a,b,c", "label"], ["1,2,3", "x"]]


def test_line_sep_of_excel_names_the_delimiter() -> None:
    found, lines, wrong = rows_of("sep=;\na;b,c\n1;2\n")

    assert (found, lines, wrong) == ([["a", "b,c"], ["1", "2"]], [3], [])


def test_empty_lines_do_not_count_and_a_byte_order_mark_is_left_out() -> None:
    found, lines, wrong = rows_of(b"\xef\xbb\xbfa,b\n\n1,2\n\n3,4\n\n")

    assert (found, lines, wrong) == ([["a", "b"], ["1", "2"], ["3", "4"]], [3, 5], [])


def test_wrong_number_of_fields_is_told_at_its_line_also_after_quoted_line_breaks() -> None:
    found, lines, wrong = rows_of('a,b\n"x\ny\nz",2\n1\n3,4\n5,6,7\n')

    assert (found[1:], lines) == ([["x\ny\nz", "2"], ["3", "4"]], [2, 6])
    assert wrong == [
        "birds.csv:5: 1 field, and the table has 2 columns",
        "birds.csv:7: 3 fields, and the table has 2 columns; a field that contains the delimiter needs quotes",
    ]


def test_quotes_that_are_not_closed_are_told_where_they_open() -> None:
    assert rows_of('a,b\n1,2\n"x,3\n4,5\n')[2] == [
        'birds.csv:3: a quote `"` opens in this line and is not closed; `quotes: false` in the source reads quotes as characters'
    ]


def test_quote_inside_a_field_is_told_and_the_next_line_is_read() -> None:
    found, lines, wrong = rows_of('a,b\n"5" tall,2\n3,4\n')

    assert (found[1:], lines) == ([["3", "4"]], [3])
    assert wrong == ['birds.csv:2: a quote `"` closes inside a field; write `""` for a quote in a quoted field']


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("a,b\n1,2\nM\u00fcller,3\n".encode("latin-1"), "birds.csv:3: byte 0xfc is not UTF-8"),
        ("a,b\n1,2\n".encode("utf-16"), "birds.csv:1: the table is UTF-16, and UTF-8 is expected"),
        (b"", "birds.csv is empty"),
        (b"\n\n", "birds.csv is empty"),
        (b"PK\3\4rest", "birds.csv is a ZIP archive or an Excel workbook, not a table of text"),
        (b"\x1f\x8brest", "birds.csv is compressed with gzip, not a table of text"),
        (b'a,"b\n1,2\n', "birds.csv:1: a quote opens in the first line and is not closed"),
    ],
)
def test_file_that_is_no_table_is_an_error(content: bytes, message: str) -> None:
    with pytest.raises(DataError) as caught:
        rows_of(content)

    [problem] = caught.value.problems
    assert str(problem).splitlines()[0] == message


@pytest.mark.parametrize(
    ("content", "keys", "header", "row"),
    [
        ("5.1,3.5,setosa\n6.2,2.9,virginica\n", {"header": False}, ["c0", "c1", "c2"], ["5.1", "3.5", "setosa"]),
        ("\n-1\t0.5\n1\t0.7\n", {"header": False}, ["c0", "c1"], ["-1", "0.5"]),
        ("sep=;\n1;2\n", {"header": False}, ["c0", "c1"], ["1", "2"]),
        ("a;b\n1,5;a, b\n", {"decimal": ","}, ["a", "b"], ["1.5", "a, b"]),
        ("a;b;c\n-,5;1,2e-3;1,2,3\n", {"decimal": ","}, ["a", "b", "c"], ["-.5", "1.2e-3", "1,2,3"]),
        ("ä,b\n1,€\n".encode("cp1252"), {"encoding": "windows-1252"}, ["ä", "b"], ["1", "€"]),
        ("a,b\n1,é\n".encode("utf-16"), {"encoding": "utf-16"}, ["a", "b"], ["1", "é"]),
        ('label\ttext\nham\t"OK... he said\n', {"quotes": False}, ["label", "text"], ["ham", '"OK... he said']),
    ],
)
def test_text_is_read_as_the_recipe_says(
    content: str | bytes, keys: dict[str, Any], header: list[str], row: list[str]
) -> None:
    found, _, wrong = rows_of(content, form=TextFormat(**keys))

    assert (found[0], found[1], wrong) == (header, row, [])


def test_rows_without_names_are_counted_from_the_first_line() -> None:
    _, lines, wrong = rows_of("1,2\n3\n5,6\n", form=TextFormat(header=False))

    assert (lines, wrong) == ([1, 3], ["birds.csv:2: 1 field, and the table has 2 columns"])


def test_another_encoding_than_the_recipe_says_is_an_error() -> None:
    with pytest.raises(DataError, match=r"birds.csv cannot be read as windows-1252"):
        rows_of(b"a,b\n1,\x81\n", form=TextFormat(encoding="windows-1252"))


def test_line_without_an_end_is_no_table(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cnncli.data.tables.csv_table._LONGEST", 1000)

    with pytest.raises(DataError, match=r"birds.csv:2: the line has more than 1,000 characters"):
        rows_of("a,b\n" + "x" * 5000)


def test_parquet_without_pyarrow_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "pyarrow", None)

    with pytest.raises(DataError) as caught:
        rows_of(b"PAR1", "birds.parquet")

    hint = 'install it: pip install "cnncli[parquet]"; or save the table as CSV'
    assert str(caught.value) == f"birds.parquet: reading Parquet needs the package pyarrow\n    {hint}"


def test_rows_of_parquet_are_counted_from_1() -> None:
    arrow, parquet = pytest.importorskip("pyarrow"), pytest.importorskip("pyarrow.parquet")
    parquet.write_table(arrow.table({"age": [1, 2.5, None], "name": ["a", None, "c"]}), "birds.parquet")
    table, wrong = open_table("birds.parquet"), WrongLines()
    ages, names = NumberCells(["age"]), WordCells("name")
    for rows in table.rows(wrong):
        add_rows(rows, table.header, [ages, names], lambda line, message: wrong.add(table.file, line, message))

    assert texts(wrong) == ["birds.parquet:2: name is empty", "birds.parquet:3: age is empty"]


def test_damaged_parquet_is_told() -> None:
    pytest.importorskip("pyarrow")

    with pytest.raises(DataError, match=r"^birds.parquet cannot be read as Parquet: "):
        rows_of(b"PAR1 and nothing else", "birds.parquet")


def test_many_wrong_lines_are_counted_and_the_first_are_listed_in_order() -> None:
    wrong = WrongLines()
    for line in range(1000, 1, -1):
        wrong.add("a.csv", line, "wrong")

    found = texts(wrong)

    assert found[:2] == ["a.csv:2: wrong", "a.csv:3: wrong"]
    assert (len(found), found[-1]) == (MOST_LISTED + 1, "999 mistakes in a.csv; the first 20 are listed")


# ---- columns

HEADER = ["id", "t10", "t2", "t0", "t1", "speed [m/s]", "label"]


@pytest.mark.parametrize(
    ("words", "columns"),
    [
        ("t2", ["t2"]),
        ("t*", ["t0", "t1", "t2", "t10"]),
        (["label", "t?"], ["label", "t0", "t1", "t2"]),
        ("t10:t1", ["t10", "t2", "t0", "t1"]),
        ("speed [m/s]", ["speed [m/s]"]),
        (["t1", "t*"], ["t1", "t0", "t2", "t10"]),
        ("*", ["t0", "t1", "t2", "t10"]),
    ],
)
def test_columns_are_selected_by_name_glob_and_range(words: Any, columns: list[str]) -> None:
    assert select(words, HEADER, file="a.csv", used=["id", "label", "speed [m/s]"]) == columns


def test_globs_take_no_column_without_a_name() -> None:
    assert select("*", ["", "a", "b"], file="a.csv") == ["a", "b"]


@pytest.mark.parametrize(
    ("header", "is_asked"),
    [
        (["5.1", "3.5", "Iris-setosa"], True),
        (["1.0e+00", "0.0e+00"], True),
        (["3", "Wall St. Bears Claw Back Into the Black Again"], True),
        (["0", "1", "2"], False),  # names that pandas gives to columns without names
        (["country", "2019", "2020"], False),
        (["age", "weight (kg)"], False),
    ],
)
def test_first_line_that_looks_like_an_example_is_asked_about(header: list[str], *, is_asked: bool) -> None:
    with pytest.raises(DataError) as caught:
        select("label", header, file="a.csv")

    assert ("`header: false`" in str(caught.value)) == is_asked


@pytest.mark.parametrize(
    ("words", "message", "hint"),
    [
        ("lable", "a.csv has no column `lable`", "did you mean `label`?"),
        ("weight", "a.csv has no column `weight`", "its first line: id, t10, t2, t0, t1, speed [m/s], label"),
        ("x*", "no column of a.csv matches `x*`", "its columns: id, t10, t2, t0, t1, speed [m/s], label"),
        ("t1:t10", "in a.csv the column `t1` stands after `t10`", "write `t10:t1`"),
        ("t0:labels", "a.csv has no column `labels`", "did you mean `label`?"),
    ],
)
def test_unknown_column_suggests_the_nearest(words: str, message: str, hint: str) -> None:
    with pytest.raises(DataError) as caught:
        select(words, HEADER, file="a.csv")

    assert [(each.message, each.hint) for each in caught.value.problems] == [(message, hint)]


@pytest.mark.parametrize("words", ["a", "*", "a:b"])
def test_column_that_is_there_twice_is_an_error(words: str) -> None:
    with pytest.raises(DataError, match=r"a.csv has 2 columns named `a`"):
        select(words, ["a", "b", "a"], file="a.csv")


@quick
@given(st.lists(st.integers(-(10**6), 10**6), unique=True))
def test_names_that_are_numbers_are_sorted_as_numbers(numbers: list[int]) -> None:
    assert in_natural_order(map(str, numbers)) == list(map(str, sorted(numbers)))


@quick
@given(st.lists(st.integers(0, 10**30), unique=True), st.text("ab.", max_size=3))
def test_numbers_within_names_are_sorted_as_numbers(numbers: list[int], prefix: str) -> None:
    assert in_natural_order(f"{prefix}_{number}" for number in numbers) == [
        f"{prefix}_{number}" for number in sorted(numbers)
    ]


@quick
@given(st.lists(st.text(max_size=6), unique=True))
def test_order_of_names_does_not_depend_on_where_they_began(names: list[str]) -> None:
    assert in_natural_order(names) == in_natural_order(reversed(names))


# ---- cells


@quick
@given(st.lists(st.lists(st.floats(width=32, allow_nan=False, allow_infinity=False), min_size=2, max_size=2)))
def test_numbers_are_read_as_they_are_written(rows: list[list[float]]) -> None:
    reader, wrong = read(NumberCells(["a", "b"]), *[[repr(number) for number in row] for row in rows])

    assert wrong == []
    assert np.array_equal(reader.values(), np.array(rows, np.float32).reshape(len(rows), 2))


@pytest.mark.parametrize(
    ("cell", "reason"),
    [
        ("", "is empty"),
        ("  ", "is empty"),
        ("abc", "is `abc`, not a number"),
        ("NA", "is `NA`, not a number"),
        ("3,14", "is `3,14`, with a decimal comma: write 3.14"),
        ("1_000", "is `1_000`, not a number"),
        ("1,234.5", "is `1,234.5`, not a number"),
        ("nan", "is NaN"),
        ("-inf", "is infinite"),
        ("1e39", "is `1e39`, too large for a 32-bit float"),
    ],
)
def test_cell_that_is_no_finite_number_is_told(cell: str, reason: str) -> None:
    _, wrong = read(NumberCells(["age", "pulse"]), ["1", "2"], [cell, "2"])

    assert wrong == [f"a.csv:3: age {reason}"]


def test_of_several_wrong_numbers_in_a_line_the_first_is_told_with_their_count() -> None:
    _, wrong = read(NumberCells(["a", "b", "c"]), ["x", "1", "?"])

    assert wrong == ["a.csv:2: a is `x`, not a number (and 1 more in this line)"]


@pytest.mark.parametrize("cells", [["x", "2"], ["1", "x"]])
def test_wrong_numbers_do_not_change_those_beside_them(cells: list[str]) -> None:
    reader, _ = read(NumberCells(["a", "b"]), ["1", "2"], cells, ["3", "4"])

    assert reader.values()[[0, 2]].tolist() == [[1, 2], [3, 4]]


def test_weights_are_0_or_more() -> None:
    reader, wrong = read(WeightCells("trust"), "0", "0.5", "-1", "nan", "")

    assert wrong == ["a.csv:4: trust is -1: a weight is 0 or more", "a.csv:5: trust is NaN", "a.csv:6: trust is empty"]
    assert reader.values()[:2].tolist() == [0, 0.5]


def test_words_get_numbers_in_the_order_in_which_they_come() -> None:
    reader, wrong = read(WordCells("species"), "owl", " wren ", "owl", "")

    assert (reader.names, reader.values()[:3].tolist()) == (["owl", "wren"], [0, 1, 0])
    assert wrong == ["a.csv:5: species is empty"]


def test_parts_have_synonyms() -> None:
    parts = ("train", "validation", "test")
    words = ["train", "Training", "val", "valid", "VALIDATION", "dev", "test"]
    reader, wrong = read(PartCells("part", parts), *words)

    assert ([parts[number] for number in reader.values()], wrong) == (["train"] * 2 + ["validation"] * 4 + ["test"], [])


def test_unknown_part_suggests_the_nearest() -> None:
    _, wrong = read(PartCells("part", ("train", "validation", "test")), "tset", "", "9")

    assert wrong == [
        "a.csv:2: part is `tset`: expected train, validation or test; did you mean `test`?",
        "a.csv:3: part is empty: expected train, validation or test",
        "a.csv:4: part is `9`: expected train, validation or test; other words: `parts: {validation: [4], test: [5]}` in "
        "`split` says what they mean; all others train",
    ]


PARTS = ("train", "validation", "test")


@pytest.mark.parametrize(
    ("column", "words", "meant"),
    [
        ("is_valid", ("False", "True", "0", "1"), "train validation train validation"),  # fastai
        ("Usage", ("Training", "PublicTest", "PrivateTest"), "train validation test"),  # FER2013
        ("is_training_image", ("1", "0"), "train test"),  # CUB-200
        ("is_test", ("true", "false"), "test train"),
    ],
)
def test_columns_of_published_sets_say_the_part(column: str, words: Sequence[str], meant: str) -> None:
    reader, wrong = read(PartCells(column, PARTS), *words)

    assert ([PARTS[number] for number in reader.values()], wrong) == (meant.split(), [])


def test_recipe_says_which_words_mean_a_part_and_all_others_train() -> None:
    words = PartWords.of("strat_fold", {"validation": [9], "test": ["10", "x"]})
    reader, wrong = read(PartCells("strat_fold", PARTS, words), "9", "9.0", "10", "X", "3", "")

    assert [PARTS[number] for number in reader.values()][:5] == ["validation"] * 2 + ["test"] * 2 + ["train"]
    assert wrong == ["a.csv:7: strat_fold is empty: expected a word of `split.parts`: 9, 10, x"]


def test_with_words_of_training_no_other_word_trains() -> None:
    words = PartWords.of("fold", {"train": [1, 2], "test": [3]})
    _, wrong = read(PartCells("fold", PARTS, words), "1", "4")

    assert wrong[0].startswith("a.csv:3: fold is `4`: expected a word of `split.parts`: ")


def test_names_of_files_may_not_be_empty() -> None:
    reader, wrong = read(FileCells("photo"), "a b.png", "", "a\0b")

    assert reader.names == ["a b.png", "", ""]
    assert wrong == ["a.csv:3: photo is empty", r"a.csv:4: photo is a\x00b: no file can have this name"]


def test_tags_become_a_row_of_0_and_1_by_natural_order() -> None:
    reader, wrong = read(TagCells("tags", "|"), "t10|t2", "", "t2| t1 |t2|", "t1")

    assert (reader.names, wrong) == (["t1", "t2", "t10"], [])
    assert reader.values().tolist() == [[0, 1, 1], [0, 0, 0], [1, 1, 0], [1, 0, 0]]


def test_columns_of_0_and_1_are_labels() -> None:
    reader, wrong = read(IndicatorCells(["cat", "dog"]), ["0", "1"], ["True", "false"], ["1.0", "2"], ["", "1"])

    assert reader.values()[:2].tolist() == [[0, 1], [1, 0]]
    hint = "expected 0 or 1; `label_values` in the source says what other cells mean"
    assert wrong == [f"a.csv:4: dog is `2`: {hint}", f"a.csv:5: cat is empty: {hint}"]


# ---- many rows


def test_many_rows_go_to_a_file_and_are_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(row_store, "LARGE", 100)
    numbers = np.arange(60, dtype=np.float32).reshape(20, 3)
    reader = NumberCells(["a", "b", "c"])
    for begin in range(0, 20, 4):
        read(reader, *[list(map(str, row)) for row in numbers[begin : begin + 4].tolist()])

    values = reader.values()

    assert isinstance(values, RowFile)
    assert np.array_equal(as_array(columns.take(values, [3, 19, 0])), numbers[[3, 19, 0]])
