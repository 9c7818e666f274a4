"""The members of a packed run: their names, how large they may be, and the manifest that lists them."""

from __future__ import annotations

import re
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from cnncli.recipe.growth import AS_WRITTEN, WRITTEN_OUT
from cnncli.runs.learned_file import LEARNED
from cnncli.runs.record import HISTORY, MODEL, RECORD, RESOLVED

MANIFEST, REQUIREMENTS = "manifest.json", "requirements.txt"
RECIPE, EVALUATION, PREDICTIONS = "recipe.yaml", "evaluation.json", "predictions.csv"

# What `reproduce` reads, and is written to disk when a pack is unpacked; the rest is for people.
NEEDED = (RECIPE, RESOLVED, RECORD, HISTORY, EVALUATION, PREDICTIONS, MODEL)
READ = (*NEEDED, LEARNED)
OPTIONAL = (LEARNED, "history.csv", "network.json", "report.html")
FIGURE = re.compile(r"figures/(?!\.)[^/\\:\x00-\x1f\x7f]{1,250}\.(?:png|svg)")

MOST_FILES = 5000
MOST_DIRECTORY_BYTES = 8 << 20
MOST_RATIO = 100  # times that a member is larger than it is in the archive, but for small ones
SMALL = 1 << 20  # bytes
_MEGABYTES_64 = 64 << 20
_UNBOUNDED = (MODEL, PREDICTIONS)  # the disk is their bound
_MOST_BYTES = {
    MANIFEST: 4 << 20,
    REQUIREMENTS: 256 << 10,
    RECIPE: AS_WRITTEN.bytes,
    RESOLVED: WRITTEN_OUT.bytes,
}


def is_known(name: str) -> bool:
    """Whether a pack may have a member of this name."""
    return name in (*NEEDED, *OPTIONAL, MANIFEST, REQUIREMENTS) or FIGURE.fullmatch(name) is not None


def most_bytes(name: str) -> int | None:
    """How large a member may be; None where the disk is the bound."""
    return None if name in _UNBOUNDED else _MOST_BYTES.get(name, _MEGABYTES_64)


class Member(BaseModel):
    """A file of the pack."""

    model_config = ConfigDict(strict=True, frozen=True, extra="forbid")

    path: str
    bytes: Annotated[int, Field(ge=0, lt=2**63)]
    sha256: Annotated[str, Field(pattern="^[0-9a-f]{64}$")]


class Manifest(BaseModel):
    """manifest.json: what the pack is of, and every other member.

    Attributes:
        format: of the pack.
        cnncli: the version that wrote it.
        run: `mnist/first`.
        files: sorted by their paths.
    """

    model_config = ConfigDict(strict=True, frozen=True, extra="forbid")

    format: Literal[1] = 1
    cnncli: str
    run: str
    files: list[Member]
