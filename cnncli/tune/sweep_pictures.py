"""The pictures and the page of a sweep."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import optuna
from optuna import Study
from optuna.importance import FanovaImportanceEvaluator, get_param_importances

from cnncli.messages import cell, counted
from cnncli.plots import save
from cnncli.plots.search_coordinates import draw_search_coordinates
from cnncli.plots.search_history import draw_search_history
from cnncli.plots.search_importance import draw_search_importance
from cnncli.plots.search_slices import draw_search_slices
from cnncli.plots.searched_trials import Searched, SearchedTrial, Searching
from cnncli.recipe.schema_tune import Parameter
from cnncli.recipe.write import as_flow
from cnncli.report.sweep_page import SweepPage, TrialLine, sweep_page
from cnncli.runs.storage import write_atomically
from cnncli.tune.parameter_names import short_names, value_text
from cnncli.tune.results import SweepResult
from cnncli.tune.trial_rows import RUNNING, TrialRow

_DRAWN = {
    "search-history": draw_search_history,
    "search-importance": draw_search_importance,
    "search-slices": draw_search_slices,
    "search-coordinates": draw_search_coordinates,
}


def write_page(result: SweepResult) -> None:
    """Draw the pictures of a sweep and write its page; those of an earlier call are replaced.

    Raises:
        OutputError: a file cannot be written.
    """
    sweep = result.prepared.sweep
    searching = _searching(result)
    save.make_folder(sweep.folder.pictures)
    pictures: list[Path] = []
    for name, draw in _DRAWN.items():
        figure = draw(searching)
        file = sweep.folder.pictures / f"{name}.png"
        if figure is not None:
            pictures += save.save(figure, file)
        else:
            file.unlink(missing_ok=True)
    write_atomically(sweep.folder.page, sweep_page(_page(result), pictures))


def _searching(result: SweepResult) -> Searching:
    sweep = result.prepared.sweep
    keys = list(sweep.space.parameters)
    names = dict(zip(keys, short_names(keys), strict=True))
    return Searching(
        str(sweep.folder.path.absolute().parent.name),
        sweep.metric,
        sweep.search.direction,
        {key: _searched(names[key], parameter) for key, parameter in sweep.space.parameters.items()},
        [_trial(row) for row in result.rows if row.state != RUNNING],
        importances(result.prepared.study),
    )


def _searched(name: str, parameter: Parameter) -> Searched:
    if parameter.choice is not None:
        return Searched(name, tuple(as_flow(value) for value in parameter.choice), 0.0, 0.0, False)
    return Searched(name, None, float(parameter.low), float(parameter.high), parameter.log)


def _trial(row: TrialRow) -> SearchedTrial:
    last = list(row.curve.values())[-1] if row.state == "pruned" and row.curve else row.value
    return SearchedTrial(row.number, row.state, row.params, last)


def importances(study: Study) -> Mapping[str, float]:
    """How much of the variation of the metric each parameter explains, by fANOVA; empty where that cannot be told."""
    complete = study.get_trials(deepcopy=False, states=[optuna.trial.TrialState.COMPLETE])
    if len(complete) < 2 or len({trial.value for trial in complete}) < 2:
        return {}
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            found: dict[str, float] = get_param_importances(study, evaluator=FanovaImportanceEvaluator(seed=0))
            return found
    except (ValueError, RuntimeError):  # no parameter varies
        return {}


def _page(result: SweepResult) -> SweepPage:
    sweep, best = result.prepared.sweep, result.best
    keys = list(sweep.space.parameters)
    search = f"{sweep.search.sampler}, pruner {sweep.search.pruner}, seed {result.prepared.seed}"
    return SweepPage(
        f"{sweep.folder.path.absolute().parent.name}/{sweep.folder.path.name}",
        [
            (sweep.metric, f"{cell(best.value)}, {sweep.search.direction}d"),
            ("Trial", f"{best.number} of {counted(len(result.rows), 'trial')}"),
            ("Epoch", f"{best.result.get('best_epoch')} of {best.result.get('epochs')}"),
            ("Search", search),
            ("Recipe", str(sweep.folder.best)),
            ("Train it", result.train_command),
        ],
        [(key, value_text(value)) for key, value in best.values.items()],
        [sweep.metric, *short_names(keys), "epochs", "seconds"],
        [TrialLine(row.number, row.state, _cells(row, keys)) for row in result.rows],
        result.failures,
    )


def _cells(row: TrialRow, keys: list[str]) -> list[str]:
    values: dict[str, Any] = dict(row.values)
    parameters = [value_text(values[key]) if key in values else cell(None) for key in keys]
    seconds = row.result.get("seconds")
    return [cell(row.value), *parameters, cell(row.result.get("epochs")), f"{seconds:.1f}" if seconds else cell(None)]
