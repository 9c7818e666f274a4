"""The layers that a format cannot hold are named before the conversion, and really fail in it."""

from __future__ import annotations

from pathlib import Path

import keras
import pytest

from benchmarks.exported_layers import LARGEST_DIFFERENCE, outcome
from benchmarks.layer_cases import Case
from cnncli import keras_internals
from cnncli.export.equivalent_calls import LONGEST_UNROLLED
from cnncli.export.formats import FORMATS, NONE, Target
from cnncli.export.unsupported_layers import UNSUPPORTED, unsupported

_LARGE_ERROR = 0.25  # of the largest output, in 8 bits
_VOLUME, _FIRST = (3, 4, 4, 2), 'data_format="channels_first"'
# Networks of the rows, by the first words of a row's reason; each fails in all its formats.
CASES = {
    "has no operations that split texts": [
        Case('TextVectorization(vocabulary=["two"], output_sequence_length=2)', (), "words")
    ],
    "has no tables from texts": [Case('StringLookup(vocabulary=["two"])', (), "words")],
    "has none of TensorFlow's hash": [Case("Hashing(5)", (2,), "counts")],
    "has no Fourier transform": [
        Case("MelSpectrogram(fft_length=32, sequence_stride=16, num_mel_bins=8)", (64,)),
    ],
    "has no operation that counts": [
        Case('Discretization([1.0, 3.0], output_mode="multi_hot")', (2,), "counts"),
        Case('IntegerLookup(vocabulary=[2, 3], output_mode="count")', (2,), "counts"),
    ],
    "has bicubic, Lanczos and antialiased": [
        Case("Resizing(3, 5, antialias=True)", (None, None, 2)),
    ],
    "has Lanczos, antialiased": [
        Case('Resizing(6, 5, interpolation="bicubic", crop_to_aspect_ratio=True)', (4, 4, 2)),
        Case('UpSampling2D(2, interpolation="lanczos3")', (None, None, 2)),
    ],
    "gives codes of 0 and 1": [Case('Discretization([1.0, 3.0], output_mode="one_hot")', (1,), "counts")],
    "has recurrent layers only for a known": [Case("LSTM(2)", (None, 2))],
    "has recurrent layers only for at most": [Case("SimpleRNN(1)", (LONGEST_UNROLLED + 1, 1))],
    "computes these layers only": [Case(f"MaxPooling3D(2, {_FIRST})", _VOLUME)],
    "has groups of channels in volumes": [Case(f"Conv3D(4, 2, groups=2, {_FIRST})", (4, 3, 3, 3))],
    "computes its exponential": [Case('Activation("celu")', (8, 4)), Case('Activation("selu")', (8, 4))],
    "sorts and sums": [Case('Activation("sparsemax")', (8, 4))],
}
EXAMPLES = [
    (row, case, Target(FORMATS[name], quantization))
    for row in UNSUPPORTED
    for start, cases in CASES.items()
    if row.reason.startswith(start)
    for case in cases
    for name in row.formats
    for quantization in row.quantizations or (NONE,)
]


def test_every_row_has_an_example():
    assert {row.reason for row, _, _ in EXAMPLES} == {row.reason for row in UNSUPPORTED}
    assert len(CASES) == len(UNSUPPORTED)


@pytest.mark.parametrize(
    ("row", "case", "target"), EXAMPLES, ids=[f"{case.code}-{target.name}" for _, case, target in EXAMPLES]
)
def test_layer_that_is_named_cannot_be_exported(row, case, target, tmp_path):
    """A row that fails here has to go: the libraries have learned it."""
    for module in target.format.packages:
        pytest.importorskip(module)
    model = case.model()

    [problem] = unsupported(model, target)
    found = outcome(model, target, case.examples(8), tmp_path)

    assert problem.message == f"layer `{model.layers[-1].name}` ({case.layer}): {target.format.title} {row.reason}"
    if row.quantizations:
        assert found.difference > _LARGE_ERROR
    else:
        assert found.difference is None or found.difference > LARGEST_DIFFERENCE


@pytest.mark.parametrize("case", [cases[0] for cases in CASES.values()], ids=lambda case: case.code)
def test_saved_model_holds_every_layer(case):
    assert unsupported(case.model(), Target(FORMATS["saved_model"])) == []


def _onnx(*layers, shape=(2,)):
    return unsupported(keras.Sequential([keras.Input(shape), *layers]), Target(FORMATS["onnx"]))


def test_equal_layers_are_one_problem_and_five_are_named():
    few = _onnx(keras.layers.Hashing(5, name="a"), keras.layers.Hashing(7, name="b"))
    many = _onnx(*(keras.layers.Hashing(5, name=f"hash{index}") for index in range(12)))

    reason = "ONNX has none of TensorFlow's hash functions"
    assert [str(each) for each in few] == [
        f"2 layers `a` and `b` (Hashing): {reason}\n    export saved_model, which holds every layer"
    ]
    names = "`hash0`, `hash1`, `hash2`, `hash3`, `hash4` and 7 more"
    assert [each.message for each in many] == [f"12 layers {names} (Hashing): {reason}"]


def test_layers_within_layers_and_models_are_named():
    inner = keras.Sequential([keras.Input((None, 2)), keras.layers.Bidirectional(keras.layers.LSTM(2, name="steps"))])
    outer = keras.Sequential([keras.Input((None, 2)), inner])
    assert len(keras_internals.all_layers(outer)) > 3

    [problem] = unsupported(outer, Target(FORMATS["litert"]))

    assert problem.message.startswith(
        "2 layers `backward_steps` and `forward_steps` (LSTM): LiteRT has recurrent layers"
    )
    assert unsupported(outer, Target(FORMATS["onnx"])) == []


def test_activation_that_is_an_argument_counts():
    dense = keras.Sequential([keras.Input((2,)), keras.layers.Dense(2, "selu", name="hidden")])

    [problem] = unsupported(dense, Target(FORMATS["litert"], "int8"))

    assert problem.message == "layer `hidden` (Dense): LiteRT computes its exponential with large errors in 8 bits"
    assert unsupported(dense, Target(FORMATS["litert"])) == []


def test_page_has_a_line_for_each_row():
    page = (Path(__file__).parents[2] / "docs" / "export.md").read_text(encoding="utf-8")
    lines = []
    for row in UNSUPPORTED:
        names = ", ".join(f"`{name}`" for name in row.layers or row.activations)
        formats = " and ".join(FORMATS[name].title for name in row.formats)
        lines.append(f"| {names} | {', '.join([formats, *row.quantizations])} | {row.reason} | {row.hint} |")
    _, _, rest = page.partition("| layers or activations | format | the format … | way out |\n|---|---|---|---|\n")

    assert rest.split("\n\n")[0].splitlines() == lines
