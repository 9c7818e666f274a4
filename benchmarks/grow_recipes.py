"""Generate recipes that grow when they are written out, and check that each is read or refused in little time and memory.

    python benchmarks/grow_recipes.py                  # 20,000 recipes
    python benchmarks/grow_recipes.py --recipes 500 --seed 7 --kinds variables mistakes

A failure is an exception that is no RecipeError, a problem without a line (except that a file is too large), more than a
second of processor time, and more than 200 MB of memory of a worker. A recipe that takes more than half a second is read
three times, and the shortest time counts: other processes slow a core down. Each failure is printed with the recipe that
repeats it, and the exit status is 1.
"""

from __future__ import annotations

import argparse
import os
import random
import re
import resource
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from multiprocessing import Pool
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))  # called as a file
from benchmarks.grown_words import Words
from cnncli.errors import RecipeError
from cnncli.recipe.load import load_bytes
from cnncli.recipe.yaml.recipe_file import MAX_BYTES

LONGEST = 1.0  # seconds of processor time
MOST_MEMORY = 200  # MB


@dataclass(frozen=True)
class Grown:
    """A recipe that grows.

    Attributes:
        text: of the recipe.
        settings: of `--set`.
        parents: name and text of the files that it extends.
    """

    text: str
    settings: tuple[str, ...] = ()
    parents: dict[str, str] = field(default_factory=dict)


def recipe(layers: str, *, variables: Sequence[str] = (), blocks: Sequence[str] = (), more: str = "") -> str:
    """The text of a recipe with these items of `layers`, in flow style and separated by commas."""
    sections = [f"{name}:\n" + "\n".join(f"  {row}" for row in rows) for name, rows in
                (("vars", variables), ("blocks", blocks)) if rows]  # fmt: skip
    model = f"model: {{layers: [Flatten, {layers or 'ReLU'}, Dense: {{units: $classes, activation: softmax}}]}}"
    return "\n".join(["data: {source: mnist-sample}", *sections, model, more])


def some(generator: random.Random, most: int) -> int:
    """A count up to `most`; small ones are as likely as large ones."""
    return int(most ** generator.random())


def variables(generator: random.Random) -> Grown:
    """Variables that use those before them, and structures that use them."""
    names = [f"v{index}" for index in range(generator.randint(2, 60))]
    rows = ["v0: " + generator.choice(["x", "[1, 2]", "{a: [1], b: x}", "3", "x" * 500, "[[[1]]]", "2.5"])]
    for before, name in pairwise(names):
        count = some(generator, 100)
        rows.append(f"{name}: " + generator.choice([
            f"${before}" * count,
            f"[{', '.join([f'${before}'] * count)}]",
            f"{{{', '.join(f'k{n}: ${before}' for n in range(count))}}}",
            f"$({before} * {generator.choice([2, 1000, 10**9, 0.5])})",
            f"$({before} ** {generator.choice([2, 9, 64, '9**9', 0.5])})",
            f"$([{', '.join([before] * min(count, 50))}])",
            f"$({before} + {before})",
            f"$({before} == {before})",
        ]))  # fmt: skip
    used = names[-1]
    innermost = generator.choice(["ReLU", f"Dense: ${used}", "", f"Dense: {{units: 3, activation: ${used}}}", "Foo"])
    return Grown(recipe(nested(generator, innermost, names), variables=rows))


def nested(generator: random.Random, layers: str, names: list[str]) -> str:
    """Structures within each other, with `layers` in the innermost."""
    for _ in range(generator.choice([0, 1, 2, 5, 19, 25])):
        times = some(generator, 1000)
        layers = generator.choice([
            f"repeat: {{times: {times}, layers: [{layers}]}}",
            f"repeat: {{over: {{w: ${generator.choice(names)}}}, as: i, layers: [{layers}]}}",
            f"residual: {{body: [{layers or 'ReLU'}]}}",
            f"residual: {{body: [{layers or 'ReLU'}], shortcut: [{layers if len(layers) < 200 else ''}]}}",
            f"group: {{name: g, layers: [{layers}]}}",
            f"branches: {{merge: Add, paths: [{', '.join([f'[{layers}]'] * generator.choice([2, 3]))}]}}",
        ])  # fmt: skip
        if len(layers) > 100_000:
            break
    return layers


