"""The folder of a sweep beside the runs of its recipe: made, found again, and what lies in it."""

from __future__ import annotations

import json
import os
import secrets
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from cnncli.errors import OutputError, Place, Problem
from cnncli.names import check_name
from cnncli.runs.json_text import to_json
from cnncli.runs.run_folder import refuse_taken
from cnncli.runs.storage import storage_error, write_atomically
from cnncli.tune.study_storage import JOURNAL, is_database

PREFIX = "tune-"
RECORD = "sweep.json"


@dataclass(frozen=True)
class SweepFolder:
    """The folder of a sweep."""

    path: Path

    @property
    def name(self) -> str:
        """As `--name` takes it."""
        return self.path.name.removeprefix(PREFIX)

    @property
    def study(self) -> str:
        """The name of the study in the storage."""
        return f"{self.path.absolute().parent.name}/{self.path.name}"

    @property
    def recipe(self) -> Path:
        """The recipe whose values the trials change."""
        return self.path / "recipe.yaml"

    @property
    def best(self) -> Path:
        return self.path / "best.yaml"

    @property
    def table(self) -> Path:
        return self.path / "trials.csv"

    @property
    def page(self) -> Path:
        return self.path / "report.html"

    @property
    def pictures(self) -> Path:
        return self.path / "figures"

    @property
    def logs(self) -> Path:
        return self.path / "logs"

    @property
    def is_finished(self) -> bool:
        return self.read_record().get("status") == "completed"

    def storage(self, chosen: str | None) -> str:
        """The storage: a database, or the path of a journal."""
        return chosen or str(self.path / JOURNAL)

    def sessions(self, storage: str) -> Path:
        """Where the sessions of a storage are: beside a journal, so that all hosts that share it see them."""
        return self.path / "sessions" if is_database(storage) else Path(f"{storage}.sessions")

    def read_record(self) -> dict[str, Any]:
        """What sweep.json says; empty where it cannot be read."""
        try:
            record = json.loads((self.path / RECORD).read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return {}
        return record if isinstance(record, dict) else {}

    def write_record(self, **fields: Any) -> None:
        """Set fields of sweep.json."""
        write_atomically(self.path / RECORD, to_json({**self.read_record(), **fields}))

    def fill(self, recipe: str, fields: Mapping[str, Any]) -> None:
        """Make the folder, where it is not there yet, with its recipe and its record.

        Args:
            recipe: that the trials train; a file that was changed by hand is kept under another name.
        """
        for place in (self.path, self.logs, self.pictures):
            try:
                place.mkdir(parents=True, exist_ok=True)
            except OSError as error:
                raise storage_error("make", place, error) from error
        if not self._has_recipe(recipe):
            if self.recipe.exists():
                self.recipe.rename(self.path / f"recipe-{new_name()}.yaml")
            write_atomically(self.recipe, recipe)
        self.write_record(**{"schema": 1, "started": _now(), **self.read_record(), **fields, "status": "running"})

    def _has_recipe(self, recipe: str) -> bool:
        try:
            return self.recipe.read_bytes() == recipe.encode("utf-8", "surrogateescape")
        except OSError:
            return False

    def finish(self, status: str, **fields: Any) -> None:
        self.write_record(status=status, ended=_now(), **fields)


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")


def new_name() -> str:
    """The UTC time and a random id, as for a run: sweeps that start in one second are two."""
    return f"{datetime.now(UTC):%Y%m%d-%H%M%S}-{secrets.token_hex(3)}"


def sweep_folder(outputs: Path, recipe_name: str, name: str) -> SweepFolder:
    """The folder of a sweep by its name: a new one, or one that is there.

    Raises:
        RecipeError: the name is not allowed.
        OutputError: something else has that name, or nothing can be made there.
    """
    name = name.removeprefix(PREFIX)
    check_name(f"{PREFIX}{name}", "sweep")
    folder = SweepFolder(outputs / recipe_name / f"{PREFIX}{name}")
    refuse_taken(outputs, recipe_name)
    if os.path.lexists(folder.path) and not os.path.isfile(folder.path / RECORD):
        problem = Problem(f"{folder.path} exists and is not a sweep", "use another --name", Place("--name"))
        raise OutputError(problem)
    return folder


def sweeps(outputs: Path, recipe_name: str) -> Iterator[SweepFolder]:
    """The sweeps of a recipe, the newest first."""
    try:
        places = [place for place in (outputs / recipe_name).iterdir() if (place / RECORD).is_file()]
    except OSError:
        return
    yield from sorted(map(SweepFolder, places), key=lambda each: str(each.read_record().get("started")), reverse=True)
