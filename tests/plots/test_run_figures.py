"""What a run draws at its end."""

from pathlib import Path
from types import SimpleNamespace

import pytest

from cnncli.plots import run_figures
from cnncli.recipe.schema_pictures import Picture


def test_a_run_draws_no_more_pictures_than_its_report_shows(monkeypatch: pytest.MonkeyPatch) -> None:
    room = []

    def draw_picture(*_: object, most: int) -> list[Path]:
        room.append(most)
        return [Path(f"{number}.png") for number in range(min(24, most))]

    monkeypatch.setattr(run_figures, "_curves", lambda *_: [Path("curves.png"), Path("curves.svg")])
    monkeypatch.setattr(run_figures, "draw_evaluation", lambda *_, **__: [Path("confusion.png")] * 4)
    monkeypatch.setattr(run_figures, "draw_picture", draw_picture)
    pictures = [Picture(feature_maps={})] * 5 + [Picture(filters={"layers": ["a", "b"]})]
    recipe = SimpleNamespace(name="r", evaluate=SimpleNamespace(split="test"), visualize=pictures)

    network, splits, samples = SimpleNamespace(model=None), SimpleNamespace(test=None), [Path("samples.png")]
    files = run_figures.draw_results(Path(), recipe, network, None, None, splits, samples)

    # 100 without the 6 of the run, the two of filters, and one for each of the others that are to come
    assert room == [100 - 6 - 2 - 4, 64 + 1, 41 + 1, 18 + 1, 1, 2]
    assert sum(file.suffix == ".png" for file in files) == 100
