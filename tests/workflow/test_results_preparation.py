"""What is prepared beside the training; its errors are suppressed there, so each part runs here by itself."""

import sys

import pytest

from cnncli.recipe import targets
from cnncli.report import rendering
from cnncli.workflow import results_preparation


@pytest.mark.parametrize("task", targets.TASKS.values())
def test_templates_of_each_task_are_compiled(task):
    rendering._environment.cache_clear()

    rendering.compile_templates(task)

    assert {name for _, name in list(rendering._environment().cache)} >= {"page.html", f"{task}/report.html"}


def test_preparation_loads_fonts_and_scores():
    rendering._environment.cache_clear()

    results_preparation._draw_text()
    results_preparation.begin("classification").join()

    assert {"sklearn.metrics", "cnncli.plots.run_figures"} <= sys.modules.keys()
    assert rendering._environment().cache
