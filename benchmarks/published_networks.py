"""Recipes beside the networks of keras.applications: equal weights give equal outputs.

    python -m benchmarks.published_networks
    python -m benchmarks.published_networks DenseNet121 DenseNet201

Run from the top of the repository. For each network the recipe and Keras' own code are built for 1000 classes and small
images. The layers with weights are paired along the two graphs. All weights are random, also the statistics of batch
normalization, and are copied from one network to the other. The table shows the largest difference between the logits for
random images, relative to how much the logits of these images differ. The exit code is 1 if a difference is larger than
5e-5 or a number of parameters is not the one that Keras has.
"""

from __future__ import annotations

import argparse
import ast
import functools
import importlib
import inspect
import io
import sys
import tokenize
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import keras
import numpy as np

from cnncli import keras_internals
from cnncli.network import symbolic_shapes
from cnncli.network.build import build, prepared_inputs
from cnncli.network.flatten_submodels import layers_of
from cnncli.recipe import shipped
from cnncli.recipe.load import load
from cnncli.recipe.named_inputs import inputs_of
from cnncli.recipe.schema import Recipe

LARGEST_DIFFERENCE = 5e-5
CLASSES = 1000
_IMAGE_COUNT = 4
_PREPARATION_DIFFERENCE = 1e-5  # of values up to about 2.6


@dataclass(frozen=True)
class Published:
    """A network that keras.applications has too.

    Attributes:
        recipe: the shipped recipe, or one of `benchmarks/networks`.
        module: of keras.applications.
        model: the function of that module.
        settings: what `--set` says.
        arguments: of the function.
        size: height and width of the images that both networks get.
        has_own_scale: the recipe brings images to -1..1, where Keras' preprocessing subtracts the mean color.
        extra_params: parameters that only Keras' network has.
    """

    recipe: str
    module: str
    model: str
    settings: tuple[str, ...] = ()
    arguments: dict[str, Any] = field(default_factory=dict)
    size: int = 64
    has_own_scale: bool = False
    extra_params: int = 0


def _efficientnet(number: int, width: float, depth: float) -> Published:
    settings = (f"vars.width={width}", f"vars.depth={depth}")
    # Its Normalization keeps a mean and a variance of 3 channels and a count as weights.
    return Published("efficientnet-b0", "efficientnet", f"EfficientNetB{number}", settings, extra_params=7)


_WIDTHS, _DEPTHS = (1.0, 1.0, 1.1, 1.2, 1.4, 1.6, 1.8, 2.0), (1.0, 1.1, 1.2, 1.4, 1.8, 2.2, 2.6, 3.1)
# Keras' ResNet-50 has its strides in the first convolution of a block, as the paper; biases before batch normalization; and
# another epsilon. With 65 pixels `padding: same` pads as Keras' ZeroPadding2D does.
_KERAS_RESNET = (
    "blocks.conv_bn.layers.0.Conv2D.use_bias=true",
    "blocks.conv_bn.layers.1={BatchNormalization: {epsilon: 1.001e-5}}",
    "blocks.bottleneck.layers.0.residual.body.0.conv_bn.strides=$strides",
    "blocks.bottleneck.layers.0.residual.body.2.conv_bn.strides=1",
    "blocks.bottleneck.layers.0.residual.shortcut=[{conv_bn: {if: $(here.channels != 4 * filters), filters: $(4 * filters), "
    "kernel_size: 1, strides: $strides}}]",
)
NETWORKS = {
    "VGG16": Published("vgg16", "vgg16", "VGG16", size=224, has_own_scale=True),
    **{
        f"ResNet{name}": Published(
            "resnet50",
            "resnet",
            f"ResNet{name}",
            (f"vars.depths={depths}", *_KERAS_RESNET),
            size=65,
            has_own_scale=True,
        )
        for name, depths in ((50, [3, 4, 6, 3]), (101, [3, 4, 23, 3]), (152, [3, 8, 36, 3]))
    },
    "InceptionV3": Published("inception-v3", "inception_v3", "InceptionV3", size=96),
    "Xception": Published("xception", "xception", "Xception", size=96),
    **{
        f"MobileNet {alpha}": Published(
            "mobilenet-v1", "mobilenet", "MobileNet", (f"vars.alpha={alpha}",), {"alpha": alpha}
        )
        for alpha in (1.0, 0.5)
    },
    **{
        f"MobileNetV2 {alpha}": Published(
            "mobilenet-v2", "mobilenet_v2", "MobileNetV2", (f"vars.alpha={alpha}",), {"alpha": alpha}
        )
        for alpha in (1.0, 0.35, 1.4)
    },
    **{
        f"DenseNet{name}": Published("densenet121", "densenet", f"DenseNet{name}", (f"vars.depths={depths}",))
        for name, depths in ((121, [6, 12, 24, 16]), (169, [6, 12, 32, 32]), (201, [6, 12, 48, 32]))
    },
    **{
        f"EfficientNetB{number}": _efficientnet(number, width, depth)
        for number, (width, depth) in enumerate(zip(_WIDTHS, _DEPTHS, strict=True))
    },
    "MobileNetV3Large": Published("mobilenet-v3-large", "mobilenet_v3", "MobileNetV3Large"),
    "EfficientNetV2S": Published("efficientnet-v2-s", "efficientnet_v2", "EfficientNetV2S"),
    "NASNetMobile": Published("nasnet-mobile", "nasnet", "NASNetMobile", size=224),
    "InceptionResNetV2": Published("inception-resnet-v2", "inception_resnet_v2", "InceptionResNetV2", size=139),
    **{
        f"ConvNeXt{name}": Published(
            "convnext-tiny", "convnext", f"ConvNeXt{name}", (f"vars.depths={depths}", f"vars.width={width}")
        )
        for name, depths, width in (
            ("Tiny", [3, 3, 9, 3], 96),
            ("Small", [3, 3, 27, 3], 96),
            ("Base", [3, 3, 27, 3], 128),
        )
    },
}


