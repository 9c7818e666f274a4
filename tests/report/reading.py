"""An HTML page as a test looks at it: its elements in order, each with its attributes and its own text."""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser

VOID = {"meta", "link", "br", "img"}
_MAY_CLOSE_THEMSELVES = {"line", "path", "rect", "circle"}


@dataclass
class Element:
    tag: str
    attributes: dict[str, str]
    parts: list[str] = field(default_factory=list)

    @property
    def text(self) -> str:
        """All text within, spaces as they are."""
        return "".join(self.parts)


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: list[Element] = []
        self.open: list[Element] = []
        self.declarations: list[str] = []

    def handle_decl(self, decl: str) -> None:
        self.declarations.append(decl)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        names = [name for name, _ in attrs]
        assert len(names) == len(set(names)), f"<{tag}> has an attribute twice: {names}"
        element = Element(tag, {name: value or "" for name, value in attrs})
        self.elements.append(element)
        if tag not in VOID:
            self.open.append(element)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert tag in _MAY_CLOSE_THEMSELVES, f"<{tag}/>"
        self.elements.append(Element(tag, {name: value or "" for name, value in attrs}))

    def handle_endtag(self, tag: str) -> None:
        assert self.open, f"</{tag}> closes nothing"
        assert self.open[-1].tag == tag, f"</{tag}> closes <{self.open[-1].tag}>"
        self.open.pop()

    def handle_data(self, data: str) -> None:
        for element in self.open:
            element.parts.append(data)


class Read:
    """A page that is well formed: every element that is opened is closed in its turn."""

    def __init__(self, html: str) -> None:
        reader = _Reader()
        reader.feed(html)
        reader.close()
        assert not reader.open, f"<{reader.open[-1].tag}> is never closed"
        assert reader.declarations == ["DOCTYPE html"]
        self.elements = reader.elements

    def all(self, *tags: str) -> list[Element]:
        return [element for element in self.elements if element.tag in tags]

    def one(self, tag: str, **attributes: str) -> Element:
        [found] = [e for e in self.all(tag) if attributes.items() <= e.attributes.items()]
        return found

    @property
    def shape(self) -> list[str]:
        """The tags in order: what a page is, whatever its words are."""
        return [element.tag for element in self.elements]

    @property
    def text(self) -> str:
        return self.one("body").text

    def rows(self, caption: str) -> list[list[str]]:
        """The texts of a table's cells, row by row, without its head."""
        position = next(i for i, e in enumerate(self.elements) if e.tag == "caption" and e.text == caption)
        table: list[list[str]] = []
        for element in self.elements[position + 1 :]:
            if element.tag in ("table", "section"):
                break
            if element.tag == "tr":
                table.append([])
            elif element.tag in ("td", "th"):
                table[-1].append(" ".join(element.text.split()))
        return table[1:]
