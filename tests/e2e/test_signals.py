"""Signals of different length in a table, from training to prediction."""

import csv
import io

import numpy as np
import pytest
from commands import call, draw_nothing

pytestmark = pytest.mark.usefixtures("without_graphs")

RECIPE = """\
name: waves
data:
  source: {csv: {path: waves.csv, numbers: "t*", length: 20, label: kind}}
  prepare: [Normalization]
model:
  layers:
    - Conv1D: {filters: 4, kernel_size: 5, activation: relu}
    - GlobalMaxPooling1D
    - Dense: {units: $classes, activation: softmax}
train: {seed: 1, epochs: 1, batch_size: 16}
"""
COLUMNS = [f"t{number}" for number in range(25)]
RUN = "outputs/waves/first"


def rows_of(signals):
    return [[*(f"{value:.3f}" for value in signal), *[""] * (25 - len(signal))] for signal in signals]


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """A folder with a table of 80 signals, 10 to 25 long, and a run on it; with what the training said."""
    folder = tmp_path_factory.mktemp("waves")
    random = np.random.default_rng(0)
    signals = [random.normal(number % 2, 0.3, 10 + number % 16) for number in range(80)]
    table = [[("low", "high")[number % 2], *row] for number, row in enumerate(rows_of(signals))]
    text = "\n".join(",".join(row) for row in [["kind", *COLUMNS], *table])
    (folder / "waves.csv").write_text(text + "\n")
    (folder / "waves.yaml").write_text(RECIPE)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        draw_nothing(patch)
        done = call("train", "waves.yaml", "--run", "first")
    return folder, done


@pytest.fixture(autouse=True)
def _here(trained, monkeypatch):
    monkeypatch.chdir(trained[0])


def test_training_says_how_many_signals_are_padded_and_cut(trained):
    _, done = trained

    assert "of 80 signals 50 are padded with 0 and 25 are cut: `length` is 20" in done.stderr


def test_rows_of_any_length_are_predicted(tmp_path):
    lines = [COLUMNS, *rows_of([np.ones(12), np.zeros(25)])]
    (tmp_path / "new.csv").write_text("\n".join(",".join(line) for line in lines) + "\n")

    found = list(
        csv.DictReader(io.StringIO(call("predict", RUN, tmp_path / "new.csv", "--csv", "-", "--quiet").stdout))
    )

    assert [row["index"] for row in found] == ["0", "1"]
    assert {row["class"] for row in found} <= {"low", "high"}


def test_an_array_with_nan_at_the_ends_gives_the_same_as_the_table(tmp_path):
    signals = np.full((2, 25), np.nan, np.float32)
    signals[0, :12], signals[1] = 1, 0
    np.save(tmp_path / "new.npy", signals)
    (tmp_path / "new.csv").write_text(
        "\n".join(",".join(line) for line in [COLUMNS, *rows_of([np.ones(12), np.zeros(25)])]) + "\n"
    )

    arrays, table = (call("predict", RUN, tmp_path / f"new.{kind}", "--json").json for kind in ("npy", "csv"))

    assert [each["probability"] for each in arrays["predictions"]] == [
        each["probability"] for each in table["predictions"]
    ]