@dataclass(frozen=True)
class Compared:
    """A recipe beside Keras' network.

    Attributes:
        params: of the recipe's network.
        keras_params: of Keras' network.
        difference: the largest one of the logits, relative to how much the logits of the images differ.
    """

    params: int
    keras_params: int
    difference: float


def compare(network: Published, *, seed: int = 0) -> Compared:
    """Build both networks, give them the same weights and compare their logits.

    Raises:
        ValueError: their graphs or weights do not match.
    """
    keras.utils.set_random_seed(seed)
    recipe, shape = _recipe(network), (network.size, network.size, 3)
    ours, theirs = _ours(recipe, shape), _theirs(network)
    images = random_images(network.size, np.random.default_rng(seed))
    randomize(ours, images, np.random.default_rng(seed + 1))
    _copy(ours, theirs)
    mine, yours = np.asarray(ours(images)), np.asarray(theirs(_prepared(network, recipe, images)))
    spread = np.max(np.abs(mine - mine.mean(axis=0)))
    return Compared(ours.count_params(), theirs.count_params(), float(np.max(np.abs(mine - yours)) / spread))


def _module(network: Published) -> Any:
    return importlib.import_module(f"keras.src.applications.{network.module}")


def _prepared(network: Published, recipe: Recipe, images: np.ndarray) -> np.ndarray:
    """What Keras' network takes: what the recipe's `data.prepare` gives, or images if it has layers for that itself."""
    expected = _module(network).preprocess_input(images.copy())
    if np.array_equal(expected, images):
        return images
    [own] = inputs_of(recipe.data)
    inputs = {own.name: keras.Input(images.shape[1:], name=own.name)}
    found = np.asarray(keras.Model(inputs, prepared_inputs(recipe, inputs))({own.name: images})[own.name])
    if not network.has_own_scale and np.max(np.abs(found - expected)) > _PREPARATION_DIFFERENCE:
        raise ValueError("`data.prepare` of the recipe is not the preprocessing of Keras")
    return found


def _recipe(network: Published) -> Recipe:
    shape = (network.size, network.size, 3)
    settings = [f"data.source.image_folder.image_size={list(shape[:2])}", f"model.input={list(shape)}", "expect={}"]
    loaded = load(str(own(network.recipe) or network.recipe), [*network.settings, *settings])
    return symbolic_shapes.resolve(loaded, shape, classes=CLASSES).recipe


def _ours(recipe: Recipe, shape: tuple[int, ...]) -> keras.Model:
    model = build(recipe, input_shape=shape, load_weights=False).model
    model.layers[-1].activation = keras.activations.linear
    return model


def _theirs(network: Published) -> keras.Model:
    shape = (network.size, network.size, 3)
    model = getattr(_module(network), network.model)
    return model(weights=None, input_shape=shape, classifier_activation=None, **network.arguments)


