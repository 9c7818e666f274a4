"""The `blocks` of a recipe: its own layers with parameters, called by name."""

from __future__ import annotations

from dataclasses import dataclass

from cnncli.errors import Place, Problem
from cnncli.messages import described, did_you_mean, shortened
from cnncli.recipe.keras_objects import structure_entries
from cnncli.recipe.language.expressions import HERE
from cnncli.recipe.language.flat_layers import OURS
from cnncli.recipe.language.substitution import kind_of
from cnncli.recipe.yaml.nodes import Entry, Mapping, Node, Sequence, plain

STRUCTURES = ("repeat", "branches", "residual", "group")
_TAKEN = (*STRUCTURES, *structure_entries.ENTRIES)


@dataclass(frozen=True, slots=True)
class Block:
    """One of the recipe's own `blocks`."""

    name: str
    params: tuple[str, ...]
    defaults: Mapping | None
    layers: Sequence
    place: Place


class Blocks(dict[str, Block]):
    """The recipe's `blocks` by name.

    Attributes:
        wrong: names of blocks whose definition is wrong; the mistake is reported there, not at their calls too.
    """

    def __init__(self) -> None:
        super().__init__()
        self.wrong: set[str] = set()

    @classmethod
    def read(cls, node: Node | None, problems: list[Problem]) -> Blocks:
        """Read the section; what is wrong in it goes to `problems`."""
        blocks = cls()
        if node is None:
            return blocks
        if not isinstance(node, Mapping):
            problems.append(Problem(f"`blocks` is a mapping of names to blocks, got {kind_of(node)}", place=node.place))
            return blocks
        for entry in node.entries:
            if block := _read_block(entry, problems):
                blocks[entry.key] = block
            else:
                blocks.wrong.add(entry.key)
        return blocks


def _read_block(entry: Entry, problems: list[Problem]) -> Block | None:
    name, node, path = entry.key, entry.value, ("blocks", entry.key)

    def wrong(message: str, place: Place, hint: str = "") -> None:
        problems.append(Problem(message, hint, place, path))

    if not name.isidentifier() or not name[0].islower() or name in _TAKEN:
        hint = "a block's name has lower-case letters, digits and _; CapWords are Keras"
        if name in _TAKEN:
            hint = f"`{name}` is a structure of every recipe; give the block another name"
        wrong(f"`{shortened(name)}` cannot name a block", entry.key_place, hint)
        return None
    if not isinstance(node, Mapping):
        wrong(f"block `{name}`: expected a mapping with `layers`, got {kind_of(node)}", node.place)
        return None
    for part in node.entries:
        if part.key not in ("params", "defaults", "layers"):
            hint = did_you_mean(part.key, ["params", "defaults", "layers"])
            wrong(f"unknown key `{shortened(part.key)}` in block `{name}`", part.key_place, hint)
    params, defaults, layers = node.get("params"), node.get("defaults"), node.get("layers")
    if not isinstance(layers, Sequence):
        place = layers.place if layers else entry.key_place
        wrong(f"block `{name}`: expected a list of `layers`, got {kind_of(layers) if layers else 'none'}", place)
        return None
    if defaults is not None and not isinstance(defaults, Mapping):
        wrong(f"block `{name}`: `defaults` is a mapping of names to values, got {kind_of(defaults)}", defaults.place)
        return None
    required = plain(params) if params else []
    if not isinstance(required, list) or not all(isinstance(p, str) and p.isidentifier() for p in required):
        assert params is not None
        wrong(f"block `{name}`: `params` is a list of names, got {described(plain(params))}", params.place)
        return None
    known = [*required, *(defaults.keys() if defaults else ())]
    if HERE in known:
        wrong(f"`${HERE}` is what comes into a layer", entry.key_place, "give the parameter another name")
        return None
    if taken := next((each for each in OURS if each in known), ""):
        hint = f"every call has a key `{taken}` of its own: give the parameter another name"
        wrong(f"block `{name}`: `{taken}` cannot be a parameter", entry.key_place, hint)
        return None
    return Block(name, tuple(required), defaults, layers, entry.key_place)
