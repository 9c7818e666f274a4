"""One check everywhere: validate, a dry run and training refuse the same."""

from __future__ import annotations

from stand_ins import photos

from cases.making import ANY, U8, Case

APPLICATION = """\
data: {source: {image_folder: {path: photos, image_size: [32, 32]}}}
model: {layers: [MobileNet: {weights: imagenet, include_top: false}, GlobalAveragePooling2D,
        Dense: {units: $classes, activation: softmax}]}
"""
LAYERS = "layers: [Flatten, Dense: {units: $classes, activation: softmax}]"
CONVOLUTION = "Conv2D: {name: c1, filters: 4, kernel_size: 3, strides: 2}"


def with_layers(layers: str, *, classes: bool = True, more: str = "") -> str:
    """The recipe of all cases with other layers; it declares its classes, so that `validate` knows them."""
    text = U8.replace(LAYERS, f"layers: [{layers}]") + more
    return text.replace("data:\n", "data:\n  classes: 10\n", 1) if classes else text


def everywhere(what: str, recipe: str, exit_code: int, *says: str) -> list[Case]:
    """The same answer of validate, of a dry run and of training."""
    commands = {"validate": "validate bad.yaml", "a dry run": "train bad.yaml --dry-run", "training": "train bad.yaml"}
    return [
        Case(f"{what}: {name}", (command,), exit_code, says, files=(("bad.yaml", recipe),), writes_nothing=True)
        for name, command in commands.items()
    ]


NOTED = with_layers(
    "Conv2D: {name: c, filters: 8, kernel_size: 3, padding: same}, Add: {from: [input, c]}, Flatten, "
    "Dense: {units: $classes, activation: softmax}"
)


CASES: list[Case] = [
    Case(
        "a note of validate, in text",
        ("validate noted.yaml",),
        says=(f"noted.yaml:{ANY}: Add combines 28x28x1 and 28x28x8",),
        files=(("noted.yaml", NOTED),),
    ),
    Case(
        "a note of validate, in JSON",
        ("validate noted.yaml --json",),
        prints=('"notes": [', '"message": "Add combines 28x28x1 and 28x28x8'),
        files=(("noted.yaml", NOTED),),
    ),
    Case(
        "a note of summary, in JSON",
        ("summary patient.yaml --json",),
        prints=('"notes": [', '"message": "'),
        files=(("patient.yaml", U8.replace("seed: 1", "seed: 1, callbacks: [EarlyStopping: {patience: 50}]")),),
    ),
    *everywhere(
        "more units than classes",
        with_layers("Flatten, Dense: {units: 50, activation: softmax}"),
        4,
        f"bad.yaml:{ANY}: the labels need 10 outputs, and layer `dense` has 50",
        "`units: $classes`",
    ),
    *everywhere(
        "fewer units than classes",
        with_layers("Flatten, Dense: {units: 3, activation: softmax}"),
        3,
        f"bad.yaml:{ANY}: the labels need 10 outputs, and layer `dense` has 3",
    ),
    *everywhere(
        "a map before the labels",
        with_layers(f"{CONVOLUTION}, Dense: {{units: $classes, activation: softmax}}", classes=False),
        3,
        "the output of layer `dense` is a map of 13x13, but classes need one row of numbers",
        "`- Flatten`",
    ),
    *everywhere(
        "a layer of 200,000,000 units",
        with_layers(
            "Flatten, Dense: {name: big, units: 200000000, activation: relu}, Dense: {units: 10, activation: softmax}"
        ),
        8,
        f"bad.yaml:{ANY}: training needs about ",
        "the largest layers: big (",
    ),
    *everywhere(
        "an image of 60,000 x 60,000 within the network",
        with_layers(
            "Resizing: {height: 60000, width: 60000}, GlobalAveragePooling2D, Dense: {units: 10, activation: softmax}"
        ),
        8,
        "the largest layers: resizing",
    ),
    *everywhere(
        "first weights beyond float32",
        with_layers("Flatten, Dense: {units: 10, activation: softmax, kernel_initializer: {Constant: 1e308}}"),
        3,
        f"bad.yaml:{ANY}: `value` is 1e+308, and float32 holds numbers up to 3.4e38",
    ),
    *everywhere(
        "a permutation that is none",
        with_layers("Permute: [2, 3], Flatten, Dense: {units: 10, activation: softmax}"),
        3,
        f"bad.yaml:{ANY}: Permute: ",
        "must be consecutive and start from 1",
    ),
    *everywhere(
        "values that become infinite before the first weights",
        with_layers("Rescaling: 1e30, Rescaling: 1e30, Flatten, Dense: {units: 10, activation: softmax}"),
        7,
        f"bad.yaml:{ANY}: the first output of `rescaling_1` is not finite",
    ),
    *everywhere(
        "activations that overflow before anything is trained",
        with_layers(
            "Flatten, Dense: {units: 8, activation: exponential, kernel_initializer: {Constant: 9.0}}, "
            "Dense: {units: 10, activation: softmax}"
        ),
        7,
        f"bad.yaml:{ANY}: the first output of `dense` is not finite, before anything is trained",
    ),
    *everywhere(
        "an initializer whose rare numbers are not finite",
        with_layers(
            "Flatten, Dense: {units: 10, activation: softmax, kernel_initializer: {RandomNormal: {stddev: 1e38}}}"
        ),
        3,
        f"bad.yaml:{ANY}: RandomNormal gives weights that are not finite in float32",
    ),
    *everywhere(
        "first weights beyond float16",
        with_layers(
            "Flatten, Dense: {units: 10, kernel_initializer: {Constant: 1e6}}, Dense: {units: 10, activation: softmax}"
        ).replace("precision: float32", "precision: mixed_float16"),
        3,
        f"bad.yaml:{ANY}: Constant gives weights that are not finite in float16",
        "float16 holds numbers up to 65,504",
    ),
    *everywhere(
        "a penalty beyond float32",
        with_layers("Flatten, Dense: {units: 10, activation: softmax, kernel_regularizer: {L2: 3e38}}"),
        7,
        f"bad.yaml:{ANY}: the first regularization loss of `dense` is not finite",
    ),
    Case(
        "an output folder that is a device, in a dry run",
        ("train u8.yaml --dry-run --output /dev/null",),
        6,
        ("/dev/null is a file, not a folder",),
        writes_nothing=True,
    ),
    Case(
        "an output folder that is a file, in a dry run",
        ("train u8.yaml --dry-run --output u8.npz",),
        6,
        ("u8.npz is a file, not a folder",),
        writes_nothing=True,
    ),
    Case(
        "a run's name that is taken, in a dry run",
        ("train u8.yaml --dry-run --run first",),
        6,
        ("outputs/u8/first",),
        writes_nothing=True,
    ),
    Case(
        "weights that cannot be downloaded, in a dry run",
        ("train app.yaml --dry-run",),
        9,
        ("the ImageNet weights of MobileNet are not cached and the download failed",),
        files=(photos, ("app.yaml", APPLICATION)),
    ),
]
