"""A network and examples -> the pictures that the commands and a recipe's `visualize` draw."""

from dataclasses import replace

import keras
import numpy as np
import pytest
from matplotlib.text import Text
from PIL import Image

from cnncli import task_registry
from cnncli.data.images import Form
from cnncli.errors import DataError, RecipeError
from cnncli.interpretability.examples import Chosen, from_files
from cnncli.interpretability.maximize import Maximized
from cnncli.interpretability.subject import subject_for
from cnncli.network.flatten_submodels import opened
from cnncli.plots import feature_map_sheets, heat_sheets, kernels, maximized_sheets, style
from cnncli.plots.feature_map_sheets import draw_feature_maps_of
from cnncli.plots.heat_sheets import draw_heat_of
from cnncli.plots.maximized_sheets import draw_maximized_of
from cnncli.tasks.classification.targets import ClassTargets

SHAPES = {"image": (12, 12, 3), "many channels": (12, 12, 5), "signal": (40, 2), "wide signal": (40, 30),
          "volume": (10, 10, 10, 1)}  # fmt: skip


def subject_of(shape):
    keras.utils.set_random_seed(1)
    inputs = keras.Input(shape)
    kind = f"{len(shape) - 1}D"
    tensor = getattr(keras.layers, f"Conv{kind}")(4, 3, activation="relu", name="conv")(inputs)
    tensor = getattr(keras.layers, f"GlobalAveragePooling{kind}")()(tensor)
    outputs = keras.layers.Dense(3, activation="softmax", name="out")(tensor)
    return subject_for(
        opened(keras.Model(inputs, outputs)), "some", ClassTargets(class_names=("ant", "[/bee]", "wasp\x1b[31m"))
    )


def chosen_of(shape, count=3):
    inputs = np.random.default_rng(0).random((count, *shape)).astype(np.float32)
    names = tuple(f"example {number} of the test split" for number in range(count))
    labels = np.arange(count, dtype=np.int32) % 3
    return Chosen(inputs, names, labels, "examples of the test split", np.arange(count) + 7)


@pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES.keys())
def test_every_kind_of_example_is_drawn(tmp_path, shape):
    subject, chosen = subject_of(shape), chosen_of(shape, count=1)

    maps = draw_feature_maps_of(subject, ["conv", "out"], chosen, tmp_path / "new")
    heat = [draw_heat_of(subject, chosen, tmp_path, method=method) for method in ("grad-cam++", "smoothgrad")]
    best = draw_maximized_of(subject, tmp_path, layer="conv", filters=[3, 1], steps=3, value_range=(0, 1))

    assert [path.name for path in maps.files] == ["feature_maps_7--conv-out.png"]
    assert [path.name for one in heat for path in one.files] == ["grad-cam++-conv.png", "smoothgrad.png"]
    assert [path.name for path in best.files] == ["maximize-conv--filters-3-1--steps-3.png"]
    assert [detail["filter"] for detail in best.details] == [3, 1]
    assert all(path.stat().st_size > 3000 for one in (maps, *heat, best) for path in one.files)


@pytest.fixture
def pages(monkeypatch):
    """The pages that are saved."""
    drawn = []
    real = heat_sheets.save
    for module in (feature_map_sheets, heat_sheets, maximized_sheets):
        monkeypatch.setattr(module, "save", lambda figure, *a, **k: (drawn.append(figure), real(figure, *a, **k))[1])
    return drawn


def texts(figure):
    return [text.get_text() for text in figure.findobj(Text)]


def test_sheet_says_what_the_network_took_the_example_for(tmp_path, pages):
    subject, chosen = subject_of((12, 12, 3)), chosen_of((12, 12, 3))
    shares = np.array([[0.75, 0.25, 0], [0.875, 0.125, 0], [0, 0, 1]])

    # Named against the order of the network, and one of them twice.
    drawn = draw_feature_maps_of(subject, ["out", "conv", "out"], chosen, tmp_path, shares=shares)

    assert [path.name for path in drawn.files] == [f"feature_maps_{number}--conv-out.png" for number in (7, 8, 9)]
    right, wrong, _ = ({text.get_text(): text.get_color() for text in page.findobj(Text)} for page in pages)
    assert right["true ant"] == wrong["true [/bee]"] == style.INK
    assert right["predicted ant (75.0%)"] == style.BLUE
    assert wrong["predicted ant (87.5%)"] == style.ORANGE
    assert drawn.details[1] == {
        "example": "example 1 of the test split", "true": "[/bee]", "predicted": "ant", "probability": 0.875,
    }  # fmt: skip
    assert [text for text in texts(pages[0]) if text in ("conv", "out")] == ["conv", "out"]


