"""Python for the structure of a network: functions for blocks, loops for `repeat`, `if` for `if`."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from cnncli.conversion.identifiers import Identifiers
from cnncli.conversion.keras_code import applied
from cnncli.conversion.links import CannotLink, Links, Use, link
from cnncli.conversion.names_in_code import OWN, Named, counted_names, merges, named, written_name
from cnncli.conversion.python_expressions import NotTranslated
from cnncli.conversion.python_layout import quoted
from cnncli.conversion.tensor_parameters import given_node, tensor_parameters, whole_name
from cnncli.conversion.trace import Execution, SizesThen, Trace
from cnncli.conversion.values_in_code import Occurrence, evaluated, layer_code, occurrences, value_code
from cnncli.recipe.keras_objects import catalogue
from cnncli.recipe.keras_objects.objects import KerasObject
from cnncli.recipe.keras_objects.structure_entries import SHORTCUT, find
from cnncli.recipe.language.blocks import Block
from cnncli.recipe.language.expressions import HERE as SIZES
from cnncli.recipe.language.flat_layers import HERE, OURS
from cnncli.recipe.language.writer import head_and_body
from cnncli.recipe.yaml.nodes import Entry, Mapping, Node, Scalar, plain
from cnncli.recipe.yaml.nodes import Sequence as NodeList

COUNTER = "name_of"  # the function that counts names, within a function
TENSORS = "tensors"  # the dict of tensors by name
_INDENT = "    "


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
    """

    trace: Trace
    layers: list[KerasObject]
    own: dict[str, Execution]
    flat: set[Execution]
    identifiers: Identifiers
    names: dict[str, str]
    inputs: tuple[str, ...]
    functions: dict[str, FunctionCode]
    application: Callable[[KerasObject, str, str], Iterator[str]]

    def call(self, block: Block) -> FunctionCode:
        """The function of a block; it is written before the first function that calls it."""
        if block.name not in self.functions:
            calls = [e for e in self.trace.executions if e.is_call and _head(e.item) == block.name]
            calls = [e for e in calls if e.top not in self.flat and e.end > e.start]
            function = FunctionCode(self, calls, block=block)
            function.write_block(block)
            self.functions[block.name] = function
        return self.functions[block.name]


@dataclass
class _Start:
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


