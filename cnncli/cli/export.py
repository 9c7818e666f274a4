"""`cnncli export`: write a trained model for other runtimes, each file checked against Keras."""

from __future__ import annotations

import shlex
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cnncli.cli import console, data_files, options, tensorflow_log, wrapping
from cnncli.errors import ModelFileError, Place, Problem, UsageError
from cnncli.export.formats import FORMATS, Target, check_packages, every_target, missing_packages
from cnncli.messages import cell, listed, printable, share_text, size_text

if TYPE_CHECKING:
    from cnncli.export.export_model import Exported, Exporter, NotExported
    from cnncli.runs.new_folder import NewFolder

_ALL = "all"
_TABLE = "exports.md"
_SCRATCH = ".scratch"
_MOST_SCORED = 2_000
_KERAS = ["Keras", "", ""]


def add_to(app: typer.Typer) -> None:
    app.command(epilog="Example: cnncli export mnist --format onnx --to digits --example")(export)


def export(
    run_or_model: options.RunOrModel = None,
    format_name: Annotated[
        str,
        typer.Option(
            "--format",
            metavar="FORMAT",
            help=f"Write this format: {', '.join(FORMATS)} or {_ALL}.",
            rich_help_panel=options.OUTPUT,
        ),
    ] = "",
    quantize: Annotated[
        str | None,
        typer.Option(
            "--quantize",
            metavar="KIND",
            help="Make the file smaller: float16, dynamic (weights as int8) or int8 (weights and activations).",
            rich_help_panel=options.OUTPUT,
        ),
    ] = None,
    to: Annotated[
        Path | None,
        typer.Option(
            "--to",
            metavar="DIR",
            help="Write to this folder.",
            show_default="RECIPE-FORMAT",
            rich_help_panel=options.OUTPUT,
        ),
    ] = None,
    example: Annotated[
        bool,
        typer.Option(
            "--example", help="Write predict.py: plain Python that uses the export.", rich_help_panel=options.OUTPUT
        ),
    ] = False,
    data: Annotated[
        str | None,
        typer.Option(
            "--data",
            metavar="SOURCE",
            help="Compare and calibrate with this data: the name of a built-in data set, an image folder or an .npz file.",
            show_default="the run's own data",
            rich_help_panel=options.DATA,
        ),
    ] = None,
    output: options.Outputs = options.DEFAULT_OUTPUTS,
    force: options.Force = False,
    as_json: options.Json = False,
    quiet: options.Quiet = False,
    verbose: options.Verbose = False,
) -> None:
    """Write a trained model as SavedModel, ONNX or LiteRT.

    Each file is opened in its own runtime and compared with Keras on test examples before it is kept. The preprocessing is
    inside; about.json beside the file has the class names, and what goes in and comes out.
    """
    targets, missing = _targets(format_name, quantize), []
    if format_name == _ALL:
        missing = missing_packages(targets, "--format")
        targets = [each for each in targets if not each.format.missing()]
    check_packages(targets, "--format")
    folder = _folder(to, run_or_model, format_name, targets, Path(output), data, force=force)
    folder.check()
    with tensorflow_log.captured():
        from cnncli.export.export_model import Exporter
        from cnncli.inference.model_loading import open_model
        from cnncli.training import devices

        devices.choose("cpu", cpu_name="CPU")
        trained = open_model(run_or_model, outputs=Path(output))
        with folder.writing() as new:
            exporter = Exporter(trained, scratch=new / _SCRATCH, data=data, most_scored=_MOST_SCORED)
            if not (as_json or quiet):
                for note in [*missing, *exporter.notes]:
                    console.show_note(note)
            is_single = format_name != _ALL
            say = (lambda _: None) if as_json or quiet else console.say
            done, refused = _export(exporter, targets, new, say, example=example, is_single=is_single)
            table = _table(exporter, done)
            if not is_single:
                (new / _TABLE).write_text(_markdown(table, refused, exporter.examples.described), encoding="utf-8")
            shutil.rmtree(new / _SCRATCH, ignore_errors=True)
    if as_json:
        notes = [*missing, *exporter.notes]
        console.print_json(_as_json(exporter, done, refused, notes, folder.path, trained.name, is_single=is_single))
    else:
        scripts = [folder.path if is_single else folder.path / each.target.name for each in done] if example else []
        _show(exporter, table, refused, folder.path, scripts, quiet=quiet)
    if any(error.is_disagreement for _, error in refused):
        raise typer.Exit(ModelFileError.exit_code)


def _targets(name: str, quantization: str | None) -> list[Target]:
    """The formats that are asked for.

    Raises:
        UsageError: a format or a quantization is not known.
    """
    if not name:
        hint = f"one of {', '.join(FORMATS)}, or {_ALL}"
        raise UsageError(Problem("--format is missing", hint))
    options.check_choice("--format", name, (*FORMATS, _ALL))
    if name == _ALL:
        if quantization is not None:
            hint = f"--format {_ALL} writes every quantization"
            raise UsageError(Problem(f"--quantize and --format {_ALL} exclude each other", hint))
        return every_target()
    if quantization is None:
        return [Target(FORMATS[name])]
    known = FORMATS[name].quantizations
    if not known:
        which = " or ".join(each.name for each in FORMATS.values() if each.quantizations)
        message = f"{FORMATS[name].title} has no quantization"
        raise UsageError(Problem(message, f"use --format {which}", Place("--quantize")))
    options.check_choice("--quantize", quantization, known)
    return [Target(FORMATS[name], quantization)]