def test_images_of_one_name_have_sheets_of_their_own(tmp_path):
    inputs = np.zeros((3, 12, 12, 3), np.uint8)
    chosen = Chosen(inputs, ("bee.jpg", "bee.png", "two bees.jpg"), None, "image files")

    drawn = draw_feature_maps_of(subject_of((12, 12, 3)), None, chosen, tmp_path)

    assert [path.name for path in drawn.files] == [
        "feature_maps_bee.png", "feature_maps_bee_2.png", "feature_maps_two bees.png",
    ]  # fmt: skip


def test_further_sheets_are_numbered_and_no_image_takes_their_names(tmp_path):
    inputs = keras.Input((24, 24, 1))
    tensor = inputs
    for number in range(14):
        tensor = keras.layers.Conv2D(16, 3, padding="same", name=f"conv{number}")(tensor)
    subject = subject_for(opened(keras.Model(inputs, tensor)), "deep", ClassTargets(class_names=("a", "b")))
    chosen = Chosen(np.zeros((2, 24, 24, 1), np.uint8), ("bee.jpg", "bee-2.jpg"), None, "image files")

    drawn = draw_feature_maps_of(subject, [f"conv{number}" for number in range(14)], chosen, tmp_path)

    layers = "conv0-and-13-more-2482f2b2"
    assert [path.name for path in drawn.files] == [
        f"feature_maps_bee--{layers}.png", f"feature_maps_bee--{layers}-2.png",
        f"feature_maps_bee-2--{layers}.png", f"feature_maps_bee-2--{layers}-2.png",
    ]  # fmt: skip


def test_caption_says_class_share_and_truth(tmp_path, pages):
    subject, chosen = subject_of((12, 12, 3)), chosen_of((12, 12, 3))
    said = subject.network.model.predict(chosen.inputs, verbose=0)

    drawn = draw_heat_of(subject, chosen, tmp_path, class_name="true")

    [figure] = pages
    predicted = said.argmax(axis=-1)
    for number, detail in enumerate(drawn.details):
        assert detail["class"] == detail["true"] == subject.asked_for[number]
        assert detail["predicted"] == subject.asked_for[predicted[number]]
        assert detail["probability"] == pytest.approx(said[number, number], rel=1e-5)
    colours = {text.get_text(): text.get_color() for text in figure.findobj(Text)}
    for number, (share, name) in enumerate(zip(said, subject.asked_for, strict=True)):
        said_of_it = f"predicted {subject.asked_for[share.argmax()]} ({share.max():.1%})".replace("\x1b", "")
        assert colours[said_of_it] == (style.BLUE if share.argmax() == number else style.ORANGE)
        assert f"true {name}".replace("\x1b", "") in colours
    asked = [f"heat for {name} ({said[number, number]:.1%})" for number, name in enumerate(subject.asked_for)]
    for number, text in enumerate(asked):
        where = f"example {number + 7}"
        shown = where if predicted[number] == number else f"{where} · {text}".replace("\x1b", "")
        assert shown in colours
    assert (predicted != [0, 1, 2]).any()
    assert "some: evidence for the true class" in colours
    assert drawn.files[0].name == "grad-cam-conv--true.png"


def test_named_class_is_looked_for_in_all(tmp_path):
    drawn = draw_heat_of(subject_of((40, 2)), chosen_of((40, 2)), tmp_path, class_name="[/bee]")

    assert [detail["class"] for detail in drawn.details] == ["[/bee]"] * 3
    assert drawn.files[0].name == "grad-cam-conv--class-1.png"


def test_true_class_of_a_file_is_not_known(tmp_path):
    chosen = Chosen(np.zeros((1, 12, 12, 3), np.uint8), ("bee.jpg",), None, "image files")
    with pytest.raises(DataError, match="of image files the true class is not known"):
        draw_heat_of(subject_of((12, 12, 3)), chosen, tmp_path, class_name="true")


