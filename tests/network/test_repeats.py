"""Runs of equal rows, folded: of blocks, of several rows in turn, with an argument that differs."""

import pytest

from cnncli.network.outline import ALL, rows
from cnncli.network.repeats import folded
from cnncli.network.summary import summarise
from cnncli.recipe.load import load_bytes

UNIT = """\
  unit:
    params: [dilation]
    layers:
      - Conv1D: {filters: 4, kernel_size: 2, dilation_rate: $dilation, padding: causal, name: filter}
      - Conv1D: {filters: 4, kernel_size: 1, name: skip}
      - Add: {from: [skip, .], name: out}
"""


def network(layers, blocks=UNIT):
    """A recipe of these layers on signals of 64 x 4."""
    head = "name: net\ndata: {source: {npz: {path: a.npz}}, classes: 3}\nblocks:\n"
    end = "    - GlobalAveragePooling1D\n    - Dense: {units: 3, activation: softmax}\n"
    text = f"{head}{blocks}model:\n  input: [64, 4]\n  layers:\n{layers}{end}"
    return summarise(load_bytes(text.encode(), "r.yaml"))


def units(dilations):
    return "".join(f"    - unit: {{dilation: {rate}, name: u{n}}}\n" for n, rate in enumerate(dilations, 1))


def taken(shown):
    """The names of the rows, with the names of those that each takes."""
    return {row.names: [shown[source].names for source in row.inputs] for row in shown}


def test_equal_blocks_are_one_row_with_the_sums_of_all():
    summary = network(units([1] * 7))
    every, shown = rows(summary), folded(summary, rows(summary))

    assert [row.names for row in shown] == ["input", "u1 … u7", "global_average_pooling1d", "dense"]
    assert str(shown[1].repeat) == "7 times the same"
    assert shown[1].params == sum(row.params for row in every[1:8]) == 7 * (4 * 4 * 2 + 4 + 4 * 4 + 4)
    assert shown[1].field == every[7].field
    assert taken(shown)["global_average_pooling1d"] == ["u1 … u7"]


def test_few_blocks_of_a_short_network_stay_as_they_are():
    summary = network(units([1] * 5))

    assert folded(summary, rows(summary)) == rows(summary)


@pytest.mark.parametrize(
    ("rates", "text"),
    [
        ([1, 2, 4, 8, 16, 32, 63], "dilation_rate 1, 2, 4, …, 63"),
        ([1, 2, 4] * 3, "dilation_rate 1, 2, 4 (3 times)"),
        ([1, 2, 4, 1, 2, 4, 1], "dilation_rate 1, 2, 4, 1, …"),
        ([3, 1, 2, 5, 4, 7, 6], "dilation_rate from 1 to 7"),
    ],
)
def test_argument_that_differs_is_listed(rates, text):
    summary = network(units(rates))
    shown = folded(summary, rows(summary))

    assert [row.names for row in shown][1] == f"u1 … u{len(rates)}"
    assert shown[1].repeat.varied == text


def test_rates_are_listed_with_three_digits():
    block = "  drop: {params: [rate], layers: [Dropout: {rate: $rate}]}\n".replace("[Drop", "[ReLU, Drop")
    summary = network("    - repeat: {times: 8, as: i, layers: [drop: $(i / 11)]}\n", block)

    assert folded(summary, rows(summary))[1].repeat.varied == "rate 0, 0.0909, 0.182, …, 0.636"


def test_blocks_that_differ_in_two_arguments_are_not_folded():
    block = UNIT.replace("[dilation]", "[dilation, rate]") + "      - Dropout: $rate\n"
    layers = "".join(f"    - unit: {{dilation: {n}, rate: 0.0{n}, name: u{n}}}\n" for n in range(1, 8))
    summary = network(layers, block)

    assert folded(summary, rows(summary)) == rows(summary)


def test_blocks_of_other_activations_are_not_folded():
    block = UNIT.replace("[dilation]", "[dilation, act]").replace("name: skip", "activation: $act, name: skip")
    layers = "".join(
        f"    - unit: {{dilation: 1, act: {'relu' if n < 4 else 'tanh'}, name: u{n}}}\n" for n in range(1, 8)
    )
    summary = network(layers, block)

    assert folded(summary, rows(summary)) == rows(summary)


def test_sum_of_all_skips_takes_the_folded_blocks_once():
    summary = network(
        units([1] * 7) + f"    - Add: {{from: [{', '.join(f'u{n}_skip' for n in range(1, 8))}, u7_out], name: skips}}\n"
    )
    shown = folded(summary, rows(summary))

    assert taken(shown)["skips"] == ["u1 … u7"]


def test_blocks_are_not_folded_over_one_that_others_take_alone():
    summary = network(units([1] * 14) + "    - Add: {from: [u14, u6], name: sum}\n")
    shown = folded(summary, rows(summary))

    assert taken(shown)["sum"] == ["u7 … u14", "u1 … u6"]


def test_rows_that_are_repeated_in_turn_are_folded_to_one_round():
    turn = "    - repeat: {times: 8, layers: [{Conv1D: {filters: 4, kernel_size: 1}}, ReLU]}\n"
    summary = network("    - Conv1D: {filters: 4, kernel_size: 3, name: first}\n" + turn)
    shown = folded(summary, rows(summary))

    assert [row.names for row in shown] == [
        "input", "first", "conv1d … conv1d_7", "re_lu … re_lu_7", "global_average_pooling1d", "dense",
    ]  # fmt: skip
    assert {row.repeat.rows for row in shown if row.repeat} == {2}
    assert taken(shown)["conv1d … conv1d_7"] == ["first"]


@pytest.mark.parametrize("depth", [0, 1, ALL])
def test_folding_keeps_the_totals(depth):
    summary = network(units([1, 2, 4] * 5))
    shown = folded(summary, rows(summary, depth))

    assert len(shown) < len(rows(summary, depth))
    assert sum(row.params for row in shown) == summary.params
    assert sum(row.multiply_adds for row in shown) == summary.multiply_adds


def test_opened_blocks_are_folded_with_their_groups():
    summary = network(units([1, 2, 4] * 5))
    [first, *_] = [row for row in folded(summary, rows(summary, 1)) if row.repeat]

    assert (first.name, first.within) == ("u1_filter", ("u1",))
    assert first.repeat.groups == {"u1": "u15"}
    assert str(first.repeat) == "15 times, dilation_rate 1, 2, 4 (5 times)"


def test_table_folds_long_outlines_only():
    short, long = network(units([1] * 12)), network(units([1] * 40))

    assert folded(short, rows(short), only_many=True) == rows(short)
    assert len(folded(long, rows(long), only_many=True)) == 4
