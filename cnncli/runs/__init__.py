"""The folders of runs: create, lock, write, find and read them.

A run is a folder, `outputs/<recipe name>/<run name>/`. Whoever trains holds its lock; whoever reads needs none. Nothing
here imports TensorFlow, and every mistake that a user can mend is an `OutputError` (a forbidden name: a `RecipeError`).

    with runs.create(Path("outputs"), "mnist") as run:
        run.update_record(command_line=sys.argv, environment=runs.environment())
        run.write_history([{"epoch": 1, "loss": 0.3}])
        run.finish("completed", best={"val_accuracy": 0.99})
"""

from cnncli.names import NAME_PATTERN, check_name
from cnncli.runs.finding import find, list_runs
from cnncli.runs.json_text import plain, to_json
from cnncli.runs.lock import Holder, holder_of
from cnncli.runs.machine import environment
from cnncli.runs.record import RECORD, RESOLVED, SCHEMA_VERSION, STATUSES, RunSummary, read_record, summarise
from cnncli.runs.repository import git_state
from cnncli.runs.run_folder import Run, create, refuse_taken, reopen
from cnncli.runs.storage import refuse_full_disk, replacing, write_atomically

__all__ = [
    "NAME_PATTERN",
    "RECORD",
    "RESOLVED",
    "SCHEMA_VERSION",
    "STATUSES",
    "Holder",
    "Run",
    "RunSummary",
    "check_name",
    "create",
    "environment",
    "find",
    "git_state",
    "holder_of",
    "list_runs",
    "plain",
    "read_record",
    "refuse_full_disk",
    "refuse_taken",
    "reopen",
    "replacing",
    "summarise",
    "to_json",
    "write_atomically",
]
