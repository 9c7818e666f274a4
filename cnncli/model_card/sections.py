"""The sections of a model card about data, network and training."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from cnncli.messages import counted, size_text
from cnncli.model_card import markdown
from cnncli.model_card.about_run import AboutRun, pretrained
from cnncli.model_card.parts import MOST_CLASSES
from cnncli.network.row_text import kind_with_detail
from cnncli.network.summary_json import Box, DrawnNetwork, Layer
from cnncli.recipe.named_inputs import inputs_of
from cnncli.report import facts, values

_MOST_LAYERS = 40  # of more, blocks are one row
_MOST_ROWS = 120
_SPLITS = {"train": "training"}
# What stands in other sections.
_NOT_HERE = ("Data", "Classes", "Command", "Note", "Input", "Inputs", "Trainable parameters", "Changed by --set")


def data(run: AboutRun) -> Iterator[str]:
    """Source, counts by split and class, fingerprint, what was skipped."""
    record = run.material.record.data
    pairs = [("Source", [run.public(record.source)])]
    word, lines = run.material_targets
    pairs.append((word, lines))
    if run.is_one_input:
        pairs.append(("Input", [run.inputs_text]))
    else:
        pairs.append(("Inputs", [f"{name} {values.shape(shape)}" for name, shape in run.shapes.items()]))
    if span := _span(run):
        pairs.append(("Values", [span]))
    if record.skipped:
        pairs.append(("Skipped", [f"{counted(len(record.skipped), 'file')} that could not be read"]))
    pairs.append(("Fingerprint", [str((record.model_extra or {}).get("fingerprint") or values.MISSING)]))
    yield from markdown.facts(pairs)
    yield from _counts(run)
    for each in inputs_of(run.recipe.data):
        of = "" if run.is_one_input else f" of the input {each.name}"
        if each.prepare:
            named = facts.described_all(each.prepare)
            yield from (markdown.escaped(f"Preprocessing{of}, part of the model: {named}."), "")
        if each.augment:
            named = facts.described_all(each.augment)
            yield from (markdown.escaped(f"Augmentation{of}, in training only: {named}."), "")


def _counts(run: AboutRun) -> Iterator[str]:
    """How many examples each split has, and where each has one class, each class."""
    names, counts = run.targets.class_names, run.counts
    splits = [split for split in counts if counts[split]]
    if not splits:
        return
    titles = [_SPLITS.get(split, split) for split in splits]
    total = ["all" if len(names) > 1 else "examples", *(f"{sum(counts[split]):,}" for split in splits)]
    if not names or any(len(counts[split]) != len(names) for split in splits):
        yield from markdown.table(["", *titles], [["examples", *total[1:]]])
        return
    rows = [[name, *(f"{counts[split][index]:,}" for split in splits)] for index, name in enumerate(names)]
    if len(rows) > MOST_CLASSES:
        yield from (f"The first {MOST_CLASSES} of {len(rows):,} classes:", "")
    yield from markdown.table(["class", *titles], [*rows[:MOST_CLASSES], total])


def _span(run: AboutRun) -> str:
    found = run.input_range
    return f"from {values.decimal(found[0])} to {values.decimal(found[1])} in the training examples" if found else ""


def network(run: AboutRun) -> Iterator[str]:
    """Totals and a table of layers."""
    found, record = run.material.network, run.material.record
    lines = [f"{record.params:,}"] if record.params is not None else []
    if record.trainable_params not in (None, record.params):
        lines.append(f"{record.trainable_params:,} of them trainable")
    pairs: list[tuple[str, Sequence[str]]] = [("Parameters", lines)] if lines else []
    if found:
        pairs.insert(0, ("Layers", [f"{len(found.layers):,}"]))
        pairs.append(("Multiply-adds", [f"{found.multiply_adds:,} for one example"]))
        size = found.weight_bytes
        pairs.append(("Size of the weights", [size_text(size) if size >= 1000 else counted(size, "byte")]))
    if named := pretrained(run.recipe):
        pairs.append(("Pretrained weights", named))
    yield from markdown.facts(pairs)
    if found:
        yield from _layers(found)
    else:
        yield from ("The table of its layers, network.json, is missing.", "")


def _layers(found: DrawnNetwork) -> Iterator[str]:
    rows: Sequence[Layer | Box] = found.layers
    if len(rows) > _MOST_LAYERS and found.boxes:
        rows = found.boxes
    cells = [
        [
            _name(row),
            kind_with_detail(row.kind or "", row.detail),
            values.shape(row.output_shape),
            values.whole(row.params),
            values.whole(row.multiply_adds),
        ]
        for row in rows[:_MOST_ROWS]
    ]
    yield from markdown.table(["layer", "kind", "output", "parameters", "multiply-adds"], cells, left=3)
    if len(rows) > _MOST_ROWS:
        yield from (f"The first {_MOST_ROWS} of {len(rows):,} rows; `cnncli summary recipe.yaml` shows all.", "")


def _name(row: Layer | Box) -> str:
    if isinstance(row, Box) and row.repeat:
        return f"{row.name} … {row.repeat.last} ×{row.repeat.times}"
    if isinstance(row, Box) and row.layer_count > 1:
        return f"{row.name} ({row.layer_count:,} layers)"
    return row.name


def training(run: AboutRun) -> Iterator[str]:
    """Optimizer, epochs, time, hardware and versions."""
    targets = run.material_targets[0]
    known = [pair for pair in facts.facts(run.material) if pair[0] not in (*_NOT_HERE, targets)]
    pairs = [(word, [run.public(line) for line in lines]) for word, lines in known]
    pairs.insert(0, ("Loss", [facts.described_all(run.losses)]))
    if settings := run.material.record.settings:
        pairs.append(("Changed by --set", [run.public(setting) for setting in settings]))
    pairs.append(("Hardware", _hardware(run)))
    yield from markdown.facts((word, lines) for word, lines in pairs if any(lines))


def _hardware(run: AboutRun) -> list[str]:
    found = run.material.record.environment
    gpus = [f"{gpu.name}, driver {gpu.driver}" if gpu.driver else gpu.name for gpu in found.gpus]
    memory = f"{size_text(found.memory_bytes)} of memory" if found.memory_bytes else ""
    processor = found.cpu.model if found.cpu.model != run.material.record.device.name else None
    return list(filter(None, [processor or "", *gpus, memory, found.os or ""]))
