"""Find Keras applications (VGG16, ResNet50, …) in the calls of a model whose preprocessing or layers no recipe can list."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import keras

from cnncli.conversion.graph_calls import Call, calls_to, policy_of
from cnncli.network import applications
from cnncli.recipe.keras_objects import catalogue
from cnncli.recipe.keras_objects.objects import KerasObject, read
from cnncli.recipe.language.flat_layers import INPUT
from cnncli.recipe.layers import application_name

# The calls of each application without its top and with its preprocessing: the largest that fits is the likeliest. Those
# of EfficientNetV2 are layers that a recipe can list.
_SIZES = {
    "VGG16": 24,
    "VGG19": 27,
    "MobileNet": 88,
    "Xception": 134,
    "MobileNetV2": 156,
    "InceptionV3": 313,
    "ConvNeXtTiny": 151,
    **dict.fromkeys(("ConvNeXtSmall", "ConvNeXtBase", "ConvNeXtLarge", "ConvNeXtXLarge"), 295),
    "MobileNetV3Small": 175,
    "MobileNetV3Large": 203,
    "InceptionResNetV2": 782,
    "ResNet50": 180,
    "ResNet101": 350,
    "ResNet152": 520,
    "ResNet50V2": 192,
    "ResNet101V2": 379,
    "ResNet152V2": 566,
    "DenseNet121": 430,
    "DenseNet169": 598,
    "DenseNet201": 710,
    "NASNetMobile": 771,
    "NASNetLarge": 1041,
    "EfficientNetB0": 237,
    "EfficientNetB1": 339,
    "EfficientNetB2": 339,
    "EfficientNetB3": 384,
    "EfficientNetB4": 474,
    "EfficientNetB5": 576,
    "EfficientNetB6": 666,
    "EfficientNetB7": 813,
}
# What changes an application without its top: the default first, then values for which Keras has weights.
_VARIANTS: tuple[dict[str, Any], ...] = (
    {},
    *({"alpha": value} for value in (0.25, 0.35, 0.5, 0.75, 1.3, 1.4)),
    {"minimalistic": True},
    {"include_preprocessing": False},
)
# Without its top it ends with a layer that it does not have with it, so both are looked for.
_ENDS_OTHERWISE = "ConvNeXt"


@dataclass(frozen=True)
class Application:
    """An application in a model.

    Attributes:
        item: as a recipe names it, without weights.
        name: of the application in the recipe.
        names: of its calls in the model.
        start: the name of what it takes.
        end: the name of its last call.
    """

    item: KerasObject
    name: str
    names: frozenset[str]
    start: str
    end: str


def find_applications(calls: Sequence[Call], inputs: Mapping[str, Any]) -> list[Application]:
    """Find applications around the calls that a recipe cannot have as layers.

    Args:
        calls: of a model.
        inputs: of the model, as Keras' symbols by name.
    """
    found: list[Application] = []
    search = _Search(calls, inputs)
    while search.refused and (application := search.next([each.name for each in found])):
        search.without(application.names)
        found.append(application)
    return found


class _Search:
    """The calls of a model that are in no application so far.

    Attributes:
        refused: the names of those that a recipe cannot have as layers.
    """

    def __init__(self, calls: Sequence[Call], inputs: Mapping[str, Any]) -> None:
        self.refused = {call.name for call in calls if call.refused}
        if not self.refused:
            return
        shared = {call.shares for call in calls}
        self._calls = {call.name: call for call in calls if not call.shares and call.name not in shared}
        self._signatures = {name: call.signature() for name, call in self._calls.items()}
        self._names = set(inputs) | {call.name for call in calls}
        self._policy = policy_of(calls)
        tensors = [*inputs.values(), *(call.outputs[0] for call in calls)]
        self._images = list({(tensor.shape[1:], tensor.dtype) for tensor in tensors if _is_of_images(tensor)})

    def without(self, names: frozenset[str]) -> None:
        """Leave calls out from now on."""
        self.refused -= names
        self._calls = {name: call for name, call in self._calls.items() if name not in names}

    def next(self, taken: Sequence[str]) -> Application | None:
        """An application with calls that a recipe cannot have as layers.

        Args:
            taken: names of other applications.
        """
        for shape, dtype in self._images:
            tensor = keras.Input(shape, dtype=dtype)
            largest_first = sorted(_SIZES, key=lambda name: -_SIZES[name])
            possible = [
                name for name in largest_first if _SIZES[name] <= len(self._calls) and self._begins(name, tensor)
            ]
            for arguments in _VARIANTS:
                for name in possible:
                    for top in self._tops(name):
                        item = _item(name, {**top, **arguments})
                        if item and (found := self._application(item, tensor)):
                            return self._named(found, taken)
        return None

    def _tops(self, name: str) -> Iterator[dict[str, Any]]:
        """The arguments that say whether an application has its top."""
        yield {"include_top": False}
        if name.startswith(_ENDS_OTHERWISE):
            heads = {
                (call.operation.units, keras.activations.serialize(call.operation.activation))
                for call in self._calls.values()
                if isinstance(call.operation, keras.layers.Dense) and len(call.outputs[0].shape) == 2
            }
            for units, activation in sorted(heads):
                yield {"classes": units, **({} if activation == "softmax" else {"classifier_activation": activation})}

    def _begins(self, name: str, tensor: Any) -> bool:
        """Whether the preprocessing of an application is there; many have none."""
        output = applications.preprocessed(name, tensor)
        return output is tensor or any(self._matches(output, tensor))

    def _application(self, item: KerasObject, tensor: Any) -> Application | None:
        try:
            inlined = applications.inline(item, tensor, policy=self._policy, load_weights=False, path=())
        except Exception:  # Keras raises many kinds for sizes and arguments that do not go together
            return None
        for names in self._matches(inlined.output, tensor):
            inside = frozenset(mine for name, mine in names.items() if name != INPUT)
            if inside & self.refused:
                return Application(item, item.args["name"], inside, names[INPUT], next(iter(names.values())))
        return None

    def _matches(self, output: Any, tensor: Any) -> Iterator[dict[str, str]]:
        """Where the calls from one tensor to another are in the model: their names -> those in the model, the last first."""
        calls, (last,) = calls_to([output], {INPUT: tensor})
        if len(calls) > len(self._calls):
            return
        wanted = {call.name: (call.inputs, call.signature()) for call in calls}
        for end, signature in self._signatures.items():
            if end in self._calls and signature == wanted[last][1] and (names := self._match(wanted, last, end)):
                yield names

    def _match(self, wanted: Mapping[str, tuple[tuple[str, ...], str]], last: str, end: str) -> dict[str, str] | None:
        names: dict[str, str] = {}
        waiting = [(last, end)]
        while waiting:
            name, mine = waiting.pop()
            if name in names:
                if names[name] != mine:
                    return None
                continue
            names[name] = mine
            if name == INPUT:
                continue
            inputs, signature = wanted[name]
            call = self._calls.get(mine)
            if call is None or signature != self._signatures[mine] or len(inputs) != len(call.inputs):
                return None
            waiting += zip(inputs, call.inputs, strict=True)
        return names if len(set(names.values())) == len(names) else None

    def _named(self, application: Application, taken: Sequence[str]) -> Application:
        """The application under a name that nothing else has."""
        name = next(name for name in _numbered(application.name) if name not in self._names and name not in taken)
        args = {
            key: value.as_data() if isinstance(value, KerasObject) else value
            for key, value in application.item.args.items()
            if key != "name"
        }
        if name != application.name:
            args = {"name": name, **args}
        return replace(application, name=name, item=replace(application.item, args=args))


def _numbered(name: str) -> Iterator[str]:
    yield name
    yield from (f"{name}_{number}" for number in itertools.count(2))


def _is_of_images(tensor: Any) -> bool:
    return len(tensor.shape) == 4 and tensor.shape[-1] == 3 and None not in tensor.shape[1:]


def _item(name: str, arguments: Mapping[str, Any]) -> KerasObject | None:
    """An application as a recipe names it; None where it has no such arguments."""
    entry = catalogue.find("applications", name)
    assert entry is not None
    found, _ = read({name: {"name": application_name(entry), "weights": None, **arguments}}, "applications")
    return found