def test_classes_are_maximised_by_name(tmp_path, pages):
    drawn = draw_maximized_of(subject_of((12, 12, 3)), tmp_path, classes=["[/bee]"], steps=2, value_range=(0, 1))

    assert [detail["class"] for detail in drawn.details] == ["[/bee]"]
    assert "some: inputs that maximize 1 class" in texts(pages[0])
    assert drawn.files[0].name == "maximize-classes--classes-1--steps-2.png"


@pytest.mark.parametrize(
    ("wanted", "message", "hint"),
    [
        ({"layer": "cnv"}, "no layer is named `cnv`", "did you mean `conv`?"),
        ({"layer": "conv", "filters": [4]}, "layer `conv` has no filter 4", "they count from 0 to 3"),
        ({"classes": ["aunt"]}, "no class is named `aunt`", "did you mean `ant`?"),
    ],
)
def test_what_is_not_there_is_told_with_the_nearest(tmp_path, wanted, message, hint):
    with pytest.raises(RecipeError) as error:
        draw_maximized_of(subject_of((12, 12, 3)), tmp_path, value_range=(0, 1), **wanted)

    assert (error.value.problems[0].message, error.value.problems[0].hint) == (message, hint)
    assert not list(tmp_path.iterdir())


def test_layer_without_maps_has_no_grad_cam(tmp_path):
    with pytest.raises(RecipeError, match="layer `out` gives 3, not maps"):
        draw_heat_of(subject_of((12, 12, 3)), chosen_of((12, 12, 3)), tmp_path, layer="out")


def photos_of_size(tmp_path, *sizes, form):
    """Photos as the network gets them, and where they are."""
    paths = []
    for number, (height, width) in enumerate(sizes):
        paths.append(tmp_path / f"{number}.png")
        Image.fromarray(np.full((height, width, 3), 99, np.uint8)).save(paths[-1])
    return from_files(paths, form=form)


def sizes_of(figure):
    return [image.get_array().shape[:2] for axes in figure.axes for image in axes.images][:-1]  # but the bar


def test_heat_lies_over_the_photo_in_its_own_resolution(tmp_path, pages):
    chosen = photos_of_size(tmp_path, (400, 600), form=Form(12, 12, resize="pad"))
    subject = subject_of((12, 12, 3))

    drawn = draw_heat_of(subject, chosen, tmp_path)
    of_input = draw_heat_of(subject, chosen, tmp_path, network_input=True)

    photo, inputs = pages
    assert sizes_of(photo) == [(400, 600)] * 2
    assert sizes_of(inputs) == [(420, 420)] * 2
    assert of_input.files[0].stem == f"{drawn.files[0].stem}--network-input"


def test_arrays_are_drawn_as_the_network_gets_them(tmp_path, pages):
    draw_heat_of(subject_of((12, 12, 3)), chosen_of((12, 12, 3), count=1), tmp_path)
    assert sizes_of(pages[0]) == [(420, 420)] * 2


def test_note_where_most_of_the_heat_lies_in_the_padding(tmp_path, pages, monkeypatch):
    chosen = photos_of_size(tmp_path, (12, 60), (60, 60), form=Form(12, 12, resize="pad"))
    heat = np.zeros((2, 12, 12), np.float32)
    heat[:, :3] = heat[:, 6] = 1  # of the first the rows 5 and 6 are photo, of the second all
    monkeypatch.setattr(heat_sheets, "heat_of", lambda *a, **k: heat)

    drawn = draw_heat_of(subject_of((12, 12, 3)), chosen, tmp_path)

    assert [detail["heat_in_padding"] for detail in drawn.details] == [0.75, 0]
    [note] = drawn.notes
    assert note.message == "1 of 2 examples: more than half of the heat lies in the padding"
    captions = [text for text in texts(pages[0]) if ".png" in text]
    assert captions == ["0.png · 75% of the heat in the padding", "1.png"]


def test_at_most_24_sheets_are_drawn_and_a_note_says_so(tmp_path):
    drawn = draw_feature_maps_of(subject_of((12, 12, 3)), None, chosen_of((12, 12, 3), count=30), tmp_path)

    assert len(drawn.files) == len(drawn.details) == 24
    [note] = drawn.notes
    assert note.message == "24 of 30 examples are drawn: at most 24 sheets at a time"


