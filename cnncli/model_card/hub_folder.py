"""A folder that can be uploaded to the Hugging Face Hub as it is: card, model, recipe, record, evaluation, pictures."""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

from cnncli.errors import ModelFileError, OutputError
from cnncli.model_card.about_run import AboutRun
from cnncli.model_card.card import README, Card, public_recipe, write
from cnncli.model_card.public_record import public_evaluation, public_record
from cnncli.model_card.wishes import Wishes
from cnncli.report import Material
from cnncli.report.embedded_figures import kind_of
from cnncli.runs.json_text import to_json
from cnncli.runs.new_folder import NewFolder
from cnncli.runs.record import MODEL, RECORD, size_and_hash

FIGURES = "figures"
# Kinds of pictures that show numbers alone, and those that show examples of the data.
_OF_NUMBERS = ("curves", "confusion", "roc", "calibration", "thresholds", "verification", "box-curves", "predicted")
_OF_EXAMPLES = ("samples", "reconstructions", "neighbours", "boxes", "wrong", "heat")
_ATTRIBUTES = "".join(f"*.{ending} filter=lfs diff=lfs merge=lfs -text\n" for ending in ("keras", "png"))


@dataclass(frozen=True)
class HubFolder:
    """What was written.

    Attributes:
        card: README.md.
        files: the names in the folder, sorted.
        pictures_left_out: how many pictures show examples of the data, and are not in the folder.
    """

    card: Card
    files: Sequence[str]
    pictures_left_out: int


def write_hub_folder(
    material: Material, wishes: Wishes, folder: Path, *, with_examples: bool = False, option: str = ""
) -> HubFolder:
    """Write the folder, completely or not at all.

    Args:
        with_examples: with pictures that show examples of the data.
        option: that names the folder, for messages.

    Raises:
        OutputError: the run is not finished, or the folder exists or cannot be written.
        ModelFileError: the run's model is missing, or not the one that it wrote.
    """
    run = AboutRun.of(material)
    source = material.run.summary.path
    _check_model(run, source / MODEL)
    kinds = _OF_NUMBERS + (_OF_EXAMPLES if with_examples else ())
    found = [(file, *kind_of(file)) for file in material.figures]
    shown = sorted((each for each in found if each[1] in kinds), key=lambda each: kinds.index(each[1]))
    pictures = [(f"{FIGURES}/{quote(file.name)}", run.public(about)) for file, _, about in shown]
    card = write(material, wishes, pictures=pictures)
    texts: dict[str, str] = {"recipe.yaml": public_recipe(run), ".gitattributes": _ATTRIBUTES}
    if (evaluation := public_evaluation(run)) is not None:
        texts["evaluation.json"] = to_json(evaluation)
    with NewFolder(folder, option).writing() as temporary:
        shutil.copyfile(source / MODEL, temporary / MODEL)
        if shown:
            (temporary / FIGURES).mkdir()
        for file, _, _ in shown:
            shutil.copyfile(file, temporary / FIGURES / file.name)
        for name, text in texts.items():
            _write(temporary / name, text)
        record = public_record(run, list(_artefacts(temporary, (MODEL, *sorted(texts)))))
        _write(temporary / RECORD, to_json(record))
        _write(temporary / README, card.text)
        files = sorted(file.relative_to(temporary).as_posix() for file in temporary.rglob("*") if file.is_file())
    left = sum(kind in _OF_EXAMPLES and not with_examples for _, kind, _ in found)
    return HubFolder(card, files, left)


def _artefacts(folder: Path, names: Sequence[str]) -> Sequence[Mapping[str, Any]]:
    return [{"path": name, **size_and_hash(folder / name)} for name in names]


def _write(file: Path, text: str) -> None:
    file.write_bytes(text.encode("utf-8", "surrogateescape"))


def _check_model(run: AboutRun, model: Path) -> None:
    """Refuse a model that the run did not write.

    Raises:
        ModelFileError: it is missing, or another.
    """
    recorded = next((each.sha256 for each in run.material.record.artefacts if each.path == MODEL), None)
    if not model.is_file():
        raise ModelFileError(f"{model} is missing", hint="put it back, or train again")
    try:
        found = size_and_hash(model)["sha256"]
    except OutputError as error:
        raise ModelFileError(error.problems) from error
    if recorded is not None and found != recorded:
        raise ModelFileError(f"{model} is not the model that the run wrote", hint="put it back, or train again")
