"""Check for shortcuts: plain features, such as image size or brightness, that alone predict the class.

A network learns what tells the classes apart most easily (Geirhos et al., "Shortcut learning in deep neural networks",
2020). Where the photos of one class come from another camera, it may learn the camera.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from cnncli.data_checks.examples_by_index import AllExamples
from cnncli.data_checks.findings import Finding
from cnncli.data_checks.image_files import Header, features_of
from cnncli.data_checks.measurements import Measured
from cnncli.inputs import kind_of
from cnncli.messages import percent, share_text

GAP = 0.5  # of the way from the share of the most frequent class to 100% that accuracy has to go
_FOLDS = 5
_LEAST_EACH, _LEAST = 10, 40  # examples of a class and in all
_MOST = 4_000  # examples that are looked at


def check_shortcuts(
    every: AllExamples, measured: Mapping[str, Measured], headers: list[Header] | None
) -> list[Finding]:
    """Features of the training examples that alone predict the class far better than its frequency does.

    Args:
        headers: of the files of all examples; None where they are not image files.
    """
    train = every.splits.train
    labels = every.splits.targets.strata(train.labels)
    if labels is None:
        return []
    numbers, counts = np.unique(labels, return_counts=True)
    usual = numbers[counts >= _LEAST_EACH]
    rows = np.flatnonzero(np.isin(labels, usual))
    if len(usual) < 2 or len(rows) < _LEAST:
        return []
    if len(rows) > _MOST:
        rows = np.sort(np.random.default_rng(0).choice(rows, _MOST, replace=False))
    features = {name: values[: len(labels)] for name, values in _features(measured, headers).items()}
    classes = labels[rows]
    share = float(np.unique(classes, return_counts=True)[1].max() / len(classes))
    found = []
    for name, values in features.items():
        accuracy = accuracy_of(values[rows], classes)
        if accuracy >= share + GAP * (1 - share):
            shown = share_text(round(accuracy * len(rows)), len(rows))
            message = f"{name} alone predicts the class of {shown} of the training examples"
            hint = (
                f"always the most frequent class: {percent(share)} (cross-validation on {len(rows):,} examples)\n"
                "this may be what the classes are, or how they were collected: a network can learn it instead of the content"
            )
            found.append(Finding(kind="shortcut", message=message, hint=hint, count=len(rows)))
    return found


def accuracy_of(values: NDArray[np.float64], classes: NDArray[np.integer]) -> float:
    """The accuracy of a small decision tree on one feature, by cross-validation.

    Args:
        values: float (count,).
        classes: int (count,), each at least twice.
    """
    from sklearn.model_selection import StratifiedKFold, cross_val_score
    from sklearn.tree import DecisionTreeClassifier

    values = np.nan_to_num(values)[:, None]
    if values.min() == values.max():
        return 0.0
    tree = DecisionTreeClassifier(max_leaf_nodes=4 * len(np.unique(classes)), min_samples_leaf=3, random_state=0)
    folds = StratifiedKFold(_FOLDS, shuffle=True, random_state=0)
    return float(cross_val_score(tree, values, classes, cv=folds).mean())


def _features(measured: Mapping[str, Measured], headers: list[Header] | None) -> dict[str, NDArray[np.float64]]:
    found: dict[str, NDArray[np.float64]] = {}
    for name, own in measured.items():
        kind = kind_of(own.shape)
        which = f" of input `{name}`" if len(measured) > 1 else ""
        if own.numbers is not None and kind.has_places:
            mean, spread = ("brightness", "contrast") if kind.ARE_PIXELS else ("mean value", "standard deviation")
            found[f"{mean}{which}"] = own.numbers.means.astype(np.float64)
            found[f"{spread}{which}"] = own.numbers.spreads.astype(np.float64)
        if own.lengths is not None and len(np.unique(own.lengths)) > 1:
            found[f"{kind.WORD} length{which}"] = own.lengths.astype(np.float64)
    return found | dict(features_of(headers) if headers else {})
