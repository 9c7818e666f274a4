"""Inputs of a prediction with a network that has several: archives, one file for each input, and tables of files."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from cnncli.data.input_values import InputValues
from cnncli.data.shapes import Shape
from cnncli.data.signal_length import with_length
from cnncli.data.sources import npz
from cnncli.errors import CnncliError, DataError, Problem
from cnncli.inference.batch import Bad, Batch, Name, bad_file
from cnncli.inference.given_inputs import GivenArray, GivenFiles, GivenInput
from cnncli.inference.inputs import File, as_examples, look_up, read_array
from cnncli.inference.model_loading import TrainedModel, table_columns
from cnncli.inference.several_columns import InputsOfRecipe, inputs_of_table
from cnncli.messages import counted, did_you_mean, listed, printable, shortened
from cnncli.recipe.sources.table import text_format

_PREFIXES = ("x_", "x_test_", "x_val_", "x_train_", "")  # of an archive's arrays, the first for which any is there


@dataclass(frozen=True, slots=True, eq=False)
class Group:
    """Examples with several inputs that were named together.

    Attributes:
        file: what the examples are called.
        columns: by input.
        names: of the examples where each is a file of its own; None where they are numbered.
    """

    file: str
    columns: Mapping[str, GivenInput]
    names: tuple[Name, ...] | None = None

    def arrays(self) -> dict[str, NDArray[Any]]:
        """The inputs that are arrays in memory."""
        return {name: column.values for name, column in self.columns.items() if isinstance(column, GivenArray)}

    def batches(self, size: int) -> Iterator[Batch]:
        """Read the examples, a batch at a time. An example is bad where one of its inputs is."""
        total = len(next(iter(self.columns.values())))
        for begin in range(0, total, size):
            rows = range(begin, min(begin + size, total))
            read = {name: column.read(rows) for name, column in self.columns.items()}
            wrong: dict[int, str] = {}
            for name, (_, reasons) in read.items():
                wrong |= {place: f"{name}: {reason}" for place, reason in reasons.items() if place not in wrong}
            kept = [place for place in range(len(rows)) if place not in wrong]
            arrays = {name: array[kept] for name, (array, _) in read.items()}
            values: InputValues = arrays if len(arrays) > 1 else next(iter(arrays.values()))
            bad = [Bad(self._name(rows[place]), reason) for place, reason in sorted(wrong.items())]
            yield Batch([self._name(rows[place]) for place in kept], values, bad)

    def _name(self, row: int) -> Name:
        return self.names[row] if self.names else Name(self.file, row)


@dataclass(frozen=True, slots=True, eq=False)
class SeveralGiven:
    """What was named for a network with several inputs.

    Attributes:
        groups: in the order of the arguments; those of `--input` last.
        files, names, bad, notes, has_images: as of `inputs.Given`.
    """

    groups: tuple[Group, ...]
    bad: tuple[Bad, ...] = ()
    notes: tuple[Problem, ...] = ()
    has_images: bool = False

    @property
    def files(self) -> tuple[File, ...]:
        return tuple(File(group.file, "table") for group in self.groups)

    @property
    def names(self) -> list[str]:
        return [f"{group.file}[0000]" for group in self.groups]

    def batches(self, size: int) -> Iterator[Batch]:
        """Read the examples, a batch at a time; no more than one is held."""
        for group in self.groups:
            yield from group.batches(size)


def inputs_of_recipe(trained: TrainedModel) -> InputsOfRecipe:
    """What the recipe of a trained model says of its inputs."""
    if trained.recipe is None:
        return InputsOfRecipe(forms=trained.input_forms)
    data = trained.recipe.recipe.data
    inputs = data.inputs or {}
    columns = {name: own for name in inputs if (own := table_columns(trained, name)) is not None}
    lengths = {name: own.length for name, own in inputs.items() if own.length is not None}
    return InputsOfRecipe(columns, trained.input_forms, lengths, text_format(data.source.settings))


def look_up_several(
    arguments: Sequence[str],
    by_input: Sequence[str],
    input_shapes: Mapping[str, Shape],
    *,
    model: str,
    known: InputsOfRecipe | None = None,
) -> SeveralGiven:
    """Find the examples of a network with several inputs.

    Args:
        arguments: `.npz` files with an array for each input, and `.csv` files with a column for each.
        by_input: `left=a.npy`, as given with `--input`.
        input_shapes: of the network, by name.
        model: the name of the model, for messages.
        known: what the recipe says of the inputs.

    Raises:
        DataError: a file does not fit, or the inputs have different numbers of examples.
    """
    known = known or InputsOfRecipe()
    problems: list[Problem] = []
    found: list[Group] = []
    for path in arguments:
        try:
            found.append(_of_file(path, input_shapes, model, known))
        except DataError as error:
            problems += error.problems
    if by_input:
        try:
            found.append(_of_inputs(by_input, input_shapes, known, beside=arguments))
        except DataError as error:
            problems += error.problems
    if problems:
        raise DataError(problems)
    return SeveralGiven(tuple(found))


def _of_file(path: str, input_shapes: Mapping[str, Shape], model: str, known: InputsOfRecipe) -> Group:
    given = look_up([path])
    if given.bad:
        raise DataError([bad.problem for bad in given.bad])
    kinds = {file.kind for file in given.files}
    if kinds == {"archive"}:
        return _checked(path, {name: GivenArray(array) for name, array in _arrays(path, input_shapes, known).items()})
    if kinds == {"table"}:
        return _checked(path, inputs_of_table(path, input_shapes, known))
    each = " ".join(f"--input {name}=FILE" for name in input_shapes)
    message = f"{printable(path)}: {printable(model)} takes several inputs ({', '.join(input_shapes)})"
    hint = f"give an .npz file with an array for each, a .csv file with a column for each, or {each}"
    raise DataError(Problem(message, hint))


def _arrays(path: str, input_shapes: Mapping[str, Shape], known: InputsOfRecipe) -> dict[str, NDArray[Any]]:
    names = npz.names(Path(path))
    prefix = next((prefix for prefix in _PREFIXES if any(f"{prefix}{name}" in names for name in input_shapes)), "x_")
    arrays_wanted = [f"{prefix}{name}" for name in input_shapes]
    if any(name not in names for name in arrays_wanted):
        wanted = ", ".join(arrays_wanted)
        message = f"{printable(path)} does not have an array for each input"
        raise DataError(Problem(message, f"it holds: {listed(names, 10) or 'nothing'}\nthe names are {wanted}"))
    arrays = npz.read(Path(path), arrays_wanted)
    problems: list[Problem] = []
    found = {}
    for name, shape in input_shapes.items():
        try:
            array = arrays[f"{prefix}{name}"]
            if (length := known.lengths.get(name)) is not None:
                array, _ = with_length("it", array, length)
            found[name] = as_examples(array, shape)
        except DataError as error:
            problems += [Problem(f"{prefix}{name}: {each.message}", each.hint) for each in error.problems]
    if problems:
        raise DataError(problems)
    return found


def _of_inputs(
    by_input: Sequence[str], input_shapes: Mapping[str, Shape], known: InputsOfRecipe, *, beside: Sequence[str]
) -> Group:
    """One file, or folder of images, for each input.

    Args:
        beside: files with all inputs that are named, too.
    """
    problems: list[Problem] = []
    files: dict[str, str] = {}
    for text in by_input:
        name, equals, path = text.partition("=")
        if not equals or not path:
            hint = f"for example: --input {next(iter(input_shapes))}=a.npy"
            problems.append(Problem(f"--input {shortened(text)}: expected NAME=FILE", hint))
        elif name not in input_shapes:
            hint = did_you_mean(name, input_shapes) or f"the inputs: {', '.join(input_shapes)}"
            problems.append(Problem(f"--input: no input is named `{shortened(name)}`", hint))
        elif name in files:
            problems.append(Problem(f"--input: `{name}` is given twice"))
        else:
            files[name] = path
    missing = [name for name in input_shapes if name not in files]
    if missing and not problems:
        hint = f"add {' '.join(f'--input {name}=FILE' for name in missing)}"
        hint += f"; or leave out --input: all inputs are read from {printable(beside[0])}" if beside else ""
        problems.append(Problem(f"no file is given for {listed(missing)}", hint))
    columns: dict[str, GivenInput] = {}
    names: tuple[Name, ...] | None = None
    for name, path in files.items() if not problems else ():
        given = look_up([path])
        if given.bad:
            problems += [bad.problem for bad in given.bad]
        elif given.has_images:
            paths = tuple(file.path for file in given.files)
            columns[name] = GivenFiles(paths, tuple(input_shapes[name]), known.forms.get(name))
            names = names or tuple(Name(each) for each in paths)
        elif given.files and given.files[0].kind == "table":
            hint = "an .npy file, an image or a folder of images; or one .csv file with a column for each input"
            problems.append(Problem(f"--input {name}: {printable(path)} is a table", hint))
        else:
            try:
                file = replace(given.files[0], length=known.lengths.get(name))
                columns[name] = GivenArray(read_array(file, input_shapes[name]))
            except CnncliError as error:
                problems.append(bad_file(Name(path), error).problem)
    if problems:
        raise DataError(problems)
    ordered = {name: columns[name] for name in input_shapes}
    return _checked(files[next(iter(input_shapes))], ordered, names)


def _checked(file: str, columns: Mapping[str, GivenInput], names: tuple[Name, ...] | None = None) -> Group:
    counts = {name: len(column) for name, column in columns.items()}
    if len(set(counts.values())) > 1:
        each = " and ".join(f"{name} has {counted(count, 'example')}" for name, count in counts.items())
        raise DataError(Problem(f"{printable(file)}: {each}", "one for each example, in the same order"))
    return Group(file, columns, names)
