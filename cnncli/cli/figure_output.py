"""Output of the commands that draw a network: the folder, the pictures, the list of layers, the notes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cnncli.cli import console, data_files
from cnncli.errors import Place, Problem, UsageError
from cnncli.messages import printable

if TYPE_CHECKING:
    from cnncli.inference.model_loading import TrainedModel
    from cnncli.interpretability.subject import Subject
    from cnncli.network.flatten_submodels import Opened
    from cnncli.plots.drawn import Drawn
    from cnncli.runs.output_files import OutputFolder


def check_folder(to: Path | None, reads: Sequence[Path], *, force: bool) -> None:
    """Refuse, before TensorFlow is imported, a `--to` that cannot be written; `folder_for` knows more.

    Raises:
        OutputError: with the path and the reason.
    """
    from cnncli.runs.output_files import OutputFolder, run_of

    if to is not None and run_of(to) is None:
        OutputFolder(to, "--to", reads, force=force).check()


def check_invert(invert: bool, images: Sequence[Path]) -> None:
    """Refuse `--invert` without an image file: examples of the data are what they are.

    Raises:
        UsageError: there is none.
    """
    if invert and not images:
        raise UsageError(
            Problem("it swaps dark and light in image files, and none is named", "--image FILE", Place("--invert"))
        )


def folder_for(trained: TrainedModel, to: Path | None, reads: Sequence[Path] = (), *, force: bool) -> OutputFolder:
    """Where pictures go: the folder that is asked for, the run's figures, or the folder of the model's file.

    Pictures of the run's own figures are replaced: they answer the same question. Other files are kept without `force`.

    Raises:
        OutputError: the folder cannot or must not be written.
    """
    from cnncli.runs.output_files import OutputFolder

    figures = trained.run / "figures" if trained.run else None
    folder = to or figures or Path(trained.name).parent
    own = [figures] if figures else []
    data = data_files.data_of(trained.recipe.recipe) if to and trained.recipe else []
    made = OutputFolder(folder, "--to" if to else "", [*reads, *data], own, force)
    made.check()
    return made


def formats(svg: bool) -> tuple[str, ...]:
    return ("png", "svg") if svg else ("png",)


def subject_of(trained: TrainedModel, about: str | None = None) -> Subject:
    """The network of a command, ready to be looked at.

    Args:
        about: the name of the input that is meant, as `--input` gives it.

    Raises:
        ModelFileError: it takes no signal, image, volume or sequence of tokens, or its weights are no numbers.
        RecipeError: no input has that name.
    """
    from cnncli.errors import ModelFileError
    from cnncli.interpretability.layer_selection import check_finite, check_input
    from cnncli.interpretability.subject import subject_for
    from cnncli.network.flatten_submodels import opened

    if len(trained.model.inputs) != 1 and not trained.names_its_inputs:
        raise ModelFileError(f"{trained.name} takes {len(trained.model.inputs)} inputs, and a picture shows one")
    order = trained.input_shape if isinstance(trained.input_shape, dict) else ()
    network = check_input(opened(trained.network, trained.tensors), trained.name, about, order)
    check_finite(trained.network, trained.name)
    name = trained.recipe.recipe.name if trained.recipe else Path(trained.name).stem
    return subject_for(network, name, trained.targets)


def show_layers(name: str, network: Opened, names: Iterable[str], *, as_json: bool) -> None:
    """Layers by name, with their kinds and what leaves them."""
    from cnncli.interpretability.layer_selection import describe

    rows = [(layer, type(network.layers[layer]).__name__, describe(network, layer)) for layer in names]
    if as_json:
        console.print_json({"model": name, "layers": {layer: f"{kind}: {shape}" for layer, kind, shape in rows}})
    else:
        console.stdout().print(console.table(["layer", "kind", "gives"], rows, left=3))


def show_drawn(
    trained: TrainedModel,
    drawn: Drawn,
    *,
    word: str,
    notes: Sequence[Problem] = (),
    as_json: bool,
    quiet: bool,
) -> None:
    """The files on stdout, one a line; notes on stderr.

    Args:
        word: what the details are called in JSON.
    """
    figures = [str(path) for path in drawn.files]
    if as_json:
        details: dict[str, Any] = {word: list(drawn.details)} if drawn.details else {}
        said = [note.as_json() for note in notes]
        console.print_json({"model": trained.name, "figures": figures, **details, "notes": said})
        return
    if not quiet:
        for note in notes:
            console.show_note(note)
    for path in figures:
        console.stdout().print(printable(path))
