"""Wrong model files, and data that does not fit a model."""

from __future__ import annotations

import os
from typing import Any

import numpy as np

from wrong_inputs.data import DATA_KINDS, NOT_FOUND
from wrong_inputs.making import ANY, EVALUATE, EVALUATE_FILE, MODEL, Make, Row, copied, nothing, photos, written
from wrong_inputs.making_models import (
    config,
    map_out,
    model,
    no_convolution,
    other_network,
    text_in,
    two_inputs,
    with_extra_member,
    with_nan_weights,
    with_other_filters,
)

SAVE_AGAIN = "    save or copy it again"
ZEROS = b'"module": "keras.initializers", "class_name": "Zeros"'
GET_FILE = b'"module": "keras.utils", "class_name": "get_file"'
PYTHON_FUNCTION = b'{"module": "builtins", "class_name": "function", "config": "f", "registered_name": "function"}'
OWN_LAYERS = "    a model file may hold a network of Keras' own layers, and nothing else"


def arrays_of(**arrays: Any) -> Make:
    return lambda folder: np.savez(folder / "other.npz", **arrays)


MODELS = [
    Row("no such model", nothing, EVALUATE_FILE, 5, "error: model not found: m.keras"),
    Row("a model misspelt", copied(MODEL, "n.keras"), EVALUATE_FILE, 5,
        "error: model not found: m.keras\n    did you mean `n.keras`?"),
    Row("an empty model", model(lambda whole: b""), EVALUATE_FILE, 5,
        f"error: m.keras is empty (0 bytes)\n{SAVE_AGAIN}"),
    Row("half a model", model(lambda whole: whole[:10_000]), EVALUATE_FILE, 5,
        f"error: m.keras is cut short: 10,000 bytes\n{SAVE_AGAIN}"),
    Row("half of the run's own model", lambda f: os.truncate(f / MODEL, 10_000), EVALUATE, 5,
        f"error: {MODEL} is cut short: 10,000 of {ANY} bytes\n{SAVE_AGAIN}"),
    Row("text in the place of a model", model(lambda whole: b"hello"), EVALUATE_FILE, 5,
        "error: m.keras is not a .keras model"),
    Row("an archive without weights", model(lambda content: None, "model.weights.h5"), EVALUATE_FILE, 5,
        "error: m.keras is not a .keras model: model.weights.h5 is missing in it"),
    Row("a config that is no JSON", model(lambda content: b"{", "config.json"), EVALUATE_FILE, 5,
        f"error: m.keras is damaged: its config.json is not JSON\n{SAVE_AGAIN}"),
    Row("weights cut off", model(lambda content: content[:50_000], "model.weights.h5"), EVALUATE_FILE, 5,
        f"error: m.keras is damaged: its model.weights.h5 is not an HDF5 file, or cut short\n{SAVE_AGAIN}"),
    Row("a recipe in the place of the model", nothing, "evaluate small.yaml", 5,
        "error: small.yaml is a recipe, not a trained model\n    train it with: cnncli train small.yaml"),
    Row("a pipe in the place of the model", lambda f: os.mkfifo(f / "m.keras"), EVALUATE_FILE, 5,
        "error: m.keras is not a regular file"),
    Row("weights of another network than the run's recipe", with_other_filters, EVALUATE, 5,
        f"error: the weights in {MODEL} do not fit outputs/small/first/resolved.yaml\n"
        "    `c1` kernel: expected float32 3x3x1x5, found float32 3x3x1x4 (layers/conv2d/vars/0)\n"
        "    `c1` bias: expected float32 5, found float32 4 (layers/conv2d/vars/1)\n"
        "    `dense` kernel: expected float32 845x10, found float32 676x10 (layers/dense/vars/0)"),
    Row("a Lambda in a model", config(b'"Flatten"', b'"Lambda"'), EVALUATE_FILE, 5,
        f"error: m.keras holds the layer `Lambda`\n{OWN_LAYERS}"),
    Row("a layer that loads a program", config(b'"Flatten"', b'"TFSMLayer"'), EVALUATE_FILE, 5,
        f"error: m.keras holds the layer `TFSMLayer`\n{OWN_LAYERS}"),
    Row("a module that is not Keras'", config(b'"keras.initializers"', b'"os"'), EVALUATE_FILE, 5,
        f"error: m.keras holds a class that is not Keras' own, `os.{ANY}`\n{OWN_LAYERS}"),
    Row("a function of Keras' that does more than compute", config(ZEROS, GET_FILE), EVALUATE_FILE, 5,
        f"error: m.keras holds a class that is not Keras' own, `keras.utils.get_file`\n{OWN_LAYERS}"),
    Row("a Python function", config(b'"activation": "relu"', b'"activation": ' + PYTHON_FUNCTION), EVALUATE_FILE, 5,
        f"error: m.keras holds a Python function, `f`\n{OWN_LAYERS}"),
    Row("a file that no model has", with_extra_member, EVALUATE_FILE, 5,
        f"error: m.keras holds `../../evil.txt`, which no model has\n{OWN_LAYERS}"),
    Row("a network far larger than its weights", config(b'"units": 10', b'"units": 1000000000000'), EVALUATE_FILE, 5,
        "error: m.keras says that it has 677,000,000,000,040 parameters, and its weights are 105,076 bytes\n"
        "    it is damaged, or made up"),
    Row("an HDF5 model", written(b"\x89HDF\r\n\x1a\n", "m.h5"), "evaluate m.h5", 5,
        "error: m.h5 is an HDF5 model, which can contain code\n"
        "    open it in the Keras that you trust it in, and save it as .keras"),
    Row("a model from the network", nothing, "evaluate hf://someone/m.keras", 5,
        "error: a model is a local .keras file, got hf://someone/m.keras\n    download it first"),
    Row("data of another size", arrays_of(x_test=np.zeros((4, 32, 32, 3), np.uint8), y_test=np.arange(4)),
        f"{EVALUATE} --data other.npz", 4, "error: model expects 28x28x1, the data is 32x32x3"),
    Row("classes that the model does not know", photos(), f"{EVALUATE} --data photos", 4,
        "error: the data has a class that is unknown to the model: `cat`\n    one of: 0, 1, 2, 3, 4, 5, 6, 7, 8, 9\n"
        "error: the data has a class that is unknown to the model: `dog`\n    one of: 0, 1, 2, 3, 4, 5, 6, 7, 8, 9\n"
        "2 problems"),
    Row("labels that the model does not know",
        arrays_of(x_test=np.zeros((4, 28, 28, 1), np.uint8), y_test=np.arange(4) + 8), f"{EVALUATE} --data other.npz", 4,
        "error: y_test holds label 10 at index 2; the model has 10 classes, 0 to 9"),
    Row("a layer misspelt", nothing, "visualize-filters small --layer c2 --layer dense", 3,
        "error: no convolution is named `c2`\n    one of: c1\n"
        "error: no convolution is named `dense`\n    one of: c1\n2 problems"),
    Row("no convolution", other_network(no_convolution), "visualize-filters m.keras", 5,
        "error: the network has no convolution, so there is nothing to draw"),
    Row("NaN in the weights", with_nan_weights, EVALUATE_FILE, 7,
        "error: the network's output is not a number for 2000 of 2000 examples, first 0\n"
        "    its weights or the data hold NaN or infinity: lower the learning_rate, or look at the data"),
    Row("a network with two inputs", other_network(two_inputs), EVALUATE_FILE, 5,
        "error: m.keras takes 2 inputs, and data is one"),
    Row("a network that takes text", other_network(text_in), EVALUATE_FILE, 5,
        "error: m.keras takes text, and data is numbers"),
    Row("a network that does not classify", other_network(map_out), EVALUATE_FILE, 5,
        "error: m.keras does not classify: its output has the shape (None, 28, 28, 1)"),
    Row("a model file without data", model(), "evaluate m.keras", 4,
        "error: m.keras is a file: the data to evaluate it on is unknown\n"
        "    name it: --data mnist, --data photos/test, --data digits.npz"),
    Row("--data misspelt", nothing, f"{EVALUATE} --data mnits", 4,
        f"error: no such file: mnits\n    did you mean `mnist`?\n{NOT_FOUND}\n{DATA_KINDS}"),
    Row("a recipe in the place of data", nothing, f"{EVALUATE} --data small.yaml", 4,
        f"error: small.yaml is no data that can be read\n{DATA_KINDS}"),
]  # fmt: skip
