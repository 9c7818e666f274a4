"""Parse the YAML of a recipe into a tree of nodes."""

from __future__ import annotations

from typing import Any

import yaml

from cnncli.errors import Place, Problem, RecipeError
from cnncli.recipe.growth import Bounds
from cnncli.recipe.yaml.core_values import kind_of_node
from cnncli.recipe.yaml.nodes import Mapping, Node, Scalar
from cnncli.recipe.yaml.recipe_file import MAX_BYTES, too_large
from cnncli.recipe.yaml.text import Text, check_characters, colon_hint, decode, quote_hint, shown
from cnncli.recipe.yaml.tree import MAX_DEPTH, Tree


def parse(content: bytes, file: str, *, above: int = 0, bounds: Bounds | None = None) -> Mapping:
    """Parse a recipe strictly: YAML 1.2 core values, one document, no anchors, aliases, merge keys or tags.

    Args:
        content: the bytes of the file.
        file: the file as the user named it; it becomes `Place.file`.
        above: how many keys and values the recipes have that extend this one; the bound is for all of them together.
        bounds: on its size; left out: those of a recipe that a person writes.

    Raises:
        RecipeError: with every problem found, each with its place, sorted by line and column.
    """
    most = bounds.bytes if bounds else MAX_BYTES
    if len(content) > most:
        raise too_large(Place(file), most)
    text = decode(content, file)
    root = _compose(text, above=above, most_nodes=bounds.nodes if bounds else None)
    if not isinstance(root, Mapping):
        raise RecipeError(_no_recipe(text, root))
    return root


def parse_value(written: str, place: Place, *, depth: int = 0) -> Node:
    """Parse one value under the rules of `parse`, for a text that stands in no file.

    Args:
        place: the place that each node and each problem gets.
        depth: how many mappings and lists will stand around the value.

    Raises:
        RecipeError: with every problem found; their hints name no lines.
    """
    if len(written) > MAX_BYTES:
        raise too_large(place)
    text = Text(written, place.file, fixed=place)
    check_characters(text)
    root = _compose(text, depth)
    if root is None and written.strip():
        raise RecipeError(text.problem(0, f"`{shown(written.strip())}` holds no value", quote_hint(written.strip())))
    return root or Scalar(None, place)


def _compose(text: Text, depth: int = 0, above: int = 0, most_nodes: int | None = None) -> Node | None:
    """Build the tree; None when there is nothing in the text.

    Raises:
        RecipeError: with every problem found, sorted by place.
    """
    tree = Tree(text, depth, above, most_nodes)
    try:
        for event in yaml.parse(text.content, Loader=_Loader):
            tree.take(event)
            if tree.stopped:
                break
    except (yaml.YAMLError, RecursionError, ValueError, OverflowError) as error:
        tree.fail(error)
    if tree.problems:
        raise RecipeError(sorted(tree.problems, key=_line_and_column))
    return tree.root


class _Loader(yaml.SafeLoader):
    """PyYAML's loader in Python, for its events; the one in C crashes the process on deep nesting.

    PyYAML's parser asks for the kind of the next token seven times per value, and its scanner checks each time whether
    that token may still turn out to be a key. Here the answer is kept until the token is taken.
    """

    def __init__(self, stream: str) -> None:
        self._next: yaml.Token | None = None  # the next token, once it is certain
        super().__init__(stream)

    def peek_token(self) -> Any:
        if self._next is None:
            self._next = super().peek_token()  # type: ignore[no-untyped-call]
        return self._next

    def check_token(self, *choices: Any) -> bool:
        token = self._next or self.peek_token()
        return token is not None and (not choices or isinstance(token, choices))

    def get_token(self) -> Any:
        token = self.peek_token()
        if token is not None:
            self._next = None
            self.tokens_taken += 1
            self.tokens.pop(0)
        return token

    def fetch_flow_collection_start(self, token_class: Any) -> None:
        """Let the text end behind more open brackets than the tree takes.

        PyYAML looks 1,024 characters ahead for the `:` of a key, in a time that grows with the square of the brackets.
        """
        super().fetch_flow_collection_start(token_class)
        if self.flow_level > MAX_DEPTH:
            self.fetch_stream_end()


def _line_and_column(problem: Problem) -> tuple[int, int]:
    return (problem.place.line, problem.place.column) if problem.place else (0, 0)


def _no_recipe(text: Text, root: Node | None) -> Problem:
    if root is None or (isinstance(root, Scalar) and root.value is None):
        return text.problem(
            0, "recipe is empty", "start with a copy of a recipe that works: cnncli recipes copy mnist recipe.yaml"
        )
    hint = "its sections are `data:`, `model:`, `train:`, …"
    if isinstance(root, Scalar):
        hint = colon_hint(text.whole_line(root.place.line)) or hint
    return Problem(f"a recipe is a mapping of sections, and this is {kind_of_node(root)}", hint, root.place)
