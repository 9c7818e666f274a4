"""The page as a document: complete in itself, well formed, and safe whatever names its run has."""

import base64
import hashlib
import io
import json
import re
import struct
import sys
import zlib

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from made_runs import network as made_network
from made_runs import png
from PIL import Image
from reading import Read

from cnncli import report, runs
from cnncli.messages import printable
from cnncli.report.embedded_figures import gather, within

HOSTILE = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(2)>',
    "' autofocus onfocus='alert(3)",
    "[red]x[/red]",
    "\x1b[31mred\x1b[0m",
    "right \u202eto left",
    "{{ 7 * 7 }}{% raw %}",
    "</title></style></script><!--",
    "&lt;b&gt; & <b>",
    "two\nlines\ttab\x00nul",
]


def page(*folders) -> Read:
    return Read(report.page([report.read(folder) for folder in folders]).html)


# A document that needs nothing else


def test_every_id_is_there_once_and_every_link_within_the_page_leads_somewhere(make_run):
    found = page(make_run("first"), make_run("second"))

    ids = [element.attributes["id"] for element in found.elements if "id" in element.attributes]
    links = [element.attributes["href"] for element in found.all("a")]
    labels = [e.attributes["aria-labelledby"] for e in found.elements if "aria-labelledby" in e.attributes]
    assert len(ids) == len(set(ids)) > 20
    assert len(links) > 10
    assert all(link.startswith("#") for link in links)
    assert {link[1:] for link in links} | set(labels) <= set(ids)


def test_page_refers_to_nothing_outside_itself(make_run):
    found = page(make_run())

    sources = [
        e.attributes[name] for e in found.elements for name in ("src", "href", "xlink:href") if name in e.attributes
    ]
    assert sources
    assert all(
        source.startswith(("data:image/png;base64,", "data:image/webp;base64,", "#")) or source == "data:,"
        for source in sources
    )
    assert not re.search(r"url\(|@import|https?:", found.one("style").text)
    assert not re.search(r"fetch|XMLHttp|import\(|https?:", found.one("script").text)


def test_policy_allows_this_style_and_this_script_alone(make_run):
    found = page(make_run())

    policy = found.one("meta", **{"http-equiv": "Content-Security-Policy"}).attributes["content"]

    def hashed(text: str) -> str:
        return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"

    style, script = hashed(found.one("style").text), hashed(found.one("script").text)
    assert policy == (
        f"default-src 'none'; img-src data:; style-src {style}; script-src {script}; base-uri 'none'; form-action 'none'"
    )
    # The policy refuses these, so that they would do nothing.
    refused = [name for e in found.elements for name in e.attributes if name == "style" or name.startswith("on")]
    assert refused == []


def test_every_picture_says_what_it_shows(make_run):
    pictures = {
        "filters-C1.png": png(),
        "filters-C1--strongest-4--change.png": png(),
        "feature_maps_812.png": png(),
        "feature_maps2_bee-2.png": png(),
        "new_kind.png": png(),
    }
    found = page(make_run(pictures=pictures))

    assert [picture.attributes["alt"] for picture in found.all("img")] == [
        "Filters of layer C1",
        "Filters of layer C1 (strongest 4, change)",
        "Feature maps of image bee-2",
        "Feature maps of image 812",
        "new_kind",
    ]
    drawn = [svg for svg in found.all("svg") if "aria-hidden" not in svg.attributes]
    assert len(drawn) >= 5
    assert all(svg.attributes["aria-label"] and svg.attributes["role"] == "img" for svg in drawn)


def test_same_folder_gives_the_same_page(make_run):
    folder = make_run()

    assert report.page([report.read(folder)]).html == report.page([report.read(folder)]).html


# Names that come from users


def test_hostile_names_change_no_element_of_the_page(make_run, tmp_path):
    tame = page(make_run("tame", class_names=[f"class {number}" for number in range(len(HOSTILE))], about="a"))
    folder = make_run("hostile", class_names=HOSTILE, about=HOSTILE[0], notes=["a"])
    found = page(folder)

    assert [tag for tag in found.shape if tag in ("script", "style", "img", "iframe")] == ["style", "img", "script"]
    assert sorted(set(found.shape)) == sorted(set(tame.shape))
    for name in HOSTILE:
        assert printable(name) in found.text
    assert "\x1b" not in found.text
    assert "\u202e" not in found.text


def test_hostile_file_names_and_recipe_text_are_text(make_run):
    folder = make_run(pictures={'filters-"><script>alert(1)<&script>.png': png(), "a\u202eb.png": png()})
    (folder / "recipe.yaml").write_text(
        "# </code></pre><script>alert(1)</script> \x1b[31m\nname: x\n", encoding="utf-8"
    )
    found = page(folder)

    assert len(found.all("script")) == 1
    assert [each.attributes["alt"] for each in found.all("img")] == [
        'Filters of layer "><script>alert(1)<&script>',
        "a\\u202eb",
    ]
    assert "# </code></pre><script>alert(1)</script> \\x1b[31m" in found.text


