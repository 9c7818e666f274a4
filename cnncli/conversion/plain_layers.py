"""Python for layers without structure: one line for each layer of the flat list, and applications."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from cnncli.conversion.function_body import FunctionBody
from cnncli.conversion.keras_code import application_module, applied, object_code
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
    """

    def __init__(self, layers: Sequence[KerasObject], written: Sequence[KerasObject], inputs: Sequence[str]) -> None:
        self._layers = layers
        self._written = written
        self._inputs = inputs
        self._roots = {layer.shares for layer in layers if layer.shares}
        self._root_variables: dict[str, str] = {}

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
            if layer.kind != "layers" and (layer.shares or name in self._roots):
                raise CannotLink([])
            if layer.kind == "applications":
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
                if name in self._roots:
                    self._root_variables[name] = build.identifiers.new(f"{name}_layer")
                    build.line(f"{self._root_variables[name]} = {code}")
                if shared := self._root_variables.get(layer.shares or name):
                    code = shared
                build.line(f"{variable} = {applied(layer.entry, code, sources)}")
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
        module = application_module(layer.name)
        own = build.identifiers.new(name_of(layer))
        build.applications.append(own)
        weights = layer.args.get("weights", "imagenet")
        is_first = layer is self._layers[0]
        args = {key: value for key, value in layer.args.items() if key != "name"}
        is_file = weights not in (None, "imagenet")
        if is_file or (weights and not is_first):
            args["weights"] = None
        yield f"{variable} = keras.applications.{module}.preprocess_input({tensor})"
        more = [f"input_tensor={variable}", f"name={quoted(name_of(layer))}"]
        yield f"{own} = {object_code(KerasObject(layer.kind, layer.name, args), more)}"
        if args.get("weights", "imagenet") != weights:
            kept = {**args, "weights": None if is_file else weights}
            alone = object_code(KerasObject(layer.kind, layer.name, kept), [f"input_shape={variable}.shape[1:]"])
            yield f"pretrained = {alone}"
            if is_file:
                yield f"pretrained.load_weights({quoted(str(weights))})"
            yield "for layer in pretrained.layers:"
            yield "    if layer.weights:"
            yield f"        {own}.get_layer(layer.name).set_weights(layer.get_weights())"
        yield f"{variable} = {own}.output"


def _flat_layer(layer: KerasObject) -> str:
    args = {key: value for key, value in layer.args.items() if key != "name"}
    name = f"name={quoted(name_of(layer))}"
    code = object_code(KerasObject(layer.kind, layer.name, args), [name])
    return f"layers.Pipeline([{code}], {name})" if layer.entry.canonical == "Equalization" else code
