"""Send a run to MLflow: a server, or an SQLite database beside the runs."""

from __future__ import annotations

import os
import re
import time
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import unquote, urlsplit

from cnncli.recipe.schema_trackers import Mlflow
from cnncli.recipe.tracker_addresses import without_password
from cnncli.trackers.tracked_run import TrackedRun, numbers, times
from cnncli.trackers.tracker import TrackerRun, Unreachable

DATABASE = "mlflow.db"
URI = "MLFLOW_TRACKING_URI"
_ARTEFACTS = "mlflow-artifacts"
_STATUS = {"completed": "FINISHED", "interrupted": "KILLED"}  # all others: FAILED
_TAG = "cnncli."
_RUN_ID, _FOLD_SET = f"{_TAG}run_id", f"{_TAG}fold_set"
_PARENT, _NOTE = "mlflow.parentRunId", "mlflow.note.content"
# The limits of MLflow 3.17, mlflow.utils.validation.
_LONGEST_KEY, _LONGEST_VALUE, _LONGEST_TAG = 250, 6000, 5000
_PARAMS_AT_ONCE, _METRICS_AT_ONCE = 100, 1000

_Item = TypeVar("_Item")


class MlflowTracker:
    """One run of MLflow for each run, found again by the tag `cnncli.run_id`; the runs of folds have a parent."""

    def __init__(self, settings: Mlflow) -> None:
        self.settings = settings

    def start(self, run: TrackedRun) -> TrackerRun:
        from mlflow import MlflowClient

        self.uri = address(self.settings, run.outputs)
        self.place = without_password(self.uri)
        self.client = _Client(MlflowClient(tracking_uri=self.uri), self.place)
        self.run = run
        self.rows: list[Mapping[str, Any]] = []
        experiment = self._experiment(self.settings.experiment or run.label.partition("/")[0])
        parent = self._parent(experiment, run) if run.fold_set else None
        found = self._find(experiment, _RUN_ID, run.id)
        tags = {**_tags(run), **({_PARENT: parent} if parent else {})}
        if found is None:
            made = self.client.create_run(
                experiment, start_time=_milliseconds(run.started), run_name=run.name, tags=tags
            )
        else:
            self.client.update_run(found.info.run_id, status="RUNNING", name=run.name)
            made = found
        self.id = made.info.run_id
        self.params = dict(made.data.params)
        self.logged: dict[str, set[int]] = {
            key: {metric.step for metric in self.client.get_metric_history(self.id, key)} for key in made.data.metrics
        }
        self._log_params(run.parameters)
        return TrackerRun(
            f"{self.place}, experiment {self._experiment_name}", self.id, found is None, self._url(experiment)
        )

    def log_epochs(self, rows: Sequence[Mapping[str, Any]]) -> None:
        begin = len(self.rows)
        self.rows += rows
        dated = list(zip(self.rows, times(self.run, self.rows), strict=True))[begin:]
        self._log_metrics(
            (name, value, now, int(row["epoch"])) for row, now in dated for name, value in numbers(row).items()
        )

    def finish(self, run: TrackedRun) -> None:
        from mlflow.entities import RunTag

        now = run.ended or time.time()
        # Of a run that is trained further, the scores of its longer training have a later step.
        self._log_metrics((name, value, now, len(self.rows)) for name, value in run.results.items())
        for tags in _batches([RunTag(key, value) for key, value in _tags(run).items()], _PARAMS_AT_ONCE):
            self.client.log_batch(self.id, tags=tags)
        files = [(file, "") for file in run.files] + [(picture, "figures") for picture in run.pictures]
        if run.model and self.settings.model:
            files.append((run.model, ""))
        for file, folder in files:
            self.client.log_artifact(self.id, str(file), folder or None)
        self.client.set_terminated(self.id, _STATUS.get(run.status, "FAILED"), end_time=_milliseconds(now))

    def _experiment(self, name: str) -> str:
        """The id of an experiment, which is created where there is none."""
        self._experiment_name = name
        found = self.client.get_experiment_by_name(name)
        if found is None:
            self.client.create_experiment(name, artifact_location=_artefacts(self.uri, name))
            found = self.client.get_experiment_by_name(name)
        return str(found.experiment_id)

    def _find(self, experiment: str, tag: str, value: str) -> Any:
        quoted = value.replace("'", "")
        found = self.client.search_runs([experiment], filter_string=f"tags.`{tag}` = '{quoted}'", max_results=1)
        return found[0] if found else None

    def _parent(self, experiment: str, run: TrackedRun) -> str:
        """The run of MLflow that stands for all folds of a set."""
        found = self._find(experiment, _FOLD_SET, run.fold_set)
        if found is None:
            tags = {_FOLD_SET: run.fold_set}
            found = self.client.create_run(
                experiment, start_time=_milliseconds(run.started), run_name=run.fold_set.rpartition("/")[2], tags=tags
            )
            self.client.set_terminated(found.info.run_id, "FINISHED")
        return str(found.info.run_id)

    def _log_params(self, parameters: Mapping[str, Any]) -> None:
        """Log the parameters that are not there yet: MLflow does not allow one to change."""
        from mlflow.entities import Param

        found = {_key(name): str(value)[:_LONGEST_VALUE] for name, value in parameters.items()}
        new = [Param(key, value) for key, value in found.items() if key not in self.params]
        for params in _batches(new, _PARAMS_AT_ONCE):
            self.client.log_batch(self.id, params=params)

    def _log_metrics(self, values: Iterable[tuple[str, float, float, int]]) -> None:
        """Log values by name, time and step, without those whose step is there already."""
        from mlflow.entities import Metric

        logged = defaultdict(set, self.logged)
        new = []
        for name, value, now, step in values:
            if step not in logged[_key(name)]:
                logged[_key(name)].add(step)
                new.append(Metric(_key(name), value, _milliseconds(now), step))
        self.logged = logged
        for metrics in _batches(new, _METRICS_AT_ONCE):
            self.client.log_batch(self.id, metrics=metrics)

    def _url(self, experiment: str) -> str:
        is_server = urlsplit(self.place).scheme in ("http", "https")
        return f"{self.place.rstrip('/')}/#/experiments/{experiment}/runs/{self.id}" if is_server else ""


