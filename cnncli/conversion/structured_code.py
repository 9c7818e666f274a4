"""Python for the structure of a network: loops for `repeat`, `if` for `if`."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence

from cnncli.conversion.function_body import COUNTER, INDENT, TENSORS, FunctionBody, Start
from cnncli.conversion.keras_code import applied
from cnncli.conversion.names_in_code import OWN, merges
from cnncli.conversion.python_expressions import NotTranslated
from cnncli.conversion.python_layout import quoted
from cnncli.conversion.tensor_parameters import given_layers, tensor_parameters, whole_name
from cnncli.conversion.trace import Execution
from cnncli.conversion.values_in_code import evaluated, layer_code, occurrences, value_code
from cnncli.recipe.keras_objects import catalogue
from cnncli.recipe.keras_objects.structure_entries import SHORTCUT, find
from cnncli.recipe.language.blocks import Block
from cnncli.recipe.language.expressions import HERE as SIZES
from cnncli.recipe.language.flat_layers import OURS
from cnncli.recipe.language.writer import head_and_body
from cnncli.recipe.yaml.nodes import Entry, Mapping, Node, Scalar, plain
from cnncli.recipe.yaml.nodes import Sequence as NodeList


class StructuredBody(FunctionBody):
    """Writes items of a recipe as lines of a function."""

    def function_of(self, block: Block, runs: Sequence[Execution]) -> StructuredBody:
        """The function of a block for some of its calls."""
        raise NotImplementedError

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
            with self.translating(runs):
                current = self.item(item, runs, current, target)
        return current

    def item(self, item: Node, runs: list[Execution], current: str, target: str) -> str:
        """One item with its `if`."""
        head, body = head_and_body(item)
        assert head is not None
        if "$" in head.value and body is None:
            return self.items(given_layers(head, runs), current, target)
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
        self.assign(target, current)
        self.line(f"if {code}:")
        self.depth += 1
        before = len(self.lines)
        self.assign(target, self._kept(item, runs, target, target))
        if len(self.lines) == before:
            del self.lines[-1]
        self.depth -= 1
        return target

    def _kept(self, item: Node, runs: list[Execution], current: str, target: str) -> str:
        head, body = head_and_body(item)
        assert head is not None
        tensors = self.tensors(item, runs, body) or [current]
        self.names[SIZES] = tensors[0]
        variable = self.links.variable.get(id(item), target)
        structures = {
            "repeat": self._repeat,
            "branches": self._branches,
            "residual": self._residual,
            "group": self._group,
        }
        heads = list(dict.fromkeys(run.head for run in runs))
        entry = Entry(heads[0], head.place, body if body is not None else Scalar(None, head.place))
        if any(run in self.network.roots for run in runs):
            result = self.assign(variable, self.called_again(entry, runs, tensors))
        elif len(heads) > 1:
            result = self.assign(variable, self._one_of(item, head, entry, runs, tensors[0]))
        elif entry.key in structures:
            result = structures[entry.key](item, entry, runs, tensors[0], target)
            result = self.assign(variable, result) if id(item) in self.links.variable else result
        elif entry.key in self.network.trace.blocks:
            block = self.network.trace.blocks[entry.key]
            with self.several(item, runs, tensors, variable) as kept:
                result = self.assign(kept, self._call(item, entry, block, runs, tensors[0]))
        elif entry.key == SHORTCUT:
            result = self.assign(variable, self._resolved_shortcut(entry, runs, tensors[0]))
        else:
            result = self._layer(item, entry, runs, tensors, variable)
        if id(item) in self.links.collected:
            self.line(f"{self.links.collected[id(item)]}.append({result})")
        if id(item) in self.links.kept:
            self.line(f"{TENSORS}[{self.key(item, runs)}] = {result}")
        return result

    def _layer(self, item: Node, entry: Entry, runs: list[Execution], tensors: list[str], variable: str) -> str:
        found = find(entry.key)
        made = [self.network.layers[run.start] for run in runs]
        assert found is not None
        name = self.name_code(item, OWN, runs)
        if found.kind == "applications":
            if any(layer != made[0] for layer in made):
                raise NotTranslated(entry.key)
            with self.several(item, runs, tensors, variable) as kept:
                for line in self.network.application(self, made[0], tensors[0], kept):
                    self.line(line)
            return kept
        code = layer_code(found, entry.value, self.names, runs, made, name)
        if found.kind != "layers":
            with self.several(item, runs, tensors, variable) as kept:
                return self.assign(kept, applied(found, code, tensors))
        if id(item) in self.roots:
            layer = self.identifiers.new(f"{self._wish(runs[0])}_layer")
            self.root_variables[id(item)] = (layer,)
            code = self.assign(layer, code)
        return self.assign(variable, applied(found, code, tensors))

    def _call(self, item: Node, entry: Entry, block: Block, runs: list[Execution], tensor: str) -> str:
        function = self.function_of(block, runs)
        given: list[Entry] = []
        if isinstance(entry.value, Mapping):
            given = [argument for argument in entry.value.entries if argument.key not in OURS]
        elif not (isinstance(entry.value, Scalar) and entry.value.value is None):
            given = [Entry(block.params[0], entry.value.place, entry.value)]
        codes = {}
        for each in given:
            if each.key not in function.names:
                continue  # layers, which are written out in the function
            if each.key in tensor_parameters(block, self.network.trace.blocks):
                codes[each.key] = self._given_tensor(item, each)
            else:
                codes[each.key] = value_code(each.value, self.names, occurrences(each.value, runs))
        defaults = set(block.defaults.keys()) if block.defaults else set()
        arguments = [tensor, *(["classes"] if function.uses_classes else [])]
        own = function.names
        for param in block.params:
            if param not in own:
                continue
            if param in defaults or param not in codes:
                break
            arguments.append(codes.pop(param))
        arguments += [f"{own[key]}={code}" for key, code in codes.items()]
        return f"{function.name}({', '.join([*arguments, f'name={self.name_code(item, OWN, runs)}'])})"

    def _one_of(self, item: Node, head: Scalar, entry: Entry, runs: list[Execution], tensor: str) -> str:
        """`- $kind: {…}` that is another block in another round: the functions by name, and the arguments that all take."""
        kind = value_code(head, self.names, occurrences(head, runs))
        functions: dict[str, str] = {}
        arguments = set()
        for name, block in self.network.trace.blocks.items():
            if own := [run for run in runs if run.head == name]:
                code = self._call(item, Entry(name, entry.key_place, entry.value), block, own, tensor)
                functions[name], given = code.split("(", 1)
                arguments.add(given.replace(f"{COUNTER}({quoted(name)})", f"{COUNTER}({kind})"))
        if len(arguments) != 1 or functions.keys() != {run.head for run in runs}:
            raise NotTranslated(head.value)
        listed = ", ".join(f"{quoted(name)}: {function}" for name, function in functions.items())
        return f"{{{listed}}}[{kind}]({arguments.pop()}"

    def _given_tensor(self, item: Node, given: Entry) -> str:
        """The tensor of the layer that an argument of a block names."""
        if (name := whole_name(given.value)) in self.tensors_given:
            return self.names[name]
        if variable := self.links.of.get((id(item), given.key)):
            return variable
        raise NotTranslated(given.key)

    # ---- structures ----------------------------------------------------------------------------------------------------

    def _repeat(self, item: Node, entry: Entry, runs: list[Execution], current: str, target: str) -> str:
        parts = _parts(entry)
        layers = _list(parts["layers"], runs)
        self.assign(target, current)

        def write() -> None:
            self.starts.append(Start(target, False, len(self.lines), self.depth))
            self.assign(target, self.items(layers.items, target, target))
            self.end()

        self._loop(parts, runs, write)
        return target

    def _loop(self, parts: dict[str, Node], runs: list[Execution], write: Callable[[], None]) -> None:
        """A loop over `times` or `over`, with what a function writes as its body."""
        before = dict(self.names)
        index = self.identifiers.new(str(plain(parts["as"])) if "as" in parts else "ijk"[min(len(self.rounds), 2)])
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
        self.rounds.append(index)
        self.depth += 1
        write()
        self.depth -= 1
        self.rounds.pop()
        self.names = before
        for name in (index, *values.values()):
            self.identifiers.free(name)
        if len(self.lines) == begin:
            return
        body = self.lines[begin:]
        used = [(name, code) for name, code in zip(values.values(), codes, strict=True) if mentions(body, name)]
        has_index = mentions(body, index)
        if not used:
            header = f"for {index if has_index else '_'} in range({length}):"
        else:
            variables = ", ".join(name for name, _ in used)
            listed = used[0][1] if len(used) == 1 else f"zip({', '.join(code for _, code in used)})"
            inner = variables if len(used) == 1 else f"({variables})"
            header = f"for {index}, {inner} in enumerate({listed}):" if has_index else f"for {variables} in {listed}:"
        self.lines.insert(begin, f"{INDENT * self.depth}{header}")

    def _over(self, node: Node, runs: list[Execution], names: list[str]) -> list[str]:
        """The lists of `over`."""
        if isinstance(node, Mapping):
            return [value_code(part.value, self.names, occurrences(part.value, runs)) for part in node.entries]
        code = value_code(node, self.names, occurrences(node, runs))
        return [f"{code}[{quoted(name)}]" for name in names]

    def _branches(self, item: Node, entry: Entry, runs: list[Execution], current: str, target: str) -> str:
        parts = _parts(entry)
        paths = parts.get("paths", NodeList((entry.value,), entry.key_place))
        paths = _list(paths, runs)
        with self.structure(current, is_kept=True):
            if all(isinstance(path, NodeList) for path in paths.items):
                ends = self._ends(paths, current)
            else:
                ends = self._list_of_ends(paths, runs, current)
        variable = self.links.variable.get(id(item), target)
        merging = [run for run in runs if merges(run)]
        if not merging:
            return self.assign(variable, f"{ends[0].removeprefix('*')}[0]" if ends[0][0] == "*" else ends[0])
        head, body = head_and_body(parts["merge"])
        found = catalogue.find("layers", head.value) if head is not None else None
        if head is None or found is None:
            raise NotTranslated("merge")
        body = body if body is not None else Scalar(None, head.place)
        made = [self.network.layers[run.end - 1] for run in merging]
        code = layer_code(found, body, self.names, merging, made, self.name_code(item, OWN, merging))
        code = applied(found, code, ends)
        if len(merging) < len(runs):
            listed = ends[0].removeprefix("*")
            code = f"{code} if len({listed}) > 1 else {listed}[0]"
        return self.assign(variable, code)

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
                self.depth += 1
            if "path" in body:
                self._loop(body, taken, write)
            else:
                write()
            if condition is not None and "merge" not in body:
                self.depth -= 1
        return [f"*{listed}"]

    def _residual(self, item: Node, entry: Entry, runs: list[Execution], current: str, target: str) -> str:
        parts = _parts(entry)
        body, shortcut, skip = parts["body"], parts.get("shortcut"), parts.get("skip")
        body = _list(body, runs)
        if isinstance(shortcut, Scalar) and whole_name(shortcut) and not is_word(shortcut, runs):
            shortcut = _list(shortcut, runs)
        adding = [run for run in runs if merges(run)]
        is_condition = skip is not None and isinstance(skip, Scalar) and isinstance(skip.value, str)
        variable = self.links.variable.get(id(item), target)
        with self.structure(current, is_kept=True):
            end = self.items(body.items, current, self.identifiers.new("y"))
            if not adding:
                return self.assign(variable, end)
            if is_condition:
                assert skip is not None
                code = value_code(skip, {**self.names, SIZES: current}, occurrences(skip, runs))
                self.line(f"if {code}:")
                self.depth += 1
            side = current
            if isinstance(shortcut, NodeList):
                side = self.items(shortcut.items, current, self.identifiers.new("shortcut"))
        if isinstance(shortcut, Scalar):
            kinds = {str(occurrence.value) for occurrence in occurrences(shortcut, adding)}
            if kinds == {"auto"}:
                side = f"project({current}, {end}, name={self.name_code(item, SHORTCUT, adding)})"
            elif kinds != {"identity"}:
                raise NotTranslated("shortcut")
        elif isinstance(shortcut, Mapping):
            raise NotTranslated("shortcut")
        code = f"layers.Add(name={self.name_code(item, OWN, adding)})([{end}, {side}])"
        if not is_condition:
            return self.assign(variable, code)
        self.assign(end, code)
        self.depth -= 1
        return self.assign(variable, end)

    def _resolved_shortcut(self, entry: Entry, runs: list[Execution], tensor: str) -> str:
        raise NotTranslated(entry.key)  # of a written-out recipe

    def _group(self, item: Node, entry: Entry, runs: list[Execution], current: str, target: str) -> str:
        layers = _list(_parts(entry)["layers"], runs)
        with self.structure(current, is_kept=current != target):
            return self.items(layers.items, current, target)


def _list(node: Node, runs: list[Execution]) -> NodeList:
    """A list of layers, also where a variable stands for it."""
    return node if isinstance(node, NodeList) else NodeList(given_layers(node, runs), node.place)


def is_word(node: Scalar, runs: list[Execution]) -> bool:
    """Whether `shortcut` is `identity` or `auto`."""
    return all(evaluated(node, run) in ("identity", "auto") for run in runs)


def _parts(entry: Entry) -> dict[str, Node]:
    assert isinstance(entry.value, Mapping)
    return {part.key: part.value for part in entry.value.entries}


def mentions(lines: Iterable[str], name: str) -> bool:
    """Whether lines use a variable; an argument of that name does not count."""
    return any(re.search(rf"(?<![\w.\"]){name}(?!\w|=[^=])", line) for line in lines)
