"""Load the data of a recipe as splits, and data of the command line as examples for a trained model."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from cnncli.data import shapes
from cnncli.data.balance import weight_notes
from cnncli.data.columns import join
from cnncli.data.dataset import INPUT, Examples, InputShape, Splits
from cnncli.data.groups import with_groups
from cnncli.data.images import Form
from cnncli.data.set_aside import limited, set_aside
from cnncli.data.shapes import Shape
from cnncli.data.sources.arrays import Pair, idx_files, read_idx, read_npz
from cnncli.data.sources.builtin import read_builtin
from cnncli.data.sources.image_folder import form_of, read_image_folder, read_image_folder_for_model
from cnncli.data.sources.loaded_data import LoadedData, Progress
from cnncli.data.sources.paths import ARCHIVES, cannot_read, existing_file
from cnncli.data.targets import TargetInfo, targets_of
from cnncli.errors import CnncliError, DataError, Problem
from cnncli.messages import nearest, printable
from cnncli.recipe.named_inputs import by_name, without_names
from cnncli.recipe.schema import BUILTIN_DATA_SETS, Data, Source

AnyShape = Shape | Mapping[str, Shape]  # of one example; of several inputs by name


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
        progress: told what is being done, how much of it is done, how much there is: ("reading images", 12, 398).

    Raises:
        DataError: the data is missing or broken, or does not fit the recipe; with every problem found.
        NetworkError: a download is needed and not possible.
        ResourceError: the data does not fit into memory.
    """
    found = _read(data, input_shape, progress)
    _check_settings(data, found.targets)
    examples = found.parts["train"]
    found_shapes = {name: tuple(column.shape[1:]) for name, column in examples.inputs.items()}
    if input_shape is not None and (problems := _mismatches(found_shapes, input_shape, "`model.input` is")):
        source = f"the data: {found.source}"
        hinted = [replace(each, hint="\n".join(filter(None, [each.hint, source]))) for each in problems]
        raise DataError(hinted)
    found = replace(found, parts=with_groups(found.parts, data.split.group))
    parts, notes = set_aside(data, found)
    parts["train"] = limited(data, found.targets, parts["train"])
    return Splits(
        train=parts["train"],
        validation=parts["validation"],
        test=parts["test"],
        targets=found.targets.of_training(parts["train"].labels),
        input_shape=without_names(found_shapes),
        source=found.source,
        notes=(
            *found.notes,
            *notes,
            *weight_notes(parts["train"]),
            *found.targets.training_notes(data, parts["train"].labels),
        ),
        fingerprint=found.fingerprint,
        skipped=found.skipped,
        form=found.form,
    )


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
    if os.path.isdir(text):
        return Source.model_validate({"idx" if idx_files(Path(text)) else "image_folder": {"path": text}})
    try:
        path = existing_file(text)
    except DataError as error:
        raise DataError(_no_source(text, error)) from error
    if path.suffix.lower() in ARCHIVES:
        raise DataError(Problem(f"{printable(text)} is an archive", "unpack it first, and name the folder"))
    try:
        with path.open("rb") as file:
            beginning = file.read(2)
    except OSError as error:
        raise cannot_read(text, error) from error
    if beginning == b"PK" or path.suffix.lower() in (".npz", ".npy"):
        return Source.model_validate({"npz": {"path": text}})
    raise DataError(Problem(f"{printable(text)} is no data that can be read", f"data can be {_KINDS}"))


def load_for_model(
    source: Source,
    *,
    input_shape: AnyShape,
    targets: TargetInfo,
    form: Form | None = None,
    progress: Progress | None = None,
) -> tuple[Examples, tuple[Problem, ...]]:
    """Read other data for a trained model: its test part, or all of it where it has none.

    Args:
        source: where it is.
        input_shape: of one example, as the model takes it; of several inputs by name.
        targets: the model's. Class folders and built-in data sets are matched by name, labels in arrays by number.
        form: what images become; None: the size and colours that the model takes, stretched.
        progress: as for `load`.

    Returns:
        The examples, their labels in the model's order, and notes.

    Raises:
        DataError, NetworkError, ResourceError: as `load`; also for classes that the model does not know.
    """
    try:
        found = _read_for_model(source, input_shape, targets, form, progress)
        examples = _joined(list(found.parts.values()))
        found_shapes = {name: tuple(column.shape[1:]) for name, column in examples.inputs.items()}
        if problems := _mismatches(found_shapes, input_shape, "model expects"):
            raise DataError(problems)
    except CnncliError as error:  # no key of a recipe is to blame here
        raise type(error)((replace(problem, path=()) for problem in error.problems), details=error.details) from error
    return examples, found.notes


