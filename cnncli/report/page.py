"""The report as a page: of one run, or of several with their comparison."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cnncli import task_registry
from cnncli.report import embedded_figures, facts, first_epoch, history, network_section, values
from cnncli.report.embedded_figures import Album
from cnncli.report.material import Material
from cnncli.report.rendering import is_made_as, render
from cnncli.report.verdict import verdict
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
    albums = embedded_figures.within([_album(material) for material in runs], MOST_BYTES)
    shown = [
        _run(material, number, album) for number, (material, album) in enumerate(zip(runs, albums, strict=True), 1)
    ]
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


def _album(material: Material) -> Album:
    """The pictures of a run that the page does not draw itself."""
    sections = _sections(material)
    charted = sections.charted if sections else []
    without = [*(["curves"] if history.curves(material) else []), *charted]
    layers = [layer.name for layer in material.network.layers] if material.network else []
    return embedded_figures.gather(material.figures, without=without, layers=layers)


def _sections(material: Material) -> Any:
    """What the task of a run shows of its evaluation; None where it has none."""
    result = material.evaluation
    return task_registry.part(result.task, "report").sections(result) if result else None


def _run(material: Material, number: int, album: Album) -> dict[str, Any]:
    """All that the template shows of one run."""
    result = material.evaluation
    sections = _sections(material)
    run = material.run
    network = material.network
    layers = network.layers if network else []
    shown = {
        "id": f"run-{number}",
        "name": run.label,
        "about": material.recipe.about if material.recipe else "",
        "status": material.status,
        "state": facts.state(material),
        "tiles": facts.tiles(material),
        "facts": facts.facts(material),
        "notes": facts.notes(material),
        "curves": history.curves(material),
        "first_epoch": first_epoch.explanation(material),
        "epochs": history.epoch_table(material),
        "split": result.split if result else "test",
        "few_examples": facts.few_examples(result) if result else "",
        "numbers": task_registry.part(result.task, "report").numbers(result) if result else [],
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
    return {**shown, "sections": list(_links(shown))}


def _links(run: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """The ids and the titles of the sections that a run has."""
    album, task = run["album"], run["task"]
    sections = (
        ("what", "Data and training", True),
        ("training", "Learning curves", run["curves"] or album.of("curves")),
        ("evaluation", "Evaluation", task),
        ("wrong", task.ERRORS if task else "", task and (task.has_examples or album.of("wrong"))),
        ("seen", "What the network learned", album.of("heat", "filters", "feature_maps", "maximize", "other")),
        ("network", "Network", run["layers"]),
        ("recipe", "Recipe", run["recipe_lines"]),
        ("record", "Record", run["record_lines"]),
    )
    return ((id_, title) for id_, title, is_there in sections if is_there)


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
                "epochs": run.epochs_text or values.MISSING,
                "split": evaluation.split if evaluation else "test",
                "measure": result.name if result else values.MISSING,
                "score": result.score if result else values.MISSING,
                "interval": result.interval if result else "",
                "loss": evaluation.loss if evaluation else None,
                "seconds": run.total_seconds,
            }
        )
    return {"rows": rows, "verdict": verdict(runs), "charts": history.curves_together(runs)}