def random_images(size: int, random: np.random.Generator) -> np.ndarray:
    """Some images of 4 x 4 colored rectangles, float32, 0..255."""
    colors = random.uniform(0, 255, (_IMAGE_COUNT, 4, 4, 3)).astype("float32")
    side = -(-size // 4)
    return colors.repeat(side, axis=1).repeat(side, axis=2)[:, :size, :size]


def randomize(model: keras.Model, images: np.ndarray, random: np.random.Generator) -> None:
    """Give a network random weights, and batch normalization statistics that are near those of some images."""
    normalizations = [layer for layer in model.layers if isinstance(layer, keras.layers.BatchNormalization)]
    for weight in model.trainable_weights:
        if len(weight.shape) == 1:
            is_factor = weight.name in ("gamma", "kernel")  # a kernel of one axis is a scale
            weight.assign(random.uniform(0.5, 1.5, weight.shape) if is_factor else random.normal(0, 0.1, weight.shape))
        elif weight.name == "kernel" and weight.shape[-1] > 1:  # as large as what comes in (He et al., 2015)
            weight.assign(random.normal(0, np.sqrt(2 / np.prod(weight.shape[:-1])), weight.shape))
    momenta = [layer.momentum for layer in normalizations]
    for layer in normalizations:
        layer.momentum = 0.0  # the moving statistics become those of one batch
    model(images, training=True)
    for layer, momentum in zip(normalizations, momenta, strict=True):
        layer.momentum = momentum
        mean, variance = np.asarray(layer.moving_mean), np.asarray(layer.moving_variance)
        layer.moving_mean.assign(mean + 0.3 * np.sqrt(variance) * random.normal(size=mean.shape))
        layer.moving_variance.assign(variance * random.uniform(0.5, 2, variance.shape))


def _copy(ours: keras.Model, theirs: keras.Model) -> None:
    """Copy all weights; a constant can be stored in another shape."""
    written = 0
    for mine, yours in pairs(ours, _without_chains(theirs)):
        for weight, value in zip(yours.weights, mine.weights, strict=True):
            weight.assign(np.reshape(value, weight.shape))
        written += len(yours.weights)
    prepared = next((layer for layer in ours.layers if isinstance(layer, keras.layers.Normalization)), None)
    for layer in theirs.layers:
        if isinstance(layer, keras.layers.Normalization) and layer.weights:
            layer.set_weights([np.ravel(prepared.mean), np.ravel(prepared.variance), np.zeros((), "int32")])
            layer.finalize_state()
            written += len(layer.weights)
    if written != sum(len(layer.weights) for layer in layers_of(theirs)):
        raise ValueError("not all weights of Keras' network have a value")


def _without_chains(model: keras.Model) -> keras.Model:
    """The same network with the layers of each Sequential in its graph."""

    def call(layer: Any, *tensors: Any, **options: Any) -> Any:
        if not isinstance(layer, keras.Sequential):
            return layer(*tensors, **options)
        return functools.reduce(lambda tensor, inner: inner(tensor), layer.layers, *tensors)

    return keras.models.clone_model(model, clone_function=lambda layer: layer, call_function=call)


def pairs(ours: keras.Model, theirs: keras.Model) -> Iterator[tuple[Any, Any]]:
    """The layers with weights of two networks, paired along their graphs from the output to the input.

    Layers without weights that take one tensor are passed over: what they compute is compared by the outputs.

    Raises:
        ValueError: at some point the graphs or the sizes of the weights differ.
    """
    stack = [(ours.outputs[0], theirs.outputs[0])]
    depths = _depths(ours.outputs[0]) | _depths(theirs.outputs[0])
    paired: dict[int, Any] = {}
    while stack:
        mine, yours = (_maker(tensor) for tensor in stack.pop())
        if id(mine.operation) in paired:
            if paired[id(mine.operation)] is not yours.operation:
                raise ValueError(f"{mine.operation.name} stands for two layers of Keras")
            continue
        paired[id(mine.operation)] = yours.operation
        if not _match(mine, yours):
            raise ValueError(f"{mine.operation.name} does not match {yours.operation.name}")
        if _weights(mine.operation):
            yield mine.operation, yours.operation
        left, right = keras_internals.inputs_of_call(mine), keras_internals.inputs_of_call(yours)
        if not isinstance(
            mine.operation, keras.layers.Concatenate
        ):  # the order of a sum's or a product's inputs is free
            for tensors in (left, right):
                tensors.sort(key=lambda tensor: depths[id(_maker(tensor).operation)])
        stack += zip(left, right, strict=True)


def _depths(output: Any) -> dict[int, int]:
    """How many calls, of those that are paired, lead to each one at most."""
    depths: dict[int, int] = {}
    stack = [output]
    while stack:
        origin = _maker(stack[-1])
        sources = keras_internals.inputs_of_call(origin)
        before = [id(_maker(tensor).operation) for tensor in sources]
        if waiting := [tensor for tensor, key in zip(sources, before, strict=True) if key not in depths]:
            stack += waiting
        else:
            depths[id(origin.operation)] = 1 + max((depths[key] for key in before), default=0)
            stack.pop()
    return depths


def _maker(tensor: Any) -> keras_internals.Origin:
    """The call that a tensor comes from, of a layer with weights or one that takes several tensors or none."""
    while True:
        origin = keras_internals.origin_of(tensor)
        sources = keras_internals.inputs_of_call(origin)
        if len(sources) != 1 or _weights(origin.operation):
            return origin
        tensor = sources[0]


def _weights(operation: Any) -> list[Any]:
    is_preprocessing = isinstance(operation, keras.layers.Normalization)
    return [] if is_preprocessing else getattr(operation, "weights", [])


def _match(mine: keras_internals.Origin, yours: keras_internals.Origin) -> bool:
    """Whether two calls take as many tensors, and their layers have as many weights of the same sizes."""
    sizes, others = ([np.prod(weight.shape) for weight in _weights(origin.operation)] for origin in (mine, yours))
    return sizes == others and len(keras_internals.inputs_of_call(mine)) == len(keras_internals.inputs_of_call(yours))


def values(network: Published) -> str:
    """The values of `vars` for the table; an asterisk for other changes."""
    variables = [text.removeprefix("vars.").replace("=", ": ") for text in network.settings if text.startswith("vars.")]
    return ", ".join(f"`{text}`" for text in variables) + ("*" if len(variables) < len(network.settings) else "")


def own(name: str) -> Path | None:
    """The file of a recipe that is not shipped."""
    file = Path(__file__).parent / "networks" / f"{name}.yaml"
    return file if file.exists() else None


def recipe_lines(name: str) -> int:
    """The lines of a recipe's `vars`, `blocks` and `model` without comments and blank lines."""
    count, inside = 0, False
    file = own(name)
    for line in (file.read_bytes() if file else shipped.read(name)).decode().splitlines():
        text = line.strip()
        if line[:1].isalpha():
            inside = line.partition(":")[0] in ("vars", "blocks", "model")
        count += inside and bool(text) and not text.startswith("#")
    return count


def python_lines(source: str) -> int:
    """The lines of a module without comments, blank lines and docstrings; a text over several lines counts as one."""
    docstrings = {
        node.lineno for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Expr) and _is_text(node.value)
    }
    kinds = (tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT, tokenize.ENDMARKER)
    tokens = tokenize.generate_tokens(io.StringIO(source).readline)
    return len({token.start[0] for token in tokens if token.type not in kinds} - docstrings)


def _is_text(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, str)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", choices=[*NETWORKS, []], metavar="NAME", help=", ".join(NETWORKS))
    failed = False
    print("| network of Keras | recipe | `vars` | lines | lines of Keras' module | parameters | largest difference |")
    print("| --- | --- | --- | --- | --- | --- | --- |", flush=True)
    for name in parser.parse_args().names or NETWORKS:
        network = NETWORKS[name]
        compared = compare(network)
        lines = [recipe_lines(network.recipe), python_lines(inspect.getsource(_module(network)))]
        folder = "benchmarks/networks" if own(network.recipe) else "recipes"
        cells = [name, f"[{network.recipe}](../{folder}/{network.recipe}.yaml)", values(network), *lines]
        cells += [f"{compared.params:,}", f"{compared.difference:.1e}"]
        print(f"| {' | '.join(map(str, cells))} |", flush=True)
        is_equal = compared.keras_params - compared.params == network.extra_params
        if not is_equal:
            print(f"{name}: Keras' network has {compared.keras_params:,} parameters", file=sys.stderr)
        failed |= not is_equal or not compared.difference <= LARGEST_DIFFERENCE
        keras.backend.clear_session()
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
