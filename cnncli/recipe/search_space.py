"""The search space of a recipe: its values as settings, and a check that each of them is allowed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from pydantic import ValidationError

from cnncli.errors import Place, Problem, RecipeError
from cnncli.messages import did_you_mean, shortened
from cnncli.recipe import load as loading
from cnncli.recipe.language import overrides
from cnncli.recipe.language.expand import expand
from cnncli.recipe.load import LoadedRecipe, problems_of, sorted_problems
from cnncli.recipe.schema_tune import Parameter
from cnncli.recipe.write import as_flow, escaped
from cnncli.recipe.yaml import nodes
from cnncli.recipe.yaml.nodes import plain

TUNE = "tune"
_MOST_TRIED = 64  # choices of a parameter: each costs reading the recipe once more


def setting_of(key: str, value: Any) -> str:
    """`train.batch_size=32`, as `--set` takes it: the value in YAML, in which a dollar sign is a dollar sign."""
    return f"{key}={as_flow(escaped(value))}"


def load_with_search_space(recipe: str, settings: Sequence[str] = ()) -> LoadedRecipe:
    """Read and check a recipe with its search space, and report the mistakes of both together.

    Each parameter is set to the ends of its range, or to each of its choices, and the recipe is checked with it.

    Args:
        recipe: a file, or the name of a shipped recipe.
        settings: `key=value`, as given with `--set`.

    Raises:
        RecipeError: with all problems, sorted by place.
    """
    loaded: LoadedRecipe | None = None
    problems: list[Problem] = []
    try:
        loaded = loading.load(recipe, settings)
        written = loaded.written
    except RecipeError as error:
        problems = list(error.problems)
        try:
            written = loading.read(recipe, settings)
        except RecipeError:
            raise error from None  # it is no YAML
    file = loaded.file if loaded else written.place.file
    known = {(str(problem.place), problem.message) for problem in problems}
    problems += [each for each in _problems(written, file) if (str(each.place), each.message) not in known]
    if problems or loaded is None:
        raise RecipeError(sorted_problems(problems))
    return loaded


def _problems(written: nodes.Mapping, file: str) -> Iterator[Problem]:
    """What is wrong with the parameters of a recipe that has some."""
    entries = _parameters(written)
    if not entries:
        return
    base = replace(written, entries=tuple(entry for entry in written.entries if entry.key != TUNE))
    before = {problem.message for problem in problems_of(base, file)}
    readable: dict[str, Parameter] = {}
    for entry in entries:
        try:
            readable[entry.key] = Parameter.model_validate(plain(entry.value))
        except ValidationError:
            continue  # reported with the recipe
        yield from _problems_of_parameter(entry, readable[entry.key], base, file, before)
    yield from _replaced(entries, readable, base)


def _parameters(written: nodes.Mapping) -> tuple[nodes.Entry, ...]:
    """The entries of `tune.parameters`, with their variables replaced."""
    kept = tuple(entry for entry in written.entries if entry.key in (TUNE, "vars"))
    tune = expand(replace(written, entries=kept)).root.get(TUNE)
    parameters = tune.get("parameters") if isinstance(tune, nodes.Mapping) else None
    return parameters.entries if isinstance(parameters, nodes.Mapping) else ()


def _problems_of_parameter(
    entry: nodes.Entry, parameter: Parameter, base: nodes.Mapping, file: str, before: set[str]
) -> Iterator[Problem]:
    path = (TUNE, "parameters", entry.key)
    if (unknown := _unknown_variable(entry.key, base)) is not None:
        yield replace(unknown, place=entry.key_place, path=path)
        return
    found: dict[tuple[str, str], list[Any]] = {}
    ends = parameter.ends[:_MOST_TRIED]
    for value in ends:
        for problem in _problems_of_value(base, file, entry.key, value):
            if problem.message not in before:
                found.setdefault((problem.message, _hint(problem)), []).append(value)
    for (message, hint), values in found.items():
        if len(values) == len(ends):  # of the key, whatever its value
            yield Problem(f"`{shortened(entry.key)}`: {message}", hint, entry.key_place, path)
        else:
            shown = ", ".join(shortened(as_flow(value), 40) for value in values[:3])
            yield Problem(f"`{shortened(entry.key)}: {shown}`: {message}", hint, entry.value.place, path)


def _hint(problem: Problem) -> str:
    """The hint, with the place where it is about another line of the recipe."""
    is_elsewhere = problem.place is not None and problem.place.line
    lines = [line for line in problem.hint.splitlines() if "--set" not in line]
    return "\n".join([*lines, *([f"at {problem.place}"] if is_elsewhere else [])])


def _problems_of_value(base: nodes.Mapping, file: str, key: str, value: Any) -> Sequence[Problem]:
    try:
        changed = overrides.apply(base, [setting_of(key, value)])
    except RecipeError as error:
        return error.problems
    return problems_of(changed, file)


def _unknown_variable(key: str, base: nodes.Mapping) -> Problem | None:
    """`vars.widht` would be a new variable, which nothing reads."""
    section, _, name = key.partition(".")
    if section != "vars":
        return None
    variables = base.get("vars")
    known = list(variables.keys()) if isinstance(variables, nodes.Mapping) else []
    if name.split(".")[0] in known:
        return None
    return Problem(f"`{shortened(key)}`: no variable is named `{shortened(name)}`", did_you_mean(name, known))


def _replaced(
    entries: Sequence[nodes.Entry], parameters: Mapping[str, Parameter], base: nodes.Mapping
) -> Iterator[Problem]:
    """Parameters whose values another one takes away: `train.optimizer` and `train.optimizer.Adam.learning_rate`."""
    values = {key: parameter.ends[0] for key, parameter in parameters.items()}
    try:
        whole = overrides.apply(base, [setting_of(key, value) for key, value in values.items()])
        alone = {key: overrides.apply(base, [setting_of(key, value)]) for key, value in values.items()}
    except RecipeError:
        return
    for entry in entries:
        key = entry.key
        if key not in values or plain_at(whole, key) == plain_at(alone[key], key):
            continue
        hint = (
            "search whole values: `train.optimizer: {choice: [{Adam: {learning_rate: 1e-3}}, {SGD: {momentum: 0.9}}]}`"
        )
        message = f"`{shortened(key)}`: another parameter replaces what it sets"
        yield Problem(message, hint, entry.key_place, (TUNE, "parameters", key))


def plain_at(root: nodes.Mapping, key: str) -> Any:
    """The value at a key as `--set` takes it, as plain data; None where there is none."""
    node: nodes.Node | None = root
    for part in overrides.path_of(root, key, Place(key)):
        if isinstance(node, nodes.Mapping):
            node = node.get(part)
        elif isinstance(node, nodes.Sequence) and part.isdecimal() and int(part) < len(node.items):
            node = node.items[int(part)]
        else:
            return None
    return None if node is None else plain(node)
