"""Send a run to Weights & Biases, or write the files of an offline run into the run's folder."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from cnncli.recipe.schema_trackers import Wandb
from cnncli.trackers.tracked_run import TrackedRun, numbers
from cnncli.trackers.tracker import TrackerRun, Unreachable

FOLDER = "wandb"
_CONNECTING = 20.0  # seconds


class WandbTracker:
    """One run of Weights & Biases for each run, whose id there is the id of the run."""

    def __init__(self, settings: Wandb) -> None:
        self.settings = settings

    def start(self, run: TrackedRun) -> TrackerRun:
        import wandb

        settings, environment = self.settings, os.environ
        mode = settings.mode or environment.get("WANDB_MODE") or "online"
        self.folder = Path(environment.get("WANDB_DIR") or run.path)
        self.earlier = sorted((self.folder / FOLDER).glob(f"offline-run-*-{run.id}"))
        is_offline = mode == "offline"
        try:
            self.wandb = wandb.init(
                project=settings.project or run.label.partition("/")[0],
                entity=settings.entity,
                id=run.id,
                name=environment.get("WANDB_NAME") or run.label,
                group=environment.get("WANDB_RUN_GROUP") or run.fold_set or None,
                notes=run.about or None,
                config={**run.parameters, "cnncli": dict(run.tags)},
                dir=str(self.folder),
                mode=mode,  # type: ignore[arg-type]  # the schema lets no other pass
                resume=None if is_offline else "allow",
                settings=wandb.Settings(**_quiet(wandb.Settings)),
            )
        except wandb.errors.CommError as error:
            raise Unreachable(f"no answer: {error}") from error
        except wandb.errors.UsageError as error:
            raise Unreachable(str(error)) from error
        self.first_step = self.wandb.step  # of a run that goes on, the one after its last
        self.rows: list[Mapping[str, Any]] = []
        place = f"{self.folder / FOLDER}" if is_offline else str(self.wandb.project)
        return TrackerRun(
            place, run.id, not (self.earlier or self.first_step), "" if is_offline else self.wandb.url or ""
        )

    def log_epochs(self, rows: Sequence[Mapping[str, Any]]) -> None:
        self.rows += rows
        for row in rows:
            if int(row["epoch"]) >= self.first_step:
                self.wandb.log(numbers(row), step=int(row["epoch"]))

    def finish(self, run: TrackedRun) -> None:
        import wandb

        self.wandb.summary.update({**run.results, "status": run.status, "epochs": len(self.rows)})
        has_new = self.first_step <= len(self.rows)
        there = set() if has_new else set(self.wandb.summary.keys())
        new = {f"figures/{picture.stem}": picture for picture in run.pictures}
        pictures = {name: wandb.Image(str(picture)) for name, picture in new.items() if name not in there}
        if pictures:
            self.wandb.log(pictures, step=max(self.wandb.step, len(self.rows)))
        for file in run.files:
            self.wandb.save(str(file), base_path=str(run.path), policy="now")
        if run.model and self.settings.model:
            model = wandb.Artifact(f"model-{run.id}", "model", metadata={"run": run.label})
            model.add_file(str(run.model), policy="immutable", skip_cache=True)
            self.wandb.log_artifact(model)
        self.wandb.finish(exit_code=0 if run.status == "completed" else 1)
        for folder in self.earlier:  # all of it is in the new one
            shutil.rmtree(folder, ignore_errors=True)


def _quiet(known: Any) -> dict[str, Any]:
    """Settings that send nothing but the values of the run, and print nothing."""
    wanted = {
        "console": "off",
        "silent": True,
        "disable_code": True,
        "disable_git": True,
        "symlink": False,
        "init_timeout": _CONNECTING,
        "x_disable_stats": True,
        "x_disable_meta": True,
        "x_disable_machine_info": True,
        "x_save_requirements": False,
    }
    return {name: value for name, value in wanted.items() if name in known.model_fields}