def calls(generator: random.Random) -> Grown:
    """Blocks that call blocks, with structures between them and arguments that grow."""
    last = some(generator, 30)
    rows = []
    for index in range(last):
        call = f"b{index + 1}" + generator.choice(
            ["", ": {p: $p}", ": {p: [$p, $p]}", ": {p: $p$p}", ": {p: $(p * 2)}"]
        )
        body = generator.choice([
            ", ".join([f"{{{call}}}" if ":" in call else call] * some(generator, 100)),
            f"repeat: {{times: {some(generator, 1000)}, layers: [{call}]}}",
            f"repeat: {{times: {some(generator, 1000)}, as: i, layers: [{call.split(':')[0]}: {{p: $i}}]}}",
            f"residual: {{body: [{call}]}}",
            f"branches: {{merge: Concatenate, paths: [[{call}], [{call}]]}}",
        ])  # fmt: skip
        rows.append(f"b{index}: {{defaults: {{p: {generator.choice(['1', 'x', '[1]'])}}}, layers: [{body}]}}")
    own = generator.choice(["", "ReLU", "Foo", "Dense: $p", "Dense: {units: 3, name: $p}", "b0"])
    rows.append(f"b{last}: {{defaults: {{p: 1}}, layers: [{own}]}}")
    return Grown(recipe("b0", blocks=rows))


def shared(generator: random.Random) -> Grown:
    """Blocks that are called again with the weights of the first call, in blocks that are called again."""
    layers = generator.choice(["ReLU", "Dense: 3", "ReLU: {name: a}, Add: {from: [a, .]}", "learned: {shape: [1]}", ""])
    rows = [f"b0: {{layers: [{nested(generator, layers, ['v'])}]}}"]
    last = some(generator, 12)
    for index in range(last):
        rest = generator.choice([
            ", ".join([f"{{b{index}: {{is: f}}}}"] * some(generator, 100)),
            f"repeat: {{times: {some(generator, 1000)}, layers: [b{index}: {{is: f}}]}}",
            f"repeat: {{times: {some(generator, 1000)}, layers: [repeat: {{times: 1000, layers: [b{index}: {{is: f}}]}}]}}",
        ])  # fmt: skip
        rows.append(f"b{index + 1}: {{layers: [b{index}: {{name: f}}, {rest}]}}")
    return Grown(recipe(f"b{last}", variables=["v: [1, 2, 3]"], blocks=rows))


def expressions(generator: random.Random) -> Grown:
    """Powers, shifts, repetitions and long chains of operators."""
    number = generator.choice(["9", "2.5", "1e15", "-1", "0", "10**15", "999999999999999", "$classes", "classes"])
    length = some(generator, 600)
    made = generator.choice([
        "**".join([number] * length),
        f"{number} << {number}",
        f"1 << {10**length}",
        f"'{'x' * length}' * {number}",
        f"{'[' * length}1{']' * length} * 1000",
        f"{'(' * length}1{')' * length}",
        f"{'-' * length}1",
        f"{'not ' * length}1",
        "+".join([number] * length),
        " if 1 else ".join([number] * length),
        " or ".join(["0 == 1"] * length),
        " < ".join([number] * length),
        f"'%{10**6}d' % 1",
        f"[1] * 1000 + {number} * [1]",
        f"{'9' * length}",
        f"1e{length}",
        f"'{'x' * length}'[{number}]",
        f"{{{', '.join([number] * length)}}}",
        f"[0 for _ in {number}]",
        f"f'{{1:{10**length}}}'",
    ])  # fmt: skip
    used = f"repeat: {{times: {some(generator, 1000)}, as: i, layers: [Dense: {{units: 3, if: $v}}]}}"
    return Grown(recipe(used, variables=[f"v: $({made})", f'w: "$({made})$v"']))


