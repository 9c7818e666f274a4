"""Recipes at random from the words of the recipe language: structures, given layers, sizes, slices, changes, shared layers."""

from __future__ import annotations

import random
from collections.abc import Sequence

SIZES = (
    "3", "$n", "$(n + 1)", "$(n // 2 + 1)", "$(int(n * 1.5))", "$(divisible(n * 3, 8))", "$(max(n, 4))",
    "$(min(n, here.channels))", "$here.channels", "$(here.channels // 2 + 1)", "$(here.channels * n)", "$(widths[0])",
    "$(sum(widths[1:]))", "$(len(widths))", "$(round(n / 3) + 1)", "$(abs(-n))", "$(ceil(n / 2) + floor(n / 2))", "$w",
    "$(2 ** i)", "$(i if i > 0 else 1)", "$classes", "$(classes * 2)", "$(4 if true else false)",
)  # fmt: skip
WRONG_SIZES = (
    "$here.height", "$here.length", "$here.depth", "$(here.channels ** 9)", "$([here.channels] * n)", "$(range(n))",
    "$(1 / (n - n))", "$missing", "$(widths[n:])", "$(true)", "$(max(widths, n))", "$inner", "-1", "0", "2.5", "null", "x",
)  # fmt: skip
CONDITIONS = (
    "true", "false", "$(i > 0)", "$(n == 3)", "$(here.channels == n)", "$(here.channels > 2)", "$(divisible(n, 8) > n)",
    "$(classes > 2)", "$(true and not false)", "$(n in widths)", "1",
)  # fmt: skip
WRONG_CONDITIONS = ("maybe", "$inner", "[true]", "$(here.depth > 1)", "null", "1.5")
LISTS = ("[1, 2, 3]", "$widths", "$(range(n))", "$(widths[1:])", "$(widths + [n])", "$(range(2, n + 3, 2))")
WRONG_LISTS = ("[]", "3", "[[1], [2]]", "$inner", "$(range(10 ** 9))", "$(widths * 9)")
SOURCES = (".", "input", "[., .]", "[input, .]", "*", "conv2d*", "[., '*']")
WRONG_SOURCES = ("?x", "[ab]", "[a, b]", "$name", "left", "[missing]", "[]", "3", "'*_conv2d'", "stage*", "[['*']]")
KINDS = ("ReLU", "Dense", "BatchNormalization", "conv", "$kind", "PReLU")
WRONG_KINDS = ("Foo", "$inner", "3", "[ReLU]", "wrap", "null")
MERGES = ("Add", "Concatenate", "Multiply", "Average", "{Concatenate: {axis: -1}}", "$merge")
WRONG_MERGES = ("{Add: {name: m}}", "ReLU", "conv", "$inner", "3")
NAMES = ("a", "b", "conv2d", "conv2d_1", "add", "x$i", "shortcut", "learned", "wrap", "re_lu_2")
CHANGED = (*NAMES, "'*'", "'conv2d*'", "'*_a'", "'[ab]'", "wrap_re_lu", "conv_conv2d", "flatten", "dense")
CHANGES = (
    "{filters: 12}", "null", "{Dense: {units: 3}}", "{units: $here.channels}", "PReLU", "{ReLU: {}}", "3", "{name: z}",
    "{kernel_size: $n}", "{conv: {n: 3}}", "{}", "$inner", "{filters: $(here.channels * n)}", "{kernel_size: 1}",
)  # fmt: skip


