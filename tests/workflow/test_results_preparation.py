"""What is prepared beside the training; its errors are suppressed there, so each part runs here by itself."""

import sys
import threading
from pathlib import Path
from unittest import mock

import pytest

from cnncli.recipe import targets
from cnncli.report import rendering
from cnncli.workflow import results_preparation
from cnncli.workflow.results_preparation import Preparation


@pytest.mark.parametrize("task", targets.TASKS.values())
def test_templates_of_each_task_are_compiled(task):
    rendering._environment.cache_clear()

    rendering.compile_templates(task)

    assert {name for _, name in list(rendering._environment().cache)} >= {"page.html", f"{task}/report.html"}


def test_preparation_loads_fonts_and_scores():
    rendering._environment.cache_clear()

    results_preparation._draw_text()
    preparation = Preparation("classification", list)
    preparation.begin()
    preparation.pictures()

    assert {"sklearn.metrics", "cnncli.plots.run_figures"} <= sys.modules.keys()
    assert rendering._environment().cache


def test_pictures_are_drawn_once_in_the_thread():
    threads = []

    def draw():
        threads.append(threading.current_thread())
        return [Path("samples.png")]

    preparation = Preparation("classification", draw)
    preparation.begin()
    preparation.begin()

    assert preparation.pictures() == [Path("samples.png")]
    [thread] = threads
    assert thread is not threading.current_thread()


@pytest.mark.parametrize("begins", [True, False])
def test_pictures_that_the_thread_did_not_draw_are_drawn_where_they_are_needed(begins):
    preparation = Preparation("classification", mock.Mock(side_effect=[OSError("disk full"), [Path("samples.png")]]))
    if begins:
        preparation.begin()
    else:
        with pytest.raises(OSError, match="disk full"):
            preparation.pictures()

    assert preparation.pictures() == [Path("samples.png")]
