"""How wrong model files are made, of a run's own model."""

from __future__ import annotations

import io
import shutil
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from wrong_inputs.making import MODEL, Make


def model(change: Callable[[bytes], bytes | None] = lambda content: content, member: str = "") -> Make:
    """m.keras: the run's model; one member changed, or the whole file."""

    def make(folder: Path) -> None:
        whole = (folder / MODEL).read_bytes()
        if not member:
            content = change(whole)
            assert content is not None
            (folder / "m.keras").write_bytes(content)
            return
        with zipfile.ZipFile(io.BytesIO(whole)) as old, zipfile.ZipFile(folder / "m.keras", "w") as new:
            for name in old.namelist():
                content = change(old.read(name)) if name == member else old.read(name)
                if content is not None:
                    new.writestr(name, content)

    return make


def config(old: bytes, new: bytes) -> Make:
    """m.keras with a text in its config.json replaced."""

    def change(content: bytes) -> bytes:
        assert old in content
        return content.replace(old, new)

    return model(change, "config.json")


def with_extra_member(folder: Path) -> None:
    shutil.copy(folder / MODEL, folder / "m.keras")
    with zipfile.ZipFile(folder / "m.keras", "a") as archive:
        archive.writestr("../../evil.txt", "x")


def with_other_filters(folder: Path) -> None:
    resolved = folder / "outputs/small/first/resolved.yaml"
    text = resolved.read_text()
    assert "filters: 4" in text
    resolved.write_text(text.replace("filters: 4", "filters: 5"))


def with_nan_weights(folder: Path) -> None:
    import keras

    loaded = keras.models.load_model(folder / MODEL, compile=False)
    loaded.get_layer("dense").bias.assign(np.full(10, np.nan))
    loaded.save(folder / "m.keras")


def other_network(build: Callable[[Any], Any]) -> Make:
    """m.keras: a network that another program made."""

    def make(folder: Path) -> None:
        import keras

        build(keras).save(folder / "m.keras")

    return make


def two_inputs(keras: Any) -> Any:
    inputs = [keras.Input((4,)), keras.Input((4,))]
    return keras.Model(inputs, keras.layers.Dense(2)(keras.layers.Add()(inputs)))


def text_in(keras: Any) -> Any:
    inputs = keras.Input((1,), dtype="string")
    return keras.Model(inputs, keras.layers.StringLookup(vocabulary=["a", "b"], output_mode="one_hot")(inputs))


def map_out(keras: Any) -> Any:
    inputs = keras.Input((28, 28, 1))
    return keras.Model(inputs, keras.layers.Conv2D(1, 1)(inputs))


def no_convolution(keras: Any) -> Any:
    inputs = keras.Input((4,))
    return keras.Model(inputs, keras.layers.Dense(2)(inputs))