@settings(max_examples=25, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture])
@example(names=["<", "&amp;", "'"])
@given(names=st.lists(st.text(min_size=1, max_size=20), min_size=3, max_size=3, unique=True))
def test_no_name_changes_the_shape_of_a_page(make_run, tmp_path, names):
    folder = tmp_path / "outputs" / "made" / "named"
    if not folder.exists():
        make_run("named", class_names=["one", "two", "six"])
        (folder / "kept.json").write_text((folder / "evaluation.json").read_text())
    plain = (folder / "kept.json").read_text()
    (folder / "evaluation.json").write_text(plain)
    shape = page(folder).shape
    for old, new in zip(("one", "two", "six"), names, strict=True):
        plain = plain.replace(f'"{old}"', json.dumps(new))
    (folder / "evaluation.json").write_text(plain)
    found = page(folder)

    assert found.shape == shape
    assert [row[0] for row in found.rows("Scores by class")] == [" ".join(printable(name).split()) for name in names]


# Runs of every kind


@pytest.mark.parametrize(
    ("status", "fields", "said"),
    [
        ("completed", {}, "completed"),
        ("interrupted", {}, "continue with: cnncli train --resume"),
        ("diverged", {"error": "the loss is nan at epoch 2"}, "the loss is nan at epoch 2"),
        ("failed", {"error": "ValueError: <b>boom</b>"}, "ValueError: <b>boom</b>"),
    ],
)
def test_run_that_has_ended_says_how(make_run, status, fields, said):
    found = page(make_run(status=status, **fields))

    assert said in found.text
    assert [e.text for e in found.all("span") if e.attributes.get("class") == f"status {status}"] == [status]


def test_run_that_has_just_begun_says_what_is_not_there(tmp_path):
    with runs.create(tmp_path, "made", run_name="first") as run:
        found = page(run.path)

    assert "Still running" in found.text
    for line in (
        "the history: there is no history.json",
        "the evaluation: there is no evaluation.json",
        "the network: there is no network.json",
        "the recipe: there is no recipe.yaml",
        "the pictures: there is no folder figures",
    ):
        assert line in found.text


def test_killed_run_is_interrupted(tmp_path):
    runs.create(tmp_path, "made", run_name="first").close()

    assert "interrupted" in page(tmp_path / "made" / "first").text


def test_run_whose_record_is_damaged_shows_what_else_there_is(make_run):
    folder = make_run()
    (folder / "run.json").write_text('{"sche')
    found = page(folder)

    assert "its JSON breaks at line 1" in found.text
    assert len(found.rows("Scores by class")) == 3


WRONG = [7, "a", [], {}, [1], [[1], "a"], {"a": 1}, None, True, -1.5, [{"epoch": "a"}, {"epoch": 1, "loss": []}]]


