"""Generate recipes that grow when they are written out, and check that each is read or refused in little time and memory.

    python benchmarks/grow_recipes.py                  # 20,000 recipes
    python benchmarks/grow_recipes.py --recipes 500 --seed 7

Failures are: an exception that is no RecipeError, a problem without a line (except that the file is too large), more
than a second of processor time, and more than 200 MB of memory of a worker. Each failure is printed with the recipe that
repeats it.
"""

from __future__ import annotations

import argparse
import os
import random
import resource
import sys
import time
from itertools import pairwise
from multiprocessing import Pool

from cnncli.errors import RecipeError
from cnncli.recipe.load import load_bytes
from cnncli.recipe.source import MAX_BYTES

LONGEST = 1.0  # seconds of processor time
MOST_MEMORY = 200  # MB


def made(generator: random.Random) -> str:
    """A recipe that grows by its variables, its structure, or both."""
    names = [f"v{index}" for index in range(generator.randint(2, 60))]
    rows = ["  v0: " + generator.choice(["x", "[1, 2]", "{a: [1], b: x}", "3", "x" * 500, "[[[1]]]", "2.5"])]
    for before, name in pairwise(names):
        count = generator.choice([1, 2, 10, 100])
        rows.append(f"  {name}: " + generator.choice([
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
    layers = generator.choice(["ReLU", f"Dense: ${used}", "", f"Dense: {{units: 3, activation: ${used}}}", "b0", "Foo"])
    for _ in range(generator.choice([0, 1, 2, 5, 19, 25])):
        times = generator.choice([1, 2, 10, 1000])
        layers = generator.choice([
            f"repeat: {{times: {times}, layers: [{layers}]}}",
            f"repeat: {{over: {{w: ${generator.choice(names)}}}, layers: [{layers}]}}",
            f"residual: {{body: [{layers or 'ReLU'}]}}",
            f"branches: {{merge: Add, paths: [{', '.join([f'[{layers}]'] * generator.choice([2, 3]))}]}}",
        ])  # fmt: skip
        if len(layers) > 100_000:
            break
    blocks = []
    for index in range(generator.choice([1, 5, 25])):
        calls = ", ".join([f"b{index + 1}"] * generator.choice([1, 10, 100]))
        blocks.append(f"  b{index}: {{layers: [{calls}]}}")
    blocks.append(f"  b{len(blocks)}: {{layers: [{generator.choice(['', 'ReLU', 'Foo'])}]}}")
    return "\n".join([
        "data: {source: mnist-sample}", "vars:", *rows, "blocks:", *blocks, "model:", "  layers:",
        "    - Flatten", f"    - {layers}" if layers else "    - ReLU",
        "    - Dense: {units: $classes, activation: softmax}",
    ])  # fmt: skip


def tried(seed: str) -> tuple[float, float, bool, str]:
    """Seconds, memory of this worker so far in MB, whether the recipe loads, and what failed."""
    text = made(random.Random(seed))
    started, loads, failure = time.process_time(), False, ""
    try:
        load_bytes(text.encode(), "r.yaml")
        loads = True
    except RecipeError as error:
        is_about_file = len(text.encode()) > MAX_BYTES
        if any(p.place is None or (p.place.line < 1 and not is_about_file) for p in error.problems):
            failure = f"a problem without a place: {error}"
    except Exception as error:
        failure = f"{type(error).__name__}: {error}"
    seconds = time.process_time() - started
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    if seconds > LONGEST or memory > MOST_MEMORY:
        failure = failure or f"{seconds:.2f} s, {memory:.0f} MB"
    return seconds, memory, loads, f"seed {seed}: {failure}\n{text[:2000]}" if failure else ""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--recipes", type=int, default=20_000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--workers", type=int, default=os.cpu_count())
    options = parser.parse_args()
    seeds = [f"{options.seed} {index}" for index in range(options.recipes)]
    with Pool(options.workers) as pool:
        done = list(pool.imap_unordered(tried, seeds, chunksize=20))
    failures = [failure for *_, failure in done if failure]
    loaded = sum(loads for _, _, loads, _ in done)
    print(
        f"{len(done):,} recipes: {loaded:,} load, {len(done) - loaded:,} are refused, {len(failures):,} failures; "
        f"slowest {max(one[0] for one in done):.3f} s, at most {max(one[1] for one in done):,.0f} MB"
    )
    for failure in failures[:10]:
        print(f"\n{failure}")
    return bool(failures)


if __name__ == "__main__":
    sys.exit(main())
