"""Load the data of a recipe as splits, and data of the command line as examples for a trained model."""

from __future__ import annotations

import importlib
import os
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from cnncli.data import shapes
from cnncli.data.balance import weight_notes
from cnncli.data.dataset import INPUT, Examples, InputShape, Splits, join_examples
from cnncli.data.groups import with_groups
from cnncli.data.images import Form
from cnncli.data.set_aside import limited, set_aside
from cnncli.data.sources.arrays import Pair
from cnncli.data.sources.base import AnyShape, ModelRequest, Request
from cnncli.data.sources.loaded_data import LoadedData, Progress
from cnncli.data.sources.paths import ARCHIVES, cannot_read, existing_file
from cnncli.data.sources.unsupported_files import kind_of_file
from cnncli.data.targets import TargetInfo
from cnncli.errors import CnncliError, DataError, Problem
from cnncli.messages import nearest, printable
from cnncli.recipe.example_windows import Windows
from cnncli.recipe.named_inputs import by_name, without_names
from cnncli.recipe.schema_data import Data, Source
from cnncli.recipe.sources import SOURCES
from cnncli.recipe.sources.base import SourceSettings
from cnncli.recipe.sources.builtin import BUILTIN_DATA_SETS


def as_used(data: Data, record: Mapping[str, Any]) -> Data:
    """The data that an earlier run used: the stand-in, where that took the place of the recipe's data.

    Args:
        data: of the run's recipe.
        record: its run.json.
    """
    said = record.get("data")
    source = said.get("source") if isinstance(said, Mapping) else None
    used = source.partition(",")[0] if isinstance(source, str) else ""
    if data.offline is None or used != data.offline or data.source.builtin == used:
        return data
    return data.model_copy(update={"source": data.source.model_copy(update={"builtin": used})})


def load(data: Data, *, input_shape: InputShape | None = None, progress: Progress | None = None) -> Splits:
    """Read the data of a recipe and set validation and test examples aside where it does not bring them.

    Sizes in `data.split` count from the examples that they are taken from: all of them, or the training part where the
    data brings one of the other two. `data.limit` counts training examples, after that.

    Args:
        data: the recipe's section.
        input_shape: `model.input`, where the recipe says it.
        progress: called with what is being done, how much of it is done, how much there is: ("reading images", 12, 398).

    Raises:
        DataError: the data is missing or broken, or does not fit the recipe; with every problem found.
        NetworkError: a download is needed and not possible.
        ResourceError: the data does not fit into memory.
    """
    found = read_source(data, input_shape=_shape_of_examples(data, input_shape), progress=progress)
    examples = found.parts["train"]
    found_shapes = {name: tuple(column.shape[1:]) for name, column in examples.inputs.items()}
    windows = _windows(data, examples)
    if windows is not None:
        found_shapes = {name: (*windows.size, *shape[len(windows.size) :]) for name, shape in found_shapes.items()}
    if input_shape is not None and (problems := _mismatches(found_shapes, input_shape, "`model.input` is")):
        source = f"the data: {found.source}"
        hinted = [replace(each, hint="\n".join(filter(None, [each.hint, source]))) for each in problems]
        raise DataError(hinted)
    found = replace(found, parts=with_groups(found.parts, data.split.group, found.targets))
    parts, notes = set_aside(data, found)
    parts["train"] = limited(data, found.targets, parts["train"])
    training = found.targets.whole(parts["train"].targets)
    notes += [*weight_notes(parts["train"]), *found.targets.training_notes(data, training)]
    return Splits(
        train=parts["train"],
        validation=parts["validation"],
        test=parts["test"],
        targets=found.targets.of_training(training),
        input_shape=without_names(found_shapes),
        source=found.source,
        notes=(*found.notes, *notes),
        fingerprint=found.fingerprint,
        skipped=found.skipped,
        settings=found.settings,
        form=found.form,
        forms=found.forms,
        windows=windows,
    )


def _shape_of_examples(data: Data, input_shape: InputShape | None) -> InputShape | None:
    """The shape of whole examples, where the recipe says it: `model.input`, or `image_size` of which the network sees windows."""
    if data.windows is None or input_shape is None:
        return input_shape
    keys = data.source.settings.image_keys
    assert not isinstance(input_shape, dict)  # a rule: `windows` are for one input
    return (*keys.image_size, input_shape[-1]) if keys and keys.image_size else None


def _windows(data: Data, examples: Examples) -> Windows | None:
    if data.windows is None:
        return None
    sides = examples.input.shape[1:-1]
    if wrong := data.windows.fault(sides):
        raise DataError(Problem(wrong, "`size` is that of a part of an example", path=("data", "windows", "size")))
    return data.windows.model_copy(update={"of": list(sides)})


def read_source(data: Data, *, input_shape: InputShape | None = None, progress: Progress | None = None) -> LoadedData:
    """Read the parts that the data of a recipe brings; nothing is set aside yet. Args, Raises: as `load`."""
    request = Request(data, input_shape, progress)
    settings = data.source.settings
    found: LoadedData = _source_of(settings).read(settings, request)
    if not request.targets.USES_LABELS:
        found = _without_labels(found, request.targets)
    request.check_targets(found.targets)
    if "train" not in found.parts:
        hint = "repair the files that `on_bad_image: skip` leaves out" if found.skipped else ""
        path = ("data", "source", data.source.word)
        raise DataError(Problem(f"no example is left to train; {found.source}", hint, path=path))
    return found


