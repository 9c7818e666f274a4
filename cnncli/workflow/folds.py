"""Train the folds of a cross-validation one after the other in one process."""

from __future__ import annotations

from cnncli.recipe.load import LoadedRecipe
from cnncli.workflow.between_trainings import forget_the_training_before
from cnncli.workflow.plan import Options, Plan
from cnncli.workflow.planning import make_plan
from cnncli.workflow.progress_listener import ProgressListener
from cnncli.workflow.run import Finished, build_network, run


def run_fold(loaded: LoadedRecipe, options: Options, listener: ProgressListener) -> tuple[Plan, Finished]:
    """Plan and train a fold as a process of its own would: nothing of the fold before has an effect.

    Raises:
        CnncliError: as `make_plan` and `run`.
    """
    forget_the_training_before()
    planned = make_plan(loaded, options, listener)
    return planned, run(planned, options, listener)


def check_fold(loaded: LoadedRecipe, options: Options, listener: ProgressListener) -> Plan:
    """Plan a fold and build its network; nothing is written."""
    forget_the_training_before()
    planned = make_plan(loaded, options, listener)
    listener.ready(planned)
    build_network(planned, listener, download=False)
    return planned
