"""The report as a page: of one run, or of several with their comparison."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cnncli import task_registry
from cnncli.report import embedded_figures, facts, history, network_section, values
from cnncli.report.material import Material
from cnncli.report.rendering import is_made_as, render
from cnncli.runs import to_json

REPORT = "report.html"  # in a run's folder
MOST_BYTES = 4_000_000  # of all pictures of a page
_MOST_LAYERS = 1000
_LONGEST_RECORD = 200_000  # characters


@dataclass(frozen=True)
class Page:
    """A report.

    Attributes:
        html: the whole file.
        left_out: what is not shown, and why, in words.
    """

    html: str
    left_out: tuple[str, ...]


def page(runs: Sequence[Material]) -> Page:
    """Make the report of one run, or of several in one page with a comparison at its top.

    The same folders give the same page.

    Args:
        runs: at least one.
    """
    shown = [_run(material, number, MOST_BYTES // len(runs)) for number, material in enumerate(runs, 1)]
    html = render(
        "page.html",
        title=runs[0].run.label if len(runs) == 1 else f"{len(runs)} runs",
        runs=shown,
        compared=_compared(runs) if len(runs) > 1 else None,
    )
    return Page(html, tuple(note for run in shown for note in run["left_out"]))


def is_page(path: Path) -> bool:
    """Whether a file is a page that this module made, today or once."""
    return is_made_as("page.html", path)


def _run(material: Material, number: int, most_bytes: int) -> dict[str, Any]:
    """All that the template shows of one run."""
    result = material.evaluation
    task = task_registry.part(result.task, "report") if result else None
    sections = task.sections(result) if task else None
    curves = history.curves(material)
    drawn = [*(["curves"] if curves else []), *(sections.charted if sections else [])]
    album = embedded_figures.gather(material.figures, without=drawn, most_bytes=most_bytes)
    run = material.run
    network = material.network
    layers = network.layers if network else []
    return {
        "id": f"run-{number}",
        "name": run.label,
        "recipe_name": run.summary.recipe,
        "about": material.recipe.about if material.recipe else "",
        "status": material.status,
        "state": facts.state(material),
        "tiles": facts.tiles(material),
        "facts": facts.facts(material),
        "notes": facts.notes(material),
        "curves": curves,
        "epochs": history.epoch_table(material),
        "split": result.split if result else "test",
        "numbers": task.numbers(result) if task else [],
        "task_template": f"{result.task}/report.html" if result else "",
        "task": sections,
        "album": album,
        "drawing": network_section.draw(network) if network else None,
        "layers": layers[:_MOST_LAYERS],
        "layers_left": max(0, len(layers) - _MOST_LAYERS),
        "recipe_lines": material.recipe_text.expandtabs(8).splitlines(),
        "record_lines": to_json(material.record_json)[:_LONGEST_RECORD].splitlines() if material.record_json else [],
        "missing": material.missing,
        "left_out": album.left_out,
    }


def _compared(runs: Sequence[Material]) -> dict[str, Any]:
    """The table at the top of a page of several runs."""
    rows = []
    for number, material in enumerate(runs, 1):
        run, evaluation = material.run, material.evaluation
        result = facts.headline(evaluation) if evaluation else None
        rows.append(
            {
                "id": f"run-{number}",
                "name": run.label,
                "status": material.status,
                "data": run.short_source or values.MISSING,
                "params": run.params,
                "epochs": run.epochs,
                "split": evaluation.split if evaluation else "test",
                "measure": result.name if result else values.MISSING,
                "score": result.score if result else values.MISSING,
                "interval": result.interval if result else "",
                "loss": evaluation.loss if evaluation else None,
                "seconds": run.total_seconds,
            }
        )
    return {"rows": rows, "caution": _caution(runs), "charts": history.curves_together(runs)}


def _caution(runs: Sequence[Material]) -> str:
    """Why the scores of some runs cannot be compared, if they cannot."""
    examples = {material.evaluation.examples_sha256 for material in runs if material.evaluation}
    if len(examples) > 1:
        return "These runs were not scored on the same examples: their scores cannot be compared."
    return ""
