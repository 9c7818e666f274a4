"""Rules for text and for preprocessing that is learned: outputs of fixed size, vocabularies that fit their Embedding."""

from __future__ import annotations

from collections.abc import Iterator

from cnncli.errors import Problem
from cnncli.messages import described
from cnncli.recipe.growth import MOST_NGRAMS
from cnncli.recipe.keras_objects.objects import KerasObject
from cnncli.recipe.learned import learns
from cnncli.recipe.named_inputs import Input, inputs_of
from cnncli.recipe.rules import GENERAL
from cnncli.recipe.schema import Recipe
from cnncli.recipe.yaml.nodes import Path

_LOOKUPS = ("TextVectorization", "StringLookup", "IntegerLookup")
_PADDED = ("multi_hot", "count", "tf_idf")  # modes whose width `pad_to_max_tokens` fixes
_SPECIAL = 2  # numbers of a vocabulary beside its words: padding, and words that are not in it


def _steps(recipe: Recipe, *names: str) -> Iterator[tuple[KerasObject, Path]]:
    for own in inputs_of(recipe.data):
        for index, layer in enumerate(own.prepare):
            if layer.name in names:
                yield layer, (*own.path, "prepare", index, layer.name)


@GENERAL.error_without_network
def _dense_outputs_of_one_size(recipe: Recipe) -> Iterator[Problem]:
    """Every example becomes numbers of one size, whatever is in its batch."""
    for layer, path in _steps(recipe, *_LOOKUPS):
        for key, what in (("sparse", "sparse"), ("ragged", "ragged")):
            if layer.args.get(key) is True:
                message = f"{layer.name}: `{key}: true` gives {what} tensors, and a network takes dense ones"
                yield Problem(message, f"leave `{key}` out", path=(*path, key))
    for layer, path in _steps(recipe, "TextVectorization"):
        if "split" in layer.args and layer.args["split"] is None:
            message = "TextVectorization: `split: null` takes each text for one word"
            yield Problem(message, "`split: whitespace`, or `- StringLookup` for whole texts", path=(*path, "split"))
        elif (
            _mode(layer) == "int" and layer.args.get("output_sequence_length") is None and not layer.args.get("ragged")
        ):
            message = (
                "TextVectorization: `output_sequence_length` is missing: a text would have as many numbers as the "
            )
            message += "longest of its batch"
            hint = "the number of words to read of each text, for example `output_sequence_length: 60`"
            yield Problem(message, hint, path=path)
        ngrams = layer.args.get("ngrams")
        if ngrams is not None and not (isinstance(ngrams, int) and 1 <= ngrams <= MOST_NGRAMS):
            message = (
                f"TextVectorization: `ngrams`: expected an integer from 1 to {MOST_NGRAMS}, got {described(ngrams)}"
            )
            yield Problem(message, "2 takes single words and pairs of words", path=(*path, "ngrams"))
        most = layer.args.get("max_tokens")
        if learns(layer) and _mode(layer) == "int" and isinstance(most, int) and 1 < most <= _SPECIAL:
            message = f"TextVectorization: `max_tokens: {most}` leaves no room for words: 0 and 1 have another meaning"
            yield Problem(message, "for example `max_tokens: 20000`", path=(*path, "max_tokens"))


@GENERAL.error_without_network
def _learned_vocabularies_of_one_size(recipe: Recipe) -> Iterator[Problem]:
    """What leaves a layer does not depend on how many words it learns."""
    for layer, path in _steps(recipe, *_LOOKUPS):
        mode = _mode(layer)
        if mode == "int" or not learns(layer):
            continue
        if mode not in _PADDED:
            message = f"{layer.name}: the size of `output_mode: {mode}` depends on how many values are learned"
            yield Problem(message, "give `vocabulary`", path=(*path, "output_mode"))
        elif not layer.args.get("pad_to_max_tokens") or layer.args.get("max_tokens") is None:
            message = f"{layer.name}: the size of `output_mode: {mode}` depends on how many words are learned"
            hint = "fix it: `max_tokens: 20000, pad_to_max_tokens: true`"
            yield Problem(message, hint, path=(*path, "output_mode"))
    for layer, path in _steps(recipe, "Discretization"):
        if learns(layer) and layer.args.get("num_bins") is None:
            hint = "`num_bins: 10` learns them from the training examples"
            yield Problem("Discretization needs `num_bins` or `bin_boundaries`", hint, path=path)


@GENERAL.error
def _embeddings_of_a_vocabulary(recipe: Recipe) -> Iterator[Problem]:
    """An Embedding has a row for each number of the vocabulary before it."""
    inputs = inputs_of(recipe.data)
    for own in inputs:
        size = _vocabulary_size(own)
        for index, layer in enumerate(recipe.model.layers):
            takes = own.name in layer.inputs or (index == 0 and not layer.inputs and own is inputs[0])
            rows = layer.args.get("input_dim")
            if layer.name == "Embedding" and takes and size and isinstance(rows, int) and rows < size:
                message = f"`input_dim` is {rows:,}, and the vocabulary before it has numbers up to {size - 1:,}"
                path = ("model", "layers", index, layer.name, "input_dim")
                yield Problem(message, f"`input_dim: {size}`", path=path)


def _vocabulary_size(own: Input) -> int:
    """How many numbers may leave `prepare`; 0 where the recipe does not say."""
    last = own.prepare[-1] if own.prepare else None
    if last is None or last.name != "TextVectorization" or _mode(last) != "int":
        return 0
    words = last.args.get("vocabulary")
    if isinstance(words, list):
        return len(words) + _SPECIAL
    most = last.args.get("max_tokens")
    return most if isinstance(most, int) else 0


def _mode(layer: KerasObject) -> str:
    return str(layer.args.get("output_mode") or "int")
