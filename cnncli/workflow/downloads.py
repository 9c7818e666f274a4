"""Check that the weights that a run will download can be downloaded, without downloading them."""

from __future__ import annotations

from collections.abc import Iterable

from cnncli.data.sources.download import DownloadFailed, size_of
from cnncli.errors import NetworkError, Problem
from cnncli.network.pretrained_weights import ImagenetWeights


def check_downloads(wanted: Iterable[ImagenetWeights]) -> list[Problem]:
    """Ask for every file of weights that is not on this machine.

    Returns:
        A note for each.

    Raises:
        NetworkError: some cannot be had; each at its place in the recipe.
    """
    notes, problems = [], []
    for weights in wanted:
        if weights.is_here():
            continue
        name = f"the ImageNet weights of {weights.application}"
        try:
            size = size_of(weights.url)
        except DownloadFailed as error:
            offline = "offline: " if error.offline else ""
            hint = f"{error}\nput {weights.url} at {weights.file}, or name a file: weights: path/to/file.weights.h5"
            problems.append(Problem(f"{offline}{name} are not cached and the download failed", hint, path=weights.path))
        else:
            much = f", {size / 1e6:,.0f} MB" if size else ""
            notes.append(Problem(f"{name} will be downloaded{much}", f"to {weights.file}", path=weights.path))
    if problems:
        raise NetworkError(problems)
    return notes
