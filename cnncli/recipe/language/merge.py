"""Merge two trees of a recipe: mappings merge, lists and single values replace, null takes sections back."""

from __future__ import annotations

from cnncli.recipe.yaml.nodes import Entry, Mapping, Path, Scalar

# Mappings of which only one key can be meant: `{npz: …}` takes the place of `{image_folder: …}`.
_ONE_OF: tuple[Path, ...] = (("data", "source"), ("visualize", "*"), ("track", "*"), ("tune", "parameters", "*"))
# Mappings whose keys are names that a recipe chooses: `C1` is a layer of the network, not an object of Keras.
_OF_OWN_NAMES: tuple[Path, ...] = (
    ("vars",),
    ("blocks", "*", "defaults"),
    ("data", "class_weight"),
    ("model", "change"),
    ("train", "loss_weights"),
    ("expect", "shapes"),
    ("expect", "metrics"),
    ("tune", "parameters"),
)

# Mappings and lists of a parent that null takes back, as if it did not have them.
_TAKEN_BACK: tuple[Path, ...] = (
    *((section,) for section in ("train", "evaluate", "visualize", "track", "expect", "tune")),
    ("data", "*"),
    ("train", "*"),
)


def merge(below: Mapping, above: Mapping, path: Path = ()) -> Mapping:
    """Two mappings as one: of a key in both, mappings merge and everything else is `above`'s.

    A Keras object of another name (`Adam` over `SGD`) replaces the whole object, and so does another kind of source. null
    over a section leaves none.

    Args:
        path: where they stand in the recipe.
    """
    entries = {entry.key: entry for entry in below.entries}
    if _is_at(path, _ONE_OF) or _is_object(below, path) or _is_object(above, path):
        kept = set(above.keys())
        entries = {key: entry for key, entry in entries.items() if key in kept}
    for entry in above.entries:
        old = entries.get(entry.key)
        if old is not None and isinstance(old.value, Mapping) and isinstance(entry.value, Mapping):
            entry = Entry(entry.key, entry.key_place, merge(old.value, entry.value, (*path, entry.key)))
        entries[entry.key] = entry
        is_null = isinstance(entry.value, Scalar) and entry.value.value is None
        if (
            is_null
            and old is not None
            and not isinstance(old.value, Scalar)
            and _is_at((*path, entry.key), _TAKEN_BACK)
        ):
            del entries[entry.key]
    return Mapping(tuple(entries.values()), above.place)


def takes_the_place(key: str, node: Mapping, path: Path) -> bool:
    """Whether a key takes the place of the one in a mapping: another kind of source, or `SGD` in `{Adam: {…}}`."""
    return _is_at(path, _ONE_OF) or (key[:1].isupper() and _is_object(node, path))


def _is_object(node: Mapping, path: Path) -> bool:
    return len(node.entries) == 1 and node.entries[0].key[:1].isupper() and not _is_at(path, _OF_OWN_NAMES)


def _is_at(path: Path, places: tuple[Path, ...]) -> bool:
    return any(
        len(path) == len(place) and all(part in ("*", found) for part, found in zip(place, path, strict=True))
        for place in places
    )
