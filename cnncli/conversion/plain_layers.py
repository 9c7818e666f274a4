"""Python for layers without structure: one line for each layer of the flat list, and applications."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from cnncli.conversion.applications_in_code import application_code
from cnncli.conversion.function_body import FunctionBody
from cnncli.conversion.keras_code import applied, object_code
from cnncli.conversion.links import CannotLink, Use
from cnncli.conversion.python_expressions import NotTranslated
from cnncli.conversion.python_layout import quoted
from cnncli.conversion.trace import Execution
from cnncli.recipe.keras_objects.objects import KerasObject
from cnncli.recipe.keras_objects.structure_entries import SHORTCUT
from cnncli.recipe.language.flat_layers import INPUT
from cnncli.recipe.layers import name_of


class PlainLayers:
    """Writes items of `model.layers` layer by layer.

    Args:
        layers: the flat list.
        written: the same, with what depends on the number of classes as an expression where that is known.
        inputs: the names of the network's inputs.
        taken: how many names of each kind Keras must not give (`chains.taken_names`).
    """

    def __init__(
        self,
        layers: Sequence[KerasObject],
        written: Sequence[KerasObject],
        inputs: Sequence[str],
        taken: Mapping[str, int],
    ) -> None:
        self._layers = layers
        self._written = written
        self._inputs = inputs
        self._taken = taken
        self._roots = {layer.shares for layer in layers if layer.shares}
        self._root_variables: dict[str, str] = {}
        self._root_parts: dict[
            str, tuple[str, str]
        ] = {}  # of several layers: the variables of what comes in and leaves

    def uses(self, items: Iterable[Execution]) -> Iterator[Use]:
        """The layers that the layers of some items take by name."""
        for run in items:
            for index in range(run.start, run.end):
                layer = self._layers[index]
                for position, source in enumerate(layer.inputs):
                    if source not in self._inputs:
                        yield Use(("flat", index, position), source, source, run.began, None)
                if layer.name == SHORTCUT and layer.args["like"] not in self._inputs:
                    yield Use(("like", index), layer.args["like"], layer.args["like"], run.began, None)

    def write(self, build: FunctionBody, run: Execution, current: str) -> str:
        """An item layer by layer."""
        holding = {run.source: current}
        before = name_of(self._layers[run.start - 1]) if run.start else None
        for index in range(run.start, run.end):
            layer = self._layers[index]
            name = name_of(layer)
            sources: list[str] = []
            for position, source in enumerate(layer.inputs or ((before,) if before else (INPUT,))):
                sources.append(self._variable_of(build, source, ("flat", index, position), holding))
            variable = build.links.layer_variable.get(name, "x")
            if layer.kind != "layers" and name in self._roots:
                self._root_parts[name] = build.identifiers.new(f"{name}_in"), build.identifiers.new(f"{name}_out")
                build.line(f"{self._root_parts[name][0]} = {sources[0]}")
            if part := self._root_parts.get(layer.shares):
                build.line(f"{variable} = call_again({sources[0]}, {', '.join(part)})")
            elif layer.kind == "applications":
                for line in self.application(build, layer, sources[0], variable):
                    build.line(line)
            elif layer.name == SHORTCUT:
                like = self._variable_of(build, layer.args["like"], ("like", index), holding)
                build.line(f"{variable} = project({sources[0]}, {like}, name={quoted(name)})")
            else:
                try:
                    code = _flat_layer(self._written[index])
                except NotTranslated as error:
                    raise CannotLink([]) from error
                if layer.kind == "layers" and name in self._roots:
                    self._root_variables[name] = build.identifiers.new(f"{name}_layer")
                    build.line(f"{self._root_variables[name]} = {code}")
                if shared := self._root_variables.get(layer.shares or name):
                    code = shared
                build.line(f"{variable} = {applied(layer.entry, code, sources)}")
            if part := self._root_parts.get(name):
                build.line(f"{part[1]} = {variable}")
            holding = {key: value for key, value in holding.items() if value != variable} | {name: variable}
            before = name
        return holding.get(run.result, current)

    def _variable_of(self, build: FunctionBody, source: str, key: object, holding: dict[str | None, str]) -> str:
        if source in build.inputs:
            return build.inputs[source]
        if source in self._inputs:
            return build.input_variable()
        if source in build.links.layer_variable:
            return build.links.layer_variable[source]
        if source in holding:
            return holding[source]
        if variable := build.links.of.get(key):
            return variable
        if key in build.links.inside:
            return build.inside_application(source)
        raise CannotLink([])

    def application(self, build: FunctionBody, layer: KerasObject, tensor: str, variable: str) -> Iterator[str]:
        """An application after its own preprocessing."""
        own = build.identifiers.new(name_of(layer))
        build.applications.append(own)
        is_first = layer is self._layers[0]
        return application_code(layer, tensor, variable, own, is_first=is_first, taken=self._taken)


def _flat_layer(layer: KerasObject) -> str:
    args = {key: value for key, value in layer.args.items() if key != "name"}
    name = f"name={quoted(name_of(layer))}"
    code = object_code(KerasObject(layer.kind, layer.name, args), [name])
    return f"layers.Pipeline([{code}], {name})" if layer.entry.canonical == "Equalization" else code
