"""What is printed and written of a set of runs."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import typer

from cnncli.cli import set_table
from cnncli.errors import DivergedError, Problem
from cnncli.runs.folds import REPEAT, FoldSet


@pytest.mark.parametrize("as_json", [False, True])
def test_a_set_whose_runs_all_diverge_has_no_scores(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], as_json: bool
) -> None:
    """A set that goes on may have had some."""
    done = FoldSet(tmp_path / "mnist", "seeds", 2, {}, REPEAT)
    done.folder.mkdir()
    done.file.write_text('{"scores": {"loss": {"mean": 0.5}}}', encoding="utf-8")
    nan = {number: DivergedError(Problem("the loss is nan"), details={"epoch": number}) for number in (1, 2)}

    with pytest.raises(typer.Exit if as_json else DivergedError) as ended:
        set_table.report(done, set_table.Results({}, nan), as_json=as_json, quiet=False)

    assert ended.value.exit_code == 7
    written = json.loads(done.file.read_text(encoding="utf-8"))
    assert (written["repeats"], written["runs"], written["scores"]) == (2, [], {})
    assert [(each["repeat"], each["error"]["epoch"]) for each in written["failed"]] == [(1, 1), (2, 2)]
    printed = capsys.readouterr().out
    if as_json:
        said = json.loads(printed)
        assert (said["status"], said["error"]["code"], said["failed"]) == ("diverged", "diverged", written["failed"])
    else:
        assert not printed
