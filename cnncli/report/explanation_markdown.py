"""The explanation of a network as Markdown that GitHub renders."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from cnncli.messages import printable
from cnncli.network.explanation import FIELD, LEGEND, MULTIPLY_ADDS, PARAMETERS

if TYPE_CHECKING:
    from cnncli.network.explanation import Explanation, LayerExplanation


def explanation_markdown(found: Explanation) -> str:
    """Render the whole file."""
    return "\n".join(_lines(found)) + "\n"


def escaped(text: str) -> str:
    """A text that Markdown shows as it is: no markup, no HTML, no mention, no formula."""
    return re.sub(r"([\\`*_{}\[\]<>#|~$@&!])", r"\\\1", printable(text)).replace(r"\@", "&#64;")


def _lines(found: Explanation) -> Iterator[str]:
    yield f"# {escaped(found.name)}"
    yield ""
    if found.about:
        yield from (escaped(found.about), "")
    yield "| layer | class | output | parameters | multiply-adds | receptive field |"
    yield "|---|---|---|--:|--:|--:|"
    for layer in found.layers:
        cells = (
            layer.name,
            layer.what,
            layer.output_text,
            *map(layer.value, (PARAMETERS, MULTIPLY_ADDS, FIELD)),
        )
        yield f"| {' | '.join(map(escaped, cells))} |"
    yield ""
    if found.augmentation:
        yield from ("## Augmentation, in training only", "")
        yield from (f"- **{escaped(kind)}**: {escaped(purpose)}" for kind, purpose in found.augmentation)
        yield ""
    yield from ("## Layer by layer", "")
    for layer in found.layers:
        yield from _layer(layer)
    if found.conclusion:
        yield from ("## The whole network", "")
        for paragraph in found.conclusion:
            yield from (escaped(paragraph), "")
    yield from ("## How to read the numbers", "")
    yield from (f"- {escaped(entry)}" for entry in LEGEND)


def _layer(layer: LayerExplanation) -> Iterator[str]:
    yield from (f"### {escaped(layer.name)}", "")
    about = [layer.what, *([f"in {', '.join(layer.within)}"] if layer.within else [])]
    about += [f"from {layer.sources}"] if layer.sources else []
    yield from (f"{escaped('; '.join(about))}", "", escaped(layer.purpose), "")
    pairs = [("shape", layer.shapes), *((formula.label, str(formula)) for formula in layer.formulas)]
    column = max(len(word) for word, _ in pairs)
    yield "```text"  # numbers and words of ours alone
    yield from (f"{word:<{column}}  {text}" for word, text in pairs)
    yield from ("```", "")
    yield from (f"- {escaped(note)}" for note in layer.notes)
    if layer.notes:
        yield ""