def large(generator: random.Random) -> Grown:
    """Long keys, texts, comments and numbers; lists and mappings that are wide or deep; anchors and merge keys."""
    length = some(generator, MAX_BYTES)
    count, depth = some(generator, 12_000), some(generator, 30_000)
    return Grown(generator.choice([
        recipe("ReLU", more=f"{'k' * length}: 1"),
        recipe("ReLU", more=f"about: {'word ' * (length // 5)}"),
        recipe("ReLU", more=f"name: '{'x' * length}'"),
        recipe("ReLU", more=f"name: \"{chr(92)}u0041{'x' * length}\""),
        recipe("ReLU", more="about: |\n" + "  more\n" * (length // 7)),
        recipe("ReLU", more=f"#{'c' * length}"),
        recipe("ReLU", more="# c\n" * (length // 4)),
        recipe("ReLU", more="\n" * length),
        recipe("ReLU", more=f"train: {{epochs: {'9' * length}}}"),
        recipe("ReLU", more=f"train: {{epochs: 0x{'f' * length}}}"),
        recipe("ReLU", variables=[f"v: [{', '.join(['1'] * count)}]"]),
        recipe("ReLU", variables=[f"k{n}: {n}" for n in range(count)]),
        recipe("ReLU", variables=[f"v: {'[' * depth}{']' * depth}"]),
        recipe("ReLU", variables=[f"v: {'{a: ' * depth}1{'}' * depth}"]),
        recipe("ReLU", variables=[f"v: {'- ' * depth}1"]),
        recipe("ReLU", variables=["v:", *(" " * level + "a:" for level in range(1, min(depth, 700)))]),
        recipe("ReLU", variables=["v: " + "".join("? " for _ in range(depth)) + "x"]),
        recipe("residual: {body: [" * min(depth, 3000) + "ReLU" + "]}" * min(depth, 3000)),
        recipe("ReLU", variables=["a0: &a0 [x, x]", *(f"a{n}: &a{n} [*a{n - 1}, *a{n - 1}]" for n in range(1, 40))]),
        recipe("ReLU", variables=[f"a{n}: {{<<: *a{n}, b: 1}}" for n in range(count // 4)]),
        recipe("ReLU", variables=[f"v: {'!!str ' * min(depth, 10_000)}x"]),
        recipe(", ".join(["ReLU"] * count)),
        recipe(f"Dense: {{{', '.join(f'a{n}: 1' for n in range(count))}}}"),
        recipe(f"Concatenate: {{from: [{', '.join(['input'] * count)}]}}"),
        recipe(f"{{Reshape: [{', '.join(['1'] * count)}]}}"),
    ]))  # fmt: skip


def mistakes(generator: random.Random) -> Grown:
    """The same mistake very often, or many different ones."""
    count = some(generator, 10_000)
    return Grown(generator.choice([
        recipe("ReLU", more="\n".join(f"foo{n}: 1" for n in range(count))),
        recipe("ReLU", more="\n".join(["name: x"] * count)),
        recipe("ReLU", more="train: {" + ", ".join(f"epoch{n}: 1" for n in range(count)) + "}"),
        recipe(", ".join(f"Conv2E{n}" for n in range(count))),
        recipe(", ".join(f"Dense: {{unit: {n}}}" for n in range(count))),
        recipe(", ".join(f"Add: {{from: [n{n}, m{n}]}}" for n in range(count))),
        recipe(", ".join(f"Dense: {{units: $n{n}}}" for n in range(count))),
        recipe(", ".join(f"Dense: {{name: d{n % 2}, units: 3}}" for n in range(count))),
        recipe(f"repeat: {{times: 1000, layers: [{', '.join(f'Dense: {{unit: {n}}}' for n in range(count))}]}}"),
        recipe(f"repeat: {{times: 1000, layers: [Dense: {{units: $({'9' * 400}x)}}]}}"),
        recipe("ReLU", variables=[f"v{n}: $w{n}" for n in range(count)]),
        recipe("ReLU", variables=[f"v{n}: $(1 / 0)" for n in range(count)]),
        recipe("ReLU", more="".join(f"k{n}: 'open\n" for n in range(count))),
        recipe("ReLU", more="\x01" * count),
        recipe("ReLU", more="train: {callbacks: [" + ", ".join(["EarlyStopping: {monitor: x}"] * count) + "]}"),
        recipe("ReLU", more="train: {phases: [" + ", ".join(f"{{name: p, epoch: {n}}}" for n in range(count)) + "]}"),
        recipe("ReLU", more="expect: {metrics: {" + ", ".join(f"m{n}: '> 0'" for n in range(count)) + "}}"),
    ]))  # fmt: skip


def extended(generator: random.Random) -> Grown:
    """Recipes that extend each other, in a chain or a circle, and settings."""
    last = some(generator, 12)
    wide = some(generator, 4000)
    rows = ", ".join(f"k{n}: {n}" for n in range(wide))
    parents = {
        f"p{index}.yaml": f"extends: p{(index + 1) if index < last else generator.choice([0, last, last + 1])}.yaml\n"
        f"vars: {{{rows}}}\ndata: {{source: mnist-sample}}\n"
        for index in range(last + 1)
    }
    parents[f"p{last}.yaml"] = recipe("ReLU", variables=[f"k{n}: {n}" for n in range(wide)])
    settings = tuple(
        generator.choice([f"vars.k{n}=[{', '.join(['$k0'] * some(generator, 3000))}]", f"{'a.' * some(generator, 400)}b=1",
                          f"vars.k{n}={'[' * some(generator, 2000)}"])
        for n in range(generator.choice([0, 0, 1, 5]))
    )  # fmt: skip
    return Grown("extends: p0.yaml\nvars: {own: 1}\n", settings, parents)


def words(generator: random.Random) -> Grown:
    """Structures, given layers, sizes of the input, slices, changes and shared layers, at random within each other."""
    grown = Words(generator, some(generator, 2000))
    settings = tuple(
        generator.choice(["model.conv2d.filters=3", "model.a=null", "model.change.b.filters=$n", "vars.n=5", "model.zzz.units=3"])
        for _ in range(generator.choice([0, 0, 0, 1, 2]))
    )  # fmt: skip
    return Grown(grown.recipe(generator.choice([1, 2, 3, 4, 6, 21])), settings)


KINDS: dict[str, Callable[[random.Random], Grown]] = {
    function.__name__: function
    for function in (variables, calls, shared, expressions, large, mistakes, extended, words)
}


def tried(task: tuple[str, str]) -> tuple[float, float, bool, str]:
    """Seconds, memory of this worker so far in MB, whether the recipe loads, and what failed."""
    found = read(task)
    if found[0] > LONGEST / 2:
        found = min(found, read(task), read(task))
    seconds, memory, loads, failure = found
    if seconds > LONGEST or memory > MOST_MEMORY:
        failure = failure or f"{seconds:.2f} s, {memory:.0f} MB"
    text = KINDS[task[0]](random.Random(task[1])).text
    return seconds, memory, loads, f"{' '.join(task)}: {failure}\n{text[:2000]}" if failure else ""


def read(task: tuple[str, str]) -> tuple[float, float, bool, str]:
    """The same for one reading, whatever it took."""
    kind, seed = task
    made = KINDS[kind](random.Random(seed))
    with tempfile.TemporaryDirectory() as folder:
        for name, text in made.parents.items():
            (Path(folder) / name).write_text(text, encoding="utf-8")
        started, loads, failure = time.process_time(), False, ""
        try:
            load_bytes(made.text.encode(), f"{folder}/r.yaml", made.settings)
            loads = True
        except RecipeError as error:
            is_about_file = any(len(text.encode()) > MAX_BYTES for text in (made.text, *made.parents.values()))
            if any(p.place is None or (p.place.line < 1 and not is_about_file and not p.place.file.startswith("--set"))
                   for p in error.problems):  # fmt: skip
                failure = f"a problem without a place: {str(error)[:500]}"
        except Exception as error:
            failure = f"{type(error).__name__}: {str(error)[:500]}"
        seconds = time.process_time() - started
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return seconds, memory, loads, failure


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--recipes", type=int, default=20_000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--kinds", nargs="*", choices=KINDS, default=list(KINDS))
    parser.add_argument("--workers", type=int, default=os.cpu_count())
    options = parser.parse_args()
    kinds = options.kinds
    tasks = [(kinds[index % len(kinds)], f"{options.seed} {index}") for index in range(options.recipes)]
    started = time.monotonic()
    with Pool(options.workers, lambda: read(("variables", "0"))) as pool:  # imports and catalogue
        done = list(pool.imap(tried, tasks, chunksize=20))
    minutes = (time.monotonic() - started) / 60
    failures = [failure for *_, failure in done if failure]
    wrong = [failure for failure in failures if not re.match(r"\w+ \d+ \d+: [\d.]+ s, \d+ MB\n", failure)]
    loaded = sum(loads for _, _, loads, _ in done)
    print(
        f"{len(done):,} recipes in {minutes:.1f} min: {loaded:,} load, {len(done) - loaded:,} are refused, "
        f"{len(failures):,} failures, of them {len(wrong):,} exceptions or places that are missing; "
        f"at most {max(one[1] for one in done):,.0f} MB"
    )
    for kind in kinds:
        times = [(one[0], task[1]) for one, task in zip(done, tasks, strict=True) if task[0] == kind]
        slowest, seed = max(times)
        mean = sum(seconds for seconds, _ in times) / len(times)
        print(f"  {kind:12} mean {mean:.3f} s, slowest {slowest:.3f} s (seed {seed})")
    for failure in [*wrong, *failures][:10]:
        print(f"\n{failure}")
    return bool(failures)


if __name__ == "__main__":
    sys.exit(main())
