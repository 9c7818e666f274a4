"""cnncli: a YAML recipe becomes a trained convolutional network."""

import sys

__version__ = "0.1.0"

if sys.argv[:1] == ["-m"] and not sys.flags.safe_path:
    # Python is about to run this package (`python -m cnncli`) and looks for modules in the current folder first. A file
    # of the user there, such as random.py, must not hide a module of Python.
    del sys.path[0]
