"""`cnncli train`: train the network of a recipe."""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from cnncli.cli import (
    browser,
    console,
    find_learning_rate,
    finished_run,
    folds,
    new_run,
    options,
    resumed_run,
    tensorflow_log,
    train_set,
    training_processes,
)
from cnncli.distribute.meeting import START_TIMEOUT
from cnncli.errors import ExpectationError, Place, Problem, UsageError


def add_to(app: typer.Typer) -> None:
    app.command(epilog="Example: cnncli train mnist --set train.epochs=3")(train)


def train(
    recipe: Annotated[
        str | None,
        typer.Argument(metavar="RECIPE", help="A recipe file or the name of a shipped recipe; with --resume, a run."),
    ] = None,
    settings: options.Set = None,
    output: options.Outputs = options.DEFAULT_OUTPUTS,
    run: Annotated[
        str | None,
        typer.Option(
            "--run",
            metavar="NAME",
            help="Name of the run.",
            show_default="the date and time",
            rich_help_panel=options.OUTPUT,
        ),
    ] = None,
    epochs: Annotated[
        int | None,
        typer.Option(
            "--epochs",
            metavar="N",
            help="Train for N epochs.",
            show_default="train.epochs of the recipe",
            rich_help_panel=options.TRAINING,
        ),
    ] = None,
    resume: Annotated[
        bool,
        typer.Option(
            "--resume",
            help="Continue a stopped run: RECIPE is then a run (default: the newest stopped run). With --epochs, a "
            "finished run is trained further.",
            rich_help_panel=options.TRAINING,
        ),
    ] = False,
    fold: Annotated[
        str | None,
        typer.Option(
            "--fold",
            metavar="K",
            help="With `folds` in the recipe: test on fold K, or train all folds one after the other and show their mean.",
            rich_help_panel=options.TRAINING,
        ),
    ] = None,
    repeat: Annotated[
        int | None,
        typer.Option(
            "--repeat",
            metavar="N",
            help="Train N times, each with another seed, and show the mean and the interval of the scores.",
            rich_help_panel=options.TRAINING,
        ),
    ] = None,
    workers: Annotated[
        int | None,
        typer.Option(
            "--workers",
            metavar="N",
            help="Train in N processes on this machine, which share its GPUs. With --fold all or --repeat: train N at the "
            "same time.",
            show_default="1",
            rich_help_panel=options.SEVERAL,
        ),
    ] = None,
    devices: Annotated[
        int | None,
        typer.Option(
            "--devices",
            metavar="N",
            help="Train on N GPUs of this machine. With --device cpu: divide the processor into N devices.",
            show_default="all GPUs",
            rich_help_panel=options.SEVERAL,
        ),
    ] = None,
    hosts: Annotated[
        str | None,
        typer.Option(
            "--hosts",
            metavar="A:PORT,B:PORT",
            help="Train together with the processes at these addresses. The first is the chief, which writes the run.",
            show_default="from TF_CONFIG, SLURM or Kubernetes",
            rich_help_panel=options.SEVERAL,
        ),
    ] = None,
    rank: Annotated[
        int | None,
        typer.Option(
            "--rank",
            metavar="K",
            help="With --hosts: the number of this process, from 0.",
            rich_help_panel=options.SEVERAL,
        ),
    ] = None,
    start_timeout: Annotated[
        float,
        typer.Option(
            "--start-timeout",
            metavar="SECONDS",
            help="Wait this long for the other processes.",
            show_default="120",
            rich_help_panel=options.SEVERAL,
        ),
    ] = START_TIMEOUT,
    open_report: options.Open = False,
    track: Annotated[
        list[str] | None,
        typer.Option(
            "--track",
            metavar="TRACKER",
            help="Send the values of the run to a tracker: tensorboard, mlflow or wandb. Can be repeated.",
            rich_help_panel=options.OUTPUT,
        ),
    ] = None,
    device: options.Device = None,
    dry_run: Annotated[
        bool,
        typer.Option(
            "--dry-run", help="Check recipe, data and network. Nothing is written.", rich_help_panel=options.TRAINING
        ),
    ] = False,
    find_lr: Annotated[
        bool,
        typer.Option(
            "--find-lr",
            help="Suggest a learning rate and draw the loss over it. No run is created.",
            rich_help_panel=options.TRAINING,
        ),
    ] = False,
    to: Annotated[
        Path | None,
        typer.Option(
            "--to",
            metavar="FILE",
            help="Write the picture of --find-lr to this .png or .svg file.",
            show_default="a new file beside the runs of the recipe",
            rich_help_panel=options.OUTPUT,
        ),
    ] = None,
    force: options.Force = False,
    profile: Annotated[
        bool, typer.Option("--profile", help="Show how long each phase took.", rich_help_panel=options.OUTPUT)
    ] = False,
    as_json: options.Json = False,
    quiet: options.Quiet = False,
    verbose: options.Verbose = False,
) -> None:
    """Train a network from a recipe, evaluate it on the test split and draw what it learned.

    Each run has its own folder with the model, the metrics, the pictures, the report and the recipe.
    """
    started = time.monotonic()
    options.check_device(device)
    trackers = new_run.checked_trackers(track, resume=resume)
    resumed_run.check_epochs(epochs)
    training_processes.check_start_timeout(start_timeout)
    others = {
        "--resume": resume,
        "--dry-run": dry_run,
        "--run": run is not None,
        "--open": open_report,
        "--profile": profile,
        "--track": bool(trackers),
        "--workers": workers is not None,
        "--devices": devices is not None,
        "--hosts": hosts is not None,
        "--rank": rank is not None,
    }
    find_learning_rate.check_options(find=find_lr, to=to, others=others)
    changes = [*(settings or []), *([f"train.epochs={epochs}"] if epochs is not None else [])]
    if fold == folds.ALL or repeat is not None:
        train_set.check_options(
            fold,
            repeat,
            {
                "--find-lr": find_lr,
                "--open": open_report,
                "--profile": profile,
                "--devices": devices is not None,
                "--hosts": hosts is not None,
                "--rank": rank is not None,
            },
        )
        training_processes.check_count(1 if workers is None else workers, "--workers")
        choices_of_all = folds.Choices(
            Path(output),
            run,
            device,
            started,
            dry_run=dry_run,
            as_json=as_json,
            quiet=quiet,
            verbose=verbose,
            track=trackers,
            workers=1 if workers is None else workers,
        )
        train_set.train_set(recipe, changes, choices_of_all, resume=resume, repeat=repeat)
        return
    if devices is not None:
        training_processes.check_count(devices, "--devices")
    cluster = None if find_lr else training_processes.find_cluster(workers, hosts, rank)
    if resume:
        if fold is not None:
            raise UsageError(
                Problem("a resumed run keeps its fold", "leave out --fold, or write --fold all", Place("--fold"))
            )
        going_on = resumed_run.run_to_resume(Path(output), recipe, changes, run)
        if going_on.is_finished and not changes:
            resumed_run.say_finished(going_on, as_json=as_json, quiet=quiet)
            return
        loaded = going_on.loaded
        if cluster is None and workers is None:
            cluster = training_processes.find_cluster(going_on.workers, None, None, "--resume")
    else:
        is_worker = cluster is not None and not cluster.is_chief
        going_on, loaded = None, new_run.load_recipe(recipe, changes, Path(output), run, fold, is_worker=is_worker)
    resumed_run.check_epochs(epochs, loaded, is_resumed=going_on is not None)
    if loaded.recipe.tune is not None and going_on is None and not quiet:
        console.say("The section tune is ignored: cnncli tune searches.")
    if find_lr:
        find_learning_rate.find_learning_rate(
            loaded,
            recipe=recipe or "",
            settings=list(loaded.settings),
            output=Path(output),
            device=device,
            to=to,
            force=force,
            started=started,
            as_json=as_json,
            quiet=quiet,
            verbose=verbose,
        )
        return
    arguments = _worker_arguments(
        str(going_on.path) if going_on else recipe or "", changes, Path(output), fold, device, devices, resume=resume
    )
    resumed = going_on.path if going_on else None
    met = None if dry_run else cluster
    with training_processes.joined(met, loaded, arguments, start_timeout, quiet=quiet) as processes:
        finished = None
        listener = processes.listener(quiet=quiet, verbose=verbose)
        with tensorflow_log.captured(resumed) as log:
            listener.starting(loaded, log)
            from cnncli import workflow

            choices = workflow.Options(
                Path(output),
                run,
                device,
                tuple(sys.argv),
                started,
                profile,
                resumed,
                track=trackers,
                devices=devices,
                planned_workers=cluster.size if cluster and dry_run else 1,
                **processes.as_options(),
            )
            with listener:
                planned = workflow.make_plan(loaded, choices, listener)
                if dry_run:
                    listener.ready(planned)
                    workflow.build_network(planned, listener, download=False)
                elif processes.is_chief:
                    finished = workflow.run(planned, choices, listener)
                else:
                    workflow.train_with_chief(planned, choices, listener)
                    return
            broken = ExpectationError(finished.broken) if finished and finished.broken else None
            notes = [*planned.notes, *(finished.notes if finished else ())]
            finished_run.show(finished, notes, broken, as_json=as_json, quiet=quiet, profile=profile)
            if finished and open_report:
                browser.show_page(finished.path / "report.html")
            if broken and as_json:
                raise typer.Exit(broken.exit_code)
            if broken:
                raise broken


def _worker_arguments(
    recipe: str,
    changes: Sequence[str],
    output: Path,
    fold: str | None,
    device: str | None,
    devices: int | None,
    *,
    resume: bool,
) -> list[str]:
    """The command of a worker that trains what this process trains."""
    words = ["train", recipe, "--quiet", "--output", str(output), *(["--resume"] if resume else [])]
    words += [word for change in changes for word in ("--set", change)]
    words += ["--fold", fold] if fold else []
    words += ["--device", device] if device else []
    return [*words, *(["--devices", str(devices)] if devices else [])]