class _Client:
    """MLflow's client, whose failures to reach a server become `Unreachable`."""

    def __init__(self, client: Any, place: str) -> None:
        self._client = client
        self._place = place

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._client, name)

        def called(*arguments: Any, **options: Any) -> Any:
            try:
                return method(*arguments, **options)
            except Exception as error:
                if _is_of_the_network(error):
                    raise Unreachable(f"no answer from {self._place}") from error
                raise

        return called


def address(settings: Mlflow, outputs: Path) -> str:
    """Where the runs go: a server or a database, with the password that the environment has for it."""
    if settings.uri is None:
        return f"sqlite:///{(outputs / DATABASE).as_posix()}"
    own = os.environ.get(URI, "")
    return own if own and without_password(own) == settings.uri else settings.uri


def _artefacts(uri: str, experiment: str) -> str | None:
    """Where the files of an experiment lie: beside the database where it is a file, else where the server has them."""
    parts = urlsplit(uri)
    if parts.scheme.partition("+")[0] != "sqlite" or parts.path in ("", "/", "/:memory:"):
        return None
    database = Path(unquote(parts.path)[1:]).absolute()
    folder = re.sub(r"[^\w.-]", "_", experiment)
    return (database.parent / _ARTEFACTS / folder).as_uri()


def _is_of_the_network(error: BaseException | None) -> bool:
    from requests.exceptions import ConnectionError as NoConnection
    from requests.exceptions import Timeout

    while error is not None:
        if isinstance(error, (NoConnection, Timeout)):
            return True
        error = error.__cause__ or error.__context__
    return False


def _tags(run: TrackedRun) -> dict[str, str]:
    own = {f"{_TAG}{name}": value for name, value in run.tags.items()}
    own[f"{_TAG}status"] = run.status
    if commit := run.tags.get("git_commit"):
        own["mlflow.source.git.commit"] = commit
    if run.about:
        own[_NOTE] = run.about
    return {_key(key): value[:_LONGEST_TAG] for key, value in own.items()}


def _key(name: str) -> str:
    """A name with the characters that MLflow allows: letters, digits, `_`, `-`, `.`, `/` and blanks."""
    return re.sub(r"[^\w\-./ ]", "_", name, flags=re.ASCII)[:_LONGEST_KEY]


def _milliseconds(seconds: float) -> int:
    return round(seconds * 1000)


def _batches(items: Iterable[_Item], size: int) -> Iterator[list[_Item]]:
    iterator = iter(items)
    while batch := list(islice(iterator, size)):
        yield batch
