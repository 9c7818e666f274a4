"""Find the variable that holds what `from` names.

A layer that is named again later gets a variable of its own. Where the variable would hold another layer by then, as after the
rounds of a loop, the tensors are kept in a dict by name.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Iterable
from dataclasses import dataclass, field

from cnncli.conversion.identifiers import Identifiers
from cnncli.conversion.names_in_code import written_name
from cnncli.conversion.trace import Execution, Trace
from cnncli.recipe.language.writer import head_and_body


class CannotLink(Exception):
    """What `from` names is out of reach where it stands.

    Args:
        executions: what has to be written without structure instead.
    """

    def __init__(self, executions: Iterable[Execution]) -> None:
        super().__init__()
        self.executions = list(executions)


@dataclass(frozen=True, slots=True)
class Use:
    """A place that names a layer, one time that it is reached.

    Attributes:
        key: of the place.
        text: the name as written there, its variables replaced.
        layer: in the flat list.
        at: when, on the trace's clock.
        call: of the block in whose body it stands.
        by: the execution that names it; None for one that is written without structure.
        is_glob: a glob names it.
    """

    key: Hashable
    text: str
    layer: str
    at: float
    call: Execution | None
    by: Execution | None = None
    is_glob: bool = False


@dataclass
class Links:
    """Which variables a function needs.

    Attributes:
        variable: item -> the variable that holds what it gives.
        kept: items whose tensors are kept in a dict, by the names of their layers.
        layer_variable: a layer that is written without structure -> its variable.
        of: place -> the variable to read; None where it is to be looked up in the dict.
        inside: place -> the name of a layer within an application.
        collected: items whose tensors are kept in a list, as a glob names all of them -> its variable.
        lists: items that take such a list -> its variable.
    """

    variable: dict[int, str] = field(default_factory=dict)
    kept: set[int] = field(default_factory=set)
    layer_variable: dict[str, str] = field(default_factory=dict)
    of: dict[Hashable, str | None] = field(default_factory=dict)
    inside: dict[Hashable, str] = field(default_factory=dict)
    collected: dict[int, str] = field(default_factory=dict)
    lists: dict[int, str] = field(default_factory=dict)


def link(
    uses: Iterable[Use], trace: Trace, flat: set[Execution], own: dict[str, Execution], identifiers: Identifiers
) -> Links:
    """Give variables to what is named.

    Args:
        uses: of one function.
        flat: the items of `model.layers` that are written without structure.
        own: the layers of the flat list by name, with the innermost execution that made them.
        identifiers: of the function.

    Raises:
        CannotLink: with the items that have to be written without structure too.
    """
    found = Links()
    uses = _without_lists(found, list(uses), trace, flat, own, identifiers)
    by_key: defaultdict[Hashable, list[tuple[Use, Execution | str]]] = defaultdict(list)
    for use in uses:
        if use.layer not in own:
            found.inside[use.key] = use.layer
        else:
            by_key[use.key].append((use, _producer(use, trace, flat, own)))
    for key, pairs in by_key.items():
        layers = {each for _, each in pairs if isinstance(each, str)}
        if layers:
            if len(layers) > 1 or any(not isinstance(each, str) for _, each in pairs):
                raise CannotLink([use.by.top for use, _ in pairs if use.by])
            [layer] = layers
            found.of[key] = found.layer_variable.setdefault(layer, "") or _assign(found, layer, identifiers)
            continue
        _link_items(found, key, [(use, each) for use, each in pairs if isinstance(each, Execution)], trace, identifiers)
    return found


def _without_lists(
    found: Links,
    uses: list[Use],
    trace: Trace,
    flat: set[Execution],
    own: dict[str, Execution],
    identifiers: Identifiers,
) -> list[Use]:
    """The uses but for globs that name what an item gives in all rounds of a loop: that is kept in a list."""
    globs: defaultdict[int, list[Use]] = defaultdict(list)
    for use in uses:
        if use.is_glob and use.by is not None and use.layer in own:
            globs[id(use.by.item)].append(use)
    for item, each in globs.items():
        producers = [_producer(use, trace, flat, own) for use in each]
        made = [producer for producer in producers if isinstance(producer, Execution)]
        if len(made) < len(producers) or len({id(producer.item) for producer in made}) > 1 or len(made) < 2:
            continue
        [use, *_] = each
        everything = [run for run in trace.of(made[0].item) if run.call is use.call and run.end > run.start]
        if [run for run in everything if run.ended <= use.at] == made and len({id(use.by) for use in each}) == 1:
            found.collected[id(made[0].item)] = found.lists[item] = identifiers.new(f"{wish(use.text, made[0])}s")
    return [use for use in uses if use.by is None or id(use.by.item) not in found.lists]


def _assign(found: Links, layer: str, identifiers: Identifiers) -> str:
    found.layer_variable[layer] = identifiers.new(layer if not layer[0].isdigit() else f"layer_{layer}")
    return found.layer_variable[layer]


def _producer(use: Use, trace: Trace, flat: set[Execution], own: dict[str, Execution]) -> Execution | str:
    """What gives a layer within reach of a place: an execution, or a layer that is written without structure."""
    maker = own[use.layer]
    if maker.top in flat:
        if use.call is None:
            return use.layer
        raise CannotLink([use.by.top] if use.by else [])
    for execution in trace.giving(use.layer):
        if execution.call is use.call and execution.ended <= use.at:
            return execution
    raise CannotLink([maker.top, *([use.by.top] if use.by and use.call is not None else [])])


def _link_items(
    found: Links, key: Hashable, pairs: list[tuple[Use, Execution]], trace: Trace, identifiers: Identifiers
) -> None:
    items = {id(execution.item): execution for _, execution in pairs}
    variables = {found.variable[item] for item in items if item in found.variable}
    sharing = [each for item in items for each in trace.of(items[item].item)]
    is_current = all(_latest(sharing, use) is execution for use, execution in pairs)
    if len({use.text for use, _ in pairs}) > 1 or len(variables) > 1 or not is_current:
        found.kept |= items.keys()
        found.of[key] = None
        return
    variable = variables.pop() if variables else identifiers.new(wish(pairs[0][0].text, pairs[0][1]))
    for item in items:
        found.variable[item] = variable
    found.of[key] = variable


def _latest(sharing: list[Execution], use: Use) -> Execution | None:
    """The last of some executions before a place is reached."""
    before = [each for each in sharing if each.ended <= use.at and each.call is use.call and each.end > each.start]
    return max(before, key=lambda execution: execution.ended, default=None)


def wish(text: str, execution: Execution) -> str:
    """A variable's name: that of the layer, with its kind before a digit."""
    head, body = head_and_body(execution.item)
    written = written_name(body)
    name = written.value if written is not None and "$" not in written.value else text
    return name if not name[:1].isdigit() or head is None else f"{head.value.lower()}_{name}"
