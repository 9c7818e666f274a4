"""The lines of one generated function: its variables, the names of its layers, and what `from` means in it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from cnncli.conversion.identifiers import Identifiers
from cnncli.conversion.keras_code import applied
from cnncli.conversion.links import CannotLink, Links, Use, link, wish
from cnncli.conversion.names_in_code import OWN, Named, counted_names, named, written_name
from cnncli.conversion.python_expressions import NotTranslated
from cnncli.conversion.python_layout import quoted
from cnncli.conversion.sharing_calls import Roots
from cnncli.conversion.tensor_parameters import given_node, tensor_parameters, whole_name
from cnncli.conversion.trace import Execution, Trace
from cnncli.conversion.values_in_code import Occurrence, evaluated, occurrences, value_code
from cnncli.recipe.keras_objects.objects import KerasObject
from cnncli.recipe.keras_objects.structure_entries import find
from cnncli.recipe.language.blocks import Block
from cnncli.recipe.language.flat_layers import HERE
from cnncli.recipe.language.writer import head_and_body
from cnncli.recipe.yaml.nodes import Entry, Mapping, Node, Scalar
from cnncli.recipe.yaml.nodes import Sequence as NodeList

COUNTER = "name_of"  # the function that counts names, within a function
TENSORS = "tensors"  # the dict of tensors by name
INDENT = "    "


@dataclass(frozen=True)
class Network:
    """What the functions of a network have in common.

    Attributes:
        trace: how the recipe is written out.
        layers: the flat list.
        own: a layer's name -> the innermost execution that made it.
        flat: the items of `model.layers` that are written without structure.
        identifiers: of the module.
        names: the recipe's names outside of blocks and loops -> Python.
        inputs: the names of the network's inputs.
        functions: of the blocks, by their names and the layers that they are given, in the order in which they are written.
        application: writes an application after a variable, within a function.
        roots: an execution with `is` -> the one whose layers it calls again.
    """

    trace: Trace
    layers: list[KerasObject]
    own: dict[str, Execution]
    flat: set[Execution]
    identifiers: Identifiers
    names: dict[str, str]
    inputs: tuple[str, ...]
    functions: dict[tuple[Any, ...], Any]
    application: Callable[[Any, KerasObject, str, str], Iterator[str]]
    roots: Roots


@dataclass
class Start:
    """What comes into a structure, as `from: .` names it.

    Attributes:
        variable: that holds it at the beginning.
        is_kept: nothing within assigns this variable.
        line: where the structure begins.
        depth: how far its lines are indented.
        copy: a variable that keeps it; empty where none has to.
    """

    variable: str
    is_kept: bool
    line: int
    depth: int
    copy: str = ""


class FunctionBody:
    """The body of one function: that of a block, or `build_model`.

    Args:
        calls: of the block; [None] for `build_model`.

    Attributes:
        lines: of the function, without indentation of the whole.
    """

    def __init__(
        self,
        network: Network,
        calls: Sequence[Execution | None],
        outputs: Sequence[Use] = (),
        block: Block | None = None,
    ) -> None:
        self.network = network
        self.lines: list[str] = []
        self.name = network.identifiers.new(block.name) if block else "build_model"
        self.uses_classes = False
        self.identifiers = Identifiers(network.identifiers)
        self.names = dict(network.names)
        self.calls = set(calls)
        self._is_block = calls != [None]
        self.tensors_given = tensor_parameters(block, network.trace.blocks) if block else set()
        self._prefix = "{name}_" if self._is_block else ""
        self.depth = 0
        self.rounds: list[str] = []  # the index of each loop around
        self.inputs: dict[str, str] = {}  # the variables of several inputs
        self.starts: list[Start] = []
        self.applications: list[str] = []  # their variables
        self.roots = {id(root.item) for root in network.roots.values()}
        self.root_variables: dict[int, tuple[str, ...]] = {}  # of a layer, or of what comes into and leaves several
        runs = [run for run in network.trace.executions if run.call in self.calls and run.top not in network.flat]
        things: list[Named] = []
        for run in runs:
            with self.translating([run]):
                things += named(run, network.layers)
        self._counted = counted_names(sorted(things, key=lambda thing: thing.time))
        if self._counted.wrong:
            raise CannotLink(run.top for run in self._counted.wrong)
        self.links: Links = link(
            [*self._uses(runs), *outputs], network.trace, network.flat, network.own, self.identifiers
        )
        if self.links.kept:
            self.identifiers.new(TENSORS)
            self.line(f"{TENSORS} = {{}}")
        for variable in dict.fromkeys(self.links.collected.values()):
            self.line(f"{variable} = []")
        if self._counted.counted:
            self.identifiers.new(COUNTER)
            prefix = f'f"{self._prefix}"' if self._is_block else ""
            self.line(f"{COUNTER} = counted_names({prefix})")

    # ---- lines ---------------------------------------------------------------------------------------------------------

    def line(self, text: str) -> None:
        self.lines.append(f"{INDENT * self.depth}{text}")

    def assign(self, variable: str, code: str) -> str:
        if variable != code:
            self.line(f"{variable} = {code}")
        return variable

    def runs(self, item: Node) -> list[Execution]:
        """The times that an item is written out in this function."""
        found = self.network.trace.of(item)
        return [run for run in found if run.call in self.calls and run.top not in self.network.flat]

    def begin(self, current: str) -> None:
        """Begin with what comes into the function, or leaves `data.prepare`."""
        self.starts.append(Start(current, current != "x", len(self.lines), self.depth))

    def input_variable(self) -> str:
        """The variable of what `begin` was given."""
        return self.start(self.starts[0])

    @contextmanager
    def structure(self, current: str, *, is_kept: bool) -> Iterator[None]:
        self.starts.append(Start(current, is_kept, len(self.lines), self.depth))
        yield
        self.end()

    def end(self) -> None:
        start = self.starts.pop()
        if start.copy:
            self.lines.insert(start.line, f"{INDENT * start.depth}{start.copy} = {start.variable}")

    # ---- names and references ------------------------------------------------------------------------------------------

    def tensors(self, item: Node, runs: list[Execution], body: Node | None) -> list[str]:
        """The variables that `from` means."""
        written = body.get("from") if isinstance(body, Mapping) else None
        if written is None:
            return []
        if id(item) in self.links.lists:
            return [f"*{self.links.lists[id(item)]}"]
        nodes = list(written.items) if isinstance(written, NodeList) else [written]
        counts = {len(run.references) for run in runs}
        if len(counts) > 1:
            raise NotTranslated("from")
        [count] = counts
        named_nodes = nodes if len(nodes) == count else [None] * count
        return [self._tensor(item, position, named_nodes[position], runs) for position in range(count)]

    def _tensor(self, item: Node, position: int, node: Node | None, runs: list[Execution]) -> str:
        references = [run.references[position] for run in runs]
        if (given := whole_name(node)) in self.tensors_given:
            return self.names[given]
        if all(reference.text == HERE for reference in references):
            return self.start(self.starts[-1])
        layers = {reference.layer for reference in references}
        if layers <= {None, *self.network.inputs}:
            if self._is_block or (self.inputs and len(layers) > 1):
                raise CannotLink(run.top for run in runs)
            return self.inputs[layers.pop() or ""] if self.inputs else self.start(self.starts[0])
        key = (id(item), position)
        if key in self.links.inside:
            return self.inside_application(self.links.inside[key])
        if key not in self.links.of:
            raise NotTranslated("from")
        if variable := self.links.of[key]:
            return variable
        if node is None:
            raise NotTranslated("from")
        return f"{TENSORS}[{self._key_of(node, runs, [r.layer or '' for r in references])}]"

    def start(self, start: Start) -> str:
        if start.is_kept:
            return start.variable
        start.copy = start.copy or self.identifiers.new(
            "start" if self._is_block or start is not self.starts[0] else "prepared"
        )
        return start.copy

    def inside_application(self, layer: str) -> str:
        """A layer within the only application so far."""
        if len(self.applications) != 1:
            raise NotTranslated(layer)
        return f"{self.applications[0]}.get_layer({quoted(layer)}).output"

    def name_code(self, item: Node, role: str, runs: list[Execution]) -> str:
        """A layer's name as Python."""
        things = [thing for run in runs for thing in named(run, self.network.layers) if thing.role == role]
        if not things:
            raise NotTranslated("name")
        written = things[0].written
        if written is not None:
            return self._text(written, runs, [thing.name for thing in things], self._prefix)
        if (constant := self._counted.constant.get((id(item), role))) is not None:
            return _string(self._prefix, constant)
        return f"{COUNTER}({quoted(things[0].base)})"

    def key(self, item: Node, runs: list[Execution]) -> str:
        """The name of what an item gives, as a key of the dict of tensors."""
        _, body = head_and_body(item)
        written = written_name(body)
        if written is None:
            raise NotTranslated("name")
        things = [thing for run in runs for thing in named(run, self.network.layers) if thing.role == OWN]
        return self._text(written, runs, [thing.name for thing in things])

    def _key_of(self, node: Node, runs: list[Execution], layers: list[str]) -> str:
        """The same where it is read."""
        assert isinstance(node, Scalar)
        names = [layer.removeprefix(run.scope.prefix) for layer, run in zip(layers, runs, strict=True)]
        try:
            return self._text(node, runs, names)
        except NotTranslated:
            return value_code(
                node, self.names, [Occurrence(o.names, n) for o, n in zip(occurrences(node, runs), names, strict=True)]
            )

    def _text(self, written: Scalar, runs: list[Execution], names: list[str], prefix: str = "") -> str:
        """A written name as an f-string; one without variables has the numbers of the rounds around it."""
        if "$" not in written.value:
            suffix = "".join(f"_{{{index}}}" for index in self.rounds)
            wanted = {f"{written.value}{run.scope.suffix}" for run in runs}
            if {*names} != wanted:
                raise NotTranslated(written.value)
            return _string(prefix, written.value, suffix)
        found = [Occurrence(o.names, name) for o, name in zip(occurrences(written, runs), names, strict=True)]
        code = value_code(written, self.names, found, as_text=True)
        if not prefix:
            return code
        if code.startswith('f"') and '"' not in code[2:-1]:
            return f'f"{prefix}{code[2:]}'
        return f'f"{prefix}{{{code}}}"' if '"' not in code else f'f"{prefix}" + {code}'

    def _uses(self, runs: Iterable[Execution]) -> Iterator[Use]:
        """Every name of a layer, each time that it is reached."""
        blocks = self.network.trace.blocks
        for run in runs:
            head, body = head_and_body(run.item)
            source = body.get("from") if isinstance(body, Mapping) else None
            nodes = list(source.items) if isinstance(source, NodeList) else [source]
            is_given = [whole_name(node) in self.tensors_given for node in nodes]
            for position, reference in enumerate(run.references):
                if len(is_given) == len(run.references) and is_given[position]:
                    continue
                if reference.text != HERE and reference.layer not in (None, *self.network.inputs):
                    assert reference.layer is not None
                    key = (id(run.item), position)
                    yield Use(key, reference.text, reference.layer, run.began, run.call, run, reference.is_glob)
            if not run.is_call or head is None:
                continue
            for parameter in tensor_parameters(blocks[run.head], blocks):
                given = given_node(run.item, blocks[run.head], parameter)
                layer = self._given_layer(run, parameter)
                if layer is not None and whole_name(given) not in self.tensors_given:
                    place = (id(run.item), parameter)
                    yield Use(place, str(evaluated(given, run)) if given else layer, layer, run.began, run.call, run)

    def _given_layer(self, call: Execution, parameter: str) -> str | None:
        """The layer that a parameter of a call names."""
        for run in self.network.trace.executions:
            if run.call is not call:
                continue
            head, body = head_and_body(run.item)
            source = body.get("from") if isinstance(body, Mapping) else None
            nodes = list(source.items) if isinstance(source, NodeList) else [source]
            for node, reference in zip(nodes, run.references, strict=False):
                if whole_name(node) == parameter:
                    return reference.layer
            if run.is_call and head is not None:
                called = self.network.trace.blocks[run.head]
                for inner in tensor_parameters(called, self.network.trace.blocks):
                    if whole_name(given_node(run.item, called, inner)) == parameter:
                        return self._given_layer(run, inner)
        return None

    # ---- shared layers -------------------------------------------------------------------------------------------------

    @contextmanager
    def several(self, item: Node, runs: list[Execution], tensors: list[str], variable: str) -> Iterator[str]:
        """Keep what comes into an item of several layers, and what leaves it, if another item calls these layers again.

        Args:
            variable: that is assigned otherwise.

        Yields:
            The variable to assign.
        """
        if id(item) not in self.roots:
            yield variable
            return
        start = tensors[0]
        if start not in ("inputs", *self.inputs.values()):  # which stay what they are
            start = self.assign(self.identifiers.new(f"{self._wish(runs[0])}_input"), tensors[0])
        end = variable if id(item) in self.links.variable else self.identifiers.new(self._wish(runs[0]))
        yield end
        self.root_variables[id(item)] = (start, end)

    def called_again(self, entry: Entry, runs: list[Execution], tensors: list[str]) -> str:
        """The call of layers that another item has made in the same function."""
        roots = [self.network.roots.get(run) for run in runs]
        items = {id(root.item) for root, run in zip(roots, runs, strict=True) if root and root.call is run.call}
        found = self.root_variables.get(items.pop(), ()) if len(items) == 1 and None not in roots else ()
        if not found:
            raise NotTranslated(entry.key)
        if len(found) == 2:
            return f"call_again({tensors[0]}, {', '.join(found)})"
        layer = find(entry.key)
        assert layer is not None
        return applied(layer, found[0], tensors)

    def _wish(self, run: Execution) -> str:
        """The name of an item, for a variable."""
        things = [thing for thing in named(run, self.network.layers) if thing.role == OWN]
        return wish(things[0].name if things else "shared", run)

    @contextmanager
    def translating(self, runs: list[Execution]) -> Iterator[None]:
        """Let what has no Python of the same meaning be written without structure."""
        try:
            yield
        except NotTranslated as error:
            raise CannotLink(run.top for run in runs) from error


def _string(prefix: str, text: str, suffix: str = "") -> str:
    """A name as a literal, or as an f-string."""
    if not prefix and not suffix:
        return quoted(text)
    inside = text.replace("{", "{{").replace("}", "}}")
    return f"f{quoted(f'{prefix}{inside}{suffix}')}"
