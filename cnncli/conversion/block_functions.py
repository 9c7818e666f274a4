"""Python functions for the blocks of a recipe."""

from __future__ import annotations

from collections.abc import Sequence

from cnncli.conversion.function_body import INDENT
from cnncli.conversion.python_expressions import NotTranslated
from cnncli.conversion.python_layout import quoted
from cnncli.conversion.structured_code import StructuredBody, mentions
from cnncli.conversion.tensor_parameters import layer_parameters, layers_given
from cnncli.conversion.trace import Execution, SizesThen
from cnncli.conversion.values_in_code import Occurrence, value_code
from cnncli.recipe.language.blocks import Block
from cnncli.recipe.language.expressions import HERE as SIZES
from cnncli.recipe.language.writer import head_and_body
from cnncli.recipe.yaml.nodes import Mapping, Node


class FunctionCode(StructuredBody):
    """A whole function: that of a block, or `build_model`."""

    def function_of(self, block: Block, runs: Sequence[Execution]) -> FunctionCode:
        """The function of a block for calls that give it the same layers; it is written before the first that calls it.

        Raises:
            NotTranslated: the calls give it different layers.
        """
        calls = [e for e in self.network.trace.executions if e.is_call and e.head == block.name]
        calls = [e for e in calls if e.top not in self.network.flat and e.children and e.end > e.start]
        parameters = layer_parameters(block, self.network.trace.blocks, calls)
        keys = {(block.name, *layers_given(parameters, run)) for run in runs if run.children}
        if len(keys) != 1:
            raise NotTranslated(block.name)
        [key] = keys
        if key not in self.network.functions:
            calls = [e for e in calls if (block.name, *layers_given(parameters, e)) == key]
            function = FunctionCode(self.network, calls, block=block)
            function.write_block(block, parameters)
            self.network.functions[key] = function
        found: FunctionCode = self.network.functions[key]
        return found

    def write_block(self, block: Block, layers: set[str]) -> None:
        """The whole function of a block.

        Args:
            layers: the parameters that are layers, which are written out in the function.
        """
        calls = [call for call in self.calls if call is not None]
        written = {entry.key: entry.value for entry in block.defaults.entries} if block.defaults else {}
        defaults = {param: node for param, node in written.items() if param not in layers}
        required = [param for param in block.params if param not in written and param not in layers]
        own = {param: self.identifiers.new(param) for param in [*required, *defaults]}
        owns_classes = "classes" in own
        parameters = [own[param] for param in required]
        late: list[str] = []
        for param, node in defaults.items():
            code, is_late = self._default(param, node, own, calls)
            parameters.append(f"{own[param]}={'None' if is_late else code}")
            if is_late:
                late += [f"if {own[param]} is None:", f"{INDENT}{own[param]} = {code}"]
        self.names |= own
        for line in late:
            self.line(line)
        result = self._body(block.layers.items, "x")
        last = self.lines[-1] if self.lines else ""
        if last.startswith(f"{result} = "):
            self.lines[-1] = f"return {last.removeprefix(f'{result} = ')}"
        else:
            self.line(f"return {result}")
        self.uses_classes = not owns_classes and mentions(self.lines, "classes")
        given = ["x", *(["classes"] if self.uses_classes else []), *parameters, f"name={quoted(block.name)}"]
        lines = [f"{INDENT}{line}" if line else "" for line in self.lines]
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
        with self.translating(calls):
            try:
                return value_code(node, self.network.names, used), False
            except NotTranslated:
                return value_code(node, {**self.network.names, **own, SIZES: "x"}, used), True

    def _body(self, items: Sequence[Node], current: str) -> str:
        self.begin(current)
        current = self.items(items, current, "x")
        self.end()
        return current
