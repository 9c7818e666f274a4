"""One experiment from its recipe to a finished run's folder."""

from cnncli.workflow.plan import Options, Plan, make_plan
from cnncli.workflow.preflight import check_without_data
from cnncli.workflow.progress_listener import Spectator
from cnncli.workflow.run import Finished, build_network, run

__all__ = ["Finished", "Options", "Plan", "Spectator", "build_network", "check_without_data", "make_plan", "run"]
