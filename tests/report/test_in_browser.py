"""The page in a real browser, where there is one."""

import pytest
from made_runs import evaluation, png

from cnncli import report
from cnncli.network.explanation import Explanation, Formula, LayerExplanation
from cnncli.report.explanation_page import explanation_page


@pytest.fixture
def file(make_run, tmp_path):
    """The page of a run that has everything."""
    names = [f"class {number}" for number in range(10)]
    pictures = {f"{name}.png": png(1500, 800) for name in ("filters-C1", "feature_maps_1", "wrong")}
    folder = make_run(class_names=names, pictures=pictures, scored=evaluation(names))
    path = tmp_path / "report.html"
    path.write_text(report.page([report.read(folder)]).html, encoding="utf-8")
    return path


def column(number: int) -> str:
    return (
        "[...document.querySelectorAll('#run-1 table.sortable tbody tr')]"
        f".map(row => row.cells[{number}].dataset.sort ?? row.cells[{number}].textContent.trim())"
    )


def test_nothing_is_requested_and_nothing_complains(tab, file):
    for width, scheme in ((1280, "light"), (360, "dark")):
        tab.open(file, width=width, scheme=scheme)

        assert [url for url in tab.requests() if not url.startswith("data:")] == [file.resolve().as_uri()]
        assert tab.complaints() == []


def test_hostile_names_run_nothing(tab, make_run, tmp_path):
    names = ["<script>document.title = 'run'</script>", '"><img src=x onerror="document.title = \'run\'">', "c"]
    file = tmp_path / "hostile.html"
    file.write_text(report.page([report.read(make_run(class_names=names, about=names[0]))]).html, encoding="utf-8")
    tab.open(file)

    assert tab.evaluate("document.title") == "made/first – cnncli report"
    assert tab.complaints() == []


def test_column_sorts_by_a_click_and_by_a_key(tab, file):
    tab.open(file)
    button = "document.querySelectorAll('#run-1 table.sortable thead button')[1]"
    before = [float(value) for value in tab.evaluate(column(1))]

    tab.evaluate(f"{button}.click()")
    assert [float(value) for value in tab.evaluate(column(1))] == sorted(before) != before
    assert tab.evaluate(f"{button}.closest('th').getAttribute('aria-sort')") == "ascending"

    tab.evaluate(f"{button}.focus()")
    tab.press("Enter")
    assert [float(value) for value in tab.evaluate(column(1))] == sorted(before, reverse=True)
    assert tab.evaluate("document.querySelectorAll('#run-1 [aria-sort]').length") == 1
    assert tab.evaluate(f"{button}.closest('th').getAttribute('aria-sort')") == "descending"


def test_names_sort_as_people_count(tab, make_run, tmp_path):
    names = ["class 10", "class 9", "Class 1"]
    file = tmp_path / "names.html"
    file.write_text(report.page([report.read(make_run(class_names=names))]).html, encoding="utf-8")
    tab.open(file)
    tab.evaluate("document.querySelector('#run-1 table.sortable thead button').click()")

    assert tab.evaluate(column(0)) == ["Class 1", "class 9", "class 10"]


def test_chart_tells_its_values_to_the_pointer_and_to_the_keys(tab, file):
    tab.open(file)
    told = "document.querySelector('figure.chart output').textContent"
    assert tab.evaluate(told).startswith("Point at a chart")

    tab.evaluate("document.querySelector('figure.chart svg').focus()")
    tab.press("End")
    assert tab.evaluate(told) == "epoch 8: train 0.0695, validation 0.1353"  # exp(-8/3), exp(-8/4)
    tab.press("ArrowLeft")
    assert tab.evaluate(told).startswith("epoch 7: ")
    tab.press("Home")
    assert tab.evaluate(told).startswith("epoch 1: ")

    place = tab.evaluate(
        "(r => [r.x + r.width / 2, r.y + 9])(document.querySelectorAll('rect.stop')[4].getBoundingClientRect())"
    )
    tab.call("Input.dispatchMouseEvent", type="mouseMoved", x=place[0], y=place[1])
    assert tab.evaluate(told).startswith("epoch 5: ")


def test_page_fits_a_phone(tab, file):
    tab.open(file, width=360, height=740)

    assert tab.evaluate("document.documentElement.scrollWidth") == 360
    # What is wider scrolls by itself, and can be reached with the keyboard.
    wider = "[...document.querySelectorAll('.scroll')].filter(e => e.scrollWidth > e.clientWidth)"
    assert tab.evaluate(f"{wider}.every(e => e.tabIndex === 0 && e.getAttribute('aria-label'))")
    shown = "[...document.querySelectorAll('.chart svg text')].map(t => t.getBoundingClientRect().height)"
    assert min(tab.evaluate(shown)) >= 8


