"""The best recipe of a sweep: the recipe with the values of its best trial, as a file that trains."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from cnncli.recipe import write
from cnncli.recipe.growth import WRITTEN_OUT
from cnncli.recipe.language import overrides
from cnncli.recipe.search_space import TUNE, setting_of
from cnncli.recipe.yaml import source
from cnncli.recipe.yaml.nodes import Mapping as Tree
from cnncli.recipe.yaml.nodes import plain

_OF_THE_FIRST_NETWORK = ("params", "trainable_params", "shapes")  # expectations that other values break


def base_recipe(written: Tree, name: str) -> str:
    """A recipe as written, after `extends` and `--set`, for the folder of a sweep.

    Args:
        name: of the recipe; the name of the file would be another one.
    """
    data = plain(written)
    data["name"] = name
    return write.as_yaml(data)


def best_recipe(content: bytes, file: str, values: Mapping[str, Any], seed: int, header: Sequence[str]) -> str:
    """The recipe of a sweep with the values of a trial; variables and blocks stay.

    Expectations about the size of the network and its shapes are left out: they are those of the recipe's own values.

    Args:
        content: of the recipe in the folder of the sweep.
        values: by key, as a recipe takes them.
        seed: of the training.
        header: lines of a comment at the top.
    """
    tree = source.parse(content, file, bounds=WRITTEN_OUT)
    settings = [setting_of("train.seed", seed), *(setting_of(key, value) for key, value in values.items())]
    data = plain(overrides.apply(tree, settings))
    data.pop(TUNE, None)
    if isinstance(expect := data.get("expect"), dict):
        kept = {key: value for key, value in expect.items() if key not in _OF_THE_FIRST_NETWORK}
        data = {**data, "expect": kept} if kept else {key: each for key, each in data.items() if key != "expect"}
    comment = "".join(f"# {line}".rstrip() + "\n" for line in header)
    return f"{comment}{write.as_yaml(data)}"
