"""Rules of `data.windows`."""

import pytest

from cnncli.errors import RecipeError
from cnncli.recipe.load import load_bytes


def recipe(windows="{size: [32, 32]}", source="image_size: [96, 128]", targets="masks", model=""):
    return f"""\
data:
  source: {{mask_folder: {{images: i, masks: m, {source}}}}}
  targets: {targets}
  windows: {windows}
model: {{{model}layers: [Conv2D: {{filters: 2, kernel_size: 1, activation: softmax}}]}}
"""


def problems(text):
    with pytest.raises(RecipeError) as error:
        load_bytes(text.encode(), "r.yaml")
    return list(map(str, error.value.problems))


def test_windows_of_images_are_read():
    windows = load_bytes(recipe().encode(), "r.yaml").recipe.data.windows
    assert (windows.size, windows.overlap, windows.of) == ([32, 32], None, None)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (recipe(source="color: rgb", model="input: [32, 32, 3], "), "r.yaml:2:25: `windows` need `image_size`"),
        (recipe("{size: [32, 200]}"), "r.yaml:4:19: a window is 32x200, and the examples are 96x128"),
        (
            recipe("{size: [32, 32], overlap: 32}"),
            "r.yaml:4:38: `overlap` is 32, and a window has 32 pixels along a side",
        ),
        (recipe("{size: [1, 1], overlap: 0}"), "r.yaml:4:19: an example has 12,288 windows; at most 10,000 are taken"),
        (recipe(model="input: [64, 64, 3], "), "r.yaml:5:16: `input` is [64, 64, 3], and a window is [32, 32]"),
    ],
)
def test_wrong_windows_are_told_at_their_place(text, message):
    assert [each.partition("\n")[0] for each in problems(text)] == [message]


def test_windows_are_for_masks():
    text = "data: {source: mnist-sample, windows: {size: [8, 8]}}\nmodel: {layers: [Flatten, Dense: 10]}\n"
    assert any("`windows` are for masks, and `targets` are classes" in each for each in problems(text))