def test_sheets_of_many_layers_count_too(tmp_path, monkeypatch):
    real = feature_map_sheets.draw_feature_maps
    monkeypatch.setattr(feature_map_sheets, "draw_feature_maps", lambda *a, **k: real(*a, **k) * 5)
    subject, chosen = subject_of((12, 12, 3)), chosen_of((12, 12, 3))

    two_examples = draw_feature_maps_of(subject, None, chosen, tmp_path, most_sheets=14)
    some_layers = draw_feature_maps_of(subject, None, chosen, tmp_path, most_sheets=4)

    assert [path.name for path in two_examples.files[4:6]] == ["feature_maps_7-5.png", "feature_maps_8.png"]
    assert len(two_examples.files) == 10
    assert two_examples.notes[0].message == (
        "2 of 3 examples are drawn: at most 14 sheets at a time, 5 for each example"
    )
    assert len(some_layers.files) == 4
    assert some_layers.notes[0].message == "the layers fill 5 sheets, and the first 4 are drawn"


def test_wrong_labels_are_orange_and_right_ones_blue(tmp_path, pages):
    targets = task_registry.part("multilabel", "targets").TARGETS(class_names=("ant", "bee", "wasp"))
    subject = subject_for(subject_of((12, 12, 3)).network, "some", targets)
    chosen = replace(chosen_of((12, 12, 3), count=2), labels=np.array([[1, 0, 1], [1, 0, 0]], np.uint8))

    draw_feature_maps_of(subject, None, chosen, tmp_path, shares=np.array([[0.9, 0.1, 0.8]] * 2, np.float32))

    right, wrong = ({text.get_text(): text.get_color() for text in page.findobj(Text)} for page in pages)
    assert (right["predicted ant, wasp"], right["true ant, wasp"]) == (style.BLUE, style.INK)
    assert (wrong["predicted ant, wasp"], wrong["true ant"]) == (style.ORANGE, style.INK)


def test_predicted_numbers_are_neither_right_nor_wrong(tmp_path, pages):
    targets = task_registry.part("regression", "targets").TARGETS.model_construct(count=1)
    subject = subject_for(subject_of((12, 12, 3)).network, "some", targets)
    chosen = replace(chosen_of((12, 12, 3), count=1), labels=np.array([[2.5]], np.float32))

    draw_feature_maps_of(subject, None, chosen, tmp_path, shares=np.array([[-2.75]], np.float32))

    shown = {text.get_text(): text.get_color() for text in pages[0].findobj(Text)}
    assert (shown["predicted −2.75"], shown["true 2.5"]) == (style.INK, style.INK)


def test_prediction_for_an_image_file_is_neither_right_nor_wrong(tmp_path, pages):
    draw_heat_of(subject_of((12, 12, 3)), photos_of_size(tmp_path, (20, 20), form=Form(12, 12)), tmp_path)

    [colour] = [text.get_color() for text in pages[0].findobj(Text) if text.get_text().startswith("predicted ")]
    assert colour == style.INK


@pytest.mark.parametrize("shape", [(12, 12, 3), (40, 2)], ids=["image", "signal"])
def test_no_heat_is_explained_where_it_occurs(tmp_path, pages, shape):
    subject, chosen = subject_of(shape), chosen_of(shape)
    draw_heat_of(subject, chosen, tmp_path, method="grad-cam")
    subject.network.model.get_layer("out").set_weights([np.zeros((4, 3)), np.zeros(3)])
    draw_heat_of(subject, chosen, tmp_path, method="grad-cam")
    draw_heat_of(subject, chosen, tmp_path, method="smoothgrad")

    found = [[text for text in texts(page) if text.startswith("No heat:")] for page in pages]
    assert found == [
        [],
        ["No heat: nothing in this layer supports the class."],
        ["No heat: nothing in the input changes the score."],
    ]
    assert all(any("no heat" in text for text in texts(page)) for page in pages[1:])


