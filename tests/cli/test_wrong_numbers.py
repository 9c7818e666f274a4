"""Options that take a number, with something else."""

import pytest
from commands import call


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("train", "mnist", "--epochs", "ten"), "error: --epochs: expected an integer, got ten\n"),
        (("train", "mnist", "--epochs=1.5"), "error: --epochs: expected an integer, got 1.5\n"),
        (("runs", "--limit", "0"), "error: --limit: expected an integer ≥ 1, got 0\n"),
        (("maximize", "--seed", "4294967296"), "error: --seed: expected an integer ≤ 4294967295, got 4294967296\n"),
    ],
)
def test_message_names_the_option_what_was_expected_and_what_was_got(arguments, message):
    assert call(*arguments, exit_code=2).stderr.startswith(message)
