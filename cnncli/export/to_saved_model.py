"""SavedModel: what TensorFlow Serving and TensorFlow read, with a signature for tensors and one for encoded images."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import keras
import tensorflow as tf

from cnncli.data.images import Form
from cnncli.export.equivalent_calls import equivalent_calls
from cnncli.export.image_graph import decoded_images
from cnncli.export.inference_function import InferenceFunction
from cnncli.export.runtime import Arrays, Runtime, calling

TENSORS = "serving_default"
IMAGE_FILES = "image_files"
IMAGE_BYTES = "image_bytes"  # TensorFlow Serving takes base64 for names that end so


def write(function: InferenceFunction, path: Path, *, form: Form | None) -> None:
    """Write a SavedModel.

    Args:
        path: of its folder.
        form: what image files become; None: the signature for image files is left out.
    """
    archive = keras.export.ExportArchive()
    archive.track(function.model)
    with equivalent_calls(function.model, "saved_model"):
        archive.add_endpoint(TENSORS, function.__call__, input_signature=function.signature)
        if form is not None and len(function.inputs) == 1:

            def of_files(image_bytes: Any) -> dict[str, Any]:
                return function(decoded_images(image_bytes, form))

            signature = [tf.TensorSpec((None,), tf.string, IMAGE_BYTES)]
            archive.add_endpoint(IMAGE_FILES, of_files, input_signature=signature)
        with calling("TensorFlow"):
            archive.write_out(str(path), verbose=False)  # traces it


class SavedModelRuntime(Runtime):
    """TensorFlow with a SavedModel."""

    def __init__(self, path: Path) -> None:
        self._loaded = tf.saved_model.load(str(path))  # its variables live as long as it
        self._signature = self._loaded.signatures[TENSORS]

    def run(self, inputs: Arrays) -> Arrays:
        with calling("TensorFlow"):
            found = self._signature(**{name: tf.constant(value) for name, value in inputs.items()})
        return {name: value.numpy() for name, value in found.items()}