def _folder(
    to: Path | None,
    run_or_model: str | None,
    format_name: str,
    targets: Sequence[Target],
    outputs: Path,
    data: str | None,
    *,
    force: bool,
) -> NewFolder:
    from cnncli.export.about_export import is_export
    from cnncli.runs.new_folder import NewFolder

    name = targets[0].name if format_name != _ALL else "export"
    path = to or Path(f"{_stem(run_or_model, outputs)}-{name}")
    reads = [data] if data is not None else data_files.data_of_run(run_or_model, outputs)
    return NewFolder(path, "--to", is_export, reads, force=force)


def _stem(run_or_model: str | None, outputs: Path) -> str:
    """What the default folder is called after: the recipe of a run, or the name of a file."""
    from cnncli import runs
    from cnncli.runs.output_files import run_of
    from cnncli.runs.record import MODEL

    path = Path(run_or_model or "")
    if path.suffix == ".keras":
        return path.absolute().parent.parent.name if path.name == MODEL and run_of(path) else path.stem
    return runs.find(outputs, run_or_model, require_model=True).absolute().parent.name


def _export(
    exporter: Exporter,
    targets: Sequence[Target],
    folder: Path,
    say: Callable[[str], None],
    *,
    example: bool,
    is_single: bool,
) -> tuple[list[Exported], list[tuple[Target, NotExported]]]:
    """Export to each target; of several, those that cannot be had are returned with the reason.

    Raises:
        NotExported: the only one cannot be had.
    """
    from cnncli.export.export_model import NotExported

    done: list[Exported] = []
    refused: list[tuple[Target, NotExported]] = []
    for target in targets:
        say(f"{target.name} …")
        place = folder if is_single else folder / target.name
        place.mkdir(exist_ok=True)
        try:
            done.append(exporter.export(target, place, example=example))
        except NotExported as error:
            if is_single:
                raise
            shutil.rmtree(place)
            refused.append((target, error))
    return done, refused


def _table(exporter: Exporter, done: Sequence[Exported]) -> tuple[list[str], list[list[str]]]:
    """Titles and rows: the model in Keras, then each export."""
    has_decisions = any(each.agreement.decisions for each in done)
    score = next(iter(exporter.keras_scores), "")
    sizes = list(exporter.keras_milliseconds)
    titles = ["format", "size", "difference", *(["agreement"] if has_decisions else []), *([score] if score else [])]
    titles += [f"ms at {size}" for size in sizes]
    rows = []
    for each in [None, *done]:
        scores = each.scores if each else exporter.keras_scores
        times = each.milliseconds if each else exporter.keras_milliseconds
        row = [each.target.name, size_text(each.bytes), f"{each.agreement.largest_difference:.1e}"] if each else _KERAS
        if has_decisions:
            row = [*row, share_text(each.agreement.equal_decisions, each.agreement.decisions) if each else ""]
        rows.append([*row, *([cell(scores[score])] if score else []), *(f"{times[size]:.2f}" for size in sizes)])
    return titles, rows


def _markdown(
    table: tuple[list[str], list[list[str]]], refused: Sequence[tuple[Target, NotExported]], described: str
) -> str:
    titles, rows = table
    lines = [f"Compared with Keras on: {described}.", "", "| " + " | ".join(titles) + " |", "|" + "---|" * len(titles)]
    lines += ["| " + " | ".join(row) + " |" for row in rows]
    lines += ["", *(f"- {line}" for line in _not_had(refused))]
    return "\n".join(lines).rstrip() + "\n"


def _not_had(refused: Sequence[tuple[Target, NotExported]]) -> list[str]:
    """What cannot be had and why, formats with the same reason together."""
    formats: dict[str, list[str]] = {}
    for target, error in refused:
        formats.setdefault(error.why, []).append(target.name)
    return [f"not {listed(names, len(names))}: {why}" for why, names in formats.items()]


def _show(
    exporter: Exporter,
    table: tuple[list[str], list[list[str]]],
    refused: Sequence[tuple[Target, NotExported]],
    folder: Path,
    scripts: Sequence[Path],
    *,
    quiet: bool,
) -> None:
    titles, rows = table
    if not quiet:
        examples = exporter.examples
        wrapping.show(wrapping.wrapped(f"Compared with Keras on {examples.count:,} examples: {examples.described}"))
        console.stdout().print()
        console.show_table(titles, rows)
        if refused:
            console.stdout().print()
        for line in _not_had(refused):
            wrapping.show(wrapping.wrapped(line))
        console.stdout().print()
    console.stdout().print(printable(str(folder)))
    if not quiet:
        commands = [f"python {shlex.quote(str(each / 'predict.py'))} FILE" for each in scripts[:1]]
        console.say_pairs([("Next", commands[0] if commands else "--example writes a script that uses it")])


def _as_json(
    exporter: Exporter,
    done: Sequence[Exported],
    refused: Sequence[tuple[Target, NotExported]],
    notes: Sequence[Problem],
    folder: Path,
    model: str,
    *,
    is_single: bool,
) -> dict[str, Any]:
    return {
        **console.SCHEMA,
        "model": model,
        "folder": str(folder),
        "data": exporter.examples.described,
        "examples": exporter.examples.count,
        "keras": {"scores": exporter.keras_scores, "milliseconds": exporter.keras_milliseconds},
        "exports": [
            {"path": str((folder if is_single else folder / each.target.name) / each.target.format.file)}
            | each.as_json()
            for each in done
        ],
        "refused": [
            {
                "format": target.format.name,
                "quantization": target.quantization,
                "why": error.why,
                "problems": [problem.as_json() for problem in error.problems],
            }
            for target, error in refused
        ],
        "notes": [note.as_json() for note in notes],
    }
