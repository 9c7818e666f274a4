"""cnncli: a YAML recipe becomes a trained convolutional network."""

__version__ = "0.1.0"
