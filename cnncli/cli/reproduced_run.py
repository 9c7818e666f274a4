"""The run that `cnncli reproduce` repeats: a folder, or a pack with the data that it needs."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cnncli.errors import DataError, Place, Problem, UsageError
from cnncli.messages import listed, printable, shortened

if TYPE_CHECKING:
    from cnncli.recipe.load import LoadedRecipe

_KEY = "data.source"
_IN_THE_RECORD = ("cnncli", "keras", "tensorflow", "numpy")  # whose changes `reproduce` tells of every run


@dataclass(frozen=True)
class Reproduced:
    """A run that is to be repeated.

    Attributes:
        path: its folder; of a pack a temporary one.
        shown: what messages and records call it.
        packages: of a pack: versions that are not those of this machine, then and now (None: not installed).
    """

    path: Path
    shown: str
    is_pack: bool = False
    packages: Mapping[str, tuple[str, str | None]] | None = None

    def notes(self) -> list[Problem]:
        """The packages of a pack that are others here, beside those of which the record tells."""
        changed = {name: pair for name, pair in (self.packages or {}).items() if name not in _IN_THE_RECORD}
        if not changed:
            return []
        told = [f"{name} {then} -> {now or 'not installed'}" for name, (then, now) in changed.items()]
        hint = "the last bits of the results may differ; requirements.txt of the pack lists all versions"
        return [Problem(f"other packages than the pack lists: {listed(told, 8)}", hint)]


def is_pack(run: str | None) -> bool:
    """Whether the command line names a pack, and not a run."""
    return run is not None and Path(run).suffix.lower() == ".zip" and not os.path.isdir(run)


@contextmanager
def opened(run: str | None, outputs: Path) -> Iterator[Reproduced]:
    """Find a run, or unpack a pack for as long as the block lasts.

    Raises:
        OutputError: there is none, or it cannot be read.
    """
    from cnncli import runs

    if run is None or not is_pack(run):
        path = runs.find(outputs, run)
        yield Reproduced(path, str(path))
        return
    from cnncli.runs.packs import requirements, unpacking

    with unpacking.unpacked(Path(run)) as found:
        here = requirements.installed()
        changed = {name: (then, here.get(name)) for name, then in found.packages.items() if here.get(name) != then}
        yield Reproduced(found.path, run, is_pack=True, packages=changed)


def check_settings(settings: Sequence[str]) -> None:
    """Refuse to change anything but the place of the data: another recipe would be another run.

    Raises:
        UsageError: with the setting.
    """
    wrong = [each for each in settings if not (each.partition("=")[0].strip() + ".").startswith(f"{_KEY}.")]
    if wrong:
        hint = f"only the place of the data can be given anew: --set {_KEY}.npz.path=PATH"
        message = f"`{shortened(wrong[0])}` would make another run of it"
        raise UsageError(Problem(message, hint, Place("--set")))


def check_data(loaded: LoadedRecipe, record: Mapping[str, Any], shown: str) -> None:
    """Refuse a pack whose data is not here, before anything takes long.

    Raises:
        DataError: with the path and the fingerprint of the data that is needed.
    """
    source = loaded.recipe.data.source
    missing = {key: path for key, path in source.settings.paths().items() if not os.path.exists(path)}
    data = record.get("data")
    if not missing or not isinstance(data, Mapping):
        return
    hint = [f"needed: {data.get('source')}, fingerprint {data.get('fingerprint')}"]
    hint += [f"name its place: --set {_KEY}.{source.word}.{key}=PATH" for key in missing]
    paths = listed(f"`{path}`" for path in missing.values())
    raise DataError(Problem(f"the data of {printable(shown)} is not here: {paths}", "\n".join(map(printable, hint))))
