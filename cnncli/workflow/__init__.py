"""The workflow of a run, from its recipe to its finished folder."""

from cnncli.workflow.plan import Options, Plan
from cnncli.workflow.planning import make_plan
from cnncli.workflow.preflight import check_without_data
from cnncli.workflow.progress_listener import ProgressListener
from cnncli.workflow.run import Finished, build_network, run
from cnncli.workflow.train_with_chief import train_with_chief

__all__ = [
    "Finished",
    "Options",
    "Plan",
    "ProgressListener",
    "build_network",
    "check_without_data",
    "make_plan",
    "run",
    "train_with_chief",
]
