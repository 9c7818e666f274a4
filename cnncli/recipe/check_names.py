"""Rules for names that TensorFlow uses: of layers, losses, optimizers and schedules."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from cnncli.errors import Problem
from cnncli.messages import shortened
from cnncli.recipe.keras_objects.objects import NOUNS, KerasObject, article
from cnncli.recipe.rules import GENERAL
from cnncli.recipe.schema import Recipe
from cnncli.recipe.yaml.nodes import Path

# What a name must not contain.
REFUSED = re.compile(r"[^A-Za-z0-9_.>-]")  # of ^[A-Za-z0-9_.\\/>-]*$, in which Keras uses the slash
_FREE = ("metrics", "callbacks")  # their names stay in Python


@GENERAL.error
def _characters(recipe: Recipe) -> Iterator[Problem]:
    for index, layer in enumerate(recipe.model.layers):
        yield from _in(layer, ("model", "layers", index, layer.name))
    train = recipe.train
    yield from _in(train.optimizer, ("train", "optimizer"))
    yield from _in(train.loss, ("train", "loss"))
    for index, phase in enumerate(train.phases):
        yield from _in(phase.optimizer, ("train", "phases", index, "optimizer"))


def _in(value: Any, path: Path) -> Iterator[Problem]:
    """What is wrong with the names in a value; `path` is that of the value, of an object that of its arguments."""
    if isinstance(value, dict):
        for key, item in value.items():
            yield from _in(item, (*path, key))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _in(item, (*path, index))
    if not isinstance(value, KerasObject):
        return
    where = path if path[-1] == value.name else (*path, value.name)
    name = value.args.get("name")
    if isinstance(name, str) and value.kind not in _FREE and (found := REFUSED.search(name)):
        noun = NOUNS.get(value.kind, "layer")
        message = f"{article(noun)}'s name cannot contain `{shortened(found[0])}`, got `{shortened(name)}`"
        yield Problem(message, "use letters from a to z, digits, `_`, `-` and `.`", path=(*where, "name"))
    for key, item in value.args.items():
        yield from _in(item, (*where, key))