def _without_labels(found: LoadedData, targets: type[TargetInfo]) -> LoadedData:
    """The same for targets that need no labels, where the source brings some all the same."""
    parts = {
        part: replace(examples, targets=np.zeros(len(examples), np.int8)) for part, examples in found.parts.items()
    }
    return replace(found, parts=parts, targets=targets.of_folders(()))


def parse_source(text: str) -> Source:
    """The source that `--data` names: a built-in data set, an `.npz` file, a folder of images or of IDX files.

    Raises:
        DataError: it is none of these.
    """
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise DataError(f"the name {printable(text)} is not UTF-8", hint="rename it, or name a link to it") from error
    if text in BUILTIN_DATA_SETS:  # a folder of that name is `./mnist`
        return Source.model_validate({"builtin": text})
    try:
        path = Path(text) if os.path.isdir(text) else existing_file(text)
    except DataError as error:
        raise DataError(_no_source(text, error)) from error
    try:
        for word, settings in reversed(SOURCES.items()):  # of folders that of images, which takes any, comes last
            if _source_of(settings).looks_like(path):
                return Source.model_validate({word: _source_of(settings).settings_at(text)})
    except OSError as error:
        raise cannot_read(text, error) from error
    if path.suffix.lower() in ARCHIVES:
        raise DataError(Problem(f"{printable(text)} is an archive", "unpack it first, and name the folder"))
    if (known := kind_of_file(path.name)) is not None:
        kind, advice = known
        raise DataError(Problem(f"{printable(text)} is a file of the format {kind}, which is not read", advice))
    raise DataError(Problem(f"{printable(text)} is no data that can be read", f"data can be {_KINDS}"))


def load_for_model(
    source: Source,
    *,
    input_shape: AnyShape,
    targets: TargetInfo,
    form: Form | None = None,
    progress: Progress | None = None,
    data: Data | None = None,
) -> tuple[Examples, tuple[Problem, ...], TargetInfo]:
    """Read other data for a trained model: its test part, or all of it where it has none.

    Args:
        source: where it is.
        input_shape: of one example, as the model takes it; of several inputs by name.
        targets: the model's. Class folders and built-in data sets are matched by name, labels in arrays by number.
        form: what images become; None: the size and colours that the model takes, stretched.
        progress: as for `load`.
        data: of the model's recipe, which names the columns of a table; None where that is not known.

    Returns:
        The examples, their labels in the model's order, notes, and what is known of the labels: what the model knows, except for
        names that are the data's own.

    Raises:
        DataError, NetworkError, ResourceError: as `load`; also for classes that the model does not know.
    """
    try:
        found = _read_for_model(source, ModelRequest(input_shape, targets, form, progress, data))
        examples = join_examples(list(found.parts.values()))
        found_shapes = {name: tuple(column.shape[1:]) for name, column in examples.inputs.items()}
        if problems := _mismatches(found_shapes, input_shape, "model expects"):
            raise DataError(problems)
    except CnncliError as error:  # no key of a recipe is to blame here
        raise type(error)((replace(problem, path=()) for problem in error.problems), details=error.details) from error
    return examples, found.notes, found.targets


_KINDS = "\n  ".join(["one of", *dict.fromkeys(each.RECOGNIZED for each in SOURCES.values() if each.RECOGNIZED)])


def _mismatches(found: Mapping[str, Sequence[int]], wanted: AnyShape, whose: str) -> list[Problem]:
    """The inputs whose shape is not the wanted one; each with its path in the recipe."""
    problems = []
    for name, shape in by_name(wanted).items():
        if not shapes.fits(found[name], shape):
            path = ("model", "input") if name == INPUT else ("model", "input", name)
            problem = shapes.mismatch(found[name], shape, whose=whose, path=path)
            problems.append(problem if name == INPUT else replace(problem, message=f"{name}: {problem.message}"))
    return problems


def _source_of(settings: SourceSettings | type[SourceSettings]) -> Any:
    """What reads the data of these settings."""
    return importlib.import_module(f"cnncli.data.sources.{settings.MODULE}").SOURCE


def _read_for_model(source: Source, request: ModelRequest) -> LoadedData:
    settings = source.settings
    if isinstance(request.input_shape, Mapping) and not settings.HAS_SEVERAL_INPUTS:
        names = ", ".join(Pair.of("x_test", "y_test", list(request.input_shape)).arrays)
        message = f"the model takes several inputs ({', '.join(request.input_shape)}), and this data has one"
        raise DataError(Problem(message, f"an .npz file with {names}"))
    found: LoadedData = _source_of(settings).read_for_model(settings, request)
    return found


def _no_source(text: str, error: DataError) -> Problem:
    problem = error.problems[0]
    near = nearest(text, BUILTIN_DATA_SETS)
    first = [f"did you mean `{near}`?"] if near else []
    return Problem(problem.message, "\n".join([*first, *problem.hint.splitlines(), f"data can be {_KINDS}"]))