@settings(max_examples=40, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_values_of_a_wrong_kind_are_left_out(make_run, tmp_path, data):
    """Somebody may have edited a file, and another version may have written it."""
    folder = tmp_path / "outputs" / "made" / "first"
    if not folder.exists():
        make_run("first")
        for name in ("run.json", "evaluation.json", "network.json", "history.json"):
            (folder / f"{name}.kept").write_text((folder / name).read_text())
    for name in ("run.json", "evaluation.json", "network.json", "history.json"):
        kept = json.loads((folder / f"{name}.kept").read_text())
        if isinstance(kept, dict):
            for key in data.draw(st.sets(st.sampled_from(sorted(kept)), max_size=8)):
                inner = kept[key]
                if isinstance(inner, dict) and inner and data.draw(st.booleans()):
                    inner[data.draw(st.sampled_from(sorted(inner)))] = data.draw(st.sampled_from(WRONG))
                else:
                    kept[key] = data.draw(st.sampled_from(WRONG))
        else:
            kept = data.draw(st.sampled_from([kept, *WRONG]))
        (folder / name).write_text(json.dumps(kept))

    assert page(folder).one("h1").text


# How large it is


def test_pictures_are_made_smaller_until_all_have_room(make_run):
    pictures = {f"filters-layer{number:02}.png": png(700, 500, noise=True) for number in range(12)}
    pictures["filters-small.png"] = png()
    made = report.page([report.read(make_run(pictures=pictures))])

    shown = Read(made.html).all("img")
    assert len(made.html) < 4_300_000
    assert len(shown) == 13
    assert made.left_out == ()
    [small] = [each for each in shown if each.attributes["alt"] == "Filters of layer small"]
    assert small.attributes["src"].endswith(base64.b64encode(png()).decode())  # it leaves its room to others


def test_large_picture_gets_the_room_that_small_ones_leave(tmp_path):
    small, large = (png(100, 100, noise=True), png(700, 500, noise=True))  # 30 KB and 1 MB
    files = [tmp_path / f"filters-{number}.png" for number in range(21)]
    for file in files:
        file.write_bytes(small if file.stem != "filters-9" else large)

    [album] = within([gather(files)], 1_000_000)

    assert album.left_out == ()
    sizes = sorted(picture.size for picture in album.pictures)
    assert sizes[:20] == [len(base64.b64encode(small)) + len("data:image/png;base64,")] * 20
    assert 80_000 < sizes[20] < 170_000


def test_page_stays_small_whatever_the_pictures_are(make_run, monkeypatch):
    monkeypatch.setattr(sys.modules["cnncli.report.page"], "MOST_BYTES", 400_000)
    pictures = {f"filters-layer{number}.png": png(400, 320, noise=True) for number in range(3)}
    made = report.page([report.read(make_run(pictures=pictures))] * 3)  # each has a third of the room

    read = Read(made.html)
    assert sum(len(each.attributes["src"]) for each in read.all("img")) < 400_000
    assert 0 < len(read.all("img")) < 3 * 3
    assert len(read.all("img")) + len(made.left_out) == 3 * 3
    assert "the page has no room left" in made.left_out[0]
    assert made.left_out[0] in read.text


def test_pictures_stand_in_the_order_of_the_network(make_run):
    names = ["filters-conv10.png", "filters-conv2.png", "feature_maps_1--conv10.png", "feature_maps_2--conv2-conv10.png",
             "feature_maps_10--conv2-conv10.png", "feature_maps_3.png", "maximize-conv10.png", "maximize-conv2.png",
             "grad-cam++-conv10.png", "grad-cam++-conv2--true.png"]  # fmt: skip
    pictures = dict.fromkeys(names, png())
    network = made_network().to_json()
    network["layers"] = [{**network["layers"][0], "name": name} for name in ("conv2", "conv10")]
    folder = make_run(pictures=pictures)
    (folder / "network.json").write_text(json.dumps(network))

    shown = [each.attributes["alt"] for each in Read(report.page([report.read(folder)]).html).all("img")]

    assert shown == [
        "Heat maps: Grad-CAM++ at layer conv2 (true)", "Heat maps: Grad-CAM++ at layer conv10",
        "Filters of layer conv2", "Filters of layer conv10", "Feature maps of image 3",
        "Feature maps of image 2 (conv2 conv10)", "Feature maps of image 10 (conv2 conv10)",
        "Feature maps of image 1 (conv10)", "Inputs that maximize layer conv2", "Inputs that maximize layer conv10",
    ]  # fmt: skip


def test_page_shows_at_most_a_hundred_pictures(make_run):
    made = report.page([report.read(make_run(pictures={f"filters-layer{n:03}.png": png() for n in range(103)}))])

    assert len(Read(made.html).all("img")) == 100
    assert made.left_out == ("3 more pictures: a page shows 100",)


def test_small_picture_is_kept_as_it_is_and_what_is_none_is_left_out(make_run):
    content = png()
    folder = make_run(pictures={"filters-C1.png": content, "broken.png": b"no picture", "cut.png": content[:60]})
    made = report.page([report.read(folder)])

    assert Read(made.html).one("img").attributes["src"] == f"data:image/png;base64,{base64.b64encode(content).decode()}"
    assert made.left_out == tuple(f"{name}.png: it is not a PNG picture, or damaged" for name in ("broken", "cut"))


def test_large_picture_is_stored_as_webp_of_its_size_on_white_paper(make_run):
    noise = Image.effect_noise((600, 400), 80).convert("RGBA")
    noise.paste((0, 0, 0, 0), (0, 0, 100, 400))
    stream = io.BytesIO()
    noise.save(stream, "PNG")
    made = report.page([report.read(make_run(pictures={"filters-C1.png": stream.getvalue()}))])

    kind, content = Read(made.html).one("img").attributes["src"].split(",")
    shown = Image.open(io.BytesIO(base64.b64decode(content)))
    assert kind == "data:image/webp;base64"
    assert shown.size == (600, 400)
    assert min(shown.getpixel((40, 200))) > 240
    assert len(content) < len(stream.getvalue()) / 2


def test_picture_of_too_many_pixels_is_not_decoded(make_run):
    header = struct.pack(">II5B", 50_000, 50_000, 8, 2, 0, 0, 0)
    chunks = [b"IHDR" + header, b"IDAT", b"IEND"]
    parts = [struct.pack(">I", len(c) - 4) + c + struct.pack(">I", zlib.crc32(c)) for c in chunks]
    folder = make_run(pictures={"bomb.png": b"\x89PNG\r\n\x1a\n" + b"".join(parts)})

    assert report.page([report.read(folder)]).left_out == ("bomb.png: it has too many pixels",)
