"""The model card of a verification of identities: scores for its header, limits, code."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from cnncli.model_card.parts import FEW, ClassTable, Metric
from cnncli.report import values
from cnncli.tasks.identities.result import IdentitiesResult
from cnncli.tasks.identities.targets import IdentityTargets

PIPELINES = {"image": "image-feature-extraction"}
TAGS = ("verification", "metric-learning")
EXAMPLES = ("most_alike", "least_alike", "wrong_neighbours")


def does(targets: IdentityTargets, inputs: str) -> str:
    """What the network does, as the end of a sentence."""
    return f"turns {inputs} into vectors, whose cosine similarity tells whether two of them show one identity"


def metrics(result: IdentitiesResult) -> list[Metric]:
    """The scores of the header."""
    return [
        Metric("roc_auc", "Verification AUC", result.auc),
        Metric("equal_error_rate", "Equal error rate", result.equal_error_rate),
        Metric("recall_at_1", "Recall@1", result.recall_at_1),
        Metric("tar_at_far_0_01", "True acceptance at a false acceptance of 1%", result.tar_at_far_0_01),
    ]


def class_table(result: IdentitiesResult, counts: Mapping[str, Sequence[int]]) -> ClassTable | None:
    """None: identities are not scored one by one."""
    return None


def limits(result: IdentitiesResult, targets: IdentityTargets, counts: Mapping[str, Sequence[int]]) -> Iterator[str]:
    """What the scores tell of the limits of the model."""
    yield f"It was trained on {targets.identities:,} identities, and scored on {result.identities:,}."
    if result.identities < FEW:
        yield "The scored identities are few: the intervals count more than the scores."
    if result.threshold is None:
        yield "No threshold was chosen: the similarities of pairs can be compared, and not read as yes or no."
        return
    wrong = f"{values.percent(result.false_acceptance)} of the pairs of two identities"
    missed = f"{values.percent(result.false_rejection)} of the pairs of one identity"
    yield f"From a similarity of {result.threshold:.4f} on, it accepts {wrong} and rejects {missed} on these examples."
    yield "Other examples, and other shares of pairs of one identity, need a threshold of their own."


def code(predicted: str, targets: IdentityTargets, *, are_logits: bool) -> list[str]:
    """Lines of Python that print the outputs of one example."""
    lines = [f"vector = {predicted}[0]", "vector = vector / np.linalg.norm(vector)  # the similarity of two is a @ b"]
    if targets.threshold is not None:
        lines[-1] += f", one identity from {targets.threshold:.4f} on"
    return [*lines, "print(vector.shape)"]
