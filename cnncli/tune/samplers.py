"""Samplers and pruners by the words of a recipe."""

from __future__ import annotations

import hashlib
import warnings

import optuna
from optuna.pruners import BasePruner, HyperbandPruner, MedianPruner, NopPruner, SuccessiveHalvingPruner
from optuna.samplers import BaseSampler, QMCSampler, RandomSampler, TPESampler


def make_sampler(word: str, seed: int, index: int) -> BaseSampler:
    """A sampler for one trial: its values are a function of the seed, its index and the trials that are finished.

    So a sweep that is stopped and resumed goes on with the same values.

    Args:
        word: of the recipe; the points of a grid are in the queue of the study.
        seed: of the sweep.
        index: how many trials were begun before, without those that were interrupted.
    """
    own = _mixed(seed, index)
    if word == "tpe":
        return TPESampler(seed=own)
    if word == "qmc":
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
            return QMCSampler(
                seed=_mixed(seed, 0),
                scramble=True,
                independent_sampler=RandomSampler(seed=own),
                warn_independent_sampling=False,
                warn_asynchronous_seeding=False,
            )
    return RandomSampler(seed=own)


def _mixed(seed: int, index: int) -> int:
    return int.from_bytes(hashlib.sha256(f"{seed}/{index}".encode()).digest()[:4], "little")


def make_pruner(word: str, *, epochs: int, warmup_epochs: int) -> BasePruner:
    """A pruner that looks at a trial after each epoch.

    Args:
        epochs: of a trial, at most.
        warmup_epochs: before a trial can be pruned.
    """
    least = max(1, warmup_epochs)
    if word == "median":
        return MedianPruner(n_startup_trials=5, n_warmup_steps=warmup_epochs)
    if word == "hyperband":
        return HyperbandPruner(min_resource=least, max_resource=max(epochs, least), reduction_factor=3)
    if word == "successive_halving":
        return SuccessiveHalvingPruner(min_resource=least, reduction_factor=3)
    return NopPruner()
