"""Wrong command lines, runs that are not there, disks that cannot be written."""

from __future__ import annotations

import shutil
from pathlib import Path

from wrong_inputs.making import ANY, EVALUATE, MODEL, TRAIN, Make, Row, full_disk, nothing, recipe, removed, written

OTHER_FOLDER = "    give another folder with --output DIR"


def a_file(name: str) -> Make:
    def make(folder: Path) -> None:
        shutil.rmtree(folder / "outputs")
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text("mine")

    return make


USAGE = [
    Row("an unknown command", nothing, "trian x", 2,
        "error: No such command 'trian'. Did you mean 'train', 'track'?\n    see: cnncli --help"),
    Row("no recipe", nothing, "train", 2,
        "error: the argument RECIPE is missing\n    for example: cnncli train mnist; `cnncli recipes` lists the shipped recipes"),
    Row("an unknown option", recipe(), f"{TRAIN} --epoch 3", 2,
        f"error: No such option: --epoch{ANY}--epochs{ANY}\n    see: cnncli train --help"),
    Row("--epochs 0", recipe(), f"{TRAIN} --epochs 0", 2, "error: --epochs: expected an integer ≥ 1, got 0"),
    Row("--epochs five", recipe(), f"{TRAIN} --epochs five", 2,
        f"error: --epochs: {ANY}integer{ANY}\n    see: cnncli train --help"),
    Row("--epochs that no phase takes", recipe(("epochs: 1", "phases: [{epochs: 1}]")), f"{TRAIN} --epochs 3", 2,
        "error: --epochs: every phase of the recipe sets its own epochs\n"
        "    change one of them: --set train.phases.0.epochs=3"),
    Row("--device cuda", recipe(), f"{TRAIN} --device cuda", 2,
        "error: --device: unknown choice `cuda`\n    one of: auto, cpu, gpu"),
    Row("--split tst", nothing, f"{EVALUATE} --split tst", 2,
        "error: --split: unknown choice `tst`\n    did you mean `test`?\n    one of: test, validation, train"),
]  # fmt: skip
STORAGE = [
    Row("a run that exists", nothing, "train small.yaml --run first", 6,
        f"error: run exists (finished {ANY} UTC, val_accuracy {ANY}): outputs/small/first\n    use another --run NAME",
        with_run=True),
    Row("a disk without room", recipe(), TRAIN, 6,
        f"error: outputs needs room for {ANY} MB, and 10 kB are free on /{ANY}\n"
        "    free some space there, or give another folder with --output DIR", patch=full_disk),
    Row("outputs is a file", a_file("outputs"), "train small.yaml", 6,
        f"error: outputs is a file, not a folder\n{OTHER_FOLDER}", with_run=True),
    Row("the recipe's folder is a file", a_file("outputs/small"), "train small.yaml", 6,
        f"error: outputs/small is a file, not a folder\n{OTHER_FOLDER}", with_run=True),
    Row("no run yet", nothing, "evaluate", 6, "error: no runs in outputs/ yet\n    train one with: cnncli train mnist"),
    Row("a run misspelt", nothing, "evaluate smal", 6,
        "error: no run or recipe 'smal' in outputs/\n    did you mean small?", with_run=True),
    Row("a folder that is no run", lambda f: (f / "mine").mkdir(), "visualize-filters mine", 6,
        "error: mine is not a run's folder: it has no run.json\n    there are: small, small/first", with_run=True),
    Row("a record cut off", written("{", "outputs/small/first/run.json"), EVALUATE, 6,
        f"error: outputs/small/first/run.json is damaged: its JSON breaks at line 1\n    {ANY}", with_run=True),
    Row("a resolved recipe cut off", written("{", "outputs/small/first/resolved.yaml"), EVALUATE, 6,
        "error: outputs/small/first/resolved.yaml is damaged: `{` is not closed\n    train it again", with_run=True),
    Row("no resolved recipe", removed("outputs/small/first/resolved.yaml"), EVALUATE, 6,
        "error: outputs/small/first is not complete: resolved.yaml is missing\n    train it again", with_run=True),
    Row("a run without a model", removed(MODEL), EVALUATE, 6,
        f"error: outputs/small/first has no model.keras (its status is completed)\n    {ANY}", with_run=True),
    Row("pictures into a file", nothing, "visualize-filters small --to small.yaml", 6,
        "error: --to: small.yaml is a file, not a folder\n    name another folder", with_run=True),
]  # fmt: skip
