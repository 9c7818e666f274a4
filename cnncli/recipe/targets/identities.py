"""Rules and defaults of recipes with `targets: identities` (embeddings, such as face verification)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from cnncli.errors import Problem
from cnncli.recipe.check_tables import separator_of_one_label
from cnncli.recipe.keras_objects.objects import KerasObject
from cnncli.recipe.keys_of_classes import keys_of_classes
from cnncli.recipe.outputs import loss_class, outputs_of
from cnncli.recipe.rules import Rules
from cnncli.recipe.schema import Recipe
from cnncli.recipe.sources import that_bring
from cnncli.recipe.sources.table import TableSettings, is_several

RULES = Rules()
NO_CLASSES = "`targets: identities` has no classes, as new identities come later: write the size of the vector, as in `Dense: 64`"
STRATIFY = False
METRICS: tuple[Any, ...] = ()
SCORES = ("auc", "tar_at_far_0_01", "tar_at_far_0_001", "equal_error_rate", "recall_at_1")
IN_PYTHON = False  # batches of a few identities are drawn by cnncli
BALANCE = {"per_identity": 4}
HEAD = "Dense: 64\n- UnitNormalization"
TRAINING = ("loss: Circle",)

_BY_CLASS = ("one_per_class", "most_confused")  # ways to choose examples


def default_loss(layers: Sequence[KerasObject]) -> KerasObject:
    """The circle loss."""
    return KerasObject("losses", "Circle")


@RULES.error_without_network
def _source_of_identities(recipe: Recipe) -> Iterator[Problem]:
    source = recipe.data.source.settings
    if not source.brings("identities"):
        hint = f"sources of identities: {', '.join(that_bring('identities'))}"
        yield Problem(f"{source.described} has no identities", hint, path=("data", "source"))


@RULES.error_without_network
def _label_of_a_table(recipe: Recipe) -> Iterator[Problem]:
    source = recipe.data.source
    yield from separator_of_one_label(recipe, "an example of `targets: identities` has one identity")
    if isinstance(table := source.settings, TableSettings) and table.label is not None and is_several(table.label):
        message = "`label` names several columns, and an example of `targets: identities` has one identity"
        yield Problem(message, "name the column of the identities", path=("data", "source", source.word, "label"))


@RULES.error_without_network
def _keys_of_classes(recipe: Recipe) -> Iterator[Problem]:
    yield from keys_of_classes(recipe, allowed="balance")
    if recipe.data.split.group is not None:
        message = (
            "`group`: `targets: identities` keeps the examples of each identity together, and cannot keep other groups"
        )
        yield Problem(message, "leave it out", path=("data", "split", "group"))


@RULES.error_without_network
def _examples_of_each_identity(recipe: Recipe) -> Iterator[Problem]:
    """A batch has as many examples of each of its identities."""
    balance, size = recipe.data.balance, recipe.train.batch_size
    if not isinstance(balance, dict):
        hint = "`balance: {per_identity: 4}` is the default: 4 examples of each identity of a batch"
        message = f"`balance: {balance}` draws classes equally often, and `targets: identities` has none"
        yield Problem(message, hint, path=("data", "balance"))
        return
    of_each = balance["per_identity"]
    if size % of_each or size < 2 * of_each:
        fitting = max(2 * of_each, round(size / of_each) * of_each)
        message = f"batches of {size} cannot have {of_each} examples of each of 2 identities or more"
        hint = f"`batch_size: {fitting}`, or another `balance: {{per_identity: …}}` in `data`"
        yield Problem(message, hint, path=("train", "batch_size"))


@RULES.error
def _loss_of_identities(recipe: Recipe) -> Iterator[Problem]:
    for output in outputs_of(recipe):
        if output.loss is not None and loss_class(output.loss) != "Circle":
            message = f"{output.loss.name} compares outputs with labels, and `targets: identities` compares vectors"
            yield Problem(message, "leave `loss` out: it is Circle", path=output.loss_path)


@RULES.error
def _unit_vectors(recipe: Recipe) -> Iterator[Problem]:
    for output in outputs_of(recipe):
        layers = output.layers(recipe) if output.index >= 0 else []
        if layers and layers[-1].name != "UnitNormalization":
            message = f"Circle compares vectors of length 1, and {layers[-1].name} gives vectors of any length"
            yield Problem(message, "put `- UnitNormalization` behind it", path=output.path)


@RULES.error_without_network
def _metrics_of_vectors(recipe: Recipe) -> Iterator[Problem]:
    for index, metric in enumerate(recipe.train.metrics):
        message = f"{metric.name} compares an output with a label, and the outputs are vectors"
        hint = "leave `metrics` out: verification is scored once the network is trained"
        yield Problem(message, hint, path=("train", "metrics", index))


@RULES.error_without_network
def _pictures_of_vectors(recipe: Recipe) -> Iterator[Problem]:
    for index, picture in enumerate(recipe.visualize):
        path = ("visualize", index, picture.kind)
        if picture.grad_cam:
            message = "grad_cam explains a class, and `targets: identities` has none"
            yield Problem(message, "feature_maps and filters show what the network sees", path=path)
        if picture.maximize and picture.maximize.layer is None:
            message = "maximize without a layer is for classes, and `targets: identities` has none"
            yield Problem(message, "`maximize: {layer: …}` is for the filters of a layer", path=path)
        looked_at = picture.feature_maps
        if looked_at and looked_at.samples in _BY_CLASS:
            message = f"{looked_at.samples} chooses by class, and `targets: identities` has none"
            hint = "a number takes the first of each identity; most_wrong those with a wrong nearest neighbour"
            yield Problem(message, hint, path=(*path, "samples"))