class Words:
    """A recipe that grows from random words; most are right.

    Args:
        generator: decides everything.
        size: about how many items the list of layers has.
    """

    def __init__(self, generator: random.Random, size: int) -> None:
        self.generator = generator
        self.left = size
        self.count = 0
        self.may_call = False  # what stands in `vars` and blocks calls no block, which could be the one around it
        self.wrong = generator.choice([0, 0, 0.01, 0.1])  # the share of words that are wrong

    def chance(self, share: float) -> bool:
        return self.generator.random() < share

    def one(self, right: Sequence[str], wrong: Sequence[str] = ()) -> str:
        word = self.generator.choice(wrong if wrong and self.chance(self.wrong) else right)
        return f"'{word}'" if word[0] in "$*?" and not word.isalnum() else word

    def size(self) -> str:
        return self.one(SIZES, WRONG_SIZES)

    def layers(self, depth: int) -> str:
        """A list of layers."""
        if self.may_call and self.chance(0.1):
            return self.one(("$inner", "$body"), ("[]", "ReLU", "$paths", "$n", "null"))
        return f"[{', '.join(self.item(depth) for _ in range(self.generator.randint(1, 3)))}]"

    def rounds(self) -> str:
        if self.chance(0.4):
            return f"times: {self.one(('1', '2', '3', '$n', '$here.channels'), ('0', '-1', '1000', '$inner', '1.5'))}"
        return f"over: {{w: {self.one(LISTS, WRONG_LISTS)}}}"

    def more(self) -> str:
        """`name`, `from`, `if`, `is` of an item."""
        self.count += 1
        parts = []
        if self.chance(0.2):
            parts.append(f"name: {self.one((f'n{self.count}',), NAMES)}")
        if self.chance(0.15):
            parts.append(f"from: {self.one(('.',), (*SOURCES, *WRONG_SOURCES))}")
        if self.chance(0.1):
            parts.append(f"if: {self.one(CONDITIONS, WRONG_CONDITIONS)}")
        if self.chance(self.wrong):
            parts.append(f"is: {self.one(NAMES)}")
        return "".join(f", {part}" for part in parts)

    def item(self, depth: int) -> str:
        """An item of a list of layers."""
        self.left -= 1
        if depth <= 0 or self.left <= 0 or self.chance(0.35):
            return self.layer()
        kind, inner = self.generator.randrange(8 if self.may_call or self.chance(self.wrong) else 5), depth - 1
        if kind == 0:
            index = f", as: {self.one(('i', 'j'), ('n', '3', 'here'))}" if self.chance(0.6) else ""
            return f"repeat: {{{self.rounds()}{index}, layers: {self.layers(inner)}{self.more()}}}"
        if kind == 1:
            skip = f", skip: {self.one(CONDITIONS, WRONG_CONDITIONS)}" if self.chance(0.4) else ""
            side = self.one(("identity", "auto", "[]", "$s", "[ReLU]", "$body"), ("$inner", "$n", "null"))
            shortcut = f", shortcut: {side}" if self.chance(0.4) else ""
            return f"residual: {{body: {self.layers(inner)}{skip}{shortcut}{self.more()}}}"
        if kind in (2, 3):
            return f"branches: {{merge: {self.one(MERGES, WRONG_MERGES)}, {self.paths(inner)}{self.more()}}}"
        if kind == 4:
            return f"group: {{name: {self.one((f'g{self.count}',), NAMES)}, layers: {self.layers(inner)}}}"
        if kind == 5:
            given = (
                self.layers(inner)
                if self.chance(0.5)
                else self.one(
                    ("ReLU", "{ReLU: {}}", "$body", "{Conv2D: {filters: $n, kernel_size: 1}}"),
                    ("Foo", "$n", "null", "{}"),
                )
            )
            kind_given = self.one(KINDS, WRONG_KINDS)
            return f"wrap: {{inner: {given}, n: {self.size()}, kind: {kind_given}{self.more()}}}"
        if kind == 6:
            return f"conv: {{n: {self.size()}{self.more()}}}"
        return self.one(("$inner", "$body", "conv", "pair", "$kind"), ("wrap", "$paths", "$n"))

    def paths(self, depth: int) -> str:
        if self.chance(0.3):
            return f"{self.rounds()}, as: i, path: {self.layers(depth)}"
        made = []
        for _ in range(self.generator.randint(2, 3)):
            kind = self.generator.randrange(4)
            if kind == 0:
                made.append(f"{{if: {self.one(CONDITIONS, WRONG_CONDITIONS)}, layers: {self.layers(depth)}}}")
            elif kind == 1:
                made.append(f"{{{self.rounds()}, as: i, path: {self.layers(depth)}}}")
            else:
                made.append(self.layers(depth) if self.chance(0.7) else self.one(("$body", "[]"), ("$inner", "ReLU")))
        return f"paths: [{', '.join(made)}]"

    def layer(self) -> str:
        kind = self.generator.randrange(9)
        if kind in (0, 1):
            return f"Conv2D: {{filters: {self.size()}, kernel_size: 1{self.more()}}}"
        if kind == 2:
            return f"Dense: {{units: {self.size()}{self.more()}}}"
        if kind == 3:
            shape = self.one(("$here.channels", "[1, $here.channels]"), ("[1, 1, $n]", "3", "[]", "$widths", "0"))
            return f"learned: {{shape: {shape}, merge: {self.one(('Add', 'Multiply', 'Concatenate'), ('Dot',))}{self.more()}}}"
        if kind == 4:
            stop = self.one(("$here.channels", "1", "$(here.channels // 2 + 1)"), SIZES)
            return f"slice: {{axis: {self.one(('-1', '1'), ('2', '0', '9', '$n'))}, stop: {stop}{self.more()}}}"
        if kind == 5:
            return f"Concatenate: {{from: {self.one(SOURCES, WRONG_SOURCES)}}}"
        if kind == 6:
            return f"'$kind': {{trainable: true{self.more()}}}"
        return "ReLU" if kind == 7 else f"ReLU: {{max_value: 6{self.more()}}}"

    def changes(self) -> str:
        """`change` of a few layers."""
        right, wrong = ("'conv2d*'", "'*_conv2d'", "flatten"), CHANGED
        if not self.chance(self.wrong * 5):
            return f", change: {{{self.one(right, wrong)}: {self.one(('{trainable: true}', 'ReLU', 'null'), CHANGES)}}}"
        rows = {self.one(CHANGED): self.one(CHANGES) for _ in range(self.generator.randint(1, 4))}
        return f", change: {{{', '.join(f'{name}: {value}' for name, value in rows.items())}}}"

    def recipe(self, depth: int) -> str:
        """The text of the whole recipe."""
        inner, body, wrapped, paired = self.layers(1), self.layers(1), self.layers(2), self.layer()
        self.may_call = True
        items = ", ".join(self.item(depth) for _ in range(self.generator.randint(1, 6)))
        is_double = self.chance(0.05)
        inputs = ", inputs: {left: {}, right: {}}" if is_double else ""
        shape = "{left: [8, 8, 4], right: [8, 8, 4]}" if is_double else self.one(("[8, 8, 4]", "[8, 8, 4]", "[16, 6]"))
        begin = "Concatenate: {from: [left, right]}" if is_double else "ReLU"
        kind = self.one(("ReLU", "PReLU", "conv"), ("Dense", "Foo", "3"))
        change = self.changes() if self.chance(0.3) else ""
        n = self.one(("3", "4", "8"), ("0", "-1", "2.5", "x"))
        layers = f"{begin}, {items}, Flatten, Dense: {{units: $classes, activation: softmax}}"
        return "\n".join([
            f"data: {{source: {{npz: {{path: a.npz}}}}, classes: 3{inputs}}}",
            f"vars: {{n: {n}, widths: [4, 8, 3], name: a, kind: {kind}, i: 1, w: 2,",
            f"  merge: Add, s: auto, inner: {inner}, body: {body}, paths: [[ReLU], []]}}",
            "blocks:",
            "  conv: {defaults: {n: 4}, layers: [Conv2D: {filters: $n, kernel_size: 1}, ReLU]}",
            f"  wrap: {{params: [inner], defaults: {{n: $here.channels, kind: ReLU}}, layers: {wrapped}}}",
            f"  pair: {{layers: [{paired}, $inner, conv: {{n: $here.channels}}]}}",
            f"model: {{input: {shape}, layers: [{layers}]{change}}}",
        ])  # fmt: skip
