"""Paths side by side: `branches`, and the body and shortcut of `residual`."""

from __future__ import annotations

from contextlib import nullcontext

from cnncli.messages import described, did_you_mean, shortened
from cnncli.recipe.language import rounds
from cnncli.recipe.language.flat_layers import Scope
from cnncli.recipe.language.substitution import from_call
from cnncli.recipe.language.writer import Writer, head_and_body
from cnncli.recipe.yaml.nodes import Entry, Mapping, Node, Scalar, Sequence, plain


def branches(writer: Writer, entry: Entry, scope: Scope) -> None:
    keys = ("merge", "paths", "path", *rounds.KEYS)
    parts = writer.parts_of(entry, scope, keys, needed=("merge",))
    if parts is None or (paths := _paths(writer, entry, parts, scope)) is None:
        return
    start = writer.flat.current
    ends: list[str | None] = []
    # A single path is not merged: the name means what leaves it.
    with writer.named(entry, scope) if len(paths) == 1 else nullcontext():
        for layers, around in paths:
            writer.flat.current = start
            writer.items(layers.items, around)
            ends.append(writer.flat.current)
    if len(ends) > 1:
        _merge(writer, parts["merge"], ends, entry, scope)


def _paths(writer: Writer, entry: Entry, parts: dict[str, Node], scope: Scope) -> list[tuple[Sequence, Scope]] | None:
    """The lists of layers side by side, each with its scope; None where something is wrong."""
    before = len(writer.problems)
    if ("path" in parts) == ("paths" in parts):
        writer.flat.wrong("`branches` needs `paths`, or `path` with `over`: one of them", entry.key_place)
        return None
    if "paths" in parts and (extra := [key for key in rounds.KEYS if key in parts]):
        hint = "write `path` instead of `paths`, or `{over: …, path: […]}` as one item of `paths`"
        writer.flat.wrong(f"`{extra[0]}` of `branches` is for `path`, not for `paths`", entry.key_place, hint)
        return None
    if "path" in parts:
        found = _rounds_of_a_path(writer, entry, parts, scope)
    else:
        hint = "[] is a path that changes nothing"
        if (written := writer.list_of("paths", parts["paths"], scope, hint)) is None:
            return None
        found = []
        for item in written[0].items:
            found += _path(writer, entry, item, written[1])
        is_single = len(found) < 2 and not any(isinstance(item, Mapping) for item in written[0].items)
        if is_single and len(writer.problems) == before:
            place = from_call(parts["paths"].place, scope.caller)
            writer.flat.wrong("`paths` is a list of at least two lists of layers", place, hint)
    if not found and len(writer.problems) == before:
        hint = "no `if` holds, or the lists of `over` are empty"
        writer.flat.wrong("`branches` has no path left", entry.key_place, hint)
    return found if len(writer.problems) == before else None


def _path(writer: Writer, entry: Entry, item: Node, scope: Scope) -> list[tuple[Sequence, Scope]]:
    """An item of `paths`: a list of layers, `{if, layers}`, or `{over, path}`; none where it is wrong or left out."""
    if not isinstance(item, Mapping):
        found = writer.list_of("paths", item, writer.inside(scope, "path"), "a path is a list of layers: `- [ReLU]`")
        return [found] if found else []
    known = ("if", "layers", "path", *rounds.KEYS)
    within = Entry("paths", from_call(item.place, scope.caller), item)
    parts = {part.key: part.value for part in item.entries}
    if wrong := next((part for part in item.entries if part.key not in known), None):
        place, hint = from_call(wrong.key_place, scope.caller), "a path is a list of layers: `- [ReLU]`"
        hint = did_you_mean(wrong.key, known) or hint
        writer.flat.wrong(f"a path has no `{shortened(wrong.key)}`", place, hint)
        return []
    if ("layers" in parts) == ("path" in parts):
        hint = "`{if: …, layers: […]}` is one path, `{over: {…}, path: […]}` is one for each round"
        writer.flat.wrong("a path needs `layers` or `path`, one of them", within.key_place, hint)
        return []
    if "layers" in parts and (extra := [key for key in rounds.KEYS if key in parts]):
        writer.flat.wrong(
            f"`{extra[0]}` of a path is for `path`, not for `layers`", within.key_place, "write `path: […]`"
        )
        return []
    if (kept := writer.kept(item, scope)) is None:
        return []
    scope = kept
    if "path" in parts:
        return _rounds_of_a_path(writer, within, parts, scope) or []
    found = writer.list_of("layers", parts["layers"], writer.inside(scope, "path"))
    return [found] if found else []