_KINDS = f"""one of
  a built-in data set: {", ".join(BUILTIN_DATA_SETS)}
  an .npz file
  a folder with a folder of images for each class
  a folder with MNIST's four files"""


def _mismatches(found: Mapping[str, Sequence[int]], wanted: AnyShape, whose: str) -> list[Problem]:
    """The inputs whose shape is not the wanted one; each with its path in the recipe."""
    problems = []
    for name, shape in by_name(wanted).items():
        if not shapes.fits(found[name], shape):
            path = ("model", "input") if name == INPUT else ("model", "input", name)
            problem = shapes.mismatch(found[name], shape, whose=whose, path=path)
            problems.append(problem if name == INPUT else replace(problem, message=f"{name}: {problem.message}"))
    return problems


def _read(data: Data, input_shape: InputShape | None, progress: Progress | None) -> LoadedData:
    source = data.source
    if source.npz:
        return read_npz(
            source.npz,
            targets=targets_of(data.targets),
            input_shape=input_shape,
            inputs=tuple(data.inputs or ()),
            allow_leakage=data.allow_leakage,
        )
    assert not isinstance(input_shape, dict)  # the schema's rules: other sources bring one input
    if source.image_folder:
        return read_image_folder(
            source.image_folder,
            input_shape=input_shape,
            on_bad_image=data.on_bad_image,
            allow_leakage=data.allow_leakage,
            check_targets=partial(_check_settings, data),
            progress=progress,
        )
    if source.idx:
        targets = targets_of(data.targets)
        return read_idx(source.idx, targets=targets, input_shape=input_shape, allow_leakage=data.allow_leakage)
    assert source.builtin
    return read_builtin(source.builtin, offline=data.offline, progress=progress)


def _read_for_model(
    source: Source,
    input_shape: AnyShape,
    targets: TargetInfo,
    form: Form | None,
    progress: Progress | None,
) -> LoadedData:
    if isinstance(input_shape, Mapping):
        if source.npz is None:
            names = ", ".join(Pair.of("x_test", "y_test", list(input_shape)).arrays)
            message = f"the model takes several inputs ({', '.join(input_shape)}), and this data has one"
            raise DataError(Problem(message, f"an .npz file with {names}"))
        return read_npz(source.npz, targets=targets, input_shape=input_shape, inputs=list(input_shape))
    if source.image_folder:
        form = form or form_of(source.image_folder, input_shape)
        return read_image_folder_for_model(source.image_folder.path, form=form, model=targets, progress=progress)
    if source.npz:
        return read_npz(source.npz, targets=targets, input_shape=input_shape)
    if source.idx:
        return read_idx(source.idx, targets=targets, input_shape=input_shape)
    assert source.builtin
    return read_builtin(source.builtin, model=targets, progress=progress)


def _check_settings(data: Data, targets: TargetInfo) -> None:
    if problems := targets.check_settings(data):
        raise DataError(problems)


def _joined(parts: Sequence[Examples]) -> Examples:
    """Several parts as one."""
    if len(parts) == 1:
        return parts[0]
    inputs = {name: join([part.inputs[name] for part in parts]) for name in parts[0].inputs}
    files = None if parts[0].files is None else tuple(file for part in parts for file in part.files or ())
    sha256 = None if parts[0].sha256 is None else tuple(digest for part in parts for digest in part.sha256 or ())
    first, *others = (part.originals for part in parts)
    originals = first and first.and_then([each for each in others if each])
    return Examples(inputs, join([part.targets for part in parts]), files, sha256, originals)


def _no_source(text: str, error: DataError) -> Problem:
    problem = error.problems[0]
    near = nearest(text, BUILTIN_DATA_SETS)
    first = [f"did you mean `{near}`?"] if near else []
    return Problem(problem.message, "\n".join([*first, *problem.hint.splitlines(), f"data can be {_KINDS}"]))