def test_what_scrolls_sideways_says_so_only_where_it_does(tab, file):
    told = (
        "[...document.querySelectorAll('.scroll')].filter(e => e.checkVisibility())"
        ".map(e => [e.scrollWidth > e.clientWidth + 1, !e.previousElementSibling.hidden])"
    )
    tab.open(file, width=1280)
    wide = tab.evaluate(told)
    tab.call("Emulation.setDeviceMetricsOverride", width=360, height=740, deviceScaleFactor=1, mobile=False)
    narrow = tab.evaluate(f"new Promise(done => requestAnimationFrame(() => setTimeout(() => done({told}), 100)))")

    assert any(is_wide for is_wide, _ in narrow)
    assert all(is_wide == says for is_wide, says in [*narrow, *wide])
    assert sum(says for _, says in wide) < sum(says for _, says in narrow)


def test_link_of_a_heading_shows_by_the_keyboard(tab, file):
    tab.open(file)
    tab.evaluate("document.querySelector('#run-1-recipe a').focus({focusVisible: true})")

    assert tab.evaluate("getComputedStyle(document.activeElement, '::after').opacity") == "1"
    tab.press("Enter")
    assert tab.evaluate("location.hash") == "#run-1-recipe"


def test_colours_follow_the_system(tab, file):
    paper = "getComputedStyle(document.body).backgroundColor"
    tab.open(file, scheme="light")
    assert tab.evaluate(paper) == "rgb(255, 255, 255)"
    tab.open(file, scheme="dark")
    assert tab.evaluate(paper) == "rgb(20, 24, 29)"


def test_text_stands_out_from_what_is_behind_it(tab, file):
    """At least 4.5 to 1, as the Web Content Accessibility Guidelines (1.4.3) ask of text."""
    for scheme in ("light", "dark"):
        tab.open(file, scheme=scheme)
        assert tab.evaluate(_TOO_FAINT) == [], scheme


_TOO_FAINT = """(() => {
  const numbers = (colour) => colour.match(/[\\d.]+/g).map(Number);
  const over = (top, below) => { const a = top[3] ?? 1; return [0, 1, 2].map((i) => top[i] * a + below[i] * (1 - a)); };
  const light = (colour) => {
    const [r, g, b] = colour.map((v) => (v /= 255) <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const behind = (element) => {
    const above = [];
    for (let e = element; e; e = e.parentElement) above.unshift(numbers(getComputedStyle(e).backgroundColor));
    return above.reduce((below, top) => over(top, below), [255, 255, 255]);
  };
  const faint = new Set();
  for (const element of document.querySelectorAll('body *:not(svg *)')) {
    if (![...element.childNodes].some((node) => node.nodeType === 3 && node.data.trim())) continue;
    const style = getComputedStyle(element);
    if (style.display === 'none' || element.closest('script')) continue;
    const back = behind(element);
    const [one, other] = [light(over(numbers(style.color), back)), light(back)];
    const contrast = (Math.max(one, other) + 0.05) / (Math.min(one, other) + 0.05);
    if (contrast < 4.5) faint.add(`${element.tagName}.${element.className} ${contrast.toFixed(2)}`);
  }
  return [...faint];
})()"""


def test_page_prints_on_paper(tab, file):
    tab.open(file, scheme="dark")
    printed = tab.pdf()

    assert printed.startswith(b"%PDF")
    assert 2 <= printed.count(b"/Type /Page\n") + printed.count(b"/Type /Page ") + printed.count(b"/Type/Page ") <= 12


def test_explanation_of_a_network_fits_a_phone_and_runs_nothing(tab, tmp_path):
    formula = Formula("multiply-adds", (), "*".join(["1024"] * 12), 1024**12)
    name = "<img src=x onerror=alert(1)>" + "long_" * 30
    layer = LayerExplanation(
        name,
        "Conv2D",
        "3×3",
        1,
        (name,),
        "Its purpose.",
        (name, "b"),
        ((28, 28, 1),),
        (26, 26, 4),
        (formula,),
        ("A note.",),
    )
    page = explanation_page(Explanation(name, "About it.", (("RandomFlip", "Mirrors."),), (layer,) * 3, ("In short.",)))
    (tmp_path / "explained.html").write_text(page, encoding="utf-8")
    tab.open(tmp_path / "explained.html", width=360, height=740)

    assert tab.evaluate("document.documentElement.scrollWidth") == 360
    assert tab.evaluate("document.querySelectorAll('img').length") == 0
    assert tab.evaluate("document.querySelectorAll('section a[href^=\"#layer-\"]').length") == 3
    assert tab.complaints() == []
    assert len(tab.requests()) == 1


def test_every_one_of_equal_curves_of_several_runs_is_seen(tab, make_run, tmp_path):
    file = tmp_path / "both.html"
    both = [report.read(make_run(name)) for name in ("first", "second")]
    file.write_text(report.page(both).html, encoding="utf-8")
    tab.open(file)

    lines = "[...document.querySelectorAll('section[aria-label=Comparison] svg[role=img] path.line')]"
    under, over = tab.evaluate(f"{lines}.map(line => parseFloat(getComputedStyle(line).strokeWidth))")
    assert under > over + 2
    alone = "[...document.querySelectorAll('#run-1-training ~ div svg[role=img] path.line')]"
    assert set(tab.evaluate(f"{alone}.map(line => getComputedStyle(line).strokeWidth)")) == {"2px"}