def _rounds_of_a_path(
    writer: Writer, entry: Entry, parts: dict[str, Node], scope: Scope
) -> list[tuple[Sequence, Scope]]:
    """One path for each round of `over` or `times`."""
    found = rounds.read(writer.flat, entry, parts, scope)
    layers = writer.list_of("path", parts["path"], scope)
    if found is None or layers is None:
        return []
    return [(layers[0], around) for around in writer.scopes(found, entry, layers[1], "path")]


def _merge(writer: Writer, node: Node, sources: list[str | None], entry: Entry, scope: Scope) -> None:
    """The layer that brings paths together."""
    node, around = writer.layers_of(node, scope)
    head, body = head_and_body(node)
    if head is None or head.value[:1].islower():
        place = from_call(node.place, scope.caller)
        hint = "Add, Average, Concatenate, Maximum, Minimum, Multiply, Subtract or Dot"
        writer.flat.wrong(f"`merge` is a Keras merging layer, got {described(plain(node))}", place, hint)
        return
    place = from_call(head.place, around.caller)
    for key in ("from", "if"):
        if isinstance(body, Mapping) and (extra := body.entry(key)) is not None:
            hint = "it takes what leaves the paths"
            writer.flat.wrong(f"`merge` takes no `{key}`", from_call(extra.key_place, around.caller), hint)
    name = writer.flat.given_name(entry, scope)
    merging = Entry(head.value, place, body if body is not None else Scalar(None, place))
    writer.flat.layer(merging, around, sources, name)


def residual(writer: Writer, entry: Entry, scope: Scope) -> None:
    parts = writer.parts_of(entry, scope, ("body", "shortcut", "skip"), needed=("body",))
    if parts is None or (body := writer.list_of("body", parts["body"], scope)) is None:
        return
    if not body[0].items:
        place = from_call(parts["body"].place, scope.caller)
        writer.flat.wrong("`body` is a list of at least one layer", place)
        return
    start = writer.flat.current
    adds = "skip" not in parts or writer.flat.condition("skip", parts["skip"], scope)
    with nullcontext() if adds else writer.named(entry, scope):
        writer.items(body[0].items, writer.inside(body[1], "residual body")._replace(here=start))
    if not adds:
        return
    end = writer.flat.current
    shortcut, around = writer.layers_of(parts["shortcut"], scope) if "shortcut" in parts else (None, scope)
    if isinstance(shortcut, (Sequence, Mapping)):
        writer.flat.current = start
        layers = shortcut.items if isinstance(shortcut, Sequence) else (shortcut,)
        writer.items(layers, writer.inside(around, "residual body")._replace(here=start))
        side = writer.flat.current
    else:
        kind = writer.flat.value(shortcut, around) if shortcut else "identity"
        writer.flat.note_if_deferred(kind, shortcut)
        if kind not in ("identity", "auto"):
            assert shortcut is not None
            place = from_call(shortcut.place, around.caller)
            message = f"`shortcut`: expected identity, auto or a list of layers, got {described(kind)}"
            writer.flat.wrong(message, place, did_you_mean(str(kind), ["identity", "auto"]))
            return
        side = start if kind == "identity" else writer.flat.shortcut(entry, start, end, scope)
    place = entry.key_place
    name = writer.flat.given_name(entry, scope)
    writer.flat.layer(Entry("Add", place, Scalar(None, place)), scope, [end, side], name)
