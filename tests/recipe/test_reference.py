"""The reference of the language is that of the program."""

import re
from pathlib import Path

import pytest

from cnncli.recipe import reference
from cnncli.recipe.language.blocks import STRUCTURES
from cnncli.recipe.load import load_bytes

PAGE = reference.PAGE.read_text(encoding="utf-8")
FENCED = re.findall(r"^```(\w*)\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE)
# Not those with mistakes, which are followed by their report; that is made by loading them.
EXAMPLES = [
    text
    for (language, text), (_, after) in zip(FENCED, [*FENCED[1:], ("", "")], strict=True)
    if language == "yaml" and not after.startswith("recipe.yaml:")
]

HEAD = "data: {source: {npz: {path: a.npz}}}\nmodel:\n  input: [32, 32, 16]\n  layers:\n"
TAIL = "    - Flatten\n    - Dense: {units: $classes, activation: softmax}\n"


def test_page_is_current():
    assert reference.updated(PAGE) == PAGE, "run: python -m cnncli.recipe.reference"


def test_page_has_a_table_for_every_section_and_structure():
    names = reference.table_names(PAGE)

    assert len(names) == len(set(names)) > 20
    assert {f"section {name}" for name in reference.sections()} <= set(names), "give the new section a table"
    assert {f"structure {name}" for name in (*STRUCTURES, "block")} <= set(names)
    assert {"kinds", "refused", "units", "bounds"} <= set(names)


def test_every_key_of_the_tables_says_what_it_means():
    rows = [line.split(" | ") for line in PAGE.splitlines() if line.startswith("| `") and line.count(" | ") == 3]

    assert len(rows) > 50
    assert [row for row in rows if len(row[-1].rstrip(" |")) < 3] == []


def test_every_link_within_the_page_leads_to_a_heading():
    headings = {
        re.sub(r"[^\w -]", "", line.lstrip("# ")).lower().replace(" ", "-")
        for line in PAGE.splitlines()
        if line[:1] == "#"
    }
    links = re.findall(r"\]\(#([^)]*)\)", PAGE)

    assert len(links) > 15
    assert set(links) <= headings


def test_every_link_to_a_file_leads_there():
    links = [link for link in re.findall(r"\]\(([^)#]+)\)", PAGE) if "://" not in link]

    assert len(links) >= 3
    assert [link for link in links if not (Path(reference.PAGE).parent / link).exists()] == []


CALLS = ("conv_bn: 16", "twice: {inner: [ReLU, ReLU]}", "squeeze_excite: {ratio: 2}")


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda text: text.splitlines()[0][:40])
def test_example_loads(example):
    if example.startswith("- "):  # an item of `model.layers`
        example = HEAD + "".join(f"    {line}\n" for line in example.splitlines()) + TAIL
    elif example.startswith("blocks"):
        call = next(call for call in CALLS if f"\n  {call.split(':')[0]}:" in example)
        example = f"{example}{HEAD}    - {call}\n{TAIL}"
    elif example.startswith("#"):
        example = f"{example}{HEAD}{TAIL}"

    assert load_bytes(example.encode(), "recipe.yaml").recipe


def test_there_are_examples():
    assert len(EXAMPLES) >= 7
