"""Model files that try to do more than compute: each made on the spot, by hand, around one small harmless network."""

from __future__ import annotations

import base64
import io
import json
import marshal
import pickle
import struct
import warnings
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import h5py
import numpy as np

ARRAYS = {
    "layers/dense/vars/0": np.zeros((784, 10), np.float32),
    "layers/dense/vars/1": np.zeros(10, np.float32),
}


@dataclass(frozen=True)
class Place:
    """Where a case may write and what it tries to reach.

    Attributes:
        folder: where the file goes.
        secret: a file that nobody may open.
        marker: a file that appears when code of the model ran.
    """

    folder: Path
    secret: Path
    marker: Path

    @property
    def file(self) -> Path:
        return self.folder / "m.keras"


@dataclass(frozen=True)
class Case:
    """One model file.

    Attributes:
        name: what it tries.
        make: writes it, and returns what goes on the command line when that is not the file.
        code: the exit code that it must get; 0 where what is hostile in it is not looked at.
        says: a part of the message.
        static: whether it is refused without Keras and TensorFlow being imported.
    """

    name: str
    make: Callable[[Place], str | None]
    code: int
    says: str
    static: bool


# The harmless network, and its parts.


def keras_object(class_name: str, module: str = "keras.layers", /, **config: Any) -> dict[str, Any]:
    """An object as Keras writes it."""
    return {"module": module, "class_name": class_name, "config": config, "registered_name": None}


def function(module: str, name: str) -> dict[str, Any]:
    return {"module": module, "class_name": "function", "config": name, "registered_name": name}


def dense(**config: Any) -> dict[str, Any]:
    return keras_object("Dense", **{"name": "dense", "units": 10, "activation": "softmax", **config})


def network(*layers: Any, top: Mapping[str, Any] | None = None, shape: Any = (28, 28, 1)) -> dict[str, Any]:
    """Raw digits -> ten classes; layers given come between the flattened image and the last layer."""
    begins = keras_object("InputLayer", batch_shape=[None, *shape], dtype="float32", name="input")
    ends = () if any(isinstance(layer, dict) and layer.get("class_name") == "Dense" for layer in layers) else (dense(),)
    body = [begins, keras_object("Flatten", name="flatten"), *layers, *ends]
    return {**keras_object("Sequential", "keras", name="hostile", layers=body), **(top or {})}


def hdf5(arrays: Mapping[str, Any] = ARRAYS, change: Callable[[h5py.File], None] | None = None) -> bytes:
    content = io.BytesIO()
    with h5py.File(content, "w") as file:
        for path, array in arrays.items():
            file[path] = array
        if change:
            change(file)
    return content.getvalue()


def members(config: Any = None, weights: bytes | None = None) -> dict[str, bytes]:
    text = config if isinstance(config, bytes) else json.dumps(config if config is not None else network()).encode()
    return {"metadata.json": b"{}", "config.json": text, "model.weights.h5": hdf5() if weights is None else weights}


