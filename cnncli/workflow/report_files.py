"""Write the files of a run that people read: network.json and the report. Neither can fail the run."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from cnncli import runs
from cnncli.errors import Problem
from cnncli.network.build import Network
from cnncli.workflow.plan import Plan

NETWORK = "network.json"

Note = Callable[[Problem], None]


def write_network(folder: runs.Run, planned: Plan, network: Network, note: Note) -> None:
    """Write network.json: what `cnncli summary --json` tells, and the boxes of the network's diagram."""
    from cnncli.network.outline import rows
    from cnncli.network.repeats import folded
    from cnncli.network.summary import blocks_called, measure
    from cnncli.network.summary_json import drawn

    try:
        found = measure(network, planned.recipe, batch_size=planned.batch_size, blocks=blocks_called(planned.loaded))
        folder.write_json(NETWORK, drawn(found, folded(found, rows(found))).to_json())
    except Exception as error:
        note(Problem(f"the network could not be described: {error}", "the report will not show it"))


def write_report(folder: runs.Run, status: str, fields: Mapping[str, Any], note: Note) -> None:
    """Write the page of a run that is about to be finished, so that its record can list it.

    Args:
        status, fields: what the record is about to say.
    """
    from cnncli import report

    try:
        record = runs.plain({**folder.record, **fields, "status": status})
        folder.write(report.REPORT, report.page([report.read(folder.path, record=record)]).html)
    except Exception as error:
        note(Problem(f"the report could not be made: {error}", f"try again with: cnncli report {folder.path}"))
