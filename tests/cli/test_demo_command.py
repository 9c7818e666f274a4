"""What `cnncli demo` refuses before it imports TensorFlow."""

from importlib import metadata

import pytest


def found(monkeypatch, version):
    def of(name):
        if version is None:
            raise metadata.PackageNotFoundError(name)
        return version

    monkeypatch.setattr(metadata, "version", of)


@pytest.mark.parametrize(
    ("version", "said"), [(None, "it is not installed"), ("5.49.1", "version 5.49.1 is installed")]
)
def test_missing_gradio_is_an_error_with_the_command_that_installs_it(cnncli, monkeypatch, version, said):
    found(monkeypatch, version)
    done = cnncli("demo", "mnist")

    assert done.exit_code == 2
    assert done.stderr == (
        f"error: `cnncli demo` needs Gradio 6.31 or newer, and {said}\n"
        '    install it with: pip install "gradio>=6.31,<7"\n'
    )


@pytest.mark.parametrize("port", ["0", "65536", "x"])
def test_port_out_of_range_is_an_error(cnncli, port):
    done = cnncli("demo", "--port", port)
    assert done.exit_code == 2
    assert "--port" in done.stderr
