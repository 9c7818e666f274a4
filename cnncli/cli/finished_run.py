"""What `cnncli train` prints at its end."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cnncli.cli import console, few_examples, folds
from cnncli.errors import ExpectationError, Problem
from cnncli.messages import cell, counted

if TYPE_CHECKING:
    from cnncli.workflow import Finished


def show(
    finished: Finished | None,
    notes: Sequence[Problem],
    broken: ExpectationError | None,
    *,
    as_json: bool,
    quiet: bool,
    profile: bool,
) -> None:
    """Print the result of `cnncli train`: its scores, where its files are and what to do next.

    Args:
        finished: None after `--dry-run`.
        notes: of the plan and of the run.
        broken: the expectations of the recipe that were not met.
    """
    told = {"notes": [note.as_json() for note in notes]}
    if finished is None:
        if as_json:
            console.print_json({**console.SCHEMA, "status": "checked", **told})
        elif not quiet:
            found = f"No mistakes; {counted(len(notes), 'note')} above" if notes else "No mistakes"
            console.say(f"{found}. Nothing was trained, and nothing was written.")
        return
    if as_json:
        profiled = {"profile": finished.profile.as_json()} if profile else {}
        console.print_json(
            {
                **console.SCHEMA,
                **finished.summary,
                **_files(finished.path),
                **profiled,
                **told,
                **(console.error_as_json(broken) if broken else {}),
            }
        )
        return
    summary = finished.summary
    split = "test" if "test" in summary else "validation"
    cells = few_examples.cells(summary[split], summary["examples"], summary["intervals"])
    console.show_table(["", *summary[split]], [[f"{split} split", *cells]])
    if quiet:
        console.say_pairs(_not_enforced(summary))
        return
    console.say()
    if profile:
        _show_profile(finished)
    console.say_pairs(_where(finished, summary))


def _show_profile(finished: Finished) -> None:
    from cnncli.workflow.profile import TITLES

    profile = finished.profile
    total = profile.seconds["total"]
    rows = [(TITLES[name], f"{value:.2f}", f"{value / total:.0%}") for name, value in profile.seconds.items()]
    console.stderr().print(console.table(["time", "seconds", "share"], rows))
    if profile.step_ms is not None:
        read = f", of which the input pipeline alone takes {profile.input_ms:.2f} ms" if profile.input_ms else ""
        console.say(f"One step takes {profile.step_ms:.2f} ms{read}.")
    if profile.hint:
        console.say(profile.hint)
    console.say()


def _files(run: Path) -> dict[str, str | None]:
    """The paths of what a run leaves first of all."""
    report = run / "report.html"
    return {"model": str(run / "model.keras"), "report": str(report) if report.is_file() else None}


def _where(finished: Finished, summary: dict[str, Any]) -> list[tuple[str, str]]:
    from cnncli.inputs import kind_of

    path = finished.path
    shape = finished.input_shape
    ending = ".npz" if isinstance(shape, dict) else kind_of(shape).file_ending(shape)
    best = summary["best"]
    return [
        (
            "Best",
            f"epoch {best['epoch']} of {summary['epochs']}, by {best['monitor']} {cell(best.get(best['monitor']))}",
        ),
        *_stops(summary),
        *_not_enforced(summary),
        ("Time", _time(summary)),
        ("Model", f"{path / 'model.keras'}"),
        ("Pictures", f"{path / 'figures'}, {counted(len(finished.figures), 'file')}"),
        *([("Report", f"{path / 'report.html'}")] if (path / "report.html").is_file() else []),
        *_tracked(summary, path),
        *folds.left_of_set(path),
        ("Next", f"cnncli report {shlex.quote(str(path))} --open"),
        ("", f"cnncli predict {shlex.quote(str(path))} YOUR{ending}"),
    ]


def _tracked(summary: dict[str, Any], path: Path) -> Iterator[tuple[str, str]]:
    """Where the trackers have the run, and the commands that show it."""
    from cnncli.trackers.registry import title, viewing

    kept = [each for each in summary["trackers"] if each["error"] is None]
    for each in kept:
        yield ("Trackers" if each is kept[0] else ""), f"{title(each['tracker'])}: {each['url'] or each['place']}"
        if command := viewing(each["tracker"], each["place"], path.parent.parent):
            yield "", command


def _not_enforced(summary: dict[str, Any]) -> list[tuple[str, str]]:
    """Expectations that do not hold and why that is no error: other data was used than the recipe names."""
    return [
        ("Expected", each["text"].removeprefix("expected "))
        for each in summary["expectations"]
        if not (each["met"] or each["enforced"])
    ]


def _time(summary: dict[str, Any]) -> str:
    """How long the command took; no speed where a resumed run had no epoch left to train."""
    seconds, speed = summary["seconds"], summary["images_per_second"]
    trained = f", training {seconds['fit']:.1f} s, {speed:,.0f} examples/s without validation" if speed else ""
    return f"{seconds['total']:.1f} s{trained}"


def _stops(summary: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Why the training, or one of its phases, ended before its last epoch; how to go on."""
    phases = [phase for phase in summary["phases"] if phase["stopped"]]
    for phase in phases:
        if phase["name"]:
            yield "Stopped", f"phase {phase['name']}, after {counted(phase['epochs'], 'epoch')}: {phase['stopped']}"
        else:
            yield "Stopped", f"after epoch {summary['epochs']} of {summary['epochs_planned']}: {phase['stopped']}"
