"""One experiment from its recipe to a finished run's folder."""

from cnncli.experiment.feasibility import check_without_data
from cnncli.experiment.plan import Options, Plan, make_plan
from cnncli.experiment.run import Finished, build_network, run
from cnncli.experiment.spectator import Spectator

__all__ = ["Finished", "Options", "Plan", "Spectator", "build_network", "check_without_data", "make_plan", "run"]
