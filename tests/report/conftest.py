"""Runs' folders as a training leaves them, and a browser to look at their pages with."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import browser
import pytest
from made_runs import RECIPE, evaluation, network, png, predictions

from cnncli import runs


@pytest.fixture
def make_run(tmp_path: Path) -> Callable[..., Path]:
    """Make a run's folder: `make_run("first", class_names=["cat", "dog"], status="completed")`."""

    def make(
        name: str = "first",
        *,
        class_names: Sequence[str] = ("cat", "dog", "eel"),
        about: str = "Something.",
        pictures: dict[str, bytes] | None = None,
        epochs: int = 8,
        status: str = "completed",
        scored: dict[str, Any] | None = None,
        **fields: Any,
    ) -> Path:
        with runs.create(tmp_path / "outputs", "made", run_name=name) as run:
            text = RECIPE.format(about=runs.to_json(about).strip())
            run.write("recipe.yaml", text)
            run.write("resolved.yaml", text)
            rows = [
                {"epoch": number, "loss": math.exp(-number / 3), "val_loss": math.exp(-number / 4), "seconds": 1.0}
                for number in range(1, epochs + 1)
            ]
            run.write_history(rows)
            run.write_json("network.json", network().to_json())
            result = scored or evaluation(class_names)
            run.write_json("evaluation.json", result)
            if "confusion" in result:
                run.write("predictions.csv", predictions(result))
            for file, content in (pictures or {"filters-C1.png": png()}).items():
                run.write(f"figures/{file}", content)
            record = {
                "data": {
                    "source": "image folder photos",
                    "fingerprint": "f",
                    "task": "classification",
                    "class_names": list(class_names),
                    "counts": {"train": [5, 5, 6]},
                },
                "best": {"epoch": 7, "val_loss": 0.17, "monitor": "val_loss"},
                "params": 196,
                "epochs": epochs,
                "precision": {"policy": "mixed_bfloat16", "reason": "this processor has AMX"},
            }
            run.finish(status, **{**record, **fields})
        return run.path

    return make


@pytest.fixture(scope="session")
def tab(tmp_path_factory: pytest.TempPathFactory):
    """A tab of a headless Chromium; the test is skipped where there is none."""
    if browser.executable() is None:
        pytest.skip(f"no browser here: {', '.join(browser.NAMES)}")
    with browser.tab(tmp_path_factory.mktemp("browser")) as made:
        yield made