class FunctionCode:
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
        self._calls = set(calls)
        self._is_block = calls != [None]
        self._tensors_given = tensor_parameters(block, network.trace.blocks) if block else set()
        self._prefix = "{name}_" if self._is_block else ""
        self._depth = 0
        self._rounds: list[str] = []  # the index of each loop around
        self.inputs: dict[str, str] = {}  # the variables of several inputs
        self._starts: list[_Start] = []
        runs = [run for run in network.trace.executions if run.call in self._calls and run.top not in network.flat]
        things: list[Named] = []
        for run in runs:
            with self._translating([run]):
                things += named(run, network.layers)
        self._counted = counted_names(things)
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
        self.lines.append(f"{_INDENT * self._depth}{text}")

    def _assign(self, variable: str, code: str) -> str:
        if variable != code:
            self.line(f"{variable} = {code}")
        return variable

    def runs(self, item: Node) -> list[Execution]:
        """The times that an item is written out in this function."""
        found = self.network.trace.of(item)
        return [run for run in found if run.call in self._calls and run.top not in self.network.flat]

    # ---- a block -------------------------------------------------------------------------------------------------------

    def write_block(self, block: Block) -> None:
        """The whole function of a block."""
        defaults = {entry.key: entry.value for entry in block.defaults.entries} if block.defaults else {}
        required = [param for param in block.params if param not in defaults]
        own = {param: self.identifiers.new(param) for param in [*required, *defaults]}
        owns_classes = "classes" in own
        parameters = [own[param] for param in required]
        calls = [call for call in self._calls if call is not None]
        late: list[str] = []
        for param, node in defaults.items():
            code, is_late = self._default(param, node, own, calls)
            parameters.append(f"{own[param]}={'None' if is_late else code}")
            if is_late:
                late += [f"if {own[param]} is None:", f"{_INDENT}{own[param]} = {code}"]
        self.names |= own
        for line in late:
            self.line(line)
        result = self._body(block.layers.items, "x")
        last = self.lines[-1] if self.lines else ""
        if last.startswith(f"{result} = "):
            self.lines[-1] = f"return {last.removeprefix(f'{result} = ')}"
        else:
            self.line(f"return {result}")
        self.uses_classes = not owns_classes and _mentions(self.lines, "classes")
        given = ["x", *(["classes"] if self.uses_classes else []), *parameters, f"name={quoted(block.name)}"]
        lines = [f"{_INDENT}{line}" if line else "" for line in self.lines]
        self.lines = [f"def {self.name}({', '.join(given)}):", *lines]

    def _default(self, param: str, node: Node, own: dict[str, str], calls: list[Execution]) -> tuple[str, bool]:
        """A default as Python, and whether it needs the other parameters."""
        used = []
        for call in calls:
            _, body = head_and_body(call.item)
            is_given = isinstance(body, Mapping) and body.entry(param) is not None
            if not is_given and call.children:
                inside = call.children[0].scope.names
                values = {name: inside[name] for name in inside}
                used.append(Occurrence({**values, SIZES: SizesThen(call.shape)}, inside[param]))
        with self._translating(calls):
            try:
                return value_code(node, self.network.names, used), False
            except NotTranslated:
                return value_code(node, {**self.network.names, **own, SIZES: "x"}, used), True

    def _body(self, items: Sequence[Node], current: str) -> str:
        self.begin(current)
        current = self.items(items, current, "x")
        self.end()
        return current

    def begin(self, current: str) -> None:
        """Begin with what comes into the function, or leaves `data.prepare`."""
        self._starts.append(_Start(current, current != "x", len(self.lines), self._depth))

    def end(self) -> None:
        self._end_start()

    def input_variable(self) -> str:
        """The variable of what `begin` was given."""
        return self._start(self._starts[0])

    # ---- items ---------------------------------------------------------------------------------------------------------

    def items(self, items: Iterable[Node], current: str, target: str) -> str:
        """Layers and structures one after the other.

        Args:
            current: the variable of what comes in.
            target: the variable to assign, where a layer has none of its own.

        Returns:
            The variable of what leaves.
        """
        for item in items:
            runs = self.runs(item)
            if not runs:
                continue
            with self._translating(runs):
                current = self.item(item, runs, current, target)
        return current

    def item(self, item: Node, runs: list[Execution], current: str, target: str) -> str:
        """One item with its `if`."""
        head, body = head_and_body(item)
        assert head is not None
        condition = body.get("if") if isinstance(body, Mapping) else None
        if not (isinstance(condition, Scalar) and isinstance(condition.value, str)):
            if condition is not None and not plain(condition):
                return current
            return self._kept(item, runs, current, target)
        found = occurrences(condition, runs)
        runs = [run for run, occurrence in zip(runs, found, strict=True) if occurrence.value]
        if not runs:
            return current
        code = value_code(condition, {**self.names, SIZES: current}, found)
        self._assign(target, current)
        self.line(f"if {code}:")
        self._depth += 1
        before = len(self.lines)
        self._assign(target, self._kept(item, runs, target, target))
        if len(self.lines) == before:
            del self.lines[-1]
        self._depth -= 1
        return target

    def _kept(self, item: Node, runs: list[Execution], current: str, target: str) -> str:
        head, body = head_and_body(item)
        assert head is not None
        if "$" in head.value:
            raise NotTranslated(head.value)
        tensors = self._tensors(item, runs, body) or [current]
        self.names[SIZES] = tensors[0]
        variable = self.links.variable.get(id(item), target)
        structures = {
            "repeat": self._repeat,
            "branches": self._branches,
            "residual": self._residual,
            "group": self._group,
        }
        entry = Entry(head.value, head.place, body if body is not None else Scalar(None, head.place))
        if head.value in structures:
            result = structures[head.value](item, entry, runs, tensors[0], target)
            result = self._assign(variable, result) if id(item) in self.links.variable else result
        elif head.value in self.network.trace.blocks:
            block = self.network.trace.blocks[head.value]
            result = self._assign(variable, self._call(item, entry, block, runs, tensors[0]))
        elif head.value == SHORTCUT:
            result = self._assign(variable, self._resolved_shortcut(entry, runs, tensors[0]))
        else:
            result = self._layer(item, entry, runs, tensors, variable)
        if id(item) in self.links.collected:
            self.line(f"{self.links.collected[id(item)]}.append({result})")
        if id(item) in self.links.kept:
            self.line(f"{TENSORS}[{self._key(item, runs)}] = {result}")
        return result

    def _layer(self, item: Node, entry: Entry, runs: list[Execution], tensors: list[str], variable: str) -> str:
        found = find(entry.key)
        made = [self.network.layers[run.start] for run in runs]
        assert found is not None
        name = self._name(item, OWN, runs)
        if found.kind == "applications":
            if any(layer != made[0] for layer in made):
                raise NotTranslated(entry.key)
            for line in self.network.application(made[0], tensors[0], variable):
                self.line(line)
            return variable
        return self._assign(
            variable, applied(found, layer_code(found, entry.value, self.names, runs, made, name), tensors)
        )

    def _call(self, item: Node, entry: Entry, block: Block, runs: list[Execution], tensor: str) -> str:
        function = self.network.call(block)
        given: list[Entry] = []
        if isinstance(entry.value, Mapping):
            given = [argument for argument in entry.value.entries if argument.key not in OURS]
        elif not (isinstance(entry.value, Scalar) and entry.value.value is None):
            given = [Entry(block.params[0], entry.value.place, entry.value)]
        codes = {}
        for each in given:
            if each.key in tensor_parameters(block, self.network.trace.blocks):
                codes[each.key] = self._given_tensor(item, each)
            else:
                codes[each.key] = value_code(each.value, self.names, occurrences(each.value, runs))
        defaults = set(block.defaults.keys()) if block.defaults else set()
        arguments = [tensor, *(["classes"] if function.uses_classes else [])]
        for param in block.params:
            if param in defaults or param not in codes:
                break
            arguments.append(codes.pop(param))
        own = function.names
        arguments += [f"{own[key]}={code}" for key, code in codes.items()]
        return f"{function.name}({', '.join([*arguments, f'name={self._name(item, OWN, runs)}'])})"

    def _given_tensor(self, item: Node, given: Entry) -> str:
        """The tensor of the layer that an argument of a block names."""
        if (name := whole_name(given.value)) in self._tensors_given:
            return self.names[name]
        if variable := self.links.of.get((id(item), given.key)):
            return variable
        raise NotTranslated(given.key)

    # ---- structures ----------------------------------------------------------------------------------------------------

    def _repeat(self, item: Node, entry: Entry, runs: list[Execution], current: str, target: str) -> str:
        parts = _parts(entry)
        layers = parts["layers"]
        if not isinstance(layers, NodeList):
            raise NotTranslated("layers")
        self._assign(target, current)

        def write() -> None:
            self._starts.append(_Start(target, False, len(self.lines), self._depth))
            self._assign(target, self.items(layers.items, target, target))
            self._end_start()

        self._loop(parts, runs, write)
        return target

    def _loop(self, parts: dict[str, Node], runs: list[Execution], write: Callable[[], None]) -> None:
        """A loop over `times` or `over`, with what a function writes as its body."""
        before = dict(self.names)
        index = self.identifiers.new(str(plain(parts["as"])) if "as" in parts else "ijk"[min(len(self._rounds), 2)])
        values: dict[str, str] = {}
        codes: list[str] = []
        if "over" in parts:
            over = evaluated(parts["over"], runs[0])
            codes = self._over(parts["over"], runs, list(over))
            values = {name: self.identifiers.new(name) for name in over}
            length = f"len({codes[0]})"
        else:
            length = value_code(parts["times"], self.names, occurrences(parts["times"], runs))
        self.names |= values
        if "as" in parts:
            self.names[str(plain(parts["as"]))] = index
        begin = len(self.lines)
        self._rounds.append(index)
        self._depth += 1
        write()
        self._depth -= 1
        self._rounds.pop()
        self.names = before
        for name in (index, *values.values()):
            self.identifiers.free(name)
        if len(self.lines) == begin:
            return
        body = self.lines[begin:]
        used = [(name, code) for name, code in zip(values.values(), codes, strict=True) if _mentions(body, name)]
        has_index = _mentions(body, index)
        if not used:
            header = f"for {index if has_index else '_'} in range({length}):"
        else:
            variables = ", ".join(name for name, _ in used)
            listed = used[0][1] if len(used) == 1 else f"zip({', '.join(code for _, code in used)})"
            inner = variables if len(used) == 1 else f"({variables})"
            header = f"for {index}, {inner} in enumerate({listed}):" if has_index else f"for {variables} in {listed}:"
        self.lines.insert(begin, f"{_INDENT * self._depth}{header}")

    def _over(self, node: Node, runs: list[Execution], names: list[str]) -> list[str]:
        """The lists of `over`."""
        if isinstance(node, Mapping):
            return [value_code(part.value, self.names, occurrences(part.value, runs)) for part in node.entries]
        code = value_code(node, self.names, occurrences(node, runs))
        return [f"{code}[{quoted(name)}]" for name in names]

    def _branches(self, item: Node, entry: Entry, runs: list[Execution], current: str, target: str) -> str:
        parts = _parts(entry)
        paths = parts.get("paths", NodeList((entry.value,), entry.key_place))
        if not isinstance(paths, NodeList):
            raise NotTranslated("paths")
        with self._structure(current, is_kept=True):
            if all(isinstance(path, NodeList) for path in paths.items):
                ends = self._ends(paths, current)
            else:
                ends = self._list_of_ends(paths, runs, current)
        variable = self.links.variable.get(id(item), target)
        merging = [run for run in runs if merges(run)]
        if not merging:
            return self._assign(variable, f"{ends[0].removeprefix('*')}[0]" if ends[0][0] == "*" else ends[0])
        head, body = head_and_body(parts["merge"])
        found = catalogue.find("layers", head.value) if head is not None else None
        if head is None or found is None:
            raise NotTranslated("merge")
        body = body if body is not None else Scalar(None, head.place)
        made = [self.network.layers[run.end - 1] for run in merging]
        code = layer_code(found, body, self.names, merging, made, self._name(item, OWN, merging))
        code = applied(found, code, ends)
        if len(merging) < len(runs):
            listed = ends[0].removeprefix("*")
            code = f"{code} if len({listed}) > 1 else {listed}[0]"
        return self._assign(variable, code)

    def _ends(self, paths: NodeList, current: str) -> list[str]:
        """The variables of what leaves the paths."""
        ends = []
        for number, path in enumerate(paths.items, start=1):
            assert isinstance(path, NodeList)
            ends.append(self.items(path.items, current, self.identifiers.new(f"branch{number}")))
        return ends

    def _list_of_ends(self, paths: NodeList, runs: list[Execution], current: str) -> list[str]:
        """The same where their number varies, as a list that is built."""
        listed = self.identifiers.new("branches")
        self.line(f"{listed} = []")
        for path in paths.items:
            inner = path if isinstance(path, NodeList) else None
            body = {part.key: part.value for part in path.entries} if isinstance(path, Mapping) else {}
            if inner is None:
                found = body.get("path", body.get("layers"))
                if not isinstance(found, NodeList):
                    raise NotTranslated("path")
                inner = found
            layers = inner.items

            def write(layers: tuple[Node, ...] = layers) -> None:
                end = self.items(layers, current, self.identifiers.new("branch"))
                self.line(f"{listed}.append({end})")

            condition = body.get("if") if "layers" in body or "path" in body else None
            taken = runs
            if condition is not None and "merge" not in body:
                found_conditions = occurrences(condition, runs)
                taken = [run for run, each in zip(runs, found_conditions, strict=True) if each.value]
                if not taken:
                    continue
                self.line(f"if {value_code(condition, self.names, found_conditions)}:")
                self._depth += 1
            if "path" in body:
                self._loop(body, taken, write)
            else:
                write()
            if condition is not None and "merge" not in body:
                self._depth -= 1
        return [f"*{listed}"]

    def _residual(self, item: Node, entry: Entry, runs: list[Execution], current: str, target: str) -> str:
        parts = _parts(entry)
        body, shortcut, skip = parts["body"], parts.get("shortcut"), parts.get("skip")
        if not isinstance(body, NodeList):
            raise NotTranslated("body")
        adding = [run for run in runs if merges(run)]
        is_condition = skip is not None and isinstance(skip, Scalar) and isinstance(skip.value, str)
        variable = self.links.variable.get(id(item), target)
        with self._structure(current, is_kept=True):
            end = self.items(body.items, current, self.identifiers.new("y"))
            if not adding:
                return self._assign(variable, end)
            if is_condition:
                assert skip is not None
                code = value_code(skip, {**self.names, SIZES: current}, occurrences(skip, runs))
                self.line(f"if {code}:")
                self._depth += 1
            side = current
            if isinstance(shortcut, NodeList):
                side = self.items(shortcut.items, current, self.identifiers.new("shortcut"))
        if isinstance(shortcut, Scalar):
            kinds = {str(occurrence.value) for occurrence in occurrences(shortcut, adding)}
            if kinds == {"auto"}:
                side = f"project({current}, {end}, name={self._name(item, SHORTCUT, adding)})"
            elif kinds != {"identity"}:
                raise NotTranslated("shortcut")
        elif isinstance(shortcut, Mapping):
            raise NotTranslated("shortcut")
        code = f"layers.Add(name={self._name(item, OWN, adding)})([{end}, {side}])"
        if not is_condition:
            return self._assign(variable, code)
        self._assign(end, code)
        self._depth -= 1
        return self._assign(variable, end)

    def _resolved_shortcut(self, entry: Entry, runs: list[Execution], tensor: str) -> str:
        raise NotTranslated(entry.key)  # of a written-out recipe

    def _group(self, item: Node, entry: Entry, runs: list[Execution], current: str, target: str) -> str:
        layers = _parts(entry)["layers"]
        if not isinstance(layers, NodeList):
            raise NotTranslated("layers")
        with self._structure(current, is_kept=current != target):
            return self.items(layers.items, current, target)

    @contextmanager
    def _structure(self, current: str, *, is_kept: bool) -> Iterator[None]:
        self._starts.append(_Start(current, is_kept, len(self.lines), self._depth))
        yield
        self._end_start()

    def _end_start(self) -> None:
        start = self._starts.pop()
        if start.copy:
            self.lines.insert(start.line, f"{_INDENT * start.depth}{start.copy} = {start.variable}")

    # ---- names and references ------------------------------------------------------------------------------------------

    def _tensors(self, item: Node, runs: list[Execution], body: Node | None) -> list[str]:
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
        if (given := whole_name(node)) in self._tensors_given:
            return self.names[given]
        if all(reference.text == HERE for reference in references):
            return self._start(self._starts[-1])
        layers = {reference.layer for reference in references}
        if layers <= {None, *self.network.inputs}:
            if self._is_block or (self.inputs and len(layers) > 1):
                raise CannotLink(run.top for run in runs)
            return self.inputs[layers.pop() or ""] if self.inputs else self._start(self._starts[0])
        key = (id(item), position)
        if key in self.links.inside:
            return self._inside_application(self.links.inside[key])
        if key not in self.links.of:
            raise NotTranslated("from")
        if variable := self.links.of[key]:
            return variable
        if node is None:
            raise NotTranslated("from")
        return f"{TENSORS}[{self._key_of(node, runs, [r.layer or '' for r in references])}]"

    def _start(self, start: _Start) -> str:
        if start.is_kept:
            return start.variable
        start.copy = start.copy or self.identifiers.new(
            "start" if self._is_block or start is not self._starts[0] else "prepared"
        )
        return start.copy

    def _inside_application(self, layer: str) -> str:
        raise NotTranslated(layer)

    def _name(self, item: Node, role: str, runs: list[Execution]) -> str:
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

    def _key(self, item: Node, runs: list[Execution]) -> str:
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
            suffix = "".join(f"_{{{index}}}" for index in self._rounds)
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
            is_given = [whole_name(node) in self._tensors_given for node in nodes]
            for position, reference in enumerate(run.references):
                if len(is_given) == len(run.references) and is_given[position]:
                    continue
                if reference.text != HERE and reference.layer not in (None, *self.network.inputs):
                    assert reference.layer is not None
                    key = (id(run.item), position)
                    yield Use(key, reference.text, reference.layer, run.began, run.call, run, reference.is_glob)
            if not run.is_call or head is None:
                continue
            for parameter in tensor_parameters(blocks[head.value], blocks):
                given = given_node(run.item, blocks[head.value], parameter)
                layer = self._given_layer(run, parameter)
                if layer is not None and whole_name(given) not in self._tensors_given:
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
                called = self.network.trace.blocks[head.value]
                for inner in tensor_parameters(called, self.network.trace.blocks):
                    if whole_name(given_node(run.item, called, inner)) == parameter:
                        return self._given_layer(run, inner)
        return None

    @contextmanager
    def _translating(self, runs: list[Execution]) -> Iterator[None]:
        """Let what has no Python of the same meaning be written without structure."""
        try:
            yield
        except NotTranslated as error:
            raise CannotLink(run.top for run in runs) from error


def _head(item: Node) -> str:
    head, _ = head_and_body(item)
    return str(head.value) if head is not None else ""


def _parts(entry: Entry) -> dict[str, Node]:
    assert isinstance(entry.value, Mapping)
    return {part.key: part.value for part in entry.value.entries}


def _mentions(lines: Iterable[str], name: str) -> bool:
    """Whether lines use a variable; an argument of that name does not count."""
    return any(re.search(rf"(?<![\w.\"]){name}(?!\w|=[^=])", line) for line in lines)


def _string(prefix: str, text: str, suffix: str = "") -> str:
    """A name as a literal, or as an f-string."""
    if not prefix and not suffix:
        return quoted(text)
    inside = text.replace("{", "{{").replace("}", "}}")
    return f"f{quoted(f'{prefix}{inside}{suffix}')}"