def write(place: Place, files: Mapping[str, bytes], change: Callable[[zipfile.ZipFile], None] | None = None) -> None:
    with zipfile.ZipFile(place.file, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
        if change:
            change(archive)


# Code and files by way of the config.


def config(made: Callable[[Place], Any]) -> Callable[[Place], None]:
    return lambda place: write(place, members(made(place)))


def layer(made: Callable[[Place], list[Any]]) -> Callable[[Place], None]:
    """The network with more layers in it."""
    return config(lambda place: network(*made(place)))


def lambda_layer(place: Place) -> dict[str, Any]:
    """As Keras wrote it: marshalled code, which makes the marker when it is called."""
    code = compile(f"(lambda x: [open({str(place.marker)!r}, 'w'), x][1])", "<lambda>", "eval").co_consts[0]
    dumped = {"value": [base64.b64encode(marshal.dumps(code)).decode(), None, None]}
    inner = {"class_name": "__lambda__", "config": dumped}
    return keras_object("Lambda", name="lambda", function=inner, arguments={})


def without_module(found: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in found.items() if key != "module"}


def nested(*layers: Any, **more: Any) -> dict[str, Any]:
    return {**keras_object("Sequential", "keras", name="inner", layers=list(layers)), **more}


def compiled(place: Place) -> dict[str, Any]:
    """What the training of a network was: a loss and an optimizer that are code."""
    return {
        "optimizer": function("os", "system"),
        "loss": lambda_layer(place),
        "metrics": [function("builtins", "eval")],
    }


def system_as(kind: str) -> Callable[[Place], None]:
    return layer(lambda place: [dense(**{kind: keras_object("system", "os", command=f"touch {place.marker}")})])


def words(vocabulary: Any, **more: Any) -> Callable[[Place], None]:
    return layer(lambda _: [keras_object("TextVectorization", name="words", vocabulary=vocabulary, **more)])


def lookup(name: str) -> Callable[[Place], None]:
    return layer(lambda place: [keras_object(name, name="lookup", vocabulary=str(place.secret))])


def deep(levels: int) -> bytes:
    text = json.dumps(network(top={"deep": "HERE"}))
    return text.replace('"HERE"', "[" * levels + "]" * levels).encode()


def with_number(text: str) -> Callable[[Place], None]:
    return config(lambda place: json.dumps(network(dense(seed="HERE"))).replace('"HERE"', text).encode())


def with_build_config(place: Place) -> dict[str, Any]:
    inner = {**dense(name="big", units=1000), "build_config": {"input_shape": [None, 10**13]}}
    return network(keras_object("TimeDistributed", name="wrapped", layer=inner))


# The archive.


def zip_bomb(member: str, size: int) -> Callable[[Place], None]:
    def make(place: Place) -> None:
        with zipfile.ZipFile(place.file, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, content in {**members(), member: b""}.items():
                if name == member:
                    with archive.open(name, "w") as file:
                        for _ in range(size >> 20):
                            file.write(b" " * (1 << 20))
                else:
                    archive.writestr(name, content)

    return make


def with_member(name: str, content: bytes = b"x") -> Callable[[Place], None]:
    return lambda place: write(place, {**members(), name: content})


def absolute_member(place: Place) -> None:
    write(place, {**members(), str(place.marker): b"x"})


def duplicate_member(place: Place) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        write(
            place, members(), lambda archive: archive.writestr("config.json", json.dumps(network(lambda_layer(place))))
        )


def symlink_member(place: Place) -> None:
    link = zipfile.ZipInfo("model.weights.h5")
    link.create_system, link.external_attr = 3, 0o120777 << 16
    files = members()
    del files["model.weights.h5"]
    write(place, files, lambda archive: archive.writestr(link, str(place.secret)))


def packed(method: int) -> Callable[[Place], None]:
    def make(place: Place) -> None:
        with zipfile.ZipFile(place.file, "w", method) as archive:
            for name, content in members().items():
                archive.writestr(name, content)

    return make


def bytes_changed(change: Callable[[bytes], bytes]) -> Callable[[Place], None]:
    def make(place: Place) -> None:
        write(place, members())
        place.file.write_bytes(change(place.file.read_bytes()))

    return make


def hidden_ending(place: Place) -> None:
    """A name that ends for some readers at a NUL."""
    write(place, {**members(), "config.json_.exe": b"{}"})
    place.file.write_bytes(place.file.read_bytes().replace(b"json_.exe", b"json\0.exe"))


def encrypted(content: bytes) -> bytes:
    """The flag that says so, in every entry of the table of contents."""
    parts = content.split(b"PK\1\2")
    return b"PK\1\2".join([parts[0], *(part[:4] + struct.pack("<H", 1) + part[6:] for part in parts[1:])])


def crowded(place: Place) -> None:
    with zipfile.ZipFile(place.file, "w") as archive:
        for number in range(5000):
            archive.writestr(f"{number}", b"")


# The weights.


def weights(change: Callable[[h5py.File, Place], None], arrays: Mapping[str, Any] = ARRAYS) -> Callable[[Place], None]:
    return lambda place: write(place, members(weights=hdf5(arrays, lambda file: change(file, place))))


def only(*paths: str, **more: Any) -> dict[str, Any]:
    return {path: array for path, array in ARRAYS.items() if path in paths} | more


BIAS, KERNEL = "layers/dense/vars/1", "layers/dense/vars/0"


def external_link(file: h5py.File, place: Place) -> None:
    file[BIAS] = h5py.ExternalLink(place.secret, "/0")


def external_array(file: h5py.File, place: Place) -> None:
    file.create_dataset(BIAS, (10,), "f4", external=[(str(place.secret), 0, 40)])


def virtual_array(file: h5py.File, place: Place) -> None:
    layout = h5py.VirtualLayout((10,), "f4")
    layout[:] = h5py.VirtualSource(str(place.secret), "0", (10,))
    file.create_virtual_dataset(BIAS, layout)


def open_virtual_array(file: h5py.File, place: Place) -> None:
    """Its shape stands in the other file: whoever asks for the shape opens that."""
    layout = h5py.VirtualLayout((10,), "f4", maxshape=(None,))
    source = h5py.VirtualSource(str(place.secret), "0", (10,), maxshape=(None,))
    layout[0 : h5py.h5s.UNLIMITED] = source[0 : h5py.h5s.UNLIMITED]
    file.create_virtual_dataset(BIAS, layout)


def soft_link(file: h5py.File, place: Place) -> None:
    file[BIAS] = h5py.SoftLink("/elsewhere")


def cycle(file: h5py.File, place: Place) -> None:
    file["layers/dense/again"] = file["layers"]


def packed_array(file: h5py.File, place: Place) -> None:
    file.create_dataset(BIAS, (10**12,), "f4", chunks=(1 << 20,), compression="gzip")


def hollow_array(file: h5py.File, place: Place) -> None:
    """A shape without bytes: HDF5 would fill it in."""
    file.create_dataset(BIAS, (10**12,), "f4")


def object_array(file: h5py.File, place: Place) -> None:
    array = file.create_dataset(BIAS, (1,), h5py.vlen_dtype(np.uint8))
    array[0] = np.frombuffer(pickle.dumps(print), np.uint8)


def text_array(file: h5py.File, place: Place) -> None:
    file[BIAS] = ["__import__('os').system('true')"]


def named_type(file: h5py.File, place: Place) -> None:
    file["layers/dense/vars/2"] = np.dtype("f4")


# Other things than `.keras` files.


def pickled(place: Place) -> None:
    place.file.write_bytes(pickle.dumps(Code(str(place.marker))))


class Code:
    """Makes the marker when it is unpickled."""

    def __init__(self, marker: str) -> None:
        self.marker = marker

    def __reduce__(self) -> tuple[Any, ...]:
        return open, (self.marker, "w")


def npz_of_objects(place: Place) -> None:
    content = io.BytesIO()
    np.savez(content, np.array([Code(str(place.marker))], dtype=object), allow_pickle=True)
    files = members()
    del files["model.weights.h5"]
    write(place, {**files, "model.weights.npz": content.getvalue()})


def hdf5_model(name: str) -> Callable[[Place], str]:
    def make(place: Place) -> str:
        made = hdf5(change=lambda file: file.attrs.update(model_config=json.dumps(network(lambda_layer(place)))))
        (place.folder / name).write_bytes(made)
        return str(place.folder / name)

    return make


def folder_model(place: Place) -> None:
    place.file.mkdir()
    for name, content in members(network(lambda_layer(place))).items():
        (place.file / name).write_bytes(content)


def text(argument: str) -> Callable[[Place], str]:
    return lambda place: argument


def recursive(layers: int) -> dict[str, Any]:
    made = nested(keras_object("Flatten"))
    for _ in range(layers):
        made = nested(made)
    return made


def about(**changes: Any) -> bytes:
    """A description of the harmless network as cnncli writes it, with some of its values changed."""
    return json.dumps({
        "format": 1, "cnncli": "0.1.0", "keras": "3.15.1", "recipe": "r", "task": "classification",
        "class_names": list("0123456789"), "outputs": "probabilities", "input_shape": [28, 28, 1],
        "input_range": None, "images": {"height": 28, "width": 28, "resize": "stretch", "color": "grayscale", "exif": "apply"},
        "loss": "sparse_categorical_crossentropy", "metrics": ["accuracy"], "batch_size": 32, **changes,
    }).encode()  # fmt: skip


def twice_about(archive: zipfile.ZipFile) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for _ in range(2):
            archive.writestr("cnncli.json", about())


_DAMAGED = "the cnncli.json in"
ABOUT = [
    ("no text", b"\xff\xfe\x00", "is not JSON"),
    ("cut short", about()[:40], "is not JSON"),
    ("a list", b"[]", _DAMAGED),
    ("a list of lists of lists", b"[" * 100_000, "levels deep"),
    ("300 levels deep", about(loss=json.loads('{"a":' * 300 + "1" + "}" * 300)), "levels deep"),
    ("NaN", about(batch_size=float("nan")), "the number NaN"),
    ("a number of 5,000 digits", about().replace(b": 32", b": " + b"1" * 5000), "the number 1111"),
    ("a key twice", b'{"format": 1, "format": 1}', "the key `format` twice"),
    ("a newer format", about(format=2), "from a newer cnncli"),
    ("an unknown key", about(more=1), "`more`"),
    (
        "an unknown key of the images",
        about(images={"height": 28, "width": 28, "color": "grayscale", "more": 1}),
        "more",
    ),
    ("eleven class names", about(class_names=[*"0123456789", "b"]), "`class_names` has 11"),
    ("a class name twice", about(class_names=["a"] * 10), "is listed twice"),
    ("numbers as class names", about(class_names=list(range(10))), "`class_names`"),
    ("a class name of 10,000 letters", about(class_names=["a" * 10_000, *"123456789"]), "10,000 characters"),
    (
        "500,000 class names",
        about(class_names=list(map(str, range(500_000)))),
        "`class_names` has 500,000",
    ),
    ("another task", about(task="regression"), "`class_names`"),
    ("other outputs", about(outputs="numbers"), "contradict each other"),
    (
        "other images",
        about(images={"height": 60_000, "width": 60_000, "color": "grayscale"}),
        "`images` have the shape",
    ),
    ("another input", about(input_shape=[32, 32, 3]), "`input_shape` is"),
    ("code as loss", about(loss={"os.system": {"command": "true"}}), "not one of Keras' losses"),
    ("code as metric", about(metrics=["eval"]), "not one of Keras' metrics"),
    ("a metric of 10^12 numbers", about(metrics=[{"MeanIoU": {"num_classes": 10**6}}]), "`num_classes`"),
    ("a huge batch", about(batch_size=10**9), "`batch_size`"),
]  # each with a part of the message


def image_network(*layers: Any, shape: tuple[int, ...] = (10, 1, 1)) -> tuple[Any, ...]:
    """The ten numbers of the harmless network as an image, and layers without weights that follow."""
    return (dense(), keras_object("Reshape", target_shape=list(shape)), *layers)


_RESIZING = keras_object("Resizing", height=400_000, width=400_000)
_CROP = keras_object("CenterCrop", height=4, width=4)
_MEAN = keras_object("GlobalAveragePooling2D")


def nested_image_network(shape: tuple[int, ...]) -> dict[str, Any]:
    begins = keras_object("InputLayer", batch_shape=[None, *shape], dtype="float32", name="inner_input")
    return keras_object("Sequential", "keras", name="inner", layers=[begins, _RESIZING, _CROP])


_PIPELINE = keras_object("Pipeline", layers=[_RESIZING, _CROP])
HUGE = {
    "an image of 400,000 x 400,000": image_network(_RESIZING, _MEAN),
    "pixels repeated 10,000 times": image_network(keras_object("UpSampling2D", size=[100_000, 10_000]), _MEAN),
    "a border of 100,000": image_network(keras_object("ZeroPadding2D", padding=100_000), _MEAN),
    "10^9 copies": (dense(), keras_object("RepeatVector", n=10**10), keras_object("GlobalAveragePooling1D")),
    "in a pipeline": image_network(_PIPELINE, _MEAN),
    "in a network in a network": image_network(nested_image_network((10, 1, 1)), _MEAN),
    "in a wrapper": image_network(
        keras_object("TimeDistributed", layer=nested_image_network((5, 1, 1))),
        keras_object("GlobalAveragePooling3D"),
        shape=(2, 5, 1, 1),
    ),
}  # layers of a network whose activations no machine holds


def _case(name: str, make: Callable[[Place], Any], says: str, *, code: int = 5, static: bool = True) -> Case:
    return Case(name, make, code, says, static)


_NOT_KERAS = "a class that is not Keras' own"
_ELSEWHERE = "weights that are kept in another file"

CASES = [
    _case("nothing: a harmless model", config(lambda place: network()), "", code=0, static=False),
    # code
    _case("a Lambda", layer(lambda place: [lambda_layer(place)]), "the layer `Lambda`"),
    _case("a Lambda in a wrapper", layer(lambda place: [keras_object("TimeDistributed", layer=lambda_layer(place))]),
          "the layer `Lambda`"),
    _case("a Lambda in a network in a network", layer(lambda place: [nested(nested(lambda_layer(place)))]),
          "the layer `Lambda`"),
    _case("a Lambda by its private module",
          layer(lambda place: [{**lambda_layer(place), "module": "keras.src.layers.core.lambda_layer"}]), _NOT_KERAS),
    _case("a Lambda in the old form, without a module", layer(lambda place: [without_module(lambda_layer(place))]),
          _NOT_KERAS),
    _case("a lambda as activation", layer(lambda place: [dense(activation=lambda_layer(place)["config"]["function"])]),
          "a Python function"),
    _case("os.system as activation", layer(lambda place: [dense(activation=function("os", "system"))]),
          "a Python function, `system`"),
    _case("builtins.eval as activation", layer(lambda place: [dense(activation=function("builtins", "eval"))]),
          "a Python function, `eval`"),
    _case("the text `eval` as activation", layer(lambda place: [dense(activation="eval")]), "Keras cannot open",
          static=False),
    _case("an activation registered under another name",
          layer(lambda place: [dense(activation={**function("builtins", "relu"), "registered_name": "os>system"})]),
          "a Python function"),
    _case("subprocess.Popen as layer", layer(lambda place: [keras_object("Popen", "subprocess", args=["true"])]),
          _NOT_KERAS),
    _case("os.system as initializer", system_as("kernel_initializer"), _NOT_KERAS),
    _case("os.system as regularizer", system_as("kernel_regularizer"), _NOT_KERAS),
    _case("os.system as constraint", system_as("kernel_constraint"), _NOT_KERAS),
    _case("a dtype policy from elsewhere", layer(lambda place: [dense(dtype=keras_object("Popen", "subprocess"))]),
          _NOT_KERAS),
    _case("a download of Keras' own", layer(lambda place: [keras_object("get_file", "keras.utils", origin="http://127.0.0.1")]),
          _NOT_KERAS),
    _case("a program from a file", layer(lambda place: [keras_object("TFSMLayer", filepath=str(place.secret))]),
          "the layer `TFSMLayer`"),
    _case("a program of PyTorch", layer(lambda place: [keras_object("TorchModuleWrapper", module="UEsDBA==")]),
          "the layer `TorchModuleWrapper`"),
    _case("a program of JAX", layer(lambda place: [keras_object("JaxLayer", call_fn=function("os", "system"))]),
          "the layer `JaxLayer`"),
    _case("a loop over a function", layer(lambda place: [keras_object("WhileLoop", "keras.src.ops.core")]), _NOT_KERAS),
    _case("a class registered by name", layer(lambda place: [{**dense(), "registered_name": "custom>Evil"}]), _NOT_KERAS),
    _case("a class of the user's own", config(lambda place: {**network(), "module": "mine", "class_name": "Net"}),
          _NOT_KERAS),
    _case("a type of TensorFlow's", layer(lambda place: [{"class_name": "__typespec__", "spec_name": "TensorSpec",
                                                          "module": "tensorflow", "config": [], "registered_name": None}]),
          _NOT_KERAS),
    _case("a layer in the place of the network", config(lambda place: dense()), "describes no network"),
    _case("code as loss and optimizer", config(lambda place: network(top={"compile_config": compiled(place)})), "",
          code=0, static=False),
    _case("code as loss of a network within", layer(lambda place: [nested(keras_object("ReLU"), compile_config=compiled(place))]),
          "", code=0, static=False),
    # files by way of the config
    _case("StringLookup from a file", lookup("StringLookup"), "the name of a file to read"),
    _case("IntegerLookup from a file", lookup("IntegerLookup"), "the name of a file to read"),
    _case("TextVectorization from a file", lookup("TextVectorization"), "the name of a file to read"),
    _case("TextVectorization without a vocabulary", words(None), "without its vocabulary"),
    _case("TextVectorization of no words", words([["a"], {"b": 1}]), "not a list of words"),
    _case("TextVectorization of a billion words at a time", words(["a"], ngrams=10**9), "`ngrams` of 1,000,000,000"),
    _case("a vocabulary as asset", with_member("assets/layers/string_lookup/vocabulary.txt"), "a vocabulary belongs in"),
    _case("FeatureSpace", layer(lambda place: [keras_object("FeatureSpace", "keras.utils", features={})]), _NOT_KERAS),
    # sizes by way of the config
    _case("10^12 units", layer(lambda place: [dense(units=10**12)]), "parameters, and its weights are", static=False),
    _case("10^12 units, then an error", layer(lambda place: [dense(units=10**12), dense(units=-1)]), "Keras cannot open",
          static=False),
    _case("10^13 inputs in a build_config", config(with_build_config), "", static=False),
    _case("an output of 10^12 copies", layer(lambda place: [keras_object("RepeatVector", n=10**12),
                                                            keras_object("GlobalAveragePooling1D")]),
          "gives for one example takes", code=8, static=False),
    _case("an image of 10^6 x 10^6", config(lambda place: network(
        keras_object("Reshape", target_shape=[28, 28, 1]), keras_object("Resizing", height=10**6, width=10**6),
        keras_object("GlobalAveragePooling2D"))), "gives for one example takes", code=8, static=False),
    *(_case(f"activations: {name}", config(lambda place, made=made: network(*made)), "the largest layers", code=8,
            static=False) for name, made in HUGE.items()),
    # what cnncli itself writes into a model
    _case("a wrapper that Keras cannot build", config(lambda place: network(*image_network(
        keras_object("TimeDistributed", layer=_PIPELINE), keras_object("GlobalAveragePooling3D"), shape=(2, 5, 1, 1)))),
          "does not contain the input shape of its network", static=False),
    *(_case(f"cnncli.json: {name}", with_member("cnncli.json", content), says, static=False)
      for name, content, says in ABOUT),
    _case("cnncli.json: 20 MB", with_member("cnncli.json", b" " * (20 << 20)), "a cnncli.json of 20,97"),
    _case("cnncli.json: a zip bomb", zip_bomb("cnncli.json", 300 << 20), "a cnncli.json of"),
    _case("cnncli.json: twice", lambda place: write(place, members(), twice_about), "`cnncli.json` 2 times"),
    _case("NaN", with_number("NaN"), "the number NaN"),
    _case("Infinity", with_number("-Infinity"), "the number -Infinity"),
    _case("1e999", with_number("1e999"), "the number 1e999"),
    _case("a number of 5,000 digits", with_number("1" * 5000), "the number 1111"),
    _case("a text of 1 GB in a value", layer(lambda place: [dense(seed={"class_name": "__numpy__", "config": {
        "value": ["x"], "dtype": "S1000000000"}})]), "a value of the type `S1000000000`"),
    _case("a config of 20 MB", config(lambda place: json.dumps(network()).encode() + b" " * (20 << 20)),
          "a config.json of 20,97"),
    _case("a config 100,000 levels deep", config(lambda place: deep(100_000)), "levels deep"),
    _case("a config 300 levels deep", config(lambda place: deep(300)), "levels deep"),
    _case("networks within networks, 50 times", layer(lambda place: [recursive(50)]), "levels deep"),
    _case("120,000 layers", config(lambda place: network(*[{"class_name": "__ellipsis__", "config": {}}] * 120_000)),
          "more than 100,000 layers"),
    _case("a config that is no text", config(lambda place: b"\xff\xfe\x00"), "is not JSON"),
    _case("a name that rewrites the terminal", layer(lambda place: [dense(name="\x1b]0;evil\x07")]), "a name that cannot be"),
    _case("a name of 10,000 letters", layer(lambda place: [dense(name="a" * 10_000)]), "a name that cannot be shown"),
    _case("a name that is a path", layer(lambda place: [dense(name="..\\..\\evil")]), "a name that is a path"),
    # the archive
    _case("zip bomb: the weights", zip_bomb("model.weights.h5", 300 << 20), "bytes that say they are 314,572,800"),
    _case("zip bomb: the config", zip_bomb("config.json", 300 << 20), "bytes that say they are 314,572,800"),
    _case("a member with `..`", with_member("../../evil.txt"), "`../../evil.txt`, which no model has"),
    _case("an absolute member", absolute_member, "which no model has"),
    _case("a member with backslashes", with_member("..\\..\\evil.txt"), "which no model has"),
    _case("a member with a hidden ending", hidden_ending, "which no model has"),
    _case("a second config", duplicate_member, "`config.json` 2 times"),
    _case("a member that is a link", symlink_member, "that is a link or a device"),
    _case("an encrypted member", bytes_changed(encrypted), "an encrypted `metadata.json`"),
    _case("a member packed with LZMA", packed(zipfile.ZIP_LZMA), "packed in a way that Keras never uses"),
    _case("a table of 5,000 contents", crowded, "a table of contents of"),
    _case("cut short", bytes_changed(lambda content: content[: len(content) // 2]), "is cut short"),
    _case("a program behind the archive", bytes_changed(lambda content: content + b"#!/bin/sh\n" * 9), "bytes behind its end"),
    _case("a byte of the config changed", bytes_changed(lambda content: content.replace(b'"Flatten"', b'"Flattem"')),
          "its archive cannot be read"),
    # the weights
    _case("HDF5: a link to another file", weights(external_link, only(KERNEL)), "a link in its weights"),
    _case("HDF5: a link within the file", weights(soft_link, only(KERNEL)), "a link in its weights"),
    _case("HDF5: an array in another file", weights(external_array, only(KERNEL)), _ELSEWHERE),
    _case("HDF5: a virtual array", weights(virtual_array, only(KERNEL)), _ELSEWHERE),
    _case("HDF5: a virtual array of open length", weights(open_virtual_array, only(KERNEL)), _ELSEWHERE),
    _case("HDF5: a group within itself", weights(cycle), "a second name for the same weights"),
    _case("HDF5: 4 TB packed into nothing", weights(packed_array, only(KERNEL)), "in pieces or packed"),
    _case("HDF5: 4 TB without bytes", weights(hollow_array, only(KERNEL)), "a shape for which it has no bytes"),
    _case("HDF5: pickled objects", weights(object_array, only(KERNEL)), "weights that are no numbers"),
    _case("HDF5: text", weights(text_array, only(KERNEL)), "weights that are no numbers"),
    _case("HDF5: a type in the place of an array", weights(named_type), "weights that are no array"),
    _case("HDF5: cut short", lambda place: write(place, members(weights=hdf5()[:20_000])), "cut short"),
    _case("HDF5: something else", lambda place: write(place, members(weights=b"hello")), "is not an HDF5 file"),
    _case("weights of another shape", lambda place: write(place, members(weights=hdf5(only(
        BIAS, **{KERNEL: np.zeros((10, 784), np.float32)})))), "do not fit", static=False),
    _case("weights of another type", lambda place: write(place, members(weights=hdf5(only(
        BIAS, **{KERNEL: np.zeros((784, 10), np.float64)})))), "do not fit", static=False),
    _case("weights that are missing", lambda place: write(place, members(weights=hdf5(only(
        KERNEL, other=np.zeros(99, np.float32))))), "do not fit", static=False),
    _case("an .npz of pickled objects", npz_of_objects, "`model.weights.npz`, which no model has"),
    # other things
    _case("a pickle", pickled, "is not a .keras model"),
    _case("an HDF5 model", hdf5_model("m.h5"), "which can contain code", static=False),
    _case("an HDF5 model under another name", hdf5_model("m.keras"), "which can contain code"),
    _case("a folder", folder_model, "is not a regular file"),
    _case("hf://", text("hf://someone/model.keras"), "a model is a local .keras file", static=False),
    _case("https://", text("https://127.0.0.1:9/model.keras"), "a model is a local .keras file", static=False),
    _case("file://", text("file:///etc/passwd.keras"), "a model is a local .keras file", static=False),
    _case("a device", text("/dev/zero"), "", code=6, static=False),
]  # fmt: skip
