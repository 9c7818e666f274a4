"""The model card of a run as Markdown."""

from __future__ import annotations

import hashlib
import re
import shlex
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cnncli import __version__
from cnncli.model_card import markdown
from cnncli.model_card.about_run import AboutRun
from cnncli.model_card.evaluation_section import evaluation
from cnncli.model_card.header import as_header, metadata
from cnncli.model_card.limits import limits
from cnncli.model_card.public_text import without_paths
from cnncli.model_card.sections import data, network, training
from cnncli.model_card.usage import usage
from cnncli.model_card.wishes import Wishes
from cnncli.report import Material

README = "README.md"
_MARK = re.compile(rb"<!-- written by cnncli \S+; sha256 of the text above: ([0-9a-f]{64}) -->\n\Z")
_LONGEST_RECIPE = 30_000  # characters
_MOST_BYTES = 10_000_000


@dataclass(frozen=True)
class Card:
    """A model card.

    Attributes:
        text: the whole file.
        metadata: its header as plain data.
    """

    text: str
    metadata: dict[str, Any]


def write(material: Material, wishes: Wishes, *, pictures: Sequence[tuple[str, str]] = ()) -> Card:
    """Write the card of a finished run; the same folder and wishes give the same card.

    Args:
        pictures: relative links and what they show.

    Raises:
        OutputError: the run is not finished, or cannot be read.
    """
    run = AboutRun.of(material)
    name = wishes.name or run.recipe.name
    header = metadata(run, name, wishes)
    body = "\n".join(_lines(run, name, wishes, pictures)).rstrip("\n")
    text = f"{as_header(header)}\n{body}\n\n"
    digest = hashlib.sha256(text.encode()).hexdigest()
    return Card(f"{text}<!-- written by cnncli {__version__}; sha256 of the text above: {digest} -->\n", header)


def is_unedited(path: Path) -> bool:
    """Whether a file is a card as cnncli wrote it, so that nothing is lost where another takes its place."""
    try:
        if not path.is_file() or path.stat().st_size > _MOST_BYTES:
            return False
        content = path.read_bytes()
    except OSError:
        return False
    found = _MARK.search(content)
    return found is not None and hashlib.sha256(content[: found.start()]).hexdigest() == found[1].decode()


def _lines(run: AboutRun, name: str, wishes: Wishes, pictures: Sequence[tuple[str, str]]) -> Iterator[str]:
    yield from (f"# {markdown.escaped(name)}", "")
    if run.recipe.about.strip():
        yield from (markdown.escaped(run.public(run.recipe.about)), "")
    yield from (markdown.escaped(_summary(run)), "")
    if wishes.author:
        yield from (f"Developed by {markdown.escaped(wishes.author)}.", "")
    for title, lines in (
        ("Data", data(run)),
        ("Network", network(run)),
        ("Training", training(run)),
        ("Evaluation", evaluation(run, pictures)),
        ("Limits", markdown.sentences(limits(run))),
        ("How to use it", usage(run)),
        ("How to reproduce it", _reproduction(run)),
    ):
        yield from (f"## {title}", "")
        yield from lines
    if wishes.author:
        yield from ("## Citation", "")
        yield from markdown.code(_citation(run, name, wishes.author), "bibtex")


def _summary(run: AboutRun) -> str:
    """What the model is, in two sentences."""
    versions = run.material.record.environment.versions
    made = [f"{word} {versions[key]}" for key, word in _MADE_WITH.items() if versions.get(key)]
    does = run.part.does(run.targets, run.inputs_text)
    params = run.material.record.params
    size = f" of {params:,} parameters" if params is not None else ""
    ended = run.material.run.summary.ended
    when = f" on {ended:%Y-%m-%d}" if ended else ""
    using = f" with {', '.join(made)}" if made else ""
    return f"A neural network{size} that {does}. It was trained{when}{using}."


_MADE_WITH = {"cnncli": "cnncli", "keras": "Keras", "tensorflow": "TensorFlow"}


def _reproduction(run: AboutRun) -> Iterator[str]:
    record = run.material.record
    settings = [run.public(each) for each in record.settings] if _is_whole(run) else []  # a resolved one has them
    if record.seed is not None and not any(each.startswith("train.seed=") for each in settings):
        settings.append(f"train.seed={record.seed}")
    command = shlex.join(["cnncli", "train", "recipe.yaml", *(part for each in settings for part in ("--set", each))])
    yield from ("With the run's recipe as `recipe.yaml`, and the data where it says:", "")
    yield from markdown.code([command], "bash")
    version = record.environment.versions.get("cnncli")
    wanted = f"cnncli {version}" if version else "the same version of cnncli"
    told = f"The same numbers come out with {wanted}, the versions above and data with the fingerprint above"
    yield from (markdown.escaped(f"{told}; on another machine the last digits may differ."), "")
    recipe = public_recipe(run).rstrip("\n")
    if 0 < len(recipe) <= _LONGEST_RECIPE:
        yield from ("<details>", "<summary>recipe.yaml</summary>", "")
        yield from markdown.code(recipe.splitlines(), "yaml")
        yield from ("</details>", "")


def public_recipe(run: AboutRun) -> str:
    """The recipe as it was written, or with everything filled in where it extends another one; without private paths."""
    return run.public(run.material.recipe_text if _is_whole(run) else run.material.resolved_text)


def _is_whole(run: AboutRun) -> bool:
    """Whether the recipe as it was written stands alone."""
    return not re.search(r"^extends\s*:", run.material.recipe_text, re.MULTILINE)


def _citation(run: AboutRun, name: str, author: str) -> Iterator[str]:
    ended = run.material.run.summary.ended
    key = re.sub(r"[^A-Za-z0-9]+", "_", name).strip("_").lower() or "model"
    yield f"@misc{{{key},"
    yield f"  author = {{{_in_bibtex(author)}}},"
    yield f"  title = {{{_in_bibtex(name)}}},"
    if ended:
        yield f"  year = {{{ended:%Y}}},"
    yield "}"


def _in_bibtex(text: str) -> str:
    return re.sub(r"([{}%#$&_\\])", r"\\\1", without_paths(" ".join(text.split())))
