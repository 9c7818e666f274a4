"""What the file beside a set of shards says of them: `dataset.json`."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from cnncli.data.sources.paths import cannot_read
from cnncli.errors import DataError, Problem
from cnncli.messages import printable

FILE = "dataset.json"


class InputFeature(BaseModel):
    """An input of the examples.

    Attributes:
        feature: its name in a message.
        kind: `image`: an encoded file; `text`; `float`: float32; `bytes`: an array, little-endian, in C order.
        shape, dtype: of an array; None where it is none.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)
    feature: str
    kind: Literal["image", "text", "float", "bytes"]
    shape: list[int] | None = None
    dtype: str | None = None


class ShardPart(BaseModel):
    """A part: how many examples, and the names of its files."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    count: int
    shards: list[str]


class ShardSet(BaseModel):
    """A set of shards.

    Attributes:
        source: the data of which they were made, for people.
        fingerprint: of it, SHA-256 in hex.
        targets: the fields of `data.targets.TargetInfo`.
        targets_word: of `data.targets` in a recipe.
        inputs: by name.
        label: the features of the targets.
        separator: between several labels of one example.
        weight, group: features; None where there are none.
        parts: by name.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)
    format: Literal["cnncli shards"] = "cnncli shards"
    version: Literal[1] = 1
    source: str
    fingerprint: str
    targets: dict[str, Any]
    targets_word: str
    inputs: dict[str, InputFeature]
    label: list[str]
    separator: str | None = None
    weight: str | None = None
    group: str | None = None
    parts: dict[str, ShardPart]


def read_description(folder: Path) -> ShardSet | None:
    """What is said of the shards in a folder; None where there is no such file, or one of another program.

    Raises:
        DataError: it is damaged.
    """
    path = folder / FILE
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise cannot_read(str(path), error) from error
    if b'"cnncli shards"' not in content:
        return None
    try:
        return ShardSet.model_validate_json(content)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        where = ".".join(map(str, first["loc"])) or "it"
        message = f"{printable(str(path))} cannot be used: {where}: {first['msg']}"
        raise DataError(Problem(message, "write the shards again: `cnncli data RECIPE --to-tfrecord DIR`")) from error