@pytest.mark.parametrize(
    ("activations", "noise", "expected"),
    [
        ([26, 17.04], [3.654, -0.04], ["26.0, noise 3.7", "17.0, noise 0.0"]),
        ([0.8, 0.4912], [0.031, -0.23], ["0.800, noise 0.031", "0.491, noise −0.230"]),
        ([8213.4, -12], [5, 0], ["8,213, noise 5", "−12, noise 0"]),
        ([2e9, 1], [0, 0], ["2e9, noise 0", "1, noise 0"]),
        ([0, 0], [0, 0], ["0, noise 0", "0, noise 0"]),
    ],
)
def test_activations_of_one_picture_have_as_many_decimals(tmp_path, pages, monkeypatch, activations, noise, expected):
    found = Maximized(
        np.zeros((2, 12, 12, 3), np.float32), np.array(activations, np.float32), np.array(noise, np.float32)
    )
    monkeypatch.setattr(maximized_sheets, "maximize", lambda *a, **k: found)
    draw_maximized_of(subject_of((12, 12, 3)), tmp_path, layer="conv", filters=[0, 1], value_range=(0, 1))
    assert [text for text in texts(pages[0]) if ", noise " in text] == expected


@pytest.mark.parametrize("filters", [[3], [3, 1], [0, 1, 2]])
def test_sheet_of_few_maximized_inputs_is_filled_by_them(tmp_path, pages, filters):
    draw_maximized_of(subject_of((12, 12, 3)), tmp_path, layer="conv", filters=filters, steps=2, value_range=(0, 1))
    [page] = pages
    sheet = page.axes[0].get_window_extent()
    assert sheet.width > 0.75 * page.bbox.width
    assert "Below each name: the mean activation, and that of noise." in texts(page)


def test_each_filter_before_training_stands_beside_the_same_filter_after_it(tmp_path, monkeypatch):
    inputs = keras.Input((12, 12, 6))
    model = keras.Model(inputs, keras.layers.Conv2D(5, 3, name="conv")(inputs))
    drawn = []
    monkeypatch.setattr(kernels, "save", lambda figure, *a, **k: drawn.append(figure) or [])

    kernels.draw_layers(model, ["conv"], tmp_path, initial=keras.models.clone_model(model))

    places = {text.get_text(): text.get_position() for text in drawn[0].axes[0].texts}
    for number in range(5):
        (left, top), (other_left, other_top) = places[f"{number} start"], places[f"{number} end"]
        assert left == other_left or top == other_top, number


def test_tokens_without_a_place_are_a_strip_that_says_so(tmp_path, pages):
    inputs = keras.Input((4, 6, 1))
    steps = keras.layers.Reshape((3, 8), name="steps")(keras.layers.Conv2D(1, 1)(inputs))
    dense = keras.layers.Dense(5, name="dense")(steps)
    pooled = keras.layers.GlobalAveragePooling1D()(dense)
    model = keras.Model(inputs, keras.layers.Dense(3, activation="softmax", name="out")(pooled))
    subject = subject_for(opened(model), "some", ClassTargets(class_names=("a", "b", "c")))

    draw_feature_maps_of(subject, ["dense"], chosen_of((4, 6, 1), 1), tmp_path)
    draw_heat_of(subject, chosen_of((4, 6, 1), 1), tmp_path, layer="dense")

    maps, heat = map(texts, pages)
    assert "Dense, 3 × 5 · all 5 maps, tokens without a known place, position across" in maps
    assert heat_sheets._NOT_PLACED in heat
    assert {"0", "1", "2"} <= set(heat)


def test_tokens_of_an_image_are_drawn_on_its_patches(tmp_path, pages):
    inputs = keras.Input((4, 6, 1))
    tokens = keras.layers.Reshape((6, 3))(keras.layers.Conv2D(3, 2, strides=2)(inputs))
    dense = keras.layers.Dense(5, name="dense")(tokens)
    pooled = keras.layers.GlobalAveragePooling1D()(dense)
    model = keras.Model(inputs, keras.layers.Dense(3, activation="softmax", name="out")(pooled))
    subject = subject_for(opened(model), "some", ClassTargets(class_names=("a", "b", "c")))

    draw_feature_maps_of(subject, ["dense"], chosen_of((4, 6, 1), 1), tmp_path)
    draw_heat_of(subject, chosen_of((4, 6, 1), 1), tmp_path)

    maps, heat = map(texts, pages)
    assert "Dense, 2 × 3 × 5 · all 5 maps, tokens on a grid of 2 × 3" in maps
    assert "Grad-CAM at layer dense · examples of the test split" in heat
