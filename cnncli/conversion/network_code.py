"""Python that builds the network of a recipe: constants, functions of blocks, and `build_model`."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from cnncli.conversion.block_functions import FunctionCode
from cnncli.conversion.chains import chain_code, taken_names
from cnncli.conversion.function_body import Network
from cnncli.conversion.helpers_in_code import NAMES as HELPERS
from cnncli.conversion.helpers_in_code import helpers_of
from cnncli.conversion.identifiers import Identifiers
from cnncli.conversion.keras_code import literal
from cnncli.conversion.links import CannotLink, Use
from cnncli.conversion.plain_layers import PlainLayers
from cnncli.conversion.python_expressions import NotTranslated, names_in
from cnncli.conversion.python_layout import laid_out, quoted
from cnncli.conversion.replay import Differs, check
from cnncli.conversion.sharing_calls import roots_of, with_their_roots
from cnncli.conversion.trace import Execution, Trace, trace
from cnncli.conversion.values_in_code import Occurrence, value_code
from cnncli.data.targets import targets_of
from cnncli.errors import Problem, RecipeError
from cnncli.recipe.keras_objects.objects import KerasObject
from cnncli.recipe.known_data import declared_classes, declared_shape
from cnncli.recipe.language.flat_layers import INPUT
from cnncli.recipe.language.here import Shapes
from cnncli.recipe.layers import name_of
from cnncli.recipe.load import LoadedRecipe
from cnncli.recipe.named_inputs import inputs_of
from cnncli.recipe.outputs import outputs_of
from cnncli.recipe.schema import Recipe
from cnncli.recipe.yaml.nodes import Mapping as MappingNode
from cnncli.recipe.yaml.nodes import Node, Scalar
from cnncli.recipe.yaml.nodes import Sequence as NodeList

Shape = Sequence[int] | Mapping[str, Sequence[int]]
PROBED_CLASSES = 10  # where only the data will tell


@dataclass(frozen=True)
class NetworkCode:
    """The network of a recipe in Python.

    Attributes:
        lines: constants and functions, without imports.
        imports_math: they use `math`.
        takes_classes: `build_model` has the parameter `classes`.
        takes_shape: `build_model` has the parameter `input_shape`.
        is_flat: some of it is written layer by layer, because its structure has no Python of the same meaning.
    """

    lines: list[str]
    imports_math: bool
    takes_classes: bool
    takes_shape: bool
    is_flat: bool


def network_code(loaded: LoadedRecipe, *, input_shape: Shape | None = None) -> NetworkCode:
    """Write the network of a recipe.

    Args:
        loaded: a recipe that is right, as `load` gives it.
        input_shape: of one raw example, of several inputs by name, where it is known; else the recipe may say it.

    Raises:
        RecipeError: its layers depend on the number of classes in a way that has no Python.
    """
    classes = declared_classes(loaded.recipe) or PROBED_CLASSES
    shape = input_shape if input_shape is not None else declared_shape(loaded.recipe)
    resolved, shapes = _resolved(loaded, classes, shape)
    # Without structure layers keep what depends on the number of classes, where the list of them does not.
    is_open = bool(resolved.open_places or loaded.open_places or loaded.uses_sizes)
    plain_layers = resolved.recipe.model.layers if is_open else loaded.recipe.model.layers
    traced = trace(loaded.written, classes=classes, shapes=shapes)
    sizes = _sizes(resolved, shapes)
    tops = {run for run in traced.executions if run.parent is None}
    flat = tops if any(map(_is_recursive, traced.executions)) else set[Execution]()
    while True:
        try:
            writer = _Writer(resolved, traced, flat, plain_layers)
            code = writer.write(shape)
            check(
                laid_out(code.lines),
                resolved.recipe,
                arguments={"input_shape": (1,)} if code.takes_shape else {},
                sizes=sizes,
            )
        except (CannotLink, Differs) as error:
            if flat == tops:
                raise RecipeError(_refusal(loaded)) from error
            wrong = error.executions if isinstance(error, CannotLink) else writer.tops_of(error.layer)
            flat = with_their_roots(flat | set(wrong), writer.network.roots) if set(wrong) - flat else tops
        else:
            return code


def _is_recursive(run: Execution) -> bool:
    """Whether an item stands, by calls of blocks, within itself."""
    above = run.parent
    while above is not None and above.item is not run.item:
        above = above.parent
    return above is not None


def _resolved(loaded: LoadedRecipe, classes: int, shape: Shape | None) -> tuple[LoadedRecipe, Shapes | None]:
    """The recipe with the number of classes and the sizes of `$here`, and who tells these.

    Raises:
        RecipeError: it asks for sizes, and the shape of its input is not known.
    """
    if not loaded.uses_sizes:
        return loaded.resolve(classes=classes), None
    if shape is None:
        hint = "set it: --set 'model.input=[224, 224, 3]'"
        message = "the sizes of `$here` follow from the shape of the input, which only the data will tell"
        raise RecipeError(Problem(message, hint, place=loaded.place(("model",))))
    from cnncli.network.symbolic_shapes import SymbolicShapes  # with Keras; only a recipe with sizes needs it

    resolved = loaded.resolve(classes=classes, shapes=SymbolicShapes(loaded.recipe, shape))
    return resolved, SymbolicShapes(loaded.recipe, shape)


def _sizes(resolved: LoadedRecipe, shapes: Shapes | None) -> dict[str, tuple[int | None, ...]]:
    """The shape that leaves each layer of the flat list, and the input; empty where nothing asks for sizes."""
    model = resolved.root.get("model")
    nodes = model.get("layers") if isinstance(model, MappingNode) else None
    if shapes is None or not isinstance(nodes, NodeList):
        return {}
    names: list[str | None] = [None, *map(name_of, resolved.recipe.model.layers)]
    found = {name or INPUT: shapes.shape_of(nodes.items, name) for name in names}
    found |= {own.name: shapes.shape_of(nodes.items, own.name) for own in inputs_of(resolved.recipe.data)}
    return {name: shape for name, shape in found.items() if shape is not None}


def _refusal(loaded: LoadedRecipe) -> list[Problem]:
    if loaded.open_places and not loaded.uses_sizes:
        message = "these layers depend on the number of classes in a way that has no Python of the same meaning"
        hint = "set the number of classes: --set data.classes=10"
        return [Problem(message, hint, place) for place in loaded.open_places]
    return [Problem("this network has no Python of the same meaning", place=loaded.place(("model", "layers")))]


class _Writer:
    """Writes the network once, some of its items without structure."""

    def __init__(
        self, loaded: LoadedRecipe, traced: Trace, flat: set[Execution], plain_layers: Sequence[KerasObject]
    ) -> None:
        self.recipe = recipe = loaded.recipe
        self.root = loaded.written
        self.trace = traced
        self.flat = flat
        self.classes = declared_classes(self.recipe) or PROBED_CLASSES
        self.layers = list(recipe.model.layers)
        self.identifiers = Identifiers()
        self.inputs = {own.name: own for own in inputs_of(recipe.data)}
        self.plain = PlainLayers(self.layers, plain_layers, tuple(self.inputs), taken_names(recipe, prepared=True))
        self.constants: dict[str, str] = {}
        self.used_constants: dict[str, None] = {}
        own: dict[str, Execution] = {}
        for run in traced.executions:  # the innermost come last
            for layer in self.layers[run.start : run.end]:
                own[name_of(layer)] = run
        names = {"classes": "classes"} if "classes" in traced.names else {}
        for helper in HELPERS:
            self.identifiers.new(helper)
        self.network = Network(
            traced,
            self.layers,
            own,
            flat,
            self.identifiers,
            names,
            tuple(self.inputs),
            {},
            self.plain.application,
            roots_of(traced, self.layers, own),
        )
        self._read_variables(names)

    def write(self, shape: Shape | None) -> NetworkCode:
        """All lines.

        Args:
            shape: of one raw example; None where only the data will tell.

        Raises:
            CannotLink: more items have to be written without structure.
        """
        uses = [*self.plain.uses(self.flat), *self._outputs()]
        build = FunctionCode(self.network, [None], uses)
        current = self._prepare(build, shape)
        current = self._items(build, current)
        self._end(build, current)
        takes_classes = _uses(build.lines, "classes")
        parameters = [] if shape is not None else ["input_shape"]
        parameters += [f"classes={self.classes}"] if takes_classes else []
        body = [
            f"def build_model({', '.join(parameters)}):",
            f'    """{_sentence(self.recipe)}"""',
            *(f"    {line}" for line in build.lines),
        ]
        functions = [function.lines for function in self.network.functions.values()]
        lines: list[str] = []
        for function in [*functions, body]:
            lines += ["", "", *function]
        used = [name for name in self.constants if any(_uses([line], name) for line in self._all(lines))]
        constants = [f"{name} = {self.constants[name]}" for name in self.constants if name in used]
        helpers = [line for helper in helpers_of([*constants, *lines]) for line in ("", "", *helper)]
        if list(helpers_of(constants)):  # they are computed with it
            lines = [*helpers, "", "", *constants, *lines]
        else:
            lines = [*([""] if constants else []), *constants, *helpers, *lines]
        has_math = any("math." in line for line in lines)
        return NetworkCode(lines, has_math, takes_classes, shape is None, bool(self.flat))

    def _all(self, lines: list[str]) -> list[str]:
        """The lines with the constants that they use, and those that these use."""
        found = list(lines)
        for name in reversed(self.constants):
            if any(_uses([line], name) for line in found):
                found.append(self.constants[name])
        return found

    def tops_of(self, layer: str) -> list[Execution]:
        """The item of `model.layers` from which a layer comes."""
        return [self.network.own[layer].top] if layer in self.network.own else []

    # ---- variables -----------------------------------------------------------------------------------------------------

    def _read_variables(self, names: dict[str, str]) -> None:
        """`vars` as constants; what depends on the number of classes is written where it is used."""
        for entry in self.trace.variables:
            values = {name: self.trace.names[name] for name in self.trace.names}
            found = [Occurrence(values, values[entry.key])]
            try:
                code = value_code(entry.value, names, found)
            except NotTranslated:
                if _reads(entry.value) & {name for name, python in names.items() if "classes" in python}:
                    raise CannotLink(run for run in self.trace.executions if run.parent is None) from None
                code = repr(values[entry.key])
            if _uses([code], "classes"):
                names[entry.key] = f"({code})"
            else:
                names[entry.key] = self.identifiers.new(entry.key.upper())
                self.constants[names[entry.key]] = code

    # ---- build_model ---------------------------------------------------------------------------------------------------

    def _prepare(self, build: FunctionCode, shape: Shape | None) -> str:
        """The inputs, and their layers of `prepare`."""
        if len(self.inputs) > 1:
            return self._prepare_each(build, shape)
        if isinstance(shape, Mapping):
            shape = next(iter(shape.values()))
        code = "input_shape" if shape is None else _size_and_type(shape)
        [name] = self.inputs
        build.line(f"inputs = keras.Input({code}, name={quoted(name)})")
        current = "inputs"
        for code in chain_code(self.recipe, self.root, "prepare", self.trace.names, self.network.names):
            build.line(f"x = {code}({current})")
            current = "x"
        return current

    def _prepare_each(self, build: FunctionCode, shape: Shape | None) -> str:
        """The same for several inputs, each with a variable of its own."""
        build.line("inputs = {")
        for name in self.inputs:
            code = f"input_shape[{quoted(name)}]"
            if isinstance(shape, Mapping):
                code = _size_and_type(shape[name])
            build.line(f"    {quoted(name)}: keras.Input({code}, name={quoted(name)}),")
        build.line("}")
        for name, own in self.inputs.items():
            variable = build.inputs[name] = build.identifiers.new(name)
            current = f"inputs[{quoted(name)}]"
            for code in chain_code(self.recipe, self.root, "prepare", self.trace.names, self.network.names, own):
                build.line(f"{variable} = {code}({current})")
                current = variable
            if current != variable:
                build.line(f"{variable} = {current}")
        return next(iter(build.inputs.values()))

    def _items(self, build: FunctionCode, current: str) -> str:
        build.begin(current)
        for item in self.trace.layers.items:
            [run] = [each for each in self.trace.of(item) if each.parent is None]
            current = self.plain.write(build, run, current) if run in self.flat else build.items([item], current, "x")
        build.end()
        return current

    def _outputs(self) -> Iterator[Use]:
        """The outputs, but for the one that flows out at the end."""
        outputs = outputs_of(self.recipe)
        if len(outputs) == 1 and self.trace.last.result == name_of(self.layers[outputs[0].index]):
            return
        for output in outputs:
            yield Use(("output", output.name), output.name, name_of(self.layers[output.index]), math.inf, None)

    def _end(self, build: FunctionCode, current: str) -> None:
        outputs = outputs_of(self.recipe)
        variables = [build.links.of.get(("output", output.name), current) for output in outputs]
        if any(variable is None for variable in variables):
            raise CannotLink([])
        name = self.recipe.name.replace("-", "_").replace(".", "_")
        if len(outputs) == 1:
            build.line(f"return keras.Model(inputs, {variables[0]}, name={quoted(name)})")
            return
        pairs = ", ".join(f"{quoted(o.name)}: {v}" for o, v in zip(outputs, variables, strict=True))
        build.line(f"outputs = {{{pairs}}}")
        whole = name if targets_of(self.recipe.data.targets).HAS_SEVERAL_OUTPUTS else f"{name}_with_all_outputs"
        build.line(f"return keras.Model(inputs, outputs, name={quoted(whole)})")


def _reads(node: Node) -> set[str]:
    if isinstance(node, Scalar):
        return names_in(node.value) if isinstance(node.value, str) else set()
    parts = [entry.value for entry in node.entries] if isinstance(node, MappingNode) else list(node.items)
    return set().union(*map(_reads, parts))


def _uses(lines: list[str], name: str) -> bool:
    """Whether lines read a name; as that of an argument it is not read."""
    return any(re.search(rf"(?<![\w.\"]){name}(?!\w|=[^=])", line) for line in lines)


def _sentence(recipe: Recipe) -> str:
    return f"Build {recipe.name}."


def _size_and_type(shape: Sequence[int]) -> str:
    """The arguments of `keras.Input`: the shape of an example, and of a text the type."""
    return literal(list(shape), as_tuple=True) if shape else '(), dtype="string"'
