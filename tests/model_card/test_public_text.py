"""Of private paths the last part alone is left."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cnncli.model_card.public_text import public, without_paths


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("image folder /home/anna/photos: 20 images", "image folder photos: 20 images"),
        ("data.source.npz.path=/home/anna/a.npz", "data.source.npz.path=a.npz"),
        ("path: '/home/anna/my photos/cats'", "path: 'cats'"),
        ('{path: "C:/Users/Anna B/photos"}', '{path: "photos"}'),
        (r"C:\Users\anna\photos: 3", "photos: 3"),
        ("~/data/x.csv and ~/y", "x.csv and y"),
        ("/home/anna/x.yaml:3:7: wrong", "x.yaml:3:7: wrong"),
        # No paths, or none that tell of a person.
        ("https://huggingface.co/datasets/ylecun/mnist", "https://huggingface.co/datasets/ylecun/mnist"),
        ("data/photos/cats and ../more/x.npz", "data/photos/cats and ../more/x.npz"),
        ("1/2 of 3 / 4, and/or", "1/2 of 3 / 4, and/or"),
        ("$(1 / 255)  # 0..255 -> 0..1", "$(1 / 255)  # 0..255 -> 0..1"),
        ("/data", "/data"),
    ],
)
def test_paths_become_their_last_part(text, expected):
    assert without_paths(text) == expected


def test_known_paths_may_have_spaces_and_colons():
    assert without_paths("folder /home/anna b/c: d: 3 images", ("/home/anna b/c: d",)) == "folder c: d: 3 images"


def test_every_text_of_plain_data_is_made_public():
    given_ = {"/home/anna/k": ["/home/anna/a", 1, None, {"x": ("~/b/c",)}]}
    assert public(given_) == {"k": ["a", 1, None, {"x": ["c"]}]}


_WORD = st.text("abcdefghijklmnopqrstuvwxyz0123456789._", min_size=1, max_size=12).filter(lambda word: word.strip("."))


@given(st.lists(_WORD, min_size=2, max_size=5), st.sampled_from(["{}", "x {} y", "k={}", "[{}]", "'{}'", "({}, 1)"]))
def test_no_folder_of_an_absolute_path_is_left(parts, frame):
    hidden = [f"secret{part}" for part in parts[:-1]]
    text = without_paths(frame.format("/" + "/".join([*hidden, parts[-1]])))
    assert "secret" not in text
    assert parts[-1] in text
