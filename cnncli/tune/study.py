"""The study of a sweep: opened or created, its trials counted, interrupted trials given back."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import optuna
from optuna import Study
from optuna.trial import FrozenTrial, Trial, TrialState

from cnncli.errors import OutputError, Problem
from cnncli.messages import listed
from cnncli.tune.samplers import make_pruner
from cnncli.tune.space import Space
from cnncli.tune.study_storage import open_storage, storage_in_use

SETTLED = "cnncli"  # what all processes of a sweep have in common, among the attributes of the study
# Attributes of trials.
SESSION, HOST, AGAIN, FAILURE, RESULT, GRID = (
    f"cnncli_{word}" for word in ("session", "host", "again", "failure", "result", "grid")
)


@dataclass(frozen=True)
class Search:
    """How a study searches, as the recipe says it.

    Attributes:
        epochs: of a trial, at most.
    """

    direction: str
    sampler: str
    pruner: str
    warmup_epochs: int
    epochs: int


def be_quiet() -> None:
    """Keep Optuna's messages from the terminal; what they say is shown in our own words."""
    optuna.logging.set_verbosity(optuna.logging.ERROR)


def open_study(storage: str, name: str, search: Search) -> Study:
    """Open a study, created where it is missing.

    Raises:
        UsageError, OutputError: as `open_storage`.
    """
    be_quiet()
    with storage_in_use(storage):
        return optuna.create_study(
            storage=open_storage(storage, _enqueue_again),
            study_name=name,
            direction=search.direction,
            pruner=make_pruner(search.pruner, epochs=search.epochs, warmup_epochs=search.warmup_epochs),
            load_if_exists=True,
        )


def settle(study: Study, wanted: Mapping[str, Any], seed: Callable[[], int]) -> int:
    """Agree with the other processes of a sweep on its recipe and its seed.

    Args:
        wanted: what has to be the same, by name: digests and words.
        seed: gives the seed of a new sweep.

    Returns:
        The seed.

    Raises:
        OutputError: the sweep is of something else.
    """
    settled = study.user_attrs.get(SETTLED)
    if settled is None:
        settled = {**wanted, "seed": seed()}
        study.set_user_attr(SETTLED, settled)
        settled = study.user_attrs[SETTLED]
    if different := [name for name, value in wanted.items() if settled.get(name) != value]:
        message = f"the sweep {study.study_name} has another {listed(different)}"
        raise OutputError(Problem(message, "start a new sweep: use another --name"))
    return int(settled["seed"])


def enqueue_grid(study: Study, space: Space, seed: int, count: int) -> None:
    """Put the points of a grid into the queue, up to a count; those that are there stay."""
    done = [trial.user_attrs[GRID] for trial in trials_of(study) if GRID in trial.user_attrs]
    first = max(done, default=-1) + 1
    for number, point in enumerate(space.grid(seed)):
        if number >= count:
            break
        if number >= first:
            study.enqueue_trial(point, user_attrs={GRID: number})


def trials_of(study: Study) -> list[FrozenTrial]:
    """All trials, read from the storage."""
    found: list[FrozenTrial] = study.get_trials(deepcopy=False)
    return found


def is_interrupted(trial: FrozenTrial) -> bool:
    """Whether a trial ended without a result or a failure of its own: its process was stopped or killed."""
    return trial.state == TrialState.FAIL and FAILURE not in trial.user_attrs


def is_begun(trial: FrozenTrial) -> bool:
    """Whether a trial counts: it has begun, and was not interrupted."""
    return trial.state != TrialState.WAITING and not is_interrupted(trial)


def give_back(study: Study, is_dead: Callable[[FrozenTrial], bool]) -> list[int]:
    """End running trials whose process is gone, and put the values of all interrupted trials into the queue again.

    Args:
        is_dead: whether the process of a running trial is gone.

    Returns:
        The numbers of the trials that will be trained again.
    """
    for trial in trials_of(study):
        if trial.state == TrialState.RUNNING and is_dead(trial):
            study.tell(trial.number, state=TrialState.FAIL, skip_if_finished=True)
    trials = trials_of(study)
    again = {trial.user_attrs.get(AGAIN) for trial in trials}
    found = [trial for trial in trials if is_interrupted(trial) and trial.number not in again]
    for trial in found:
        _enqueue_again(study, trial)
    return [trial.number for trial in found]


def _enqueue_again(study: Study, trial: FrozenTrial) -> None:
    """Put a trial into the queue, with the values that it had got; of one that just began the rest is chosen again."""
    params = {**trial.system_attrs.get("fixed_params", {}), **trial.params}
    own = {GRID: trial.user_attrs[GRID]} if GRID in trial.user_attrs else {}
    study.enqueue_trial(params, user_attrs={**own, AGAIN: trial.number})


def fail(study: Study, number: int, failure: Mapping[str, Any]) -> None:
    """End a running trial whose process is gone, with the reason; a finished trial stays as it is.

    It ends as a pruned one: the sampler keeps away from values like these.
    """
    found = next((trial for trial in trials_of(study) if trial.number == number), None)
    if found is not None and found.state == TrialState.RUNNING:
        Trial(study, found._trial_id).set_user_attr(FAILURE, dict(failure))
        study.tell(number, state=TrialState.PRUNED, skip_if_finished=True)
