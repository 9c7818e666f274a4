"""A script must not have the name of a module that it needs."""

from pathlib import Path

import pytest
from commands import call

from cnncli.conversion.script_names import hidden_module
from cnncli.errors import OutputError


@pytest.mark.parametrize(
    ("name", "module"),
    [
        ("code.py", "Python's module `code`"),
        ("random.py", "Python's module `random`"),
        ("keras.py", "the package `keras`"),
        ("tensorflow.py", "the package `tensorflow`"),
        ("google.py", "the package `google`"),  # a namespace: TensorFlow takes google.protobuf from it
        ("test.py", ""),
        ("my-net.py", ""),
        ("resnet20.py", ""),
        ("keras.txt", ""),
    ],
)
def test_name_of_a_module_is_found(name, module):
    assert hidden_module(Path("folder") / name) == module


def test_script_that_would_hide_keras_is_refused(tmp_path):
    done = call("to-python", "lenet5", "--to", tmp_path / "keras.py", exit_code=OutputError.exit_code)
    assert "would hide the package `keras`" in done.stderr
    assert list(tmp_path.iterdir()) == []
