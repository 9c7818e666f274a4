"""The explanation of a network as data: for each layer its purpose and its formulas with the numbers filled in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from cnncli.messages import printable
from cnncli.network.row_text import kind_with_detail

Shape = tuple[int | None, ...]

OUTPUT, PARAMETERS, MULTIPLY_ADDS, FIELD, FIELD_STRIDE = (
    "output",
    "parameters",
    "multiply-adds",
    "receptive field",
    "field stride",
)

# How to read the numbers, for everyone who shows them.
LEGEND = (
    "multiply-adds: one multiplication and the addition after it count as one, for one example. Biases, activations, "
    "normalization and pooling are not counted.",
    "receptive field: the width of the window of the input that one number depends on. A window of width k makes it "
    "grow by (k - 1) times the field stride before the layer.",
    "field stride: the distance, in input positions, between the receptive fields of two neighboring outputs.",
)


@dataclass(frozen=True)
class Formula:
    """How a number of a layer is computed.

    Attributes:
        quantity: `OUTPUT`, `PARAMETERS`, `MULTIPLY_ADDS`, `FIELD` or `FIELD_STRIDE`.
        axes: of an output or a field: the axes that it holds for, `height`; empty for a count.
        expression: arithmetic in Python's notation, with `ceil`, `floor` and `max`; empty where Keras alone knows it.
        value: the result; a field stride below 1 is a text, `1/2`.
    """

    quantity: str
    axes: tuple[str, ...]
    expression: str
    value: int | str

    @property
    def label(self) -> str:
        """`height and width`, `parameters`, `receptive field`."""
        axes = " and ".join([", ".join(self.axes[:-1]), self.axes[-1]]) if len(self.axes) > 1 else "".join(self.axes)
        if self.quantity == OUTPUT:
            return axes
        return f"{self.quantity} ({axes})" if axes else self.quantity

    @property
    def result(self) -> str:
        """`117,600`, `the whole input`."""
        return f"{self.value:,}" if isinstance(self.value, int) else self.value

    def __str__(self) -> str:
        """`5*5*1*6 + 6 = 156`."""
        return f"{self.expression} = {self.result}" if self.expression not in ("", str(self.value)) else self.result


@dataclass(frozen=True)
class LayerExplanation:
    """One layer, or several that are explained as one.

    Attributes:
        name: of the layer or of the block.
        kind: its class, `Conv2D`; of several layers the block's or application's name, which may be empty.
        detail: `3×3, stride 2, relu`; of several layers whose weights they have; may be empty.
        layer_count: how many layers it stands for.
        within: the opened blocks around it, from the outside in.
        purpose: what it is for, in a sentence.
        inputs: the names of what it takes.
        input_shapes: of one example, without the batch, in their order.
        output_shape: likewise.
        formulas: in the order of `OUTPUT`, `PARAMETERS`, `MULTIPLY_ADDS`, `FIELD`, `FIELD_STRIDE`.
        notes: what else to know, a sentence each.
    """

    name: str
    kind: str
    detail: str
    layer_count: int
    within: tuple[str, ...]
    purpose: str
    inputs: tuple[str, ...]
    input_shapes: tuple[Shape, ...]
    output_shape: Shape
    formulas: tuple[Formula, ...]
    notes: tuple[str, ...]

    @property
    def sources(self) -> str:
        """The layers that it takes where they are several: `a and b`."""
        names = [printable(name) for name in self.inputs]
        return f"{', '.join(names[:-1])} and {names[-1]}" if len(names) > 1 else ""

    @property
    def what(self) -> str:
        """`Conv2D 5×5, tanh`, `inception, 8 layers`."""
        if self.layer_count > 1:
            return ", ".join(filter(None, (self.kind, f"{self.layer_count} layers", self.detail)))
        return kind_with_detail(self.kind, self.detail)

    @property
    def shapes(self) -> str:
        """`28×28×1 → 28×28×6`."""
        came = " and ".join(dict.fromkeys(shape_text(shape, self.kind) for shape in self.input_shapes))
        made = self.output_text
        return f"{came} → {made}" if came else made

    @property
    def output_text(self) -> str:
        """`28×28×6`."""
        return shape_text(self.output_shape, self.kind)

    def value(self, quantity: str) -> str:
        """A number of the layer as a table shows it; empty where there is none."""
        found = next((formula for formula in self.formulas if formula.quantity == quantity), None)
        return "" if found is None else found.result


@dataclass(frozen=True)
class Explanation:
    """A network, layer by layer.

    Attributes:
        name: of the recipe.
        about: what the recipe says of itself.
        augmentation: the layers that change the training examples: class and purpose.
        layers: in the order of the recipe.
        conclusion: paragraphs on the whole: from input to output, totals, last layer, loss; empty for a choice of layers.
    """

    name: str
    about: str
    augmentation: tuple[tuple[str, str], ...]
    layers: tuple[LayerExplanation, ...]
    conclusion: tuple[str, ...]

    def to_json(self) -> dict[str, Any]:
        """Plain data for JSON."""
        layers = []
        for layer in self.layers:
            fields = asdict(layer)
            kind = fields.pop("kind")
            layers.append({"name": fields.pop("name"), "class": kind or None, **fields})
        augmentation = [{"class": kind, "purpose": purpose} for kind, purpose in self.augmentation]
        conclusion = list(self.conclusion)
        return {"recipe": self.name, "augmentation": augmentation, "layers": layers, "conclusion": conclusion}


_OF_TEXT = ("InputLayer", "TextVectorization", "StringLookup")  # a shape without axes is that of a text


def shape_text(shape: Sequence[int | None], kind: str = "") -> str:
    """`28×28×1`; an open length is `?`.

    Args:
        kind: of the layer that takes or gives it; texts have no axes, as single numbers.
    """
    alone = "a text" if kind in _OF_TEXT else "1 number"
    return "×".join("?" if length is None else str(length) for length in shape) or alone
