"""What happened is said: stopping, schedules, expectations, scores that do not exist."""

from __future__ import annotations

import json
from pathlib import Path

from cases.making import U8, Case, Done


def small(train: str, *, name: str = "told", more: str = "") -> tuple[str, str]:
    """A recipe in NAME.yaml that trains a small network on 200 digits."""
    data = "data:\n  source: {npz: {path: u8.npz}}\n  limit: 200\n"
    text = U8.replace("name: u8", f"name: {name}").replace("data:\n  source: {npz: {path: u8.npz}}\n", data)
    return f"{name}.yaml", f"{text[: text.index('train:')]}train: {{batch_size: 64, seed: 1, {train}}}\n{more}"


STOPS = small("epochs: 6, callbacks: [EarlyStopping: {monitor: val_loss, patience: 1, min_delta: 9}]")


def _is_extended(folder: Path, done: Done) -> None:
    record = json.loads((folder / "outputs/told/a/run.json").read_text())
    assert record["epochs"] == 4
    assert record["stopped"].startswith("EarlyStopping: ")
    assert record["resumes"][0]["extends"] is True


CASES: list[Case] = [
    Case(
        "EarlyStopping",
        ("train told.yaml --run a",),
        says=(
            "Stopped",
            "after epoch 2 of 6: EarlyStopping: val_loss did not improve by 9 for 1 epoch (patience 1) after epoch 1",
        ),
        files=(STOPS,),
    ),
    Case(
        "a run that EarlyStopping ended, extended",
        ("train told.yaml --run a", "train --resume told/a --epochs 8"),
        says=("epoch 3/8", "epoch 4/8", "Stopped", "after epoch 4 of 8: EarlyStopping"),
        files=(STOPS,),
        check=_is_extended,
    ),
    Case(
        "max_time",
        ("train told.yaml --run a",),
        says=("Stopped", "after epoch 1 of 6: max_time: 0.01 s are over"),
        files=(small("epochs: 6, max_time: 0.01 s"),),
    ),
]
