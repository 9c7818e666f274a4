"""`cnncli runs --html`: the page of all runs."""

import json
from pathlib import Path

import pytest
from commands import call
from executed_lines import executed_lines
from reading import Read
from run_folders import put_run

from cnncli.report.sparklines import sparklines

HISTORY = [
    {"epoch": 1, "loss": 1.0, "accuracy": 0.5, "val_loss": 0.8, "val_accuracy": 0.6, "seconds": 1.0},
    {"epoch": 2, "loss": 0.5, "accuracy": 0.75, "val_loss": None, "val_accuracy": 0.7, "seconds": 1.0},
    {"epoch": 3, "loss": 0.0, "accuracy": 1.0, "val_loss": 0.4, "val_accuracy": 0.8, "seconds": 1.0},
]


DOT = "m-1 0a1 1 0 1 0 2 0a1 1 0 1 0-2 0"


@pytest.fixture(autouse=True)
def outputs(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("COLUMNS", raising=False)
    return Path("outputs")


def put(outputs: Path, name: str, *, history=HISTORY, page: bool = True, **fields) -> Path:
    given = {
        "data": {"source": "mnist-sample, packaged: 8,000 + 2,000 digits"},
        "params": 225_034,
        "epochs": 3,
        "epochs_planned": 3,
        "best": {"epoch": 3, "val_loss": 0.4, "monitor": "val_loss"},
        "test": {"loss": 0.5, "accuracy": 0.975},
        "seconds": {"total": 28.5},
        **fields,
    }
    run = put_run(outputs, name, **given)
    (run / "history.json").write_text(json.dumps(history))
    if page:
        (run / "report.html").touch()
    return run


def index(*arguments: str, file: Path | None = None) -> Read:
    done = call("runs", "--html", *arguments)
    return Read(Path(done.stdout.strip() if file is None else file).read_text(encoding="utf-8"))


def cells(page: Read, row: int = 0) -> list[str]:
    """The texts of a row of the table."""
    found: list[list[str]] = []
    for element in page.all("tr", "td", "th"):
        if element.tag == "tr":
            found.append([])
        else:
            found[-1].append(" ".join(element.text.split()))
    return found[row + 1]


def test_row_tells_what_the_list_tells(outputs):
    put(outputs, "mnist/first")
    call("runs", "note", "first", "twice the filters")

    assert cells(index()) == [
        "mnist/first",
        "completed",
        "2026-11-21 10:00",
        "mnist-sample",
        "225,034",
        "3",
        "0.4000validation loss",
        "97.50%accuracy",
        "28.5 s",
        "loss over 3 epochs: training 1 to 0, validation 0.8000 to 0.4000loss"
        "accuracy over 3 epochs: training 0.5000 to 1, validation 0.6000 to 0.8000accuracy",
        "twice the filters",
    ]


def test_interrupted_run_has_its_epochs_of_all_and_its_best_so_far(outputs):
    monitor = {"name": "val_loss", "mode": "min"}
    given = {"epochs": None, "best": None, "test": None, "epochs_planned": 6, "monitor": monitor}
    put(outputs, "mnist/first", status="interrupted", **given)

    assert cells(index())[5:8] == ["3/6", "0.4000validation loss", "–"]


def test_broken_run_says_what_is_wrong(outputs):
    run = put(outputs, "mnist/first")
    (run / "run.json").write_text("{")

    assert cells(index())[:4] == ["mnist/firstrun.json is damaged: its JSON breaks at line 1", "broken", "–", "–"]


def test_links_lead_to_the_reports_from_where_the_page_is(outputs, tmp_path):
    put(outputs, "mnist/first")
    put(outputs, "mnist/second", page=False, started="2026-11-20T10:00:00+00:00")
    (tmp_path / "pages").mkdir()

    assert [link.attributes["href"] for link in index().all("a")] == ["mnist/first/report.html"]
    elsewhere = index("--to", "pages/all.html")
    assert [link.attributes["href"] for link in elsewhere.all("a")] == ["../outputs/mnist/first/report.html"]


@pytest.mark.parametrize(
    "name", ["<script>alert(1)</script>", '"><img src=x>', "javascript:alert(1)", "a\u202eb", "a b#c"]
)
def test_hostile_name_is_text_and_its_link_a_path(outputs, name):
    name = name.replace("/", "")
    put(outputs, f"{name}/first", data={"source": name})
    page = index()

    [link] = page.all("a")
    assert len(page.all("script")) == 1
    assert not page.all("img")
    assert "\u202e" not in page.text
    assert link.attributes["href"].endswith("/first/report.html")
    assert not set(link.attributes["href"]) & set("<>\"':# ")


def test_page_loads_nothing(outputs):
    put(outputs, "mnist/first")
    page = index()
    policy = page.one("meta", **{"http-equiv": "Content-Security-Policy"}).attributes["content"]

    assert policy.startswith("default-src 'none'; img-src data:;")
    assert not [e for e in page.elements if "src" in e.attributes or e.attributes.get("href", "").startswith("http")]


def test_options_of_the_list_choose_and_sort(outputs):
    put(outputs, "mnist/a", test={"accuracy": 0.7})
    put(outputs, "mnist/b", test={"accuracy": 0.9})
    put(outputs, "lenet5/c")
    page = index("--recipe", "mnist", "--sort", "test")

    assert [link.text for link in page.all("a")] == ["mnist/b", "mnist/a"]
    assert page.one("h1").text == "2 runs"


def test_only_an_earlier_page_of_runs_is_replaced(outputs):
    put(outputs, "mnist/first")
    call("runs", "--html")
    call("runs", "--html")
    mine = outputs / "index.html"
    mine.write_text("mine")
    done = call("runs", "--html", exit_code=6)

    assert "outputs/index.html exists already; --force overwrites it" in done.stderr
    assert mine.read_text() == "mine"
    call("runs", "note", "first", "x")
    assert mine.read_text() == "mine"
    call("runs", "--html", "--force")
    assert "mnist/first" in mine.read_text()
    call("report", "first", "--to", "outputs/index.html", "--force")
    assert call("runs", "--html", exit_code=6).stderr.startswith("error: outputs/index.html exists already")


def test_page_is_opened_in_a_browser(outputs, monkeypatch):
    opened = []
    monkeypatch.setattr("cnncli.cli.browser.show_page", opened.append)
    put(outputs, "mnist/first")
    call("runs", "--html", "--open")

    assert opened == [outputs / "index.html"]


def test_json_names_the_page(outputs):
    put(outputs, "mnist/first")
    told = call("runs", "--html", "--json").json

    assert told == {
        "index": "outputs/index.html",
        "bytes": (outputs / "index.html").stat().st_size,
        "runs": ["outputs/mnist/first"],
    }


@pytest.mark.parametrize(
    ("arguments", "code", "told"),
    [
        (["--to", "a.html"], 2, "error: --to: this option is for the HTML page\n    add --html\n"),
        (["--open"], 2, "error: --open: this option is for the HTML page\n    add --html\n"),
        (["--html", "--to", "a.txt"], 2, "error: --to: `a.txt` does not end in .html\n"),
        (["--html", "--recipe", "x"], 6, "error: no runs to show in outputs/\n"),
        (
            ["--html", "--to", "outputs/mnist/first/a.html"],
            6,
            "error: --to: outputs/mnist/first/a.html lies in the folder",
        ),
    ],
)
def test_wrong_page_is_an_error(outputs, arguments, code, told):
    put(outputs, "mnist/first")

    assert call("runs", *arguments, exit_code=code).stderr.startswith(told)


def test_sparkline_spans_the_values_and_breaks_where_one_is_missing():
    loss, accuracy = sparklines(HISTORY)

    # x from 2 to 98, y from 26 (the smallest value) to 2 (the largest).
    assert loss.paths == ("M2 2L50 14L98 26", f"M2 6.8{DOT}M98 16.4{DOT}")
    assert accuracy.paths == ("M2 26L50 14L98 2", "M2 21.2L50 16.4L98 11.6")


def test_sparkline_of_one_value_of_none_and_of_the_same():
    assert sparklines([]) == []
    assert sparklines([{"epoch": 1, "loss": None}]) == []
    assert [line.paths for line in sparklines([{"epoch": 1, "loss": 0.5}])] == [(f"M2 14{DOT}", "")]
    assert [line.paths for line in sparklines([{"epoch": n, "loss": 0.0} for n in (1, 2)])] == [("M2 14L98 14", "")]


def test_dots_of_a_single_epoch_touch_neither_the_name_nor_the_line_above():
    [line] = sparklines([{"epoch": 1, "loss": 1.0, "val_loss": 0.5}])
    assert line.paths == (f"M2 8{DOT}", f"M2 20{DOT}")  # of 28


def test_sparkline_of_many_epochs_is_short():
    [line] = sparklines([{"epoch": n, "loss": 1 / n} for n in range(1, 10_001)])

    assert line.paths[0].count("L") <= 41
    assert line.paths[0].endswith("L98 26")


def test_work_and_size_grow_with_the_number_of_runs(outputs):
    history = [{**HISTORY[0], "epoch": number} for number in range(1, 51)]

    def work(first, last):
        for number in range(first, last):
            put(outputs, f"mnist/{number:04}", history=history)
        return executed_lines(lambda: call("runs", "--html")), (outputs / "index.html").stat().st_size

    work(0, 1)  # imports
    lines, size = work(1, 40)
    lines_of_twice_as_many, size_of_twice_as_many = work(40, 80)
    assert lines_of_twice_as_many < 2.1 * lines
    assert size_of_twice_as_many - size < 40 * 3000  # 3 MB for a thousand


def test_thousand_runs_are_counted(outputs):
    for number in range(1000):
        put(outputs, f"mnist/{number:04}")

    assert "1,000 runs" in call("runs", "--html").stderr


def test_table_sorts_by_keyboard_and_scrolls_on_a_phone(outputs, tab):
    put(outputs, "mnist/a", epochs=9, epochs_planned=20)
    put(outputs, "mnist/b", epochs=10, epochs_planned=10)
    call("runs", "--html")
    tab.open(outputs / "index.html", width=390, height=800)
    order = "[...document.querySelectorAll('tbody th')].map(cell => cell.textContent.trim()).join()"

    assert tab.evaluate("document.documentElement.scrollWidth") == 390
    assert tab.evaluate("document.querySelector('.hint').hidden") is False
    tab.evaluate("document.querySelectorAll('thead button')[5].focus()")
    tab.press("Enter")
    assert tab.evaluate(order) == "mnist/a,mnist/b"
    tab.press("Enter")
    assert tab.evaluate(order) == "mnist/b,mnist/a"
    assert tab.evaluate("document.querySelectorAll('thead button').length") == 9  # the curves do not sort
    assert tab.complaints() == []
    tab.open(outputs / "index.html", width=2000, height=800)
    assert tab.evaluate("document.querySelector('.hint').hidden") is True
