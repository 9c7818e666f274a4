"""Keep examinations on disk, by the fingerprint of the data and how it is split."""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
import time
from contextlib import suppress
from pathlib import Path

from pydantic import ValidationError

from cnncli.data import cache
from cnncli.data.dataset import Splits
from cnncli.data_checks.examination import Examination
from cnncli.recipe.schema import Data

VERSION = 2  # of the checks: another one finds other things
_SUFFIX = ".examination.json"
_UNUSED_DAYS = 30
_WITHOUT_EFFECT = {  # on what is found; the source is known by its fingerprint
    *("source", "offline", "augment", "augment_copies", "class_weight", "balance", "on_bad_image", "allow_leakage"),
}


def find(data: Data, splits: Splits) -> Examination | None:
    """The examination of this data, split in this way; None where there is none."""
    try:
        path = _path(data, splits)
        found = Examination.model_validate_json(path.read_bytes())
        os.utime(path)
    except (OSError, ValidationError):
        return None
    return found


def keep(data: Data, splits: Splits, examination: Examination) -> None:
    """Write an examination, where the cache can be written; what was not used for a month goes."""
    path = _path(data, splits)
    with suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True)
        for old in path.parent.glob(f"*{_SUFFIX}"):
            if time.time() - old.stat().st_mtime > _UNUSED_DAYS * 86400:
                old.unlink()
        with tempfile.NamedTemporaryFile("w", dir=path.parent, suffix=".tmp", delete=False, encoding="utf-8") as file:
            file.write(examination.model_dump_json())
        os.replace(file.name, path)


def _path(data: Data, splits: Splits) -> Path:
    """Named by all that decides what is found: the data, its split, the form of its images, the notes of the source."""
    described = {
        "version": VERSION,
        "fingerprint": splits.fingerprint,
        "data": data.model_dump(mode="json", exclude=_WITHOUT_EFFECT),
        "targets": splits.targets.to_json(),
        "inputs": {name: [list(column.shape[1:]), str(column.dtype)] for name, column in splits.train.inputs.items()},
        "counts": [len(part.examples) for part in splits.parts],
        "form": repr(splits.form),
        "source": splits.source,
        "notes": [str(note) for note in splits.notes],
    }
    digest = hashlib.sha256(json.dumps(described, sort_keys=True).encode("utf-8", "surrogatepass"))
    return cache.folder() / f"{digest.hexdigest()}{_SUFFIX}"
